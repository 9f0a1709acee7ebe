//! Checks of a status: what is answered to whom, and what is not.

use mamori_tests::{Desk, both_engines};
use serde_json::{Value, json};

use crate::declaration::{declared, say};

/// Registers an organization with this number and gives its id.
fn numbered(desk: &Desk, name: &str, number: &str) -> String {
    let body =
        json!({"name": name, "corporate_number": number, "external_id": format!("k-{number}")});
    let answer = desk.call("POST", "/v1/organizations", &[], Some(&body));
    assert_eq!(answer.status, 201, "{}", answer.json());
    answer.json()["id"].as_str().expect("an id").to_owned()
}

/// Lists an organization and gives the path of its consent.
fn listed(desk: &Desk, organization: &str) -> String {
    let body = json!({"purpose": "listing", "given_by": "代表取締役 見本 太郎"});
    let path = format!("/v1/organizations/{organization}/consents");
    let answer = desk.call("POST", &path, &[], Some(&body));
    assert_eq!(answer.status, 201, "{}", answer.json());
    answer.header("location").expect("a place").to_owned()
}

fn check_as(desk: &Desk, token: &str, company: &Value, rule: &Value) -> Value {
    let body = json!({"company": company, "rule": rule});
    let answer = desk.call_as(token, "POST", "/v1/declaration-checks", &[], Some(&body));
    assert_eq!(answer.status, 200, "{}", answer.json());
    answer.json()
}

const NUMBER: &str = "7000012050002";

both_engines! {
    fn one_call_tells_the_star_and_whether_it_is_enough(desk) {
        let organization = numbered(&desk, "株式会社みほん製作所", NUMBER);
        let path = declared(&desk, &organization, "2026-05-18", &json!({"stars": 1, "declaration_id": "59999999901"}));
        let check = |rule: Value| check_as(&desk, &desk.token, &json!({"corporate_number": NUMBER}), &rule);
        let told = check(json!({}));
        assert_eq!((&told["status"], &told["stars"], &told["source"], &told["accepted"]), (&json!("declared"), &json!(1), &json!("custody"), &json!("yes")));
        assert_eq!((&told["evidence_grade"], &told["fresh"], &told["organization"]), (&json!("id_format_checked"), &json!(null), &json!(organization)));
        for (rule, accepted, reasons) in [
            (json!({"minimum_stars": 2}), "no", json!(["two_stars_required"])),
            (json!({"minimum_grade": "id_format_checked"}), "yes", json!([])),
            (json!({"minimum_grade": "document_seen"}), "no", json!(["evidence_too_weak"])),
            (json!({"confirmed_within_days": 365}), "yes", json!([])),
            (json!({"confirmed_within_days": 30}), "no", json!(["confirmation_too_old"])),
            (json!({"new_generation_only": true}), "yes", json!([])),
        ] {
            let told = check(rule.clone());
            assert_eq!((&told["accepted"], &told["reasons"]), (&json!(accepted), &reasons), "{rule}");
        }
        assert_eq!(check(json!({"confirmed_within_days": 30}))["fresh"], false);
        let by_id = check_as(&desk, &desk.token, &json!({"declaration_id": "５９９９９９９９９０１"}), &json!({}));
        assert_eq!((&by_id["status"], &by_id["hints"][0]["code"]), (&json!("declared"), &json!("full_width")));
        let by_key = check_as(&desk, &desk.token, &json!({"external_id": format!("k-{NUMBER}"), "name": "㈱みほん製作所"}), &json!({}));
        assert_eq!((&by_key["status"], &by_key["hints"]), (&json!("declared"), &json!([])));
        let _ = say(&desk, &path, "stop", &json!({"by": "declarant"}));
        let stopped = check(json!({}));
        assert_eq!((&stopped["status"], &stopped["accepted"], &stopped["reasons"]), (&json!("stopped"), &json!("no"), &json!(["declaration_stopped"])));
    }

    fn hints_say_what_was_perhaps_meant(desk) {
        let organization = numbered(&desk, "株式会社みほん製作所", NUMBER);
        let _ = declared(&desk, &organization, "2026-05-18", &json!({"stars": 1}));
        for (company, status, code, candidate) in [
            (json!({"corporate_number": "T7000012050002"}), "declared", "invoice_prefix", json!(null)),
            (json!({"corporate_number": "7000-0120-50002"}), "declared", "separators", json!(null)),
            (json!({"corporate_number": "７００００１２０５０００２"}), "declared", "full_width", json!(null)),
            (json!({"corporate_number": "7000912050002"}), "not_found", "digit_slip", json!(NUMBER)),
            (json!({"corporate_number": "7000021050002"}), "invalid", "check_digit", json!(NUMBER)),
            (json!({"corporate_number": "7.00001E+12"}), "invalid", "lost_digits", json!(null)),
            (json!({"corporate_number": "123456789012"}), "invalid", "twelve_digits", json!(null)),
            (json!({"declaration_id": "5999"}), "invalid", "wrong_length", json!(null)),
            (json!({"declaration_id": "5999999990a"}), "invalid", "letters", json!(null)),
            (json!({}), "invalid", "no_key", json!(null)),
            (json!({"external_id": "a\u{0}"}), "invalid", "control_character", json!(null)),
            (json!({"external_id": "1234 5678 9012"}), "invalid", "twelve_digits", json!(null)),
            (json!({"corporate_number": NUMBER, "name": "みほん制作所"}), "declared", "name_near", json!(null)),
            (json!({"corporate_number": NUMBER, "name": "別の会社"}), "declared", "name_differs", json!(null)),
            (json!({"corporate_number": NUMBER, "declaration_id": "59999999901"}), "declared", "several_keys", json!(null)),
        ] {
            let told = check_as(&desk, &desk.token, &company, &json!({}));
            assert_eq!(told["status"], status, "{company}: {told}");
            assert_eq!(told["hints"][0], json!({"code": code, "candidate": candidate}), "{company}");
        }
        // To another, what is not listed is no candidate either.
        let told = check_as(&desk, &desk.stranger, &json!({"corporate_number": "7000912050002"}), &json!({}));
        assert_eq!(told["hints"], json!([]));
    }

    fn what_is_not_listed_looks_as_what_is_not_there(desk) {
        let organization = numbered(&desk, "株式会社みほん製作所", NUMBER);
        let path = declared(&desk, &organization, "2026-05-18", &json!({"stars": 2, "declaration_id": "59999999901"}));
        let ask = |company: Value| desk.call_as(&desk.stranger, "POST", "/v1/declaration-checks", &[], Some(&json!({"company": company})));
        let same = || {
            for (hidden, absent) in [
                (json!({"corporate_number": NUMBER}), json!({"corporate_number": "5010005007126"})),
                (json!({"declaration_id": "59999999901"}), json!({"declaration_id": "59999999902"})),
                (json!({"external_id": format!("k-{NUMBER}")}), json!({"external_id": "nobody"})),
            ] {
                let (hidden, absent) = (ask(hidden), ask(absent));
                assert_eq!((hidden.status, &hidden.body), (absent.status, &absent.body));
                assert_eq!(hidden.json()["status"], "not_found");
            }
        };
        same();
        let consent = listed(&desk, &organization);
        let told = ask(json!({"corporate_number": NUMBER})).json();
        assert_eq!((&told["status"], &told["stars"], &told["source"], &told["organization"]), (&json!("declared"), &json!(2), &json!("listing"), &json!(null)));
        assert_eq!(told["recorded_by"], "人事ポータル");
        assert_eq!(ask(json!({"declaration_id": "59999999901"})).json()["status"], "declared");
        // Neither by the custodian's own key, nor what is only being prepared.
        assert_eq!(ask(json!({"external_id": format!("k-{NUMBER}")})).json()["status"], "not_found");
        // What is recorded later is listed too.
        let later = declared(&desk, &organization, "2026-10-01", &json!({"stars": 2, "declaration_id": "59999999903"}));
        assert_eq!(ask(json!({"declaration_id": "59999999903"})).json()["source"], "listing");
        let _ = say(&desk, &later, "stop", &json!({"by": "declarant"}));
        let twice = desk.call("POST", &format!("/v1/organizations/{organization}/consents"), &[], Some(&json!({"purpose": "listing", "given_by": "甲"})));
        assert_eq!((twice.status, &twice.json()["type"]), (409, &json!("/problems/consent-in-force")));
        let withdrawn = desk.call("POST", &format!("{consent}/withdraw"), &[("if-match", "\"1.0\"")], None);
        assert_eq!((withdrawn.status, &withdrawn.json()["in_force"]), (200, &json!(false)));
        let again = desk.call("POST", &format!("{consent}/withdraw"), &[("if-match", "*")], None);
        assert_eq!(again.json()["type"], "/problems/consent-withdrawn");
        same();
        let _ = (path, ask(json!({"declaration_id": "59999999903"})));
        let narrowed = desk.token_with(&format!("&organization={organization}"));
        assert_eq!(desk.call_as(&narrowed, "POST", "/v1/declaration-checks", &[], Some(&json!({"company": {}}))).status, 403);
    }

    fn only_being_prepared_is_nobodys_business(desk) {
        let organization = numbered(&desk, "株式会社みほん製作所", NUMBER);
        let path = format!("/v1/organizations/{organization}/declarations");
        assert_eq!(desk.call("POST", &path, &[], Some(&json!({"state": "preparing"}))).status, 201);
        let _ = listed(&desk, &organization);
        let told = check_as(&desk, &desk.stranger, &json!({"corporate_number": NUMBER}), &json!({}));
        assert_eq!(told["status"], "not_found");
        let own = check_as(&desk, &desk.token, &json!({"corporate_number": NUMBER}), &json!({}));
        assert_eq!((&own["status"], &own["accepted"]), (&json!("preparing"), &json!("no")));
    }

    fn many_are_answered_in_their_order_in_each_form(desk) {
        let organization = numbered(&desk, "=株式会社みほん", NUMBER);
        let _ = declared(&desk, &organization, "2026-05-18", &json!({"stars": 1}));
        let mut rows: Vec<Value> = (0..1_200).map(|number| json!({"external_id": format!("nobody-{number}")})).collect();
        rows[700] = json!({"corporate_number": NUMBER});
        rows[1_100] = json!({"corporate_number": "1"});
        let path = "/v1/declaration-checks/bulk";
        let body = json!({"rows": rows, "rule": {"minimum_stars": 2}});
        let answer = desk.call("POST", path, &[], Some(&body));
        assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
        let told = answer.json();
        let items = told["items"].as_array().expect("a list");
        assert!(items.iter().zip(1..).all(|(item, row)| item["row"] == json!(row)) && items.len() == 1_200);
        assert_eq!((&items[700]["result"]["accepted"], &items[700]["key"]), (&json!("no"), &json!(NUMBER)));
        assert_eq!((&items[1_100]["result"]["status"], &items[1_100]["key"]), (&json!("invalid"), &json!(null)));

        let csv = format!("\u{feff}会社名,法人番号\r\n=株式会社みほん,{NUMBER}\r\n甲,１２３\r\n");
        let kind = [("content-type", "text/csv"), ("accept", "text/csv")];
        let auth = format!("Bearer {}", desk.token);
        let headers: Vec<_> = kind.into_iter().chain([("authorization", auth.as_str())]).collect();
        let answer = desk.raw("POST", &format!("{path}?minimum_stars=1"), &headers, csv.as_bytes());
        let text = String::from_utf8(answer.body).expect("text");
        let lines: Vec<_> = text.lines().collect();
        assert_eq!(lines.len(), 3, "{text}");
        assert!(lines[1].starts_with(&format!("1,{NUMBER},declared,custody,'=株式会社みほん,1,,self_reported,2026-05-18,")), "{text}");
        assert!(lines[2].starts_with("2,,invalid,") && lines[2].contains("full_width wrong_length"), "{text}");
        let nd = desk.call("POST", path, &[("accept", "application/x-ndjson")], Some(&json!({"rows": [{}, {}]})));
        assert_eq!(String::from_utf8(nd.body).expect("text").lines().count(), 2);
        assert_eq!(desk.call("POST", path, &[], Some(&json!({"rows": []}))).body, b"{\"items\":[]}");
    }

    fn bad_lists_are_refused_before_anything_is_answered(desk) {
        let path = "/v1/declaration-checks/bulk";
        let many = json!({"rows": vec![json!({}); 10_001]});
        let refused = desk.call("POST", path, &[], Some(&many));
        assert_eq!((refused.status, &refused.json()["errors"][0]["code"], &refused.json()["errors"][0]["pointer"]), (422, &json!("item_count"), &json!("/rows")));
        let auth = format!("Bearer {}", desk.token);
        let send = |csv: &str| desk.raw("POST", path, &[("content-type", "text/csv"), ("authorization", &auth)], csv.as_bytes());
        let long = format!("法人番号\n{}", "1\n".repeat(10_001));
        for (csv, code, row) in [
            ("法人番号\n\"7000012050002\n", "broken_quote", json!(2)),
            (long.as_str(), "too_many_rows", json!(null)),
            ("番地\n1\n", "column_missing", json!(1)),
            ("法人番号,登録番号\n1,2\n", "column_twice", json!(1)),
            ("", "column_missing", json!(null)),
        ] {
            let refused = send(csv);
            let fault = &refused.json()["errors"][0];
            assert_eq!((refused.status, &fault["code"]), (422, &json!(code)), "{code}: {}", refused.json());
            assert_eq!(fault["cell"].get("row").cloned().unwrap_or_default(), row, "{code}");
        }
        for query in ["minimum_stars=3", "confirmed_within_days=0", "colour=red", "minimum_grade=best"] {
            assert_eq!(desk.call("POST", &format!("{path}?{query}"), &[], Some(&json!({"rows": []}))).status, 400, "{query}");
        }
        let long_key = desk.call("POST", path, &[], Some(&json!({"rows": [{}, {"name": "a".repeat(201)}]})));
        assert_eq!((long_key.status, &long_key.json()["errors"][0]["pointer"]), (422, &json!("/rows/1/name")));
    }

    fn the_number_of_statements_does_not_grow_with_the_rows(desk) {
        let rows = |count: usize| json!({"rows": vec![json!({"corporate_number": NUMBER}); count]});
        let count = |body: &Value| desk.counting(|| assert_eq!(desk.call("POST", "/v1/declaration-checks/bulk", &[], Some(body)).status, 200));
        let _ = count(&rows(1));
        assert_eq!(count(&rows(2)), count(&rows(500)));
    }
}
