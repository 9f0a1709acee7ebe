//! Reading programmes from their file, and refusing a file that is not whole.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;

use super::{
    Basis, Need, Plan, Programme, ProgrammeKind, Programmes, Reason, Requirement, Round, Rule,
    StepTemplate, contradictions, is_round_code,
};
use crate::content::{from_toml, is_code};
use crate::declaration::{Generation, Grade};
use crate::question_bank::{Confidence, Flaw};
use crate::text::Text;

/// The longest text, in characters.
const LONGEST_TEXT: usize = 2_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    text_revision: u32,
    notice: Text,
    programmes: Vec<RawProgramme>,
    plan: RawPlan,
    reasons: Vec<RawReason>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawProgramme {
    code: String,
    name: Text,
    kind: ProgrammeKind,
    description: Text,
    official_url: Option<String>,
    #[serde(default)]
    rules: Vec<RawRule>,
    #[serde(default)]
    rounds: Vec<RawRound>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    from: Option<NaiveDate>,
    until: Option<NaiveDate>,
    #[serde(default)]
    rounds: Vec<String>,
    requirement: RawRequirement,
    basis: Basis,
    source: String,
    source_url: Option<String>,
    checked_on: NaiveDate,
    confidence: Confidence,
    note: Option<Text>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRequirement {
    minimum_stars: u8,
    generations: Option<Vec<RawGeneration>>,
    gbizid_same_account: bool,
    minimum_grade: Option<RawGrade>,
    confirmed_within_days: Option<u16>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum RawGeneration {
    Old,
    New,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum RawGrade {
    SelfReported,
    IdFormatChecked,
    DocumentSeen,
    MatchedToPublication,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRound {
    code: String,
    name: Text,
    deadline: DateTime<Utc>,
    opens_on: Option<NaiveDate>,
    source: String,
    source_url: Option<String>,
    checked_on: NaiveDate,
    confidence: Confidence,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPlan {
    notice: Text,
    confidence: Confidence,
    steps: Vec<RawStep>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStep {
    code: String,
    days_before: u16,
    need: Need,
    #[serde(default)]
    optional: bool,
    title: Text,
    text: Text,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawReason {
    code: String,
    text: Text,
}

/// Reads programmes from TOML.
pub(super) fn read(text: &str) -> Result<Programmes, Vec<Flaw>> {
    let raw: Raw = from_toml(text)?;

    let mut check = Check::default();
    check.text("notice", &raw.notice);
    let programmes: Vec<_> = raw.programmes.into_iter().map(Programme::from).collect();
    check.codes("programmes", '-', programmes.iter().map(|it| it.code.as_str()));
    for programme in &programmes {
        check.programme(programme);
    }
    let plan = Plan::from(raw.plan);
    check.plan(&plan);
    let reasons = check.reasons(raw.reasons);

    let read = Programmes {
        text_revision: raw.text_revision,
        notice: raw.notice,
        programmes,
        plan,
        reasons,
    };
    if check.flaws.is_empty() { Ok(read) } else { Err(check.flaws) }
}

#[derive(Default)]
struct Check {
    flaws: Vec<Flaw>,
}

impl Check {
    fn programme(&mut self, programme: &Programme) {
        let at = |place: &str| format!("programmes.{}.{place}", programme.code);
        self.text(&at("name"), &programme.name);
        self.text(&at("description"), &programme.description);
        self.url(&at("official_url"), programme.official_url.as_deref());
        self.expect(!programme.rules.is_empty(), &at("rules"), "are missing");

        for (index, rule) in programme.rules.iter().enumerate() {
            let at = |place: &str| at(&format!("rules.{index}.{place}"));
            self.line(&at("source"), &rule.source);
            self.url(&at("source_url"), rule.source_url.as_deref());
            if let Some(note) = &rule.note {
                self.text(&at("note"), note);
            }
        }
        for (index, round) in programme.rounds.iter().enumerate() {
            let at = |place: &str| at(&format!("rounds.{index}.{place}"));
            self.expect(is_round_code(&round.code), &at("code"), "is no code");
            self.text(&at("name"), &round.name);
            self.line(&at("source"), &round.source);
            self.url(&at("source_url"), round.source_url.as_deref());
        }
        for found in contradictions(programme) {
            self.expect(false, &at(&found.place()), &found.to_string());
        }
    }

    fn plan(&mut self, plan: &Plan) {
        self.text("plan.notice", &plan.notice);
        self.codes("plan.steps", '_', plan.steps.iter().map(|it| it.code.as_str()));
        for step in &plan.steps {
            self.text(&format!("plan.steps.{}.title", step.code), &step.title);
            self.text(&format!("plan.steps.{}.text", step.code), &step.text);
        }
        let days = || plan.steps.iter().map(|step| step.days_before);
        let counted = days().is_sorted_by(|earlier, later| earlier >= later);
        self.expect(
            counted && days().next_back() == Some(0),
            "plan.steps",
            "do not count down to the day of the deadline",
        );
    }

    fn reasons(&mut self, raw: Vec<RawReason>) -> Vec<(Reason, Text)> {
        let told = raw.iter().map(|reason| reason.code.as_str());
        let whole = told.eq(Reason::ALL.iter().map(|reason| reason.code()));
        self.expect(whole, "reasons", "are not all there, in order");
        for reason in &raw {
            self.text(&format!("reasons.{}.text", reason.code), &reason.text);
        }
        Reason::ALL.iter().copied().zip(raw.into_iter().map(|reason| reason.text)).collect()
    }

    fn text(&mut self, place: &str, text: &Text) {
        self.line(&format!("{place}.ja"), &text.ja);
        self.line(&format!("{place}.en"), &text.en);
    }

    fn line(&mut self, place: &str, line: &str) {
        self.expect(!line.trim().is_empty(), place, "is empty");
        let long = line.chars().count() > LONGEST_TEXT;
        self.expect(!long, place, "is longer than 2,000 characters");
        self.expect(!line.chars().any(char::is_control), place, "has a control character");
    }

    fn url(&mut self, place: &str, url: Option<&str>) {
        let good = url.is_none_or(|url| url.starts_with("https://") && url.is_ascii());
        self.expect(good, place, "is not an https address");
    }

    fn codes<'c>(&mut self, place: &str, joint: char, codes: impl Iterator<Item = &'c str>) {
        let mut seen = BTreeSet::new();
        for code in codes {
            let place = format!("{place}.{code}");
            self.expect(is_code(code, joint), &place, "is no code");
            self.expect(seen.insert(code), &place, "is there twice");
        }
    }

    fn expect(&mut self, holds: bool, place: &str, otherwise: &str) {
        if !holds {
            self.flaws.push(Flaw { place: place.to_owned(), what: otherwise.to_owned() });
        }
    }
}

impl From<RawProgramme> for Programme {
    fn from(raw: RawProgramme) -> Self {
        let RawProgramme { code, name, kind, description, official_url, rules, rounds } = raw;
        let rules = rules.into_iter().map(Rule::from).collect();
        let rounds = rounds.into_iter().map(Round::from).collect();
        Self { code, name, kind, description, official_url, rules, rounds }
    }
}

impl From<RawRule> for Rule {
    fn from(raw: RawRule) -> Self {
        Self {
            from: raw.from,
            until: raw.until,
            rounds: raw.rounds,
            requirement: raw.requirement.into(),
            basis: raw.basis,
            source: raw.source,
            source_url: raw.source_url,
            checked_on: raw.checked_on,
            confidence: raw.confidence,
            note: raw.note,
        }
    }
}

impl From<RawRequirement> for Requirement {
    fn from(raw: RawRequirement) -> Self {
        let generation = |raw| match raw {
            RawGeneration::Old => Generation::Old,
            RawGeneration::New => Generation::New,
        };
        let grade = |raw| match raw {
            RawGrade::SelfReported => Grade::SelfReported,
            RawGrade::IdFormatChecked => Grade::IdFormatChecked,
            RawGrade::DocumentSeen => Grade::DocumentSeen,
            RawGrade::MatchedToPublication => Grade::MatchedToPublication,
        };
        Self {
            minimum_stars: raw.minimum_stars,
            generations: raw.generations.map(|them| them.into_iter().map(generation).collect()),
            gbizid_same_account: raw.gbizid_same_account,
            minimum_grade: raw.minimum_grade.map(grade),
            confirmed_within_days: raw.confirmed_within_days,
        }
    }
}

impl From<RawRound> for Round {
    fn from(raw: RawRound) -> Self {
        let RawRound { code, name, deadline, opens_on, source, source_url, checked_on, confidence } =
            raw;
        Self { code, name, deadline, opens_on, source, source_url, checked_on, confidence }
    }
}

impl From<RawPlan> for Plan {
    fn from(raw: RawPlan) -> Self {
        let step = |RawStep { code, days_before, need, optional, title, text }| StepTemplate {
            code,
            days_before,
            need,
            optional,
            title,
            text,
        };
        let steps = raw.steps.into_iter().map(step).collect();
        Self { notice: raw.notice, confidence: raw.confidence, steps }
    }
}
