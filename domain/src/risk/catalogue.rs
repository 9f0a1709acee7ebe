//! The catalogue behind a register: media, threats, criteria, treatments and starter assets, as
//! data in `content/risk.toml`.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::treatment::Treatment;
use super::{Class, Medium, Model, Ratings, Step};
use crate::question_bank::{Confidence, Flaw};
use crate::text::Text;

/// What the catalogue says, the same in every edition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalogue {
    /// Goes up with every change of wording.
    pub text_revision: u32,
    /// Whose words these are, and whose they are not.
    pub notice: Text,
    /// Whether the list of threats was checked against the sheet.
    pub threats_verified: bool,
    /// The media, in the sheet's order.
    pub media: Vec<MediumText>,
    /// The threats, in the order in which they decide on a tie.
    pub threats: Vec<Threat>,
    /// The criteria by which an asset is rated.
    pub criteria: Vec<Criterion>,
    /// What each step of each scale means.
    pub scales: Vec<ScaleText>,
    /// What each class means.
    pub classes: Vec<ClassText>,
    /// The ways to treat a risk.
    pub treatments: Vec<TreatmentText>,
    /// Assets that most firms have, to accept or discard.
    pub starter_assets: Vec<StarterAsset>,
    /// What the guideline leaves open, and how mamori settles it.
    pub own_rules: Vec<OwnRule>,
}

/// A rule that the guideline leaves open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnRule {
    /// What it settles.
    pub code: String,
    /// The rule.
    pub text: Text,
    /// How far it is the guideline's.
    pub confidence: Confidence,
}

/// A medium in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediumText {
    /// The medium.
    pub medium: Medium,
    /// Its name on the sheet.
    pub label: Text,
    /// What counts as it.
    pub description: Text,
    /// How sure it is that the sheet has it.
    pub confidence: Confidence,
    /// What else people write for it; proposed at an import, never applied unasked.
    pub synonyms: Vec<String>,
}

/// A threat to the assets on one medium.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Threat {
    /// Its code, unique within the medium.
    pub code: String,
    /// The medium.
    pub medium: Medium,
    /// Its name.
    pub text: Text,
    /// What happens.
    pub explanation: Text,
    /// How often it is taken to occur while the firm says nothing.
    pub frequency: Step,
    /// Why that is the default.
    pub reason: Text,
}

/// An aspect by which an asset is rated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Aspect {
    /// Confidentiality (機密性).
    Confidentiality,
    /// Integrity (完全性).
    Integrity,
    /// Availability (可用性).
    Availability,
}

/// A place on a scale whose numbers depend on the edition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The lowest.
    Lowest,
    /// The middle one.
    Middle,
    /// The highest.
    Top,
}

impl Level {
    /// The number of this place in an edition.
    #[must_use]
    pub const fn on(self, model: &Model) -> u8 {
        match self {
            Self::Lowest => model.lowest,
            Self::Middle => model.lowest + 1,
            Self::Top => model.top,
        }
    }
}

/// When an aspect is rated so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Criterion {
    /// The aspect.
    pub aspect: Aspect,
    /// The place on the scale.
    pub level: Level,
    /// The criterion.
    pub text: Text,
    /// Examples.
    pub examples: Vec<Text>,
}

/// Which scale a text is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scale {
    /// How often a threat occurs.
    Threat(Step),
    /// How easily a weakness is exploited.
    Vulnerability(Step),
    /// How likely harm is.
    Likelihood(Step),
    /// How important an asset is.
    Importance(Level),
}

/// What a step of a scale means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScaleText {
    /// The scale and its step.
    pub scale: Scale,
    /// What it means.
    pub label: Text,
}

/// A class in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClassText {
    /// The class.
    pub class: Class,
    /// Its name on the sheet.
    pub label: Text,
    /// What it means.
    pub meaning: Text,
    /// What it means up to edition 3.0, whose classes say what to do.
    pub meaning_to_3_0: Text,
}

impl ClassText {
    /// What the class means in an edition.
    #[must_use]
    pub fn meaning(&self, model: &Model) -> &Text {
        if model.lowest == 0 { &self.meaning_to_3_0 } else { &self.meaning }
    }
}

/// A way to treat a risk, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreatmentText {
    /// The treatment.
    pub treatment: Treatment,
    /// Its name.
    pub label: Text,
    /// What it means.
    pub meaning: Text,
    /// Examples.
    pub examples: Vec<Text>,
}

/// An asset that most firms have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StarterAsset {
    /// Its code.
    pub code: String,
    /// The business that it belongs to.
    pub business_category: Text,
    /// Its name.
    pub name: Text,
    /// A remark.
    pub note: Text,
    /// The medium.
    pub medium: Medium,
    /// Confidentiality, integrity and availability.
    pub levels: [Level; 3],
    /// Personal information.
    pub personal_information: bool,
    /// Special care-required personal information.
    pub special_care_required_personal_information: bool,
    /// Specific personal information.
    pub specific_personal_information: bool,
    /// A threat to the firm's survival.
    pub threatens_survival: bool,
    /// How long it is kept.
    pub retention: Text,
}

impl StarterAsset {
    /// Its ratings on the scale of an edition.
    #[must_use]
    pub const fn ratings(&self, model: &Model) -> Ratings {
        let [confidentiality, integrity, availability] = self.levels;
        Ratings {
            confidentiality: confidentiality.on(model),
            integrity: integrity.on(model),
            availability: availability.on(model),
            personal_information: self.personal_information,
            special_care_required_personal_information: self
                .special_care_required_personal_information,
            specific_personal_information: self.specific_personal_information,
            threatens_survival: self.threatens_survival,
        }
    }
}

impl Catalogue {
    /// The catalogue that ships with mamori.
    ///
    /// # Errors
    ///
    /// Every flaw of the file.
    pub fn embedded() -> Result<Self, Vec<Flaw>> {
        read(include_str!("../../content/risk.toml"))
    }

    /// The threat of this code on a medium.
    #[must_use]
    pub fn threat(&self, medium: Medium, code: &str) -> Option<&Threat> {
        self.threats.iter().find(|threat| threat.medium == medium && threat.code == code)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    text_revision: u32,
    notice: Text,
    threats_verified: bool,
    media: Vec<RawMedium>,
    threats: Vec<RawThreat>,
    criteria: Vec<RawCriterion>,
    scales: Vec<RawScale>,
    classes: Vec<RawClass>,
    treatments: Vec<RawTreatment>,
    starter_assets: Vec<RawStarterAsset>,
    own_rules: Vec<RawOwnRule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOwnRule {
    code: String,
    text: Text,
    confidence: Confidence,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMedium {
    code: String,
    label: Text,
    description: Text,
    confidence: Confidence,
    synonyms: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawThreat {
    code: String,
    medium: String,
    text: Text,
    explanation: Text,
    frequency: u8,
    reason: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCriterion {
    aspect: RawAspect,
    level: RawLevel,
    text: Text,
    examples: Vec<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawScale {
    kind: RawKind,
    value: Option<u8>,
    level: Option<RawLevel>,
    label: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawClass {
    code: RawClassCode,
    label: Text,
    meaning: Text,
    meaning_to_3_0: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTreatment {
    code: RawTreatmentCode,
    label: Text,
    meaning: Text,
    examples: Vec<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "the sheet's own four flags")]
struct RawStarterAsset {
    code: String,
    business_category: Text,
    name: Text,
    note: Text,
    medium: String,
    confidentiality: RawLevel,
    integrity: RawLevel,
    availability: RawLevel,
    personal_information: bool,
    special_care_required_personal_information: bool,
    specific_personal_information: bool,
    threatens_survival: bool,
    retention: Text,
}

/// An enum of the file, and what it is here.
macro_rules! raw_enum {
    ($raw:ident => $type:ident { $($variant:ident),+ }) => {
        #[derive(Clone, Copy, Deserialize)]
        #[serde(rename_all = "snake_case")]
        enum $raw { $($variant),+ }

        impl From<$raw> for $type {
            fn from(raw: $raw) -> Self {
                match raw { $($raw::$variant => Self::$variant),+ }
            }
        }
    };
}
raw_enum!(RawAspect => Aspect { Confidentiality, Integrity, Availability });
raw_enum!(RawLevel => Level { Lowest, Middle, Top });
raw_enum!(RawClassCode => Class { Low, Medium, High });
raw_enum!(RawTreatmentCode => Treatment { Reduce, Retain, Avoid, Transfer });

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum RawKind {
    Threat,
    Vulnerability,
    Likelihood,
    Importance,
}

/// Reads a catalogue from TOML.
///
/// # Errors
///
/// Every [`Flaw`] of the file, or the first where it can't be read at all.
pub fn read(text: &str) -> Result<Catalogue, Vec<Flaw>> {
    let raw: Raw = crate::content::from_toml(text)?;
    let mut flaws = Vec::new();
    let catalogue = Catalogue {
        text_revision: raw.text_revision,
        notice: raw.notice,
        threats_verified: raw.threats_verified,
        media: media(raw.media, &mut flaws),
        threats: threats(raw.threats, &mut flaws),
        criteria: criteria(raw.criteria, &mut flaws),
        scales: scales(raw.scales, &mut flaws),
        classes: raw
            .classes
            .into_iter()
            .map(|RawClass { code, label, meaning, meaning_to_3_0 }| ClassText {
                class: code.into(),
                label,
                meaning,
                meaning_to_3_0,
            })
            .collect(),
        treatments: raw
            .treatments
            .into_iter()
            .map(|RawTreatment { code, label, meaning, examples }| TreatmentText {
                treatment: code.into(),
                label,
                meaning,
                examples,
            })
            .collect(),
        starter_assets: starter_assets(raw.starter_assets, &mut flaws),
        own_rules: raw
            .own_rules
            .into_iter()
            .map(|RawOwnRule { code, text, confidence }| OwnRule { code, text, confidence })
            .collect(),
    };
    let classes: Vec<_> = catalogue.classes.iter().map(|text| text.class).collect();
    let treatments: Vec<_> = catalogue.treatments.iter().map(|text| text.treatment).collect();
    let all = [Treatment::Reduce, Treatment::Retain, Treatment::Avoid, Treatment::Transfer];
    for (place, whole) in [
        ("classes", classes == [Class::High, Class::Medium, Class::Low]),
        ("treatments", treatments == all),
    ] {
        if !whole {
            flaws.push(Flaw {
                place: place.to_owned(),
                what: "are not all there, in order".to_owned(),
            });
        }
    }
    if flaws.is_empty() { Ok(catalogue) } else { Err(flaws) }
}

fn medium(code: &str, place: &str, flaws: &mut Vec<Flaw>) -> Medium {
    Medium::parse(code).unwrap_or_else(|| {
        flaws.push(Flaw { place: place.to_owned(), what: "names no medium".to_owned() });
        Medium::Paper
    })
}

fn media(raw: Vec<RawMedium>, flaws: &mut Vec<Flaw>) -> Vec<MediumText> {
    let mut flaw = |place: String, what: &str| flaws.push(Flaw { place, what: what.to_owned() });
    if !raw.iter().map(|medium| medium.code.as_str()).eq(Medium::ALL.map(Medium::code)) {
        flaw("media".to_owned(), "are not the six, in order");
    }
    let mut synonyms = BTreeSet::new();
    for medium in &raw {
        for synonym in &medium.synonyms {
            if !synonyms.insert(synonym.clone()) {
                flaw(format!("media.{}.synonyms", medium.code), "has a word that another has");
            }
        }
    }
    Medium::ALL
        .into_iter()
        .zip(raw)
        .map(|(medium, RawMedium { label, description, confidence, synonyms, .. })| MediumText {
            medium,
            label,
            description,
            confidence,
            synonyms,
        })
        .collect()
}

fn threats(raw: Vec<RawThreat>, flaws: &mut Vec<Flaw>) -> Vec<Threat> {
    let mut seen = BTreeSet::new();
    let threats: Vec<_> = raw
        .into_iter()
        .map(|RawThreat { code, medium: of, text, explanation, frequency, reason }| {
            let place = format!("threats.{of}.{code}");
            let medium = medium(&of, &place, flaws);
            let mut flaw = |what: &str| {
                flaws.push(Flaw { place: place.clone(), what: what.to_owned() });
            };
            if !seen.insert((medium, code.clone())) {
                flaw("is there twice");
            }
            let frequency = Step::new(frequency).unwrap_or_else(|| {
                flaw("has a frequency that is not 1 to 3");
                Step::LOW
            });
            Threat { code, medium, text, explanation, frequency, reason }
        })
        .collect();
    for medium in Medium::ALL {
        if !threats.iter().any(|threat| threat.medium == medium) {
            let place = format!("threats.{}", medium.code());
            flaws.push(Flaw { place, what: "are missing".to_owned() });
        }
    }
    threats
}

fn criteria(raw: Vec<RawCriterion>, flaws: &mut Vec<Flaw>) -> Vec<Criterion> {
    let criteria: Vec<_> = raw
        .into_iter()
        .map(|RawCriterion { aspect, level, text, examples }| Criterion {
            aspect: aspect.into(),
            level: level.into(),
            text,
            examples,
        })
        .collect();
    let distinct: BTreeSet<_> = criteria.iter().map(|one| (one.aspect, one.level)).collect();
    if distinct.len() != 9 || criteria.len() != 9 {
        let what = "are not one for each aspect and level".to_owned();
        flaws.push(Flaw { place: "criteria".to_owned(), what });
    }
    criteria
}

fn scales(raw: Vec<RawScale>, flaws: &mut Vec<Flaw>) -> Vec<ScaleText> {
    let mut scales = Vec::with_capacity(raw.len());
    for RawScale { kind, value, level, label } in raw {
        let step = value.and_then(Step::new);
        let scale = match (kind, step, level) {
            (RawKind::Threat, Some(step), None) => Scale::Threat(step),
            (RawKind::Vulnerability, Some(step), None) => Scale::Vulnerability(step),
            (RawKind::Likelihood, Some(step), None) => Scale::Likelihood(step),
            (RawKind::Importance, None, Some(level)) if value.is_none() => {
                Scale::Importance(level.into())
            }
            _ => {
                let what = "name neither a value of 1 to 3 nor a level".to_owned();
                flaws.push(Flaw { place: "scales".to_owned(), what });
                continue;
            }
        };
        scales.push(ScaleText { scale, label });
    }
    let distinct: BTreeSet<_> = scales.iter().map(|text| text.scale).collect();
    if distinct.len() != 12 || scales.len() != 12 {
        let what = "are not three for each of the four".to_owned();
        flaws.push(Flaw { place: "scales".to_owned(), what });
    }
    scales
}

fn starter_assets(raw: Vec<RawStarterAsset>, flaws: &mut Vec<Flaw>) -> Vec<StarterAsset> {
    let mut seen = BTreeSet::new();
    raw.into_iter()
        .map(|raw| {
            let place = format!("starter_assets.{}", raw.code);
            if !seen.insert(raw.code.clone()) {
                flaws.push(Flaw { place: place.clone(), what: "is there twice".to_owned() });
            }
            StarterAsset {
                medium: medium(&raw.medium, &place, flaws),
                code: raw.code,
                business_category: raw.business_category,
                name: raw.name,
                note: raw.note,
                levels: [raw.confidentiality, raw.integrity, raw.availability].map(Level::from),
                personal_information: raw.personal_information,
                special_care_required_personal_information: raw
                    .special_care_required_personal_information,
                specific_personal_information: raw.specific_personal_information,
                threatens_survival: raw.threatens_survival,
                retention: raw.retention,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = include_str!("../../content/risk.toml");

    #[test]
    fn the_catalogue_that_ships_is_whole() {
        let catalogue = Catalogue::embedded().unwrap();
        assert!(!catalogue.threats_verified);
        let mobile = &catalogue.media[3];
        assert_eq!((mobile.medium, mobile.confidence), (Medium::MobileDevice, Confidence::Derived));
        assert!((8..=12).contains(&catalogue.starter_assets.len()));
        for word in ["認定", "合格", "判定", "ランク", "certified", "certification"] {
            assert!(!TEXT.contains(word), "{word}");
        }
    }

    #[test]
    fn a_starter_asset_is_rated_on_the_scale_of_each_edition() {
        let catalogue = Catalogue::embedded().unwrap();
        for model in Model::ALL {
            for asset in &catalogue.starter_assets {
                assert!(model.rates(model.importance(&asset.ratings(model)).value));
            }
        }
    }

    #[test]
    fn a_malformed_catalogue_is_refused_and_says_where() {
        for (from, to, flaw) in [
            ("medium = \"paper\"", "medium = \"stone\"", "names no medium"),
            ("frequency = ", "frequency = 1", "has a frequency that is not 1 to 3"),
            (
                "aspect = \"integrity\"",
                "aspect = \"availability\"",
                "are not one for each aspect and level",
            ),
            ("kind = \"threat\"", "kind = \"likelihood\"", "are not three for each of the four"),
        ] {
            assert!(TEXT.contains(from), "{from}");
            let flaws = read(&TEXT.replacen(from, to, 1)).unwrap_err();
            assert!(flaws.iter().any(|found| found.what == flaw), "{from}: {flaws:?}");
        }
        let flaws = read("text_revision = 1\ncolour = 2\n").unwrap_err();
        assert_eq!(flaws[0].place, "line 2");
    }
}
