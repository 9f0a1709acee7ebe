//! How a company stands with all its declarations together.

use uuid::Uuid;

use super::history::{Registered, Standing};
use super::{DeclarationId, Generation, State};
use crate::organization::Profile;

/// A company's status: the declaration that counts, and what stands in the way of a plain answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The declaration that counts, by its id, and how it stands; `None` where none is on record.
    pub main: Option<(Uuid, Standing)>,
    /// Declarations of the same generation that are declared at once: a conflict that is shown and
    /// not resolved. Empty, or at least two.
    pub conflicting: Vec<Uuid>,
    /// Whether an id of the old generation is declared beside one of the new.
    pub old_beside_new: bool,
}

/// What an attestation states and a reader relies on: once it is another, the attestation ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated {
    /// The declaration that counts.
    declaration: Uuid,
    state: State,
    stars: Option<u8>,
    id: Option<DeclarationId>,
    /// Whether another contradicts it.
    conflicting: bool,
}

impl Summary {
    /// What an attestation of it states.
    #[must_use]
    pub fn stated(&self) -> Option<Stated> {
        self.main.as_ref().map(|(declaration, standing)| Stated {
            declaration: *declaration,
            state: standing.state,
            stars: standing.terms.stars,
            id: standing.terms.id.clone(),
            conflicting: !self.conflicting.is_empty(),
        })
    }
}

/// Sums up the declarations of one company.
///
/// One that is declared counts before one whose state is unknown, then one that was stopped or
/// superseded, then one in preparation; among equals the newer generation, then the later day, then
/// the later record.
#[must_use]
pub fn summarize(declarations: &[(Uuid, Standing)]) -> Summary {
    let generation = |standing: &Standing| standing.terms.id.as_ref().map(|id| id.generation());
    let rank = |(id, standing): &&(Uuid, Standing)| {
        let state = match standing.state {
            State::Declared => 3,
            State::Unknown => 2,
            State::Stopped | State::Superseded => 1,
            State::Preparing => 0,
        };
        let age = match generation(standing) {
            Some(Generation::New) => 2,
            Some(Generation::Unknown) | None => 1,
            Some(Generation::Old) => 0,
        };
        (state, age, standing.declared_on, *id)
    };
    let main = declarations.iter().max_by_key(rank).cloned();
    let declared = || declarations.iter().filter(|(_, s)| s.state == State::Declared);
    let conflicting = declared()
        .filter(|(id, standing)| {
            declared().any(|(other, with)| other != id && generation(with) == generation(standing))
        })
        .map(|(id, _)| *id)
        .collect();
    let any = |wanted| declared().any(|(_, standing)| generation(standing) == Some(wanted));
    Summary { main, conflicting, old_beside_new: any(Generation::Old) && any(Generation::New) }
}

/// Whether what was registered differs from what the organization says of itself today. What was
/// not registered differs from nothing.
#[must_use]
pub fn details_differ(registered: &Registered, profile: &Profile) -> bool {
    let differs =
        |was: &Option<String>, is: Option<&str>| was.as_deref().is_some_and(|was| is != Some(was));
    differs(&registered.name, Some(&profile.name))
        || differs(&registered.postal_code, profile.postal_code.as_deref())
        || differs(&registered.prefecture, profile.prefecture.as_deref())
        || differs(&registered.municipality, profile.municipality.as_deref())
        || differs(&registered.street, profile.street.as_deref())
        || differs(&registered.representative_name, profile.representative_name.as_deref())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::declaration::Grade;
    use crate::declaration::history::Terms;

    fn standing(state: State, id: Option<&str>, day: u32) -> Standing {
        let on = chrono::NaiveDate::from_ymd_opt(2026, 5, day).unwrap();
        let id = id.and_then(DeclarationId::parse);
        Standing {
            state,
            since: on,
            terms: Terms { id, ..Terms::default() },
            declared_on: Some(on),
            stopped_by: None,
            superseded_by: None,
            grade: Grade::SelfReported,
            evidence: Vec::new(),
            confirmed_on: None,
        }
    }

    #[test]
    fn the_declaration_that_counts() {
        use State::*;
        let (old, new) = (Some("49999999901"), Some("59999999901"));
        for (states, expected) in [
            (vec![(Declared, old, 9), (Declared, new, 1)], Some(1)),
            (vec![(Declared, None, 1), (Stopped, new, 9)], Some(0)),
            (vec![(Unknown, None, 1), (Stopped, new, 9), (Preparing, None, 20)], Some(0)),
            (vec![(Declared, new, 1), (Declared, new, 2)], Some(1)),
            (vec![(Preparing, None, 1), (Superseded, old, 1)], Some(1)),
            (vec![], None),
        ] {
            let known: Vec<_> = (0..)
                .zip(&states)
                .map(|(n, (state, id, day))| (Uuid::from_u128(n), standing(*state, *id, *day)))
                .collect();
            let main = summarize(&known).main.map(|(id, _)| id.as_u128());
            assert_eq!(main, expected, "{states:?}");
        }
    }

    #[test]
    fn a_conflict_is_within_one_generation() {
        use State::*;
        let (old, new) = (Some("49999999901"), Some("59999999901"));
        let known = [
            (Uuid::from_u128(1), standing(Declared, old, 1)),
            (Uuid::from_u128(2), standing(Declared, new, 2)),
            (Uuid::from_u128(3), standing(Declared, Some("59999999902"), 3)),
            (Uuid::from_u128(4), standing(Superseded, new, 3)),
        ];
        let summary = summarize(&known);
        assert_eq!(summary.conflicting, [Uuid::from_u128(2), Uuid::from_u128(3)]);
        assert!(summary.old_beside_new);
        assert!(summarize(&known[..2]).conflicting.is_empty());
    }
}
