//! From a token to a score, and what a portal does around it. Every answer is checked.
//! MAMORI_URL, MAMORI_CLIENT_ID and MAMORI_CLIENT_SECRET say where, and who.

use std::env;

use chrono::NaiveDate;
use mamori_client::{Client, Error, types};
use reqwest::header::{AUTHORIZATION, ETAG, HeaderMap};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // ---- A token, and a client that calls with it.
    let url = env::var("MAMORI_URL").unwrap_or_else(|_| "http://127.0.0.1:8080".to_owned());
    let token = Client::new(&url)
        .issue_token()
        .body(
            types::TokenInput::builder()
                .grant_type(types::GrantType::ClientCredentials)
                .client_id(env::var("MAMORI_CLIENT_ID")?)
                .client_secret(env::var("MAMORI_CLIENT_SECRET")?),
        )
        .send()
        .await?;
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, format!("Bearer {}", token.access_token).parse()?);
    let http = reqwest::Client::builder().default_headers(headers).build()?;
    let mamori = Client::new_with_client(&url, http);

    // ---- An organization.
    let company = mamori
        .create_organization()
        .body(
            types::OrganizationInput::builder()
                .name("株式会社みほん")
                .external_id("rust-1".to_owned())
                .employees(12),
        )
        .send()
        .await?;
    assert_eq!(company.name, "株式会社みほん");
    assert_eq!(company.employees, Some(12));

    // ---- A self-check in two sittings. The ETag of the last answer is the If-Match of the next call.
    let begun = mamori
        .create_assessment()
        .id(company.id)
        .body(types::AssessmentInput::builder().question_bank("self-check").edition("4.0"))
        .send()
        .await?;
    assert_eq!(begun.state, types::AssessmentState::Draft);

    let first = mamori
        .merge_answers()
        .id(begun.id)
        .if_match(begun.headers()[ETAG].to_str()?)
        .body(
            types::AnswersPatch::builder().answers(
                (1..=12)
                    .map(|n| types::AnswerPatch::builder().question(n).option("implemented".to_owned()).try_into())
                    .collect::<Result<Vec<_>, _>>()?,
            ),
        )
        .send()
        .await?;
    assert_eq!(first.answers.len(), 12);
    assert_eq!(first.unanswered.first(), Some(&13));

    let second = mamori
        .merge_answers()
        .id(begun.id)
        .if_match(first.headers()[ETAG].to_str()?)
        .body(
            types::AnswersPatch::builder().answers(
                (13..=25)
                    .map(|n| types::AnswerPatch::builder().question(n).option("partly_implemented".to_owned()).try_into())
                    .collect::<Result<Vec<_>, _>>()?,
            ),
        )
        .send()
        .await?;
    assert!(second.unanswered.is_empty());

    // ---- Submit it; the answer got lost, so once more with the same key: nothing happens twice.
    let submission = mamori
        .submit_assessment()
        .id(begun.id)
        .if_match(second.headers()[ETAG].to_str()?)
        .idempotency_key("rust-submit")
        .body(types::SubmitInput::builder());
    let submitted = submission.clone().send().await?;
    let again = submission.send().await?;
    assert_eq!(submitted.state, types::AssessmentState::Submitted);
    assert_eq!(again.submitted_at, submitted.submitted_at);
    assert_eq!(again.headers()[ETAG], submitted.headers()[ETAG]);

    // ---- The score: 12 × 4 + 13 × 2.
    let result = mamori.get_assessment_result().id(begun.id).accept_language("ja").send().await?;
    let band = result.band.as_ref().ok_or("a whole sheet has a band")?;
    assert_eq!(result.total, Some(74));
    assert_eq!(band.code, "partly_lacking");
    assert!(band.next_step.contains(|letter| ('ぁ'..='ん').contains(&letter)));

    // ---- The risk register, two assets, and the risks that follow, the highest first.
    mamori
        .begin_risk_register()
        .id(company.id)
        .body(types::RiskRegisterInput::builder().edition("4.0"))
        .send()
        .await?;
    let upsert = mamori
        .upsert_assets()
        .id(company.id)
        .body(types::AssetUpsertInput::builder().assets(vec![
            types::AssetInput::builder()
                .external_id("A-001".to_owned())
                .name("社員名簿")
                .medium(types::Medium::OfficePc)
                .confidentiality(3)
                .integrity(2)
                .availability(1)
                .personal_information(true)
                .try_into()?,
            types::AssetInput::builder()
                .external_id("A-002".to_owned())
                .name("製品カタログ")
                .medium(types::Medium::Paper)
                .confidentiality(1)
                .integrity(1)
                .availability(1)
                .try_into()?,
        ]))
        .send()
        .await?;
    assert_eq!(upsert.created, 2);

    let risks = mamori.list_risks().id(company.id).send().await?;
    let found: Vec<_> = risks.items.iter().map(|risk| risk.asset.external_id.as_deref()).collect();
    assert_eq!(found, [Some("A-001"), Some("A-002")]);
    assert_eq!(risks.items[0].value, Some(9));
    assert_eq!(risks.items[0].class, Some(types::RiskClass::High));

    // ---- A declaration of SECURITY ACTION, and what that makes of the company's status.
    let declaration = mamori
        .create_declaration()
        .id(company.id)
        .body(
            types::DeclarationInput::builder()
                .state(types::DeclarationBeginning::Declared)
                .on(NaiveDate::from_ymd_opt(2026, 6, 1))
                .terms(types::DeclarationTermsInput::try_from(
                    types::DeclarationTermsInput::builder()
                        .stars(1)
                        .declaration_id("59999999914".to_owned()),
                )?),
        )
        .send()
        .await?;
    let day_after = NaiveDate::from_ymd_opt(2026, 6, 2).ok_or("a day of the calendar")?;
    let status = mamori.get_declaration_status().id(company.id).as_of(day_after).send().await?;
    assert_eq!(status.state, Some(types::DeclarationState::Declared));
    assert_eq!(status.stars, Some(1));
    assert_eq!(status.declaration.as_ref().map(|standing| standing.id), Some(declaration.id));

    // ---- A list, page by page.
    let mut page = mamori.list_assets().id(company.id).limit(1u32).send().await?;
    let mut names: Vec<String> = page.items.iter().map(|asset| asset.name.clone()).collect();
    while let Some(cursor) = &page.next_cursor {
        page = mamori.list_assets().id(company.id).limit(1u32).cursor(cursor.as_str()).send().await?;
        assert_eq!(page.items.len(), 1);
        names.extend(page.items.iter().map(|asset| asset.name.clone()));
    }
    names.sort();
    assert_eq!(names, ["社員名簿", "製品カタログ"]);

    // ---- What goes wrong is a Problem: a stable type, and where the mistake is.
    let draft = mamori
        .create_assessment()
        .id(company.id)
        .body(types::AssessmentInput::builder().question_bank("self-check").edition("4.0"))
        .send()
        .await?;
    let refused = mamori
        .merge_answers()
        .id(draft.id)
        .if_match(draft.headers()[ETAG].to_str()?)
        .accept_language("ja")
        .body(types::AnswersPatch::builder().answers(vec![
            types::AnswerPatch::builder()
                .question(1)
                .option("perhaps".to_owned())
                .try_into()?,
        ]))
        .send()
        .await;
    let Err(Error::ErrorResponse(problem)) = refused else {
        return Err("an unknown option was accepted".into());
    };
    assert_eq!(problem.status(), 422);
    assert!(problem.type_.starts_with("/problems/"));
    assert_eq!(problem.errors[0].pointer.as_deref(), Some("/answers/0/option"));
    assert!(problem.title.contains(|letter| ('ぁ'..='ん').contains(&letter)));
    println!(
        "{} points, {}; {} assets; {}: {}",
        result.total.unwrap_or_default(),
        band.code,
        names.len(),
        problem.type_,
        problem.title
    );
    Ok(())
}
