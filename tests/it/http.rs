//! What holds for every answer: headers, origins, rates, traces.

use mamori_tests::{Desk, both_engines};
use serde_json::json;

both_engines! {
    fn every_answer_is_dressed(desk) {
        for (method, path, status) in [
            ("GET", "/healthz", 200), ("GET", "/v1/organizations", 401), ("GET", "/nothing", 404),
            ("POST", "/healthz", 405), ("GET", "/docs/", 200),
        ] {
            let answer = desk.raw(method, path, &[], b"");
            assert_eq!(answer.status, status, "{path}");
            for name in ["x-content-type-options", "content-security-policy", "referrer-policy", "cache-control"] {
                assert!(answer.header(name).is_some(), "{path}: {name}");
            }
            assert_eq!(answer.header("x-request-id").expect("an id").len(), 32);
            assert!(answer.header("server").is_none() && answer.header("strict-transport-security").is_none());
        }
        let secure = desk.second(|config| config.public_url = Some("https://mamori.example.jp".to_owned()));
        assert!(secure.raw("GET", "/healthz", &[], b"").header("strict-transport-security").is_some());
    }

    fn a_trace_goes_on_into_the_problem(desk) {
        let id = "4bf92f3577b34da6a3ce929d0e0e4736";
        let traceparent = format!("00-{id}-00f067aa0ba902b7-01");
        let answer = desk.call("GET", "/v1/nothing", &[("traceparent", &traceparent)], None);
        assert_eq!((answer.header("x-request-id"), &answer.json()["trace_id"]), (Some(id), &json!(id)));
        let anew = desk.call("GET", "/v1/nothing", &[("traceparent", "00-0-0-00")], None);
        assert_ne!(anew.json()["trace_id"], json!(id));
    }

    fn problems_are_in_the_language_asked_for(desk) {
        for (language, served, title) in [
            ("ja", "ja", "対象が見つかりません"), ("en-GB,ja;q=0.5", "en", "Not found"), ("fr", "ja", "対象が見つかりません"),
        ] {
            let answer = desk.call("GET", "/v1/nothing", &[("accept-language", language)], None);
            assert_eq!(answer.header("content-language"), Some(served));
            let page = desk.raw("GET", "/problems/not-found", &[("accept-language", language)], b"");
            assert_eq!(page.json()["title"], answer.json()["title"], "{title}");
            let people = desk.raw("GET", "/problems/not-found", &[("accept", "text/html"), ("accept-language", language)], b"");
            assert!(String::from_utf8_lossy(&people.body).contains(&format!("lang=\"{served}\"")));
        }
    }

    fn what_the_caller_has_is_not_sent_again(desk) {
        let id = desk.organization("甲");
        let path = format!("/v1/organizations/{id}");
        let first = desk.call("GET", &path, &[], None);
        let tag = first.header("etag").expect("a tag");
        let again = desk.call("GET", &path, &[("if-none-match", tag)], None);
        assert_eq!((again.status, again.body.len(), again.header("etag")), (304, 0, Some(tag)));
        assert_eq!(first.header("cache-control"), Some("private, no-cache"));
        let head = desk.call("HEAD", &path, &[], None);
        assert_eq!((head.status, head.body.len(), head.header("etag")), (200, 0, Some(tag)));
        for path in ["/v1/question-banks", "/v1/question-banks/articles", "/problems/not-found",
            "/.well-known/oauth-authorization-server", "/.well-known/oauth-protected-resource", "/openapi.json"] {
            let first = desk.raw("GET", path, &[], b"");
            let tag = first.header("etag").expect(path);
            assert_eq!(desk.raw("GET", path, &[("if-none-match", tag)], b"").status, 304, "{path}");
            assert!(first.header("cache-control").expect("a header").starts_with("public"), "{path}");
        }
    }

    fn a_page_calls_from_an_origin_that_its_client_lists(desk) {
        let listed = "https://portal.example.jp";
        let client = desk.call("POST", "/v1/clients", &[], Some(&json!({
            "name": "a", "scopes": ["organizations:read", "organizations:write"], "origins": [listed],
        }))).json();
        let (id, secret) = (client["client"]["id"].as_str().expect("an id"), client["client_secret"].as_str().expect("a secret"));
        let token = desk.token_of(id.parse().expect("an id"), secret, "");

        let patience = std::time::Instant::now() + std::time::Duration::from_secs(10);
        let preflight = |origin: &str| desk.raw("OPTIONS", "/v1/organizations",
            &[("origin", origin), ("access-control-request-method", "POST")], b"");
        while preflight(listed).header("access-control-allow-origin") != Some(listed) {
            assert!(std::time::Instant::now() < patience, "the origin is not known");
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        assert!(preflight(listed).header("access-control-allow-headers").expect("headers").contains("Idempotency-Key"));
        let other = preflight("https://evil.example.jp");
        assert_eq!((other.status, other.header("access-control-allow-origin")), (204, None));

        let call = |token: &str, origin: &str| desk.call_as(token, "GET", "/v1/organizations", &[("origin", origin)], None);
        let good = call(&token, listed);
        assert_eq!((good.status, good.header("access-control-allow-origin")), (200, Some(listed)));
        assert!(good.header("access-control-expose-headers").expect("headers").contains("ETag"));
        let evil = call(&token, "https://evil.example.jp");
        assert_eq!((evil.status, &evil.json()["type"]), (403, &json!("/problems/origin-not-allowed")));
        assert_eq!(evil.header("access-control-allow-origin"), None);
        assert_eq!(call(&desk.token, listed).status, 403, "another client's origin");

        // The service's own pages, such as the console, send their origin with every change.
        let own = format!("http://{}", desk.host());
        let made = desk.call("POST", "/v1/organizations", &[("origin", &own)], Some(&json!({"name": "甲"})));
        assert_eq!(made.status, 201);
        // What is public may be read by any page, also out of a cache that another filled.
        let bank = desk.raw("GET", "/v1/question-banks", &[], b"");
        assert_eq!(bank.header("access-control-allow-origin"), Some("*"));
    }

    fn who_asks_too_often_waits(desk) {
        let node = desk.second(|config| {
            config.rate_anonymous = 3;
            config.rate_failures = 2;
        });
        let get = || node.raw("GET", "/v1/question-banks", &[], b"");
        for left in [2, 1, 0] {
            let answer = get();
            assert_eq!(answer.status, 200);
            assert_eq!(answer.header("ratelimit-policy"), Some("\"default\";q=3;w=60"));
            assert!(answer.header("ratelimit").expect("a header").contains(&format!("r={left}")));
        }
        let refused = get();
        assert_eq!((refused.status, &refused.json()["type"]), (429, &json!("/problems/rate-limited")));
        assert!(refused.header("retry-after").expect("a time").parse::<u32>().expect("seconds") >= 1);
        assert!(refused.header("ratelimit").expect("a header").contains("r=0"));
        // Whoever watches the service, and a client with a token that is known, are not concerned.
        assert_eq!(node.raw("GET", "/readyz", &[], b"").status, 200);
    }

    fn guessing_costs_nothing(desk) {
        let node = desk.second(|config| config.rate_failures = 2);
        let ask = |secret: &str| node.ask_for_token(&format!("client_id={}&client_secret={secret}", desk.credentials.0));
        assert_eq!((ask("a").status, ask("b").status, ask("c").status), (401, 401, 429));
        let statements = node.counting(|| assert_eq!(ask(&desk.credentials.1).status, 429));
        assert!(statements <= 1, "nothing is looked up but the epoch");
    }

    fn a_client_has_a_rate_of_its_own(desk) {
        let client = desk.call("POST", "/v1/clients", &[], Some(&json!({
            "name": "a", "scopes": ["organizations:read"], "rate_limit": 2,
        }))).json();
        let id = client["client"]["id"].as_str().expect("an id").parse().expect("an id");
        let token = desk.token_of(id, client["client_secret"].as_str().expect("a secret"), "");
        let get = |desk: &Desk| desk.call_as(&token, "GET", "/v1/organizations", &[], None).status;
        assert_eq!((get(&desk), get(&desk), get(&desk)), (200, 200, 429));
        let half = desk.second(|config| config.nodes = 2);
        assert_eq!((get(&half), get(&half)), (200, 429));
    }

    fn the_metrics_know_routes_and_no_ids(desk) {
        let id = desk.organization("甲");
        let _ = desk.call("GET", &format!("/v1/organizations/{id}"), &[], None);
        let _ = desk.raw("BREW", "/v1/organizations", &[], b"");
        let text = String::from_utf8(desk.raw("GET", "/metrics", &[], b"").body).expect("text");
        assert!(text.contains("route=\"/v1/organizations/{id}\",status=\"200\""));
        assert!(text.contains("mamori_db_statements_total"));
        assert!(!text.contains(&id) && !text.contains("BREW"));
    }
}
