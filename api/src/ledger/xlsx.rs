//! Workbooks, cell by cell: an empty cell costs nothing, wherever the last full one is.

use std::collections::BTreeMap;
use std::io::Cursor;

use calamine::{DataRef, Dimensions, Reader, SheetType, Xlsx};
use chrono::NaiveDate;
use mamori_domain::risk::ledger::cell::Cell;
use mamori_domain::risk::ledger::{Flaw, Line, Sheet, fold, heading};

use super::{File, LONGEST_CELL, MOST_COLUMNS, MOST_ROWS, OTHER_ROWS, Refusal, Unreadable};

/// The most sheets that are looked through for a ledger that no sheet is named as.
const MOST_SHEETS: usize = 20;
/// The most merged cells of a sheet, and the most cells that they are spread over.
const MOST_MERGED: usize = 50_000;

/// The most sheets that a workbook may have.
const MOST_NAMES: usize = 200;
/// The most bytes of text in all cells that are read, a text in several cells counted for each.
const MOST_TEXT: usize = 32 << 20;

/// How much text may still be read.
struct Budget(usize);

impl Budget {
    fn take(&mut self, cell: &Cell) -> Result<(), Refusal> {
        let Cell::Text(text) = cell else { return Ok(()) };
        self.0 = self.0.checked_sub(text.len()).ok_or((Unreadable::Bomb, None))?;
        Ok(())
    }
}

type Workbook<'b> = Xlsx<Cursor<&'b [u8]>>;

pub(super) fn read(bytes: &[u8]) -> Result<File, Refusal> {
    let damaged = |_| (Unreadable::Damaged, None);
    let mut workbook: Workbook<'_> = Xlsx::new(Cursor::new(bytes)).map_err(damaged)?;
    let names: Vec<String> = workbook
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet)
        .map(|sheet| sheet.name.clone())
        .collect();
    if names.len() > MOST_NAMES {
        return Err((Unreadable::Bomb, None));
    }
    let sheet = chosen(&mut workbook, &names, &mut Budget(MOST_TEXT))?;
    let others = names.into_iter().filter(|name| Some(name) != sheet.name.as_ref()).collect();
    Ok(File { sheet, others, encoding: None })
}

/// The sheet that is called the ledger (情報資産管理台帳); else the only one that has its headings.
/// The filled-in example (台帳記入例) is never data.
fn chosen(
    workbook: &mut Workbook<'_>,
    names: &[String],
    budget: &mut Budget,
) -> Result<Sheet, Refusal> {
    let called = |name: &&String| fold(name).contains("情報資産管理台帳");
    let example = |name: &str| fold(name).contains("記入例");
    let ledgers: Vec<&String> = names.iter().filter(called).filter(|name| !example(name)).collect();
    let exact = ledgers.iter().find(|name| fold(name) == "情報資産管理台帳");
    match (exact, ledgers.as_slice()) {
        (Some(name), _) | (None, [name]) => return sheet(workbook, name, budget),
        (None, []) => {}
        (None, _) => return Err((Unreadable::SeveralLedgerSheets, None)),
    }
    let candidates = names.iter().filter(|name| !example(name)).take(MOST_SHEETS);
    let (mut fitting, mut rest, mut others) = (Vec::new(), None, 0);
    for name in candidates {
        let read = sheet(workbook, name, budget)?;
        match heading::find(&read) {
            Err((Flaw::NoLedger, ..)) => {
                others += 1;
                rest = Some(read);
            }
            // It is told later what is wrong with it.
            _ => fitting.push(read),
        }
        if fitting.len() > 1 {
            return Err((Unreadable::SeveralLedgerSheets, None));
        }
    }
    match (fitting.pop(), rest) {
        (Some(sheet), _) => Ok(sheet),
        // It is told later that it has no headings.
        (None, Some(sheet)) if others == 1 => Ok(sheet),
        (None, _) => Err((Unreadable::NoLedgerSheet, None)),
    }
}

fn sheet(workbook: &mut Workbook<'_>, name: &str, budget: &mut Budget) -> Result<Sheet, Refusal> {
    let damaged = || (Unreadable::Damaged, None);
    let since_1904 = workbook.has_1904_epoch();
    let merged = workbook.merge_cells_by_sheet_name(name).map_err(|_| damaged())?;
    if merged.len() > MOST_MERGED {
        return Err((Unreadable::Bomb, None));
    }
    let mut cells = workbook.worksheet_cells_reader(name).map_err(|_| damaged())?;
    let mut lines: BTreeMap<u32, BTreeMap<u16, Cell>> = BTreeMap::new();
    while let Some(found) = cells.next_cell().map_err(|_| damaged())? {
        let (row, column) = found.get_position();
        let Some(cell) = typed(found.get_value()) else { continue };
        budget.take(&cell)?;
        let number = row.saturating_add(1);
        let column = u16::try_from(column).ok().filter(|c| usize::from(*c) < MOST_COLUMNS);
        let column = column.ok_or((Unreadable::TooManyColumns, Some(number)))?;
        if let Cell::Text(text) = &cell
            && text.chars().count() > LONGEST_CELL
        {
            return Err((Unreadable::CellTooLong, Some(number)));
        }
        lines.entry(number).or_default().insert(column, cell);
        if lines.len() > MOST_ROWS + OTHER_ROWS {
            return Err((Unreadable::TooManyRows, Some(number)));
        }
    }
    spread(&mut lines, &merged, budget)?;
    let line = |(number, cells): (u32, BTreeMap<u16, Cell>)| Line {
        number,
        cells: cells.into_iter().collect(),
    };
    Ok(Sheet {
        name: Some(name.to_owned()),
        since_1904: Some(since_1904),
        rows: lines.into_iter().map(line).collect(),
    })
}

/// Fills cells that were merged downwards into the rows that they cover.
fn spread(
    lines: &mut BTreeMap<u32, BTreeMap<u16, Cell>>,
    merged: &[Dimensions],
    budget: &mut Budget,
) -> Result<(), Refusal> {
    let mut filled = 0;
    for area in merged.iter().filter(|area| area.end.0 > area.start.0) {
        let Ok(column) = u16::try_from(area.start.1) else { continue };
        let top = area.start.0.saturating_add(1);
        let Some(cell) = lines.get(&top).and_then(|cells| cells.get(&column)).cloned() else {
            continue;
        };
        let below = top.saturating_add(1)..=area.end.0.saturating_add(1);
        for (_, cells) in lines.range_mut(below) {
            budget.take(&cell)?;
            cells.entry(column).or_insert_with(|| cell.clone());
            filled += 1;
            if filled > MOST_MERGED {
                return Err((Unreadable::Bomb, None));
            }
        }
    }
    Ok(())
}

fn typed(value: &DataRef<'_>) -> Option<Cell> {
    Some(match value {
        DataRef::Empty | DataRef::DurationIso(_) => return None,
        DataRef::Int(number) => match i32::try_from(*number) {
            Ok(number) => Cell::Number(f64::from(number)),
            Err(_) => Cell::Text(number.to_string()),
        },
        DataRef::Float(number) => Cell::Number(*number),
        DataRef::String(text) => Cell::Text(text.clone()),
        DataRef::SharedString(text) => Cell::Text((*text).to_owned()),
        DataRef::Bool(flag) => Cell::Flag(*flag),
        DataRef::DateTime(time) => {
            let (year, month, day, ..) = time.to_ymd_hms_milli();
            let date = NaiveDate::from_ymd_opt(i32::from(year), month.into(), day.into());
            date.filter(|_| time.is_datetime()).map_or(Cell::Number(time.as_f64()), Cell::Day)
        }
        DataRef::DateTimeIso(text) => {
            let date = text.get(..10).and_then(|date| date.parse().ok());
            date.map_or_else(|| Cell::Text(text.clone()), Cell::Day)
        }
        DataRef::Error(_) => Cell::Error,
    })
    .filter(|cell| !cell.is_blank())
}
