use super::*;
use crate::programme::{Programmes, contradictions};
use crate::question_bank::Confidence;
use crate::text::Text;

pub(super) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn text(text: &str) -> Text {
    Text { ja: text.to_owned(), en: text.to_owned() }
}

/// Two stars with a new id of the same account, document seen, confirmed within a year.
fn strict() -> Requirement {
    Requirement {
        minimum_stars: 2,
        generations: Some(vec![Generation::New]),
        gbizid_same_account: true,
        minimum_grade: Some(Grade::DocumentSeen),
        confirmed_within_days: Some(365),
    }
}

/// A subsidy whose call was read on 1 June: one rule from May to the end of July, and a round
/// that takes applications from 1 June to 15 June.
pub(super) fn subsidy(requirement: Requirement) -> Programme {
    Programme {
        code: "subsidy".to_owned(),
        name: text("Subsidy"),
        kind: ProgrammeKind::Subsidy,
        description: text("A subsidy."),
        official_url: None,
        rules: vec![Rule {
            from: Some(day("2026-05-01")),
            until: Some(day("2026-07-31")),
            rounds: Vec::new(),
            requirement,
            basis: Basis::Call,
            source: "The call".to_owned(),
            source_url: None,
            checked_on: day("2026-06-01"),
            confidence: Confidence::Confirmed,
            note: None,
        }],
        rounds: vec![Round {
            code: "first".to_owned(),
            name: text("First"),
            deadline: "2026-06-15T08:00:00Z".parse().unwrap(),
            opens_on: Some(day("2026-06-01")),
            source: "The call".to_owned(),
            source_url: None,
            checked_on: day("2026-06-01"),
            confidence: Confidence::Confirmed,
        }],
    }
}

/// A company that meets [`strict`].
fn good() -> Situation {
    Situation {
        state: Some(State::Declared),
        stars: Some(2),
        generation: Some(Generation::New),
        grade: Some(Grade::DocumentSeen),
        confirmed_on: Some(day("2026-06-01")),
        gbizid_account: GbizidAccount::Same,
        conflicting: false,
    }
}

fn on(text: &str) -> Question<'static> {
    Question { round: None, on: day(text) }
}

fn codes(verdict: &Verdict) -> Vec<&'static str> {
    verdict.reasons.iter().map(|reason| reason.code()).collect()
}

#[test]
fn whoever_meets_the_rule_of_a_call_is_told_yes() {
    let verdict = check(&subsidy(strict()), &on("2026-06-10"), &good(), day("2026-06-02"));

    assert_eq!(
        verdict,
        Verdict {
            answer: Answer::Yes,
            reasons: Vec::new(),
            under_reported_rule: None,
            rule: Some(0),
            round: Some(0),
        }
    );
}

#[test]
fn each_condition_has_its_reason() {
    type Change = fn(&mut Situation);
    let cases: [(Change, Answer, &[&str]); 24] = [
        (|it| it.stars = Some(3), Answer::Yes, &[]),
        (|it| it.grade = Some(Grade::MatchedToPublication), Answer::Yes, &[]),
        (|it| it.confirmed_on = Some(day("2025-06-10")), Answer::Yes, &[]),
        (|it| it.stars = Some(1), Answer::No, &["two_stars_required"]),
        (|it| it.stars = None, Answer::Unknown, &["stars_unknown"]),
        (|it| it.generation = Some(Generation::Old), Answer::No, &["old_generation_id"]),
        (|it| it.generation = Some(Generation::Unknown), Answer::Unknown, &["generation_unknown"]),
        (|it| it.generation = None, Answer::Unknown, &["generation_unknown"]),
        (|it| it.gbizid_account = GbizidAccount::Different, Answer::No, &["gbizid_differs"]),
        (|it| it.gbizid_account = GbizidAccount::Unknown, Answer::Unknown, &["gbizid_unknown"]),
        (|it| it.grade = Some(Grade::SelfReported), Answer::No, &["evidence_too_weak"]),
        (|it| it.grade = Some(Grade::IdFormatChecked), Answer::No, &["evidence_too_weak"]),
        (|it| it.grade = None, Answer::Unknown, &["evidence_unknown"]),
        (|it| it.confirmed_on = Some(day("2025-06-09")), Answer::No, &["confirmation_too_old"]),
        (|it| it.confirmed_on = None, Answer::Unknown, &["confirmation_missing"]),
        (|it| it.conflicting = true, Answer::Unknown, &["conflicting_declarations"]),
        (|it| it.state = None, Answer::Unknown, &["no_declaration_known"]),
        (|it| it.state = Some(State::Unknown), Answer::Unknown, &["status_unknown"]),
        (|it| it.state = Some(State::Preparing), Answer::No, &["not_declared", "preparing"]),
        (|it| it.state = Some(State::Stopped), Answer::No, &["declaration_stopped"]),
        (|it| it.state = Some(State::Superseded), Answer::Unknown, &["declaration_superseded"]),
        // What surely fails decides, whatever else is unknown.
        (
            |it| (it.stars, it.generation) = (Some(1), None),
            Answer::No,
            &["two_stars_required", "generation_unknown"],
        ),
        (
            |it| (it.state, it.stars) = (Some(State::Unknown), Some(1)),
            Answer::No,
            &["two_stars_required", "status_unknown"],
        ),
        // What a declaration will bring is not held against its being prepared.
        (
            |it| {
                (it.state, it.stars) = (Some(State::Preparing), Some(1));
                (it.generation, it.grade, it.confirmed_on) = (None, None, None);
                it.gbizid_account = GbizidAccount::Unknown;
            },
            Answer::No,
            &["not_declared", "preparing", "two_stars_required"],
        ),
    ];

    for (change, answer, reasons) in cases {
        let mut situation = good();
        change(&mut situation);
        let verdict = check(&subsidy(strict()), &on("2026-06-10"), &situation, day("2026-06-02"));
        assert_eq!((verdict.answer, codes(&verdict)), (answer, reasons.to_vec()), "{situation:?}");
        assert_eq!(verdict.under_reported_rule, None);
    }
}

#[test]
fn where_one_star_is_enough_the_number_of_stars_need_not_be_known() {
    let requirement = Requirement { minimum_stars: 1, ..strict() };
    let situation = Situation { stars: None, ..good() };
    let verdict = check(&subsidy(requirement), &on("2026-06-10"), &situation, day("2026-06-02"));

    assert_eq!(verdict.answer, Answer::Yes);
}

#[test]
fn other_stars_and_generations_than_todays_are_told_apart() {
    let requirement =
        Requirement { minimum_stars: 3, generations: Some(vec![Generation::Old]), ..strict() };
    let verdict = check(&subsidy(requirement), &on("2026-06-10"), &good(), day("2026-06-02"));

    assert_eq!(codes(&verdict), ["more_stars_required", "generation_not_accepted"]);
    assert_eq!(verdict.answer, Answer::No);
}

#[test]
fn doubts_about_the_rule_or_the_round_withhold_the_answer() {
    let (yes, no) = (Some(Answer::Yes), Some(Answer::No));
    let one_star = Situation { stars: Some(1), ..good() };
    for (round, applies, today, situation, reasons, under) in [
        // On the day of the deadline the round is still open.
        (Some("first"), "2026-06-15", "2026-06-15", good(), &[][..], None),
        (Some("first"), "2026-06-15", "2026-06-16", good(), &["round_closed"], yes),
        (Some("first"), "2026-06-16", "2026-06-02", good(), &["round_closed"], yes),
        (None, "2026-06-16", "2026-06-02", good(), &["round_closed"], yes),
        (
            Some("first"),
            "2026-06-16",
            "2026-06-02",
            one_star,
            &["two_stars_required", "round_closed"],
            no,
        ),
        (Some("first"), "2026-05-31", "2026-05-20", good(), &["round_not_open"], yes),
        (None, "2026-05-31", "2026-05-20", good(), &["round_not_open"], yes),
        (Some("tenth"), "2026-06-10", "2026-06-02", good(), &["unknown_round"], None),
        (
            Some("first"),
            "2026-08-01",
            "2026-06-02",
            good(),
            &["round_closed", "no_rule_for_date"],
            None,
        ),
    ] {
        let question = Question { round, on: day(applies) };
        let verdict = check(&subsidy(strict()), &question, &situation, day(today));
        assert_eq!(codes(&verdict), reasons, "{question:?} {today}");
        assert_eq!(verdict.under_reported_rule, under, "{question:?} {today}");
        let answer = if reasons.is_empty() { Answer::Yes } else { Answer::Unknown };
        assert_eq!(verdict.answer, answer, "{question:?} {today}");
    }
}

#[test]
fn only_a_call_or_a_buyers_own_rule_decides_and_only_a_call_grows_old() {
    let at = |kind, basis, today: &str| {
        let mut programme = subsidy(strict());
        programme.kind = kind;
        programme.rules[0].basis = basis;
        programme.rounds.clear();
        let verdict = check(&programme, &on("2026-06-10"), &good(), day(today));
        (verdict.answer, codes(&verdict), verdict.under_reported_rule)
    };
    let yes = Some(Answer::Yes);
    let (subsidy, buyer) = (ProgrammeKind::Subsidy, ProgrammeKind::Buyer);

    assert_eq!(at(subsidy, Basis::Call, "2026-08-30"), (Answer::Yes, vec![], None));
    assert_eq!(
        at(subsidy, Basis::Call, "2026-08-31"),
        (Answer::Unknown, vec!["rule_not_checked_lately"], yes)
    );
    assert_eq!(at(buyer, Basis::OwnRule, "2030-01-01"), (Answer::Yes, vec![], None));
    assert_eq!(
        at(subsidy, Basis::OwnRule, "2026-06-02"),
        (Answer::Unknown, vec!["rule_not_from_call"], yes)
    );
    assert_eq!(
        at(buyer, Basis::Reported, "2026-08-31"),
        (Answer::Unknown, vec!["rule_not_from_call", "rule_not_checked_lately"], yes)
    );
}

#[test]
fn a_rule_of_some_rounds_holds_for_them_alone() {
    let mut programme = subsidy(strict());
    let mut second = programme.rounds[0].clone();
    second.code = "second".to_owned();
    second.opens_on = None;
    second.deadline = "2026-07-21T08:00:00Z".parse().unwrap();
    programme.rounds.push(second);
    let mut lenient = programme.rules[0].clone();
    lenient.requirement.minimum_stars = 1;
    lenient.rounds = vec!["second".to_owned()];
    programme.rules[0].rounds = vec!["first".to_owned()];
    programme.rules.push(lenient);
    assert_eq!(contradictions(&programme), []);

    let ask = |round, applies| {
        let question = Question { round, on: day(applies) };
        let situation = Situation { stars: Some(1), ..good() };
        let verdict = check(&programme, &question, &situation, day("2026-06-02"));
        (verdict.answer, verdict.rule, verdict.round)
    };

    assert_eq!(ask(Some("first"), "2026-06-10"), (Answer::No, Some(0), Some(0)));
    assert_eq!(ask(Some("second"), "2026-06-10"), (Answer::Yes, Some(1), Some(1)));
    // Without a round the earliest that is open is meant.
    assert_eq!(ask(None, "2026-06-10"), (Answer::No, Some(0), Some(0)));
    assert_eq!(ask(None, "2026-06-16"), (Answer::Yes, Some(1), Some(1)));
}

/// Programme, round, day, company, reasons, and what the rule as reported gives.
type Case<'a> = (&'a str, Option<&'a str>, &'a str, Situation, &'a [&'a str], Option<Answer>);

#[test]
fn typical_firms_and_the_programmes_that_ship() {
    let programmes = Programmes::embedded().unwrap();
    let digital = "digital-ai-subsidy-2026";
    let old = Situation {
        stars: Some(1),
        generation: Some(Generation::Old),
        grade: Some(Grade::SelfReported),
        confirmed_on: None,
        gbizid_account: GbizidAccount::Unknown,
        ..good()
    };
    let new = Situation { generation: Some(Generation::New), ..old };
    let linked = Situation { gbizid_account: GbizidAccount::Same, ..new };
    let other_account = Situation { gbizid_account: GbizidAccount::Different, ..new };
    let nothing = Situation { state: None, stars: None, generation: None, ..old };
    let (yes, no, open) = (Some(Answer::Yes), Some(Answer::No), Some(Answer::Unknown));

    let cases: [Case<'_>; 11] = [
        (digital, Some("round-1"), "2026-05-12", old, &["rule_not_from_call"], yes),
        (
            digital,
            Some("round-2"),
            "2026-06-01",
            old,
            &["old_generation_id", "gbizid_unknown", "rule_not_from_call"],
            no,
        ),
        (digital, None, "2026-06-01", new, &["gbizid_unknown", "rule_not_from_call"], open),
        (digital, None, "2026-06-01", linked, &["rule_not_from_call"], yes),
        (digital, None, "2026-06-01", other_account, &["gbizid_differs", "rule_not_from_call"], no),
        (
            digital,
            None,
            "2026-06-01",
            nothing,
            &["no_declaration_known", "rule_not_from_call"],
            open,
        ),
        (digital, None, "2026-10-01", linked, &["round_closed", "rule_not_from_call"], yes),
        ("manufacturing-subsidy-digital", None, "2026-10-01", old, &["rule_not_from_call"], yes),
        (
            "tokyo-cybersecurity-subsidy",
            None,
            "2026-10-01",
            new,
            &["two_stars_required", "rule_not_from_call"],
            no,
        ),
        (
            "tokyo-cybersecurity-subsidy",
            None,
            "2026-12-31",
            good(),
            &["rule_not_from_call", "rule_not_checked_lately"],
            yes,
        ),
        (
            "tokyo-cybersecurity-subsidy",
            None,
            "2026-10-01",
            Situation { stars: None, ..good() },
            &["stars_unknown", "rule_not_from_call"],
            open,
        ),
    ];
    for (code, round, applies, situation, reasons, under) in cases {
        let question = Question { round, on: day(applies) };
        let programme = programmes.get(code).unwrap();
        let verdict = check(programme, &question, &situation, day(applies));
        assert_eq!(codes(&verdict), reasons, "{code} {question:?} {situation:?}");
        assert_eq!(verdict.under_reported_rule, under, "{code} {question:?}");
        assert_eq!(verdict.answer, Answer::Unknown);
    }

    let buyer = |situation: &Situation| {
        let question = on("2026-12-01");
        let programme = programmes.get("example-buyer").unwrap();
        let verdict = check(programme, &question, situation, day("2027-03-01"));
        (verdict.answer, codes(&verdict))
    };
    assert_eq!(buyer(&good()), (Answer::Yes, vec![]));
    assert_eq!(
        buyer(&old),
        (Answer::No, vec!["two_stars_required", "evidence_too_weak", "confirmation_missing"])
    );
}
