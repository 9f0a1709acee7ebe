//! How content is read: TOML, and where it fails.

use serde::de::DeserializeOwned;

use crate::question_bank::Flaw;

/// Reads TOML, or says on which line it can't be read.
pub(crate) fn from_toml<T: DeserializeOwned>(text: &str) -> Result<T, Vec<Flaw>> {
    toml::from_str(text).map_err(|error| {
        let line = error
            .span()
            .map(|span| text.get(..span.start).unwrap_or_default().matches('\n').count() + 1);
        let place = line.map_or_else(|| "the file".to_owned(), |line| format!("line {line}"));
        vec![Flaw { place, what: error.message().to_owned() }]
    })
}

/// Lower-case ASCII words and digits, joined by `joint`, at most 40 characters.
pub(crate) fn is_code(text: &str, joint: char) -> bool {
    text.len() <= 40
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.ends_with(joint)
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == joint)
}
