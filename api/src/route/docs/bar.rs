//! The bar over every page: where else to read.

use mamori_domain::text::Language;

/// Where a page is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Place<'a> {
    /// The reference.
    Reference,
    /// The console.
    Console,
    /// The guide, and the page of it; its first one has no name.
    Guide(&'a str),
}

/// The name of the service in the bar.
const NAME: &str = "<strong>mamori</strong>";

/// A page with the mark of a sandbox in its bar.
pub(super) fn marked(page: &str, language: Language) -> String {
    let mark = match language {
        Language::Ja => "SANDBOX: 見本データ",
        Language::En => "SANDBOX: made data",
    };
    page.replacen(NAME, &format!("{NAME}<strong class=\"sandbox\">{mark}</strong>"), 1)
}

/// The bar in the language of the page. From a page of the guide one gets to the same page in the
/// other language.
pub(super) fn bar(language: Language, here: Place<'_>) -> String {
    let [documentation, reference, console, guide, disclaimer] = match language {
        Language::Ja => [
            "ドキュメント",
            "リファレンス",
            "コンソール",
            "ガイド",
            "mamoriはIPAのものではありません",
        ],
        Language::En => ["Documentation", "Reference", "Console", "Guide", "mamori is not IPA's"],
    };
    let mark = |there: bool| if there { " aria-current=\"page\"" } else { "" };
    let page = if let Place::Guide(page) = here { page } else { "" };
    let read = |there: Language, name: &str| {
        let marked = mark(matches!(here, Place::Guide(_)) && there == language);
        let tag = there.tag();
        format!(
            "<a href=\"/docs/guide/{tag}/{page}\" lang=\"{tag}\" hreflang=\"{tag}\"{marked}>{name}</a>"
        )
    };
    format!(
        "<header class=\"bar\">{NAME}\
         <nav aria-label=\"{documentation}\"><a href=\"/docs/\"{}>{reference}</a>\
         <a href=\"/docs/console/\"{}>{console}</a>\
         <span>{guide} {} {}</span><a href=\"/openapi.json\">openapi.json</a></nav>\
         <small>{disclaimer}</small></header>",
        mark(here == Place::Reference),
        mark(here == Place::Console),
        read(Language::Ja, "日本語"),
        read(Language::En, "English"),
    )
}
