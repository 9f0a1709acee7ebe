//! An assessment (自社診断 and its kin): from a draft to a result that stays.
//!
//! ```text
//! draft ──submit──▶ submitted
//! ```
//! A draft is answered in as many sittings as it takes. What is submitted never changes.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::question_bank::QuestionBank;
use crate::scoring::{Answer, AnswerSheet, Outcome, score};

/// Where an assessment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Being answered.
    Draft,
    /// Done; nothing about it changes any more.
    Submitted,
}

/// Who filled in the sheet (記入者).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Respondent {
    /// 経営者.
    Management,
    /// 担当者.
    PersonInCharge,
    /// 部門長.
    DepartmentHead,
}

/// How the answers came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// The firm answered by itself.
    BySelf,
    /// Somebody helped, such as a support centre.
    Assisted,
    /// Copied from a sheet of paper.
    Transcribed,
}

/// Who answered, when and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circumstances {
    /// The date of the self-check (診断日), in Japan; it orders the history.
    pub answered_on: NaiveDate,
    /// Who filled in the sheet.
    pub respondent: Option<Respondent>,
    /// Their name.
    pub respondent_name: Option<String>,
    /// How the answers came about.
    pub method: Method,
    /// Who helped; only with [`Method::Assisted`].
    pub assisted_by: Option<String>,
    /// The office or department that the answers are about.
    pub unit: Option<Uuid>,
}

/// An assessment, without its answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    /// Its id.
    pub id: Uuid,
    /// The organization that is assessed.
    pub organization: Uuid,
    /// The question bank's name.
    pub question_bank: String,
    /// The edition that it pins.
    pub edition: String,
    /// The wording that it began with.
    pub text_revision: u32,
    /// Where it stands.
    pub state: State,
    /// Who answered, when and how.
    pub circumstances: Circumstances,
    /// Goes up with every change of the assessment or its answers.
    pub revision: i64,
    /// When it was begun.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// When it was submitted.
    pub submitted_at: Option<DateTime<Utc>>,
}

/// What is wrong with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    /// The bank has no question of this number.
    #[error("there is no such question")]
    NoSuchQuestion,
    /// The bank has no such option.
    #[error("there is no such option")]
    NoSuchOption,
    /// The question does not allow the answer 'not used'.
    #[error("the question cannot be answered with 'not used'")]
    NotUsedNotAllowed,
    /// 'Not used' counts in full, so it goes with the best option alone.
    #[error("'not used' goes with the best option alone")]
    NotUsedNeedsBest,
}

/// Reads one answer against its bank.
///
/// # Errors
///
/// [`AnswerError`] says what the bank does not know or allow.
pub fn read_answer(
    bank: &QuestionBank,
    question: u16,
    option: &str,
    not_used: bool,
    note: Option<String>,
) -> Result<Answer, AnswerError> {
    let question = bank.question(question).ok_or(AnswerError::NoSuchQuestion)?;
    let option = bank.option(option).ok_or(AnswerError::NoSuchOption)?;
    if not_used && !question.not_used {
        return Err(AnswerError::NotUsedNotAllowed);
    }
    if not_used && option != 0 {
        return Err(AnswerError::NotUsedNeedsBest);
    }
    Ok(Answer { option, not_used, note })
}

/// Questions are open, so the sheet can't be submitted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} questions are not answered", .0.len())]
pub struct Unanswered(pub Vec<u16>);

/// Scores a sheet for good. Open questions are refused, or, if `unanswered_as_unknown`,
/// count as 'don't know', and the outcome says which.
///
/// # Errors
///
/// [`Unanswered`] lists the open questions.
pub fn submit(
    bank: &QuestionBank,
    sheet: &AnswerSheet,
    unanswered_as_unknown: bool,
) -> Result<Outcome, Unanswered> {
    let outcome = score(bank, sheet);
    if outcome.complete {
        return Ok(outcome);
    }
    let unknown = bank.options.iter().position(|option| option.unknown);
    let Some(option) = unknown.filter(|_| unanswered_as_unknown) else {
        return Err(Unanswered(outcome.unanswered));
    };
    let mut filled = sheet.clone();
    for number in &outcome.unanswered {
        filled.insert(*number, Answer { option, not_used: false, note: None });
    }
    Ok(Outcome { filled: outcome.unanswered, ..score(bank, &filled) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::question_bank::library::Library;

    #[test]
    fn not_used_goes_with_three_questions_and_the_best_option() {
        let library = Library::embedded().unwrap();
        let bank = library.get("self-check", "3.1").unwrap();
        let read = |question, option| read_answer(bank, question, option, true, None);
        for question in [9, 21, 23] {
            assert!(read(question, "implemented").is_ok());
            assert_eq!(read(question, "unknown"), Err(AnswerError::NotUsedNeedsBest));
        }
        assert_eq!(read(1, "implemented"), Err(AnswerError::NotUsedNotAllowed));
        assert_eq!(read(26, "implemented"), Err(AnswerError::NoSuchQuestion));
        assert_eq!(read(0, "implemented"), Err(AnswerError::NoSuchQuestion));
        assert_eq!(read(9, "yes"), Err(AnswerError::NoSuchOption));
    }

    #[test]
    fn an_open_sheet_is_refused_or_filled() {
        let library = Library::embedded().unwrap();
        let bank = library.get("self-check", "4.0").unwrap();
        let sheet: AnswerSheet = (1..=24)
            .map(|number| (number, Answer { option: 0, not_used: false, note: None }))
            .collect();
        assert_eq!(submit(bank, &sheet, false), Err(Unanswered(vec![25])));
        let outcome = submit(bank, &sheet, true).unwrap();
        assert_eq!((outcome.filled, outcome.unknown), (vec![25], vec![25]));
        assert_eq!(outcome.points.unwrap().total, 95);
    }

    #[test]
    fn a_bank_without_dont_know_cannot_be_filled() {
        let library = Library::embedded().unwrap();
        let bank = library.get("articles", "4.0").unwrap();
        let refused = submit(bank, &AnswerSheet::new(), true);
        assert_eq!(refused, Err(Unanswered((1..=6).collect())));
    }
}
