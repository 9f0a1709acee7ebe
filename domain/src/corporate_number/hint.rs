//! What people type for a corporate number or a declaration id (自己宣言ID) in a list, and
//! what to tell them about it.
//!
//! Source: `domain/security-action.md`, sections 2.3 and 5.1, and `domain/rules.md`
//! (Organizations and numbers, 3) of the field's facts. A reading holds the number or nothing:
//! no hint carries what was typed, so that twelve digits go nowhere.

use unicode_normalization::UnicodeNormalization;

use super::CorporateNumber;
use crate::declaration::DeclarationId;
use crate::personal_number::could_be_personal;

/// What was done to a text to read it, or why it could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hint {
    /// Full-width or otherwise styled characters were read as plain ones.
    FullWidth,
    /// Spaces or hyphens were taken out.
    Separators,
    /// A `T` was taken off: the invoice number of a corporation is `T` and its corporate
    /// number, but that of a sole trader is another number.
    InvoicePrefix,
    /// The first digit does not follow from the other twelve; [`corrections`] may help.
    CheckDigit,
    /// A 0 and a 9 may have been mixed up, which the check digit cannot see. No reading says
    /// so: it is for the one who finds a number's [`slips`] among the records.
    DigitSlip,
    /// A spreadsheet has written the number like `7.00001E+12`, and lost its digits.
    LostDigits,
    /// Twelve digits: refused unread. They could be a personal number (個人番号), or a registry
    /// number (会社法人等番号), which is a corporate number without its first digit.
    TwelveDigits,
    /// Thirteen digits that begin with 0, as no corporate number does; twelve digits do, where
    /// a spreadsheet has filled them up.
    LeadingZero,
    /// Digits, but too few or too many.
    WrongLength,
    /// Something that is not a digit.
    Letters,
}

impl Hint {
    /// The code in the interface.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::FullWidth => "full_width",
            Self::Separators => "separators",
            Self::InvoicePrefix => "invoice_prefix",
            Self::CheckDigit => "check_digit",
            Self::DigitSlip => "digit_slip",
            Self::LostDigits => "lost_digits",
            Self::TwelveDigits => "twelve_digits",
            Self::LeadingZero => "leading_zero",
            Self::WrongLength => "wrong_length",
            Self::Letters => "letters",
        }
    }

    /// Whether it says why a text could not be read, and not what was done to read it.
    #[must_use]
    pub const fn is_fault(self) -> bool {
        match self {
            Self::FullWidth | Self::Separators | Self::InvoicePrefix | Self::DigitSlip => false,
            Self::CheckDigit
            | Self::LostDigits
            | Self::TwelveDigits
            | Self::LeadingZero
            | Self::WrongLength
            | Self::Letters => true,
        }
    }
}

/// What became of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading<T> {
    /// What was read; without it, at least one hint is a fault.
    pub found: Option<T>,
    /// What was done and then what is wrong, none twice.
    pub hints: Vec<Hint>,
}

impl<T> Reading<T> {
    /// Whether the text may be kept and shown again. It may not where it could be a personal
    /// number, or hold one.
    #[must_use]
    pub fn may_be_repeated(&self) -> bool {
        !self.hints.iter().any(|hint| matches!(hint, Hint::TwelveDigits | Hint::LeadingZero))
    }
}

/// Reads a corporate number in whatever width it was typed, with spaces, hyphens or a `T`.
///
/// # Examples
///
/// ```
/// use mamori_domain::corporate_number::hint::{Hint, read};
///
/// let reading = read("Ｔ7-0000-1205-0002");
/// assert_eq!(reading.found.unwrap().as_str(), "7000012050002");
/// assert_eq!(reading.hints, [Hint::FullWidth, Hint::Separators, Hint::InvoicePrefix]);
/// assert_eq!(read("7.00001E+12").hints, [Hint::LostDigits]);
/// ```
#[must_use]
pub fn read(text: &str) -> Reading<CorporateNumber> {
    let typed = Typed::new(text);
    let digits = typed.without_prefix();
    if !is_digits(digits, 13) {
        return Reading { found: None, hints: typed.refused(digits) };
    }
    let mut hints = typed.done.clone();
    if digits != typed.kept {
        hints.push(Hint::InvoicePrefix);
    }
    let found = CorporateNumber::parse(digits).ok();
    if found.is_none() {
        let zero = digits.starts_with('0');
        hints.push(if zero { Hint::LeadingZero } else { Hint::CheckDigit });
    }
    Reading { found, hints }
}

/// Reads a declaration id in whatever width it was typed, with spaces or hyphens.
///
/// # Examples
///
/// ```
/// use mamori_domain::corporate_number::hint::{Hint, read_declaration_id};
///
/// let reading = read_declaration_id("599-9999-9901");
/// assert_eq!(reading.found.unwrap().as_str(), "59999999901");
/// assert_eq!(reading.hints, [Hint::Separators]);
/// ```
#[must_use]
pub fn read_declaration_id(text: &str) -> Reading<DeclarationId> {
    let typed = Typed::new(text);
    match DeclarationId::parse(&typed.kept) {
        Some(id) => Reading { found: Some(id), hints: typed.done },
        None => Reading { found: None, hints: typed.refused(&typed.kept) },
    }
}

/// The numbers that the check digit cannot tell from this one: a 0 for a 9 or a 9 for a 0
/// behind the check digit, and a 0 and a 9 side by side in the other order. At most 23.
///
/// # Examples
///
/// ```
/// use mamori_domain::corporate_number::{CorporateNumber, hint::slips};
///
/// let typed = CorporateNumber::parse("4000012900001").unwrap();
/// let meant = CorporateNumber::parse("4000012090001").unwrap();
/// assert!(slips(&typed).contains(&meant));
/// ```
#[must_use]
pub fn slips(number: &CorporateNumber) -> Vec<CorporateNumber> {
    let digits: Vec<char> = number.as_str().chars().collect();
    let swappable = |at: &[usize; 2]| {
        let pair = digits.get(at[0]..=at[1]);
        matches!(pair, Some(['0', '9'] | ['9', '0']))
    };
    let one = (1..13).map(|at| [at, at]);
    let two = (1..12).map(|at| [at, at + 1]).filter(swappable);
    let slipped = one.chain(two).filter_map(|places| {
        let digits = digits.iter().enumerate().map(|(at, digit)| match digit {
            '0' if places.contains(&at) => '9',
            '9' if places.contains(&at) => '0',
            other => *other,
        });
        CorporateNumber::parse(&digits.collect::<String>()).ok()
    });
    slipped.filter(|slip| slip != number).collect()
}

/// The numbers that a text would be with two neighbouring digits in the other order, where it is
/// thirteen digits that [`read`] does not accept; at most 12.
///
/// They are for 'did you mean' among the records that the caller may see, and no proof that
/// such a number exists. Thirteen digits that begin with 0 have none: what follows the 0 could be
/// a personal number.
///
/// # Examples
///
/// ```
/// use mamori_domain::corporate_number::{CorporateNumber, hint::corrections};
///
/// let meant = CorporateNumber::parse("7000012050002").unwrap();
/// assert!(corrections("7000021050002").contains(&meant));
/// ```
#[must_use]
pub fn corrections(text13: &str) -> Vec<CorporateNumber> {
    let typed = Typed::new(text13);
    let digits = typed.without_prefix();
    let wrong = is_digits(digits, 13)
        && !digits.starts_with('0')
        && CorporateNumber::parse(digits).is_err();
    if !wrong {
        return Vec::new();
    }
    let swapped = (0..12).filter_map(|at| {
        let mut digits: Vec<char> = digits.chars().collect();
        digits.swap(at, at + 1);
        CorporateNumber::parse(&digits.into_iter().collect::<String>()).ok()
    });
    swapped.collect()
}

/// What was typed, in one width and without separators.
struct Typed {
    /// In one width.
    folded: String,
    /// And without separators.
    kept: String,
    /// What of that was needed.
    done: Vec<Hint>,
}

impl Typed {
    fn new(text: &str) -> Self {
        let folded: String = text.nfkc().collect();
        let kept: String = folded.chars().filter(|c| !is_separator(*c)).collect();
        let mut done = Vec::new();
        if !text.chars().filter(|c| !is_separator(*c)).eq(kept.chars()) {
            done.push(Hint::FullWidth);
        }
        if text.chars().any(is_separator) {
            done.push(Hint::Separators);
        }
        Self { folded, kept, done }
    }

    /// Without the `T` of an invoice number, where only digits follow it.
    fn without_prefix(&self) -> &str {
        let rest = self.kept.strip_prefix(['T', 't']);
        rest.filter(|rest| is_digits(rest, rest.len())).unwrap_or(&self.kept)
    }

    /// What was done, and why `digits`, which are what was kept, are not as many as they should.
    fn refused(&self, digits: &str) -> Vec<Hint> {
        let mut hints = self.done.clone();
        let places = spreadsheet_places(&self.kept);
        if places.is_some() {
            hints.push(Hint::LostDigits);
        }
        let twelve = could_be_personal(&self.folded)
            || could_be_personal(&self.kept)
            || is_twelve_digits(self.without_prefix());
        if twelve || places == Some(12) {
            hints.push(Hint::TwelveDigits);
        } else if places.is_none() {
            let digits_only = is_digits(digits, digits.len());
            hints.push(if digits_only { Hint::WrongLength } else { Hint::Letters });
        }
        hints
    }
}

fn is_digits(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|b| b.is_ascii_digit())
}

/// Whether a text without separators is twelve digits of any script, whatever signs group them.
fn is_twelve_digits(kept: &str) -> bool {
    let groups = |c: char| c.is_numeric() || !(c.is_alphabetic() || c == '+');
    kept.chars().all(groups) && kept.chars().filter(|c| c.is_numeric()).count() == 12
}

/// How many digits a number like `7.00001E+12` has before its point; none if the text is no such
/// number.
fn spreadsheet_places(kept: &str) -> Option<usize> {
    let (mantissa, exponent) = kept.split_once(['E', 'e'])?;
    let exponent = exponent.strip_prefix('+').unwrap_or(exponent);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let formed = !whole.is_empty()
        && [whole, fraction, exponent].iter().all(|part| is_digits(part, part.len()))
        && exponent.len() <= 3;
    let exponent: usize = exponent.parse().ok().filter(|_| formed)?;
    Some(whole.len() + exponent)
}

/// Spaces, line breaks, the many hyphens of Japanese keyboards, and what is there without being
/// seen.
fn is_separator(character: char) -> bool {
    match character {
        '-' | '\u{2010}'..='\u{2015}' | '\u{207b}' | '\u{2212}' => true,
        '\u{30fc}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}' | '\u{ff70}' => true,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' => true,
        other => other.is_whitespace(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use proptest::sample::select;

    use super::Hint::*;
    use super::*;

    const PUBLISHED: [&str; 7] = [
        "7000012050002",
        "5010005007126",
        "4000012090001",
        "8000012010038",
        "1180301018771",
        "7123456789012",
        "9020001031109",
    ];

    fn number(text: &str) -> CorporateNumber {
        CorporateNumber::parse(text).unwrap()
    }

    fn texts(numbers: &[CorporateNumber]) -> Vec<&str> {
        numbers.iter().map(CorporateNumber::as_str).collect()
    }

    #[test]
    fn published_numbers_need_no_hint() {
        for text in PUBLISHED {
            assert_eq!(read(text), Reading { found: Some(number(text)), hints: vec![] });
            assert!(corrections(text).is_empty());
        }
    }

    #[test]
    fn a_number_is_read_however_it_is_typed() {
        for (text, hints) in [
            ("７００００１２０５０００２", &[FullWidth][..]),
            (" 7000012050002\r\n", &[Separators]),
            ("7-0000-1205-0002", &[Separators]),
            ("7 0000\u{3000}1205ー0002", &[Separators]),
            ("7\u{2010}0000\u{2212}1205\u{2015}0002", &[Separators]),
            ("7\u{ff70}0000\u{ff0d}1205\u{a0}0002", &[Separators]),
            ("\u{feff}7000012050002\u{200b}", &[Separators]),
            ("T7000012050002", &[InvoicePrefix]),
            ("t7000012050002", &[InvoicePrefix]),
            ("Ｔ７００００１２０５０００２", &[FullWidth, InvoicePrefix]),
            ("T 7-0000-1205-0002", &[Separators, InvoicePrefix]),
            ("ｔ－７　００００　１２０５　０００２", &[FullWidth, Separators, InvoicePrefix]),
        ] {
            let reading = read(text);
            assert_eq!(reading.found, Some(number("7000012050002")), "{text}");
            assert_eq!(reading.hints, hints, "{text}");
        }
    }

    #[test]
    fn what_is_no_number_has_its_reason() {
        for (text, hints) in [
            ("", &[WrongLength][..]),
            (" ", &[Separators, WrongLength]),
            ("70000120500021", &[WrongLength]),
            ("T70000120500021", &[WrongLength]),
            ("59999999901", &[WrongLength]),
            ("7000012050002 5010005007126", &[Separators, WrongLength]),
            ("8000012050002", &[CheckDigit]),
            ("T8000012050002", &[InvoicePrefix, CheckDigit]),
            ("７００００１２０５０００１", &[FullWidth, CheckDigit]),
            ("0000012050002", &[LeadingZero]),
            ("70000120500O2", &[Letters]),
            ("7,000,012,050,002", &[Letters]),
            ("TT7000012050002", &[Letters]),
            ("株式会社みほん", &[Letters]),
            ("+81-90-1234-5678", &[Separators, Letters]),
            ("E", &[Letters]),
            ("7E", &[Letters]),
            (".5E+12", &[Letters]),
            ("7.00001E+12", &[LostDigits]),
            ("7E+12", &[LostDigits]),
            ("7.0e12", &[LostDigits]),
            ("７．００００１Ｅ＋１２", &[FullWidth, LostDigits]),
            (" 7.00001E+12 ", &[Separators, LostDigits]),
            ("7E+999", &[LostDigits]),
        ] {
            assert_eq!(read(text), Reading { found: None, hints: hints.to_vec() }, "{text}");
        }
    }

    #[test]
    fn twelve_digits_are_refused_unread() {
        for text in [
            "123456789012",
            "1234 5678 9012",
            "１２３４－５６７８－９０１２",
            "1234\u{200b}56789012",
            "1234/5678/9012",
            "1234.5678.9012",
            "①②③④⑤⑥⑦⑧⑨⓪①②",
            "T123456789012",
            "T12 3456 7890 12",
            "番号は123456789012",
            "123456789012.0",
            "1.23457E+11",
            "1.23456789012E+11",
            "１２．３Ｅ＋１０",
        ] {
            let (reading, id) = (read(text), read_declaration_id(text));
            assert!(reading.hints.contains(&TwelveDigits), "{text}");
            assert!(id.hints.contains(&TwelveDigits), "{text}");
            assert!(reading.found.is_none() && id.found.is_none(), "{text}");
            assert!(!reading.may_be_repeated() && !id.may_be_repeated(), "{text}");
            assert!(corrections(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn a_filled_up_twelve_is_not_repeated() {
        for text in ["0123456789012", "0 1234 5678 9012", "０７１２３４５６７８９０１"]
        {
            assert!(read(text).hints.contains(&LeadingZero), "{text}");
            assert!(!read(text).may_be_repeated(), "{text}");
            assert!(corrections(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn a_declaration_id_is_read_or_has_its_reason() {
        for (text, found, hints) in [
            ("59999999901", true, &[][..]),
            ("49999999901", true, &[]),
            ("５９９９９９９９９０１", true, &[FullWidth]),
            ("599-9999-9901", true, &[Separators]),
            (" ５９９　９９９９ー９９０１", true, &[FullWidth, Separators]),
            ("", false, &[WrongLength]),
            ("5999999990", false, &[WrongLength]),
            ("7000012050002", false, &[WrongLength]),
            ("T59999999901", false, &[Letters]),
            ("ID59999999901", false, &[Letters]),
            ("5.00001E+10", false, &[LostDigits]),
            ("６Ｅ＋１０", false, &[FullWidth, LostDigits]),
        ] {
            let reading = read_declaration_id(text);
            let whole = text.nfkc().filter(char::is_ascii_digit).collect::<String>();
            assert_eq!(reading.found, DeclarationId::parse(&whole).filter(|_| found), "{text}");
            assert_eq!(reading.hints, hints, "{text}");
        }
    }

    #[test]
    fn the_check_digit_misses_eight_slips_of_one_digit() {
        assert_eq!(
            texts(&slips(&number("7000012050002"))),
            [
                "7900012050002",
                "7090012050002",
                "7009012050002",
                "7000912050002",
                "7000012950002",
                "7000012059002",
                "7000012050902",
                "7000012050092",
            ],
        );
    }

    #[test]
    fn a_nought_and_a_nine_side_by_side_slip_in_order() {
        let found = slips(&number("4000012090001"));
        assert!(texts(&found).contains(&"4000012900001"));
        assert!(texts(&found).contains(&"4000012009001"));
        assert_eq!(found.len(), 9 + 2);
    }

    #[test]
    fn swapped_neighbours_are_put_right() {
        for (typed, meant) in [
            ("7000021050002", "7000012050002"),
            ("0700012050002", ""),
            ("1108301018771", "1180301018771"),
            ("T7132456789012", "7123456789012"),
            ("７１３２４５６７８９０１２", "7123456789012"),
            ("5010005007126", ""),
            ("501000500712", ""),
            ("50100050071261", ""),
        ] {
            let found = corrections(typed);
            match CorporateNumber::parse(meant) {
                Ok(meant) => assert!(found.contains(&meant), "{typed}: {found:?}"),
                Err(_) => assert!(found.is_empty(), "{typed}: {found:?}"),
            }
        }
    }

    #[test]
    fn codes_differ() {
        let all = [
            FullWidth,
            Separators,
            InvoicePrefix,
            CheckDigit,
            DigitSlip,
            LostDigits,
            TwelveDigits,
            LeadingZero,
            WrongLength,
            Letters,
        ];
        let codes: BTreeSet<_> = all.into_iter().map(Hint::code).collect();
        assert_eq!(codes.len(), all.len());
    }

    fn any_number() -> impl Strategy<Value = CorporateNumber> {
        let digit = prop_oneof![Just(0_u8), Just(9), 0..=9_u8];
        proptest::collection::vec(digit, 12).prop_map(|body| {
            let body: String = body.into_iter().map(|d| char::from(b'0' + d)).collect();
            let mut checks = 1..=9;
            checks.find_map(|c| CorporateNumber::parse(&format!("{c}{body}")).ok()).unwrap()
        })
    }

    fn wide(digit: char) -> char {
        char::from_u32(u32::from(digit) - 0x30 + 0xff10).unwrap()
    }

    /// `digits` in any width, with anything between them that separates.
    fn typed(digits: &str) -> impl Strategy<Value = String> + use<> {
        let between = select(vec!["", "", "", " ", "\u{3000}", "-", "－", "ー", "\u{2212} ", "\t"]);
        let parts = proptest::collection::vec((any::<bool>(), between), digits.len());
        let digits: Vec<char> = digits.chars().collect();
        parts.prop_map(move |parts| {
            let pieces = digits.iter().zip(parts).map(|(digit, (full, between))| {
                format!("{}{between}", if full { wide(*digit) } else { *digit })
            });
            pieces.collect()
        })
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_has_a_reason(
            text in prop_oneof![
                any::<String>(), "[0-9０-９TtＴ eE+.\u{2212}ー-]{0,20}", "[0-9]{11,14}",
            ],
        ) {
            let _ = corrections(&text);
            let (reading, id) = (read(&text), read_declaration_id(&text));
            prop_assert_eq!(
                reading.found.is_none(), reading.hints.iter().any(|hint| hint.is_fault())
            );
            prop_assert_eq!(id.found.is_none(), id.hints.iter().any(|hint| hint.is_fault()));
            let once: BTreeSet<_> = reading.hints.iter().collect();
            prop_assert_eq!(once.len(), reading.hints.len());
        }

        #[test]
        fn a_number_survives_how_it_is_typed(
            (number, text) in any_number().prop_flat_map(|n| (Just(n.clone()), typed(n.as_str()))),
        ) {
            prop_assert_eq!(read(&text).found, Some(number.clone()));
            prop_assert_eq!(read(&format!("T{text}")).found, Some(number));
        }

        #[test]
        fn twelve_digits_leave_no_trace(
            text in "[0-9]{12}".prop_flat_map(|digits| typed(&digits)), prefix in "[Tt]?",
        ) {
            let text = format!("{prefix}{text}");
            for shown in [format!("{:?}", read(&text)), format!("{:?}", read_declaration_id(&text))] {
                prop_assert!(shown.contains("found: None") && shown.contains("TwelveDigits"));
                prop_assert!(!shown.contains(|c: char| c.is_ascii_digit()));
            }
            prop_assert!(corrections(&text).is_empty());
        }

        #[test]
        fn slips_are_symmetric_and_none_is_the_number(number in any_number()) {
            let found = slips(&number);
            prop_assert!(found.len() <= 23 && !found.contains(&number));
            prop_assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), found.len());
            for slip in &found {
                prop_assert!(CorporateNumber::parse(slip.as_str()).is_ok());
                prop_assert!(slips(slip).contains(&number));
            }
        }

        #[test]
        fn a_swap_that_is_seen_is_put_right(number in any_number(), at in 0..12_usize) {
            let mut digits: Vec<char> = number.as_str().chars().collect();
            digits.swap(at, at + 1);
            let text: String = digits.into_iter().collect();
            let seen = !text.starts_with('0') && CorporateNumber::parse(&text).is_err();
            let found = corrections(&text);
            prop_assert!(found.len() <= 12 && found.contains(&number) == seen);
            prop_assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), found.len());
        }
    }
}
