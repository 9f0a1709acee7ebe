//! A call of a tool as a request to the application, and its answer as the tool's.

use actix_web::http::header::{ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE, HeaderMap, HeaderValue};
use mamori_domain::text::Language;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rmcp::model::{CallToolResult, ContentBlock};
use serde_json::{Map, Value, json};

use super::operation::{Body, Operation};
use super::schema::{BODY, LANGUAGE};
use crate::inside::{Asked, Told};
use crate::problem::wire::ProblemBody;
use crate::problem::{Catalogue, Code, Fault, Kind, MEDIA_TYPE, Problem};
use crate::read::query::unknown;
use crate::rim::trace::Trace;

/// The longest text of an answer, in bytes: more would drown what an assistant knows of its task.
const LONGEST_ANSWER: usize = 256 << 10;
/// The longest path and query; the HTTP layer would take no longer ones either.
const LONGEST_TARGET: usize = 8 << 10;

/// What stands in a segment of a path as it is.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The language that is asked for, and whether it is one of the two.
pub(super) fn language(arguments: &Map<String, Value>) -> Result<Language, Problem> {
    let Some(asked) = arguments.get(LANGUAGE).filter(|asked| !asked.is_null()) else {
        return Ok(Language::Ja);
    };
    let known = Language::ALL.into_iter().find(|one| asked.as_str() == Some(one.tag()));
    known.ok_or_else(|| {
        amiss(Fault::parameter(LANGUAGE, Code::UnknownValue).with("allowed", "ja, en"))
    })
}

fn amiss(fault: Fault) -> Problem {
    Problem::fault(Kind::MalformedRequest, fault)
}

impl Operation {
    /// The request that the arguments ask for. What could not be sent is refused here; all else is the
    /// application's to judge.
    pub(super) fn asked(
        &self,
        mut arguments: Map<String, Value>,
        language: Language,
    ) -> Result<Asked, Problem> {
        arguments.remove(LANGUAGE);
        let mut path = self.path.clone();
        let mut query = Vec::new();
        for parameter in &self.parameters {
            let given = arguments.remove(&parameter.name).filter(|given| !given.is_null());
            let name = parameter.name.as_str();
            let fault = |code| Fault::parameter(name.to_owned(), code);
            let Some(given) = given else {
                // A missing part of the query is the application's to name.
                if parameter.in_path {
                    return Err(amiss(fault(Code::Required)));
                }
                continue;
            };
            let text = scalar(&given)
                .ok_or_else(|| amiss(fault(Code::WrongType).with("expected", "string")))?;
            if !parameter.in_path {
                query.push((name.to_owned(), text));
                continue;
            }
            if text.is_empty() {
                return Err(amiss(fault(Code::Required)));
            }
            let segment = utf8_percent_encode(&text, SEGMENT).to_string();
            path = path.replace(&format!("{{{name}}}"), &segment);
        }
        let body = match &self.body {
            Body::Fields(_) => Some(Value::Object(std::mem::take(&mut arguments))),
            Body::Whole { .. } => arguments.remove(BODY),
            Body::None => None,
        };
        // What is public would ignore a query that it does not know; an assistant is better told.
        if let Some(name) = arguments.keys().next() {
            return Err(unknown(name));
        }
        let query = serde_urlencoded::to_string(query).unwrap_or_default();
        let target = if query.is_empty() { path } else { format!("{path}?{query}") };
        if target.len() > LONGEST_TARGET {
            let fault = Fault::parameter("query", Code::Length);
            return Err(amiss(fault.with("minimum", 0).with("maximum", LONGEST_TARGET)));
        }
        let json = HeaderValue::from_static("application/json");
        let mut headers = vec![
            (ACCEPT, json.clone()),
            (ACCEPT_LANGUAGE, HeaderValue::from_static(language.tag())),
        ];
        headers.extend(body.as_ref().map(|_| (CONTENT_TYPE, json)));
        let body = body.map(|body| body.to_string().into()).unwrap_or_default();
        Ok(Asked { method: self.method.clone(), target, headers, body })
    }

    /// The answer to the assistant.
    pub(super) fn told(&self, told: &Told, language: Language) -> CallToolResult {
        let kind = told.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        let json = kind.is_some_and(|kind| kind == "application/json" || kind == MEDIA_TYPE);
        let answer = serde_json::from_slice::<Value>(&told.body).ok().filter(|_| json);
        let Some(answer) = answer else { return failed("the answer is no JSON") };
        let text = String::from_utf8_lossy(&told.body).into_owned();
        if !told.status.is_success() {
            return refused(text);
        }
        if text.len() > LONGEST_ANSWER {
            return refused(too_long(text.len(), self.is_paged(), language).to_string());
        }
        let next = answer.get("next_cursor").filter(|_| self.is_paged()).and_then(Value::as_str);
        let more = next.map(|next| {
            let name = &self.tool.name;
            ContentBlock::text(format!(
                "There is more: call {name} again with \"cursor\": \"{next}\" and the other \
                 arguments as they were."
            ))
        });
        let content = std::iter::once(ContentBlock::text(text)).chain(more).collect();
        let mut result = CallToolResult::success(content);
        result.structured_content = Some(answer);
        result
    }
}

/// A value that a path or a query can hold, as text.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        _ => None,
    }
}

/// What is no problem of the application's.
pub(super) fn failed(why: &str) -> CallToolResult {
    CallToolResult::error(vec![ContentBlock::text(why)])
}

/// A problem that the assistant can read, and act on; its text as it was told, for its fields are in
/// an order that reads well.
fn refused(text: String) -> CallToolResult {
    let structured = serde_json::from_str(&text).ok();
    let mut result = CallToolResult::error(vec![ContentBlock::text(text)]);
    result.structured_content = structured;
    result
}

/// A problem of the arguments, in the words that the application has for it.
pub(super) fn amiss_told(
    problem: &Problem,
    words: &Catalogue,
    language: Language,
) -> CallToolResult {
    let trace = Trace::of(&HeaderMap::new());
    let body = ProblemBody::render(problem, words, language, trace.id());
    refused(serde_json::to_string(&body).unwrap_or_default())
}

fn too_long(length: usize, paged: bool, language: Language) -> Value {
    let (length, most) = (length >> 10, LONGEST_ANSWER >> 10);
    let (title, detail) = match (language, paged) {
        (Language::Ja, true) => (
            "応答が長すぎます",
            format!(
                "応答は{length} KiBあり、{most} KiBを超えています。`limit`を小さくして呼び直してください。"
            ),
        ),
        (Language::Ja, false) => (
            "応答が長すぎます",
            format!(
                "応答は{length} KiBあり、{most} KiBを超えています。対象を絞って呼び直してください。"
            ),
        ),
        (Language::En, true) => (
            "The answer is too long",
            format!("It has {length} KiB, more than {most}. Call again with a smaller `limit`."),
        ),
        (Language::En, false) => (
            "The answer is too long",
            format!("It has {length} KiB, more than {most}. Call again and ask for less."),
        ),
    };
    let errors = if paged { json!([{"parameter": "limit"}]) } else { json!([]) };
    json!({"title": title, "detail": detail, "errors": errors})
}
