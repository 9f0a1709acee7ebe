//! The rim: what happens to every request before its handler and to every answer after it.
//!
//! One middleware, because each layer more costs each request: trace id, limits, rates,
//! the caller, CORS, the time limit; then the words of a problem, headers, metrics, log.

pub(crate) mod cors;
pub(crate) mod metrics;
pub(crate) mod rates;
pub(crate) mod trace;

use std::rc::Rc;
use std::time::Instant;

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue,
    ORIGIN,
};
use actix_web::http::{ConnectionType, Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::rt::time::timeout;
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse};
use mamori_domain::text::Language;
use tokio::sync::RwLockReadGuard;

use crate::language::negotiate;
use crate::problem::wire::ProblemBody;
use crate::problem::{Kind, MEDIA_TYPE, Problem};
use crate::read::body::{content_too_large, within};
use crate::route::fallback::route;
use crate::sandbox;
use crate::service::Service;
use trace::Trace;

/// What is known of a request before anything of it is believed.
pub(crate) struct About {
    /// The language to answer in.
    pub(crate) language: Language,
    trace: Trace,
}

impl About {
    /// What the rim found out about a request.
    pub(crate) fn of(request: &HttpRequest) -> Result<Rc<Self>, Problem> {
        request.extensions().get::<Rc<Self>>().cloned().ok_or(Problem::new(Kind::Internal))
    }

    /// The trace id: 32 hexadecimal digits.
    pub(crate) fn trace_id(&self) -> &str {
        self.trace.id()
    }
}

/// The middleware around all routes.
pub(crate) async fn rim<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, Error> {
    let began = Instant::now();
    let service = Service::of(request.request());
    let about = Rc::new(About {
        language: negotiate(request.headers()),
        trace: Trace::of(request.headers()),
    });
    request.extensions_mut().insert(Rc::clone(&about));
    // HEAD is GET without its body, which the HTTP layer leaves out by itself.
    let method = request.method().clone();
    if method == Method::HEAD {
        request.head_mut().method = Method::GET;
    }

    let called = request.headers().contains_key(ORIGIN);
    let reader = cors::Reader::of(request.headers(), false);
    let mut entry = Entry { standing: rates::Standing::default(), reader };
    let limit = service.limits(request.path()).time;
    let calm = calm(&service, &mut request, began).await;
    let admitted = match &calm {
        Ok(_) => admit(&service, &request, &mut entry).await,
        Err(problem) => Err(problem.clone()),
    };
    let limit = limit.saturating_sub(began.elapsed());
    let (mut response, problem) = match admitted {
        Err(problem) => (refuse(request, &problem), Some(problem)),
        Ok(Some(preflight)) => (request.into_response(preflight).map_into_right_body(), None),
        // No clone of the request may be held while it is routed.
        Ok(None) => match timeout(limit, next.call(request)).await {
            Ok(response) => {
                let mut response = response?.map_into_left_body();
                let problem = response.response_mut().extensions_mut().remove::<Problem>();
                let problem = problem.or_else(|| foreign(&response));
                (response, problem)
            }
            Err(_) => {
                // The request went with the handler, so the answer is made without it.
                let late = late();
                let mut response = worded(&service, &about, &late);
                dress(&service, &about, entry, called, response.headers_mut());
                tell(&service, &about, &method, "timed-out", &response, Some(&late), began);
                return Err(InternalError::from_response("timed out", response).into());
            }
        },
    };
    if let Some(problem) = &problem {
        // What was not read of a body of unknown length is not waited for.
        let close = response.request().headers().contains_key("transfer-encoding");
        let (request, _) = response.into_parts();
        let mut answer = worded(&service, &about, problem);
        if close {
            answer.head_mut().set_connection_type(ConnectionType::Close);
        }
        response = ServiceResponse::new(request, answer).map_into_right_body();
    }
    dress(&service, &about, entry, called, response.headers_mut());
    let route = route(response.request().path()).unwrap_or("unmatched");
    tell(&service, &about, &method, route, response.response(), problem.as_ref(), began);
    Ok(response)
}

/// Waits while a sandbox is put back or its clock is set; neither happens until what this gives is
/// dropped.
///
/// The body is read before: who does not send the rest of one keeps nobody else waiting.
async fn calm<'s>(
    service: &'s Service,
    request: &mut ServiceRequest,
    began: Instant,
) -> Result<Option<RwLockReadGuard<'s, ()>>, Problem> {
    let Some(sandbox) = service.sandbox() else { return Ok(None) };
    // The path as the router reads it, without escapes: both must mean the same operation.
    if sandbox::stands_apart(request.match_info().as_str()) {
        return Ok(None);
    }
    let limits = service.limits(request.path());
    let body = within(limits, &mut request.take_payload()).await?;
    request.set_payload(body.into());
    let left = limits.time.saturating_sub(began.elapsed());
    timeout(left, sandbox.enter()).await.map(Some).map_err(|_| late())
}

fn late() -> Problem {
    let late = Problem::new(Kind::Unavailable).header("retry-after", 1);
    Problem { cause: Some("the request took too long".into()), ..late }
}

/// How a request was let in.
struct Entry {
    standing: rates::Standing,
    reader: cors::Reader,
}

/// Limits, rates, caller and origin, in this order. Gives the answer to a preflight.
async fn admit(
    service: &Service,
    request: &ServiceRequest,
    entry: &mut Entry,
) -> Result<Option<HttpResponse>, Problem> {
    let headers = request.headers();
    let limit = service.limits(request.path()).body;
    let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    if length.and_then(|length| length.parse::<usize>().ok()).is_some_and(|length| length > limit) {
        return Err(content_too_large(limit));
    }
    if let Some(preflight) = cors::preflight(service, request.request()) {
        entry.reader = cors::Reader::Nobody;
        return Ok(Some(preflight));
    }
    let token = headers.get(AUTHORIZATION).filter(|_| request.path() != "/oauth/token");
    let Some(header) = token else {
        // Whoever watches the service must not be told that it is too busy to say how it is.
        if !matches!(request.path(), "/healthz" | "/readyz" | "/metrics") {
            service.rates().anonymous(rates::address(service, request), &mut entry.standing)?;
        }
        return Ok(None);
    };
    let caller = match bearer(header) {
        None => Err(Problem::new(Kind::TokenInvalid)),
        Some(token) => match service.remembered(token) {
            Ok(caller) => Ok(caller),
            Err(unseen) => {
                service.rates().not_blocked(rates::address(service, request))?;
                service.authenticate(token, unseen).await
            }
        },
    };
    match caller {
        Ok(caller) => {
            service.rates().client(&caller.client, &mut entry.standing)?;
            entry.reader = cors::Reader::Nobody;
            cors::admits(&caller.client, headers, service.public_url())?;
            entry.reader = cors::Reader::of(headers, true);
            request.extensions_mut().insert(caller);
            Ok(None)
        }
        Err(problem) => {
            service.rates().anonymous(rates::address(service, request), &mut entry.standing)?;
            Err(problem)
        }
    }
}

fn bearer(header: &HeaderValue) -> Option<&str> {
    let (scheme, token) = header.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
}

fn refuse<B>(
    request: ServiceRequest,
    problem: &Problem,
) -> ServiceResponse<EitherBody<B, BoxBody>> {
    let response = actix_web::ResponseError::error_response(problem);
    request.into_response(response).map_into_right_body()
}

/// Gives every answer its headers.
fn dress(service: &Service, about: &About, entry: Entry, called: bool, headers: &mut HeaderMap) {
    for (name, value) in PROTECTIVE {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if service.public_url().starts_with("https://") {
        let value = HeaderValue::from_static("max-age=31536000; includeSubDomains");
        headers.insert(HeaderName::from_static("strict-transport-security"), value);
    }
    if !headers.contains_key("content-security-policy") {
        let value = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
        headers.insert(HeaderName::from_static("content-security-policy"), value);
    }
    if !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    }
    put(headers, "x-request-id", about.trace.id());
    if service.sandbox().is_some() {
        put(headers, sandbox::MARK, "true");
    }
    entry.standing.tell(headers);
    entry.reader.dress(called, headers);
}

const PROTECTIVE: [(&str, &str); 3] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("x-frame-options", "DENY"),
];

/// The problem of an answer that did not come from us: the framework's own refusals.
fn foreign<B>(response: &ServiceResponse<B>) -> Option<Problem> {
    let status = response.status();
    // The token endpoint speaks OAuth's own JSON.
    let json = response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    if status.as_u16() < 400 || json {
        return None;
    }
    Some(Problem::new(match status {
        StatusCode::NOT_FOUND => Kind::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => Kind::MethodNotAllowed,
        StatusCode::REQUEST_TIMEOUT => Kind::RequestTimeout,
        StatusCode::PAYLOAD_TOO_LARGE => Kind::ContentTooLarge,
        status if status.is_client_error() => Kind::MalformedRequest,
        _ => Kind::Internal,
    }))
}

/// A problem in words, as an answer.
fn worded(service: &Service, about: &About, problem: &Problem) -> HttpResponse {
    let body = ProblemBody::render(problem, service.catalogue(), about.language, about.trace.id());
    let bytes = serde_json::to_vec(&body).unwrap_or_default();
    let mut answer = HttpResponse::build(problem.status());
    answer.insert_header((CONTENT_TYPE, MEDIA_TYPE));
    answer.insert_header(("content-language", about.language.tag()));
    answer.insert_header(("vary", "Accept-Language"));
    answer.insert_header((CACHE_CONTROL, "no-store"));
    match problem.kind {
        Kind::TokenMissing => {
            let url = service.public_url();
            let challenge = format!(
                "Bearer realm=\"mamori\", \
                 resource_metadata=\"{url}/.well-known/oauth-protected-resource\""
            );
            answer.insert_header(("www-authenticate", challenge));
        }
        Kind::TokenInvalid => {
            let challenge = "Bearer realm=\"mamori\", error=\"invalid_token\"";
            answer.insert_header(("www-authenticate", challenge));
        }
        _ => {}
    }
    for (name, value) in &problem.headers {
        answer.insert_header((*name, value.as_str()));
    }
    answer.body(bytes)
}

/// Puts a header whose value is of our own making.
fn put(headers: &mut HeaderMap, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(HeaderName::from_static(name), value);
    }
}

/// Counts and logs a request, by its route template: URIs and queries can hold values.
///
/// What went well and changed nothing is only logged at debug level: it is most of the
/// load, and the metrics have it.
fn tell<B>(
    service: &Service,
    about: &About,
    method: &Method,
    route: &str,
    response: &HttpResponse<B>,
    problem: Option<&Problem>,
    began: Instant,
) {
    let method = metrics::known(method);
    let status = response.status().as_u16();
    let elapsed = began.elapsed();
    service.metrics().request(method, route, status, elapsed);

    let trace = about.trace.id();
    let micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
    let quiet = status < 400 && (method == "GET" || route.ends_with("/score"));
    let cause = problem.and_then(|problem| problem.cause.as_deref());
    match (status, cause) {
        (500.., Some(cause)) => {
            tracing::error!(
                http.method = method,
                http.route = route,
                http.status = status,
                duration_us = micros,
                trace_id = trace,
                "{method} {route} {status}: {cause}"
            );
        }
        (500.., None) => {
            tracing::error!(
                http.method = method,
                http.route = route,
                http.status = status,
                duration_us = micros,
                trace_id = trace,
                "{method} {route} {status}"
            );
        }
        _ if quiet => {
            tracing::debug!(
                http.method = method,
                http.route = route,
                http.status = status,
                duration_us = micros,
                trace_id = trace,
                "{method} {route} {status}"
            );
        }
        _ => {
            tracing::info!(
                http.method = method,
                http.route = route,
                http.status = status,
                duration_us = micros,
                trace_id = trace,
                "{method} {route} {status}"
            );
        }
    }
}
