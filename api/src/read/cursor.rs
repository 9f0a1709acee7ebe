//! Cursors of lists: opaque and signed, so that nobody builds on what is in them.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::problem::{Code, Fault, Kind, Problem};

/// The bytes of the signature that a cursor carries.
const SIGNATURE: usize = 16;

/// Signs cursors and reads them back.
pub(crate) struct Cursors {
    key: hmac::Key,
}

impl Cursors {
    pub(crate) fn new(key: &[u8]) -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, key) }
    }

    /// A cursor for `list`, which names the list and its filters, behind `position`.
    pub(crate) fn seal(&self, list: &str, position: &str) -> String {
        let mut bytes = self.sign(list, position);
        bytes.extend_from_slice(position.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The cursor behind the last item of a page, if there are more.
    pub(crate) fn next(
        &self,
        list: &str,
        more: bool,
        last: Option<impl ToString>,
    ) -> Option<String> {
        last.filter(|_| more).map(|last| self.seal(list, &last.to_string()))
    }

    /// The position in a cursor that was sealed for this very list.
    pub(crate) fn open(&self, list: &str, cursor: &str) -> Result<String, Problem> {
        let refused =
            || Problem::fault(Kind::InvalidCursor, Fault::parameter("cursor", Code::Cursor));
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| refused())?;
        let (signature, position) = bytes.split_at_checked(SIGNATURE).ok_or_else(refused)?;
        let position = std::str::from_utf8(position).map_err(|_| refused())?;
        let expected = self.sign(list, position);
        aws_lc_rs::constant_time::verify_slices_are_equal(signature, &expected)
            .map_err(|_| refused())?;
        Ok(position.to_owned())
    }

    fn sign(&self, list: &str, position: &str) -> Vec<u8> {
        let tag = hmac::sign(&self.key, format!("{list}\n{position}").as_bytes());
        tag.as_ref().iter().copied().take(SIGNATURE).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_opens_for_its_own_list_alone() {
        let cursors = Cursors::new(&[7; 32]);
        let cursor = cursors.seal("organizations", "0192");
        assert_eq!(cursors.open("organizations", &cursor).unwrap(), "0192");
        assert!(cursors.open("units", &cursor).is_err());
        assert!(Cursors::new(&[8; 32]).open("organizations", &cursor).is_err());
        for index in 0..cursor.len() {
            let mut bytes = cursor.clone().into_bytes();
            bytes[index] = if bytes[index] == b'A' { b'B' } else { b'A' };
            let tampered = String::from_utf8(bytes).unwrap();
            let opened = cursors.open("organizations", &tampered);
            assert!(opened.is_err() || opened.unwrap() == "0192", "{tampered}");
        }
        assert!(cursors.open("organizations", "").is_err());
        assert!(cursors.open("organizations", "ü").is_err());
    }
}
