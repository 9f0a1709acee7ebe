//! A problem as it goes over the wire.

use mamori_domain::text::Language;
use serde::Serialize;
use utoipa::ToSchema;

use super::catalogue::fill;
use super::{Catalogue, Fault, Place, Problem};

/// Why a request failed, after RFC 9457.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody {
    /// The kind of problem: `/problems/` and a slug. Stable, so match on this and not on the
    /// text; a page about it is at this path.
    #[serde(rename = "type")]
    #[schema(pattern = "^/problems/[a-z-]+$", example = "/problems/not-found")]
    kind: String,
    /// The kind of problem in a few words, in the language of the answer.
    #[schema(example = "Not found")]
    title: String,
    /// The HTTP status, repeated.
    #[schema(minimum = 400, maximum = 599, example = 404)]
    status: u16,
    /// This occurrence in words, in the language of the answer.
    detail: String,
    /// What is wrong with the request, each in its place; empty where it is not the request.
    errors: Vec<ProblemError>,
    /// The trace id of the request, for asking the operator about it.
    #[schema(pattern = "^[0-9a-f]{32}$", example = "4bf92f3577b34da6a3ce929d0e0e4736")]
    trace_id: String,
}

/// One thing that is wrong with a request. Exactly one of `pointer`, `parameter`, `header`,
/// `question` and `cell` says where.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ProblemError {
    /// What is wrong; stable.
    #[schema(pattern = "^[a-z_]+$", example = "check_digit")]
    code: &'static str,
    /// Where in the body, as a JSON Pointer (RFC 6901).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, example = "/corporate_number")]
    pointer: Option<String>,
    /// Which parameter of the query or the path.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    parameter: Option<String>,
    /// Which header.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    header: Option<&'static str>,
    /// Which question of the sheet, by number.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, minimum = 1, maximum = 500)]
    question: Option<u16>,
    /// Where in the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    cell: Option<CellPlace>,
    /// What is wrong in words, in the language of the answer.
    detail: String,
}

/// A place in a file, as far as it is known.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CellPlace {
    /// The name of the sheet.
    #[schema(required, example = "情報資産管理台帳")]
    sheet: Option<String>,
    /// The row, from 1; in CSV its line, in JSON which asset.
    #[schema(required, minimum = 1, example = 12)]
    row: Option<u32>,
    /// The letters of the column; in JSON the name of the field.
    #[schema(required, example = "F")]
    column: Option<String>,
}

impl ProblemBody {
    /// The problem in words.
    pub(crate) fn render(
        problem: &Problem,
        catalogue: &Catalogue,
        language: Language,
        trace_id: &str,
    ) -> Self {
        let words = catalogue.words(problem.kind, language);
        Self {
            kind: format!("/problems/{}", problem.kind.slug()),
            title: words.map(|words| words.title.clone()).unwrap_or_default(),
            status: problem.kind.status(),
            detail: words.map(|words| fill(&words.detail, &problem.parameters)).unwrap_or_default(),
            errors: problem
                .faults
                .iter()
                .map(|fault| ProblemError::render(fault, catalogue, language))
                .collect(),
            trace_id: trace_id.to_owned(),
        }
    }
}

impl ProblemError {
    fn render(fault: &Fault, catalogue: &Catalogue, language: Language) -> Self {
        let (mut pointer, mut parameter, mut header) = (None, None, None);
        let (mut question, mut cell) = (None, None);
        match &fault.place {
            Place::Pointer(place) => pointer = Some(place.clone()),
            Place::Parameter(name) => parameter = Some(name.clone().into_owned()),
            Place::Header(name) => header = Some(*name),
            Place::Question(number) => question = Some(*number),
            Place::Cell { sheet, row, column } => {
                let (sheet, column) = (sheet.clone(), column.clone());
                cell = Some(CellPlace { sheet, row: *row, column });
            }
        }
        let detail = fill(catalogue.fault(fault.code, language), &fault.parameters);
        Self { code: fault.code.as_str(), pointer, parameter, header, question, cell, detail }
    }
}
