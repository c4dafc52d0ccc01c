//! What holds for every schema of a file: it is closed, bounded, and says what it is.

use serde_json::Value;

use super::{ENVELOPE, Findings, Place};

/// What is shorter says nothing.
const MIN_DESCRIPTION_CHARS: usize = 3;

pub(super) fn check(place: Place<'_>, findings: &mut Findings) {
    described(place, findings);
    closed(place, findings);
    bounded(place, findings);
}

fn described(place: Place<'_>, findings: &mut Findings) {
    let (parent, name) = place.pointer.rsplit_once('/').unwrap_or_default();
    let is_named = place.pointer.is_empty() || parent.ends_with("/properties") || parent.ends_with("/$defs");
    let description = place.schema["description"].as_str().unwrap_or_default();
    if is_named && description.trim().chars().count() < MIN_DESCRIPTION_CHARS {
        let what = if name.is_empty() { "the schema" } else { name };
        let fix = "say what it is in a documentation comment of the type";
        findings.add(place.at(), "description", format!("{what} has no description"), fix);
    }
    if place.schema["x-extensible"] != true {
        return;
    }
    for word in place.schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let meaning = place.schema["x-enum-descriptions"][word].as_str().unwrap_or_default();
        if meaning.chars().count() < MIN_DESCRIPTION_CHARS {
            let message = format!("the word {word:?} has no description");
            findings.add(place.at(), "description", message, "say what it means in x-enum-descriptions");
        }
    }
}

fn closed(place: Place<'_>, findings: &mut Findings) {
    let is_object = place.schema["properties"].is_object() || place.schema["type"] == "object";
    let is_open = place.schema["additionalProperties"] != false;
    if is_object && is_open && place.file.name != ENVELOPE {
        let fix = "set additionalProperties to false: producers are strict";
        findings.add(place.at(), "closed", "the object is open", fix);
    }
}

fn bounded(place: Place<'_>, findings: &mut Findings) {
    let has = |keyword: &str| place.schema.get(keyword).is_some();
    let (what, fix) = match place.schema["type"].as_str() {
        // Whoever made the format has bounded it.
        Some("string")
            if !["maxLength", "enum", "const"].iter().any(|k| has(k))
                && place.schema["format"] != "date-time" =>
        {
            ("text", "give it a maxLength")
        }
        Some("array") if !has("maxItems") => ("list", "give it maxItems"),
        Some(_) | None => return,
    };
    findings.add(place.at(), "bounded", format!("the {what} has no bound"), fix);
}
