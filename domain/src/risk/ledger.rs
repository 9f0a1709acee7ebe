//! The register as a sheet (情報資産管理台帳): reading what people and other programs wrote.
//!
//! A file is read into a [`Sheet`] of typed cells by its own parser, and all that follows is here:
//! which row holds the [headings](heading), what a [cell] says, what a [row] states of an asset,
//! by which [scale] it is rated, and [which asset](matching) of the register it is about.
//!
//! Source: the ledger's columns as told in the field's facts, section 4.1. What a sheet may write
//! instead of 有, of a medium or of a day is mamori's own reading, and is refused rather than
//! guessed.

pub mod cell;
pub mod heading;
pub mod matching;
pub mod row;
pub mod scale;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use self::cell::Cell;
use super::Medium;

/// A sheet, without what is only formatting.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sheet {
    /// Its name, where the format has names.
    pub name: Option<String>,
    /// Whether its days count from 1904 (true) or 1900; none where days are no numbers.
    pub since_1904: Option<bool>,
    /// The rows that hold anything, in order.
    pub rows: Vec<Line>,
}

/// A row of a sheet as it was written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Line {
    /// Its number in the file, from 1.
    pub number: u32,
    /// Its cells that hold anything, by column from 0, in order.
    pub cells: Vec<(u16, Cell)>,
}

impl Line {
    /// The cell of a column.
    #[must_use]
    pub fn cell(&self, column: u16) -> Option<&Cell> {
        let at = self.cells.binary_search_by_key(&column, |(column, _)| *column).ok()?;
        self.cells.get(at).map(|(_, cell)| cell)
    }
}

/// A column of the register, by what it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    /// mamori's own id of the asset.
    Id,
    /// The edition by whose scale the row is rated.
    Edition,
    /// The custodian's own key.
    ExternalId,
    /// 業務分類.
    BusinessCategory,
    /// 情報資産名称.
    Name,
    /// 備考.
    Note,
    /// 利用者範囲.
    UserScope,
    /// 管理部署.
    OwnerDepartment,
    /// 媒体・保存先.
    Medium,
    /// 個人情報.
    PersonalInformation,
    /// 要配慮個人情報.
    SpecialCareRequiredPersonalInformation,
    /// 特定個人情報.
    SpecificPersonalInformation,
    /// 機密性.
    Confidentiality,
    /// 完全性.
    Integrity,
    /// 可用性.
    Availability,
    /// 重要度, which the sheet computes.
    Importance,
    /// 保存期限.
    Retention,
    /// 登録日.
    RegisteredOn,
    /// An accident could threaten the firm's survival; no column of the official sheet.
    ThreatensSurvival,
    /// Words of the firm's own; no column of the official sheet.
    Tags,
    /// 脅威の発生頻度, which the sheet computes.
    Threat,
    /// 脆弱性, which the sheet computes.
    Vulnerability,
    /// 被害発生可能性, which the sheet computes.
    Likelihood,
    /// リスク値, which the sheet computes.
    Value,
    /// リスク大・中・小, which the sheet computes.
    Class,
}

impl Column {
    /// Every column, in the order of an export: those of the official sheet stand as there.
    pub const ALL: [Self; 25] = [
        Self::BusinessCategory,
        Self::Name,
        Self::Note,
        Self::UserScope,
        Self::OwnerDepartment,
        Self::Medium,
        Self::PersonalInformation,
        Self::SpecialCareRequiredPersonalInformation,
        Self::SpecificPersonalInformation,
        Self::Confidentiality,
        Self::Integrity,
        Self::Availability,
        Self::Importance,
        Self::Retention,
        Self::RegisteredOn,
        Self::Threat,
        Self::Vulnerability,
        Self::Likelihood,
        Self::Value,
        Self::Class,
        Self::ThreatensSurvival,
        Self::Tags,
        Self::ExternalId,
        Self::Edition,
        Self::Id,
    ];

    /// Its code: the name of the field.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Edition => "edition",
            Self::ExternalId => "external_id",
            Self::BusinessCategory => "business_category",
            Self::Name => "name",
            Self::Note => "note",
            Self::UserScope => "user_scope",
            Self::OwnerDepartment => "owner_department",
            Self::Medium => "medium",
            Self::PersonalInformation => "personal_information",
            Self::SpecialCareRequiredPersonalInformation => {
                "special_care_required_personal_information"
            }
            Self::SpecificPersonalInformation => "specific_personal_information",
            Self::Confidentiality => "confidentiality",
            Self::Integrity => "integrity",
            Self::Availability => "availability",
            Self::Importance => "importance",
            Self::Retention => "retention",
            Self::RegisteredOn => "registered_on",
            Self::ThreatensSurvival => "threatens_survival",
            Self::Tags => "tags",
            Self::Threat => "threat",
            Self::Vulnerability => "vulnerability",
            Self::Likelihood => "likelihood",
            Self::Value => "value",
            Self::Class => "class",
        }
    }

    /// The column of this code.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|column| column.code() == code)
    }

    /// What an export writes over it: the official sheet's own words, where it has the column.
    #[must_use]
    pub const fn heading(self) -> &'static str {
        match self {
            Self::Id => "mamori_id",
            Self::Edition => "版",
            Self::ExternalId => "管理番号",
            Self::BusinessCategory => "業務分類",
            Self::Name => "情報資産名称",
            Self::Note => "備考",
            Self::UserScope => "利用者範囲",
            Self::OwnerDepartment => "管理部署",
            Self::Medium => "媒体・保存先",
            Self::PersonalInformation => "個人情報",
            Self::SpecialCareRequiredPersonalInformation => "要配慮個人情報",
            Self::SpecificPersonalInformation => "特定個人情報",
            Self::Confidentiality => "機密性",
            Self::Integrity => "完全性",
            Self::Availability => "可用性",
            Self::Importance => "重要度",
            Self::Retention => "保存期限",
            Self::RegisteredOn => "登録日",
            Self::ThreatensSurvival => "事業の存続",
            Self::Tags => "タグ",
            Self::Threat => "脅威の発生頻度",
            Self::Vulnerability => "脆弱性",
            Self::Likelihood => "被害発生可能性",
            Self::Value => "リスク値",
            Self::Class => "リスクの大きさ",
        }
    }

    /// Whether the sheet computes it: compared, and never taken over.
    #[must_use]
    pub const fn is_result(self) -> bool {
        matches!(
            self,
            Self::Importance
                | Self::Threat
                | Self::Vulnerability
                | Self::Likelihood
                | Self::Value
                | Self::Class
        )
    }
}

/// What is wrong with a sheet or with one of its cells. It never holds what the cell says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Flaw {
    /// No row has the headings of the ledger.
    NoLedger,
    /// A list of hardware (資産管理台帳), which is about other assets.
    HardwareList,
    /// A column that the ledger can't be read without is missing.
    ColumnMissing,
    /// Two columns have the same heading.
    ColumnTwice,
    /// Ratings of 0 and of 3: no edition has both.
    BothScales,
    /// The ratings are on another scale than the stated edition has.
    OtherScale,
    /// The ratings fit both scales, and no edition was stated.
    ScaleUndecided,
    /// Its rows are of several editions.
    SeveralEditions,
    /// There is no such edition.
    NoSuchEdition,
    /// The cell must hold something.
    Required,
    /// The cell holds an error of the spreadsheet, such as #REF!.
    CellError,
    /// No rating of any scale, and neither 高, 中 nor 低.
    NoRating,
    /// Neither 有 nor 無, nor a mark that means one of them.
    NoFlag,
    /// No medium that is known.
    UnknownMedium,
    /// Several media in one cell: a row for each is needed.
    SeveralMedia(Vec<Medium>),
    /// No day.
    NoDay,
    /// A day without its year.
    DayWithoutYear,
    /// A year of two digits.
    ShortYear,
    /// A day that is not in its era.
    OutsideItsEra,
    /// A number where a day is meant, in a format that can't say since when it counts.
    BareSerial,
    /// Twelve digits, which could be a My Number.
    TwelveDigits,
    /// The spreadsheet has turned digits into a number such as 1.23E+12.
    DigitsLost,
    /// mamori's own id is no UUID.
    NoId,
    /// The same asset as an earlier row, whose number this is.
    Duplicate(u32),
    /// More than one asset of the register fits.
    SeveralAssets,
    /// Another asset of the register has the custodian's key.
    KeyTaken,
}

/// A text folded for comparing headings and words: one width, one case, no spaces.
#[must_use]
pub fn fold(text: &str) -> String {
    text.nfkc().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
}
