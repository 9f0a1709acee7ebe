//! The document for generators that can't read OpenAPI 3.1: the same in the words of 3.0.3.

use serde_json::{Map, Value, json};

use super::schema::visit;

/// What 3.0 has no word for; the service refuses it all the same.
const UNKNOWN: [&str; 6] = [
    "contains",
    "not",
    "patternProperties",
    "prefixItems",
    "propertyNames",
    "unevaluatedProperties",
];

/// The document in OpenAPI 3.0.3.
pub(super) fn render(mut document: Value) -> Value {
    if let Some(fields) = document.as_object_mut() {
        fields.insert("openapi".to_owned(), json!("3.0.3"));
        fields.remove("jsonSchemaDialect");
    }
    if let Some(license) = document.pointer_mut("/info/license").and_then(Value::as_object_mut) {
        license.remove("identifier");
        license.insert("url".to_owned(), json!("https://spdx.org/licenses/"));
    }
    for part in ["/paths", "/components"] {
        if let Some(part) = document.pointer_mut(part) {
            visit(part, &mut soften);
        }
    }
    let schemas = document.pointer("/components/schemas").cloned().unwrap_or_default();
    visit(&mut document, &mut |fields| type_beside(fields, &schemas));
    document
}

/// What may be null says of which type it is otherwise, also where that is a reference.
fn type_beside(fields: &mut Map<String, Value>, schemas: &Value) {
    let target = fields.get("allOf").and_then(|all| all.pointer("/0/$ref")).and_then(Value::as_str);
    if !fields.contains_key("nullable") || fields.contains_key("type") {
        return;
    }
    let name = target.and_then(|target| target.rsplit('/').next()).unwrap_or_default();
    if let Some(kind) = schemas.get(name).and_then(|schema| schema.get("type")).cloned() {
        fields.insert("type".to_owned(), kind);
    }
}

/// Says in 3.0 what an object says in 3.1, if it is a schema.
fn soften(fields: &mut Map<String, Value>) {
    let null = json!({"type": "null"});
    if let Some(Value::Array(choices)) = fields.get_mut("oneOf")
        && choices.contains(&null)
    {
        choices.retain(|choice| *choice != null);
        if let [one] = choices.as_mut_slice() {
            let one = one.take();
            fields.remove("oneOf");
            fields.insert("allOf".to_owned(), json!([one]));
        }
        fields.insert("nullable".to_owned(), json!(true));
    }
    if let Some(Value::Array(kinds)) = fields.get_mut("type") {
        let all = kinds.len();
        kinds.retain(|kind| kind != "null");
        let is_nullable = kinds.len() < all;
        match kinds.as_mut_slice() {
            [kind] => {
                let kind = kind.take();
                fields.insert("type".to_owned(), kind);
            }
            _ => {
                fields.remove("type");
            }
        }
        if is_nullable {
            fields.insert("nullable".to_owned(), json!(true));
        }
    }
    if let Some(only) = fields.remove("const") {
        fields.insert("enum".to_owned(), json!([only]));
    }
    if let Some(Value::Array(examples)) = fields.get("examples").cloned() {
        fields.remove("examples");
        fields.extend(examples.into_iter().next().map(|first| ("example".to_owned(), first)));
    }
    for (bound, strict) in [("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")] {
        if fields.get(strict).is_some_and(Value::is_number)
            && let Some(value) = fields.insert(strict.to_owned(), json!(true))
        {
            fields.insert(bound.to_owned(), value);
        }
    }
    UNKNOWN.iter().for_each(|name| drop(fields.remove(*name)));
    // Beside a reference nothing else may stand.
    if fields.len() > 1
        && let Some(reference) = fields.get("$ref").filter(|target| target.is_string()).cloned()
    {
        fields.remove("$ref");
        fields.insert("allOf".to_owned(), json!([{"$ref": reference}]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_of_3_1_has_one_of_3_0() {
        let reference = json!({"$ref": "#/components/schemas/A"});
        let cases = [
            (json!({"type": ["string", "null"]}), json!({"type": "string", "nullable": true})),
            (
                json!({"oneOf": [reference, {"type": "null"}], "description": "d"}),
                json!({"allOf": [reference], "nullable": true, "description": "d"}),
            ),
            (
                json!({"oneOf": [reference, {"$ref": "b"}, {"type": "null"}]}),
                json!({"oneOf": [reference, {"$ref": "b"}], "nullable": true}),
            ),
            (
                json!({"$ref": "#/components/schemas/A", "description": "d"}),
                json!({"allOf": [reference], "description": "d"}),
            ),
            (reference.clone(), reference.clone()),
            (json!({"const": 1}), json!({"enum": [1]})),
            (json!({"examples": [1, 2]}), json!({"example": 1})),
            (json!({"exclusiveMinimum": 0}), json!({"minimum": 0, "exclusiveMinimum": true})),
            (json!({"not": {"type": "object"}}), json!({})),
            (
                json!({"properties": {"type": {"type": ["integer", "null"]}, "not": {"const": 1}}}),
                json!({"properties": {
                    "type": {"type": "integer", "nullable": true}, "not": {"enum": [1]},
                }}),
            ),
        ];
        for (new, old) in cases {
            let document = json!({"openapi": "3.1.0", "paths": new});
            assert_eq!(render(document), json!({"openapi": "3.0.3", "paths": old}));
        }
    }
}
