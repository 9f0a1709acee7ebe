//! Checking a company's situation against a programme; nothing of it is kept.

use actix_web::post;
use actix_web::web::Path;
use chrono::NaiveDate;
use mamori_domain::declaration::DeclarationId;
use mamori_domain::programme::{self, GbizidAccount, Programme, Programmes, Question, Situation};
use mamori_domain::text::Language;
use mamori_store::{Stop, Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::declaration::{GenerationValue, GradeValue, StateValue};
use super::own_programme::{Own, notice};
use super::programme::{ReasonBody, RoundBody, RuleBody};
use crate::answer::{Answer, tell};
use crate::auth::caller::DeclarationsRead;
use crate::auth::{Call, PublicCall};
use crate::problem::{Code, Fault, Problem};
use crate::read::body::{object, optional_day, optional_whole};
use crate::read::{Check, Incoming, PathId};
use crate::route::tag;
use crate::wire::wire_enum;

pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(check_programme).service(check_own_programme);
}

wire_enum! {
    /// Whether the declaration was made with the GビズID account that applies; the account itself is
    /// not asked for.
    #[derive(Default)]
    pub(crate) enum AccountValue as ProgrammeGbizidAccount = GbizidAccount {
        /// The same account is used for both.
        Same = "same",
        /// Different accounts are used.
        Different = "different",
        /// Nobody stated it.
        #[default]
        Unknown = "unknown",
    }
}

/// The domain's answer, beside our own [`Answer`].
type Verdict = programme::Answer;

wire_enum! {
    /// Whether the company would be accepted as far as its declaration goes: `yes`, `no`, or
    /// `unknown` where it can't be said.
    pub(crate) enum AnswerValue as ProgrammeAnswer = Verdict {
        /// Every condition is met.
        Yes = "yes",
        /// A condition is not met.
        No = "no",
        /// It can't be said; the reasons say why.
        Unknown = "unknown",
    }
}

/// A company's situation, and the application that is meant.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProgrammeCheckInput {
    /// The day of the application in Japan; today if left out.
    #[serde(default, deserialize_with = "optional_day")]
    #[schema(example = "2026-06-10")]
    on: Option<NaiveDate>,
    /// The round's code; the earliest one that takes applications on that day if left out.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 40, example = "round-2")]
    round: Option<String>,
    #[serde(deserialize_with = "object")]
    situation: ProgrammeSituationInput,
}

/// What is known of a company's declaration. Whatever is left out is not known.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProgrammeSituationInput {
    /// Where the declaration stands; null: no declaration is known.
    #[serde(default)]
    state: Option<StateValue>,
    /// The stars declared, or being prepared.
    #[serde(default, deserialize_with = "optional_whole")]
    #[schema(minimum = 1, maximum = 2, example = 1)]
    stars: Option<i64>,
    /// The generation of the id.
    #[serde(default)]
    generation: Option<GenerationValue>,
    /// The self-declaration id (自己宣言ID). Only its generation is taken of it: it is neither kept
    /// nor repeated, and whether it exists is not looked up.
    #[serde(default)]
    #[schema(min_length = 11, max_length = 11, pattern = "^[0-9]{11}$")]
    #[schema(example = "59999999901")]
    declaration_id: Option<String>,
    /// How far the status was looked into.
    #[serde(default)]
    evidence_grade: Option<GradeValue>,
    /// The day on which the status was last confirmed.
    #[serde(default, deserialize_with = "optional_day")]
    confirmed_on: Option<NaiveDate>,
    #[serde(default)]
    gbizid_account: AccountValue,
    /// Whether the company has declarations that contradict one another.
    #[serde(default)]
    conflicting: bool,
}

/// Whether a programme would accept a company's declaration, and why not.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProgrammeVerdict)]
pub(crate) struct VerdictBody<'a> {
    /// The programme: its code, or the id of one of your own.
    #[schema(example = "digital-ai-subsidy-2026")]
    programme: &'a str,
    /// The day of the application that was asked about.
    on: NaiveDate,
    answer: AnswerValue,
    /// Why: what fails first, then what is open, then why the rule can't be relied on. None where
    /// the answer is `yes`.
    reasons: Vec<ReasonBody<'a>>,
    /// What the rule as known would give; null where nothing is withheld, or no rule is known.
    #[schema(required)]
    under_reported_rule: Option<AnswerValue>,
    /// The rule that was applied; null where none is known for that day.
    #[schema(required)]
    rule: Option<RuleBody<'a>>,
    /// The round that was asked about, or was found.
    #[schema(required)]
    round: Option<RoundBody<'a>>,
    /// The day in Japan on which this was said: deadlines pass and rules grow old.
    checked_as_of: NaiveDate,
    /// Whose words these are, and whose they are not; to be shown with them.
    notice: &'a str,
}

/// What was asked, with every value checked.
pub(crate) struct Asked {
    on: NaiveDate,
    round: Option<String>,
    situation: Situation,
}

impl ProgrammeCheckInput {
    fn asked(self, today: NaiveDate) -> Result<Asked, Problem> {
        let mut check = Check::default();
        check.optional_line("/round", self.round.as_deref(), 1..=40);
        let about = self.situation;
        check.range("/situation/stars", about.stars, 1..=2);
        check.past("/situation/confirmed_on", about.confirmed_on, today);
        let mut generation = about.generation.map(Into::into);
        if let Some(text) = &about.declaration_id {
            match DeclarationId::parse(text).map(|id| id.generation()) {
                Some(told) if generation.is_some_and(|stated| stated != told) => {
                    let pointer = "/situation/generation";
                    check.push(Fault::at(pointer, Code::GenerationContradicts));
                }
                Some(told) => generation = Some(told),
                None => {
                    let fault = Fault::at("/situation/declaration_id", Code::Format);
                    check.push(fault.with("expected", "49999999901"));
                }
            }
        }
        check.finish(Asked {
            on: self.on.unwrap_or(today),
            round: self.round,
            situation: Situation {
                state: about.state.map(Into::into),
                stars: about.stars.and_then(|stars| u8::try_from(stars).ok()),
                generation,
                grade: about.evidence_grade.map(Into::into),
                confirmed_on: about.confirmed_on,
                gbizid_account: about.gbizid_account.into(),
                conflicting: about.conflicting,
            },
        })
    }
}

/// The verdict of a programme, in words.
fn verdict<'a>(
    programmes: &'a Programmes,
    programme: &'a Programme,
    asked: &Asked,
    today: NaiveDate,
    (language, notice): (Language, &'a str),
) -> VerdictBody<'a> {
    let question = Question { round: asked.round.as_deref(), on: asked.on };
    let found = programme::check(programme, &question, &asked.situation, today);
    let reasons = found.reasons.iter();
    let rule = found.rule.and_then(|index| programme.rules.get(index));
    let round = found.round.and_then(|index| programme.rounds.get(index));
    VerdictBody {
        programme: &programme.code,
        on: asked.on,
        answer: found.answer.into(),
        reasons: reasons.map(|reason| ReasonBody::of(programmes, *reason, language)).collect(),
        under_reported_rule: found.under_reported_rule.map(AnswerValue::from),
        rule: rule.map(|rule| RuleBody::of(rule, language)),
        round: round.map(|round| RoundBody::of(round, language)),
        checked_as_of: today,
        notice,
    }
}

/// Check against a programme
///
/// Says whether a programme would accept a company's declaration: `yes`, `no` or `unknown`, with
/// the reasons. Only the programme's own call for applications (公募要領), or for a buyer its own
/// rule, gives a yes or a no; under anything else the answer is `unknown`, with what the rule as
/// reported would give beside it. Nothing is kept. Needs no token at the anonymous rate; a token
/// that is sent must be good.
#[utoipa::path(
    tag = tag::PROGRAMMES,
    params(("programme" = String, Path, description = "The programme's code",
        example = "digital-ai-subsidy-2026", pattern = "^[a-z][a-z0-9-]{0,39}$")),
    request_body = ProgrammeCheckInput,
    responses((status = 200, description = "The answer", body = VerdictBody<'static>)),
    security((), ("oauth2" = [])),
    extensions(("x-mamori" = json!({
        "body": true, "localized": true, "problems": ["not-found"],
    }))),
)]
#[post("/v1/programmes/{programme}/check")]
async fn check_programme(call: PublicCall, path: Path<String>, body: Incoming) -> Answer {
    let today = call.service.today();
    let asked = body.json::<ProgrammeCheckInput>().await?.value.asked(today)?;
    let programmes = &call.service.scheme().programmes;
    let programme = programmes.get(&path).ok_or_else(Problem::not_found)?;
    let words = (call.language, programmes.notice.get(call.language));
    Ok(tell(call.language, &verdict(programmes, programme, &asked, today, words)))
}

/// Check against a programme of your own
///
/// Says whether a programme of your own would accept a company's declaration. The rule is yours,
/// so the answer is a yes or a no wherever enough is known. Nothing is kept.
#[utoipa::path(
    tag = tag::PROGRAMMES,
    params(("id" = Uuid, Path, description = "The programme")),
    request_body = ProgrammeCheckInput,
    responses((status = 200, description = "The answer", body = VerdictBody<'static>)),
    security(("oauth2" = ["declarations:read"])),
    extensions(("x-mamori" = json!({
        "body": true, "localized": true, "problems": ["not-found", "token-narrowed"],
    }))),
)]
#[post("/v1/own-programmes/{id}/check")]
async fn check_own_programme(call: Call<DeclarationsRead>, id: PathId, body: Incoming) -> Answer {
    call.unnarrowed()?;
    let today = call.service.today();
    let asked = body.json::<ProgrammeCheckInput>().await?.value.asked(today)?;
    let work = move |tx: &mut Tx<'_>| Ok::<_, Stop<Problem>>(tx.find_programme(id.0)?);
    let found = call.service.store().read_one(call.context(), work).await?;
    let own = Own::of(&found.ok_or_else(Problem::not_found)?)?;
    let programmes = &call.service.scheme().programmes;
    let words = (call.language, notice(call.language));
    Ok(tell(call.language, &verdict(programmes, &own.programme, &asked, today, words)))
}
