//! The OpenAPI document is true, whole and reviewed.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().expect("paths");
    paths
        .iter()
        .flat_map(|(path, item)| {
            let item = item.as_object().expect("a path");
            item.iter().map(move |(method, operation)| (format!("{method} {path}"), operation))
        })
        .collect()
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(target)) = fields.get("$ref") {
                found.insert(target.clone());
            }
            fields.values().for_each(|field| references(field, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries =
        fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

fn api_sources() -> Vec<PathBuf> {
    sources(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../api/src")))
}

#[test]
fn the_kept_document_is_the_built_one() {
    let kept = [
        include_str!("../../openapi/openapi.json"),
        include_str!("../../openapi/openapi-3.0.json"),
    ];
    assert!(kept == mamori::openapi::texts(), "openapi.json is stale; run `mamori openapi`");
}

#[test]
fn every_reference_leads_somewhere() {
    let document = mamori::openapi::document();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    for target in found {
        assert!(document.pointer(target.trim_start_matches('#')).is_some(), "{target}");
    }
}

#[test]
fn every_operation_is_named_once_and_described() {
    let mut names = BTreeSet::new();
    for (place, operation) in operations(&mamori::openapi::document()) {
        let name = operation["operationId"].as_str().expect("a name");
        assert!(names.insert(name.to_owned()), "{place}: `{name}` is taken");
        assert!(operation["summary"].is_string(), "{place}: no summary");
        assert!(operation["description"].is_string(), "{place}: no description");
        assert!(operation["security"].is_array(), "{place}: no security");
        assert!(!operation["tags"].as_array().expect("tags").is_empty(), "{place}: no tag");
        for (status, response) in operation["responses"].as_object().expect("responses") {
            let described = response["description"].as_str().is_some_and(|text| !text.is_empty());
            assert!(described, "{place}: {status} has no description");
            let oauth = place.ends_with("/oauth/token") && matches!(status.as_str(), "400" | "401");
            if status.starts_with(['4', '5']) && !oauth {
                assert!(
                    response["content"]["application/problem+json"].is_object(),
                    "{place}: {status}"
                );
            }
        }
    }
}

/// utoipa keeps one schema for each name and forgets the others in silence.
#[test]
fn every_schema_name_is_used_once() {
    let mut names = BTreeSet::new();
    for file in api_sources() {
        let text = fs::read_to_string(&file).expect("a file");
        for item in text.split("#[derive(").skip(1) {
            let (derives, rest) = item.split_once(")]").expect("a derive");
            if !derives.contains("ToSchema") {
                continue;
            }
            let head = rest.split(['{', ';']).next().expect("a head");
            let name = match head.split_once("#[schema(as = ") {
                Some((_, renamed)) => renamed.split([')', ',']).next().expect("a name"),
                None => {
                    let mut words = head.split(|c: char| !c.is_alphanumeric() && c != '_');
                    words.find(|word| matches!(*word, "struct" | "enum"));
                    words.next().expect("a name")
                }
            };
            assert!(names.insert(name.to_owned()), "{}: `{name}` is taken", file.display());
        }
    }
    assert!(names.len() > 20);
}

#[test]
fn both_engines_have_the_same_migrations() {
    let folder = |engine: &str| -> BTreeSet<_> {
        let path = format!("{}/../migrations/{engine}", env!("CARGO_MANIFEST_DIR"));
        fs::read_dir(path)
            .expect("a folder")
            .map(|entry| entry.expect("an entry").file_name())
            .collect()
    };
    assert_eq!(folder("sqlite"), folder("postgres"));
}
