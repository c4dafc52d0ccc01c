//! The keywords of JSON Schema that are known, and what each is about.

use serde_json::{Map, Value};

/// What a keyword is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Says nothing of what is accepted.
    Annotation,
    /// The type, or the very values.
    Value,
    Number,
    Text,
    Array,
    Object,
    /// Other schemas for the same value.
    Applied,
    /// May say anything.
    Unknown,
}

pub(crate) fn kind(keyword: &str) -> Kind {
    match keyword {
        "title" | "description" | "default" | "examples" | "$id" | "$schema" | "$comment" | "$defs"
        | "definitions" | "deprecated" | "readOnly" | "writeOnly" => Kind::Annotation,
        "type" | "enum" | "const" => Kind::Value,
        "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum" | "multipleOf" => Kind::Number,
        "minLength" | "maxLength" | "pattern" | "format" => Kind::Text,
        "items" | "minItems" | "maxItems" | "uniqueItems" => Kind::Array,
        "properties" | "required" | "additionalProperties" => Kind::Object,
        "$ref" | "allOf" | "anyOf" | "oneOf" => Kind::Applied,
        other if other.starts_with("x-") => Kind::Annotation,
        _ => Kind::Unknown,
    }
}

/// The keywords of a schema, those first that say most about why something is refused.
pub(crate) fn in_order(schema: &Map<String, Value>) -> impl Iterator<Item = (&str, &Value)> {
    const FIRST: [&str; 7] =
        ["type", "const", "enum", "properties", "required", "additionalProperties", "format"];
    let first = FIRST.iter().filter_map(|keyword| schema.get_key_value(*keyword));
    let rest = schema.iter().filter(|(keyword, _)| !FIRST.contains(&keyword.as_str()));
    first.chain(rest).map(|(keyword, argument)| (keyword.as_str(), argument))
}
