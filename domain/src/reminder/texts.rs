//! The words of reminders, in `content/reminders.toml`.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Kind;
use crate::content::from_toml;
use crate::question_bank::{Confidence, Flaw};
use crate::readiness::{by_code, not_blank};
use crate::text::Text;

/// A reminder in words.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReminderText {
    /// Its heading.
    pub title: Text,
    /// What is known, and nothing more.
    pub text: Text,
    /// What to do about it.
    pub action: Text,
    /// How sure all of this is.
    pub confidence: Confidence,
}

/// Every word of the reminders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReminderTexts {
    /// Goes up with every change of wording.
    pub text_revision: u32,
    /// Whose words these are, and whose they are not.
    pub notice: Text,
    reminders: BTreeMap<Kind, ReminderText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    text_revision: u32,
    notice: Text,
    reminders: BTreeMap<String, ReminderText>,
}

impl ReminderTexts {
    /// The words that ship with mamori.
    ///
    /// # Errors
    ///
    /// Every flaw of the file.
    pub fn embedded() -> Result<Self, Vec<Flaw>> {
        Self::read(include_str!("../../content/reminders.toml"))
    }

    /// Reads the words from TOML.
    ///
    /// # Errors
    ///
    /// Every [`Flaw`] of the file, or the first where it can't be read at all.
    pub fn read(text: &str) -> Result<Self, Vec<Flaw>> {
        let raw: Raw = from_toml(text)?;
        let mut flaws = Vec::new();
        not_blank("notice", &[&raw.notice], &mut flaws);
        let reminders = by_code(
            "reminders",
            Kind::ALL.map(|kind| (kind, kind.code())),
            raw.reminders,
            |row| vec![&row.title, &row.text, &row.action],
            &mut flaws,
        );
        let texts = Self { text_revision: raw.text_revision, notice: raw.notice, reminders };
        if flaws.is_empty() { Ok(texts) } else { Err(flaws) }
    }

    /// The words of a kind; content that was read has them all.
    #[must_use]
    pub fn kind(&self, kind: Kind) -> Option<&ReminderText> {
        self.reminders.get(&kind)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{LAPSING_BEFORE_DAYS, STALE_AFTER_DAYS};
    use super::*;
    use crate::readiness::FORBIDDEN;

    const TEXT: &str = include_str!("../../content/reminders.toml");

    #[test]
    fn the_words_that_ship_are_whole_and_promise_nothing() {
        let texts = ReminderTexts::embedded().unwrap();
        assert!(Kind::ALL.into_iter().all(|kind| texts.kind(kind).is_some()));
        let lower = TEXT.to_lowercase();
        for word in FORBIDDEN {
            assert!(!lower.contains(word), "{word}");
        }
    }

    #[test]
    fn the_words_name_the_days_that_the_rules_count() {
        let texts = ReminderTexts::embedded().unwrap();
        for (kind, days) in [
            (Kind::ConfirmationStale, STALE_AFTER_DAYS),
            (Kind::AccountLapsing, LAPSING_BEFORE_DAYS),
        ] {
            let text = &texts.kind(kind).unwrap().text;
            assert!(text.ja.contains(&format!("{days}日")));
            assert!(text.en.contains(&format!("{days} days")));
        }
    }

    #[test]
    fn a_kind_without_words_is_refused() {
        let without = TEXT.replacen("[reminders.stars_unknown]", "[reminders.stars]", 1);
        let places: Vec<_> =
            ReminderTexts::read(&without).unwrap_err().into_iter().map(|flaw| flaw.place).collect();
        assert_eq!(places, ["reminders.stars_unknown", "reminders.stars"]);
        let flaws = ReminderTexts::read("text_revision = 1\ncolour = 2\n").unwrap_err();
        assert_eq!(flaws[0].place, "line 2");
    }
}
