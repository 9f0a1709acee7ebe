//! The trace id: the caller's, from `traceparent` (W3C Trace Context), or a new one.

use actix_web::http::header::HeaderMap;

/// 32 lower-case hexadecimal digits.
pub(crate) struct Trace([u8; 32]);

impl Trace {
    /// The trace of a request.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let sent = headers.get("traceparent").and_then(|value| continued(value.as_bytes()));
        sent.unwrap_or_else(Self::new)
    }

    fn new() -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut rest = fastrand::u128(1..);
        let mut digits = [b'0'; 32];
        for digit in digits.iter_mut().rev() {
            let index = usize::try_from(rest & 0xf).unwrap_or(0);
            *digit = DIGITS.get(index).copied().unwrap_or(b'0');
            rest >>= 4;
        }
        Self(digits)
    }

    /// The digits.
    pub(crate) fn id(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// The trace id of `version-trace-parent-flags`; nothing where it is malformed or all zero.
fn continued(header: &[u8]) -> Option<Trace> {
    let hex = |bytes: &[u8]| bytes.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let mut fields = header.splitn(5, |byte| *byte == b'-');
    let (version, trace) = (fields.next()?, fields.next()?);
    let (parent, flags) = (fields.next()?, fields.next()?);
    let formed = version.len() == 2 && parent.len() == 16 && flags.len() == 2;
    let known = version != b"ff" && [version, trace, parent, flags].into_iter().all(hex);
    let digits: [u8; 32] = trace.try_into().ok()?;
    (formed && known && digits != [b'0'; 32]).then_some(Trace(digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_good_trace_goes_on_and_a_bad_one_begins_anew() {
        let id = "4bf92f3577b34da6a3ce929d0e0e4736";
        let good = format!("00-{id}-00f067aa0ba902b7-01");
        assert_eq!(continued(good.as_bytes()).unwrap().id(), id);
        for bad in [
            String::new(),
            id.to_owned(),
            format!("ff-{id}-00f067aa0ba902b7-01"),
            format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32)),
            good.to_uppercase(),
            format!("00-{id}-00f067aa0ba902b7"),
        ] {
            assert!(continued(bad.as_bytes()).is_none(), "{bad}");
        }
        assert_ne!(Trace::new().id(), Trace::new().id());
    }
}
