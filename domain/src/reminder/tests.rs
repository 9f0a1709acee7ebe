use super::*;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A declaration about which there is nothing to say.
fn quiet() -> Circumstances {
    Circumstances {
        declared: true,
        stars: Some(2),
        has_id: true,
        generation: Some(Generation::New),
        ..Circumstances::default()
    }
}

/// What is shown on a day.
fn shown(circumstances: &Circumstances, on: &str) -> Vec<Kind> {
    due(&reminders(circumstances), day(on)).into_iter().map(|reminder| reminder.kind).collect()
}

#[test]
fn each_reminder_begins_on_its_day_and_not_before() {
    let some = |text| Some(day(text));
    let declared = Circumstances { declared_on: some("2026-06-10"), ..quiet() };
    let confirmed = Circumstances { confirmed_on: some("2026-02-01"), ..quiet() };
    let five = |known: &Circumstances| Circumstances {
        articles_edition: Some("3.1".to_owned()),
        ..known.clone()
    };
    let old =
        |declared_on| Circumstances { declared_on, generation: Some(Generation::Old), ..quiet() };
    for (circumstances, kind, eve, first) in [
        (confirmed.clone(), Kind::ConfirmationStale, "2027-02-01", "2027-02-02"),
        (
            Circumstances { confirmed_on: some("2027-03-01"), ..quiet() },
            Kind::ConfirmationStale,
            "2028-02-29",
            "2028-03-01",
        ),
        (old(some("2020-01-01")), Kind::OldGenerationInUse, "2026-03-31", "2026-04-01"),
        (old(None), Kind::OldGenerationInUse, "2026-03-31", "2026-04-01"),
        (old(some("2026-04-02")), Kind::OldGenerationInUse, "2026-04-01", "2026-04-02"),
        (
            Circumstances { policy_gone_on: some("2026-09-09"), ..quiet() },
            Kind::PolicyPageGone,
            "2026-09-08",
            "2026-09-09",
        ),
        (five(&declared), Kind::SixthArticleNotCommitted, "2026-06-09", "2026-06-10"),
        (five(&confirmed), Kind::SixthArticleNotCommitted, "2026-01-31", "2026-02-01"),
        (
            Circumstances { account_expires_on: some("2028-10-30"), ..quiet() },
            Kind::AccountLapsing,
            "2028-08-30",
            "2028-08-31",
        ),
        (
            Circumstances { account_expires_on: some("2028-10-30"), ..quiet() },
            Kind::AccountLapsed,
            "2028-10-30",
            "2028-10-31",
        ),
        (
            Circumstances { details_changed_on: some("2026-08-01"), ..quiet() },
            Kind::DetailsChanged,
            "2026-07-31",
            "2026-08-01",
        ),
        (
            Circumstances { conflicting_since: some("2026-08-01"), ..quiet() },
            Kind::ConflictingDeclarations,
            "2026-07-31",
            "2026-08-01",
        ),
        (
            Circumstances { has_id: false, generation: None, ..declared.clone() },
            Kind::DeclarationIdMissing,
            "2026-06-09",
            "2026-06-10",
        ),
        (
            Circumstances { stars: None, ..declared.clone() },
            Kind::StarsUnknown,
            "2026-06-09",
            "2026-06-10",
        ),
        (
            Circumstances { stars: None, ..confirmed.clone() },
            Kind::StarsUnknown,
            "2026-01-31",
            "2026-02-01",
        ),
    ] {
        assert!(!shown(&circumstances, eve).contains(&kind), "{kind:?} on {eve}");
        assert!(shown(&circumstances, first).contains(&kind), "{kind:?} on {first}");
    }
}

#[test]
fn nothing_is_said_where_nothing_is_known() {
    assert_eq!(reminders(&quiet()), []);
    assert_eq!(reminders(&Circumstances::default()), []);
    // A declaration without any day: what is missing has no day to begin from.
    let bare = Circumstances { declared: true, ..Circumstances::default() };
    assert_eq!(reminders(&bare), []);
    assert_eq!(earliest(&[]), None);
}

#[test]
fn what_settles_a_reminder_ends_it() {
    let some = |text| Some(day(text));
    let telling = Circumstances {
        declared: true,
        declared_on: some("2025-01-10"),
        confirmed_on: some("2025-01-10"),
        stars: None,
        has_id: false,
        generation: Some(Generation::Old),
        articles_edition: Some("3.1".to_owned()),
        policy_gone_on: some("2026-09-09"),
        details_changed_on: some("2026-08-01"),
        ..Circumstances::default()
    };
    let later = "2030-01-01";
    assert_eq!(shown(&telling, later).len(), 7);
    for (settled, kind) in [
        (
            Circumstances { confirmed_on: some("2029-12-31"), ..telling.clone() },
            Kind::ConfirmationStale,
        ),
        (Circumstances { confirmed_on: None, ..telling.clone() }, Kind::ConfirmationStale),
        (
            Circumstances { newer_generation_exists: true, ..telling.clone() },
            Kind::OldGenerationInUse,
        ),
        (
            Circumstances { generation: Some(Generation::Unknown), ..telling.clone() },
            Kind::OldGenerationInUse,
        ),
        (Circumstances { policy_gone_on: None, ..telling.clone() }, Kind::PolicyPageGone),
        (
            Circumstances { sixth_article_committed_on: some("2026-10-01"), ..telling.clone() },
            Kind::SixthArticleNotCommitted,
        ),
        (
            Circumstances { articles_edition: None, ..telling.clone() },
            Kind::SixthArticleNotCommitted,
        ),
        (
            Circumstances { articles_edition: Some("4.0".to_owned()), ..telling.clone() },
            Kind::SixthArticleNotCommitted,
        ),
        (Circumstances { details_changed_on: None, ..telling.clone() }, Kind::DetailsChanged),
        (Circumstances { has_id: true, ..telling.clone() }, Kind::DeclarationIdMissing),
        (Circumstances { stars: Some(2), ..telling.clone() }, Kind::StarsUnknown),
    ] {
        let kinds = shown(&settled, later);
        assert!(!kinds.contains(&kind), "{kind:?}");
        assert_eq!(kinds.len(), 6, "{kind:?}");
    }
    // One star needs no policy.
    let one = Circumstances { stars: Some(1), ..telling.clone() };
    assert!(!shown(&one, later).contains(&Kind::PolicyPageGone));
    // No declaration, nothing to say about it.
    assert_eq!(reminders(&Circumstances { declared: false, ..telling }), []);
}

#[test]
fn an_account_is_either_lapsing_or_lapsed_and_needs_no_declaration() {
    let last = day("2028-10-30");
    let account = Circumstances { account_expires_on: Some(last), ..Circumstances::default() };
    let all = reminders(&account);
    assert_eq!(
        all,
        [
            Reminder { kind: Kind::AccountLapsing, from: day("2028-08-31"), about: Some(last) },
            Reminder { kind: Kind::AccountLapsed, from: day("2028-10-31"), about: Some(last) },
        ]
    );
    assert_eq!(earliest(&all), Some(day("2028-08-31")));
    assert_eq!(shown(&account, "2028-08-30"), []);
    assert_eq!(shown(&account, "2028-10-30"), [Kind::AccountLapsing]);
    assert_eq!(shown(&account, "2028-10-31"), [Kind::AccountLapsed]);
}

#[test]
fn days_at_the_ends_of_the_calendar_do_no_harm() {
    let ends = |confirmed_on, account_expires_on| Circumstances {
        confirmed_on: Some(confirmed_on),
        account_expires_on: Some(account_expires_on),
        ..quiet()
    };
    let (first, last) = (NaiveDate::MIN, NaiveDate::MAX);
    assert_eq!(earliest(&reminders(&ends(first, first))), Some(first));
    let kinds: Vec<_> = reminders(&ends(last, last)).into_iter().map(|one| one.kind).collect();
    assert_eq!(kinds, [Kind::AccountLapsing]);
}
