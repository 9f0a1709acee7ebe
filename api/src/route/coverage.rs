//! What the control status check (対策状況チェック) says: the vulnerability of each medium, and
//! which chapters of the regulations to adopt first (診断結果).

use mamori_domain::question_bank::{Measure, QuestionBank};
use mamori_domain::risk::Medium;
use mamori_domain::risk::exposure::{self, Basis, Choices, Vulnerability};
use mamori_domain::text::Language;
use serde::Serialize;
use utoipa::ToSchema;

use super::question_bank::ConfidenceBody;
use super::risk_model::MediumValue;
use crate::wire::wire_enum;

wire_enum! {
    /// What a vulnerability rests on: `answers` to the control check, `never_answered` (then 3, and
    /// provisional), or `not_applicable` (no control applies, so there is no vulnerability).
    pub(crate) enum BasisValue as VulnerabilityBasis = Basis {
        /// Answers to the controls.
        Answers = "answers",
        /// Nothing: the controls were never answered.
        NeverAnswered = "never_answered",
        /// None of the controls applies.
        NotApplicable = "not_applicable",
    }
}

/// How well a medium is protected (脆弱性): a rule of mamori's own.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MediumVulnerability)]
pub(crate) struct VulnerabilityBody {
    medium: MediumValue,
    /// How easily weaknesses are exploited, 1 (every measure in place) to 3 (none); null where no
    /// control applies.
    #[schema(required, minimum = 1, maximum = 3)]
    vulnerability: Option<u8>,
    basis: BasisValue,
    /// The questions that bear on the medium and are implemented, by number.
    implemented: Vec<u16>,
    /// Those that are partly implemented.
    partly_implemented: Vec<u16>,
    /// Those that are not implemented, not known or not answered.
    open: Vec<u16>,
    confidence: ConfidenceBody,
}

impl VulnerabilityBody {
    pub(crate) fn of(medium: Medium, vulnerability: Vulnerability) -> Self {
        Self {
            medium: medium.into(),
            vulnerability: vulnerability.value.map(mamori_domain::risk::Step::get),
            basis: vulnerability.basis.into(),
            implemented: vulnerability.implemented,
            partly_implemented: vulnerability.partly_implemented,
            open: vulnerability.open,
            confidence: ConfidenceBody::Derived,
        }
    }
}

/// How a category of the controls fares. That the categories are the chapters of the sample
/// regulations (情報セキュリティ関連規程) is inferred.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CategoryCoverage<'a> {
    /// The category's code.
    #[schema(example = "it_equipment")]
    code: &'a str,
    /// Its heading.
    title: &'a str,
    /// How much of what applies is in place, in per cent; a half counts for what is partly in
    /// place. Null where nothing applies.
    #[schema(required, minimum = 0, maximum = 100)]
    percent: Option<u8>,
    /// How many questions are implemented.
    implemented: usize,
    /// How many are partly implemented.
    partly_implemented: usize,
    /// How many are not implemented, not known or not answered.
    open: usize,
    /// How many do not apply.
    not_applicable: usize,
    confidence: ConfidenceBody,
}

/// How far the controls are in place.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ControlsCoverage)]
pub(crate) struct CoverageBody<'a> {
    /// The vulnerability of each medium, in the sheet's order.
    media: Vec<VulnerabilityBody>,
    /// The categories, the one whose chapter to adopt first at the head.
    pub(crate) categories: Vec<CategoryCoverage<'a>>,
}

impl<'a> CoverageBody<'a> {
    /// The coverage of a sheet; none where its bank does not measure it.
    pub(crate) fn of(
        bank: &'a QuestionBank,
        choices: &Choices,
        language: Language,
    ) -> Option<Self> {
        if bank.measure != Measure::Coverage {
            return None;
        }
        let media = Medium::ALL.into_iter();
        let category = |coverage: exposure::Coverage| {
            let part = bank.parts.get(coverage.part)?;
            Some(CategoryCoverage {
                code: &part.code,
                title: part.title.get(language),
                percent: coverage.percent(),
                implemented: coverage.implemented,
                partly_implemented: coverage.partly_implemented,
                open: coverage.open,
                not_applicable: coverage.not_applicable,
                confidence: ConfidenceBody::Inferred,
            })
        };
        Some(Self {
            media: media
                .map(|medium| {
                    VulnerabilityBody::of(medium, exposure::vulnerability(bank, choices, medium))
                })
                .collect(),
            categories: exposure::coverage(bank, choices)
                .into_iter()
                .filter_map(category)
                .collect(),
        })
    }
}
