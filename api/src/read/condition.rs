//! ETags and the conditions on them: RFC 9110, section 13.

use actix_web::HttpRequest;
use actix_web::http::header::{IF_MATCH, IF_NONE_MATCH};

use crate::problem::{Code, Fault, Kind, Problem};

/// The ETag of a resource: its revision, and which of its representations this is.
pub(crate) fn etag(revision: i64, variant: &str) -> String {
    format!("\"{revision}.{variant}\"")
}

/// What a caller says the resource is, before it changes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum IfMatch {
    /// `*`: whatever it is.
    Any,
    /// One of these revisions.
    Revisions(Vec<i64>),
}

impl IfMatch {
    /// The header, if it was sent. A tag that we never made is kept out: it can't match.
    ///
    /// # Errors
    ///
    /// 400 where the header is not a list of entity tags.
    pub(crate) fn of(request: &HttpRequest) -> Result<Option<Self>, Problem> {
        let mut revisions = Vec::new();
        let mut sent = false;
        for value in request.headers().get_all(IF_MATCH) {
            sent = true;
            let value = value.to_str().unwrap_or_default();
            if value.trim() == "*" {
                return Ok(Some(Self::Any));
            }
            for tag in value.split(',').map(str::trim) {
                if !is_entity_tag(tag) {
                    let fault =
                        Fault::header("If-Match", Code::Format).with("expected", "\"3.ja\"");
                    return Err(Problem::fault(Kind::MalformedRequest, fault));
                }
                revisions.extend(revision(tag));
            }
        }
        Ok(sent.then_some(Self::Revisions(revisions)))
    }

    /// Whether the resource may be changed: 412 where it is another than the caller says.
    pub(crate) fn admits(&self, current: i64) -> Result<(), Problem> {
        match self {
            Self::Any => Ok(()),
            Self::Revisions(revisions) if revisions.contains(&current) => Ok(()),
            Self::Revisions(_) => Err(Problem::new(Kind::PreconditionFailed)),
        }
    }

    /// The only revision that is meant, if there is only one.
    pub(crate) fn single(&self) -> Option<i64> {
        match self {
            Self::Revisions(revisions) => match revisions.as_slice() {
                [revision] => Some(*revision),
                _ => None,
            },
            Self::Any => None,
        }
    }
}

/// 428 where the condition is missing.
pub(crate) fn required(condition: Option<&IfMatch>) -> Result<&IfMatch, Problem> {
    condition.ok_or(Problem::new(Kind::PreconditionRequired))
}

/// Whether this is an entity tag of RFC 9110, section 8.8.3, in ASCII and without a comma.
fn is_entity_tag(tag: &str) -> bool {
    let opaque = tag.strip_prefix("W/").unwrap_or(tag);
    let inner = opaque.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    inner.is_some_and(|inner| inner.bytes().all(|b| b.is_ascii_graphic() && b != b'"'))
}

/// The revision in one of our strong tags. A weak tag never matches.
fn revision(tag: &str) -> Option<i64> {
    let inner = tag.trim().strip_prefix('"')?.strip_suffix('"')?;
    let (revision, _) = inner.split_once('.')?;
    revision.parse().ok().filter(|revision| *revision > 0)
}

/// Whether the caller already has this representation.
pub(crate) fn not_modified(request: &HttpRequest, etag: &str) -> bool {
    request.headers().get_all(IF_NONE_MATCH).any(|value| {
        let value = value.to_str().unwrap_or_default();
        let same = |tag: &str| tag.trim().trim_start_matches("W/") == etag;
        value.trim() == "*" || value.split(',').take(64).any(same)
    })
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn condition(value: &str) -> Option<IfMatch> {
        of(value).unwrap()
    }

    fn of(value: &str) -> Result<Option<IfMatch>, Problem> {
        IfMatch::of(&TestRequest::default().insert_header((IF_MATCH, value)).to_http_request())
    }

    #[test]
    fn conditions_are_read_by_revision() {
        let revisions = |list: &[i64]| Some(IfMatch::Revisions(list.to_vec()));
        assert_eq!(condition("\"3.ja\""), revisions(&[3]));
        assert_eq!(condition("\"3.ja\", \"4.en\""), revisions(&[3, 4]));
        assert_eq!(condition("*"), Some(IfMatch::Any));
        for never in ["W/\"3.ja\"", "\"three\"", "\"-1.ja\"", "\"\""] {
            assert_eq!(condition(never), revisions(&[]), "{never}");
        }
        for malformed in ["3.ja", "", "\"3.ja", "\"3.ja\", x", "\"3 ja\""] {
            assert!(of(malformed).is_err(), "{malformed}");
        }
        let none = IfMatch::of(&TestRequest::default().to_http_request());
        assert!(none.unwrap().is_none());
    }

    #[test]
    fn what_the_caller_has_is_not_sent_again() {
        let has = |value: &str| {
            let request = TestRequest::default().insert_header((IF_NONE_MATCH, value));
            not_modified(&request.to_http_request(), "\"3.ja\"")
        };
        assert!(has("\"3.ja\"") && has("W/\"3.ja\"") && has("\"1.ja\", \"3.ja\"") && has("*"));
        assert!(!has("\"3.en\"") && !has("3.ja"));
    }
}
