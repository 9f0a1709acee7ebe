//! Clients, as an administrator keeps them over HTTP.

use chrono::Duration;
use mamori_tests::{Desk, both_engines};
use serde_json::{Value, json};

fn portal() -> Value {
    json!({
        "name": "人事ポータル",
        "scopes": ["organizations:read", "organizations:write"],
        "origins": ["https://Portal.Example.jp:443"],
    })
}

/// Adds a client; gives its id and secret.
fn added(desk: &Desk, body: &Value) -> (String, String) {
    let answer = desk.call("POST", "/v1/clients", &[], Some(body));
    assert_eq!(answer.status, 201, "{}", answer.json());
    let body = answer.json();
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    (text(&body["client"]["id"]), text(&body["client_secret"]))
}

/// The status of the token endpoint for a client and a secret.
fn proves(desk: &Desk, id: &str, secret: &str) -> u16 {
    desk.ask_for_token(&format!("client_id={id}&client_secret={secret}")).status
}

both_engines! {
    fn a_client_is_added_and_its_secret_shown_once(desk) {
        let headers = [("idempotency-key", "add-1")];
        let first = desk.call("POST", "/v1/clients", &headers, Some(&portal()));
        assert_eq!((first.status, first.header("cache-control")), (201, Some("no-store")));
        let body = first.json();
        let (id, secret) = (body["client"]["id"].as_str().expect("an id"), body["client_secret"].as_str().expect("a secret"));
        assert!(secret.starts_with("mamori_secret_"));
        assert_eq!(body["client"]["origins"], json!(["https://portal.example.jp"]));
        assert_eq!(proves(&desk, id, secret), 200);

        let location = format!("/v1/clients/{id}");
        assert_eq!(first.header("location"), Some(location.as_str()));
        let shown = desk.call("GET", &location, &[], None);
        assert_eq!((shown.status, shown.header("etag")), (200, first.header("etag")));
        assert!(!String::from_utf8_lossy(&shown.body).contains(secret));

        let retry = desk.call("POST", "/v1/clients", &headers, Some(&portal()));
        assert_eq!((retry.status, &retry.json()["type"]), (409, &json!("/problems/secret-already-shown")));
        assert_eq!(retry.header("location"), Some(location.as_str()));
    }

    fn a_client_is_changed_and_disabled(desk) {
        let (id, secret) = added(&desk, &portal());
        let path = format!("/v1/clients/{id}");
        let token = desk.token_of(id.parse().expect("an id"), &secret, "");
        assert_eq!(desk.call_as(&token, "GET", "/v1/organizations", &[], None).status, 200);

        let patch = |tag: &str, body: Value| desk.call("PATCH", &path, &[("if-match", tag)], Some(&body));
        assert_eq!(desk.call("PATCH", &path, &[], Some(&json!({"name": "x"}))).status, 428);
        let renamed = patch("\"1.0\"", json!({"name": "営業ポータル", "rate_limit": 10, "scopes": ["organizations:read"]}));
        assert_eq!((renamed.status, renamed.header("etag")), (200, Some("\"2.0\"")));
        assert_eq!(patch("\"1.0\"", json!({"name": "x"})).status, 412);
        let write = desk.call_as(&token, "POST", "/v1/organizations", &[], Some(&json!({"name": "甲"})));
        assert!(matches!(write.status, 201 | 403), "within two seconds");

        let disabled = patch("\"2.0\"", json!({"disabled": true}));
        assert_eq!((disabled.status, &disabled.json()["disabled"]), (200, &json!(true)));
        // At once, whatever this node remembers: stored data is not to be had.
        let (list, one) = ("/v1/organizations".to_owned(), format!("/v1/organizations/{id}"));
        for path in [&list, &one] {
            let refused = desk.call_as(&token, "GET", path, &[], None);
            assert_eq!(refused.status, 401, "{path}");
            assert!(refused.header("www-authenticate").expect("a challenge").contains("invalid_token"));
        }
        let refused = desk.call_as(&token, "POST", "/v1/organizations", &[], Some(&json!({"name": "甲"})));
        assert!(matches!(refused.status, 401 | 403));
        assert_eq!(proves(&desk, &id, &secret), 401);

        assert_eq!(patch("\"3.0\"", json!({"disabled": false})).json()["disabled_at"], json!(null));
        assert_eq!(proves(&desk, &id, &secret), 200);
    }

    fn a_secret_is_rotated_without_a_gap(desk) {
        let (id, old) = added(&desk, &portal());
        let path = format!("/v1/clients/{id}/secret");
        let rotated = desk.call("POST", &path, &[], Some(&json!({"overlap_seconds": 600})));
        assert_eq!(rotated.status, 200, "{}", rotated.json());
        let new = rotated.json()["client_secret"].as_str().expect("a secret").to_owned();
        assert_eq!((proves(&desk, &id, &old), proves(&desk, &id, &new)), (200, 200));
        desk.clock.advance(Duration::minutes(11));
        assert_eq!((proves(&desk, &id, &old), proves(&desk, &id, &new)), (401, 200));

        let at_once = desk.call("POST", &path, &[], Some(&json!({"overlap_seconds": 0})));
        assert_eq!(at_once.status, 200);
        assert_eq!(proves(&desk, &id, &new), 401);
        let body = json!({"overlap_seconds": 604_801});
        assert_eq!(desk.call("POST", &path, &[], Some(&body)).status, 422);
        let null = desk.call("POST", &path, &[], Some(&json!(null)));
        assert_eq!((null.status, &null.json()["errors"][0]["code"]), (400, &json!("wrong_type")));
        let nobody = "/v1/clients/01920000-0000-7000-8000-000000000000/secret";
        assert_eq!(desk.call("POST", nobody, &[], None).status, 404);
    }

    fn nobody_locks_itself_out(desk) {
        let path = format!("/v1/clients/{}", desk.credentials.0);
        for body in [json!({"disabled": true}), json!({"scopes": ["organizations:read"]})] {
            let refused = desk.call("PATCH", &path, &[("if-match", "\"1.0\"")], Some(&body));
            assert_eq!((refused.status, &refused.json()["type"]), (409, &json!("/problems/own-client")), "{body}");
        }
        let other = format!("/v1/clients/{}", desk.stranger_id);
        assert_eq!(desk.call("PATCH", &other, &[("if-match", "\"1.0\"")], Some(&json!({"disabled": true}))).status, 200);
    }

    fn only_an_administrator_sees_clients(desk) {
        let plain = desk.token_with("&scope=organizations:read%20organizations:write");
        let organization = desk.organization("甲");
        let narrowed = desk.token_with(&format!("&organization={organization}"));
        let own = format!("/v1/clients/{}", desk.credentials.0);
        for (method, path, body) in [
            ("GET", "/v1/clients".to_owned(), None),
            ("POST", "/v1/clients".to_owned(), Some(portal())),
            ("GET", own.clone(), None),
            ("PATCH", own.clone(), Some(json!({"name": "x"}))),
            ("POST", format!("{own}/secret"), None),
        ] {
            for (token, kind) in [(&plain, "/problems/insufficient-scope"), (&narrowed, "/problems/token-narrowed")] {
                let refused = desk.call_as(token, method, &path, &[("if-match", "\"1.0\"")], body.as_ref());
                assert_eq!((refused.status, &refused.json()["type"]), (403, &json!(kind)), "{method} {path}");
            }
        }
    }

    fn what_is_wrong_with_a_client_is_told_at_once(desk) {
        let body = json!({
            "name": "", "scopes": [], "origins": ["https://a.example.jp", "*"], "rate_limit": 0,
            "identities": [{"issuer": "x", "subject": "a b"}],
            "jwks": {"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}]},
        });
        let refused = desk.call("POST", "/v1/clients", &[], Some(&body));
        let problem = refused.json();
        let mut pointers: Vec<_> = problem["errors"].as_array().expect("a list").iter()
            .map(|error| error["pointer"].as_str().expect("a pointer")).collect();
        pointers.sort_unstable();
        assert_eq!(pointers, ["/identities/0/subject", "/jwks", "/name", "/origins/1", "/rate_limit", "/scopes"]);

        // The private part of a key is refused by name, and not repeated.
        let leaked = json!({"name": "a", "scopes": ["admin"], "jwks": {"keys": [{
            "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
        }]}});
        let refused = desk.call("POST", "/v1/clients", &[], Some(&leaked));
        assert_eq!((refused.status, &refused.json()["errors"][0]["pointer"]), (422, &json!("/jwks/keys/0/d")));
        assert!(!String::from_utf8_lossy(&refused.body).contains("nWGxne"));
    }

    fn an_identity_belongs_to_one_client(desk) {
        let body = |name: &str| json!({
            "name": name, "scopes": ["organizations:read"],
            "identities": [{"issuer": "https://login.example.jp", "subject": "batch"}],
        });
        let (id, _) = added(&desk, &body("a"));
        let taken = desk.call("POST", "/v1/clients", &[], Some(&body("b")));
        assert_eq!((taken.status, &taken.json()["type"]), (409, &json!("/problems/identity-taken")));
        let path = format!("/v1/clients/{id}");
        let freed = desk.call("PATCH", &path, &[("if-match", "\"1.0\"")], Some(&json!({"identities": []})));
        assert_eq!(freed.json()["identities"], json!([]));
        let _ = added(&desk, &body("b"));
    }

    fn clients_are_listed_a_page_at_a_time(desk) {
        for number in 0..3 {
            let _ = added(&desk, &json!({"name": format!("c{number}"), "scopes": ["organizations:read"]}));
        }
        let first = desk.call("GET", "/v1/clients?limit=3", &[], None).json();
        let cursor = first["next_cursor"].as_str().expect("a cursor");
        let second = desk.call("GET", &format!("/v1/clients?limit=3&cursor={cursor}"), &[], None).json();
        let count = |page: &Value| page["items"].as_array().expect("a list").len();
        assert_eq!((count(&first), count(&second), &second["next_cursor"]), (3, 2, &json!(null)));
    }
}
