//! Documents by chance that a schema may well accept, and small damage to them.

use fastrand::Rng;
use serde_json::{Map, Value, json};

use crate::schemas::NAMES;

/// Text that is in the patterns and formats that occur.
const TEXTS: [&str; 14] = [
    "",
    "a",
    "x",
    "aa",
    "xy",
    "abc",
    "1",
    "A",
    "a b",
    "2026-01-02T03:04:05Z",
    "0190b6f0-0000-7000-8000-000000000001",
    "GBP",
    "placed",
    "00000000000000000007",
];
const MAX_DEPTH: usize = 7;

/// A document for a schema of `root`.
pub(crate) fn for_schema(rng: &mut Rng, root: &Value, schema: &Value, depth: usize) -> Value {
    if depth > MAX_DEPTH {
        return json!("a");
    }
    if let Some(target) = schema["$ref"].as_str().and_then(|at| root.pointer(at.trim_start_matches('#'))) {
        return for_schema(rng, root, target, depth + 1);
    }
    if let Some(value) = schema.get("const") {
        return value.clone();
    }
    for listed in ["enum", "anyOf", "oneOf"] {
        let Some(options) = schema[listed].as_array().filter(|options| !options.is_empty()) else { continue };
        let chosen = &options[rng.usize(..options.len())];
        return if listed == "enum" { chosen.clone() } else { for_schema(rng, root, chosen, depth + 1) };
    }
    let types = match &schema["type"] {
        Value::Array(types) => types.clone(),
        Value::String(only) => vec![json!(only)],
        _ => vec![json!("string"), json!("integer"), json!("object"), json!("null")],
    };
    match types.get(rng.usize(..types.len().max(1))).and_then(Value::as_str) {
        Some("string") => text(rng, schema),
        Some("integer") => whole(rng, schema),
        Some("number") if rng.bool() => json!(whole(rng, schema).as_f64().unwrap_or(0.0) + 0.5),
        Some("number") => whole(rng, schema),
        Some("boolean") => json!(rng.bool()),
        Some("array") => {
            let count = schema["minItems"].as_u64().unwrap_or(0) + rng.u64(0..3);
            (0..count.min(6)).map(|_| for_schema(rng, root, &schema["items"], depth + 1)).collect()
        }
        Some("object") => object(rng, root, schema, depth),
        _ => Value::Null,
    }
}

fn text(rng: &mut Rng, schema: &Value) -> Value {
    let near = |bound: &Value| bound.as_u64().and_then(|length| usize::try_from(length).ok());
    let length = match rng.u8(..4) {
        0 => near(&schema["minLength"]),
        1 => near(&schema["maxLength"]).map(|length| length + rng.usize(..2)),
        _ => None,
    };
    if let Some(length) = length.filter(|length| *length < 300) {
        return json!("a".repeat(length));
    }
    let fitting = match schema["format"].as_str() {
        Some("date-time") => TEXTS[9],
        Some("uuid") => TEXTS[10],
        _ => TEXTS[rng.usize(..TEXTS.len())],
    };
    json!(fitting)
}

fn whole(rng: &mut Rng, schema: &Value) -> Value {
    for bound in ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"] {
        if let Some(at) = schema[bound].as_i64().filter(|_| rng.bool()) {
            return json!(at.saturating_add(rng.i64(-1..3)));
        }
    }
    let odd = [json!(256), json!(-1), json!(i64::MAX), json!(6.0)];
    if rng.u8(..12) == 0 { odd[rng.usize(..odd.len())].clone() } else { json!(rng.i64(-3..9)) }
}

fn object(rng: &mut Rng, root: &Value, schema: &Value, depth: usize) -> Value {
    let required = schema["required"].as_array();
    let mut fields = Map::new();
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let is_required = required.is_some_and(|all| all.iter().any(|r| r == name));
        if is_required || rng.u8(..3) == 0 {
            fields.insert(name.clone(), for_schema(rng, root, field, depth + 1));
        }
    }
    for name in required.into_iter().flatten().filter_map(Value::as_str) {
        if !fields.contains_key(name) {
            fields.insert(name.to_owned(), for_schema(rng, root, &schema["additionalProperties"], depth + 1));
        }
    }
    if rng.u8(..5) == 0 {
        let name = NAMES[rng.usize(..NAMES.len())].to_owned();
        let field = for_schema(rng, root, &schema["additionalProperties"], depth + 1);
        fields.entry(name).or_insert(field);
    }
    Value::Object(fields)
}

/// The same with one thing wrong, perhaps.
pub(crate) fn damaged(rng: &mut Rng, document: &Value) -> Value {
    let odd =
        [json!(null), json!("zz"), json!(5), json!(2.5), json!(true), json!([]), json!({}), json!([1, 1])];
    let odd = odd[rng.usize(..odd.len())].clone();
    match document {
        Value::Object(fields) if !fields.is_empty() && rng.u8(..5) > 0 => {
            let mut fields = fields.clone();
            let at = rng.usize(..fields.len());
            let Some(name) = fields.keys().nth(at).cloned() else { return odd };
            match rng.u8(..5) {
                0 => drop(fields.remove(&name)),
                1 => drop(fields.insert(NAMES[rng.usize(..NAMES.len())].to_owned(), odd)),
                _ => {
                    let inner = damaged(rng, &fields[&name]);
                    fields.insert(name, inner);
                }
            }
            Value::Object(fields)
        }
        Value::Array(elements) if !elements.is_empty() && rng.u8(..5) > 0 => {
            let mut elements = elements.clone();
            let at = rng.usize(..elements.len());
            match rng.u8(..4) {
                0 => drop(elements.remove(at)),
                1 => elements.push(elements[at].clone()),
                _ => elements[at] = damaged(rng, &elements[at]),
            }
            Value::Array(elements)
        }
        Value::String(text) if rng.bool() => json!(format!("{text}a")),
        Value::Number(number) if rng.bool() => {
            json!(number.as_i64().unwrap_or(0).saturating_add(rng.i64(-1..2)))
        }
        _ => odd,
    }
}
