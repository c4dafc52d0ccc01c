//! Schemas by chance, and small changes of them.

use std::fs;
use std::path::Path;

use fastrand::Rng;
use serde_json::{Map, Value, json};

/// Names of fields; few, so that two schemas meet.
pub(crate) const NAMES: [&str; 4] = ["a", "b", "c", "kind"];
const WORDS: [&str; 5] = ["x", "y", "z", "aa", "1"];
pub(crate) const PATTERNS: [&str; 4] = ["^[a-z]+$", "^[a-z]{2}$", "x", "^[0-9a-z]*$"];
const FORMATS: [&str; 4] = ["date-time", "uuid", "int32", "uint8"];

/// All committed contracts.
pub(crate) fn contracts() -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts/schemas");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files.filter(|path| path.extension().is_some_and(|e| e == "json")).collect();
    files.sort();
    let read = |path: &std::path::PathBuf| serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    files.iter().map(read).collect()
}

fn one<'a, T>(rng: &mut Rng, of: &'a [T]) -> &'a T {
    &of[rng.usize(..of.len())]
}

/// A document with two definitions, of which one refers to itself.
pub(crate) fn document(rng: &mut Rng) -> Value {
    let mut schema = any(rng, 3);
    if !schema.is_object() {
        schema = json!({});
    }
    schema["$defs"] = json!({
        "Word": text(rng),
        "Node": { "type": "object", "properties": { "a": any(rng, 0), "next": { "$ref": "#/$defs/Node" } } },
    });
    schema
}

fn any(rng: &mut Rng, depth: usize) -> Value {
    let kinds = if depth == 0 { 6 } else { 14 };
    match rng.usize(..kinds) {
        0 => text(rng),
        1 => number(rng),
        2 => json!({ "enum": words(rng) }),
        3 => one(rng, &[json!({ "const": "x" }), json!({ "const": 1 }), json!(true), json!({})]).clone(),
        4 => json!({ "type": one(rng, &["boolean", "null", "string", "integer"]) }),
        5 => json!({ "$ref": one(rng, &["#/$defs/Word", "#/$defs/Node"]) }),
        6 | 13 => array(rng, depth - 1),
        7 => json!({ "anyOf": [any(rng, depth - 1), { "type": "null" }] }),
        8 => tagged(rng, depth - 1),
        9 => {
            json!({ "type": ["string", "integer", "null"], "maxLength": rng.u8(0..4), "minimum": rng.u8(0..4) })
        }
        _ => object(rng, depth - 1),
    }
}

fn words(rng: &mut Rng) -> Value {
    let count = rng.usize(1..4);
    (0..count).map(|_| json!(one(rng, &WORDS))).collect()
}

fn text(rng: &mut Rng) -> Value {
    let mut schema = json!({ "type": "string" });
    for _ in 0..rng.usize(..3) {
        match rng.usize(..5) {
            0 => schema["minLength"] = json!(rng.u8(0..4)),
            1 => schema["maxLength"] = json!(rng.u8(0..5)),
            2 => schema["pattern"] = json!(one(rng, &PATTERNS)),
            3 => schema["format"] = json!(one(rng, &FORMATS)),
            _ => {
                schema["enum"] = words(rng);
                schema["x-extensible"] = json!(rng.bool());
            }
        }
    }
    schema
}

fn number(rng: &mut Rng) -> Value {
    let mut schema = json!({ "type": one(rng, &["integer", "number"]) });
    for _ in 0..rng.usize(..3) {
        let bound = json!(rng.i8(-4..6));
        match rng.usize(..6) {
            0 => schema["minimum"] = bound,
            1 => schema["maximum"] = bound,
            2 => schema["exclusiveMinimum"] = bound,
            3 => schema["exclusiveMaximum"] = bound,
            4 => schema["multipleOf"] = one(rng, &[json!(2), json!(3), json!(0.5)]).clone(),
            _ => schema["format"] = json!(one(rng, &FORMATS)),
        }
    }
    schema
}

fn array(rng: &mut Rng, depth: usize) -> Value {
    let mut schema = json!({ "type": "array", "items": any(rng, depth) });
    for _ in 0..rng.usize(1..4) {
        match rng.usize(..3) {
            0 => schema["minItems"] = json!(rng.u8(0..3)),
            1 => schema["maxItems"] = json!(rng.u8(0..4)),
            _ => schema["uniqueItems"] = json!(rng.bool()),
        }
    }
    schema
}

fn object(rng: &mut Rng, depth: usize) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for name in NAMES {
        if rng.bool() {
            let mut field = any(rng, depth);
            if rng.u8(..4) == 0 && field.is_object() {
                field["default"] = json!("x");
            }
            properties.insert(name.to_owned(), field);
        }
        if rng.u8(..4) == 0 {
            required.push(name);
        }
    }
    let mut schema = json!({ "type": "object", "properties": properties, "required": required });
    match rng.usize(..4) {
        0 | 1 => schema["additionalProperties"] = json!(false),
        2 => schema["additionalProperties"] = any(rng, depth),
        _ => {}
    }
    schema
}

/// Alternatives that a word tells apart.
fn tagged(rng: &mut Rng, depth: usize) -> Value {
    let count = rng.usize(1..4);
    let branch = |(at, word): (usize, &&str)| {
        let mut branch = object(&mut rng.fork(), depth);
        branch["properties"]["kind"] =
            if at == 1 { json!({ "enum": [word] }) } else { json!({ "const": word }) };
        branch["required"] = json!(["kind"]);
        branch
    };
    let branches: Vec<Value> = WORDS[..count].iter().enumerate().map(branch).collect();
    json!({ "oneOf": branches })
}

/// The same with one small change, somewhere.
pub(crate) fn changed(rng: &mut Rng, schema: &Value) -> Value {
    let mut changed = schema.clone();
    let mut places = Vec::new();
    collect(&changed, String::new(), &mut places);
    let place = one(rng, &places).clone();
    if let Some(place) = changed.pointer_mut(&place) {
        change(rng, place);
    }
    changed
}

/// Every place of a schema that is one.
fn collect(schema: &Value, pointer: String, places: &mut Vec<String>) {
    let Value::Object(object) = schema else { return };
    for (keyword, argument) in object {
        match (keyword.as_str(), argument) {
            ("properties" | "$defs", Value::Object(parts)) => {
                for (name, part) in parts {
                    collect(part, format!("{pointer}/{keyword}/{name}"), places);
                }
            }
            ("items" | "additionalProperties", _) => {
                collect(argument, format!("{pointer}/{keyword}"), places)
            }
            ("anyOf" | "oneOf", Value::Array(parts)) => {
                for (at, part) in parts.iter().enumerate() {
                    collect(part, format!("{pointer}/{keyword}/{at}"), places);
                }
            }
            _ => {}
        }
    }
    places.push(pointer);
}

fn change(rng: &mut Rng, schema: &mut Value) {
    let fresh = any(rng, 1);
    let Value::Object(object) = schema else { return };
    let keywords: Vec<String> = object.keys().filter(|keyword| *keyword != "$defs").cloned().collect();
    match rng.usize(..5) {
        // One keyword less.
        0 if !keywords.is_empty() => drop(object.remove(one(rng, &keywords))),
        // One keyword from elsewhere.
        1 => {
            if let Value::Object(fresh) = fresh {
                object.extend(fresh.into_iter().take(1));
            }
        }
        _ if keywords.is_empty() => {}
        _ => {
            let keyword = one(rng, &keywords).clone();
            if let Some(argument) = object.get_mut(&keyword) {
                turn(rng, &keyword, argument);
            }
        }
    }
}

/// Another argument for a keyword.
fn turn(rng: &mut Rng, keyword: &str, argument: &mut Value) {
    match argument {
        Value::Number(number) => {
            *argument = json!(number.as_i64().unwrap_or(1) + rng.i64(0..3) - 1).max_one(keyword)
        }
        Value::Bool(is) => *argument = json!(!*is),
        Value::Array(elements) if rng.bool() && elements.len() > 1 => {
            elements.remove(rng.usize(..elements.len()));
        }
        Value::Array(elements) => match keyword {
            "enum" => elements.push(json!(one(rng, &WORDS))),
            "required" => elements.push(json!(one(rng, &NAMES))),
            _ => {}
        },
        Value::Object(properties) if keyword == "properties" => {
            let name = (*one(rng, &NAMES)).to_owned();
            if rng.bool() {
                properties.remove(&name);
            } else {
                properties.insert(name, any(rng, 1));
            }
        }
        Value::String(_) if keyword == "type" => {
            *argument = json!(one(rng, &["string", "integer", "number", "object"]))
        }
        Value::String(_) if keyword == "pattern" => *argument = json!(one(rng, &PATTERNS)),
        Value::String(_) if keyword == "format" => *argument = json!(one(rng, &FORMATS)),
        Value::Null | Value::String(_) | Value::Object(_) => {}
    }
}

trait AtLeast {
    /// Lengths and steps are positive.
    fn max_one(self, keyword: &str) -> Self;
}

impl AtLeast for Value {
    fn max_one(self, keyword: &str) -> Self {
        match keyword {
            "multipleOf" => json!(self.as_i64().unwrap_or(1).max(1)),
            "minLength" | "maxLength" | "minItems" | "maxItems" => json!(self.as_i64().unwrap_or(0).max(0)),
            _ => self,
        }
    }
}
