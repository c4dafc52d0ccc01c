//! Messages and their schemas: CloudEvents in structured mode, with the frozen examples.

use serde_json::{Map, Value, json};

use super::super::super::hoist::hoist;
use super::super::super::set::{Event, Set, prose};

/// A CloudEvent in structured mode.
pub(super) const CONTENT_TYPE: &str = "application/cloudevents+json";
const SCHEMAS: &str = "#/components/schemas/";

/// References from a channel to its messages.
pub(super) fn references<'e>(events: impl Iterator<Item = &'e Event<'e>>) -> Value {
    let reference = |event: &Event<'_>| {
        (event.key.clone(), json!({ "$ref": format!("#/components/messages/{}", event.key) }))
    };
    Value::Object(events.map(reference).collect())
}

/// Messages, schemas, correlation and tags.
pub(super) fn components(set: &Set, events: &[Event<'_>]) -> Value {
    let messages: Map<String, Value> =
        events.iter().map(|event| (event.key.clone(), message(event))).collect();
    json!({
        "messages": messages,
        "schemas": schemas(set, events),
        "correlationIds": {
            "order": {
                "description": "The order that this is about; absent where there is none.",
                "location": "$message.payload#/correlationid",
            },
        },
    })
}

fn message(event: &Event<'_>) -> Value {
    let mut message = json!({
        "name": event.kind,
        "title": format!("{} {}", event.name, event.semver),
        "summary": event.summary,
        "description": event.description(),
        "contentType": CONTENT_TYPE,
        "correlationId": { "$ref": "#/components/correlationIds/order" },
        "headers": headers(event),
        "payload": payload(event),
        "tags": [{ "name": event.domain }, { "name": if event.is_state { "state" } else { "fact" } }],
        "bindings": { "amqp": { "messageType": event.kind, "bindingVersion": "0.3.0" } },
        "x-semver": event.semver,
        "x-readers": event.readers(),
    });
    if let Some(sunset) = event.sunset {
        message["x-sunset"] = sunset.into();
    }
    if let Some(example) = event.example {
        message["examples"] = json!([{
            "name": "frozen",
            "summary": format!("examples/{}.json", event.key),
            "headers": { "type": event.kind },
            "payload": example.value,
        }]);
    }
    message
}

/// What a broker sees without reading the body: attributes on SNS and SQS, headers on RabbitMQ.
fn headers(event: &Event<'_>) -> Value {
    json!({
        "type": "object",
        "required": ["type"],
        "properties": {
            "type": { "const": event.kind, "description": "The type once more, for filters of subscriptions." },
            "traceparent": { "type": "string", "description": "W3C trace context, as in the event." },
        },
    })
}

fn payload(event: &Event<'_>) -> Value {
    json!({
        "allOf": [
            { "$ref": format!("{SCHEMAS}envelope") },
            {
                "type": "object",
                "properties": {
                    "type": { "const": event.kind },
                    "dataschema": { "type": "string", "examples": [schema_url(event)] },
                    "data": { "$ref": format!("{SCHEMAS}{}", event.key) },
                },
            },
        ],
    })
}

fn schema_url(event: &Event<'_>) -> Value {
    event.schema["$id"].clone()
}

fn schemas(set: &Set, events: &[Event<'_>]) -> Map<String, Value> {
    let hoisted = hoist(events, SCHEMAS);
    let mut schemas: Map<String, Value> = hoisted.shared.into_iter().chain(hoisted.bodies).collect();
    if let Some(envelope) = set.schemas.get("envelope.v1") {
        schemas.insert("envelope".to_owned(), envelope.value.clone());
    }
    schemas.values_mut().for_each(translate);
    schemas
}

/// From JSON Schema 2020-12 to the schemas of AsyncAPI 3.0, which are those of draft 7: there a `$ref` may have nothing
/// beside it, and an address of its own would change what references mean.
fn translate(schema: &mut Value) {
    match schema {
        Value::Object(object) => {
            object.remove("$schema");
            if let Some(id) = object.remove("$id") {
                object.insert("x-schema".to_owned(), id);
            }
            if let Some(Value::String(text)) = object.get_mut("description") {
                *text = prose(text);
            }
            if object.len() > 1
                && let Some(target) = object.remove("$ref")
            {
                object.insert("allOf".to_owned(), json!([{ "$ref": target }]));
            }
            object.values_mut().for_each(translate);
        }
        Value::Array(items) => items.iter_mut().for_each(translate),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
