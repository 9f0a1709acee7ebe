//! Two results of one bank, side by side.

use crate::scoring::Outcome;

/// How an answer moved. Options are listed best first, so a lower index is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Movement {
    /// Better than before.
    Better,
    /// Worse than before.
    Worse,
    /// As before.
    Same,
    /// Only the later sheet has the question.
    New,
    /// Only the earlier sheet has the question.
    Gone,
}

/// One question in both results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The question's number.
    pub question: u16,
    /// The index of the earlier option.
    pub before: Option<u8>,
    /// The index of the later option.
    pub after: Option<u8>,
    /// How it moved.
    pub movement: Movement,
}

/// Every question of either result, by number.
#[must_use]
pub fn compare(before: &Outcome, after: &Outcome) -> Vec<Change> {
    let questions = before.answers.len().max(after.answers.len());
    let numbers = 1..=u16::try_from(questions).unwrap_or(u16::MAX);
    numbers
        .enumerate()
        .map(|(index, question)| {
            let before = before.answers.get(index).copied();
            let after = after.answers.get(index).copied();
            let movement = match (before, after) {
                (None, _) => Movement::New,
                (_, None) => Movement::Gone,
                (Some(before), Some(after)) if before == after => Movement::Same,
                (Some(before), Some(after)) if after < before => Movement::Better,
                _ => Movement::Worse,
            };
            Change { question, before: before.flatten(), after: after.flatten(), movement }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::question_bank::library::Library;
    use crate::scoring::{Answer, score};

    fn articles(edition: &str, options: &[usize]) -> Outcome {
        let library = Library::embedded().unwrap();
        let answers = options.iter().map(|&option| Answer { option, not_used: false, note: None });
        score(library.get("articles", edition).unwrap(), &(1..).zip(answers).collect())
    }

    #[test]
    fn each_movement_is_told() {
        let before = articles("3.1", &[0, 1, 2, 1, 0]);
        let after = articles("4.0", &[0, 0, 1, 2, 0, 1]);
        let movements: Vec<_> = compare(&before, &after).iter().map(|c| c.movement).collect();
        use Movement::*;
        assert_eq!(movements, [Same, Better, Better, Worse, Same, New]);
        let back: Vec<_> = compare(&after, &before).iter().map(|c| c.movement).collect();
        assert_eq!(back, [Same, Worse, Worse, Better, Same, Gone]);
    }
}
