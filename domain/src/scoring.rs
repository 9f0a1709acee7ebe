//! Scoring: from answers to a total, its band, and what to do next.
//!
//! | answer of the self-check | points (3.0, 3.1, 4.0) |
//! |---|---|
//! | implemented (実施している) | 4 |
//! | partly implemented (一部実施している) | 2 |
//! | not implemented (実施していない) | 0 |
//! | don't know (わからない) | −1 |
//!
//! Source: the guideline, appendix 3, as told in the field's facts, sections 3.2 and 3.3.
//! A sheet is scored with whatever it holds: while a question is open there is no band,
//! only the range that is still within reach.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::question_bank::{Measure, Question, QuestionBank};

/// One answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The index of the option in [`QuestionBank::options`].
    pub option: usize,
    /// The firm has no such thing, and the question allows to say so; counted in full.
    pub not_used: bool,
    /// A remark of the firm's own.
    pub note: Option<String>,
}

/// The answers given, by question number.
pub type AnswerSheet = BTreeMap<u16, Answer>;

/// What a sheet adds up to, in numbers and codes. It is kept as it was when a sheet was
/// submitted, so a field is only ever added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Whether every question is answered.
    pub complete: bool,
    /// The numbers of the questions without an answer.
    pub unanswered: Vec<u16>,
    /// The numbers of the questions answered 'don't know'.
    pub unknown: Vec<u16>,
    /// The numbers of the questions answered 'not used' and counted in full.
    pub not_used: Vec<u16>,
    /// The numbers of the questions filled with 'don't know' at the caller's wish.
    pub filled: Vec<u16>,
    /// How many answers each option got, in the bank's order.
    pub counts: Vec<u16>,
    /// The option of each question in order, by index.
    pub answers: Vec<Option<u8>>,
    /// The points; absent where the bank is not scored.
    pub points: Option<Points>,
    /// What to do next, the most pressing first.
    pub next_actions: Vec<NextAction>,
}

/// The points of a sheet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Points {
    /// The sum of all answers given.
    pub total: i32,
    /// The lowest total of the bank.
    pub minimum: i32,
    /// The highest total of the bank.
    pub maximum: i32,
    /// The lowest total that the open questions still allow.
    pub lowest_reachable: i32,
    /// The highest total that the open questions still allow.
    pub highest_reachable: i32,
    /// The code of the band; only of a complete sheet.
    pub band: Option<String>,
    /// The sum of each part, in the bank's order.
    pub parts: Vec<Sum>,
    /// The sum of each theme, in the sheet's order.
    pub themes: Vec<Sum>,
}

/// The points of some of the questions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    /// The questions that are summed, by number.
    pub questions: Vec<u16>,
    /// The sum of those answered.
    pub total: i32,
    /// The least that these questions can give.
    pub minimum: i32,
    /// The most that these questions can give.
    pub maximum: i32,
}

/// Something to do about one question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextAction {
    /// The question's number.
    pub question: u16,
    /// What kind of thing is to be done.
    pub kind: ActionKind,
    /// The points that a full answer would add; absent where the bank is not scored.
    pub gain: Option<i32>,
}

/// What is to be done about an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActionKind {
    /// Nobody knows: find out first (まず確認する).
    FindOut,
    /// Nothing is done yet: start.
    Start,
    /// It is begun: finish it.
    Finish,
}

/// Scores a sheet, complete or not.
///
/// Answers to questions that the bank does not have, and options that it does not have,
/// count for nothing; whoever reads answers refuses them first.
#[must_use]
pub fn score(bank: &QuestionBank, sheet: &AnswerSheet) -> Outcome {
    let answer = |question: &Question| {
        let answer = sheet.get(&question.number)?;
        Some((answer, bank.options.get(answer.option)?))
    };
    let numbers = |wanted: &dyn Fn(&Question) -> bool| -> Vec<u16> {
        bank.questions.iter().filter(|question| wanted(question)).map(|q| q.number).collect()
    };

    let unanswered = numbers(&|question| answer(question).is_none());
    Outcome {
        complete: unanswered.is_empty(),
        unanswered,
        unknown: numbers(&|question| answer(question).is_some_and(|(_, option)| option.unknown)),
        not_used: numbers(&|question| answer(question).is_some_and(|(answer, _)| answer.not_used)),
        filled: Vec::new(),
        counts: counts(bank, sheet),
        answers: bank
            .questions
            .iter()
            .map(|question| u8::try_from(answer(question)?.0.option).ok())
            .collect(),
        points: (bank.measure == Measure::Points).then(|| points(bank, sheet)),
        next_actions: next_actions(bank, sheet),
    }
}

fn counts(bank: &QuestionBank, sheet: &AnswerSheet) -> Vec<u16> {
    let mut counts = vec![0; bank.options.len()];
    for question in &bank.questions {
        let option = sheet.get(&question.number).map(|answer| answer.option);
        if let Some(count) = option.and_then(|option| counts.get_mut(option)) {
            *count += 1;
        }
    }
    counts
}

/// The points of one answer: those of its option, none while the question is open.
#[must_use]
pub fn points_of(bank: &QuestionBank, sheet: &AnswerSheet, question: u16) -> Option<i32> {
    bank.options.get(sheet.get(&question)?.option)?.points
}

fn points(bank: &QuestionBank, sheet: &AnswerSheet) -> Points {
    let (least, most) = bank.points_range();
    let sum = |questions: Vec<u16>| {
        let count = i32::try_from(questions.len()).unwrap_or(i32::MAX);
        Sum {
            total: questions.iter().filter_map(|number| points_of(bank, sheet, *number)).sum(),
            minimum: least * count,
            maximum: most * count,
            questions,
        }
    };

    let all = sum(bank.questions.iter().map(|question| question.number).collect());
    let open = bank.questions.iter().filter(|q| points_of(bank, sheet, q.number).is_none());
    let open = i32::try_from(open.count()).unwrap_or(i32::MAX);
    let band = bank.band(all.total).filter(|_| open == 0).map(|band| band.code.clone());

    let parts = (0..bank.parts.len())
        .map(|part| bank.questions.iter().filter(|q| q.part == part).map(|q| q.number).collect())
        .map(sum)
        .collect();
    let mut themes: Vec<(&str, Vec<u16>)> = Vec::new();
    for question in &bank.questions {
        match themes.iter_mut().find(|(theme, _)| *theme == question.theme.ja) {
            Some((_, numbers)) => numbers.push(question.number),
            None => themes.push((&question.theme.ja, vec![question.number])),
        }
    }

    Points {
        total: all.total,
        minimum: all.minimum,
        maximum: all.maximum,
        lowest_reachable: all.total + least * open,
        highest_reachable: all.total + most * open,
        band,
        parts,
        themes: themes.into_iter().map(|(_, numbers)| sum(numbers)).collect(),
    }
}

/// What to do about each answer that is not the best one: the first part before the rest,
/// then what prevents the most harm, then what costs the least, then what gains the most.
///
/// 'Don't know' asks to find out, since no measure can be chosen for what nobody knows.
fn next_actions(bank: &QuestionBank, sheet: &AnswerSheet) -> Vec<NextAction> {
    let (_, most) = bank.points_range();
    let mut actions: Vec<_> = bank
        .questions
        .iter()
        .filter_map(|question| {
            let answer = sheet.get(&question.number)?;
            let option = bank.options.get(answer.option)?;
            let worst = bank.worst_option();
            let kind = match answer.option {
                0 => return None,
                _ if option.not_applicable => return None,
                _ if option.unknown => ActionKind::FindOut,
                index if Some(index) == worst => ActionKind::Start,
                _ => ActionKind::Finish,
            };
            let gain = option.points.map(|points| most - points);
            let urgency = (
                question.part.min(1),
                Reverse(question.effect),
                question.effort,
                Reverse(gain),
                question.number,
            );
            Some((urgency, NextAction { question: question.number, kind, gain }))
        })
        .collect();
    actions.sort_by_key(|(urgency, _)| *urgency);
    actions.into_iter().map(|(_, action)| action).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, LazyLock};

    use proptest::prelude::*;

    use super::*;
    use crate::question_bank::library::Library;

    fn bank(name: &str, edition: &str) -> Arc<QuestionBank> {
        static LIBRARY: LazyLock<Library> = LazyLock::new(|| Library::embedded().unwrap());
        Arc::clone(LIBRARY.get(name, edition).unwrap())
    }

    fn answer(option: usize) -> Answer {
        Answer { option, not_used: false, note: None }
    }

    /// Answers 1, 2, 3 … by option index.
    fn sheet(options: impl IntoIterator<Item = usize>) -> AnswerSheet {
        (1..).zip(options.into_iter().map(answer)).collect()
    }

    fn points_for(edition: &str, options: impl IntoIterator<Item = usize>) -> Points {
        score(&bank("self-check", edition), &sheet(options)).points.unwrap()
    }

    const BEST: usize = 0;
    const PARTLY: usize = 1;
    const NOT: usize = 2;
    const UNKNOWN: usize = 3;

    #[test]
    fn worked_examples_of_every_edition() {
        for edition in ["3.0", "3.1", "4.0"] {
            for (options, total, band) in [
                (vec![BEST; 25], 100, "entry_level_met"),
                (vec![PARTLY; 25], 50, "many_gaps"),
                (vec![NOT; 25], 0, "urgent"),
                (vec![UNKNOWN; 25], -25, "urgent"),
                ([vec![BEST; 24], vec![PARTLY]].concat(), 98, "partly_lacking"),
                ([vec![BEST; 24], vec![NOT]].concat(), 96, "partly_lacking"),
                ([vec![BEST; 24], vec![UNKNOWN]].concat(), 95, "partly_lacking"),
                ([vec![BEST; 10], vec![PARTLY; 15]].concat(), 70, "partly_lacking"),
                ([vec![BEST; 10], vec![PARTLY; 14], vec![UNKNOWN]].concat(), 67, "many_gaps"),
                (
                    [vec![BEST; 12], vec![PARTLY; 1], vec![NOT; 11], vec![UNKNOWN]].concat(),
                    49,
                    "urgent",
                ),
            ] {
                let points = points_for(edition, options);
                assert_eq!(
                    (points.total, points.band.as_deref()),
                    (total, Some(band)),
                    "{edition}"
                );
                assert_eq!((points.minimum, points.maximum), (-25, 100));
            }
        }
    }

    #[test]
    fn parts_have_the_ranges_of_the_facts() {
        let points = points_for("3.1", [BEST; 25]);
        let ranges: Vec<_> = points.parts.iter().map(|sum| (sum.minimum, sum.maximum)).collect();
        assert_eq!(ranges, [(-5, 20), (-13, 52), (-7, 28)]);
        assert_eq!(points.themes.len(), 20);
    }

    #[test]
    fn two_totals_cannot_occur() {
        let mut totals = std::collections::BTreeSet::new();
        for a in 0..=25 {
            for b in 0..=25 - a {
                for c in 0..=25 - a - b {
                    totals.insert(4 * a + 2 * b - (25 - a - b - c));
                }
            }
        }
        let missing: Vec<_> = (-25..=100).filter(|total| !totals.contains(total)).collect();
        assert_eq!(missing, [97, 99]);
    }

    #[test]
    fn an_open_sheet_has_a_range_and_no_band() {
        let outcome = score(&bank("self-check", "4.0"), &sheet([BEST; 12]));
        let points = outcome.points.unwrap();
        assert!(!outcome.complete);
        assert_eq!(outcome.unanswered, (13..=25).collect::<Vec<_>>());
        assert_eq!(points.total, 48);
        assert_eq!((points.lowest_reachable, points.highest_reachable), (35, 100));
        assert_eq!(points.band, None);
    }

    #[test]
    fn an_empty_sheet_is_scored_too() {
        let outcome = score(&bank("self-check", "3.0"), &AnswerSheet::new());
        let points = outcome.points.unwrap();
        assert_eq!(
            (points.total, points.lowest_reachable, points.highest_reachable),
            (0, -25, 100)
        );
        assert!(outcome.next_actions.is_empty());
    }

    #[test]
    fn the_first_part_comes_first_and_the_unknown_is_found_out() {
        let mut options = [NOT; 25];
        options[0] = BEST;
        options[1] = UNKNOWN;
        options[2] = PARTLY;
        let actions = score(&bank("self-check", "3.1"), &sheet(options)).next_actions;
        assert_eq!(actions.len(), 24);
        assert!(actions[..4].iter().all(|action| action.question <= 5));
        let of = |number| actions.iter().find(|action| action.question == number).unwrap();
        assert_eq!((of(2).kind, of(2).gain), (ActionKind::FindOut, Some(5)));
        assert_eq!((of(3).kind, of(3).gain), (ActionKind::Finish, Some(2)));
        assert_eq!((of(4).kind, of(4).gain), (ActionKind::Start, Some(4)));
    }

    #[test]
    fn the_articles_are_counted_and_not_scored() {
        let outcome = score(&bank("articles", "4.0"), &sheet([0, 0, 1, 2, 0, 2]));
        assert_eq!(outcome.points, None);
        assert_eq!(outcome.counts, [3, 1, 2]);
        let kinds: BTreeMap<_, _> =
            outcome.next_actions.iter().map(|action| (action.question, action.kind)).collect();
        assert_eq!(
            kinds,
            BTreeMap::from([
                (3, ActionKind::Finish),
                (4, ActionKind::Start),
                (6, ActionKind::Start)
            ])
        );
    }

    fn any_sheet() -> impl Strategy<Value = AnswerSheet> {
        prop::collection::btree_map(1_u16..=25, (0_usize..4).prop_map(answer), 0..=25)
    }

    proptest! {
        #[test]
        fn the_total_is_within_the_range_and_what_is_reachable(sheet in any_sheet()) {
            let outcome = score(&bank("self-check", "4.0"), &sheet);
            let points = outcome.points.unwrap();
            prop_assert!(points.minimum <= points.lowest_reachable);
            prop_assert!(points.lowest_reachable <= points.total || !outcome.complete);
            prop_assert!(points.highest_reachable <= points.maximum);
            prop_assert_eq!(points.band.is_some(), outcome.complete);
            if outcome.complete {
                prop_assert_eq!(points.lowest_reachable, points.total);
                prop_assert_eq!(points.highest_reachable, points.total);
            }
        }

        #[test]
        fn parts_and_themes_add_up_to_the_total(sheet in any_sheet()) {
            let points = score(&bank("self-check", "3.1"), &sheet).points.unwrap();
            prop_assert_eq!(points.parts.iter().map(|sum| sum.total).sum::<i32>(), points.total);
            prop_assert_eq!(points.themes.iter().map(|sum| sum.total).sum::<i32>(), points.total);
        }

        #[test]
        fn a_better_answer_never_lowers_the_total(
            sheet in any_sheet(), question in 1_u16..=25, worse in 1_usize..4,
        ) {
            let bank = bank("self-check", "4.0");
            let total = |option| {
                let mut sheet = sheet.clone();
                sheet.insert(question, answer(option));
                score(&bank, &sheet).points.unwrap().total
            };
            prop_assert!(total(worse - 1) > total(worse));
        }

        #[test]
        fn the_order_of_answers_does_not_matter(
            options in prop::collection::vec(0_usize..4, 25),
            order in Just((1_u16..=25).collect::<Vec<_>>()).prop_shuffle(),
        ) {
            let bank = bank("self-check", "4.0");
            let shuffled: AnswerSheet = order
                .iter()
                .map(|number| (*number, answer(options[usize::from(*number) - 1])))
                .collect();
            prop_assert_eq!(score(&bank, &shuffled), score(&bank, &sheet(options)));
        }
    }
}
