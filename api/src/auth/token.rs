//! Access tokens: JWTs after RFC 9068, signed with EdDSA.

use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation};
use mamori_domain::access::{Actor, ActorSource, Scopes};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use uuid::Uuid;

use super::issuer::Issuers;
use super::keyring::Keyring;

/// The media type in a token's header.
const TYPE: &str = "at+jwt";
/// The longest token that is looked at.
const LONGEST: usize = 8 * 1024;
/// How far another's clock may be from ours, in seconds.
const LEEWAY: i64 = 5;
/// The longest life that is accepted of another's token, in seconds.
const LONGEST_LIFE: i64 = 3_600;

/// The claims of a token that mamori issues.
#[derive(Debug, Serialize)]
pub(crate) struct Claims<'a> {
    pub(crate) iss: &'a str,
    pub(crate) aud: &'a str,
    pub(crate) sub: Uuid,
    pub(crate) client_id: Uuid,
    pub(crate) iat: i64,
    pub(crate) exp: i64,
    pub(crate) jti: Uuid,
    pub(crate) scope: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) organization: Option<Uuid>,
}

/// The claims that are read of a token.
#[derive(Debug, Deserialize)]
struct Read {
    iss: String,
    aud: Audience,
    sub: String,
    exp: i64,
    iat: Option<i64>,
    nbf: Option<i64>,
    #[serde(default)]
    scope: String,
    organization: Option<serde_json::Value>,
}

/// One audience or several.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    pub(crate) fn names(&self, wanted: &str) -> bool {
        match self {
            Self::One(audience) => audience == wanted,
            Self::Several(audiences) => audiences.iter().any(|audience| audience == wanted),
        }
    }
}

/// What a token says, once its signature and claims are found good.
#[derive(Debug)]
pub(crate) struct Verified {
    /// Who it is for.
    pub(crate) subject: Subject,
    /// What it allows; the client may have been granted less since.
    pub(crate) scopes: Scopes,
    /// The one organization that it is narrowed to.
    pub(crate) organization: Option<Uuid>,
    /// When it ends, in seconds.
    pub(crate) expires_at: i64,
}

/// Who a token is for.
#[derive(Debug)]
pub(crate) enum Subject {
    /// A client, by mamori's own token.
    Client(Uuid),
    /// A subject of a trusted issuer.
    Foreign {
        /// The issuer.
        issuer: String,
        /// The subject, who is also the person behind the call.
        subject: String,
    },
}

impl Subject {
    /// The person behind the call, where a trusted issuer says who it is.
    pub(crate) fn actor(&self) -> Option<Actor> {
        match self {
            Self::Client(_) => None,
            Self::Foreign { subject, .. } => {
                Some(Actor { name: subject.clone(), source: ActorSource::Issuer })
            }
        }
    }
}

/// The token is not good; why stays with us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// For any reason but the next.
    NotGood,
    /// A trusted issuer seems to have a key that is not known here yet.
    UnknownKey,
}

/// Signs a token.
pub(crate) fn sign(keyring: &Keyring, claims: &Claims<'_>, now: DateTime<Utc>) -> Option<String> {
    let (kid, key) = keyring.signer(now)?;
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some(TYPE.to_owned());
    header.kid = Some(kid.to_owned());
    jsonwebtoken::encode(&header, claims, key).ok()
}

/// Checks a token: its form, its issuer's key, its signature, its type, its audience, and
/// its times by our clock. The algorithm is the key's, whatever the header says.
pub(crate) fn verify(
    token: &str,
    keyring: &Keyring,
    issuers: &Issuers,
    public_url: &str,
    now: i64,
) -> Result<Verified, Refused> {
    if token.len() > LONGEST {
        return Err(Refused::NotGood);
    }
    let header = jsonwebtoken::decode_header(token).map_err(|_| Refused::NotGood)?;
    let typed = header.typ.as_deref().is_some_and(|typ| {
        typ.eq_ignore_ascii_case(TYPE) || typ.eq_ignore_ascii_case("application/at+jwt")
    });
    if !typed || header.crit.is_some() {
        return Err(Refused::NotGood);
    }
    let kid = header.kid.as_deref();
    let claimed: Read =
        jsonwebtoken::dangerous::insecure_decode_claims(token).map_err(|_| Refused::NotGood)?;
    if claimed.iss == public_url {
        let time = DateTime::from_timestamp(now, 0).unwrap_or_default();
        let key = kid.and_then(|kid| keyring.verifier(kid, time)).ok_or(Refused::NotGood)?;
        let claims: Read = signed(token, key, Algorithm::EdDSA)?;
        checked(&claims, public_url, now, 0)?;
        let client = claims.sub.parse().map_err(|_| Refused::NotGood)?;
        let organization = match &claims.organization {
            None => None,
            Some(id) => {
                let id = id.as_str().and_then(|id| Uuid::try_parse(id).ok());
                Some(id.ok_or(Refused::NotGood)?)
            }
        };
        return Ok(Verified {
            subject: Subject::Client(client),
            scopes: known_scopes(&claims.scope),
            organization,
            expires_at: claims.exp,
        });
    }
    let keys = issuers.get(&claimed.iss).ok_or(Refused::NotGood)?;
    let mut candidates = keys.candidates(kid, header.alg).peekable();
    if candidates.peek().is_none() {
        return Err(Refused::UnknownKey);
    }
    let claims: Read =
        candidates.find_map(|key| signed(token, key, header.alg).ok()).ok_or(Refused::NotGood)?;
    checked(&claims, public_url, now, LEEWAY)?;
    let life = claims.exp.saturating_sub(claims.iat.ok_or(Refused::NotGood)?);
    if life > LONGEST_LIFE || claims.sub.is_empty() || claims.sub.chars().count() > 64 {
        return Err(Refused::NotGood);
    }
    Ok(Verified {
        subject: Subject::Foreign { issuer: claims.iss, subject: claims.sub },
        scopes: known_scopes(&claims.scope),
        // What another's token says of organizations is not about ours.
        organization: None,
        expires_at: claims.exp,
    })
}

/// The claims, if this key signed them with this algorithm.
pub(crate) fn signed<T: serde::de::DeserializeOwned>(
    token: &str,
    key: &DecodingKey,
    algorithm: Algorithm,
) -> Result<T, Refused> {
    let mut validation = Validation::new(algorithm);
    // Times and audience are checked by us, with our clock.
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    validation.required_spec_claims = HashSet::new();
    let decoded = jsonwebtoken::decode(token, key, &validation);
    decoded.map(|data| data.claims).map_err(|_| Refused::NotGood)
}

fn checked(claims: &Read, audience: &str, now: i64, leeway: i64) -> Result<(), Refused> {
    let begun = claims.nbf.is_none_or(|from| from <= now + leeway)
        && claims.iat.is_none_or(|issued| issued <= now + leeway.max(1));
    let ended = claims.exp <= now - leeway;
    if begun && !ended && claims.aud.names(audience) { Ok(()) } else { Err(Refused::NotGood) }
}

/// The scopes among these words that mamori knows; another's token may carry others.
fn known_scopes(text: &str) -> Scopes {
    text.split_ascii_whitespace().filter_map(mamori_domain::access::Scope::parse).collect()
}
