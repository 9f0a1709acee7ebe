//! `/docs`: a console to read and try the API, vendored, so that it works offline.

use std::sync::{Arc, LazyLock};

use actix_web::http::header::LOCATION;
use actix_web::{HttpRequest, HttpResponse, guard, web};
use utoipa_swagger_ui::Config;

use crate::answer::Answer;
use crate::problem::Problem;

static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
    let config = Config::from("/openapi.json")
        .validator_url("none")
        .persist_authorization(false)
        .display_request_duration(true)
        .doc_expansion("none")
        .filter(true)
        // No bar for other documents: this console is for this service.
        .use_base_layout();
    Arc::new(config)
});

/// What the console may do: load its own files, and call this service.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                      img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'";

/// Registers the console; it is no operation of the API, so the document leaves it out.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config.service(web::resource("/docs").guard(guard::Get()).to(redirect));
    config.service(web::resource("/docs/{file:.*}").guard(guard::Get()).to(serve));
}

async fn redirect() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((LOCATION, "/docs/")).finish()
}

async fn serve(request: HttpRequest) -> Answer {
    let file = request.match_info().get("file").unwrap_or_default();
    let found = utoipa_swagger_ui::serve(file, Arc::clone(&CONFIG))
        .map_err(|error| Problem::internal(format!("the console: {error}")))?;
    let found = found.ok_or_else(Problem::not_found)?;
    let mut bytes = found.bytes.into_owned();
    if found.content_type.starts_with("text/html") {
        let page = String::from_utf8_lossy(&bytes);
        bytes = page.replace("<title>Swagger UI</title>", "<title>mamori API</title>").into_bytes();
    }
    Ok(HttpResponse::Ok()
        .content_type(found.content_type)
        .insert_header(("cache-control", "public, max-age=3600"))
        .insert_header(("content-security-policy", POLICY))
        .body(bytes))
}
