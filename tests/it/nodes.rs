//! Two nodes on one database.

use mamori_tests::{Desk, both_engines};
use serde_json::json;

/// Waits until `holds`, for as long as a change may take to be noticed elsewhere.
fn soon(holds: impl Fn() -> bool) -> bool {
    let patience = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while std::time::Instant::now() < patience {
        if holds() {
            return true;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    false
}

/// A connection is opened when a request finds none free, so a service with little to do holds few.
#[test]
fn connections_are_opened_on_demand() {
    let Some(desk) = Desk::postgres() else { return };
    for _ in 0..20 {
        assert_eq!(desk.call("GET", "/v1/organizations", &[], None).status, 200);
    }
    let query = "SELECT count(*) FROM pg_stat_activity \
        WHERE datname = current_database() AND application_name = 'mamori'";
    let held: usize = desk.sql(query)[0].parse().expect("a count");
    // One for the requests, and one or two for what the service does by itself meanwhile; four are
    // allowed.
    assert!((1..=3).contains(&held), "{held}");
}

both_engines! {
    fn a_token_of_one_node_is_good_at_the_other(desk) {
        let other = desk.second(|_| {});
        let id = desk.organization("甲");
        let path = format!("/v1/organizations/{id}");
        assert_eq!(other.call("GET", &path, &[], None).status, 200);
        let cursor = {
            let _ = desk.organization("乙");
            desk.call("GET", "/v1/organizations?limit=1", &[], None).json()["next_cursor"].as_str().expect("a cursor").to_owned()
        };
        assert_eq!(other.call("GET", &format!("/v1/organizations?limit=1&cursor={cursor}"), &[], None).status, 200);
    }

    fn a_change_to_a_client_is_noticed_by_the_other_node(desk) {
        let other = desk.second(|_| {});
        let client = desk.call("POST", "/v1/clients", &[], Some(&json!({"name": "a", "scopes": ["assessments:read", "organizations:read"]}))).json();
        let id = client["client"]["id"].as_str().expect("an id").to_owned();
        let token = desk.token_of(id.parse().expect("an id"), client["client_secret"].as_str().expect("a secret"), "");
        // A call that needs no SQL: what the other node remembers decides alone.
        let score = |node: &Desk| node.call_as(
            &token, "POST", "/v1/question-banks/self-check/editions/4.0/score", &[], Some(&json!({"answers": []})),
        ).status;
        assert_eq!((score(&desk), score(&other)), (200, 200));
        let patch = desk.call("PATCH", &format!("/v1/clients/{id}"), &[("if-match", "\"1.0\"")], Some(&json!({"disabled": true})));
        assert_eq!(patch.status, 200);
        // Stored data at once, and everything within moments.
        assert_eq!(other.call_as(&token, "GET", "/v1/organizations", &[], None).status, 401);
        assert!(soon(|| score(&desk) == 401 && score(&other) == 401));
    }

    fn a_retry_at_the_other_node_is_the_same_retry(desk) {
        let other = desk.second(|_| {});
        let body = json!({"name": "甲"});
        let headers = [("idempotency-key", "k")];
        let first = desk.call("POST", "/v1/organizations", &headers, Some(&body));
        let retry = other.call("POST", "/v1/organizations", &headers, Some(&body));
        assert_eq!((first.status, retry.status, first.body), (201, 201, retry.body));
    }
}
