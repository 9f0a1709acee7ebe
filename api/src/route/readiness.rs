//! Readiness (準備状況): what an organization still lacks before it declares a star in IPA's own
//! system. It is computed at every read, from what is stated and what was submitted here.

use actix_web::get;
use chrono::NaiveDate;
use mamori_domain::assessment::Respondent;
use mamori_domain::declaration::STARS;
use mamori_domain::readiness::{
    Assessed, EvidenceFound, EvidenceKind, Found, FoundArticles, FoundSelfCheck, Fulfilment,
    NoticeCode, Preparation, Readiness, ReadinessTexts, Requirement, StepCode, readiness,
};
use mamori_domain::text::Language;
use mamori_store::{Stop, StoredResult, Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::question_bank::ConfidenceBody;
use super::result::thaw;
use crate::answer::{Answer, tell};
use crate::auth::Call;
use crate::auth::caller::DeclarationsRead;
use crate::problem::{Code, Fault, Kind, Problem};
use crate::read::query::Parameters;
use crate::read::{PathId, Query};
use crate::route::tag;
use crate::service::Service;
use crate::wire::wire_enum;

/// The bank of the self-check, and that of the articles.
const BANKS: [&str; 2] = ["self-check", "articles"];
/// The answer to an article that nothing is decided about.
const OPEN: &str = "not_yet";

pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(get_declaration_readiness);
}

wire_enum! {
    /// Something that must be there before a declaration: for one star `articles_commitment`; for two
    /// stars `self_check`, `policy_established` and `policy_published`; for IPA's system, whatever the
    /// star, `usable_account`.
    pub(crate) enum RequirementValue as ReadinessRequirement = Requirement {
        /// The commitment to the articles (5か条・6か条への取組).
        ArticlesCommitment = "articles_commitment",
        /// The self-check taken (自社診断の実施).
        SelfCheck = "self_check",
        /// The basic policy established (基本方針の策定).
        PolicyEstablished = "policy_established",
        /// The basic policy published (基本方針の公開).
        PolicyPublished = "policy_published",
        /// A gBizID account that IPA's system takes.
        UsableAccount = "usable_account",
    }
}

wire_enum! {
    /// How far a requirement is met, as far as the organization states: `met`; `equivalent_done`
    /// (something of equal content was done here, but not what IPA names); `missing`; `unknown`
    /// (nobody stated it, which is never taken for missing).
    pub(crate) enum FulfilmentValue as Fulfilment = Fulfilment {
        /// It is met.
        Met = "met",
        /// Something of equal content was done here, but not what IPA names.
        EquivalentDone = "equivalent_done",
        /// It is stated that it is not met.
        Missing = "missing",
        /// Nobody stated it, which is never taken for missing.
        Unknown = "unknown",
    }
}

wire_enum! {
    /// What to do next; the words come with it.
    pub(crate) enum StepValue as ReadinessStepCode = StepCode {
        /// State whether management has committed to the articles.
        StateCommitment = "state_commitment",
        /// Have management confirm the commitment.
        ConfirmWithManagement = "confirm_with_management",
        /// State whether the self-check was taken.
        StateSelfCheck = "state_self_check",
        /// Take the self-check.
        TakeSelfCheck = "take_self_check",
        /// Run through IPA's own sheet.
        RunThroughOfficialSheet = "run_through_official_sheet",
        /// State whether there is a basic policy.
        StatePolicy = "state_policy",
        /// Establish a basic policy.
        EstablishPolicy = "establish_policy",
        /// State whether the policy is published.
        StatePublication = "state_publication",
        /// Publish the policy.
        PublishPolicy = "publish_policy",
        /// Publish the policy again: its page has gone.
        RepublishPolicy = "republish_policy",
        /// State which gBizID account there is.
        StateAccount = "state_account",
        /// Apply for a gBizID account.
        ApplyForAccount = "apply_for_account",
        /// Renew the gBizID account.
        RenewAccount = "renew_account",
        /// Declare in IPA's system.
        Declare = "declare",
    }
}

wire_enum! {
    /// What is good to know beside the requirements; the words come with it.
    pub(crate) enum NoticeValue as ReadinessNoticeCode = NoticeCode {
        /// The company declares itself; nobody examines it.
        SelfDeclarationOnly = "self_declaration_only",
        /// One star asks for the commitment, not for the articles to be carried out.
        CommitmentIsEnough = "commitment_is_enough",
        /// The sixth article may be left out.
        SixthArticleOptional = "sixth_article_optional",
        /// No score of the self-check is asked for.
        NoMinimumScore = "no_minimum_score",
        /// Two stars may be declared without one star before.
        StarOneNotNeededFirst = "star_one_not_needed_first",
        /// What of equal content was done, and how it can count.
        EquivalenceAdvice = "equivalence_advice",
        /// A subsidy may ask for the same account.
        SameAccountForSubsidy = "same_account_for_subsidy",
        /// The account differs from that of the subsidy.
        SubsidyAccountDiffers = "subsidy_account_differs",
    }
}

wire_enum! {
    /// What speaks about a requirement: `articles_sheet` and `self_check_here` were submitted here,
    /// the others are stated by the organization.
    pub(crate) enum EvidenceValue as ReadinessEvidenceKind = EvidenceKind {
        /// The commitment, as stated.
        StatedCommitment = "stated_commitment",
        /// The sixth article, as stated.
        SixthArticle = "sixth_article",
        /// A sheet of the articles that was submitted here.
        ArticlesSheet = "articles_sheet",
        /// IPA's own self-check, as stated.
        OfficialSelfCheck = "official_self_check",
        /// A self-check that was submitted here.
        SelfCheckHere = "self_check_here",
        /// The policy, as stated.
        PolicyEstablished = "policy_established",
        /// Its publication, as stated.
        PolicyPublished = "policy_published",
        /// Its page has gone, as stated.
        PolicyGone = "policy_gone",
        /// The account, as stated.
        Account = "account",
    }
}

/// How ready an organization is to declare.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeclarationReadiness)]
pub(crate) struct ReadinessBody<'a> {
    /// The organization.
    organization: Uuid,
    /// For each star that was asked for.
    stars: Vec<StarBody<'a>>,
    /// Whose words these are: show it with them.
    notice: &'a str,
}

/// How ready an organization is to declare a star: an aid of mamori's own, which grants nothing.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StarReadiness)]
pub(crate) struct StarBody<'a> {
    /// The star.
    #[schema(minimum = 1, maximum = 2)]
    star: u8,
    /// Whether every requirement of the star is met; the prerequisites don't count.
    ready: bool,
    /// What the star asks for.
    requirements: Vec<AssessedBody<'a>>,
    /// What IPA's system asks for, whatever the star.
    prerequisites: Vec<AssessedBody<'a>>,
    /// The first thing to do; `declare` once there is nothing before it.
    next: StepBody<'a>,
    /// What is good to know.
    notices: Vec<NoticeBody<'a>>,
}

/// A requirement, and how far it is met.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AssessedRequirement)]
pub(crate) struct AssessedBody<'a> {
    requirement: RequirementValue,
    /// What must be there.
    title: &'a str,
    /// What that means.
    explanation: &'a str,
    state: FulfilmentValue,
    confidence: ConfidenceBody,
    /// What speaks about it.
    evidence: Vec<EvidenceBody>,
    /// What to do next; null once it is met.
    #[schema(required)]
    next: Option<StepBody<'a>>,
}

/// A piece of evidence.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReadinessEvidence)]
pub(crate) struct EvidenceBody {
    kind: EvidenceValue,
    /// Its day; of an account, the last day on which it can be used.
    #[schema(required)]
    on: Option<NaiveDate>,
    /// The edition that it follows.
    #[schema(required, example = "4.0")]
    edition: Option<String>,
    /// The total score (合計点), of a self-check.
    #[schema(required)]
    total: Option<i32>,
    /// Whether the management answered, of a sheet submitted here.
    #[schema(required)]
    by_management: Option<bool>,
    /// How many articles are open, of a sheet of the articles.
    #[schema(required, minimum = 0, maximum = 500)]
    open_items: Option<u16>,
}

/// A next step.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReadinessStep)]
pub(crate) struct StepBody<'a> {
    code: StepValue,
    /// Its name.
    title: &'a str,
    /// What to do.
    action: &'a str,
    /// Where.
    place: &'a str,
    /// The page that says more.
    #[schema(required)]
    url: Option<&'a str>,
    /// With which account, where one is needed.
    #[schema(required)]
    account: Option<&'a str>,
    confidence: ConfidenceBody,
}

/// Something good to know.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReadinessNotice)]
pub(crate) struct NoticeBody<'a> {
    code: NoticeValue,
    /// What it is.
    text: &'a str,
    confidence: ConfidenceBody,
}

impl From<EvidenceFound> for EvidenceBody {
    fn from(found: EvidenceFound) -> Self {
        Self {
            kind: found.kind.into(),
            on: found.on,
            edition: found.edition,
            total: found.total,
            by_management: found.by_management,
            open_items: found.open_items,
        }
    }
}

/// The words of readiness in a language.
#[derive(Clone, Copy)]
struct Words<'a> {
    texts: &'a ReadinessTexts,
    language: Language,
}

impl<'a> Words<'a> {
    fn star(self, star: Readiness) -> Option<StarBody<'a>> {
        let all = |list: Vec<Assessed>| {
            list.into_iter().map(|one| self.assessed(one)).collect::<Option<Vec<_>>>()
        };
        Some(StarBody {
            star: star.star,
            ready: star.ready,
            requirements: all(star.requirements)?,
            prerequisites: all(star.prerequisites)?,
            next: self.step(star.next)?,
            notices: star.notices.into_iter().map(|one| self.notice(one)).collect::<Option<_>>()?,
        })
    }

    fn assessed(self, one: Assessed) -> Option<AssessedBody<'a>> {
        let words = self.texts.requirement(one.requirement)?;
        Some(AssessedBody {
            requirement: one.requirement.into(),
            title: words.title.get(self.language),
            explanation: words.explanation.get(self.language),
            state: one.state.into(),
            confidence: words.confidence.into(),
            evidence: one.evidence.into_iter().map(EvidenceBody::from).collect(),
            next: match one.next {
                Some(step) => Some(self.step(step)?),
                None => None,
            },
        })
    }

    fn step(self, step: StepCode) -> Option<StepBody<'a>> {
        let words = self.texts.step(step)?;
        Some(StepBody {
            code: step.into(),
            title: words.title.get(self.language),
            action: words.action.get(self.language),
            place: words.place.get(self.language),
            url: words.url.as_deref(),
            account: words.account.as_ref().map(|text| text.get(self.language)),
            confidence: words.confidence.into(),
        })
    }

    fn notice(self, notice: NoticeCode) -> Option<NoticeBody<'a>> {
        let words = self.texts.notice(notice)?;
        let text = words.text.get(self.language);
        Some(NoticeBody { code: notice.into(), text, confidence: words.confidence.into() })
    }
}

/// What readiness follows from.
struct Grounds {
    preparation: Preparation,
    self_check: Option<StoredResult>,
    articles: Option<StoredResult>,
}

impl Grounds {
    /// Loads them: three statements, however many results there are.
    fn load(tx: &mut Tx<'_>, organization: Uuid) -> Result<Self, Stop<Problem>> {
        let found = tx.find_preparation(organization)?;
        let (preparation, _) = found.ok_or_else(Problem::not_found)?;
        let [self_check, articles] = BANKS.map(|bank| tx.latest_result(organization, bank));
        Ok(Self { preparation, self_check: self_check?, articles: articles? })
    }

    fn found(&self, service: &Service) -> Result<Found, Problem> {
        let by_management =
            |stored: &StoredResult| stored.circumstances.respondent == Some(Respondent::Management);
        let articles = self.articles.as_ref().map(|stored| {
            let (bank, outcome) = thaw(service, stored)?;
            let open = bank.option(OPEN).and_then(|option| outcome.counts.get(option));
            Ok::<_, Problem>(FoundArticles {
                answered_on: stored.circumstances.answered_on,
                edition: stored.edition.clone(),
                by_management: by_management(stored),
                open_items: open.copied().unwrap_or_default(),
            })
        });
        let self_check = self.self_check.as_ref().map(|stored| FoundSelfCheck {
            answered_on: stored.circumstances.answered_on,
            edition: stored.edition.clone(),
            total: stored.total,
            by_management: by_management(stored),
        });
        Ok(Found { self_check, articles: articles.transpose()? })
    }
}

/// For which star to tell.
#[derive(Debug, Deserialize)]
struct ReadinessQuery {
    star: Option<i64>,
}

impl Parameters for ReadinessQuery {
    const KNOWN: &'static [(&'static str, &'static str)] = &[("star", "1, 2")];
}

impl ReadinessQuery {
    fn stars(&self) -> Result<Vec<u8>, Problem> {
        let wanted = |star: &u8| self.star.is_none_or(|wanted| wanted == i64::from(*star));
        let stars: Vec<u8> = STARS.into_iter().filter(wanted).collect();
        if stars.is_empty() {
            let fault = Fault::parameter("star", Code::UnknownValue).with("allowed", "1, 2");
            return Err(Problem::fault(Kind::MalformedRequest, fault));
        }
        Ok(stars)
    }
}

/// Get the declaration readiness
///
/// What an organization still lacks before it declares a star of SECURITY ACTION in IPA's own
/// system: each requirement with what speaks about it and what to do next. It rests on the stated
/// preparation and on the latest results about the whole organization, and grants nothing.
#[utoipa::path(
    tag = tag::DECLARATIONS,
    params(
        ("id" = Uuid, Path, description = "The organization"),
        ("star" = inline(Option<u8>), Query, nullable = false,
            description = "Only for one star or for two; both by default", minimum = 1, maximum = 2),
    ),
    responses((status = 200, description = "The readiness", body = ReadinessBody<'static>)),
    security(("oauth2" = ["declarations:read"])),
    extensions(("x-mamori" = json!({
        "query": true, "localized": true, "problems": ["not-found"],
        "links": {"get_declaration_preparation": "/organization"},
    }))),
)]
#[get("/v1/organizations/{id}/readiness")]
async fn get_declaration_readiness(
    call: Call<DeclarationsRead>,
    id: PathId,
    query: Query<ReadinessQuery>,
) -> Answer {
    let stars = query.0.stars()?;
    let work = move |tx: &mut Tx<'_>| Grounds::load(tx, id.0);
    let grounds = call.service.store().read(call.context(), work).await?;
    let found = grounds.found(&call.service)?;
    let texts = &call.service.scheme().readiness;
    let words = Words { texts, language: call.language };
    let today = call.service.today();
    let told = |star| words.star(readiness(star, &grounds.preparation, &found, today)?);
    let stars = stars.into_iter().map(told).collect::<Option<_>>();
    let stars = stars.ok_or(Problem::internal("readiness has no words"))?;
    let notice = texts.notice.get(call.language);
    Ok(tell(call.language, &ReadinessBody { organization: id.0, stars, notice }))
}
