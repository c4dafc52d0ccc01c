//! JSON Schema (draft 2020-12) of everything on the wire, made from the Rust types.
//!
//! What is made here is committed in `contracts/schemas`, and a test compares. The schemas are closed, as producers
//! must be; consumers read openly, see [`crate::validate`].

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::event::MAX_ATTRIBUTE_BYTES;
use crate::events::{Described, catalogue};
use crate::order::PlaceOrder;

/// The longest text where its type says nothing else, in characters: what a person writes, or another system's name.
pub const MAX_TEXT_CHARS: usize = 4096;

/// The longest list where its type says nothing else: an order's 80 SKUs from a dozen places each.
pub const MAX_ITEMS: usize = 1000;

/// One file of `contracts/schemas`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name: `order.placed.v1.json`.
    pub name: String,
    /// What it must say, to the byte.
    pub text: String,
}

/// Every file of `contracts/schemas`: the envelope, the body of `POST /orders`, and each event by noun.
#[must_use]
pub fn files() -> Vec<File> {
    let place_order = finished(
        SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<PlaceOrder>().to_value(),
        "place-order",
        "https://banyan.example/contracts/place-order/1.0.0.json",
    );
    let mut files = vec![file("envelope.v1.json", &envelope()), file("place-order.v1.json", &place_order)];
    files.extend(catalogue().iter().map(|event| {
        let name = format!("{}.v{}.json", event.name, event.major);
        file(&name, &of_event(event))
    }));
    files
}

fn file(name: &str, schema: &Value) -> File {
    File { name: name.to_owned(), text: format!("{:#}\n", sorted(schema)) }
}

/// Keys in alphabetical order, whatever map `serde_json` was built with.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let mut fields: Vec<_> = object.iter().collect();
            fields.sort_unstable_by_key(|(name, _)| *name);
            Value::Object(fields.into_iter().map(|(name, value)| (name.clone(), sorted(value))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

fn of_event(event: &Described) -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    finished((event.schema)(&mut generator).to_value(), event.name, event.schema_url)
}

/// Gives the schema its address, and makes it as strict as a producer is.
fn finished(mut schema: Value, title: &str, id: &str) -> Value {
    tighten(&mut schema);
    if let Some(root) = schema.as_object_mut() {
        root.insert("$id".to_owned(), id.into());
        root.insert("title".to_owned(), title.into());
    }
    schema
}

/// Closes objects and bounds what has no bound; an optional field is absent rather than null, so `null` goes, as a default as well. What is left
/// optional without a default may be `null` where we read, see [`crate::validate`].
fn tighten(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            object.values_mut().for_each(tighten);
            if object.get("properties").is_some_and(Value::is_object) {
                object.entry("additionalProperties").or_insert(Value::Bool(false));
            }
            if object.get("default").is_some_and(Value::is_null) {
                object.remove("default");
            }
            without_null(object);
            bound(object);
        }
        Value::Array(items) => items.iter_mut().for_each(tighten),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn bound(object: &mut Map<String, Value>) {
    let is_bounded = ["enum", "const", "format"].iter().any(|keyword| object.contains_key(*keyword));
    match object.get("type").and_then(Value::as_str) {
        Some("string") if !is_bounded => object.entry("maxLength").or_insert(MAX_TEXT_CHARS.into()),
        Some("array") => object.entry("maxItems").or_insert(MAX_ITEMS.into()),
        Some(_) | None => return,
    };
}

fn without_null(object: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [only] = &types[..] {
            let only = only.clone();
            object.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(options)) = object.get_mut("anyOf") {
        options.retain(|option| option.get("type") != Some(&"null".into()));
        if let [Value::Object(only)] = &options[..] {
            let only = only.clone();
            object.remove("anyOf");
            object.extend(only);
        }
    }
}

/// The envelope, written by hand: CloudEvents allows extensions that we do not know, so it stays open.
fn envelope() -> Value {
    let text = |description: &str| {
        json!({
            "type": "string", "description": description, "minLength": 1, "maxLength": MAX_ATTRIBUTE_BYTES,
        })
    };
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://banyan.example/contracts/envelope/1.0.0.json",
        "title": "envelope",
        "description": "CloudEvents 1.0 in structured JSON, with the extensions that Banyan relies on.",
        "type": "object",
        "required": ["specversion", "id", "source", "type", "subject", "time"],
        "anyOf": [{ "required": ["data"] }, { "required": ["dataref"] }],
        "properties": {
            "specversion": { "const": "1.0", "description": "The version of CloudEvents." },
            "id": text("Unique within `source`; a UUID where the source is a service of Banyan's."),
            "source": text("Who published it: `/banyan/<service>`, or another application's own URI reference."),
            "type": {
                "type": "string",
                "description": "What happened: `shop.banyan.<noun>.<past-verb>.v<major>`.",
                "maxLength": 128,
                "pattern": "^[a-z0-9_-]+(\\.[a-z0-9_-]+)+\\.v[1-9][0-9]{0,3}$",
            },
            "subject": text("The id of the aggregate it happened to."),
            "time": { "type": "string", "format": "date-time", "description": "When it happened." },
            "datacontenttype": text("`application/json`, which is also the default."),
            "dataschema": {
                "type": "string", "format": "uri-reference", "maxLength": MAX_ATTRIBUTE_BYTES,
                "description": "The schema that `data` was written against, with its full version.",
            },
            "traceparent": {
                "type": "string",
                "maxLength": MAX_ATTRIBUTE_BYTES,
                "description": "W3C trace context of the step that published it.",
                "pattern": "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}",
            },
            "partitionkey": text("Messages of one key are handled one after another."),
            "sequence": {
                "type": "string", "pattern": "^[0-9]{20}$", "maxLength": 20,
                "description": "How many events this subject has published, in 20 digits.",
            },
            "correlationid": text("The order that this is about."),
            "causationid": text("The id of the message that caused it."),
            "data": { "description": "What is said; its shape follows from `type`. Absent when it lies where `dataref` says." },
            "dataref": {
                "type": "string", "format": "uri-reference", "minLength": 1, "maxLength": MAX_ATTRIBUTE_BYTES,
                "description": "Where `data` lies when it is too large for the bus, named by its SHA-256: \
                    `urn:banyan:blob:sha256:<64 hexadecimal digits>`.",
            },
        },
    })
}
