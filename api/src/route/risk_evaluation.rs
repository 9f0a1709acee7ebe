//! Stateless evaluation of risks, for portals that keep their own data.

use std::ops::RangeInclusive;

use actix_web::post;
use mamori_domain::risk::treatment::suggested;
use mamori_domain::risk::{Importance, Model, Ratings, Reason, Risk, Step, likelihood};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::question_bank::ConfidenceBody;
use super::risk_model::{ClassValue, TreatmentValue};
use crate::answer::Answer;
use crate::auth::PublicCall;
use crate::problem::{Code, Fault, Problem};
use crate::read::body::whole;
use crate::read::{Check, Incoming};
use crate::route::tag;
use crate::wire::wire_enum;

/// The most assets of one call.
const MOST_ASSETS: usize = 1_000;

pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(evaluate_risks);
}

wire_enum! {
    /// What an importance follows from: the aspect that is rated highest, or what raises it to
    /// the top: `personal_information` (個人情報),
    /// `special_care_required_personal_information` (要配慮個人情報),
    /// `specific_personal_information` (特定個人情報), `threatens_survival` (事業の存続).
    pub(crate) enum ReasonValue as ImportanceReason = Reason {
        /// The rating of confidentiality.
        Confidentiality = "confidentiality",
        /// The rating of integrity.
        Integrity = "integrity",
        /// The rating of availability.
        Availability = "availability",
        /// Personal information raises it to the top.
        PersonalInformation = "personal_information",
        /// Special care-required personal information does.
        SpecialCareRequiredPersonalInformation = "special_care_required_personal_information",
        /// Specific personal information does.
        SpecificPersonalInformation = "specific_personal_information",
        /// A threat to the firm's survival does.
        ThreatensSurvival = "threatens_survival",
    }
}

/// Assets to evaluate without keeping them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EvaluationInput {
    /// The edition of the guideline: `2.1`, `3.0`, `3.1` or `4.0`. Ratings are 0 to 2 up to 3.0,
    /// and 1 to 3 from 3.1 on.
    #[schema(pattern = "^(2\\.1|3\\.0|3\\.1|4\\.0)$", example = "4.0")]
    edition: String,
    /// The assets.
    #[schema(min_items = 1, max_items = 1000)]
    assets: Vec<EvaluatedAssetInput>,
}

/// An asset to evaluate.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "the sheet's own four flags")]
pub(crate) struct EvaluatedAssetInput {
    /// Your own key for it; repeated in the answer.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 200, example = "A-001")]
    external_id: Option<String>,
    /// Confidentiality (機密性), on the edition's scale.
    #[serde(deserialize_with = "whole")]
    #[schema(minimum = 0, maximum = 3, example = 3)]
    confidentiality: i64,
    /// Integrity (完全性).
    #[serde(deserialize_with = "whole")]
    #[schema(minimum = 0, maximum = 3, example = 2)]
    integrity: i64,
    /// Availability (可用性).
    #[serde(deserialize_with = "whole")]
    #[schema(minimum = 0, maximum = 3, example = 1)]
    availability: i64,
    /// Personal information (個人情報).
    #[serde(default)]
    personal_information: bool,
    /// Special care-required personal information (要配慮個人情報).
    #[serde(default)]
    special_care_required_personal_information: bool,
    /// Specific personal information, which contains a My Number (特定個人情報).
    #[serde(default)]
    specific_personal_information: bool,
    /// An accident could threaten the firm's survival.
    #[serde(default)]
    threatens_survival: bool,
    /// How often the threat occurs (脅威の起こりやすさ), 1 to 3.
    #[serde(deserialize_with = "whole")]
    #[schema(minimum = 1, maximum = 3, example = 3)]
    threat: i64,
    /// How easily it is exploited (脆弱性のつけ込みやすさ), 1 to 3: 1 where every measure is in
    /// place.
    #[serde(deserialize_with = "whole")]
    #[schema(minimum = 1, maximum = 3, example = 2)]
    vulnerability: i64,
}

/// Risks, in the order of the assets that were sent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Evaluation {
    /// The edition.
    #[schema(example = "4.0")]
    edition: &'static str,
    /// How sure the thresholds of the classes are.
    classes_confidence: ConfidenceBody,
    /// A risk for each asset.
    items: Vec<EvaluatedRisk>,
}

/// The risk of an asset.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EvaluatedRisk {
    /// Your own key.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    external_id: Option<String>,
    /// Importance (重要度), on the edition's scale.
    #[schema(minimum = 0, maximum = 3, example = 3)]
    importance: u8,
    /// What it follows from.
    importance_reasons: Vec<ReasonValue>,
    /// Likelihood (被害発生可能性), 1 to 3.
    #[schema(minimum = 1, maximum = 3, example = 2)]
    likelihood: u8,
    /// Risk value (リスク値): importance × likelihood.
    #[schema(minimum = 0, maximum = 9, example = 6)]
    value: u8,
    class: ClassValue,
    /// Treatments to think of, the first choice first: a suggestion (confidence `inferred`).
    suggested_treatments: Vec<TreatmentValue>,
}

/// The reasons of an importance, as they are told.
pub(crate) fn reasons(importance: Importance) -> Vec<ReasonValue> {
    importance.reasons.into_iter().map(ReasonValue::from).collect()
}

/// The model of an edition that a body names, or its fault.
pub(crate) fn named_model(pointer: &str, edition: &str) -> Result<&'static Model, Problem> {
    let fault = || Fault::at(pointer, Code::NoSuchEdition).with("expected", editions());
    Model::of(edition).ok_or_else(|| Problem::fault(crate::problem::Kind::InvalidRequest, fault()))
}

fn editions() -> String {
    let editions: Vec<_> = Model::ALL.iter().map(|model| model.edition).collect();
    editions.join(", ")
}

impl EvaluationInput {
    /// The ratings, threat and vulnerability of each asset, with every value checked.
    fn checked(&self, model: &Model) -> Result<Vec<(Ratings, Step, Step)>, Problem> {
        let mut check = Check::default();
        if !check.items("/assets", self.assets.len(), 1..=MOST_ASSETS) {
            return check.finish(Vec::new());
        }
        let mut read = Vec::with_capacity(self.assets.len());
        for (index, asset) in self.assets.iter().enumerate() {
            let at = |field: &str| format!("/assets/{index}/{field}");
            check.optional_line(&at("external_id"), asset.external_id.as_deref(), 1..=200);
            let scale = i64::from(model.lowest)..=i64::from(model.top);
            let mut rating = |field: &str, value: i64, allowed: &RangeInclusive<i64>| {
                check.range(&at(field), Some(value), allowed.clone());
                u8::try_from(value).unwrap_or(model.lowest)
            };
            let ratings = Ratings {
                confidentiality: rating("confidentiality", asset.confidentiality, &scale),
                integrity: rating("integrity", asset.integrity, &scale),
                availability: rating("availability", asset.availability, &scale),
                personal_information: asset.personal_information,
                special_care_required_personal_information: asset
                    .special_care_required_personal_information,
                specific_personal_information: asset.specific_personal_information,
                threatens_survival: asset.threatens_survival,
            };
            let threat = Step::new(rating("threat", asset.threat, &(1..=3)));
            let vulnerability = Step::new(rating("vulnerability", asset.vulnerability, &(1..=3)));
            if let Some((threat, vulnerability)) = threat.zip(vulnerability) {
                read.push((ratings, threat, vulnerability));
            }
        }
        check.finish(read)
    }
}

/// Evaluate risks
///
/// Evaluates up to 1,000 assets without keeping anything: importance with its reasons,
/// likelihood, risk value, class and suggested treatments. Needs no token at the anonymous
/// rate; a token that is sent must be good.
#[utoipa::path(
    tag = tag::RISKS,
    request_body = EvaluationInput,
    responses((status = 200, description = "The risks", body = Evaluation)),
    security((), ("oauth2" = [])),
    extensions(("x-mamori" = json!({"body": true}))),
)]
#[post("/v1/risks/evaluate")]
async fn evaluate_risks(_call: PublicCall, body: Incoming) -> Answer {
    let input = body.json::<EvaluationInput>().await?.value;
    let model = named_model("/edition", &input.edition)?;
    let read = input.checked(model)?;
    let risk = |(asset, (ratings, threat, vulnerability)): (EvaluatedAssetInput, _)| {
        let importance = model.importance(&ratings);
        let risk = Risk::of(model, importance.value, likelihood(threat, vulnerability));
        EvaluatedRisk {
            external_id: asset.external_id,
            importance: risk.importance,
            importance_reasons: reasons(importance),
            likelihood: risk.likelihood.get(),
            value: risk.value,
            class: risk.class.into(),
            suggested_treatments: suggested(model, &risk).iter().map(|t| (*t).into()).collect(),
        }
    };
    let body = Evaluation {
        edition: model.edition,
        classes_confidence: model.classes_confidence.into(),
        items: input.assets.into_iter().zip(read).map(risk).collect(),
    };
    Ok(actix_web::HttpResponse::Ok().json(body))
}
