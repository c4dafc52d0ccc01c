//! Types for TypeScript: a union of all events that is told apart by `type`, and guards.

use serde_json::Value;

use super::super::fields::resolve;
use super::super::hoist::hoist;
use super::super::set::{Event, Set, prose};
use super::HOW;

/// The module.
pub(super) fn module(set: &Set) -> String {
    let events = set.events();
    let hoisted = hoist(&events, "#/");
    let mut parts = vec![format!("// {HOW}\n"), PREAMBLE.to_owned()];
    if let Some(envelope) = set.schemas.get("envelope.v1") {
        parts.push(envelope_type(&envelope.value));
    }
    parts.extend(hoisted.shared.iter().map(|(name, schema)| declaration(name, schema, None)));
    for event in &events {
        parts.push(declaration(&event.type_name(), &hoisted.bodies[&event.key], Some(event)));
    }
    parts.push(event_map(&events));
    parts.push(GUARDS.to_owned());
    parts.join("\n")
}

const PREAMBLE: &str = r#"/**
 * The events of a shop, as CloudEvents 1.0 in structured JSON.
 *
 * For readers: fields that these types do not have may come, and so may words that a union of words does not list,
 * which is why such a union ends in `(string & {})`. Within a major version nothing else changes.
 *
 * Amounts are whole numbers of minor units (pence, cents) and never fractions. Instants are RFC 3339 in UTC.
 *
 * @packageDocumentation
 */
"#;

const GUARDS: &str = r#"/** Every event, told apart by its `type`. */
export type BanyanEvent = EventMap[EventType];

/** The type of an event on the wire. */
export type EventType = keyof EventMap;

/** Whether `value` is a CloudEvent whose `type` these types know. Its `data` is not looked at. */
export function isBanyanEvent(value: unknown): value is BanyanEvent {
  const type = typeOf(value);
  return type !== undefined && (EVENT_TYPES as readonly string[]).includes(type);
}

/** Whether `value` is a CloudEvent of the given `type`. Its `data` is not looked at. */
export function isEvent<T extends EventType>(value: unknown, type: T): value is EventMap[T] {
  return typeOf(value) === type;
}

function typeOf(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { specversion, type, data } = value as Record<string, unknown>;
  return specversion === "1.0" && typeof type === "string" && data !== undefined ? type : undefined;
}
"#;

/// The envelope with the type of event and the body as parameters.
fn envelope_type(schema: &Value) -> String {
    let field = |(name, property, is_required): (&str, &Value, bool)| {
        let of = match name {
            "type" => "T".to_owned(),
            "data" => "D".to_owned(),
            _ => expression(property, 1),
        };
        format!("{}  {name}{}: {of};\n", comment(description(property), 1), mark(is_required))
    };
    let fields: String = properties(schema).into_iter().map(field).collect();
    let doc = comment(description(schema), 0);
    format!("{doc}export interface Envelope<T extends string, D> {{\n{fields}}}\n")
}

/// A body or a shared definition.
fn declaration(name: &str, schema: &Value, event: Option<&Event<'_>>) -> String {
    let mut doc = vec![description(schema).to_owned()];
    if let Some(event) = event {
        doc.push(format!("The body of `{}`, version {}.", event.kind, event.semver));
        doc.extend(
            event
                .sunset
                .map(|day| format!("@deprecated Nobody publishes it from {day} on: read the next major.")),
        );
    }
    doc.extend(meanings(schema));
    let doc = comment(&doc.join("\n\n"), 0);
    if schema["properties"].is_object() && schema.get("oneOf").is_none() {
        return format!("{doc}export interface {name} {}\n", object(schema, 0));
    }
    format!("{doc}export type {name} = {};\n", expression(schema, 0)).replace(" = \n", " =\n")
}

/// What the words of an enumeration mean, as a list.
fn meanings(schema: &Value) -> Option<String> {
    let meanings = schema["x-enum-descriptions"].as_object()?;
    let words = schema["enum"].as_array()?.iter().filter_map(Value::as_str);
    let line = |word: &str| {
        format!("- `{word}`: {}", prose(meanings.get(word).and_then(Value::as_str).unwrap_or("")))
    };
    Some(words.map(line).collect::<Vec<_>>().join("\n"))
}

fn object(schema: &Value, depth: usize) -> String {
    let indent = "  ".repeat(depth);
    let field = |(name, property, is_required): (&str, &Value, bool)| {
        let doc = comment(&with_default(property), depth + 1);
        let of = expression(property, depth + 1);
        format!("{doc}{indent}  {}{}: {of};\n", key(name), mark(is_required))
    };
    let fields: String = properties(schema).into_iter().map(field).collect();
    format!("{{\n{fields}{indent}}}")
}

/// A type for a schema. What cannot be said in TypeScript is wider, never narrower.
fn expression(schema: &Value, depth: usize) -> String {
    if let Some(target) = reference(schema) {
        return target.to_owned();
    }
    if let Some(value) = schema.get("const") {
        return value.to_string();
    }
    if let Some(words) = schema["enum"].as_array() {
        let mut words: Vec<String> = words.iter().map(Value::to_string).collect();
        if schema["x-extensible"] == true {
            words.push("(string & {})".to_owned());
        }
        return union(&words, depth);
    }
    if let Some(variants) = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array()) {
        let variants: Vec<String> = variants.iter().map(|variant| expression(variant, depth)).collect();
        return union(&variants, depth);
    }
    match schema["type"].as_str() {
        Some("string") => "string".to_owned(),
        Some("integer" | "number") => "number".to_owned(),
        Some("boolean") => "boolean".to_owned(),
        Some("array") => format!("Array<{}>", expression(&schema["items"], depth)),
        Some("object") if schema["properties"].is_object() => object(schema, depth),
        Some("object") => "Record<string, unknown>".to_owned(),
        Some(_) | None => "unknown".to_owned(),
    }
}

/// The name behind a `$ref`.
fn reference(schema: &Value) -> Option<&str> {
    let (resolved, _) = resolve(schema, &Value::Null);
    let target = resolved["$ref"].as_str().or_else(|| schema["allOf"][0]["$ref"].as_str())?;
    target.strip_prefix("#/")
}

/// One line as long as it fits.
fn union(members: &[String], depth: usize) -> String {
    let line = members.join(" | ");
    if line.len() <= 90 {
        return line;
    }
    let indent = "  ".repeat(depth + 1);
    let mut lines = vec![String::new()];
    for member in members {
        let is_full = lines.last().is_some_and(|line| line.len() + member.len() > 100);
        if is_full {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            line.push_str(if line.is_empty() { "| " } else { " | " });
            line.push_str(member);
        }
    }
    lines.iter().map(|line| format!("\n{indent}{line}")).collect()
}

fn event_map(events: &[Event<'_>]) -> String {
    let mut text = String::from("/** Every event by its `type`. */\nexport interface EventMap {\n");
    for event in events {
        text.push_str(&comment(event.summary, 1));
        let (kind, body) = (&event.kind, event.type_name());
        text.push_str(&format!("  \"{kind}\": Envelope<\"{kind}\", {body}>;\n"));
    }
    text.push_str("}\n\n/** Every `type` that these types know. */\nexport const EVENT_TYPES = [\n");
    for event in events {
        text.push_str(&format!("  \"{}\",\n", event.kind));
    }
    text.push_str("] as const satisfies readonly EventType[];\n");
    text
}

/// Name, schema, and whether it is required: in the order of the schema.
fn properties(schema: &Value) -> Vec<(&str, &Value, bool)> {
    let is_required =
        |name: &str| schema["required"].as_array().is_some_and(|all| all.iter().any(|r| r == name));
    let mut properties: Vec<_> = schema["properties"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, property)| (name.as_str(), property, is_required(name)))
        .collect();
    properties.sort_unstable_by_key(|(name, ..)| *name);
    properties
}

/// Quoted when it is no identifier.
fn key(name: &str) -> String {
    let is_plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && !name.starts_with(|first: char| first.is_ascii_digit());
    if is_plain { name.to_owned() } else { Value::from(name).to_string() }
}

fn mark(is_required: bool) -> &'static str {
    if is_required { "" } else { "?" }
}

fn description(schema: &Value) -> &str {
    schema["description"].as_str().unwrap_or_default()
}

fn with_default(schema: &Value) -> String {
    let default = schema.get("default").map(|value| format!("\n\n@defaultValue `{value}`"));
    description(schema).to_owned() + &default.unwrap_or_default()
}

/// A comment in the form that TypeScript's tools read; whatever a description says, it cannot end the comment.
fn comment(text: &str, depth: usize) -> String {
    let indent = "  ".repeat(depth);
    let text = text.replace("*/", "*\u{200b}/");
    let mut lines: Vec<String> = Vec::new();
    for paragraph in text.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        match paragraph.starts_with("- ") {
            true => lines.extend(paragraph.lines().map(str::to_owned)),
            false => lines.push(prose(paragraph)),
        }
    }
    match lines.as_slice() {
        [] => String::new(),
        [only] => format!("{indent}/** {only} */\n"),
        _ => {
            let line = |line: &String| format!("{indent} * {line}").trim_end().to_owned() + "\n";
            format!("{indent}/**\n{}{indent} */\n", lines.iter().map(line).collect::<String>())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::set::tests::committed;
    use super::*;

    #[test]
    fn every_event_is_a_member_of_the_map() {
        let set = committed();
        let module = module(&set);
        for event in set.events() {
            let body = event.type_name();
            assert!(module.contains(&format!("export interface {body} {{")), "{body}");
            assert!(module.contains(&format!("\"{0}\": Envelope<\"{0}\", {body}>;", event.kind)), "{body}");
        }
    }

    #[test]
    fn a_type_is_never_narrower_than_its_schema() {
        let cases = [
            (json!({ "type": "integer" }), "number"),
            (json!({ "type": "array", "items": { "$ref": "#/Line" } }), "Array<Line>"),
            (json!({ "enum": ["a", "b"], "x-extensible": true }), "\"a\" | \"b\" | (string & {})"),
            (json!({ "enum": ["a", "b"] }), "\"a\" | \"b\""),
            (json!({ "const": "card" }), "\"card\""),
            (json!({ "oneOf": [{ "$ref": "#/A" }, { "type": "boolean" }] }), "A | boolean"),
            (json!({ "allOf": [{ "$ref": "#/A" }], "description": "x" }), "A"),
            (json!({ "type": "object" }), "Record<string, unknown>"),
            (json!({}), "unknown"),
        ];
        for (schema, expected) in cases {
            assert_eq!(expression(&schema, 0), expected, "{schema}");
        }
    }

    #[test]
    fn no_description_ends_its_comment() {
        assert_eq!(comment("bad */ code", 0).matches("*/").count(), 1);
        assert_eq!(key("a_b"), "a_b");
        assert_eq!(key("a-b"), "\"a-b\"");
    }
}
