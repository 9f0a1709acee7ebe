//! Whether a company would be accepted: yes, no or unknown, with the reasons.
//!
//! Only the programme's own call for applications gives a yes or a no, and for a buyer the
//! buyer's own rule. For everything else the answer is 'unknown', with what the rule as reported
//! would give beside it; so it is after the deadline, and for a rule that nobody compared with
//! its source for [`DAYS_UNCHECKED`] days.

use chrono::NaiveDate;

use super::{Basis, Effect, Programme, ProgrammeKind, Reason, Requirement, Round, Rule};
use crate::declaration::{Generation, Grade, STARS, State, is_fresh};
use crate::readiness::GbizidAccount;

/// For how many days after it was compared with its source a rule is relied on.
pub const DAYS_UNCHECKED: u16 = 90;

/// What is asked about a programme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question<'a> {
    /// The round; absent: the earliest one that takes applications on that day, where rounds
    /// are known.
    pub round: Option<&'a str>,
    /// The day of the application in Japan.
    pub on: NaiveDate,
}

/// What is known of a company's declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Situation {
    /// Where the declaration stands; absent: no declaration is known.
    pub state: Option<State>,
    /// The stars declared, or being prepared; absent: not known.
    pub stars: Option<u8>,
    /// The generation of the id; absent: no id is known.
    pub generation: Option<Generation>,
    /// How far the status was looked into; absent: not known.
    pub grade: Option<Grade>,
    /// The day on which the status was last confirmed.
    pub confirmed_on: Option<NaiveDate>,
    /// Whether the declaration was made with the account that applies.
    pub gbizid_account: GbizidAccount,
    /// Whether the company has declarations that contradict one another.
    pub conflicting: bool,
}

/// An answer in three values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Answer {
    /// It would not be accepted as things stand.
    No,
    /// It can't be said.
    Unknown,
    /// It would be accepted, as far as the declaration goes.
    Yes,
}

/// What [`check`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The answer.
    pub answer: Answer,
    /// Why: what fails first, then what is open, then why the rule can't be relied on. None
    /// where the answer is yes.
    pub reasons: Vec<Reason>,
    /// What the rule as known would give; only where the answer is withheld for doubts about
    /// the rule or the round, and a rule is known.
    pub under_reported_rule: Option<Answer>,
    /// The index of the rule in [`Programme::rules`].
    pub rule: Option<usize>,
    /// The index in [`Programme::rounds`] of the round that was asked about, or was found.
    pub round: Option<usize>,
}

/// Says whether a programme would accept a company that applies on a day.
///
/// A condition that surely fails gives 'no', even where others are unknown. `today` tells
/// whether the deadline is over and the rule is old.
#[must_use]
pub fn check(
    programme: &Programme,
    question: &Question<'_>,
    situation: &Situation,
    today: NaiveDate,
) -> Verdict {
    let (round, closed) = round_of(programme, question, today);
    let mut reasons = Vec::from_iter(closed);
    let code = round.and_then(|index| programme.rounds.get(index)).map(|round| round.code.as_str());
    let unknown_round = closed == Some(Reason::UnknownRound);

    let index = programme.rule_on(question.on, code).filter(|_| !unknown_round);
    let rule = index.and_then(|index| programme.rules.get(index));
    let mut by_the_rule = None;
    match rule {
        Some(rule) => {
            doubts(programme.kind, rule, today, &mut reasons);
            let found = conditions(&rule.requirement, question.on, situation);
            by_the_rule = Some(answer(&found));
            reasons.extend(found);
        }
        None if unknown_round => {}
        None => reasons.push(Reason::NoRuleForDate),
    }

    reasons.sort_unstable();
    let withheld = reasons.iter().any(|reason| reason.effect() == Effect::Withholds);
    Verdict {
        answer: answer(&reasons),
        reasons,
        under_reported_rule: by_the_rule.filter(|_| withheld),
        rule: index,
        round,
    }
}

/// What reasons add up to.
fn answer(reasons: &[Reason]) -> Answer {
    let any = |effect| reasons.iter().any(|reason| reason.effect() == effect);
    if any(Effect::Withholds) {
        Answer::Unknown
    } else if any(Effect::Fails) {
        Answer::No
    } else if any(Effect::LeavesOpen) {
        Answer::Unknown
    } else {
        Answer::Yes
    }
}

/// The round that is meant, and why nobody can apply in it.
fn round_of(
    programme: &Programme,
    question: &Question<'_>,
    today: NaiveDate,
) -> (Option<usize>, Option<Reason>) {
    let opened = |round: &Round| round.opens_on.is_none_or(|day| day <= question.on);
    let over = |round: &Round| round.deadline_day() < question.on;
    let rounds = || programme.rounds.iter().enumerate();

    let meant = match question.round {
        Some(code) => rounds().find(|(_, round)| round.code == code),
        None => rounds()
            .filter(|(_, round)| opened(round) && !over(round))
            .min_by_key(|(_, round)| round.deadline),
    };
    match meant {
        Some((index, round)) if over(round) || round.deadline_day() < today => {
            (Some(index), Some(Reason::RoundClosed))
        }
        Some((index, round)) => (Some(index), (!opened(round)).then_some(Reason::RoundNotOpen)),
        None if question.round.is_some() => (None, Some(Reason::UnknownRound)),
        None if programme.rounds.is_empty() => (None, None),
        None if programme.rounds.iter().all(over) => (None, Some(Reason::RoundClosed)),
        None => (None, Some(Reason::RoundNotOpen)),
    }
}

/// Why a rule can't be relied on.
fn doubts(kind: ProgrammeKind, rule: &Rule, today: NaiveDate, reasons: &mut Vec<Reason>) {
    let own = rule.basis == Basis::OwnRule && kind == ProgrammeKind::Buyer;
    if rule.basis != Basis::Call && !own {
        reasons.push(Reason::RuleNotFromCall);
    }
    // Nobody need look up what a buyer says of itself.
    if !own && !is_fresh(rule.checked_on, DAYS_UNCHECKED, today) {
        reasons.push(Reason::RuleNotCheckedLately);
    }
}

/// Whether a company meets a requirement on a day, and what of it is not met or not known to be.
#[must_use]
pub fn judge(
    requirement: &Requirement,
    on: NaiveDate,
    situation: &Situation,
) -> (Answer, Vec<Reason>) {
    let mut reasons = conditions(requirement, on, situation);
    reasons.sort_unstable();
    (answer(&reasons), reasons)
}

fn conditions(requirement: &Requirement, on: NaiveDate, situation: &Situation) -> Vec<Reason> {
    // Of contradicting declarations nobody can say which one the others are to be held to.
    if situation.conflicting {
        return vec![Reason::ConflictingDeclarations];
    }
    let mut found = Vec::new();
    match situation.state {
        None => return vec![Reason::NoDeclarationKnown],
        Some(State::Stopped) => return vec![Reason::DeclarationStopped],
        // It is the newer one that counts, and nothing is known of it.
        Some(State::Superseded) => return vec![Reason::DeclarationSuperseded],
        Some(State::Preparing) => {
            // What would fail after declaring, too; the rest comes with the declaration.
            found.extend([stars(requirement, situation), account(requirement, situation)]);
            found.retain(|reason| reason.is_some_and(|it| it.effect() == Effect::Fails));
            found.extend([Some(Reason::NotDeclared), Some(Reason::Preparing)]);
        }
        Some(state @ (State::Declared | State::Unknown)) => found.extend([
            (state == State::Unknown).then_some(Reason::StatusUnknown),
            stars(requirement, situation),
            generation(requirement, situation),
            account(requirement, situation),
            evidence(requirement, situation),
            confirmation(requirement, on, situation),
        ]),
    }
    found.into_iter().flatten().collect()
}

fn stars(requirement: &Requirement, situation: &Situation) -> Option<Reason> {
    let least = requirement.minimum_stars;
    match situation.stars {
        Some(stars) if stars >= least => None,
        Some(_) if least == 2 => Some(Reason::TwoStarsRequired),
        Some(_) => Some(Reason::MoreStarsRequired),
        // Whoever declared has at least the fewest stars that there are.
        None => (!STARS.iter().all(|stars| *stars >= least)).then_some(Reason::StarsUnknown),
    }
}

fn generation(requirement: &Requirement, situation: &Situation) -> Option<Reason> {
    let accepted = requirement.generations.as_ref()?;
    match situation.generation {
        None | Some(Generation::Unknown) => Some(Reason::GenerationUnknown),
        Some(generation) if accepted.contains(&generation) => None,
        Some(Generation::Old) => Some(Reason::OldGenerationId),
        Some(Generation::New) => Some(Reason::GenerationNotAccepted),
    }
}

fn account(requirement: &Requirement, situation: &Situation) -> Option<Reason> {
    match situation.gbizid_account {
        _ if !requirement.gbizid_same_account => None,
        GbizidAccount::Same => None,
        GbizidAccount::Different => Some(Reason::GbizidDiffers),
        GbizidAccount::Unknown => Some(Reason::GbizidUnknown),
    }
}

fn evidence(requirement: &Requirement, situation: &Situation) -> Option<Reason> {
    let least = requirement.minimum_grade?;
    match situation.grade {
        Some(grade) => (!grade.reaches(least)).then_some(Reason::EvidenceTooWeak),
        None => (least.rank() > 0).then_some(Reason::EvidenceUnknown),
    }
}

fn confirmation(requirement: &Requirement, on: NaiveDate, situation: &Situation) -> Option<Reason> {
    let days = requirement.confirmed_within_days?;
    match situation.confirmed_on {
        Some(day) => (!is_fresh(day, days, on)).then_some(Reason::ConfirmationTooOld),
        None => Some(Reason::ConfirmationMissing),
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
