//! The OpenAPI document: what the handlers say, and what follows from it.
//!
//! A handler names its own success and its own problems in `x-mamori`. What every operation
//! of its kind can answer beside that (401 where a token is needed, 412 where there is a
//! condition …) is written here once, from the same table that answers.

mod examples;
mod operation;

use serde_json::{Map, Value, json};
use utoipa::OpenApi;
use utoipa_actix_web::AppExt;

use crate::problem::wire::ProblemBody;
use crate::route;
use examples::Examples;
use mamori_domain::access::Scope;

/// The parts of the document that no handler owns.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "mamori",
        description = "The path of IPA's information security guideline for small companies \
            (中小企業の情報セキュリティ対策ガイドライン), for portals, support centres and buyers to \
            embed. mamori is not IPA's, and neither supervised nor endorsed by it.",
        contact(name = "The operator of this service"),
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    servers((url = "/", description = "This service")),
    components(schemas(ProblemBody)),
    tags(
        (name = "service", description = "The service itself: health, keys, problems."),
        (name = "access", description = "Access tokens."),
        (name = "clients", description = "Who may call; for administrators."),
        (name = "question-banks", description = "Question banks (設問集) and stateless scoring."),
        (name = "organizations", description = "Organizations (企業・団体) and their units."),
        (name = "assessments", description = "Assessments, from draft to result and history."),
        (name = "risks", description = "The risk register: models, assets, threats, risks and treatments."),
        (name = "security-action", description = "SECURITY ACTION, which is self-declared: declarations, \
            readiness, checks, programmes, attestations, wording and reminders."),
        (name = "sandbox", description = "The clock and the way back of a sandbox, `mamori serve --sandbox`: \
            the same service on made data, to build against. Every answer of a sandbox has the header \
            `Mamori-Sandbox: true`; elsewhere these operations answer 404 `not-a-sandbox`."),
    ),
)]
struct Base;

/// Text that is neither blank nor has control characters; what [`crate::read::Check::line`]
/// checks, for the inputs that say nothing narrower.
const LINE: &str = "^[^\\u0000-\\u001f\\u007f]*[^\\u0000-\\u0020\\u007f\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000][^\\u0000-\\u001f\\u007f]*$";
/// The same for text of several lines.
const LINES: &str = "^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f]*[^\\u0000-\\u0020\\u007f\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000][^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f]*$";
/// A web origin.
const ORIGIN: &str = "^https?://[A-Za-z0-9][A-Za-z0-9.-]{0,252}(:([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?$";
/// The address of a web page: what [`crate::read::Check::web_address`] takes.
const WEB_ADDRESS: &str = "^https?://[A-Za-z0-9][A-Za-z0-9.-]{0,252}(:([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?([/?#][A-Za-z0-9._~:/?#@!$&'()*+,;=%-]*)?$";
/// A list of entity tags, or `*`.
const CONDITION: &str = r#"^(\*|(W/)?"[!#-+\--~]*"(, ?(W/)?"[!#-+\--~]*")*)$"#;

/// The document as it was kept when this binary was built; a test and CI see that it is what
/// [`document`] builds. The service serves it and takes its route table from it: to build it anew
/// would be the largest part of a start, and of the memory that an idle service holds.
pub(crate) const PUBLISHED: &str = include_str!("../../openapi/openapi.json");

/// The document, built of the handlers.
#[must_use]
pub fn document() -> Value {
    let (_, document) = actix_web::App::new()
        .into_utoipa_app()
        .openapi(Base::openapi())
        .configure(route::configure)
        .split_for_parts();
    let mut document = serde_json::to_value(document).unwrap_or_default();
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
        patches(schemas);
        parts(schemas);
        for (name, schema) in schemas.iter_mut() {
            if name.ends_with("Input") || name.ends_with("Patch") {
                constrain(schema);
            }
        }
    }
    if let Some(components) = document.pointer_mut("/components").and_then(Value::as_object_mut) {
        components.insert("securitySchemes".to_owned(), schemes());
        components.insert("headers".to_owned(), operation::header_components());
        let problems = examples::problem_components(&examples.catalogue);
        components.insert("examples".to_owned(), problems);
    }
    document
}

/// The document as it is checked in.
#[must_use]
pub fn text() -> String {
    let mut text = serde_json::to_string_pretty(&document()).unwrap_or_default();
    text.push('\n');
    text
}

fn schemes() -> Value {
    let scopes: Map<String, Value> = Scope::ALL
        .into_iter()
        .map(|scope| (scope.as_str().to_owned(), json!(scope_text(scope))))
        .collect();
    json!({
        "oauth2": {
            "type": "oauth2",
            "description": "A token of POST /oauth/token, or of an issuer that the operator trusts.",
            "flows": {"clientCredentials": {"tokenUrl": "/oauth/token", "scopes": scopes}},
        },
        "basic": {
            "type": "http",
            "scheme": "basic",
            "description": "The client's id and secret; for the token endpoint alone.",
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

/// The schema of each merge patch, out of that of the whole.
fn patches(schemas: &mut Map<String, Value>) {
    let pinned = ["question_bank", "edition"];
    for (name, left_out) in [
        ("Client", [].as_slice()),
        ("Organization", &[]),
        ("Unit", &[]),
        ("Assessment", &pinned),
        ("Asset", &[]),
        ("Treatment", &[]),
        ("OwnProgramme", &[]),
    ] {
        let Some(mut schema) = schemas.get(&format!("{name}Input")).cloned() else { continue };
        if let Some(fields) = schema.as_object_mut() {
            fields.insert(
                "description".to_owned(),
                json!(
                    "A merge patch (RFC 7396): what is named is replaced, what is null is removed."
                ),
            );
            if let Some(properties) = fields.get_mut("properties").and_then(Value::as_object_mut) {
                properties.retain(|name, _| !left_out.contains(&name.as_str()));
            }
            loosen(fields);
        }
        schemas.insert(format!("{name}Patch"), schema);
    }
}

/// A schema in which nothing is required: what may be left out of the whole may be removed by null.
fn loosen(schema: &mut Map<String, Value>) {
    let required = schema.remove("required").unwrap_or_default();
    let required = required.as_array().cloned().unwrap_or_default();
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else {
        return;
    };
    for (name, property) in properties.iter_mut() {
        if required.contains(&json!(name)) {
            continue;
        }
        if property.get("$ref").is_some() {
            *property = json!({"oneOf": [{"type": "null"}, property.take()]});
        } else if let Some(kind) = property.get("type").filter(|kind| kind.is_string()) {
            let kind = json!([kind, "null"]);
            property.as_object_mut().map(|fields| fields.insert("type".to_owned(), kind));
        }
    }
}

/// A patch may change an object within in part.
fn parts(schemas: &mut Map<String, Value>) {
    let known = schemas.clone();
    let mut in_part = Map::new();
    let patches = schemas.iter_mut().filter(|(name, _)| name.ends_with("Patch"));
    let properties =
        patches.filter_map(|(_, schema)| schema.get_mut("properties")?.as_object_mut());
    for property in properties.flat_map(|properties| properties.values_mut()) {
        let choices = property.get_mut("oneOf").and_then(Value::as_array_mut);
        for choice in choices.into_iter().flatten() {
            let Some(Value::String(target)) = choice.get_mut("$ref") else { continue };
            let name = target.rsplit('/').next().unwrap_or_default().to_owned();
            let whole = known.get(&name).and_then(Value::as_object);
            let Some(mut part) = whole.filter(|w| w.contains_key("properties")).cloned() else {
                continue;
            };
            loosen(&mut part);
            target.push_str("Patch");
            in_part.insert(format!("{name}Patch"), Value::Object(part));
        }
    }
    schemas.extend(in_part);
}

/// Says of free text in inputs what is checked of it.
fn constrain(schema: &mut Value) {
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else {
        return;
    };
    for (name, property) in properties.iter_mut().filter_map(|(n, p)| Some((n, p.as_object_mut()?)))
    {
        let is_text = property.contains_key("maxLength") && property.contains_key("minLength");
        if is_text && !property.contains_key("pattern") {
            let pattern = if name == "note" { LINES } else { LINE };
            property.insert("pattern".to_owned(), json!(pattern));
        }
        if matches!(name.as_str(), "website" | "evidence_url" | "url") {
            property.insert("pattern".to_owned(), json!(WEB_ADDRESS));
        }
        if name == "origins"
            && let Some(items) = property.get_mut("items").and_then(Value::as_object_mut)
        {
            items.insert("pattern".to_owned(), json!(ORIGIN));
            items.insert("maxLength".to_owned(), json!(270));
        }
    }
}
