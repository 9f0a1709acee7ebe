//! Merge patches: their schemas are those of the whole, with nothing required.

use serde_json::{Map, Value, json};

/// The schema of each merge patch, out of that of the whole.
pub(super) fn patches(schemas: &mut Map<String, Value>) {
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
                properties.values_mut().for_each(forget_default);
            }
            loosen(fields);
        }
        schemas.insert(format!("{name}Patch"), schema);
    }
}

/// What a patch leaves out stays as it is, so its fields have no default to speak of.
fn forget_default(property: &mut Value) {
    let Some(Value::String(text)) = property.get_mut("description") else { return };
    if let Some((kept, last)) = text.rsplit_once("; ")
        && ["default", "left out"].iter().any(|word| last.contains(word))
    {
        *text = format!("{kept}.");
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
pub(super) fn parts(schemas: &mut Map<String, Value>) {
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
