//! Many assets at once: added, replaced or left as they are.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use actix_web::http::StatusCode;
use actix_web::post;
use chrono::NaiveDate;
use mamori_store::{Stop, Tx, Upsert, Upserted};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::asset::{ANY_SCALE, AssetInput, scale};
use super::register::taken;
use crate::answer::{Answer, reply, send};
use crate::auth::Call;
use crate::auth::caller::RisksWrite;
use crate::problem::{Code, Fault, Problem};
use crate::read::{Check, Incoming, PathId};
use crate::route::tag;
use crate::wire::wire_enum;

/// The most assets of one call.
const MOST_ASSETS: usize = 1_000;

pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(upsert_assets);
}

/// Assets to add or to replace.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssetUpsertInput {
    /// The assets, each with an `external_id` of its own.
    #[schema(min_items = 1, max_items = 1000)]
    assets: Vec<AssetInput>,
}

wire_enum! {
    /// What became of an asset: `created`, `updated`, or `unchanged` where it was the same.
    pub(crate) enum UpsertOutcome = Upserted {
        /// It was not there.
        Created = "created",
        /// It was there, and other.
        Updated = "updated",
        /// It was there, and the same.
        Unchanged = "unchanged",
    }
}

/// What became of each asset, in the order in which they were sent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AssetUpsert {
    /// How many were added.
    created: usize,
    /// How many were replaced.
    updated: usize,
    /// How many were the same.
    unchanged: usize,
    /// Each asset.
    items: Vec<UpsertedAsset>,
}

/// What became of an asset.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UpsertedAsset {
    /// Your own key for it.
    external_id: String,
    /// Its id.
    id: Uuid,
    outcome: UpsertOutcome,
}

/// Add or replace assets
///
/// Adds up to 1,000 assets, or replaces those whose `external_id` the organization has: all of
/// them or none. The same call again changes nothing.
#[utoipa::path(
    tag = tag::ASSETS,
    params(("id" = Uuid, Path, description = "The organization")),
    request_body = AssetUpsertInput,
    responses((status = 200, description = "What became of each", body = AssetUpsert)),
    security(("oauth2" = ["risks:write"])),
    extensions(("x-mamori" = json!({
        "body": true, "once": true, "actor": true,
        "problems": ["not-found", "risk-register-missing"],
    }))),
)]
#[post("/v1/organizations/{id}/assets/upsert")]
async fn upsert_assets(call: Call<RisksWrite>, id: PathId, body: Incoming) -> Answer {
    let received = body.json::<AssetUpsertInput>().await?;
    let assets = received.value.assets;
    call.reaches(id.0)?;
    let today = call.service.today();
    upsertable(assets.clone(), &ANY_SCALE, today)?;
    let work = move |tx: &mut Tx<'_>| {
        let register = taken(tx, id.0)?;
        let (keys, entries) = upsertable(assets.clone(), &scale(register.model), today)?;
        let outcomes = tx.upsert_assets(&register, entries)?;
        let count = |wanted| outcomes.iter().filter(|(_, became)| *became == wanted).count();
        let item = |(external_id, (id, became)): (String, &(Uuid, Upserted))| UpsertedAsset {
            external_id,
            id: *id,
            outcome: (*became).into(),
        };
        let body = AssetUpsert {
            created: count(Upserted::Created),
            updated: count(Upserted::Updated),
            unchanged: count(Upserted::Unchanged),
            items: keys.into_iter().zip(&outcomes).map(item).collect(),
        };
        Ok::<_, Stop<Problem>>(reply(StatusCode::OK, &body)?)
    };
    let store = call.service.store();
    Ok(send(store.transact_once(call.context(), received.once, work).await?))
}

/// The entries of a bulk call, each with its own key, with every value checked.
fn upsertable(
    assets: Vec<AssetInput>,
    scale: &RangeInclusive<i64>,
    today: NaiveDate,
) -> Result<(Vec<String>, Vec<Upsert>), Problem> {
    let mut check = Check::default();
    if !check.items("/assets", assets.len(), 1..=MOST_ASSETS) {
        return check.finish(Default::default());
    }
    let mut seen = BTreeSet::new();
    let mut keys = Vec::with_capacity(assets.len());
    let mut entries = Vec::with_capacity(assets.len());
    for (index, asset) in assets.into_iter().enumerate() {
        let within = format!("/assets/{index}");
        let dated = asset.registered_on.is_some();
        let entry = asset.entry(&mut check, &within, scale, today);
        match &entry.external_id {
            None => check.push(Fault::at(format!("{within}/external_id"), Code::Required)),
            Some(key) => {
                if !seen.insert(key.clone()) {
                    check.push(Fault::at(format!("{within}/external_id"), Code::Duplicate));
                }
                keys.push(key.clone());
            }
        }
        entries.push(Upsert { entry, dated });
    }
    check.finish((keys, entries))
}
