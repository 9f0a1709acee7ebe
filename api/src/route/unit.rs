//! Units: the sites and departments of an organization.

use actix_web::http::StatusCode;
use actix_web::{delete, get, patch, post};
use chrono::{DateTime, Utc};
use mamori_domain::organization::{Unit, UnitKind};
use mamori_store::{Stop, Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::answer::{Answer, nothing, page, reply, send, show, with};
use crate::auth::Call;
use crate::auth::caller::{OrganizationsRead, OrganizationsWrite};
use crate::problem::{Kind, Problem, refused_as};
use crate::read::condition::{etag, required};
use crate::read::query::{PageQuery, Parameters};
use crate::read::{Check, Incoming, PathId, Query};
use crate::route::tag;
use crate::wire::wire_enum;

pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_units)
        .service(create_unit)
        .service(get_unit)
        .service(update_unit)
        .service(delete_unit);
}

wire_enum! {
    /// Whether a unit is a `site` (事業所) or a `department` (部署).
    pub(crate) enum UnitKindValue as UnitKind = UnitKind {
        /// A site (事業所).
        Site = "site",
        /// A department (部署).
        Department = "department",
    }
}

/// A unit to register.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UnitInput {
    /// Its name.
    #[schema(min_length = 1, max_length = 100, example = "大阪営業所")]
    name: String,
    kind: UnitKindValue,
}

/// A site or a department, which may answer a sheet of its own.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Unit)]
pub(crate) struct UnitBody {
    /// Its id.
    id: Uuid,
    /// The organization that it is part of.
    organization: Uuid,
    /// Its name.
    name: String,
    kind: UnitKindValue,
    /// When it was registered.
    created_at: DateTime<Utc>,
    /// When it last changed.
    updated_at: DateTime<Utc>,
}

/// A page of units, in the order of their registration.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UnitList {
    /// The units.
    items: Vec<UnitBody>,
    /// Where the next page begins; null on the last.
    #[schema(required)]
    next_cursor: Option<String>,
}

impl UnitInput {
    fn checked(self) -> Result<Self, Problem> {
        let mut check = Check::default();
        check.line("/name", &self.name, 1..=100);
        check.finish(self)
    }
}

impl From<Unit> for UnitBody {
    fn from(unit: Unit) -> Self {
        Self {
            id: unit.id,
            organization: unit.organization,
            name: unit.name,
            kind: unit.kind.into(),
            created_at: unit.created_at,
            updated_at: unit.updated_at,
        }
    }
}

/// Which page to list.
#[derive(Debug, Deserialize)]
struct UnitQuery {
    limit: Option<i64>,
    cursor: Option<String>,
}

impl Parameters for UnitQuery {
    const KNOWN: &'static [(&'static str, &'static str)] =
        &[("limit", "1–200"), ("cursor", "next_cursor")];
}

/// List the units of an organization
///
/// Its sites and departments in the order of their registration, a page at a time.
#[utoipa::path(
    tag = tag::ORGANIZATIONS,
    params(("id" = Uuid, Path, description = "The organization")),
    responses((status = 200, description = "A page of units", body = UnitList)),
    security(("oauth2" = ["organizations:read"])),
    extensions(("x-mamori" = json!({"list": true, "problems": ["not-found"]}))),
)]
#[get("/v1/organizations/{id}/units")]
async fn list_units(call: Call<OrganizationsRead>, id: PathId, query: Query<UnitQuery>) -> Answer {
    let wanted = PageQuery::of(query.0.limit, query.0.cursor)?;
    let list = format!("units {}", id.0);
    let (after, limit) = (wanted.after(&call.service, &list)?, wanted.limit);
    let work = move |tx: &mut Tx<'_>| {
        tx.find_organization(id.0)?.ok_or_else(Problem::not_found)?;
        Ok::<_, Stop<Problem>>(tx.list_units(id.0, after, limit)?)
    };
    let found = call.service.store().read(call.context(), work).await?;
    let last = found.items.last().map(|unit| unit.id);
    let next_cursor = call.service.cursors().next(&list, found.beyond.is_some(), last);
    let items = found.items.into_iter().map(UnitBody::from).collect();
    let body = UnitList { items, next_cursor };
    Ok(page(&call.request, body.next_cursor.as_deref(), None, &body))
}

/// Register a unit
///
/// Registers a site or a department of an organization.
#[utoipa::path(
    tag = tag::ORGANIZATIONS,
    params(("id" = Uuid, Path, description = "The organization")),
    request_body = UnitInput,
    responses((status = 201, description = "The unit, registered", body = UnitBody)),
    security(("oauth2" = ["organizations:write"])),
    extensions(("x-mamori" = json!({
        "body": true, "once": true, "created": true, "actor": true, "problems": ["not-found"],
        "links": {"get_unit": "/id", "update_unit": "/id", "delete_unit": "/id"},
    }))),
)]
#[post("/v1/organizations/{id}/units")]
async fn create_unit(call: Call<OrganizationsWrite>, id: PathId, body: Incoming) -> Answer {
    let received = body.json::<UnitInput>().await?;
    let input = received.value.checked()?;
    call.reaches(id.0)?;
    let work = move |tx: &mut Tx<'_>| {
        tx.find_organization(id.0)?.ok_or_else(Problem::not_found)?;
        let added = tx.add_unit(id.0, input.name.clone(), input.kind.into());
        // The organization that was there a moment ago is gone.
        let added = added.map_err(refused_as(Kind::NotFound))?;
        let location = format!("/v1/units/{}", added.id);
        let tag = etag(added.revision, "0");
        let created = reply(StatusCode::CREATED, &UnitBody::from(added))?;
        Ok::<_, Stop<Problem>>(with(with(created, "location", location), "etag", tag))
    };
    let store = call.service.store();
    Ok(send(store.transact_once(call.context(), received.once, work).await?))
}

/// Get a unit
///
/// One site or department, with the ETag that a change of it needs.
#[utoipa::path(
    tag = tag::ORGANIZATIONS,
    params(("id" = Uuid, Path, description = "The unit")),
    responses((status = 200, description = "The unit", body = UnitBody)),
    security(("oauth2" = ["organizations:read"])),
    extensions(("x-mamori" = json!({"etag": true, "problems": ["not-found"]}))),
)]
#[get("/v1/units/{id}")]
async fn get_unit(call: Call<OrganizationsRead>, id: PathId) -> Answer {
    let work = move |tx: &mut Tx<'_>| Ok::<_, Stop<Problem>>(tx.find_unit(id.0)?);
    let found = call.service.store().read_one(call.context(), work).await?;
    let found = found.ok_or_else(Problem::not_found)?;
    let tag = etag(found.revision, "0");
    Ok(show(&call.request, &tag, None, &UnitBody::from(found)))
}

/// Update a unit
///
/// Renames or reclassifies a unit by a merge patch (RFC 7396).
#[utoipa::path(
    tag = tag::ORGANIZATIONS,
    params(("id" = Uuid, Path, description = "The unit")),
    request_body = UnitInput,
    responses((status = 200, description = "The unit, changed", body = UnitBody)),
    security(("oauth2" = ["organizations:write"])),
    extensions(("x-mamori" = json!({
        "patch": true, "if_match": true, "actor": true, "problems": ["not-found"],
    }))),
)]
#[patch("/v1/units/{id}")]
async fn update_unit(call: Call<OrganizationsWrite>, id: PathId, body: Incoming) -> Answer {
    let patch = body.patch().await?;
    patch.apply(&UnitInput { name: String::new(), kind: UnitKindValue::Site })?;
    let condition = call.if_match()?;
    let work = move |tx: &mut Tx<'_>| {
        let found = tx.find_unit(id.0)?.ok_or_else(Problem::not_found)?;
        let current = UnitInput { name: found.name.clone(), kind: found.kind.into() };
        let input = patch.apply(&current)?.checked()?;
        required(condition.as_ref())?.admits(found.revision)?;
        let changed = tx.replace_unit(&found, input.name, input.kind.into())?;
        let changed = changed.ok_or(Problem::new(Kind::PreconditionFailed))?;
        let tag = etag(changed.revision, "0");
        Ok::<_, Stop<Problem>>(with(reply(StatusCode::OK, &UnitBody::from(changed))?, "etag", tag))
    };
    Ok(send(call.service.store().transact(call.context(), work).await?))
}

/// Delete a unit
///
/// Removes a unit that no assessment is about.
#[utoipa::path(
    tag = tag::ORGANIZATIONS,
    params(("id" = Uuid, Path, description = "The unit")),
    responses((status = 204, description = "It is gone")),
    security(("oauth2" = ["organizations:write"])),
    extensions(("x-mamori" = json!({
        "if_match": true, "actor": true, "problems": ["not-found", "unit-in-use"],
    }))),
)]
#[delete("/v1/units/{id}")]
async fn delete_unit(call: Call<OrganizationsWrite>, id: PathId) -> Answer {
    let condition = call.if_match()?;
    let work = move |tx: &mut Tx<'_>| {
        let found = tx.find_unit(id.0)?.ok_or_else(Problem::not_found)?;
        required(condition.as_ref())?.admits(found.revision)?;
        if !tx.remove_unit(&found).map_err(refused_as(Kind::UnitInUse))? {
            return Err(Problem::new(Kind::PreconditionFailed).into());
        }
        Ok::<_, Stop<Problem>>(nothing())
    };
    Ok(send(call.service.store().transact(call.context(), work).await?))
}
