//! Results: who answered and how, other banks and editions, history and comparison.

use mamori_tests::{Desk, Response, both_engines};
use serde_json::{Value, json};

/// Begins, answers and submits an assessment, and gives its id.
fn done(desk: &Desk, organization: &str, about: &Value, option: &str) -> String {
    let mut body = json!({"question_bank": "self-check", "edition": "4.0"});
    for (name, value) in about.as_object().expect("an object") {
        body[name] = value.clone();
    }
    let begun = desk.call(
        "POST",
        &format!("/v1/organizations/{organization}/assessments"),
        &[],
        Some(&body),
    );
    assert_eq!(begun.status, 201, "{}", begun.json());
    let path = begun.header("location").expect("a place").to_owned();
    let bank = format!(
        "/v1/question-banks/{}/editions/{}",
        body["question_bank"].as_str().expect("a bank"),
        body["edition"].as_str().expect("an edition")
    );
    let questions =
        desk.raw("GET", &bank, &[], b"").json()["questions"].as_array().expect("a list").len();
    let answers: Vec<_> =
        (1..=questions).map(|question| json!({"question": question, "option": option})).collect();
    let saved = desk.call(
        "PUT",
        &format!("{path}/answers"),
        &[("if-match", "\"1.0\"")],
        Some(&json!({"answers": answers})),
    );
    assert_eq!(saved.status, 200, "{}", saved.json());
    assert_eq!(
        desk.call("POST", &format!("{path}/submit"), &[("if-match", "\"2.0\"")], None).status,
        200
    );
    begun.json()["id"].as_str().expect("an id").to_owned()
}

fn result(desk: &Desk, id: &str) -> Value {
    desk.call("GET", &format!("/v1/assessments/{id}/result"), &[], None).json()
}

fn history(desk: &Desk, organization: &str, query: &str) -> Response {
    desk.call("GET", &format!("/v1/organizations/{organization}/history?{query}"), &[], None)
}

both_engines! {
    fn a_result_tells_who_answered_and_how(desk) {
        let organization = desk.organization("甲");
        let about = json!({
            "answered_on": "2026-04-01", "respondent": "management", "respondent_name": "見本 太郎",
            "method": "assisted", "assisted_by": "みほん商工会議所",
        });
        let id = done(&desk, &organization, &about, "implemented");
        let result = result(&desk, &id);
        for (name, value) in about.as_object().expect("an object") {
            assert_eq!(&result[name], value, "{name}");
        }
        assert_eq!((&result["total"], &result["band"]["code"], &result["complete"]), (&json!(100), &json!("entry_level_met"), &json!(true)));
        assert_eq!((&result["cutoffs_verified"], &result["parts"][1]["maximum"]), (&json!(false), &json!(52)));
        let item = &history(&desk, &organization, "").json()["items"][0];
        assert_eq!((&item["respondent"], &item["method"], &item["answered_on"]), (&json!("management"), &json!("assisted"), &json!("2026-04-01")));
    }

    fn circumstances_are_checked(desk) {
        let organization = desk.organization("甲");
        let path = format!("/v1/organizations/{organization}/assessments");
        for (change, pointer, code) in [
            (json!({"answered_on": "2026-11-25"}), "/answered_on", "future_date"),
            (json!({"answered_on": "-262143-01-01"}), "/answered_on", "format"),
            (json!({"assisted_by": "商工会"}), "/assisted_by", "not_assisted"),
            (json!({"edition": "2.1"}), "/edition", "no_such_bank"),
            (json!({"question_bank": "cloud"}), "/question_bank", "no_such_bank"),
            (json!({"respondent": "owner"}), "/respondent", "unknown_value"),
            (json!({"respondent_name": "1234 5678 9012"}), "/respondent_name", "twelve_digits"),
            (json!({"unit": "01920000-0000-7000-8000-000000000000"}), "/unit", "no_such_unit"),
        ] {
            let mut body = json!({"question_bank": "self-check", "edition": "4.0"});
            for (name, value) in change.as_object().expect("an object") {
                body[name] = value.clone();
            }
            let refused = desk.call("POST", &path, &[], Some(&body));
            let error = &refused.json()["errors"][0];
            assert_eq!((refused.status, &error["pointer"], &error["code"]), (422, &json!(pointer), &json!(code)), "{change}");
        }
        assert_eq!(desk.call("GET", &path, &[], None).json()["items"], json!([]));
    }

    fn the_articles_are_a_commitment_without_points(desk) {
        let id = done(&desk, &desk.organization("甲"), &json!({"question_bank": "articles"}), "will_start");
        let result = result(&desk, &id);
        assert_eq!((&result["measure"], &result["counts"][1]["count"]), (&json!("commitment"), &json!(6)));
        for name in ["total", "minimum", "maximum", "band", "parts", "themes", "cutoffs_verified"] {
            assert!(result.get(name).is_none(), "{name}");
        }
    }

    fn the_history_is_ordered_by_the_day_of_the_self_check(desk) {
        let organization = desk.organization("甲");
        let unit = desk.call("POST", &format!("/v1/organizations/{organization}/units"), &[], Some(&json!({"name": "支店", "kind": "site"}))).json();
        let unit = unit["id"].as_str().expect("an id");
        let on = |day: &str, option: &str| done(&desk, &organization, &json!({"answered_on": day}), option);
        let _ = on("2026-06-01", "partly_implemented");
        let _ = done(&desk, &organization, &json!({"answered_on": "2026-05-01", "unit": unit}), "implemented");
        // Entered last, but answered first: a sheet of paper.
        let _ = done(&desk, &organization, &json!({"answered_on": "2025-04-01", "method": "transcribed", "edition": "3.1"}), "not_implemented");
        let _ = done(&desk, &organization, &json!({"question_bank": "articles"}), "doing");

        let list = history(&desk, &organization, "").json();
        let told: Vec<_> = list["items"].as_array().expect("a list").iter()
            .map(|item| (item["answered_on"].as_str().expect("a day"), item["total"].clone(), item["change"].clone())).collect();
        assert_eq!(told, [
            ("2026-06-01", json!(50), json!(50)), ("2026-05-01", json!(100), json!(null)), ("2025-04-01", json!(0), json!(null)),
        ]);
        let first = history(&desk, &organization, "limit=1").json();
        assert_eq!(first["items"][0]["change"], 50, "the one before it is beyond the page");
        let cursor = first["next_cursor"].as_str().expect("a cursor");
        let rest = history(&desk, &organization, &format!("limit=2&cursor={cursor}")).json();
        assert_eq!(rest["items"].as_array().expect("a list").len(), 2);
        let own = history(&desk, &organization, &format!("unit={unit}")).json();
        assert_eq!((own["items"].as_array().expect("a list").len(), &own["items"][0]["unit"]), (1, &json!(unit)));
        assert_eq!(history(&desk, &organization, "question_bank=articles").json()["items"][0]["total"], json!(null));
        assert_eq!(history(&desk, &organization, "unit=x").status, 400);
    }

    fn only_what_is_alike_is_compared(desk) {
        let (a, b) = (desk.organization("甲"), desk.organization("乙"));
        let old = done(&desk, &a, &json!({"edition": "3.1", "answered_on": "2025-04-01"}), "not_implemented");
        let new = done(&desk, &a, &json!({}), "partly_implemented");
        let articles = done(&desk, &a, &json!({"question_bank": "articles"}), "doing");
        let other = done(&desk, &b, &json!({}), "implemented");
        let draft = desk.assessment(&a);
        let compare = |id: &str, with: &str| desk.call("GET", &format!("/v1/assessments/{id}/comparison?with={with}"), &[], None);
        let compared = compare(&new, &old);
        let body = compared.json();
        assert_eq!((compared.status, &body["total_change"], &body["editions_differ"]), (200, &json!(50), &json!(true)));
        for (id, with, status) in [
            (&new, articles.as_str(), 409), (&new, other.as_str(), 409), (&new, draft.as_str(), 409), (&draft, new.as_str(), 409),
            (&new, "01920000-0000-7000-8000-000000000000", 404),
        ] {
            assert_eq!(compare(id, with).status, status);
        }
        assert_eq!(desk.call("GET", &format!("/v1/assessments/{new}/comparison"), &[], None).status, 400);
        let theirs = desk.call_as(&desk.stranger, "GET", &format!("/v1/assessments/{new}/comparison?with={old}"), &[], None);
        assert_eq!(theirs.status, 404);
    }

    fn assessments_are_found_by_where_they_stand(desk) {
        let organization = desk.organization("甲");
        let draft = desk.assessment(&organization);
        let _ = done(&desk, &organization, &json!({}), "implemented");
        let list = |query: &str| desk.call("GET", &format!("/v1/organizations/{organization}/assessments?{query}"), &[], None);
        assert_eq!(list("state=draft").json()["items"][0]["id"], json!(draft));
        assert_eq!(list("state=submitted&question_bank=self-check").json()["items"].as_array().expect("a list").len(), 1);
        assert_eq!(list("question_bank=articles").json()["items"], json!([]));
        assert_eq!(list("state=open").status, 400);
        // A cursor is for the list that it came from, filters and all.
        let cursor = list("limit=1").json()["next_cursor"].as_str().expect("a cursor").to_owned();
        assert_eq!(list(&format!("limit=1&cursor={cursor}")).status, 200);
        assert_eq!(list(&format!("limit=1&state=draft&cursor={cursor}")).status, 400);
    }

    fn the_actions_are_those_that_the_caller_may_take(desk) {
        let id = desk.assessment(&desk.organization("甲"));
        let path = format!("/v1/assessments/{id}");
        let all = desk.call("GET", &path, &[], None).json();
        assert_eq!(all["actions"], json!(["answer", "update", "submit", "delete"]));
        let reading = desk.token_with("&scope=assessments:read");
        assert_eq!(desk.call_as(&reading, "GET", &path, &[], None).json()["actions"], json!([]));
    }

    fn answers_are_withdrawn_and_replaced_whole(desk) {
        let id = desk.assessment(&desk.organization("甲"));
        let path = format!("/v1/assessments/{id}/answers");
        let save = |method: &str, answers: Value| desk.call(method, &path, &[("if-match", "*")], Some(&json!({"answers": answers})));
        let first = save("PATCH", json!([{"question": 1, "option": "implemented", "note": "全台で確認"}, {"question": 9, "option": "implemented", "not_used": true}]));
        assert_eq!((first.status, &first.json()["answers"][0]["note"]), (200, &json!("全台で確認")));
        let again = save("PATCH", json!([{"question": 1, "option": "unknown"}]));
        assert_eq!(again.json()["answers"][0], json!({"question": 1, "option": "unknown", "not_used": false, "note": null}));
        let withdrawn = save("PATCH", json!([{"question": 1, "option": null}]));
        assert_eq!(withdrawn.json()["answers"].as_array().expect("a list").len(), 1);
        for answer in [json!({"question": 1, "option": null, "note": "x"}), json!({"question": 1}), json!({"question": 99, "option": null})] {
            assert_eq!(save("PATCH", json!([answer])).status, 422, "{answer}");
        }
        let twice = save("PATCH", json!([{"question": 1, "option": null}, {"question": 1, "option": "unknown"}]));
        assert_eq!(twice.json()["errors"][0]["code"], "duplicate");
        assert_eq!(save("PUT", json!([{"question": 2.0, "option": "unknown"}])).json()["answers"].as_array().expect("a list").len(), 1);
    }

    fn the_stateless_score_is_the_same_as_the_kept_one(desk) {
        let id = done(&desk, &desk.organization("甲"), &json!({}), "partly_implemented");
        let answers: Vec<_> = (1..=25).map(|question| json!({"question": question, "option": "partly_implemented"})).collect();
        let path = "/v1/question-banks/self-check/editions/4.0/score";
        let scored = desk.raw("POST", path, &[("content-type", "application/json")], json!({"answers": answers}).to_string().as_bytes()).json();
        let kept = result(&desk, &id);
        for name in ["total", "minimum", "maximum", "band", "parts", "themes", "unknown", "next_actions", "counts", "complete", "notice"] {
            assert_eq!(scored[name], kept[name], "{name}");
        }
        let some = desk.raw("POST", path, &[("content-type", "application/json")], json!({"answers": answers[..3]}).to_string().as_bytes()).json();
        assert_eq!((&some["complete"], &some["band"], &some["total"]), (&json!(false), &json!(null), &json!(6)));
        assert_eq!((&some["lowest_reachable"], &some["highest_reachable"]), (&json!(-16), &json!(94)));
        let bad = desk.call_as("nonsense", "POST", path, &[], Some(&json!({"answers": []})));
        assert_eq!(bad.status, 401, "a token that is sent must be good");
    }
}
