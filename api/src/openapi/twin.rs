//! What is sent is closed, what is answered is open: a schema that is both becomes two.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::schema::visit;

const PLACE: &str = "#/components/schemas/";
/// What is sent under the name of an input, and answered under another.
const ANSWERED: [(&str, &str); 1] = [("AssetInput", "AssetEntry")];

/// The names that are reached from a part of the document.
fn reached(part: &Value, schemas: &Map<String, Value>, found: &mut BTreeSet<String>) {
    match part {
        Value::Object(fields) => {
            if let Some(Value::String(target)) = fields.get("$ref")
                && let Some(name) = target.strip_prefix(PLACE)
                && found.insert(name.to_owned())
                && let Some(schema) = schemas.get(name)
            {
                reached(schema, schemas, found);
            }
            fields.values().for_each(|field| reached(field, schemas, found));
        }
        Value::Array(items) => items.iter().for_each(|item| reached(item, schemas, found)),
        _ => {}
    }
}

/// Leads every reference to one of `names` to its twin.
fn lead(part: &mut Value, names: &BTreeSet<String>, twin: impl Fn(&str) -> String) {
    visit(part, &mut |fields| {
        if let Some(Value::String(target)) = fields.get_mut("$ref")
            && let Some(name) = target.strip_prefix(PLACE)
            && names.contains(name)
        {
            *target = format!("{PLACE}{}", twin(name));
        }
    });
}

fn is_closed(schema: Option<&Value>) -> bool {
    schema.and_then(|schema| schema.get("additionalProperties")) == Some(&json!(false))
}

/// Gives each schema that is both sent and answered a closed and an open form.
pub(super) fn part(document: &mut Value) {
    let (mut sent, mut answered) = (BTreeSet::new(), BTreeSet::new());
    let mut schemas = match document.pointer_mut("/components/schemas").map(Value::take) {
        Some(Value::Object(schemas)) => schemas,
        _ => Map::new(),
    };
    operations(document, |operation| {
        let body = operation.get("requestBody").unwrap_or(&Value::Null);
        reached(body, &schemas, &mut sent);
        let answers = operation.get("responses").unwrap_or(&Value::Null);
        reached(answers, &schemas, &mut answered);
    });
    let (inputs, others): (BTreeSet<String>, BTreeSet<String>) = sent
        .intersection(&answered)
        .filter(|name| {
            let mut within = BTreeSet::from([(*name).clone()]);
            reached(schemas.get(*name).unwrap_or(&Value::Null), &schemas, &mut within);
            within.iter().any(|name| is_closed(schemas.get(name)))
        })
        .cloned()
        .partition(|name| name.ends_with("Input"));
    let closed = |name: &str| format!("{name}Input");
    let open = |name: &str| {
        let known = ANSWERED.iter().find(|(input, _)| *input == name);
        known.map_or_else(|| format!("{name}Answered"), |(_, other)| (*other).to_owned())
    };

    let mut twins = Map::new();
    for name in &others {
        let mut twin = schemas.get(name).cloned().unwrap_or_default();
        lead(&mut twin, &others, closed);
        twins.insert(closed(name), twin);
    }
    for name in &inputs {
        twins.insert(open(name), schemas.get(name).cloned().unwrap_or_default());
    }
    for (name, schema) in &mut schemas {
        if sent.contains(name) && !others.contains(name) {
            lead(schema, &others, closed);
        } else if answered.contains(name) {
            lead(schema, &inputs, open);
        }
    }
    schemas.extend(twins);
    for (name, schema) in &mut schemas {
        let told = answered.contains(name) && !inputs.contains(name);
        if (told || inputs.iter().any(|input| open(input) == *name))
            && let Some(fields) = schema.as_object_mut()
        {
            fields.remove("additionalProperties");
        }
    }
    if let Some(place) = document.pointer_mut("/components/schemas") {
        *place = Value::Object(schemas);
    }
    operations(document, |operation| {
        if let Some(body) = operation.get_mut("requestBody") {
            lead(body, &others, closed);
        }
        if let Some(answers) = operation.get_mut("responses") {
            lead(answers, &inputs, open);
        }
    });
}

fn operations(document: &mut Value, mut work: impl FnMut(&mut Value)) {
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    let items = paths.into_iter().flat_map(Map::values_mut);
    items.filter_map(Value::as_object_mut).flat_map(Map::values_mut).for_each(&mut work);
}
