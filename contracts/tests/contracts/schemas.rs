//! The committed schemas are what the types say, closed and explained.

use std::collections::BTreeSet;

use contracts::schema;
use serde_json::Value;

use crate::support::json_files;

#[test]
fn committed_schemas_are_those_of_the_types() {
    let committed = json_files("schemas");
    let made: Vec<(String, String)> = {
        let mut files: Vec<_> = schema::files().into_iter().map(|file| (file.name, file.text)).collect();
        files.sort();
        files
    };
    let names = |files: &[(String, String)]| files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&committed), names(&made), "{REGENERATE}");
    for ((name, committed), (_, made)) in committed.iter().zip(&made) {
        assert!(committed == made, "{name} differs from the types; {REGENERATE}");
    }
}

const REGENERATE: &str = "run: make contracts";

#[test]
fn every_schema_has_its_address_and_is_valid() {
    for (name, text) in json_files("schemas") {
        let schema: Value = serde_json::from_str(&text).unwrap();
        let (event, major) = name.trim_end_matches(".json").rsplit_once(".v").unwrap();
        let id = schema["$id"].as_str().unwrap();
        let address = format!("https://banyan.example/contracts/{event}/{major}.");
        assert!(id.starts_with(&address) && id.ends_with(".json"), "{name}: {id}");
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "{name}");
        assert!(jsonschema::draft202012::meta::is_valid(&schema), "{name}");
    }
}

#[test]
fn objects_are_closed_and_every_field_is_explained() {
    for (name, text) in json_files("schemas") {
        let mut objects = 0;
        walk(&serde_json::from_str(&text).unwrap(), &mut |object| {
            objects += 1;
            if name != "envelope.v1.json" {
                assert_eq!(object["additionalProperties"], false, "{name}: {object:#}");
            }
            for (field, schema) in object["properties"].as_object().unwrap() {
                let description = schema["description"].as_str().unwrap_or_default();
                assert!(description.len() > 2, "{name}: {field} has no description");
                assert!(!field.ends_with("_minor") || schema["type"] == "integer", "{name}: {field}");
            }
        });
        assert!(objects > 0, "{name} has no object");
    }
}

#[test]
fn nothing_on_the_wire_is_a_fraction_or_null() {
    for (name, text) in json_files("schemas") {
        assert!(!text.contains("\"number\"") && !text.contains("\"null\""), "{name}");
    }
}

#[test]
fn the_envelope_schema_names_every_attribute_that_we_write() {
    let (_, text) = json_files("schemas").into_iter().find(|(name, _)| name == "envelope.v1.json").unwrap();
    let schema: Value = serde_json::from_str(&text).unwrap();
    let (_, example) =
        json_files("examples").into_iter().find(|(name, _)| name == "stock.reserved.v1.json").unwrap();
    let written: Value = serde_json::from_str(&example).unwrap();
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<BTreeSet<_>>();
    let mut either = keys(&written);
    either.insert("dataref".to_owned());
    assert_eq!(either, keys(&schema["properties"]));
}

/// Calls `look` with every object schema that lists properties.
fn walk(schema: &Value, look: &mut dyn FnMut(&Value)) {
    if schema.get("properties").is_some_and(Value::is_object) {
        look(schema);
    }
    match schema {
        Value::Object(fields) => fields.values().for_each(|field| walk(field, look)),
        Value::Array(items) => items.iter().for_each(|item| walk(item, look)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
