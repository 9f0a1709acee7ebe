//! How a client proves itself at the token endpoint: by its secret or by its key
//! (RFC 6749 section 2.3, RFC 7523).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use mamori_store::Client;
use serde::Deserialize;
use uuid::Uuid;

use super::issuer::PublicKeys;
use super::secret;
use super::token::{Audience, signed};

/// The only type of assertion.
pub(crate) const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// The longest life of an assertion, in seconds.
const LONGEST_LIFE: i64 = 300;

/// What a client brings.
pub(crate) enum Proof {
    /// Its secret, in the header or in the form.
    Secret { client: Uuid, secret: String },
    /// A token that it signed.
    Assertion { client: Uuid, assertion: String },
}

/// A client assertion that was found good, to be used up.
pub(crate) struct Assertion {
    pub(crate) jti: String,
    pub(crate) expires_at: i64,
}

#[derive(Debug, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: i64,
    nbf: Option<i64>,
    iat: Option<i64>,
    jti: String,
}

impl Proof {
    /// Reads the proof out of an `Authorization: Basic` header.
    pub(crate) fn basic(header: &str) -> Option<Self> {
        let (scheme, encoded) = header.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") || encoded.len() > 1_024 {
            return None;
        }
        let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
        let (id, secret) = decoded.split_once(':')?;
        // Both halves are form-encoded (RFC 6749 section 2.3.1); ours have nothing to encode.
        Some(Self::Secret { client: Uuid::try_parse(id).ok()?, secret: secret.to_owned() })
    }

    /// Reads the client out of an assertion that was not checked yet.
    pub(crate) fn assertion(assertion: &str) -> Option<Self> {
        if assertion.len() > 8 * 1024 {
            return None;
        }
        let claims: Claims = jsonwebtoken::dangerous::insecure_decode_claims(assertion).ok()?;
        let client = Uuid::try_parse(&claims.sub).ok()?;
        Some(Self::Assertion { client, assertion: assertion.to_owned() })
    }

    /// The client that this claims to be.
    pub(crate) fn client(&self) -> Uuid {
        match self {
            Self::Secret { client, .. } | Self::Assertion { client, .. } => *client,
        }
    }

    /// Whether it is. `Some(Some(_))` asks for the assertion to be used up as well.
    pub(crate) fn holds(
        &self,
        client: &Client,
        audiences: [&str; 2],
        now: chrono::DateTime<chrono::Utc>,
    ) -> Option<Option<Assertion>> {
        match self {
            Self::Secret { secret, .. } => {
                let kept = &client.secret;
                let overlapping = kept.previous_until.is_some_and(|until| now < until);
                let current = secret::matches(secret, kept.hash.as_deref());
                let previous = secret::matches(secret, kept.previous_hash.as_deref());
                (current | (previous & overlapping)).then_some(None)
            }
            Self::Assertion { assertion, .. } => {
                let keys = PublicKeys::parse(client.jwks.as_deref()?).ok()?;
                let header = jsonwebtoken::decode_header(assertion).ok()?;
                let claims: Claims = keys
                    .candidates(header.kid.as_deref(), header.alg)
                    .find_map(|key| signed(assertion, key, header.alg).ok())?;
                let id = client.id.to_string();
                let now = now.timestamp();
                let timely = claims.exp > now
                    && claims.exp <= now + LONGEST_LIFE
                    && claims.nbf.is_none_or(|from| from <= now + 5)
                    && claims.iat.is_none_or(|issued| issued <= now + 5);
                let for_us = audiences.iter().any(|audience| claims.aud.names(audience));
                let named = (1..=255).contains(&claims.jti.len())
                    && claims.jti.bytes().all(|b| b.is_ascii_graphic());
                (claims.iss == id && claims.sub == id && for_us && timely && named)
                    .then_some(Some(Assertion { jti: claims.jti, expires_at: claims.exp }))
            }
        }
    }
}
