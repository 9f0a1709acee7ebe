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
