//! The keys that sign mamori's own tokens. They are rows, sealed by the root key, so that
//! every node has the same ones and they rotate while all of them run.

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Duration, Utc};
use jsonwebtoken::{DecodingKey, EncodingKey};
use mamori_store::SigningKey;
use serde_json::{Value, json};

use super::root_key::{RootKey, hex, random};

/// How long before it signs a new key is published, so that whoever keeps the key set for a
/// while knows it by then: the time that the set may be cached, and a margin.
const PUBLISHED_BEFORE: Duration = Duration::seconds(KEY_SET_MAX_AGE + 60);
/// How long the key set may be cached, in seconds.
pub(crate) const KEY_SET_MAX_AGE: i64 = 300;

/// Makes a signing key, which signs `at_once` or is published a while before.
///
/// # Errors
///
/// When the system gives no randomness.
pub(crate) fn make(
    root: &RootKey,
    now: DateTime<Utc>,
    at_once: bool,
) -> Result<SigningKey, String> {
    let refused = |_| "a signing key could not be made".to_owned();
    let seed = Ed25519KeyPair::generate().map_err(refused)?;
    let private = seed.to_pkcs8().map_err(refused)?;
    let kid = hex(&random::<8>()?);
    let public = URL_SAFE_NO_PAD.encode(seed.public_key().as_ref());
    let jwk = json!({
        "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": kid, "x": public,
    });
    Ok(SigningKey {
        sealed: root.seal(&kid, private.as_ref().to_vec())?,
        public_jwk: jwk.to_string(),
        kid,
        active_from: if at_once { now } else { now + PUBLISHED_BEFORE },
        retired_at: None,
        published_until: None,
        created_at: now,
    })
}

/// When the keys before a new one retire by themselves: when the last token that they signed
/// has ended.
pub(crate) fn retire_others(new: &SigningKey) -> DateTime<Utc> {
    new.active_from + Duration::hours(1) + Duration::minutes(5)
}

/// Until when a key that retired by itself stays published: when the last attestation that it
/// signed has ended.
pub(crate) fn published_until(retired_at: DateTime<Utc>) -> DateTime<Utc> {
    retired_at + Duration::days(i64::from(*mamori_domain::attestation::DAYS.end()) + 1)
}

/// The keys in use, parsed once.
pub(crate) struct Keyring {
    keys: Vec<Key>,
}

struct Key {
    kid: String,
    active_from: DateTime<Utc>,
    retired_at: Option<DateTime<Utc>>,
    published_until: Option<DateTime<Utc>>,
    signing: EncodingKey,
    verifying: DecodingKey,
    public: Value,
}

impl Key {
    fn retired(&self, now: DateTime<Utc>) -> bool {
        self.retired_at.is_some_and(|at| at <= now)
    }

    fn published(&self, now: DateTime<Utc>) -> bool {
        !self.retired(now) || self.published_until.is_some_and(|until| until > now)
    }
}

impl Keyring {
    /// Opens the keys.
    ///
    /// # Errors
    ///
    /// Where a key was sealed by another root key.
    pub(crate) fn open(root: &RootKey, keys: &[SigningKey]) -> Result<Self, String> {
        let unreadable = || "a signing key's public part can't be read".to_owned();
        let opened = keys.iter().map(|key| {
            let private = root.open(&key.kid, &key.sealed)?;
            let public: Value = serde_json::from_str(&key.public_jwk).map_err(|_| unreadable())?;
            let x = public.get("x").and_then(Value::as_str).unwrap_or_default();
            Ok(Key {
                kid: key.kid.clone(),
                active_from: key.active_from,
                retired_at: key.retired_at,
                published_until: key.published_until,
                signing: EncodingKey::from_ed_der(&private),
                verifying: DecodingKey::from_ed_components(x).map_err(|_| unreadable())?,
                public,
            })
        });
        Ok(Self { keys: opened.collect::<Result<_, String>>()? })
    }

    /// The newest key that signs by now.
    pub(crate) fn signer(&self, now: DateTime<Utc>) -> Option<(&str, &EncodingKey)> {
        let active = self.keys.iter().filter(|key| key.active_from <= now && !key.retired(now));
        active.max_by_key(|key| key.active_from).map(|key| (key.kid.as_str(), &key.signing))
    }

    /// The key of this id, if it is not retired.
    pub(crate) fn verifier(&self, kid: &str, now: DateTime<Utc>) -> Option<&DecodingKey> {
        let known = self.keys.iter().find(|key| key.kid == kid);
        known.filter(|key| !key.retired(now)).map(|key| &key.verifying)
    }

    /// The key of this id for what it attested, which holds longer than a token.
    pub(crate) fn attester(&self, kid: &str, now: DateTime<Utc>) -> Option<&DecodingKey> {
        let known = self.keys.iter().find(|key| key.kid == kid);
        known.filter(|key| key.published(now)).map(|key| &key.verifying)
    }

    /// The public key set: what signs, what will, and what did while something that it signed may
    /// still hold.
    pub(crate) fn public_set(&self, now: DateTime<Utc>) -> Value {
        let kept = self.keys.iter().filter(|key| key.published(now));
        json!({ "keys": kept.map(|key| &key.public).collect::<Vec<_>>() })
    }
}
