//! What to do by when: a plan counted back from the deadline of a round.

use chrono::{Days, NaiveDate};
use serde::Deserialize;

use super::{Programme, Programmes, Requirement, Round};
use crate::question_bank::Confidence;
use crate::text::Text;

/// How to count back from a deadline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Whose suggestion the lead times are.
    pub notice: Text,
    /// How sure the lead times are.
    pub confidence: Confidence,
    /// The steps, from the first to the deadline itself.
    pub steps: Vec<StepTemplate>,
}

/// A step that a plan may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepTemplate {
    /// Its code.
    pub code: String,
    /// How many days before the deadline it is done at the latest.
    pub days_before: u16,
    /// Which programmes need it.
    pub need: Need,
    /// Whether an application is complete without it.
    pub optional: bool,
    /// What to do.
    pub title: Text,
    /// How, and why by then.
    pub text: Text,
}

/// Which programmes need a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// All.
    Always,
    /// Those for which one star is enough.
    OneStar,
    /// Those that ask for two stars or more.
    TwoStars,
    /// Those that ask for the same GビズID account.
    SameAccount,
    /// Those that ask for evidence, or for a confirmation within some days.
    Evidence,
}

impl Need {
    /// Whether a requirement needs it; without one, only what all need is known.
    fn is_of(self, requirement: Option<&Requirement>) -> bool {
        match self {
            Self::Always => true,
            Self::OneStar => requirement.is_some_and(|it| it.minimum_stars <= 1),
            Self::TwoStars => requirement.is_some_and(|it| it.minimum_stars >= 2),
            Self::SameAccount => requirement.is_some_and(|it| it.gbizid_same_account),
            Self::Evidence => requirement.is_some_and(|it| {
                it.minimum_grade.is_some_and(|grade| grade.rank() > 0)
                    || it.confirmed_within_days.is_some()
            }),
        }
    }
}

/// A step of a plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its code.
    pub code: String,
    /// The day by which to have done it.
    pub day: NaiveDate,
    /// Whether that day is over already: the step is to be done at once.
    pub late: bool,
    /// Whether an application is complete without it.
    pub optional: bool,
    /// What to do.
    pub title: Text,
    /// How, and why by then.
    pub text: Text,
}

impl Programmes {
    /// Counts back from a round's deadline what a company that has done nothing yet does by
    /// when, under the rule of the deadline's day. Empty after the deadline.
    ///
    /// Weekends and holidays are not looked at.
    #[must_use]
    pub fn plan(&self, programme: &Programme, round: &Round, today: NaiveDate) -> Vec<Step> {
        let deadline = round.deadline_day();
        if deadline < today {
            return Vec::new();
        }
        let rule = programme.rule_on(deadline, Some(&round.code));
        let requirement = rule.and_then(|rule| programme.rules.get(rule));
        let requirement = requirement.map(|rule| &rule.requirement);
        self.plan
            .steps
            .iter()
            .filter(|step| step.need.is_of(requirement))
            .map(|step| {
                let lead = Days::new(u64::from(step.days_before));
                let day = deadline.checked_sub_days(lead).unwrap_or(deadline);
                Step {
                    code: step.code.clone(),
                    day,
                    late: day < today,
                    optional: step.optional,
                    title: step.title.clone(),
                    text: step.text.clone(),
                }
            })
            .collect()
    }
}
