//! Programmes that ask for a declaration: those that ship with mamori, and a client's own.

use std::collections::BTreeMap;

use chrono::Duration;
use mamori_tests::{Desk, Response, both_engines};
use serde_json::{Value, json};

const SUBSIDY: &str = "/v1/programmes/digital-ai-subsidy-2026";
const OWN: &str = "/v1/own-programmes";

/// A programme with a rule and a deadline in March.
fn terms() -> Value {
    json!({
        "name": "2027年度, 取引先の条件; 確認", "description": "取引先にお願いすること",
        "rules": [{
            "from": "2026-10-01", "rounds": ["spring-2027"], "minimum_stars": 2, "generations": ["new"],
            "same_gbizid_account": true, "minimum_grade": "document_seen", "confirmed_within_days": 90,
            "note": "一行目\n二行目",
        }, {"until": "2026-09-30", "minimum_stars": 1}],
        "rounds": [{
            "code": "spring-2027", "name": "2027年春の更新", "deadline": "2027-03-10T17:00:00+09:00",
            "opens_on": "2026-11-01",
        }],
    })
}

/// The same with some fields replaced.
fn terms_with(changes: Value) -> Value {
    let mut terms = terms();
    for (name, value) in changes.as_object().expect("an object") {
        terms[name] = value.clone();
    }
    terms
}

fn add(desk: &Desk, body: &Value) -> String {
    let added = desk.call("POST", OWN, &[], Some(body));
    assert_eq!(added.status, 201, "{}", added.json());
    added.header("location").expect("a place").to_owned()
}

/// Asks without a token.
fn ask(desk: &Desk, path: &str, language: &str, body: &Value) -> Response {
    let headers = [("content-type", "application/json"), ("accept-language", language)];
    desk.raw("POST", path, &headers, body.to_string().as_bytes())
}

fn codes(verdict: &Value) -> Vec<String> {
    let reasons = verdict["reasons"].as_array().expect("reasons").iter();
    reasons.map(|reason| reason["code"].as_str().expect("a code").to_owned()).collect()
}

/// What is wrong with a request, in order.
fn faults(refused: &Response) -> Vec<(String, String)> {
    assert_eq!(refused.status, 422, "{}", refused.json());
    let body = refused.json();
    let told = |error: &Value, name: &str| error[name].as_str().expect("a text").to_owned();
    let errors = body["errors"].as_array().expect("errors").iter();
    errors.map(|error| (told(error, "pointer"), told(error, "code"))).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(one, other)| ((*one).to_owned(), (*other).to_owned())).collect()
}

/// The properties of each part of a calendar: of itself, then of its events.
fn calendar(answer: &Response) -> Vec<BTreeMap<String, String>> {
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("content-type"), Some("text/calendar; charset=utf-8"));
    let text = String::from_utf8(answer.body.clone()).expect("UTF-8");
    assert!(text.ends_with("END:VCALENDAR\r\n"));
    for line in text.split("\r\n") {
        assert!(line.len() <= 75 && !line.contains(['\r', '\n']), "{line}");
    }
    let mut parts = Vec::new();
    for line in text.replace("\r\n ", "").lines() {
        let (name, value) = line.split_once(':').expect("a property");
        match name {
            "BEGIN" => parts.push(BTreeMap::new()),
            "END" => {}
            name => {
                let part: &mut BTreeMap<_, _> = parts.last_mut().expect("a part");
                assert_eq!(part.insert(name.to_owned(), value.to_owned()), None, "{line}");
            }
        }
    }
    parts
}

fn uids(parts: &[BTreeMap<String, String>]) -> Vec<&String> {
    parts.iter().filter_map(|part| part.get("UID")).collect()
}

both_engines! {
    fn what_ships_is_public_and_says_how_sure_it_is(desk) {
        let list = desk.raw("GET", "/v1/programmes", &[("accept-language", "en")], b"");
        assert_eq!((list.status, list.header("content-language")), (200, Some("en")));
        let items = list.json()["items"].as_array().expect("programmes").clone();
        assert!(items.len() >= 4 && list.json()["next_cursor"].is_null());
        for item in &items {
            let path = item["links"]["programme"].as_str().expect("a path");
            let whole = desk.raw("GET", path, &[], b"").json();
            assert_eq!(whole["code"], item["code"]);
            let buyer = whole["kind"] == "buyer";
            for rule in whole["rules"].as_array().expect("rules") {
                assert_eq!(rule["basis"], if buyer { "own_rule" } else { "reported" });
                assert!(rule["source"].is_string() && rule["checked_on"].is_string());
            }
        }
        let tell = |language: &str| desk.raw("GET", SUBSIDY, &[("accept-language", language)], b"");
        let (ja, en) = (tell("ja"), tell("en"));
        assert_eq!(ja.json()["rounds"][1]["deadline"], "2026-06-15T08:00:00Z");
        assert_eq!(ja.json()["rounds"][1]["deadline_day"], "2026-06-15");
        assert_eq!(ja.json()["rules"][1]["requirement"]["generations"], json!(["new"]));
        assert_eq!(ja.json()["name"], "デジタル化・AI導入補助金2026");
        assert!(en.json()["notice"].as_str().expect("a notice").contains("self-declaration"));
        assert!(en.json()["reasons"].as_array().expect("reasons").len() > 20);
        assert_ne!(ja.header("etag"), en.header("etag"));
        let again = desk.raw("GET", SUBSIDY, &[("if-none-match", ja.header("etag").expect("a tag"))], b"");
        assert_eq!(again.status, 304);
        assert_eq!(desk.raw("GET", "/v1/programmes/none", &[], b"").status, 404);
    }

    fn a_reported_rule_answers_unknown_with_its_own_verdict(desk) {
        let path = format!("{SUBSIDY}/check");
        let body = |id: &str| json!({"on": "2026-06-10", "round": "round-2", "situation": {
            "state": "declared", "stars": 1, "declaration_id": id, "gbizid_account": "same",
        }});
        let old = ask(&desk, &path, "ja", &body("41234567890"));
        assert_eq!((old.status, &old.json()["answer"]), (200, &json!("unknown")));
        assert_eq!(old.json()["under_reported_rule"], "no");
        assert_eq!(codes(&old.json()), ["old_generation_id", "round_closed", "rule_not_from_call"]);
        assert!(!old.told().contains("41234567890"));
        assert_eq!((&old.json()["round"]["code"], &old.json()["rule"]["from"]), (&json!("round-2"), &json!("2026-05-13")));
        assert_eq!((&old.json()["on"], &old.json()["checked_as_of"]), (&json!("2026-06-10"), &json!("2026-11-24")));
        assert_eq!(ask(&desk, &path, "ja", &body("51234567890")).json()["under_reported_rule"], "yes");

        let said = |answer: &Response| answer.json()["reasons"][0]["text"].as_str().expect("a text").to_owned();
        let en = ask(&desk, &path, "en", &body("41234567890"));
        assert!(said(&old).contains("もう一度宣言") && said(&en).contains("Declare again"));
        assert_eq!((en.header("content-language"), &en.json()["reasons"][0]["effect"]), (Some("en"), &json!("fails")));

        // Left out is today, and nothing known; the rounds are over and the rule is old by March.
        let today = ask(&desk, &path, "en", &json!({"situation": {}})).json();
        assert_eq!((&today["on"], &today["round"]), (&json!("2026-11-24"), &json!(null)));
        assert_eq!(codes(&today), ["no_declaration_known", "round_closed", "rule_not_from_call"]);
        desk.clock.advance(Duration::days(100));
        assert!(codes(&ask(&desk, &path, "en", &json!({"situation": {}})).json()).contains(&"rule_not_checked_lately".to_owned()));
    }

    fn a_check_refuses_what_makes_no_sense(desk) {
        let path = format!("{SUBSIDY}/check");
        let refused = ask(&desk, &path, "en", &json!({"round": "", "situation": {
            "stars": 3, "generation": "new", "declaration_id": "41234567890", "confirmed_on": "2026-11-25",
        }}));
        assert_eq!(faults(&refused), pairs(&[
            ("/round", "length"), ("/situation/stars", "out_of_range"), ("/situation/confirmed_on", "future_date"),
            ("/situation/generation", "generation_contradicts"),
        ]));
        for id in ["4123456789", "412345678901", "４1234567890", ""] {
            let refused = ask(&desk, &path, "en", &json!({"situation": {"declaration_id": id}}));
            assert_eq!(faults(&refused), pairs(&[("/situation/declaration_id", "format")]));
            assert!(id.is_empty() || !refused.told().contains(id));
        }
        let missing = ask(&desk, &path, "en", &json!({}));
        assert_eq!(faults(&missing), pairs(&[("/situation", "required")]));
        assert_eq!(ask(&desk, "/v1/programmes/none/check", "en", &json!({"situation": {}})).status, 404);
        let forged = desk.call_as("nonsense", "POST", &path, &[], Some(&json!({"situation": {}})));
        assert_eq!(forged.status, 401);
    }

    fn an_own_rule_answers_yes_no_or_unknown(desk) {
        let path = format!("{}/check", add(&desk, &terms()));
        let good = json!({
            "state": "declared", "stars": 2, "declaration_id": "51234567890", "evidence_grade": "document_seen",
            "confirmed_on": "2026-11-01", "gbizid_account": "same",
        });
        let check = |name: &str, value: Value| {
            let mut situation = good.clone();
            situation[name] = value;
            let answer = desk.call("POST", &path, &[("accept-language", "en")], Some(&json!({"situation": situation})));
            assert_eq!(answer.status, 200, "{}", answer.json());
            answer.json()
        };
        let yes = check("conflicting", json!(false));
        assert_eq!((&yes["answer"], &yes["reasons"], &yes["under_reported_rule"]), (&json!("yes"), &json!([]), &json!(null)));
        assert_eq!((&yes["rule"]["basis"], &yes["rule"]["checked_on"]), (&json!("own_rule"), &json!("2026-11-24")));
        assert_eq!((&yes["round"]["code"], path.contains(yes["programme"].as_str().expect("an id"))), (&json!("spring-2027"), true));
        for (name, value, answer, code) in [
            ("stars", json!(1), "no", "two_stars_required"),
            ("declaration_id", json!("41234567890"), "no", "old_generation_id"),
            ("gbizid_account", json!("different"), "no", "gbizid_differs"),
            ("evidence_grade", json!("id_format_checked"), "no", "evidence_too_weak"),
            ("confirmed_on", json!("2026-01-01"), "no", "confirmation_too_old"),
            ("state", json!("preparing"), "no", "not_declared"),
            ("stars", json!(null), "unknown", "stars_unknown"),
            ("confirmed_on", json!(null), "unknown", "confirmation_missing"),
            ("state", json!(null), "unknown", "no_declaration_known"),
            ("conflicting", json!(true), "unknown", "conflicting_declarations"),
        ] {
            let told = check(name, value);
            assert_eq!((told["answer"].as_str(), codes(&told)[0].as_str()), (Some(answer), code), "{name}");
        }
        // After the deadline nothing can be said: the rule is of that round alone.
        desk.clock.advance(Duration::days(120));
        let token = desk.token_with("");
        let late = desk.call_as(&token, "POST", &path, &[], Some(&json!({"situation": good}))).json();
        assert_eq!((&late["answer"], codes(&late)), (&json!("unknown"), vec!["round_closed".to_owned(), "no_rule_for_date".to_owned()]));

    }

    fn what_a_buyer_says_of_itself_does_not_grow_old(desk) {
        let path = format!("{}/check", add(&desk, &json!({"name": "条件", "rules": [{"minimum_stars": 1}]})));
        desk.clock.advance(Duration::days(400));
        let token = desk.token_with("");
        let body = json!({"situation": {"state": "declared", "stars": 1}});
        let told = desk.call_as(&token, "POST", &path, &[], Some(&body)).json();
        assert_eq!((&told["answer"], &told["rule"]["checked_on"]), (&json!("yes"), &json!("2026-11-24")));
    }

    fn an_own_programme_is_added_changed_and_removed(desk) {
        let added = desk.call("POST", OWN, &[], Some(&terms()));
        assert_eq!((added.status, added.header("etag")), (201, Some("\"1.0\"")), "{}", added.json());
        let place = added.header("location").expect("a place").to_owned();
        let found = desk.call("GET", &place, &[], None);
        assert_eq!((found.json(), found.header("etag")), (added.json(), Some("\"1.0\"")));
        let body = found.json();
        assert_eq!((&body["kind"], &body["rounds"][0]["deadline"]), (&json!("buyer"), &json!("2027-03-10T08:00:00Z")));
        assert_eq!((&body["rules"][0]["note"], &body["rules"][1]["generations"]), (&json!("一行目\n二行目"), &json!(null)));
        assert_eq!(desk.call("GET", &place, &[("if-none-match", "\"1.0\"")], None).status, 304);

        let change = |tag: &str, body: Value| desk.call("PATCH", &place, &[("if-match", tag)], Some(&body));
        let changed = change("\"1.0\"", json!({"description": null, "rules": [{"minimum_stars": 1}]}));
        assert_eq!((changed.status, changed.header("etag")), (200, Some("\"2.0\"")), "{}", changed.json());
        assert_eq!((&changed.json()["description"], changed.json()["rules"].as_array().map(Vec::len)), (&json!(null), Some(1)));
        assert_eq!(change("\"1.0\"", json!({"name": "乙"})).json()["type"], "/problems/precondition-failed");
        assert_eq!(desk.call("PATCH", &place, &[], Some(&json!({"name": "乙"}))).status, 428);
        assert_eq!(faults(&change("\"2.0\"", json!({"rules": []}))), pairs(&[("/rules", "item_count")]));
        assert_eq!(faults(&change("\"2.0\"", json!({"kind": "subsidy"}))), pairs(&[("/kind", "unknown_field")]));
        assert_eq!(desk.call("DELETE", &place, &[("if-match", "\"1.0\"")], None).status, 412);
        assert_eq!(desk.call("DELETE", &place, &[("if-match", "\"2.0\"")], None).status, 204);
        assert_eq!(desk.call("GET", &place, &[], None).status, 404);
        let kinds = desk.sql("SELECT kind FROM change WHERE resource = 'programme' ORDER BY id");
        assert_eq!(kinds, ["created", "updated", "deleted"]);
    }

    fn a_programme_that_contradicts_itself_is_refused_in_each_place(desk) {
        let post = |body: &Value| desk.call("POST", OWN, &[("accept-language", "en")], Some(body));
        let star = |from: &str, until: &str| json!({"from": from, "until": until, "minimum_stars": 1});
        let round = |code: &str, deadline: &str| json!({"code": code, "name": "回", "deadline": deadline});
        let refused = post(&terms_with(json!({
            "rules": [
                star("2027-01-01", "2026-12-31"), star("2027-01-01", "2027-02-01"), star("2027-02-01", "2027-03-01"),
                {"from": "2027-03-02", "until": "2027-04-01", "rounds": ["a", "none"], "minimum_stars": 1},
            ],
            "rounds": [
                round("a", "2027-03-05T17:00:00+09:00"), round("a", "2027-03-05T17:00:00+09:00"),
                {"code": "b", "name": "回", "deadline": "2027-01-05T17:00:00+09:00", "opens_on": "2027-01-06"},
                round("c", "2027-03-31T16:00:00Z"),
            ],
        })));
        assert_eq!(faults(&refused), pairs(&[
            ("/rules/0/until", "ends_before"), ("/rules/2", "rules_overlap"), ("/rules/3/rounds/1", "no_such_round"),
            ("/rounds/1/code", "duplicate"), ("/rounds/2/opens_on", "round_opens_after_deadline"),
            ("/rounds/3/deadline", "round_without_rule"),
        ]));
        assert!(refused.json()["errors"][1]["detail"].as_str().expect("a text").contains("rule 2 "), "{}", refused.json());

        let rule = |change: Value| {
            let mut rule = json!({"minimum_stars": 1});
            for (name, value) in change.as_object().expect("an object") {
                rule[name] = value.clone();
            }
            terms_with(json!({"rules": [rule], "rounds": []}))
        };
        let named = |field: &str, value: Value| {
            let mut round = round("a", "2027-03-05T17:00:00+09:00");
            round[field] = value;
            terms_with(json!({"rules": [{"minimum_stars": 1}], "rounds": [round]}))
        };
        for (body, pointer, code) in [
            (rule(json!({"minimum_stars": 3})), "/rules/0/minimum_stars", "out_of_range"),
            (rule(json!({"generations": []})), "/rules/0/generations", "item_count"),
            (rule(json!({"generations": ["new", "new"]})), "/rules/0/generations/1", "duplicate"),
            (rule(json!({"generations": ["unknown"]})), "/rules/0/generations/0", "unknown_value"),
            (rule(json!({"confirmed_within_days": 0})), "/rules/0/confirmed_within_days", "out_of_range"),
            (rule(json!({"note": "123456789012"})), "/rules/0/note", "twelve_digits"),
            (named("code", json!("Spring")), "/rounds/0/code", "format"),
            (named("deadline", json!("2027-03-05")), "/rounds/0/deadline", "format"),
            (named("deadline", json!("2027-03-05T17:00:00")), "/rounds/0/deadline", "format"),
            (named("deadline", json!("9999-12-31T23:59:59Z")), "/rounds/0/deadline", "format"),
            (named("name", json!(" ")), "/rounds/0/name", "length"),
            (terms_with(json!({"name": ""})), "/name", "length"),
            (terms_with(json!({"rules": vec![json!({"minimum_stars": 1}); 21]})), "/rules", "item_count"),
            (terms_with(json!({"rounds": vec![round("a", "2027-03-05T17:00:00Z"); 51]})), "/rounds", "item_count"),
        ] {
            assert_eq!(faults(&post(&body)), pairs(&[(pointer, code)]), "{body}");
        }
        assert_eq!(desk.call("GET", OWN, &[], None).json()["items"], json!([]));
    }

    fn anothers_programme_is_not_there(desk) {
        let place = add(&desk, &terms());
        let organization = desk.organization("甲");
        let narrowed = desk.token_with(&format!("&organization={organization}"));
        let reading = desk.token_with("&scope=declarations:read");
        let any = [("if-match", "*")];
        for (method, path, body) in [
            ("GET", place.clone(), None),
            ("PATCH", place.clone(), Some(json!({"name": "乙"}))),
            ("DELETE", place.clone(), None),
            ("POST", format!("{place}/check"), Some(json!({"situation": {}}))),
            ("GET", format!("{place}/calendar"), None),
        ] {
            let call = |token: &str| desk.call_as(token, method, &path, &any, body.as_ref()).status;
            assert_eq!((call(&desk.stranger), call(&narrowed)), (404, 403), "{method} {path}");
            assert_eq!(desk.raw(method, &path, &[], b"").status, 401, "{method} {path}");
            let changes = matches!(method, "PATCH" | "DELETE");
            assert_eq!(call(&reading), if changes { 403 } else { 200 }, "{method} {path}");
        }
        assert_eq!(desk.call_as(&narrowed, "GET", OWN, &[], None).status, 403);
        assert_eq!(desk.call_as(&narrowed, "POST", OWN, &[], Some(&terms())).status, 403);
        assert_eq!(desk.call_as(&desk.stranger, "GET", OWN, &[], None).json()["items"], json!([]));
        assert_eq!(desk.call("GET", &place, &[], None).status, 200);
    }

    fn of_changes_at_once_one_is_lost_and_says_so(desk) {
        let place = add(&desk, &terms());
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let calls: Vec<_> = (0..4).map(|turn| {
                let (desk, place) = (&desk, &place);
                let change = move || desk.call("PATCH", place, &[("if-match", "\"1.0\"")], Some(&json!({"name": format!("名{turn}")}))).status;
                scope.spawn(change)
            }).collect();
            calls.into_iter().map(|call| call.join().expect("an answer")).collect()
        });
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        assert_eq!(statuses.iter().filter(|status| **status == 412).count(), 3, "{statuses:?}");
    }

    fn a_retry_is_answered_as_the_first_time(desk) {
        let send = |body: &Value| desk.call("POST", OWN, &[("idempotency-key", "a")], Some(body));
        let (first, second) = (send(&terms()), send(&terms()));
        assert_eq!((first.status, &first.body), (second.status, &second.body));
        assert_eq!(first.header("location"), second.header("location"));
        assert_eq!(send(&terms_with(json!({"name": "乙"}))).json()["type"], "/problems/idempotency-key-reused");
        assert_eq!(desk.call("GET", OWN, &[], None).json()["items"].as_array().map(Vec::len), Some(1));
    }

    fn a_client_has_so_many_and_lists_them_by_pages(desk) {
        let body = json!({"name": "条件", "rules": [{"minimum_stars": 1}]});
        let places: Vec<_> = (0..199).map(|_| add(&desk, &body)).collect();
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let calls: Vec<_> = (0..4).map(|_| scope.spawn(|| desk.call("POST", OWN, &[], Some(&body)).status)).collect();
            calls.into_iter().map(|call| call.join().expect("an answer")).collect()
        });
        assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
        let full = desk.call("POST", OWN, &[], Some(&body));
        assert_eq!((full.status, &full.json()["type"]), (409, &json!("/problems/too-many-programmes")));
        assert_eq!(desk.call_as(&desk.stranger, "POST", OWN, &[], Some(&body)).status, 201);

        let (mut listed, mut path) = (Vec::new(), format!("{OWN}?limit=90"));
        loop {
            let page = desk.call("GET", &path, &[], None).json();
            listed.extend(page["items"].as_array().expect("items").iter().map(|item| {
                format!("{OWN}/{}", item["id"].as_str().expect("an id"))
            }));
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            path = format!("{OWN}?limit=90&cursor={cursor}");
        }
        assert_eq!((listed.len(), &listed[..199]), (200, &places[..]));
        assert_eq!(desk.call("GET", &format!("{OWN}?colour=1"), &[], None).status, 400);
    }

    fn a_calendar_counts_back_from_each_deadline(desk) {
        let place = add(&desk, &terms());
        let path = format!("{place}/calendar");
        let first = desk.call("GET", &path, &[], None);
        let parts = calendar(&first);
        assert_eq!(parts[0]["X-WR-CALNAME"], "2027年度\\, 取引先の条件\\; 確認の締切");
        assert_eq!((parts[0]["VERSION"].as_str(), parts[0]["METHOD"].as_str()), ("2.0", "PUBLISH"));
        let deadline = parts.last().expect("a deadline");
        assert_eq!((deadline["DTSTART"].as_str(), deadline.get("DTEND")), ("20270310T080000Z", None));
        assert_eq!((deadline["DTSTAMP"].as_str(), deadline["SEQUENCE"].as_str()), ("20261124T000000Z", "1"));
        assert!(deadline["SUMMARY"].starts_with("締切：") && deadline["DESCRIPTION"].contains("\\n\\n"));
        let check = parts.iter().find(|part| part.get("UID").is_some_and(|uid| uid.contains(".self_check@"))).expect("a step");
        assert_eq!(check["SUMMARY"], "あと35日：IPAのシートで自社診断をする／2027年春の更新");
        assert_eq!((check["DTSTART;VALUE=DATE"].as_str(), check["DTEND;VALUE=DATE"].as_str()), ("20270203", "20270204"));
        let mut unique = uids(&parts);
        unique.sort();
        unique.dedup();
        assert!(unique.len() == parts.len() - 1 && unique.len() > 8, "{unique:?}");

        // A second reader gets the same bytes, and after a change the same events.
        let tag = first.header("etag").expect("a tag");
        desk.clock.advance(Duration::minutes(30));
        let second = desk.call("GET", &path, &[], None);
        assert_eq!((&second.body, second.header("etag")), (&first.body, Some(tag)));
        assert_eq!(desk.call("GET", &path, &[("if-none-match", tag)], None).status, 304);
        let moved = terms_with(json!({"rounds": [{"code": "spring-2027", "name": "2027年春の更新", "deadline": "2027-03-11T17:00:00+09:00"}]}));
        assert_eq!(desk.call("PATCH", &place, &[("if-match", "*")], Some(&moved)).status, 200);
        let third = desk.call("GET", &path, &[], None);
        let after = calendar(&third);
        assert_eq!((uids(&after), third.header("etag") == Some(tag)), (uids(&parts), false));
        assert_eq!((after.last().expect("a deadline")["DTSTART"].as_str(), after[1]["SEQUENCE"].as_str()), ("20270311T080000Z", "2"));

        let en = calendar(&desk.call("GET", &format!("{path}?language=en"), &[("accept-language", "ja")], None));
        assert_eq!((uids(&en), en[0]["X-WR-CALNAME"].starts_with("Deadlines: ")), (uids(&after), true));
        assert!(en.iter().any(|part| part.get("SUMMARY").is_some_and(|text| text.starts_with("35 days left: "))));
        assert_eq!(desk.call("GET", &format!("{path}?language=fr"), &[], None).status, 400);
        desk.clock.advance(Duration::days(120));
        let token = desk.token_with("");
        assert_eq!(calendar(&desk.call_as(&token, "GET", &path, &[], None)).len(), 1);
    }

    fn a_public_calendar_needs_no_token(desk) {
        let path = format!("{SUBSIDY}/calendar?language=en");
        let answer = desk.raw("GET", &path, &[], b"");
        let parts = calendar(&answer);
        assert_eq!((parts.len(), answer.header("content-language")), (1, Some("en")));
        assert!(parts[0]["X-WR-CALNAME"].starts_with("Deadlines: Digitalization"));
        assert!(answer.header("cache-control").is_some_and(|kept| kept.starts_with("public")));
        let tag = answer.header("etag").expect("a tag");
        assert_eq!(desk.raw("GET", &path, &[("if-none-match", tag)], b"").status, 304);
        assert_eq!(desk.raw("GET", "/v1/programmes/none/calendar", &[], b"").status, 404);
        assert_eq!(desk.raw("GET", &format!("{SUBSIDY}/calendar?colour=1"), &[], b"").status, 400);

        // In spring the rounds were open, and the feed had them in their order.
        desk.clock.advance(-Duration::days(220));
        let spring = calendar(&desk.raw("GET", &path, &[], b""));
        let deadlines: Vec<_> = spring.iter().filter_map(|part| part.get("DTSTART")).collect();
        assert_eq!(deadlines, ["20260512T080000Z", "20260615T080000Z", "20260721T080000Z", "20260825T080000Z"]);
        let accounts = spring.iter().filter(|part| part.get("UID").is_some_and(|uid| uid.contains(".check_account@")));
        assert_eq!(accounts.count(), 3);
    }
}
