//! Readiness (準備状況): what a company still lacks before it declares a star in IPA's own system.
//!
//! An aid of mamori's own: it says what is stated and found, and grants nothing. Whatever nobody
//! stated stays unknown, and is never taken for missing.

mod check;
mod codes;
mod preparation;
mod texts;

use chrono::NaiveDate;

pub use check::{PreparationError, PreparationFault};
pub use codes::{EvidenceKind, Fulfilment, NoticeCode, Requirement, StepCode};
pub use preparation::{
    Commitment, EDITIONS, Gbizid, GbizidAccount, GbizidKind, OfficialSelfCheck, Policy,
    Preparation, Publication, PublicationMethod, has_five_articles,
};
pub use texts::{NoticeText, ReadinessTexts, RequirementText, StepText};
pub(crate) use texts::{by_code, coded, not_blank};

#[cfg(test)]
pub(crate) use texts::FORBIDDEN;

/// What mamori itself holds of the organization.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// The latest self-check that was submitted here.
    pub self_check: Option<FoundSelfCheck>,
    /// The latest sheet of the articles that was submitted here.
    pub articles: Option<FoundArticles>,
}

/// A self-check submitted here, on mamori's own questions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundSelfCheck {
    /// The date of the self-check (診断日).
    pub answered_on: NaiveDate,
    /// The edition of the question bank.
    pub edition: String,
    /// The total score (合計点).
    pub total: Option<i32>,
    /// Whether the management filled it in.
    pub by_management: bool,
}

/// A sheet of the articles submitted here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundArticles {
    /// When it was answered.
    pub answered_on: NaiveDate,
    /// The edition of the question bank.
    pub edition: String,
    /// Whether the management filled it in.
    pub by_management: bool,
    /// How many articles are answered with 'not decided yet' (`not_yet`).
    pub open_items: u16,
}

impl FoundArticles {
    /// Whether the management commits to every article of the sheet.
    const fn commits(&self) -> bool {
        self.by_management && self.open_items == 0
    }
}

/// A piece of evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceFound {
    /// What it is.
    pub kind: EvidenceKind,
    /// Its day; of an account, the last day on which it can be used.
    pub on: Option<NaiveDate>,
    /// The edition that it follows.
    pub edition: Option<String>,
    /// The total score, of a self-check.
    pub total: Option<i32>,
    /// Whether the management answered, of a sheet submitted here.
    pub by_management: Option<bool>,
    /// How many articles are open, of a sheet of the articles.
    pub open_items: Option<u16>,
}

impl EvidenceFound {
    const fn new(kind: EvidenceKind, on: Option<NaiveDate>) -> Self {
        Self { kind, on, edition: None, total: None, by_management: None, open_items: None }
    }
}

/// A requirement, and how far it is met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessed {
    /// The requirement.
    pub requirement: Requirement,
    /// How far it is met.
    pub state: Fulfilment,
    /// What speaks about it.
    pub evidence: Vec<EvidenceFound>,
    /// What to do next; nothing once it is met.
    pub next: Option<StepCode>,
}

/// How ready a company is to declare a star.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readiness {
    /// The star.
    pub star: u8,
    /// Whether every requirement of the star is met; the prerequisites don't count.
    pub ready: bool,
    /// What the star asks for.
    pub requirements: Vec<Assessed>,
    /// What IPA's system asks for, whatever the star.
    pub prerequisites: Vec<Assessed>,
    /// The first thing to do; [`StepCode::Declare`] once there is nothing before it.
    pub next: StepCode,
    /// What is good to know.
    pub notices: Vec<NoticeCode>,
}

/// How ready a company is to declare `star`; none where there is no such star.
#[must_use]
pub fn readiness(
    star: u8,
    preparation: &Preparation,
    found: &Found,
    today: NaiveDate,
) -> Option<Readiness> {
    let requirements = match star {
        1 => vec![commitment(preparation, found)],
        2 => vec![
            self_check(preparation, found),
            policy(preparation.policy.as_ref()),
            publication(preparation.publication.as_ref()),
        ],
        _ => return None,
    };
    let prerequisites = vec![account(preparation.gbizid.as_ref(), today)];
    let steps = || requirements.iter().chain(&prerequisites);
    Some(Readiness {
        star,
        ready: requirements.iter().all(|one| one.state == Fulfilment::Met),
        next: steps().find_map(|one| one.next).unwrap_or(StepCode::Declare),
        notices: notices(star, preparation, found, &requirements),
        requirements,
        prerequisites,
    })
}

fn commitment(preparation: &Preparation, found: &Found) -> Assessed {
    let stated = preparation.commitment.as_ref();
    let sheet = found.articles.as_ref();
    let mut evidence = Vec::new();
    evidence.extend(stated.map(|stated| EvidenceFound {
        edition: stated.edition.clone(),
        ..EvidenceFound::new(EvidenceKind::StatedCommitment, Some(stated.committed_on))
    }));
    let sixth = preparation.sixth_article_committed_on;
    evidence.extend(sixth.map(|on| EvidenceFound::new(EvidenceKind::SixthArticle, Some(on))));
    evidence.extend(sheet.map(|sheet| EvidenceFound {
        edition: Some(sheet.edition.clone()),
        by_management: Some(sheet.by_management),
        open_items: Some(sheet.open_items),
        ..EvidenceFound::new(EvidenceKind::ArticlesSheet, Some(sheet.answered_on))
    }));
    let (state, next) = match (stated, sheet) {
        (Some(_), _) => (Fulfilment::Met, None),
        (None, Some(sheet)) if sheet.commits() => (Fulfilment::Met, None),
        (None, Some(_)) => (Fulfilment::Unknown, Some(StepCode::ConfirmWithManagement)),
        (None, None) => (Fulfilment::Unknown, Some(StepCode::StateCommitment)),
    };
    Assessed { requirement: Requirement::ArticlesCommitment, state, evidence, next }
}

fn self_check(preparation: &Preparation, found: &Found) -> Assessed {
    let stated = preparation.official_self_check.as_ref();
    let used = stated.filter(|sheet| sheet.used);
    let here = found.self_check.as_ref();
    let mut evidence = Vec::new();
    evidence.extend(used.map(|sheet| EvidenceFound {
        edition: sheet.edition.clone(),
        total: sheet.total.map(i32::from),
        ..EvidenceFound::new(EvidenceKind::OfficialSelfCheck, sheet.answered_on)
    }));
    evidence.extend(here.map(|sheet| EvidenceFound {
        edition: Some(sheet.edition.clone()),
        total: sheet.total,
        by_management: Some(sheet.by_management),
        ..EvidenceFound::new(EvidenceKind::SelfCheckHere, Some(sheet.answered_on))
    }));
    let (state, next) = if used.is_some() {
        (Fulfilment::Met, None)
    } else if here.is_some() {
        (Fulfilment::EquivalentDone, Some(StepCode::RunThroughOfficialSheet))
    } else if stated.is_some() {
        (Fulfilment::Missing, Some(StepCode::TakeSelfCheck))
    } else {
        (Fulfilment::Unknown, Some(StepCode::StateSelfCheck))
    };
    Assessed { requirement: Requirement::SelfCheck, state, evidence, next }
}

fn policy(stated: Option<&Policy>) -> Assessed {
    let (state, next) = match stated {
        Some(Policy { established: true, .. }) => (Fulfilment::Met, None),
        Some(_) => (Fulfilment::Missing, Some(StepCode::EstablishPolicy)),
        None => (Fulfilment::Unknown, Some(StepCode::StatePolicy)),
    };
    let evidence = stated
        .filter(|policy| policy.established)
        .map(|policy| EvidenceFound::new(EvidenceKind::PolicyEstablished, policy.established_on));
    let evidence = evidence.into_iter().collect();
    Assessed { requirement: Requirement::PolicyEstablished, state, evidence, next }
}

fn publication(stated: Option<&Publication>) -> Assessed {
    let (state, next) = match stated {
        Some(Publication { gone_on: Some(_), .. }) => {
            (Fulfilment::Missing, Some(StepCode::RepublishPolicy))
        }
        Some(Publication { published: true, .. }) => (Fulfilment::Met, None),
        Some(_) => (Fulfilment::Missing, Some(StepCode::PublishPolicy)),
        None => (Fulfilment::Unknown, Some(StepCode::StatePublication)),
    };
    let mut evidence = Vec::new();
    if let Some(stated) = stated {
        if stated.published {
            let on = stated.published_on;
            evidence.push(EvidenceFound::new(EvidenceKind::PolicyPublished, on));
        }
        let gone = stated.gone_on;
        evidence.extend(gone.map(|on| EvidenceFound::new(EvidenceKind::PolicyGone, Some(on))));
    }
    Assessed { requirement: Requirement::PolicyPublished, state, evidence, next }
}

fn account(stated: Option<&Gbizid>, today: NaiveDate) -> Assessed {
    let kind = stated.and_then(|account| account.kind);
    let last = stated.and_then(|account| account.expires_on);
    let (state, next) = match kind {
        Some(GbizidKind::Prime | GbizidKind::Member) if last.is_some_and(|last| last < today) => {
            (Fulfilment::Missing, Some(StepCode::RenewAccount))
        }
        Some(GbizidKind::Prime | GbizidKind::Member) => (Fulfilment::Met, None),
        Some(GbizidKind::Entry | GbizidKind::None) => {
            (Fulfilment::Missing, Some(StepCode::ApplyForAccount))
        }
        None => (Fulfilment::Unknown, Some(StepCode::StateAccount)),
    };
    let there = kind.is_some_and(|kind| kind != GbizidKind::None);
    let evidence = there.then(|| EvidenceFound::new(EvidenceKind::Account, last));
    let evidence = evidence.into_iter().collect();
    Assessed { requirement: Requirement::UsableAccount, state, evidence, next }
}

fn notices(
    star: u8,
    preparation: &Preparation,
    found: &Found,
    requirements: &[Assessed],
) -> Vec<NoticeCode> {
    let mut notices = vec![NoticeCode::SelfDeclarationOnly];
    if star == 1 {
        notices.push(NoticeCode::CommitmentIsEnough);
        if !commits_to_the_sixth(preparation, found) {
            notices.push(NoticeCode::SixthArticleOptional);
        }
    } else {
        notices.extend([NoticeCode::NoMinimumScore, NoticeCode::StarOneNotNeededFirst]);
        if requirements.iter().any(|one| one.state == Fulfilment::EquivalentDone) {
            notices.push(NoticeCode::EquivalenceAdvice);
        }
    }
    let account = preparation.gbizid.as_ref().map(|account| account.account);
    match account.unwrap_or(GbizidAccount::Unknown) {
        GbizidAccount::Same => {}
        GbizidAccount::Different => notices.push(NoticeCode::SubsidyAccountDiffers),
        GbizidAccount::Unknown => notices.push(NoticeCode::SameAccountForSubsidy),
    }
    notices
}

/// Whether the six articles are committed to, or the sixth beside the five.
fn commits_to_the_sixth(preparation: &Preparation, found: &Found) -> bool {
    let stated = preparation.commitment.as_ref().and_then(|stated| stated.edition.as_deref());
    let sheet = found.articles.as_ref().filter(|sheet| sheet.commits());
    preparation.sixth_article_committed_on.is_some()
        || stated.is_some_and(|edition| !has_five_articles(edition))
        || sheet.is_some_and(|sheet| !has_five_articles(&sheet.edition))
}

#[cfg(test)]
mod tests;
