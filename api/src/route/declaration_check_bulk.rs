//! Checks of many companies in one call, answered in their order as they are looked up.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};

use actix_web::http::header::ACCEPT;
use actix_web::rt::time::timeout;
use actix_web::web::Bytes;
use actix_web::{HttpResponse, post};
use futures_core::Stream;
use mamori_domain::risk::ledger::Line;
use mamori_store::{Stop, Tx};
use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use tokio::sync::mpsc;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::asset_file::CsvFile;
use super::declaration::GradeValue;
use super::declaration_check::{Asked, CheckBody, KeyInput, RuleInput, look_up};
use crate::answer::Answer;
use crate::auth::Call;
use crate::auth::caller::DeclarationsRead;
use crate::ledger::{MOST_ROWS, guarded, read_csv};
use crate::problem::{Code, Fault, Kind, Problem};
use crate::read::body::{optional_object, parse};
use crate::read::query::Parameters;
use crate::read::{Check, Incoming, Query};
use crate::route::tag;

/// How many rows are looked up at once.
const CHUNK: usize = 500;

pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(check_declarations);
}

/// Companies to look up, and what is enough.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeclarationChecksInput {
    /// The companies, at most 10,000.
    #[serde(deserialize_with = "bounded")]
    #[schema(max_items = 10000)]
    rows: Vec<KeyInput>,
    #[serde(default, deserialize_with = "optional_object")]
    rule: Option<RuleInput>,
}

/// Reads rows, of too many only as many as show that they are.
fn bounded<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<KeyInput>, D::Error> {
    struct Rows;

    impl<'de> Visitor<'de> for Rows {
        type Value = Vec<KeyInput>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a sequence")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<KeyInput>, A::Error> {
            let mut rows = Vec::new();
            while rows.len() <= MOST_ROWS {
                let Some(row) = items.next_element()? else { return Ok(rows) };
                rows.push(row);
            }
            while items.next_element::<IgnoredAny>()?.is_some() {}
            Ok(rows)
        }
    }

    deserializer.deserialize_seq(Rows)
}

/// The answer to one row.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeclarationCheckRow {
    /// The row, from 1: of the list, or of the CSV file behind its heading, blank lines left out.
    row: usize,
    /// The key as it was read; null where it could not be.
    #[schema(required)]
    key: Option<String>,
    result: CheckBody,
}

/// The answers, in the order of the rows.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeclarationChecks {
    /// The answers.
    items: Vec<DeclarationCheckRow>,
}

/// What is enough, where the body is CSV.
#[derive(Debug, Deserialize)]
struct RuleQuery {
    minimum_stars: Option<i64>,
    minimum_grade: Option<GradeValue>,
    confirmed_within_days: Option<i64>,
    new_generation_only: Option<bool>,
}

impl Parameters for RuleQuery {
    const KNOWN: &'static [(&'static str, &'static str)] = &[
        ("minimum_stars", "1, 2"),
        (
            "minimum_grade",
            "self_reported, id_format_checked, document_seen, matched_to_publication",
        ),
        ("confirmed_within_days", "1–3650"),
        ("new_generation_only", "true, false"),
    ];
}

impl RuleQuery {
    /// The rule, if any of it is stated.
    fn rule(self) -> Result<Option<RuleInput>, Problem> {
        let range = |name: &'static str, value: Option<i64>, most: i64| match value {
            Some(value) if !(1..=most).contains(&value) => {
                let fault = Fault::parameter(name, Code::OutOfRange);
                let fault = fault.with("minimum", 1).with("maximum", most);
                Err(Problem::fault(Kind::MalformedRequest, fault))
            }
            _ => Ok(()),
        };
        range("minimum_stars", self.minimum_stars, 2)?;
        range("confirmed_within_days", self.confirmed_within_days, 3650)?;
        let stated = self.minimum_stars.is_some()
            || self.minimum_grade.is_some()
            || self.confirmed_within_days.is_some()
            || self.new_generation_only.is_some();
        Ok(stated.then_some(RuleInput {
            minimum_stars: self.minimum_stars,
            minimum_grade: self.minimum_grade,
            confirmed_within_days: self.confirmed_within_days,
            new_generation_only: self.new_generation_only,
        }))
    }
}

/// What stands over a column of a list, in the words that lists have.
fn field(heading: &str) -> Option<&'static str> {
    let folded: String = heading.chars().filter(|c| !c.is_whitespace()).collect();
    Some(match folded.to_lowercase().as_str() {
        "corporate_number" | "corporatenumber" | "法人番号" | "登録番号" | "インボイス登録番号" => {
            "corporate_number"
        }
        "declaration_id" | "declarationid" | "自己宣言id" | "自己宣言ｉｄ" | "宣言id" => {
            "declaration_id"
        }
        "external_id" | "externalid" | "管理番号" | "取引先コード" | "顧客番号" => {
            "external_id"
        }
        "name" | "名称" | "会社名" | "商号" | "事業者名" | "取引先名" | "法人名" | "企業名" => {
            "name"
        }
        _ => return None,
    })
}

/// The rows of a CSV file, whose first row says what each column is.
fn rows_of(lines: Vec<Line>) -> Result<Vec<KeyInput>, Problem> {
    let unreadable = |code, row: Option<u32>| {
        Problem::fault(Kind::FileUnreadable, Fault::cell(None, row, None, code))
    };
    let mut lines = lines.into_iter();
    let heading = lines.next().ok_or_else(|| unreadable(Code::ColumnMissing, None))?;
    let mut columns: BTreeMap<u16, &'static str> = BTreeMap::new();
    for (column, cell) in &heading.cells {
        let Some(name) = cell.text().as_deref().and_then(field) else { continue };
        if columns.values().any(|known| *known == name) {
            return Err(unreadable(Code::ColumnTwice, Some(heading.number)));
        }
        columns.insert(*column, name);
    }
    let keyed = columns.values().any(|name| *name != "name");
    if !keyed {
        let fault = Fault::cell(None, Some(heading.number), None, Code::ColumnMissing);
        let fault = fault.with("column", "corporate_number, declaration_id, external_id");
        return Err(Problem::fault(Kind::FileUnreadable, fault));
    }
    let rows: Vec<KeyInput> = lines
        .map(|line| {
            let mut row = KeyInput::default();
            for (column, cell) in line.cells {
                let Some(name) = columns.get(&column) else { continue };
                let text = cell.raw();
                match *name {
                    "corporate_number" => row.corporate_number = text,
                    "declaration_id" => row.declaration_id = text,
                    "external_id" => row.external_id = text,
                    _ => row.name = text,
                }
            }
            row
        })
        .collect();
    if rows.len() > MOST_ROWS {
        return Err(unreadable(Code::TooManyRows, None));
    }
    Ok(rows)
}

/// In which form the answer goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Json,
    Lines,
    Csv,
}

impl Form {
    /// The first that the caller takes; JSON where it says nothing of it.
    fn of(accept: &str) -> Self {
        let names = accept.split(',').map(|one| one.split(';').next().unwrap_or_default().trim());
        names
            .filter_map(|name| match name {
                "application/json" => Some(Self::Json),
                "application/x-ndjson" => Some(Self::Lines),
                "text/csv" => Some(Self::Csv),
                _ => None,
            })
            .next()
            .unwrap_or(Self::Json)
    }

    const fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Lines => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }

    const fn opening(self) -> &'static str {
        match self {
            Self::Json => "{\"items\":[",
            Self::Lines => "",
            // The mark lets Excel read it as UTF-8.
            Self::Csv => {
                "\u{feff}row,key,status,source,name,stars,generation,evidence_grade,declared_on,\
                 confirmed_on,fresh,accepted,reasons,hints,candidates\r\n"
            }
        }
    }

    const fn closing(self) -> &'static str {
        match self {
            Self::Json => "]}",
            Self::Lines | Self::Csv => "",
        }
    }

    /// Some rows in this form.
    fn write(self, rows: &[DeclarationCheckRow]) -> Result<Vec<u8>, Problem> {
        let unwritten = || Problem::internal("rows of a check can't be written");
        let mut out = Vec::with_capacity(rows.len() * 300);
        match self {
            Self::Csv => {
                let mut writer = csv::WriterBuilder::new()
                    .terminator(csv::Terminator::CRLF)
                    .from_writer(&mut out);
                for row in rows {
                    writer.write_record(row.cells()).map_err(|_| unwritten())?;
                }
                writer.flush().map_err(|_| unwritten())?;
                drop(writer);
            }
            Self::Json | Self::Lines => {
                for row in rows {
                    if self == Self::Json && row.row > 1 {
                        out.push(b',');
                    }
                    serde_json::to_writer(&mut out, row).map_err(|_| unwritten())?;
                    if self == Self::Lines {
                        out.push(b'\n');
                    }
                }
            }
        }
        Ok(out)
    }
}

impl DeclarationCheckRow {
    /// The row as CSV has it.
    fn cells(&self) -> [String; 15] {
        let word = |value: serde_json::Value| match value {
            serde_json::Value::Null => String::new(),
            serde_json::Value::String(text) => text,
            other => other.to_string(),
        };
        let whole = serde_json::to_value(&self.result).unwrap_or_default();
        let of = |name: &str| word(whole.get(name).cloned().unwrap_or_default());
        let candidates: Vec<String> =
            self.result.hints.iter().filter_map(|hint| hint.candidate.clone()).collect();
        [
            self.row.to_string(),
            self.key.clone().map(guarded).unwrap_or_default(),
            of("status"),
            of("source"),
            guarded(of("name")),
            of("stars"),
            of("generation"),
            of("evidence_grade"),
            of("declared_on"),
            of("confirmed_on"),
            of("fresh"),
            of("accepted"),
            self.result.reasons.join(" "),
            self.result.hint_codes().join(" "),
            candidates.join(" "),
        ]
    }
}

/// Pieces of a body, as they come.
struct Pieces(mpsc::Receiver<Result<Bytes, std::io::Error>>);

impl Stream for Pieces {
    type Item = Result<Bytes, std::io::Error>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        context: &mut TaskContext<'_>,
    ) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context)
    }
}

/// Check many companies
///
/// The same for up to 10,000 companies: as JSON, or as CSV whose first row names its columns
/// (`corporate_number` or 法人番号, `declaration_id` or 自己宣言ID, `external_id`, `name` or 名称); with
/// CSV the rule goes into the query. The answers come in the order of the rows, as they are found: as
/// JSON, as JSON lines (`application/x-ndjson`) or as CSV, by `Accept`. A row that can't be read is
/// answered `invalid` with a hint, and the others stand.
#[utoipa::path(
    tag = tag::DECLARATION_CHECKS,
    params(
        ("minimum_stars" = inline(Option<i32>), Query, nullable = false, minimum = 1, maximum = 2,
            description = "With CSV: the least number of stars"),
        ("minimum_grade" = inline(Option<GradeValue>), Query, nullable = false,
            description = "With CSV: the least evidence grade"),
        ("confirmed_within_days" = inline(Option<i32>), Query, nullable = false, minimum = 1,
            maximum = 3650, description = "With CSV: how old the last confirmation may be"),
        ("new_generation_only" = inline(Option<bool>), Query, nullable = false,
            description = "With CSV: whether only an id of the new system is enough"),
    ),
    request_body(content(
        (DeclarationChecksInput = "application/json", example = json!({
            "rows": [{"corporate_number": "7123456789012"}, {"declaration_id": "５９９９９９９９９０１"}],
            "rule": {"minimum_stars": 1},
        })),
        (CsvFile = "text/csv"),
    )),
    responses((status = 200, description = "The answers, in the order of the rows", content(
        (DeclarationChecks = "application/json"),
        (String = "text/csv"),
        (String = "application/x-ndjson"),
    ))),
    security(("oauth2" = ["declarations:read"])),
    extensions(("x-mamori" = json!({
        "body": true, "query": true, "problems": ["token-narrowed", "file-unreadable"],
    }))),
)]
#[post("/v1/declaration-checks/bulk")]
async fn check_declarations(
    call: Call<DeclarationsRead>,
    query: Query<RuleQuery>,
    body: Incoming,
) -> Answer {
    call.unnarrowed()?;
    let stated = query.0.rule()?;
    let sent = body.file(&["application/json", "text/csv"]).await?;
    // Megabytes are not read on the threads that answer.
    let reading = move || {
        if sent.which == 0 {
            let input = parse::<DeclarationChecksInput>(&sent.bytes)?;
            return Ok((input.rows, input.rule.or(stated)));
        }
        let file = read_csv(&sent.bytes, None)?;
        Ok::<_, Problem>((rows_of(file.sheet.rows)?, stated))
    };
    let (rows, rule) = call.service.with_file(reading).await??;
    let mut check = Check::default();
    if check.items("/rows", rows.len(), 0..=MOST_ROWS) {
        for (index, row) in rows.iter().enumerate() {
            row.checked(&mut check, &format!("/rows/{index}"));
        }
    }
    let rule = rule.unwrap_or_default().checked(&mut check, "/rule");
    check.finish(())?;

    let accept = call.request.headers().get(ACCEPT).and_then(|value| value.to_str().ok());
    let form = Form::of(accept.unwrap_or_default());
    let (give, take) = mpsc::channel(2);
    let answering = answer_rows(call, rows, rule, form, give);
    actix_web::rt::spawn(answering);
    let mut response = HttpResponse::Ok();
    response.insert_header(("content-type", form.media_type()));
    response.insert_header(("vary", "Accept"));
    Ok(response.streaming(Pieces(take)))
}

/// Looks rows up, a chunk at a time, and hands the answers on as fast as they are taken.
async fn answer_rows(
    call: Call<DeclarationsRead>,
    rows: Vec<KeyInput>,
    rule: mamori_domain::programme::Requirement,
    form: Form,
    give: mpsc::Sender<Result<Bytes, std::io::Error>>,
) {
    let opening = Bytes::from_static(form.opening().as_bytes());
    if !opening.is_empty() && give.send(Ok(opening)).await.is_err() {
        return;
    }
    let today = call.service.today();
    let patience = call.service.limits("").time;
    let mut done = 0;
    let mut rest = rows.into_iter().peekable();
    while rest.peek().is_some() {
        let asked: Vec<Asked> = rest.by_ref().take(CHUNK).map(Asked::of).collect();
        let (keys, rule) = (asked.clone(), rule.clone());
        let work = move |tx: &mut Tx<'_>| Ok::<_, Stop<Problem>>(look_up(tx, &keys, &rule, today)?);
        let found = match call.service.store().read(call.context(), work).await {
            Ok(found) => found,
            Err(stop) => {
                // What was sent can't be taken back: the answer is broken off, so that nobody takes
                // it for the whole.
                tracing::error!(cause = %Problem::from(stop), "a check of many was broken off");
                let _ = give.send(Err(std::io::Error::other("broken off"))).await;
                return;
            }
        };
        let answered: Vec<DeclarationCheckRow> = asked
            .iter()
            .zip(found)
            .enumerate()
            .map(|(index, (asked, result))| DeclarationCheckRow {
                row: done + index + 1,
                key: asked.key().map(ToOwned::to_owned),
                result,
            })
            .collect();
        done += answered.len();
        let Ok(bytes) = form.write(&answered) else {
            let _ = give.send(Err(std::io::Error::other("broken off"))).await;
            return;
        };
        // Whoever asked has gone, or takes nothing any more.
        if !matches!(timeout(patience, give.send(Ok(bytes.into()))).await, Ok(Ok(()))) {
            return;
        }
    }
    let closing = Bytes::from_static(form.closing().as_bytes());
    if !closing.is_empty() {
        let _ = give.send(Ok(closing)).await;
    }
}
