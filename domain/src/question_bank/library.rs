//! The question banks that ship with mamori.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Edition, Flaw, QuestionBank, read};

/// Name of the file and its text, for each bank that ships.
const FILES: [(&str, &str); 9] = [
    file("self-check-3.0", include_str!("../../content/question-banks/self-check-3.0.toml")),
    file("self-check-3.1", include_str!("../../content/question-banks/self-check-3.1.toml")),
    file("self-check-4.0", include_str!("../../content/question-banks/self-check-4.0.toml")),
    file("articles-3.0", include_str!("../../content/question-banks/articles-3.0.toml")),
    file("articles-3.1", include_str!("../../content/question-banks/articles-3.1.toml")),
    file("articles-4.0", include_str!("../../content/question-banks/articles-4.0.toml")),
    file("controls-3.0", include_str!("../../content/question-banks/controls-3.0.toml")),
    file("controls-3.1", include_str!("../../content/question-banks/controls-3.1.toml")),
    file("controls-4.0", include_str!("../../content/question-banks/controls-4.0.toml")),
];

const fn file(name: &'static str, text: &'static str) -> (&'static str, &'static str) {
    (name, text)
}

/// The text of the bank that ships under this name and edition, for another to extend.
#[must_use]
pub fn text(bank: &str, edition: &str) -> Option<&'static str> {
    let name = format!("{bank}-{edition}");
    FILES.iter().find(|(file, _)| *file == name).map(|(_, text)| *text)
}

/// All banks of a service, by name and edition.
#[derive(Debug, Clone)]
pub struct Library {
    banks: BTreeMap<String, BTreeMap<Edition, Arc<QuestionBank>>>,
}

impl Library {
    /// Reads the banks that ship with mamori.
    ///
    /// # Errors
    ///
    /// The flaws of the first malformed file, each with the file's name in its place.
    pub fn embedded() -> Result<Self, Vec<Flaw>> {
        let mut banks: BTreeMap<String, BTreeMap<Edition, Arc<QuestionBank>>> = BTreeMap::new();
        for (name, content) in FILES {
            let bank = read(content, &text).map_err(|flaws| {
                flaws.into_iter().map(|flaw| flaw.within(name)).collect::<Vec<_>>()
            })?;
            banks
                .entry(bank.bank.clone())
                .or_default()
                .insert(bank.edition.clone(), Arc::new(bank));
        }
        Ok(Self { banks })
    }

    /// One edition of a bank.
    #[must_use]
    pub fn get(&self, bank: &str, edition: &str) -> Option<&Arc<QuestionBank>> {
        let edition = Edition::parse(edition)?;
        self.banks.get(bank)?.get(&edition)
    }

    /// Every edition of every bank, by name, the oldest edition first.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<QuestionBank>> {
        self.banks.values().flat_map(BTreeMap::values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_banks_that_ship_are_whole() {
        let library = Library::embedded().unwrap();
        let sizes: Vec<_> = library
            .iter()
            .map(|bank| (bank.bank.as_str(), bank.edition.as_str(), bank.questions.len()))
            .collect();
        assert_eq!(
            sizes,
            [
                ("articles", "3.0", 5),
                ("articles", "3.1", 5),
                ("articles", "4.0", 6),
                ("controls", "3.0", 55),
                ("controls", "3.1", 55),
                ("controls", "4.0", 55),
                ("self-check", "3.0", 25),
                ("self-check", "3.1", 25),
                ("self-check", "4.0", 25),
            ]
        );
    }

    #[test]
    fn the_self_check_has_the_parts_points_and_bands_of_the_facts() {
        let library = Library::embedded().unwrap();
        for edition in ["3.0", "3.1", "4.0"] {
            let bank = library.get("self-check", edition).unwrap();
            let in_part = |part| bank.questions.iter().filter(|q| q.part == part).count();
            assert_eq!([in_part(0), in_part(1), in_part(2)], [5, 13, 7]);
            let options: Vec<_> =
                bank.options.iter().map(|o| (o.code.as_str(), o.points, o.unknown)).collect();
            assert_eq!(
                options,
                [
                    ("implemented", Some(4), false),
                    ("partly_implemented", Some(2), false),
                    ("not_implemented", Some(0), false),
                    ("unknown", Some(-1), true),
                ]
            );
            for (total, code) in [
                (100, "entry_level_met"),
                (98, "partly_lacking"),
                (70, "partly_lacking"),
                (69, "many_gaps"),
                (50, "many_gaps"),
                (49, "urgent"),
                (-25, "urgent"),
            ] {
                assert_eq!(bank.band(total).unwrap().code, code, "{total}");
            }
            let not_used: Vec<_> =
                bank.questions.iter().filter(|q| q.not_used).map(|q| q.number).collect();
            assert_eq!(not_used, [9, 21, 23]);
            assert_eq!(bank.text_verified, edition != "4.0");
            assert_eq!(bank.cutoffs_verified, Some(edition != "4.0"));
        }
    }

    #[test]
    fn no_word_of_certification_is_in_any_bank() {
        for (name, text) in FILES {
            for word in ["認定", "合格", "判定", "ランク", "certified", "certification"] {
                assert!(!text.contains(word), "{name}: {word}");
            }
        }
    }
}
