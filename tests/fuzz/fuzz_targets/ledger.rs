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

static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    // The fuzzer would count a panic of a parser that the reader catches; one that gets out of the
    // reader still ends it.
    std::panic::set_hook(Box::new(|_| {}));
    Catalogue::embedded().expect("the catalogue")
});

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
    let catalogue = &*CATALOGUE;
    let _ = match what % 7 {
        0 => rows(Format::Csv, rest, catalogue),
        1 => rows(Format::Json, rest, catalogue),
        2 => rows(Format::Xlsx, rest, catalogue),
        3 => rows(Format::Xlsx, &package(rest, STRINGS, WORKBOOK, STYLES), catalogue),
        4 => rows(Format::Xlsx, &package(SHEET, rest, WORKBOOK, STYLES), catalogue),
        5 => rows(Format::Xlsx, &package(SHEET, STRINGS, rest, STYLES), catalogue),
        _ => rows(Format::Xlsx, &package(SHEET, STRINGS, WORKBOOK, rest), catalogue),
    };
});
