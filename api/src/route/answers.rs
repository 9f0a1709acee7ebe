//! The answers of a draft: saved in as many sittings as it takes.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::http::StatusCode;
use actix_web::{get, patch, put};
use mamori_domain::assessment::{AnswerError, Assessment, State, read_answer};
use mamori_domain::question_bank::QuestionBank;
use mamori_domain::scoring::{Answer as Choice, AnswerSheet};
use mamori_store::{Reply, Stop, StoredAnswer, Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::assessment::{pinned_bank, take};
use crate::answer::{Answer, reply, send, show, with};
use crate::auth::Call;
use crate::auth::caller::{AssessmentsRead, AssessmentsWrite};
use crate::problem::{Code, Fault, Problem};
use crate::read::body::whole;
use crate::read::condition::etag;
use crate::read::{Check, Incoming, PathId};
use crate::route::tag;

pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(get_answers).service(merge_answers).service(replace_answers);
}

/// The answer to one question.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnswerInput {
    /// The question's number.
    #[serde(deserialize_with = "whole")]
    #[schema(minimum = 1, maximum = 500, example = 1)]
    question: u16,
    /// The code of one of the bank's options.
    #[schema(pattern = "^[a-z][a-z0-9_]{0,39}$", example = "implemented")]
    option: String,
    /// The firm has no such thing; only where the question allows it, with the best option.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    not_used: bool,
    /// A remark of the firm's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 1000, example = "総務部に確認した")]
    note: Option<String>,
}

/// The answer to one question, or its withdrawal. An answer is replaced whole: a note that is
/// not sent again is gone.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnswerPatch {
    /// The question's number.
    #[serde(deserialize_with = "whole")]
    #[schema(minimum = 1, maximum = 500, example = 1)]
    question: u16,
    /// The code of one of the bank's options; null withdraws the answer.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required, pattern = "^[a-z][a-z0-9_]{0,39}$", example = "implemented")]
    option: Option<String>,
    /// The firm has no such thing; only where the question allows it, with the best option.
    #[serde(default)]
    not_used: bool,
    /// A remark of the firm's own.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 1000, example = "総務部に確認した")]
    note: Option<String>,
}

/// The answers of a sheet, all of them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnswersInput {
    /// The answers, each question at most once.
    #[schema(max_items = 500)]
    answers: Vec<AnswerInput>,
}

/// Answers to merge into a sheet.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnswersPatch {
    /// The answers, each question at most once.
    #[schema(max_items = 500)]
    answers: Vec<AnswerPatch>,
}

/// The answers of an assessment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Answers)]
pub(crate) struct AnswersBody {
    /// The assessment.
    assessment: Uuid,
    /// The answers given, by question.
    answers: Vec<AnswerBody>,
    /// The questions without an answer, by number.
    unanswered: Vec<u16>,
}

/// An answer that was given.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Answer)]
pub(crate) struct AnswerBody {
    /// The question's number.
    #[schema(minimum = 1, maximum = 500)]
    question: u16,
    /// The code of the option.
    #[schema(example = "implemented")]
    option: String,
    /// Whether the firm has no such thing.
    not_used: bool,
    /// A remark of the firm's own.
    #[schema(required)]
    note: Option<String>,
}

/// Reads answers against their bank; every fault is told.
pub(crate) fn read_answers(
    bank: &QuestionBank,
    answers: &[AnswerInput],
) -> Result<AnswerSheet, Problem> {
    let given = answers.iter().map(|answer| Given {
        question: answer.question,
        option: Some(&answer.option),
        not_used: answer.not_used,
        note: answer.note.as_deref(),
    });
    read(bank, given).map(|(sheet, _)| sheet)
}

/// What a patch of answers asks for: those to save, and those to withdraw.
fn read_patch(
    bank: &QuestionBank,
    patches: &[AnswerPatch],
) -> Result<(AnswerSheet, Vec<u16>), Problem> {
    let given = patches.iter().map(|patch| Given {
        question: patch.question,
        option: patch.option.as_deref(),
        not_used: patch.not_used,
        note: patch.note.as_deref(),
    });
    read(bank, given)
}

/// An answer as it was sent; without an option it is withdrawn.
struct Given<'a> {
    question: u16,
    option: Option<&'a str>,
    not_used: bool,
    note: Option<&'a str>,
}

fn read<'a>(
    bank: &QuestionBank,
    answers: impl ExactSizeIterator<Item = Given<'a>>,
) -> Result<(AnswerSheet, Vec<u16>), Problem> {
    let mut check = Check::default();
    check.items("/answers", answers.len(), 0..=500);
    let (mut sheet, mut withdrawn, mut seen) = (AnswerSheet::new(), Vec::new(), BTreeSet::new());
    for (index, given) in answers.enumerate() {
        let at = |field: &str| format!("/answers/{index}/{field}");
        if !seen.insert(given.question) {
            check.push(Fault::at(at("question"), Code::Duplicate));
        }
        if let Some(note) = given.note {
            check.text(&at("note"), note, 1..=1000);
        }
        let Some(option) = given.option else {
            if bank.question(given.question).is_none() {
                check.push(Fault::at(at("question"), Code::NoSuchQuestion));
            }
            for (said, field) in [(given.not_used, "not_used"), (given.note.is_some(), "note")] {
                if said {
                    check.push(Fault::at(at(field), Code::Withdrawn));
                }
            }
            withdrawn.push(given.question);
            continue;
        };
        let note = given.note.map(ToOwned::to_owned);
        match read_answer(bank, given.question, option, given.not_used, note) {
            Ok(choice) => drop(sheet.insert(given.question, choice)),
            Err(error) => {
                let (field, code) = match error {
                    AnswerError::NoSuchQuestion => ("question", Code::NoSuchQuestion),
                    AnswerError::NoSuchOption => ("option", Code::NoSuchOption),
                    AnswerError::NotUsedNotAllowed => ("not_used", Code::NotUsedNotAllowed),
                    AnswerError::NotUsedNeedsBest => ("not_used", Code::NotUsedNeedsBest),
                };
                check.push(Fault::at(at(field), code));
            }
        }
    }
    check.finish((sheet, withdrawn))
}

fn stored(bank: &QuestionBank, sheet: &AnswerSheet) -> BTreeMap<u16, StoredAnswer> {
    let code = |choice: &Choice| bank.options.get(choice.option).map(|option| option.code.clone());
    sheet
        .iter()
        .filter_map(|(question, choice)| {
            let option = code(choice)?;
            let answer =
                StoredAnswer { option, not_used: choice.not_used, note: choice.note.clone() };
            Some((*question, answer))
        })
        .collect()
}

pub(crate) fn recalled(bank: &QuestionBank, answers: BTreeMap<u16, StoredAnswer>) -> AnswerSheet {
    answers
        .into_iter()
        .filter_map(|(question, answer)| {
            let option = bank.option(&answer.option)?;
            Some((question, Choice { option, not_used: answer.not_used, note: answer.note }))
        })
        .collect()
}

impl AnswersBody {
    fn of(assessment: Uuid, bank: &QuestionBank, answers: BTreeMap<u16, StoredAnswer>) -> Self {
        let numbers = bank.questions.iter().map(|question| question.number);
        let unanswered = numbers.filter(|number| !answers.contains_key(number)).collect();
        let answers = answers.into_iter().map(|(question, answer)| AnswerBody {
            question,
            option: answer.option,
            not_used: answer.not_used,
            note: answer.note,
        });
        Self { assessment, answers: answers.collect(), unanswered }
    }
}

/// Get the answers
///
/// The answers given so far, and the questions that are open.
#[utoipa::path(
    tag = tag::ASSESSMENTS,
    params(("id" = Uuid, Path, description = "The assessment")),
    responses((status = 200, description = "The answers", body = AnswersBody)),
    security(("oauth2" = ["assessments:read"])),
    extensions(("x-mamori" = json!({"etag": true, "problems": ["not-found"]}))),
)]
#[get("/v1/assessments/{id}/answers")]
async fn get_answers(call: Call<AssessmentsRead>, id: PathId) -> Answer {
    let work = move |tx: &mut Tx<'_>| {
        let found = tx.find_assessment(id.0)?.ok_or_else(Problem::not_found)?;
        let answers = tx.answers(id.0)?;
        Ok::<_, Stop<Problem>>((found, answers))
    };
    let (found, answers) = call.service.store().read(call.context(), work).await?;
    let bank = pinned_bank(&call.service, &found)?;
    let body = AnswersBody::of(found.id, bank, answers);
    Ok(show(&call.request, &etag(found.revision, "0"), None, &body))
}

/// Merge answers
///
/// Saves some answers: those named are answered anew, or withdrawn with `option: null`; the
/// others stay. All of the request is saved, or nothing.
#[utoipa::path(
    tag = tag::ASSESSMENTS,
    params(("id" = Uuid, Path, description = "The assessment")),
    request_body = AnswersPatch,
    responses((status = 200, description = "All answers, merged", body = AnswersBody)),
    security(("oauth2" = ["assessments:write"])),
    extensions(("x-mamori" = json!({
        "patch": true, "if_match": true, "actor": true,
        "problems": ["not-found", "already-submitted"],
    }))),
)]
#[patch("/v1/assessments/{id}/answers")]
async fn merge_answers(call: Call<AssessmentsWrite>, id: PathId, body: Incoming) -> Answer {
    let input = body.json_or_patch::<AnswersPatch>().await?;
    let condition = call.if_match()?;
    let service = call.service.clone();
    let work = move |tx: &mut Tx<'_>| {
        let read = |draft: &Assessment| {
            let bank = pinned_bank(&service, draft)?;
            Ok((bank, read_patch(bank, &input.answers)?))
        };
        let (taken, (bank, (given, withdrawn))) =
            take(tx, id.0, condition.as_ref(), State::Draft, read)?;
        tx.withdraw_answers(&taken, Some(&withdrawn))?;
        tx.save_answers(&taken, &stored(bank, &given))?;
        saved(tx, &taken, bank)
    };
    Ok(send(call.service.store().transact(call.context(), work).await?))
}

/// Replace all answers
///
/// Saves these answers and withdraws every other.
#[utoipa::path(
    tag = tag::ASSESSMENTS,
    params(("id" = Uuid, Path, description = "The assessment")),
    request_body = AnswersInput,
    responses((status = 200, description = "All answers, replaced", body = AnswersBody)),
    security(("oauth2" = ["assessments:write"])),
    extensions(("x-mamori" = json!({
        "body": true, "if_match": true, "actor": true,
        "problems": ["not-found", "already-submitted"],
    }))),
)]
#[put("/v1/assessments/{id}/answers")]
async fn replace_answers(call: Call<AssessmentsWrite>, id: PathId, body: Incoming) -> Answer {
    let input = body.json::<AnswersInput>().await?.value;
    let condition = call.if_match()?;
    let service = call.service.clone();
    let work = move |tx: &mut Tx<'_>| {
        let read = |draft: &Assessment| {
            let bank = pinned_bank(&service, draft)?;
            Ok((bank, read_answers(bank, &input.answers)?))
        };
        let (taken, (bank, given)) = take(tx, id.0, condition.as_ref(), State::Draft, read)?;
        tx.withdraw_answers(&taken, None)?;
        tx.save_answers(&taken, &stored(bank, &given))?;
        saved(tx, &taken, bank)
    };
    Ok(send(call.service.store().transact(call.context(), work).await?))
}

/// The reply to saved answers.
fn saved(tx: &mut Tx<'_>, taken: &Assessment, bank: &QuestionBank) -> Result<Reply, Stop<Problem>> {
    tx.record_assessment(taken, "answered")?;
    let body = AnswersBody::of(taken.id, bank, tx.answers(taken.id)?);
    Ok(with(reply(StatusCode::OK, &body)?, "etag", etag(taken.revision, "0")))
}
