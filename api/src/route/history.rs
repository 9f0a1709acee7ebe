//! The history of an organization: its results over the years.

use actix_web::get;
use chrono::{DateTime, NaiveDate, Utc};
use mamori_store::{ResultFilter, Stop, StoredResult, Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::assessment::{MethodValue, RespondentValue};
use crate::answer::{Answer, page};
use crate::auth::Call;
use crate::auth::caller::AssessmentsRead;
use crate::problem::{Code, Fault, Kind, Problem};
use crate::read::query::{PageQuery, Parameters, bank_name};
use crate::read::{PathId, Query};
use crate::route::tag;
use crate::service::Service;

pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list_assessment_history);
}

/// Which results to list.
#[derive(Debug, Deserialize)]
struct HistoryQuery {
    question_bank: Option<String>,
    unit: Option<Uuid>,
    limit: Option<i64>,
    cursor: Option<String>,
}

impl Parameters for HistoryQuery {
    const KNOWN: &'static [(&'static str, &'static str)] = &[
        ("question_bank", "self-check"),
        ("unit", "UUID"),
        ("limit", "1–200"),
        ("cursor", "next_cursor"),
    ];
}

/// A page of results, by the date of the self-check, the latest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HistoryList {
    /// The results.
    items: Vec<HistoryItem>,
    /// Where the next page begins; null on the last.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// One result in the history.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HistoryItem {
    /// The assessment.
    assessment: Uuid,
    /// The unit that it is about; null for the whole organization.
    #[schema(required)]
    unit: Option<Uuid>,
    /// The bank's edition.
    #[schema(example = "4.0")]
    edition: String,
    /// The date of the self-check (診断日).
    answered_on: NaiveDate,
    #[schema(required)]
    respondent: Option<RespondentValue>,
    method: MethodValue,
    /// When it was submitted.
    submitted_at: DateTime<Utc>,
    /// The total; null where the bank is not scored.
    #[schema(required)]
    total: Option<i32>,
    /// The code of the band; null where the bank is not scored.
    #[schema(required, example = "partly_lacking")]
    band: Option<String>,
    /// What the band says; null where the bank is not scored.
    #[schema(required)]
    state: Option<String>,
    /// The total minus that of the result before it about the same unit; null where there is
    /// none.
    #[schema(required)]
    change: Option<i32>,
}

/// Get the history of an organization
///
/// Its results with one question bank, by the date of the self-check, the latest first.
#[utoipa::path(
    tag = tag::ASSESSMENTS,
    params(
        ("id" = Uuid, Path, description = "The organization"),
        ("question_bank" = inline(Option<String>), Query, nullable = false,
            description = "The bank; `self-check` by default",
            pattern = "^[a-z][a-z0-9-]{0,39}$"),
        ("unit" = inline(Option<Uuid>), Query, nullable = false,
            description = "Only results about this unit"),
    ),
    responses((status = 200, description = "A page of results", body = HistoryList)),
    security(("oauth2" = ["assessments:read"])),
    extensions(("x-mamori" = json!({
        "list": true, "localized": true, "problems": ["not-found"],
    }))),
)]
#[get("/v1/organizations/{id}/history")]
async fn list_assessment_history(
    call: Call<AssessmentsRead>,
    id: PathId,
    query: Query<HistoryQuery>,
) -> Answer {
    let wanted = PageQuery::of(query.0.limit, query.0.cursor.clone())?;
    let filter = ResultFilter {
        question_bank: bank_name(query.0.question_bank)?.unwrap_or_else(|| "self-check".to_owned()),
        unit: query.0.unit,
    };
    let list = format!("history {} {filter:?}", id.0);
    let (after, limit) = (position(&call.service, &list, &wanted)?, wanted.limit);
    let work = move |tx: &mut Tx<'_>| {
        tx.find_organization(id.0)?.ok_or_else(Problem::not_found)?;
        Ok::<_, Stop<Problem>>(tx.list_results(id.0, &filter, after, limit)?)
    };
    let found = call.service.store().read(call.context(), work).await?;

    let next_cursor = found.beyond.as_ref().and(found.items.last()).map(|(last, _)| {
        let position = format!("{} {}", last.circumstances.answered_on, last.assessment);
        call.service.cursors().seal(&list, &position)
    });
    let items = found.items.into_iter().map(|(result, previous)| HistoryItem {
        state: state(&call, &result),
        change: result.total.zip(previous).map(|(total, previous)| total - previous),
        assessment: result.assessment,
        unit: result.circumstances.unit,
        edition: result.edition,
        answered_on: result.circumstances.answered_on,
        respondent: result.circumstances.respondent.map(RespondentValue::from),
        method: result.circumstances.method.into(),
        submitted_at: result.submitted_at,
        total: result.total,
        band: result.band,
    });
    let body = HistoryList { items: items.collect(), next_cursor };
    Ok(page(&call.request, body.next_cursor.as_deref(), Some(call.language), &body))
}

fn position(
    service: &Service,
    list: &str,
    wanted: &PageQuery,
) -> Result<Option<(NaiveDate, Uuid)>, Problem> {
    let Some(cursor) = &wanted.cursor else { return Ok(None) };
    let position = service.cursors().open(list, cursor)?;
    let (day, id) = position.split_once(' ').unwrap_or_default();
    let parsed = day.parse().ok().zip(Uuid::try_parse(id).ok());
    parsed.map(Some).ok_or_else(|| {
        Problem::fault(Kind::InvalidCursor, Fault::parameter("cursor", Code::Cursor))
    })
}

fn state(call: &Call<AssessmentsRead>, result: &StoredResult) -> Option<String> {
    let bank = call.service.library().get(&result.question_bank, &result.edition)?;
    let band = bank.bands.iter().find(|band| Some(&band.code) == result.band.as_ref())?;
    Some(band.state.get(call.language).to_owned())
}
