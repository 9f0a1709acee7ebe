import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import mamori.client.ApiClient;
import mamori.client.ApiException;
import mamori.client.ApiResponse;
import mamori.client.api.AccessApi;
import mamori.client.api.AccessApi.APIIssueTokenRequest;
import mamori.client.api.AssessmentsApi;
import mamori.client.api.AssessmentsApi.APICreateAssessmentRequest;
import mamori.client.api.AssessmentsApi.APIGetAssessmentResultRequest;
import mamori.client.api.AssessmentsApi.APIMergeAnswersRequest;
import mamori.client.api.AssessmentsApi.APISubmitAssessmentRequest;
import mamori.client.api.AssetsApi;
import mamori.client.api.AssetsApi.APIListAssetsRequest;
import mamori.client.api.AssetsApi.APIUpsertAssetsRequest;
import mamori.client.api.DeclarationsApi;
import mamori.client.api.DeclarationsApi.APICreateDeclarationRequest;
import mamori.client.api.DeclarationsApi.APIGetDeclarationStatusRequest;
import mamori.client.api.OrganizationsApi;
import mamori.client.api.OrganizationsApi.APICreateOrganizationRequest;
import mamori.client.api.RisksApi;
import mamori.client.api.RisksApi.APIListRisksRequest;
import mamori.client.api.RisksApi.APIBeginRiskRegisterRequest;
import mamori.client.model.*;

/**
 * From a token to a score, and what a portal does around it. Every answer is checked: run it by java -ea.
 * MAMORI_URL, MAMORI_CLIENT_ID and MAMORI_CLIENT_SECRET say where, and who.
 */
public final class Scenario {
  public static void main(String[] arguments) throws Exception {
    // ---- A token, and a client that calls with it.
    var client = new ApiClient();
    client.updateBaseUri(System.getenv().getOrDefault("MAMORI_URL", "http://127.0.0.1:8080"));
    Token token = new AccessApi(client).issueToken(APIIssueTokenRequest.newBuilder()
        .grantType(GrantType.CLIENT_CREDENTIALS)
        .clientId(System.getenv("MAMORI_CLIENT_ID"))
        .clientSecret(System.getenv("MAMORI_CLIENT_SECRET"))
        .build());
    client.setRequestInterceptor(request -> request.header("Authorization", "Bearer " + token.getAccessToken()));
    var organizations = new OrganizationsApi(client);
    var assessments = new AssessmentsApi(client);
    var assets = new AssetsApi(client);
    var risks = new RisksApi(client);
    var declarations = new DeclarationsApi(client);

    // ---- An organization.
    Organization company = organizations.createOrganization(APICreateOrganizationRequest.newBuilder()
        .organizationInput(new OrganizationInput()
            .name("株式会社みほん").externalId("java-1").prefecture("13").employees(12))
        .build());
    assert company.getName().equals("株式会社みほん");
    assert company.getEmployees() == 12;

    // ---- A self-check in two sittings. The ETag of the last answer is the If-Match of the next call.
    var beginning = APICreateAssessmentRequest.newBuilder()
        .id(company.getId())
        .assessmentInput(new AssessmentInput().questionBank("self-check").edition("4.0"))
        .build();
    ApiResponse<Assessment> begun = assessments.createAssessmentWithHttpInfo(beginning);
    assert begun.getData().getState() == AssessmentState.DRAFT;
    var assessment = begun.getData().getId();

    ApiResponse<Answers> first = assessments.mergeAnswersWithHttpInfo(APIMergeAnswersRequest.newBuilder()
        .id(assessment)
        .ifMatch(begun.getHeaders().get("etag").get(0))
        .answersPatch(new AnswersPatch().answers(IntStream.rangeClosed(1, 12)
            .mapToObj(n -> new AnswerPatch().question(n).option("implemented")).toList()))
        .build());
    assert first.getData().getAnswers().size() == 12;
    assert first.getData().getUnanswered().get(0) == 13;

    ApiResponse<Answers> second = assessments.mergeAnswersWithHttpInfo(APIMergeAnswersRequest.newBuilder()
        .id(assessment)
        .ifMatch(first.getHeaders().get("etag").get(0))
        .answersPatch(new AnswersPatch().answers(IntStream.rangeClosed(13, 25)
            .mapToObj(n -> new AnswerPatch().question(n).option("partly_implemented")).toList()))
        .build());
    assert second.getData().getUnanswered().isEmpty();

    // ---- Submit it; the answer got lost, so once more with the same key: nothing happens twice.
    var submission = APISubmitAssessmentRequest.newBuilder()
        .id(assessment)
        .ifMatch(second.getHeaders().get("etag").get(0))
        .idempotencyKey("java-submit")
        .submitInput(new SubmitInput())
        .build();
    Assessment submitted = assessments.submitAssessment(submission);
    Assessment again = assessments.submitAssessment(submission);
    assert submitted.getState() == AssessmentState.SUBMITTED;
    assert again.equals(submitted);

    // ---- The score: 12 × 4 + 13 × 2.
    AssessmentResult result = assessments.getAssessmentResult(
        APIGetAssessmentResultRequest.newBuilder().id(assessment).acceptLanguage("ja").build());
    assert result.getTotal() == 74;
    assert result.getBand().getCode().equals("partly_lacking");
    assert result.getBand().getNextStep().matches(".*\\p{IsHiragana}.*");

    // ---- The risk register, two assets, and the risks that follow, the highest first.
    risks.beginRiskRegister(APIBeginRiskRegisterRequest.newBuilder()
        .id(company.getId()).riskRegisterInput(new RiskRegisterInput().edition("4.0")).build());
    AssetUpsert upsert = assets.upsertAssets(APIUpsertAssetsRequest.newBuilder()
        .id(company.getId())
        .assetUpsertInput(new AssetUpsertInput().assets(List.of(
            new AssetInput().externalId("A-001").name("社員名簿").medium(Medium.OFFICE_PC)
                .confidentiality(3).integrity(2).availability(1).personalInformation(true),
            new AssetInput().externalId("A-002").name("製品カタログ").medium(Medium.PAPER)
                .confidentiality(1).integrity(1).availability(1))))
        .build());
    assert upsert.getCreated() == 2;

    RiskList found = risks.listRisks(APIListRisksRequest.newBuilder().id(company.getId()).build());
    assert found.getItems().size() == 2;
    assert found.getItems().get(0).getAsset().getExternalId().equals("A-001");
    assert found.getItems().get(0).getValue() == 9;
    assert found.getItems().get(0).getPropertyClass() == RiskClass.HIGH;

    // ---- A declaration of SECURITY ACTION, and what that makes of the company's status.
    Declaration declaration = declarations.createDeclaration(APICreateDeclarationRequest.newBuilder()
        .id(company.getId())
        .declarationInput(new DeclarationInput()
            .state(DeclarationBeginning.DECLARED)
            .on(LocalDate.of(2026, 6, 1))
            .terms(new DeclarationTermsInput().stars(1).declarationId("59999999913")))
        .build());
    DeclarationStatus status = declarations.getDeclarationStatus(APIGetDeclarationStatusRequest.newBuilder()
        .id(company.getId()).asOf(LocalDate.of(2026, 6, 2)).build());
    assert status.getState() == DeclarationState.DECLARED;
    assert status.getStars() == 1;
    assert status.getDeclaration().getId().equals(declaration.getId());

    // ---- A list, page by page.
    var names = new ArrayList<String>();
    String cursor = null;
    do {
      AssetList page = assets.listAssets(
          APIListAssetsRequest.newBuilder().id(company.getId()).limit(1).cursor(cursor).build());
      assert page.getItems().size() == 1;
      page.getItems().forEach(asset -> names.add(asset.getName()));
      cursor = page.getNextCursor();
    } while (cursor != null);
    assert names.size() == 2 && names.containsAll(List.of("社員名簿", "製品カタログ"));

    // ---- What goes wrong is thrown; in it is a Problem: a stable type, and where the mistake is.
    ApiResponse<Assessment> draft = assessments.createAssessmentWithHttpInfo(beginning);
    try {
      assessments.mergeAnswers(APIMergeAnswersRequest.newBuilder()
          .id(draft.getData().getId())
          .ifMatch(draft.getHeaders().get("etag").get(0))
          .acceptLanguage("ja")
          .answersPatch(new AnswersPatch().answers(List.of(new AnswerPatch().question(1).option("perhaps"))))
          .build());
      throw new AssertionError("an unknown option was accepted");
    } catch (ApiException refused) {
      assert refused.getCode() == 422;
      Problem problem = client.getObjectMapper().readValue(refused.getResponseBody(), Problem.class);
      assert problem.getType().startsWith("/problems/");
      assert problem.getErrors().get(0).getPointer().equals("/answers/0/option");
      assert problem.getTitle().matches(".*\\p{IsHiragana}.*");
      System.out.println(result.getTotal() + " points, " + result.getBand().getCode() + "; " + names.size()
          + " assets; " + problem.getType() + ": " + problem.getTitle());
    }
  }
}
