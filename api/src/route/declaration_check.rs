//! Checks of a status: which star a company has declared, how sure that is, and whether it is enough for
//! whoever asks.

use std::collections::BTreeMap;

use actix_web::post;
use chrono::NaiveDate;
use mamori_domain::company_name::{Likeness, compare};
use mamori_domain::corporate_number::hint::{
    Hint, Reading, corrections, read, read_declaration_id, slips,
};
use mamori_domain::declaration::{DeclarationId, STARS, State, is_fresh};
use mamori_domain::personal_number::could_be_personal;
use mamori_domain::programme::{Answer as Verdict, Reason, Requirement, Situation, judge};
use mamori_domain::readiness::GbizidAccount;
use mamori_store::{Error, Keys, Matched, Stop, Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::declaration::{GenerationValue, GradeValue};
use crate::answer::Answer;
use crate::auth::Call;
use crate::auth::caller::DeclarationsRead;
use crate::problem::{Code, Fault, Problem};
use crate::read::body::{object, optional_object, optional_whole};
use crate::read::{Check, Incoming};
use crate::route::tag;
use crate::wire::wire_enum;

pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(check_declaration);
}

/// What is enough for whoever asks. What is left out is not asked for.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DeclarationRuleInput)]
pub(crate) struct RuleInput {
    /// The least number of stars; one if left out.
    #[serde(default, deserialize_with = "optional_whole")]
    #[schema(minimum = 1, maximum = 2, example = 2)]
    pub(super) minimum_stars: Option<i64>,
    #[serde(default)]
    pub(super) minimum_grade: Option<GradeValue>,
    /// Your own rule of how old the last confirmation may be: a declaration has no expiry.
    #[serde(default, deserialize_with = "optional_whole")]
    #[schema(minimum = 1, maximum = 3650, example = 365)]
    pub(super) confirmed_within_days: Option<i64>,
    /// Whether only an id of the system since April 2026 is enough.
    #[serde(default)]
    pub(super) new_generation_only: Option<bool>,
}

impl RuleInput {
    pub(super) fn checked(&self, check: &mut Check, at: &str) -> Requirement {
        let stars = self.minimum_stars.unwrap_or(1);
        if !STARS.iter().any(|known| i64::from(*known) == stars) {
            check.push(Fault::at(format!("{at}/minimum_stars"), Code::NoSuchStar));
        }
        let days = self.confirmed_within_days;
        check.range(&format!("{at}/confirmed_within_days"), days, 1..=3650);
        let new = self.new_generation_only == Some(true);
        Requirement {
            minimum_stars: u8::try_from(stars).unwrap_or(1),
            generations: new.then(|| vec![GenerationValue::New.into()]),
            gbizid_same_account: false,
            minimum_grade: self.minimum_grade.map(Into::into),
            confirmed_within_days: days.and_then(|days| u16::try_from(days).ok()),
        }
    }
}

/// Whom to look up: by one of the three keys. They are read as people type them: full width, with
/// spaces or hyphens, with the T of an invoice number; the answer says what was made of them.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DeclarationKeyInput)]
pub(crate) struct KeyInput {
    /// The corporate number (法人番号).
    #[serde(default)]
    #[schema(max_length = 60, example = "7000012050002")]
    pub(super) corporate_number: Option<String>,
    /// The self-declaration id (自己宣言ID).
    #[serde(default)]
    #[schema(max_length = 60, example = "59999999901")]
    pub(super) declaration_id: Option<String>,
    /// Your own key of an organization that you registered.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub(super) external_id: Option<String>,
    /// The name that you have for it, to be compared.
    #[serde(default)]
    #[schema(max_length = 200, example = "株式会社みほん製作所")]
    pub(super) name: Option<String>,
}

impl KeyInput {
    pub(super) fn checked(&self, check: &mut Check, at: &str) {
        for (name, text, longest) in [
            ("corporate_number", &self.corporate_number, 60),
            ("declaration_id", &self.declaration_id, 60),
            ("external_id", &self.external_id, 200),
            ("name", &self.name, 200),
        ] {
            if text.as_ref().is_some_and(|text| text.chars().count() > longest) {
                let fault = Fault::at(format!("{at}/{name}"), Code::Length);
                check.push(fault.with("minimum", 0).with("maximum", longest));
            }
        }
    }
}

/// Whom to look up, and what is enough.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeclarationCheckInput {
    #[serde(deserialize_with = "object")]
    company: KeyInput,
    #[serde(default, deserialize_with = "optional_object")]
    rule: Option<RuleInput>,
}

wire_enum! {
    /// What is known: where the declaration stands; `not_found` where nothing is known that you may
    /// see, which is not the same as not declared; `invalid` where the key can't be read.
    pub(crate) enum CheckStatus {
        /// Being prepared; nothing was declared yet.
        Preparing = "preparing",
        /// Declared in IPA's system.
        Declared = "declared",
        /// A newer declaration of the same company took its place.
        Superseded = "superseded",
        /// Stopped (停止).
        Stopped = "stopped",
        /// Recorded, but nobody can say how it stands.
        Unknown = "unknown",
        /// Nothing that you may see is known under this key: none recorded, or not listed.
        NotFound = "not_found",
        /// The key can't be read; `hints` say why.
        Invalid = "invalid",
    }
}

wire_enum! {
    /// Where it is known from: your own `custody`, or the `listing` that the organization chose.
    pub(crate) enum CheckSource {
        /// Your own records.
        Custody = "custody",
        /// Another custodian's record, listed by the company's consent.
        Listing = "listing",
    }
}

wire_enum! {
    /// Whether it is enough by your rule; `unknown` is no 'no'.
    pub(crate) enum AcceptedValue as RuleAcceptance = Verdict {
        /// Your rule is not met.
        No = "no",
        /// Whether your rule is met can't be said.
        Unknown = "unknown",
        /// Your rule is met.
        Yes = "yes",
    }
}

/// What to look at once more.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct CheckHint {
    /// `full_width`, `separators`, `invoice_prefix`: the key was read so. `check_digit`,
    /// `digit_slip`, `lost_digits`, `twelve_digits`, `leading_zero`, `wrong_length`, `letters`: what is
    /// wrong with it, as is `control_character`. `no_key`, `several_keys`: how many there are. `name_near`, `name_differs`: how
    /// your name compares. `records_differ`: several records do not say the same.
    #[schema(example = "digit_slip")]
    code: &'static str,
    /// A key that was perhaps meant, and is found.
    #[schema(required)]
    pub(super) candidate: Option<String>,
}

/// What is known of a company's declaration. It is self-declared: nobody examined it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = DeclarationCheckResult)]
pub(crate) struct CheckBody {
    pub(super) status: CheckStatus,
    #[schema(required)]
    source: Option<CheckSource>,
    /// The organization, where it is in your custody.
    #[schema(required)]
    organization: Option<Uuid>,
    /// Its name as it is registered here.
    #[schema(required)]
    name: Option<String>,
    /// Who recorded it, where that was another than you: it is their statement.
    #[schema(required)]
    recorded_by: Option<String>,
    /// The stars declared; null where they are not known.
    #[schema(required)]
    pub(super) stars: Option<u8>,
    #[schema(required)]
    generation: Option<GenerationValue>,
    #[schema(required)]
    pub(super) evidence_grade: Option<GradeValue>,
    /// The day of the declaration.
    #[schema(required)]
    pub(super) declared_on: Option<NaiveDate>,
    /// The day on which it was last confirmed.
    #[schema(required)]
    pub(super) confirmed_on: Option<NaiveDate>,
    /// Whether that is recent enough by your rule; null where you have none.
    #[schema(required)]
    pub(super) fresh: Option<bool>,
    pub(super) accepted: AcceptedValue,
    /// Why it is not, or not surely, enough: codes that `GET /v1/programmes/{programme}` explains.
    #[schema(example = json!(["two_stars_required"]))]
    pub(super) reasons: Vec<&'static str>,
    pub(super) hints: Vec<CheckHint>,
}

impl CheckBody {
    /// The codes of the hints.
    pub(super) fn hint_codes(&self) -> Vec<&'static str> {
        self.hints.iter().map(|hint| hint.code).collect()
    }
}

/// A key as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
enum ReadKey {
    Number(String),
    Id(String),
    External(String),
    None,
}

/// A row of a check: its key, what was made of it, and what else could have been meant.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    key: ReadKey,
    hints: Vec<Hint>,
    other_hints: Vec<&'static str>,
    candidates: Vec<String>,
    name: Option<String>,
}

impl Asked {
    /// Reads a key.
    pub(super) fn of(input: KeyInput) -> Self {
        let KeyInput { corporate_number, declaration_id, external_id, name } = input;
        let filled = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let (number, id, external) =
            (filled(corporate_number), filled(declaration_id), filled(external_id));
        let given = usize::from(number.is_some())
            + usize::from(id.is_some())
            + usize::from(external.is_some());
        let mut asked = Self {
            key: ReadKey::None,
            hints: Vec::new(),
            other_hints: Vec::new(),
            candidates: Vec::new(),
            name: filled(name),
        };
        if given > 1 {
            asked.other_hints.push("several_keys");
        }
        match (number, id, external) {
            (Some(text), ..) => {
                let Reading { found, hints } = read(&text);
                asked.candidates = match &found {
                    Some(number) => slips(number),
                    None => corrections(&text),
                }
                .into_iter()
                .map(|number| number.to_string())
                .collect();
                asked.hints = hints;
                asked.key = found.map_or(ReadKey::None, |it| ReadKey::Number(it.to_string()));
            }
            (None, Some(text), _) => {
                let Reading { found, hints } = read_declaration_id(&text);
                asked.hints = hints;
                asked.key = found.map_or(ReadKey::None, |it| ReadKey::Id(String::from(it)));
            }
            (None, None, Some(text)) => {
                if could_be_personal(&text) {
                    asked.hints.push(Hint::TwelveDigits);
                } else if text.chars().any(char::is_control) {
                    asked.other_hints.push("control_character");
                } else {
                    asked.key = ReadKey::External(text);
                }
            }
            (None, None, None) => asked.other_hints.push("no_key"),
        }
        asked
    }

    /// The key as it was read; nothing where it could not be.
    pub(super) fn key(&self) -> Option<&str> {
        match &self.key {
            ReadKey::Number(key) | ReadKey::Id(key) | ReadKey::External(key) => Some(key),
            ReadKey::None => None,
        }
    }
}

/// Looks rows up and judges each: two looks at the database, whatever the number of rows.
pub(super) fn look_up(
    tx: &mut Tx<'_>,
    asked: &[Asked],
    rule: &Requirement,
    today: NaiveDate,
) -> Result<Vec<CheckBody>, Error> {
    let mut keys = Keys::default();
    for row in asked {
        match &row.key {
            ReadKey::Number(number) => keys.corporate_numbers.push(number.clone()),
            ReadKey::Id(id) => keys.declaration_ids.push(id.clone()),
            ReadKey::External(key) => keys.external_ids.push(key.clone()),
            ReadKey::None => {}
        }
    }
    let mut found: BTreeMap<String, Vec<Matched>> = BTreeMap::new();
    for matched in tx.look_up(&keys)? {
        found.entry(matched.key.clone()).or_default().push(matched);
    }
    let missing = |row: &Asked| row.key().is_none_or(|key| !found.contains_key(key));
    let meant: Vec<String> = asked
        .iter()
        .filter(|row| missing(row))
        .flat_map(|row| row.candidates.iter().cloned())
        .collect();
    let meant = Keys { corporate_numbers: meant, ..Keys::default() };
    let known: Vec<String> = if meant.corporate_numbers.is_empty() {
        Vec::new()
    } else {
        tx.look_up(&meant)?.into_iter().map(|matched| matched.key).collect()
    };
    Ok(asked
        .iter()
        .map(|row| {
            let matches = row.key().and_then(|key| found.get(key));
            answer(row, matches.map_or(&[], Vec::as_slice), &known, rule, today)
        })
        .collect())
}

/// The answer to one row.
fn answer(
    asked: &Asked,
    matches: &[Matched],
    known: &[String],
    rule: &Requirement,
    today: NaiveDate,
) -> CheckBody {
    let mut hints: Vec<CheckHint> = Vec::new();
    let mut hint = |code, candidate| hints.push(CheckHint { code, candidate });
    let candidate = || asked.candidates.iter().find(|candidate| known.contains(candidate)).cloned();
    for told in &asked.hints {
        let meant = if *told == Hint::CheckDigit { candidate() } else { None };
        hint(told.code(), meant);
    }
    for code in &asked.other_hints {
        hint(code, None);
    }
    // One's own record first; then what is declared, looked into further, confirmed later.
    let best = matches.iter().max_by_key(|matched| {
        let declared = matched.state == State::Declared;
        (matched.own, declared, matched.grade.rank(), matched.confirmed_on, matched.declaration)
    });
    let Some(best) = best else {
        if let (ReadKey::Number(_), Some(meant)) = (&asked.key, candidate()) {
            hint(Hint::DigitSlip.code(), Some(meant));
        }
        let invalid = asked.key == ReadKey::None;
        let status = if invalid { CheckStatus::Invalid } else { CheckStatus::NotFound };
        return CheckBody {
            status,
            source: None,
            organization: None,
            name: None,
            recorded_by: None,
            stars: None,
            generation: None,
            evidence_grade: None,
            declared_on: None,
            confirmed_on: None,
            fresh: None,
            accepted: AcceptedValue::Unknown,
            reasons: vec![Reason::NoDeclarationKnown.code()],
            hints,
        };
    };
    match asked.name.as_deref().map(|name| compare(name, &best.name)) {
        Some(Likeness::Near) => hint("name_near", None),
        Some(Likeness::Different) => hint("name_differs", None),
        Some(Likeness::Same) | None => {}
    }
    let differ = matches.iter().any(|it| (it.state, it.stars) != (best.state, best.stars));
    if differ {
        hint("records_differ", None);
    }
    let generation = best.self_declaration_id.as_deref().and_then(DeclarationId::parse);
    let generation = generation.map(|id| id.generation());
    let situation = Situation {
        state: Some(best.state),
        stars: best.stars,
        generation,
        grade: Some(best.grade),
        confirmed_on: best.confirmed_on,
        gbizid_account: GbizidAccount::Unknown,
        // Of others' records nobody can say which is right; one's own comes first.
        conflicting: best.state == State::Declared
            && (best.conflicting_since.is_some() || differ && !best.own),
    };
    let (accepted, reasons) = judge(rule, today, &situation);
    let fresh = rule.confirmed_within_days.map(|days| {
        best.confirmed_on.is_some_and(|confirmed_on| is_fresh(confirmed_on, days, today))
    });
    CheckBody {
        status: match best.state {
            State::Preparing => CheckStatus::Preparing,
            State::Declared => CheckStatus::Declared,
            State::Superseded => CheckStatus::Superseded,
            State::Stopped => CheckStatus::Stopped,
            State::Unknown => CheckStatus::Unknown,
        },
        source: Some(if best.own { CheckSource::Custody } else { CheckSource::Listing }),
        organization: best.own.then_some(best.organization),
        name: Some(best.name.clone()),
        recorded_by: (!best.own).then(|| best.recorded_by.clone()),
        stars: best.stars,
        generation: generation.map(GenerationValue::from),
        evidence_grade: Some(best.grade.into()),
        declared_on: best.declared_on,
        confirmed_on: best.confirmed_on,
        fresh,
        accepted: accepted.into(),
        reasons: reasons.into_iter().map(Reason::code).collect(),
        hints,
    }
}

/// Check a company
///
/// Which star a company has declared, how sure that is, and whether it is enough by your rule. Only what
/// is in your own custody is answered, and what the organization chose to list; what is not listed
/// looks just as what is not there. An absence never means that nothing was declared.
#[utoipa::path(
    tag = tag::DECLARATION_CHECKS,
    request_body = DeclarationCheckInput,
    responses((status = 200, description = "What is known", body = CheckBody)),
    security(("oauth2" = ["declarations:read"])),
    extensions(("x-mamori" = json!({"body": true, "problems": ["token-narrowed"]}))),
)]
#[post("/v1/declaration-checks")]
async fn check_declaration(call: Call<DeclarationsRead>, body: Incoming) -> Answer {
    call.unnarrowed()?;
    let input = body.json::<DeclarationCheckInput>().await?.value;
    let mut check = Check::default();
    input.company.checked(&mut check, "/company");
    let rule = input.rule.unwrap_or_default().checked(&mut check, "/rule");
    check.finish(())?;
    let (asked, today) = ([Asked::of(input.company)], call.service.today());
    let work = move |tx: &mut Tx<'_>| Ok::<_, Stop<Problem>>(look_up(tx, &asked, &rule, today)?);
    let mut found = call.service.store().read(call.context(), work).await?;
    let found = found.pop().ok_or(Problem::internal("a row without an answer"))?;
    Ok(actix_web::HttpResponse::Ok().json(found))
}
