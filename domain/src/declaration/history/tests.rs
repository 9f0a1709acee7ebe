//! The life of a declaration as a table, and any life against a model of it.

use proptest::prelude::*;

use super::*;

fn day(n: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 4, n).unwrap()
}

fn at(n: u32) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + i64::from(n), 0).unwrap()
}

fn entry(number: u32, on: u32, fact: Fact) -> Entry {
    Entry { id: Uuid::from_u128(u128::from(number)), on: day(on), recorded_at: at(number), fact }
}

fn terms(stars: u8, id: &str) -> Terms {
    Terms { stars: Some(stars), id: DeclarationId::parse(id), ..Terms::default() }
}

fn seen(grade: Grade) -> Fact {
    let seen_by = "見本 花子".to_owned();
    Fact::EvidenceSeen(Evidence { grade, seen_by, note: None, url: None })
}

#[test]
fn a_whole_life_on_two_time_lines() {
    let entries = [
        entry(1, 1, Fact::Prepared(Terms::default())),
        entry(2, 3, Fact::Declared(terms(1, "49999999901"))),
        entry(3, 5, seen(Grade::DocumentSeen)),
        // Told late: the star was raised on the 4th already.
        entry(4, 4, Fact::Amended(terms(2, "49999999901"))),
        entry(5, 9, Fact::Superseded { by: Uuid::from_u128(99) }),
        entry(6, 20, Fact::Stopped { by: StoppedBy::Declarant }),
    ];
    for known in 0..=entries.len() {
        admit(&entries[..known], &entries[known..], day(30)).unwrap();
    }
    use State::*;
    for (on, known, expected) in [
        (1, 1, Some((Preparing, None))),
        (3, 1, Some((Preparing, None))),
        (3, 2, Some((Declared, Some(1)))),
        (4, 3, Some((Declared, Some(1)))),
        (4, 4, Some((Declared, Some(2)))),
        (8, 5, Some((Declared, Some(2)))),
        (9, 4, Some((Declared, Some(2)))),
        (9, 5, Some((Superseded, Some(2)))),
        (30, 6, Some((Stopped, Some(2)))),
        (1, 0, None),
    ] {
        let found = standing(&entries, day(on), Some(at(known))).unwrap();
        assert_eq!(found.map(|s| (s.state, s.terms.stars)), expected, "{on} {known}");
    }
}

#[test]
fn what_was_seen_of_one_star_says_nothing_of_two() {
    let mut entries = vec![
        entry(1, 1, Fact::Declared(terms(1, "59999999901"))),
        entry(2, 5, seen(Grade::MatchedToPublication)),
    ];
    let grade = |entries: &[Entry]| standing(entries, day(30), None).unwrap().unwrap().grade;
    assert_eq!(grade(&entries), Grade::MatchedToPublication);
    entries.push(entry(3, 8, Fact::Amended(terms(2, "59999999901"))));
    assert_eq!(grade(&entries), Grade::IdFormatChecked);
    // What is seen late of an earlier day is of the earlier star.
    entries.push(entry(4, 7, seen(Grade::DocumentSeen)));
    assert_eq!(grade(&entries), Grade::IdFormatChecked);
    entries.push(entry(5, 9, seen(Grade::DocumentSeen)));
    assert_eq!(grade(&entries), Grade::DocumentSeen);
}

#[test]
fn impossible_lives_are_refused() {
    use FactKind as K;
    let declared = || Fact::Declared(Terms::default());
    let stopped = || Fact::Stopped { by: StoppedBy::Unknown };
    for (facts, expected) in [
        (vec![(3, declared()), (2, stopped())], (K::Stopped, None, 2)),
        (vec![(3, declared()), (5, declared())], (K::Declared, Some(State::Declared), 5)),
        (vec![(3, stopped())], (K::Stopped, None, 3)),
        (
            vec![(3, declared()), (4, stopped()), (5, Fact::Confirmed { by: None })],
            (K::Confirmed, Some(State::Stopped), 5),
        ),
        (
            vec![(1, Fact::Prepared(Terms::default())), (2, seen(Grade::DocumentSeen))],
            (K::EvidenceSeen, Some(State::Preparing), 2),
        ),
        // Said later of an earlier day, it breaks what was said of a later one.
        (
            vec![(3, declared()), (9, stopped()), (5, stopped())],
            (K::Stopped, Some(State::Stopped), 9),
        ),
    ] {
        let entries: Vec<_> =
            (1..).zip(facts).map(|(number, (on, fact))| entry(number, on, fact)).collect();
        let (last, before) = entries.split_last().unwrap();
        let (kind, from, on) = expected;
        let refused = Err(Refusal::Impossible { kind, from, on: day(on) });
        assert_eq!(admit(before, std::slice::from_ref(last), day(30)), refused);
    }
    assert_eq!(admit(&[], &[entry(1, 2, declared())], day(1)), Err(Refusal::FutureDay));
}

#[test]
fn a_mistake_is_voided_once_and_both_stay() {
    let void = |number, of: u128| {
        let reason = "日付の誤り".to_owned();
        entry(number, 3, Fact::Voided { entry: Uuid::from_u128(of), reason })
    };
    let mut entries = vec![
        entry(1, 3, Fact::Declared(terms(2, "59999999901"))),
        entry(2, 5, Fact::Stopped { by: StoppedBy::Declarant }),
    ];
    // Without its declaration a stop can't stand.
    assert!(admit(&entries, &[void(3, 1)], day(30)).is_err());
    // With the right one in its place it can.
    let right = entry(4, 4, Fact::Declared(terms(1, "59999999901")));
    let both = [void(3, 1), right];
    admit(&entries, &both, day(30)).unwrap();
    entries.extend(both);
    for wrong in [1, 3, 77] {
        assert_eq!(admit(&entries, &[void(5, wrong)], day(30)), Err(Refusal::NotVoidable));
    }
    let stars = |known| {
        standing(&entries, day(4), Some(at(known)))
            .unwrap()
            .and_then(|standing| standing.terms.stars)
    };
    assert_eq!((stars(2), stars(4)), (Some(2), Some(1)));
    assert_eq!(standing(&entries, day(3), None).unwrap(), None);
}

#[test]
fn what_replaces_an_entry_takes_its_place_in_the_day() {
    let mut entries = vec![
        entry(1, 3, Fact::Declared(terms(1, "59999999901"))),
        entry(2, 3, seen(Grade::DocumentSeen)),
    ];
    let reason = "星の誤り".to_owned();
    let void = entry(3, 3, Fact::Voided { entry: Uuid::from_u128(1), reason });
    let right =
        Entry { recorded_at: at(3), ..entry(4, 3, Fact::Declared(terms(2, "59999999901"))) };
    admit(&entries, &[void.clone(), right.clone()], day(30)).unwrap();
    entries.extend([void, right]);
    let now = standing(&entries, day(30), None).unwrap().unwrap();
    assert_eq!((now.terms.stars, now.grade), (Some(2), Grade::DocumentSeen));
}

/// From where, and each move with where it leads.
type FromRow = (Option<State>, &'static [(FactKind, State)]);

/// The moves as the table of the documentation has them, beside the code that decides.
const TABLE: [FromRow; 6] = {
    use FactKind as K;
    use State::*;
    [
        (None, &[(K::Prepared, Preparing), (K::Declared, Declared), (K::Lost, Unknown)]),
        (Some(Preparing), &[(K::Declared, Declared), (K::Amended, Preparing), (K::Lost, Unknown)]),
        (
            Some(Declared),
            &[
                (K::Amended, Declared),
                (K::Superseded, Superseded),
                (K::Stopped, Stopped),
                (K::Lost, Unknown),
                (K::EvidenceSeen, Declared),
                (K::Confirmed, Declared),
            ],
        ),
        (Some(Superseded), &[(K::Stopped, Stopped), (K::EvidenceSeen, Superseded)]),
        (Some(Stopped), &[(K::EvidenceSeen, Stopped)]),
        (
            Some(Unknown),
            &[
                (K::Declared, Declared),
                (K::Superseded, Superseded),
                (K::Stopped, Stopped),
                (K::EvidenceSeen, Unknown),
            ],
        ),
    ]
};

#[test]
fn the_moves_are_those_of_the_table() {
    for (from, row) in TABLE {
        for kind in FactKind::MOVES {
            let expected = row.iter().find(|(known, _)| *known == kind).map(|(_, to)| *to);
            assert_eq!(kind.from(from), expected, "{from:?} {kind:?}");
        }
        assert_eq!(moves(from).len(), row.len());
    }
}

/// What the model keeps: each accepted fact by its day and order, and which are voided.
#[derive(Default)]
struct Model {
    lines: Vec<(u32, usize, FactKind, bool)>,
}

impl Model {
    /// Where the life ends that the lines tell, by the table alone.
    fn end(&self) -> Result<Option<State>, ()> {
        let mut lines: Vec<_> = self.lines.iter().filter(|line| !line.3).collect();
        lines.sort_by_key(|line| (line.0, line.1));
        lines.into_iter().try_fold(None, |state, line| {
            let row = TABLE.iter().find(|(from, _)| *from == state).ok_or(())?.1;
            row.iter().find(|(kind, _)| *kind == line.2).map(|(_, to)| Some(*to)).ok_or(())
        })
    }
}

fn any_fact() -> impl Strategy<Value = Fact> {
    prop_oneof![
        Just(Fact::Prepared(Terms::default())),
        (1..=2_u8).prop_map(|stars| Fact::Declared(terms(stars, "59999999901"))),
        (1..=2_u8).prop_map(|stars| Fact::Amended(terms(stars, "59999999902"))),
        Just(Fact::Superseded { by: Uuid::from_u128(99) }),
        Just(Fact::Stopped { by: StoppedBy::Operator }),
        Just(Fact::Lost),
        Just(seen(Grade::DocumentSeen)),
        Just(Fact::Confirmed { by: None }),
        (1..=12_u128)
            .prop_map(|of| Fact::Voided { entry: Uuid::from_u128(of), reason: String::new() }),
    ]
}

proptest! {
    /// Whatever is said in whatever order: a history takes what the model takes and refuses what it
    /// refuses, ends where it ends, and never changes an answer that it has given.
    #[test]
    fn any_life_is_as_the_model_has_it(said in prop::collection::vec((1..=30_u32, any_fact()), 1..16)) {
        let mut entries: Vec<Entry> = Vec::new();
        let mut model = Model::default();
        let mut given = Vec::new();
        for (number, (on, fact)) in (1..).zip(said) {
            let added = entry(number, on, fact);
            let next = entries.len();
            let undo = model.lines.clone();
            let possible = match &added.fact {
                Fact::Voided { entry, .. } => {
                    let found = entries.iter().position(|kept| kept.id == *entry);
                    let line = found.and_then(|index| {
                        model.lines.iter_mut().find(|line| line.1 == index && !line.3)
                    });
                    line.map(|line| line.3 = true).is_some()
                }
                fact => {
                    model.lines.push((on, next, fact.kind(), false));
                    true
                }
            };
            let possible = possible && model.end().is_ok();
            let taken = admit(&entries, std::slice::from_ref(&added), day(30));
            prop_assert_eq!(taken.is_ok(), possible);
            if !possible {
                model.lines = undo;
                continue;
            }
            entries.push(added);
            let end = standing(&entries, day(30), None).unwrap();
            prop_assert_eq!(end.map(|end| end.state), model.end().unwrap());
            for as_of in [1, 10, 20, 30] {
                let answer = standing(&entries, day(as_of), Some(at(number))).unwrap();
                given.push((as_of, number, answer));
            }
        }
        for (as_of, known, answer) in given {
            prop_assert_eq!(standing(&entries, day(as_of), Some(at(known))).unwrap(), answer);
        }
    }
}
