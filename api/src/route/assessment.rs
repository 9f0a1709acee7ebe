//! Assessments: a draft that is answered in as many sittings as it takes, and submitted.

use actix_web::http::StatusCode;
use actix_web::{delete, get, patch, post};
use chrono::{DateTime, NaiveDate, Utc};
use mamori_domain::access::Scope;
use mamori_domain::assessment::{Assessment, Circumstances, Method, Respondent, State, submit};
use mamori_domain::question_bank::QuestionBank;
use mamori_store::{AssessmentFilter, Pins, Stop, Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::answers::recalled;
use super::question_bank::named_bank;
use crate::answer::{Answer, nothing, page, reply, send, show, with};
use crate::auth::Call;
use crate::auth::caller::{AssessmentsRead, AssessmentsWrite};
use crate::problem::{Code, Fault, Kind, Problem, refused_as};
use crate::read::body::optional_day;
use crate::read::condition::{etag, required};
use crate::read::query::{PageQuery, Parameters, bank_name};
use crate::read::{Check, IfMatch, Incoming, PathId, Query};
use crate::route::tag;
use crate::service::Service;
use crate::wire::wire_enum;

pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_assessments)
        .service(create_assessment)
        .service(get_assessment)
        .service(update_assessment)
        .service(delete_assessment)
        .service(submit_assessment);
}

wire_enum! {
    /// Who filled in the sheet (記入者): `management` (経営者), `person_in_charge` (担当者) or
    /// `department_head` (部門長).
    pub(crate) enum RespondentValue as Respondent = Respondent {
        /// Management (経営者).
        Management = "management",
        /// The person in charge (担当者).
        PersonInCharge = "person_in_charge",
        /// The head of a department (部門長).
        DepartmentHead = "department_head",
    }
}

wire_enum! {
    /// How the answers came about: `self` (the firm by itself), `assisted` (somebody helped) or
    /// `transcribed` (copied from paper).
    #[derive(Default)]
    pub(crate) enum MethodValue as AssessmentMethod = Method {
        /// The firm answered by itself.
        #[default]
        BySelf = "self",
        /// Somebody helped, such as a support centre.
        Assisted = "assisted",
        /// Copied from a sheet of paper.
        Transcribed = "transcribed",
    }
}

wire_enum! {
    /// Where an assessment stands: `draft` (being answered) or `submitted` (done for good).
    pub(crate) enum AssessmentState = State {
        /// Being answered.
        Draft = "draft",
        /// Done; nothing about it changes any more.
        Submitted = "submitted",
    }
}

/// What the caller may do with an assessment now.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AssessmentAction {
    Answer,
    Update,
    Submit,
    Delete,
    ReadResult,
}

/// An assessment to begin. Bank and edition are pinned and can't be changed later.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssessmentInput {
    /// The bank's name.
    #[schema(pattern = "^[a-z][a-z0-9-]{0,39}$", example = "self-check")]
    question_bank: String,
    /// The bank's edition.
    #[schema(pattern = "^[0-9]{1,2}\\.[0-9]{1,2}$", example = "4.0")]
    edition: String,
    /// The date of the self-check (診断日), in Japan, since 1900; it orders the history; today by
    /// default.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "optional_day")]
    answered_on: Option<NaiveDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    respondent: Option<RespondentValue>,
    /// The respondent's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 100, example = "見本 花子")]
    respondent_name: Option<String>,
    #[serde(default)]
    method: MethodValue,
    /// Who helped; only with the method `assisted`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 100, example = "みほん商工会議所")]
    assisted_by: Option<String>,
    /// The unit that the answers are about; the whole organization by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unit: Option<Uuid>,
}

/// An assessment, without its answers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Assessment)]
pub(crate) struct AssessmentBody {
    /// Its id.
    id: Uuid,
    /// The organization that is assessed.
    organization: Uuid,
    /// The bank's name.
    #[schema(example = "self-check")]
    question_bank: String,
    /// The bank's edition.
    #[schema(example = "4.0")]
    edition: String,
    /// The bank's wording when it was begun.
    #[schema(minimum = 1)]
    text_revision: u32,
    state: AssessmentState,
    /// The date of the self-check (診断日).
    answered_on: NaiveDate,
    #[schema(required)]
    respondent: Option<RespondentValue>,
    /// The respondent's name.
    #[schema(required)]
    respondent_name: Option<String>,
    method: MethodValue,
    /// Who helped.
    #[schema(required)]
    assisted_by: Option<String>,
    /// The unit that the answers are about; null for the whole organization.
    #[schema(required)]
    unit: Option<Uuid>,
    /// What can be done with it now.
    actions: Vec<AssessmentAction>,
    /// When it was begun.
    created_at: DateTime<Utc>,
    /// When it last changed.
    updated_at: DateTime<Utc>,
    /// When it was submitted.
    #[schema(required)]
    submitted_at: Option<DateTime<Utc>>,
}

/// A page of assessments, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AssessmentList {
    /// The assessments.
    items: Vec<AssessmentBody>,
    /// Where the next page begins; null on the last.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// How to submit.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SubmitInput {
    /// Counts open questions as 'don't know', and says so in the result. Without it a sheet
    /// with open questions is refused.
    #[serde(default)]
    unanswered_as: Option<UnansweredAs>,
}

wire_enum! {
    /// What open questions count as.
    pub(crate) enum UnansweredAs {
        /// As `unknown`: don't know (わからない).
        Unknown = "unknown",
    }
}

impl AssessmentInput {
    fn circumstances(&self, today: NaiveDate) -> Result<Circumstances, Problem> {
        let mut check = Check::default();
        check.optional_line("/respondent_name", self.respondent_name.as_deref(), 1..=100);
        check.optional_line("/assisted_by", self.assisted_by.as_deref(), 1..=100);
        check.past("/answered_on", self.answered_on, today);
        if self.assisted_by.is_some() && !matches!(self.method, MethodValue::Assisted) {
            check.push(Fault::at("/assisted_by", Code::NotAssisted));
        }
        check.finish(Circumstances {
            answered_on: self.answered_on.unwrap_or(today),
            respondent: self.respondent.map(Respondent::from),
            respondent_name: self.respondent_name.clone(),
            method: self.method.into(),
            assisted_by: self.assisted_by.clone(),
            unit: self.unit,
        })
    }
}

impl AssessmentInput {
    /// What a patch is tried on before the assessment itself is read.
    const fn sample() -> Self {
        Self {
            question_bank: String::new(),
            edition: String::new(),
            answered_on: None,
            respondent: None,
            respondent_name: None,
            method: MethodValue::BySelf,
            assisted_by: None,
            unit: None,
        }
    }
}

impl From<&Assessment> for AssessmentInput {
    fn from(assessment: &Assessment) -> Self {
        let about = assessment.circumstances.clone();
        Self {
            question_bank: assessment.question_bank.clone(),
            edition: assessment.edition.clone(),
            answered_on: Some(about.answered_on),
            respondent: about.respondent.map(RespondentValue::from),
            respondent_name: about.respondent_name,
            method: about.method.into(),
            assisted_by: about.assisted_by,
            unit: about.unit,
        }
    }
}

/// What may be done with an assessment by whoever may change it, or only read it.
fn actions(state: State, may_write: bool) -> Vec<AssessmentAction> {
    use AssessmentAction as Action;
    match state {
        State::Draft if may_write => {
            vec![Action::Answer, Action::Update, Action::Submit, Action::Delete]
        }
        State::Draft => Vec::new(),
        State::Submitted => vec![Action::ReadResult],
    }
}

impl AssessmentBody {
    fn of(assessment: Assessment, may_write: bool) -> Self {
        let about = assessment.circumstances;
        Self {
            id: assessment.id,
            organization: assessment.organization,
            question_bank: assessment.question_bank,
            edition: assessment.edition,
            text_revision: assessment.text_revision,
            state: assessment.state.into(),
            answered_on: about.answered_on,
            respondent: about.respondent.map(RespondentValue::from),
            respondent_name: about.respondent_name,
            method: about.method.into(),
            assisted_by: about.assisted_by,
            unit: about.unit,
            actions: actions(assessment.state, may_write),
            created_at: assessment.created_at,
            updated_at: assessment.updated_at,
            submitted_at: assessment.submitted_at,
        }
    }
}

/// The bank that an assessment pins.
pub(crate) fn pinned_bank<'s>(
    service: &'s Service,
    assessment: &Assessment,
) -> Result<&'s QuestionBank, Problem> {
    let bank = service.library().get(&assessment.question_bank, &assessment.edition);
    bank.map(AsRef::as_ref)
        .ok_or_else(|| Problem::internal("the bank of an assessment is not in the library"))
}

/// Takes a draft for change and leaves it in state `to`, or says why not: 404, 422, 428, 409,
/// 412, in this order. What the request says is read by `read`, which may need to know the
/// draft.
pub(crate) fn take<T>(
    tx: &mut Tx<'_>,
    id: Uuid,
    condition: Option<&IfMatch>,
    to: State,
    read: impl Fn(&Assessment) -> Result<T, Problem>,
) -> Result<(Assessment, T), Stop<Problem>> {
    // The usual case is one statement: lock, tenancy, state and revision together.
    if let Some(revision) = condition.and_then(IfMatch::single)
        && let Some(taken) = tx.take_draft(id, revision, to)?
    {
        let value = read(&taken)?;
        return Ok((taken, value));
    }
    let found = tx.find_assessment(id)?.ok_or_else(Problem::not_found)?;
    let value = read(&found)?;
    let condition = required(condition)?;
    if found.state == State::Submitted {
        return Err(Problem::new(Kind::AlreadySubmitted).into());
    }
    condition.admits(found.revision)?;
    let taken = tx.take_draft(id, found.revision, to)?;
    // Somebody was faster, after all.
    Ok((taken.ok_or_else(Stop::again)?, value))
}

fn check_unit(
    tx: &mut Tx<'_>,
    organization: Uuid,
    unit: Option<Uuid>,
) -> Result<(), Stop<Problem>> {
    match unit {
        Some(unit) if !tx.has_unit(organization, unit)? => {
            let fault = Fault::at("/unit", Code::NoSuchUnit);
            Err(Problem::fault(Kind::InvalidRequest, fault).into())
        }
        _ => Ok(()),
    }
}

/// Which page to list.
#[derive(Debug, Deserialize)]
struct AssessmentQuery {
    state: Option<AssessmentState>,
    question_bank: Option<String>,
    unit: Option<Uuid>,
    limit: Option<i64>,
    cursor: Option<String>,
}

impl Parameters for AssessmentQuery {
    const KNOWN: &'static [(&'static str, &'static str)] = &[
        ("state", "draft / submitted"),
        ("question_bank", "self-check"),
        ("unit", "UUID"),
        ("limit", "1–200"),
        ("cursor", "next_cursor"),
    ];
}

/// List the assessments of an organization
///
/// Drafts and submitted ones, the newest first, a page at a time.
#[utoipa::path(
    tag = tag::ASSESSMENTS,
    params(
        ("id" = Uuid, Path, description = "The organization"),
        ("state" = inline(Option<AssessmentState>), Query, nullable = false,
            description = "Only those that stand there"),
        ("question_bank" = inline(Option<String>), Query, nullable = false,
            description = "Only those with this bank", pattern = "^[a-z][a-z0-9-]{0,39}$"),
        ("unit" = inline(Option<Uuid>), Query, nullable = false,
            description = "Only those about this unit"),
    ),
    responses((status = 200, description = "A page of assessments", body = AssessmentList)),
    security(("oauth2" = ["assessments:read"])),
    extensions(("x-mamori" = json!({"list": true, "problems": ["not-found"]}))),
)]
#[get("/v1/organizations/{id}/assessments")]
async fn list_assessments(
    call: Call<AssessmentsRead>,
    id: PathId,
    query: Query<AssessmentQuery>,
) -> Answer {
    let query = query.0;
    let wanted = PageQuery::of(query.limit, query.cursor)?;
    let filter = AssessmentFilter {
        state: query.state.map(State::from),
        question_bank: bank_name(query.question_bank)?,
        unit: query.unit,
    };
    let list = format!("assessments {} {filter:?}", id.0);
    let (after, limit) = (wanted.after(&call.service, &list)?, wanted.limit);
    let work = move |tx: &mut Tx<'_>| {
        tx.find_organization(id.0)?.ok_or_else(Problem::not_found)?;
        Ok::<_, Stop<Problem>>(tx.list_assessments(id.0, &filter, after, limit)?)
    };
    let found = call.service.store().read(call.context(), work).await?;
    let last = found.items.last().map(|assessment| assessment.id);
    let next_cursor = call.service.cursors().next(&list, found.beyond.is_some(), last);
    let may_write = call.may(Scope::AssessmentsWrite);
    let items = found.items.into_iter().map(|one| AssessmentBody::of(one, may_write)).collect();
    let body = AssessmentList { items, next_cursor };
    Ok(page(&call.request, body.next_cursor.as_deref(), None, &body))
}

/// Begin an assessment
///
/// Begins a draft with one edition of a question bank, which it pins. Answer it in as many
/// sittings as it takes, then submit it.
#[utoipa::path(
    tag = tag::ASSESSMENTS,
    params(("id" = Uuid, Path, description = "The organization")),
    request_body = AssessmentInput,
    responses((status = 201, description = "The draft", body = AssessmentBody)),
    security(("oauth2" = ["assessments:write"])),
    extensions(("x-mamori" = json!({
        "body": true, "once": true, "created": true, "actor": true, "problems": ["not-found"],
        "links": {"get_assessment": "/id", "get_answers": "/id", "merge_answers": "/id",
            "submit_assessment": "/id"},
    }))),
)]
#[post("/v1/organizations/{id}/assessments")]
async fn create_assessment(call: Call<AssessmentsWrite>, id: PathId, body: Incoming) -> Answer {
    let received = body.json::<AssessmentInput>().await?;
    let input = received.value;
    let circumstances = input.circumstances(call.service.today())?;
    let bank = named_bank(call.service.library(), &input.question_bank, &input.edition)?;
    let pins = Pins {
        organization: id.0,
        question_bank: bank.bank.clone(),
        edition: bank.edition.to_string(),
        text_revision: bank.text_revision,
    };
    call.reaches(id.0)?;
    let work = move |tx: &mut Tx<'_>| {
        tx.find_organization(id.0)?.ok_or_else(Problem::not_found)?;
        check_unit(tx, id.0, circumstances.unit)?;
        let begun = tx.add_assessment(pins.clone(), circumstances.clone());
        // What was there a moment ago is gone.
        let begun = begun.map_err(refused_as(Kind::NotFound))?;
        let location = format!("/v1/assessments/{}", begun.id);
        let tag = etag(begun.revision, "0");
        let created = reply(StatusCode::CREATED, &AssessmentBody::of(begun, true))?;
        Ok::<_, Stop<Problem>>(with(with(created, "location", location), "etag", tag))
    };
    let store = call.service.store();
    Ok(send(store.transact_once(call.context(), received.once, work).await?))
}

/// Get an assessment
///
/// One assessment without its answers, with the ETag that it shares with them.
#[utoipa::path(
    tag = tag::ASSESSMENTS,
    params(("id" = Uuid, Path, description = "The assessment")),
    responses((status = 200, description = "The assessment", body = AssessmentBody)),
    security(("oauth2" = ["assessments:read"])),
    extensions(("x-mamori" = json!({"etag": true, "problems": ["not-found"]}))),
)]
#[get("/v1/assessments/{id}")]
async fn get_assessment(call: Call<AssessmentsRead>, id: PathId) -> Answer {
    let work = move |tx: &mut Tx<'_>| Ok::<_, Stop<Problem>>(tx.find_assessment(id.0)?);
    let found = call.service.store().read_one(call.context(), work).await?;
    let found = found.ok_or_else(Problem::not_found)?;
    let tag = etag(found.revision, "0");
    let body = AssessmentBody::of(found, call.may(Scope::AssessmentsWrite));
    Ok(show(&call.request, &tag, None, &body))
}

/// Update an assessment
///
/// Changes who answered, when and how, by a merge patch (RFC 7396). Bank and edition stay.
#[utoipa::path(
    tag = tag::ASSESSMENTS,
    params(("id" = Uuid, Path, description = "The assessment")),
    request_body = AssessmentInput,
    responses((status = 200, description = "The assessment, changed", body = AssessmentBody)),
    security(("oauth2" = ["assessments:write"])),
    extensions(("x-mamori" = json!({
        "patch": true, "if_match": true, "actor": true,
        "problems": ["not-found", "already-submitted"],
    }))),
)]
#[patch("/v1/assessments/{id}")]
async fn update_assessment(call: Call<AssessmentsWrite>, id: PathId, body: Incoming) -> Answer {
    let patch = body.patch().await?;
    patch.leaves(&["question_bank", "edition"])?;
    patch.apply(&AssessmentInput::sample())?;
    let condition = call.if_match()?;
    let today = call.service.today();
    let work = move |tx: &mut Tx<'_>| {
        let read = |draft: &Assessment| {
            let input: AssessmentInput = patch.apply(&AssessmentInput::from(draft))?;
            input.circumstances(today)
        };
        let (taken, circumstances) = take(tx, id.0, condition.as_ref(), State::Draft, read)?;
        check_unit(tx, taken.organization, circumstances.unit)?;
        let changed = tx.set_circumstances(&taken, circumstances)?;
        let tag = etag(changed.revision, "0");
        Ok::<_, Stop<Problem>>(with(
            reply(StatusCode::OK, &AssessmentBody::of(changed, true))?,
            "etag",
            tag,
        ))
    };
    Ok(send(call.service.store().transact(call.context(), work).await?))
}

/// Delete a draft
///
/// Removes an assessment that was not submitted, with its answers.
#[utoipa::path(
    tag = tag::ASSESSMENTS,
    params(("id" = Uuid, Path, description = "The assessment")),
    responses((status = 204, description = "It is gone")),
    security(("oauth2" = ["assessments:write"])),
    extensions(("x-mamori" = json!({
        "if_match": true, "actor": true, "problems": ["not-found", "already-submitted"],
    }))),
)]
#[delete("/v1/assessments/{id}")]
async fn delete_assessment(call: Call<AssessmentsWrite>, id: PathId) -> Answer {
    let condition = call.if_match()?;
    let work = move |tx: &mut Tx<'_>| {
        let (taken, ()) = take(tx, id.0, condition.as_ref(), State::Draft, |_| Ok(()))?;
        tx.remove_assessment(&taken)?;
        Ok::<_, Stop<Problem>>(nothing())
    };
    Ok(send(call.service.store().transact(call.context(), work).await?))
}

/// Submit an assessment
///
/// Ends the draft for good and keeps its result. Open questions are refused and listed,
/// unless `unanswered_as` counts them as 'don't know'.
#[utoipa::path(
    tag = tag::ASSESSMENTS,
    params(("id" = Uuid, Path, description = "The assessment")),
    request_body = Option<SubmitInput>,
    responses((status = 200, description = "The assessment, submitted", body = AssessmentBody)),
    security(("oauth2" = ["assessments:write"])),
    extensions(("x-mamori" = json!({
        "body": true, "once": true, "if_match": true, "actor": true,
        "problems": ["not-found", "already-submitted", "questions-unanswered"],
        "links": {"get_assessment_result": "/id"},
    }))),
)]
#[post("/v1/assessments/{id}/submit")]
async fn submit_assessment(call: Call<AssessmentsWrite>, id: PathId, body: Incoming) -> Answer {
    let received = body.json_or_empty::<SubmitInput>().await?;
    let condition = call.if_match()?;
    let as_unknown = received.value.unanswered_as.is_some();
    let service = call.service.clone();
    let work = move |tx: &mut Tx<'_>| {
        let (taken, ()) = take(tx, id.0, condition.as_ref(), State::Submitted, |_| Ok(()))?;
        let bank = pinned_bank(&service, &taken)?;
        let sheet = recalled(bank, tx.answers(taken.id)?);
        let outcome = submit(bank, &sheet, as_unknown)
            .map_err(|unanswered| questions_unanswered(&unanswered.0))?;
        let frozen = serde_json::to_string(&outcome)
            .map_err(|_| Problem::internal("an outcome can't be written"))?;
        let total = outcome.points.as_ref().map(|points| points.total);
        let band = outcome.points.and_then(|points| points.band);
        tx.add_result(&taken, total, band, frozen)?;
        let tag = etag(taken.revision, "0");
        Ok::<_, Stop<Problem>>(with(
            reply(StatusCode::OK, &AssessmentBody::of(taken, true))?,
            "etag",
            tag,
        ))
    };
    let store = call.service.store();
    Ok(send(store.transact_once(call.context(), received.once, work).await?))
}

fn questions_unanswered(questions: &[u16]) -> Problem {
    let fault = |number: &u16| Fault::question(*number, Code::Unanswered);
    Problem {
        faults: questions.iter().map(fault).collect(),
        ..Problem::new(Kind::QuestionsUnanswered).with("count", questions.len())
    }
}
