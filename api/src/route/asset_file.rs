//! Files of assets as the document tells them: what the readers and writers of `ledger` take and
//! make.

use utoipa::ToSchema;

use crate::ledger::Format;
use crate::wire::wire_enum;

wire_enum! {
    /// The format of a file: `xlsx`, `csv` or `json`.
    #[schema(as = FileFormat)]
    pub(crate) enum FormatValue = Format {
        Xlsx = "xlsx",
        Csv = "csv",
        Json = "json",
    }
}

/// Assets as a JSON file has them.
#[derive(Debug, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AssetFile)]
#[expect(dead_code, reason = "the document's words for what the reader reads by itself")]
pub(crate) struct AssetFileBody {
    /// The edition by whose scale the assets are rated: `2.1`, `3.0`, `3.1` or `4.0`.
    #[schema(pattern = "^(2\\.1|3\\.0|3\\.1|4\\.0)$", example = "4.0")]
    edition: Option<String>,
    /// The assets, each with the fields of the register; what mamori computes may be there, and is
    /// compared.
    #[schema(max_items = 10000)]
    assets: Vec<AssetFileRow>,
}

/// An asset in a JSON file. Its fields are read as cells of a sheet are: a rating may be `3` or
/// `"高"`, a flag `true` or `"有"`, a day `"2025-03-01"` or `"令和7年3月1日"`. What is not as it
/// should be is told in the preview, row by row.
#[derive(Debug, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AssetFileRow)]
#[expect(dead_code, reason = "the document's words for what the reader reads by itself")]
pub(crate) struct AssetFileRow {
    /// mamori's own id, in a file that mamori wrote.
    id: Option<CellValue>,
    /// Your own key for it.
    external_id: Option<CellValue>,
    /// The business that it belongs to (業務分類).
    business_category: Option<CellValue>,
    /// Its name (情報資産名称).
    name: Option<CellValue>,
    /// A remark (備考).
    note: Option<CellValue>,
    /// Who may use it (利用者範囲).
    user_scope: Option<CellValue>,
    /// The department in charge (管理部署).
    owner_department: Option<CellValue>,
    /// Its medium (媒体・保存先), by code or by the sheet's word.
    medium: Option<CellValue>,
    /// Personal information (個人情報).
    personal_information: Option<CellValue>,
    /// Special care-required personal information (要配慮個人情報).
    special_care_required_personal_information: Option<CellValue>,
    /// Specific personal information (特定個人情報).
    specific_personal_information: Option<CellValue>,
    /// An accident could threaten the firm's survival.
    threatens_survival: Option<CellValue>,
    /// Confidentiality (機密性).
    confidentiality: Option<CellValue>,
    /// Integrity (完全性).
    integrity: Option<CellValue>,
    /// Availability (可用性).
    availability: Option<CellValue>,
    /// Importance (重要度): compared, never taken over.
    importance: Option<CellValue>,
    /// How long it is kept (保存期限).
    retention: Option<CellValue>,
    /// The day of registration (登録日).
    registered_on: Option<CellValue>,
    /// Words of your own.
    tags: Option<CellValue>,
    /// Threat (脅威の発生頻度): not read.
    threat: Option<CellValue>,
    /// Vulnerability (脆弱性): not read.
    vulnerability: Option<CellValue>,
    /// Likelihood (被害発生可能性): not read.
    likelihood: Option<CellValue>,
    /// Risk value (リスク値): compared, never taken over.
    value: Option<CellValue>,
    /// Risk class: not read.
    class: Option<CellValue>,
}

/// A workbook (.xlsx).
#[derive(Debug, ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "the document's words for what the reader reads by itself")]
pub(crate) struct Workbook(Vec<u8>);

/// A cell: a text, a number, true or false, or texts.
#[derive(Debug, ToSchema)]
#[schema(as = CellValue)]
#[serde(untagged)]
#[expect(dead_code, reason = "the document's words for what the reader reads by itself")]
pub(crate) enum CellValue {
    /// A text.
    Text(String),
    /// A number.
    Number(f64),
    /// True or false.
    Flag(bool),
    /// Texts, for tags.
    Texts(Vec<String>),
}
