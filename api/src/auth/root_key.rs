//! The one root secret, from which everything else is derived.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};

const LENGTH: usize = 32;

/// 32 random bytes that never leave their file.
#[derive(Clone)]
pub struct RootKey([u8; LENGTH]);

struct Length;

impl KeyType for Length {
    fn len(&self) -> usize {
        LENGTH
    }
}

impl RootKey {
    /// Reads the key from its file, or makes it there if `may_make` and there is none.
    ///
    /// # Errors
    ///
    /// When the file can't be read or made, or holds no key.
    pub fn load(path: &Path, may_make: bool) -> Result<Self, String> {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(text.trim())
                .ok_or_else(|| format!("{} does not hold 64 hexadecimal digits", path.display())),
            Err(error) if error.kind() == ErrorKind::NotFound && may_make => Self::make(path),
            Err(error) => Err(format!("the root key {} can't be read: {error}", path.display())),
        }
    }

    fn make(path: &Path) -> Result<Self, String> {
        let bytes: [u8; LENGTH] = random()?;
        let told = |error: std::io::Error| {
            format!("the root key {} can't be written: {error}", path.display())
        };
        if let Some(folder) = path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(told)?;
        }
        // Whole or not at all, and never over another key.
        let draft = path.with_extension(format!("{}.new", std::process::id()));
        let mut file = OpenOptions::new();
        let mut file =
            file.write(true).create(true).truncate(true).mode(0o600).open(&draft).map_err(told)?;
        file.write_all(hex(&bytes).as_bytes()).map_err(told)?;
        file.sync_all().map_err(told)?;
        let linked = std::fs::hard_link(&draft, path);
        std::fs::remove_file(&draft).map_err(told)?;
        linked.map_err(told)?;
        Ok(Self(bytes))
    }

    fn parse(text: &str) -> Option<Self> {
        unhex(text)?.try_into().ok().map(Self)
    }

    /// A key for one purpose.
    ///
    /// # Errors
    ///
    /// When the library refuses, which it does not.
    pub(crate) fn derive(&self, purpose: &str) -> Result<[u8; LENGTH], String> {
        let mut key = [0; LENGTH];
        let salted = Salt::new(HKDF_SHA256, b"mamori").extract(&self.0);
        salted
            .expand(&[purpose.as_bytes()], Length)
            .and_then(|derived| derived.fill(&mut key))
            .map_err(|_| "a key could not be derived".to_owned())?;
        Ok(key)
    }

    /// Seals bytes so that only this root key opens them, and only under this name.
    pub(crate) fn seal(&self, name: &str, mut bytes: Vec<u8>) -> Result<Vec<u8>, String> {
        let nonce: [u8; NONCE_LEN] = random()?;
        self.sealing_key()?
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(name.as_bytes()),
                &mut bytes,
            )
            .map_err(|_| "a key could not be sealed".to_owned())?;
        Ok([nonce.to_vec(), bytes].concat())
    }

    /// Opens what [`RootKey::seal`] made.
    pub(crate) fn open(&self, name: &str, sealed: &[u8]) -> Result<Vec<u8>, String> {
        let refused = || "a signing key was sealed by another root key".to_owned();
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>().ok_or_else(refused)?;
        let mut bytes = sealed.to_vec();
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let key = self.sealing_key()?;
        let aad = Aad::from(name.as_bytes());
        let opened = key.open_in_place(nonce, aad, &mut bytes).map_err(|_| refused())?;
        Ok(opened.to_vec())
    }

    fn sealing_key(&self) -> Result<LessSafeKey, String> {
        let key = self.derive("signing keys")?;
        let key = UnboundKey::new(&AES_256_GCM, &key);
        key.map(LessSafeKey::new).map_err(|_| "a sealing key could not be made".to_owned())
    }
}

/// Random bytes from the system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], String> {
    let mut bytes = [0; N];
    SystemRandom::new().fill(&mut bytes).map_err(|_| "the system gave no randomness".to_owned())?;
    Ok(bytes)
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_under_its_own_name_and_key() {
        let key = RootKey([1; LENGTH]);
        let sealed = key.seal("a", b"private".to_vec()).unwrap();
        assert_eq!(key.open("a", &sealed).unwrap(), b"private");
        assert!(key.open("b", &sealed).is_err());
        assert!(RootKey([2; LENGTH]).open("a", &sealed).is_err());
        assert!(key.open("a", &sealed[1..]).is_err());
        assert!(key.open("a", &[]).is_err());
    }

    #[test]
    fn a_file_without_a_key_is_refused() {
        assert!(RootKey::parse(&"0".repeat(64)).is_some());
        for text in ["", "00", &"g".repeat(64), &"0".repeat(63), &"é".repeat(32)] {
            assert!(RootKey::parse(text).is_none(), "{text}");
        }
    }
}
