//! What becomes of each row of a file: a new asset, a change, nothing, or a refusal.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use mamori_domain::risk::asset::{Asset, Entry};
use mamori_domain::risk::catalogue::Catalogue;
use mamori_domain::risk::ledger::cell::Words;
use mamori_domain::risk::ledger::heading::{self, Headings};
use mamori_domain::risk::ledger::matching::{Match, matched};
use mamori_domain::risk::ledger::row::{self, Read, Stated, differences};
use mamori_domain::risk::ledger::scale::{self, Basis};
use mamori_domain::risk::ledger::{Column, Flaw, Sheet};
use mamori_domain::risk::{Medium, Model};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{MOST_ROWS, Refusal, Unreadable, letters, repeatable};
use crate::problem::{Code, Fault, Kind, Place, Problem};
use crate::read::Check;
use crate::route::asset::{AssetInput, scale as allowed};
use crate::wire::wire_enum;

wire_enum! {
    /// What becomes of a row: `create`, `update`, `unchanged` where the register says the same, or
    /// `refused`.
    #[derive(Hash, PartialOrd, Ord)]
    pub(crate) enum Verdict as ImportVerdict {
        /// A new asset.
        Create = "create",
        /// An asset that is there changes.
        Update = "update",
        /// An asset that is there stays as it is.
        Unchanged = "unchanged",
        /// The row can't be taken; `errors` says why.
        Refused = "refused",
    }
}

impl Verdict {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Unchanged => "unchanged",
            Self::Refused => "refused",
        }
    }

    /// The verdict of a row that is kept.
    pub(crate) fn parse(text: &str) -> Result<Self, Problem> {
        let all = [Self::Create, Self::Update, Self::Unchanged, Self::Refused];
        let known = all.into_iter().find(|verdict| verdict.as_str() == text);
        known.ok_or_else(|| Problem::internal("what is kept of a row"))
    }
}

/// A sheet with its headings.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) sheet: Sheet,
    pub(crate) headings: Headings,
    /// Whether its columns are called by letters; in JSON they have names.
    pub(crate) lettered: bool,
}

impl Table {
    /// Finds the headings of a sheet.
    pub(crate) fn of(sheet: Sheet) -> Result<Self, Problem> {
        match heading::find(&sheet) {
            Ok(headings) => Ok(Self { sheet, headings, lettered: true }),
            Err((flaw, column, place)) => {
                let (code, mut parameters) = told(&flaw);
                parameters.extend(column.map(|column| ("column", column.heading().to_owned())));
                let sheet = sheet.name.as_deref().map(repeatable);
                let mut fault = Fault::cell(sheet, None, place.map(letters), code);
                fault.parameters = parameters;
                Err(Problem::fault(Kind::FileUnreadable, fault))
            }
        }
    }

    /// What a column is called.
    pub(crate) fn place(&self, column: Column) -> Option<String> {
        if !self.lettered {
            return Some(column.code().to_owned());
        }
        self.headings.columns.get(&column).copied().map(letters)
    }

    /// What stands over a column, shortened; nothing in JSON.
    pub(crate) fn heading(&self, column: Column) -> Option<String> {
        let place = self.headings.columns.get(&column).filter(|_| self.lettered)?;
        let lines = self.sheet.rows.iter().take(self.headings.rows).rev();
        let texts = lines.filter_map(|line| line.cell(*place)?.text());
        texts.map(|text| repeatable(&text)).next()
    }

    /// The rows that state an asset.
    pub(crate) fn rows(&self, catalogue: &Catalogue) -> Result<Vec<Read>, Problem> {
        let words = Words::of(catalogue);
        let since = self.sheet.since_1904;
        let lines = self.sheet.rows.iter().skip(self.headings.rows);
        let read = lines.filter_map(|line| row::read(line, &self.headings, since, &words));
        let rows: Vec<_> = read.take(MOST_ROWS + 1).collect();
        if let Some(beyond) = rows.get(MOST_ROWS) {
            return Err(self.refused(Code::TooManyRows, Some(beyond.number)));
        }
        Ok(rows)
    }

    /// Sees that the rows are on the register's scale.
    pub(crate) fn scale(
        &self,
        rows: &[Read],
        stated: Option<&Model>,
        register: &Model,
    ) -> Result<Basis, Problem> {
        scale::decided(rows, stated, register).map_err(|(flaw, row)| {
            let (code, _) = told(&flaw);
            let mut problem = self.refused(code, row);
            for fault in &mut problem.faults {
                fault.parameters.push(("edition", register.edition.to_owned()));
                let scale = format!("{}–{}", register.lowest, register.top);
                fault.parameters.push(("scale", scale));
            }
            problem
        })
    }

    /// Forgets the rows behind the headings, which were read.
    pub(crate) fn forget_rows(&mut self) {
        self.sheet.rows.truncate(self.headings.rows);
        self.sheet.rows.shrink_to_fit();
    }

    fn refused(&self, code: Code, row: Option<u32>) -> Problem {
        unreadable(self.sheet.name.as_deref(), code, row)
    }
}

/// The problem of a file whose sheet can't be read.
fn unreadable(sheet: Option<&str>, code: Code, row: Option<u32>) -> Problem {
    let fault = Fault::cell(sheet.map(repeatable), row, None, code).with("maximum", MOST_ROWS);
    Problem::fault(Kind::FileUnreadable, fault)
}

impl From<Refusal> for Problem {
    fn from((refusal, row): Refusal) -> Self {
        let code = match refusal {
            Unreadable::NoWorkbook => Code::NoWorkbook,
            Unreadable::OldWorkbook => Code::OldWorkbook,
            Unreadable::Encrypted => Code::Encrypted,
            Unreadable::WebPage => Code::WebPage,
            Unreadable::Macros => Code::Macros,
            Unreadable::Bomb => Code::TooLargeInside,
            Unreadable::Damaged => Code::Damaged,
            Unreadable::NoLedgerSheet => Code::NoLedger,
            Unreadable::SeveralLedgerSheets => Code::SeveralLedgers,
            Unreadable::TooManyRows => Code::TooManyRows,
            Unreadable::TooManyColumns => Code::TooManyColumns,
            Unreadable::CellTooLong => Code::CellTooLong,
            Unreadable::UnknownEncoding => Code::UnknownEncoding,
            Unreadable::MixedEncodings => Code::MixedEncodings,
            Unreadable::BrokenQuote => Code::BrokenQuote,
        };
        unreadable(None, code, row)
    }
}

/// A flaw as a fault tells it.
fn told(flaw: &Flaw) -> (Code, Vec<(&'static str, String)>) {
    let code = match flaw {
        Flaw::NoLedger => Code::NoLedger,
        Flaw::HardwareList => Code::HardwareList,
        Flaw::ColumnMissing => Code::ColumnMissing,
        Flaw::ColumnTwice => Code::ColumnTwice,
        Flaw::BothScales => Code::BothScales,
        Flaw::OtherScale => Code::OtherScale,
        Flaw::ScaleUndecided => Code::ScaleUndecided,
        Flaw::SeveralEditions => Code::SeveralEditions,
        Flaw::NoSuchEdition => Code::NoSuchEdition,
        Flaw::Required => Code::Required,
        Flaw::CellError => Code::CellError,
        Flaw::NoRating => Code::NoRating,
        Flaw::NoFlag => Code::NoFlag,
        Flaw::UnknownMedium => Code::UnknownMedium,
        Flaw::SeveralMedia(media) => {
            let media: Vec<_> = media.iter().map(|medium| medium.code()).collect();
            return (Code::SeveralMedia, vec![("media", media.join(", "))]);
        }
        Flaw::NoDay => Code::NoDay,
        Flaw::DayWithoutYear => Code::DayWithoutYear,
        Flaw::ShortYear => Code::ShortYear,
        Flaw::OutsideItsEra => Code::OutsideItsEra,
        Flaw::BareSerial => Code::BareSerial,
        Flaw::TwelveDigits => Code::TwelveDigits,
        Flaw::DigitsLost => Code::DigitsLost,
        Flaw::NoId => return (Code::Format, vec![("expected", "UUID".to_owned())]),
        Flaw::Duplicate(row) => return (Code::SameAsRow, vec![("row", row.to_string())]),
        Flaw::SeveralAssets => Code::SeveralAssets,
        Flaw::KeyTaken => Code::KeyTaken,
    };
    let editions = || {
        let editions: Vec<_> = Model::ALL.iter().map(|model| model.edition).collect();
        editions.join(", ")
    };
    let expected = (code == Code::NoSuchEdition).then(|| ("expected", editions()));
    (code, expected.into_iter().collect())
}

/// A fault of a cell, as it is kept until it is told.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CellFault {
    /// The field.
    pub(crate) column: Column,
    /// What is wrong.
    code: String,
    /// What fills the text's placeholders.
    parameters: BTreeMap<String, String>,
}

impl CellFault {
    fn of(column: Column, fault: &Fault) -> Self {
        let parameter =
            |(name, value): &(&'static str, String)| ((*name).to_owned(), value.clone());
        Self {
            column,
            code: fault.code.as_str().to_owned(),
            parameters: fault.parameters.iter().map(parameter).collect(),
        }
    }

    fn flaw(column: Column, flaw: &Flaw) -> Self {
        let (code, parameters) = told(flaw);
        let mut fault = Fault::at("", code);
        fault.parameters = parameters;
        Self::of(column, &fault)
    }

    /// Its code, and its text without its placeholders filled.
    pub(crate) fn code(&self) -> Option<Code> {
        Code::parse(&self.code)
    }

    /// The media that one cell names, where that is what is wrong.
    pub(crate) fn media(&self) -> Vec<Medium> {
        let media = self.parameters.get("media").map(String::as_str).unwrap_or_default();
        media.split(", ").filter_map(Medium::parse).collect()
    }

    /// A text with its placeholders filled.
    pub(crate) fn fill(&self, text: &str) -> String {
        let mut filled = text.to_owned();
        for (name, value) in &self.parameters {
            filled = filled.replace(&format!("{{{name}}}"), value);
        }
        filled
    }
}

/// A row that is to be judged: what it states, and what was wrong with it when it was read.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    pub(crate) number: u32,
    pub(crate) stated: Stated,
    pub(crate) faults: Vec<CellFault>,
}

impl Candidate {
    /// What a row that was read states; it is taken out of the row.
    pub(crate) fn out_of(read: &mut Read) -> Self {
        let fault = |(column, flaw): &(Column, Flaw)| CellFault::flaw(*column, flaw);
        Self {
            number: read.number,
            stated: std::mem::take(&mut read.stated),
            faults: read.flaws.iter().map(fault).collect(),
        }
    }
}

/// A row that was judged.
#[derive(Debug, Clone)]
pub(crate) struct Judged {
    pub(crate) verdict: Verdict,
    /// The asset that it is about.
    pub(crate) asset: Option<Asset>,
    /// What the register is to say.
    pub(crate) entry: Option<Entry>,
    /// In which columns that differs from what it says.
    pub(crate) changes: Vec<Column>,
    /// Why it is refused.
    pub(crate) faults: Vec<CellFault>,
}

/// Judges rows against the assets that they could be about.
pub(crate) fn judge(
    candidates: &[Candidate],
    assets: Vec<Asset>,
    columns: &BTreeSet<Column>,
    model: &Model,
    today: NaiveDate,
) -> Vec<Judged> {
    let stated: Vec<&Stated> = candidates.iter().map(|candidate| &candidate.stated).collect();
    let matches = matched(&stated, &assets, columns);
    let key = |asset: &Asset| asset.entry.external_id.clone();
    let keys: BTreeMap<String, Uuid> =
        assets.iter().filter_map(|asset| Some((key(asset)?, asset.id))).collect();
    let mut assets: Vec<_> = assets.into_iter().map(Some).collect();
    let judged = candidates.iter().zip(matches).map(|(candidate, matched)| {
        let mut faults = candidate.faults.clone();
        let asset = match matched {
            Match::New => None,
            // No two rows are about one asset.
            Match::Asset(at) => assets.get_mut(at).and_then(Option::take),
            Match::Row(at) => {
                let row = candidates.get(at).map_or(0, |row| row.number);
                faults.push(CellFault::flaw(Column::Name, &Flaw::Duplicate(row)));
                None
            }
            Match::Several => {
                faults.push(CellFault::flaw(Column::Name, &Flaw::SeveralAssets));
                None
            }
        };
        let there = asset.as_ref().map(|asset| &asset.entry);
        let entry = candidate.stated.entry(columns, model, there, today);
        if let Some(entry) = &entry {
            faults.extend(checked(entry, model, today));
            let holder = entry.external_id.as_ref().and_then(|key| keys.get(key));
            let taken = holder.is_some_and(|holder| asset.as_ref().is_none_or(|a| a.id != *holder));
            if taken && !matches!(matched, Match::Row(_)) {
                faults.push(CellFault::flaw(Column::ExternalId, &Flaw::KeyTaken));
            }
        }
        // What could be a My Number is not kept, nor shown.
        let personal = faults.iter().any(|fault| fault.code() == Some(Code::TwelveDigits));
        let entry = entry.filter(|_| !personal);
        let changes = there.zip(entry.as_ref()).map(|(there, entry)| differences(there, entry));
        let changes = changes.unwrap_or_default();
        let verdict = match (faults.is_empty() && entry.is_some(), &asset) {
            (false, _) => Verdict::Refused,
            (true, None) => Verdict::Create,
            (true, Some(_)) if changes.is_empty() => Verdict::Unchanged,
            (true, Some(_)) => Verdict::Update,
        };
        Judged { verdict, asset, entry, changes, faults }
    });
    judged.collect()
}

/// What is wrong with the values of an entry: the same check that every other way in goes through.
fn checked(entry: &Entry, model: &Model, today: NaiveDate) -> Vec<CellFault> {
    let mut check = Check::default();
    let _ = AssetInput::from(entry.clone()).entry(&mut check, "", &allowed(model), today);
    let faults = check.finish(()).err().map(|problem| problem.faults).unwrap_or_default();
    let column = |fault: &Fault| match &fault.place {
        Place::Pointer(pointer) => Column::parse(pointer.split('/').nth(1)?),
        _ => None,
    };
    faults.iter().map(|fault| CellFault::of(column(fault).unwrap_or(Column::Name), fault)).collect()
}

/// Where the sheet has computed otherwise than the register does.
pub(crate) fn disagreements(
    read: &Read,
    entry: &Entry,
    model: &Model,
    risk: impl Fn(Medium, u8) -> Option<u8>,
) -> Vec<(Column, u8, u8)> {
    let importance = model.importance(&entry.ratings).value;
    let ours =
        [(Column::Importance, Some(importance)), (Column::Value, risk(entry.medium, importance))];
    ours.into_iter()
        .filter_map(|(column, ours)| Some((column, *read.results.get(&column)?, ours?)))
        .filter(|(_, theirs, ours)| theirs != ours)
        .collect()
}

/// Warnings of a row: a column that is not read holds what could be a My Number.
pub(crate) fn warnings(read: &Read) -> Vec<String> {
    read.suspicious.iter().copied().map(letters).collect()
}

/// The id of the asset that a row was about, to see later whether it still is.
pub(crate) fn target(judged: &Judged) -> (Option<Uuid>, i64) {
    judged.asset.as_ref().map_or((None, 0), |asset| (Some(asset.id), asset.revision))
}
