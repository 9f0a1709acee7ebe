//! A declaration (自己宣言) of SECURITY ACTION, as its company made it in IPA's own system.
//!
//! mamori records, and confers nothing. Source: `domain/security-action.md` and
//! `domain/rules.md` (SECURITY ACTION) of the field's facts.

pub mod history;
pub mod summary;

use std::fmt;

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};

/// How many stars there are today: one star (一つ星) and two stars (二つ星). The number is open:
/// a declaration keeps what was declared under.
pub const STARS: [u8; 2] = [1, 2];

/// Where a declaration stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum State {
    /// Being prepared; nothing was declared yet.
    Preparing,
    /// Declared in IPA's system.
    Declared,
    /// A newer declaration of the same company took its place.
    Superseded,
    /// Stopped (停止).
    Stopped,
    /// Nobody can say.
    Unknown,
}

/// Who stopped a declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoppedBy {
    /// The company itself (宣言事業者).
    Declarant,
    /// The operator, IPA.
    Operator,
    /// Nobody can say.
    Unknown,
}

/// Which system gave a declaration id: its first digit tells, and tells nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Generation {
    /// The system until March 2026: the first digit is 4.
    Old,
    /// The system since April 2026: the first digit is 5.
    New,
    /// Another first digit, which nobody has explained.
    Unknown,
}

/// How far a statement was looked into (確認の程度), the least first.
///
/// `IdFormatChecked` says that eleven digits are eleven digits, not that they exist: where a
/// reader asks for a least grade it counts no more than `SelfReported`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// The company says so (本人の申告).
    SelfReported,
    /// Only the form of the id was looked at (IDの形式のみ確認).
    IdFormatChecked,
    /// Somebody saw a document (書面を確認).
    DocumentSeen,
    /// Somebody compared it with what IPA publishes (公表情報と照合).
    MatchedToPublication,
}

impl Grade {
    /// What it counts for: 0 to 2.
    #[must_use]
    pub const fn rank(self) -> u8 {
        match self {
            Self::SelfReported | Self::IdFormatChecked => 0,
            Self::DocumentSeen => 1,
            Self::MatchedToPublication => 2,
        }
    }

    /// Whether it is enough for a reader who asks for `least`.
    #[must_use]
    pub const fn reaches(self, least: Self) -> bool {
        self.rank() >= least.rank()
    }
}

/// A self-declaration id (自己宣言ID): eleven digits, opaque.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DeclarationId(String);

/// The text is not eleven digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not eleven digits")]
pub struct MalformedDeclarationId;

impl TryFrom<String> for DeclarationId {
    type Error = MalformedDeclarationId;

    fn try_from(text: String) -> Result<Self, MalformedDeclarationId> {
        Self::parse(&text).ok_or(MalformedDeclarationId)
    }
}

impl From<DeclarationId> for String {
    fn from(id: DeclarationId) -> Self {
        id.0
    }
}

impl DeclarationId {
    /// Reads an id: eleven ASCII digits and nothing else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let formed = text.len() == 11 && text.bytes().all(|b| b.is_ascii_digit());
        formed.then(|| Self(text.to_owned()))
    }

    /// The eleven digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The generation that the first digit tells.
    #[must_use]
    pub fn generation(&self) -> Generation {
        match self.0.as_bytes().first() {
            Some(b'4') => Generation::Old,
            Some(b'5') => Generation::New,
            _ => Generation::Unknown,
        }
    }
}

impl fmt::Display for DeclarationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether what was confirmed on a day is still fresh, `days` being the reader's own rule; a
/// declaration has no expiry.
#[must_use]
pub fn is_fresh(confirmed_on: NaiveDate, days: u16, today: NaiveDate) -> bool {
    confirmed_on.checked_add_days(Days::new(u64::from(days))).is_none_or(|last| today <= last)
}
