//! What an organization states about its preparation for a declaration (準備状況).
//!
//! Everything is optional: what is absent was not stated, and is never taken for a no.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::texts::coded;

/// The editions of the guideline (版) that a declaration can have been made under.
pub const EDITIONS: [&str; 3] = ["3.0", "3.1", "4.0"];

/// Whether the articles of this edition are the five (5か条), without the sixth on backups.
#[must_use]
pub fn has_five_articles(edition: &str) -> bool {
    matches!(edition, "3.0" | "3.1")
}

/// What an organization states about its preparation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Preparation {
    /// The management's commitment to the articles (5か条／6か条).
    pub commitment: Option<Commitment>,
    /// The day of a commitment to the sixth article, beside one to the five.
    pub sixth_article_committed_on: Option<NaiveDate>,
    /// The self-check on IPA's own sheet.
    pub official_self_check: Option<OfficialSelfCheck>,
    /// The basic information security policy (情報セキュリティ基本方針).
    pub policy: Option<Policy>,
    /// How that policy is published.
    pub publication: Option<Publication>,
    /// The account of the organization.
    pub gbizid: Option<Gbizid>,
}

/// A commitment of the management to the articles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commitment {
    /// Who committed, as the organization writes it.
    pub committed_by: String,
    /// When.
    pub committed_on: NaiveDate,
    /// The edition whose articles these were; never inferred from the day.
    pub edition: Option<String>,
}

/// Whether IPA's own sheet of 25 questions was used, and what came of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfficialSelfCheck {
    /// Whether it was used; false says that it was not.
    pub used: bool,
    /// The sheet's edition.
    pub edition: Option<String>,
    /// The date of the self-check (診断日).
    pub answered_on: Option<NaiveDate>,
    /// The total score (合計点).
    pub total: Option<i16>,
}

/// Whether there is a policy.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Whether it is established; false says that it is not.
    pub established: bool,
    /// Since when.
    pub established_on: Option<NaiveDate>,
    /// Its title.
    pub title: Option<String>,
}

/// Whether the policy is published.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publication {
    /// Whether it is published; false says that it is not.
    pub published: bool,
    /// How.
    pub method: Option<PublicationMethod>,
    /// Its address on the web.
    pub url: Option<String>,
    /// Since when.
    pub published_on: Option<NaiveDate>,
    /// The day on which somebody found the page gone.
    pub gone_on: Option<NaiveDate>,
}

coded! {
    /// How a policy is published.
    pub enum PublicationMethod {
        /// On a website.
        Website = "website",
        /// On the premises, where visitors see it.
        OnPremises = "on_premises",
        /// In print.
        Printed = "printed",
        /// In another way.
        Other = "other",
    }
}

/// The account for the government's systems (GビズID). The id itself is never kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gbizid {
    /// Its kind.
    pub kind: Option<GbizidKind>,
    /// The last day on which it can be used, as the organization entered it.
    pub expires_on: Option<NaiveDate>,
    /// Whether it is the account that a subsidy is applied for with.
    pub account: GbizidAccount,
}

coded! {
    /// The kind of an account.
    pub enum GbizidKind {
        /// GビズIDプライム.
        Prime = "prime",
        /// GビズIDメンバー.
        Member = "member",
        /// GビズIDエントリー, which IPA's system does not take.
        Entry = "entry",
        /// There is no account.
        None = "none",
    }
}

coded! {
    /// How the account of a declaration relates to the one used for a subsidy.
    pub enum GbizidAccount {
        /// It is the same.
        Same = "same",
        /// It is another.
        Different = "different",
        /// Nobody can say.
        Unknown = "unknown",
    }
}
