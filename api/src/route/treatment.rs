//! Treatments (リスク対応): what is done about the risk of an asset, by whom and until when, and
//! what remains of it.

use actix_web::http::StatusCode;
use actix_web::{delete, get, patch, post};
use chrono::{DateTime, NaiveDate, Utc};
use mamori_domain::risk::exposure::{Exposure, Pair};
use mamori_domain::risk::treatment::{
    Acceptance, Expected, Plan, PlannedTreatment, TaskState, Treatment, TreatmentError,
    check_acceptance, overdue, residual,
};
use mamori_domain::risk::{Risk, Step};
use mamori_store::{Stop, TreatedAsset, TreatmentFilter, Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::risk::Situation;
use super::risk_model::{ClassValue, TreatmentValue};
use crate::answer::{Answer, nothing, page, reply, send, show, with};
use crate::auth::Call;
use crate::auth::caller::{RisksRead, RisksWrite};
use crate::auth::root_key::hex;
use crate::problem::{Code, Fault, Kind, Problem, refused_as};
use crate::read::body::{optional_day, optional_whole};
use crate::read::condition::{etag, required};
use crate::read::query::{PageQuery, Parameters};
use crate::read::{Check, Incoming, PathId, Query};
use crate::route::tag;
use crate::service::Service;
use crate::wire::wire_enum;

pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list_treatments)
        .service(create_treatment)
        .service(get_treatment)
        .service(update_treatment)
        .service(delete_treatment);
}

wire_enum! {
    /// How far a treatment is: `planned`, `in_progress`, `done` or `cancelled`.
    #[derive(Default)]
    pub(crate) enum StateValue as TreatmentState = TaskState {
        /// Nothing is done yet.
        #[default]
        Planned = "planned",
        /// It is begun.
        InProgress = "in_progress",
        /// It is done.
        Done = "done",
        /// It was given up.
        Cancelled = "cancelled",
    }
}

/// What is to be done about the risk of an asset.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TreatmentInput {
    treatment: TreatmentValue,
    /// What is to be done, in a line.
    #[schema(
        min_length = 1,
        max_length = 200,
        example = "名簿のファイルを暗号化し、権限を人事部に絞る"
    )]
    title: String,
    /// Why this way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 1000, example = "影響が小さいため")]
    reason: Option<String>,
    #[serde(default)]
    state: StateValue,
    /// Who does it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 100, example = "総務部 見本")]
    owner: Option<String>,
    /// The day by which it is done, in Japan.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "optional_day")]
    due_on: Option<NaiveDate>,
    /// What it costs, in yen.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "optional_whole")]
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64, example = 50_000)]
    cost: Option<i64>,
    /// Where it is shown that it was done: `http` or `https`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 500, example = "https://files.example.jp/evidence/1")]
    evidence_url: Option<String>,
    /// Who accepted the risk; needed where it is retained, and only there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 100, example = "代表取締役 見本 太郎")]
    accepted_by: Option<String>,
    /// On which day.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "optional_day")]
    accepted_on: Option<NaiveDate>,
    /// Until which day, after which it is looked at again.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "optional_day")]
    accepted_until: Option<NaiveDate>,
    /// How often the threat would occur once it is done, 1 to 3; as today if left out.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "optional_whole")]
    #[schema(minimum = 1, maximum = 3)]
    expected_threat: Option<i64>,
    /// How easily it would be exploited once it is done, 1 to 3; as today if left out.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "optional_whole")]
    #[schema(minimum = 1, maximum = 3, example = 1)]
    expected_vulnerability: Option<i64>,
}

/// A treatment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Treatment)]
pub(crate) struct TreatmentBody {
    /// Its id.
    id: Uuid,
    /// The organization.
    organization: Uuid,
    /// The asset whose risk is treated.
    asset: Uuid,
    /// The asset's name.
    asset_name: String,
    treatment: TreatmentValue,
    /// What is to be done.
    title: String,
    /// Why this way.
    #[schema(required)]
    reason: Option<String>,
    state: StateValue,
    /// Who does it.
    #[schema(required)]
    owner: Option<String>,
    /// The day by which it is done.
    #[schema(required)]
    due_on: Option<NaiveDate>,
    /// Whether it should have been done before today.
    overdue: bool,
    /// What it costs, in yen.
    #[schema(required)]
    cost: Option<i64>,
    /// Where it is shown that it was done.
    #[schema(required)]
    evidence_url: Option<String>,
    /// Who accepted the risk.
    #[schema(required)]
    accepted_by: Option<String>,
    /// On which day.
    #[schema(required)]
    accepted_on: Option<NaiveDate>,
    /// Until which day.
    #[schema(required)]
    accepted_until: Option<NaiveDate>,
    /// Whether the acceptance has ended, so that the risk is to be looked at again.
    acceptance_lapsed: bool,
    /// How often the threat would occur once it is done.
    #[schema(required)]
    expected_threat: Option<u8>,
    /// How easily it would be exploited once it is done.
    #[schema(required)]
    expected_vulnerability: Option<u8>,
    /// The risk today; null where no control applies to the asset's medium.
    #[schema(required)]
    risk: Option<RiskFigures>,
    /// The risk that remains once it is done (残留リスク), by the same functions; null where the
    /// risk is avoided or there is none.
    #[schema(required)]
    residual: Option<RiskFigures>,
    /// When it was planned.
    created_at: DateTime<Utc>,
    /// When it last changed.
    updated_at: DateTime<Utc>,
}

/// A risk in figures.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RiskFigures {
    /// Importance, on the edition's scale.
    #[schema(minimum = 0, maximum = 3)]
    importance: u8,
    /// Likelihood, 1 to 3.
    #[schema(minimum = 1, maximum = 3)]
    likelihood: u8,
    /// Importance × likelihood.
    #[schema(minimum = 0, maximum = 9)]
    value: u8,
    class: ClassValue,
}

impl From<Risk> for RiskFigures {
    fn from(risk: Risk) -> Self {
        Self {
            importance: risk.importance,
            likelihood: risk.likelihood.get(),
            value: risk.value,
            class: risk.class.into(),
        }
    }
}

/// What a treatment is told against: the risks as they are, and the day.
struct Today<'s> {
    situation: &'s Situation,
    exposures: Vec<Exposure<'s>>,
    day: NaiveDate,
}

impl<'s> Today<'s> {
    fn of(service: &'s Service, situation: &'s Situation) -> Result<Self, Problem> {
        Ok(Self { situation, exposures: situation.exposures(service)?, day: service.today() })
    }

    /// The threat and the vulnerability of a medium.
    fn steps(&self, (medium, _): Pair) -> Option<(Step, Step)> {
        let exposure = self.exposures.iter().find(|exposure| exposure.medium == medium)?;
        let (_, frequency) = exposure.threat?;
        Some((frequency.value, exposure.vulnerability.value?))
    }

    fn body(&self, (planned, asset): (PlannedTreatment, TreatedAsset)) -> TreatmentBody {
        let PlannedTreatment { id, organization, asset: of, plan, created_at, updated_at, .. } =
            planned;
        let remains = self.steps(asset.pair).and_then(|today| {
            let model = self.situation.register.model;
            residual(model, plan.treatment, asset.pair.1, today, plan.expected)
        });
        let until = plan.acceptance.as_ref().and_then(|acceptance| acceptance.accepted_until);
        let (accepted_by, accepted_on) = match plan.acceptance {
            Some(acceptance) => (Some(acceptance.accepted_by), Some(acceptance.accepted_on)),
            None => (None, None),
        };
        TreatmentBody {
            id,
            organization,
            asset: of,
            asset_name: asset.name,
            treatment: plan.treatment.into(),
            title: plan.title,
            reason: plan.reason,
            state: plan.state.into(),
            owner: plan.owner,
            due_on: plan.due_on,
            overdue: overdue(plan.state, plan.due_on, self.day),
            cost: plan.cost,
            evidence_url: plan.evidence_url,
            accepted_by,
            accepted_on,
            accepted_until: until,
            acceptance_lapsed: until.is_some_and(|until| until < self.day),
            expected_threat: plan.expected.threat.map(Step::get),
            expected_vulnerability: plan.expected.vulnerability.map(Step::get),
            risk: self.situation.risk(&self.exposures, asset.pair).map(RiskFigures::from),
            residual: remains.map(RiskFigures::from),
            created_at,
            updated_at,
        }
    }
}

impl From<Plan> for TreatmentInput {
    fn from(plan: Plan) -> Self {
        let until = plan.acceptance.as_ref().and_then(|acceptance| acceptance.accepted_until);
        let (accepted_by, accepted_on) = match plan.acceptance {
            Some(acceptance) => (Some(acceptance.accepted_by), Some(acceptance.accepted_on)),
            None => (None, None),
        };
        Self {
            treatment: plan.treatment.into(),
            title: plan.title,
            reason: plan.reason,
            state: plan.state.into(),
            owner: plan.owner,
            due_on: plan.due_on,
            cost: plan.cost,
            evidence_url: plan.evidence_url,
            accepted_by,
            accepted_on,
            accepted_until: until,
            expected_threat: plan.expected.threat.map(|step| i64::from(step.get())),
            expected_vulnerability: plan.expected.vulnerability.map(|step| i64::from(step.get())),
        }
    }
}

impl TreatmentInput {
    /// What any treatment could be changed from: a patch of it shows its faults before the
    /// treatment is looked up.
    fn blank() -> Self {
        Self {
            treatment: TreatmentValue::Reduce,
            title: String::new(),
            reason: None,
            state: StateValue::Planned,
            owner: None,
            due_on: None,
            cost: None,
            evidence_url: None,
            accepted_by: None,
            accepted_on: None,
            accepted_until: None,
            expected_threat: None,
            expected_vulnerability: None,
        }
    }

    /// The plan that this says, with every value checked.
    fn plan(self, today: NaiveDate) -> Result<Plan, Problem> {
        let mut check = Check::default();
        check.line("/title", &self.title, 1..=200);
        check.optional_line("/owner", self.owner.as_deref(), 1..=100);
        check.optional_line("/accepted_by", self.accepted_by.as_deref(), 1..=100);
        if let Some(reason) = &self.reason {
            check.text("/reason", reason, 1..=1000);
        }
        check.range("/cost", self.cost, 0..=1_000_000_000_000);
        check.range("/expected_threat", self.expected_threat, 1..=3);
        check.range("/expected_vulnerability", self.expected_vulnerability, 1..=3);
        check.past("/accepted_on", self.accepted_on, today);
        check.web_address("/evidence_url", self.evidence_url.as_deref(), 500);
        let treatment = Treatment::from(self.treatment);
        let named = self.accepted_by.is_some();
        let acceptance = self.accepted_by.zip(self.accepted_on);
        let acceptance = acceptance.map(|(accepted_by, accepted_on)| Acceptance {
            accepted_by,
            accepted_on,
            accepted_until: self.accepted_until,
        });
        if acceptance.is_none() && treatment != Treatment::Retain {
            for (pointer, stray) in [
                ("/accepted_by", named),
                ("/accepted_on", self.accepted_on.is_some()),
                ("/accepted_until", self.accepted_until.is_some()),
            ] {
                if stray {
                    check.push(Fault::at(pointer, Code::AcceptanceUnneeded));
                }
            }
        }
        match check_acceptance(treatment, acceptance.as_ref()) {
            Ok(()) => {}
            Err(TreatmentError::AcceptanceMissing) => {
                let pointer = if named { "/accepted_on" } else { "/accepted_by" };
                check.push(Fault::at(pointer, Code::AcceptanceMissing));
            }
            Err(TreatmentError::AcceptanceUnneeded) => {
                check.push(Fault::at("/accepted_by", Code::AcceptanceUnneeded));
            }
            Err(TreatmentError::AcceptanceEndsBefore) => {
                check.push(Fault::at("/accepted_until", Code::EndsBefore));
            }
        }
        let step = |value: Option<i64>| Step::new(u8::try_from(value?).ok()?);
        check.finish(Plan {
            treatment,
            title: self.title,
            reason: self.reason,
            state: self.state.into(),
            owner: self.owner,
            due_on: self.due_on,
            cost: self.cost,
            evidence_url: self.evidence_url,
            acceptance,
            expected: Expected {
                threat: step(self.expected_threat),
                vulnerability: step(self.expected_vulnerability),
            },
        })
    }
}

/// What tells one body from another.
fn digest(body: &TreatmentBody) -> Result<String, Problem> {
    let bytes = serde_json::to_vec(body).map_err(|_| Problem::new(Kind::Internal))?;
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &bytes);
    Ok(hex(digest.as_ref()).chars().take(16).collect())
}

/// A page of treatments, in the order in which they were planned.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TreatmentList {
    /// The treatments.
    items: Vec<TreatmentBody>,
    /// Where the next page begins; null on the last.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// Which treatments to list.
#[derive(Debug, Deserialize)]
struct TreatmentQuery {
    asset: Option<Uuid>,
    state: Option<StateValue>,
    overdue: Option<bool>,
    limit: Option<i64>,
    cursor: Option<String>,
}

impl Parameters for TreatmentQuery {
    const KNOWN: &'static [(&'static str, &'static str)] = &[
        ("asset", "UUID"),
        ("state", "planned, in_progress, done, cancelled"),
        ("overdue", "true, false"),
        ("limit", "1–200"),
        ("cursor", "next_cursor"),
    ];
}

/// List the treatments
///
/// The treatments of an organization's risks in the order in which they were planned, a page at
/// a time; with `overdue=true` only those that should have been done before today.
#[utoipa::path(
    tag = tag::RISKS,
    params(
        ("id" = Uuid, Path, description = "The organization"),
        ("asset" = inline(Option<Uuid>), Query, nullable = false, description = "Only those of this asset"),
        ("state" = inline(Option<StateValue>), Query, nullable = false, description = "Only those that are so far"),
        ("overdue" = inline(Option<bool>), Query, nullable = false, description = "With `true` only those that are overdue"),
    ),
    responses((status = 200, description = "A page of treatments", body = TreatmentList)),
    security(("oauth2" = ["risks:read"])),
    extensions(("x-mamori" = json!({
        "list": true, "problems": ["not-found", "risk-register-missing"],
    }))),
)]
#[get("/v1/organizations/{id}/treatments")]
async fn list_treatments(
    call: Call<RisksRead>,
    id: PathId,
    query: Query<TreatmentQuery>,
) -> Answer {
    let query = query.0;
    let overdue = query.overdue == Some(true);
    let filter = TreatmentFilter {
        asset: query.asset,
        state: query.state.map(TaskState::from),
        overdue_on: overdue.then(|| call.service.today()),
    };
    let wanted = PageQuery::of(query.limit, query.cursor)?;
    // Without the day, so that a list can be continued over midnight.
    let list = format!("treatments {} {:?} {:?} {overdue}", id.0, filter.asset, filter.state);
    let (after, limit) = (wanted.after(&call.service, &list)?, wanted.limit);
    let work = move |tx: &mut Tx<'_>| {
        let situation = Situation::load(tx, id.0)?;
        Ok::<_, Stop<Problem>>((situation, tx.list_treatments(id.0, &filter, after, limit)?))
    };
    let (situation, found) = call.service.store().read(call.context(), work).await?;
    let today = Today::of(&call.service, &situation)?;
    let last = found.items.last().map(|(planned, _)| planned.id);
    let next_cursor = call.service.cursors().next(&list, found.beyond.is_some(), last);
    let items = found.items.into_iter().map(|item| today.body(item)).collect();
    let body = TreatmentList { items, next_cursor };
    Ok(page(&call.request, body.next_cursor.as_deref(), None, &body))
}

/// Plan a treatment
///
/// Plans what is done about the risk of an asset. A retained risk needs who accepted it, and on
/// which day. The answer tells the risk today and the one that remains.
#[utoipa::path(
    tag = tag::RISKS,
    params(("id" = Uuid, Path, description = "The asset")),
    request_body = TreatmentInput,
    responses((status = 201, description = "The treatment, planned", body = TreatmentBody)),
    security(("oauth2" = ["risks:write"])),
    extensions(("x-mamori" = json!({
        "body": true, "once": true, "created": true, "actor": true,
        "problems": ["not-found", "no-risk"],
        "links": {"get_treatment": "/id", "update_treatment": "/id", "delete_treatment": "/id"},
    }))),
)]
#[post("/v1/assets/{id}/treatments")]
async fn create_treatment(call: Call<RisksWrite>, id: PathId, body: Incoming) -> Answer {
    let received = body.json::<TreatmentInput>().await?;
    let plan = received.value.plan(call.service.today())?;
    let service = call.service.clone();
    let work = move |tx: &mut Tx<'_>| {
        let asset = tx.find_asset(id.0)?.ok_or_else(Problem::not_found)?;
        let situation = Situation::load(tx, asset.organization)?;
        let today = Today::of(&service, &situation)?;
        let pair = (asset.entry.medium, asset.importance);
        if situation.risk(&today.exposures, pair).is_none() {
            return Err(Problem::new(Kind::NoRisk).into());
        }
        let added = tx.add_treatment(&asset, plan.clone()).map_err(refused_as(Kind::NotFound))?;
        let location = format!("/v1/treatments/{}", added.id);
        let tag = etag(added.revision, "0");
        let treated = TreatedAsset { name: asset.entry.name, pair };
        let created = reply(StatusCode::CREATED, &today.body((added, treated)))?;
        Ok::<_, Stop<Problem>>(with(with(created, "location", location), "etag", tag))
    };
    let store = call.service.store();
    Ok(send(store.transact_once(call.context(), received.once, work).await?))
}

/// Get a treatment
///
/// One treatment with the risk today and the one that remains, and the ETag that a change of it
/// needs.
#[utoipa::path(
    tag = tag::RISKS,
    params(("id" = Uuid, Path, description = "The treatment")),
    responses((status = 200, description = "The treatment", body = TreatmentBody)),
    security(("oauth2" = ["risks:read"])),
    extensions(("x-mamori" = json!({"etag": true, "problems": ["not-found"]}))),
)]
#[get("/v1/treatments/{id}")]
async fn get_treatment(call: Call<RisksRead>, id: PathId) -> Answer {
    let work = move |tx: &mut Tx<'_>| {
        let found = tx.find_treatment(id.0)?.ok_or_else(Problem::not_found)?;
        let situation = Situation::load(tx, found.0.organization)?;
        Ok::<_, Stop<Problem>>((found, situation))
    };
    let (found, situation) = call.service.store().read(call.context(), work).await?;
    let today = Today::of(&call.service, &situation)?;
    let revision = found.0.revision;
    let body = today.body(found);
    // The risk, the asset's name and the day may change while the treatment does not.
    let variant = digest(&body)?;
    Ok(show(&call.request, &etag(revision, &variant), None, &body))
}

/// Update a treatment
///
/// Changes a treatment by a merge patch (RFC 7396), such as its state.
#[utoipa::path(
    tag = tag::RISKS,
    params(("id" = Uuid, Path, description = "The treatment")),
    request_body = TreatmentInput,
    responses((status = 200, description = "The treatment, changed", body = TreatmentBody)),
    security(("oauth2" = ["risks:write"])),
    extensions(("x-mamori" = json!({
        "patch": true, "if_match": true, "actor": true, "problems": ["not-found"],
    }))),
)]
#[patch("/v1/treatments/{id}")]
async fn update_treatment(call: Call<RisksWrite>, id: PathId, body: Incoming) -> Answer {
    let patch = body.patch().await?;
    patch.apply(&TreatmentInput::blank())?;
    let condition = call.if_match()?;
    let service = call.service.clone();
    let work = move |tx: &mut Tx<'_>| {
        let (found, asset) = tx.find_treatment(id.0)?.ok_or_else(Problem::not_found)?;
        let current = TreatmentInput::from(found.plan.clone());
        let plan = patch.apply(&current)?.plan(service.today())?;
        required(condition.as_ref())?.admits(found.revision)?;
        let situation = Situation::load(tx, found.organization)?;
        let changed = tx.replace_treatment(&found, plan)?;
        let changed = changed.ok_or(Problem::new(Kind::PreconditionFailed))?;
        let tag = etag(changed.revision, "0");
        let today = Today::of(&service, &situation)?;
        let shown = reply(StatusCode::OK, &today.body((changed, asset)))?;
        Ok::<_, Stop<Problem>>(with(shown, "etag", tag))
    };
    Ok(send(call.service.store().transact(call.context(), work).await?))
}

/// Delete a treatment
///
/// Removes a treatment that was planned by mistake. One that was given up is better cancelled,
/// so that it is still seen.
#[utoipa::path(
    tag = tag::RISKS,
    params(("id" = Uuid, Path, description = "The treatment")),
    responses((status = 204, description = "It is gone")),
    security(("oauth2" = ["risks:write"])),
    extensions(("x-mamori" = json!({
        "if_match": true, "actor": true, "problems": ["not-found"],
    }))),
)]
#[delete("/v1/treatments/{id}")]
async fn delete_treatment(call: Call<RisksWrite>, id: PathId) -> Answer {
    let condition = call.if_match()?;
    let work = move |tx: &mut Tx<'_>| {
        let (found, _) = tx.find_treatment(id.0)?.ok_or_else(Problem::not_found)?;
        required(condition.as_ref())?.admits(found.revision)?;
        if !tx.remove_treatment(&found)? {
            return Err(Problem::new(Kind::PreconditionFailed).into());
        }
        Ok::<_, Stop<Problem>>(nothing())
    };
    Ok(send(call.service.store().transact(call.context(), work).await?))
}
