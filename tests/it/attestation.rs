//! Attestations: signed with consent, and refused once they no longer hold.

use chrono::Duration;
use mamori_tests::{Desk, Response, both_engines};
use serde_json::{Value, json};

use crate::declaration::{declared, say};

/// An organization that declared one star and consented; gives its id, and the path of the consent.
fn consenting(desk: &Desk) -> (String, String) {
    let organization = desk.organization("株式会社<みほん>製作所");
    let _ = declared(
        desk,
        &organization,
        "2026-05-18",
        &json!({"stars": 1, "declaration_id": "59999999901"}),
    );
    let body = json!({"purpose": "attestation", "given_by": "代表取締役 見本 太郎"});
    let path = format!("/v1/organizations/{organization}/consents");
    let given = desk.call("POST", &path, &[], Some(&body));
    assert_eq!(given.status, 201, "{}", given.json());
    let consent = given.header("location").expect("a place").to_owned();
    (organization, consent)
}

fn issue(desk: &Desk, organization: &str) -> Response {
    let path = format!("/v1/organizations/{organization}/attestations");
    desk.call("POST", &path, &[], Some(&json!({"valid_days": 7})))
}

fn check(desk: &Desk, token: &str) -> Value {
    let body = json!({"token": token}).to_string();
    let kind = [("content-type", "application/json")];
    let answer = desk.raw("POST", "/v1/attestation-checks", &kind, body.as_bytes());
    assert_eq!(answer.status, 200, "{}", answer.json());
    answer.json()
}

fn public(desk: &Desk, path: &str, headers: &[(&str, &str)]) -> Response {
    desk.raw("GET", path, headers, b"")
}

/// What a token says, unverified.
fn payload(token: &str) -> Value {
    use base64::Engine;
    let part = token.split('.').nth(1).expect("a payload");
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).expect("base64");
    serde_json::from_slice(&bytes).expect("JSON")
}

/// Whether a position of a status list is revoked.
fn revoked(desk: &Desk, status: &Value) -> bool {
    use std::io::Read;

    use base64::Engine;
    let address = status["statusListCredential"].as_str().expect("an address");
    let list = public(desk, address.strip_prefix("http://mamori.test").expect("ours"), &[]);
    assert_eq!((list.status, list.header("content-type")), (200, Some("application/vc+jwt")));
    let list = payload(std::str::from_utf8(&list.body).expect("text"));
    let encoded =
        list["credentialSubject"]["encodedList"].as_str().expect("a list").strip_prefix('u');
    let packed =
        base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(encoded.expect("multibase"));
    let mut bits = Vec::new();
    flate2::read::GzDecoder::new(packed.expect("base64").as_slice())
        .read_to_end(&mut bits)
        .expect("gzip");
    assert_eq!(bits.len() * 8, 131_072);
    let position: usize =
        status["statusListIndex"].as_str().expect("a position").parse().expect("a number");
    bits[position / 8] & (0x80 >> (position % 8)) != 0
}

both_engines! {
    fn a_statement_is_signed_with_consent_and_revoked_with_it(desk) {
        let (organization, consent) = consenting(&desk);
        let issued = issue(&desk, &organization);
        assert_eq!(issued.status, 201, "{}", issued.json());
        let body = issued.json();
        let token = body["token"].as_str().expect("a token");
        let credential = payload(token);
        assert_eq!(credential["@context"][0], "https://www.w3.org/ns/credentials/v2");
        assert_eq!((&credential["issuer"], &credential["iss"], &credential["id"]), (&json!("http://mamori.test"), &json!("http://mamori.test"), &body["url"]));
        let subject = &credential["credentialSubject"];
        assert_eq!((&subject["stars"], &subject["nature"], &subject["recordedBy"], &subject["evidenceGrade"]), (&json!(1), &json!("self-declared"), &json!("人事ポータル"), &json!("id_format_checked")));
        assert_eq!(subject, &body["statement"]);
        assert!(!revoked(&desk, &credential["credentialStatus"]));
        let good = check(&desk, token);
        assert_eq!((&good["valid"], &good["flaw"], &good["attestation"]["state"]), (&json!(true), &json!(null), &json!("valid")));

        let withdrawn = desk.call("POST", &format!("{consent}/withdraw"), &[("if-match", "*")], None);
        assert_eq!(withdrawn.status, 200, "{}", withdrawn.json());
        let bad = check(&desk, token);
        assert_eq!((&bad["valid"], &bad["flaw"], &bad["attestation"]["statement"]), (&json!(false), &json!("revoked"), &json!(null)));
        assert!(revoked(&desk, &credential["credentialStatus"]));
        let refused = issue(&desk, &organization);
        assert_eq!((refused.status, &refused.json()["type"]), (409, &json!("/problems/consent-missing")));
    }

    fn tampering_wrong_keys_and_age_are_told_apart(desk) {
        let (organization, _) = consenting(&desk);
        let token = issue(&desk, &organization).json()["token"].as_str().expect("a token").to_owned();
        let flaw = |token: &str| check(&desk, token)["flaw"].clone();
        let parts: Vec<_> = token.split('.').collect();
        use base64::Engine;
        let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
        let altered = payload(&token).to_string().replace("\"stars\":1", "\"stars\":2");
        let tampered = format!("{}.{}.{}", parts[0], engine.encode(altered), parts[2]);
        let foreign = payload(&token).to_string().replace("mamori.test", "else.test");
        let foreign = format!("{}.{}.{}", parts[0], engine.encode(foreign), parts[2]);
        let header = engine.encode(json!({"typ": "vc+jwt", "alg": "EdDSA", "kid": "0000"}).to_string());
        let unsigned = engine.encode(json!({"typ": "vc+jwt", "alg": "none"}).to_string());
        for (token, expected) in [
            (tampered.as_str(), "bad_signature"), (foreign.as_str(), "other_issuer"),
            (&format!("{header}.{}.{}", parts[1], parts[2]), "unknown_key"),
            (&format!("{unsigned}.{}.", parts[1]), "malformed"),
            (desk.token.as_str(), "malformed"), ("", "malformed"), ("a.b.c", "malformed"),
        ] {
            assert_eq!(flaw(token), expected, "{token}");
        }
        assert_eq!(flaw(&token), json!(null));
        // A rotated key still verifies what it signed, and only that.
        let root = mamori::RootKey::load(&desk.folder().join("root.key"), false).expect("the root key");
        Desk::wait(mamori::rotate_keys(desk.beneath(), root.clone(), false)).expect("a new key");
        desk.clock.advance(Duration::days(6));
        let second = desk.second(|_| {});
        assert_eq!(check(&second, &token)["valid"], true);
        desk.clock.advance(Duration::days(1));
        let ended = check(&second, &token);
        assert_eq!((&ended["flaw"], &ended["attestation"]["state"], &ended["attestation"]["statement"]), (&json!("expired"), &json!("expired"), &json!(null)));
        // A key that leaked verifies nothing any more.
        Desk::wait(mamori::rotate_keys(desk.beneath(), root, true)).expect("a new key");
        assert_eq!(check(&desk.second(|_| {}), &token)["flaw"], "unknown_key");
    }

    fn the_page_says_who_stated_what_and_that_it_is_self_declared(desk) {
        let (organization, _) = consenting(&desk);
        let declaration = format!("/v1/declarations/{}", desk.call("GET", &format!("/v1/organizations/{organization}/declarations"), &[], None).json()["items"][0]["id"].as_str().expect("an id"));
        let seen = json!({"evidence_grade": "document_seen", "seen_by": "みほん商工会議所 見本 花子", "seen_on": "2026-11-20"});
        assert_eq!(say(&desk, &declaration, "evidence", &seen).status, 200);
        let issued = issue(&desk, &organization).json();
        let path = format!("/v1/attestations/{}", issued["id"].as_str().expect("an id"));
        for (language, words) in [
            ("ja", ["★ 一つ星を宣言", "書面を確認", "みほん商工会議所 見本 花子", "事業者が自ら宣言する制度"]),
            ("en", ["One star, self-declared", "document seen", "みほん商工会議所 見本 花子", "SECURITY ACTION is self-declared"]),
        ] {
            let page = public(&desk, &path, &[("accept", "text/html"), ("accept-language", language)]);
            assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
            let text = String::from_utf8(page.body).expect("text");
            for word in words {
                assert!(text.contains(word), "{language} {word}");
            }
            assert!(text.contains("株式会社&lt;みほん&gt;製作所") && !text.contains("<みほん>"));
            assert!(mamori_domain::wording::check(&text).is_empty(), "{text}");
        }
        let told = public(&desk, &path, &[]).json();
        assert_eq!((&told["state"], &told["statement"]["stars"]), (&json!("valid"), &json!(1)));
        let code = public(&desk, &format!("{path}/qr-code"), &[]);
        assert_eq!((code.status, code.header("content-type")), (200, Some("image/svg+xml")));
        assert!(String::from_utf8_lossy(&code.body).contains("<svg"));
        let hidden = desk.call_as(&desk.stranger, "POST", &format!("{path}/revoke"), &[], None);
        assert_eq!(hidden.status, 404);
        for _ in 0..2 {
            let revoked = desk.call("POST", &format!("{path}/revoke"), &[], None);
            assert_eq!((revoked.status, &revoked.json()["state"]), (200, &json!("revoked")));
        }
        let told = public(&desk, &path, &[]).json();
        assert_eq!((&told["state"], &told["statement"], &told["token"]), (&json!("revoked"), &json!(null), &json!(null)));
        assert_eq!(public(&desk, &format!("/v1/attestations/{organization}"), &[]).status, 404);
        assert_eq!(public(&desk, "/v1/status-lists/2", &[]).status, 404);
        assert_eq!(public(&desk, "/v1/status-lists/01", &[]).status, 404);
    }

    fn a_statement_of_an_organization_that_is_gone_is_revoked(desk) {
        let (organization, _) = consenting(&desk);
        let issued = issue(&desk, &organization).json();
        let token = issued["token"].as_str().expect("a token");
        let gone = desk.call("DELETE", &format!("/v1/organizations/{organization}"), &[("if-match", "*")], None);
        assert_eq!(gone.status, 204);
        assert_eq!(check(&desk, token)["flaw"], "revoked");
        assert!(revoked(&desk, &payload(token)["credentialStatus"]));
        let told = public(&desk, &format!("/v1/attestations/{}", issued["id"].as_str().expect("an id")), &[]).json();
        assert_eq!((&told["state"], &told["issued_at"]), (&json!("revoked"), &json!(null)));
        // Once it would have run out anyway, its position is free again.
        desk.clock.advance(Duration::days(9));
        let swept = Desk::wait(desk.beneath().transact(mamori_store::Context::system("test"), |tx| tx.sweep().map_err(mamori_store::Stop::<()>::from)));
        assert_eq!(swept.expect("a sweep").positions, 1);
        assert_eq!(check(&desk, token)["flaw"], "expired");
    }

    fn a_statement_ends_with_the_status_that_it_states(desk) {
        let (organization, _) = consenting(&desk);
        let list = desk.call("GET", &format!("/v1/organizations/{organization}/declarations"), &[], None).json();
        let path = format!("/v1/declarations/{}", list["items"][0]["id"].as_str().expect("an id"));
        let seen = json!({"evidence_grade": "document_seen", "seen_by": "甲", "seen_on": "2026-11-20"});
        assert_eq!(say(&desk, &path, "evidence", &seen).status, 200);
        let token = issue(&desk, &organization).json()["token"].as_str().expect("a token").to_owned();
        // What changes nothing of what is stated ends nothing.
        assert_eq!(say(&desk, &path, "confirm", &json!({})).status, 200);
        assert_eq!(check(&desk, &token)["valid"], true);
        assert_eq!(say(&desk, &path, "amend", &json!({"terms": {"stars": 2}})).status, 200);
        assert_eq!(check(&desk, &token)["flaw"], "revoked");
        // What was seen of one star is not told of two.
        let raised = issue(&desk, &organization).json();
        assert_eq!((&raised["statement"]["stars"], &raised["statement"]["evidenceSeen"]), (&json!(2), &json!([])));
        let _ = declared(&desk, &organization, "2026-11-20", &json!({"stars": 1, "declaration_id": "59999999902"}));
        assert_eq!(check(&desk, raised["token"].as_str().expect("a token"))["flaw"], "revoked");
        assert_eq!(issue(&desk, &organization).json()["type"], "/problems/declarations-conflict");
    }

    fn what_ran_out_is_not_told_on_and_is_revoked_all_the_same(desk) {
        let (organization, _) = consenting(&desk);
        let issued = issue(&desk, &organization).json();
        let path = format!("/v1/attestations/{}", issued["id"].as_str().expect("an id"));
        desk.clock.advance(Duration::minutes(30));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| assert_eq!(desk.call("POST", &format!("{path}/revoke"), &[], None).status, 200));
            }
        });
        desk.clock.advance(Duration::days(8));
        assert_eq!(public(&desk, &path, &[]).json()["state"], "revoked");
    }

    fn only_what_is_declared_is_attested(desk) {
        let (organization, _) = consenting(&desk);
        let list = desk.call("GET", &format!("/v1/organizations/{organization}/declarations"), &[], None).json();
        let path = format!("/v1/declarations/{}", list["items"][0]["id"].as_str().expect("an id"));
        assert_eq!(say(&desk, &path, "stop", &json!({"by": "declarant"})).status, 200);
        let refused = issue(&desk, &organization);
        assert_eq!((refused.status, &refused.json()["type"]), (409, &json!("/problems/nothing-to-attest")));
        let long = desk.call("POST", &format!("/v1/organizations/{organization}/attestations"), &[], Some(&json!({"valid_days": 31})));
        assert_eq!((long.status, &long.json()["errors"][0]["pointer"]), (422, &json!("/valid_days")));
    }
}
