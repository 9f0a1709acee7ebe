//! Checking values: all faults at once, each in its place.

use std::ops::RangeInclusive;

use chrono::NaiveDate;
use mamori_domain::corporate_number::{CorporateNumber, MalformedCorporateNumber};
use mamori_domain::personal_number::could_be_personal;

use crate::auth::registration;
use crate::problem::{Code, Fault, Kind, Problem};

/// What stands in an address behind its host beside letters and digits (RFC 3986, without the
/// brackets, which have no place there).
const URL_SIGNS: &[u8] = b"-._~:/?#@!$&'()*+,;=%";

/// The most faults that one answer tells: what is wrong everywhere needs no telling everywhere.
const MOST_FAULTS: usize = 100;

/// Collects what is wrong with the values of a request.
#[derive(Debug, Default)]
pub(crate) struct Check {
    faults: Vec<Fault>,
}

impl Check {
    /// The value, if nothing is wrong with any.
    pub(crate) fn finish<T>(self, value: T) -> Result<T, Problem> {
        if self.faults.is_empty() {
            return Ok(value);
        }
        Err(Problem { faults: self.faults, ..Problem::new(Kind::InvalidRequest) })
    }

    pub(crate) fn push(&mut self, fault: Fault) {
        if self.faults.len() < MOST_FAULTS {
            self.faults.push(fault);
        }
    }

    /// A line of text: neither blank, nor with control characters or what could be a My Number.
    pub(crate) fn line(&mut self, pointer: &str, text: &str, length: RangeInclusive<usize>) {
        self.length(pointer, text, length);
        self.no_personal_number(pointer, text);
        if text.chars().any(|c| c.is_ascii_control()) {
            self.push(Fault::at(pointer, Code::ControlCharacter));
        }
    }

    /// A line of text that may be absent.
    pub(crate) fn optional_line(
        &mut self,
        pointer: &str,
        text: Option<&str>,
        length: RangeInclusive<usize>,
    ) {
        if let Some(text) = text {
            self.line(pointer, text, length);
        }
    }

    /// Text of several lines.
    pub(crate) fn text(&mut self, pointer: &str, text: &str, length: RangeInclusive<usize>) {
        self.length(pointer, text, length);
        self.no_personal_number(pointer, text);
        if text.chars().any(|c| c.is_ascii_control() && !matches!(c, '\n' | '\r' | '\t')) {
            self.push(Fault::at(pointer, Code::ControlCharacter));
        }
    }

    fn length(&mut self, pointer: &str, text: &str, length: RangeInclusive<usize>) {
        let count = text.chars().count();
        let blank = text.trim().is_empty() && *length.start() > 0;
        if !length.contains(&count) || blank {
            self.push(
                Fault::at(pointer, Code::Length)
                    .with("minimum", length.start())
                    .with("maximum", length.end()),
            );
        }
    }

    /// How many items a list has. Where it has too many, its items are not worth reading: gives
    /// whether they are.
    pub(crate) fn items(
        &mut self,
        pointer: &str,
        count: usize,
        allowed: RangeInclusive<usize>,
    ) -> bool {
        let right = allowed.contains(&count);
        if !right {
            self.push(
                Fault::at(pointer, Code::ItemCount)
                    .with("minimum", allowed.start())
                    .with("maximum", allowed.end()),
            );
        }
        right
    }

    /// A number within a range.
    pub(crate) fn range<N: PartialOrd + std::fmt::Display>(
        &mut self,
        pointer: &str,
        number: Option<N>,
        allowed: RangeInclusive<N>,
    ) {
        if number.is_some_and(|number| !allowed.contains(&number)) {
            self.push(
                Fault::at(pointer, Code::OutOfRange)
                    .with("minimum", allowed.start())
                    .with("maximum", allowed.end()),
            );
        }
    }

    /// A text in a form of its own; gives it as it is kept.
    pub(crate) fn form(
        &mut self,
        pointer: &str,
        text: Option<&str>,
        expected: &str,
        read: impl Fn(&str) -> Option<String>,
    ) -> Option<String> {
        let text = text?;
        let kept = read(text);
        if kept.is_none() {
            self.push(Fault::at(pointer, Code::Format).with("expected", expected));
        }
        kept
    }

    /// The address of a web page: a web origin, and what a path, a query and a fragment may be of.
    /// Other programs read what is kept here, so what only looks like an address is refused.
    pub(crate) fn web_address(&mut self, pointer: &str, text: Option<&str>, longest: usize) {
        let Some(text) = text else { return };
        let host = text.find("://").map_or(0, |at| at + 3);
        let tail = text.get(host..).and_then(|rest| rest.find(['/', '?', '#']));
        let (origin, tail) = text.split_at(tail.map_or(text.len(), |at| host + at));
        let formed = text.len() <= longest
            && registration::origin(origin).is_some()
            && tail.bytes().all(|b| b.is_ascii_alphanumeric() || URL_SIGNS.contains(&b));
        if !formed {
            self.push(Fault::at(pointer, Code::Format).with("expected", "https://…"));
        }
    }

    /// A day that is not still to come.
    pub(crate) fn past(&mut self, pointer: &str, day: Option<NaiveDate>, today: NaiveDate) {
        if day.is_some_and(|day| day > today) {
            self.push(Fault::at(pointer, Code::FutureDate));
        }
    }

    fn no_personal_number(&mut self, pointer: &str, text: &str) {
        if could_be_personal(text) {
            self.push(Fault::at(pointer, Code::TwelveDigits));
        }
    }

    /// A corporate number.
    pub(crate) fn corporate_number(
        &mut self,
        fault: impl Fn(Code) -> Fault,
        text: Option<&str>,
    ) -> Option<CorporateNumber> {
        let code = match CorporateNumber::parse(text?) {
            Ok(number) => return Some(number),
            Err(MalformedCorporateNumber::TwelveDigits) => Code::TwelveDigits,
            Err(MalformedCorporateNumber::InvoiceNumber) => Code::InvoiceNumber,
            Err(MalformedCorporateNumber::NotThirteenDigits) => Code::NotThirteenDigits,
            Err(MalformedCorporateNumber::CheckDigit) => Code::CheckDigit,
        };
        self.push(fault(code));
        None
    }
}
