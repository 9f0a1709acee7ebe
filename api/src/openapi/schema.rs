//! What is the same of every schema, and what generators of clients read best: enums by name, one
//! object instead of parts of it, bounds that say what is checked.

use serde_json::{Map, Value, json};

use crate::wire::NAMED;

/// Text that is neither blank nor has control characters; what [`crate::read::Check::line`]
/// checks, for the inputs that say nothing narrower.
const LINE: &str = "^[^\\u0000-\\u001f\\u007f]*[^\\u0000-\\u0020\\u007f\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000][^\\u0000-\\u001f\\u007f]*$";
/// The same for text of several lines.
const LINES: &str = "^[^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f]*[^\\u0000-\\u0020\\u007f\\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000][^\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f]*$";
/// A web origin.
const ORIGIN: &str = "^https?://[A-Za-z0-9][A-Za-z0-9.-]{0,252}(:([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?$";
/// The address of a web page: what [`crate::read::Check::web_address`] takes.
const WEB_ADDRESS: &str = "^https?://[A-Za-z0-9][A-Za-z0-9.-]{0,252}(:([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]))?([/?#][A-Za-z0-9._~:/?#@!$&'()*+,;=%-]*)?$";
/// What rounds of a programme are called by.
const CODE: &str = "^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$";
/// What the patterns of short texts leave room for, in characters.
const LENGTHS: [(&str, u8); 13] = [
    (r"^[a-z][a-z0-9_]{0,39}$", 40),
    (r"^[a-z][a-z0-9-]{0,39}$", 40),
    (r"^[a-z][a-z-]{0,39}$", 40),
    (r"^[0-9]{1,2}\.[0-9]{1,2}$", 5),
    (r"^(2\.1|3\.0|3\.1|4\.0)$", 3),
    (r"^(3\.0|3\.1|4\.0)$", 3),
    (r"^([A-T]|0[1-9][0-9]{0,2}|[1-9][0-9]{1,3})$", 4),
    (r"^[+]?[0-9][0-9-]{5,18}$", 20),
    (r"^[0-9]{3}-?[0-9]{4}$", 8),
    (r"^(0?[1-9]|[1-3][0-9]|4[0-7])$", 2),
    (r"^(EdDSA|ES256|RS256|PS256)$", 5),
    (r"^(Ed25519|P-256)$", 7),
    (r"^sig$", 3),
];

/// Calls `work` with every object of the document but the maps of properties, whose names are free;
/// what stands as an example is left alone.
pub(super) fn visit(value: &mut Value, work: &mut impl FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Object(fields) => {
            work(fields);
            for (name, field) in fields.iter_mut() {
                match (name.as_str(), field) {
                    ("example" | "examples" | "default" | "enum", _) => {}
                    ("properties", Value::Object(properties)) => {
                        properties.values_mut().for_each(|property| visit(property, work));
                    }
                    (_, field) => visit(field, work),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| visit(item, work)),
        _ => {}
    }
}

/// An enum stands once, in the components; a parameter has it whole, and gets a reference.
pub(super) fn name_enums(document: &mut Value) {
    let mut named = Map::new();
    visit(document, &mut |fields| {
        if let Some(Value::String(name)) = fields.remove(NAMED) {
            let place = format!("#/components/schemas/{name}");
            named.insert(name, Value::Object(std::mem::take(fields)));
            fields.insert("$ref".to_owned(), json!(place));
        }
    });
    // The components' own were replaced by references to themselves.
    if let Some(schemas) =
        document.pointer_mut("/components/schemas").and_then(Value::as_object_mut)
    {
        schemas.extend(named);
    }
}

/// A schema that is another and more becomes one object with the fields of both.
pub(super) fn merge(schemas: &mut Map<String, Value>) {
    let known = schemas.clone();
    for schema in schemas.values_mut().filter_map(Value::as_object_mut) {
        let Some(Value::Array(parts)) = schema.remove("allOf") else { continue };
        let mut properties = Map::new();
        let mut required = Vec::new();
        for part in parts {
            let name = part.get("$ref").and_then(Value::as_str).and_then(|r| r.rsplit('/').next());
            let part = name.and_then(|name| known.get(name)).cloned().unwrap_or(part);
            if let Some(Value::Object(fields)) = part.get("properties").cloned() {
                properties.extend(fields);
            }
            required.extend(
                part.get("required").and_then(Value::as_array).cloned().into_iter().flatten(),
            );
        }
        schema.insert("type".to_owned(), json!("object"));
        schema.insert("properties".to_owned(), Value::Object(properties));
        schema.insert("required".to_owned(), Value::Array(required));
    }
}

/// What is said of a field that may be null is said of the field, not of what it is when it is not.
pub(super) fn lift_descriptions(document: &mut Value) {
    visit(document, &mut |fields| {
        let choices = fields.get_mut("oneOf").and_then(Value::as_array_mut);
        let Some([one, other]) = choices.map(Vec::as_mut_slice) else { return };
        let null = json!({"type": "null"});
        let reference = if *other == null {
            one
        } else if *one == null {
            other
        } else {
            return;
        };
        let Some(reference) = reference.as_object_mut() else { return };
        if !reference.contains_key("$ref") {
            return;
        }
        let lifted: Vec<_> = ["description", "example"]
            .into_iter()
            .filter_map(|name| Some((name, reference.remove(name)?)))
            .collect();
        for (name, text) in lifted {
            fields.entry(name).or_insert(text);
        }
    });
}

/// Every integer says how wide it is: 32 bits wherever its bounds leave room for no more.
pub(super) fn integers(document: &mut Value) {
    visit(document, &mut |fields| {
        let is_integer = match fields.get("type") {
            Some(Value::Array(types)) => types.contains(&json!("integer")),
            Some(kind) => kind == "integer",
            None => false,
        };
        if !is_integer {
            return;
        }
        let bound = |name: &str| fields.get(name).and_then(Value::as_i64);
        let small = bound("maximum").is_some_and(|top| i32::try_from(top).is_ok())
            && bound("minimum").is_some_and(|least| i32::try_from(least).is_ok());
        if small || !fields.contains_key("format") {
            fields.insert("format".to_owned(), json!("int32"));
        }
    });
}

/// A cell of a file is anything but an object or a list; said so, no generator makes a union of it.
pub(super) fn cells(schemas: &mut Map<String, Value>) {
    if let Some(cell) = schemas.get_mut("CellValue").and_then(Value::as_object_mut) {
        let list = json!({"type": "array", "items": {}});
        cell.insert("not".to_owned(), json!({"anyOf": [{"type": "object"}, list]}));
    }
}

/// Short texts say their length beside their pattern.
pub(super) fn lengths(document: &mut Value) {
    visit(document, &mut |fields| {
        let pattern = fields.get("pattern").and_then(Value::as_str);
        let known = LENGTHS.iter().find(|(known, _)| Some(*known) == pattern);
        if let Some((_, longest)) = known {
            fields.entry("maxLength").or_insert(json!(longest));
        }
    });
}

/// Says of free text in inputs what is checked of it.
pub(super) fn constrain(schema: &mut Value) {
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
        let Some(items) = property.get_mut("items").and_then(Value::as_object_mut) else {
            continue;
        };
        let item = match name.as_str() {
            "origins" => {
                json!({"pattern": ORIGIN, "maxLength": 270, "example": "https://portal.example.jp"})
            }
            "tags" => {
                json!({"pattern": LINE, "minLength": 1, "maxLength": 50, "example": "年1回見直し"})
            }
            "rounds" if items.contains_key("type") => {
                json!({"pattern": CODE, "maxLength": 40, "example": "spring-2027"})
            }
            _ => continue,
        };
        items.extend(item.as_object().cloned().unwrap_or_default());
    }
}
