//! Organizations and their units.

use mamori_tests::both_engines;
use serde_json::{Value, json};

both_engines! {
    fn an_organization_is_kept_as_it_was_told(desk) {
        let body = json!({
            "external_id": "customer-0001", "kind": "corporation", "name": "株式会社みほん製作所",
            "name_kana": "ミホンセイサクショ", "corporate_number": "7000012050002",
            "representative_title": "代表取締役", "representative_name": "見本 太郎",
            "postal_code": "100-0001", "prefecture": "1", "municipality": "千代田区", "street": "千代田1-1",
            "phone": "03-0000-0000", "website": "https://www.example.jp/", "industry": "E",
            "employees": 12, "employees_as_of": "2026-04-01", "capital": 10_000_000,
        });
        let made = desk.call("POST", "/v1/organizations", &[], Some(&body));
        assert_eq!(made.status, 201, "{}", made.json());
        let shown = desk.call("GET", made.header("location").expect("a place"), &[], None).json();
        assert_eq!((&shown["postal_code"], &shown["prefecture"]), (&json!("1000001"), &json!("01")));
        for (name, value) in body.as_object().expect("an object") {
            if !matches!(name.as_str(), "postal_code" | "prefecture") {
                assert_eq!(&shown[name], value, "{name}");
            }
        }
        assert!(shown["created_at"].as_str().expect("a time").ends_with('Z'));
        for query in ["external_id=customer-0001", "corporate_number=7000012050002"] {
            let found = desk.call("GET", &format!("/v1/organizations?{query}"), &[], None).json();
            assert_eq!(found["items"][0]["id"], shown["id"], "{query}");
        }
        let none = desk.call("GET", "/v1/organizations?external_id=other", &[], None).json();
        assert_eq!(none["items"], json!([]));
    }

    fn a_patch_replaces_and_removes(desk) {
        let made = desk.call("POST", "/v1/organizations", &[], Some(&json!({"name": "甲", "employees": 3, "industry": "E"})));
        let path = made.header("location").expect("a place").to_owned();
        let patch = |tag: &str, body: Value| desk.call(
            "PATCH", &path, &[("if-match", tag), ("content-type", "application/merge-patch+json")], Some(&body),
        );
        let changed = patch("\"1.0\"", json!({"employees": 4, "industry": null}));
        assert_eq!((changed.status, changed.header("etag")), (200, Some("\"2.0\"")));
        let body = changed.json();
        assert_eq!((&body["employees"], &body["industry"], &body["name"]), (&json!(4), &json!(null), &json!("甲")));
        assert_eq!(patch("\"2.0\"", json!({"name": null})).status, 422);
        let sole = patch("\"2.0\"", json!({"kind": "sole_proprietor", "corporate_number": "7000012050002"}));
        assert_eq!(sole.json()["errors"][0]["code"], "sole_proprietor_number");
        let typed = desk.call("PATCH", &path, &[("if-match", "\"2.0\""), ("content-type", "text/plain")], Some(&json!({})));
        assert_eq!((typed.status, typed.header("accept-patch")), (415, Some("application/json, application/merge-patch+json")));
    }

    fn the_order_of_refusals_is_the_same_everywhere(desk) {
        let id = desk.organization("甲");
        let draft = desk.assessment(&id);
        let bad = json!({"answers": [{"question": 99, "option": "implemented"}]});
        let good = json!({"answers": [{"question": 1, "option": "implemented"}]});
        let path = format!("/v1/assessments/{draft}/answers");
        let nowhere = "/v1/assessments/01920000-0000-7000-8000-000000000000/answers";
        let patch = |path: &str, headers: &[(&str, &str)], body: &Value| desk.call("PATCH", path, headers, Some(body)).status;
        assert_eq!(patch(&path, &[], &bad), 422, "422 before 428");
        assert_eq!(patch(&path, &[("if-match", "\"9.0\"")], &bad), 422, "422 before 412");
        assert_eq!(patch(nowhere, &[], &good), 404, "404 before 428");
        let submit = desk.call("POST", &format!("/v1/assessments/{draft}/submit"), &[("if-match", "\"1.0\"")], Some(&json!({"unanswered_as": "unknown"})));
        assert_eq!(submit.status, 200);
        assert_eq!(patch(&path, &[("if-match", "\"2.0\"")], &bad), 422, "422 before 409");
        assert_eq!(patch(&path, &[], &good), 428, "428 before 409");
        assert_eq!(patch(&path, &[("if-match", "\"1.0\"")], &good), 409, "409 before 412");
        let gone = "/v1/organizations/01920000-0000-7000-8000-000000000000";
        assert_eq!(desk.call("PATCH", gone, &[], Some(&json!({"owner": 1}))).status, 422, "422 before 404");
        let reading = desk.token_with("&scope=organizations:read");
        let refused = desk.call_as(&reading, "PATCH", gone, &[("content-type", "text/plain")], Some(&json!({})));
        assert_eq!(refused.status, 403, "403 before 415");
    }

    fn an_organization_goes_with_all_that_is_its(desk) {
        let id = desk.organization("甲");
        let unit = desk.call("POST", &format!("/v1/organizations/{id}/units"), &[], Some(&json!({"name": "本社", "kind": "site"})));
        let unit = unit.header("location").expect("a place").to_owned();
        let draft = desk.call("POST", &format!("/v1/organizations/{id}/assessments"), &[],
            Some(&json!({"question_bank": "self-check", "edition": "4.0", "unit": unit.rsplit('/').next()})));
        assert_eq!(draft.status, 201, "{}", draft.json());
        let draft = draft.header("location").expect("a place").to_owned();
        let path = format!("/v1/organizations/{id}");
        assert_eq!(desk.call("DELETE", &path, &[], None).status, 428);
        assert_eq!(desk.call("DELETE", &path, &[("if-match", "\"1.0\"")], None).status, 204);
        for path in [&path, &unit, &draft] {
            assert_eq!(desk.call("GET", path, &[], None).status, 404, "{path}");
        }
    }

    fn a_unit_stays_while_an_assessment_is_about_it(desk) {
        let id = desk.organization("甲");
        let units = format!("/v1/organizations/{id}/units");
        let made = desk.call("POST", &units, &[], Some(&json!({"name": "本社", "kind": "site"})));
        let unit = made.json()["id"].as_str().expect("an id").to_owned();
        let path = format!("/v1/units/{unit}");
        let begin = |unit: &str| desk.call("POST", &format!("/v1/organizations/{id}/assessments"), &[],
            Some(&json!({"question_bank": "self-check", "edition": "4.0", "unit": unit})));
        let draft = begin(&unit);
        assert_eq!(draft.status, 201);
        let refused = desk.call("DELETE", &path, &[("if-match", "\"1.0\"")], None);
        assert_eq!((refused.status, &refused.json()["type"]), (409, &json!("/problems/unit-in-use")));
        let draft = draft.header("location").expect("a place").to_owned();
        assert_eq!(desk.call("DELETE", &draft, &[("if-match", "\"1.0\"")], None).status, 204);
        assert_eq!(desk.call("DELETE", &path, &[("if-match", "\"1.0\"")], None).status, 204);
        let gone = begin(&unit);
        assert_eq!((gone.status, &gone.json()["errors"][0]["code"]), (422, &json!("no_such_unit")));
        // Nor does a unit of another organization do.
        let other = desk.organization("乙");
        let theirs = desk.call("POST", &format!("/v1/organizations/{other}/units"), &[], Some(&json!({"name": "支社", "kind": "site"}))).json();
        assert_eq!(begin(theirs["id"].as_str().expect("an id")).status, 422);
    }

    fn units_and_assessments_are_never_left_dangling(desk) {
        let id = desk.organization("甲");
        let units = format!("/v1/organizations/{id}/units");
        for _ in 0..8 {
            let unit = desk.call("POST", &units, &[], Some(&json!({"name": "部署", "kind": "department"}))).json();
            let unit = unit["id"].as_str().expect("an id").to_owned();
            let (removed, begun) = std::thread::scope(|scope| {
                let removal = scope.spawn(|| desk.call("DELETE", &format!("/v1/units/{unit}"), &[("if-match", "\"1.0\"")], None).status);
                let beginning = scope.spawn(|| desk.call("POST", &format!("/v1/organizations/{id}/assessments"), &[],
                    Some(&json!({"question_bank": "self-check", "edition": "4.0", "unit": unit}))).status);
                (removal.join().expect("a call"), beginning.join().expect("a call"))
            });
            assert!(matches!((removed, begun), (204, 404 | 422) | (409, 201)), "{removed} {begun}");
        }
    }
}
