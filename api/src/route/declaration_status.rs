//! How an organization stands with SECURITY ACTION: today, on another day, or as it was known at another
//! time; and the history behind it.

use actix_web::get;
use chrono::{DateTime, NaiveDate, Utc};
use mamori_domain::declaration::history::{Entry, Fact};
use mamori_domain::declaration::summary::Summary;
use mamori_store::{Stop, Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::declaration::terms::TermsBody;
use super::declaration::{
    EvidenceBody, ListQuery, MoveValue, StandingBody, StateValue, StoppedByValue,
};
use crate::answer::{Answer, page, tell};
use crate::auth::Call;
use crate::auth::caller::DeclarationsRead;
use crate::problem::{Code, Fault, Kind, Problem};
use crate::read::query::{PageQuery, Parameters};
use crate::read::{PathId, Query};
use crate::route::tag;

pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(get_declaration_status).service(list_declaration_history);
}

/// For which day, and as it was known when.
#[derive(Debug, Deserialize)]
struct StatusQuery {
    as_of: Option<String>,
    known_at: Option<String>,
}

impl Parameters for StatusQuery {
    const KNOWN: &'static [(&'static str, &'static str)] =
        &[("as_of", "YYYY-MM-DD"), ("known_at", "2026-11-25T03:00:00Z")];
}

impl StatusQuery {
    /// The day, which is not still to come, and the time.
    fn read(&self, today: NaiveDate) -> Result<(NaiveDate, Option<DateTime<Utc>>), Problem> {
        let day = |text: &String| {
            let formed = text.len() == 10 && text.is_ascii();
            let day = text.parse::<NaiveDate>().ok().filter(|_| formed);
            day.ok_or_else(|| wrong("as_of", Code::Format, "YYYY-MM-DD"))
        };
        let as_of = self.as_of.as_ref().map(day).transpose()?.unwrap_or(today);
        if as_of > today {
            return Err(wrong("as_of", Code::FutureDate, "YYYY-MM-DD"));
        }
        let time = |text: &String| {
            let time = DateTime::parse_from_rfc3339(text).ok();
            let time = time.map(|time| time.with_timezone(&Utc));
            // To the microsecond, which is what is kept.
            let time =
                time.and_then(|time| DateTime::from_timestamp_micros(time.timestamp_micros()));
            time.ok_or_else(|| wrong("known_at", Code::Format, "2026-11-25T03:00:00Z"))
        };
        let known_at = self.known_at.as_ref().map(time).transpose()?;
        Ok((as_of, known_at))
    }
}

fn wrong(name: &'static str, code: Code, expected: &str) -> Problem {
    let fault = Fault::parameter(name, code).with("expected", expected);
    Problem::fault(Kind::MalformedRequest, fault)
}

/// How an organization stands with SECURITY ACTION. It is self-declared: mamori says what it was
/// told, and how far anybody looked into it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeclarationStatus)]
pub(crate) struct StatusBody {
    /// The organization.
    organization: Uuid,
    /// The day that is told of, in Japan.
    as_of: NaiveDate,
    /// The answer is what was known at this time. Asked again with the same `as_of` and `known_at`
    /// it never changes. Null where nothing was ever recorded.
    #[schema(required)]
    known_at: Option<DateTime<Utc>>,
    /// Null where no declaration was known: that is not the same as not declared.
    #[schema(required)]
    state: Option<StateValue>,
    /// The stars of the declaration that counts; null where they are not known.
    #[schema(required)]
    stars: Option<u8>,
    /// The declaration that counts: one that is declared before others, of the newer system before
    /// the older, of the later day before the earlier.
    #[schema(required)]
    declaration: Option<StandingBody>,
    /// Declarations of one generation that are declared at once. Nobody but the company can say
    /// which of them is right.
    conflicting: Vec<Uuid>,
    /// Whether an id of the old system is still declared beside one of the new.
    old_beside_new: bool,
}

impl StatusBody {
    fn of(
        organization: Uuid,
        as_of: NaiveDate,
        known_at: Option<DateTime<Utc>>,
        summary: Option<Summary>,
    ) -> Self {
        let summary = summary.unwrap_or(Summary {
            main: None,
            conflicting: Vec::new(),
            old_beside_new: false,
        });
        let main = summary.main.as_ref().map(|(_, standing)| standing);
        Self {
            organization,
            as_of,
            known_at,
            state: main.map(|standing| standing.state.into()),
            stars: main.and_then(|standing| standing.terms.stars),
            declaration: summary.main.map(|(id, standing)| StandingBody::of(id, standing)),
            conflicting: summary.conflicting,
            old_beside_new: summary.old_beside_new,
        }
    }
}

/// Get the status of an organization
///
/// Which star the company has declared, and how sure that is: today, on another day (`as_of`), and by
/// what was known at another time (`known_at`). What is recorded is never overwritten, so an answer for
/// a time in the past never changes; the answer says the `known_at` with which it can be had again.
#[utoipa::path(
    tag = tag::DECLARATIONS,
    params(
        ("id" = Uuid, Path, description = "The organization"),
        ("as_of" = inline(Option<NaiveDate>), Query, nullable = false,
            description = "The day to tell of, in Japan; today if left out"),
        ("known_at" = inline(Option<DateTime<Utc>>), Query, nullable = false,
            description = "The time whose knowledge counts; now if left out",
),
    ),
    responses((status = 200, description = "The status", body = StatusBody)),
    security(("oauth2" = ["declarations:read"])),
    extensions(("x-mamori" = json!({"query": true, "problems": ["not-found"]}))),
)]
#[get("/v1/organizations/{id}/declaration-status")]
async fn get_declaration_status(
    call: Call<DeclarationsRead>,
    id: PathId,
    query: Query<StatusQuery>,
) -> Answer {
    let service = &call.service;
    let (as_of, known_at) = query.0.read(service.today())?;
    let look = move |tx: &mut Tx<'_>| {
        let dossier = tx.find_dossier(id.0)?;
        if dossier.is_none() && tx.find_organization(id.0)?.is_none() {
            return Err(Problem::not_found().into());
        }
        Ok::<_, Stop<Problem>>(dossier)
    };
    let found = service.store().read(call.context(), look).await?;
    let through = found.as_ref().map(|dossier| dossier.register.known_through);
    // What was told of another node's clock can be asked of this one.
    let latest = through.map_or(service.now(), |through| through.max(service.now()));
    if known_at.is_some_and(|at| at > latest) {
        return Err(wrong("known_at", Code::FutureDate, "2026-11-25T03:00:00Z"));
    }
    let body = match known_at {
        Some(at) if through.is_none_or(|through| through < at) => {
            // Nothing may be recorded at that time any more, or the answer could change.
            let promise = move |tx: &mut Tx<'_>| {
                let taken = tx.take_dossier(id.0)?.ok_or_else(Problem::not_found)?;
                tx.promise_known(id.0, at)?;
                Ok::<_, Stop<Problem>>(taken.summary(as_of, known_at)?)
            };
            let summary = service.store().transact(call.context(), promise).await?;
            StatusBody::of(id.0, as_of, known_at, Some(summary))
        }
        _ => {
            let summary = found.map(|dossier| dossier.summary(as_of, known_at)).transpose()?;
            StatusBody::of(id.0, as_of, known_at.or(through), summary)
        }
    };
    Ok(tell(call.language, &body))
}

/// One thing that was said of a declaration.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeclarationEntry)]
pub(crate) struct EntryBody {
    /// Its id, by which it is corrected.
    id: Uuid,
    kind: MoveValue,
    /// The day from which it holds, in Japan.
    on: NaiveDate,
    /// When it was recorded.
    recorded_at: DateTime<Utc>,
    /// The entry that says that this one was a mistake.
    #[schema(required)]
    voided_by: Option<Uuid>,
    /// What was declared; of `prepared`, `declared` and `amended`.
    #[schema(required)]
    terms: Option<TermsBody>,
    /// The declaration that took its place; of `superseded`.
    #[schema(required)]
    superseded_by: Option<Uuid>,
    /// Of `stopped`.
    #[schema(required)]
    stopped_by: Option<StoppedByValue>,
    /// Of `evidence_seen`.
    #[schema(required)]
    evidence: Option<EvidenceBody>,
    /// Who confirmed it; of `confirmed`.
    #[schema(required)]
    confirmed_by: Option<String>,
    /// The entry that was a mistake; of `voided`.
    #[schema(required)]
    voids: Option<Uuid>,
    /// Why it was a mistake; of `voided`.
    #[schema(required)]
    reason: Option<String>,
}

impl EntryBody {
    fn of(entry: &Entry, all: &[Entry]) -> Self {
        let voiding = all.iter().find(
            |other| matches!(other.fact, Fact::Voided { entry: voided, .. } if voided == entry.id),
        );
        let mut body = Self {
            id: entry.id,
            kind: entry.fact.kind().into(),
            on: entry.on,
            recorded_at: entry.recorded_at,
            voided_by: voiding.map(|other| other.id),
            terms: None,
            superseded_by: None,
            stopped_by: None,
            evidence: None,
            confirmed_by: None,
            voids: None,
            reason: None,
        };
        match entry.fact.clone() {
            Fact::Prepared(terms) | Fact::Declared(terms) | Fact::Amended(terms) => {
                body.terms = Some(terms.into());
            }
            Fact::Superseded { by } => body.superseded_by = Some(by),
            Fact::Stopped { by } => body.stopped_by = Some(by.into()),
            Fact::EvidenceSeen(evidence) => body.evidence = Some((entry.on, evidence).into()),
            Fact::Confirmed { by } => body.confirmed_by = by,
            Fact::Voided { entry, reason } => {
                body.voids = Some(entry);
                body.reason = Some(reason);
            }
            Fact::Lost => {}
        }
        body
    }
}

/// A page of a history, in the order of recording.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeclarationHistory {
    /// The entries.
    items: Vec<EntryBody>,
    /// Where the next page begins; null on the last.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// List the history of a declaration
///
/// Everything that was ever said of a declaration, in the order of recording, mistakes and their
/// corrections included.
#[utoipa::path(
    tag = tag::DECLARATIONS,
    params(("id" = Uuid, Path, description = "The declaration")),
    responses((status = 200, description = "A page of the history", body = DeclarationHistory)),
    security(("oauth2" = ["declarations:read"])),
    extensions(("x-mamori" = json!({"list": true, "problems": ["not-found"]}))),
)]
#[get("/v1/declarations/{id}/history")]
async fn list_declaration_history(
    call: Call<DeclarationsRead>,
    id: PathId,
    query: Query<ListQuery>,
) -> Answer {
    let wanted = PageQuery::of(query.0.limit, query.0.cursor)?;
    let list = format!("declaration history {}", id.0);
    let after = wanted.after(&call.service, &list)?;
    let work = move |tx: &mut Tx<'_>| Ok::<_, Stop<Problem>>(tx.find_declaration(id.0)?);
    let found = call.service.store().read(call.context(), work).await?;
    // A history is short, so its pages are cut here.
    let all = found.ok_or_else(Problem::not_found)?.entries;
    let begun = after.and_then(|after| all.iter().position(|entry| entry.id == after));
    let rest = all.get(begun.map_or(0, |index| index + 1)..).unwrap_or_default();
    let shown = rest.get(..usize::from(wanted.limit)).unwrap_or(rest);
    let last = shown.last().map(|entry| entry.id);
    let next_cursor = call.service.cursors().next(&list, shown.len() < rest.len(), last);
    let items = shown.iter().map(|entry| EntryBody::of(entry, &all)).collect();
    let body = DeclarationHistory { items, next_cursor };
    Ok(page(&call.request, body.next_cursor.as_deref(), None, &body))
}
