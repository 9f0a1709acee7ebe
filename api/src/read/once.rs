//! The Idempotency-Key, and what makes a retry the same request.

use actix_web::HttpRequest;
use actix_web::http::header::IF_MATCH;
use aws_lc_rs::digest::{Context, SHA256};

use crate::problem::{Code, Fault, Kind, Problem};

/// The name of the header.
pub(crate) const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// An Idempotency-Key: 1 to 255 visible ASCII characters, with or without the quotes of a
/// structured field.
pub(crate) struct Key(pub(crate) String);

impl Key {
    /// The key of a request, if it has one.
    pub(crate) fn of(request: &HttpRequest) -> Result<Option<Self>, Problem> {
        let Some(value) = request.headers().get(IDEMPOTENCY_KEY) else { return Ok(None) };
        let text = value.to_str().unwrap_or_default().trim();
        let quoted = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
        let key = quoted.filter(|key| !key.is_empty()).unwrap_or(text);
        let visible = key.bytes().all(|b| b.is_ascii_graphic());
        if (1..=255).contains(&key.len()) && visible {
            return Ok(Some(Self(key.to_owned())));
        }
        let expected = "submit-1 (ASCII, 1–255)";
        let fault = Fault::header(IDEMPOTENCY_KEY, Code::Format).with("expected", expected);
        Err(Problem::fault(Kind::MalformedRequest, fault))
    }
}

/// A digest of the body and the condition that came with it.
pub(crate) fn fingerprint(request: &HttpRequest, body: &[u8]) -> Vec<u8> {
    let mut digest = Context::new(&SHA256);
    for value in request.headers().get_all(IF_MATCH) {
        digest.update(value.as_bytes());
    }
    digest.update(b"\n");
    digest.update(request.query_string().as_bytes());
    digest.update(b"\n");
    digest.update(body);
    digest.finish().as_ref().to_vec()
}
