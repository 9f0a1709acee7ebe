//! The arguments of a tool as one JSON Schema, out of the document's parameters and body.

use serde_json::{Map, Value, json};

use super::operation::{Body, Parameter};

/// Where the document keeps what is named, and where a schema of its own does.
const COMPONENTS: &str = "#/components/schemas/";
const OWN: &str = "#/$defs/";

/// The schema of an operation's arguments: its parameters, the fields of its body, and the
/// language, side by side.
pub(super) fn input(
    document: &Value,
    parameters: &[Parameter],
    body: &Body,
    localized: &Value,
) -> Map<String, Value> {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for parameter in parameters {
        properties.insert(parameter.name.clone(), parameter.schema.clone());
        if parameter.required {
            required.push(json!(parameter.name));
        }
    }
    match body {
        Body::None => {}
        Body::Fields(schema) => {
            let fields = schema.get("properties").and_then(Value::as_object).cloned();
            properties.extend(fields.unwrap_or_default());
            let needed = schema.get("required").and_then(Value::as_array).cloned();
            required.extend(needed.unwrap_or_default());
        }
        Body::Whole { schema, needed } => {
            properties.insert(BODY.to_owned(), schema.clone());
            if *needed {
                required.push(json!(BODY));
            }
        }
    }
    properties.insert(LANGUAGE.to_owned(), localized.clone());
    let mut whole = json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    });
    let named = gathered(document, &mut whole);
    let Value::Object(mut schema) = whole else { return Map::new() };
    if !named.is_empty() {
        schema.insert("$defs".to_owned(), Value::Object(named));
    }
    schema
}

/// The argument that holds a body which is no plain object.
pub(super) const BODY: &str = "body";
/// The argument that says in which language to answer.
pub(super) const LANGUAGE: &str = "language";

/// Brings the schemas that `schema` refers to, and those that they refer to, into its own reach.
fn gathered(document: &Value, schema: &mut Value) -> Map<String, Value> {
    let mut found = Map::new();
    let mut wanted = Vec::new();
    readdressed(schema, &mut wanted);
    while let Some(name) = wanted.pop() {
        if found.contains_key(&name) {
            continue;
        }
        let schemas = document.pointer("/components/schemas");
        let mut named = schemas.and_then(|all| all.get(&name)).cloned().unwrap_or_default();
        readdressed(&mut named, &mut wanted);
        found.insert(name, named);
    }
    found
}

/// Turns references into the document into references into the schema, and names their targets.
fn readdressed(value: &mut Value, wanted: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (key, field) in fields.iter_mut() {
                match field {
                    Value::String(target) if key == "$ref" => {
                        let Some(name) = target.strip_prefix(COMPONENTS) else { continue };
                        wanted.push(name.to_owned());
                        *target = format!("{OWN}{name}");
                    }
                    _ => readdressed(field, wanted),
                }
            }
            // A discriminator speaks of the document's addresses; the schema says it without.
            if fields.get("discriminator").is_some_and(Value::is_object) {
                fields.remove("discriminator");
            }
            // Which control characters a text may not have says nothing to a model, at length.
            let pattern = fields.get("pattern").and_then(Value::as_str);
            if pattern.is_some_and(|pattern| pattern.contains("\\u0000")) {
                fields.remove("pattern");
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| readdressed(item, wanted)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_referred_to_is_carried_along() {
        let document = json!({"components": {"schemas": {
            "A": {"type": "object", "properties": {"b": {"$ref": "#/components/schemas/B"}}},
            "B": {"type": "array", "items": {"$ref": "#/components/schemas/B"}},
            "C": {"type": "string"},
        }}});
        let body = Body::Fields(json!({
            "properties": {"a": {"$ref": "#/components/schemas/A"}}, "required": ["a"],
        }));
        let id = Parameter {
            name: "id".to_owned(),
            in_path: true,
            required: true,
            schema: json!({"type": "string"}),
        };
        let schema = input(&document, &[id], &body, &json!({"enum": ["ja", "en"]}));
        assert_eq!(
            Value::Object(schema),
            json!({
                "type": "object",
                "properties": {
                    "id": {"type": "string"},
                    "a": {"$ref": "#/$defs/A"},
                    "language": {"enum": ["ja", "en"]},
                },
                "required": ["id", "a"],
                "additionalProperties": false,
                "$defs": {
                    "A": {"type": "object", "properties": {"b": {"$ref": "#/$defs/B"}}},
                    "B": {"type": "array", "items": {"$ref": "#/$defs/B"}},
                },
            })
        );
    }
}
