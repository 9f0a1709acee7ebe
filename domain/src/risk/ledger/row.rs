//! What a row of a ledger states of an asset.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::cell::{self, Cell, Rating, Words};
use super::heading::{Headings, repeats};
use super::{Column, Flaw, Line};
use crate::personal_number::could_be_personal;
use crate::risk::asset::Entry;
use crate::risk::{Medium, Model, Ratings};

/// What a row states; nothing for what its sheet has no column for, or a blank cell.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stated {
    /// mamori's own id, in a sheet that mamori wrote.
    pub id: Option<Uuid>,
    /// The custodian's own key.
    pub external_id: Option<String>,
    /// 業務分類.
    pub business_category: Option<String>,
    /// 情報資産名称.
    pub name: Option<String>,
    /// 備考.
    pub note: Option<String>,
    /// 利用者範囲.
    pub user_scope: Option<String>,
    /// 管理部署.
    pub owner_department: Option<String>,
    /// 媒体・保存先.
    pub medium: Option<Medium>,
    /// Whether the medium is only what the cell's word probably means.
    pub medium_proposed: bool,
    /// 個人情報, 要配慮個人情報 and 特定個人情報, and whether the firm's survival is at stake.
    pub flags: [bool; 4],
    /// 機密性, 完全性 and 可用性.
    pub ratings: [Option<Rating>; 3],
    /// 保存期限.
    pub retention: Option<String>,
    /// 登録日.
    pub registered_on: Option<NaiveDate>,
    /// The firm's own words, as the cell has them.
    pub tags: Option<String>,
    /// Columns that other rows of the file have and this one has not: JSON alone can say so.
    pub absent: BTreeSet<Column>,
}

/// A row as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// Its number in the file, from 1.
    pub number: u32,
    /// What it states.
    pub stated: Stated,
    /// The edition that it names, as it is written.
    pub edition: Option<String>,
    /// What the sheet has computed, where that is a number.
    pub results: BTreeMap<Column, u8>,
    /// What is wrong with its cells.
    pub flaws: Vec<(Column, Flaw)>,
    /// Columns that were not read, and hold what could be a My Number.
    pub suspicious: Vec<u16>,
}

const FLAGS: [Column; 4] = [
    Column::PersonalInformation,
    Column::SpecialCareRequiredPersonalInformation,
    Column::SpecificPersonalInformation,
    Column::ThreatensSurvival,
];
const RATINGS: [Column; 3] = [Column::Confidentiality, Column::Integrity, Column::Availability];

/// Reads a row; none where it states nothing, repeats the headings, or is a remark under the
/// table.
#[must_use]
pub fn read(
    line: &Line,
    headings: &Headings,
    since_1904: Option<bool>,
    words: &Words,
) -> Option<Read> {
    let blank = Cell::Text(String::new());
    let at = |column: Column| {
        let place = headings.columns.get(&column)?;
        Some(line.cell(*place).unwrap_or(&blank))
    };
    let stated = |column: &Column| {
        let read = !column.is_result() && !matches!(column, Column::Id | Column::Edition);
        read && at(*column).is_some_and(|cell| !cell.is_blank())
    };
    let filled: Vec<_> = Column::ALL.iter().filter(|column| stated(column)).collect();
    let is_json = headings.rows == 0;
    let signs = ["※", "*", "＊", "注)", "注）", "注:", "注：", "(注", "（注"];
    let remark = |text: String| !is_json && signs.iter().any(|sign| text.starts_with(sign));
    match filled.as_slice() {
        [] => return None,
        [only] if at(**only).and_then(Cell::text).is_some_and(remark) => return None,
        _ if repeats(line, headings) => return None,
        _ => {}
    }

    let mut flaws = Vec::new();
    let mut text = |column: Column| {
        let cell = at(column)?;
        if matches!(cell, Cell::Error) {
            flaws.push((column, Flaw::CellError));
        }
        let text = cell.text()?;
        let kept = match column {
            Column::Tags => cell.raw()?,
            Column::Note => text.clone(),
            _ => on_one_line(&text),
        };
        let parts = if column == Column::Tags { tags(&kept) } else { Vec::new() };
        if [&text, &kept].into_iter().chain(&parts).any(|text| could_be_personal(text)) {
            flaws.push((column, Flaw::TwelveDigits));
            return None;
        }
        Some(kept)
    };
    let mut stated = Stated {
        external_id: text(Column::ExternalId),
        business_category: text(Column::BusinessCategory),
        name: text(Column::Name),
        note: text(Column::Note),
        user_scope: text(Column::UserScope),
        owner_department: text(Column::OwnerDepartment),
        retention: text(Column::Retention),
        tags: text(Column::Tags),
        ..Stated::default()
    };
    let edition = text(Column::Edition);
    if is_json {
        let left_out = headings.columns.iter().filter(|(_, place)| line.cell(**place).is_none());
        stated.absent = left_out.map(|(column, _)| *column).collect();
    }
    if stated.name.is_none() && !flaws.iter().any(|(column, _)| *column == Column::Name) {
        flaws.push((Column::Name, Flaw::Required));
    }
    if stated.external_id.as_deref().is_some_and(has_lost_digits) {
        flaws.push((Column::ExternalId, Flaw::DigitsLost));
    }
    match at(Column::Id).and_then(Cell::text).map(|id| id.parse()) {
        Some(Ok(id)) => stated.id = Some(id),
        Some(Err(_)) => flaws.push((Column::Id, Flaw::NoId)),
        None => {}
    }
    match cell::medium(at(Column::Medium).unwrap_or(&blank), words) {
        Ok((medium, proposed)) => {
            (stated.medium, stated.medium_proposed) = (Some(medium), proposed);
        }
        Err(flaw) => flaws.push((Column::Medium, flaw)),
    }
    for (column, flag) in FLAGS.into_iter().zip(&mut stated.flags) {
        match at(column).map_or(Ok(false), cell::flag) {
            Ok(said) => *flag = said,
            Err(flaw) => flaws.push((column, flaw)),
        }
    }
    for (column, rating) in RATINGS.into_iter().zip(&mut stated.ratings) {
        match cell::rating(at(column).unwrap_or(&blank)) {
            Ok(said) => *rating = Some(said),
            Err(flaw) => flaws.push((column, flaw)),
        }
    }
    if let Some(cell) = at(Column::RegisteredOn).filter(|cell| !cell.is_blank()) {
        match cell::day(cell, since_1904) {
            Ok(day) => stated.registered_on = Some(day),
            Err(flaw) => flaws.push((Column::RegisteredOn, flaw)),
        }
    }
    let result = |column: &Column| {
        let said = at(*column)?.text()?;
        Some((*column, super::fold(&said).parse().ok()?))
    };
    let results = Column::ALL.iter().filter(|column| column.is_result()).filter_map(result);
    let unread = |place: &u16| !headings.columns.values().any(|known| known == place);
    let suspicious = line.cells.iter().filter(|(place, _)| unread(place));
    let suspicious =
        suspicious.filter(|(_, c)| c.text().is_some_and(|text| could_be_personal(&text)));
    Some(Read {
        number: line.number,
        edition,
        results: results.collect(),
        suspicious: suspicious.map(|(place, _)| *place).collect(),
        stated,
        flaws,
    })
}

/// What stands in one line of the register: line breaks within a cell are spaces.
fn on_one_line(text: &str) -> String {
    if !text.contains(['\n', '\r', '\t']) {
        return text.to_owned();
    }
    text.split(['\n', '\r', '\t'])
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// A text of the register as reading gives it back.
fn normal(text: &str) -> String {
    text.replace("\r\n", "\n").trim().to_owned()
}

/// Whether it is what a spreadsheet makes of long numbers: 7.00001E+12.
fn has_lost_digits(text: &str) -> bool {
    let Some((number, power)) = text.split_once(['E', 'e']) else { return false };
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    power.strip_prefix('+').is_some_and(digits) && digits(&number.replacen('.', "", 1))
}

/// The words of a cell of tags: one a line, or separated by commas.
fn tags(cell: &str) -> Vec<String> {
    let lines = cell.contains('\n');
    let separator =
        |c: char| if lines { c == '\n' } else { matches!(c, ',' | '，' | '、' | ';' | '；') };
    let mut seen = BTreeSet::new();
    let tags = cell.split(separator).map(str::trim).filter(|tag| !tag.is_empty());
    tags.filter(|tag| seen.insert(*tag)).map(str::to_owned).collect()
}

impl Stated {
    /// The asset that the row makes of what is there; nothing without its name and medium, or with
    /// a rating that is missing. What its sheet has no column for stays as it is, and so does a
    /// text that differs only in the spaces around it.
    #[must_use]
    pub fn entry(
        &self,
        columns: &BTreeSet<Column>,
        model: &Model,
        there: Option<&Entry>,
        today: NaiveDate,
    ) -> Option<Entry> {
        let has = |column: Column| columns.contains(&column) && !self.absent.contains(&column);
        let kept = |column: Column, said: &Option<String>, there: Option<&String>| {
            let same = there.is_some_and(|there| Some(&*normal(there)) == said.as_deref());
            if same || !has(column) { there.cloned() } else { said.clone() }
        };
        let number = |rating: Option<Rating>| match rating? {
            Rating::Number(number) => Some(number),
            word => word.level().map(|level| level.on(model)),
        };
        let [confidentiality, integrity, availability] = self.ratings.map(number);
        let ratings = there.map(|there| there.ratings);
        let flag = |column: Column, said: bool, there: Option<bool>| {
            if has(column) { said } else { there.unwrap_or(false) }
        };
        let [personal, special_care, specific, survival] = self.flags;
        let name = self.name.as_ref()?;
        let same_name = there.map(|there| &there.name).filter(|there| there.trim() == name);
        let their_tags = there.map(|there| &there.tags);
        Some(Entry {
            external_id: self.external_id.clone().or_else(|| there?.external_id.clone()),
            business_category: kept(
                Column::BusinessCategory,
                &self.business_category,
                there.and_then(|there| there.business_category.as_ref()),
            ),
            name: same_name.unwrap_or(name).clone(),
            note: kept(Column::Note, &self.note, there.and_then(|there| there.note.as_ref())),
            user_scope: kept(
                Column::UserScope,
                &self.user_scope,
                there.and_then(|there| there.user_scope.as_ref()),
            ),
            owner_department: kept(
                Column::OwnerDepartment,
                &self.owner_department,
                there.and_then(|there| there.owner_department.as_ref()),
            ),
            medium: self.medium?,
            ratings: Ratings {
                confidentiality: confidentiality?,
                integrity: integrity?,
                availability: availability?,
                personal_information: flag(
                    Column::PersonalInformation,
                    personal,
                    ratings.map(|ratings| ratings.personal_information),
                ),
                special_care_required_personal_information: flag(
                    Column::SpecialCareRequiredPersonalInformation,
                    special_care,
                    ratings.map(|ratings| ratings.special_care_required_personal_information),
                ),
                specific_personal_information: flag(
                    Column::SpecificPersonalInformation,
                    specific,
                    ratings.map(|ratings| ratings.specific_personal_information),
                ),
                threatens_survival: flag(
                    Column::ThreatensSurvival,
                    survival,
                    ratings.map(|ratings| ratings.threatens_survival),
                ),
            },
            retention: kept(
                Column::Retention,
                &self.retention,
                there.and_then(|there| there.retention.as_ref()),
            ),
            registered_on: self
                .registered_on
                .or_else(|| there.map(|there| there.registered_on))
                .unwrap_or(today),
            tags: match (&self.tags, their_tags) {
                (_, theirs) if !has(Column::Tags) => theirs.cloned().unwrap_or_default(),
                // As an export writes them, whatever signs are in them.
                (Some(said), Some(theirs)) if said.trim() == theirs.join("\n").trim() => {
                    theirs.clone()
                }
                (said, _) => said.as_deref().map(tags).unwrap_or_default(),
            },
        })
    }
}

/// The columns in which two entries differ.
#[must_use]
pub fn differences(before: &Entry, after: &Entry) -> Vec<Column> {
    let (old, new) = (&before.ratings, &after.ratings);
    [
        (Column::ExternalId, before.external_id != after.external_id),
        (Column::BusinessCategory, before.business_category != after.business_category),
        (Column::Name, before.name != after.name),
        (Column::Note, before.note != after.note),
        (Column::UserScope, before.user_scope != after.user_scope),
        (Column::OwnerDepartment, before.owner_department != after.owner_department),
        (Column::Medium, before.medium != after.medium),
        (Column::PersonalInformation, old.personal_information != new.personal_information),
        (
            Column::SpecialCareRequiredPersonalInformation,
            old.special_care_required_personal_information
                != new.special_care_required_personal_information,
        ),
        (
            Column::SpecificPersonalInformation,
            old.specific_personal_information != new.specific_personal_information,
        ),
        (Column::ThreatensSurvival, old.threatens_survival != new.threatens_survival),
        (Column::Confidentiality, old.confidentiality != new.confidentiality),
        (Column::Integrity, old.integrity != new.integrity),
        (Column::Availability, old.availability != new.availability),
        (Column::Retention, before.retention != after.retention),
        (Column::RegisteredOn, before.registered_on != after.registered_on),
        (Column::Tags, before.tags != after.tags),
    ]
    .into_iter()
    .filter_map(|(column, differs)| differs.then_some(column))
    .collect()
}
