//! Every event has a frozen example that its closed schema accepts.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::set::{Document, PREFIX, Set};
use super::{Findings, NO_EVENTS};

/// How many places of one example are told at most.
const MAX_VIOLATIONS: usize = 10;

pub(super) fn check(set: &Set, findings: &mut Findings) {
    for (name, schema) in &set.schemas {
        if NO_EVENTS.contains(&name.as_str()) {
            continue;
        }
        let Some(example) = set.examples.get(name) else {
            let fix = "write one like its neighbours, and append its sha256sum to SHA256SUMS";
            findings.add((file(name), ""), "example-missing", "there is no example", fix);
            continue;
        };
        names(name, example, &schema.value, findings);
        body(name, example, &schema.value, findings);
    }
    for name in set.examples.keys().filter(|name| !set.schemas.contains_key(*name)) {
        let fix = "an example stays for ever: keep its schema";
        findings.add((file(name), ""), "example-orphan", "there is no schema for it", fix);
    }
    ids(set, findings);
}

/// Two messages of one id are one message: whoever has handled the first does not see the second.
fn ids(set: &Set, findings: &mut Findings) {
    let mut first = BTreeMap::new();
    for (name, example) in &set.examples {
        let id = example.value["id"].as_str().unwrap_or_default();
        if let Some(other) = first.insert(id, name) {
            let message = format!("the id is that of {}", file(other));
            findings.add((file(name), "/id"), "example-id", message, "give the newer one an id of its own");
        }
    }
}

fn file(name: &str) -> String {
    format!("examples/{name}.json")
}

/// What an example says it is.
fn names(name: &str, example: &Document, schema: &Value, findings: &mut Findings) {
    let kind = format!("{PREFIX}{name}");
    if example.value["type"] != *kind {
        let message = format!("the type is {}", example.value["type"]);
        findings.add((file(name), "/type"), "example-type", message, format!("make it {kind:?}"));
    }
    // An example stays as it was written; its schema may have had minor versions since.
    let without_version = |url: &Value| url.as_str().and_then(|url| Some(url.rsplit_once('/')?.0.to_owned()));
    if without_version(&example.value["dataschema"]) != without_version(&schema["$id"]) {
        let message = format!("the dataschema is {}", example.value["dataschema"]);
        findings.add(
            (file(name), "/dataschema"),
            "example-type",
            message,
            format!("make it {}", schema["$id"]),
        );
    }
}

fn body(name: &str, example: &Document, schema: &Value, findings: &mut Findings) {
    let options = jsonschema::draft202012::options().should_validate_formats(true);
    let validator = match options.build(schema) {
        Ok(validator) => validator,
        Err(error) => {
            let message = format!("the schema is none: {}", error.masked());
            findings.add((format!("schemas/{name}.json"), ""), "schema", message, "mend it");
            return;
        }
    };
    for error in validator.iter_errors(&example.value["data"]).take(MAX_VIOLATIONS) {
        let pointer = format!("/data{}", error.instance_path().as_str());
        let fix = "change the schema: an example that is published is never edited, only one that is new";
        findings.add((file(name), &pointer), "example-invalid", error.masked().to_string(), fix);
    }
}
