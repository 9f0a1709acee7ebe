//! `/docs`: what people read, which needs nothing but this service.

use std::collections::BTreeSet;
use std::io::Read;

use flate2::read::GzDecoder;
use mamori_tests::{Desk, Response, both_engines};
use serde_json::json;

fn get(desk: &Desk, path: &str) -> Response {
    desk.raw("GET", path, &[], b"")
}

fn text(answer: &Response) -> String {
    String::from_utf8(answer.body.clone()).expect("text")
}

/// What stands in an attribute of a page, wherever it does.
fn values(page: &str, attribute: &str) -> BTreeSet<String> {
    let begin = format!(" {attribute}=\"");
    let parts = page.split(&begin).skip(1);
    parts.map(|part| part.split('"').next().expect("a value").to_owned()).collect()
}

/// Where a link on a page leads, as a browser has it; nothing for another host's.
fn resolve(page: &str, link: &str) -> Option<(String, String)> {
    if link.contains("://") {
        return None;
    }
    let (path, place) = link.split_once('#').unwrap_or((link, ""));
    let (mut folder, _) = page.rsplit_once('/').expect("a folder");
    let mut rest = path;
    if path.is_empty() {
        return Some((page.to_owned(), place.to_owned()));
    }
    if path.starts_with('/') {
        return Some((path.to_owned(), place.to_owned()));
    }
    loop {
        if let Some(up) = rest.strip_prefix("../") {
            (folder, rest) = (folder.rsplit_once('/').expect("a folder above").0, up);
        } else if let Some(here) = rest.strip_prefix("./") {
            rest = here;
        } else {
            return Some((format!("{folder}/{rest}"), place.to_owned()));
        }
    }
}

/// The addresses of the guide's pages, from its own list.
fn pages(desk: &Desk, language: &str) -> Vec<String> {
    let first = format!("/docs/guide/{language}/");
    let page = text(&get(desk, &first));
    let list = page.split("class=\"pages\"").nth(1).expect("the list of pages");
    values(list, "href").into_iter().filter(|link| link.starts_with(&first)).collect()
}

both_engines! {
    fn each_file_says_what_it_is(desk) {
        for (path, kind) in [
            ("/docs/", "text/html; charset=utf-8"), ("/docs/reference.js", "text/javascript; charset=utf-8"),
            ("/docs/scalar.js", "text/javascript; charset=utf-8"), ("/docs/bar.css", "text/css; charset=utf-8"),
            ("/docs/guide.css", "text/css; charset=utf-8"), ("/docs/icon.svg", "image/svg+xml"),
            ("/docs/console/", "text/html; charset=utf-8"), ("/docs/console/swagger-ui.css", "text/css; charset=utf-8"),
            ("/docs/console/swagger-initializer.js", "text/javascript; charset=utf-8"),
            ("/docs/guide/ja/", "text/html; charset=utf-8"), ("/docs/guide/en/", "text/html; charset=utf-8"),
        ] {
            let first = get(&desk, path);
            assert_eq!((first.status, first.header("content-type")), (200, Some(kind)), "{path}");
            assert!(first.header("cache-control").expect(path).starts_with("public, max-age="), "{path}");
            assert!(!first.body.is_empty(), "{path}");
            let tag = first.header("etag").expect(path);
            let again = desk.raw("GET", path, &[("if-none-match", tag)], b"");
            assert_eq!((again.status, again.body.len()), (304, 0), "{path}");
            // A browser takes the policy of a 304 for the page that it has.
            assert_eq!(again.header("content-security-policy"), first.header("content-security-policy"), "{path}");
            let head = desk.raw("HEAD", path, &[], b"");
            assert_eq!((head.status, head.body.len(), head.header("etag")), (200, 0, Some(tag)), "{path}");
        }
    }

    fn pages_load_from_this_service_alone(desk) {
        for path in ["/docs/", "/docs/console/", "/docs/guide/ja/", "/docs/guide/en/"] {
            let page = get(&desk, path);
            let policy = page.header("content-security-policy").expect("a policy");
            assert!(policy.starts_with("default-src 'none'; "), "{path}: {policy}");
            assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("eval"), "{path}: {policy}");
            let scripts = policy.split(';').find(|part| part.trim().starts_with("script-src"));
            let allowed = if path.contains("guide") { None } else { Some(" script-src 'self'") };
            assert_eq!(scripts, allowed, "{path}");
            let html = text(&page);
            let head = html.split("</header>").next().expect("a head, and the bar");
            for loaded in values(&html, "src").iter().chain(&values(head, "href")) {
                let (file, _) = resolve(path, loaded).unwrap_or_else(|| panic!("{path} leads to {loaded}"));
                let answer = get(&desk, &file);
                assert!(matches!(answer.status, 200 | 302), "{path} leads to {loaded}: {}", answer.status);
            }
        }
    }

    fn the_reference_is_small_on_its_way(desk) {
        let packed = desk.raw("GET", "/docs/scalar.js", &[("accept-encoding", "gzip, br")], b"");
        let plain = get(&desk, "/docs/scalar.js");
        assert_eq!((packed.header("content-encoding"), plain.header("content-encoding")), (Some("gzip"), None));
        assert!(packed.body.len() * 3 < plain.body.len());
        assert_ne!(packed.header("etag"), plain.header("etag"));
        let mut unpacked = Vec::new();
        GzDecoder::new(packed.body.as_slice()).read_to_end(&mut unpacked).expect("gzip");
        assert!(unpacked == plain.body, "the same script");
        for path in ["/docs/console/swagger-ui-bundle.js", "/docs/guide.css"] {
            let packed = desk.raw("GET", path, &[("accept-encoding", "br")], b"");
            assert_eq!(packed.header("content-encoding"), Some("br"), "{path}");
            assert!(packed.body.len() < get(&desk, path).body.len() / 2, "{path}");
        }
    }

    fn the_guide_is_found_in_the_reader_s_language(desk) {
        for (accept, leads) in [("ja", "/docs/guide/ja/"), ("en-GB,ja;q=0.5", "/docs/guide/en/"), ("fr", "/docs/guide/ja/")] {
            let answer = desk.raw("GET", "/docs/guide/", &[("accept-language", accept)], b"");
            assert_eq!((answer.status, answer.header("location")), (302, Some(leads)), "{accept}");
            assert!(answer.header("vary").expect("a header").contains("Accept-Language"));
        }
        for folder in ["/docs", "/docs/console", "/docs/guide", "/docs/guide/ja", "/docs/guide/en"] {
            let answer = get(&desk, folder);
            assert_eq!((answer.status, answer.header("location")), (308, Some(format!("{folder}/").as_str())));
        }
    }

    fn every_page_of_the_guide_is_there_in_both_languages(desk) {
        let there = |language: &str| {
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../guide");
            let files = std::fs::read_dir(format!("{folder}/{language}")).expect("the guide");
            let names = files.map(|file| file.expect("a file").file_name().into_string().expect("a name"));
            names.map(|name| name.strip_suffix(".md").expect("Markdown").replace("index", "")).collect::<BTreeSet<_>>()
        };
        let served = |language: &str| {
            let folder = format!("/docs/guide/{language}/");
            pages(&desk, language).iter().map(|page| page.replace(&folder, "")).collect::<BTreeSet<_>>()
        };
        assert_eq!(there("ja"), there("en"));
        assert_eq!((served("ja"), served("en")), (there("ja"), there("en")));
    }

    fn a_page_of_the_guide_has_no_script_and_no_dead_link(desk) {
        // All pages and links at once are more than the rate that an anonymous reader has.
        let desk = desk.second(|config| config.rate_anonymous = 100_000);
        let mut dead = Vec::new();
        for language in ["ja", "en"] {
            for path in pages(&desk, language) {
                let answer = get(&desk, &path);
                assert_eq!((answer.status, answer.header("content-language")), (200, Some(language)), "{path}");
                let page = text(&answer);
                assert!(page.contains(&format!("<html lang=\"{language}\">")) && page.contains("<main id=\"text\">"), "{path}");
                for forbidden in ["<script", "<style", " style=", " onclick=", "<!-- ", ".md\"", ".md#"] {
                    assert!(!page.contains(forbidden), "{path} has {forbidden}");
                }
                let other = if language == "ja" { "en" } else { "ja" };
                let twin = path.replace(&format!("/guide/{language}/"), &format!("/guide/{other}/"));
                assert!(values(&page, "href").contains(&twin), "{path} leads to {twin}");
                for link in values(&page, "href") {
                    let Some((to, place)) = resolve(&path, &link) else { continue };
                    let answer = get(&desk, &to);
                    let named = place.is_empty() || values(&text(&answer), "id").contains(&place);
                    if !matches!(answer.status, 200 | 302) || !named {
                        dead.push(format!("{path} leads to {link}: {}", answer.status));
                    }
                }
            }
        }
        assert!(dead.is_empty(), "{}", dead.join("\n"));
    }

    fn what_is_not_there_is_told_as_elsewhere(desk) {
        for path in ["/docs/nothing", "/docs/console/nothing.js", "/docs/console/a/b", "/docs/guide/ja/nothing",
            "/docs/guide/fr/", "/docs/guide/ja/index.md", "/docs/guide/..%2f..%2fCargo.toml"] {
            let answer = get(&desk, path);
            assert_eq!((answer.status, &answer.json()["type"]), (404, &json!("/problems/not-found")), "{path}");
        }
        for path in ["/docs", "/docs/", "/docs/scalar.js", "/docs/console/", "/docs/guide/", "/docs/guide/ja/"] {
            let posted = desk.raw("POST", path, &[], b"");
            assert_eq!((posted.status, posted.header("allow")), (405, Some("GET, HEAD, OPTIONS")), "{path}");
            let options = desk.raw("OPTIONS", path, &[], b"");
            assert_eq!((options.status, options.header("allow")), (204, Some("GET, HEAD, OPTIONS")), "{path}");
        }
    }
}
