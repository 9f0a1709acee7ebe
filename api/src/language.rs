//! Which language a client reads: `Accept-Language`, RFC 9110 section 12.5.4.

use actix_web::http::header::{ACCEPT_LANGUAGE, HeaderMap};
use mamori_domain::text::Language;

/// The language to answer in: the one that the client prefers of the two, else Japanese.
pub(crate) fn negotiate(headers: &HeaderMap) -> Language {
    let wanted = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    wanted.map_or(Language::Ja, preferred)
}

fn preferred(accept: &str) -> Language {
    let mut best = (0_u16, Language::Ja);
    // More than a few ranges are no person's wish.
    for range in accept.split(',').take(16) {
        let (tag, quality) = match range.split_once(';') {
            None => (range, 1000),
            Some((tag, parameter)) => (tag, quality(parameter)),
        };
        let primary = tag.trim().split('-').next().unwrap_or_default();
        let language = if primary.eq_ignore_ascii_case("en") {
            Language::En
        } else if primary.eq_ignore_ascii_case("ja") || primary == "*" {
            Language::Ja
        } else {
            continue;
        };
        if quality > best.0 {
            best = (quality, language);
        }
    }
    best.1
}

/// Thousandths; nothing for what is no quality value.
fn quality(parameter: &str) -> u16 {
    let Some(value) = parameter.trim().strip_prefix("q=") else { return 0 };
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    let digits = fraction.len() <= 3 && fraction.bytes().all(|b| b.is_ascii_digit());
    match (whole, digits) {
        ("1", true) => 1000,
        ("0", true) => format!("{fraction:0<3}").parse().unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_preferred_of_the_two_is_served() {
        for (accept, language) in [
            ("ja", Language::Ja),
            ("en", Language::En),
            ("en-GB,en;q=0.9", Language::En),
            ("fr, en;q=0.5", Language::En),
            ("ja;q=0.2, en;q=0.8", Language::En),
            ("en;q=0", Language::Ja),
            ("*", Language::Ja),
            ("de", Language::Ja),
            ("", Language::Ja),
            ("en;q=abc", Language::Ja),
            ("EN", Language::En),
        ] {
            assert_eq!(preferred(accept), language, "{accept}");
        }
    }
}
