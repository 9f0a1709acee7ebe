//! The change records: every command writes one, in its own transaction.

use mamori_tests::both_engines;
use serde_json::json;

both_engines! {
    fn every_command_leaves_one_record_and_no_values(desk) {
        let before = desk.sql("SELECT count(*) FROM change");
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let traceparent = format!("00-{trace}-00f067aa0ba902b7-01");
        let headers = [("mamori-actor", "staff-017"), ("traceparent", traceparent.as_str()), ("if-match", "*")];
        let call = |method: &str, path: &str, body: serde_json::Value| {
            let answer = desk.call(method, path, &headers, Some(&body));
            assert!(answer.status < 300, "{method} {path}: {}", answer.status);
            answer
        };
        let made = call("POST", "/v1/organizations", json!({"name": "株式会社ひみつ", "external_id": "himitsu"}));
        let organization = made.header("location").expect("a place").to_owned();
        let _ = call("PATCH", &organization, json!({"employees": 3}));
        let unit = call("POST", &format!("{organization}/units"), json!({"name": "本社", "kind": "site"}));
        let unit = unit.header("location").expect("a place").to_owned();
        let _ = call("PATCH", &unit, json!({"name": "支社"}));
        let _ = call("DELETE", &unit, json!({}));
        let draft = call("POST", &format!("{organization}/assessments"), json!({"question_bank": "self-check", "edition": "4.0"}));
        let draft = draft.header("location").expect("a place").to_owned();
        let _ = call("PATCH", &draft, json!({"respondent": "management"}));
        let _ = call("PATCH", &format!("{draft}/answers"), json!({"answers": [{"question": 1, "option": "unknown", "note": "himitsu"}]}));
        let _ = call("POST", &format!("{draft}/submit"), json!({"unanswered_as": "unknown"}));
        let client = call("POST", "/v1/clients", json!({"name": "a", "scopes": ["organizations:read"]}));
        let client = client.header("location").expect("a place").to_owned();
        let _ = call("PATCH", &client, json!({"rate_limit": 10}));
        let _ = call("POST", &format!("{client}/secret"), json!({}));
        let _ = call("DELETE", &organization, json!({}));
        // What is refused, and what only reads, leaves nothing.
        assert_eq!(desk.call("POST", "/v1/organizations", &headers, Some(&json!({"name": ""}))).status, 422);
        assert_eq!(desk.call("GET", "/v1/organizations", &headers, None).status, 200);

        let told = desk.sql("SELECT resource, kind, revision, actor, actor_source, trace_id FROM change WHERE trace_id <> '' ORDER BY id");
        let expected: Vec<String> = [
            "organization|created|1", "organization|updated|2", "unit|created|1", "unit|updated|2", "unit|deleted|2",
            "assessment|created|1", "assessment|updated|2", "assessment|answered|3", "assessment|submitted|4",
            "client|created|1", "client|updated|2", "client|secret_rotated|3", "organization|deleted|2",
        ].iter().map(|change| format!("{change}|staff-017|stated_by_client|{trace}")).collect();
        assert_eq!(told, expected);
        let all = desk.sql("SELECT count(*) FROM change");
        let count = |rows: &[String]| rows[0].parse::<usize>().expect("a number");
        assert_eq!(count(&all), count(&before) + expected.len());
        let everything = desk.sql("SELECT * FROM change").join("\n");
        assert!(!everything.contains("himitsu") && !everything.contains("ひみつ"));
    }
}
