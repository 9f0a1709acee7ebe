use proptest::prelude::*;

use super::*;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn today() -> NaiveDate {
    day("2026-11-25")
}

fn commitment_in(edition: Option<&str>) -> Option<Commitment> {
    Some(Commitment {
        committed_by: "代表取締役 守 一郎".to_owned(),
        committed_on: day("2026-05-01"),
        edition: edition.map(str::to_owned),
    })
}

fn sheet(by_management: bool, open_items: u16) -> Option<FoundArticles> {
    Some(FoundArticles {
        answered_on: day("2026-06-01"),
        edition: "3.1".to_owned(),
        by_management,
        open_items,
    })
}

fn here() -> Option<FoundSelfCheck> {
    Some(FoundSelfCheck {
        answered_on: day("2026-07-01"),
        edition: "3.1".to_owned(),
        total: Some(62),
        by_management: false,
    })
}

fn official(used: bool) -> Option<OfficialSelfCheck> {
    Some(OfficialSelfCheck {
        used,
        edition: used.then(|| "4.0".to_owned()),
        answered_on: used.then(|| day("2026-08-01")),
        total: used.then_some(-3),
    })
}

fn established(established: bool) -> Option<Policy> {
    let established_on = established.then(|| day("2026-09-01"));
    Some(Policy { established, established_on, title: None })
}

fn published(published: bool, gone_on: Option<NaiveDate>) -> Option<Publication> {
    Some(Publication { published, gone_on, ..Publication::default() })
}

fn gbizid(kind: Option<GbizidKind>, expires_on: Option<&str>) -> Option<Gbizid> {
    Some(Gbizid { kind, expires_on: expires_on.map(day), account: GbizidAccount::Unknown })
}

fn ready(star: u8, preparation: &Preparation, found: &Found) -> Readiness {
    readiness(star, preparation, found, today()).unwrap()
}

fn kinds(assessed: &Assessed) -> Vec<EvidenceKind> {
    assessed.evidence.iter().map(|evidence| evidence.kind).collect()
}

#[test]
fn there_are_the_stars_that_can_be_declared() {
    for star in 0..=u8::MAX {
        let there = readiness(star, &Preparation::default(), &Found::default(), today()).is_some();
        assert_eq!(there, crate::declaration::STARS.contains(&star), "{star}");
    }
}

#[test]
fn one_star_asks_for_the_managements_commitment_alone() {
    use EvidenceKind::{ArticlesSheet, StatedCommitment};
    use Fulfilment::{Met, Unknown};
    use StepCode::{ConfirmWithManagement, StateCommitment};
    for (stated, articles, state, next, evidence) in [
        (None, None, Unknown, Some(StateCommitment), vec![]),
        (commitment_in(None), None, Met, None, vec![StatedCommitment]),
        (None, sheet(true, 0), Met, None, vec![ArticlesSheet]),
        (None, sheet(true, 1), Unknown, Some(ConfirmWithManagement), vec![ArticlesSheet]),
        (None, sheet(false, 0), Unknown, Some(ConfirmWithManagement), vec![ArticlesSheet]),
        (commitment_in(None), sheet(false, 5), Met, None, vec![StatedCommitment, ArticlesSheet]),
    ] {
        let preparation = Preparation { commitment: stated, ..Preparation::default() };
        let readiness = ready(1, &preparation, &Found { articles, self_check: None });
        let [one] = &readiness.requirements[..] else { panic!("one requirement") };
        assert_eq!(one.requirement, Requirement::ArticlesCommitment);
        assert_eq!((one.state, one.next, kinds(one)), (state, next, evidence));
        assert_eq!(readiness.ready, state == Met);
    }
}

#[test]
fn a_commitment_to_the_sixth_article_alone_is_evidence_and_no_more() {
    let sixth = Some(day("2026-10-01"));
    let preparation = Preparation { sixth_article_committed_on: sixth, ..Preparation::default() };
    let readiness = ready(1, &preparation, &Found::default());
    let one = &readiness.requirements[0];
    assert_eq!(one.state, Fulfilment::Unknown);
    assert_eq!(one.evidence, [EvidenceFound::new(EvidenceKind::SixthArticle, sixth)]);
}

#[test]
fn the_self_check_is_met_by_ipas_sheet_alone() {
    use EvidenceKind::{OfficialSelfCheck as Official, SelfCheckHere};
    use Fulfilment::{EquivalentDone, Met, Missing, Unknown};
    use StepCode::{RunThroughOfficialSheet, StateSelfCheck, TakeSelfCheck};
    for (stated, own, state, next, evidence) in [
        (None, None, Unknown, Some(StateSelfCheck), vec![]),
        (None, here(), EquivalentDone, Some(RunThroughOfficialSheet), vec![SelfCheckHere]),
        (official(false), None, Missing, Some(TakeSelfCheck), vec![]),
        (
            official(false),
            here(),
            EquivalentDone,
            Some(RunThroughOfficialSheet),
            vec![SelfCheckHere],
        ),
        (official(true), None, Met, None, vec![Official]),
        (official(true), here(), Met, None, vec![Official, SelfCheckHere]),
    ] {
        let preparation = Preparation { official_self_check: stated, ..Preparation::default() };
        let readiness = ready(2, &preparation, &Found { self_check: own, articles: None });
        let one = &readiness.requirements[0];
        assert_eq!(one.requirement, Requirement::SelfCheck);
        assert_eq!((one.state, one.next, kinds(one)), (state, next, evidence));
        let advised = readiness.notices.contains(&NoticeCode::EquivalenceAdvice);
        assert_eq!(advised, state == EquivalentDone);
    }
}

#[test]
fn the_policy_is_there_and_public_as_the_company_states() {
    use Fulfilment::{Met, Missing, Unknown};
    use StepCode::{
        EstablishPolicy, PublishPolicy, RepublishPolicy, StatePolicy, StatePublication,
    };
    for (stated, state, next) in [
        (None, Unknown, Some(StatePolicy)),
        (established(false), Missing, Some(EstablishPolicy)),
        (established(true), Met, None),
    ] {
        let preparation = Preparation { policy: stated, ..Preparation::default() };
        let one = &ready(2, &preparation, &Found::default()).requirements[1];
        assert_eq!(one.requirement, Requirement::PolicyEstablished);
        assert_eq!((one.state, one.next), (state, next));
        assert_eq!(one.evidence.is_empty(), state != Met);
    }
    let gone = Some(day("2026-11-01"));
    for (stated, state, next, evidence) in [
        (None, Unknown, Some(StatePublication), vec![]),
        (published(false, None), Missing, Some(PublishPolicy), vec![]),
        (published(true, None), Met, None, vec![EvidenceKind::PolicyPublished]),
        (
            published(true, gone),
            Missing,
            Some(RepublishPolicy),
            vec![EvidenceKind::PolicyPublished, EvidenceKind::PolicyGone],
        ),
    ] {
        let preparation = Preparation { publication: stated, ..Preparation::default() };
        let one = &ready(2, &preparation, &Found::default()).requirements[2];
        assert_eq!(one.requirement, Requirement::PolicyPublished);
        assert_eq!((one.state, one.next, kinds(one)), (state, next, evidence));
    }
}

#[test]
fn the_account_is_asked_by_the_system_and_not_by_the_star() {
    use Fulfilment::{Met, Missing, Unknown};
    use GbizidKind::{Entry, Member, Prime};
    use StepCode::{ApplyForAccount, RenewAccount, StateAccount};
    for (stated, state, next) in [
        (None, Unknown, Some(StateAccount)),
        (gbizid(None, None), Unknown, Some(StateAccount)),
        (gbizid(Some(Prime), None), Met, None),
        (gbizid(Some(Member), None), Met, None),
        (gbizid(Some(Prime), Some("2026-11-25")), Met, None),
        (gbizid(Some(Member), Some("2026-11-24")), Missing, Some(RenewAccount)),
        (gbizid(Some(Entry), None), Missing, Some(ApplyForAccount)),
        (gbizid(Some(GbizidKind::None), None), Missing, Some(ApplyForAccount)),
    ] {
        let preparation = Preparation {
            commitment: commitment_in(None),
            gbizid: stated,
            ..Preparation::default()
        };
        let readiness = ready(1, &preparation, &Found::default());
        let [one] = &readiness.prerequisites[..] else { panic!("one prerequisite") };
        assert_eq!(one.requirement, Requirement::UsableAccount);
        assert_eq!((one.state, one.next), (state, next));
        assert!(readiness.ready);
        assert_eq!(readiness.next, next.unwrap_or(StepCode::Declare));
    }
}

#[test]
fn two_stars_need_neither_one_star_nor_a_score() {
    let preparation = Preparation {
        official_self_check: official(true),
        policy: established(true),
        publication: published(true, None),
        gbizid: gbizid(Some(GbizidKind::Prime), None),
        ..Preparation::default()
    };
    let readiness = ready(2, &preparation, &Found::default());
    assert!(readiness.ready);
    assert_eq!(readiness.next, StepCode::Declare);
    assert_eq!(readiness.requirements[0].evidence[0].total, Some(-3));
    assert!(!ready(1, &preparation, &Found::default()).ready);
}

#[test]
fn what_is_good_to_know_depends_on_what_is_stated() {
    use NoticeCode::*;
    let stated = |edition, sixth: Option<&str>, account| Preparation {
        commitment: commitment_in(edition),
        sixth_article_committed_on: sixth.map(day),
        gbizid: Some(Gbizid { kind: None, expires_on: None, account }),
        ..Preparation::default()
    };
    let (same, other, unknown) =
        (GbizidAccount::Same, GbizidAccount::Different, GbizidAccount::Unknown);
    let one = [SelfDeclarationOnly, CommitmentIsEnough];
    let two = [SelfDeclarationOnly, NoMinimumScore, StarOneNotNeededFirst];
    for (star, preparation, always, more) in [
        (1, stated(None, None, same), &one[..], vec![SixthArticleOptional]),
        (1, stated(Some("3.1"), None, same), &one, vec![SixthArticleOptional]),
        (1, stated(Some("3.1"), Some("2026-10-01"), same), &one, vec![]),
        (1, stated(Some("4.0"), None, other), &one, vec![SubsidyAccountDiffers]),
        (2, stated(None, None, unknown), &two, vec![SameAccountForSubsidy]),
        (2, Preparation::default(), &two, vec![SameAccountForSubsidy]),
    ] {
        let notices = ready(star, &preparation, &Found::default()).notices;
        assert_eq!(notices, [always, &more].concat());
    }
}

fn or_nothing<T: Clone + std::fmt::Debug + 'static>(
    values: Vec<Option<T>>,
) -> impl Strategy<Value = Option<T>> {
    prop::sample::select(values)
}

fn preparations() -> impl Strategy<Value = Preparation> {
    let kinds = [None, Some(GbizidKind::Prime), Some(GbizidKind::Entry)];
    (
        or_nothing(vec![None, commitment_in(None), commitment_in(Some("4.0"))]),
        or_nothing(vec![None, Some(day("2026-10-01"))]),
        or_nothing(vec![None, official(false), official(true)]),
        or_nothing(vec![None, established(false), established(true)]),
        or_nothing(vec![
            None,
            published(false, None),
            published(true, None),
            published(true, Some(today())),
        ]),
        or_nothing([vec![None], kinds.map(|kind| gbizid(kind, None)).to_vec()].concat()),
    )
        .prop_map(
            |(
                commitment,
                sixth_article_committed_on,
                official_self_check,
                policy,
                publication,
                gbizid,
            )| Preparation {
                commitment,
                sixth_article_committed_on,
                official_self_check,
                policy,
                publication,
                gbizid,
            },
        )
}

fn founds() -> impl Strategy<Value = Found> {
    let sheets = vec![None, sheet(true, 0), sheet(true, 2), sheet(false, 0)];
    (or_nothing(vec![None, here()]), or_nothing(sheets))
        .prop_map(|(self_check, articles)| Found { self_check, articles })
}

proptest! {
    /// Whatever is stated or found where there was nothing before.
    #[test]
    fn more_evidence_never_undoes_what_is_met(
        (before, more) in (preparations(), preparations()),
        (held, held_later) in (founds(), founds()),
        star in 1_u8..=2,
    ) {
        let b = before.clone();
        let after = Preparation {
            commitment: b.commitment.or(more.commitment),
            sixth_article_committed_on: b
                .sixth_article_committed_on
                .or(more.sixth_article_committed_on),
            official_self_check: b.official_self_check.or(more.official_self_check),
            policy: b.policy.or(more.policy),
            publication: b.publication.or(more.publication),
            gbizid: b.gbizid.or(more.gbizid),
        };
        let found = Found {
            self_check: held.self_check.clone().or(held_later.self_check),
            articles: held.articles.clone().or(held_later.articles),
        };
        let (first, then) = (ready(star, &before, &held), ready(star, &after, &found));
        let all = |one: &Readiness| {
            one.requirements.iter().chain(&one.prerequisites).cloned().collect::<Vec<_>>()
        };
        for (first, then) in all(&first).into_iter().zip(all(&then)) {
            prop_assert_eq!(first.requirement, then.requirement);
            if first.state == Fulfilment::Met {
                prop_assert_eq!(then.state, Fulfilment::Met);
            }
            prop_assert_eq!(then.next.is_none(), then.state == Fulfilment::Met);
        }
        prop_assert!(then.ready || !first.ready);
    }
}
