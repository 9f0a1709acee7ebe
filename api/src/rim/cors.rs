//! Which web pages may call: the origins that a client lists (Fetch, CORS protocol).
//!
//! A preflight carries no token, so it is answered for any origin that an enabled client
//! lists; the call itself is refused where its own client does not list the origin. Pages of
//! this very service, such as the console, may always call.

use actix_web::http::Method;
use actix_web::http::header::{HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN};
use actix_web::{HttpRequest, HttpResponse};

use crate::auth::directory::Known;
use crate::problem::{Kind, Problem};
use crate::service::Service;

const METHODS: &str = "GET, HEAD, POST, PUT, PATCH, DELETE";
const ALLOWED: &str = "Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key, \
                       Accept-Language, Mamori-Actor, traceparent";
const EXPOSED: &str = "ETag, Location, Link, Retry-After, RateLimit, RateLimit-Policy, \
                       Deprecation, Sunset, Mamori-Sandbox";

/// The answer to a preflight; nothing for any other request.
pub(crate) fn preflight(service: &Service, request: &HttpRequest) -> Option<HttpResponse> {
    let headers = request.headers();
    let origin = headers.get(ORIGIN)?;
    let is_preflight = request.method() == Method::OPTIONS
        && headers.contains_key("access-control-request-method");
    if !is_preflight {
        return None;
    }
    let mut answer = HttpResponse::NoContent();
    answer.insert_header(("vary", "Origin, Access-Control-Request-Method"));
    if origin.to_str().is_ok_and(|origin| service.directory().lists_origin(origin)) {
        answer.insert_header(("access-control-allow-origin", origin.clone()));
        answer.insert_header(("access-control-allow-methods", METHODS));
        answer.insert_header(("access-control-allow-headers", ALLOWED));
        answer.insert_header(("access-control-max-age", "600"));
    }
    Some(answer.finish())
}

/// Refuses a call from a page whose origin its client does not list.
pub(crate) fn admits(client: &Known, headers: &HeaderMap, public_url: &str) -> Result<(), Problem> {
    let Some(origin) = headers.get(ORIGIN) else { return Ok(()) };
    let origin = origin.to_str().unwrap_or_default();
    let listed = client.origins.iter().any(|own| own == origin);
    if listed || is_own(origin, headers, public_url) {
        Ok(())
    } else {
        Err(Problem::new(Kind::OriginNotAllowed))
    }
}

/// Whether a page of this service calls. Browsers send an origin there too, with all that is
/// not GET or HEAD, and no page can choose the `Host` that goes with it.
fn is_own(origin: &str, headers: &HeaderMap, public_url: &str) -> bool {
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let public = public_url
        .strip_prefix(origin)
        .is_some_and(|rest| !origin.is_empty() && (rest.is_empty() || rest.starts_with('/')));
    public || authority.is_some_and(|authority| Some(authority) == host)
}

/// Who may read an answer across origins.
#[derive(Clone)]
pub(crate) enum Reader {
    /// Nobody: the call was refused for its origin.
    Nobody,
    /// Whoever may call without a token.
    Anybody,
    /// The page that called with a token of its client.
    Page(HeaderValue),
}

impl Reader {
    /// The reader of the answer to a call that was let in with a token, or without one.
    pub(crate) fn of(headers: &HeaderMap, with_token: bool) -> Self {
        match headers.get(ORIGIN) {
            Some(origin) if with_token => Self::Page(origin.clone()),
            _ => Self::Anybody,
        }
    }

    /// Writes the headers that let the reader read.
    pub(crate) fn dress(self, called: bool, headers: &mut HeaderMap) {
        if headers.contains_key("access-control-allow-methods") {
            return;
        }
        let name = HeaderName::from_static;
        // What is public is kept by caches, and must serve a page that asks for it later.
        let public = headers
            .get("cache-control")
            .is_some_and(|value| value.as_bytes().starts_with(b"public"));
        let origin = match self {
            Self::Nobody => return,
            Self::Page(origin) if !public => {
                headers.append(name("vary"), HeaderValue::from_static("Origin"));
                origin
            }
            _ if called || public => HeaderValue::from_static("*"),
            _ => return,
        };
        headers.insert(name("access-control-allow-origin"), origin);
        headers.insert(name("access-control-expose-headers"), HeaderValue::from_static(EXPOSED));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_this_service_are_known() {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_static("127.0.0.1:8080"));
        let own = |origin| is_own(origin, &headers, "https://mamori.example.jp/api");
        assert!(own("http://127.0.0.1:8080") && own("https://mamori.example.jp"));
        for other in ["", "null", "https://mamori.example", "http://127.0.0.1", "127.0.0.1:8080"] {
            assert!(!own(other), "{other}");
        }
    }
}
