//! The worst that a client may send, and its answer.

use mamori_tests::both_engines;
use serde_json::json;

both_engines! {
    fn every_fault_has_its_status_and_place(desk) {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        let auth = format!("Bearer {}", desk.token);
        let headers = [("authorization", auth.as_str()), ("content-type", "application/json")];
        for (body, status, pointer, code) in [
            ("", 400, "", "not_json"),
            ("{", 400, "", "not_json"),
            (deep.as_str(), 400, "", "wrong_type"),
            (r#"["a"]"#, 400, "", "wrong_type"),
            (r#"{"name":1}"#, 400, "/name", "wrong_type"),
            (r#"{"name":"a","name":"b"}"#, 400, "/name", "duplicate_field"),
            (r#"{"name":"a","owner":"b"}"#, 422, "/owner", "unknown_field"),
            (r#"{}"#, 422, "/name", "required"),
            (r#"{"name":" "}"#, 422, "/name", "length"),
            ("{\"name\":\"a\\u0000\"}", 422, "/name", "control_character"),
            (r#"{"name":"a","kind":"shop"}"#, 422, "/kind", "unknown_value"),
            (r#"{"name":"a","corporate_number":"8000012050002"}"#, 422, "/corporate_number", "check_digit"),
            (r#"{"name":"a","corporate_number":"T7000012050002"}"#, 422, "/corporate_number", "invoice_number"),
            (r#"{"name":"a","employees_as_of":"2026-02-30"}"#, 422, "/employees_as_of", "format"),
            (r#"{"name":"a","employees":-1}"#, 422, "/employees", "out_of_range"),
        ] {
            let answer = desk.raw("POST", "/v1/organizations", &headers, body.as_bytes());
            let shown: String = body.chars().take(60).collect();
            assert_eq!(answer.status, status, "{shown}: {}", answer.json());
            assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{shown}");
            let problem = answer.json();
            assert_eq!(problem["errors"][0]["pointer"], pointer, "{shown}: {problem}");
            assert_eq!(problem["errors"][0]["code"], code, "{shown}: {problem}");
        }
        let bad_utf8 = desk.raw("POST", "/v1/organizations", &headers, b"{\"name\":\"\xff\"}");
        assert_eq!(bad_utf8.status, 400);
        assert_eq!(desk.call("GET", "/v1/organizations", &[], None).json()["items"], json!([]));
    }

    fn a_patch_removes_nothing_that_is_not_there(desk) {
        let organization = desk.organization("甲");
        let unit = desk.call("POST", &format!("/v1/organizations/{organization}/units"), &[], Some(&json!({"name": "支店", "kind": "site"})));
        let client = desk.call("POST", "/v1/clients", &[], Some(&json!({"name": "乙", "scopes": ["risks:read"]})));
        let register = json!({"edition": "4.0"});
        assert_eq!(desk.call("PUT", &format!("/v1/organizations/{organization}/risk-register"), &[], Some(&register)).status, 200);
        let asset = json!({"name": "名簿", "medium": "paper", "confidentiality": 1, "integrity": 1, "availability": 1});
        let asset = desk.call("POST", &format!("/v1/organizations/{organization}/assets"), &[], Some(&asset));
        let plan = json!({"treatment": "reduce", "title": "鍵をかける"});
        let treatment = desk.call("POST", &format!("{}/treatments", asset.header("location").expect("a place")), &[], Some(&plan));
        let place = |made: &mamori_tests::Response| made.header("location").expect("a place").to_owned();
        for path in [
            format!("/v1/organizations/{organization}"), format!("/v1/assessments/{}", desk.assessment(&organization)),
            place(&unit), place(&client), place(&asset), place(&treatment),
        ] {
            for (name, pointer) in [("colour", "/colour"), ("", "/")] {
                let refused = desk.call("PATCH", &path, &[("if-match", "*")], Some(&json!({name: null})));
                let error = &refused.json()["errors"][0];
                assert_eq!((refused.status, &error["code"]), (422, &json!("unknown_field")), "{path}: {}", refused.json());
                assert!(error["pointer"].as_str().is_some_and(|told| told == pointer || name.is_empty()), "{error}");
            }
        }
    }

    fn twelve_digits_are_never_repeated(desk) {
        for body in [
            json!({"name": "a", "corporate_number": "123456789012"}),
            json!({"name": "1234 5678 9012"}),
            json!({"name": "a", "123456789012": 1}),
        ] {
            let answer = desk.call("POST", "/v1/organizations", &[], Some(&body));
            assert_eq!(answer.status, 422);
            let text = answer.told();
            assert!(!text.contains("123456789012") && !text.contains("5678"), "{text}");
        }
    }

    fn large_bodies_and_other_types_are_refused(desk) {
        let auth = format!("Bearer {}", desk.token);
        let huge = [("authorization", auth.as_str()), ("content-type", "application/json"), ("content-length", "104857600")];
        assert_eq!(desk.raw("POST", "/v1/organizations", &huge, b"").status, 413);
        let chunked = [("authorization", auth.as_str()), ("content-type", "text/plain")];
        assert_eq!(desk.raw("POST", "/v1/organizations", &chunked, b"{}").status, 415);
    }

    fn answers_are_checked_against_their_bank(desk) {
        let id = desk.assessment(&desk.organization("甲"));
        let path = format!("/v1/assessments/{id}/answers");
        for (answer, pointer, code) in [
            (json!({"question": 26, "option": "implemented"}), "/answers/0/question", "no_such_question"),
            (json!({"question": 1, "option": "yes"}), "/answers/0/option", "no_such_option"),
            (json!({"question": 1, "option": "implemented", "not_used": true}), "/answers/0/not_used", "not_used_not_allowed"),
            (json!({"question": 9, "option": "unknown", "not_used": true}), "/answers/0/not_used", "not_used_needs_best"),
        ] {
            let body = json!({"answers": [answer]});
            let refused = desk.call("PATCH", &path, &[("if-match", "\"1.0\"")], Some(&body));
            assert_eq!(refused.status, 422, "{body}");
            let error = &refused.json()["errors"][0];
            assert_eq!((&error["pointer"], &error["code"]), (&json!(pointer), &json!(code)));
        }
        let untouched = desk.call("GET", &path, &[], None);
        assert_eq!((untouched.header("etag"), &untouched.json()["answers"]), (Some("\"1.0\""), &json!([])));
        let unscored = desk.call("POST", "/v1/question-banks/articles/editions/4.0/score", &[], Some(&json!({"answers": []})));
        assert_eq!((unscored.status, &unscored.json()["type"]), (422, &json!("/problems/bank-not-scored")));
    }

    fn cursors_and_queries_are_checked(desk) {
        let get = |path: &str| desk.call("GET", path, &[], None);
        for number in 0..3 {
            let _ = desk.organization(&format!("会社{number}"));
        }
        let first = get("/v1/organizations?limit=2");
        let cursor = first.json()["next_cursor"].as_str().expect("a cursor").to_owned();
        assert!(first.header("link").expect("a link").contains(&cursor));
        let second = get(&format!("/v1/organizations?limit=2&cursor={cursor}")).json();
        assert_eq!((second["items"].as_array().expect("a list").len(), &second["next_cursor"]), (1, &json!(null)));
        assert_eq!(get(&format!("/v1/organizations?cursor={cursor}A")).status, 400);
        assert_eq!(get(&format!("/v1/organizations?external_id=x&cursor={cursor}")).status, 400);
        for query in ["limit=0", "limit=201", "limit=x", "colour=red", "limit=1&limit=2"] {
            assert_eq!(get(&format!("/v1/organizations?{query}")).status, 400, "{query}");
        }
    }

    fn paths_and_methods_are_told_apart(desk) {
        let unknown = desk.call("GET", "/v1/nothing", &[], None);
        assert_eq!((unknown.status, unknown.header("content-type")), (404, Some("application/problem+json")));
        let method = desk.call("DELETE", "/v1/organizations", &[], None);
        assert_eq!((method.status, method.header("allow")), (405, Some("GET, POST, HEAD, OPTIONS")));
        let options = desk.call("OPTIONS", "/v1/organizations", &[], None);
        assert_eq!((options.status, options.header("allow")), (204, Some("GET, POST, HEAD, OPTIONS")));
        let head = desk.call("HEAD", "/v1/question-banks", &[], None);
        assert_eq!((head.status, head.body.len()), (200, 0));
        for path in ["/healthz", "/readyz", "/metrics", "/.well-known/jwks.json", "/problems/not-found", "/docs/"] {
            assert_eq!(desk.raw("GET", path, &[], b"").status, 200, "{path}");
        }
    }

    fn a_bank_is_kept_by_its_tag_and_comes_compressed(desk) {
        let path = "/v1/question-banks/self-check/editions/4.0";
        let plain = desk.raw("GET", path, &[], b"");
        let tag = plain.header("etag").expect("a tag").to_owned();
        assert_eq!(desk.raw("GET", path, &[("if-none-match", &tag)], b"").status, 304);
        for encoding in ["br", "gzip"] {
            let packed = desk.raw("GET", path, &[("accept-encoding", encoding)], b"");
            assert_eq!(packed.header("content-encoding"), Some(encoding));
            assert!(packed.body.len() * 2 < plain.body.len());
        }
        let english = desk.raw("GET", path, &[("accept-language", "en")], b"");
        assert_eq!(english.header("content-language"), Some("en"));
        assert_eq!(english.json()["questions"].as_array().expect("a list").len(), 25);
    }

    fn a_body_without_a_length_is_bounded_too(desk) {
        let chunk = format!("{:x}\r\n{}\r\n", 64 * 1024, " ".repeat(64 * 1024));
        let head = format!(
            "POST /v1/organizations HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\
             content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n", desk.token,
        );
        // A hundred megabytes; the answer comes, and the connection ends, long before.
        let refused = desk.send(format!("{head}{}0\r\n\r\n", chunk.repeat(1_600)).as_bytes());
        assert_eq!((refused.status, refused.header("connection")), (413, Some("close")));
        let small = format!("{head}d\r\n{{\"name\":\"a\"}}\n\r\n0\r\n\r\n");
        assert_eq!(desk.send(small.replace("\r\n\r\nd", "\r\nconnection: close\r\n\r\nd").as_bytes()).status, 201);
    }

    fn deep_json_is_refused_whatever_it_is_of(desk) {
        let auth = format!("Bearer {}", desk.token);
        let headers = [("authorization", auth.as_str()), ("content-type", "application/json")];
        for (open, close) in [("{\"name\":", "}"), ("{\"answers\":[", "]}"), ("[", "]")] {
            let deep = format!("{}1{}", open.repeat(10_000), close.repeat(10_000));
            let refused = desk.raw("POST", "/v1/organizations", &headers, deep.as_bytes());
            assert!(matches!(refused.status, 400 | 422), "{open}: {}", refused.status);
            let patch = desk.raw("PATCH", &format!("/v1/organizations/{}", desk.organization("甲")), &headers, deep.as_bytes());
            assert!(matches!(patch.status, 400 | 422), "{open}: {}", patch.status);
        }
    }

    fn ambiguous_requests_are_refused(desk) {
        let auth = format!("authorization: Bearer {}\r\n", desk.token);
        for (request, why) in [
            (format!("POST /v1/organizations HTTP/1.1\r\nhost: x\r\n{auth}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"), "two lengths"),
            (format!("POST /v1/organizations HTTP/1.1\r\nhost: x\r\n{auth}content-length: 5\r\ncontent-length: 6\r\n\r\nhello"), "two content lengths"),
            ("GET /healthz HTTP/9.9\r\nhost: x\r\n\r\n".to_owned(), "no version of HTTP"),
            (format!("GET /healthz HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "a".repeat(200_000)), "an endless header"),
            ("GET /\0 HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(), "a NUL in the path"),
        ] {
            let refused = desk.send(request.as_bytes());
            assert!((400..500).contains(&refused.status), "{why}: {}", refused.status);
        }
        assert_eq!(desk.call("GET", "/v1/organizations", &[], None).json()["items"], json!([]));
    }

    fn odd_paths_and_queries_find_nothing_and_break_nothing(desk) {
        for path in [
            "/v1/organizations/not-a-uuid", "/v1/organizations/019200000000700080000000000000000",
            "/v1/organizations/%00", "/v1/organizations/%ff", "/v1/assessments/..%2f..%2fetc",
            "/v1/question-banks/self-check/editions/2.1", "/v1/question-banks/%E3%81%82/editions/4.0",
            "/problems/%3Cscript%3E", "/docs/../../etc/passwd", "//", "/v1/organizations/",
        ] {
            let answer = desk.call("GET", path, &[], None);
            assert_eq!((answer.status, answer.header("content-type")), (404, Some("application/problem+json")), "{path}");
            assert!(!String::from_utf8_lossy(&answer.body).contains("script"));
        }
        for (query, name) in [
            ("external_id=%00", "external_id"), ("external_id=", "external_id"), ("corporate_number=1", "corporate_number"),
            ("corporate_number=123456789012", "corporate_number"), ("external_id=1234%205678%209012", "external_id"),
            ("cursor=AAAA", "cursor"), ("cursor=%F0%9F%A6%80", "cursor"), ("limit=99999999999999999999", "limit"), ("colour=red", "colour"),
            ("123456789012=1", "?"),
        ] {
            let answer = desk.call("GET", &format!("/v1/organizations?{query}"), &[], None);
            assert_eq!((answer.status, &answer.json()["errors"][0]["parameter"]), (400, &json!(name)), "{query}");
            assert!(!answer.told().contains("5678"), "{query}");
        }
        // What is not understood is not ignored.
        let dry = desk.call("POST", "/v1/organizations?dry_run=true", &[], Some(&json!({"name": "a"})));
        assert_eq!((dry.status, &dry.json()["errors"][0]["parameter"]), (400, &json!("dry_run")));
    }

    fn a_person_is_named_by_an_opaque_word(desk) {
        let call = |actor: &str| desk.call("GET", "/v1/organizations", &[("mamori-actor", actor)], None).status;
        assert_eq!((call("staff-017"), call(&"a".repeat(64))), (200, 200));
        for actor in ["", "a b", "山田", "123456789012", &"a".repeat(65)] {
            assert_eq!(call(actor), 400, "{actor}");
        }
    }

    fn personal_numbers_are_refused_in_every_text(desk) {
        let organization = desk.organization("甲");
        let draft = desk.assessment(&organization);
        for (method, path, body) in [
            ("POST", "/v1/organizations".to_owned(), json!({"name": "a", "trade_name": "1234ー5678ー9012"})),
            ("POST", "/v1/organizations".to_owned(), json!({"name": "a", "street": "番号は123456789012"})),
            ("POST", format!("/v1/organizations/{organization}/units"), json!({"name": "１２３４５６７８９０１２", "kind": "site"})),
            ("PATCH", format!("/v1/assessments/{draft}"), json!({"respondent_name": "1234 5678 9012"})),
            ("PATCH", format!("/v1/assessments/{draft}/answers"), json!({"answers": [{"question": 1, "option": "unknown", "note": "番号 1234-5678-9012"}]})),
        ] {
            let refused = desk.call(method, &path, &[("if-match", "*")], Some(&body));
            assert_eq!((refused.status, &refused.json()["errors"][0]["code"]), (422, &json!("twelve_digits")), "{body}");
            let text = refused.told();
            assert!(!text.contains("5678") && !text.contains("５６７８"), "{text}");
        }
    }
}
