//! The words of every problem and every fault, in both languages.

use std::collections::BTreeMap;

use mamori_domain::text::Language;
use serde::Deserialize;

use super::{Code, Kind};

const JA: &str = include_str!("../../locales/ja.toml");
const EN: &str = include_str!("../../locales/en.toml");

/// The words of one kind of problem.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Words {
    /// The kind, in a few words; the same for every occurrence.
    pub(crate) title: String,
    /// This occurrence; may hold placeholders.
    pub(crate) detail: String,
    /// Why it happens, for the page about it.
    pub(crate) cause: String,
    /// What to do about it, for the page about it.
    pub(crate) cure: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Texts {
    problems: BTreeMap<String, Words>,
    faults: BTreeMap<String, String>,
}

/// All texts, by language.
#[derive(Debug)]
pub(crate) struct Catalogue {
    ja: Texts,
    en: Texts,
}

impl Catalogue {
    /// Reads the texts that are built in.
    ///
    /// # Errors
    ///
    /// What is missing or malformed.
    pub(crate) fn embedded() -> Result<Self, String> {
        let read = |name: &str, text: &str| -> Result<Texts, String> {
            let texts: Texts = toml::from_str(text).map_err(|error| format!("{name}: {error}"))?;
            for kind in Kind::ALL {
                if !texts.problems.contains_key(kind.slug()) {
                    return Err(format!("{name}: no text for {}", kind.slug()));
                }
            }
            for code in Code::ALL {
                if !texts.faults.contains_key(code.as_str()) {
                    return Err(format!("{name}: no text for {}", code.as_str()));
                }
            }
            Ok(texts)
        };
        Ok(Self { ja: read("ja.toml", JA)?, en: read("en.toml", EN)? })
    }

    fn texts(&self, language: Language) -> &Texts {
        match language {
            Language::Ja => &self.ja,
            Language::En => &self.en,
        }
    }

    /// The words of a kind. [`Catalogue::embedded`] has seen that they are there.
    pub(crate) fn words(&self, kind: Kind, language: Language) -> Option<&Words> {
        self.texts(language).problems.get(kind.slug())
    }

    /// The text of a fault, with its placeholders.
    pub(crate) fn fault(&self, code: Code, language: Language) -> &str {
        self.texts(language).faults.get(code.as_str()).map_or("", String::as_str)
    }
}

/// Puts parameters into the `{placeholders}` of a text.
pub(crate) fn fill(text: &str, parameters: &[(&'static str, String)]) -> String {
    let mut filled = text.to_owned();
    for (name, value) in parameters {
        filled = filled.replace(&format!("{{{name}}}"), value);
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_have_every_text_and_no_other() {
        let catalogue = Catalogue::embedded().unwrap();
        for texts in [&catalogue.ja, &catalogue.en] {
            assert_eq!(texts.problems.len(), Kind::ALL.len());
            assert_eq!(texts.faults.len(), Code::ALL.len());
        }
    }

    #[test]
    fn both_languages_have_the_same_placeholders() {
        let catalogue = Catalogue::embedded().unwrap();
        let placeholders = |text: &str| -> Vec<String> {
            let mut found: Vec<String> = text
                .split('{')
                .skip(1)
                .filter_map(|rest| rest.split_once('}').map(|(name, _)| name.to_owned()))
                .collect();
            found.sort();
            found
        };
        for (code, ja) in &catalogue.ja.faults {
            assert_eq!(placeholders(ja), placeholders(&catalogue.en.faults[code]), "{code}");
        }
        for (slug, ja) in &catalogue.ja.problems {
            let en = &catalogue.en.problems[slug];
            assert_eq!(placeholders(&ja.detail), placeholders(&en.detail), "{slug}");
        }
    }
}
