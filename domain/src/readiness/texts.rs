//! The words of readiness, in `content/readiness.toml`; and how content that is keyed by codes is
//! read.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{NoticeCode, Requirement, StepCode};
use crate::content::from_toml;
use crate::question_bank::{Confidence, Flaw};
use crate::text::Text;

/// An enum whose variants have codes, which content and callers name them by.
macro_rules! coded {
    (
        $(#[$meta:meta])*
        pub enum $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $code:literal,)+ }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[derive(serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$variant_meta])* #[serde(rename = $code)] $variant,)+ }

        impl $name {
            /// Every one.
            pub const ALL: [Self; [$($code),+].len()] = [$(Self::$variant),+];

            /// Its code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)+ }
            }
        }
    };
}
pub(crate) use coded;

/// A requirement in words.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequirementText {
    /// What must be there.
    pub title: Text,
    /// What that means.
    pub explanation: Text,
    /// How sure it is that it is required so.
    pub confidence: Confidence,
}

/// A next step in words.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StepText {
    /// Its name.
    pub title: Text,
    /// What to do.
    pub action: Text,
    /// Where.
    pub place: Text,
    /// The page that says more.
    pub url: Option<String>,
    /// With which account, where one is needed.
    pub account: Option<Text>,
    /// How sure all of this is.
    pub confidence: Confidence,
}

/// A notice in words.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoticeText {
    /// What is good to know.
    pub text: Text,
    /// How sure that is.
    pub confidence: Confidence,
}

/// Every word of readiness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadinessTexts {
    /// Goes up with every change of wording.
    pub text_revision: u32,
    /// Whose words these are, and whose they are not.
    pub notice: Text,
    requirements: BTreeMap<Requirement, RequirementText>,
    steps: BTreeMap<StepCode, StepText>,
    notices: BTreeMap<NoticeCode, NoticeText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    text_revision: u32,
    notice: Text,
    requirements: BTreeMap<String, RequirementText>,
    steps: BTreeMap<String, StepText>,
    notices: BTreeMap<String, NoticeText>,
}

impl ReadinessTexts {
    /// The words that ship with mamori.
    ///
    /// # Errors
    ///
    /// Every flaw of the file.
    pub fn embedded() -> Result<Self, Vec<Flaw>> {
        Self::read(include_str!("../../content/readiness.toml"))
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
        let texts = Self {
            text_revision: raw.text_revision,
            notice: raw.notice,
            requirements: by_code(
                "requirements",
                Requirement::ALL.map(|one| (one, one.code())),
                raw.requirements,
                |row| vec![&row.title, &row.explanation],
                &mut flaws,
            ),
            steps: by_code(
                "steps",
                StepCode::ALL.map(|one| (one, one.code())),
                raw.steps,
                |row| {
                    [&row.title, &row.action, &row.place].into_iter().chain(&row.account).collect()
                },
                &mut flaws,
            ),
            notices: by_code(
                "notices",
                NoticeCode::ALL.map(|one| (one, one.code())),
                raw.notices,
                |row| vec![&row.text],
                &mut flaws,
            ),
        };
        if flaws.is_empty() { Ok(texts) } else { Err(flaws) }
    }

    /// The words of a requirement; content that was read has them all.
    #[must_use]
    pub fn requirement(&self, requirement: Requirement) -> Option<&RequirementText> {
        self.requirements.get(&requirement)
    }

    /// The words of a step; content that was read has them all.
    #[must_use]
    pub fn step(&self, step: StepCode) -> Option<&StepText> {
        self.steps.get(&step)
    }

    /// The words of a notice; content that was read has them all.
    #[must_use]
    pub fn notice(&self, notice: NoticeCode) -> Option<&NoticeText> {
        self.notices.get(&notice)
    }
}

/// The rows of a table by what they are about: one for each of `all` and no other, without a
/// blank among its texts.
pub(crate) fn by_code<K: Ord, R>(
    table: &str,
    all: impl IntoIterator<Item = (K, &'static str)>,
    mut rows: BTreeMap<String, R>,
    texts: impl Fn(&R) -> Vec<&Text>,
    flaws: &mut Vec<Flaw>,
) -> BTreeMap<K, R> {
    let mut known = BTreeMap::new();
    for (key, code) in all {
        let place = format!("{table}.{code}");
        if let Some(row) = rows.remove(code) {
            not_blank(&place, &texts(&row), flaws);
            known.insert(key, row);
        } else {
            flaws.push(Flaw { place, what: "is missing".to_owned() });
        }
    }
    flaws.extend(rows.into_keys().map(|code| {
        let what = "is about nothing that there is".to_owned();
        Flaw { place: format!("{table}.{code}"), what }
    }));
    known
}

/// A flaw where a text is blank in a language.
pub(crate) fn not_blank(place: &str, texts: &[&Text], flaws: &mut Vec<Flaw>) {
    if texts.iter().any(|text| text.ja.trim().is_empty() || text.en.trim().is_empty()) {
        flaws.push(Flaw { place: place.to_owned(), what: "has a blank text".to_owned() });
    }
}

/// Words that call a star or a declaration what it is not, or that the scheme does not use.
#[cfg(test)]
pub(crate) const FORBIDDEN: [&str; 14] = [
    "認定",
    "認証",
    "取得",
    "合格",
    "適合",
    "証明",
    "失効",
    "期限切れ",
    "取り下げ",
    "certif",
    "accredit",
    "acquire",
    "award",
    "obtain",
];

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = include_str!("../../content/readiness.toml");

    #[test]
    fn the_words_that_ship_are_whole_and_promise_nothing() {
        let texts = ReadinessTexts::embedded().unwrap();
        assert!(Requirement::ALL.into_iter().all(|one| texts.requirement(one).is_some()));
        assert!(StepCode::ALL.into_iter().all(|one| texts.step(one).is_some()));
        assert!(NoticeCode::ALL.into_iter().all(|one| texts.notice(one).is_some()));
        let lower = TEXT.to_lowercase();
        for word in FORBIDDEN {
            assert!(!lower.contains(word), "{word}");
        }
    }

    #[test]
    fn who_declares_learns_where_and_with_which_account() {
        let texts = ReadinessTexts::embedded().unwrap();
        let declare = texts.step(StepCode::Declare).unwrap();
        assert_eq!(declare.confidence, Confidence::Reported);
        for text in [&declare.place.ja, &declare.place.en] {
            assert!(text.contains("https://sme-security.ipa.go.jp/"));
        }
        let account = declare.account.as_ref().unwrap();
        for kind in ["プライム", "メンバー", "エントリー"] {
            assert!(account.ja.contains(kind), "{kind}");
        }
        for kind in ["Prime", "Member", "Entry"] {
            assert!(account.en.contains(kind), "{kind}");
        }
    }

    #[test]
    fn words_that_are_not_whole_are_refused_and_say_where() {
        for (from, to, place, what) in [
            ("[steps.declare]", "[steps.certify]", "steps.declare", "is missing"),
            (
                "[steps.declare]",
                "[steps.certify]",
                "steps.certify",
                "is about nothing that there is",
            ),
            ("[notices.no_minimum_score]", "[notices.x]", "notices.no_minimum_score", "is missing"),
        ] {
            assert!(TEXT.contains(from), "{from}");
            let flaws = ReadinessTexts::read(&TEXT.replacen(from, to, 1)).unwrap_err();
            assert!(flaws.contains(&Flaw { place: place.to_owned(), what: what.to_owned() }));
        }
        let english = TEXT.rfind(", en = \"").unwrap();
        let end = english + TEXT[english..].find("\" }").unwrap();
        let blank = format!("{}, en = \"{}", &TEXT[..english], &TEXT[end..]);
        let flaws = ReadinessTexts::read(&blank).unwrap_err();
        assert_eq!(flaws[0].what, "has a blank text");
        let none = format!("{}{}", &TEXT[..english], &TEXT[end + 1..]);
        assert!(ReadinessTexts::read(&none).unwrap_err()[0].place.starts_with("line "));
    }
}
