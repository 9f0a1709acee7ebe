"""From a token to a score, and what a portal does around it. Every answer is checked.

MAMORI_URL, MAMORI_CLIENT_ID and MAMORI_CLIENT_SECRET say where, and who.
"""

import datetime
import os

from mamori_client import AuthenticatedClient, Client
from mamori_client.api.access import issue_token
from mamori_client.api.assessments import create_assessment, get_assessment_result, merge_answers, submit_assessment
from mamori_client.api.assets import list_assets, upsert_assets
from mamori_client.api.declarations import create_declaration, get_declaration_status
from mamori_client.api.organizations import create_organization
from mamori_client.api.risks import list_risks, begin_risk_register
from mamori_client.models import (
    AnswerPatch,
    AnswersPatch,
    Answers,
    Assessment,
    AssessmentInput,
    AssessmentResult,
    AssetInput,
    AssetList,
    AssetUpsert,
    AssetUpsertInput,
    Band,
    Declaration,
    DeclarationInput,
    DeclarationStatus,
    DeclarationTermsInput,
    Organization,
    OrganizationInput,
    Problem,
    RiskList,
    RiskRegister,
    RiskRegisterInput,
    Token,
    TokenInput,
)

# ---- A token, and a client that calls with it. What a call answers is the resource or a Problem;
# isinstance tells which.
url = os.environ.get("MAMORI_URL", "http://127.0.0.1:8080")
token = issue_token.sync(
    client=Client(base_url=url),
    body=TokenInput(
        grant_type="client_credentials",
        client_id=os.environ["MAMORI_CLIENT_ID"],
        client_secret=os.environ["MAMORI_CLIENT_SECRET"],
    ),
)
assert isinstance(token, Token)
client = AuthenticatedClient(base_url=url, token=token.access_token)

# ---- An organization.
company = create_organization.sync(
    client=client,
    body=OrganizationInput(name="株式会社みほん", external_id="python-1", prefecture="13", employees=12),
)
assert isinstance(company, Organization)
assert company.name == "株式会社みほん"
assert company.employees == 12

# ---- A self-check in two sittings. The ETag of the last answer is the If-Match of the next call.
begun = create_assessment.sync_detailed(
    company.id, client=client, body=AssessmentInput(question_bank="self-check", edition="4.0")
)
assert isinstance(begun.parsed, Assessment)
assert begun.parsed.state == "draft"
assessment = begun.parsed.id

first = merge_answers.sync_detailed(
    assessment,
    client=client,
    if_match=begun.headers["ETag"],
    body=AnswersPatch(answers=[AnswerPatch(question=n, option="implemented") for n in range(1, 13)]),
)
assert isinstance(first.parsed, Answers)
assert len(first.parsed.answers) == 12
assert first.parsed.unanswered[0] == 13

second = merge_answers.sync_detailed(
    assessment,
    client=client,
    if_match=first.headers["ETag"],
    body=AnswersPatch(answers=[AnswerPatch(question=n, option="partly_implemented") for n in range(13, 26)]),
)
assert isinstance(second.parsed, Answers)
assert second.parsed.unanswered == []

# ---- Submit it; the answer got lost, so once more with the same key: nothing happens twice.
submitted, again = (
    submit_assessment.sync(
        assessment, client=client, if_match=second.headers["ETag"], idempotency_key="python-submit"
    )
    for _ in range(2)
)
assert isinstance(submitted, Assessment)
assert submitted.state == "submitted"
assert again == submitted

# ---- The score: 12 × 4 + 13 × 2.
result = get_assessment_result.sync(assessment, client=client, accept_language="ja")
assert isinstance(result, AssessmentResult)
assert result.total == 74
assert isinstance(result.band, Band)
assert result.band.code == "partly_lacking"
assert any("ぁ" <= letter <= "ん" for letter in result.band.next_step)

# ---- The risk register, two assets, and the risks that follow, the highest first.
register = begin_risk_register.sync(company.id, client=client, body=RiskRegisterInput(edition="4.0"))
assert isinstance(register, RiskRegister)
upsert = upsert_assets.sync(
    company.id,
    client=client,
    body=AssetUpsertInput(
        assets=[
            AssetInput(
                external_id="A-001",
                name="社員名簿",
                medium="office_pc",
                confidentiality=3,
                integrity=2,
                availability=1,
                personal_information=True,
            ),
            AssetInput(
                external_id="A-002",
                name="製品カタログ",
                medium="paper",
                confidentiality=1,
                integrity=1,
                availability=1,
            ),
        ]
    ),
)
assert isinstance(upsert, AssetUpsert)
assert upsert.created == 2

risks = list_risks.sync(company.id, client=client)
assert isinstance(risks, RiskList)
assert [risk.asset.external_id for risk in risks.items] == ["A-001", "A-002"]
assert risks.items[0].value == 9
assert risks.items[0].class_ == "high"

# ---- A declaration of SECURITY ACTION, and what that makes of the company's status.
declaration = create_declaration.sync(
    company.id,
    client=client,
    body=DeclarationInput(
        state="declared",
        on=datetime.date(2026, 6, 1),
        terms=DeclarationTermsInput(stars=1, declaration_id="59999999912"),
    ),
)
assert isinstance(declaration, Declaration)
status = get_declaration_status.sync(company.id, client=client, as_of=datetime.date(2026, 6, 2))
assert isinstance(status, DeclarationStatus)
assert (status.state, status.stars) == ("declared", 1)
assert status.declaration is not None
assert status.declaration.id == declaration.id

# ---- A list, page by page.
page = list_assets.sync(company.id, client=client, limit=1)
assert isinstance(page, AssetList)
names = [asset.name for asset in page.items]
while page.next_cursor is not None:
    page = list_assets.sync(company.id, client=client, limit=1, cursor=page.next_cursor)
    assert isinstance(page, AssetList)
    assert len(page.items) == 1
    names += [asset.name for asset in page.items]
assert sorted(names) == sorted(["社員名簿", "製品カタログ"])

# ---- What goes wrong is a Problem: a stable type, and where the mistake is.
draft = create_assessment.sync_detailed(
    company.id, client=client, body=AssessmentInput(question_bank="self-check", edition="4.0")
)
assert isinstance(draft.parsed, Assessment)
refused = merge_answers.sync_detailed(
    draft.parsed.id,
    client=client,
    if_match=draft.headers["ETag"],
    accept_language="ja",
    body=AnswersPatch(answers=[AnswerPatch(question=1, option="perhaps")]),
)
assert refused.status_code == 422
problem = refused.parsed
assert isinstance(problem, Problem)
assert problem.type_.startswith("/problems/")
assert problem.errors[0].pointer == "/answers/0/option"
assert any("ぁ" <= letter <= "ん" for letter in problem.title)
print(f"{result.total} points, {result.band.code}; {len(names)} assets; {problem.type_}: {problem.title}")
