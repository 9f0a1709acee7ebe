//! What a client says of a programme of its own, checked, and as the rules of programmes read it.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, NaiveDate, SecondsFormat, Utc};
use mamori_domain::declaration::Generation;
use mamori_domain::programme::{
    Basis, Contradiction, Programme, ProgrammeKind, Requirement, Round, Rule, contradictions,
    is_round_code,
};
use mamori_domain::question_bank::Confidence;
use mamori_domain::text::{Language, Text};
use mamori_store::OwnProgramme;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::problem::{Code, Fault, Kind, Problem};
use crate::read::Check;
use crate::read::body::{optional_day, optional_whole, whole};
use crate::route::declaration::GradeValue;
use crate::wire::wire_enum;

/// The most rules and rounds of one of them.
const MOST_RULES: usize = 20;
const MOST_ROUNDS: usize = 50;
/// What a rule or a round of a client's own has for its source.
const SOURCE: &str = "登録元が定めた条件 / as set by the client that keeps it";

/// Whose words a programme of a client's own is, and whose it is not.
pub(crate) const fn notice(language: Language) -> &'static str {
    match language {
        Language::Ja => {
            "この条件は、制度を登録した利用者自身が定めたもので、mamoriやIPAの条件ではありません。\
             SECURITY ACTIONは自己宣言の制度で、IPAが対策の内容を審査するものではありません。"
        }
        Language::En => {
            "These conditions were set by whoever entered the programme; they are neither mamori's \
             nor IPA's. SECURITY ACTION is a self-declaration: IPA does not examine the measures \
             behind it."
        }
    }
}

wire_enum! {
    /// A generation of self-declaration id that is accepted: `old` (it begins with 4) or `new` (5).
    pub(crate) enum AcceptedGeneration {
        /// Ids of the system until March 2026; the first digit is 4.
        Old = "old",
        /// Ids of the system since April 2026; the first digit is 5.
        New = "new",
    }
}

/// What you ask of the declarations of your suppliers.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OwnProgrammeInput {
    /// Its name, used in both languages.
    #[schema(min_length = 1, max_length = 200, example = "2027年度 取引先セキュリティ条件")]
    pub(super) name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(
        min_length = 1,
        max_length = 500,
        example = "取引先に一つ星以上の宣言をお願いしています。"
    )]
    pub(super) description: Option<String>,
    /// What it asks for; no two rules may hold on the same day for the same round.
    #[schema(min_items = 1, max_items = 20)]
    pub(super) rules: Vec<OwnProgrammeRuleInput>,
    /// Its deadlines.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub(super) rounds: Vec<OwnProgrammeRoundInput>,
}

/// What you ask for in one period.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OwnProgrammeRuleInput {
    /// The first day for which it holds; since ever if left out.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "optional_day")]
    pub(super) from: Option<NaiveDate>,
    /// The last such day, itself included; until further notice if left out.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "optional_day")]
    pub(super) until: Option<NaiveDate>,
    /// Codes of the rounds for which it holds; for all, and without a round, if none is named.
    #[serde(default)]
    #[schema(max_items = 50)]
    pub(super) rounds: Vec<String>,
    /// The fewest declared stars that are enough.
    #[serde(deserialize_with = "whole")]
    #[schema(minimum = 1, maximum = 2, example = 2)]
    pub(super) minimum_stars: i64,
    /// The generations of id that are accepted; any if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_items = 1, max_items = 2)]
    pub(super) generations: Option<Vec<AcceptedGeneration>>,
    /// Whether the declaration must have been made with the GビズID account that applies.
    #[serde(default)]
    pub(super) same_gbizid_account: bool,
    /// The least grade of evidence; the company's word is enough if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) minimum_grade: Option<GradeValue>,
    /// Within how many days before the application the status must have been confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "optional_whole")]
    #[schema(minimum = 1, maximum = 3650, example = 365)]
    pub(super) confirmed_within_days: Option<i64>,
    /// What else a reader should know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 1000, example = "二次取引先も含む")]
    pub(super) note: Option<String>,
}

/// A deadline.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OwnProgrammeRoundInput {
    /// Its name in rules and questions: small letters, digits and hyphens.
    #[schema(
        pattern = "^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$",
        max_length = 40,
        example = "spring-2027"
    )]
    pub(super) code: String,
    /// Its name, used in both languages.
    #[schema(min_length = 1, max_length = 200, example = "2027年春の更新")]
    pub(super) name: String,
    /// The last moment, as RFC 3339 has it, with its offset.
    #[schema(format = "date-time", max_length = 40, example = "2027-02-26T17:00:00+09:00")]
    pub(super) deadline: String,
    /// The first day.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "optional_day")]
    pub(super) opens_on: Option<NaiveDate>,
}

/// A programme of a client's own, as the rules of programmes read it.
pub(crate) struct Own {
    pub(crate) programme: Programme,
    pub(crate) revision: i64,
}

impl Own {
    /// Reads what was kept.
    pub(crate) fn of(kept: &OwnProgramme) -> Result<Self, Problem> {
        let input = OwnProgrammeInput::of(kept)?;
        // What a buyer says of itself was last compared with its source when it was last said.
        let day = kept.updated_at.with_timezone(&chrono_tz::Asia::Tokyo).date_naive();
        let programme = input.programme(kept.id.to_string(), day);
        Ok(Self { programme, revision: kept.revision })
    }
}

/// A moment as RFC 3339 has it, on a day in Japan that has four digits of a year, as days do here.
pub(crate) fn moment(text: &str) -> Option<DateTime<Utc>> {
    let formed = matches!(text.as_bytes().get(10), Some(b'T' | b't'));
    let moment = DateTime::parse_from_rfc3339(text).ok().filter(|_| formed)?;
    let year = moment.with_timezone(&chrono_tz::Asia::Tokyo).year();
    (1900..=9999).contains(&year).then(|| moment.with_timezone(&Utc))
}

impl OwnProgrammeInput {
    /// Reads what was kept.
    pub(super) fn of(kept: &OwnProgramme) -> Result<Self, Problem> {
        let input = serde_json::from_str(&kept.body);
        input.map_err(|_| Problem::internal("a programme can't be read"))
    }

    /// What is kept of it.
    pub(super) fn text(&self) -> Result<String, Problem> {
        serde_json::to_string(self).map_err(|_| Problem::new(Kind::Internal))
    }

    /// The same with every value checked, and each deadline in UTC.
    pub(super) fn checked(mut self, today: NaiveDate) -> Result<Self, Problem> {
        let mut check = Check::default();
        check.line("/name", &self.name, 1..=200);
        check.optional_line("/description", self.description.as_deref(), 1..=500);
        let few = check.items("/rules", self.rules.len(), 1..=MOST_RULES);
        if !(check.items("/rounds", self.rounds.len(), 0..=MOST_ROUNDS) && few) {
            return check.finish(self);
        }
        for (index, rule) in self.rules.iter().enumerate() {
            rule.check(&format!("/rules/{index}"), &mut check);
        }
        let mut dated = true;
        for (index, round) in self.rounds.iter_mut().enumerate() {
            let at = |field: &str| format!("/rounds/{index}/{field}");
            if is_round_code(&round.code) {
                check.line(&at("code"), &round.code, 1..=40);
            } else {
                check.push(Fault::at(at("code"), Code::Format).with("expected", "spring-2027"));
            }
            check.line(&at("name"), &round.name, 1..=200);
            match moment(&round.deadline) {
                Some(moment) => {
                    round.deadline = moment.to_rfc3339_opts(SecondsFormat::AutoSi, true);
                }
                None => {
                    dated = false;
                    let fault = Fault::at(at("deadline"), Code::Format);
                    check.push(fault.with("expected", "2027-02-26T17:00:00+09:00"));
                }
            }
        }
        if dated {
            let programme = self.programme(String::new(), today);
            contradictions(&programme).iter().filter_map(fault).for_each(|it| check.push(it));
        }
        check.finish(self)
    }

    /// What this says, as the rules of programmes read it; it has been checked.
    fn programme(&self, code: String, checked_on: NaiveDate) -> Programme {
        let both = |text: &str| Text { ja: text.to_owned(), en: text.to_owned() };
        let rule = |rule: &OwnProgrammeRuleInput| Rule {
            from: rule.from,
            until: rule.until,
            rounds: rule.rounds.clone(),
            requirement: rule.requirement(),
            basis: Basis::OwnRule,
            source: SOURCE.to_owned(),
            source_url: None,
            checked_on,
            confidence: Confidence::Confirmed,
            note: rule.note.as_deref().map(both),
        };
        let round = |round: &OwnProgrammeRoundInput| {
            Some(Round {
                code: round.code.clone(),
                name: both(&round.name),
                deadline: moment(&round.deadline)?,
                opens_on: round.opens_on,
                source: SOURCE.to_owned(),
                source_url: None,
                checked_on,
                confidence: Confidence::Confirmed,
            })
        };
        Programme {
            code,
            name: both(&self.name),
            kind: ProgrammeKind::Buyer,
            description: both(self.description.as_deref().unwrap_or_default()),
            official_url: None,
            rules: self.rules.iter().map(rule).collect(),
            rounds: self.rounds.iter().filter_map(round).collect(),
        }
    }
}

impl OwnProgrammeRuleInput {
    fn check(&self, pointer: &str, check: &mut Check) {
        let at = |field: &str| format!("{pointer}/{field}");
        check.items(&at("rounds"), self.rounds.len(), 0..=MOST_ROUNDS);
        check.range(&at("minimum_stars"), Some(self.minimum_stars), 1..=2);
        check.range(&at("confirmed_within_days"), self.confirmed_within_days, 1..=3650);
        if let Some(note) = &self.note {
            check.text(&at("note"), note, 1..=1000);
        }
        let mut seen = BTreeSet::new();
        for (index, code) in self.rounds.iter().enumerate() {
            if !seen.insert(code) {
                check.push(Fault::at(at(&format!("rounds/{index}")), Code::Duplicate));
            }
        }
        let Some(generations) = &self.generations else { return };
        check.items(&at("generations"), generations.len(), 1..=2);
        if let [one, other] = generations.as_slice()
            && one == other
        {
            check.push(Fault::at(at("generations/1"), Code::Duplicate));
        }
    }

    fn requirement(&self) -> Requirement {
        let generation = |accepted: &AcceptedGeneration| match accepted {
            AcceptedGeneration::Old => Generation::Old,
            AcceptedGeneration::New => Generation::New,
        };
        let generations = self.generations.as_ref();
        let days = self.confirmed_within_days;
        Requirement {
            minimum_stars: u8::try_from(self.minimum_stars).unwrap_or_default(),
            generations: generations.map(|them| them.iter().map(generation).collect()),
            gbizid_same_account: self.same_gbizid_account,
            minimum_grade: self.minimum_grade.map(Into::into),
            confirmed_within_days: days.and_then(|days| u16::try_from(days).ok()),
        }
    }
}

/// The fault that a contradiction is; none where the check of the values has told it.
fn fault(found: &Contradiction) -> Option<Fault> {
    let pointer = format!("/{}", found.place().replace('.', "/"));
    let fault = |code| Some(Fault::at(pointer, code));
    match found {
        Contradiction::PeriodReversed { .. } => fault(Code::EndsBefore),
        Contradiction::RulesOverlap { earlier, .. } => {
            fault(Code::RulesOverlap).map(|fault| fault.with("earlier", earlier + 1))
        }
        Contradiction::NoSuchRound { .. } => fault(Code::NoSuchRound),
        Contradiction::RoundTwice { .. } => fault(Code::Duplicate),
        Contradiction::RoundOpensAfterDeadline { .. } => fault(Code::RoundOpensAfterDeadline),
        Contradiction::RoundWithoutRule { .. } => fault(Code::RoundWithoutRule),
        Contradiction::NoSuchStar { .. }
        | Contradiction::NoGenerationAccepted { .. }
        | Contradiction::ConfirmedWithinNoDays { .. }
        | Contradiction::OwnRuleOfNoBuyer { .. } => None,
    }
}
