//! Retries: done once, answered as often as asked.

use chrono::Duration;
use mamori_tests::{Desk, both_engines};
use serde_json::{Value, json};

both_engines! {
    fn a_retry_is_answered_before_its_condition_is_looked_at(desk) {
        let id = desk.assessment(&desk.organization("甲"));
        let path = format!("/v1/assessments/{id}/submit");
        let body = json!({"unanswered_as": "unknown"});
        let submit = |key: &str, tag: &str| desk.call(
            "POST", &path, &[("if-match", tag), ("idempotency-key", key)], Some(&body),
        );
        let first = submit("k-1", "\"1.0\"");
        let retry = submit("k-1", "\"1.0\"");
        assert_eq!((first.status, retry.status, &first.body), (200, 200, &retry.body));
        assert_eq!(first.header("etag"), retry.header("etag"));
        // Another key is another request, and that comes too late.
        assert_eq!(submit("k-2", "\"1.0\"").status, 409);
        // If-Match is part of what makes the request what it is.
        assert_eq!(submit("k-1", "\"2.0\"").status, 422);
    }

    fn a_refusal_is_not_kept(desk) {
        let headers = [("idempotency-key", "k")];
        let post = |body: Value| desk.call("POST", "/v1/organizations", &headers, Some(&body)).status;
        assert_eq!(post(json!({"name": ""})), 422);
        assert_eq!(post(json!({"name": "甲"})), 201);
    }

    fn a_key_belongs_to_one_path_of_one_client_for_a_day(desk) {
        let (a, b) = (desk.organization("甲"), desk.organization("乙"));
        let unit = json!({"name": "本社", "kind": "site"});
        let post = |token: &str, id: &str| desk.call_as(
            token, "POST", &format!("/v1/organizations/{id}/units"), &[("idempotency-key", "k")], Some(&unit),
        );
        let (first, second) = (post(&desk.token, &a), post(&desk.token, &b));
        assert_eq!((first.status, second.status), (201, 201));
        assert_ne!(first.body, second.body);
        assert_eq!(post(&desk.stranger, &a).status, 404);

        desk.clock.advance(Duration::hours(23));
        let token = desk.token_with("");
        assert_eq!(post(&token, &a).body, first.body);
        desk.clock.advance(Duration::hours(2));
        let token = desk.token_with("");
        assert_ne!(post(&token, &a).body, first.body, "after a day it is another unit");
    }

    fn a_narrowed_token_is_not_told_of_another_organization(desk) {
        let (own, other) = (desk.organization("甲"), desk.organization("乙"));
        let path = format!("/v1/organizations/{other}/units");
        let unit = json!({"name": "本社", "kind": "site"});
        let headers = [("idempotency-key", "k")];
        assert_eq!(desk.call("POST", &path, &headers, Some(&unit)).status, 201);
        let narrowed = desk.token_with(&format!("&organization={own}"));
        assert_eq!(desk.call_as(&narrowed, "POST", &path, &headers, Some(&unit)).status, 404);
    }

    fn keys_that_are_none_are_refused(desk) {
        let long = "k".repeat(256);
        for key in ["", "a b", "é", long.as_str()] {
            let refused = desk.call("POST", "/v1/organizations", &[("idempotency-key", key)], Some(&json!({"name": "甲"})));
            assert_eq!((refused.status, &refused.json()["errors"][0]["header"]), (400, &json!("Idempotency-Key")), "{key}");
        }
        let quoted = |key: &str| desk.call("POST", "/v1/organizations", &[("idempotency-key", key)], Some(&json!({"name": "甲"}))).body;
        assert_eq!(quoted("\"k-1\""), quoted("k-1"));
    }

    fn concurrent_submits_give_one_result(desk) {
        let id = desk.assessment(&desk.organization("甲"));
        let path = format!("/v1/assessments/{id}/submit");
        let body = json!({"unanswered_as": "unknown"});
        let answers: Vec<_> = std::thread::scope(|scope| {
            let calls: Vec<_> = (0..12).map(|number| {
                let (desk, path, body) = (&desk, &path, &body);
                scope.spawn(move || {
                    let key = format!("k-{}", number % 2);
                    let headers = [("if-match", "\"1.0\""), ("idempotency-key", key.as_str())];
                    desk.call("POST", path, &headers, Some(body))
                })
            }).collect();
            calls.into_iter().map(|call| call.join().expect("a call")).collect()
        });
        let good: Vec<_> = answers.iter().filter(|answer| answer.status == 200).collect();
        assert!(!good.is_empty() && good.iter().all(|answer| answer.body == good[0].body));
        assert!(answers.iter().all(|answer| matches!(answer.status, 200 | 409 | 412)), "{:?}",
            answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
    }

    fn concurrent_changes_lose_nothing(desk) {
        let id = desk.assessment(&desk.organization("甲"));
        let path = format!("/v1/assessments/{id}/answers");
        // Whatever the others do, everyone's answer is saved in the end.
        std::thread::scope(|scope| {
            for question in 1..=8 {
                let (desk, path) = (&desk, &path);
                scope.spawn(move || {
                    let body = json!({"answers": [{"question": question, "option": "implemented"}]});
                    for _ in 0..200 {
                        let tag = desk.call("GET", path, &[], None).header("etag").expect("a tag").to_owned();
                        match desk.call("PATCH", path, &[("if-match", &tag)], Some(&body)).status {
                            200 => return,
                            412 => {}
                            status => panic!("{status}"),
                        }
                    }
                    panic!("never saved");
                });
            }
        });
        let saved = desk.call("GET", &path, &[], None);
        assert_eq!(saved.json()["answers"].as_array().expect("a list").len(), 8);
        assert_eq!(saved.header("etag"), Some("\"9.0\""));
    }
}

/// Only PostgreSQL can be waiting for another: SQLite has one writer.
#[test]
fn a_retry_of_what_is_still_running_is_told_so() {
    let Some(desk) = Desk::postgres() else { return };
    let (client, body) = (desk.credentials.0, json!({"name": "甲"}));
    let register =
        || desk.call("POST", "/v1/organizations", &[("idempotency-key", "k")], Some(&body));
    std::thread::scope(|scope| {
        // The first request, as another node has it in hand for four seconds.
        let first = scope.spawn(|| {
            desk.sql(&format!(
                "BEGIN; INSERT INTO idempotency (client_id, operation, key, fingerprint, secret, expires_at) \
                 VALUES ('{client}', 'POST /v1/organizations', 'k', '', false, '2026-11-25T03:00:00Z'); \
                 SELECT pg_sleep(4); ROLLBACK"
            ))
        });
        std::thread::sleep(std::time::Duration::from_millis(500));
        let began = std::time::Instant::now();
        let retry = register();
        assert_eq!(
            (retry.status, &retry.json()["type"]),
            (409, &json!("/problems/request-in-flight"))
        );
        assert_eq!(retry.header("retry-after"), Some("1"));
        assert!(began.elapsed() < std::time::Duration::from_secs(3), "it waits two seconds");
        first.join().expect("the first ends");
    });
    assert_eq!(register().status, 201);
}

#[test]
fn a_connection_that_was_lost_is_opened_anew() {
    let Some(desk) = Desk::postgres() else { return };
    let id = desk.organization("甲");
    let path = format!("/v1/organizations/{id}");
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
               WHERE datname = current_database() AND pid <> pg_backend_pid()";
    for number in 0..3 {
        let _ = desk.sql(cut);
        assert_eq!(desk.call("GET", &path, &[], None).status, 200);
        assert_eq!(desk.call("GET", "/v1/organizations", &[], None).status, 200);
        let change = json!({"employees": number});
        let tag = format!("\"{}.0\"", number + 1);
        assert_eq!(desk.call("PATCH", &path, &[("if-match", &tag)], Some(&change)).status, 200);
    }
}
