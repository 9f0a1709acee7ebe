//! An information asset (情報資産) as the register (情報資産管理台帳) has it: one row of the sheet.
//! Paper and data of one asset are two rows, since their threats differ.

use chrono::{DateTime, NaiveDate, Utc};
use unicode_normalization::UnicodeNormalization;
use uuid::Uuid;

use super::{Medium, Model, Ratings};

/// The columns of the register that are filled in by hand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The custodian's own key; unique in the organization.
    pub external_id: Option<String>,
    /// 業務分類.
    pub business_category: Option<String>,
    /// 情報資産名称.
    pub name: String,
    /// 備考.
    pub note: Option<String>,
    /// 利用者範囲.
    pub user_scope: Option<String>,
    /// 管理部署.
    pub owner_department: Option<String>,
    /// 媒体・保存先.
    pub medium: Medium,
    /// 評価値 and 個人情報の種類, on the scale of the register's edition.
    pub ratings: Ratings,
    /// 保存期限, as text: 7年, 永年, 退職後3年.
    pub retention: Option<String>,
    /// 登録日.
    pub registered_on: NaiveDate,
    /// Words of the firm's own, in order, each once.
    pub tags: Vec<String>,
}

/// A text folded to one width and one case, so that ＡＢＣ, abc and ABC find each other.
#[must_use]
pub fn search_key(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).collect()
}

/// An asset in the register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// Its id.
    pub id: Uuid,
    /// The organization whose it is.
    pub organization: Uuid,
    /// What the register says of it.
    pub entry: Entry,
    /// How important it is, by its ratings.
    pub importance: u8,
    /// Goes up with every change.
    pub revision: i64,
    /// When it was added.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// The register of an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Register {
    /// The organization.
    pub organization: Uuid,
    /// By which edition it rates.
    pub model: &'static Model,
    /// Goes up with every change of the edition or of a threat's frequency.
    pub revision: i64,
    /// When it was begun.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_searched_whatever_their_width_and_case() {
        for (name, key) in [
            ("ＡＢＣ社との契約書", "abc社との契約書"),
            ("ｺｳｷｬｸ名簿", "コウキャク名簿"),
            ("㈱みほん", "(株)みほん"),
        ] {
            assert_eq!(search_key(name), key);
        }
    }
}
