use super::*;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn content() -> &'static str {
    include_str!("../../content/programmes.toml")
}

fn digital() -> Programme {
    Programmes::embedded().unwrap().get("digital-ai-subsidy-2026").unwrap().clone()
}

#[test]
fn the_content_loads_and_every_reason_has_words() {
    let programmes = Programmes::embedded().unwrap();
    let codes: Vec<_> = programmes.programmes.iter().map(|it| it.code.as_str()).collect();
    assert_eq!(
        codes,
        [
            "digital-ai-subsidy-2026",
            "manufacturing-subsidy-digital",
            "tokyo-cybersecurity-subsidy",
            "example-buyer",
        ]
    );
    for reason in Reason::ALL {
        for language in Language::ALL {
            assert_ne!(programmes.explain(*reason, language), reason.code());
        }
    }
    assert_eq!(programmes.plan.confidence, Confidence::Derived);
}

#[test]
fn nothing_that_ships_claims_to_be_from_a_call() {
    for programme in Programmes::embedded().unwrap().programmes {
        let buyer = programme.kind == ProgrammeKind::Buyer;
        for rule in programme.rules {
            assert_eq!(rule.basis, if buyer { Basis::OwnRule } else { Basis::Reported });
            assert_ne!(rule.confidence, Confidence::Confirmed);
            assert_eq!(rule.checked_on, day("2026-10-01"));
        }
    }
}

#[test]
fn the_rounds_close_at_17_in_japan() {
    let rounds: Vec<_> = digital()
        .rounds
        .iter()
        .map(|round| (round.deadline.to_rfc3339(), round.deadline_day().to_string()))
        .collect();
    let expected = ["2026-05-12", "2026-06-15", "2026-07-21", "2026-08-25"]
        .map(|day| (format!("{day}T08:00:00+00:00"), day.to_owned()));
    assert_eq!(rounds, expected);
}

#[test]
fn a_deadline_at_midnight_in_japan_is_of_japans_day() {
    let mut round = digital().rounds[0].clone();
    round.deadline = "2026-05-12T15:00:00Z".parse().unwrap();
    assert_eq!(round.deadline_day(), day("2026-05-13"));
}

#[test]
fn a_declaration_is_never_said_to_be_conferred() {
    for word in
        ["認定", "認証", "取得", "合格", "判定", "失効", "certif", "acquire", "accredit", "award"]
    {
        assert!(!content().to_lowercase().contains(word), "{word}");
    }
}

#[test]
fn each_contradiction_is_found_where_it_is() {
    type Change = fn(&mut Programme);
    let cases: [(Change, &[(Contradiction, &str)]); 11] = [
        (|_| {}, &[]),
        (
            |it| it.rules[0].from = Some(day("2026-05-13")),
            &[
                (Contradiction::PeriodReversed { rule: 0 }, "rules.0.until"),
                (Contradiction::RoundWithoutRule { round: 0 }, "rounds.0.deadline"),
            ],
        ),
        (
            |it| it.rules[1].from = Some(day("2026-05-12")),
            &[(Contradiction::RulesOverlap { rule: 1, earlier: 0 }, "rules.1")],
        ),
        (
            |it| {
                it.rules[1].from = None;
                it.rules[0].rounds = vec!["round-1".to_owned()];
                it.rules[1].rounds = ["round-2", "round-3", "round-4"].map(str::to_owned).to_vec();
            },
            &[],
        ),
        (
            |it| it.rules[0].requirement.minimum_stars = 0,
            &[(
                Contradiction::NoSuchStar { rule: 0, stars: 0 },
                "rules.0.requirement.minimum_stars",
            )],
        ),
        (
            |it| it.rules[1].requirement.minimum_stars = 3,
            &[(
                Contradiction::NoSuchStar { rule: 1, stars: 3 },
                "rules.1.requirement.minimum_stars",
            )],
        ),
        (
            |it| {
                it.rules[0].requirement.generations = Some(Vec::new());
                it.rules[0].requirement.confirmed_within_days = Some(0);
            },
            &[
                (
                    Contradiction::NoGenerationAccepted { rule: 0 },
                    "rules.0.requirement.generations",
                ),
                (
                    Contradiction::ConfirmedWithinNoDays { rule: 0 },
                    "rules.0.requirement.confirmed_within_days",
                ),
            ],
        ),
        (
            |it| it.rules[0].basis = Basis::OwnRule,
            &[(Contradiction::OwnRuleOfNoBuyer { rule: 0 }, "rules.0.basis")],
        ),
        (
            |it| it.rules[1].rounds = ["round-2", "round-3", "round-9"].map(str::to_owned).to_vec(),
            &[
                (Contradiction::NoSuchRound { rule: 1, named: 2 }, "rules.1.rounds.2"),
                (Contradiction::RoundWithoutRule { round: 3 }, "rounds.3.deadline"),
            ],
        ),
        (
            |it| it.rounds[3].opens_on = Some(day("2026-08-26")),
            &[(Contradiction::RoundOpensAfterDeadline { round: 3 }, "rounds.3.opens_on")],
        ),
        (
            |it| it.rounds[3].code = "round-2".to_owned(),
            &[(Contradiction::RoundTwice { round: 3, earlier: 1 }, "rounds.3.code")],
        ),
    ];

    for (change, expected) in cases {
        let mut programme = digital();
        change(&mut programme);
        let found: Vec<_> =
            contradictions(&programme).into_iter().map(|it| (it, it.place())).collect();
        let expected: Vec<_> = expected.iter().map(|(it, at)| (*it, (*at).to_owned())).collect();
        assert_eq!(found, expected);
    }
}

#[test]
fn a_malformed_file_is_refused_and_says_where() {
    for (from, to, flaw) in [
        (
            "from = \"2026-05-13\"",
            "from = \"2026-05-12\"",
            "programmes.digital-ai-subsidy-2026.rules.1: holds on days on which rule 0 holds too",
        ),
        (
            "code = \"round-2\"",
            "code = \"Round 2\"",
            "programmes.digital-ai-subsidy-2026.rounds.1.code: is no code",
        ),
        (
            "https://hojyokin-portal.jp",
            "http://hojyokin-portal.jp",
            "programmes.tokyo-cybersecurity-subsidy.rules.0.source_url: is not an https address",
        ),
        (
            "code = \"example-buyer\"",
            "code = \"tokyo-cybersecurity-subsidy\"",
            "programmes.tokyo-cybersecurity-subsidy: is there twice",
        ),
        ("en = \"Deadline\"", "en = \" \"", "plan.steps.deadline.title.en: is empty"),
        (
            "days_before = 0",
            "days_before = 4",
            "plan.steps: do not count down to the day of the deadline",
        ),
        ("code = \"preparing\"", "code = \"prepared\"", "reasons: are not all there, in order"),
    ] {
        assert!(content().contains(from), "{from}");
        let flaws = Programmes::parse(&content().replacen(from, to, 1)).unwrap_err();
        let told: Vec<_> = flaws.iter().map(Flaw::to_string).collect();
        assert!(told.iter().any(|told| told == flaw), "{from}: {told:?}");
    }

    for (from, to) in [
        ("minimum_stars = 1,", "minimum_stars = 1, colour = 1,"),
        ("[\"new\"]", "[\"newest\"]"),
        ("T17:00:00+09:00", "T25:00:00+09:00"),
        ("until = \"2026-05-12\"", "until = \"2026-02-30\""),
    ] {
        assert!(content().contains(from), "{from}");
        let flaws = Programmes::parse(&content().replacen(from, to, 1)).unwrap_err();
        assert!(flaws[0].place.starts_with("line "), "{from}: {flaws:?}");
    }
}

/// Code, day and whether it is late.
fn steps(programme: &Programme, round: usize, today: &str) -> Vec<(String, String, bool)> {
    let programmes = Programmes::embedded().unwrap();
    let steps = programmes.plan(programme, &programme.rounds[round], day(today));
    steps.into_iter().map(|step| (step.code, step.day.to_string(), step.late)).collect()
}

fn told(expected: &[(&str, &str, bool)]) -> Vec<(String, String, bool)> {
    let own =
        |(code, day, late): &(&str, &str, bool)| ((*code).to_owned(), (*day).to_owned(), *late);
    expected.iter().map(own).collect()
}

#[test]
fn a_plan_for_one_star_counts_back_from_the_deadline() {
    assert_eq!(
        steps(&digital(), 3, "2026-07-12"),
        told(&[
            ("account", "2026-07-11", true),
            ("decide_star", "2026-07-26", false),
            ("declare", "2026-08-11", false),
            ("check_account", "2026-08-13", false),
            ("logo", "2026-08-15", false),
            ("apply", "2026-08-22", false),
            ("deadline", "2026-08-25", false),
        ])
    );
}

#[test]
fn a_plan_has_the_steps_that_the_rule_of_the_deadline_asks_for() {
    // The first round's rule says nothing of accounts.
    let first = steps(&digital(), 0, "2026-03-01");
    assert!(!first.iter().any(|(code, ..)| code == "check_account"));

    let mut programme = digital();
    let buyer = Programmes::embedded().unwrap().get("example-buyer").unwrap().clone();
    programme.rules = buyer.rules;
    assert_eq!(
        steps(&programme, 3, "2026-08-25"),
        told(&[
            ("account", "2026-07-11", true),
            ("self_check", "2026-07-21", true),
            ("policy", "2026-07-28", true),
            ("publish_policy", "2026-08-04", true),
            ("declare", "2026-08-11", true),
            ("evidence", "2026-08-15", true),
            ("logo", "2026-08-15", true),
            ("apply", "2026-08-22", true),
            ("deadline", "2026-08-25", false),
        ])
    );
}

#[test]
fn after_the_deadline_there_is_nothing_to_plan() {
    assert_eq!(steps(&digital(), 3, "2026-08-26"), []);
}

#[test]
fn only_the_logo_is_optional_and_an_account_has_more_than_a_month() {
    let plan = Programmes::embedded().unwrap().plan;
    let optional: Vec<_> =
        plan.steps.iter().filter(|it| it.optional).map(|it| it.code.as_str()).collect();
    assert_eq!(optional, ["logo"]);
    assert!(plan.steps[0].code == "account" && plan.steps[0].days_before > 31);
}
