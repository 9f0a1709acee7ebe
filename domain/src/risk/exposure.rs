//! How exposed a medium is: its threats (脅威の状況), its controls (対策状況チェック), and the
//! likelihood of harm that follows.
//!
//! The sheet rates threat and vulnerability per medium, and does not say how many answers make
//! one value. These rules are mamori's own (confidence `derived`):
//!
//! | the controls that bear on a medium | vulnerability |
//! |---|---|
//! | all implemented | 1 |
//! | none implemented or partly implemented | 3 |
//! | anything between | 2 |
//! | all not applicable | none, and no likelihood |
//! | the sheet was never answered | 3, provisional |
//!
//! A question without an answer counts as 'don't know'. Of several threats the one with the worst
//! likelihood decides; on a tie the more frequent one, then the one that the catalogue has first.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::catalogue::{Catalogue, Threat};
use super::{Medium, Model, Step, likelihood, value};
use crate::question_bank::QuestionBank;

/// The option that each question of a `controls` bank got, by index, in the bank's order.
pub type Choices = [Option<u8>];

/// How well a medium is protected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vulnerability {
    /// The value; none where no control applies.
    pub value: Option<Step>,
    /// What it rests on.
    pub basis: Basis,
    /// The questions that count for it and are implemented, by number.
    pub implemented: Vec<u16>,
    /// Those that are partly implemented.
    pub partly_implemented: Vec<u16>,
    /// Those that are not implemented, or not known, or not answered.
    pub open: Vec<u16>,
}

/// What a vulnerability rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// Answers to the controls.
    Answers,
    /// Nothing: the controls were never answered.
    NeverAnswered,
    /// None of the controls applies.
    NotApplicable,
}

/// How far a control is in place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Implemented,
    PartlyImplemented,
    /// Not implemented, or not known, or not answered.
    Open,
    NotApplicable,
}

/// How far the question at this place of the bank is in place.
fn standing(bank: &QuestionBank, choices: &Choices, place: usize) -> Standing {
    let choice = choices.get(place).copied().flatten().map(usize::from);
    let Some((choice, option)) = choice.and_then(|at| Some((at, bank.options.get(at)?))) else {
        return Standing::Open;
    };
    match choice {
        _ if option.not_applicable => Standing::NotApplicable,
        0 => Standing::Implemented,
        _ if option.unknown || Some(choice) >= bank.worst_option() => Standing::Open,
        _ => Standing::PartlyImplemented,
    }
}

/// The vulnerability of a medium by the answers to a `controls` bank.
#[must_use]
pub fn vulnerability(bank: &QuestionBank, choices: &Choices, medium: Medium) -> Vulnerability {
    let (mut implemented, mut partly_implemented, mut open) = (Vec::new(), Vec::new(), Vec::new());
    for (place, question) in bank.questions.iter().enumerate() {
        if !question.media.contains(&medium) {
            continue;
        }
        match standing(bank, choices, place) {
            Standing::Implemented => implemented.push(question.number),
            Standing::PartlyImplemented => partly_implemented.push(question.number),
            Standing::Open => open.push(question.number),
            Standing::NotApplicable => {}
        }
    }
    let value = match (implemented.is_empty(), partly_implemented.is_empty(), open.is_empty()) {
        (true, true, true) => None,
        (true, true, false) => Some(Step::HIGH),
        (false, true, true) => Some(Step::LOW),
        _ => Some(Step::MIDDLE),
    };
    let basis = if value.is_some() { Basis::Answers } else { Basis::NotApplicable };
    Vulnerability { value, basis, implemented, partly_implemented, open }
}

/// The vulnerability of a medium of which nothing is known.
#[must_use]
pub const fn unprotected() -> Vulnerability {
    Vulnerability {
        value: Some(Step::HIGH),
        basis: Basis::NeverAnswered,
        implemented: Vec::new(),
        partly_implemented: Vec::new(),
        open: Vec::new(),
    }
}

/// How often a threat occurs, and who says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frequency {
    /// How often, 1 to 3.
    pub value: Step,
    /// Whether the firm set it itself; else it is the catalogue's default.
    pub stated: bool,
}

/// The frequencies that a firm set, by medium and code of the threat.
pub type Frequencies = BTreeMap<(Medium, String), Step>;

/// The frequency of a threat: the firm's own, or the default.
#[must_use]
pub fn frequency(threat: &Threat, stated: &Frequencies) -> Frequency {
    let own = stated.get(&(threat.medium, threat.code.clone())).copied();
    Frequency { value: own.unwrap_or(threat.frequency), stated: own.is_some() }
}

/// How exposed a medium is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exposure<'c> {
    /// The medium.
    pub medium: Medium,
    /// The threat that decides; none where the catalogue knows none for the medium.
    pub threat: Option<(&'c Threat, Frequency)>,
    /// How well it is protected.
    pub vulnerability: Vulnerability,
    /// How likely harm is; none where no control applies.
    pub likelihood: Option<Step>,
    /// Whether it rests on a default instead of the firm's own word.
    pub provisional: bool,
}

/// How exposed each medium is, in the sheet's order.
#[must_use]
pub fn exposures<'c>(
    catalogue: &'c Catalogue,
    stated: &Frequencies,
    controls: Option<(&QuestionBank, &Choices)>,
) -> Vec<Exposure<'c>> {
    let exposure = |medium: Medium| {
        let vulnerability = match controls {
            Some((bank, choices)) => vulnerability(bank, choices, medium),
            None => unprotected(),
        };
        // Every threat of a medium meets the same vulnerability, so the most frequent one is
        // also the one with the worst likelihood.
        let threats = catalogue.threats.iter().filter(|threat| threat.medium == medium);
        let threats = threats.enumerate().map(|(place, threat)| {
            let frequency = frequency(threat, stated);
            (frequency.value, Reverse(place), threat, frequency)
        });
        let decides = threats.max_by_key(|(value, place, ..)| (*value, *place));
        let threat = decides.map(|(_, _, threat, frequency)| (threat, frequency));
        let likely = threat
            .zip(vulnerability.value)
            .map(|((_, frequency), value)| likelihood(frequency.value, value));
        let provisional = vulnerability.basis == Basis::NeverAnswered
            || threat.is_some_and(|(_, frequency)| !frequency.stated);
        Exposure { medium, threat, vulnerability, likelihood: likely, provisional }
    };
    Medium::ALL.into_iter().map(exposure).collect()
}

/// A pair of medium and importance; all assets of a pair carry the same risk.
pub type Pair = (Medium, u8);

/// Every pair of medium and importance, the highest risk first: by value, then importance, then
/// the sheet's order of media. Pairs without a likelihood come last.
#[must_use]
pub fn ranked(model: &Model, likelihoods: &[(Medium, Option<Step>)]) -> Vec<Pair> {
    let mut pairs: Vec<_> = likelihoods
        .iter()
        .flat_map(|(medium, likely)| {
            let importances = model.lowest..=model.top;
            importances.map(move |importance| {
                let value = likely.map(|likely| value(importance, likely));
                (Reverse(value), Reverse(importance), *medium)
            })
        })
        .collect();
    pairs.sort_unstable();
    pairs.into_iter().map(|(_, Reverse(importance), medium)| (medium, importance)).collect()
}

/// The chapter of the regulations that a category of the controls stands for, and how it fares:
/// which to adopt first (診断結果).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// The index of the part in the bank.
    pub part: usize,
    /// How many of its questions are implemented.
    pub implemented: usize,
    /// How many are partly.
    pub partly_implemented: usize,
    /// How many are not, or are not known or answered.
    pub open: usize,
    /// How many do not apply.
    pub not_applicable: usize,
}

impl Coverage {
    /// How much is in place, in hundredths of what applies; a half for what is partly in place.
    /// None where nothing applies.
    #[must_use]
    pub fn percent(&self) -> Option<u8> {
        let applies = self.implemented + self.partly_implemented + self.open;
        let done = self.implemented * 2 + self.partly_implemented;
        (done * 50).checked_div(applies).and_then(|percent| u8::try_from(percent).ok())
    }
}

/// How each category of the controls fares, the one to adopt first at the head: the least
/// covered, then the one with most open questions, then the sheet's order. What does not apply at
/// all comes last.
#[must_use]
pub fn coverage(bank: &QuestionBank, choices: &Choices) -> Vec<Coverage> {
    let none =
        |part| Coverage { part, implemented: 0, partly_implemented: 0, open: 0, not_applicable: 0 };
    let mut parts: Vec<_> = (0..bank.parts.len()).map(none).collect();
    for (place, question) in bank.questions.iter().enumerate() {
        let Some(part) = parts.get_mut(question.part) else { continue };
        *match standing(bank, choices, place) {
            Standing::Implemented => &mut part.implemented,
            Standing::PartlyImplemented => &mut part.partly_implemented,
            Standing::Open => &mut part.open,
            Standing::NotApplicable => &mut part.not_applicable,
        } += 1;
    }
    parts.sort_by_key(|part| (part.percent().unwrap_or(u8::MAX), Reverse(part.open), part.part));
    parts
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, LazyLock};

    use super::*;
    use crate::question_bank::library::Library;

    const IN_PLACE: u8 = 0;
    const PARTLY: u8 = 1;
    const NOT: u8 = 2;
    const UNKNOWN: u8 = 3;
    const NOT_APPLICABLE: u8 = 4;

    fn bank() -> Arc<QuestionBank> {
        static LIBRARY: LazyLock<Library> = LazyLock::new(|| Library::embedded().unwrap());
        Arc::clone(LIBRARY.get("controls", "4.0").unwrap())
    }

    fn catalogue() -> &'static Catalogue {
        static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::embedded().unwrap());
        &CATALOGUE
    }

    /// The first question that bears on the medium gets `first`, all others `rest`.
    fn choices(medium: Medium, first: Option<u8>, rest: Option<u8>) -> Vec<Option<u8>> {
        let bank = bank();
        let place = bank.questions.iter().position(|question| question.media.contains(&medium));
        (0..bank.questions.len())
            .map(|index| if Some(index) == place { first } else { rest })
            .collect()
    }

    #[test]
    fn every_row_of_the_table_of_vulnerability() {
        for (first, rest, expected) in [
            (Some(IN_PLACE), Some(IN_PLACE), Some(1)),
            (Some(NOT_APPLICABLE), Some(IN_PLACE), Some(1)),
            (Some(PARTLY), Some(IN_PLACE), Some(2)),
            (Some(NOT), Some(IN_PLACE), Some(2)),
            (Some(UNKNOWN), Some(IN_PLACE), Some(2)),
            (None, Some(IN_PLACE), Some(2)),
            (Some(PARTLY), Some(NOT), Some(2)),
            (Some(PARTLY), Some(PARTLY), Some(2)),
            (Some(NOT), Some(NOT), Some(3)),
            (Some(UNKNOWN), None, Some(3)),
            (Some(NOT), Some(NOT_APPLICABLE), Some(3)),
            (Some(NOT_APPLICABLE), Some(NOT_APPLICABLE), None),
        ] {
            for medium in Medium::ALL {
                let found = vulnerability(&bank(), &choices(medium, first, rest), medium);
                let told = found.value.map(Step::get);
                assert_eq!(told, expected, "{medium:?}: {first:?}, then {rest:?}");
                assert_eq!(found.basis == Basis::NotApplicable, expected.is_none());
            }
        }
        assert_eq!(unprotected().value, Some(Step::HIGH));
    }

    #[test]
    fn the_most_frequent_threat_decides_and_the_first_of_equals() {
        let of_medium = |medium| catalogue().threats.iter().filter(move |t| t.medium == medium);
        for medium in Medium::ALL {
            let all = |step: Step| -> Frequencies {
                of_medium(medium).map(|threat| ((medium, threat.code.clone()), step)).collect()
            };
            let decides = |stated: &Frequencies| {
                let found = exposures(catalogue(), stated, None);
                let found = found.into_iter().find(|exposure| exposure.medium == medium).unwrap();
                let (threat, frequency) = found.threat.unwrap();
                (threat.code.clone(), frequency, found.likelihood, found.provisional)
            };
            let (first, last) =
                (of_medium(medium).next().unwrap(), of_medium(medium).next_back().unwrap());
            let mut stated = all(Step::LOW);
            let (code, frequency, likely, provisional) = decides(&stated);
            assert_eq!((code, frequency.stated), (first.code.clone(), true));
            assert_eq!((likely, provisional), (Some(Step::LOW), true));
            stated.insert((medium, last.code.clone()), Step::HIGH);
            let (code, frequency, likely, _) = decides(&stated);
            assert_eq!((code, frequency.value), (last.code.clone(), Step::HIGH));
            assert_eq!(likely, Some(Step::HIGH));
            assert!(!decides(&Frequencies::new()).1.stated);
        }
    }

    #[test]
    fn answers_and_stated_frequencies_are_not_provisional() {
        let bank = bank();
        let answered = vec![Some(IN_PLACE); bank.questions.len()];
        let stated: Frequencies = catalogue()
            .threats
            .iter()
            .map(|threat| ((threat.medium, threat.code.clone()), Step::MIDDLE))
            .collect();
        for exposure in exposures(catalogue(), &stated, Some((&bank, &answered))) {
            assert!(!exposure.provisional);
            assert_eq!(exposure.likelihood, Some(Step::LOW));
        }
        let none = vec![Some(NOT_APPLICABLE); bank.questions.len()];
        for exposure in exposures(catalogue(), &stated, Some((&bank, &none))) {
            assert_eq!(exposure.likelihood, None);
        }
    }

    #[test]
    fn pairs_are_ranked_by_value_then_importance_then_medium() {
        for model in Model::ALL {
            let likelihoods = [
                (Medium::Paper, Some(Step::LOW)),
                (Medium::RemovableMedia, None),
                (Medium::OfficePc, Some(Step::HIGH)),
                (Medium::MobileDevice, Some(Step::HIGH)),
                (Medium::InternalServer, Some(Step::MIDDLE)),
                (Medium::ExternalServer, Some(Step::LOW)),
            ];
            let pairs = ranked(model, &likelihoods);
            assert_eq!(pairs.len(), 18);
            let of = |medium: Medium| likelihoods.iter().find(|(on, _)| *on == medium).unwrap().1;
            let key = |(medium, importance): &Pair| {
                let value = of(*medium).map(|likely| value(*importance, likely));
                (Reverse(value), Reverse(*importance), *medium)
            };
            assert!(pairs.is_sorted_by_key(key));
            assert_eq!(pairs[0], (Medium::OfficePc, model.top));
            assert_eq!(pairs[17], (Medium::RemovableMedia, model.lowest));
        }
    }

    #[test]
    fn the_least_covered_category_comes_first() {
        let bank = bank();
        let mut answers = vec![Some(IN_PLACE); bank.questions.len()];
        for (index, question) in bank.questions.iter().enumerate() {
            answers[index] = match bank.parts[question.part].code.as_str() {
                "human" => Some(NOT),
                "incident" => Some(PARTLY),
                "my_number" => Some(NOT_APPLICABLE),
                _ => Some(IN_PLACE),
            };
        }
        let told: Vec<_> = coverage(&bank, &answers)
            .into_iter()
            .map(|found| (bank.parts[found.part].code.clone(), found.percent()))
            .collect();
        assert_eq!(told[0], ("human".to_owned(), Some(0)));
        assert_eq!(told[1], ("incident".to_owned(), Some(50)));
        assert_eq!(told[2], ("organizational".to_owned(), Some(100)));
        assert_eq!(told[10], ("my_number".to_owned(), None));
    }
}
