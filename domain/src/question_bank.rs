//! Question banks (設問集): the questions of one sheet of the guideline, in one edition.
//!
//! A bank is data. Its numbers, options, points and bands never change within an edition;
//! its wording may, and then [`QuestionBank::text_revision`] goes up. What a bank must be
//! like is in [`read`]; the banks that ship with mamori are in [`library`].

pub mod library;
mod raw;

use std::fmt;

use serde::Deserialize;

use crate::risk::Medium;
use crate::text::Text;

pub use raw::{Flaw, read};

/// The edition (版) of the guideline that a bank follows, such as `3.1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Edition(String);

impl Edition {
    /// Reads an edition: one or two digits, a point, one or two digits.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (major, minor) = text.split_once('.')?;
        let number =
            |part: &str| matches!(part.len(), 1..=2) && part.bytes().all(|b| b.is_ascii_digit());
        (number(major) && number(minor)).then(|| Self(text.to_owned()))
    }

    /// The edition as it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Edition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the answers of a bank add up to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Points, a total and a band: the self-check.
    Points,
    /// No points: how many rules are kept and which are open. The articles.
    Commitment,
    /// No points: how far the controls bearing on each medium are in place.
    Coverage,
}

/// How sure we are of what a bank says about the guideline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// The text, or a faithful copy of it, was read.
    Confirmed,
    /// Known through a second-hand or partial witness.
    Reported,
    /// Follows from what was read, but was not itself read.
    Inferred,
    /// Mamori's own rule.
    Derived,
}

/// Where a bank comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The guideline, its edition and appendix.
    pub title: Text,
    /// The official page.
    pub url: String,
    /// When the edition came out; as exact as is known: `2026-03` or `2023-04-26`.
    pub published: String,
    /// How sure the bank's content is.
    pub confidence: Confidence,
}

/// One of the answers that a question allows; a bank lists the best first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerOption {
    /// The code on the wire.
    pub code: String,
    /// The words on the sheet.
    pub label: Text,
    /// What it adds to the total; absent where the bank is not scored.
    pub points: Option<i32>,
    /// Whether this is the answer 'don't know' (わからない).
    pub unknown: bool,
    /// Whether this is the answer 'not applicable' (自社には該当しない).
    pub not_applicable: bool,
}

/// A part of the sheet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// The code on the wire.
    pub code: String,
    /// Its heading.
    pub title: Text,
}

/// A score band (点数区分): a range of totals, its state and the next step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Band {
    /// The code on the wire; mamori's own.
    pub code: String,
    /// The lowest total in the band.
    pub minimum: i32,
    /// The highest total in the band.
    pub maximum: i32,
    /// What a total in this band says.
    pub state: Text,
    /// What to do next.
    pub next_step: Text,
}

/// A subject that cuts across parts, such as ransomware.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// The code on the wire.
    pub code: String,
    /// Its name.
    pub label: Text,
}

/// One question (診断項目).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// The official number, from 1.
    pub number: u16,
    /// The index of its part in [`QuestionBank::parts`].
    pub part: usize,
    /// The theme; several questions may share one.
    pub theme: Text,
    /// The question, in mamori's words.
    pub text: Text,
    /// Why it matters.
    pub why: Text,
    /// Two or three things that a small firm can do this week.
    pub measures: Vec<Text>,
    /// How to find out, for whoever does not know.
    pub find_out: Text,
    /// Codes of [`QuestionBank::topics`].
    pub topics: Vec<String>,
    /// The media whose vulnerability it bears on; of a bank that measures coverage.
    pub media: Vec<Medium>,
    /// How much harm the measures prevent, 1 to 3 (most); mamori's own estimate.
    pub effect: u8,
    /// What the measures cost, 1 to 3 (most); mamori's own estimate.
    pub effort: u8,
    /// Whether a firm may answer that it does not use such a thing.
    pub not_used: bool,
}

/// The questions of one sheet in one edition, with everything needed to ask and score them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuestionBank {
    /// The bank's name in paths, such as `self-check`.
    pub bank: String,
    /// The guideline's edition.
    pub edition: Edition,
    /// Goes up with every change of wording.
    pub text_revision: u32,
    /// What the answers add up to.
    pub measure: Measure,
    /// The sheet's title.
    pub title: Text,
    /// What it is for.
    pub description: Text,
    /// Whose words these are, and whose they are not.
    pub notice: Text,
    /// What an answer 'not used' means, where a question allows it.
    pub not_used_note: Option<Text>,
    /// Whether numbering and meaning were checked against the guideline.
    pub text_verified: bool,
    /// Whether the cut-offs of the bands were; absent where there are none.
    pub cutoffs_verified: Option<bool>,
    /// Where it comes from.
    pub source: Source,
    /// The answers allowed, best first.
    pub options: Vec<AnswerOption>,
    /// The parts, in the sheet's order.
    pub parts: Vec<Part>,
    /// The bands, best first; none where the bank is not scored.
    pub bands: Vec<Band>,
    /// The topics that questions name.
    pub topics: Vec<Topic>,
    /// The questions, by number.
    pub questions: Vec<Question>,
}

impl QuestionBank {
    /// The position of the option with this code.
    #[must_use]
    pub fn option(&self, code: &str) -> Option<usize> {
        self.options.iter().position(|option| option.code == code)
    }

    /// The position of the worst answer, which is neither 'don't know' nor 'not applicable'.
    #[must_use]
    pub fn worst_option(&self) -> Option<usize> {
        self.options.iter().rposition(|option| !option.unknown && !option.not_applicable)
    }

    /// The question with this number.
    #[must_use]
    pub fn question(&self, number: u16) -> Option<&Question> {
        let index = usize::from(number).checked_sub(1)?;
        self.questions.get(index)
    }

    /// The fewest and the most points that one question can give.
    #[must_use]
    pub fn points_range(&self) -> (i32, i32) {
        let points = || self.options.iter().filter_map(|option| option.points);
        (points().min().unwrap_or(0), points().max().unwrap_or(0))
    }

    /// The band of a total.
    #[must_use]
    pub fn band(&self, total: i32) -> Option<&Band> {
        self.bands.iter().find(|band| (band.minimum..=band.maximum).contains(&total))
    }
}
