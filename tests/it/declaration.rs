//! Declarations of SECURITY ACTION: the whole life of one, on two time lines.

use chrono::Duration;
use mamori_tests::{Desk, Response, both_engines};
use serde_json::{Value, json};

/// Records a declaration and gives its path.
pub(crate) fn declared(desk: &Desk, organization: &str, on: &str, terms: &Value) -> String {
    let body = json!({"state": "declared", "on": on, "terms": terms});
    let path = format!("/v1/organizations/{organization}/declarations");
    let answer = desk.call("POST", &path, &[], Some(&body));
    assert_eq!(answer.status, 201, "{}", answer.json());
    answer.header("location").expect("a place").to_owned()
}

/// Says more of a declaration, whatever its revision.
pub(crate) fn say(desk: &Desk, path: &str, step: &str, body: &Value) -> Response {
    desk.call("POST", &format!("{path}/{step}"), &[("if-match", "*")], Some(body))
}

fn status(desk: &Desk, organization: &str, query: &str) -> Value {
    let path = format!("/v1/organizations/{organization}/declaration-status{query}");
    let answer = desk.call("GET", &path, &[], None);
    assert_eq!(answer.status, 200, "{query}: {}", answer.json());
    answer.json()
}

fn id(path: &str) -> &str {
    path.rsplit('/').next().expect("an id")
}

/// The time now, as the service tells it.
fn now(desk: &Desk) -> String {
    mamori_store::Clock::now(desk.clock.as_ref())
        .to_rfc3339_opts(chrono::SecondsFormat::Micros, true)
}

both_engines! {
    fn a_whole_life_is_right_at_every_day_and_time(desk) {
        let organization = desk.organization("株式会社みほん製作所");
        let path = format!("/v1/organizations/{organization}/declarations");
        let body = json!({"state": "preparing", "on": "2026-03-01", "terms": {"stars": 1}});
        let prepared = desk.call("POST", &path, &[], Some(&body));
        assert_eq!(prepared.status, 201, "{}", prepared.json());
        assert_eq!(prepared.json()["actions"], json!(["declared", "amended", "lost"]));
        let old = prepared.header("location").expect("a place").to_owned();
        let mut known = vec![now(&desk)];
        let step = |path: &str, step: &str, body: Value| {
            desk.clock.advance(Duration::minutes(5));
            let answer = say(&desk, path, step, &body);
            assert_eq!(answer.status, 200, "{step}: {}", answer.json());
            now(&desk)
        };
        known.push(step(&old, "declare", json!({"on": "2026-03-10", "terms": {"declaration_id": "49999999901"}})));
        desk.clock.advance(Duration::minutes(5));
        let new = declared(&desk, &organization, "2026-06-01", &json!({"stars": 1, "declaration_id": "59999999901"}));
        let _ = step(&old, "supersede", json!({"by": id(&new), "on": "2026-06-01"}));
        known.push(now(&desk));
        known.push(step(&new, "amend", json!({"on": "2026-09-01", "terms": {"stars": 2}})));
        known.push(step(&new, "stop", json!({"by": "declarant", "on": "2026-11-20"})));

        for (as_of, at, state, stars, declaration) in [
            ("2026-02-28", 4, json!(null), json!(null), json!(null)),
            ("2026-03-05", 4, json!("preparing"), json!(1), json!(id(&old))),
            ("2026-04-01", 0, json!("preparing"), json!(1), json!(id(&old))),
            ("2026-04-01", 1, json!("declared"), json!(1), json!(id(&old))),
            ("2026-07-01", 1, json!("declared"), json!(1), json!(id(&old))),
            ("2026-07-01", 2, json!("declared"), json!(1), json!(id(&new))),
            ("2026-10-01", 2, json!("declared"), json!(1), json!(id(&new))),
            ("2026-10-01", 3, json!("declared"), json!(2), json!(id(&new))),
            ("2026-11-24", 3, json!("declared"), json!(2), json!(id(&new))),
            ("2026-11-24", 4, json!("stopped"), json!(2), json!(id(&new))),
        ] {
            let query = format!("?as_of={as_of}&known_at={}", known[at]);
            let told = status(&desk, &organization, &query);
            assert_eq!((&told["state"], &told["stars"]), (&state, &stars), "{query}: {told}");
            assert_eq!(told["declaration"].get("id").cloned().unwrap_or_default(), declaration, "{query}");
        }
        let today = status(&desk, &organization, "");
        assert_eq!((&today["state"], &today["declaration"]["stopped_by"]), (&json!("stopped"), &json!("declarant")));
        assert_eq!(today["as_of"], "2026-11-24");
        let before = desk.call("GET", &old, &[], None).json();
        assert_eq!((&before["standing"]["state"], &before["standing"]["superseded_by"]), (&json!("superseded"), &json!(id(&new))));
    }

    fn what_was_known_is_never_changed(desk) {
        let organization = desk.organization("甲");
        // Asked before anything is recorded, and again after: the same answer.
        let first = now(&desk);
        let asked = |at: &str| status(&desk, &organization, &format!("?known_at={at}"));
        let nothing = asked(&first);
        assert_eq!((&nothing["state"], &nothing["known_at"]), (&json!(null), &json!(first.replace(".000000", ""))));
        let path = declared(&desk, &organization, "2026-05-18", &json!({"stars": 1}));
        assert_eq!(asked(&first), nothing);
        // A clock that goes back does not let anything into the past.
        desk.clock.advance(Duration::minutes(10));
        let later = now(&desk);
        let one = asked(&later);
        assert_eq!(one["stars"], 1);
        desk.clock.advance(Duration::minutes(-9));
        assert_eq!(say(&desk, &path, "amend", &json!({"terms": {"stars": 2}})).status, 200);
        desk.clock.advance(Duration::minutes(20));
        assert_eq!(asked(&later), one);
        assert_eq!(asked(&now(&desk))["stars"], 2);
        let history = desk.call("GET", &format!("{path}/history"), &[], None).json();
        let times: Vec<_> = history["items"].as_array().expect("a list").iter().map(|entry| entry["recorded_at"].as_str().expect("a time")).collect();
        assert!(times.is_sorted() && times.len() == 2, "{times:?}");
        // What is told without a time can be had again with the time that it tells.
        let told = status(&desk, &organization, "");
        let at = told["known_at"].as_str().expect("a time").to_owned();
        assert_eq!(say(&desk, &path, "stop", &json!({"by": "unknown"})).status, 200);
        assert_eq!(status(&desk, &organization, &format!("?known_at={at}")), told);
    }

    fn a_mistake_is_corrected_and_stays_known(desk) {
        let organization = desk.organization("甲");
        let path = declared(&desk, &organization, "2026-05-18", &json!({"stars": 2, "declaration_id": "59999999901"}));
        let wrong = now(&desk);
        let history = |path: &str| desk.call("GET", &format!("{path}/history"), &[], None).json();
        let entry = history(&path)["items"][0]["id"].clone();
        desk.clock.advance(Duration::minutes(5));
        let body = json!({"entry": entry, "reason": "星の数の誤り", "replacement": {"on": "2026-05-20", "terms": {"stars": 1, "declaration_id": "59999999902"}}});
        let corrected = say(&desk, &path, "correct", &body);
        assert_eq!(corrected.status, 200, "{}", corrected.json());
        let standing = &corrected.json()["standing"];
        assert_eq!((&standing["terms"]["stars"], &standing["declared_on"]), (&json!(1), &json!("2026-05-20")));
        assert_eq!(standing["terms"]["registered"]["name"], "甲");
        assert_eq!(status(&desk, &organization, &format!("?known_at={wrong}"))["stars"], 2);
        let all = history(&path)["items"].clone();
        assert_eq!((&all[0]["voided_by"], &all[1]["kind"], &all[1]["reason"]), (&all[1]["id"], &json!("voided"), &json!("星の数の誤り")));
        for (body, slug) in [
            (json!({"entry": all[0]["id"], "reason": "x"}), "entry-not-voidable"),
            (json!({"entry": all[1]["id"], "reason": "x"}), "entry-not-voidable"),
            (json!({"entry": organization, "reason": "x"}), "entry-not-voidable"),
        ] {
            let refused = say(&desk, &path, "correct", &body);
            assert_eq!((refused.status, &refused.json()["type"]), (409, &json!(format!("/problems/{slug}"))));
        }
        let _ = say(&desk, &path, "confirm", &json!({}));
        let confirmed = history(&path)["items"][3]["id"].clone();
        let stray = say(&desk, &path, "correct", &json!({"entry": confirmed, "reason": "x", "replacement": {"terms": {"stars": 1}}}));
        assert_eq!(stray.json()["type"], "/problems/no-terms-to-correct");
        // A page of one, and the rest behind it.
        let page = desk.call("GET", &format!("{path}/history?limit=3"), &[], None).json();
        let cursor = page["next_cursor"].as_str().expect("more");
        let rest = desk.call("GET", &format!("{path}/history?limit=3&cursor={cursor}"), &[], None).json();
        assert_eq!((page["items"].as_array().map(Vec::len), rest["items"].as_array().map(Vec::len)), (Some(3), Some(1)));
    }

    fn impossible_moves_are_refused_and_change_nothing(desk) {
        let organization = desk.organization("甲");
        let path = declared(&desk, &organization, "2026-05-18", &json!({"stars": 1}));
        for (step, body, status, slug) in [
            ("declare", json!({}), 409, "move-impossible"),
            ("stop", json!({"by": "declarant", "on": "2026-05-17"}), 409, "move-impossible"),
            ("stop", json!({"by": "declarant", "on": "2026-11-25"}), 422, "invalid-request"),
            ("amend", json!({"terms": {"stars": 3}}), 422, "invalid-request"),
            ("amend", json!({"terms": {"declaration_id": "5999999990x"}}), 422, "invalid-request"),
            ("amend", json!({"terms": {"declaration_id": "599999999012"}}), 422, "invalid-request"),
            ("supersede", json!({"by": id(&path)}), 409, "no-such-successor"),
            ("supersede", json!({"by": organization}), 409, "no-such-successor"),
            ("evidence", json!({"evidence_grade": "document_seen", "seen_by": "甲", "seen_on": "2026-05-01"}), 409, "move-impossible"),
            ("evidence", json!({"evidence_grade": "self_reported", "seen_by": "甲"}), 422, "invalid-request"),
        ] {
            let refused = say(&desk, &path, step, &body);
            assert_eq!((refused.status, &refused.json()["type"]), (status, &json!(format!("/problems/{slug}"))), "{step} {body}");
        }
        let tomorrow = json!({"state": "declared", "on": "2026-11-25"});
        let refused = desk.call("POST", &format!("/v1/organizations/{organization}/declarations"), &[], Some(&tomorrow));
        assert_eq!((refused.status, &refused.json()["errors"][0]["pointer"], &refused.json()["errors"][0]["code"]), (422, &json!("/on"), &json!("future_date")));
        let history = desk.call("GET", &format!("{path}/history"), &[], None).json();
        assert_eq!(history["items"].as_array().map(Vec::len), Some(1));
        for (query, code) in [("as_of=2026-11-25", "future_date"), ("known_at=2026-11-24T03:00:01Z", "future_date"), ("as_of=yesterday", "format"), ("known_at=2026-11-24", "format")] {
            let refused = desk.call("GET", &format!("/v1/organizations/{organization}/declaration-status?{query}"), &[], None);
            assert_eq!((refused.status, &refused.json()["errors"][0]["code"]), (400, &json!(code)), "{query}");
        }
    }

    fn two_of_one_generation_are_a_conflict_that_is_shown(desk) {
        let organization = desk.organization("甲");
        let one = declared(&desk, &organization, "2026-05-18", &json!({"stars": 1, "declaration_id": "59999999901"}));
        let old = declared(&desk, &organization, "2026-02-01", &json!({"stars": 2, "declaration_id": "49999999901"}));
        let told = status(&desk, &organization, "");
        assert_eq!((&told["conflicting"], &told["old_beside_new"], &told["declaration"]["id"]), (&json!([]), &json!(true), &json!(id(&one))));
        let two = declared(&desk, &organization, "2026-05-20", &json!({"stars": 2, "declaration_id": "59999999902"}));
        let told = status(&desk, &organization, "");
        assert_eq!(told["conflicting"], json!([id(&one), id(&two)]));
        assert_eq!(say(&desk, &two, "stop", &json!({"by": "declarant"})).status, 200);
        assert_eq!(status(&desk, &organization, "")["conflicting"], json!([]));
        assert_eq!(desk.call("GET", &old, &[], None).json()["standing"]["terms"]["generation"], "old");
    }

    fn no_circle_closes_and_a_day_keeps_its_order(desk) {
        let organization = desk.organization("甲");
        let one = declared(&desk, &organization, "2026-05-01", &json!({"stars": 1}));
        let two = declared(&desk, &organization, "2026-05-01", &json!({"stars": 1}));
        assert_eq!(say(&desk, &one, "supersede", &json!({"by": id(&two), "on": "2026-05-10"})).status, 200);
        let circle = say(&desk, &two, "supersede", &json!({"by": id(&one), "on": "2026-05-07"}));
        assert_eq!(circle.json()["type"], "/problems/no-such-successor");
        // Two facts of one day, the first of which is put right.
        let body = json!({"state": "unknown", "on": "2026-05-02", "terms": {"declaration_id": "49999999901"}});
        let lost = desk.call("POST", &format!("/v1/organizations/{organization}/declarations"), &[], Some(&body));
        let path = lost.header("location").expect("a place");
        assert_eq!(lost.json()["standing"]["state"], "unknown");
        let entry = desk.call("GET", &format!("{path}/history"), &[], None).json()["items"][0]["id"].clone();
        let right = json!({"entry": entry, "reason": "IDの誤り", "replacement": {"terms": {"declaration_id": "49999999902"}}});
        let corrected = say(&desk, path, "correct", &right);
        assert_eq!((corrected.status, &corrected.json()["standing"]["terms"]["declaration_id"]), (200, &json!("49999999902")));
        assert_eq!(corrected.json()["standing"]["state"], "unknown");
    }

    fn evidence_is_of_what_was_seen(desk) {
        let organization = desk.organization("甲");
        let path = declared(&desk, &organization, "2026-05-18", &json!({"stars": 1, "articles_edition": "3.1"}));
        let standing = |path: &str| desk.call("GET", path, &[], None).json()["standing"].clone();
        let bare = standing(&path);
        assert_eq!((&bare["evidence_grade"], &bare["terms"]["articles"], &bare["confirmed_on"]), (&json!("self_reported"), &json!(5), &json!("2026-05-18")));
        let _ = say(&desk, &path, "amend", &json!({"on": "2026-05-18", "terms": {"declaration_id": "59999999901"}}));
        assert_eq!(standing(&path)["evidence_grade"], "id_format_checked");
        let seen = json!({"evidence_grade": "document_seen", "seen_by": "みほん商工会議所 見本 花子", "seen_on": "2026-06-01", "note": "完了のメール", "evidence_url": "https://files.example.jp/1"});
        assert_eq!(say(&desk, &path, "evidence", &seen).status, 200);
        let found = standing(&path);
        assert_eq!((&found["evidence_grade"], &found["evidence"][0]["seen_by"], &found["confirmed_on"]), (&json!("document_seen"), &seen["seen_by"], &json!("2026-06-01")));
        let _ = say(&desk, &path, "amend", &json!({"on": "2026-10-01", "terms": {"stars": 2}}));
        let raised = standing(&path);
        assert_eq!((&raised["evidence_grade"], &raised["terms"]["stars"], &raised["terms"]["articles_edition"]), (&json!("id_format_checked"), &json!(2), &json!("3.1")));
    }

    fn nothing_is_lost_and_nothing_leaks(desk) {
        let organization = desk.organization("甲");
        let path = declared(&desk, &organization, "2026-05-18", &json!({"stars": 1}));
        for (method, path) in [
            ("GET", path.clone()), ("GET", format!("{path}/history")), ("POST", format!("{path}/stop")),
            ("GET", format!("/v1/organizations/{organization}/declarations")),
            ("GET", format!("/v1/organizations/{organization}/declaration-status")),
            ("GET", format!("/v1/organizations/{organization}/declaration-status?known_at=2026-11-24T02:00:00Z")),
            ("GET", format!("/v1/organizations/{organization}/consents")),
            ("GET", format!("/v1/organizations/{organization}/attestations")),
        ] {
            let body = (method == "POST").then(|| json!({"by": "declarant"}));
            let hidden = desk.call_as(&desk.stranger, method, &path, &[("if-match", "*")], body.as_ref());
            assert_eq!(hidden.status, 404, "{method} {path}");
        }
        let stop = json!({"by": "declarant"});
        let stale = desk.call("POST", &format!("{path}/stop"), &[("if-match", "\"7.0\"")], Some(&stop));
        let without = desk.call("POST", &format!("{path}/stop"), &[], Some(&stop));
        assert_eq!((stale.status, without.status), (412, 428));
        // A retry is answered as the first time, though the revision has moved.
        let headers = [("if-match", "\"1.0\""), ("idempotency-key", "stop-1")];
        let first = desk.call("POST", &format!("{path}/stop"), &headers, Some(&stop));
        let again = desk.call("POST", &format!("{path}/stop"), &headers, Some(&stop));
        assert_eq!((first.status, again.status, &first.body), (200, 200, &again.body));
        let history = desk.call("GET", &format!("{path}/history"), &[], None).json();
        assert_eq!(history["items"].as_array().map(Vec::len), Some(2));
    }

    fn concurrent_records_all_count(desk) {
        let organization = desk.organization("甲");
        let path = declared(&desk, &organization, "2026-05-18", &json!({"stars": 1}));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| assert_eq!(say(&desk, &path, "confirm", &json!({})).status, 200));
            }
        });
        let history = desk.call("GET", &format!("{path}/history"), &[], None).json();
        let times: Vec<_> = history["items"].as_array().expect("a list").iter().map(|entry| entry["recorded_at"].clone()).collect();
        assert_eq!(times.len(), 9);
        assert_eq!(std::collections::HashSet::<String>::from_iter(times.iter().map(ToString::to_string)).len(), 9);
    }

    fn the_number_of_statements_does_not_grow_with_what_is_known(desk) {
        let organization = desk.organization("甲");
        let path = declared(&desk, &organization, "2026-05-18", &json!({"stars": 1}));
        let count = || {
            let lists = format!("/v1/organizations/{organization}");
            [format!("{lists}/declarations?limit=200"), format!("{lists}/declaration-status"), path.clone(), format!("{path}/history")].map(|path| {
                desk.counting(|| assert_eq!(desk.call("GET", &path, &[], None).status, 200))
            })
        };
        let few = count();
        for day in 1..=20 {
            let _ = declared(&desk, &organization, &format!("2026-04-{day:02}"), &json!({"stars": 1}));
            assert_eq!(say(&desk, &path, "confirm", &json!({})).status, 200);
        }
        assert_eq!(count(), few);
        let full = json!({"state": "declared"});
        for _ in 21..50 {
            assert_eq!(desk.call("POST", &format!("/v1/organizations/{organization}/declarations"), &[], Some(&full)).status, 201);
        }
        let refused = desk.call("POST", &format!("/v1/organizations/{organization}/declarations"), &[], Some(&full));
        assert_eq!((refused.status, &refused.json()["type"]), (409, &json!("/problems/too-many-declarations")));
    }
}
