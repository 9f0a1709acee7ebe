//! Snapshots: the register frozen for an audit, and what changed between two.

use actix_web::http::StatusCode;
use actix_web::{get, post};
use chrono::{DateTime, Utc};
use mamori_domain::risk::Step;
use mamori_domain::risk::exposure::{Exposure, Pair};
use mamori_domain::risk::snapshot::{
    Cause, FrozenExposure, Movement, Snapshot, compare, moved_media,
};
use mamori_store::{Difference, FrozenAsset, Stop, Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::register::taken;
use super::risk::Situation;
use super::risk_model::MediumValue;
use super::risk_summary::ClassCounts;
use super::treatment::RiskFigures;
use crate::answer::{Answer, page, reply, send, show, with};
use crate::auth::Call;
use crate::auth::caller::{RisksRead, RisksWrite};
use crate::problem::{Kind, Problem};
use crate::read::query::{PageQuery, Parameters};
use crate::read::{Check, Incoming, PathId, Query};
use crate::route::tag;
use crate::wire::wire_enum;

/// The tag of a snapshot: there is only one of each.
const UNCHANGING: &str = "\"1.0\"";

pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_risk_snapshots)
        .service(create_risk_snapshot)
        .service(get_risk_snapshot)
        .service(list_snapshot_risks)
        .service(compare_risk_snapshots);
}

/// A snapshot to take.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RiskSnapshotInput {
    /// What it is taken for.
    #[schema(min_length = 1, max_length = 100, example = "2026年度 内部監査")]
    label: String,
}

/// How exposed a medium was.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = FrozenExposure)]
pub(crate) struct ExposureBody {
    /// The medium.
    #[schema(example = "office_pc")]
    medium: String,
    /// The frequency of the threat that decided, 1 to 3.
    #[schema(required, minimum = 1, maximum = 3)]
    threat: Option<u8>,
    /// The vulnerability, 1 to 3; null where no control applied.
    #[schema(required, minimum = 1, maximum = 3)]
    vulnerability: Option<u8>,
    /// The likelihood, 1 to 3; null where no control applied.
    #[schema(required, minimum = 1, maximum = 3)]
    likelihood: Option<u8>,
    /// Whether it rested on a default.
    provisional: bool,
}

/// A frozen register; it never changes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RiskSnapshot)]
pub(crate) struct RiskSnapshotBody {
    /// Its id.
    id: Uuid,
    /// The organization.
    organization: Uuid,
    /// What it was taken for.
    label: String,
    /// By which edition the register rated.
    #[schema(example = "4.0")]
    edition: &'static str,
    /// How many assets there were.
    count: i64,
    /// How exposed each medium was.
    exposures: Vec<ExposureBody>,
    /// When it was taken.
    taken_at: DateTime<Utc>,
}

impl From<Snapshot> for RiskSnapshotBody {
    fn from(snapshot: Snapshot) -> Self {
        let exposure = |frozen: FrozenExposure| ExposureBody {
            medium: frozen.medium,
            threat: frozen.threat,
            vulnerability: frozen.vulnerability,
            likelihood: frozen.likelihood,
            provisional: frozen.provisional,
        };
        Self {
            id: snapshot.id,
            organization: snapshot.organization,
            label: snapshot.label,
            edition: snapshot.model.edition,
            count: snapshot.asset_count,
            exposures: snapshot.exposures.into_iter().map(exposure).collect(),
            taken_at: snapshot.taken_at,
        }
    }
}

fn frozen(exposure: &Exposure<'_>) -> FrozenExposure {
    FrozenExposure {
        medium: exposure.medium.code().to_owned(),
        threat: exposure.threat.map(|(_, frequency)| frequency.value.get()),
        vulnerability: exposure.vulnerability.value.map(Step::get),
        likelihood: exposure.likelihood.map(Step::get),
        provisional: exposure.provisional,
    }
}

/// A page of snapshots, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RiskSnapshotList {
    /// The snapshots.
    items: Vec<RiskSnapshotBody>,
    /// Where the next page begins; null on the last.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// Which page to list.
#[derive(Debug, Deserialize)]
struct SnapshotQuery {
    limit: Option<i64>,
    cursor: Option<String>,
}

impl Parameters for SnapshotQuery {
    const KNOWN: &'static [(&'static str, &'static str)] =
        &[("limit", "1–200"), ("cursor", "next_cursor")];
}

/// List the snapshots
///
/// The frozen registers of an organization, the newest first, a page at a time.
#[utoipa::path(
    tag = tag::RISKS,
    params(("id" = Uuid, Path, description = "The organization")),
    responses((status = 200, description = "A page of snapshots", body = RiskSnapshotList)),
    security(("oauth2" = ["risks:read"])),
    extensions(("x-mamori" = json!({
        "list": true, "problems": ["not-found", "risk-register-missing"],
    }))),
)]
#[get("/v1/organizations/{id}/risk-snapshots")]
async fn list_risk_snapshots(
    call: Call<RisksRead>,
    id: PathId,
    query: Query<SnapshotQuery>,
) -> Answer {
    let wanted = PageQuery::of(query.0.limit, query.0.cursor)?;
    let list = format!("snapshots {}", id.0);
    let (after, limit) = (wanted.after(&call.service, &list)?, wanted.limit);
    let work = move |tx: &mut Tx<'_>| {
        super::register::register(tx, id.0)?;
        Ok::<_, Stop<Problem>>(tx.list_snapshots(id.0, after, limit)?)
    };
    let found = call.service.store().read(call.context(), work).await?;
    let last = found.items.last().map(|snapshot| snapshot.id);
    let next_cursor = call.service.cursors().next(&list, found.beyond.is_some(), last);
    let items = found.items.into_iter().map(RiskSnapshotBody::from).collect();
    let body = RiskSnapshotList { items, next_cursor };
    Ok(page(&call.request, body.next_cursor.as_deref(), None, &body))
}

/// Take a snapshot
///
/// Freezes the register of an organization as it is: every asset with its medium and importance,
/// and how exposed each medium is.
#[utoipa::path(
    tag = tag::RISKS,
    params(("id" = Uuid, Path, description = "The organization")),
    request_body = RiskSnapshotInput,
    responses((status = 201, description = "The snapshot, taken", body = RiskSnapshotBody)),
    security(("oauth2" = ["risks:write"])),
    extensions(("x-mamori" = json!({
        "body": true, "once": true, "created": true, "actor": true,
        "problems": ["not-found", "risk-register-missing"],
        "links": {"get_risk_snapshot": "/id", "list_snapshot_risks": "/id",
            "compare_risk_snapshots": "/id"},
    }))),
)]
#[post("/v1/organizations/{id}/risk-snapshots")]
async fn create_risk_snapshot(call: Call<RisksWrite>, id: PathId, body: Incoming) -> Answer {
    let received = body.json::<RiskSnapshotInput>().await?;
    let label = received.value.label;
    let mut check = Check::default();
    check.line("/label", &label, 1..=100);
    let label = check.finish(label)?;
    let service = call.service.clone();
    let work = move |tx: &mut Tx<'_>| {
        // Taken, so that no asset changes while they are copied.
        let register = taken(tx, id.0)?;
        let situation = Situation::load(tx, id.0)?;
        let exposures = situation.exposures(&service)?.iter().map(frozen).collect();
        let added = tx.add_snapshot(&register, label.clone(), exposures)?;
        let location = format!("/v1/risk-snapshots/{}", added.id);
        let created = reply(StatusCode::CREATED, &RiskSnapshotBody::from(added))?;
        Ok::<_, Stop<Problem>>(with(with(created, "location", location), "etag", UNCHANGING))
    };
    let store = call.service.store();
    Ok(send(store.transact_once(call.context(), received.once, work).await?))
}

/// Get a snapshot
///
/// One frozen register, without its assets. It never changes.
#[utoipa::path(
    tag = tag::RISKS,
    params(("id" = Uuid, Path, description = "The snapshot")),
    responses((status = 200, description = "The snapshot", body = RiskSnapshotBody)),
    security(("oauth2" = ["risks:read"])),
    extensions(("x-mamori" = json!({"etag": true, "problems": ["not-found"]}))),
)]
#[get("/v1/risk-snapshots/{id}")]
async fn get_risk_snapshot(call: Call<RisksRead>, id: PathId) -> Answer {
    let work = move |tx: &mut Tx<'_>| Ok::<_, Stop<Problem>>(tx.find_snapshot(id.0)?);
    let found = call.service.store().read_one(call.context(), work).await?;
    let found = found.ok_or_else(Problem::not_found)?;
    Ok(show(&call.request, UNCHANGING, None, &RiskSnapshotBody::from(found)))
}

/// An asset as a snapshot has it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SnapshotRisk {
    /// The asset's id; the asset itself may be gone.
    asset: Uuid,
    /// Your own key for it.
    #[schema(required)]
    external_id: Option<String>,
    /// Its name.
    name: String,
    /// The department in charge (管理部署).
    #[schema(required)]
    owner_department: Option<String>,
    medium: MediumValue,
    /// Its importance, on the snapshot's scale.
    #[schema(minimum = 0, maximum = 3)]
    importance: u8,
    /// Its risk; null where no control applied to its medium.
    #[schema(required)]
    risk: Option<RiskFigures>,
}

impl SnapshotRisk {
    fn of(snapshot: &Snapshot, asset: FrozenAsset) -> Self {
        Self {
            asset: asset.asset,
            external_id: asset.external_id,
            name: asset.name,
            owner_department: asset.owner_department,
            medium: asset.pair.0.into(),
            importance: asset.pair.1,
            risk: snapshot.risk(asset.pair).map(RiskFigures::from),
        }
    }
}

/// A page of a snapshot's assets, in the order in which they were added.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SnapshotRiskList {
    /// The assets with their risks.
    items: Vec<SnapshotRisk>,
    /// Where the next page begins; null on the last.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// List the risks of a snapshot
///
/// The assets of a frozen register with their risks as they were, a page at a time.
#[utoipa::path(
    tag = tag::RISKS,
    params(("id" = Uuid, Path, description = "The snapshot")),
    responses((status = 200, description = "A page of assets", body = SnapshotRiskList)),
    security(("oauth2" = ["risks:read"])),
    extensions(("x-mamori" = json!({"list": true, "problems": ["not-found"]}))),
)]
#[get("/v1/risk-snapshots/{id}/risks")]
async fn list_snapshot_risks(
    call: Call<RisksRead>,
    id: PathId,
    query: Query<SnapshotQuery>,
) -> Answer {
    let wanted = PageQuery::of(query.0.limit, query.0.cursor)?;
    let list = format!("snapshot {}", id.0);
    let (after, limit) = (wanted.after(&call.service, &list)?, wanted.limit);
    let work = move |tx: &mut Tx<'_>| {
        let snapshot = tx.find_snapshot(id.0)?.ok_or_else(Problem::not_found)?;
        let found = tx.list_frozen_assets(&snapshot, after, limit)?;
        Ok::<_, Stop<Problem>>((snapshot, found))
    };
    let (snapshot, found) = call.service.store().read(call.context(), work).await?;
    let last = found.items.last().map(|asset| asset.asset);
    let next_cursor = call.service.cursors().next(&list, found.beyond.is_some(), last);
    let told = |asset| SnapshotRisk::of(&snapshot, asset);
    let body = SnapshotRiskList { items: found.items.into_iter().map(told).collect(), next_cursor };
    Ok(page(&call.request, body.next_cursor.as_deref(), None, &body))
}

wire_enum! {
    /// How a risk moved: `new` or `gone` with its asset, `better`, `worse`, `same` where only what
    /// it follows from changed, or `unrated` where one of the two has none.
    pub(crate) enum MovementValue as RiskMovement = Movement {
        /// The asset was not there before.
        New = "new",
        /// The asset is no longer there.
        Gone = "gone",
        /// The risk is lower.
        Better = "better",
        /// The risk is higher.
        Worse = "worse",
        /// What it follows from changed, but the risk is the same.
        Same = "same",
        /// One of the two has no risk, since no control applied to the medium.
        Unrated = "unrated",
    }
}

wire_enum! {
    /// Why a risk moved: the asset's `importance` or `medium`, a `threat`, the `vulnerability` by
    /// the controls, or the register's `edition`.
    pub(crate) enum CauseValue as RiskCause = Cause {
        /// The asset's importance changed.
        Importance = "importance",
        /// The asset moved to another medium.
        Medium = "medium",
        /// A threat to the medium is rated otherwise.
        Threat = "threat",
        /// The controls of the medium are answered otherwise.
        Vulnerability = "vulnerability",
        /// The register rates by another edition.
        Edition = "edition",
    }
}

/// How the risk of an asset moved.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RiskDifference {
    movement: MovementValue,
    /// Why.
    causes: Vec<CauseValue>,
    /// The asset in the earlier snapshot; null where it is new.
    #[schema(required)]
    before: Option<SnapshotRisk>,
    /// The asset in the later snapshot; null where it is gone.
    #[schema(required)]
    after: Option<SnapshotRisk>,
}

/// A page of what changed between two snapshots.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RiskComparison {
    /// The earlier snapshot.
    before: RiskSnapshotBody,
    /// The later snapshot.
    after: RiskSnapshotBody,
    /// How many assets the earlier has of each class.
    before_classes: ClassCounts,
    /// How many assets the later has of each class.
    after_classes: ClassCounts,
    /// The assets whose risk, or what it follows from, changed.
    items: Vec<RiskDifference>,
    /// Where the next page begins; null on the last.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// Which snapshot to compare with.
#[derive(Debug, Deserialize)]
struct ComparisonQuery {
    with: Uuid,
    limit: Option<i64>,
    cursor: Option<String>,
}

impl Parameters for ComparisonQuery {
    const KNOWN: &'static [(&'static str, &'static str)] =
        &[("with", "UUID"), ("limit", "1–200"), ("cursor", "next_cursor")];
}

fn classes(snapshot: &Snapshot, counts: &[(Pair, i64)]) -> ClassCounts {
    let mut classes = ClassCounts::default();
    for (pair, count) in counts {
        classes.add(snapshot.risk(*pair), *count);
    }
    classes
}

fn difference(before: &Snapshot, after: &Snapshot, (was, is): Difference) -> RiskDifference {
    let pair = |asset: &Option<FrozenAsset>| asset.as_ref().map(|asset| asset.pair);
    let (movement, causes) = compare((before, pair(&was)), (after, pair(&is)));
    RiskDifference {
        movement: movement.into(),
        causes: causes.into_iter().map(CauseValue::from).collect(),
        before: was.map(|asset| SnapshotRisk::of(before, asset)),
        after: is.map(|asset| SnapshotRisk::of(after, asset)),
    }
}

/// Compare two snapshots
///
/// What changed between two frozen registers of one organization: assets that are new or gone,
/// and those whose risk is better or worse, each with why. The order in which the two are named
/// does not matter; across editions, risks are compared by class.
#[utoipa::path(
    tag = tag::RISKS,
    params(
        ("id" = Uuid, Path, description = "A snapshot"),
        ("with" = Uuid, Query, description = "The other snapshot"),
    ),
    responses((status = 200, description = "A page of differences", body = RiskComparison)),
    security(("oauth2" = ["risks:read"])),
    extensions(("x-mamori" = json!({
        "list": true, "problems": ["not-found", "not-comparable"],
    }))),
)]
#[get("/v1/risk-snapshots/{id}/comparison")]
async fn compare_risk_snapshots(
    call: Call<RisksRead>,
    id: PathId,
    query: Query<ComparisonQuery>,
) -> Answer {
    let wanted = PageQuery::of(query.0.limit, query.0.cursor)?;
    let with = query.0.with;
    let list = format!("snapshots {} {with}", id.0);
    let (after, limit) = (wanted.after(&call.service, &list)?, wanted.limit);
    let work = move |tx: &mut Tx<'_>| {
        let one = tx.find_snapshot(id.0)?.ok_or_else(Problem::not_found)?;
        let other = tx.find_snapshot(with)?.ok_or_else(Problem::not_found)?;
        if one.organization != other.organization || one.id == other.id {
            return Err(Problem::new(Kind::NotComparable).into());
        }
        let (before, later) = if one.id < other.id { (one, other) } else { (other, one) };
        let counts = [tx.count_snapshot(&before)?, tx.count_snapshot(&later)?];
        let moved = moved_media(&before, &later);
        let found = tx.list_differences((&before, &later), &moved, after, limit)?;
        Ok::<_, Stop<Problem>>((before, later, counts, found))
    };
    let (before, later, counts, found) = call.service.store().read(call.context(), work).await?;
    let place = |(was, is): &Difference| was.as_ref().or(is.as_ref()).map(|asset| asset.asset);
    let last = found.items.last().and_then(place);
    let next_cursor = call.service.cursors().next(&list, found.beyond.is_some(), last);
    let items = found.items.into_iter().map(|pair| difference(&before, &later, pair)).collect();
    let [before_counts, after_counts] = counts;
    let body = RiskComparison {
        before_classes: classes(&before, &before_counts),
        after_classes: classes(&later, &after_counts),
        before: before.into(),
        after: later.into(),
        items,
        next_cursor,
    };
    Ok(page(&call.request, body.next_cursor.as_deref(), None, &body))
}
