//! Attestations as signed statements: the W3C's Verifiable Credentials Data Model 2.0, secured as a JWT
//! (VC-JOSE-COSE), and Bitstring Status List 1.0.

use std::io::Write;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, SecondsFormat, Utc};
use jsonwebtoken::{Algorithm, Header};
use mamori_domain::attestation::bitstring;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::auth::keyring::Keyring;
use crate::auth::token::signed;

/// The media type of a credential that is secured as a JWT, and its form in a header.
pub(crate) const MEDIA_TYPE: &str = "application/vc+jwt";
const TYPE: &str = "vc+jwt";
/// The longest token that is looked at.
pub(crate) const LONGEST: usize = 16 * 1024;
/// The terms of the W3C.
const W3C: &str = "https://www.w3.org/ns/credentials/v2";
/// For how long a status list may be kept, in seconds.
pub(crate) const LIST_MAX_AGE: i64 = 60;

/// Where an attestation can be looked at.
pub(crate) fn address(public_url: &str, id: Uuid) -> String {
    format!("{public_url}/v1/attestations/{id}")
}

/// Where a status list is.
fn list_address(public_url: &str, list: u32) -> String {
    format!("{public_url}/v1/status-lists/{list}")
}

/// What an attestation says beside what it is about.
pub(crate) struct Frame<'a> {
    pub(crate) public_url: &'a str,
    pub(crate) id: Uuid,
    pub(crate) list: u32,
    pub(crate) position: u32,
    pub(crate) issued_at: DateTime<Utc>,
    pub(crate) valid_until: DateTime<Utc>,
}

/// The credential with this subject.
pub(crate) fn credential(frame: &Frame<'_>, subject: &Value) -> Value {
    let Frame { public_url, id, list, position, issued_at, valid_until } = frame;
    let list = list_address(public_url, *list);
    json!({
        "@context": [W3C, format!("{public_url}/v1/attestation-context")],
        "id": address(public_url, *id),
        "type": ["VerifiableCredential", "DeclarationStatusAttestation"],
        "issuer": public_url,
        "validFrom": time(*issued_at),
        "validUntil": time(*valid_until),
        "credentialStatus": {
            "id": format!("{list}#{position}"),
            "type": "BitstringStatusListEntry",
            "statusPurpose": "revocation",
            "statusListIndex": position.to_string(),
            "statusListCredential": list,
        },
        "credentialSubject": subject,
    })
}

/// A status list as a credential.
pub(crate) fn status_list(
    public_url: &str,
    list: u32,
    revoked: Vec<u32>,
    now: DateTime<Utc>,
) -> Option<Value> {
    let address = list_address(public_url, list);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::new(6));
    packed.write_all(&bitstring(revoked)).ok()?;
    let encoded = format!("u{}", URL_SAFE_NO_PAD.encode(packed.finish().ok()?));
    Some(json!({
        "@context": [W3C],
        "id": address,
        "type": ["VerifiableCredential", "BitstringStatusListCredential"],
        "issuer": public_url,
        "validFrom": time(now),
        "validUntil": time(now + Duration::days(1)),
        "credentialSubject": {
            "id": format!("{address}#list"),
            "type": "BitstringStatusList",
            "statusPurpose": "revocation",
            "encodedList": encoded,
            "ttl": LIST_MAX_AGE * 1000,
        },
    }))
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Signs a credential. The claims of a JWT stand beside it, so that a library that knows no more
/// than JWT refuses what has run out.
pub(crate) fn sign(keyring: &Keyring, credential: &Value, now: DateTime<Utc>) -> Option<String> {
    let (kid, key) = keyring.signer(now)?;
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some(TYPE.to_owned());
    header.cty = Some("vc".to_owned());
    header.kid = Some(kid.to_owned());
    let mut claims: Map<String, Value> = credential.as_object()?.clone();
    let seconds = |name: &str| {
        let text = credential.get(name)?.as_str()?;
        Some(DateTime::parse_from_rfc3339(text).ok()?.timestamp())
    };
    claims.insert("iss".to_owned(), credential.get("issuer")?.clone());
    claims.insert("jti".to_owned(), credential.get("id")?.clone());
    claims.insert("iat".to_owned(), json!(seconds("validFrom")?));
    claims.insert("nbf".to_owned(), json!(seconds("validFrom")?));
    claims.insert("exp".to_owned(), json!(seconds("validUntil")?));
    jsonwebtoken::encode(&header, &claims, key).ok()
}

/// Why a token is no attestation of ours that holds, as far as the token alone tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// Not a credential secured as a JWT, or not of this kind.
    Malformed,
    /// Another service issued it.
    OtherIssuer,
    /// Signed by a key that this service does not publish.
    UnknownKey,
    /// Changed after it was signed, or signed by another key than it says.
    BadSignature,
    /// It begins later.
    NotYetValid,
    /// It has run out.
    Expired,
}

/// Reads an attestation of ours: its id, and the flaws that a good signature leaves.
pub(crate) fn read(
    token: &str,
    keyring: &Keyring,
    public_url: &str,
    now: DateTime<Utc>,
) -> Result<(Uuid, Option<Flaw>), Flaw> {
    if token.len() > LONGEST {
        return Err(Flaw::Malformed);
    }
    let header = jsonwebtoken::decode_header(token).map_err(|_| Flaw::Malformed)?;
    let typed = header.typ.as_deref().is_some_and(|typ| typ.eq_ignore_ascii_case(TYPE));
    if !typed || header.crit.is_some() {
        return Err(Flaw::Malformed);
    }
    let claimed: Value =
        jsonwebtoken::dangerous::insecure_decode_claims(token).map_err(|_| Flaw::Malformed)?;
    if claimed.get("issuer").and_then(Value::as_str) != Some(public_url) {
        return Err(Flaw::OtherIssuer);
    }
    let key = header.kid.as_deref().and_then(|kid| keyring.attester(kid, now));
    // The algorithm is the key's, whatever the header says.
    let claims: Value = signed(token, key.ok_or(Flaw::UnknownKey)?, Algorithm::EdDSA)
        .map_err(|_| Flaw::BadSignature)?;
    let address = claims.get("id").and_then(Value::as_str).unwrap_or_default();
    let id =
        address.strip_prefix(public_url).and_then(|rest| rest.strip_prefix("/v1/attestations/"));
    let id = id.and_then(|id| Uuid::try_parse(id).ok()).ok_or(Flaw::Malformed)?;
    let seconds = |name: &str| claims.get(name).and_then(Value::as_i64).ok_or(Flaw::Malformed);
    let (begins, ends) = (seconds("nbf")?, seconds("exp")?);
    let flaw = if now.timestamp() >= ends {
        Some(Flaw::Expired)
    } else if now.timestamp() < begins {
        Some(Flaw::NotYetValid)
    } else {
        None
    };
    Ok((id, flaw))
}

/// The terms that an attestation uses beside those of the W3C.
pub(crate) fn context(public_url: &str) -> Value {
    let own = format!("{public_url}/v1/attestation-context#");
    let terms = [
        "DeclarationStatusAttestation",
        "scheme",
        "nature",
        "legalName",
        "corporateNumber",
        "state",
        "stars",
        "declarationId",
        "generation",
        "articlesEdition",
        "declaredOn",
        "confirmedOn",
        "evidenceGrade",
        "evidenceSeen",
        "seenBy",
        "seenOn",
        "consentGivenBy",
        "consentGivenOn",
        "recordedBy",
        "notice",
    ];
    let mut context = Map::new();
    context.insert("@version".to_owned(), json!(1.1));
    for term in terms {
        context.insert(term.to_owned(), json!(format!("{own}{term}")));
    }
    json!({"@context": context})
}
