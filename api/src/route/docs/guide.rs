//! The guide, `/docs/guide/`: the Markdown of `guide/`, as pages that need no script.

use actix_web::http::header::{HeaderValue, LOCATION, VARY};
use actix_web::{HttpRequest, HttpResponse};
use mamori_domain::text::Language;

use super::File;
use super::bar::{Place, bar};
use super::markdown::{self, Page};
use crate::answer::Answer;
use crate::problem::page::escape;
use crate::rim::About;

const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// A page of the guide, in both languages.
struct Source {
    /// The last part of its address; the first page has none.
    name: &'static str,
    ja: &'static str,
    en: &'static str,
}

macro_rules! pages {
    ($($file:literal),* $(,)?) => {
        [$(Source {
            name: if matches!($file.as_bytes(), b"index") { "" } else { $file },
            ja: include_str!(concat!("../../../../guide/ja/", $file, ".md")),
            en: include_str!(concat!("../../../../guide/en/", $file, ".md")),
        }),*]
    };
}

/// All pages, in the order in which they are read.
static PAGES: &[Source] = &pages![
    "index",
    "start",
    "concepts",
    "authentication",
    "errors",
    "pagination",
    "idempotency",
    "editions",
    "limits",
    "versioning",
    "excel",
    "security-action",
    "sandbox",
    "assistants",
    "deployment",
    "backup"
];

impl Source {
    fn text(&self, language: Language) -> &'static str {
        match language {
            Language::Ja => self.ja,
            Language::En => self.en,
        }
    }

    /// A link to the page.
    fn link(&self, language: Language, attributes: &str) -> String {
        let title = escape(&markdown::title(self.text(language)));
        format!("<a href=\"/docs/guide/{}/{}\"{attributes}>{title}</a>", language.tag(), self.name)
    }
}

/// Leads to the guide in the language that the reader prefers.
pub(super) async fn choose(request: HttpRequest) -> Answer {
    let language = About::of(&request)?.language;
    Ok(HttpResponse::Found()
        .insert_header((LOCATION, format!("/docs/guide/{}/", language.tag())))
        .insert_header((VARY, HeaderValue::from_static("Accept-Language")))
        .finish())
}

/// The page of a path such as `ja/errors`.
pub(super) fn make(path: &str) -> Result<Option<File>, String> {
    let language = match path.split_once('/') {
        Some(("ja", _)) => Language::Ja,
        Some(("en", _)) => Language::En,
        _ => return Ok(None),
    };
    let name = path.split_at(3).1;
    let Some(place) = PAGES.iter().position(|page| page.name == name) else { return Ok(None) };
    let Some(source) = PAGES.get(place) else { return Ok(None) };
    let before = place.checked_sub(1).and_then(|place| PAGES.get(place));
    let after = PAGES.get(place + 1);
    let html = frame(source, language, before, after);
    Ok(Some(File::page(html, language, POLICY)))
}

/// The whole page: the bar, the text, and the ways on. The text comes before the list of pages,
/// which stands at its side where there is room and under it where there is none.
fn frame(
    source: &Source,
    language: Language,
    before: Option<&Source>,
    after: Option<&Source>,
) -> String {
    let (skip, pages, turn) = match language {
        Language::Ja => ("本文へ移動", "ガイドの目次", "前後のページ"),
        Language::En => ("Skip to the text", "Pages of the guide", "Previous and next page"),
    };
    let page = markdown::render(source.text(language));
    let other = match language {
        Language::Ja => Language::En,
        Language::En => Language::Ja,
    };
    let step = |page: Option<&Source>, relation: &str| {
        page.map(|page| page.link(language, &format!(" rel=\"{relation}\""))).unwrap_or_default()
    };
    format!(
        "<!doctype html>\n<html lang=\"{tag}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{title} - mamori</title>\n\
         <link rel=\"icon\" href=\"/docs/icon.svg\">\n\
         <link rel=\"stylesheet\" href=\"/docs/guide.css\">\n\
         <link rel=\"alternate\" hreflang=\"{other}\" href=\"/docs/guide/{other}/{name}\">\n\
         </head>\n<body>\n<a class=\"skip\" href=\"#text\">{skip}</a>\n{bar}\n\
         <div class=\"guide\">\n<main id=\"text\">\n{html}\
         <nav class=\"turn\" aria-label=\"{turn}\">{previous}{next}</nav>\n</main>\n\
         <nav class=\"pages\" aria-label=\"{pages}\">\n<h2>{pages}</h2>\n<ol>\n{list}</ol>\n</nav>\n\
         </div>\n</body>\n</html>\n",
        tag = language.tag(),
        title = escape(&page.title),
        other = other.tag(),
        name = source.name,
        bar = bar(language, Place::Guide(source.name)),
        html = page.html,
        previous = step(before, "prev"),
        next = step(after, "next"),
        list = list(source, &page, language),
    )
}

/// All pages, and under the one that is read its sections.
fn list(read: &Source, page: &Page, language: Language) -> String {
    let mut list = String::new();
    for source in PAGES {
        if source.name != read.name {
            list.push_str(&format!("<li>{}</li>\n", source.link(language, "")));
            continue;
        }
        let here = source.link(language, " aria-current=\"page\"");
        let sections = page.sections.iter().map(|section| {
            format!("<li><a href=\"#{}\">{}</a></li>\n", section.id, escape(&section.text))
        });
        let sections: String = sections.collect();
        list.push_str(&format!("<li>{here}\n<ul>\n{sections}</ul>\n</li>\n"));
    }
    list
}
