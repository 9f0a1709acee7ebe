//! From a registered company to its history.

use mamori_tests::both_engines;
use serde_json::{Value, json};

fn answers(questions: std::ops::RangeInclusive<u16>, option: &str) -> Value {
    let list: Vec<_> =
        questions.map(|question| json!({"question": question, "option": option})).collect();
    json!({"answers": list})
}

both_engines! {
    fn a_company_is_scored_in_two_sittings(desk) {
        let organization = desk.organization("株式会社みほん");
        let id = desk.assessment(&organization);
        let path = format!("/v1/assessments/{id}");

        let first = desk.call(
            "PATCH", &format!("{path}/answers"), &[("if-match", "\"1.0\"")],
            Some(&answers(1..=12, "implemented")),
        );
        assert_eq!((first.status, first.header("etag")), (200, Some("\"2.0\"")));
        assert_eq!(first.json()["unanswered"].as_array().expect("a list").len(), 13);
        let second = desk.call(
            "PATCH", &format!("{path}/answers"), &[("if-match", "\"2.0\"")],
            Some(&answers(13..=25, "partly_implemented")),
        );
        assert_eq!(second.status, 200);
        let submitted = desk.call("POST", &format!("{path}/submit"), &[("if-match", "\"3.0\"")], None);
        assert_eq!(submitted.status, 200, "{}", submitted.json());
        assert_eq!(submitted.json()["state"], "submitted");

        for (language, state) in [("ja", "実施"), ("en", "Implemented")] {
            let headers = [("accept-language", language)];
            let result = desk.call("GET", &format!("{path}/result"), &headers, None);
            assert_eq!(result.header("content-language"), Some(language));
            let result = result.json();
            assert_eq!((&result["total"], &result["band"]["code"]), (&json!(74), &json!("partly_lacking")));
            assert!(result["counts"][0]["label"].as_str().expect("a label").contains(state));
        }
        let history = desk.call("GET", &format!("/v1/organizations/{organization}/history"), &[], None);
        assert_eq!(history.json()["items"][0]["total"], 74);
    }

    fn what_is_submitted_does_not_change(desk) {
        let id = desk.assessment(&desk.organization("甲"));
        let path = format!("/v1/assessments/{id}");
        let submit = |tag: &str| desk.call(
            "POST", &format!("{path}/submit"), &[("if-match", tag)], Some(&json!({"unanswered_as": "unknown"})),
        );
        assert_eq!(submit("\"1.0\"").status, 200);

        let again = submit("\"2.0\"");
        assert_eq!((again.status, &again.json()["type"]), (409, &json!("/problems/already-submitted")));
        let edit = desk.call(
            "PATCH", &format!("{path}/answers"), &[("if-match", "\"2.0\"")], Some(&answers(1..=1, "unknown")),
        );
        assert_eq!(edit.status, 409);
        let gone = desk.call("DELETE", &path, &[("if-match", "\"2.0\"")], None);
        assert_eq!(gone.status, 409);
    }

    fn open_questions_are_refused_and_listed(desk) {
        let id = desk.assessment(&desk.organization("甲"));
        let headers = [("if-match", "\"1.0\"")];
        let refused = desk.call("POST", &format!("/v1/assessments/{id}/submit"), &headers, None);
        assert_eq!(refused.status, 409);
        assert_eq!(refused.json()["errors"].as_array().expect("a list").len(), 25);
        let draft = desk.call("GET", &format!("/v1/assessments/{id}"), &[], None);
        assert_eq!((&draft.json()["state"], draft.header("etag")), (&json!("draft"), Some("\"1.0\"")));
    }

    fn lost_updates_cannot_happen(desk) {
        let id = desk.assessment(&desk.organization("甲"));
        let path = format!("/v1/assessments/{id}/answers");
        let save = |headers: &[(&str, &str)]| {
            desk.call("PATCH", &path, headers, Some(&answers(1..=2, "unknown"))).status
        };
        assert_eq!(save(&[]), 428);
        assert_eq!(save(&[("if-match", "nonsense")]), 400);
        assert_eq!(save(&[("if-match", "\"7.0\"")]), 412);
        assert_eq!(save(&[("if-match", "\"1.0\"")]), 200);
        assert_eq!(save(&[("if-match", "\"1.0\"")]), 412);
        assert_eq!(save(&[("if-match", "*")]), 200);
    }

    fn a_retry_is_answered_as_the_first_time(desk) {
        let body = json!({"name": "株式会社みほん", "external_id": "a"});
        let register = |body: &Value| {
            desk.call("POST", "/v1/organizations", &[("idempotency-key", "k-1")], Some(body))
        };
        let first = register(&body);
        let retry = register(&body);
        assert_eq!((first.status, retry.status), (201, 201));
        assert_eq!(first.body, retry.body);
        assert_eq!(first.header("location"), retry.header("location"));
        let other = register(&json!({"name": "別の会社"}));
        assert_eq!((other.status, &other.json()["type"]), (422, &json!("/problems/idempotency-key-reused")));
        let taken = desk.call("POST", "/v1/organizations", &[], Some(&body));
        assert_eq!((taken.status, &taken.json()["type"]), (409, &json!("/problems/external-id-taken")));
    }

    fn concurrent_retries_make_one_organization(desk) {
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let calls: Vec<_> = (0..16)
                .map(|_| scope.spawn(|| {
                    let body = json!({"name": "株式会社みほん"});
                    desk.call("POST", "/v1/organizations", &[("idempotency-key", "k")], Some(&body)).status
                }))
                .collect();
            calls.into_iter().map(|call| call.join().expect("a call")).collect()
        });
        assert!(statuses.iter().all(|status| matches!(status, 201 | 409)), "{statuses:?}");
        let list = desk.call("GET", "/v1/organizations", &[], None).json();
        assert_eq!(list["items"].as_array().expect("a list").len(), 1);
    }

    fn two_results_are_compared(desk) {
        let organization = desk.organization("甲");
        let done = |option: &str| {
            let id = desk.assessment(&organization);
            let path = format!("/v1/assessments/{id}");
            let saved = desk.call(
                "PUT", &format!("{path}/answers"), &[("if-match", "\"1.0\"")], Some(&answers(1..=25, option)),
            );
            assert_eq!(saved.status, 200);
            assert_eq!(desk.call("POST", &format!("{path}/submit"), &[("if-match", "\"2.0\"")], None).status, 200);
            id
        };
        let (before, after) = (done("not_implemented"), done("implemented"));
        let path = format!("/v1/assessments/{after}/comparison?with={before}");
        let compared = desk.call("GET", &path, &[], None).json();
        assert_eq!(compared["total_change"], 100);
        assert!(compared["questions"].as_array().expect("a list").iter().all(|q| q["movement"] == "better"));
    }
}
