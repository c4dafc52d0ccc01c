//! Checks bodies against the published schemas.
//!
//! What comes in is read openly: fields and words of a newer writer are accepted, and `null` where a field may be
//! absent; the Rust type has the last word, so what is accepted can be read. What goes out is checked as it stands in
//! `contracts/schemas`.

use std::collections::BTreeMap;
use std::sync::{LazyLock, OnceLock};

use jsonschema::{PatternCache, PatternOptions, Validator};
use serde_json::Value;

use crate::event::EventType;
use crate::events::{Described, catalogue};

/// How many violations are told at most.
pub const MAX_VIOLATIONS: usize = 20;

/// The published schemas that are of no event, by file name: the envelope, and the body of `POST /orders`.
pub const OTHERS: &[(&str, &str)] = &[
    ("envelope.v1.json", include_str!("../schemas/envelope.v1.json")),
    ("place-order.v1.json", include_str!("../schemas/place-order.v1.json")),
];

/// One place where a body is not what its schema says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Where: a JSON pointer into the body.
    pub pointer: String,
    /// What is expected there. Never repeats the value, which may be personal.
    pub message: String,
}

/// Why a body is not accepted.
#[derive(Debug, thiserror::Error)]
pub enum Invalid {
    /// No version of this event is known.
    #[error("unknown event type {kind}")]
    UnknownType {
        /// The type.
        kind: EventType,
    },
    /// The event is known, but not in this major version: perhaps a newer publisher is being rolled out.
    #[error("{kind} is not known in this major version, only in {known:?}")]
    UnknownMajor {
        /// The type.
        kind: EventType,
        /// The major versions that are known.
        known: Vec<u32>,
    },
    /// The body is not JSON.
    #[error("data is not JSON")]
    NotJson(#[source] serde_json::Error),
    /// The body is not what its type promises; at most [`MAX_VIOLATIONS`] are told.
    #[error("data is not a valid {kind}")]
    Data {
        /// The type.
        kind: EventType,
        /// Where and why; never empty.
        violations: Vec<Violation>,
    },
}

/// Checks the body of an event that came in.
///
/// # Errors
/// [`Invalid`]: `UnknownType` and `UnknownMajor` may be known to the next version of this program, the others never.
pub fn input(kind: &EventType, data: &str) -> Result<(), Invalid> {
    let schemas = find(kind)?;
    let mut body: Value = serde_json::from_str(data).map_err(Invalid::NotJson)?;
    let open = schemas.open();
    drop_nulls(&mut body, &open.schema, &open.schema);
    check(&open.validator, kind, &body)?;
    (schemas.described.rewrite)(data).map(drop).map_err(|error| Invalid::Data {
        kind: kind.clone(),
        // For instance 6.0, which is an integer to JSON Schema. The error itself may repeat the value.
        violations: vec![Violation {
            pointer: String::new(),
            message: format!("cannot be read at line {}, column {}", error.line(), error.column()),
        }],
    })
}

/// Checks the body of an event that is about to be published.
///
/// # Errors
/// [`Invalid`]: a programmer error in what made the event.
pub fn output(kind: &EventType, data: &str) -> Result<(), Invalid> {
    let schemas = find(kind)?;
    let body: Value = serde_json::from_str(data).map_err(Invalid::NotJson)?;
    check(schemas.closed(), kind, &body)
}

/// The schemas of one event type, compiled when first used.
struct Schemas {
    described: &'static Described,
    open: OnceLock<Open>,
    closed: OnceLock<Validator>,
}

/// A schema for reading, with its text to see which fields may be `null`.
struct Open {
    schema: Value,
    validator: Validator,
}

static SCHEMAS: LazyLock<BTreeMap<&'static str, Schemas>> = LazyLock::new(|| {
    let schemas = |described| Schemas { described, open: OnceLock::new(), closed: OnceLock::new() };
    catalogue().iter().map(|described| (described.kind, schemas(described))).collect()
});

impl Schemas {
    fn closed(&self) -> &Validator {
        self.closed.get_or_init(|| compile(&self.published()))
    }

    fn open(&self) -> &Open {
        self.open.get_or_init(|| {
            let mut schema = self.published();
            loosen(&mut schema);
            Open { validator: compile(&schema), schema }
        })
    }

    #[expect(
        clippy::expect_used,
        reason = "a programmer error: the file is part of the crate, and a test reads it"
    )]
    fn published(&self) -> Value {
        serde_json::from_str(self.described.schema_text).expect("a committed schema is JSON")
    }
}

/// Ids are in every schema, and their expressions are most of what a validator needs: each is there once.
static PATTERNS: LazyLock<PatternCache> = LazyLock::new(PatternCache::new);

#[expect(clippy::expect_used, reason = "a programmer error: a test compiles every committed schema")]
fn compile(schema: &Value) -> Validator {
    jsonschema::draft202012::options()
        .should_validate_formats(true)
        .with_pattern_options(PatternOptions::regex())
        .with_pattern_cache(PATTERNS.clone())
        .build(schema)
        .expect("a committed schema compiles")
}

fn find(kind: &EventType) -> Result<&'static Schemas, Invalid> {
    if let Some(schemas) = SCHEMAS.get(kind.as_str()) {
        return Ok(schemas);
    }
    let is_same_event =
        |event: &&Described| event.kind.rsplit_once(".v").is_some_and(|(family, _)| family == kind.family());
    let known: Vec<u32> = catalogue().iter().filter(is_same_event).map(|event| event.major).collect();
    if known.is_empty() {
        return Err(Invalid::UnknownType { kind: kind.clone() });
    }
    Err(Invalid::UnknownMajor { kind: kind.clone(), known })
}

fn check(validator: &Validator, kind: &EventType, body: &Value) -> Result<(), Invalid> {
    let violations: Vec<Violation> = validator
        .iter_errors(body)
        .take(MAX_VIOLATIONS)
        .map(|error| Violation {
            pointer: error.instance_path().as_str().to_owned(),
            message: error.masked().to_string(),
        })
        .collect();
    if violations.is_empty() {
        return Ok(());
    }
    Err(Invalid::Data { kind: kind.clone(), violations })
}

/// Opens what producers keep closed.
fn loosen(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            if object.get("additionalProperties") == Some(&Value::Bool(false)) {
                object.remove("additionalProperties");
            }
            if object.get("x-extensible") == Some(&Value::Bool(true)) {
                object.remove("enum");
            }
            object.values_mut().for_each(loosen);
        }
        Value::Array(items) => items.iter_mut().for_each(loosen),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Takes out `null` where the field may be absent and has no default: the reader has an `Option` there.
fn drop_nulls(value: &mut Value, schema: &Value, root: &Value) {
    let schema =
        schema["$ref"].as_str().and_then(|at| root.pointer(at.trim_start_matches('#'))).unwrap_or(schema);
    if let (Some(items), Some(values)) = (schema.get("items"), value.as_array_mut()) {
        values.iter_mut().for_each(|value| drop_nulls(value, items, root));
    }
    let (Some(properties), Some(fields)) = (schema["properties"].as_object(), value.as_object_mut()) else {
        return;
    };
    let is_required =
        |name: &str| schema["required"].as_array().is_some_and(|all| all.iter().any(|r| r == name));
    for (name, property) in properties {
        let may_be_null = !is_required(name) && property.get("default").is_none();
        if may_be_null && fields.get(name).is_some_and(Value::is_null) {
            fields.remove(name);
        } else if let Some(field) = fields.get_mut(name) {
            drop_nulls(field, property, root);
        }
    }
}

#[cfg(test)]
mod tests;
