//! Who sees what.

use chrono::Duration;
use mamori_tests::{Response, both_engines};
use serde_json::{Value, json};

/// A body without its trace id.
fn untraced(answer: &Response) -> Value {
    let mut body = answer.json();
    body.as_object_mut().expect("an object").remove("trace_id");
    body
}

both_engines! {
    fn anothers_ids_look_like_no_ids_at_all(desk) {
        let organization = desk.organization("甲");
        let assessment = desk.assessment(&organization);
        let unit = desk.call(
            "POST", &format!("/v1/organizations/{organization}/units"), &[],
            Some(&json!({"name": "本社", "kind": "site"})),
        ).json()["id"].as_str().expect("an id").to_owned();
        let nobody = "01920000-0000-7000-8000-000000000000";
        let condition = [("if-match", "\"1.0\"")];
        let draft = json!({"question_bank": "self-check", "edition": "4.0"});
        for (method, path, id, body) in [
            ("GET", "/v1/organizations/{}", &organization, None),
            ("PATCH", "/v1/organizations/{}", &organization, Some(json!({"name": "乙"}))),
            ("DELETE", "/v1/organizations/{}", &organization, None),
            ("GET", "/v1/organizations/{}/units", &organization, None),
            ("POST", "/v1/organizations/{}/units", &organization, Some(json!({"name": "a", "kind": "site"}))),
            ("GET", "/v1/organizations/{}/assessments", &organization, None),
            ("POST", "/v1/organizations/{}/assessments", &organization, Some(draft)),
            ("GET", "/v1/organizations/{}/history", &organization, None),
            ("GET", "/v1/units/{}", &unit, None),
            ("PATCH", "/v1/units/{}", &unit, Some(json!({"name": "乙"}))),
            ("DELETE", "/v1/units/{}", &unit, None),
            ("GET", "/v1/assessments/{}", &assessment, None),
            ("PATCH", "/v1/assessments/{}", &assessment, Some(json!({"respondent": null}))),
            ("DELETE", "/v1/assessments/{}", &assessment, None),
            ("GET", "/v1/assessments/{}/answers", &assessment, None),
            ("PATCH", "/v1/assessments/{}/answers", &assessment, Some(json!({"answers": []}))),
            ("PUT", "/v1/assessments/{}/answers", &assessment, Some(json!({"answers": []}))),
            ("POST", "/v1/assessments/{}/submit", &assessment, Some(json!({}))),
            ("GET", "/v1/assessments/{}/result", &assessment, None),
        ] {
            let call = |id: &str| {
                let path = path.replace("{}", id);
                desk.call_as(&desk.stranger, method, &path, &condition, body.as_ref())
            };
            let (theirs, nothing) = (call(id), call(nobody));
            assert_eq!(theirs.status, 404, "{method} {path}");
            assert_eq!(untraced(&theirs), untraced(&nothing), "{method} {path}");
        }
        let list = desk.call_as(&desk.stranger, "GET", "/v1/organizations", &[], None);
        assert_eq!(list.json()["items"], json!([]));
    }

    fn a_narrowed_token_reaches_one_organization(desk) {
        let (own, other) = (desk.organization("甲"), desk.organization("乙"));
        let token = desk.token_with(&format!("&organization={own}"));
        let get = |id: &str| desk.call_as(&token, "GET", &format!("/v1/organizations/{id}"), &[], None).status;
        assert_eq!((get(&own), get(&other)), (200, 404));
        let list = desk.call_as(&token, "GET", "/v1/organizations", &[], None).json();
        assert_eq!(list["items"].as_array().expect("a list").len(), 1);
        let made = desk.call_as(&token, "POST", "/v1/organizations", &[], Some(&json!({"name": "丙"})));
        assert_eq!(made.status, 403);
    }

    fn a_scope_that_is_missing_is_told(desk) {
        let token = desk.token_with("&scope=organizations:read");
        let refused = desk.call_as(&token, "POST", "/v1/organizations", &[], Some(&json!({"name": "甲"})));
        assert_eq!(refused.status, 403);
        let challenge = refused.header("www-authenticate").expect("a challenge");
        assert!(challenge.contains("insufficient_scope") && challenge.contains("organizations:write"));
    }

    fn a_token_ends_and_a_forged_one_never_begins(desk) {
        let get = |token: &str| desk.call_as(token, "GET", "/v1/organizations", &[], None);
        assert_eq!(get(&desk.token).status, 200);
        let parts: Vec<&str> = desk.token.split('.').collect();
        let none = format!("eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.{}.", parts[1]);
        let hmac = format!("eyJhbGciOiJIUzI1NiIsInR5cCI6ImF0K2p3dCJ9.{}.{}", parts[1], parts[2]);
        let cut = format!("{}.{}.AAAA", parts[0], parts[1]);
        for forged in [none, hmac, cut, "nonsense".to_owned(), String::new()] {
            let refused = get(&forged);
            assert_eq!(refused.status, 401, "{forged}");
            assert!(refused.header("www-authenticate").is_some());
        }
        desk.clock.advance(Duration::hours(2));
        assert_eq!(get(&desk.token).status, 401);
        let bare = desk.raw("GET", "/v1/organizations", &[], b"");
        assert_eq!((bare.status, &bare.json()["type"]), (401, &json!("/problems/token-missing")));
    }
}
