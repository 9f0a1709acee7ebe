//! The console, `/docs/console/`: Swagger UI, to try calls.

use std::borrow::Cow;
use std::sync::Arc;

use actix_web::web::Bytes;
use mamori_domain::text::Language;
use utoipa_swagger_ui::Config;

use super::File;
use super::bar::{Place, bar};

/// What the page may do: run its own scripts, and call this service. React sets the style of
/// single elements, and the page brings a sheet within itself.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
                      img-src 'self' data:; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

fn config() -> Config<'static> {
    Config::from("/openapi.json")
        .validator_url("none")
        .persist_authorization(false)
        .display_request_duration(true)
        .doc_expansion("none")
        .filter(true)
        // No bar for other documents: this console is for this service.
        .use_base_layout()
}

/// The page, or what it loads; what else Swagger UI brings is not served.
pub(super) fn make(file: &str) -> Result<Option<File>, String> {
    let kind = match file {
        "" => "text/html; charset=utf-8",
        "index.css" | "swagger-ui.css" => "text/css; charset=utf-8",
        "swagger-ui-bundle.js" | "swagger-ui-standalone-preset.js" | "swagger-initializer.js" => {
            "text/javascript; charset=utf-8"
        }
        _ => return Ok(None),
    };
    let found = utoipa_swagger_ui::serve(file, Arc::new(config()));
    let found = found.map_err(|error| error.to_string())?.ok_or("a file of the console")?;
    if !file.is_empty() {
        let bytes = match found.bytes {
            Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            // The start, with our settings in it.
            Cow::Owned(bytes) => [bytes.as_slice(), DARK.as_bytes()].concat().into(),
        };
        return Ok(Some(File::plain(kind, bytes)));
    }
    let bar = bar(Language::En, Place::Console);
    let page = String::from_utf8_lossy(&found.bytes)
        .lines()
        .filter(|line| !line.contains("rel=\"icon\""))
        .collect::<Vec<_>>()
        .join("\n")
        .replace("<title>Swagger UI</title>", HEAD)
        .replace("<body>", &format!("<body>{bar}"));
    Ok(Some(File::page(page, Language::En, POLICY)))
}

/// What Swagger UI's own bar would do.
const DARK: &str = "\ndocument.documentElement.classList.toggle(\"dark-mode\", \
                    matchMedia(\"(prefers-color-scheme: dark)\").matches);\n";

const HEAD: &str = "<title>mamori API: console</title>\
    <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
    <link rel=\"icon\" href=\"/docs/icon.svg\"><link rel=\"stylesheet\" href=\"/docs/bar.css\">";
