//! Reminders: what somebody should look at today, of one organization or of all.

use actix_web::get;
use chrono::NaiveDate;
use mamori_domain::declaration::summary::Summary;
use mamori_domain::reminder::{Circumstances, Kind as ReminderKind, ReminderTexts, due, reminders};
use mamori_domain::text::Language;
use mamori_store::{Reminded, Stop, Tx, circumstances};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::question_bank::ConfidenceBody;
use crate::answer::{Answer, page, tell};
use crate::auth::Call;
use crate::auth::caller::DeclarationsRead;
use crate::problem::{Code, Fault, Kind, Problem};
use crate::read::query::{PageQuery, Parameters};
use crate::read::{PathId, Query};
use crate::route::tag;
use crate::service::Service;
use crate::wire::wire_enum;

/// The list of all reminders, as its cursors name it: without the day, so that a list can be
/// continued over midnight.
const LIST: &str = "reminders";

pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(get_organization_reminders).service(list_reminders);
}

wire_enum! {
    /// What a reminder is about; the words come with it.
    pub(crate) enum KindValue as ReminderKind = ReminderKind {
        /// Nobody has confirmed the declaration for long.
        ConfirmationStale = "confirmation_stale",
        /// The declaration has an id of the old system.
        OldGenerationInUse = "old_generation_in_use",
        /// The page of the policy has gone.
        PolicyPageGone = "policy_page_gone",
        /// The sixth article of edition 4.0 is not committed to.
        SixthArticleNotCommitted = "sixth_article_not_committed",
        /// The gBizID account is about to lapse.
        AccountLapsing = "account_lapsing",
        /// The gBizID account has lapsed.
        AccountLapsed = "account_lapsed",
        /// The company's details differ from those declared.
        DetailsChanged = "details_changed",
        /// Several declarations stand at once.
        ConflictingDeclarations = "conflicting_declarations",
        /// The declaration has no id.
        DeclarationIdMissing = "declaration_id_missing",
        /// Nobody knows the number of stars.
        StarsUnknown = "stars_unknown",
    }
}

/// A reminder.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Reminder)]
pub(crate) struct ReminderBody<'a> {
    /// The same as long as it is the same reminder, so that whoever saw it is not told twice.
    #[schema(example = "019ab5a0-9c80-7000-8000-000000000000.account_lapsing.2026-11-24")]
    key: String,
    /// The organization.
    organization: Uuid,
    kind: KindValue,
    /// Since which day it is due.
    from: NaiveDate,
    /// The day that it speaks of, such as the last day of an account.
    #[schema(required)]
    about: Option<NaiveDate>,
    /// Its heading.
    title: &'a str,
    /// What is known.
    text: &'a str,
    /// What to do about it.
    action: &'a str,
    confidence: ConfidenceBody,
}

/// The reminders of an organization that are due.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReminderList<'a> {
    /// The reminders, the longest due first.
    items: Vec<ReminderBody<'a>>,
    /// Always null: the list is whole.
    #[schema(required)]
    next_cursor: Option<String>,
    /// Whose words these are: show it with them.
    notice: &'a str,
}

/// An organization with the reminders that are due.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrganizationReminders<'a> {
    /// The organization.
    organization: Uuid,
    /// Its name.
    name: String,
    /// Your own key for it.
    #[schema(required)]
    external_id: Option<String>,
    /// The reminders, the longest due first; at least one.
    reminders: Vec<ReminderBody<'a>>,
}

/// A page of organizations with reminders.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OrganizationRemindersList<'a> {
    /// The organizations, the one whose reminder is longest due first.
    items: Vec<OrganizationReminders<'a>>,
    /// Where the next page begins; null on the last.
    #[schema(required)]
    next_cursor: Option<String>,
    /// Whose words these are: show it with them.
    notice: &'a str,
}

/// The words of reminders, and the day on which they are told.
#[derive(Clone, Copy)]
struct Words<'a> {
    texts: &'a ReminderTexts,
    language: Language,
    today: NaiveDate,
}

impl<'a> Words<'a> {
    fn of(service: &'a Service, language: Language) -> Self {
        Self { texts: &service.scheme().reminders, language, today: service.today() }
    }

    fn notice(self) -> &'a str {
        self.texts.notice.get(self.language)
    }

    /// The reminders of an organization that are due.
    fn due(self, organization: Uuid, known: &Circumstances) -> Vec<ReminderBody<'a>> {
        let all = reminders(known);
        let told = due(&all, self.today).into_iter().filter_map(|one| {
            let words = self.texts.kind(one.kind)?;
            Some(ReminderBody {
                key: format!("{organization}.{}.{}", one.kind.code(), one.from),
                organization,
                kind: one.kind.into(),
                from: one.from,
                about: one.about,
                title: words.title.get(self.language),
                text: words.text.get(self.language),
                action: words.action.get(self.language),
                confidence: words.confidence.into(),
            })
        });
        told.collect()
    }
}

/// Get the reminders of an organization
///
/// What somebody should look at today. A reminder says only what is known, and rests on days that
/// were entered or recorded; a declaration itself has no end that anybody knows of.
#[utoipa::path(
    tag = tag::DECLARATIONS,
    params(("id" = Uuid, Path, description = "The organization")),
    responses((status = 200, description = "The reminders", body = ReminderList<'static>)),
    security(("oauth2" = ["declarations:read"])),
    extensions(("x-mamori" = json!({"localized": true, "problems": ["not-found"]}))),
)]
#[get("/v1/organizations/{id}/reminders")]
async fn get_organization_reminders(call: Call<DeclarationsRead>, id: PathId) -> Answer {
    let work = move |tx: &mut Tx<'_>| {
        let Some(dossier) = tx.find_dossier(id.0)? else {
            tx.find_organization(id.0)?.ok_or_else(Problem::not_found)?;
            return Ok(Circumstances::default());
        };
        let summary: Summary = dossier.summary(NaiveDate::MAX, None)?;
        Ok::<_, Stop<Problem>>(circumstances(&dossier.register, &summary))
    };
    let known = call.service.store().read(call.context(), work).await?;
    let words = Words::of(&call.service, call.language);
    let items = words.due(id.0, &known);
    let body = ReminderList { items, next_cursor: None, notice: words.notice() };
    Ok(tell(call.language, &body))
}

/// Which page of reminders to list.
#[derive(Debug, Deserialize)]
struct ReminderQuery {
    limit: Option<i64>,
    cursor: Option<String>,
}

impl Parameters for ReminderQuery {
    const KNOWN: &'static [(&'static str, &'static str)] =
        &[("limit", "1–200"), ("cursor", "next_cursor")];
}

/// List the reminders
///
/// Your organizations with a reminder that is due, the longest due first, a page at a time; each
/// with all of its reminders.
#[utoipa::path(
    tag = tag::DECLARATIONS,
    responses((status = 200, description = "A page of organizations with reminders", body = OrganizationRemindersList<'static>)),
    security(("oauth2" = ["declarations:read"])),
    extensions(("x-mamori" = json!({"list": true, "localized": true}))),
)]
#[get("/v1/reminders")]
async fn list_reminders(call: Call<DeclarationsRead>, query: Query<ReminderQuery>) -> Answer {
    let wanted = PageQuery::of(query.0.limit, query.0.cursor)?;
    let (after, limit) = (position(&call.service, &wanted)?, wanted.limit);
    let words = Words::of(&call.service, call.language);
    let today = words.today;
    let work =
        move |tx: &mut Tx<'_>| Ok::<_, Stop<Problem>>(tx.list_reminded(today, after, limit)?);
    let found = call.service.store().read(call.context(), work).await?;

    let last = found.items.last().map(|last| format!("{} {}", last.from, last.organization));
    let next_cursor = call.service.cursors().next(LIST, found.beyond.is_some(), last);
    let item = |Reminded { organization, name, external_id, circumstances, .. }: Reminded| {
        let reminders = words.due(organization, &circumstances);
        OrganizationReminders { organization, name, external_id, reminders }
    };
    let items = found.items.into_iter().map(item).collect();
    let body = OrganizationRemindersList { items, next_cursor, notice: words.notice() };
    Ok(page(&call.request, body.next_cursor.as_deref(), Some(call.language), &body))
}

/// Where a page begins: behind a day and an organization.
fn position(service: &Service, wanted: &PageQuery) -> Result<Option<(NaiveDate, Uuid)>, Problem> {
    let Some(cursor) = &wanted.cursor else { return Ok(None) };
    let position = service.cursors().open(LIST, cursor)?;
    let (day, id) = position.split_once(' ').unwrap_or_default();
    let parsed = day.parse().ok().zip(Uuid::try_parse(id).ok());
    parsed.map(Some).ok_or_else(|| {
        Problem::fault(Kind::InvalidCursor, Fault::parameter("cursor", Code::Cursor))
    })
}
