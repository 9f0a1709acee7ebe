//! Keys of others: of trusted issuers, and of clients that prove themselves by a key.

use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk};
use jsonwebtoken::{Algorithm, DecodingKey};

use crate::config::TrustedIssuer;

/// The most keys in a set.
const MOST_KEYS: usize = 20;
/// The largest key set, in bytes.
const LARGEST_SET: u64 = 64 * 1024;

/// A set of public keys, each with the one algorithm that it is good for. The algorithm
/// comes from the key, never from the token.
pub(crate) struct PublicKeys {
    keys: Vec<PublicKey>,
}

/// Its id, its one algorithm, and the key.
type PublicKey = (Option<String>, Algorithm, DecodingKey);

impl PublicKeys {
    /// Reads a JSON Web Key Set of public keys; any key that is not accepted is a fault.
    ///
    /// # Errors
    ///
    /// A short word for what is wrong: never with a value of the set.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let listed = Self::listed(text)?;
        let keys = listed.iter().map(Self::read).collect::<Result<_, _>>()?;
        Ok(Self { keys })
    }

    /// Reads the key set of an issuer, which also has keys for other things: those are passed
    /// over, as long as one is left that can be used.
    ///
    /// # Errors
    ///
    /// As [`PublicKeys::parse`].
    pub(crate) fn parse_issuer(text: &str) -> Result<Self, &'static str> {
        let listed = Self::listed(text)?;
        let keys: Vec<_> = listed.iter().filter_map(|key| Self::read(key).ok()).collect();
        if keys.is_empty() { Err("no key that can be used") } else { Ok(Self { keys }) }
    }

    fn listed(text: &str) -> Result<Vec<serde_json::Value>, &'static str> {
        let value: serde_json::Value = serde_json::from_str(text).map_err(|_| "not JSON")?;
        let listed = value.get("keys").and_then(|keys| keys.as_array()).ok_or("no keys")?;
        if listed.is_empty() || listed.len() > MOST_KEYS {
            return Err("no keys, or too many");
        }
        Ok(listed.clone())
    }

    fn read(key: &serde_json::Value) -> Result<PublicKey, &'static str> {
        if ["d", "p", "q", "k"].iter().any(|part| key.get(part).is_some()) {
            return Err("a private or symmetric key");
        }
        if key.get("use").is_some_and(|purpose| purpose != "sig") {
            return Err("a key that is not for signatures");
        }
        let jwk: Jwk = serde_json::from_value(key.clone()).map_err(|_| "not a key")?;
        let algorithm = algorithm(&jwk).ok_or("a key of a kind that is not accepted")?;
        let key = DecodingKey::from_jwk(&jwk).map_err(|_| "a key that can't be read")?;
        Ok((jwk.common.key_id, algorithm, key))
    }

    /// The keys that may have signed a token with this id and algorithm.
    pub(crate) fn candidates(
        &self,
        kid: Option<&str>,
        algorithm: Algorithm,
    ) -> impl Iterator<Item = &DecodingKey> {
        self.keys
            .iter()
            .filter(move |(id, own, _)| {
                *own == algorithm && (kid.is_none() || id.is_none() || id.as_deref() == kid)
            })
            .map(|(_, _, key)| key)
    }
}

/// EdDSA, ES256, and RSA of 2048 bits and more; what a key says of itself, or else what its
/// kind is used for.
fn algorithm(jwk: &Jwk) -> Option<Algorithm> {
    use jsonwebtoken::jwk::KeyAlgorithm;
    let stated = jwk.common.key_algorithm;
    match &jwk.algorithm {
        AlgorithmParameters::OctetKeyPair(key)
            if key.curve == EllipticCurve::Ed25519 && length(&key.x) == Some(32) =>
        {
            matches!(stated, None | Some(KeyAlgorithm::EdDSA)).then_some(Algorithm::EdDSA)
        }
        AlgorithmParameters::EllipticCurve(key)
            if key.curve == EllipticCurve::P256
                && [&key.x, &key.y].into_iter().all(|part| length(part) == Some(32)) =>
        {
            matches!(stated, None | Some(KeyAlgorithm::ES256)).then_some(Algorithm::ES256)
        }
        AlgorithmParameters::RSA(key) if length(&key.n).is_some_and(|bytes| bytes >= 256) => {
            match stated {
                None | Some(KeyAlgorithm::RS256) => Some(Algorithm::RS256),
                Some(KeyAlgorithm::PS256) => Some(Algorithm::PS256),
                Some(_) => None,
            }
        }
        _ => None,
    }
}

/// How many bytes a part of a key has.
fn length(part: &str) -> Option<usize> {
    URL_SAFE_NO_PAD.decode(part).ok().map(|bytes| bytes.len())
}

/// The keys of every trusted issuer, by `iss`.
pub(crate) type Issuers = HashMap<String, Arc<PublicKeys>>;

/// Fetches or reads the keys of every issuer. One that can't be had keeps the keys that it
/// had before. This blocks, so it runs on a thread of its own.
pub(crate) fn refresh(trusted: &[TrustedIssuer], before: &Issuers) -> Issuers {
    let mut issuers = Issuers::new();
    for issuer in trusted {
        let text = match (&issuer.jwks_file, &issuer.jwks_url) {
            (Some(file), _) => std::fs::read_to_string(file).map_err(|error| error.to_string()),
            (None, Some(url)) => fetch(url),
            (None, None) => Err("no source of keys".to_owned()),
        };
        let keys = text.and_then(|text| PublicKeys::parse_issuer(&text).map_err(ToOwned::to_owned));
        match keys {
            Ok(keys) => {
                issuers.insert(issuer.issuer.clone(), Arc::new(keys));
            }
            Err(error) => {
                tracing::warn!(issuer = issuer.issuer, error, "an issuer's keys can't be had");
                if let Some(known) = before.get(&issuer.issuer) {
                    issuers.insert(issuer.issuer.clone(), Arc::clone(known));
                }
            }
        }
    }
    issuers
}

/// Fetches a key set by HTTPS, or by HTTP from this machine; no redirect is followed.
fn fetch(url: &str) -> Result<String, String> {
    let local = ["http://127.0.0.1", "http://localhost", "http://[::1]"];
    if !url.starts_with("https://") && !local.iter().any(|local| url.starts_with(local)) {
        return Err("jwks_url is https, or http on this machine".to_owned());
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = ureq::tls::TlsConfig::builder()
        .unversioned_rustls_crypto_provider(provider)
        .root_certs(ureq::tls::RootCerts::Specific(Arc::new(system_roots())))
        .build();
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .tls_config(tls)
        .max_redirects(0)
        .timeout_global(Some(Duration::from_secs(10)))
        .build()
        .into();
    let answer = agent.get(url).call().map_err(|error| error.to_string())?;
    if answer.status() != 200 {
        return Err(format!("status {}", answer.status().as_u16()));
    }
    let mut text = String::new();
    let mut body = answer.into_body().into_reader().take(LARGEST_SET);
    body.read_to_string(&mut text).map_err(|error| error.to_string())?;
    Ok(text)
}

fn system_roots() -> Vec<ureq::tls::Certificate<'static>> {
    let found = rustls_native_certs::load_native_certs().certs;
    found.iter().map(|cert| ureq::tls::Certificate::from_der(cert).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ED: &str = r#"{"kty":"OKP","crv":"Ed25519","kid":"a","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

    #[test]
    fn only_public_keys_of_accepted_kinds_are_read() {
        assert!(PublicKeys::parse(&format!(r#"{{"keys":[{ED}]}}"#)).is_ok());
        for refused in [
            "",
            "{}",
            r#"{"keys":[]}"#,
            r#"{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}"#,
            r#"{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"AA"}]}"#,
            r#"{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}"#,
            r#"{"keys":[{"kty":"OKP","crv":"Ed25519","alg":"HS256","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#,
        ] {
            assert!(PublicKeys::parse(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn a_key_is_a_candidate_for_its_own_algorithm_alone() {
        let keys = PublicKeys::parse(&format!(r#"{{"keys":[{ED}]}}"#)).unwrap();
        assert_eq!(keys.candidates(Some("a"), Algorithm::EdDSA).count(), 1);
        assert_eq!(keys.candidates(None, Algorithm::EdDSA).count(), 1);
        assert_eq!(keys.candidates(Some("b"), Algorithm::EdDSA).count(), 0);
        assert_eq!(keys.candidates(Some("a"), Algorithm::RS256).count(), 0);
    }

    #[test]
    fn what_an_issuer_has_for_other_things_is_passed_over() {
        let encryption = ED.replace("\"kid\":\"a\"", "\"kid\":\"b\",\"use\":\"enc\"");
        let other = r#"{"kty":"RSA","alg":"RSA-OAEP","use":"enc","n":"AQAB","e":"AQAB"}"#;
        let keys = PublicKeys::parse_issuer(&format!(r#"{{"keys":[{other},{encryption},{ED}]}}"#));
        let keys = keys.unwrap();
        assert_eq!(keys.candidates(Some("a"), Algorithm::EdDSA).count(), 1);
        assert_eq!(keys.candidates(Some("b"), Algorithm::EdDSA).count(), 0);
        assert!(PublicKeys::parse_issuer(&format!(r#"{{"keys":[{other}]}}"#)).is_err());
        assert!(PublicKeys::parse(&format!(r#"{{"keys":[{ED},{encryption}]}}"#)).is_err());
    }

    #[test]
    fn keys_are_fetched_securely_or_not_at_all() {
        assert!(fetch("http://example.jp/jwks").is_err());
        assert!(fetch("file:///etc/passwd").is_err());
    }
}
