//! Assets written as a file that their firm recognises, and that reads back the same.

use chrono::{Datelike, NaiveDate};
use encoding_rs::SHIFT_JIS;
use mamori_domain::risk::asset::Asset;
use mamori_domain::risk::catalogue::Catalogue;
use mamori_domain::risk::ledger::Column;
use mamori_domain::risk::{Class, Model, Risk, Step};
use rust_xlsxwriter::{
    DocProperties, ExcelDateTime, Format, FormatAlign, FormatBorder, Workbook, Worksheet, XlsxError,
};
use serde_json::{Map, Value, json};

use super::csv::FORMULA;

/// What could not be written in an encoding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unencodable {
    /// The row of the file, from 1.
    pub(crate) row: u32,
    /// The column.
    pub(crate) column: Column,
    /// The character.
    pub(crate) character: char,
}

/// The most characters that are told of a file that can't be encoded.
const MOST_TOLD: usize = 100;

/// An asset with what the sheet computes of it.
#[derive(Debug, Clone)]
pub(crate) struct Exported {
    /// The asset.
    pub(crate) asset: Asset,
    /// The threat and the vulnerability that decide, and the risk.
    pub(crate) risk: Option<(Step, Step, Risk)>,
}

/// A cell of an export.
enum Cell {
    Blank,
    Text(String),
    Number(u8),
    Day(NaiveDate),
}

impl Cell {
    fn text(self) -> String {
        match self {
            Self::Blank => String::new(),
            Self::Text(text) => text,
            Self::Number(number) => number.to_string(),
            Self::Day(day) => day.to_string(),
        }
    }
}

fn cell(column: Column, row: &Exported, model: &Model, catalogue: &Catalogue) -> Cell {
    let entry = &row.asset.entry;
    let text = |text: &Option<String>| text.clone().map_or(Cell::Blank, Cell::Text);
    let flag = |flag: bool| if flag { Cell::Text("有".to_owned()) } else { Cell::Blank };
    let risk = |of: fn(&(Step, Step, Risk)) -> u8| {
        row.risk.as_ref().map_or(Cell::Blank, |risk| Cell::Number(of(risk)))
    };
    match column {
        Column::Id => Cell::Text(row.asset.id.to_string()),
        Column::Edition => Cell::Text(model.edition.to_owned()),
        Column::ExternalId => text(&entry.external_id),
        Column::BusinessCategory => text(&entry.business_category),
        Column::Name => Cell::Text(entry.name.clone()),
        Column::Note => text(&entry.note),
        Column::UserScope => text(&entry.user_scope),
        Column::OwnerDepartment => text(&entry.owner_department),
        Column::Medium => {
            let known = catalogue.media.iter().find(|one| one.medium == entry.medium);
            known.map_or(Cell::Blank, |one| Cell::Text(one.label.ja.clone()))
        }
        Column::PersonalInformation => flag(entry.ratings.personal_information),
        Column::SpecialCareRequiredPersonalInformation => {
            flag(entry.ratings.special_care_required_personal_information)
        }
        Column::SpecificPersonalInformation => flag(entry.ratings.specific_personal_information),
        Column::ThreatensSurvival => flag(entry.ratings.threatens_survival),
        Column::Confidentiality => Cell::Number(entry.ratings.confidentiality),
        Column::Integrity => Cell::Number(entry.ratings.integrity),
        Column::Availability => Cell::Number(entry.ratings.availability),
        Column::Importance => Cell::Number(row.asset.importance),
        Column::Retention => text(&entry.retention),
        Column::RegisteredOn => Cell::Day(entry.registered_on),
        Column::Tags if entry.tags.is_empty() => Cell::Blank,
        // A line break behind a lone tag says that it is one, whatever commas are in it.
        Column::Tags => Cell::Text(match entry.tags.as_slice() {
            [lone] if lone.contains([',', '，', '、', ';', '；']) => format!("{lone}\n"),
            tags => tags.join("\n"),
        }),
        Column::Threat => risk(|(threat, ..)| threat.get()),
        Column::Vulnerability => risk(|(_, vulnerability, _)| vulnerability.get()),
        Column::Likelihood => risk(|(.., risk)| risk.likelihood.get()),
        Column::Value => risk(|(.., risk)| risk.value),
        Column::Class => row
            .risk
            .as_ref()
            .map_or(Cell::Blank, |(.., risk)| Cell::Text(class(risk.class).to_owned())),
    }
}

const fn class(class: Class) -> &'static str {
    match class {
        Class::High => "大",
        Class::Medium => "中",
        Class::Low => "小",
    }
}

/// Writes JSON.
pub(crate) fn json(rows: &[Exported], model: &Model) -> Vec<u8> {
    let asset = |row: &Exported| {
        let entry = &row.asset.entry;
        let ratings = &entry.ratings;
        let mut fields = Map::new();
        for column in Column::ALL {
            let value = match column {
                Column::Edition => continue,
                Column::Id => json!(row.asset.id),
                Column::ExternalId => json!(entry.external_id),
                Column::BusinessCategory => json!(entry.business_category),
                Column::Name => json!(entry.name),
                Column::Note => json!(entry.note),
                Column::UserScope => json!(entry.user_scope),
                Column::OwnerDepartment => json!(entry.owner_department),
                Column::Medium => json!(entry.medium.code()),
                Column::PersonalInformation => json!(ratings.personal_information),
                Column::SpecialCareRequiredPersonalInformation => {
                    json!(ratings.special_care_required_personal_information)
                }
                Column::SpecificPersonalInformation => json!(ratings.specific_personal_information),
                Column::ThreatensSurvival => json!(ratings.threatens_survival),
                Column::Confidentiality => json!(ratings.confidentiality),
                Column::Integrity => json!(ratings.integrity),
                Column::Availability => json!(ratings.availability),
                Column::Importance => json!(row.asset.importance),
                Column::Retention => json!(entry.retention),
                Column::RegisteredOn => json!(entry.registered_on.to_string()),
                Column::Tags => json!(entry.tags),
                Column::Threat => json!(row.risk.as_ref().map(|(threat, ..)| threat.get())),
                Column::Vulnerability => json!(row.risk.as_ref().map(|(_, v, _)| v.get())),
                Column::Likelihood => json!(row.risk.as_ref().map(|(.., r)| r.likelihood.get())),
                Column::Value => json!(row.risk.as_ref().map(|(.., r)| r.value)),
                Column::Class => json!(row.risk.as_ref().map(|(.., r)| match r.class {
                    Class::High => "high",
                    Class::Medium => "medium",
                    Class::Low => "low",
                })),
            };
            fields.insert(column.code().to_owned(), value);
        }
        Value::Object(fields)
    };
    let mut written = format!("{{\"edition\":{},\"assets\":[", json!(model.edition)).into_bytes();
    for (index, row) in rows.iter().enumerate() {
        if index > 0 {
            written.push(b',');
        }
        // One at a time: the tree of all would take several times the memory of the text.
        written.extend_from_slice(asset(row).to_string().as_bytes());
    }
    written.extend_from_slice(b"]}");
    written
}

/// Writes comma-separated values. What could be taken for a formula gets an apostrophe, which
/// reading takes off again.
///
/// # Errors
///
/// What the encoding has no characters for; nothing is ever written as `?`.
pub(crate) fn csv(
    rows: &[Exported],
    model: &Model,
    catalogue: &Catalogue,
    shift_jis: bool,
) -> Result<Vec<u8>, Vec<Unencodable>> {
    let mut writer =
        csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    let mut unencodable = Vec::new();
    let headings = Column::ALL.map(Column::heading);
    // Writing to memory does not fail.
    drop(writer.write_record(headings));
    for (row, number) in rows.iter().zip(2..) {
        let fields = Column::ALL.map(|column| {
            let text = cell(column, row, model, catalogue).text();
            if shift_jis && unencodable.len() < MOST_TOLD {
                let lost = text.chars().filter(|c| !encodes(*c));
                unencodable.extend(lost.map(|character| Unencodable {
                    row: number,
                    column,
                    character,
                }));
            }
            guarded(text)
        });
        drop(writer.write_record(&fields));
    }
    if !unencodable.is_empty() {
        unencodable.truncate(MOST_TOLD);
        return Err(unencodable);
    }
    let text = String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default();
    Ok(if shift_jis { SHIFT_JIS.encode(&text).0.into_owned() } else { text.into_bytes() })
}

/// Whether Shift_JIS has a character, and gives back the same: `¥` and `‾` it would not.
fn encodes(character: char) -> bool {
    let text = character.encode_utf8(&mut [0; 4]).to_owned();
    let (bytes, _, lost) = SHIFT_JIS.encode(&text);
    !lost && SHIFT_JIS.decode_without_bom_handling(&bytes).0 == text
}

/// A text that no spreadsheet takes for a formula.
pub(crate) fn guarded(text: String) -> String {
    let formula = text.trim_start_matches('\'').starts_with(FORMULA);
    if formula { format!("'{text}") } else { text }
}

/// How wide each column is, in characters.
const fn width(column: Column) -> f64 {
    match column {
        Column::Name | Column::Note => 30.0,
        Column::Id => 38.0,
        Column::BusinessCategory
        | Column::UserScope
        | Column::OwnerDepartment
        | Column::Medium
        | Column::Tags
        | Column::ExternalId => 16.0,
        Column::Retention | Column::RegisteredOn => 12.0,
        _ => 9.0,
    }
}

/// The headings over several columns: where they begin and end, and their words.
const GROUPS: [(Column, Column, &str); 4] = [
    (Column::PersonalInformation, Column::SpecificPersonalInformation, "個人情報の種類"),
    (Column::Confidentiality, Column::Availability, "評価値"),
    (Column::Threat, Column::Class, "現状から想定されるリスク（入力不要）"),
    (Column::ThreatensSurvival, Column::Id, "mamoriの項目"),
];

/// Writes a workbook with the sheet 情報資産管理台帳, its columns as in the official one.
///
/// # Errors
///
/// When the library fails, which it has no reason to.
pub(crate) fn xlsx(
    rows: &[Exported],
    model: &Model,
    catalogue: &Catalogue,
    today: NaiveDate,
) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let made = excel_day(today)?;
    workbook.set_properties(
        &DocProperties::new().set_title("情報資産管理台帳").set_creation_datetime(&made),
    );
    let sheet = workbook.add_worksheet();
    sheet.set_name("情報資産管理台帳")?;
    headings(sheet, model, today)?;
    let text = Format::new().set_text_wrap().set_align(FormatAlign::Top);
    // Nothing in such a cell is ever taken for a formula, even when it is edited.
    let guarded = text.clone().set_quote_prefix();
    let day = Format::new().set_num_format("yyyy/mm/dd").set_align(FormatAlign::Top);
    let number = Format::new().set_align(FormatAlign::Top);
    for (row, at) in rows.iter().zip(FIRST_ROW..) {
        for (column, place) in Column::ALL.into_iter().zip(0..) {
            match cell(column, row, model, catalogue) {
                Cell::Blank => continue,
                Cell::Number(value) => sheet.write_number_with_format(at, place, value, &number)?,
                Cell::Day(value) => match excel_day(value) {
                    Ok(value) => sheet.write_datetime_with_format(at, place, &value, &day)?,
                    Err(_) => {
                        sheet.write_string_with_format(at, place, value.to_string(), &text)?
                    }
                },
                Cell::Text(value) if value.starts_with(FORMULA) || value.starts_with('\'') => {
                    sheet.write_string_with_format(at, place, value, &guarded)?
                }
                Cell::Text(value) => sheet.write_string_with_format(at, place, value, &text)?,
            };
        }
    }
    workbook.save_to_buffer()
}

/// The first row of assets, from 0: under a title, a line about the file, and two of headings.
const FIRST_ROW: u32 = 4;

fn headings(sheet: &mut Worksheet, model: &Model, today: NaiveDate) -> Result<(), XlsxError> {
    let title = Format::new().set_bold().set_font_size(14);
    sheet.write_string_with_format(0, 0, "情報資産管理台帳", &title)?;
    let about = format!(
        "{}版の尺度（{}～{}）、{today}にmamoriから出力",
        model.edition, model.lowest, model.top
    );
    sheet.write_string(1, 0, about)?;
    let heading = Format::new()
        .set_bold()
        .set_text_wrap()
        .set_align(FormatAlign::Center)
        .set_align(FormatAlign::VerticalCenter)
        .set_border(FormatBorder::Thin)
        .set_background_color("#DDEBF7");
    let place = |wanted: Column| {
        (0_u16..).zip(Column::ALL).find(|(_, column)| *column == wanted).map_or(0, |(at, _)| at)
    };
    for (first, last, words) in GROUPS {
        sheet.merge_range(2, place(first), 2, place(last), words, &heading)?;
    }
    for (column, at) in Column::ALL.into_iter().zip(0_u16..) {
        sheet.set_column_width(at, width(column))?;
        let grouped =
            GROUPS.iter().any(|(first, last, _)| (place(*first)..=place(*last)).contains(&at));
        if grouped {
            sheet.write_string_with_format(3, at, column.heading(), &heading)?;
        } else {
            sheet.merge_range(2, at, 3, at, column.heading(), &heading)?;
        }
    }
    sheet.set_freeze_panes(FIRST_ROW, place(Column::Note))?;
    Ok(())
}

fn excel_day(day: NaiveDate) -> Result<ExcelDateTime, XlsxError> {
    let year = u16::try_from(day.year()).unwrap_or_default();
    let part = |part: u32| u8::try_from(part).unwrap_or_default();
    ExcelDateTime::from_ymd(year, part(day.month()), part(day.day()))
}
