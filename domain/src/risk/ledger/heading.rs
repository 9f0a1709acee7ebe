//! Which row of a sheet holds the headings, and what each column is about.

use std::collections::BTreeMap;

use unicode_normalization::UnicodeNormalization;

use super::{Column, Flaw, Line, Sheet};

/// How many rows from the top may hold the headings.
const DEEPEST: usize = 40;
/// Over how many rows a heading may go.
const TALLEST: usize = 3;
/// How many headings of the ledger make a row its headings.
const FEWEST: usize = 3;

/// The columns that a ledger can't be read without.
const NEEDED: [Column; 5] = [
    Column::Name,
    Column::Medium,
    Column::Confidentiality,
    Column::Integrity,
    Column::Availability,
];

/// What people write over a column, folded, beside the code of the field.
const NAMES: &[(Column, &[&str])] = &[
    (Column::Id, &["mamoriid"]),
    (Column::Edition, &["版", "ガイドラインの版"]),
    (Column::ExternalId, &["管理番号", "資産番号", "情報資産番号", "外部id", "externalid"]),
    (Column::BusinessCategory, &["業務分類", "業務区分", "業務"]),
    (Column::Name, &["情報資産名称", "情報資産名", "情報資産", "資産名称", "資産名", "名称"]),
    (Column::Note, &["備考", "メモ"]),
    (Column::UserScope, &["利用者範囲", "利用範囲", "利用者"]),
    (Column::OwnerDepartment, &["管理部署", "管理部門", "管理担当", "担当部署"]),
    (Column::Medium, &["媒体保存先", "媒体", "保存先", "保管場所"]),
    (Column::PersonalInformation, &["個人情報", "個人情報の有無"]),
    (Column::SpecialCareRequiredPersonalInformation, &["要配慮個人情報"]),
    (Column::SpecificPersonalInformation, &["特定個人情報", "マイナンバー"]),
    (Column::Confidentiality, &["機密性"]),
    (Column::Integrity, &["完全性"]),
    (Column::Availability, &["可用性"]),
    (Column::Importance, &["重要度"]),
    (Column::Retention, &["保存期限", "保存期間"]),
    (Column::RegisteredOn, &["登録日", "更新日", "登録更新日", "登録日更新日"]),
    (Column::ThreatensSurvival, &["事業の存続", "存続への影響", "事業存続への影響"]),
    (Column::Tags, &["タグ"]),
    (Column::Threat, &["脅威の発生頻度", "脅威の起こりやすさ", "脅威"]),
    (Column::Vulnerability, &["脆弱性", "脆弱性のつけ込みやすさ"]),
    (Column::Likelihood, &["被害発生可能性"]),
    (Column::Value, &["リスク値"]),
    (Column::Class, &["リスク", "リスクの大きさ"]),
];

/// Headings of a list of hardware.
const HARDWARE: &[&str] = &[
    "機器名",
    "機器名称",
    "機種",
    "機種名",
    "型番",
    "型式",
    "メーカー",
    "シリアル番号",
    "製造番号",
    "os",
    "ipアドレス",
    "macアドレス",
    "ホスト名",
    "コンピュータ名",
    "コンピューター名",
    "設置場所",
    "購入日",
    "リース期限",
];

/// The headings of a ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headings {
    /// How many of the sheet's rows they and what stands above them take.
    pub rows: usize,
    /// What each column is about.
    pub columns: BTreeMap<Column, u16>,
    /// The headings that say nothing to us: column and text.
    pub unknown: Vec<(u16, String)>,
}

/// What a text means as a heading.
#[must_use]
pub fn column(text: &str) -> Option<Column> {
    let code = text.trim().to_lowercase();
    let said = folded(text);
    let known = NAMES
        .iter()
        .find(|(column, names)| column.code() == code || names.contains(&said.as_str()));
    known.map(|(column, _)| *column)
}

/// A heading without its widths, spaces, line breaks, signs and remarks in brackets.
fn folded(text: &str) -> String {
    let mut depth = 0_u32;
    let mut folded = String::new();
    for character in text.nfkc().flat_map(char::to_lowercase) {
        match character {
            '(' | '【' | '[' => depth += 1,
            ')' | '】' | ']' => depth = depth.saturating_sub(1),
            '・' | '/' | ':' | '*' | '※' | '_' | '-' | '.' | '、' | ',' => {}
            character if depth > 0 || character.is_whitespace() => {}
            character => folded.push(character),
        }
    }
    folded
}

/// Finds the headings of a sheet.
///
/// They are the block of up to three rows near the top in which most columns of the ledger are
/// named: a heading may be split over its rows, or stand under the heading of a group.
///
/// # Errors
///
/// [`Flaw::NoLedger`] or [`Flaw::HardwareList`]; [`Flaw::ColumnTwice`] or
/// [`Flaw::ColumnMissing`], with the column and, where there is one, its place.
pub fn find(sheet: &Sheet) -> Result<Headings, (Flaw, Option<Column>, Option<u16>)> {
    let mut best: Option<(usize, usize, Block)> = None;
    for first in 0..sheet.rows.len().min(DEEPEST) {
        for height in 1..=TALLEST {
            let Some(lines) = sheet.rows.get(first..first + height) else { break };
            let block = Block::of(lines);
            if height > 1 && holds_an_asset(lines) {
                break;
            }
            // Once all that is needed has its heading, what stands under it is data.
            if let Some((found, tall, best)) = &best
                && best.lacks().is_none()
                && let Some(below) = sheet.rows.get(found + tall..first + height)
                && below.iter().any(|line| names_an_asset(line, best))
            {
                break;
            }
            let better = best.as_ref().is_none_or(|(_, _, best)| block.named() > best.named());
            if better {
                best = Some((first, height, block));
            }
        }
    }
    let Some((first, height, block)) = best.filter(|(_, _, block)| block.named() >= FEWEST) else {
        return Err((
            if is_hardware(sheet) { Flaw::HardwareList } else { Flaw::NoLedger },
            None,
            None,
        ));
    };
    if block.is_hardware() {
        return Err((Flaw::HardwareList, None, None));
    }
    if let Some((column, place)) = block.twice.first() {
        return Err((Flaw::ColumnTwice, Some(*column), Some(*place)));
    }
    match block.lacks() {
        Some(missing) => Err((Flaw::ColumnMissing, Some(missing), None)),
        None => {
            Ok(Headings { rows: first + height, columns: block.columns, unknown: block.unknown })
        }
    }
}

/// Whether the last of some rows has a name of its own under the heading of the names: then it is
/// no heading, whatever else it says.
fn holds_an_asset(lines: &[Line]) -> bool {
    let Some((last, above)) = lines.split_last() else { return false };
    names_an_asset(last, &Block::of(above))
}

/// Whether a row has a name of its own under the heading of the names.
fn names_an_asset(line: &Line, headings: &Block) -> bool {
    let name = headings.columns.get(&Column::Name).and_then(|place| line.cell(*place));
    name.and_then(super::cell::Cell::text).is_some_and(|text| column(&text).is_none())
}

/// Whether a row repeats the headings, as a page break may.
#[must_use]
pub fn repeats(line: &Line, headings: &Headings) -> bool {
    let same = headings.columns.iter().filter(|(wanted, place)| {
        let said = line.cell(**place).and_then(super::cell::Cell::text);
        said.and_then(|said| column(&said)) == Some(**wanted)
    });
    same.count() >= FEWEST
}

fn is_hardware(sheet: &Sheet) -> bool {
    (0..sheet.rows.len().min(DEEPEST))
        .filter_map(|first| sheet.rows.get(first..=first))
        .any(|lines| Block::of(lines).is_hardware())
}

/// Some rows, taken as headings.
#[derive(Debug, Default)]
struct Block {
    columns: BTreeMap<Column, u16>,
    twice: Vec<(Column, u16)>,
    unknown: Vec<(u16, String)>,
    hardware: usize,
}

impl Block {
    fn of(lines: &[Line]) -> Self {
        let mut texts: BTreeMap<u16, Vec<String>> = BTreeMap::new();
        for (place, cell) in lines.iter().flat_map(|line| &line.cells) {
            if let Some(text) = cell.text() {
                texts.entry(*place).or_default().push(text);
            }
        }
        let mut block = Self::default();
        for (place, texts) in texts {
            let whole = texts.concat();
            // The lowest names the column; what stands above names a group.
            let named = texts.iter().rev().chain([&whole]).find_map(|text| column(text));
            let said = folded(&whole);
            match named {
                Some(column) if block.columns.contains_key(&column) => {
                    // The sheet gives a likelihood or a value as a number and as a word.
                    if !column.is_result() {
                        block.twice.push((column, place));
                    }
                }
                Some(column) => {
                    block.columns.insert(column, place);
                }
                None => {
                    block.hardware += usize::from(HARDWARE.contains(&said.as_str()));
                    block.unknown.push((place, whole));
                }
            }
        }
        block
    }

    /// A column that the ledger can't be read without, and that is not there.
    fn lacks(&self) -> Option<Column> {
        NEEDED.into_iter().find(|column| !self.columns.contains_key(column))
    }

    fn named(&self) -> usize {
        self.columns.len()
    }

    /// Whether it has more to say of machines than of information.
    fn is_hardware(&self) -> bool {
        let rated = [Column::Confidentiality, Column::Integrity, Column::Availability];
        self.hardware >= 2 && !rated.iter().any(|column| self.columns.contains_key(column))
    }
}

#[cfg(test)]
mod tests {
    use super::super::cell::Cell;
    use super::*;

    pub(super) fn sheet(rows: &[&[&str]]) -> Sheet {
        let line = |(index, cells): (usize, &&[&str])| Line {
            number: u32::try_from(index).unwrap() + 1,
            cells: cells
                .iter()
                .enumerate()
                .filter(|(_, text)| !text.is_empty())
                .map(|(at, text)| (u16::try_from(at).unwrap(), Cell::Text((*text).to_owned())))
                .collect(),
        };
        Sheet { rows: rows.iter().enumerate().map(line).collect(), ..Sheet::default() }
    }

    #[test]
    fn headings_are_found_under_titles_and_over_several_rows() {
        let found = find(&sheet(&[
            &["情報資産管理台帳"],
            &[
                "業務\n分類",
                "情報資産名称",
                "媒体・保存先",
                "個人情報の種類",
                "",
                "",
                "評価値",
                "",
                "",
                "重要度",
            ],
            &[
                "",
                "",
                "",
                "個人情報",
                "要配慮個人情報",
                "特定個人情報",
                "機　密　性",
                "完 全 性",
                "可用性（A）",
                "",
            ],
            &["人事", "社員名簿", "書類", "有", "", "", "3", "2", "1", "3"],
        ]))
        .unwrap();
        assert_eq!(found.rows, 3);
        assert_eq!(found.columns[&Column::BusinessCategory], 0);
        assert_eq!(found.columns[&Column::SpecificPersonalInformation], 5);
        assert_eq!(found.columns[&Column::Confidentiality], 6);
        assert_eq!(found.columns[&Column::Availability], 8);
        assert_eq!(found.columns[&Column::Importance], 9);
        assert!(found.unknown.is_empty(), "{:?}", found.unknown);
    }

    #[test]
    fn every_column_is_found_by_what_an_export_calls_it() {
        for known in Column::ALL {
            assert_eq!(column(known.heading()), Some(known));
            assert_eq!(column(known.code()), Some(known));
            assert_eq!(Column::parse(known.code()), Some(known));
        }
    }

    #[test]
    fn columns_come_in_any_order_and_width_and_language() {
        let found = find(&sheet(&[&[
            "ﾒﾓ",
            "可用性",
            "完全性",
            "機密性",
            "媒体",
            "資産名",
            "保険",
            "external_id",
        ]]));
        let found = found.unwrap();
        assert_eq!((found.columns[&Column::Note], found.columns[&Column::Name]), (0, 5));
        assert_eq!(found.unknown, [(6, "保険".to_owned())]);
        assert_eq!(found.columns[&Column::ExternalId], 7);
    }

    #[test]
    fn what_is_no_ledger_is_refused_by_its_reason() {
        let hardware = ["管理番号", "機器名", "メーカー", "型番", "管理部署", "備考"];
        let twice = ["情報資産名称", "媒体", "機密性", "完全性", "可用性", "可用性"];
        let cases: [(&[&str], Flaw, Option<Column>); 5] = [
            (&["月", "売上", "利益"], Flaw::NoLedger, None),
            (&[], Flaw::NoLedger, None),
            (&hardware, Flaw::HardwareList, None),
            (
                &["情報資産名称", "機密性", "完全性", "可用性"],
                Flaw::ColumnMissing,
                Some(Column::Medium),
            ),
            (&twice, Flaw::ColumnTwice, Some(Column::Availability)),
        ];
        for (row, flaw, column) in cases {
            let (told, of, _) = find(&sheet(&[row])).unwrap_err();
            assert_eq!((told, of), (flaw, column), "{row:?}");
        }
    }
}
