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

/// Text as HTML, between tags and in an attribute.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Text as HTML, with what stands between backticks as code.
fn marked(text: &str) -> String {
    let parts = text.split('`').enumerate().map(|(index, part)| match index % 2 {
        0 => escape(part),
        _ => format!("<code>{}</code>", escape(part)),
    });
    parts.collect()
}

/// The page for people. Its texts are ours; they are escaped all the same.
pub(crate) fn html(page: &ProblemPage, language: Language) -> String {
    let (cause, cure, more) = match language {
        Language::Ja => ("原因", "対処", "エラーの読み方"),
        Language::En => ("Cause", "Cure", "How to read errors"),
    };
    format!(
        "<!doctype html><html lang=\"{tag}\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title>\
         <h1>{status} {title}</h1><p><code>{kind}</code></p>\
         <h2>{cause}</h2><p>{why}</p><h2>{cure}</h2><p>{what}</p>\
         <p><a href=\"/docs/guide/{tag}/errors\">{more}</a></p></html>",
        tag = language.tag(),
        title = escape(&page.title),
        status = page.status,
        kind = escape(&page.kind),
        why = marked(&page.cause),
        what = marked(&page.cure),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_marked_and_all_is_escaped() {
        assert_eq!(marked("see `a<b` & c"), "see <code>a&lt;b</code> &amp; c");
        assert_eq!(marked("plain"), "plain");
    }

    #[test]
    fn every_text_closes_what_it_marks() {
        let catalogue = crate::problem::Catalogue::embedded().unwrap();
        for kind in Kind::ALL {
            for language in [Language::Ja, Language::En] {
                let words = catalogue.words(*kind, language).unwrap();
                for text in [&words.cause, &words.cure] {
                    assert_eq!(text.matches('`').count() % 2, 0, "{}: {text}", kind.slug());
                }
            }
        }
    }
}
