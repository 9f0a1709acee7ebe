//! The token endpoint, and the tokens of others.

use chrono::Duration;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use mamori::{TrustedIssuer, rotate_keys};
use mamori_tests::{Desk, Response, both_engines};
use serde_json::{Value, json};

/// A key pair of a client or an issuer: the private part, and the public part as a JSON Web Key.
struct Pair(EncodingKey, Value);

impl Pair {
    /// The pair of RFC 8037, appendix A, and another.
    fn of(name: &str) -> Self {
        let (private, public) = match name {
            "a" => (
                "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
                "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
            ),
            _ => (
                "TM0Imyj_ltqdtsNG7BFOD1uKMZ81q6Yk2oz27U-4pvs",
                "PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw",
            ),
        };
        use base64::Engine;
        let seed =
            base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(private).expect("base64");
        // PKCS #8 of an Ed25519 key is this head and the seed (RFC 8410).
        let head = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
        let der = [head.as_slice(), &seed].concat();
        let jwk = json!({"kty": "OKP", "crv": "Ed25519", "kid": name, "x": public});
        Self(EncodingKey::from_ed_der(&der), jwk)
    }

    fn sign(&self, header: &Header, claims: &Value) -> String {
        jsonwebtoken::encode(header, claims, &self.0).expect("a signature")
    }
}

fn header(typ: &str, kid: &str) -> Header {
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some(typ.to_owned());
    header.kid = Some(kid.to_owned());
    header
}

/// A client that proves itself by the key `a`; gives its id.
fn with_key(desk: &Desk) -> String {
    let body = json!({
        "name": "鍵で証明", "scopes": ["organizations:read"], "jwks": {"keys": [Pair::of("a").1]},
    });
    let answer = desk.call("POST", "/v1/clients", &[], Some(&body));
    assert_eq!((answer.status, &answer.json()["client_secret"]), (201, &json!(null)));
    answer.json()["client"]["id"].as_str().expect("an id").to_owned()
}

fn by_assertion(desk: &Desk, assertion: &str) -> Response {
    let kind = "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";
    desk.ask_for_token(&format!("client_assertion_type={kind}&client_assertion={assertion}"))
}

fn now(desk: &Desk) -> i64 {
    use mamori_store::Clock;
    desk.clock.now().timestamp()
}

both_engines! {
    fn a_secret_goes_in_the_header_or_in_the_form(desk) {
        use base64::Engine;
        let (id, secret) = &desk.credentials;
        let basic = base64::engine::general_purpose::STANDARD.encode(format!("{id}:{secret}"));
        let form = ("content-type", "application/x-www-form-urlencoded");
        let headers = [("authorization", format!("Basic {basic}"))];
        let headers = [(headers[0].0, headers[0].1.as_str()), form];
        let answer = desk.raw("POST", "/oauth/token", &headers, b"grant_type=client_credentials&scope=organizations:read");
        let body = answer.json();
        assert_eq!((answer.status, &body["token_type"], &body["scope"]), (200, &json!("Bearer"), &json!("organizations:read")));
        assert_eq!((&body["expires_in"], answer.header("cache-control")), (&json!(3600), Some("no-store")));

        for (form, status, error) in [
            (format!("client_id={id}&client_secret={secret}x"), 401, "invalid_client"),
            (format!("client_id=01920000-0000-7000-8000-000000000000&client_secret={secret}"), 401, "invalid_client"),
            (format!("client_id=nobody&client_secret={secret}"), 401, "invalid_client"),
            (String::new(), 401, "invalid_client"),
            (format!("client_id={id}&client_secret={secret}&scope=everything"), 400, "invalid_scope"),
            (format!("client_id={id}&client_secret={secret}&organization=01920000-0000-7000-8000-000000000000"), 400, "invalid_target"),
            (format!("client_id={id}&client_secret={secret}&colour=red"), 400, "invalid_request"),
            (format!("client_id={id}&client_secret={secret}&client_assertion=x"), 400, "invalid_request"),
        ] {
            let refused = desk.ask_for_token(&form);
            assert_eq!((refused.status, &refused.json()["error"]), (status, &json!(error)), "{form}");
            assert_eq!(refused.header("www-authenticate").is_some(), status == 401);
        }
        let other = desk.raw("POST", "/oauth/token", &[form], b"grant_type=password&username=a&password=b");
        assert_eq!(other.status, 400);
        assert_eq!(desk.raw("POST", "/oauth/token", &[("content-type", "application/json")], b"{}").status, 415);

        // What is not used is bounded too: the document says so.
        for (name, max) in [("scope", 500), ("client_id", 100), ("client_secret", 200), ("client_assertion_type", 100), ("client_assertion", 8192)] {
            let long = format!("grant_type=client_credentials&{name}={}", "0".repeat(max + 1));
            let refused = desk.raw("POST", "/oauth/token", &headers, long.as_bytes());
            assert_eq!((refused.status, &refused.json()["error"]), (400, &json!("invalid_request")), "{name}");
        }
    }

    fn a_token_is_for_anothers_organization_as_little_as_for_none(desk) {
        let theirs = desk.organization("甲");
        let client = desk.call("POST", "/v1/clients", &[], Some(&json!({"name": "乙", "scopes": ["organizations:read"]}))).json();
        let (id, secret) = (client["client"]["id"].as_str().expect("an id"), client["client_secret"].as_str().expect("a secret"));
        let ask = |organization: &str| desk.ask_for_token(&format!("client_id={id}&client_secret={secret}&organization={organization}"));
        let (other, none) = (ask(&theirs), ask("01920000-0000-7000-8000-000000000000"));
        assert_eq!((other.status, &other.body), (400, &none.body));
    }

    fn a_client_proves_itself_by_a_key_once_for_each_assertion(desk) {
        let id = with_key(&desk);
        let (own, other) = (Pair::of("a"), Pair::of("b"));
        let claims = |change: Value| {
            let mut claims = json!({
                "iss": id, "sub": id, "aud": "http://mamori.test/oauth/token",
                "exp": now(&desk) + 60, "iat": now(&desk), "jti": "one",
            });
            for (name, value) in change.as_object().expect("an object") {
                claims[name] = value.clone();
            }
            claims
        };
        let jwt = header("JWT", "a");
        let good = own.sign(&jwt, &claims(json!({})));
        let first = by_assertion(&desk, &good);
        assert_eq!((first.status, &first.json()["scope"]), (200, &json!("organizations:read")));
        assert_eq!(by_assertion(&desk, &good).status, 401, "a replay");
        assert_eq!(by_assertion(&desk, &own.sign(&jwt, &claims(json!({"jti": "two", "aud": "http://mamori.test"})))).status, 200);

        for (change, why) in [
            (json!({"jti": "3", "aud": "http://elsewhere.test"}), "another audience"),
            (json!({"jti": "4", "exp": now(&desk) + 301}), "longer than five minutes"),
            (json!({"jti": "5", "exp": now(&desk)}), "over"),
            (json!({"jti": "6", "nbf": now(&desk) + 60}), "not yet"),
            (json!({"jti": "7", "iss": "someone"}), "another issuer"),
            (json!({"jti": "8", "sub": desk.credentials.0}), "another client"),
            (json!({"jti": ""}), "no name"),
        ] {
            assert_eq!(by_assertion(&desk, &own.sign(&jwt, &claims(change))).status, 401, "{why}");
        }
        assert_eq!(by_assertion(&desk, &other.sign(&jwt, &claims(json!({"jti": "9"})))).status, 401, "another key");
        let (secret, jwk) = (EncodingKey::from_secret(b"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"), Header::new(Algorithm::HS256));
        let confused = jsonwebtoken::encode(&jwk, &claims(json!({"jti": "10"})), &secret).expect("a token");
        assert_eq!(by_assertion(&desk, &confused).status, 401, "the public key as a secret");
    }

    fn a_trusted_issuer_speaks_for_the_pairs_that_a_client_lists(desk) {
        let file = desk.folder().join("issuer.json");
        let own = Pair::of("a");
        std::fs::write(&file, json!({"keys": [own.1]}).to_string()).expect("a file");
        let issuer = "https://login.example.jp";
        let node = desk.second(|config| {
            let issuer = issuer.to_owned();
            config.trusted_issuers = vec![TrustedIssuer { issuer, jwks_file: Some(file.clone()), jwks_url: None }];
        });
        let client = json!({
            "name": "a", "scopes": ["organizations:read", "organizations:write"],
            "identities": [{"issuer": issuer, "subject": "batch"}],
        });
        assert_eq!(desk.call("POST", "/v1/clients", &[], Some(&client)).status, 201);

        let claims = |change: Value| {
            let mut claims = json!({
                "iss": issuer, "sub": "batch", "aud": "http://mamori.test", "exp": now(&desk) + 600,
                "iat": now(&desk), "scope": "organizations:read organizations:write openid admin",
                "organization": "of another kind",
            });
            for (name, value) in change.as_object().expect("an object") {
                claims[name] = value.clone();
            }
            claims
        };
        let get = |token: &str| node.call_as(token, "GET", "/v1/organizations", &[], None).status;
        let typed = header("at+jwt", "a");
        let good = own.sign(&typed, &claims(json!({})));
        assert_eq!(get(&good), 200);
        // The intersection: the client has no `admin`, whatever the token says.
        assert_eq!(node.call_as(&good, "GET", "/v1/clients", &[], None).status, 403);
        let reading = own.sign(&typed, &claims(json!({"scope": "organizations:read"})));
        let write = node.call_as(&reading, "POST", "/v1/organizations", &[], Some(&json!({"name": "甲"})));
        assert_eq!(write.status, 403);

        for (token, why) in [
            (own.sign(&typed, &claims(json!({"sub": "other"}))), "an unlisted pair"),
            (own.sign(&typed, &claims(json!({"iss": "https://evil.example.jp"}))), "an unknown issuer"),
            (own.sign(&typed, &claims(json!({"aud": "http://elsewhere.test"}))), "another audience"),
            (own.sign(&typed, &claims(json!({"exp": now(&desk) - 60}))), "over"),
            (own.sign(&typed, &claims(json!({"exp": now(&desk) + 90_000}))), "longer than an hour"),
            (own.sign(&header("JWT", "a"), &claims(json!({}))), "an ID token"),
            (own.sign(&typed, &claims(json!({"iss": "http://mamori.test", "sub": desk.credentials.0}))), "as if from mamori"),
            (Pair::of("b").sign(&typed, &claims(json!({}))), "another key"),
        ] {
            assert_eq!(get(&token), 401, "{why}");
        }
        // On the node that does not trust the issuer, the token is nobody's.
        assert_eq!(desk.call_as(&good, "GET", "/v1/organizations", &[], None).status, 401);

        // The issuer rotates: its new key is fetched when a token first names it.
        std::fs::write(&file, json!({"keys": [own.1, Pair::of("b").1]}).to_string()).expect("a file");
        desk.clock.advance(Duration::minutes(1));
        let fresh = Pair::of("b").sign(&header("at+jwt", "b"), &claims(json!({})));
        let patience = std::time::Instant::now() + std::time::Duration::from_secs(10);
        while get(&fresh) != 200 {
            assert!(std::time::Instant::now() < patience, "the new key is not fetched");
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }

    fn keys_rotate_while_the_service_runs(desk) {
        let root = || mamori::RootKey::load(&desk.folder().join("root.key"), false).expect("a key");
        let keys = || desk.raw("GET", "/.well-known/jwks.json", &[], b"").json()["keys"].as_array().expect("keys").len();
        let get = |token: &str| desk.call_as(token, "GET", "/v1/organizations", &[], None).status;
        let kid = |token: &str| jsonwebtoken::decode_header(token).expect("a header").kid;
        let wait_for = |count: usize| {
            let patience = std::time::Instant::now() + std::time::Duration::from_secs(10);
            while keys() != count {
                assert!(std::time::Instant::now() < patience, "{count} keys");
                std::thread::sleep(std::time::Duration::from_millis(50));
            }
        };
        let old = desk.token.clone();
        Desk::wait(rotate_keys(desk.beneath(), root(), false)).expect("a new key");
        wait_for(2);
        assert_eq!(kid(&desk.token_with("")), kid(&old), "published before it signs");
        desk.clock.advance(Duration::minutes(7));
        let new = desk.token_with("");
        assert_ne!(kid(&new), kid(&old));
        assert_eq!((get(&old), get(&new)), (200, 200));
        desk.clock.advance(Duration::minutes(70));
        assert_eq!((keys(), get(&old)), (2, 401), "the old one has retired, and is still published");
        desk.clock.advance(Duration::days(31));
        assert_eq!(keys(), 1, "nothing that it attested holds any more");

        // A key that has leaked ends at once, with its tokens.
        let leaked = desk.token_with("");
        assert_eq!(get(&leaked), 200);
        Desk::wait(rotate_keys(desk.beneath(), root(), true)).expect("a new key");
        let patience = std::time::Instant::now() + std::time::Duration::from_secs(10);
        while get(&leaked) != 401 {
            assert!(std::time::Instant::now() < patience, "the leaked key still verifies");
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        assert_eq!((keys(), get(&desk.token_with(""))), (1, 200));
    }

    fn a_token_of_the_service_says_what_rfc_9068_asks_for(desk) {
        let payload = desk.token.split('.').nth(1).expect("a payload");
        use base64::Engine;
        let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).expect("base64");
        let claims: Value = serde_json::from_slice(&bytes).expect("JSON");
        for name in ["iss", "aud", "sub", "client_id", "iat", "exp", "jti", "scope"] {
            assert!(claims.get(name).is_some(), "{name}");
        }
        let header = jsonwebtoken::decode_header(&desk.token).expect("a header");
        assert_eq!((header.typ.as_deref(), header.alg), (Some("at+jwt"), Algorithm::EdDSA));
        assert!(claims["exp"].as_i64().expect("a time") - claims["iat"].as_i64().expect("a time") <= 3600);
    }
}
