//! The register as a file that its firm recognises.

use actix_web::{HttpResponse, get};
use mamori_domain::risk::Step;
use mamori_store::{Stop, Tx};
use serde::Deserialize;
use utoipa_actix_web::service_config::ServiceConfig;

use super::asset_file::{AssetFileBody, Workbook};
use super::risk::Situation;
use crate::answer::Answer;
use crate::auth::Call;
use crate::auth::caller::RisksRead;
use crate::ledger::{Exported, Format, Unencodable, letters, write};
use crate::problem::{Code, Fault, Kind, Problem};
use crate::read::query::Parameters;
use crate::read::{PathId, Query};
use crate::route::tag;
use crate::wire::wire_enum;

/// 情報資産管理台帳, as RFC 8187 writes it.
const LEDGER: &str = "%E6%83%85%E5%A0%B1%E8%B3%87%E7%94%A3%E7%AE%A1%E7%90%86%E5%8F%B0%E5%B8%B3";

pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(export_assets);
}

wire_enum! {
    /// What to write: a workbook (`xlsx`); `csv` in UTF-8 with its mark, which Excel needs;
    /// `csv-utf-8` without it; `csv-shift_jis` in CP932; or `json`.
    pub(crate) enum ExportValue as ExportFormat {
        /// A workbook (Office Open XML).
        Xlsx = "xlsx",
        /// Comma-separated values in UTF-8 with a byte order mark, as Excel wants it.
        Csv = "csv",
        /// Comma-separated values in UTF-8.
        CsvUtf8 = "csv-utf-8",
        /// Comma-separated values in Shift_JIS (Windows-31J).
        CsvShiftJis = "csv-shift_jis",
        /// JSON, which can be imported again.
        Json = "json",
    }
}

/// As what to export.
#[derive(Debug, Deserialize)]
struct ExportQuery {
    format: Option<ExportValue>,
}

impl Parameters for ExportQuery {
    const KNOWN: &'static [(&'static str, &'static str)] =
        &[("format", "xlsx, csv, csv-utf-8, csv-shift_jis, json")];
}

/// Export the assets
///
/// The ledger (情報資産管理台帳) of an organization as a file: a workbook with the official sheet's
/// columns (`xlsx`, the default), `csv` or `json`, with the risk of each asset as it is now. What
/// could be taken for a formula can't run. The file can be imported again, and then changes
/// nothing. Where Shift_JIS lacks a character, the places are told and nothing is written.
#[utoipa::path(
    tag = tag::ASSETS,
    params(
        ("id" = Uuid, Path, description = "The organization"),
        ("format" = inline(Option<ExportValue>), Query, nullable = false,
            description = "What to write; `xlsx` by default"),
    ),
    responses((status = 200, description = "The file", content(
        (AssetFileBody = "application/json"),
        (String = "text/csv"),
        (Workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ))),
    security(("oauth2" = ["risks:read"])),
    extensions(("x-mamori" = json!({
        "query": true, "problems": ["not-found", "risk-register-missing", "not-encodable"],
    }))),
)]
#[get("/v1/organizations/{id}/asset-export")]
async fn export_assets(call: Call<RisksRead>, id: PathId, query: Query<ExportQuery>) -> Answer {
    let wanted = query.0.format.unwrap_or(ExportValue::Xlsx);
    let work = move |tx: &mut Tx<'_>| {
        let situation = Situation::load(tx, id.0)?;
        let mut assets = Vec::new();
        tx.each_asset(id.0, |asset| assets.push(asset))?;
        Ok::<_, Stop<Problem>>((situation, assets))
    };
    let (situation, assets) = call.service.store().read(call.context(), work).await?;
    let (service, today) = (call.service.clone(), call.service.today());
    let written = move || {
        let model = situation.register.model;
        let exposures = situation.exposures(&service)?;
        let row = |asset: mamori_domain::risk::asset::Asset| {
            let pair = (asset.entry.medium, asset.importance);
            let exposure = exposures.iter().find(|exposure| exposure.medium == pair.0);
            let risk =
                situation.risk(&exposures, pair).zip(exposure).and_then(|(risk, exposure)| {
                    let threat: Step = exposure.threat?.1.value;
                    Some((threat, exposure.vulnerability.value?, risk))
                });
            Exported { asset, risk }
        };
        let rows: Vec<Exported> = assets.into_iter().map(row).collect();
        match wanted {
            ExportValue::Json => Ok(write::json(&rows, model)),
            ExportValue::Xlsx => write::xlsx(&rows, model, service.risks(), today)
                .map_err(|_| Problem::internal("a workbook can't be written")),
            ExportValue::Csv | ExportValue::CsvUtf8 | ExportValue::CsvShiftJis => {
                let shift_jis = wanted == ExportValue::CsvShiftJis;
                let written = write::csv(&rows, model, service.risks(), shift_jis);
                let mut text = written.map_err(not_encodable)?;
                if wanted == ExportValue::Csv {
                    text.splice(0..0, *b"\xef\xbb\xbf");
                }
                Ok(text)
            }
        }
    };
    let file = call.service.with_file(written).await??;
    let (format, charset) = match wanted {
        ExportValue::Xlsx => (Format::Xlsx, ""),
        ExportValue::Json => (Format::Json, ""),
        ExportValue::Csv | ExportValue::CsvUtf8 => (Format::Csv, "; charset=utf-8"),
        ExportValue::CsvShiftJis => (Format::Csv, "; charset=shift_jis"),
    };
    let name = format!("ledger-{today}.{}", format.extension());
    let named = format!("filename*=UTF-8''{LEDGER}-{today}.{}", format.extension());
    let mut answer = HttpResponse::Ok();
    answer.insert_header(("content-type", format!("{}{charset}", format.media_type())));
    answer.insert_header((
        "content-disposition",
        format!("attachment; filename=\"{name}\"; {named}"),
    ));
    Ok(answer.body(file))
}

/// The problem of characters that an encoding lacks, each with its place in the file.
fn not_encodable(lacking: Vec<Unencodable>) -> Problem {
    let place = |column| {
        let at = mamori_domain::risk::ledger::Column::ALL.iter().position(|known| *known == column);
        at.and_then(|at| u16::try_from(at).ok()).map(letters)
    };
    let fault = |one: Unencodable| {
        let code_point = format!("U+{:04X}", u32::from(one.character));
        Fault::cell(None, Some(one.row), place(one.column), Code::NoSuchCharacter)
            .with("character", code_point)
    };
    Problem { faults: lacking.into_iter().map(fault).collect(), ..Problem::new(Kind::NotEncodable) }
}
