//! The reference, `/docs/`: Scalar over the OpenAPI document.

use std::io::Read;
use std::sync::LazyLock;

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderValue, VARY,
};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use flate2::read::GzDecoder;
use mamori_domain::text::Language;

use super::File;
use super::bar::{Place, bar};
use crate::answer::Answer;
use crate::auth::root_key::hex;
use crate::document::takes;
use crate::problem::Problem;
use crate::read::condition::not_modified;

/// What the page may do: run its own scripts, and read from this service.
///
/// Scalar brings style sheets within its script: those by their hashes, and no other (the fourth is
/// of the empty sheet that it begins one with). The style of single elements can't be told
/// beforehand: it numbers the lines of code samples by it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    style-src-elem 'self' \
    'sha256-d7niGYA9R/xp7r1pyc/+3ntTepKCabnrqd2exao76s4=' \
    'sha256-DLlkYCuDYGe6ME23YkUFB7Tc36rGDeo4mVBFbZX3uaU=' \
    'sha256-rO+6k1mDRASa9Q8IQu9I3bF+bjRdxDreAZCyGSaxzeI=' \
    'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=' \
    'sha256-ZW1GSuo0pKyEx5Ar7ZC5Dflb/mjatjeTW9aVx0iZAzE='; \
    style-src-attr 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const PAGE: &str = include_str!("../../../docs/reference.html");
const BAR: &str = include_str!("../../../docs/bar.css");
const GUIDE: &str = include_str!("../../../docs/guide.css");

/// The page, or what it or the others load.
pub(super) fn make(file: &str) -> Result<Option<File>, String> {
    Ok(Some(match file {
        "" => {
            let bar = bar(Language::En, Place::Reference);
            File::page(PAGE.replace("{{bar}}", &bar), Language::En, POLICY)
        }
        "reference.js" => {
            let script = include_bytes!("../../../docs/reference.js");
            File::plain("text/javascript; charset=utf-8", Bytes::from_static(script))
        }
        "bar.css" => File::plain("text/css; charset=utf-8", BAR),
        "guide.css" => File::plain("text/css; charset=utf-8", [BAR, GUIDE].join("\n")),
        "icon.svg" => {
            let icon = include_bytes!("../../../docs/icon.svg");
            File::plain("image/svg+xml", Bytes::from_static(icon))
        }
        _ => return Ok(None),
    }))
}

/// Scalar itself, as it is stored: by gzip.
const SCALAR: &[u8] = include_bytes!("../../../vendor/scalar.js.gz");

static SCALAR_TAG: LazyLock<String> = LazyLock::new(|| {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, SCALAR);
    hex(digest.as_ref()).chars().take(16).collect()
});

/// Unpacked at most once, for the few clients that take nothing else.
static UNPACKED: LazyLock<Option<Bytes>> = LazyLock::new(|| {
    let mut plain = Vec::new();
    GzDecoder::new(SCALAR).read_to_end(&mut plain).ok()?;
    Some(plain.into())
});

/// Answers with Scalar.
pub(super) async fn scalar(request: HttpRequest) -> Answer {
    let packed = takes(request.headers(), "gzip");
    let etag = format!("\"{}.{}\"", *SCALAR_TAG, if packed { "gzip" } else { "id" });
    let unchanged = not_modified(&request, &etag);
    let mut answer = if unchanged { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    let fixed = HeaderValue::from_static;
    answer.insert_header((ETAG, etag));
    answer.insert_header((CACHE_CONTROL, fixed("public, max-age=3600, must-revalidate")));
    answer.insert_header((VARY, fixed("Accept-Encoding")));
    if unchanged {
        return Ok(answer.finish());
    }
    answer.insert_header((CONTENT_TYPE, fixed("text/javascript; charset=utf-8")));
    if packed {
        answer.insert_header((CONTENT_ENCODING, fixed("gzip")));
        return Ok(answer.body(Bytes::from_static(SCALAR)));
    }
    let plain = UNPACKED.clone().ok_or(Problem::internal("scalar.js can't be unpacked"))?;
    Ok(answer.body(plain))
}
