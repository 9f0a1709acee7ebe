//! Programmes (制度) that ask for a declaration: what each asks for, on which days, and how sure
//! that is.
//!
//! Subsidies and buyers change their rules from one round to the next, so a rule is data with
//! its dates and its source. [`check()`] says whether a company would be accepted, and says
//! 'unknown' wherever the source is not the programme's own call for applications (公募要領).
//! The programmes that ship with mamori are in `content/programmes.toml`; a caller may bring its
//! own, after asking [`contradictions`].

mod check;
mod contradiction;
mod plan;
mod raw;
mod reason;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::Deserialize;

use crate::content::is_code;
use crate::declaration::{Generation, Grade};
use crate::question_bank::{Confidence, Flaw};
use crate::text::{Language, Text};

pub use crate::readiness::GbizidAccount;
pub use check::{Answer, DAYS_UNCHECKED, Question, Situation, Verdict, check, judge};
pub use contradiction::{Contradiction, contradictions};
pub use plan::{Need, Plan, Step, StepTemplate};
pub use reason::{Effect, Reason};

/// What sort of programme it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProgrammeKind {
    /// A subsidy (補助金・助成金).
    Subsidy,
    /// A buyer (取引先) that asks its suppliers.
    Buyer,
    /// A scheme that recognises companies, of the state or of others.
    Recognition,
    /// Anything else.
    Other,
}

/// Who says that a rule holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The programme's own call for applications (公募要領), read.
    Call,
    /// A buyer's own rule, stated by the buyer itself.
    OwnRule,
    /// Anything else: a page about the programme, an adviser, a guide.
    Reported,
}

/// A programme that asks for a declaration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programme {
    /// Its name in paths, such as `digital-ai-subsidy-2026`.
    pub code: String,
    /// Its name.
    pub name: Text,
    /// What sort of programme it is.
    pub kind: ProgrammeKind,
    /// What it is for, and what is not known about it.
    pub description: Text,
    /// Its own page.
    pub official_url: Option<String>,
    /// What it asks for, and when; no two of them for the same day and round.
    pub rules: Vec<Rule>,
    /// The rounds (公募回) that are known.
    pub rounds: Vec<Round>,
}

/// What a programme asks for in one period of applications.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The first day of applications for which it holds; absent: since ever.
    pub from: Option<NaiveDate>,
    /// The last such day, itself included; absent: until further notice.
    pub until: Option<NaiveDate>,
    /// Codes of the rounds for which it holds; none named: for all, and without a round.
    pub rounds: Vec<String>,
    /// What it asks for.
    pub requirement: Requirement,
    /// Who says so.
    pub basis: Basis,
    /// Where that is said.
    pub source: String,
    /// The address of the source.
    pub source_url: Option<String>,
    /// The day on which somebody last compared the rule with its source.
    pub checked_on: NaiveDate,
    /// How sure the rule is.
    pub confidence: Confidence,
    /// What else a reader should know.
    pub note: Option<Text>,
}

impl Rule {
    /// Whether it holds for an application on a day, in a round or outside of any.
    #[must_use]
    pub fn holds(&self, on: NaiveDate, round: Option<&str>) -> bool {
        let named = self.rounds.is_empty()
            || round.is_some_and(|round| self.rounds.iter().any(|named| named == round));
        named
            && self.from.is_none_or(|from| from <= on)
            && self.until.is_none_or(|until| on <= until)
    }
}

/// What a rule asks of a company.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// The fewest stars that are enough, from 1.
    pub minimum_stars: u8,
    /// The generations of id that are accepted; absent: any.
    pub generations: Option<Vec<Generation>>,
    /// Whether the declaration must have been made with the GビズID account that applies.
    pub gbizid_same_account: bool,
    /// The least grade of evidence; absent: the company's word is enough.
    pub minimum_grade: Option<Grade>,
    /// Within how many days before the application the status must have been confirmed.
    pub confirmed_within_days: Option<u16>,
}

/// A round (公募回) of applications.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Round {
    /// Its name in rules and questions, such as `round-2`.
    pub code: String,
    /// Its name.
    pub name: Text,
    /// The last moment for an application.
    pub deadline: DateTime<Utc>,
    /// The first day of applications, where it is known.
    pub opens_on: Option<NaiveDate>,
    /// Where that is said.
    pub source: String,
    /// The address of the source.
    pub source_url: Option<String>,
    /// The day on which somebody last compared the round with its source.
    pub checked_on: NaiveDate,
    /// How sure the round is.
    pub confidence: Confidence,
}

impl Round {
    /// How far Japan is ahead of UTC, all year round.
    const JAPAN: TimeDelta = TimeDelta::hours(9);

    /// The day of the deadline in Japan.
    #[must_use]
    pub fn deadline_day(&self) -> NaiveDate {
        self.deadline.checked_add_signed(Self::JAPAN).unwrap_or(self.deadline).date_naive()
    }
}

impl Programme {
    /// The round of this code.
    #[must_use]
    pub fn round(&self, code: &str) -> Option<&Round> {
        self.rounds.iter().find(|round| round.code == code)
    }

    /// The index of the rule for an application on a day, in a round or outside of any.
    #[must_use]
    pub fn rule_on(&self, on: NaiveDate, round: Option<&str>) -> Option<usize> {
        self.rules.iter().position(|rule| rule.holds(on, round))
    }
}

/// The programmes that ship with mamori, with the words for verdicts and plans.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Programmes {
    /// Goes up with every change of wording.
    pub text_revision: u32,
    /// Whose words these are, and whose they are not.
    pub notice: Text,
    /// The programmes.
    pub programmes: Vec<Programme>,
    /// How to count back from a deadline.
    pub plan: Plan,
    /// One text for each of [`Reason::ALL`].
    reasons: Vec<(Reason, Text)>,
}

impl Programmes {
    /// Reads the programmes that ship with mamori.
    ///
    /// # Errors
    ///
    /// Every flaw of the file.
    pub fn embedded() -> Result<Self, Vec<Flaw>> {
        Self::parse(include_str!("../content/programmes.toml"))
    }

    /// Reads programmes from TOML.
    ///
    /// # Errors
    ///
    /// Every [`Flaw`] of the file, contradictions included, or the first where it can't be read
    /// at all.
    pub fn parse(text: &str) -> Result<Self, Vec<Flaw>> {
        raw::read(text)
    }

    /// The programme of this code.
    #[must_use]
    pub fn get(&self, code: &str) -> Option<&Programme> {
        self.programmes.iter().find(|programme| programme.code == code)
    }

    /// A reason in words: why, and what to do about it.
    #[must_use]
    pub fn explain(&self, reason: Reason, language: Language) -> &str {
        let text = self.reasons.iter().find(|(of, _)| *of == reason).map(|(_, text)| text);
        text.map_or(reason.code(), |text| text.get(language))
    }
}

/// Whether a text can be the code of a round: lower-case words and digits joined by hyphens, at most
/// 40 characters.
#[must_use]
pub fn is_round_code(text: &str) -> bool {
    is_code(text, '-')
}

#[cfg(test)]
mod tests;
