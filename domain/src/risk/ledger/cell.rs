//! What a cell says.

use std::collections::BTreeMap;

use chrono::{Datelike, Days, NaiveDate};
use unicode_normalization::UnicodeNormalization;

use super::{Flaw, fold};
use crate::risk::Medium;
use crate::risk::catalogue::{Catalogue, Level};

/// A cell as its file has it.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// A text.
    Text(String),
    /// A number.
    Number(f64),
    /// True or false.
    Flag(bool),
    /// A day.
    Day(NaiveDate),
    /// Several texts, which JSON alone has.
    List(Vec<String>),
    /// An error of the spreadsheet.
    Error,
}

impl Cell {
    /// What it says as text, as it is written; several texts stand a line each, and end with one.
    #[must_use]
    pub fn raw(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.replace("\r\n", "\n")),
            Self::List(items) if !items.is_empty() => Some(format!("{}\n", items.join("\n"))),
            other => other.text(),
        }
    }

    /// What it says as text, without spaces around; none where that is nothing.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        let text = match self {
            Self::Text(text) => text.replace("\r\n", "\n").trim().to_owned(),
            Self::Number(number) => number.to_string(),
            Self::Flag(flag) => flag.to_string(),
            Self::Day(day) => day.to_string(),
            Self::List(items) => items.join("\n"),
            Self::Error => return None,
        };
        Some(text).filter(|text| !text.is_empty())
    }

    /// Whether it says nothing.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        !matches!(self, Self::Error) && self.text().is_none()
    }

    fn folded(&self) -> Option<String> {
        self.text().map(|text| fold(&text))
    }
}

const YES: &[&str] = &[
    "有",
    "有り",
    "有る",
    "あり",
    "ある",
    "○",
    "〇",
    "◯",
    "●",
    "◎",
    "✓",
    "✔",
    "☑",
    "レ",
    "1",
    "yes",
    "y",
    "true",
    "はい",
    "該当",
    "該当あり",
];
const NO: &[&str] = &[
    "無",
    "無し",
    "無い",
    "なし",
    "ない",
    "×",
    "✕",
    "✖",
    "x",
    "-",
    "−",
    "ー",
    "―",
    "–",
    "—",
    "0",
    "no",
    "n",
    "false",
    "いいえ",
    "非該当",
    "該当なし",
];

/// Whether a cell says 有; a blank one does not.
///
/// # Errors
///
/// [`Flaw::NoFlag`] where it says neither, [`Flaw::CellError`] where it holds an error.
pub fn flag(cell: &Cell) -> Result<bool, Flaw> {
    if matches!(cell, Cell::Error) {
        return Err(Flaw::CellError);
    }
    let Some(said) = cell.folded() else { return Ok(false) };
    if YES.contains(&said.as_str()) {
        Ok(true)
    } else if NO.contains(&said.as_str()) {
        Ok(false)
    } else {
        Err(Flaw::NoFlag)
    }
}

/// A rating as a sheet has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rating {
    /// A number, on a scale that the whole sheet decides.
    Number(u8),
    /// 高.
    High,
    /// 中.
    Middle,
    /// 低.
    Low,
}

impl Rating {
    /// Its place on a scale, where it is a word.
    #[must_use]
    pub const fn level(self) -> Option<Level> {
        match self {
            Self::Number(_) => None,
            Self::High => Some(Level::Top),
            Self::Middle => Some(Level::Middle),
            Self::Low => Some(Level::Lowest),
        }
    }
}

/// Reads a rating: 0 to 3, in any width, or 高, 中, 低.
///
/// # Errors
///
/// [`Flaw::Required`], [`Flaw::NoRating`] or [`Flaw::CellError`].
pub fn rating(cell: &Cell) -> Result<Rating, Flaw> {
    if matches!(cell, Cell::Error) {
        return Err(Flaw::CellError);
    }
    match cell.folded().ok_or(Flaw::Required)?.as_str() {
        "高" | "high" => Ok(Rating::High),
        "中" | "medium" | "middle" => Ok(Rating::Middle),
        "低" | "low" => Ok(Rating::Low),
        "0" => Ok(Rating::Number(0)),
        "1" => Ok(Rating::Number(1)),
        "2" => Ok(Rating::Number(2)),
        "3" => Ok(Rating::Number(3)),
        _ => Err(Flaw::NoRating),
    }
}

/// The longest word for a medium, in bytes: what is longer is none.
const LONGEST_WORD: usize = 400;

/// The words for media, folded.
#[derive(Debug)]
pub struct Words(BTreeMap<String, (Medium, bool)>);

impl Words {
    /// The words of a catalogue: the sheet's own, and what else people write.
    #[must_use]
    pub fn of(catalogue: &Catalogue) -> Self {
        let mut words = BTreeMap::new();
        for one in &catalogue.media {
            for synonym in &one.synonyms {
                words.entry(fold(synonym)).or_insert((one.medium, true));
            }
        }
        for one in &catalogue.media {
            for own in [one.medium.code(), &one.label.ja, &one.label.en] {
                words.insert(fold(own), (one.medium, false));
            }
        }
        Self(words)
    }

    /// What a word means, with what stands in brackets behind it or without.
    fn find(&self, said: &str) -> Option<(Medium, bool)> {
        let said = fold(said);
        let bare = said.split('(').next().unwrap_or_default();
        let proposed = || self.0.get(bare).map(|(medium, _)| (*medium, true));
        self.0.get(&said).copied().or_else(proposed)
    }
}

/// Reads a medium. The sheet's own words are taken as they are; another word for a medium is
/// only proposed (`true`).
///
/// # Errors
///
/// [`Flaw::Required`], [`Flaw::UnknownMedium`], [`Flaw::SeveralMedia`] or [`Flaw::CellError`].
pub fn medium(cell: &Cell, words: &Words) -> Result<(Medium, bool), Flaw> {
    if matches!(cell, Cell::Error) {
        return Err(Flaw::CellError);
    }
    let text = cell.text().ok_or(Flaw::Required)?;
    if text.len() > LONGEST_WORD {
        return Err(Flaw::UnknownMedium);
    }
    if let Some(found) = words.find(&text) {
        return Ok(found);
    }
    let parts =
        text.split(['、', ',', '，', '/', '／', '・', '･', '+', '＋', '&', '＆', '\n', 'と']);
    let parts: Vec<&str> = parts.filter(|part| !part.trim().is_empty()).collect();
    let media = parts.iter().map(|part| words.find(part).map(|(medium, _)| medium));
    let Some(mut media) = media.collect::<Option<Vec<_>>>() else {
        return Err(Flaw::UnknownMedium);
    };
    media.sort_unstable();
    media.dedup();
    match media.as_slice() {
        [] => Err(Flaw::UnknownMedium),
        [medium] => Ok((*medium, true)),
        _ => Err(Flaw::SeveralMedia(media)),
    }
}

/// An era (元号): its names, its first day, and its last.
struct Era {
    names: [&'static str; 2],
    first: (i32, u32, u32),
    last: (i32, u32, u32),
}

const ERAS: [Era; 5] = [
    Era { names: ["令和", "r"], first: (2019, 5, 1), last: (9999, 12, 31) },
    Era { names: ["平成", "h"], first: (1989, 1, 8), last: (2019, 4, 30) },
    Era { names: ["昭和", "s"], first: (1926, 12, 25), last: (1989, 1, 7) },
    Era { names: ["大正", "t"], first: (1912, 7, 30), last: (1926, 12, 25) },
    Era { names: ["明治", "m"], first: (1868, 1, 25), last: (1912, 7, 30) },
];

/// Reads a day: 2025-03-01, 2025.3.1, 2025年3月1日, 20250301, 令和7年3月1日, R7.3.1, or a
/// number of days where the sheet says since when it counts.
///
/// # Errors
///
/// [`Flaw::NoDay`] and its relatives: nothing is guessed.
pub fn day(cell: &Cell, since_1904: Option<bool>) -> Result<NaiveDate, Flaw> {
    let day = match cell {
        Cell::Error => Err(Flaw::CellError),
        Cell::Day(day) => Ok(*day),
        Cell::Number(number) => numbered(*number, since_1904),
        cell => written(&cell.text().ok_or(Flaw::Required)?),
    };
    // No register has a day before 1900; an empty cell in a formula gives 30 December 1899.
    day.and_then(|day| if day.year() >= 1900 { Ok(day) } else { Err(Flaw::NoDay) })
}

fn numbered(number: f64, since_1904: Option<bool>) -> Result<NaiveDate, Flaw> {
    let digits = format!("{number:.0}");
    if number.fract() == 0.0 && digits.len() == 8 && number > 0.0 {
        return written(&digits);
    }
    let since_1904 = since_1904.ok_or(Flaw::BareSerial)?;
    let serial: u64 = digits.parse().map_err(|_| Flaw::NoDay)?;
    if number.fract() != 0.0 || !(1..=2_958_465).contains(&serial) {
        return Err(Flaw::NoDay);
    }
    // In the system of 1900 there is a 29 February 1900, which was none.
    let (base, serial) = match (since_1904, serial) {
        (true, serial) => (NaiveDate::from_ymd_opt(1904, 1, 1), serial),
        (false, 60) => return Err(Flaw::NoDay),
        (false, serial @ 1..60) => (NaiveDate::from_ymd_opt(1899, 12, 31), serial),
        (false, serial) => (NaiveDate::from_ymd_opt(1899, 12, 30), serial),
    };
    base.and_then(|base| base.checked_add_days(Days::new(serial))).ok_or(Flaw::NoDay)
}

fn written(text: &str) -> Result<NaiveDate, Flaw> {
    let text: String = text.nfkc().flat_map(char::to_lowercase).collect();
    // The time behind the day, as in 2025/3/1 0:00.
    let text = match text.find(['t', ' ']) {
        Some(at) if at > 5 && text.get(at..).is_some_and(|rest| rest.contains(':')) => {
            text.get(..at).unwrap_or_default()
        }
        _ => &text,
    };
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    // The weekday behind the day, as in 2025年3月1日(土).
    let text = text.split('(').next().unwrap_or_default();
    for era in &ERAS {
        let rest = era.names.iter().find_map(|name| text.strip_prefix(name));
        if let Some(rest) = rest {
            return in_era(era, rest);
        }
    }
    let Some(numbers) = numbers(text) else { return Err(Flaw::NoDay) };
    match numbers.as_slice() {
        [(whole, 8)] => dated(i64::from(whole / 10_000), whole / 100 % 100, whole % 100),
        [(year, 4), (month, 1..=2), (day, 1..=2)] => dated(i64::from(*year), *month, *day),
        [(_, 2), (_, 1..=2), (_, 1..=2)] => Err(Flaw::ShortYear),
        [(_, 1..=2), (_, 1..=2)] => Err(Flaw::DayWithoutYear),
        _ => Err(Flaw::NoDay),
    }
}

fn in_era(era: &Era, rest: &str) -> Result<NaiveDate, Flaw> {
    let rest = rest.replacen('元', "1", 1);
    let Some(numbers) = numbers(&rest) else { return Err(Flaw::NoDay) };
    let [(year, 1..=2), (month, 1..=2), (day, 1..=2)] = numbers.as_slice() else {
        return Err(Flaw::NoDay);
    };
    let date = dated(i64::from(era.first.0) + i64::from(*year) - 1, *month, *day)?;
    let bound = |(year, month, day)| NaiveDate::from_ymd_opt(year, month, day);
    let within = bound(era.first) <= Some(date) && Some(date) <= bound(era.last);
    if within && *year > 0 { Ok(date) } else { Err(Flaw::OutsideItsEra) }
}

fn dated(year: i64, month: u32, day: u32) -> Result<NaiveDate, Flaw> {
    let year = i32::try_from(year).map_err(|_| Flaw::NoDay)?;
    NaiveDate::from_ymd_opt(year, month, day).filter(|_| year >= 1868).ok_or(Flaw::NoDay)
}

/// The numbers of a day, each with how many digits it has; none where something else stands
/// between them.
fn numbers(text: &str) -> Option<Vec<(u32, usize)>> {
    let text = text.strip_suffix('日').unwrap_or(text);
    let parts = text.split(['年', '月', '.', '/', '-']);
    let number = |part: &str| {
        let digits = (1..=8).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        Some((part.parse().ok().filter(|_| digits)?, part.len()))
    };
    parts.map(number).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }

    #[test]
    fn flags_are_read_as_people_write_them() {
        for yes in ["有", "あり", "○", "〇", "◯", "✓", "１", " 有 ", "TRUE", "ﾚ"] {
            assert_eq!(flag(&text(yes)), Ok(true), "{yes}");
        }
        for no in ["", "　", "無", "なし", "×", "－", "-", "0", "ー", "no"] {
            assert_eq!(flag(&text(no)), Ok(false), "{no}");
        }
        assert_eq!(flag(&Cell::Number(1.0)), Ok(true));
        assert_eq!(flag(&Cell::Flag(true)), Ok(true));
        assert_eq!(flag(&text("要確認")), Err(Flaw::NoFlag));
        assert_eq!(flag(&Cell::Error), Err(Flaw::CellError));
    }

    #[test]
    fn ratings_are_numbers_of_any_width_or_words() {
        for (cell, read) in [
            (text("３"), Ok(Rating::Number(3))),
            (Cell::Number(2.0), Ok(Rating::Number(2))),
            (text("①"), Ok(Rating::Number(1))),
            (text("高"), Ok(Rating::High)),
            (text("中"), Ok(Rating::Middle)),
            (text("低"), Ok(Rating::Low)),
            (text("0"), Ok(Rating::Number(0))),
            (text("4"), Err(Flaw::NoRating)),
            (Cell::Number(2.5), Err(Flaw::NoRating)),
            (text("-1"), Err(Flaw::NoRating)),
            (text(""), Err(Flaw::Required)),
        ] {
            assert_eq!(rating(&cell), read, "{cell:?}");
        }
    }

    #[test]
    fn only_the_words_of_the_sheet_are_taken_unasked() {
        let words = Words::of(&Catalogue::embedded().unwrap());
        for (said, read) in [
            ("書類", Ok((Medium::Paper, false))),
            ("事務所ＰＣ", Ok((Medium::OfficePc, false))),
            ("社内サーバー", Ok((Medium::InternalServer, false))),
            ("external_server", Ok((Medium::ExternalServer, false))),
            ("紙", Ok((Medium::Paper, true))),
            ("PC", Ok((Medium::OfficePc, true))),
            ("ＵＳＢメモリ", Ok((Medium::RemovableMedia, true))),
            ("サーバ", Ok((Medium::InternalServer, true))),
            ("クラウド", Ok((Medium::ExternalServer, true))),
            ("紙（キャビネット）", Ok((Medium::Paper, true))),
            ("紙・PC", Err(Flaw::SeveralMedia(vec![Medium::Paper, Medium::OfficePc]))),
            ("書類と事務所PC", Err(Flaw::SeveralMedia(vec![Medium::Paper, Medium::OfficePc]))),
            ("紙、書類", Ok((Medium::Paper, true))),
            ("金庫の中", Err(Flaw::UnknownMedium)),
            (&"紙・PC・".repeat(50), Err(Flaw::UnknownMedium)),
            ("", Err(Flaw::Required)),
        ] {
            assert_eq!(medium(&text(said), &words), read, "{said}");
        }
    }

    #[test]
    fn days_are_read_and_never_guessed() {
        for (said, read) in [
            ("2025-03-01", Ok("2025-03-01")),
            ("2025.3.1", Ok("2025-03-01")),
            ("２０２５／３／１", Ok("2025-03-01")),
            ("2025年3月1日(土)", Ok("2025-03-01")),
            ("2025/3/1 0:00", Ok("2025-03-01")),
            ("20250301", Ok("2025-03-01")),
            ("令和7年3月1日", Ok("2025-03-01")),
            ("R7.3.1", Ok("2025-03-01")),
            ("令和元年5月1日", Ok("2019-05-01")),
            ("H31.4.30", Ok("2019-04-30")),
            ("平成 30 年 12 月 1 日", Ok("2018-12-01")),
            ("昭和64年1月7日", Ok("1989-01-07")),
            ("H31.5.1", Err(Flaw::OutsideItsEra)),
            ("令和元年4月30日", Err(Flaw::OutsideItsEra)),
            ("令和0年5月1日", Err(Flaw::OutsideItsEra)),
            ("3月1日", Err(Flaw::DayWithoutYear)),
            ("3/1", Err(Flaw::DayWithoutYear)),
            ("25/3/1", Err(Flaw::ShortYear)),
            ("2025/2/29", Err(Flaw::NoDay)),
            ("2025年3月", Err(Flaw::NoDay)),
            ("令和元年", Err(Flaw::NoDay)),
            ("来年度", Err(Flaw::NoDay)),
            ("0001-01-01", Err(Flaw::NoDay)),
            ("明治20年1月1日", Err(Flaw::NoDay)),
            ("明治45年7月1日", Ok("1912-07-01")),
        ] {
            let read = read.map(|day| day.parse::<NaiveDate>().unwrap());
            assert_eq!(day(&text(said), None), read, "{said}");
        }
    }

    #[test]
    fn serials_count_from_where_the_workbook_says() {
        let on = |number, since| day(&Cell::Number(number), since).map(|day| day.to_string());
        assert_eq!(on(45_717.0, Some(false)), Ok("2025-03-01".to_owned()));
        assert_eq!(on(44_255.0, Some(true)), Ok("2025-03-01".to_owned()));
        assert_eq!(on(1.0, Some(false)), Ok("1900-01-01".to_owned()));
        assert_eq!(on(61.0, Some(false)), Ok("1900-03-01".to_owned()));
        assert_eq!(on(60.0, Some(false)), Err(Flaw::NoDay));
        assert_eq!(on(20_250_301.0, Some(false)), Ok("2025-03-01".to_owned()));
        assert_eq!(on(45_717.0, None), Err(Flaw::BareSerial));
        for wrong in [0.0, -5.0, 0.5, f64::NAN, f64::INFINITY, 3e6] {
            assert_eq!(on(wrong, Some(false)), Err(Flaw::NoDay), "{wrong}");
        }
    }
}
