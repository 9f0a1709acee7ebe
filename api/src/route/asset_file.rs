//! Files of assets as the document tells them: what the readers and writers of `ledger` take and
//! make.

use utoipa::ToSchema;

use crate::ledger::Format;
use crate::wire::wire_enum;

wire_enum! {
    /// The format of a file: `xlsx`, `csv` or `json`.
    pub(crate) enum FormatValue as FileFormat = Format {
        /// A workbook (Office Open XML).
        Xlsx = "xlsx",
        /// Comma-separated values: UTF-8 or Shift_JIS.
        Csv = "csv",
        /// JSON.
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
    #[serde(default)]
    id: CellValue,
    /// Your own key for it.
    #[serde(default)]
    external_id: CellValue,
    /// The business that it belongs to (業務分類).
    #[serde(default)]
    business_category: CellValue,
    /// Its name (情報資産名称).
    #[serde(default)]
    name: CellValue,
    /// A remark (備考).
    #[serde(default)]
    note: CellValue,
    /// Who may use it (利用者範囲).
    #[serde(default)]
    user_scope: CellValue,
    /// The department in charge (管理部署).
    #[serde(default)]
    owner_department: CellValue,
    /// Its medium (媒体・保存先), by code or by the sheet's word.
    #[serde(default)]
    medium: CellValue,
    /// Personal information (個人情報).
    #[serde(default)]
    personal_information: CellValue,
    /// Special care-required personal information (要配慮個人情報).
    #[serde(default)]
    special_care_required_personal_information: CellValue,
    /// Specific personal information (特定個人情報).
    #[serde(default)]
    specific_personal_information: CellValue,
    /// An accident could threaten the firm's survival.
    #[serde(default)]
    threatens_survival: CellValue,
    /// Confidentiality (機密性).
    #[serde(default)]
    confidentiality: CellValue,
    /// Integrity (完全性).
    #[serde(default)]
    integrity: CellValue,
    /// Availability (可用性).
    #[serde(default)]
    availability: CellValue,
    /// Importance (重要度): compared, never taken over.
    #[serde(default)]
    importance: CellValue,
    /// How long it is kept (保存期限).
    #[serde(default)]
    retention: CellValue,
    /// The day of registration (登録日).
    #[serde(default)]
    registered_on: CellValue,
    /// Words of your own.
    #[serde(default)]
    tags: Option<Vec<String>>,
    /// Threat (脅威の発生頻度): not read.
    #[serde(default)]
    threat: CellValue,
    /// Vulnerability (脆弱性): not read.
    #[serde(default)]
    vulnerability: CellValue,
    /// Likelihood (被害発生可能性): not read.
    #[serde(default)]
    likelihood: CellValue,
    /// Risk value (リスク値): compared, never taken over.
    #[serde(default)]
    value: CellValue,
    /// Risk class: not read.
    #[serde(default)]
    class: CellValue,
}

/// A workbook (.xlsx).
#[derive(Debug, ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "the document's words for what the reader reads by itself")]
pub(crate) struct Workbook(Vec<u8>);

/// Comma-separated values, in UTF-8 or Shift_JIS.
#[derive(Debug, ToSchema)]
#[schema(value_type = String, format = Binary)]
#[expect(dead_code, reason = "the document's words for what the reader reads by itself")]
pub(crate) struct CsvFile(Vec<u8>);

/// A cell: a text, a number, true or false, or null.
#[derive(Debug, ToSchema)]
#[schema(as = CellValue, value_type = serde_json::Value)]
#[expect(dead_code, reason = "the document's words for what the reader reads by itself")]
pub(crate) struct CellValue(serde_json::Value);
