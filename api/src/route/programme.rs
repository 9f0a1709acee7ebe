//! Programmes (制度) that ask for a declaration, as they ship with mamori; public, and the same for
//! everybody.

use actix_web::get;
use actix_web::web::Path;
use chrono::{DateTime, NaiveDate, Utc};
use mamori_domain::programme::{
    Basis, Effect, Programme, ProgrammeKind, Programmes, Reason, Requirement, Round, Rule,
};
use mamori_domain::text::{Language, Text};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::declaration::{GenerationValue, GradeValue};
use super::question_bank::ConfidenceBody;
use crate::answer::Answer;
use crate::auth::PublicCall;
use crate::problem::Problem;
use crate::route::tag;
use crate::wire::wire_enum;

pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list_programmes).service(get_programme);
}

wire_enum! {
    /// What sort of programme it is: `subsidy` (補助金・助成金), `buyer` (取引先), `recognition` (a
    /// scheme that recognises companies), or `other`.
    pub(crate) enum ProgrammeKindValue as ProgrammeKind = ProgrammeKind {
        /// A subsidy (補助金・助成金).
        Subsidy = "subsidy",
        /// A buyer (取引先) that asks its suppliers.
        Buyer = "buyer",
        /// A scheme that recognises companies, of the state or of others.
        Recognition = "recognition",
        /// Anything else.
        Other = "other",
    }
}

wire_enum! {
    /// Who says that a rule holds: `call` (the programme's own call for applications, 公募要領, was
    /// read), `own_rule` (a buyer says so of itself), or `reported` (anybody else). Under a
    /// `reported` rule every check answers `unknown`.
    pub(crate) enum BasisValue as ProgrammeRuleBasis = Basis {
        /// The programme's own call for applications (公募要領), read.
        Call = "call",
        /// A buyer's own rule, stated by the buyer itself.
        OwnRule = "own_rule",
        /// Anything else: a page about the programme, an adviser, a guide.
        Reported = "reported",
    }
}

wire_enum! {
    /// What a reason does: it `fails` a condition (the answer is `no`), `leaves_open` whether one is
    /// met (`unknown`, unless another fails), or `withholds` the answer, since the rule or the
    /// round can't be relied on (`unknown`).
    pub(crate) enum EffectValue as ProgrammeReasonEffect = Effect {
        /// A condition is not met: the answer is no.
        Fails = "fails",
        /// Whether a condition is met can't be said: the answer is unknown, unless another fails.
        LeavesOpen = "leaves_open",
        /// The rule itself can't be relied on: the answer is unknown, whatever the conditions say.
        Withholds = "withholds",
    }
}

/// The programmes that ship with mamori.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProgrammeList<'a> {
    /// The programmes.
    items: Vec<ProgrammeSummary<'a>>,
    /// Always null: the list is whole.
    #[schema(required)]
    next_cursor: Option<String>,
    /// Whose words these are, and whose they are not; to be shown with them.
    notice: &'a str,
}

/// A programme, without its rules and rounds.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProgrammeSummary<'a> {
    /// Its name in paths.
    #[schema(example = "digital-ai-subsidy-2026")]
    code: &'a str,
    /// Its name.
    name: &'a str,
    kind: ProgrammeKindValue,
    /// What it is for, and what is not known about it.
    description: &'a str,
    /// Its own page, where it is known.
    #[schema(required)]
    official_url: Option<&'a str>,
    links: ProgrammeLinks,
}

/// Where more of a programme is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProgrammeLinks {
    /// The whole of it.
    #[schema(example = "/v1/programmes/digital-ai-subsidy-2026")]
    programme: String,
    /// Where to check a company's situation.
    check: String,
    /// Its deadlines as a calendar.
    calendar: String,
}

/// A programme: what it asks for and when, and how sure that is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Programme)]
pub(crate) struct ProgrammeBody<'a> {
    #[serde(flatten)]
    summary: ProgrammeSummary<'a>,
    /// The wording's revision.
    #[schema(minimum = 1)]
    text_revision: u32,
    /// Whose words these are, and whose they are not; to be shown with them.
    notice: &'a str,
    /// What it asks for; no two rules for the same day and round.
    rules: Vec<RuleBody<'a>>,
    /// The rounds (公募回) that are known.
    rounds: Vec<RoundBody<'a>>,
    /// Every reason that a check may give, in words.
    reasons: Vec<ReasonBody<'a>>,
}

/// What a programme asks for in one period of applications.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProgrammeRule)]
pub(crate) struct RuleBody<'a> {
    /// The first day of applications for which it holds; null: since ever.
    #[schema(required)]
    from: Option<NaiveDate>,
    /// The last such day, itself included; null: until further notice.
    #[schema(required)]
    until: Option<NaiveDate>,
    /// Codes of the rounds for which it holds; none: for all, and without a round.
    rounds: Vec<&'a str>,
    requirement: RequirementBody,
    basis: BasisValue,
    /// Where that is said.
    source: &'a str,
    /// The address of the source.
    #[schema(required)]
    source_url: Option<&'a str>,
    /// The day on which somebody last compared the rule with its source.
    checked_on: NaiveDate,
    /// How sure the rule is.
    confidence: ConfidenceBody,
    /// What else a reader should know.
    #[schema(required)]
    note: Option<&'a str>,
}

/// What a rule asks of a company.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProgrammeRequirement)]
pub(crate) struct RequirementBody {
    /// The fewest declared stars that are enough.
    #[schema(minimum = 1, example = 2)]
    minimum_stars: u8,
    /// The generations of id that are accepted; null: any.
    #[schema(required)]
    generations: Option<Vec<GenerationValue>>,
    /// Whether the declaration must have been made with the GビズID account that applies.
    same_gbizid_account: bool,
    /// The least grade of evidence; null: the company's word is enough.
    #[schema(required)]
    minimum_grade: Option<GradeValue>,
    /// Within how many days before the application the status must have been confirmed. A
    /// declaration itself does not expire.
    #[schema(required)]
    confirmed_within_days: Option<u16>,
}

/// A round (公募回) of applications.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProgrammeRound)]
pub(crate) struct RoundBody<'a> {
    /// Its name in rules and questions.
    #[schema(example = "round-2")]
    code: &'a str,
    /// Its name.
    name: &'a str,
    /// The last moment for an application.
    deadline: DateTime<Utc>,
    /// The day of it in Japan.
    deadline_day: NaiveDate,
    /// The first day of applications, where it is known.
    #[schema(required)]
    opens_on: Option<NaiveDate>,
    /// Where that is said.
    source: &'a str,
    /// The address of the source.
    #[schema(required)]
    source_url: Option<&'a str>,
    /// The day on which somebody last compared the round with its source.
    checked_on: NaiveDate,
    /// How sure the round is.
    confidence: ConfidenceBody,
}

/// Why an answer is not a plain yes.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProgrammeReason)]
pub(crate) struct ReasonBody<'a> {
    /// Its code; more may be added.
    #[schema(example = "old_generation_id")]
    code: &'static str,
    effect: EffectValue,
    /// Why, and what to do about it.
    text: &'a str,
}

impl<'a> ProgrammeList<'a> {
    pub(crate) fn of(programmes: &'a Programmes, language: Language) -> Self {
        let items = programmes.programmes.iter();
        Self {
            items: items.map(|one| ProgrammeSummary::of(one, language)).collect(),
            next_cursor: None,
            notice: programmes.notice.get(language),
        }
    }
}

impl<'a> ProgrammeSummary<'a> {
    fn of(programme: &'a Programme, language: Language) -> Self {
        let path = format!("/v1/programmes/{}", programme.code);
        Self {
            code: &programme.code,
            name: programme.name.get(language),
            kind: programme.kind.into(),
            description: programme.description.get(language),
            official_url: programme.official_url.as_deref(),
            links: ProgrammeLinks {
                check: format!("{path}/check"),
                calendar: format!("{path}/calendar"),
                programme: path,
            },
        }
    }
}

impl<'a> ProgrammeBody<'a> {
    pub(crate) fn of(
        programmes: &'a Programmes,
        programme: &'a Programme,
        language: Language,
    ) -> Self {
        let reasons = Reason::ALL.iter();
        Self {
            summary: ProgrammeSummary::of(programme, language),
            text_revision: programmes.text_revision,
            notice: programmes.notice.get(language),
            rules: programme.rules.iter().map(|rule| RuleBody::of(rule, language)).collect(),
            rounds: programme.rounds.iter().map(|round| RoundBody::of(round, language)).collect(),
            reasons: reasons.map(|one| ReasonBody::of(programmes, *one, language)).collect(),
        }
    }
}

impl<'a> RuleBody<'a> {
    pub(crate) fn of(rule: &'a Rule, language: Language) -> Self {
        Self {
            from: rule.from,
            until: rule.until,
            rounds: rule.rounds.iter().map(String::as_str).collect(),
            requirement: RequirementBody::from(&rule.requirement),
            basis: rule.basis.into(),
            source: &rule.source,
            source_url: rule.source_url.as_deref(),
            checked_on: rule.checked_on,
            confidence: rule.confidence.into(),
            note: rule.note.as_ref().map(|note: &Text| note.get(language)),
        }
    }
}

impl From<&Requirement> for RequirementBody {
    fn from(requirement: &Requirement) -> Self {
        let generations = requirement.generations.as_ref();
        Self {
            minimum_stars: requirement.minimum_stars,
            generations: generations.map(|them| them.iter().map(|one| (*one).into()).collect()),
            same_gbizid_account: requirement.gbizid_same_account,
            minimum_grade: requirement.minimum_grade.map(GradeValue::from),
            confirmed_within_days: requirement.confirmed_within_days,
        }
    }
}

impl<'a> RoundBody<'a> {
    pub(crate) fn of(round: &'a Round, language: Language) -> Self {
        Self {
            code: &round.code,
            name: round.name.get(language),
            deadline: round.deadline,
            deadline_day: round.deadline_day(),
            opens_on: round.opens_on,
            source: &round.source,
            source_url: round.source_url.as_deref(),
            checked_on: round.checked_on,
            confidence: round.confidence.into(),
        }
    }
}

impl<'a> ReasonBody<'a> {
    pub(crate) fn of(programmes: &'a Programmes, reason: Reason, language: Language) -> Self {
        Self {
            code: reason.code(),
            effect: reason.effect().into(),
            text: programmes.explain(reason, language),
        }
    }
}

/// List the programmes
///
/// The subsidies and other programmes that ask for a declaration of SECURITY ACTION, as far as
/// they are known here. mamori's own summary, official for none of them. Public and cacheable.
#[utoipa::path(
    tag = tag::PROGRAMMES,
    responses((status = 200, description = "The programmes", body = ProgrammeList<'static>)),
    security(()),
    extensions(("x-mamori" = json!({"localized": true, "cached": true}))),
)]
#[get("/v1/programmes")]
async fn list_programmes(call: PublicCall) -> Answer {
    Ok(call.service.documents().programmes(call.language).serve(&call.request))
}

/// Get a programme
///
/// One programme whole: its rules with where each is said, when that was last looked at and how
/// sure it is, its rounds with their deadlines, and every reason that a check may give, in words.
/// Public and cacheable.
#[utoipa::path(
    tag = tag::PROGRAMMES,
    params(("programme" = String, Path, description = "The programme's code",
        example = "digital-ai-subsidy-2026", pattern = "^[a-z][a-z0-9-]{0,39}$")),
    responses((status = 200, description = "The programme", body = ProgrammeBody<'static>)),
    security(()),
    extensions(("x-mamori" = json!({
        "localized": true, "cached": true, "problems": ["not-found"],
    }))),
)]
#[get("/v1/programmes/{programme}")]
async fn get_programme(call: PublicCall, path: Path<String>) -> Answer {
    let document = call.service.documents().programme(&path, call.language);
    Ok(document.ok_or_else(Problem::not_found)?.serve(&call.request))
}
