//! What a programme may not say, because it contradicts itself or what there is.

use thiserror::Error;

use super::{Basis, Programme, ProgrammeKind, Rule};
use crate::declaration::STARS;

/// A contradiction within a programme. Indices count from 0, in [`Programme::rules`] and
/// [`Programme::rounds`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Contradiction {
    /// The rule's period ends before it begins.
    #[error("ends before it begins")]
    PeriodReversed {
        /// The rule.
        rule: usize,
    },
    /// Two rules hold on the same day for the same round.
    #[error("holds on days on which rule {earlier} holds too")]
    RulesOverlap {
        /// The later of the two.
        rule: usize,
        /// The earlier of the two.
        earlier: usize,
    },
    /// The rule asks for stars that do not exist.
    #[error("asks for {stars} stars, which do not exist")]
    NoSuchStar {
        /// The rule.
        rule: usize,
        /// The stars it asks for.
        stars: u8,
    },
    /// The rule accepts no generation of id at all.
    #[error("accepts no generation of id at all")]
    NoGenerationAccepted {
        /// The rule.
        rule: usize,
    },
    /// The rule asks for a confirmation within no days.
    #[error("asks for a confirmation within 0 days")]
    ConfirmedWithinNoDays {
        /// The rule.
        rule: usize,
    },
    /// The rule names a round that the programme does not have.
    #[error("names a round that is not there")]
    NoSuchRound {
        /// The rule.
        rule: usize,
        /// The index of the name in [`Rule::rounds`].
        named: usize,
    },
    /// The rule is said to be a buyer's own, and the programme is no buyer's.
    #[error("is a buyer's own rule, though the programme is no buyer's")]
    OwnRuleOfNoBuyer {
        /// The rule.
        rule: usize,
    },
    /// Two rounds have the same code.
    #[error("has the code of round {earlier}")]
    RoundTwice {
        /// The later of the two.
        round: usize,
        /// The earlier of the two.
        earlier: usize,
    },
    /// The round opens after its deadline.
    #[error("opens after its deadline")]
    RoundOpensAfterDeadline {
        /// The round.
        round: usize,
    },
    /// No rule holds on the day of the round's deadline.
    #[error("has a deadline on a day on which no rule holds")]
    RoundWithoutRule {
        /// The round.
        round: usize,
    },
}

impl Contradiction {
    /// The place within the programme, such as `rules.0.until`.
    #[must_use]
    pub fn place(&self) -> String {
        match self {
            Self::PeriodReversed { rule } => format!("rules.{rule}.until"),
            Self::RulesOverlap { rule, .. } => format!("rules.{rule}"),
            Self::NoSuchStar { rule, .. } => format!("rules.{rule}.requirement.minimum_stars"),
            Self::NoGenerationAccepted { rule } => format!("rules.{rule}.requirement.generations"),
            Self::ConfirmedWithinNoDays { rule } => {
                format!("rules.{rule}.requirement.confirmed_within_days")
            }
            Self::NoSuchRound { rule, named } => format!("rules.{rule}.rounds.{named}"),
            Self::OwnRuleOfNoBuyer { rule } => format!("rules.{rule}.basis"),
            Self::RoundTwice { round, .. } => format!("rounds.{round}.code"),
            Self::RoundOpensAfterDeadline { round } => format!("rounds.{round}.opens_on"),
            Self::RoundWithoutRule { round } => format!("rounds.{round}.deadline"),
        }
    }
}

/// Everything in which a programme contradicts itself, rules first.
#[must_use]
pub fn contradictions(programme: &Programme) -> Vec<Contradiction> {
    let mut found = Vec::new();
    for (index, rule) in programme.rules.iter().enumerate() {
        of_rule(programme, index, rule, &mut found);
    }
    for (index, round) in programme.rounds.iter().enumerate() {
        let same = |other: &super::Round| other.code == round.code;
        let earlier = programme.rounds.iter().take(index).position(same);
        let day = round.deadline_day();
        let late = round.opens_on.is_some_and(|opens_on| opens_on > day);
        let ruled = programme.rule_on(day, Some(&round.code)).is_some();
        found.extend(
            [
                earlier.map(|earlier| Contradiction::RoundTwice { round: index, earlier }),
                late.then_some(Contradiction::RoundOpensAfterDeadline { round: index }),
                (!ruled).then_some(Contradiction::RoundWithoutRule { round: index }),
            ]
            .into_iter()
            .flatten(),
        );
    }
    found
}

fn of_rule(programme: &Programme, index: usize, rule: &Rule, found: &mut Vec<Contradiction>) {
    let requirement = &rule.requirement;
    let stars = requirement.minimum_stars;
    let ageless = requirement.generations.as_ref().is_some_and(Vec::is_empty);
    let unowned = rule.basis == Basis::OwnRule && programme.kind != ProgrammeKind::Buyer;
    let facts = [
        (is_reversed(rule), Contradiction::PeriodReversed { rule: index }),
        (!STARS.contains(&stars), Contradiction::NoSuchStar { rule: index, stars }),
        (ageless, Contradiction::NoGenerationAccepted { rule: index }),
        (
            requirement.confirmed_within_days == Some(0),
            Contradiction::ConfirmedWithinNoDays { rule: index },
        ),
        (unowned, Contradiction::OwnRuleOfNoBuyer { rule: index }),
    ];
    found.extend(facts.into_iter().filter(|(holds, _)| *holds).map(|(_, what)| what));

    let unknown =
        rule.rounds.iter().enumerate().filter(|(_, name)| programme.round(name).is_none());
    found.extend(unknown.map(|(named, _)| Contradiction::NoSuchRound { rule: index, named }));

    let earlier = programme.rules.iter().take(index).enumerate();
    let overlapping = earlier.filter(|(_, other)| overlap(rule, other));
    found.extend(
        overlapping.map(|(earlier, _)| Contradiction::RulesOverlap { rule: index, earlier }),
    );
}

fn is_reversed(rule: &Rule) -> bool {
    matches!((rule.from, rule.until), (Some(from), Some(until)) if from > until)
}

/// Whether two rules hold on one day for one round. A reversed period holds on no day.
fn overlap(one: &Rule, other: &Rule) -> bool {
    let begins_in_time = |late: &Rule, early: &Rule| !matches!((late.from, early.until), (Some(from), Some(until)) if from > until);
    let same_round = one.rounds.is_empty()
        || other.rounds.is_empty()
        || one.rounds.iter().any(|round| other.rounds.contains(round));
    same_round
        && !is_reversed(one)
        && !is_reversed(other)
        && begins_in_time(one, other)
        && begins_in_time(other, one)
}
