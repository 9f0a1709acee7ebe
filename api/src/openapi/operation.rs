//! What follows from an operation's kind: its headers, its parameters, and every problem that
//! it can answer with.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::CONDITION;
use super::examples::{Examples, ID};
use crate::auth::caller::ACTOR;
use crate::problem::{Kind, MEDIA_TYPE};
use mamori_domain::text::Language;

/// What a handler says of itself beside what OpenAPI has words for.
struct Traits(Value);

impl Traits {
    fn has(&self, name: &str) -> bool {
        self.0.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    /// Where the answer leads: operations, each with the place of its `id` in the body.
    fn links(&self) -> Option<Value> {
        let links = self.0.get("links")?.as_object()?.iter().map(|(operation, place)| {
            let place = place.as_str().unwrap_or("/id");
            let parameters = json!({"id": format!("$response.body#{place}")});
            (operation.clone(), json!({"operationId": operation, "parameters": parameters}))
        });
        Some(Value::Object(links.collect()))
    }

    fn problems(&self) -> Vec<Kind> {
        let named = self.0.get("problems").and_then(Value::as_array).cloned().unwrap_or_default();
        let named = named.iter().filter_map(Value::as_str);
        named
            .filter_map(|slug| Kind::ALL.iter().find(|kind| kind.slug() == slug))
            .copied()
            .collect()
    }
}

/// Completes an operation.
pub(super) fn finish(operation: &mut Map<String, Value>, known: &Examples) {
    let traits = Traits(operation.remove("x-mamori").unwrap_or_default());
    // Generators take any requirement, even that of nothing, for one of a token.
    if operation.get("security") == Some(&json!([{}])) {
        operation.insert("security".to_owned(), json!([]));
    }
    let secured = operation.get("security").is_some_and(|security| {
        security.as_array().is_some_and(|list| list.iter().any(|one| one.get("oauth2").is_some()))
    });
    let open = operation.get("security").is_some_and(|security| {
        security.as_array().is_some_and(|list| list.is_empty() || list.contains(&json!({})))
    });

    let mut problems = traits.problems();
    problems.extend([Kind::RateLimited, Kind::Internal, Kind::Unavailable]);
    if secured && !open {
        // Of the header of the person, and of a parameter that nobody asked for.
        problems.push(Kind::MalformedRequest);
    }
    if secured || open {
        problems.push(Kind::TokenInvalid);
        problems.push(Kind::OriginNotAllowed);
    }
    if secured && !open {
        problems.extend([Kind::TokenMissing, Kind::InsufficientScope]);
    }
    let reads_body = traits.has("body") || traits.has("patch");
    if reads_body {
        problems.extend([Kind::RequestTimeout, Kind::ContentTooLarge, Kind::UnsupportedMediaType]);
        if !traits.has("oauth") {
            problems.extend([Kind::MalformedRequest, Kind::InvalidRequest]);
        }
    }
    if traits.has("query") || traits.has("list") || traits.has("actor") || traits.has("if_match") {
        problems.push(Kind::MalformedRequest);
    }
    if traits.has("list") {
        problems.push(Kind::InvalidCursor);
    }
    if traits.has("if_match") {
        problems.extend([Kind::PreconditionFailed, Kind::PreconditionRequired]);
    }
    if traits.has("once") {
        problems.extend([Kind::InFlight, Kind::IdempotencyKeyReused, Kind::MalformedRequest]);
    }

    parameters(operation, &traits);
    if traits.has("patch") {
        patch_body(operation);
    }
    optional_body(operation);
    request_example(operation, known);
    responses(operation, &traits, problems, known);
}

/// The parameters that many operations share, by what has them; those of the query come last.
const SHARED: [&str; 6] =
    ["If-Match", "Idempotency-Key", ACTOR, "Accept-Language", "limit", "cursor"];

/// What the component of a shared parameter is called: other than a schema, or clients would have
/// two types of one name; and in the query as the route table knows it.
fn component_name(name: &str) -> &'static str {
    match name {
        "If-Match" => "IfMatchHeader",
        "Idempotency-Key" => "IdempotencyKeyHeader",
        ACTOR => "ActorHeader",
        "Accept-Language" => "LanguageHeader",
        "limit" => "LimitInQuery",
        _ => "CursorInQuery",
    }
}

/// How the names of those components end that are in the query.
pub(crate) const IN_QUERY: &str = "InQuery";

/// The shared parameters, for the components.
pub(super) fn parameter_components() -> Value {
    let tell = |name: &'static str| {
        let (required, description, schema) = match name {
            "If-Match" => (
                true,
                "The ETag of the resource as you read it: the change is refused if it has changed \
                 since. `*` takes whatever is there.",
                json!({"type": "string", "pattern": CONDITION, "maxLength": 200, "example": "\"3.0\""}),
            ),
            "Idempotency-Key" => (
                false,
                "Makes a retry safe: the same key and request are answered as the first time, for 24 hours. \
                 Best a new UUID for each thing that you want done.",
                json!({"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]{1,255}$"}),
            ),
            ACTOR => (
                false,
                "The person behind the call, as you name them, such as `staff-017`; kept with the change as \
                 stated by you.",
                json!({"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[!-~]{1,64}$"}),
            ),
            "Accept-Language" => (
                false,
                "The language of texts and problems: `ja` (default) or `en`.",
                json!({"type": "string", "default": "ja"}),
            ),
            "limit" => (
                false,
                "The most items of the page.",
                json!({"type": "integer", "format": "int32", "minimum": 1, "maximum": 200, "default": 50}),
            ),
            _ => (
                false,
                "The `next_cursor` of the page before.",
                json!({"type": "string", "minLength": 1, "maxLength": 500, "pattern": "^[A-Za-z0-9_-]+$"}),
            ),
        };
        let key = component_name(name);
        let place = if key.ends_with(IN_QUERY) { "query" } else { "header" };
        let component = json!({
            "name": name, "in": place, "required": required, "description": description, "schema": schema,
        });
        (key.to_owned(), component)
    };
    Value::Object(SHARED.into_iter().map(tell).collect())
}

/// Gives those of the shared parameters that have a form a schema of their own, and so one type in
/// every client.
pub(super) fn name_parameters(document: &mut Value) {
    let mut named = Map::new();
    for (parameter, name) in [
        ("If-Match", "IfMatch"),
        ("Idempotency-Key", "IdempotencyKey"),
        (ACTOR, "Actor"),
        ("cursor", "Cursor"),
    ] {
        let place = format!("/components/parameters/{}", component_name(parameter));
        let Some(parameter) = document.pointer_mut(&place).and_then(Value::as_object_mut) else {
            continue;
        };
        let description = parameter.get("description").cloned().unwrap_or_default();
        if let Some(mut schema) = parameter.insert("schema".to_owned(), reference("schemas", name))
        {
            if let Some(fields) = schema.as_object_mut() {
                fields.insert("description".to_owned(), description);
            }
            named.insert(name.to_owned(), schema);
        }
    }
    if let Some(schemas) =
        document.pointer_mut("/components/schemas").and_then(Value::as_object_mut)
    {
        schemas.extend(named);
    }
}

fn parameters(operation: &mut Map<String, Value>, traits: &Traits) {
    let has = |name: &&str| match *name {
        "If-Match" => traits.has("if_match"),
        "Idempotency-Key" => traits.has("once"),
        ACTOR => traits.has("actor"),
        "limit" | "cursor" => traits.has("list"),
        _ => true,
    };
    let shared =
        SHARED.into_iter().filter(has).map(|name| reference("parameters", component_name(name)));
    let list = operation.entry("parameters").or_insert_with(|| json!([]));
    if let Some(list) = list.as_array_mut() {
        for parameter in list.iter_mut().filter_map(Value::as_object_mut) {
            let is_id = parameter.get("in") == Some(&json!("path"))
                && parameter.get("name") == Some(&json!("id"));
            if is_id {
                parameter.entry("example").or_insert(json!(ID));
            }
        }
        list.extend(shared);
    }
}

/// The example of a body is one that was sent when the examples of answers were recorded.
fn request_example(operation: &mut Map<String, Value>, known: &Examples) {
    let name = operation.get("operationId").and_then(Value::as_str).unwrap_or_default();
    let Some(sent) = known.of(name, "request").cloned() else { return };
    let media = operation.get_mut("requestBody").and_then(|body| {
        body.pointer_mut("/content/application~1json").and_then(Value::as_object_mut)
    });
    media.map(|media| media.insert("example".to_owned(), sent));
}

/// A body that may be left out is not null: utoipa says both of an `Option`.
fn optional_body(operation: &mut Map<String, Value>) {
    let Some(body) = operation.get_mut("requestBody").and_then(Value::as_object_mut) else {
        return;
    };
    let Some(schema) =
        body.get_mut("content").and_then(|c| c.pointer_mut("/application~1json/schema"))
    else {
        return;
    };
    let Some(choices) = schema.get("oneOf").and_then(Value::as_array) else { return };
    let Some(whole) = choices.iter().find(|choice| choice.get("$ref").is_some()).cloned() else {
        return;
    };
    *schema = whole;
    body.insert("required".to_owned(), json!(false));
}

/// The schema of a patch is that of the whole, with nothing required. Its own media type is taken
/// too; named beside JSON it would give every client the same type twice.
fn patch_body(operation: &mut Map<String, Value>) {
    let Some(content) = operation
        .get_mut("requestBody")
        .and_then(|body| body.get_mut("content"))
        .and_then(Value::as_object_mut)
    else {
        return;
    };
    let Some(media) = content.get_mut("application/json") else { return };
    if let Some(Value::String(target)) = media.pointer_mut("/schema/$ref")
        && let Some(name) = target.strip_suffix("Input")
    {
        *target = format!("{name}Patch");
    }
}

fn responses(
    operation: &mut Map<String, Value>,
    traits: &Traits,
    problems: Vec<Kind>,
    known: &Examples,
) {
    let name = operation.get("operationId").and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut by_status: BTreeMap<u16, Vec<Kind>> = BTreeMap::new();
    for kind in problems {
        let kinds = by_status.entry(kind.status()).or_default();
        if !kinds.contains(&kind) {
            kinds.push(kind);
        }
    }
    let responses = operation.entry("responses").or_insert_with(|| json!({}));
    let Some(responses) = responses.as_object_mut() else { return };
    for (status, response) in responses.iter_mut() {
        if let Some(response) = response.as_object_mut() {
            response.insert("headers".to_owned(), headers(status, traits));
            if status.starts_with('2')
                && let Some(links) = traits.links()
            {
                response.insert("links".to_owned(), links);
            }
            let json = response.get_mut("content").and_then(|content| {
                content.as_object_mut()?.get_mut("application/json")?.as_object_mut()
            });
            if let Some((json, answer)) = json.zip(known.of(&name, status)) {
                json.insert("example".to_owned(), answer.clone());
            }
        }
    }
    for (status, kinds) in by_status {
        let status = status.to_string();
        if responses.contains_key(&status) {
            continue;
        }
        let title = |kind: &Kind| {
            let words = known.catalogue.words(*kind, Language::En);
            let title = words.map(|words| words.title.clone()).unwrap_or_default();
            format!("`{}`: {title}", kind.slug())
        };
        let description = kinds.iter().map(title).collect::<Vec<_>>().join("; ");
        let examples: Map<String, Value> = kinds
            .iter()
            .map(|kind| (kind.slug().to_owned(), reference("examples", kind.slug())))
            .collect();
        responses.insert(
            status.clone(),
            json!({
                "description": description,
                "headers": headers(&status, traits),
                "content": {MEDIA_TYPE: {
                    "schema": {"$ref": "#/components/schemas/Problem"},
                    "examples": examples,
                }},
            }),
        );
    }
}

/// What is the same everywhere stands once, in the components.
fn reference(section: &str, name: &str) -> Value {
    json!({"$ref": format!("#/components/{section}/{name}")})
}

/// Every header of an answer, and what it says.
const HEADERS: [(&str, &str); 11] = [
    ("X-Request-Id", "The trace id of the request."),
    (
        "Access-Control-Allow-Origin",
        "The web origin that may read the answer; only where one asked and may.",
    ),
    ("RateLimit", "How many requests are left, and in how many seconds all are."),
    ("RateLimit-Policy", "How many requests a minute there are."),
    // A 304 is not told of each operation: clients that can't send the condition would have to
    // expect an answer without a body.
    (
        "ETag",
        "The validator of the resource: for If-Match, and for If-None-Match on a GET, which is then \
        answered by 304 if nothing has changed.",
    ),
    ("Location", "Where it is."),
    ("Link", "The next page, as `rel=\"next\"`."),
    ("Retry-After", "In how many seconds to try again."),
    ("Accept-Patch", "The media types that a patch may have."),
    ("WWW-Authenticate", "What kind of token is needed."),
    ("Content-Language", "The language of the texts."),
];

/// The headers, for the components.
pub(super) fn header_components() -> Value {
    let component = |(name, description): (&str, &str)| {
        let schema = match name {
            "Retry-After" => json!({"type": "integer", "format": "int32", "minimum": 0}),
            _ => json!({"type": "string"}),
        };
        (name.to_owned(), json!({"description": description, "schema": schema}))
    };
    Value::Object(HEADERS.into_iter().map(component).collect())
}

fn headers(status: &str, traits: &Traits) -> Value {
    let changed = traits.has("if_match") || traits.has("created") || traits.has("once");
    let shown = traits.has("etag") || traits.has("cached") || changed;
    let good = matches!(status, "200" | "201");
    let problem = status.starts_with(['4', '5']);
    let has = |name: &str| match name {
        "ETag" => shown && good,
        "Location" => traits.has("created") && status == "201",
        "Link" => traits.has("list") && status == "200",
        "Retry-After" => matches!(status, "429" | "503"),
        "Accept-Patch" => status == "415" && traits.has("patch"),
        "WWW-Authenticate" => status == "401",
        "Content-Language" => (traits.has("localized") && good) || problem && !traits.has("oauth"),
        _ => true,
    };
    let present = HEADERS.iter().map(|(name, _)| *name).filter(|name| has(name));
    Value::Object(present.map(|name| (name.to_owned(), reference("headers", name))).collect())
}
