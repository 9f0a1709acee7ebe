//! The rows of a file of assets, each with its verdict.

use actix_web::get;
use mamori_domain::risk::ledger::Column;
use mamori_domain::text::Language;
use mamori_store::{ImportRow, Stop, Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::asset::AssetInput;
use super::asset_import::{About, RowAbout, about};
use super::risk_model::MediumValue;
use crate::answer::{Answer, page};
use crate::auth::Call;
use crate::auth::caller::RisksRead;
use crate::ledger::judge::{CellFault, Verdict};
use crate::problem::Problem;
use crate::read::query::{PageQuery, Parameters};
use crate::read::{PathId, Query};
use crate::route::tag;
use crate::service::Service;

pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list_asset_import_rows);
}

/// A fault of a cell.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImportError {
    /// What is wrong; stable.
    #[schema(pattern = "^[a-z_]+$", example = "unknown_medium")]
    code: &'static str,
    /// The field.
    #[schema(example = "medium")]
    field: &'static str,
    /// The letters of the column; in JSON the name of the field. Null where the file has no such
    /// column.
    #[schema(required, example = "F")]
    column: Option<String>,
    /// What is wrong in words, in the language of the answer.
    detail: String,
}

/// Where a file has computed otherwise than mamori does.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImportDisagreement {
    /// The field: `importance` or `value`.
    #[schema(example = "importance")]
    field: &'static str,
    /// What the file says.
    #[schema(minimum = 0, maximum = 255)]
    file: u8,
    /// What mamori computes.
    #[schema(minimum = 0, maximum = 9)]
    mamori: u8,
}

/// A row of a file, and what becomes of it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AssetImportRow {
    /// Its number, from 1; in CSV its line, in JSON which asset.
    #[schema(minimum = 1)]
    row: u32,
    verdict: Verdict,
    /// The asset that it is about; null where it is a new one.
    #[schema(required)]
    asset: Option<Uuid>,
    /// What the register is to say; null where the row says too little.
    #[schema(required)]
    entry: Option<AssetInput>,
    /// The fields that change.
    changes: Vec<&'static str>,
    /// The medium that is proposed for the word in the file; null where it is the sheet's own.
    #[schema(required)]
    proposed_medium: Option<MediumValue>,
    /// Where one cell names several media: those for which to write a row each.
    offered_media: Vec<MediumValue>,
    /// Where the file has computed otherwise: shown, never taken over.
    disagreements: Vec<ImportDisagreement>,
    /// Why it is refused.
    errors: Vec<ImportError>,
    /// The letters of columns that are not read and hold twelve digits in a row.
    unread_digits: Vec<String>,
}

impl AssetImportRow {
    fn of(
        row: &ImportRow,
        about: &About,
        service: &Service,
        language: Language,
    ) -> Result<Self, Problem> {
        let kept = RowAbout::of(row)?;
        let place = |wanted: Column| {
            let found = about.columns.iter().find(|(column, ..)| *column == wanted);
            found.and_then(|(_, place, _)| place.clone())
        };
        let error = |fault: &CellFault| {
            let code = fault.code()?;
            Some(ImportError {
                code: code.as_str(),
                field: fault.column.code(),
                column: place(fault.column),
                detail: fault.fill(service.catalogue().fault(code, language)),
            })
        };
        let disagreement = |(column, file, mamori): &(Column, u8, u8)| ImportDisagreement {
            field: column.code(),
            file: *file,
            mamori: *mamori,
        };
        let proposed = kept.stated.medium.filter(|_| kept.stated.medium_proposed);
        Ok(Self {
            row: row.number,
            verdict: Verdict::parse(&row.verdict)?,
            asset: kept.asset.0,
            changes: kept.changes.iter().map(|column| column.code()).collect(),
            proposed_medium: proposed.map(MediumValue::from),
            offered_media: kept
                .faults
                .iter()
                .flat_map(CellFault::media)
                .map(MediumValue::from)
                .collect(),
            disagreements: kept.disagreements.iter().map(disagreement).collect(),
            errors: kept.faults.iter().filter_map(error).collect(),
            unread_digits: kept.warnings,
            entry: kept.entry,
        })
    }
}

/// A page of a file's rows, in the file's order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AssetImportRowList {
    /// The rows.
    items: Vec<AssetImportRow>,
    /// Where the next page begins; null on the last.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// Which rows to list.
#[derive(Debug, Deserialize)]
struct RowQuery {
    verdict: Option<Verdict>,
    limit: Option<i64>,
    cursor: Option<String>,
}

impl Parameters for RowQuery {
    const KNOWN: &'static [(&'static str, &'static str)] = &[
        ("verdict", "create, update, unchanged, refused"),
        ("limit", "1–200"),
        ("cursor", "next_cursor"),
    ];
}

/// List the rows of an import
///
/// Each row of a file with its verdict: what the register is to say, what changes, why it is
/// refused, and where the sheet has computed otherwise; a page at a time.
#[utoipa::path(
    tag = tag::ASSETS,
    params(
        ("id" = Uuid, Path, description = "The import"),
        ("verdict" = inline(Option<Verdict>), Query, nullable = false,
            description = "Only the rows with this verdict"),
    ),
    responses((status = 200, description = "A page of rows", body = AssetImportRowList)),
    security(("oauth2" = ["risks:read"])),
    extensions(("x-mamori" = json!({"list": true, "localized": true, "problems": ["not-found"]}))),
)]
#[get("/v1/asset-imports/{id}/rows")]
async fn list_asset_import_rows(
    call: Call<RisksRead>,
    id: PathId,
    query: Query<RowQuery>,
) -> Answer {
    let verdict = query.0.verdict.map(Verdict::as_str);
    let wanted = PageQuery::of(query.0.limit, query.0.cursor)?;
    let list = format!("import {} {}", id.0, verdict.unwrap_or_default());
    let after = match &wanted.cursor {
        None => 0,
        Some(cursor) => call.service.cursors().open(&list, cursor)?.parse().unwrap_or_default(),
    };
    let limit = wanted.limit;
    let work = move |tx: &mut Tx<'_>| {
        let import = tx.find_asset_import(id.0)?.ok_or_else(Problem::not_found)?;
        let rows = tx.list_import_rows(&import, verdict, after, limit)?;
        Ok::<_, Stop<Problem>>((import, rows))
    };
    let (import, found) = call.service.store().read(call.context(), work).await?;
    let about = about(&import)?;
    let last = found.items.last().map(|row| row.number);
    let next_cursor = call.service.cursors().next(&list, found.beyond.is_some(), last);
    let row = |row| AssetImportRow::of(row, &about, &call.service, call.language);
    let items = found.items.iter().map(row).collect::<Result<_, _>>()?;
    let body = AssetImportRowList { items, next_cursor };
    Ok(page(&call.request, body.next_cursor.as_deref(), Some(call.language), &body))
}
