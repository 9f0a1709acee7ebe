//! The risk register of an organization: by which edition it rates, and how often threats occur.

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::{get, patch, post, put};
use chrono::{DateTime, Utc};
use mamori_domain::risk::asset::Register;
use mamori_domain::risk::catalogue::Catalogue;
use mamori_domain::risk::exposure::{Exposure, Frequencies, Pair, frequency};
use mamori_domain::risk::{Medium, Model, Risk, Step};
use mamori_domain::text::Language;
use mamori_store::{Stop, Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::question_bank::ConfidenceBody;
use super::risk::Situation;
use super::risk_evaluation::named_model;
use super::risk_model::MediumValue;
use super::treatment::RiskFigures;
use crate::answer::{Answer, reply, send, show, with};
use crate::auth::Call;
use crate::auth::caller::{RisksRead, RisksWrite};
use crate::problem::{Code, Fault, Kind, Problem, refused_as};
use crate::read::body::optional_whole;
use crate::read::condition::{etag, required};
use crate::read::{Check, IfMatch, Incoming, PathId};
use crate::route::tag;
use crate::wire::wire_enum;

/// The most frequencies that one call sets.
const MOST_FREQUENCIES: usize = 100;

pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(get_risk_register)
        .service(begin_risk_register)
        .service(convert_risk_register)
        .service(get_threats)
        .service(update_threats);
}

/// The register that an organization must have; 404 where there is no such organization.
pub(crate) fn register(tx: &mut Tx<'_>, organization: Uuid) -> Result<Register, Stop<Problem>> {
    match tx.find_register(organization)? {
        Some(register) => Ok(register),
        None => Err(missing(tx, organization)?.into()),
    }
}

/// The same, taken for a change of its assets.
pub(crate) fn taken(tx: &mut Tx<'_>, organization: Uuid) -> Result<Register, Stop<Problem>> {
    match tx.take_register(organization)? {
        Some(register) => Ok(register),
        None => Err(missing(tx, organization)?.into()),
    }
}

/// The same for a change of the register itself: that there is no condition is told before that
/// there is no register.
fn conditioned(
    tx: &mut Tx<'_>,
    organization: Uuid,
    condition: Option<&IfMatch>,
) -> Result<Register, Stop<Problem>> {
    let found = tx.find_register(organization)?;
    if let Some(register) = found {
        required(condition)?.admits(register.revision)?;
        return Ok(register);
    }
    let problem = missing(tx, organization)?;
    if problem.kind == Kind::RiskRegisterMissing {
        required(condition)?;
    }
    Err(problem.into())
}

fn missing(tx: &mut Tx<'_>, organization: Uuid) -> Result<Problem, Stop<Problem>> {
    let there = tx.find_organization(organization)?.is_some();
    Ok(if there { Problem::new(Kind::RiskRegisterMissing) } else { Problem::not_found() })
}

/// A register to begin.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RiskRegisterInput {
    /// The edition of the guideline by which it rates: `2.1`, `3.0`, `3.1` or `4.0`.
    #[schema(pattern = "^(2\\.1|3\\.0|3\\.1|4\\.0)$", example = "4.0")]
    edition: String,
}

/// The risk register of an organization.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RiskRegister)]
pub(crate) struct RiskRegisterBody {
    /// The organization.
    organization: Uuid,
    /// The edition of the guideline by which it rates.
    #[schema(example = "4.0")]
    edition: &'static str,
    /// The lowest rating on its scale.
    #[schema(minimum = 0, maximum = 1, example = 1)]
    lowest: u8,
    /// The highest rating on its scale.
    #[schema(minimum = 2, maximum = 3, example = 3)]
    top: u8,
    /// When it was begun.
    created_at: DateTime<Utc>,
    /// When it or one of its assets last changed.
    updated_at: DateTime<Utc>,
}

impl From<Register> for RiskRegisterBody {
    fn from(register: Register) -> Self {
        Self {
            organization: register.organization,
            edition: register.model.edition,
            lowest: register.model.lowest,
            top: register.model.top,
            created_at: register.created_at,
            updated_at: register.updated_at,
        }
    }
}

/// The tag of a register: it tells when one of its assets changed, too.
fn register_tag(register: &Register) -> String {
    etag(register.revision, &register.updated_at.timestamp_micros().to_string())
}

/// Get the risk register
///
/// By which edition an organization rates its risks.
#[utoipa::path(
    tag = tag::RISKS,
    params(("id" = Uuid, Path, description = "The organization")),
    responses((status = 200, description = "The register", body = RiskRegisterBody)),
    security(("oauth2" = ["risks:read"])),
    extensions(("x-mamori" = json!({
        "etag": true, "problems": ["not-found", "risk-register-missing"],
    }))),
)]
#[get("/v1/organizations/{id}/risk-register")]
async fn get_risk_register(call: Call<RisksRead>, id: PathId) -> Answer {
    let work = move |tx: &mut Tx<'_>| register(tx, id.0);
    let found = call.service.store().read(call.context(), work).await?;
    let tag = register_tag(&found);
    Ok(show(&call.request, &tag, None, &RiskRegisterBody::from(found)))
}

/// Begin the risk register
///
/// Says once by which edition an organization rates its risks, before its first asset. The same
/// edition again changes nothing; another one is refused, since ratings mean something else on
/// another scale.
#[utoipa::path(
    tag = tag::RISKS,
    params(("id" = Uuid, Path, description = "The organization")),
    request_body = RiskRegisterInput,
    responses((status = 200, description = "The register", body = RiskRegisterBody)),
    security(("oauth2" = ["risks:write"])),
    extensions(("x-mamori" = json!({
        "body": true, "actor": true, "problems": ["not-found", "risk-register-in-use"],
    }))),
)]
#[put("/v1/organizations/{id}/risk-register")]
async fn begin_risk_register(call: Call<RisksWrite>, id: PathId, body: Incoming) -> Answer {
    let input = body.json::<RiskRegisterInput>().await?.value;
    let model = named_model("/edition", &input.edition)?;
    call.reaches(id.0)?;
    let work = move |tx: &mut Tx<'_>| {
        tx.find_organization(id.0)?.ok_or_else(Problem::not_found)?;
        let added = tx.add_register(id.0, model).map_err(refused_as(Kind::NotFound))?;
        let register = match added {
            Some(added) => added,
            None => tx.find_register(id.0)?.ok_or_else(Problem::not_found)?,
        };
        if register.model != model {
            return Err(Problem::new(Kind::RiskRegisterInUse).into());
        }
        let tag = register_tag(&register);
        let shown = reply(StatusCode::OK, &RiskRegisterBody::from(register))?;
        Ok::<_, Stop<Problem>>(with(shown, "etag", tag))
    };
    Ok(send(call.service.store().transact(call.context(), work).await?))
}

wire_enum! {
    /// Who says how often a threat occurs: `stated` by the organization, or mamori's `default`.
    pub(crate) enum FrequencyOrigin {
        /// The company rated it.
        Stated = "stated",
        /// The model's own estimate.
        Default = "default",
    }
}

/// The threats to an organization, and how often each occurs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ThreatList<'a> {
    /// The threats, in the catalogue's order.
    items: Vec<RatedThreat<'a>>,
    /// Always null: the list is whole.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// A threat and how often it occurs at an organization.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RatedThreat<'a> {
    medium: MediumValue,
    /// Its code, unique within the medium.
    #[schema(example = "office_theft")]
    threat: &'a str,
    /// Its name.
    text: &'a str,
    /// How often it occurs, 1 to 3.
    #[schema(minimum = 1, maximum = 3)]
    frequency: u8,
    origin: FrequencyOrigin,
    /// What would be taken if nothing were stated.
    #[schema(minimum = 1, maximum = 3)]
    default_frequency: u8,
    /// Why: mamori's own estimate.
    default_reason: &'a str,
    /// How sure the frequency is: `derived` while it is the default.
    #[schema(nullable)]
    confidence: Option<ConfidenceBody>,
}

impl<'a> ThreatList<'a> {
    fn of(catalogue: &'a Catalogue, stated: &Frequencies, language: Language) -> Self {
        let rated = |threat: &'a mamori_domain::risk::catalogue::Threat| {
            let now = frequency(threat, stated);
            RatedThreat {
                medium: threat.medium.into(),
                threat: &threat.code,
                text: threat.text.get(language),
                frequency: now.value.get(),
                origin: if now.stated { FrequencyOrigin::Stated } else { FrequencyOrigin::Default },
                default_frequency: threat.frequency.get(),
                default_reason: threat.reason.get(language),
                confidence: (!now.stated).then_some(ConfidenceBody::Derived),
            }
        };
        Self { items: catalogue.threats.iter().map(rated).collect(), next_cursor: None }
    }
}

/// The tag of the threats: their words and defaults are the catalogue's.
fn threats_tag(register: &Register, catalogue: &Catalogue, language: Language) -> String {
    etag(register.revision, &format!("{}-{}", language.tag(), catalogue.text_revision))
}

/// Frequencies of threats to set.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ThreatsInput {
    /// The threats to set, each at most once; the others stay.
    #[schema(min_items = 1, max_items = 100)]
    threats: Vec<ThreatFrequencyInput>,
}

/// How often a threat occurs.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ThreatFrequencyInput {
    medium: MediumValue,
    /// The threat's code on this medium.
    #[schema(pattern = "^[a-z][a-z0-9_]{0,39}$", example = "office_theft")]
    threat: String,
    /// How often it occurs, 1 to 3; null returns to the default.
    #[serde(deserialize_with = "optional_whole")]
    #[schema(required, minimum = 1, maximum = 3, example = 2)]
    frequency: Option<i64>,
}

impl ThreatsInput {
    fn checked(
        self,
        catalogue: &Catalogue,
    ) -> Result<BTreeMap<(Medium, String), Option<Step>>, Problem> {
        let mut check = Check::default();
        check.items("/threats", self.threats.len(), 1..=MOST_FREQUENCIES);
        let mut changes = BTreeMap::new();
        for (index, input) in self.threats.into_iter().enumerate() {
            let at = |field: &str| format!("/threats/{index}/{field}");
            let medium = Medium::from(input.medium);
            check.range(&at("frequency"), input.frequency, 1..=3);
            if catalogue.threat(medium, &input.threat).is_none() {
                check.push(Fault::at(at("threat"), Code::NoSuchThreat));
            }
            let step = input.frequency.and_then(|value| Step::new(u8::try_from(value).ok()?));
            if changes.insert((medium, input.threat), step).is_some() {
                check.push(Fault::at(at("threat"), Code::Duplicate));
            }
        }
        check.finish(changes)
    }
}

/// Get the threats
///
/// How often each threat of the catalogue occurs at an organization: as it stated, or by default.
#[utoipa::path(
    tag = tag::RISKS,
    params(("id" = Uuid, Path, description = "The organization")),
    responses((status = 200, description = "The threats", body = ThreatList<'static>)),
    security(("oauth2" = ["risks:read"])),
    extensions(("x-mamori" = json!({
        "etag": true, "localized": true, "problems": ["not-found", "risk-register-missing"],
    }))),
)]
#[get("/v1/organizations/{id}/threats")]
async fn get_threats(call: Call<RisksRead>, id: PathId) -> Answer {
    let work = move |tx: &mut Tx<'_>| {
        let found = register(tx, id.0)?;
        let stated = tx.frequencies(id.0)?;
        Ok::<_, Stop<Problem>>((found, stated))
    };
    let (found, stated) = call.service.store().read(call.context(), work).await?;
    let tag = threats_tag(&found, call.service.risks(), call.language);
    let body = ThreatList::of(call.service.risks(), &stated, call.language);
    Ok(show(&call.request, &tag, Some(call.language), &body))
}

/// Set threats
///
/// Sets how often some threats occur, or returns them to the default. All risks of the
/// organization follow at once. Everything of the request is done or nothing.
#[utoipa::path(
    tag = tag::RISKS,
    params(("id" = Uuid, Path, description = "The organization")),
    request_body = ThreatsInput,
    responses((status = 200, description = "The threats", body = ThreatList<'static>)),
    security(("oauth2" = ["risks:write"])),
    extensions(("x-mamori" = json!({
        "body": true, "if_match": true, "actor": true, "localized": true,
        "problems": ["not-found", "risk-register-missing"],
    }))),
)]
#[patch("/v1/organizations/{id}/threats")]
async fn update_threats(call: Call<RisksWrite>, id: PathId, body: Incoming) -> Answer {
    let input = body.json::<ThreatsInput>().await?.value;
    let changes = input.checked(call.service.risks())?;
    let condition = call.if_match()?;
    let (service, language) = (call.service.clone(), call.language);
    let work = move |tx: &mut Tx<'_>| {
        let found = conditioned(tx, id.0, condition.as_ref())?;
        let changed = tx.replace_register(&found, found.model, "threats_updated")?;
        let changed = changed.ok_or(Problem::new(Kind::PreconditionFailed))?;
        let mut stated = tx.frequencies(id.0)?;
        for (threat, step) in &changes {
            match step {
                Some(step) => stated.insert(threat.clone(), *step),
                None => stated.remove(threat),
            };
        }
        tx.set_frequencies(&changed, &stated)?;
        let body = ThreatList::of(service.risks(), &stated, language);
        let shown = with(reply(StatusCode::OK, &body)?, "content-language", language.tag());
        let tag = threats_tag(&changed, service.risks(), language);
        Ok::<_, Stop<Problem>>(with(with(shown, "vary", "Accept-Language"), "etag", tag))
    };
    Ok(send(call.service.store().transact(call.context(), work).await?))
}

/// To which edition to move a register.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConversionInput {
    /// The edition to move to.
    #[schema(pattern = "^(2\\.1|3\\.0|3\\.1|4\\.0)$", example = "4.0")]
    edition: String,
    /// Whether only to tell what would change.
    #[serde(default = "yes")]
    #[schema(default = true)]
    dry_run: bool,
}

const fn yes() -> bool {
    true
}

/// What a conversion changes, or would change.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RiskConversion {
    /// The edition before.
    from: &'static str,
    /// The edition afterwards.
    to: &'static str,
    /// Whether nothing was changed.
    dry_run: bool,
    /// How many assets there are.
    count: i64,
    /// How many of them fall in another class.
    reclassified: i64,
    /// Every group of assets with one medium and importance, before and after. Assets of a group
    /// change alike: confidentiality, integrity and availability keep their place on the scale.
    groups: Vec<ConvertedGroup>,
    /// How sure the rule of the conversion is.
    confidence: ConfidenceBody,
}

/// The assets of one medium and importance, before and after.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConvertedGroup {
    medium: MediumValue,
    /// How many assets.
    count: i64,
    /// Their importance before.
    #[schema(minimum = 0, maximum = 3)]
    importance_before: u8,
    /// Their importance afterwards.
    #[schema(minimum = 0, maximum = 3)]
    importance_after: u8,
    /// Their risk before; null where no control applies to the medium.
    #[schema(required)]
    before: Option<RiskFigures>,
    /// Their risk afterwards.
    #[schema(required)]
    after: Option<RiskFigures>,
    /// Whether they fall in another class.
    reclassified: bool,
}

fn conversion(
    situation: &Situation,
    exposures: &[Exposure<'_>],
    counts: &[(Pair, i64)],
    to: &'static Model,
    dry_run: bool,
) -> RiskConversion {
    let from = situation.register.model;
    let group = |((medium, importance), count): &(Pair, i64)| {
        let before = situation.risk(exposures, (*medium, *importance));
        let importance_after = to.converted(from, *importance);
        let after = before.map(|risk| Risk::of(to, importance_after, risk.likelihood));
        ConvertedGroup {
            medium: (*medium).into(),
            count: *count,
            importance_before: *importance,
            importance_after,
            reclassified: before.map(|risk| risk.class) != after.map(|risk| risk.class),
            before: before.map(RiskFigures::from),
            after: after.map(RiskFigures::from),
        }
    };
    let groups: Vec<_> = counts.iter().map(group).collect();
    let changed = groups.iter().filter(|group| group.reclassified);
    RiskConversion {
        from: from.edition,
        to: to.edition,
        dry_run,
        count: counts.iter().map(|(_, count)| count).sum(),
        reclassified: changed.map(|group| group.count).sum(),
        groups,
        confidence: ConfidenceBody::Derived,
    }
}

/// Convert the risk register
///
/// Moves a register to another edition, or with `dry_run` (the default) only tells what would
/// change: every group of assets with its risk before and after. Between the scales 0 to 2 and 1
/// to 3 a rating keeps its place, but some assets fall in another class.
#[utoipa::path(
    tag = tag::RISKS,
    params(("id" = Uuid, Path, description = "The organization")),
    request_body = ConversionInput,
    responses((status = 200, description = "What changes", body = RiskConversion)),
    security(("oauth2" = ["risks:write"])),
    extensions(("x-mamori" = json!({
        "body": true, "if_match": true, "once": true, "actor": true,
        "problems": ["not-found", "risk-register-missing"],
    }))),
)]
#[post("/v1/organizations/{id}/risk-register/conversion")]
async fn convert_risk_register(call: Call<RisksWrite>, id: PathId, body: Incoming) -> Answer {
    let received = body.json::<ConversionInput>().await?;
    let input = received.value;
    let model = named_model("/edition", &input.edition)?;
    let condition = call.if_match()?;
    let service = call.service.clone();
    let work = move |tx: &mut Tx<'_>| {
        let _ = conditioned(tx, id.0, condition.as_ref())?;
        let situation = Situation::load(tx, id.0)?;
        let exposures = situation.exposures(&service)?;
        let found = &situation.register;
        // Again: on PostgreSQL another change may have come between the two reads.
        required(condition.as_ref())?.admits(found.revision)?;
        let changed = if input.dry_run {
            found.clone()
        } else {
            // Taken before the assets are counted, so that none changes between.
            let changed = tx.replace_register(found, model, "converted")?;
            changed.ok_or(Problem::new(Kind::PreconditionFailed))?
        };
        let counts = tx.count_assets(id.0)?;
        let body = conversion(&situation, &exposures, &counts, model, input.dry_run);
        if !input.dry_run && !model.rates_as(found.model) {
            tx.shift_assets(&changed, model.step_from(found.model))?;
        }
        let tag = etag(changed.revision, "0");
        Ok::<_, Stop<Problem>>(with(reply(StatusCode::OK, &body)?, "etag", tag))
    };
    let store = call.service.store();
    Ok(send(store.transact_once(call.context(), received.once, work).await?))
}
