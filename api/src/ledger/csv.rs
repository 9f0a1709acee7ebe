//! Comma-separated values, as Excel in Japan writes them: UTF-8 with or without its mark, or
//! Shift_JIS.

use encoding_rs::SHIFT_JIS;
use mamori_domain::risk::ledger::cell::Cell;
use mamori_domain::risk::ledger::{Line, Sheet};

use super::{
    Encoding, File, LONGEST_CELL, MOST_COLUMNS, MOST_ROWS, OTHER_ROWS, Refusal, Unreadable,
};

/// What a cell begins with that a spreadsheet could take for a formula.
pub(super) const FORMULA: [char; 10] = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

pub(super) fn read(bytes: &[u8], stated: Option<Encoding>) -> Result<File, Refusal> {
    let (text, encoding) = decoded(bytes, stated)?;
    if let Some(row) = open_quote(&text) {
        return Err((Unreadable::BrokenQuote, Some(row)));
    }
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let count = |separator: char| first.matches(separator).count();
    let delimiter = if count('\t') > count(',') { b'\t' } else { b',' };
    // Every kind of line end is one, so that a line's number is what an editor shows.
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(text.as_bytes());
    let mut rows = Vec::new();
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|_| (Unreadable::Damaged, None))? {
        let number = record.position().map_or(1, |position| {
            // Blank lines before the record are skipped with it.
            let at = usize::try_from(position.byte()).unwrap_or(usize::MAX);
            let rest = text.as_bytes().get(at..).unwrap_or_default();
            let blank = rest.iter().take_while(|byte| **byte == b'\n').count();
            position.line() + u64::try_from(blank).unwrap_or_default()
        });
        let number = u32::try_from(number).unwrap_or(u32::MAX);
        let mut cells = Vec::new();
        for (column, field) in
            record.iter().enumerate().filter(|(_, field)| !field.trim().is_empty())
        {
            let place = u16::try_from(column).ok().filter(|_| column < MOST_COLUMNS);
            let place = place.ok_or((Unreadable::TooManyColumns, Some(number)))?;
            if field.chars().count() > LONGEST_CELL {
                return Err((Unreadable::CellTooLong, Some(number)));
            }
            cells.push((place, Cell::Text(plain(field).to_owned())));
        }
        if cells.is_empty() {
            continue;
        }
        if rows.len() >= MOST_ROWS + OTHER_ROWS {
            return Err((Unreadable::TooManyRows, Some(number)));
        }
        rows.push(Line { number, cells });
    }
    let sheet = Sheet { name: None, since_1904: None, rows };
    Ok(File { sheet, others: Vec::new(), encoding: Some(encoding) })
}

/// A text without the apostrophe that an export puts before what could be a formula.
fn plain(field: &str) -> &str {
    let rest = field.trim_start_matches('\'');
    let guarded = rest.len() < field.len() && rest.starts_with(FORMULA);
    if guarded { field.strip_prefix('\'').unwrap_or(field) } else { field }
}

/// The text of a file, and in which encoding it was.
fn decoded(bytes: &[u8], stated: Option<Encoding>) -> Result<(String, Encoding), Refusal> {
    let utf8 = |bytes: &[u8]| std::str::from_utf8(bytes).map(str::to_owned).ok();
    if let Some(rest) = bytes.strip_prefix(b"\xef\xbb\xbf") {
        let text = utf8(rest).ok_or_else(|| (Unreadable::MixedEncodings, first_other(rest)))?;
        return Ok((without_nul(text)?, Encoding::Utf8));
    }
    if stated != Some(Encoding::ShiftJis) {
        if let Some(text) = utf8(bytes) {
            return Ok((without_nul(text)?, Encoding::Utf8));
        }
        if stated == Some(Encoding::Utf8) || first_other(bytes).is_some() {
            return Err((Unreadable::MixedEncodings, first_other(bytes)));
        }
    }
    let decoded = SHIFT_JIS.decode_without_bom_handling_and_without_replacement(bytes);
    let text = decoded.ok_or((Unreadable::UnknownEncoding, None))?.into_owned();
    Ok((without_nul(text)?, Encoding::ShiftJis))
}

/// No text holds NUL; UTF-16 is full of it.
fn without_nul(text: String) -> Result<String, Refusal> {
    if text.contains('\0') { Err((Unreadable::UnknownEncoding, None)) } else { Ok(text) }
}

/// The first line that is not UTF-8 in a file of which another is, with characters that Shift_JIS
/// would write otherwise.
fn first_other(bytes: &[u8]) -> Option<u32> {
    let (mut is_utf8, mut other) = (false, None);
    for (index, line) in bytes.split(|byte| *byte == b'\n').enumerate() {
        match std::str::from_utf8(line) {
            Ok(text) => is_utf8 = is_utf8 || text.chars().any(|c| c.len_utf8() >= 3),
            Err(_) => other = other.or_else(|| u32::try_from(index + 1).ok()),
        }
    }
    other.filter(|_| is_utf8)
}

/// The line of the quote that never ends, if there is one.
fn open_quote(text: &str) -> Option<u32> {
    let (mut line, mut opened, mut within, mut fresh) = (1, 1, false, true);
    for character in text.chars() {
        match character {
            '"' if within => within = false,
            // A quote within quotes is doubled, so one ends and the next begins.
            '"' if fresh => (within, opened) = (true, line),
            '"' => {}
            _ => {}
        }
        fresh = matches!(character, ',' | '\t' | '\n' | '\r' | '"') && !within;
        line += u32::from(character == '\n');
    }
    within.then_some(opened)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(bytes: &[u8]) -> Vec<Vec<String>> {
        let file = read(bytes, None).unwrap();
        let text = |(_, cell): &(u16, Cell)| cell.text().unwrap();
        file.sheet.rows.iter().map(|line| line.cells.iter().map(text).collect()).collect()
    }

    #[test]
    fn every_encoding_that_excel_writes_is_read() {
        let text = "名称,備考\r\n㈱髙﨑の①,あ\r\n";
        let expected = [["名称", "備考"], ["㈱髙﨑の①", "あ"]];
        let (cp932, _, lost) = SHIFT_JIS.encode(text);
        assert!(!lost);
        assert_eq!(texts(text.as_bytes()), expected);
        assert_eq!(texts(format!("\u{feff}{text}").as_bytes()), expected);
        assert_eq!(texts(&cp932), expected);
        assert_eq!(texts(text.replace(',', "\t").as_bytes()), expected);
    }

    #[test]
    fn what_is_broken_is_refused_with_its_row() {
        let mut mixed = "名称,備考\n".as_bytes().to_vec();
        mixed.extend_from_slice(&SHIFT_JIS.encode("顧客名簿,あ\n").0);
        let utf16: Vec<u8> = "名称,備考\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let wide = format!("a\n{}", "b,".repeat(300));
        for (bytes, refusal) in [
            (mixed.as_slice(), (Unreadable::MixedEncodings, Some(2))),
            (&utf16, (Unreadable::UnknownEncoding, None)),
            (b"a,b\n\"c,d\n", (Unreadable::BrokenQuote, Some(2))),
            (wide.as_bytes(), (Unreadable::TooManyColumns, Some(2))),
            (b"\xff\xff\xff", (Unreadable::UnknownEncoding, None)),
        ] {
            assert_eq!(read(bytes, None).map(|_| ()), Err(refusal));
        }
    }

    #[test]
    fn rows_have_the_numbers_of_their_lines() {
        for text in
            ["a\nb\n\n\"c\nc\"\nd\n", "a\r\nb\r\n\r\n\"c\r\nc\"\r\nd\r\n", "a\rb\r\r\"c\rc\"\rd"]
        {
            let rows = read(text.as_bytes(), None).unwrap().sheet.rows;
            let numbers: Vec<_> = rows.iter().map(|line| line.number).collect();
            assert_eq!(numbers, [1, 2, 4, 6], "{text:?}");
        }
    }

    #[test]
    fn quotes_that_end_are_no_fault() {
        for text in ["a,\"b \"\"c\"\" d\"\n", "5\"disk,b\n", "\"a\nb\",c\n", "\"\",\"\"\n"] {
            assert_eq!(open_quote(text), None, "{text}");
        }
    }

    #[test]
    fn an_apostrophe_before_a_formula_is_taken_off() {
        for (field, read) in
            [("'=1+1", "=1+1"), ("''=1+1", "'=1+1"), ("'a", "'a"), ("'－5", "－5"), ("=1", "=1")]
        {
            assert_eq!(plain(field), read);
        }
    }
}
