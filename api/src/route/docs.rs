//! `/docs`: what people read. A reference, a console to try calls, and a guide; all of it is in the
//! binary, so that it works offline.
//!
//! None of it is an operation of the API, so the document leaves it out.

mod bar;
mod console;
mod guide;
mod markdown;
mod reference;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use actix_web::http::header::{CONTENT_SECURITY_POLICY, HeaderValue, LOCATION};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, guard, web};
use mamori_domain::text::Language;

use crate::answer::Answer;
use crate::document::Document;
use crate::problem::Problem;
use crate::service::Service;

/// The addresses, for the table of routes.
pub(crate) const PATHS: [&str; 11] = [
    "/docs",
    "/docs/",
    "/docs/{file}",
    "/docs/console",
    "/docs/console/",
    "/docs/console/{file}",
    "/docs/guide",
    "/docs/guide/",
    "/docs/guide/{language}",
    "/docs/guide/{language}/",
    "/docs/guide/{language}/{page}",
];

/// Registers all of it.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    let get = |path: &str| web::resource(path.to_owned()).guard(guard::Get());
    for folder in ["/docs", "/docs/console", "/docs/guide", "/docs/guide/ja", "/docs/guide/en"] {
        config.service(get(folder).to(into_folder));
    }
    config.service(get("/docs/guide/").to(guide::choose));
    config.service(get("/docs/scalar.js").to(reference::scalar));
    config.service(get("/docs/{file:.*}").to(serve));
}

async fn into_folder(request: HttpRequest) -> HttpResponse {
    let folder = format!("{}/", request.path());
    HttpResponse::PermanentRedirect().insert_header((LOCATION, folder)).finish()
}

/// A file, with what it may do where it is a page.
struct File {
    kind: &'static str,
    bytes: Bytes,
    /// Of a page.
    language: Option<Language>,
    policy: &'static str,
}

/// What every file that is no page may do.
const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'";

impl File {
    /// A file that is no page.
    fn plain(kind: &'static str, bytes: impl Into<Bytes>) -> Self {
        Self { kind, bytes: bytes.into(), language: None, policy: NOTHING }
    }

    /// A page.
    fn page(html: String, language: Language, policy: &'static str) -> Self {
        let kind = "text/html; charset=utf-8";
        Self { kind, bytes: html.into(), language: Some(language), policy }
    }
}

/// The file of a path under `/docs/`, if there is one.
fn make(path: &str) -> Result<Option<File>, String> {
    match path.split_once('/') {
        Some(("console", file)) => console::make(file),
        Some(("guide", page)) => guide::make(page),
        Some(_) => Ok(None),
        None => reference::make(path),
    }
}

/// A file as it is served.
struct Made {
    document: Document,
    policy: &'static str,
}

impl Made {
    /// Where it is a page of a sandbox, its bar says so.
    fn of(file: File, in_sandbox: bool) -> Result<Self, String> {
        let File { kind, bytes, language, policy } = file;
        let document = match language {
            Some(language) if in_sandbox => {
                let page = bar::marked(&String::from_utf8_lossy(&bytes), language);
                Document::file(kind, page, Some(language))
            }
            language => Document::file(kind, bytes, language),
        };
        Ok(Self { document: document?, policy })
    }
}

/// The files that somebody asked for, of a sandbox and of any other service. Nothing is made at the
/// start, and each only once.
static MADE: [Files; 2] = [const { RwLock::new(BTreeMap::new()) }; 2];

type Files = RwLock<BTreeMap<String, Arc<Made>>>;

async fn serve(request: HttpRequest) -> Answer {
    let path = request.match_info().get("file").unwrap_or_default();
    let in_sandbox = Service::of(&request).sandbox().is_some();
    let [elsewhere, sandbox] = &MADE;
    let files = if in_sandbox { sandbox } else { elsewhere };
    let made = files.read().unwrap_or_else(PoisonError::into_inner).get(path).cloned();
    let file = match made {
        Some(file) => file,
        None => {
            let told = |error: String| Problem::internal(format!("/docs: {error}"));
            let file = make(path).map_err(told)?.ok_or_else(Problem::not_found)?;
            let file = Arc::new(Made::of(file, in_sandbox).map_err(told)?);
            let mut files = files.write().unwrap_or_else(PoisonError::into_inner);
            files.insert(path.to_owned(), Arc::clone(&file));
            file
        }
    };
    let mut answer = file.document.serve(&request);
    // Also with 304: a browser takes over the headers of that.
    let policy = HeaderValue::from_static(file.policy);
    answer.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    Ok(answer)
}
