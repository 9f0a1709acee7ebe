//! The package of a workbook, before anything in it is believed.

use std::io::{Cursor, Read};

use zip::ZipArchive;
use zip::result::ZipError;

use super::Unreadable;

/// The most parts of a package.
const MOST_PARTS: usize = 500;
/// The most bytes of all parts together when they are unpacked.
const MOST_BYTES: u64 = 64 << 20;
/// The most elements of all parts together, by how often `<` stands there: 10,000 rows of 25 cells
/// need 1.5 million.
const MOST_ELEMENTS: usize = 4_000_000;
/// The most bytes that a packed one may become on average; sheets reach 30.
const MOST_GROWTH: u64 = 200;
/// The most digits of a stated number of strings.
const MOST_COUNT_DIGITS: usize = 6;
/// The most styles that have a format, and the longest tag beside them: a format's code has at
/// most 255 characters.
const MOST_STYLES: usize = 20_000;
const LONGEST_STYLE_TAG: usize = 4_000;
/// What a file may become whatever its size.
const SMALL: u64 = 4 << 20;

/// Sees that a file is the package of a workbook, and unpacks all of it once, to count what is
/// really there: the sizes that a package states may be lies.
pub(super) fn check(bytes: &[u8]) -> Result<(), Unreadable> {
    if !bytes.starts_with(b"PK\x03\x04") {
        return Err(other(bytes));
    }
    let mut package = ZipArchive::new(Cursor::new(bytes)).map_err(|_| Unreadable::Damaged)?;
    if package.len() > MOST_PARTS {
        return Err(Unreadable::Bomb);
    }
    let names: Result<Vec<_>, _> = package.file_names().collect();
    let names: Vec<_> = names.map_err(|_| Unreadable::Damaged)?;
    let names: Vec<_> = names.iter().map(|name| name.to_ascii_lowercase()).collect();
    if !names.iter().any(|name| name == "xl/workbook.xml") {
        return Err(Unreadable::NoWorkbook);
    }
    if names.iter().any(|name| is_macro(name)) {
        return Err(Unreadable::Macros);
    }
    let packed = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let most = MOST_BYTES.min(packed.saturating_mul(MOST_GROWTH).max(SMALL));
    let (mut left, mut elements) = (most, 0);
    let mut bytes = Vec::new();
    for part in 0..package.len() {
        let part = package.by_index(part).map_err(|error| match error {
            ZipError::UnsupportedArchive(_) => Unreadable::Encrypted,
            _ => Unreadable::Damaged,
        })?;
        bytes.clear();
        let read = part.take(left + 1).read_to_end(&mut bytes).map_err(|_| Unreadable::Damaged)?;
        let read = u64::try_from(read).unwrap_or(u64::MAX);
        left = left.checked_sub(read).ok_or(Unreadable::Bomb)?;
        elements += bytes.iter().filter(|byte| **byte == b'<').count();
        if elements > MOST_ELEMENTS || is_hostile(&bytes) {
            return Err(Unreadable::Bomb);
        }
    }
    Ok(())
}

/// Whether a part would make the parser take far more than the part's own size. It may be called
/// anything: what it is for, another part says.
fn is_hostile(part: &[u8]) -> bool {
    // The checks below read one byte a character.
    let is_utf16 = [b"\xff\xfe".as_slice(), b"\xfe\xff", b"<\0", b"\0<"];
    if is_utf16.iter().any(|start| part.starts_with(start)) {
        return true;
    }
    // The parser makes room for as many strings as this says.
    let promised = after(part, b"uniqueCount").any(|rest| {
        let sign = |byte: &u8| byte.is_ascii_whitespace() || b"='\"+".contains(byte);
        let digits = rest.iter().skip_while(|byte| sign(byte));
        digits.take_while(|byte| byte.is_ascii_digit()).count() > MOST_COUNT_DIGITS
    });
    // It copies the code of a format for each style that has it.
    let formatted = after(part, b"formatCode").next().is_some()
        && (after(part, b"numFmtId").count() > MOST_STYLES
            || part.split(|byte| *byte == b'<').any(|tag| tag.len() > LONGEST_STYLE_TAG));
    promised || formatted
}

/// What follows each place where a name stands.
fn after<'p>(part: &'p [u8], name: &'static [u8]) -> impl Iterator<Item = &'p [u8]> {
    let places = part.windows(name.len()).enumerate().filter(move |(_, found)| *found == name);
    places.map(move |(at, _)| part.get(at + name.len()..).unwrap_or_default())
}

fn is_macro(name: &str) -> bool {
    name.ends_with("vbaproject.bin") || name.starts_with("xl/macrosheets/")
}

/// What a file is that is no package.
fn other(bytes: &[u8]) -> Unreadable {
    // The header of compound files: old workbooks, and encrypted new ones.
    if bytes.starts_with(&[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]) {
        let encrypted: Vec<u8> =
            "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let found = bytes.windows(encrypted.len()).any(|part| part == encrypted);
        return if found { Unreadable::Encrypted } else { Unreadable::OldWorkbook };
    }
    // The record that old workbooks without a container begin with.
    if bytes.starts_with(&[0x09, 0x08]) {
        return Unreadable::OldWorkbook;
    }
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    let start = text.get(..text.len().min(1_000)).unwrap_or_default().to_ascii_lowercase();
    let is_page = [b"<!doctype html".as_slice(), b"<html", b"<table", b"<head", b"<meta"];
    if is_page.iter().any(|tag| start.starts_with(tag))
        || start.windows(5).any(|part| part == b"<html")
    {
        return Unreadable::WebPage;
    }
    Unreadable::NoWorkbook
}
