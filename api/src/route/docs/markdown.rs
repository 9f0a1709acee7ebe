//! Markdown as GitHub shows it, so that a page of the guide reads the same in both places.

use std::collections::BTreeMap;

use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

/// A page that was rendered.
pub(super) struct Page {
    /// Its first heading.
    pub(super) title: String,
    /// Its headings of the second level.
    pub(super) sections: Vec<Heading>,
    /// Its text.
    pub(super) html: String,
}

/// A heading.
pub(super) struct Heading {
    level: HeadingLevel,
    /// Its text.
    pub(super) text: String,
    /// Its name within the page.
    pub(super) id: String,
}

fn parse(text: &str) -> Parser<'_> {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_GFM;
    Parser::new_ext(text, options)
}

/// The first heading of a page.
pub(super) fn title(text: &str) -> String {
    headings(text).next().map(|heading| heading.text).unwrap_or_default()
}

/// Renders a page.
pub(super) fn render(text: &str) -> Page {
    let headings: Vec<_> = headings(text).collect();
    let mut ids = headings.iter().map(|heading| CowStr::from(heading.id.clone()));
    let events = parse(text).filter_map(|event| match event {
        Event::Start(Tag::Heading { level, classes, attrs, .. }) => {
            Some(Event::Start(Tag::Heading { level, id: ids.next(), classes, attrs }))
        }
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            let dest_url = address(&dest_url).into();
            Some(Event::Start(Tag::Link { link_type, dest_url, title, id }))
        }
        // Comments are for those who write; of the rest only names for links are used.
        Event::Html(raw) | Event::InlineHtml(raw) => {
            is_name(&raw).then_some(Event::InlineHtml(raw))
        }
        other => Some(other),
    });
    let mut html = String::new();
    html::push_html(&mut html, events);
    // Wide tables are scrolled, not the page. No text holds these tags: there they are escaped.
    let html = html
        .replace("<table>", "<div class=\"wide\" tabindex=\"0\"><table>")
        .replace("</table>", "</table></div>");
    let mut headings = headings.into_iter();
    let title = headings.next().map(|heading| heading.text).unwrap_or_default();
    let sections = headings.filter(|heading| heading.level == HeadingLevel::H2).collect();
    Page { title, sections, html }
}

fn headings(text: &str) -> impl Iterator<Item = Heading> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut open = None;
    parse(text).filter_map(move |event| {
        match event {
            Event::Start(Tag::Heading { level, .. }) => open = Some((level, String::new())),
            Event::Text(part) | Event::Code(part) => {
                if let Some((_, text)) = &mut open {
                    text.push_str(&part);
                }
            }
            Event::End(TagEnd::Heading(_)) => {
                let (level, text) = open.take()?;
                let id = name(&text);
                let before = seen.entry(id.clone()).or_default();
                let id = if *before == 0 { id } else { format!("{id}-{before}") };
                *before += 1;
                return Some(Heading { level, text, id });
            }
            _ => {}
        }
        None
    })
}

/// What GitHub names a heading: its letters and digits in small letters, hyphens for blanks.
fn name(text: &str) -> String {
    let kept = |c: char| match c {
        ' ' => Some('-'),
        '-' | '_' => Some(c),
        _ => c.is_alphanumeric().then_some(c),
    };
    text.to_lowercase().chars().filter_map(kept).collect()
}

/// Whether this is `<a id="…">` or its end.
fn is_name(raw: &str) -> bool {
    let id = raw.strip_prefix("<a id=\"").and_then(|rest| rest.strip_suffix("\">"));
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    raw == "</a>" || id.is_some_and(|id| id.chars().all(plain))
}

/// Where a link leads on the served page: to another page of the guide without `.md`.
fn address(link: &str) -> String {
    if link.contains("://") || link.starts_with('/') {
        return link.to_owned();
    }
    let (file, place) = link.split_at(link.find('#').unwrap_or(link.len()));
    let page = file.strip_suffix(".md").unwrap_or(file);
    let page = match page.strip_suffix("index") {
        Some("") => "./",
        Some(folder) if folder.ends_with('/') => folder,
        _ => page,
    };
    format!("{page}{place}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_are_named_as_github_names_them() {
        let page = render(
            "# 10分で始める\n\n## 企業・団体（organization）と登録元\n\n## `If-Match` and ETag_s!\n\n\
             ## Retry\n\n### Retry\n\n## 「エラー」の一覧、原因\n",
        );
        assert_eq!(page.title, "10分で始める");
        let ids: Vec<_> = page.sections.iter().map(|section| section.id.as_str()).collect();
        let named =
            ["企業団体organizationと登録元", "if-match-and-etag_s", "retry", "エラーの一覧原因"];
        assert_eq!(ids, named);
        for id in ["10分で始める", "retry-1"].iter().chain(&named) {
            assert!(page.html.contains(&format!("id=\"{id}\"")), "{id}: {}", page.html);
        }
    }

    #[test]
    fn links_lead_to_pages() {
        for (link, leads) in [
            ("errors.md", "errors"),
            ("errors.md#retry", "errors#retry"),
            ("index.md", "./"),
            ("index.md#a", "./#a"),
            ("../ja/index.md", "../ja/"),
            ("../en/limits.md", "../en/limits"),
            ("#here", "#here"),
            ("/docs/", "/docs/"),
            ("/problems/not-found", "/problems/not-found"),
            ("https://example.jp/README.md", "https://example.jp/README.md"),
        ] {
            assert_eq!(address(link), leads);
        }
    }

    #[test]
    fn no_html_but_names_gets_through() {
        let page = render(
            "# A\n\n<!-- run -->\n```sh\necho '<b>'\n```\n<!-- prints:\nmuch -->\n\n<a id=\"here\"></a>\n## B\n\n\
             C <script>alert(1)</script> <!-- d --> <a id=\"x\" onclick=\"y\">e</a>\n\n<script>\nf\n</script>\n",
        );
        assert!(page.html.contains("<a id=\"here\"></a>"), "{}", page.html);
        assert!(page.html.contains("echo '&lt;b&gt;'"), "{}", page.html);
        for dropped in ["script", "run", "prints", "much", "onclick", "<!--"] {
            assert!(!page.html.contains(dropped), "{dropped}: {}", page.html);
        }
    }

    #[test]
    fn a_wide_table_scrolls_by_itself() {
        let page = render("# A\n\n| a | b |\n|---|---|\n| `c` | d |\n");
        assert!(page.html.contains("<div class=\"wide\" tabindex=\"0\"><table><thead>"));
        assert!(page.html.contains("</table></div>"));
    }
}
