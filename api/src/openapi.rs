//! The OpenAPI document: what the handlers say, and what follows from it.
//!
//! A handler names its own success and its own problems in `x-mamori`. What every operation
//! of its kind can answer beside that (401 where a token is needed, 412 where there is a
//! condition …) is written here once, from the same table that answers.

mod examples;
mod operation;
mod patch;
mod schema;
mod three_zero;
mod twin;

use serde_json::{Map, Value, json};
use utoipa::OpenApi;
use utoipa_actix_web::AppExt;

use crate::problem::wire::ProblemBody;
use crate::route;
use examples::Examples;
use mamori_domain::access::Scope;
pub(crate) use operation::IN_QUERY;

/// The parts of the document that no handler owns.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "mamori",
        description = "The path of IPA's information security guideline for small companies \
            (中小企業の情報セキュリティ対策ガイドライン), for portals, support centres and buyers to \
            embed. mamori is not IPA's, and neither supervised nor endorsed by it.\n\n\
            A token of `POST /oauth/token`, a company, a self-check: the guide begins there \
            (`/docs/guide/`), and says how errors, pages, retries and editions work. What is wrong with a \
            request is told as `application/problem+json` with its place, in Japanese or English.",
        contact(name = "The operator of this service"),
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    components(schemas(ProblemBody))
)]
struct Base;

/// A list of entity tags, or `*`.
const CONDITION: &str = r#"^(\*|(W/)?"[!#-+\--~]*"(, ?(W/)?"[!#-+\--~]*")*)$"#;

/// The document as it was kept when this binary was built; a test and CI see that it is what
/// [`document`] builds. The service serves it and takes its route table from it: to build it anew
/// would be the largest part of a start, and of the memory that an idle service holds.
pub(crate) const PUBLISHED: &str = include_str!("../../openapi/openapi.json");
/// The same in OpenAPI 3.0.3, for generators that can't read 3.1.
pub(crate) const PUBLISHED_3_0: &str = include_str!("../../openapi/openapi-3.0.json");

/// The document, built of the handlers.
#[must_use]
pub fn document() -> Value {
    let (_, document) = actix_web::App::new()
        .into_utoipa_app()
        .openapi(Base::openapi())
        .configure(route::configure)
        .split_for_parts();
    let mut document = serde_json::to_value(document).unwrap_or_default();
    if let Some(fields) = document.as_object_mut() {
        let server = json!({
            "url": "/",
            "description": "This service: production, or a sandbox where it was started as one.",
            "x-internal": false,
        });
        let tag = |(name, text): &(&str, &str)| json!({"name": name, "description": text});
        fields.insert("servers".to_owned(), json!([server]));
        fields.insert("tags".to_owned(), route::tag::ALL.iter().map(tag).collect());
    }
    let Ok(examples) = Examples::embedded() else { return document };
    if let Some(paths) = document.pointer_mut("/paths").and_then(Value::as_object_mut) {
        for item in paths.values_mut().filter_map(Value::as_object_mut) {
            for operation in item.values_mut().filter_map(Value::as_object_mut) {
                operation::finish(operation, &examples);
            }
        }
    }
    if let Some(schemas) =
        document.pointer_mut("/components/schemas").and_then(Value::as_object_mut)
    {
        schema::merge(schemas);
        schema::cells(schemas);
        patch::patches(schemas);
        patch::parts(schemas);
        for (name, schema) in schemas.iter_mut() {
            if name.ends_with("Input") || name.ends_with("Patch") {
                schema::constrain(schema);
            }
        }
    }
    schema::name_enums(&mut document);
    schema::lift_descriptions(&mut document);
    schema::integers(&mut document);
    schema::lengths(&mut document);
    twin::part(&mut document);
    if let Some(components) = document.pointer_mut("/components").and_then(Value::as_object_mut) {
        components.insert("securitySchemes".to_owned(), schemes());
        components.insert("headers".to_owned(), operation::header_components());
        components.insert("parameters".to_owned(), operation::parameter_components());
        let problems = examples::problem_components(&examples.catalogue);
        components.insert("examples".to_owned(), problems);
    }
    operation::name_parameters(&mut document);
    document
}

/// The document as it is checked in, and its rendering in OpenAPI 3.0.3.
#[must_use]
pub fn texts() -> [String; 2] {
    let document = document();
    [document.clone(), three_zero::render(document)].map(|document| {
        let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
        text.push('\n');
        text
    })
}

fn schemes() -> Value {
    let scopes: Map<String, Value> = Scope::ALL
        .into_iter()
        .map(|scope| (scope.as_str().to_owned(), json!(scope_text(scope))))
        .collect();
    json!({
        "oauth2": {
            "type": "oauth2",
            "description": "A token of POST /oauth/token, or of an issuer that the operator trusts: a JWT that is \
                made and checked as RFC8725 says, with fixed algorithms, issuer, audience, type and end.",
            "flows": {"clientCredentials": {"tokenUrl": "/oauth/token", "scopes": scopes}},
        },
    })
}

fn scope_text(scope: Scope) -> &'static str {
    match scope {
        Scope::OrganizationsRead => "Read organizations and units.",
        Scope::OrganizationsWrite => "Register and change organizations and units.",
        Scope::AssessmentsRead => "Read assessments, answers and results.",
        Scope::AssessmentsWrite => "Begin, answer and submit assessments.",
        Scope::RisksRead => "Read risk registers: assets, threats, risks and treatments.",
        Scope::RisksWrite => "Change risk registers.",
        Scope::DeclarationsRead => {
            "Read declarations, consents, attestations and programmes, and check the status of others."
        }
        Scope::DeclarationsWrite => {
            "Record declarations and consents, issue attestations, keep programmes of your own."
        }
        Scope::Admin => "Everything on your own organizations, and the clients.",
    }
}
