//! What risks are rated by: the scales, criteria, threats and classes of an edition; public, and
//! the same for everybody.

use actix_web::get;
use actix_web::web::Path;
use mamori_domain::risk::catalogue::{Aspect, Catalogue, Criterion, Level, Scale};
use mamori_domain::risk::treatment::Treatment;
use mamori_domain::risk::{Class, Medium, Model, Step, likelihood};
use mamori_domain::text::{Language, Text};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::question_bank::ConfidenceBody;
use crate::answer::Answer;
use crate::auth::PublicCall;
use crate::problem::Problem;
use crate::route::tag;
use crate::wire::wire_enum;

pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list_risk_models).service(get_risk_model);
}

wire_enum! {
    /// A medium or storage location (媒体・保存先): `paper` (書類), `removable_media`
    /// (可搬電子媒体), `office_pc` (事務所PC), `mobile_device` (モバイル機器), `internal_server`
    /// (社内サーバー), `external_server` (社外サーバー, cloud included).
    pub(crate) enum MediumValue as Medium = Medium {
        /// Paper (書類).
        Paper = "paper",
        /// Removable media (可搬電子媒体).
        RemovableMedia = "removable_media",
        /// Office PC (事務所PC).
        OfficePc = "office_pc",
        /// Mobile device (モバイル機器).
        MobileDevice = "mobile_device",
        /// In-house server (社内サーバー).
        InternalServer = "internal_server",
        /// External server, cloud included (社外サーバー).
        ExternalServer = "external_server",
    }
}

wire_enum! {
    /// The class of a risk: `high` (リスク大), `medium` (リスク中), `low` (リスク小).
    pub(crate) enum ClassValue as RiskClass = Class {
        /// Low (リスク小).
        Low = "low",
        /// Medium (リスク中).
        Medium = "medium",
        /// High (リスク大).
        High = "high",
    }
}

wire_enum! {
    /// What is done about a risk: `reduce` (低減), `retain` (保有), `avoid` (回避), `transfer`
    /// (移転).
    pub(crate) enum TreatmentValue as TreatmentKind = Treatment {
        /// Introduce or strengthen measures (低減).
        Reduce = "reduce",
        /// Accept it (保有, 受容).
        Retain = "retain",
        /// Change the way of working so that it disappears (回避).
        Avoid = "avoid",
        /// Let a better protected or insured party carry it (移転).
        Transfer = "transfer",
    }
}

wire_enum! {
    /// An aspect of an asset: `confidentiality` (機密性), `integrity` (完全性), `availability`
    /// (可用性).
    pub(crate) enum AspectValue as AssetAspect = Aspect {
        /// Confidentiality (機密性).
        Confidentiality = "confidentiality",
        /// Integrity (完全性).
        Integrity = "integrity",
        /// Availability (可用性).
        Availability = "availability",
    }
}

/// The editions that risks can be rated by.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RiskModelList {
    /// The models, the oldest edition first.
    items: Vec<RiskModelSummary>,
    /// Always null: the list is whole.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// How an edition rates.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RiskModelSummary {
    /// The edition of the guideline.
    #[schema(example = "4.0")]
    edition: &'static str,
    /// The lowest rating and importance: 0 up to edition 3.0, then 1.
    #[schema(minimum = 0, maximum = 1, example = 1)]
    lowest: u8,
    /// The highest rating and importance: 2 up to edition 3.0, then 3.
    #[schema(minimum = 2, maximum = 3, example = 3)]
    top: u8,
    /// How sure the scale is.
    scale_confidence: ConfidenceBody,
    /// How sure the thresholds of the classes are.
    classes_confidence: ConfidenceBody,
}

/// What an edition rates by, with everything to show beside it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RiskModel)]
pub(crate) struct RiskModelBody<'a> {
    #[serde(flatten)]
    summary: RiskModelSummary,
    /// The wording's revision.
    #[schema(minimum = 1)]
    text_revision: u32,
    /// Whose words these are, and whose they are not; to be shown with them.
    notice: &'a str,
    /// The media, in the sheet's order.
    media: Vec<MediumBody<'a>>,
    /// The threats (脅威の状況), with the frequency that is taken while nothing is stated.
    threats: Vec<ThreatBody<'a>>,
    /// Whether the list of threats was checked against the sheet.
    threats_verified: bool,
    /// The criteria by which an asset is rated.
    criteria: Vec<CriterionBody<'a>>,
    /// What each value means.
    scales: ScalesBody<'a>,
    /// The likelihood for each threat and vulnerability.
    likelihood: Vec<LikelihoodCell>,
    /// The classes and their values, the highest first.
    classes: Vec<RiskClassBody<'a>>,
    /// The ways to treat a risk.
    treatments: Vec<TreatmentText<'a>>,
    /// Assets that most firms have, to accept or discard: each `asset` can be sent as it is.
    starter_assets: Vec<StarterAssetBody<'a>>,
    /// The rules that are mamori's own, in words: what the guideline leaves open.
    own_rules: Vec<OwnRule<'a>>,
}

/// A medium.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ModelMedium)]
pub(crate) struct MediumBody<'a> {
    code: MediumValue,
    /// Its name on the sheet.
    label: &'a str,
    /// What counts as it.
    description: &'a str,
    /// How sure it is that the sheet has it.
    confidence: ConfidenceBody,
}

/// A threat.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Threat)]
pub(crate) struct ThreatBody<'a> {
    /// Its code, unique within the medium.
    #[schema(example = "office_theft")]
    code: &'a str,
    medium: MediumValue,
    /// Its name.
    text: &'a str,
    /// What happens.
    explanation: &'a str,
    /// How often it is taken to occur, 1 to 3.
    #[schema(minimum = 1, maximum = 3)]
    default_frequency: u8,
    /// Why: mamori's own estimate.
    default_reason: &'a str,
}

/// When an aspect is rated so.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RatingCriterion)]
pub(crate) struct CriterionBody<'a> {
    aspect: AspectValue,
    /// The rating, on the edition's scale.
    #[schema(minimum = 0, maximum = 3)]
    value: u8,
    /// The criterion.
    text: &'a str,
    /// Examples.
    examples: Vec<&'a str>,
}

/// What each value means, by scale, the highest first.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Scales)]
pub(crate) struct ScalesBody<'a> {
    /// How often a threat occurs (起こりやすさ).
    threat: Vec<ScaleStep<'a>>,
    /// How easily a weakness is exploited (つけ込みやすさ).
    vulnerability: Vec<ScaleStep<'a>>,
    /// How likely harm is (被害発生可能性).
    likelihood: Vec<ScaleStep<'a>>,
    /// How important an asset is (重要度).
    importance: Vec<ScaleStep<'a>>,
}

/// A value and what it means.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ScaleStep<'a> {
    /// The value.
    #[schema(minimum = 0, maximum = 3)]
    value: u8,
    /// What it means.
    label: &'a str,
}

/// A cell of the table of likelihood.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct LikelihoodCell {
    /// How often the threat occurs.
    #[schema(minimum = 1, maximum = 3)]
    threat: u8,
    /// How easily it is exploited.
    #[schema(minimum = 1, maximum = 3)]
    vulnerability: u8,
    /// How likely harm is.
    #[schema(minimum = 1, maximum = 3)]
    likelihood: u8,
}

/// A class of risks.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ModelClass)]
pub(crate) struct RiskClassBody<'a> {
    code: ClassValue,
    /// Its name on the sheet.
    label: &'a str,
    /// What it means.
    meaning: &'a str,
    /// The risk values of this class.
    values: Vec<u8>,
}

/// A way to treat a risk.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TreatmentText<'a> {
    code: TreatmentValue,
    /// Its name.
    label: &'a str,
    /// What it means.
    meaning: &'a str,
    /// Examples.
    examples: Vec<&'a str>,
}

/// An asset that most firms have.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StarterAsset)]
pub(crate) struct StarterAssetBody<'a> {
    /// Its code.
    code: &'a str,
    asset: StarterEntry<'a>,
}

/// What to send to add it.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_excessive_bools, reason = "the sheet's own four flags")]
pub(crate) struct StarterEntry<'a> {
    /// The business that it belongs to (業務分類).
    business_category: &'a str,
    /// Its name (情報資産名称).
    name: &'a str,
    /// A remark (備考).
    note: &'a str,
    medium: MediumValue,
    /// Confidentiality (機密性).
    confidentiality: u8,
    /// Integrity (完全性).
    integrity: u8,
    /// Availability (可用性).
    availability: u8,
    /// Personal information (個人情報).
    personal_information: bool,
    /// Special care-required personal information (要配慮個人情報).
    special_care_required_personal_information: bool,
    /// Specific personal information (特定個人情報).
    specific_personal_information: bool,
    /// An accident could threaten the firm's survival.
    threatens_survival: bool,
    /// How long it is kept (保存期限).
    retention: &'a str,
}

/// A rule that the guideline leaves open.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OwnRule<'a> {
    /// What it settles.
    #[schema(example = "vulnerability_of_a_medium")]
    code: &'a str,
    /// The rule, in words.
    text: &'a str,
    confidence: ConfidenceBody,
}

impl RiskModelSummary {
    fn of(model: &'static Model) -> Self {
        Self {
            edition: model.edition,
            lowest: model.lowest,
            top: model.top,
            scale_confidence: model.scale_confidence.into(),
            classes_confidence: model.classes_confidence.into(),
        }
    }
}

impl RiskModelList {
    /// Every model.
    pub(crate) fn whole() -> Self {
        let items = Model::ALL.iter().map(RiskModelSummary::of).collect();
        Self { items, next_cursor: None }
    }
}

impl<'a> RiskModelBody<'a> {
    pub(crate) fn of(model: &'static Model, catalogue: &'a Catalogue, language: Language) -> Self {
        let say = |text: &'a Text| text.get(language);
        let says = |texts: &'a [Text]| texts.iter().map(say).collect();
        Self {
            summary: RiskModelSummary::of(model),
            text_revision: catalogue.text_revision,
            notice: say(&catalogue.notice),
            media: catalogue
                .media
                .iter()
                .map(|medium| MediumBody {
                    code: medium.medium.into(),
                    label: say(&medium.label),
                    description: say(&medium.description),
                    confidence: medium.confidence.into(),
                })
                .collect(),
            threats: catalogue
                .threats
                .iter()
                .map(|threat| ThreatBody {
                    code: &threat.code,
                    medium: threat.medium.into(),
                    text: say(&threat.text),
                    explanation: say(&threat.explanation),
                    default_frequency: threat.frequency.get(),
                    default_reason: say(&threat.reason),
                })
                .collect(),
            threats_verified: catalogue.threats_verified,
            criteria: catalogue
                .criteria
                .iter()
                .map(|Criterion { aspect, level, text, examples }| CriterionBody {
                    aspect: (*aspect).into(),
                    value: level.on(model),
                    text: say(text),
                    examples: says(examples),
                })
                .collect(),
            scales: scales(model, catalogue, language),
            likelihood: cells(),
            classes: classes(model, catalogue, language),
            treatments: catalogue
                .treatments
                .iter()
                .map(|treatment| TreatmentText {
                    code: treatment.treatment.into(),
                    label: say(&treatment.label),
                    meaning: say(&treatment.meaning),
                    examples: says(&treatment.examples),
                })
                .collect(),
            starter_assets: starter_assets(model, catalogue, language),
            own_rules: own_rules(catalogue, language),
        }
    }
}

fn scales<'a>(model: &Model, catalogue: &'a Catalogue, language: Language) -> ScalesBody<'a> {
    let mut body = ScalesBody {
        threat: Vec::new(),
        vulnerability: Vec::new(),
        likelihood: Vec::new(),
        importance: Vec::new(),
    };
    for text in &catalogue.scales {
        let (steps, value) = match text.scale {
            Scale::Threat(step) => (&mut body.threat, step.get()),
            Scale::Vulnerability(step) => (&mut body.vulnerability, step.get()),
            Scale::Likelihood(step) => (&mut body.likelihood, step.get()),
            Scale::Importance(level) => (&mut body.importance, Level::on(level, model)),
        };
        steps.push(ScaleStep { value, label: text.label.get(language) });
    }
    body
}

fn cells() -> Vec<LikelihoodCell> {
    let each = Step::ALL.into_iter().rev();
    each.clone()
        .flat_map(|threat| {
            each.clone().map(move |vulnerability| LikelihoodCell {
                threat: threat.get(),
                vulnerability: vulnerability.get(),
                likelihood: likelihood(threat, vulnerability).get(),
            })
        })
        .collect()
}

fn classes<'a>(
    model: &Model,
    catalogue: &'a Catalogue,
    language: Language,
) -> Vec<RiskClassBody<'a>> {
    let mut values: Vec<u8> = (model.lowest..=model.top)
        .flat_map(|importance| {
            Step::ALL.map(|likely| mamori_domain::risk::value(importance, likely))
        })
        .collect();
    values.sort_unstable();
    values.dedup();
    catalogue
        .classes
        .iter()
        .map(|text| RiskClassBody {
            code: text.class.into(),
            label: text.label.get(language),
            meaning: text.meaning(model).get(language),
            values: values.iter().copied().filter(|v| model.class(*v) == text.class).collect(),
        })
        .collect()
}

fn starter_assets<'a>(
    model: &Model,
    catalogue: &'a Catalogue,
    language: Language,
) -> Vec<StarterAssetBody<'a>> {
    catalogue
        .starter_assets
        .iter()
        .map(|asset| {
            let ratings = asset.ratings(model);
            StarterAssetBody {
                code: &asset.code,
                asset: StarterEntry {
                    business_category: asset.business_category.get(language),
                    name: asset.name.get(language),
                    note: asset.note.get(language),
                    medium: asset.medium.into(),
                    confidentiality: ratings.confidentiality,
                    integrity: ratings.integrity,
                    availability: ratings.availability,
                    personal_information: ratings.personal_information,
                    special_care_required_personal_information: ratings
                        .special_care_required_personal_information,
                    specific_personal_information: ratings.specific_personal_information,
                    threatens_survival: ratings.threatens_survival,
                    retention: asset.retention.get(language),
                },
            }
        })
        .collect()
}

fn own_rules(catalogue: &Catalogue, language: Language) -> Vec<OwnRule<'_>> {
    catalogue
        .own_rules
        .iter()
        .map(|rule| OwnRule {
            code: &rule.code,
            text: rule.text.get(language),
            confidence: rule.confidence.into(),
        })
        .collect()
}

/// List the risk models
///
/// The editions by which risks can be rated: their scales and how sure they are. Public and
/// cacheable.
#[utoipa::path(
    tag = tag::RISKS,
    responses((status = 200, description = "The risk models", body = RiskModelList)),
    security(()),
    extensions(("x-mamori" = json!({"cached": true}))),
)]
#[get("/v1/risk-models")]
async fn list_risk_models(call: PublicCall) -> Answer {
    Ok(call.service.documents().risk_models().serve(&call.request))
}

/// Get a risk model
///
/// What an edition rates by: media, threats with their default frequency, criteria for
/// confidentiality, integrity and availability, scales, classes, treatments, assets to start
/// with, and the rules that are mamori's own. Public, cacheable for an hour.
#[utoipa::path(
    tag = tag::RISKS,
    params(("edition" = String, Path, description = "The edition of the guideline", example = "4.0",
        pattern = "^[0-9]{1,2}\\.[0-9]{1,2}$")),
    responses((status = 200, description = "The risk model", body = RiskModelBody<'static>)),
    security(()),
    extensions(("x-mamori" = json!({
        "localized": true, "cached": true, "problems": ["not-found"],
    }))),
)]
#[get("/v1/risk-models/{edition}")]
async fn get_risk_model(call: PublicCall, path: Path<String>) -> Answer {
    let document = call.service.documents().risk_model(&path, call.language);
    Ok(document.ok_or_else(Problem::not_found)?.serve(&call.request))
}
