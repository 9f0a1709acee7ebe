//! The corporate number (法人番号): thirteen digits, the first a check digit.
//!
//! Source: the ministerial ordinance on corporate numbers; `domain/security-action.md`,
//! section 5, of the field's facts. The check digit works modulo 9, so it cannot see a
//! 0 taken for a 9: a good check digit is not proof that the number exists.

pub mod hint;

use std::fmt;

use crate::personal_number::is_twelve_digits;

/// A corporate number whose check digit is right.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CorporateNumber(String);

/// Why a text is not a corporate number. No variant carries the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MalformedCorporateNumber {
    /// Twelve digits: refused unread, because it could be an individual's My Number.
    #[error("twelve digits, which could be a personal number")]
    TwelveDigits,
    /// `T` and thirteen digits: a qualified-invoice registration number.
    #[error("an invoice registration number; leave out the T")]
    InvoiceNumber,
    /// Not thirteen digits from 0 to 9.
    #[error("not thirteen digits")]
    NotThirteenDigits,
    /// The first digit does not follow from the other twelve.
    #[error("the check digit does not match")]
    CheckDigit,
}

impl CorporateNumber {
    /// Reads a corporate number; thirteen ASCII digits and nothing else.
    ///
    /// # Errors
    ///
    /// [`MalformedCorporateNumber`] says in which way the text is another thing.
    ///
    /// # Examples
    ///
    /// ```
    /// use mamori_domain::corporate_number::{CorporateNumber, MalformedCorporateNumber};
    ///
    /// assert!(CorporateNumber::parse("7000012050002").is_ok());
    /// assert_eq!(
    ///     CorporateNumber::parse("8000012050002"),
    ///     Err(MalformedCorporateNumber::CheckDigit),
    /// );
    /// ```
    pub fn parse(text: &str) -> Result<Self, MalformedCorporateNumber> {
        let digits = text.as_bytes();
        let invoice = digits.strip_prefix(b"T").filter(|rest| rest.len() == 13);
        if invoice.is_some_and(|rest| rest.iter().all(u8::is_ascii_digit)) {
            return Err(MalformedCorporateNumber::InvoiceNumber);
        }
        if is_twelve_digits(text) {
            return Err(MalformedCorporateNumber::TwelveDigits);
        }
        let all_digits = digits.iter().all(u8::is_ascii_digit);
        let Some((&check, body)) =
            digits.split_first().filter(|_| all_digits && digits.len() == 13)
        else {
            return Err(MalformedCorporateNumber::NotThirteenDigits);
        };
        if check != check_digit(body) {
            return Err(MalformedCorporateNumber::CheckDigit);
        }
        Ok(Self(text.to_owned()))
    }

    /// The thirteen digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CorporateNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The check digit (as ASCII) of the twelve digits behind it:
/// 9 − (Σ Pₙ·Qₙ mod 9), Pₙ the n-th digit from the right, Qₙ 1 for odd n and 2 for even.
fn check_digit(body: &[u8]) -> u8 {
    let weighted = body.iter().rev().zip([1_u32, 2].into_iter().cycle());
    let sum: u32 = weighted.map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    let check = 9 - sum % 9;
    b'0' + u8::try_from(check).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_numbers_are_read() {
        for number in [
            "7000012050002",
            "5010005007126",
            "4000012090001",
            "8000012010038",
            "1180301018771",
            "7123456789012",
            "9020001031109",
        ] {
            assert!(CorporateNumber::parse(number).is_ok(), "{number}");
        }
    }

    #[test]
    fn each_wrong_form_has_its_name() {
        use MalformedCorporateNumber::*;
        for (text, why) in [
            ("8000012050002", CheckDigit),
            ("T7000012050002", InvoiceNumber),
            ("123456789012", TwelveDigits),
            ("1234 5678 9012", TwelveDigits),
            ("１２３４５６７８９０１２", TwelveDigits),
            ("", NotThirteenDigits),
            ("７００００１２０５０００２", NotThirteenDigits),
            ("70000120500021", NotThirteenDigits),
            ("700001205000x", NotThirteenDigits),
        ] {
            assert_eq!(CorporateNumber::parse(text), Err(why), "{text}");
        }
    }

    #[test]
    fn a_nine_for_a_nought_goes_unseen() {
        assert!(CorporateNumber::parse("7000912050002").is_ok());
    }
}
