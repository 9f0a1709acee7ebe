//! Answers: bodies with their validators, and replies that can be kept and sent again.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use mamori_domain::text::Language;
use mamori_store::Reply;
use serde::Serialize;

use crate::problem::{Kind, Problem};
use crate::read::condition::not_modified;

/// What a handler gives.
pub(crate) type Answer = Result<HttpResponse, Problem>;

/// The answer to a change, ready to be kept with its Idempotency-Key.
pub(crate) fn reply(status: StatusCode, body: &impl Serialize) -> Result<Reply, Problem> {
    Ok(Reply {
        status: status.as_u16(),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: serde_json::to_vec(body).map_err(|_| Problem::new(Kind::Internal))?,
        secret: false,
    })
}

/// The answer to a change that leaves nothing to show.
pub(crate) fn nothing() -> Reply {
    let status = StatusCode::NO_CONTENT.as_u16();
    Reply { status, headers: Vec::new(), body: Vec::new(), secret: false }
}

/// The same reply with a header.
pub(crate) fn with(mut reply: Reply, name: &str, value: impl Into<String>) -> Reply {
    reply.headers.push((name.to_owned(), value.into()));
    reply
}

/// The same reply, whose body holds a secret: it is sent once and never kept.
pub(crate) fn secret(reply: Reply) -> Reply {
    Reply { secret: true, ..reply }
}

/// Sends a reply.
pub(crate) fn send(reply: Reply) -> HttpResponse {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::OK);
    let mut answer = HttpResponse::build(status);
    for (name, value) in reply.headers {
        answer.insert_header((name, value));
    }
    if reply.secret {
        answer.insert_header(("cache-control", "no-store"));
    }
    answer.body(reply.body)
}

/// Shows a resource; 304 where the caller has it already.
pub(crate) fn show(
    request: &HttpRequest,
    etag: &str,
    language: Option<Language>,
    body: &impl Serialize,
) -> HttpResponse {
    let unchanged = not_modified(request, etag);
    let mut answer = if unchanged { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer.insert_header(("etag", etag));
    if let Some(language) = language {
        answer.insert_header(("vary", "Accept-Language"));
        answer.insert_header(("content-language", language.tag()));
    }
    if unchanged { answer.finish() } else { answer.json(body) }
}

/// Tells what is computed anew for each who asks, in the caller's language.
pub(crate) fn tell(language: Language, body: &impl Serialize) -> HttpResponse {
    let mut answer = HttpResponse::Ok();
    answer.insert_header(("vary", "Accept-Language"));
    answer.insert_header(("content-language", language.tag()));
    answer.json(body)
}

/// Shows a page of a list, with the link to the next.
pub(crate) fn page(
    request: &HttpRequest,
    cursor: Option<&str>,
    language: Option<Language>,
    body: &impl Serialize,
) -> HttpResponse {
    let mut answer = HttpResponse::Ok();
    if let Some(cursor) = cursor {
        let kept = request.query_string().split('&');
        let kept = kept.filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="));
        let query: String = kept.map(|pair| format!("{pair}&")).collect();
        let next = format!("<{}?{query}cursor={cursor}>; rel=\"next\"", request.path());
        answer.insert_header(("link", next));
    }
    if let Some(language) = language {
        answer.insert_header(("vary", "Accept-Language"));
        answer.insert_header(("content-language", language.tag()));
    }
    answer.json(body)
}
