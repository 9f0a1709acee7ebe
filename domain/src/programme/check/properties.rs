//! What holds for every company.

use chrono::Days;
use proptest::prelude::*;

use super::tests::{day, subsidy};
use super::*;

fn any_state() -> impl Strategy<Value = Option<State>> {
    prop_oneof![
        1 => Just(None),
        5 => Just(Some(State::Declared)),
        2 => prop::sample::select(vec![
            Some(State::Preparing),
            Some(State::Superseded),
            Some(State::Stopped),
            Some(State::Unknown),
        ]),
    ]
}

fn any_grade() -> impl Strategy<Value = Option<Grade>> {
    prop::sample::select(vec![
        None,
        Some(Grade::SelfReported),
        Some(Grade::IdFormatChecked),
        Some(Grade::DocumentSeen),
        Some(Grade::MatchedToPublication),
    ])
}

fn any_day() -> impl Strategy<Value = NaiveDate> {
    (0_u64..800).prop_map(|days| day("2025-01-01") + Days::new(days))
}

/// A day about the round, or after it.
fn day_of_the_round() -> impl Strategy<Value = NaiveDate> {
    (0_u64..30).prop_map(|days| day("2026-05-28") + Days::new(days))
}

prop_compose! {
    fn any_situation()(
        state in any_state(),
        stars in prop::option::of(1_u8..=3),
        generation in prop::sample::select(vec![
            None, Some(Generation::Old), Some(Generation::New), Some(Generation::Unknown),
        ]),
        grade in any_grade(),
        confirmed_on in prop::option::of(any_day()),
        gbizid_account in prop::sample::select(vec![
            GbizidAccount::Same, GbizidAccount::Different, GbizidAccount::Unknown,
        ]),
        conflicting in prop::bool::weighted(0.1),
    ) -> Situation {
        Situation {
            state, stars, generation, grade, confirmed_on, gbizid_account, conflicting,
        }
    }
}

prop_compose! {
    /// Rules that accept new ids; no other has a better id than a new one.
    fn any_requirement()(
        minimum_stars in 1_u8..=2,
        generations in prop::sample::select(vec![
            None,
            Some(vec![Generation::New]),
            Some(vec![Generation::Old, Generation::New]),
        ]),
        gbizid_same_account in any::<bool>(),
        minimum_grade in any_grade(),
        confirmed_within_days in prop::option::of(1_u16..800),
    ) -> Requirement {
        Requirement {
            minimum_stars, generations, gbizid_same_account, minimum_grade, confirmed_within_days,
        }
    }
}

fn better(mut it: Situation, steps: [bool; 7], stars: u8, days: u64) -> Situation {
    let [state, more, new, grade, newer, account, settled] = steps;
    if state {
        it.state = Some(State::Declared);
    }
    if more {
        it.stars = it.stars.map(|old| old.max(stars));
    }
    if new {
        it.generation = Some(Generation::New);
    }
    if grade {
        it.grade = Some(Grade::MatchedToPublication);
    }
    if newer {
        it.confirmed_on = it.confirmed_on.map(|day| day + Days::new(days));
    }
    if account {
        it.gbizid_account = GbizidAccount::Same;
    }
    if settled {
        it.conflicting = false;
    }
    it
}

proptest! {
    #[test]
    fn a_better_situation_never_turns_a_yes_into_less(
        requirement in any_requirement(),
        situation in any_situation(),
        steps in any::<[bool; 7]>(),
        stars in 1_u8..=3,
        days in 0_u64..400,
        applies in day_of_the_round(),
        today in day_of_the_round(),
    ) {
        let programme = subsidy(requirement);
        let question = Question { round: None, on: applies };
        let ask = |situation| check(&programme, &question, situation, today);
        let (before, after) = (ask(&situation), ask(&better(situation, steps, stars, days)));

        if before.answer == Answer::Yes {
            prop_assert_eq!(after.answer, Answer::Yes);
        }
        if before.under_reported_rule == Some(Answer::Yes) {
            prop_assert_eq!(after.under_reported_rule, Some(Answer::Yes));
        }
        // Where the declaration itself is settled, no step makes anything worse.
        if situation.state == Some(State::Declared) && !situation.conflicting {
            prop_assert!(before.answer <= after.answer);
            prop_assert!(before.under_reported_rule <= after.under_reported_rule);
        }
    }

    #[test]
    fn a_yes_has_no_reasons_and_any_other_answer_has(
        requirement in any_requirement(),
        situation in any_situation(),
        applies in day_of_the_round(),
        today in day_of_the_round(),
    ) {
        let question = Question { round: None, on: applies };
        let verdict = check(&subsidy(requirement), &question, &situation, today);
        prop_assert_eq!(verdict.answer == Answer::Yes, verdict.reasons.is_empty());
        prop_assert!(verdict.reasons.is_sorted());
        if verdict.answer == Answer::No {
            prop_assert!(verdict.rule.is_some() && verdict.under_reported_rule.is_none());
        }
    }
}
