//! Examples: answers that the service really gave, and a problem of each kind.

use mamori_domain::text::Language;
use serde_json::{Value, json};

use crate::problem::wire::ProblemBody;
use crate::problem::{Catalogue, Code, Fault, Kind, Problem};

/// The id of every example's path.
pub(super) const ID: &str = "0192f3a4-5b6c-7d8e-9fa0-b1c2d3e4f506";
/// Recorded by the test suite, which also sees that they stay true.
const RECORDED: &str = include_str!("../../../openapi/examples.json");

/// What the examples are made of.
pub(super) struct Examples {
    /// The words of problems.
    pub(super) catalogue: Catalogue,
    recorded: Value,
}

impl Examples {
    /// Reads what is built in.
    pub(super) fn embedded() -> Result<Self, String> {
        let recorded = serde_json::from_str(RECORDED);
        let recorded = recorded.map_err(|error| format!("examples.json: {error}"))?;
        Ok(Self { catalogue: Catalogue::embedded()?, recorded })
    }

    /// What the operation answered with this status, or `request`: what it was sent.
    pub(super) fn of(&self, operation: &str, which: &str) -> Option<&Value> {
        self.recorded.get(operation)?.get(which)
    }
}

/// A problem of each kind, for the components.
pub(super) fn problem_components(catalogue: &Catalogue) -> Value {
    let component = |kind: &Kind| {
        let title = catalogue.words(*kind, Language::En).map(|words| words.title.as_str());
        let example = json!({"summary": title, "value": problem(*kind, catalogue)});
        (kind.slug().to_owned(), example)
    };
    // What no operation answers, since it is about what is no operation.
    let told = Kind::ALL.iter().filter(|kind| **kind != Kind::MethodNotAllowed);
    Value::Object(told.map(component).collect())
}

/// A problem of this kind as a client gets it, in English.
fn problem(kind: Kind, catalogue: &Catalogue) -> Value {
    let fault = match kind {
        Kind::MalformedRequest => {
            Some(Fault::at("/name", Code::WrongType).with("expected", "string"))
        }
        Kind::InvalidRequest => Some(Fault::at("/corporate_number", Code::CheckDigit)),
        Kind::InvalidCursor => Some(Fault::parameter("cursor", Code::Cursor)),
        Kind::QuestionsUnanswered => Some(Fault::question(25, Code::Unanswered)),
        _ => None,
    };
    let problem = Problem { faults: fault.into_iter().collect(), ..Problem::new(kind) }
        .with("seconds", 12)
        .with("scope", "organizations:write")
        .with("limit", "256 KiB")
        .with("allowed", "GET, POST, HEAD, OPTIONS")
        .with("expected", "application/json")
        .with("count", 1);
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let body = ProblemBody::render(&problem, catalogue, Language::En, trace);
    serde_json::to_value(body).unwrap_or(json!({}))
}
