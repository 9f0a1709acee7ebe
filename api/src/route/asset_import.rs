//! Files of assets: a preview with each row's verdict, and its application by a second call.

use std::collections::BTreeSet;

use actix_web::http::StatusCode;
use actix_web::{delete, get, post};
use chrono::{DateTime, Duration, Utc};
use mamori_domain::risk::asset::Asset;
use mamori_domain::risk::ledger::Column;
use mamori_domain::risk::ledger::matching::Wanted;
use mamori_domain::risk::ledger::row::{Read, Stated};
use mamori_domain::risk::ledger::scale::Basis;
use mamori_domain::risk::{Medium, Model};
use mamori_store::{AssetImport, ImportRow, Stop, Tx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::asset::AssetInput;
use super::asset_file::{AssetFileBody, CsvFile, FormatValue, Workbook};
use super::register::taken;
use super::risk::Situation;
use super::risk_evaluation::named_model;
use crate::answer::{Answer, nothing, reply, send, show, with};
use crate::auth::Call;
use crate::auth::caller::{RisksRead, RisksWrite};
use crate::ledger::judge::{
    Candidate, CellFault, Judged, Table, Verdict, disagreements, judge, target, warnings,
};
use crate::ledger::{
    AssetFile, Encoding, File, Format, MOST_ROWS, letters, read_csv, read_xlsx, repeatable,
};
use crate::problem::{Code, Fault, Kind, Problem, refused_as};
use crate::read::body::{SentFile, parse};
use crate::read::condition::etag;
use crate::read::query::Parameters;
use crate::read::{Check, Incoming, PathId, Query};
use crate::route::tag;
use crate::service::Service;
use crate::wire::wire_enum;

/// How long a file may wait for its application.
const LIFETIME: Duration = Duration::hours(24);
/// How many rows are read at once where all are read.
const PAGE: u16 = 1_000;

pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(create_asset_import)
        .service(get_asset_import)
        .service(apply_asset_import)
        .service(delete_asset_import);
}

wire_enum! {
    /// What the scale of a file rests on: the edition that is `stated` with the call or in the
    /// file, `ratings` that only one scale has, or `words` (高, 中, 低), which every scale has.
    pub(crate) enum BasisValue as ImportScaleBasis = Basis {
        /// The edition that was stated, with the request or in the sheet.
        Stated = "stated",
        /// A rating that only one scale has.
        Ratings = "ratings",
        /// Ratings in words, which every scale has.
        Words = "words",
    }
}

wire_enum! {
    /// Where a file stands: `ready` to be applied, `refused` because of some of its rows, or
    /// `applied`.
    pub(crate) enum StateValue as ImportState {
        /// It was read, and can be applied.
        Ready = "ready",
        /// A row or the whole can't be taken; nothing can be applied.
        Refused = "refused",
        /// It was applied, once and for all.
        Applied = "applied",
    }
}

/// What is kept of a file.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct About {
    format: FormatValue,
    encoding: Option<String>,
    sheet: Option<String>,
    sheets_not_read: Vec<String>,
    edition: String,
    scale_basis: BasisValue,
    /// The fields that it has, each with its place and heading.
    pub(super) columns: Vec<(Column, Option<String>, Option<String>)>,
    columns_not_read: Vec<(String, String)>,
    counts: Counts,
    proposals: usize,
    warnings: usize,
    not_in_file: u64,
}

impl About {
    fn fields(&self) -> BTreeSet<Column> {
        self.columns.iter().map(|(column, ..)| *column).collect()
    }
}

/// How many rows get each verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ImportCounts)]
pub(crate) struct Counts {
    /// New assets.
    create: usize,
    /// Changes of assets that are there.
    update: usize,
    /// Rows of which the register says the same.
    unchanged: usize,
    /// Rows that are refused: as long as there are any, nothing is applied.
    refused: usize,
}

impl Counts {
    fn of(judged: &[Judged]) -> Self {
        let count = |wanted| judged.iter().filter(|row| row.verdict == wanted).count();
        Self {
            create: count(Verdict::Create),
            update: count(Verdict::Update),
            unchanged: count(Verdict::Unchanged),
            refused: count(Verdict::Refused),
        }
    }
}

/// What is kept of a row.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct RowAbout {
    pub(super) stated: Stated,
    /// The asset that it is about, and its revision.
    pub(super) asset: (Option<Uuid>, i64),
    /// What the register is to say.
    pub(super) entry: Option<AssetInput>,
    pub(super) changes: Vec<Column>,
    pub(super) faults: Vec<CellFault>,
    pub(super) disagreements: Vec<(Column, u8, u8)>,
    pub(super) warnings: Vec<String>,
}

impl RowAbout {
    pub(super) fn of(row: &ImportRow) -> Result<Self, Problem> {
        let read = serde_json::from_str(&row.about);
        read.map_err(|_| Problem::internal("what is kept of a row"))
    }
}

/// A column of a file that is read.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImportColumn {
    /// The field.
    #[schema(example = "name")]
    field: &'static str,
    /// Its letters; in JSON the name of the field.
    #[schema(required, example = "B")]
    column: Option<String>,
    /// What stands over it; null in JSON.
    #[schema(required, example = "情報資産名称")]
    heading: Option<String>,
}

/// A column of a file that is not read, because its heading says nothing to mamori.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UnreadColumn {
    /// Its letters.
    #[schema(example = "Q")]
    column: String,
    /// What stands over it, shortened.
    heading: String,
}

/// A file of assets: what it would change, or has changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AssetImport)]
pub(crate) struct AssetImportBody {
    /// Its id.
    id: Uuid,
    /// The organization.
    organization: Uuid,
    state: StateValue,
    format: FormatValue,
    /// The encoding that was found: `utf-8` or `shift_jis` (CP932); null for a workbook.
    #[schema(required)]
    encoding: Option<String>,
    /// The name of the sheet that is read; null where the format has none.
    #[schema(required)]
    sheet: Option<String>,
    /// The sheets that are not read.
    sheets_not_read: Vec<String>,
    /// The edition of the register.
    #[schema(example = "4.0")]
    edition: String,
    scale_basis: BasisValue,
    /// The columns that are read.
    columns: Vec<ImportColumn>,
    /// The columns that are not.
    columns_not_read: Vec<UnreadColumn>,
    counts: Counts,
    /// Rows whose medium is only proposed: they are applied where the application accepts that.
    proposals: usize,
    /// Columns of rows that are not read and hold twelve digits in a row: they could be a My
    /// Number, which belongs in no ledger.
    warnings: usize,
    /// Assets of the register that no row is about; they stay as they are.
    not_in_file: u64,
    /// When it was read.
    created_at: DateTime<Utc>,
    /// When it is forgotten, whether it was applied or not.
    expires_at: DateTime<Utc>,
    /// When it was applied.
    #[schema(required)]
    applied_at: Option<DateTime<Utc>>,
}

impl AssetImportBody {
    fn of(import: &AssetImport, about: About) -> Self {
        let state = match (import.applied_at, about.counts.refused) {
            (Some(_), _) => StateValue::Applied,
            (None, 0) => StateValue::Ready,
            (None, _) => StateValue::Refused,
        };
        let column = |(column, place, heading): (Column, Option<String>, Option<String>)| {
            ImportColumn { field: column.code(), column: place, heading }
        };
        let unread = |(column, heading)| UnreadColumn { column, heading };
        Self {
            id: import.id,
            organization: import.organization,
            state,
            format: about.format,
            encoding: about.encoding,
            sheet: about.sheet,
            sheets_not_read: about.sheets_not_read,
            edition: about.edition,
            scale_basis: about.scale_basis,
            columns: about.columns.into_iter().map(column).collect(),
            columns_not_read: about.columns_not_read.into_iter().map(unread).collect(),
            counts: about.counts,
            proposals: about.proposals,
            warnings: about.warnings,
            not_in_file: about.not_in_file,
            created_at: import.created_at,
            expires_at: import.expires_at,
            applied_at: import.applied_at,
        }
    }

    fn tag(import: &AssetImport) -> String {
        etag(if import.applied_at.is_some() { 2 } else { 1 }, "")
    }
}

pub(super) fn about(import: &AssetImport) -> Result<About, Problem> {
    serde_json::from_str(&import.about).map_err(|_| Problem::internal("what is kept of a file"))
}

/// Which edition a file is rated by.
#[derive(Debug, Deserialize)]
struct ImportQuery {
    edition: Option<String>,
}

impl Parameters for ImportQuery {
    const KNOWN: &'static [(&'static str, &'static str)] = &[("edition", "2.1, 3.0, 3.1, 4.0")];
}

/// Preview a file of assets
///
/// Reads a ledger (情報資産管理台帳) and answers what it would change; nothing is changed yet.
/// Send the file itself: a workbook (.xlsx), CSV (UTF-8 or Shift_JIS, which is found or may be
/// stated as `charset`) or JSON, with at most 10,000 assets. Columns may stand in any order, under
/// titles and over several rows of headings. The scale of its ratings is never guessed: a file
/// that has neither 0 nor 3 needs `edition`, here or in the file. Each row's verdict is in
/// `/rows`. The preview is kept for 24 hours.
#[utoipa::path(
    tag = tag::ASSETS,
    params(
        ("id" = Uuid, Path, description = "The organization"),
        ("edition" = inline(Option<String>), Query, nullable = false,
            description = "The edition by whose scale the file is rated",
            pattern = "^(2\\.1|3\\.0|3\\.1|4\\.0)$"),
    ),
    request_body(content(
        (AssetFileBody = "application/json", example = json!({"edition": "4.0", "assets": [
            {"name": "社員名簿", "medium": "office_pc", "confidentiality": 3, "integrity": 2,
             "availability": "低", "personal_information": "有", "registered_on": "令和7年3月1日"},
        ]})),
        (CsvFile = "text/csv"),
        (Workbook = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    )),
    responses((status = 201, description = "What the file would change", body = AssetImportBody)),
    security(("oauth2" = ["risks:write"])),
    extensions(("x-mamori" = json!({
        "body": true, "once": true, "created": true, "actor": true,
        "problems": ["not-found", "risk-register-missing", "file-unreadable"],
        "links": {"get_asset_import": "/id", "list_asset_import_rows": "/id",
            "apply_asset_import": "/id", "delete_asset_import": "/id"},
    }))),
)]
#[post("/v1/organizations/{id}/asset-imports")]
async fn create_asset_import(
    call: Call<RisksWrite>,
    id: PathId,
    query: Query<ImportQuery>,
    body: Incoming,
) -> Answer {
    let stated = query.0.edition.as_deref().map(|edition| named_edition(edition)).transpose()?;
    let sent = body.file(&Format::ALL.map(Format::media_type)).await?;
    let once = sent.once.clone();
    call.reaches(id.0)?;
    let service = call.service.clone();
    let opened = call.service.with_file(move || Opened::of(&sent, &service)).await??;
    let wanted = Wanted::by(opened.rows.iter().map(|row| &row.stated), &opened.fields());
    let look =
        move |tx: &mut Tx<'_>| {
            let situation = Situation::load(tx, id.0)?;
            let (mut assets, mut others) = (Vec::new(), 0_u64);
            tx.each_asset(id.0, |asset| {
                if wanted.holds(&asset) { assets.push(asset) } else { others += 1 }
            })?;
            Ok::<_, Stop<Problem>>((situation, assets, others))
        };
    let (situation, assets, others) = call.service.store().read(call.context(), look).await?;
    let (service, today) = (call.service.clone(), call.service.today());
    let preview = move || opened.preview(&service, &situation, assets, others, stated, today);
    let (about, rows) = call.service.with_file(preview).await??;
    let text = serde_json::to_string(&about).map_err(|_| Problem::internal("a file's preview"))?;
    let work = move |tx: &mut Tx<'_>| {
        super::register::register(tx, id.0)?;
        let added = tx.add_asset_import(id.0, text.clone(), &rows, LIFETIME)?;
        let location = format!("/v1/asset-imports/{}", added.id);
        let kept = self::about(&added)?;
        let created = reply(StatusCode::CREATED, &AssetImportBody::of(&added, kept))?;
        let created =
            with(with(created, "location", location), "etag", AssetImportBody::tag(&added));
        Ok::<_, Stop<Problem>>(created)
    };
    Ok(send(call.service.store().transact_once(call.context(), once, work).await?))
}

/// The model of the edition in the query.
fn named_edition(edition: &str) -> Result<&'static Model, Problem> {
    named_model("", edition).map_err(|problem| {
        let fault = Fault::parameter("edition", Code::NoSuchEdition);
        let parameters = problem.faults.into_iter().flat_map(|fault| fault.parameters).collect();
        Problem::fault(Kind::MalformedRequest, Fault { parameters, ..fault })
    })
}

/// A file whose rows are read.
struct Opened {
    format: Format,
    encoding: Option<Encoding>,
    others: Vec<String>,
    table: Table,
    rows: Vec<Read>,
}

impl Opened {
    fn of(sent: &SentFile, service: &Service) -> Result<Self, Problem> {
        let format = Format::ALL.get(sent.which).copied().unwrap_or(Format::Json);
        let charset = match (format, sent.charset.as_deref()) {
            (_, None) => None,
            (Format::Csv | Format::Json, Some("utf-8" | "utf8")) => Some(Encoding::Utf8),
            (Format::Csv, Some("shift_jis" | "shift-jis" | "sjis" | "windows-31j" | "cp932")) => {
                Some(Encoding::ShiftJis)
            }
            (_, Some(_)) => {
                let expected = "text/csv; charset=utf-8, text/csv; charset=shift_jis";
                return Err(Problem::new(Kind::UnsupportedMediaType).with("expected", expected));
            }
        };
        let (File { sheet, others, encoding }, headings) = match format {
            Format::Xlsx => (read_xlsx(&sent.bytes)?, None),
            Format::Csv => (read_csv(&sent.bytes, charset)?, None),
            Format::Json => {
                let file = parse::<AssetFile>(&sent.bytes)?;
                if let Some(edition) = file.edition() {
                    let _ = named_model("/edition", edition)?;
                }
                let mut check = Check::default();
                let _ = check.items("/assets", file.len(), 0..=MOST_ROWS);
                check.finish(())?;
                let (sheet, headings) = file.sheet();
                (File { sheet, others: Vec::new(), encoding: None }, Some(headings))
            }
        };
        let mut table = match headings {
            Some(headings) => Table { sheet, headings, lettered: false },
            None => Table::of(sheet)?,
        };
        let rows = table.rows(service.risks())?;
        table.forget_rows();
        Ok(Self { format, encoding, others, table, rows })
    }

    /// The fields that the file has.
    fn fields(&self) -> BTreeSet<Column> {
        self.table.headings.columns.keys().copied().collect()
    }

    /// What the file would change.
    fn preview(
        mut self,
        service: &Service,
        situation: &Situation,
        assets: Vec<Asset>,
        others: u64,
        stated: Option<&Model>,
        today: chrono::NaiveDate,
    ) -> Result<(About, Vec<ImportRow>), Problem> {
        let model = situation.register.model;
        let basis = self.table.scale(&self.rows, stated, model)?;
        let exposures = situation.exposures(service)?;
        let risk = |medium: Medium, importance: u8| {
            Some(situation.risk(&exposures, (medium, importance))?.value)
        };
        let fields = self.fields();
        let candidates: Vec<Candidate> = self.rows.iter_mut().map(Candidate::out_of).collect();
        let near = assets.len();
        let judged = judge(&candidates, assets, &fields, model, today);
        let matched = judged.iter().filter(|row| row.asset.is_some()).count();
        let unmatched = near.saturating_sub(matched);
        let rows: Result<Vec<ImportRow>, Problem> = judged
            .iter()
            .zip(self.rows.iter().zip(&candidates))
            .map(|(row, (read, candidate))| {
                let disagree = |entry| disagreements(read, entry, model, risk);
                let kept = RowAbout {
                    stated: candidate.stated.clone(),
                    asset: target(row),
                    entry: row.entry.clone().map(AssetInput::from),
                    changes: row.changes.clone(),
                    faults: row.faults.clone(),
                    disagreements: row.entry.as_ref().map(disagree).unwrap_or_default(),
                    warnings: warnings(read),
                };
                let about = serde_json::to_string(&kept);
                Ok(ImportRow {
                    number: read.number,
                    verdict: row.verdict.as_str().to_owned(),
                    about: about.map_err(|_| Problem::internal("a row's preview"))?,
                })
            })
            .collect();
        let good = |row: &&Judged| row.verdict != Verdict::Refused;
        let proposed = judged.iter().zip(&candidates).filter(|(row, _)| good(row));
        let about = About {
            format: self.format.into(),
            encoding: self.encoding.map(|encoding| encoding.label().to_owned()),
            sheet: self.table.sheet.name.as_deref().map(repeatable),
            sheets_not_read: self.others.iter().map(|name| repeatable(name)).collect(),
            edition: model.edition.to_owned(),
            scale_basis: basis.into(),
            columns: fields
                .iter()
                .map(|column| (*column, self.table.place(*column), self.table.heading(*column)))
                .collect(),
            columns_not_read: self
                .table
                .headings
                .unknown
                .iter()
                .map(|(place, heading)| (letters(*place), repeatable(heading)))
                .collect(),
            counts: Counts::of(&judged),
            proposals: proposed.filter(|(_, row)| row.stated.medium_proposed).count(),
            warnings: self.rows.iter().map(|row| row.suspicious.len()).sum(),
            not_in_file: others + u64::try_from(unmatched).unwrap_or_default(),
        };
        Ok((about, rows?))
    }
}

/// Get an import
///
/// What a file of assets would change, or has changed.
#[utoipa::path(
    tag = tag::ASSETS,
    params(("id" = Uuid, Path, description = "The import")),
    responses((status = 200, description = "The import", body = AssetImportBody)),
    security(("oauth2" = ["risks:read"])),
    extensions(("x-mamori" = json!({"etag": true, "problems": ["not-found"]}))),
)]
#[get("/v1/asset-imports/{id}")]
async fn get_asset_import(call: Call<RisksRead>, id: PathId) -> Answer {
    let work = move |tx: &mut Tx<'_>| Ok::<_, Stop<Problem>>(tx.find_asset_import(id.0)?);
    let found = call.service.store().read_one(call.context(), work).await?;
    let found = found.ok_or_else(Problem::not_found)?;
    let tag = AssetImportBody::tag(&found);
    Ok(show(&call.request, &tag, None, &AssetImportBody::of(&found, about(&found)?)))
}

/// How to apply a file.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApplyInput {
    /// Whether to take the media that are only proposed.
    #[serde(default)]
    accept_proposals: bool,
}

/// Apply an import
///
/// Changes the register as the preview says: all of it or nothing. Where the register has changed
/// since, so that a row would do something else, nothing is applied and the file must be read
/// again. Applying it a second time changes nothing.
#[utoipa::path(
    tag = tag::ASSETS,
    params(("id" = Uuid, Path, description = "The import")),
    request_body = Option<ApplyInput>,
    responses((status = 200, description = "The import, applied", body = AssetImportBody)),
    security(("oauth2" = ["risks:write"])),
    extensions(("x-mamori" = json!({
        "body": true, "once": true, "actor": true,
        "problems": ["not-found", "import-refused", "import-proposals-open", "import-outdated",
            "asset-id-taken"],
    }))),
)]
#[post("/v1/asset-imports/{id}/apply")]
async fn apply_asset_import(call: Call<RisksWrite>, id: PathId, body: Incoming) -> Answer {
    let received = body.json_or_empty::<ApplyInput>().await?;
    let input = received.value;
    let today = call.service.today();
    let work = move |tx: &mut Tx<'_>| {
        let import = tx.find_asset_import(id.0)?.ok_or_else(Problem::not_found)?;
        let import = applied(tx, import, input, today)?;
        let shown = reply(StatusCode::OK, &AssetImportBody::of(&import, about(&import)?))?;
        Ok::<_, Stop<Problem>>(with(shown, "etag", AssetImportBody::tag(&import)))
    };
    let store = call.service.store();
    Ok(send(store.transact_once(call.context(), received.once, work).await?))
}

fn applied(
    tx: &mut Tx<'_>,
    import: AssetImport,
    input: ApplyInput,
    today: chrono::NaiveDate,
) -> Result<AssetImport, Stop<Problem>> {
    if import.applied_at.is_some() {
        return Ok(import);
    }
    let about = about(&import)?;
    if about.counts.refused > 0 {
        return Err(Problem::new(Kind::ImportRefused).with("count", about.counts.refused).into());
    }
    if about.proposals > 0 && !input.accept_proposals {
        return Err(Problem::new(Kind::ImportProposals).with("count", about.proposals).into());
    }
    // From here on nobody else changes the register.
    let register = taken(tx, import.organization)?;
    let outdated = || Stop::from(Problem::new(Kind::ImportOutdated));
    if register.model.edition != about.edition {
        return Err(outdated());
    }
    if !tx.mark_import_applied(&import)? {
        // Somebody was faster.
        return Ok(tx.find_asset_import(import.id)?.ok_or_else(Problem::not_found)?);
    }
    let (mut candidates, mut verdicts) = (Vec::new(), Vec::new());
    let mut after = 0;
    loop {
        let page = tx.list_import_rows(&import, None, after, PAGE)?;
        for row in &page.items {
            let kept = RowAbout::of(row)?;
            verdicts.push((row.verdict.clone(), kept.asset));
            let (stated, faults) = (kept.stated, kept.faults);
            candidates.push(Candidate { number: row.number, stated, faults });
            after = row.number;
        }
        if page.beyond.is_none() {
            break;
        }
    }
    let wanted = Wanted::by(candidates.iter().map(|row| &row.stated), &about.fields());
    let mut assets = Vec::new();
    tx.each_asset(import.organization, |asset| {
        if wanted.holds(&asset) {
            assets.push(asset);
        }
    })?;
    let judged = judge(&candidates, assets, &about.fields(), register.model, today);
    let same = judged
        .iter()
        .zip(&verdicts)
        .all(|(row, (verdict, asset))| row.verdict.as_str() == verdict && target(row) == *asset);
    if !same {
        return Err(outdated());
    }
    let changed = judged.into_iter().filter(|row| row.verdict != Verdict::Unchanged);
    let entries = changed.filter_map(|row| Some((row.asset, row.entry?))).collect();
    tx.apply_assets(&register, entries).map_err(refused_as(Kind::AssetIdTaken))?;
    Ok(tx.find_asset_import(import.id)?.ok_or_else(Problem::not_found)?)
}

/// Discard an import
///
/// Forgets a file with its rows. What it has changed in the register stays.
#[utoipa::path(
    tag = tag::ASSETS,
    params(("id" = Uuid, Path, description = "The import")),
    responses((status = 204, description = "It is gone")),
    security(("oauth2" = ["risks:write"])),
    extensions(("x-mamori" = json!({"actor": true, "problems": ["not-found"]}))),
)]
#[delete("/v1/asset-imports/{id}")]
async fn delete_asset_import(call: Call<RisksWrite>, id: PathId) -> Answer {
    let work = move |tx: &mut Tx<'_>| {
        let found = tx.find_asset_import(id.0)?.ok_or_else(Problem::not_found)?;
        tx.remove_asset_import(&found)?;
        Ok::<_, Stop<Problem>>(nothing())
    };
    Ok(send(call.service.store().transact(call.context(), work).await?))
}
