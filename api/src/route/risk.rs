//! Risks: the assets of a register in the order of their risk, each explained. They are computed
//! at every read, so a change of one threat or answer shows in the next.

use actix_web::get;
use chrono::NaiveDate;
use mamori_domain::risk::asset::{Asset, Register};
use mamori_domain::risk::exposure::{Exposure, Frequencies, Pair, exposures, frequency, ranked};
use mamori_domain::risk::treatment::suggested;
use mamori_domain::risk::{Class, Medium, Model, Risk, Step, likelihood};
use mamori_domain::text::Language;
use mamori_store::{Stop, StoredResult, Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::coverage::{BasisValue, VulnerabilityBody};
use super::question_bank::ConfidenceBody;
use super::register::{FrequencyOrigin, register};
use super::result::thaw;
use super::risk_evaluation::{ReasonValue, reasons};
use super::risk_model::{ClassValue, MediumValue, TreatmentValue};
use crate::answer::{Answer, page, tell};
use crate::auth::Call;
use crate::auth::caller::RisksRead;
use crate::problem::{Code, Fault, Kind, Problem};
use crate::read::query::{PageQuery, Parameters};
use crate::read::{PathId, Query};
use crate::route::tag;
use crate::service::Service;

/// The bank whose answers give the vulnerability.
const CONTROLS: &str = "controls";

pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list_risks).service(get_risk);
}

/// What the risks of an organization follow from, beside its assets.
pub(crate) struct Situation {
    /// The register.
    pub(crate) register: Register,
    stated: Frequencies,
    pub(crate) controls: Option<StoredResult>,
}

impl Situation {
    /// Loads it; 404 or 409 where there is no register.
    pub(crate) fn load(tx: &mut Tx<'_>, organization: Uuid) -> Result<Self, Stop<Problem>> {
        Ok(Self {
            register: register(tx, organization)?,
            stated: tx.frequencies(organization)?,
            controls: tx.latest_result(organization, CONTROLS)?,
        })
    }

    /// How exposed each medium is.
    pub(crate) fn exposures<'s>(&self, service: &'s Service) -> Result<Vec<Exposure<'s>>, Problem> {
        let answered = self.controls.as_ref().map(|stored| thaw(service, stored)).transpose()?;
        let controls = answered.as_ref().map(|(bank, outcome)| (*bank, outcome.answers.as_slice()));
        Ok(exposures(service.risks(), &self.stated, controls))
    }

    /// The risk of a pair; none where no control applies to the medium.
    pub(crate) fn risk(
        &self,
        exposures: &[Exposure<'_>],
        (medium, importance): Pair,
    ) -> Option<Risk> {
        let exposure = exposures.iter().find(|exposure| exposure.medium == medium)?;
        Some(Risk::of(self.register.model, importance, exposure.likelihood?))
    }
}

/// The asset of a risk.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RiskAsset {
    /// Its id.
    id: Uuid,
    /// Your own key for it.
    #[schema(required)]
    external_id: Option<String>,
    /// Its name (情報資産名称).
    name: String,
    /// The business that it belongs to (業務分類).
    #[schema(required)]
    business_category: Option<String>,
    /// The department in charge (管理部署).
    #[schema(required)]
    owner_department: Option<String>,
    medium: MediumValue,
}

/// The threat that decides a likelihood.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DecidingThreat<'a> {
    /// Its code on the medium.
    #[schema(example = "ransomware")]
    code: &'a str,
    /// Its name.
    text: &'a str,
    /// How often it occurs, 1 to 3.
    #[schema(minimum = 1, maximum = 3)]
    frequency: u8,
    origin: FrequencyOrigin,
}

/// The risk of an asset.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Risk)]
pub(crate) struct RiskBody<'a> {
    asset: RiskAsset,
    /// The edition by which it is rated.
    #[schema(example = "4.0")]
    edition: &'static str,
    /// Importance (重要度), on the edition's scale.
    #[schema(minimum = 0, maximum = 3)]
    importance: u8,
    /// What it follows from.
    importance_reasons: Vec<ReasonValue>,
    /// The threat that decides: of those on the medium the one with the worst likelihood.
    #[schema(required)]
    threat: Option<DecidingThreat<'a>>,
    /// How easily weaknesses of the medium are exploited, 1 to 3; null where no control applies.
    #[schema(required, minimum = 1, maximum = 3)]
    vulnerability: Option<u8>,
    vulnerability_basis: BasisValue,
    /// Likelihood (被害発生可能性), 1 to 3: max(1, threat + vulnerability − 3). Null where no
    /// control applies.
    #[schema(required, minimum = 1, maximum = 3)]
    likelihood: Option<u8>,
    /// How sure the likelihood is: how threats and answers make one is mamori's own rule.
    likelihood_confidence: ConfidenceBody,
    /// Risk value (リスク値): importance × likelihood.
    #[schema(required, minimum = 0, maximum = 9)]
    value: Option<u8>,
    /// The class of that value; null where there is none.
    #[schema(required)]
    class: Option<ClassValue>,
    /// How sure the thresholds of the classes are.
    classes_confidence: ConfidenceBody,
    /// Whether it rests on a default frequency, or on controls that were never answered (暫定).
    provisional: bool,
    /// Treatments to think of, the first choice first: a suggestion (confidence `inferred`).
    suggested_treatments: Vec<TreatmentValue>,
}

impl<'a> RiskBody<'a> {
    fn of(
        asset: &Asset,
        situation: &Situation,
        exposures: &[Exposure<'a>],
        language: Language,
    ) -> Option<Self> {
        let model = situation.register.model;
        let exposure = exposures.iter().find(|exposure| exposure.medium == asset.entry.medium)?;
        let risk = situation.risk(exposures, (asset.entry.medium, asset.importance));
        let entry = &asset.entry;
        Some(Self {
            asset: RiskAsset {
                id: asset.id,
                external_id: entry.external_id.clone(),
                name: entry.name.clone(),
                business_category: entry.business_category.clone(),
                owner_department: entry.owner_department.clone(),
                medium: entry.medium.into(),
            },
            edition: model.edition,
            importance: asset.importance,
            importance_reasons: reasons(model.importance(&entry.ratings)),
            threat: exposure.threat.map(|(threat, frequency)| DecidingThreat {
                code: &threat.code,
                text: threat.text.get(language),
                frequency: frequency.value.get(),
                origin: origin(frequency.stated),
            }),
            vulnerability: exposure.vulnerability.value.map(Step::get),
            vulnerability_basis: exposure.vulnerability.basis.into(),
            likelihood: exposure.likelihood.map(Step::get),
            likelihood_confidence: ConfidenceBody::Derived,
            value: risk.map(|risk| risk.value),
            class: risk.map(|risk| risk.class.into()),
            classes_confidence: model.classes_confidence.into(),
            provisional: exposure.provisional,
            suggested_treatments: risk.map_or_else(Vec::new, |risk| {
                suggested(model, &risk).iter().map(|treatment| (*treatment).into()).collect()
            }),
        })
    }
}

const fn origin(stated: bool) -> FrequencyOrigin {
    if stated { FrequencyOrigin::Stated } else { FrequencyOrigin::Default }
}

/// A page of risks, the highest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RiskList<'a> {
    /// The risks: by value, then importance, then medium, then the order of the assets.
    items: Vec<RiskBody<'a>>,
    /// Where the next page begins; null on the last.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// Which risks to list.
#[derive(Debug, Deserialize)]
struct RiskQuery {
    medium: Option<MediumValue>,
    class: Option<ClassValue>,
    importance: Option<u8>,
    limit: Option<i64>,
    cursor: Option<String>,
}

impl Parameters for RiskQuery {
    const KNOWN: &'static [(&'static str, &'static str)] = &[
        (
            "medium",
            "paper, removable_media, office_pc, mobile_device, internal_server, external_server",
        ),
        ("class", "high, medium, low"),
        ("importance", "0–3"),
        ("limit", "1–200"),
        ("cursor", "next_cursor"),
    ];
}

/// Which pairs a list is of.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    medium: Option<Medium>,
    class: Option<Class>,
    importance: Option<u8>,
}

impl Wanted {
    fn holds(&self, model: &Model, likelihoods: &Likelihoods, pair: Pair) -> bool {
        let likely = || likelihoods.iter().find(|(medium, _)| *medium == pair.0)?.1;
        self.medium.is_none_or(|medium| medium == pair.0)
            && self.importance.is_none_or(|importance| importance == pair.1)
            && self.class.is_none_or(|class| {
                likely().is_some_and(|likely| Risk::of(model, pair.1, likely).class == class)
            })
    }
}

/// What a list is ranked by: the likelihood on each medium. A cursor keeps it, so that a list that
/// was begun is gone through in one order, whatever changes meanwhile.
type Likelihoods = Vec<(Medium, Option<Step>)>;

/// Where a page begins.
#[derive(Debug, Clone)]
struct Position {
    edition: String,
    likelihoods: Likelihoods,
    pair: Pair,
    asset: Uuid,
}

impl Position {
    /// `4.0 33-112 office_pc 3 0192…`: the edition, the likelihoods in the sheet's order, the pair
    /// and the asset.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(' ');
        let edition = parts.next()?.to_owned();
        let likely = |figure: char| u8::try_from(figure.to_digit(10)?).ok().and_then(Step::new);
        let likelihoods = Medium::ALL.into_iter().zip(parts.next()?.chars().map(likely)).collect();
        let pair = (Medium::parse(parts.next()?)?, parts.next()?.parse().ok()?);
        Some(Self { edition, likelihoods, pair, asset: Uuid::try_parse(parts.next()?).ok()? })
    }

    fn text(edition: &str, likelihoods: &Likelihoods, last: &Asset) -> String {
        let likely = |(_, likely): &(Medium, Option<Step>)| match likely {
            Some(step) => step.get().to_string(),
            None => "-".to_owned(),
        };
        let likelihoods: String = likelihoods.iter().map(likely).collect();
        let (medium, importance) = (last.entry.medium.code(), last.importance);
        format!("{edition} {likelihoods} {medium} {importance} {}", last.id)
    }
}

/// List the risks
///
/// The assets of an organization in the order of their risk, the highest first, a page at a time;
/// each with what its risk follows from. Where a threat or an answer changes between two pages,
/// the list goes on in the order in which it began, and shows the risks as they are now.
#[utoipa::path(
    tag = tag::RISKS,
    params(
        ("id" = Uuid, Path, description = "The organization"),
        ("medium" = inline(Option<MediumValue>), Query, nullable = false, description = "Only those on this medium"),
        ("class" = inline(Option<ClassValue>), Query, nullable = false, description = "Only those of this class"),
        ("importance" = inline(Option<u8>), Query, nullable = false, description = "Only those of this importance",
            minimum = 0, maximum = 3),
    ),
    responses((status = 200, description = "A page of risks", body = RiskList<'static>)),
    security(("oauth2" = ["risks:read"])),
    extensions(("x-mamori" = json!({
        "list": true, "localized": true, "problems": ["not-found", "risk-register-missing"],
    }))),
)]
#[get("/v1/organizations/{id}/risks")]
async fn list_risks(call: Call<RisksRead>, id: PathId, query: Query<RiskQuery>) -> Answer {
    let query = query.0;
    if query.importance.is_some_and(|importance| importance > 3) {
        let fault = Fault::parameter("importance", Code::OutOfRange);
        let fault = fault.with("minimum", 0).with("maximum", 3);
        return Err(Problem::fault(Kind::MalformedRequest, fault));
    }
    let wanted = Wanted {
        medium: query.medium.map(Medium::from),
        class: query.class.map(Class::from),
        importance: query.importance,
    };
    let paged = PageQuery::of(query.limit, query.cursor)?;
    let list = format!("risks {} {wanted:?}", id.0);
    let begin = match &paged.cursor {
        None => None,
        Some(cursor) => Position::parse(&call.service.cursors().open(&list, cursor)?),
    };
    let (service, limit) = (call.service.clone(), paged.limit);
    let work = move |tx: &mut Tx<'_>| {
        let situation = Situation::load(tx, id.0)?;
        let exposures = situation.exposures(&service)?;
        let model = situation.register.model;
        let likelihoods = match &begin {
            Some(begin) if begin.edition == model.edition => begin.likelihoods.clone(),
            // Another scale: the list that was begun is no more.
            Some(_) => {
                let fault = Fault::parameter("cursor", Code::Cursor);
                return Err(Problem::fault(Kind::InvalidCursor, fault).into());
            }
            None => exposures.iter().map(|one| (one.medium, one.likelihood)).collect(),
        };
        let mut pairs = ranked(model, &likelihoods);
        if let Some(begin) = &begin {
            let place = pairs.iter().position(|pair| *pair == begin.pair).unwrap_or(pairs.len());
            pairs.drain(..place);
        }
        pairs.retain(|pair| wanted.holds(model, &likelihoods, *pair));
        let after = begin.as_ref().filter(|begin| pairs.first() == Some(&begin.pair));
        let after = after.map(|begin| begin.asset);
        let found = tx.list_risks(id.0, &pairs, after, limit)?;
        Ok::<_, Stop<Problem>>((situation, likelihoods, found))
    };
    let (situation, likelihoods, found) = call.service.store().read(call.context(), work).await?;
    let exposures = situation.exposures(&call.service)?;
    let edition = situation.register.model.edition;
    let last = found.items.last().map(|asset| Position::text(edition, &likelihoods, asset));
    let next_cursor = call.service.cursors().next(&list, found.beyond.is_some(), last);
    let told = |asset: &Asset| RiskBody::of(asset, &situation, &exposures, call.language);
    let body = RiskList { items: found.items.iter().filter_map(told).collect(), next_cursor };
    Ok(page(&call.request, body.next_cursor.as_deref(), Some(call.language), &body))
}

/// The controls that a risk rests on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ControlsUsed {
    /// The assessment with the answers.
    assessment: Uuid,
    /// The edition of the `controls` bank.
    edition: String,
    /// The day of the answers.
    answered_on: NaiveDate,
}

impl ControlsUsed {
    pub(crate) fn of(stored: &StoredResult) -> Self {
        Self {
            assessment: stored.assessment,
            edition: stored.edition.clone(),
            answered_on: stored.circumstances.answered_on,
        }
    }
}

/// A threat on the asset's medium, and the likelihood that it alone would give.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WeighedThreat<'a> {
    #[serde(flatten)]
    threat: DecidingThreat<'a>,
    /// The likelihood with this threat alone; null where no control applies.
    #[schema(required, minimum = 1, maximum = 3)]
    likelihood: Option<u8>,
}

/// The risk of an asset with everything that it follows from, to check it by hand.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RiskExplanation<'a> {
    #[serde(flatten)]
    risk: RiskBody<'a>,
    /// Every threat on the medium.
    threats: Vec<WeighedThreat<'a>>,
    /// How well the medium is protected, by which answers.
    protection: VulnerabilityBody,
    /// The answers that this rests on; null where the controls were never answered.
    #[schema(required)]
    controls: Option<ControlsUsed>,
    /// The arithmetic, in figures.
    #[schema(example = "3 × max(1, 3 + 2 − 3) = 6")]
    formula: Option<String>,
    /// Codes of the own rules of the risk model that it rests on.
    rules: Vec<&'static str>,
}

/// Get the risk of an asset
///
/// The risk of one asset, explained: every threat on its medium and the likelihood that it would
/// give, the answers that protect the medium or do not, and the arithmetic.
#[utoipa::path(
    tag = tag::RISKS,
    params(("id" = Uuid, Path, description = "The asset")),
    responses((status = 200, description = "The risk", body = RiskExplanation<'static>)),
    security(("oauth2" = ["risks:read"])),
    extensions(("x-mamori" = json!({
        "localized": true, "problems": ["not-found"],
    }))),
)]
#[get("/v1/assets/{id}/risk")]
async fn get_risk(call: Call<RisksRead>, id: PathId) -> Answer {
    let work = move |tx: &mut Tx<'_>| {
        let asset = tx.find_asset(id.0)?.ok_or_else(Problem::not_found)?;
        let situation = Situation::load(tx, asset.organization)?;
        Ok::<_, Stop<Problem>>((asset, situation))
    };
    let (asset, situation) = call.service.store().read(call.context(), work).await?;
    let exposures = situation.exposures(&call.service)?;
    let body = explanation(&call.service, &asset, &situation, exposures, call.language)
        .ok_or_else(|| Problem::internal("a medium without an exposure"))?;
    Ok(tell(call.language, &body))
}

fn explanation<'s>(
    service: &'s Service,
    asset: &Asset,
    situation: &Situation,
    exposures: Vec<Exposure<'s>>,
    language: Language,
) -> Option<RiskExplanation<'s>> {
    let medium = asset.entry.medium;
    let risk = RiskBody::of(asset, situation, &exposures, language)?;
    let exposure = exposures.into_iter().find(|exposure| exposure.medium == medium)?;
    let protected = exposure.vulnerability.value;
    let threats = service.risks().threats.iter().filter(|threat| threat.medium == medium);
    let threats = threats.map(|threat| {
        let rated = frequency(threat, &situation.stated);
        WeighedThreat {
            threat: DecidingThreat {
                code: &threat.code,
                text: threat.text.get(language),
                frequency: rated.value.get(),
                origin: origin(rated.stated),
            },
            likelihood: protected.map(|protected| likelihood(rated.value, protected).get()),
        }
    });
    let deciding = exposure.threat.map(|(_, frequency)| frequency);
    let formula = deciding.zip(protected).zip(risk.value).map(|((threat, protected), value)| {
        format!(
            "{} × max(1, {} + {} − 3) = {value}",
            asset.importance,
            threat.value.get(),
            protected.get()
        )
    });
    let mut rules = vec!["worst_threat_decides", "suggested_treatments"];
    rules.push(match situation.controls {
        Some(_) => "vulnerability_of_a_medium",
        None => "controls_never_answered",
    });
    if deciding.is_some_and(|frequency| !frequency.stated) {
        rules.push("default_frequencies");
    }
    Some(RiskExplanation {
        threats: threats.collect(),
        protection: VulnerabilityBody::of(medium, exposure.vulnerability),
        controls: situation.controls.as_ref().map(ControlsUsed::of),
        formula,
        rules,
        risk,
    })
}
