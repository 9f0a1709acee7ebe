//! The page about a kind of problem.

use mamori_domain::text::Language;
use serde::Serialize;
use utoipa::ToSchema;

use super::Kind;
use super::catalogue::Words;

/// A kind of problem: why it happens and what to do about it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProblemPage {
    /// The type.
    #[serde(rename = "type")]
    #[schema(example = "/problems/not-found")]
    kind: String,
    /// The HTTP status that comes with it.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// The kind in a few words.
    title: String,
    /// Why it happens.
    cause: String,
    /// What to do about it.
    cure: String,
}

impl ProblemPage {
    pub(crate) fn of(kind: Kind, words: &Words) -> Self {
        Self {
            kind: format!("/problems/{}", kind.slug()),
            status: kind.status(),
            title: words.title.clone(),
            cause: words.cause.clone(),
            cure: words.cure.clone(),
        }
    }
}

/// Text as HTML, between tags.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The page for people. Its texts are ours; they are escaped all the same.
pub(crate) fn html(page: &ProblemPage, language: Language) -> String {
    let (cause, cure) = match language {
        Language::Ja => ("原因", "対処"),
        Language::En => ("Cause", "Cure"),
    };
    format!(
        "<!doctype html><html lang=\"{tag}\"><meta charset=\"utf-8\"><title>{title}</title>\
         <h1>{status} {title}</h1><p><code>{kind}</code></p>\
         <h2>{cause}</h2><p>{why}</p><h2>{cure}</h2><p>{what}</p></html>",
        tag = language.tag(),
        title = escape(&page.title),
        status = page.status,
        kind = escape(&page.kind),
        why = escape(&page.cause),
        what = escape(&page.cure),
    )
}
