//! What organizations agree to (同意): that their status is listed, and that it is attested.

use actix_web::http::StatusCode;
use actix_web::{get, post};
use chrono::{DateTime, NaiveDate, Utc};
use mamori_domain::consent::Purpose;
use mamori_store::{Consent, Stop, Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::declaration::ListQuery;
use crate::answer::{Answer, page, reply, send, show, with};
use crate::auth::Call;
use crate::auth::caller::{DeclarationsRead, DeclarationsWrite};
use crate::problem::{Kind, Problem, refused_as};
use crate::read::body::optional_day;
use crate::read::condition::{etag, required};
use crate::read::query::PageQuery;
use crate::read::{Check, Incoming, PathId, Query};
use crate::route::tag;
use crate::wire::wire_enum;

pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_consents)
        .service(give_consent)
        .service(get_consent)
        .service(withdraw_consent);
}

wire_enum! {
    /// What is agreed to: `listing`, that anybody with a token who has the corporate number or the
    /// declaration id sees the status of the declaration; `attestation`, that signed statements of it
    /// are issued.
    pub(crate) enum PurposeValue as ConsentPurpose = Purpose {
        /// Anybody who has the corporate number or the declaration id may see the status of the
        /// declaration.
        Listing = "listing",
        /// The custodian may have statements of the status signed and hand them on.
        Attestation = "attestation",
    }
}

/// A consent that the organization gave.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsentInput {
    purpose: PurposeValue,
    /// Who gave it for the organization.
    #[schema(min_length = 1, max_length = 100, example = "代表取締役 見本 太郎")]
    given_by: String,
    /// On which day, in Japan; today if left out.
    #[serde(default, deserialize_with = "optional_day")]
    given_on: Option<NaiveDate>,
}

/// That a consent is withdrawn.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WithdrawalInput {
    /// Who withdrew it for the organization.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 100, example = "代表取締役 見本 太郎")]
    withdrawn_by: Option<String>,
}

/// A consent.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Consent)]
pub(crate) struct ConsentBody {
    /// Its id.
    id: Uuid,
    /// The organization.
    organization: Uuid,
    purpose: PurposeValue,
    /// Whether it is in force.
    in_force: bool,
    /// Who gave it.
    given_by: String,
    /// On which day.
    given_on: NaiveDate,
    /// When it was withdrawn.
    #[schema(required)]
    withdrawn_at: Option<DateTime<Utc>>,
    /// By whom.
    #[schema(required)]
    withdrawn_by: Option<String>,
    /// When it was recorded.
    created_at: DateTime<Utc>,
    /// When it last changed.
    updated_at: DateTime<Utc>,
}

impl From<Consent> for ConsentBody {
    fn from(consent: Consent) -> Self {
        Self {
            id: consent.id,
            organization: consent.organization,
            purpose: consent.purpose.into(),
            in_force: consent.withdrawn_at.is_none(),
            given_by: consent.given_by,
            given_on: consent.given_on,
            withdrawn_at: consent.withdrawn_at,
            withdrawn_by: consent.withdrawn_by,
            created_at: consent.created_at,
            updated_at: consent.updated_at,
        }
    }
}

/// A page of consents, in the order of their recording.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConsentList {
    /// The consents.
    items: Vec<ConsentBody>,
    /// Where the next page begins; null on the last.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// List the consents
///
/// What an organization agreed to, in the order of recording, withdrawn consents included.
#[utoipa::path(
    tag = tag::DECLARATIONS,
    params(("id" = Uuid, Path, description = "The organization")),
    responses((status = 200, description = "A page of consents", body = ConsentList)),
    security(("oauth2" = ["declarations:read"])),
    extensions(("x-mamori" = json!({"list": true, "problems": ["not-found"]}))),
)]
#[get("/v1/organizations/{id}/consents")]
async fn list_consents(
    call: Call<DeclarationsRead>,
    id: PathId,
    query: Query<ListQuery>,
) -> Answer {
    let wanted = PageQuery::of(query.0.limit, query.0.cursor)?;
    let list = format!("consents {}", id.0);
    let (after, limit) = (wanted.after(&call.service, &list)?, wanted.limit);
    let work = move |tx: &mut Tx<'_>| {
        tx.find_organization(id.0)?.ok_or_else(Problem::not_found)?;
        Ok::<_, Stop<Problem>>(tx.list_consents(id.0, after, limit)?)
    };
    let found = call.service.store().read(call.context(), work).await?;
    let last = found.items.last().map(|consent| consent.id);
    let next_cursor = call.service.cursors().next(&list, found.beyond.is_some(), last);
    let items = found.items.into_iter().map(ConsentBody::from).collect();
    let body = ConsentList { items, next_cursor };
    Ok(page(&call.request, body.next_cursor.as_deref(), None, &body))
}

/// Record a consent
///
/// Records that the organization agreed, and who agreed for it. Without it nobody but you sees its
/// status, and nothing is attested.
#[utoipa::path(
    tag = tag::DECLARATIONS,
    params(("id" = Uuid, Path, description = "The organization")),
    request_body = ConsentInput,
    responses((status = 201, description = "The consent, recorded", body = ConsentBody)),
    security(("oauth2" = ["declarations:write"])),
    extensions(("x-mamori" = json!({
        "body": true, "once": true, "created": true, "actor": true,
        "problems": ["not-found", "consent-in-force"],
        "links": {"get_consent": "/id", "withdraw_consent": "/id"},
    }))),
)]
#[post("/v1/organizations/{id}/consents")]
async fn give_consent(call: Call<DeclarationsWrite>, id: PathId, body: Incoming) -> Answer {
    let received = body.json::<ConsentInput>().await?;
    let ConsentInput { purpose, given_by, given_on } = received.value;
    let today = call.service.today();
    let mut check = Check::default();
    check.line("/given_by", &given_by, 1..=100);
    check.past("/given_on", given_on, today);
    let given_on = check.finish(given_on.unwrap_or(today))?;
    let work = move |tx: &mut Tx<'_>| {
        // Taken, so that a declaration that is recorded meanwhile is listed as the others are.
        tx.take_dossier(id.0)?.ok_or_else(Problem::not_found)?;
        let added = tx.add_consent(id.0, purpose.into(), given_by.clone(), given_on);
        let added = added.map_err(refused_as(Kind::ConsentInForce))?;
        let location = format!("/v1/consents/{}", added.id);
        let tag = etag(added.revision, "0");
        let created = reply(StatusCode::CREATED, &ConsentBody::from(added))?;
        Ok::<_, Stop<Problem>>(with(with(created, "location", location), "etag", tag))
    };
    let store = call.service.store();
    Ok(send(store.transact_once(call.context(), received.once, work).await?))
}

/// Get a consent
///
/// One consent, with the ETag that its withdrawal needs.
#[utoipa::path(
    tag = tag::DECLARATIONS,
    params(("id" = Uuid, Path, description = "The consent")),
    responses((status = 200, description = "The consent", body = ConsentBody)),
    security(("oauth2" = ["declarations:read"])),
    extensions(("x-mamori" = json!({"etag": true, "problems": ["not-found"]}))),
)]
#[get("/v1/consents/{id}")]
async fn get_consent(call: Call<DeclarationsRead>, id: PathId) -> Answer {
    let work = move |tx: &mut Tx<'_>| Ok::<_, Stop<Problem>>(tx.find_consent(id.0)?);
    let found = call.service.store().read_one(call.context(), work).await?;
    let found = found.ok_or_else(Problem::not_found)?;
    let tag = etag(found.revision, "0");
    Ok(show(&call.request, &tag, None, &ConsentBody::from(found)))
}

/// Withdraw a consent
///
/// Withdraws a consent at once: a status that was listed is listed no more, and every attestation that
/// rests on it is revoked.
#[utoipa::path(
    tag = tag::DECLARATIONS,
    params(("id" = Uuid, Path, description = "The consent")),
    request_body = Option<WithdrawalInput>,
    responses((status = 200, description = "The consent, withdrawn", body = ConsentBody)),
    security(("oauth2" = ["declarations:write"])),
    extensions(("x-mamori" = json!({
        "body": true, "once": true, "if_match": true, "actor": true,
        "problems": ["not-found", "consent-withdrawn"],
    }))),
)]
#[post("/v1/consents/{id}/withdraw")]
async fn withdraw_consent(call: Call<DeclarationsWrite>, id: PathId, body: Incoming) -> Answer {
    let received = body.json_or_empty::<WithdrawalInput>().await?;
    let withdrawn_by = received.value.withdrawn_by;
    let mut check = Check::default();
    check.optional_line("/withdrawn_by", withdrawn_by.as_deref(), 1..=100);
    check.finish(())?;
    let condition = call.if_match()?;
    let work = move |tx: &mut Tx<'_>| {
        let found = tx.find_consent(id.0)?.ok_or_else(Problem::not_found)?;
        tx.take_dossier(found.organization)?.ok_or_else(Problem::not_found)?;
        let condition = required(condition.as_ref())?;
        if found.withdrawn_at.is_some() {
            return Err(Problem::new(Kind::ConsentWithdrawn).into());
        }
        condition.admits(found.revision)?;
        let withdrawn = tx.withdraw_consent(&found, withdrawn_by.clone())?;
        let withdrawn = withdrawn.ok_or(Problem::new(Kind::PreconditionFailed))?;
        let tag = etag(withdrawn.revision, "0");
        let shown = reply(StatusCode::OK, &ConsentBody::from(withdrawn))?;
        Ok::<_, Stop<Problem>>(with(shown, "etag", tag))
    };
    let store = call.service.store();
    Ok(send(store.transact_once(call.context(), received.once, work).await?))
}
