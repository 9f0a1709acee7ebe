//! Results: what a sheet adds up to, told in words, and two of them compared.

use actix_web::get;
use chrono::{DateTime, NaiveDate, Utc};
use mamori_domain::comparison::{Movement, compare};
use mamori_domain::question_bank::{Question, QuestionBank};
use mamori_domain::scoring::{ActionKind, NextAction, Outcome, Sum};
use mamori_domain::text::{Language, Text};
use mamori_store::{Stop, StoredResult};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::assessment::{MethodValue, RespondentValue};
use super::coverage::CoverageBody;
use super::question_bank::{BandBody, MeasureBody};
use crate::answer::{Answer, show};
use crate::auth::Call;
use crate::auth::caller::AssessmentsRead;
use crate::problem::{Kind, Problem};
use crate::read::query::Parameters;
use crate::read::{PathId, Query};
use crate::route::tag;
use crate::service::Service;
use crate::wire::wire_enum;

pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(get_assessment_result).service(compare_assessments);
}

/// What a sheet adds up to. Fields that belong to another `measure` are absent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AssessmentResult)]
pub(crate) struct AssessmentResultBody<'a> {
    /// The assessment that it is of; absent where nothing was kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    assessment: Option<Uuid>,
    /// The organization that was assessed; absent where nothing was kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    organization: Option<Uuid>,
    /// The unit that it is about; absent where it is about the whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    unit: Option<Uuid>,
    /// The date of the self-check (診断日); absent where nothing was kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    answered_on: Option<NaiveDate>,
    /// Who filled in the sheet (記入者); absent where nothing was kept, or nobody said.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    respondent: Option<RespondentValue>,
    /// The respondent's name; absent where nothing was kept, or nobody said.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    respondent_name: Option<&'a str>,
    /// How the answers came about; absent where nothing was kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    method: Option<MethodValue>,
    /// Who helped; absent where nothing was kept, or nobody helped.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    assisted_by: Option<&'a str>,
    /// When it was submitted; absent where nothing was kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    submitted_at: Option<DateTime<Utc>>,
    /// The bank's name.
    #[schema(example = "self-check")]
    question_bank: &'a str,
    /// The bank's edition.
    #[schema(example = "4.0")]
    edition: &'a str,
    measure: MeasureBody,
    /// Whether every question is answered.
    complete: bool,
    /// The questions without an answer, by number.
    unanswered: &'a [u16],
    /// The questions answered 'don't know' (わからない), by number: find out about these first.
    unknown: &'a [u16],
    /// The questions answered 'not used' and counted in full, by number.
    not_used: &'a [u16],
    /// What 'not used' means for the total; absent where no question was so answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    not_used_note: Option<&'a str>,
    /// The open questions that were counted as 'don't know' at the caller's wish, by number.
    unanswered_as_unknown: &'a [u16],
    /// How many answers each option got, best first.
    counts: Vec<OptionCount<'a>>,
    /// The sum of all points; absent where the bank is not scored.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 71)]
    total: Option<i32>,
    /// The lowest total of the bank; absent where the bank is not scored.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = -25)]
    minimum: Option<i32>,
    /// The highest total of the bank; absent where the bank is not scored.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = 100)]
    maximum: Option<i32>,
    /// The lowest total still within reach; absent where the bank is not scored.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    lowest_reachable: Option<i32>,
    /// The highest total still within reach; absent where the bank is not scored.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    highest_reachable: Option<i32>,
    /// The band of the total (点数区分); null while a question is open, absent where the bank is
    /// not scored.
    #[serde(skip_serializing_if = "Option::is_none")]
    band: Option<Option<BandBody<'a>>>,
    /// Whether the cut-offs of the bands were checked against the guideline; absent where
    /// there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    cutoffs_verified: Option<bool>,
    /// The sum of each part; absent where the bank is not scored.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    parts: Option<Vec<PartScore<'a>>>,
    /// The sum of each theme; absent where the bank is not scored.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    themes: Option<Vec<ThemeScore<'a>>>,
    /// How far the controls are in place; only where that is the measure.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    coverage: Option<CoverageBody<'a>>,
    /// What to do next, the most pressing first.
    next_actions: Vec<NextActionBody<'a>>,
    /// Whose words these are: show it with the result.
    notice: &'a str,
}

/// How many answers an option got.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OptionCount<'a> {
    /// The option's code.
    #[schema(example = "implemented")]
    option: &'a str,
    /// The option's words.
    label: &'a str,
    /// How many questions were answered with it.
    #[schema(minimum = 0, maximum = 500)]
    count: u16,
}

/// The points of a part.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PartScore<'a> {
    /// The part's code.
    #[schema(example = "basic")]
    code: &'a str,
    /// Its heading.
    title: &'a str,
    /// The sum of its questions.
    total: i32,
    /// The least that they can give.
    minimum: i32,
    /// The most that they can give.
    maximum: i32,
    /// Its questions, by number.
    questions: &'a [u16],
}

/// The points of a theme.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ThemeScore<'a> {
    /// The theme.
    theme: &'a str,
    /// The sum of its questions.
    total: i32,
    /// The least that they can give.
    minimum: i32,
    /// The most that they can give.
    maximum: i32,
    /// Its questions, by number.
    questions: &'a [u16],
}

wire_enum! {
    /// What kind of thing is to be done: `find_out` (nobody knows), `start` (nothing is done
    /// yet) or `finish` (it is begun).
    pub(crate) enum ActionKindBody as ActionKind = ActionKind {
        /// Nobody knows: find out first (まず確認する).
        FindOut = "find_out",
        /// Nothing is done yet: start.
        Start = "start",
        /// It is begun: finish it.
        Finish = "finish",
    }
}

/// Something to do about one question. The order is mamori's own: the first part before the
/// rest, then the estimated effect and effort.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = NextAction)]
pub(crate) struct NextActionBody<'a> {
    /// The question's number.
    #[schema(minimum = 1, maximum = 500)]
    question: u16,
    kind: ActionKindBody,
    /// The question's theme.
    theme: &'a str,
    /// What to do: for `find_out` one way to find out, else two or three measures.
    steps: Vec<&'a str>,
    /// The points that the best answer would add; absent where the bank is not scored.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    gain: Option<i32>,
}

impl<'a> AssessmentResultBody<'a> {
    /// A result of which nothing is kept.
    pub(crate) fn stateless(
        bank: &'a QuestionBank,
        outcome: &'a Outcome,
        language: Language,
    ) -> Self {
        let say = |text: &'a Text| text.get(language);
        let points = outcome.points.as_ref();
        let band = |code: &str| bank.bands.iter().find(|band| band.code == code);
        Self {
            assessment: None,
            organization: None,
            unit: None,
            answered_on: None,
            respondent: None,
            respondent_name: None,
            method: None,
            assisted_by: None,
            submitted_at: None,
            question_bank: &bank.bank,
            edition: bank.edition.as_str(),
            measure: bank.measure.into(),
            complete: outcome.complete,
            unanswered: &outcome.unanswered,
            unknown: &outcome.unknown,
            not_used: &outcome.not_used,
            not_used_note: bank
                .not_used_note
                .as_ref()
                .filter(|_| !outcome.not_used.is_empty())
                .map(say),
            unanswered_as_unknown: &outcome.filled,
            counts: bank
                .options
                .iter()
                .zip(&outcome.counts)
                .map(|(option, count)| OptionCount {
                    option: &option.code,
                    label: say(&option.label),
                    count: *count,
                })
                .collect(),
            total: points.map(|points| points.total),
            minimum: points.map(|points| points.minimum),
            maximum: points.map(|points| points.maximum),
            lowest_reachable: points.map(|points| points.lowest_reachable),
            highest_reachable: points.map(|points| points.highest_reachable),
            band: points.map(|points| {
                let band = points.band.as_deref().and_then(band);
                band.map(|band| BandBody::of(band, language))
            }),
            cutoffs_verified: bank.cutoffs_verified,
            parts: points.map(|points| parts(bank, &points.parts, language)),
            themes: points.map(|points| themes(bank, &points.themes, language)),
            coverage: CoverageBody::of(bank, &outcome.answers, language),
            next_actions: outcome
                .next_actions
                .iter()
                .filter_map(|action| NextActionBody::of(bank, action, language))
                .collect(),
            notice: say(&bank.notice),
        }
    }

    fn kept(
        stored: &'a StoredResult,
        bank: &'a QuestionBank,
        outcome: &'a Outcome,
        language: Language,
    ) -> Self {
        let about = &stored.circumstances;
        Self {
            assessment: Some(stored.assessment),
            organization: Some(stored.organization),
            unit: about.unit,
            answered_on: Some(about.answered_on),
            respondent: about.respondent.map(RespondentValue::from),
            respondent_name: about.respondent_name.as_deref(),
            method: Some(about.method.into()),
            assisted_by: about.assisted_by.as_deref(),
            submitted_at: Some(stored.submitted_at),
            ..Self::stateless(bank, outcome, language)
        }
    }
}

fn parts<'a>(bank: &'a QuestionBank, sums: &'a [Sum], language: Language) -> Vec<PartScore<'a>> {
    let parts = bank.parts.iter().zip(sums);
    parts
        .map(|(part, sum)| PartScore {
            code: &part.code,
            title: part.title.get(language),
            total: sum.total,
            minimum: sum.minimum,
            maximum: sum.maximum,
            questions: &sum.questions,
        })
        .collect()
}

fn themes<'a>(bank: &'a QuestionBank, sums: &'a [Sum], language: Language) -> Vec<ThemeScore<'a>> {
    let theme = |sum: &Sum| bank.question(*sum.questions.first()?);
    sums.iter()
        .map(|sum| ThemeScore {
            theme: theme(sum).map_or("", |question| question.theme.get(language)),
            total: sum.total,
            minimum: sum.minimum,
            maximum: sum.maximum,
            questions: &sum.questions,
        })
        .collect()
}

impl<'a> NextActionBody<'a> {
    fn of(bank: &'a QuestionBank, action: &NextAction, language: Language) -> Option<Self> {
        let question: &Question = bank.question(action.question)?;
        let steps = match action.kind {
            ActionKind::FindOut => vec![question.find_out.get(language)],
            ActionKind::Start | ActionKind::Finish => measures(question, language),
        };
        Some(Self {
            question: action.question,
            kind: action.kind.into(),
            theme: question.theme.get(language),
            steps,
            gain: action.gain,
        })
    }
}

fn measures(question: &Question, language: Language) -> Vec<&str> {
    question.measures.iter().map(|measure| measure.get(language)).collect()
}

/// The bank and the frozen outcome of a result that was kept.
pub(crate) fn thaw<'s>(
    service: &'s Service,
    stored: &StoredResult,
) -> Result<(&'s QuestionBank, Outcome), Problem> {
    let bank = service.library().get(&stored.question_bank, &stored.edition);
    let outcome = serde_json::from_str(&stored.outcome);
    match (bank, outcome) {
        (Some(bank), Ok(outcome)) => Ok((bank, outcome)),
        _ => Err(Problem::internal("a result's bank or outcome can't be read")),
    }
}

/// Get the result of an assessment
///
/// What the submitted sheet added up to: the total, its band, the sums of parts and themes,
/// the answers 'don't know', and what to do next. It never changes.
#[utoipa::path(
    tag = tag::ASSESSMENTS,
    params(("id" = Uuid, Path, description = "The assessment")),
    responses((status = 200, description = "The result", body = AssessmentResultBody<'static>)),
    security(("oauth2" = ["assessments:read"])),
    extensions(("x-mamori" = json!({
        "localized": true, "etag": true, "problems": ["not-found", "not-submitted"],
    }))),
)]
#[get("/v1/assessments/{id}/result")]
async fn get_assessment_result(call: Call<AssessmentsRead>, id: PathId) -> Answer {
    let found = call
        .service
        .store()
        .read_one(call.context(), move |tx| Ok::<_, Stop<Problem>>(tx.find_result(id.0)?))
        .await?;
    let Some(stored) = found else { return Err(why_no_result(&call, id.0).await?) };
    let (bank, outcome) = thaw(&call.service, &stored)?;
    let etag = format!("\"1.{}.{}\"", call.language.tag(), bank.text_revision);
    let body = AssessmentResultBody::kept(&stored, bank, &outcome, call.language);
    Ok(show(&call.request, &etag, Some(call.language), &body))
}

/// A draft has no result yet; anything else is not there.
async fn why_no_result(call: &Call<AssessmentsRead>, id: Uuid) -> Result<Problem, Problem> {
    let work = move |tx: &mut mamori_store::Tx<'_>| {
        Ok::<_, Stop<Problem>>(tx.find_assessment(id)?.is_some())
    };
    let there = call.service.store().read_one(call.context(), work).await?;
    Ok(if there { Problem::new(Kind::NotSubmitted) } else { Problem::not_found() })
}

/// Which assessment to compare with.
#[derive(Debug, Deserialize)]
struct ComparisonQuery {
    with: Uuid,
}

impl Parameters for ComparisonQuery {
    const KNOWN: &'static [(&'static str, &'static str)] = &[("with", "UUID")];
}

/// Two results of one bank, side by side.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Comparison)]
pub(crate) struct ComparisonBody<'a> {
    before: ComparedResult<'a>,
    after: ComparedResult<'a>,
    /// Whether the two follow different editions; then compare single questions with care.
    editions_differ: bool,
    /// Whether the two are about different units; then a change is no progress of either.
    units_differ: bool,
    /// The later total minus the earlier; absent where the bank is not scored.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    total_change: Option<i32>,
    /// The totals of each part; empty where the bank is not scored.
    parts: Vec<ComparedPart<'a>>,
    /// Every question of either, by number.
    questions: Vec<ComparedQuestion<'a>>,
}

/// One side of a comparison.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ComparedResult<'a> {
    /// The assessment.
    assessment: Uuid,
    /// The bank's edition.
    edition: &'a str,
    /// The date of the self-check (診断日).
    answered_on: NaiveDate,
    /// The unit that it is about; null for the whole organization.
    #[schema(required)]
    unit: Option<Uuid>,
    /// The total; absent where the bank is not scored.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    total: Option<i32>,
    /// The band's code; absent where the bank is not scored.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    band: Option<&'a str>,
}

/// A part in both results.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ComparedPart<'a> {
    /// The part's code.
    code: &'a str,
    /// Its heading.
    title: &'a str,
    /// The earlier sum.
    before: i32,
    /// The later sum.
    after: i32,
    /// The later minus the earlier.
    change: i32,
}

wire_enum! {
    /// How an answer moved: `better`, `worse`, `same`, `new` (only the later sheet has the
    /// question) or `gone` (only the earlier has).
    pub(crate) enum MovementBody as AnswerMovement = Movement {
        /// The later answer is better.
        Better = "better",
        /// The later answer is worse.
        Worse = "worse",
        /// The answer is the same.
        Same = "same",
        /// Only the later sheet has the question.
        New = "new",
        /// Only the earlier sheet has the question.
        Gone = "gone",
    }
}

/// A question in both results.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ComparedQuestion<'a> {
    /// The question's number.
    #[schema(minimum = 1, maximum = 500)]
    question: u16,
    /// Its theme.
    theme: &'a str,
    /// The earlier option; null where that sheet does not have the question.
    #[schema(required)]
    before: Option<&'a str>,
    /// The later option; null where that sheet does not have the question.
    #[schema(required)]
    after: Option<&'a str>,
    movement: MovementBody,
}

/// Compare two assessments
///
/// The result of this assessment beside an earlier one, named by `with`: totals, parts and
/// single answers. Both must be of the same organization and question bank.
#[utoipa::path(
    tag = tag::ASSESSMENTS,
    params(
        ("id" = Uuid, Path, description = "The later assessment"),
        ("with" = Uuid, Query, description = "The earlier assessment"),
    ),
    responses((status = 200, description = "The two side by side", body = ComparisonBody<'static>)),
    security(("oauth2" = ["assessments:read"])),
    extensions(("x-mamori" = json!({
        "localized": true, "query": true,
        "problems": ["not-found", "not-submitted", "not-comparable"],
    }))),
)]
#[get("/v1/assessments/{id}/comparison")]
async fn compare_assessments(
    call: Call<AssessmentsRead>,
    id: PathId,
    query: Query<ComparisonQuery>,
) -> Answer {
    let pair = [query.0.with, id.0];
    let found = call
        .service
        .store()
        .read_one(call.context(), move |tx| Ok::<_, Stop<Problem>>(tx.find_results(pair)?))
        .await?;
    let result_of = |id: Uuid| found.iter().find(|result| result.assessment == id);
    let mut sides = Vec::new();
    for id in pair {
        match result_of(id) {
            Some(result) => sides.push(result),
            None => return Err(why_no_result(&call, id).await?),
        }
    }
    let [before, after] = sides.as_slice() else { return Err(Problem::not_found()) };
    let alike =
        before.organization == after.organization && before.question_bank == after.question_bank;
    if !alike {
        return Err(Problem::new(Kind::NotComparable));
    }
    let earlier = thaw(&call.service, before)?;
    let later = thaw(&call.service, after)?;
    let body = ComparisonBody::of((before, &earlier), (after, &later), call.language);
    let etag = format!("\"1.{}.{}\"", call.language.tag(), later.0.text_revision);
    Ok(show(&call.request, &etag, Some(call.language), &body))
}

type Side<'a> = (&'a StoredResult, &'a (&'a QuestionBank, Outcome));

impl<'a> ComparisonBody<'a> {
    fn of(before: Side<'a>, after: Side<'a>, language: Language) -> Self {
        let (earlier, (old_bank, old)) = before;
        let (later, (bank, new)) = after;
        let totals = earlier.total.zip(later.total);
        let question = |number| bank.question(number).or_else(|| old_bank.question(number));
        Self {
            before: ComparedResult::of(earlier),
            after: ComparedResult::of(later),
            editions_differ: earlier.edition != later.edition,
            units_differ: earlier.circumstances.unit != later.circumstances.unit,
            total_change: totals.map(|(before, after)| after - before),
            parts: old
                .points
                .iter()
                .zip(&new.points)
                .flat_map(|(old, new)| bank.parts.iter().zip(old.parts.iter().zip(&new.parts)))
                .map(|(part, (old, new))| ComparedPart {
                    code: &part.code,
                    title: part.title.get(language),
                    before: old.total,
                    after: new.total,
                    change: new.total - old.total,
                })
                .collect(),
            questions: compare(old, new)
                .into_iter()
                .map(|change| ComparedQuestion {
                    question: change.question,
                    theme: question(change.question).map_or("", |q| q.theme.get(language)),
                    before: option_code(old_bank, change.before),
                    after: option_code(bank, change.after),
                    movement: change.movement.into(),
                })
                .collect(),
        }
    }
}

impl<'a> ComparedResult<'a> {
    fn of(stored: &'a StoredResult) -> Self {
        Self {
            assessment: stored.assessment,
            edition: &stored.edition,
            answered_on: stored.circumstances.answered_on,
            unit: stored.circumstances.unit,
            total: stored.total,
            band: stored.band.as_deref(),
        }
    }
}

fn option_code(bank: &QuestionBank, option: Option<u8>) -> Option<&str> {
    bank.options.get(usize::from(option?)).map(|option| option.code.as_str())
}
