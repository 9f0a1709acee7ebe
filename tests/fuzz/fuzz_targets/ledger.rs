//! Whatever is sent as a file of assets is read or refused, and nothing else.
//!
//! The first byte says what the rest is: a whole workbook; the sheet, the strings or the workbook
//! part of one, which a mutated package would hardly ever get to; CSV; or JSON.
#![no_main]

use std::io::{Cursor, Write};
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use mamori::ledger::{Format, rows};
use mamori_domain::risk::catalogue::Catalogue;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

static CATALOGUE: LazyLock<Catalogue> =
    LazyLock::new(|| Catalogue::embedded().expect("the catalogue"));

const SHEET: &[u8] = include_bytes!("../parts/sheet.xml");
const STRINGS: &[u8] = include_bytes!("../parts/strings.xml");
const WORKBOOK: &[u8] = include_bytes!("../parts/workbook.xml");
const STYLES: &[u8] = include_bytes!("../parts/styles.xml");

fn package(sheet: &[u8], strings: &[u8], workbook: &[u8], styles: &[u8]) -> Vec<u8> {
    let parts: [(&str, &[u8]); 6] = [
        ("_rels/.rels", include_bytes!("../parts/package.rels")),
        ("xl/workbook.xml", workbook),
        ("xl/_rels/workbook.xml.rels", include_bytes!("../parts/workbook.rels")),
        ("xl/worksheets/sheet1.xml", sheet),
        ("xl/sharedStrings.xml", strings),
        ("xl/styles.xml", styles),
    ];
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        writer.start_file(name, options).expect("a part");
        writer.write_all(bytes).expect("bytes");
    }
    writer.finish().expect("a package").into_inner()
}

fuzz_target!(|data: &[u8]| {
    let Some((what, rest)) = data.split_first() else { return };
    let _ = match what % 7 {
        0 => rows(Format::Csv, rest, &CATALOGUE),
        1 => rows(Format::Json, rest, &CATALOGUE),
        2 => rows(Format::Xlsx, rest, &CATALOGUE),
        3 => rows(Format::Xlsx, &package(rest, STRINGS, WORKBOOK, STYLES), &CATALOGUE),
        4 => rows(Format::Xlsx, &package(SHEET, rest, WORKBOOK, STYLES), &CATALOGUE),
        5 => rows(Format::Xlsx, &package(SHEET, STRINGS, rest, STYLES), &CATALOGUE),
        _ => rows(Format::Xlsx, &package(SHEET, STRINGS, WORKBOOK, rest), &CATALOGUE),
    };
});
