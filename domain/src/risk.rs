//! The risk of an information asset (詳細リスク分析): how important it is, how likely harm is,
//! and what follows.
//!
//! | step | rule | source |
//! |---|---|---|
//! | importance (重要度) | the highest of confidentiality, integrity and availability; personal data or a threat to the firm's survival raises it to the top | confirmed |
//! | likelihood (被害発生可能性) | max(1, threat + vulnerability − 3) | confirmed |
//! | value (リスク値) | importance × likelihood | confirmed |
//! | class (リスク大・中・小) | by the edition's thresholds, see [`Model`] | see there |
//! | vulnerability of a medium, worst of several threats | see [`exposure`] | mamori's own |
//!
//! Source: the guideline's risk analysis sheet, as told in the field's facts, section 4.

pub mod asset;
pub mod catalogue;
pub mod exposure;
pub mod ledger;
pub mod snapshot;
pub mod treatment;

use serde::{Deserialize, Serialize};

use crate::question_bank::Confidence;

/// A medium or storage location (媒体・保存先), in the sheet's order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Medium {
    /// Paper (書類).
    Paper,
    /// Removable media (可搬電子媒体).
    RemovableMedia,
    /// Office PC (事務所PC).
    OfficePc,
    /// Mobile device (モバイル機器).
    MobileDevice,
    /// In-house server (社内サーバー).
    InternalServer,
    /// External server, cloud included (社外サーバー).
    ExternalServer,
}

impl Medium {
    /// Every medium.
    pub const ALL: [Self; 6] = [
        Self::Paper,
        Self::RemovableMedia,
        Self::OfficePc,
        Self::MobileDevice,
        Self::InternalServer,
        Self::ExternalServer,
    ];

    /// Its code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Paper => "paper",
            Self::RemovableMedia => "removable_media",
            Self::OfficePc => "office_pc",
            Self::MobileDevice => "mobile_device",
            Self::InternalServer => "internal_server",
            Self::ExternalServer => "external_server",
        }
    }

    /// The medium of this code.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|medium| medium.code() == code)
    }
}

/// A value of 1 to 3: how often a threat occurs, how easily a weakness is exploited, how
/// likely harm is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Step(u8);

impl Step {
    /// The lowest.
    pub const LOW: Self = Self(1);
    /// The middle one.
    pub const MIDDLE: Self = Self(2);
    /// The highest.
    pub const HIGH: Self = Self(3);
    /// All, the lowest first.
    pub const ALL: [Self; 3] = [Self::LOW, Self::MIDDLE, Self::HIGH];

    /// The step of this value, if it is 1 to 3.
    #[must_use]
    pub const fn new(value: u8) -> Option<Self> {
        if matches!(value, 1..=3) { Some(Self(value)) } else { None }
    }

    /// Its value, 1 to 3.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}

/// What an edition (版) rates with: its scale and its thresholds.
///
/// | edition | C, I, A and importance | high (大) | medium (中) | low (小) |
/// |---|---|---|---|---|
/// | 2.1 | 0–2 | 4–6 | 1–3 | 0 |
/// | 3.0 | 0–2 | 4–6 (inferred) | 1–3 (inferred) | 0 (inferred) |
/// | 3.1 | 1–3 | 6–9 | 4 | 1–3 |
/// | 4.0 | 1–3 | 6–9 (reported) | 4 (reported) | 1–3 (reported) |
#[derive(Debug, PartialEq, Eq)]
pub struct Model {
    /// The edition, as it is written.
    pub edition: &'static str,
    /// The lowest rating and importance.
    pub lowest: u8,
    /// The highest rating and importance.
    pub top: u8,
    /// The lowest value of a high risk.
    high_from: u8,
    /// The lowest value of a medium risk.
    medium_from: u8,
    /// How sure the scale is.
    pub scale_confidence: Confidence,
    /// How sure the thresholds are.
    pub classes_confidence: Confidence,
}

const MODELS: [Model; 4] = [
    Model {
        edition: "2.1",
        lowest: 0,
        top: 2,
        high_from: 4,
        medium_from: 1,
        scale_confidence: Confidence::Confirmed,
        classes_confidence: Confidence::Confirmed,
    },
    Model {
        edition: "3.0",
        lowest: 0,
        top: 2,
        high_from: 4,
        medium_from: 1,
        scale_confidence: Confidence::Confirmed,
        classes_confidence: Confidence::Inferred,
    },
    Model {
        edition: "3.1",
        lowest: 1,
        top: 3,
        high_from: 6,
        medium_from: 4,
        scale_confidence: Confidence::Confirmed,
        classes_confidence: Confidence::Confirmed,
    },
    Model {
        edition: "4.0",
        lowest: 1,
        top: 3,
        high_from: 6,
        medium_from: 4,
        scale_confidence: Confidence::Reported,
        classes_confidence: Confidence::Reported,
    },
];

impl Model {
    /// Every model, the oldest edition first.
    pub const ALL: &'static [Self] = &MODELS;

    /// The model of an edition.
    #[must_use]
    pub fn of(edition: &str) -> Option<&'static Self> {
        Self::ALL.iter().find(|model| model.edition == edition)
    }

    /// Whether the same value means the same in another edition.
    #[must_use]
    pub fn rates_as(&self, other: &Self) -> bool {
        let scale = |model: &Self| (model.lowest, model.top, model.high_from, model.medium_from);
        scale(self) == scale(other)
    }

    /// Whether a rating is on the edition's scale.
    #[must_use]
    pub fn rates(&self, value: u8) -> bool {
        (self.lowest..=self.top).contains(&value)
    }

    /// The importance of an asset, and why it is that.
    ///
    /// The reasons are what raises it to the top, where anything does; else the aspects that
    /// are rated highest.
    #[must_use]
    pub fn importance(&self, asset: &Ratings) -> Importance {
        let raised: Vec<_> = [
            (asset.personal_information, Reason::PersonalInformation),
            (
                asset.special_care_required_personal_information,
                Reason::SpecialCareRequiredPersonalInformation,
            ),
            (asset.specific_personal_information, Reason::SpecificPersonalInformation),
            (asset.threatens_survival, Reason::ThreatensSurvival),
        ]
        .into_iter()
        .filter_map(|(holds, reason)| holds.then_some(reason))
        .collect();
        if !raised.is_empty() {
            return Importance { value: self.top, reasons: raised };
        }
        let rated = [
            (asset.confidentiality, Reason::Confidentiality),
            (asset.integrity, Reason::Integrity),
            (asset.availability, Reason::Availability),
        ];
        let highest = rated.iter().map(|(value, _)| *value).max().unwrap_or(self.lowest);
        let reasons = rated.into_iter().filter(|(value, _)| *value == highest);
        let reasons = reasons.map(|(_, reason)| reason).collect();
        Importance { value: highest.clamp(self.lowest, self.top), reasons }
    }

    /// The class of a risk value.
    #[must_use]
    pub const fn class(&self, value: u8) -> Class {
        if value >= self.high_from {
            Class::High
        } else if value >= self.medium_from {
            Class::Medium
        } else {
            Class::Low
        }
    }

    /// How far a rating or an importance moves from another edition's scale to this one: the
    /// lowest stays the lowest, so 0–2 becomes 1–3 by 1, and back by −1.
    #[must_use]
    pub fn step_from(&self, from: &Self) -> i8 {
        self.lowest.cast_signed() - from.lowest.cast_signed()
    }

    /// A rating or an importance of another edition's scale on this one.
    #[must_use]
    pub fn converted(&self, from: &Self, value: u8) -> u8 {
        value.saturating_add_signed(self.step_from(from)).clamp(self.lowest, self.top)
    }
}

/// The likelihood that harm occurs.
///
/// | threat \ vulnerability | 3 | 2 | 1 |
/// |---|---|---|---|
/// | **3** | 3 | 2 | 1 |
/// | **2** | 2 | 1 | 1 |
/// | **1** | 1 | 1 | 1 |
#[must_use]
pub fn likelihood(threat: Step, vulnerability: Step) -> Step {
    Step((threat.0 + vulnerability.0).saturating_sub(3).max(1))
}

/// The risk value: importance × likelihood.
#[must_use]
pub const fn value(importance: u8, likelihood: Step) -> u8 {
    importance.saturating_mul(likelihood.0)
}

/// What the register says of an asset that its importance follows from. Ratings are on the
/// edition's scale; mamori refuses others before they come here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "the sheet's own four flags")]
pub struct Ratings {
    /// Confidentiality (機密性).
    pub confidentiality: u8,
    /// Integrity (完全性).
    pub integrity: u8,
    /// Availability (可用性).
    pub availability: u8,
    /// Personal information (個人情報).
    pub personal_information: bool,
    /// Special care-required personal information (要配慮個人情報).
    pub special_care_required_personal_information: bool,
    /// Specific personal information, which contains a My Number (特定個人情報).
    pub specific_personal_information: bool,
    /// An accident could threaten the firm's survival.
    pub threatens_survival: bool,
}

/// How important an asset is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Importance {
    /// The value, on the edition's scale.
    pub value: u8,
    /// What it follows from; never empty.
    pub reasons: Vec<Reason>,
}

/// What an importance follows from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The rating of confidentiality.
    Confidentiality,
    /// The rating of integrity.
    Integrity,
    /// The rating of availability.
    Availability,
    /// Personal information raises it to the top.
    PersonalInformation,
    /// Special care-required personal information does.
    SpecialCareRequiredPersonalInformation,
    /// Specific personal information does.
    SpecificPersonalInformation,
    /// A threat to the firm's survival does.
    ThreatensSurvival,
}

/// The class of a risk (リスク大・中・小), the lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// リスク小.
    Low,
    /// リスク中.
    Medium,
    /// リスク大.
    High,
}

/// A risk in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Risk {
    /// How important the asset is, on the edition's scale.
    pub importance: u8,
    /// How likely harm is.
    pub likelihood: Step,
    /// Importance × likelihood.
    pub value: u8,
    /// The class of that value.
    pub class: Class,
}

impl Risk {
    /// The risk of an importance at a likelihood.
    #[must_use]
    pub const fn of(model: &Model, importance: u8, likelihood: Step) -> Self {
        let value = value(importance, likelihood);
        Self { importance, likelihood, value, class: model.class(value) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn step(value: u8) -> Step {
        Step::new(value).unwrap()
    }

    fn rated(confidentiality: u8, integrity: u8, availability: u8) -> Ratings {
        Ratings { confidentiality, integrity, availability, ..Ratings::default() }
    }

    #[test]
    fn every_cell_of_the_table_of_likelihood() {
        for (threat, row) in [(3, [3, 2, 1]), (2, [2, 1, 1]), (1, [1, 1, 1])] {
            for (vulnerability, expected) in [3, 2, 1].into_iter().zip(row) {
                let found = likelihood(step(threat), step(vulnerability));
                assert_eq!(found.get(), expected, "{threat} × {vulnerability}");
            }
        }
    }

    #[test]
    fn every_value_has_the_class_of_its_edition() {
        use Class::{High, Low, Medium};
        let old = [(0, Low), (1, Medium), (2, Medium), (3, Medium), (4, High), (6, High)];
        let new = [(1, Low), (2, Low), (3, Low), (4, Medium), (6, High), (9, High)];
        for (edition, classes) in [("2.1", old), ("3.0", old), ("3.1", new), ("4.0", new)] {
            let model = Model::of(edition).unwrap();
            let mut reached = std::collections::BTreeSet::new();
            for importance in model.lowest..=model.top {
                for likelihood in Step::ALL {
                    reached.insert(value(importance, likelihood));
                }
            }
            assert!(reached.into_iter().eq(classes.map(|(value, _)| value)), "{edition}");
            for (value, class) in classes {
                assert_eq!(model.class(value), class, "{edition}: {value}");
            }
        }
        assert!(Model::of("2.x").is_none());
    }

    #[test]
    fn the_test_vectors_of_the_facts() {
        let importance = |edition: &str, ratings: Ratings| {
            Model::of(edition).unwrap().importance(&ratings).value
        };
        assert_eq!(importance("3.1", rated(3, 2, 1)), 3);
        assert_eq!(importance("3.1", rated(1, 3, 3)), 3);
        for (threat, vulnerability, expected) in [(2, 2, 1), (3, 2, 2), (3, 3, 3)] {
            assert_eq!(likelihood(step(threat), step(vulnerability)).get(), expected);
        }
        let four = Model::of("4.0").unwrap();
        let risk = Risk::of(four, 3, Step::HIGH);
        assert_eq!((risk.value, risk.class), (9, Class::High));

        for (edition, ratings, with_personal, threat, vulnerability, expected) in [
            ("3.1", rated(1, 1, 1), true, 1, 3, (3, 1, 3, Class::Low)),
            ("2.1", rated(2, 0, 0), true, 3, 2, (2, 2, 4, Class::High)),
            ("2.1", rated(2, 2, 2), true, 2, 2, (2, 1, 2, Class::Medium)),
            ("2.1", rated(1, 1, 1), false, 2, 2, (1, 1, 1, Class::Medium)),
            ("2.1", rated(2, 2, 2), true, 3, 2, (2, 2, 4, Class::High)),
        ] {
            let model = Model::of(edition).unwrap();
            let ratings = Ratings { personal_information: with_personal, ..ratings };
            let importance = model.importance(&ratings).value;
            let likelihood = likelihood(step(threat), step(vulnerability));
            let risk = Risk::of(model, importance, likelihood);
            assert_eq!((importance, likelihood.get(), risk.value, risk.class), expected);
        }
    }

    #[test]
    fn an_importance_says_what_it_follows_from() {
        let model = Model::of("3.1").unwrap();
        let reasons = |ratings: Ratings| model.importance(&ratings).reasons;
        assert_eq!(reasons(rated(2, 1, 2)), [Reason::Confidentiality, Reason::Availability]);
        let every = Ratings {
            personal_information: true,
            special_care_required_personal_information: true,
            specific_personal_information: true,
            threatens_survival: true,
            ..rated(3, 3, 3)
        };
        assert_eq!(
            reasons(every),
            [
                Reason::PersonalInformation,
                Reason::SpecialCareRequiredPersonalInformation,
                Reason::SpecificPersonalInformation,
                Reason::ThreatensSurvival,
            ]
        );
    }

    #[test]
    fn a_conversion_keeps_the_place_on_the_scale_but_not_the_class() {
        let (old, new) = (Model::of("3.0").unwrap(), Model::of("3.1").unwrap());
        for value in 0..=2 {
            assert_eq!(new.converted(old, value), value + 1);
            assert_eq!(old.converted(new, new.converted(old, value)), value);
        }
        // The facts: (importance, likelihood) by the old scale.
        for (importance, likelihood, before, after) in [
            (1, 1, Class::Medium, Class::Low),
            (1, 3, Class::Medium, Class::High),
            (2, 1, Class::Medium, Class::Low),
            (2, 3, Class::High, Class::High),
        ] {
            let likelihood = step(likelihood);
            assert_eq!(Risk::of(old, importance, likelihood).class, before);
            let moved = new.converted(old, importance);
            assert_eq!(Risk::of(new, moved, likelihood).class, after);
        }
    }

    fn model() -> impl Strategy<Value = &'static Model> {
        (0..Model::ALL.len()).prop_map(|index| &Model::ALL[index])
    }

    fn ratings() -> impl Strategy<Value = (&'static Model, Ratings)> {
        model().prop_flat_map(|model| {
            let rating = model.lowest..=model.top;
            ((rating.clone(), rating.clone(), rating), any::<[bool; 4]>()).prop_map(
                move |((confidentiality, integrity, availability), flags)| {
                    let ratings = Ratings {
                        confidentiality,
                        integrity,
                        availability,
                        personal_information: flags[0],
                        special_care_required_personal_information: flags[1],
                        specific_personal_information: flags[2],
                        threatens_survival: flags[3],
                    };
                    (model, ratings)
                },
            )
        })
    }

    proptest! {
        #[test]
        fn a_worse_input_never_lowers_a_risk(
            (model, base) in ratings(),
            worse in 0..7_usize,
            threat in 1..=3_u8,
            vulnerability in 1..=3_u8,
        ) {
            let up = |value: u8| (value + 1).min(model.top);
            let changed = match worse {
                0 => Ratings { confidentiality: up(base.confidentiality), ..base },
                1 => Ratings { integrity: up(base.integrity), ..base },
                2 => Ratings { availability: up(base.availability), ..base },
                3 => Ratings { personal_information: true, ..base },
                4 => Ratings { special_care_required_personal_information: true, ..base },
                5 => Ratings { specific_personal_information: true, ..base },
                _ => Ratings { threatens_survival: true, ..base },
            };
            let risk = |ratings: &Ratings, threat: u8, vulnerability: u8| {
                let importance = model.importance(ratings).value;
                Risk::of(model, importance, likelihood(step(threat), step(vulnerability)))
            };
            let before = risk(&base, threat, vulnerability);
            for after in [
                risk(&changed, threat, vulnerability),
                risk(&base, (threat + 1).min(3), vulnerability),
                risk(&base, threat, (vulnerability + 1).min(3)),
            ] {
                prop_assert!(after.value >= before.value && after.class >= before.class);
            }
        }

        #[test]
        fn an_importance_is_on_the_scale_and_has_a_reason((model, ratings) in ratings()) {
            let importance = model.importance(&ratings);
            prop_assert!(model.rates(importance.value));
            prop_assert!(!importance.reasons.is_empty());
        }

        #[test]
        fn a_conversion_to_and_fro_changes_nothing((from, ratings) in ratings(), to in model()) {
            let there = to.converted(from, ratings.confidentiality);
            prop_assert!(to.rates(there));
            prop_assert_eq!(from.converted(to, there), ratings.confidentiality);
        }
    }
}
