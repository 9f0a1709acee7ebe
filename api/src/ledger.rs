//! Files of assets: XLSX, CSV and JSON, read into rows of typed cells and written again.
//!
//! What the cells mean is the domain's ([`mamori_domain::risk::ledger`]). Here are the formats and
//! their dangers: nothing is believed of what a file says of its own size, no sheet is spread out
//! over its empty cells, and nothing touches the file system.

mod csv;
mod json;
pub(crate) mod judge;
mod package;
pub(crate) mod write;
mod xlsx;

use mamori_domain::personal_number::could_be_personal;
use mamori_domain::risk::catalogue::Catalogue;
use mamori_domain::risk::ledger::Sheet;

pub(crate) use json::AssetFile;
pub(crate) use write::{Exported, Unencodable, guarded};

/// The most rows of assets that a file may have.
pub const MOST_ROWS: usize = 10_000;
/// The most rows that may stand above, between and below them.
const OTHER_ROWS: usize = 500;
/// The most columns that a file may have.
const MOST_COLUMNS: usize = 200;
/// The most characters of a cell, which is also a spreadsheet's own bound.
const LONGEST_CELL: usize = 32_767;

/// The format of a file of assets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A workbook (Office Open XML).
    Xlsx,
    /// Comma-separated values: UTF-8 or Shift_JIS.
    Csv,
    /// JSON.
    Json,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 3] = [Self::Xlsx, Self::Csv, Self::Json];

    /// Its media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Csv => "text/csv",
            Self::Json => "application/json",
        }
    }

    /// How the name of such a file ends.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Xlsx => "xlsx",
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }
}

/// The encoding of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, with or without its mark.
    Utf8,
    /// Shift_JIS as Windows has it (CP932): with ㈱, ①, 髙 and 﨑.
    ShiftJis,
}

impl Encoding {
    /// Its name.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::ShiftJis => "shift_jis",
        }
    }
}

/// A file as it was read.
#[derive(Debug, Clone)]
pub struct File {
    /// The sheet of assets.
    pub sheet: Sheet,
    /// The names of the other sheets.
    pub others: Vec<String>,
    /// The encoding, of a format that has several.
    pub encoding: Option<Encoding>,
}

/// Why a file can't be read at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// No workbook, and none of what is told apart below.
    NoWorkbook,
    /// A workbook of the time before 2007 (.xls).
    OldWorkbook,
    /// A workbook with a password.
    Encrypted,
    /// A web page, which some programs save as .xls or .xlsx.
    WebPage,
    /// A workbook with macros.
    Macros,
    /// It would grow to more than any ledger needs.
    Bomb,
    /// Broken off, or not as the format has it.
    Damaged,
    /// No sheet is the ledger, and not just one could be it.
    NoLedgerSheet,
    /// Several sheets are called the ledger.
    SeveralLedgerSheets,
    /// More rows than are taken.
    TooManyRows,
    /// More columns than are taken.
    TooManyColumns,
    /// A cell longer than any is.
    CellTooLong,
    /// Neither UTF-8 nor Shift_JIS.
    UnknownEncoding,
    /// Some lines are UTF-8 and others are not.
    MixedEncodings,
    /// A quote that does not end.
    BrokenQuote,
}

/// Why a file can't be read, and the row where that shows.
pub type Refusal = (Unreadable, Option<u32>);

/// Reads a file as far as its rows, without a register, and gives how many there are; none where
/// it is refused. The fuzzer comes in here.
#[must_use]
pub fn rows(format: Format, bytes: &[u8], catalogue: &Catalogue) -> Option<usize> {
    let sheet = match format {
        Format::Xlsx => read_xlsx(bytes).ok()?.sheet,
        Format::Csv => read_csv(bytes, None).ok()?.sheet,
        Format::Json => {
            let (sheet, headings) = crate::read::body::parse::<AssetFile>(bytes).ok()?.sheet();
            let table = judge::Table { sheet, headings, lettered: false };
            return table.rows(catalogue).ok().map(|rows| rows.len());
        }
    };
    Some(judge::Table::of(sheet).ok()?.rows(catalogue).ok()?.len())
}

/// Reads a workbook.
///
/// # Errors
///
/// Why it can't be read.
pub fn read_xlsx(bytes: &[u8]) -> Result<File, Refusal> {
    package::check(bytes).map_err(|unreadable| (unreadable, None))?;
    // The parser panics at some parts that are not as they should be, such as an area of cells
    // that ends before it begins (calamine 0.38; found by fuzzing).
    std::panic::catch_unwind(|| xlsx::read(bytes)).unwrap_or(Err((Unreadable::Damaged, None)))
}

/// Reads comma- or tab-separated values, in the encoding that is stated or else found.
///
/// # Errors
///
/// Why they can't be read.
pub fn read_csv(bytes: &[u8], stated: Option<Encoding>) -> Result<File, Refusal> {
    csv::read(bytes, stated)
}

/// A name or heading as it may be repeated: shortened, and without what could be a My Number.
pub(crate) fn repeatable(text: &str) -> String {
    if could_be_personal(text) {
        return "…".to_owned();
    }
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let shown: String = line.chars().filter(|c| !c.is_control()).take(100).collect();
    if could_be_personal(&shown) { "…".to_owned() } else { shown }
}

/// The letters of a column, counted from 0: A, B, … Z, AA.
pub(crate) fn letters(column: u16) -> String {
    let mut rest = u32::from(column) + 1;
    let mut letters = Vec::new();
    while rest > 0 {
        let digit = u8::try_from((rest - 1) % 26).unwrap_or_default();
        letters.push(char::from(b'A' + digit));
        rest = (rest - 1) / 26;
    }
    letters.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_named_as_spreadsheets_do() {
        for (column, name) in [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")] {
            assert_eq!(letters(column), name);
        }
    }
}
