//! What no route answers: 405 and OPTIONS by the document's own table, and 404.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use actix_web::http::Method;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;

use crate::answer::Answer;
use crate::openapi::IN_QUERY;
use crate::problem::{Kind, Problem};
use crate::route::docs;

/// A path of the document, such as `/v1/units/{id}`.
struct Template {
    text: String,
    /// Its segments; none where any text may stand.
    segments: Vec<Option<String>>,
    /// Its methods, in the form of an `Allow` header.
    allowed: String,
    /// Those of its methods that have parameters in the query.
    querying: Vec<String>,
}

/// The paths by how many segments they have, those without a placeholder first.
static TEMPLATES: LazyLock<BTreeMap<usize, Vec<Template>>> = LazyLock::new(|| {
    let outline: Outline = serde_json::from_str(crate::openapi::PUBLISHED).unwrap_or_default();
    let documented = outline.paths.into_iter().map(|(path, operations)| {
        let querying = operations.iter().filter(|(_, operation)| operation.has_query());
        let querying = querying.map(|(method, _)| method.to_uppercase()).collect();
        let mut names: Vec<_> = operations.keys().map(|method| method.to_uppercase()).collect();
        if names.iter().any(|name| name == "GET") {
            names.push("HEAD".to_owned());
        }
        names.push("OPTIONS".to_owned());
        (path, names.join(", "), querying)
    });
    let docs = docs::PATHS;
    let docs = docs.map(|path| (path.to_owned(), "GET, HEAD, OPTIONS".to_owned(), vec![]));
    let mut templates: BTreeMap<usize, Vec<Template>> = BTreeMap::new();
    for (text, allowed, querying) in documented.chain(docs) {
        let segment = |part: &str| (!part.starts_with('{')).then(|| part.to_owned());
        let segments: Vec<_> = text.split('/').map(segment).collect();
        let alike = templates.entry(segments.len()).or_default();
        alike.push(Template { text, segments, allowed, querying });
    }
    for alike in templates.values_mut() {
        alike.sort_by_key(|template| template.text.contains('{'));
    }
    templates
});

/// What of the document the table is made of; the rest is read over.
#[derive(Default, Deserialize)]
struct Outline {
    paths: BTreeMap<String, BTreeMap<String, Operation>>,
}

#[derive(Deserialize)]
struct Operation {
    #[serde(default)]
    parameters: Vec<Parameter>,
}

#[derive(Deserialize)]
struct Parameter {
    #[serde(rename = "in", default)]
    place: String,
    #[serde(rename = "$ref", default)]
    shared: String,
}

impl Operation {
    fn has_query(&self) -> bool {
        self.parameters
            .iter()
            .any(|Parameter { place, shared }| place == "query" || shared.ends_with(IN_QUERY))
    }
}

fn template(path: &str) -> Option<&'static Template> {
    let alike = TEMPLATES.get(&path.split('/').count())?;
    alike.iter().find(|template| {
        template.segments.iter().zip(path.split('/')).all(|(wanted, given)| match wanted {
            Some(wanted) => wanted == given,
            None => !given.is_empty(),
        })
    })
}

/// The path of the document that a path fits: a label for log and metrics that holds no value.
/// actix's own look-up would match every pattern a second time.
pub(crate) fn route(path: &str) -> Option<&'static str> {
    template(path).map(|template| template.text.as_str())
}

/// Whether the document knows a parameter of the query for the operation of a request.
pub(crate) fn takes_query(request: &HttpRequest) -> bool {
    let method = request.method().as_str();
    let template = template(request.path());
    template.is_some_and(|template| template.querying.iter().any(|name| name == method))
}

/// Answers what no route does.
pub(crate) async fn fallback(request: HttpRequest) -> Answer {
    let template = template(request.path()).ok_or_else(Problem::not_found)?;
    let allowed = template.allowed.as_str();
    if request.method() == Method::OPTIONS {
        return Ok(HttpResponse::NoContent().insert_header(("allow", allowed)).finish());
    }
    Err(Problem::new(Kind::MethodNotAllowed).with("allowed", allowed).header("allow", allowed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_told_by_its_template() {
        for (path, told) in [
            ("/healthz", Some("/healthz")),
            ("/v1/organizations", Some("/v1/organizations")),
            ("/v1/organizations/1/units", Some("/v1/organizations/{id}/units")),
            (
                "/v1/question-banks/a/editions/1",
                Some("/v1/question-banks/{bank}/editions/{edition}"),
            ),
            ("/docs/bar.css", Some("/docs/{file}")),
            ("/docs/console/index.css", Some("/docs/console/{file}")),
            ("/docs/guide/", Some("/docs/guide/")),
            ("/docs/guide/ja/", Some("/docs/guide/{language}/")),
            ("/docs/guide/ja/errors", Some("/docs/guide/{language}/{page}")),
            ("/v1/organizations/", None),
            ("/v1/organizations/1/2", None),
            ("/", None),
            ("", None),
        ] {
            assert_eq!(route(path), told, "{path}");
        }
    }
}
