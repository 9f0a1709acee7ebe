//! An organization (企業・団体) on the path, and its units.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::corporate_number::CorporateNumber;

/// What an organization is in law.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A corporation (法人).
    Corporation,
    /// A sole trader (個人事業主); it has no corporate number.
    SoleProprietor,
    /// Another body (その他の団体).
    OtherBody,
}

/// What is known of an organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The custodian's own key; unique among its organizations.
    pub external_id: Option<String>,
    /// What it is in law.
    pub kind: Kind,
    /// The registered name.
    pub name: String,
    /// The name's reading in katakana.
    pub name_kana: Option<String>,
    /// The trade name (屋号).
    pub trade_name: Option<String>,
    /// The corporate number.
    pub corporate_number: Option<CorporateNumber>,
    /// The representative's title (役職).
    pub representative_title: Option<String>,
    /// The representative's name.
    pub representative_name: Option<String>,
    /// Seven digits, without a hyphen.
    pub postal_code: Option<String>,
    /// Two digits of JIS X 0401, `01` to `47`.
    pub prefecture: Option<String>,
    /// The municipality and what follows.
    pub municipality: Option<String>,
    /// The rest of the address.
    pub street: Option<String>,
    /// The telephone number.
    pub phone: Option<String>,
    /// The website.
    pub website: Option<String>,
    /// The industry: a code of the Japan Standard Industrial Classification.
    pub industry: Option<String>,
    /// How many people work there.
    pub employees: Option<i32>,
    /// The day of that count.
    pub employees_as_of: Option<NaiveDate>,
    /// The capital, in yen.
    pub capital: Option<i64>,
}

/// An organization, as its custodian registered it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// Its id.
    pub id: Uuid,
    /// What is known of it.
    pub profile: Profile,
    /// Goes up with every change.
    pub revision: i64,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// A site or a department.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnitKind {
    /// A site (事業所).
    Site,
    /// A department (部署).
    Department,
}

/// A unit of an organization, which may answer a sheet of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Its id.
    pub id: Uuid,
    /// The organization that it is part of.
    pub organization: Uuid,
    /// Its name.
    pub name: String,
    /// Whether it is a site or a department.
    pub kind: UnitKind,
    /// Goes up with every change.
    pub revision: i64,
    /// When it was registered.
    pub created_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// Why a profile does not hold together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// A sole trader has no corporate number.
    #[error("a sole trader has no corporate number")]
    SoleProprietorNumber,
    /// A day of the count without a count.
    #[error("the day of a head count needs the head count")]
    EmployeesMissing,
}

impl Profile {
    /// Checks what no single field can tell.
    ///
    /// # Errors
    ///
    /// Each [`ProfileError`] that the fields have together.
    pub fn check(&self) -> Vec<ProfileError> {
        let mut errors = Vec::new();
        if self.kind == Kind::SoleProprietor && self.corporate_number.is_some() {
            errors.push(ProfileError::SoleProprietorNumber);
        }
        if self.employees_as_of.is_some() && self.employees.is_none() {
            errors.push(ProfileError::EmployeesMissing);
        }
        errors
    }
}

/// Reads a postal code: seven digits, with or without the hyphen; gives it without.
#[must_use]
pub fn postal_code(text: &str) -> Option<String> {
    let digits: String = match text.split_once('-') {
        Some((area, rest)) if area.len() == 3 => format!("{area}{rest}"),
        Some(_) => return None,
        None => text.to_owned(),
    };
    (digits.len() == 7 && digits.bytes().all(|b| b.is_ascii_digit())).then_some(digits)
}

/// Reads a prefecture code of JIS X 0401: `01` to `47`; `1` is taken for `01`.
#[must_use]
pub fn prefecture(text: &str) -> Option<String> {
    let digits = (1..=2).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    let number: u8 = text.parse().ok().filter(|_| digits)?;
    (1..=47).contains(&number).then(|| format!("{number:02}"))
}

/// Whether this has the form of a code of the Japan Standard Industrial Classification:
/// a letter from `A` to `T`, or two to four digits from `01` on.
#[must_use]
pub fn is_industry(text: &str) -> bool {
    match text.as_bytes() {
        [b'A'..=b'T'] => true,
        digits @ ([_, _] | [_, _, _] | [_, _, _, _]) => {
            digits.iter().all(u8::is_ascii_digit) && !digits.starts_with(b"00")
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn postal_codes_lose_their_hyphen() {
        assert_eq!(postal_code("100-0001").as_deref(), Some("1000001"));
        assert_eq!(postal_code("1000001").as_deref(), Some("1000001"));
        for text in ["10-00001", "100-001", "１０００００１", "", "100-0001-"] {
            assert_eq!(postal_code(text), None, "{text}");
        }
    }

    #[test]
    fn prefectures_have_two_digits() {
        assert_eq!(prefecture("1").as_deref(), Some("01"));
        assert_eq!(prefecture("47").as_deref(), Some("47"));
        for text in ["0", "00", "48", "+1", "1a", ""] {
            assert_eq!(prefecture(text), None, "{text}");
        }
    }

    #[test]
    fn industries_are_letters_or_numbers() {
        for text in ["A", "T", "09", "091", "0911"] {
            assert!(is_industry(text), "{text}");
        }
        for text in ["U", "a", "9", "00", "09111", "0a", ""] {
            assert!(!is_industry(text), "{text}");
        }
    }
}
