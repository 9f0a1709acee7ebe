//! Client secrets: 256 random bits with a prefix and a checksum, kept as a digest.
//!
//! A slow password hash would only serve whoever wants to tire the token endpoint out:
//! nobody guesses 256 bits.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};

use super::root_key::{hex, random};

/// What every secret begins with, for scanners of leaked secrets.
const PREFIX: &str = "mamori_secret_";

/// A new secret: `mamori_secret_`, 64 hexadecimal digits, and 8 of their checksum.
///
/// # Errors
///
/// When the system gives no randomness.
pub fn make() -> Result<String, String> {
    let bytes: [u8; 32] = random()?;
    let body = hex(&bytes);
    let checksum = checksum(&body);
    Ok(format!("{PREFIX}{body}{checksum}"))
}

/// What is kept of a secret.
#[must_use]
pub fn hash(secret: &str) -> Vec<u8> {
    digest(&SHA256, secret.as_bytes()).as_ref().to_vec()
}

/// Whether the secret is the one that was kept, in a time that does not depend on it.
pub(crate) fn matches(secret: &str, kept: Option<&[u8]>) -> bool {
    let given = hash(secret);
    let nothing = [0; 32];
    let same = verify_slices_are_equal(&given, kept.unwrap_or(&nothing)).is_ok();
    same && kept.is_some()
}

fn checksum(body: &str) -> String {
    hex(&hash(body)).chars().take(8).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_matches_its_own_digest_alone() {
        let secret = make().unwrap();
        assert_eq!(secret.len(), PREFIX.len() + 72);
        assert!(matches(&secret, Some(&hash(&secret))));
        assert!(!matches(&make().unwrap(), Some(&hash(&secret))));
        assert!(!matches(&secret, None));
        assert_ne!(make().unwrap(), make().unwrap());
    }
}
