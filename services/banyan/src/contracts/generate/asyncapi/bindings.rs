//! What channels and operations are on SNS, SQS and RabbitMQ. The names are those that deployments have.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::super::set::Event;

/// The topic exchange of all events.
const EXCHANGE: &str = "banyan.events";
/// Versions of the bindings: the newest that the schema of AsyncAPI 3.0.0 admits.
const AMQP: &str = "0.3.0";
const SNS: &str = "0.1.0";
const SQS: &str = "0.2.0";

const DAY_S: u32 = 24 * 60 * 60;
/// How long a queue keeps what nobody takes.
const RETENTION_S: u32 = 4 * DAY_S;
/// How long what nobody could handle is kept: longer, since a person has to look.
const DEAD_RETENTION_S: u32 = 14 * DAY_S;
/// The longest that SQS lets a receiver wait.
const LONG_POLL_S: u32 = 20;
/// How long a message is hidden from other receivers; prolonged while it is worked on.
const VISIBILITY_S: u32 = 30;

/// The queue of a service.
pub(super) fn queue(service: &str) -> String {
    format!("banyan-{service}")
}

/// The topic of a family: a name on SNS has no dots.
fn topic(family: &str) -> String {
    format!("banyan-{}", family.replace('.', "-"))
}

/// A family's channel.
pub(super) fn family(family: &str) -> Value {
    json!({
        "amqp": {
            "is": "routingKey",
            "exchange": { "name": EXCHANGE, "type": "topic", "durable": true, "autoDelete": false, "vhost": "/" },
            "bindingVersion": AMQP,
        },
        "sns": { "name": topic(family), "ordering": { "type": "standard" }, "bindingVersion": SNS },
    })
}

/// A service's queue.
pub(super) fn service(service: &str) -> Value {
    let name = queue(service);
    let dead = format!("{name}-dead");
    json!({
        "amqp": {
            "is": "queue",
            "queue": { "name": name, "durable": true, "exclusive": false, "autoDelete": false, "vhost": "/" },
            "x-arguments": { "x-queue-type": "quorum" },
            "bindingVersion": AMQP,
        },
        "sqs": {
            "queue": {
                "name": name,
                "fifoQueue": false,
                "visibilityTimeout": VISIBILITY_S,
                "receiveMessageWaitTime": LONG_POLL_S,
                "messageRetentionPeriod": RETENTION_S,
                "redrivePolicy": { "deadLetterQueue": { "name": dead } },
            },
            "deadLetterQueue": { "name": dead, "fifoQueue": false, "messageRetentionPeriod": DEAD_RETENTION_S },
            "bindingVersion": SQS,
        },
    })
}

/// Publishing some majors of a family: persistent, and returned when no queue takes it.
pub(super) fn send(events: &[&Event<'_>]) -> Value {
    let mut bindings = Map::new();
    let is_taken = events.iter().any(|event| !event.subscribers().is_empty());
    let amqp = json!({ "deliveryMode": 2, "mandatory": is_taken, "bindingVersion": AMQP });
    bindings.insert("amqp".to_owned(), amqp);
    let consumers = consumers(events);
    if let (Some(event), false) = (events.first(), consumers.is_empty()) {
        let sns = json!({
            "topic": { "name": topic(event.name) },
            "consumers": consumers,
            "bindingVersion": SNS,
        });
        bindings.insert("sns".to_owned(), sns);
    }
    Value::Object(bindings)
}

/// The subscriptions of a topic: which queue, and which majors it takes.
fn consumers(events: &[&Event<'_>]) -> Vec<Value> {
    let mut wanted: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for event in events {
        for service in event.subscribers() {
            wanted.entry(service).or_default().push(event.kind.as_str());
        }
    }
    let consumer = |(service, kinds): (&str, Vec<&str>)| {
        json!({
            "protocol": "sqs",
            "endpoint": { "name": queue(service) },
            "filterPolicy": { "type": kinds },
            "filterPolicyScope": "MessageAttributes",
            "rawMessageDelivery": true,
        })
    };
    wanted.into_iter().map(consumer).collect()
}

/// Taking from a service's queue: acknowledged after the commit.
pub(super) fn receive(service: &str) -> Value {
    json!({
        "amqp": { "ack": true, "bindingVersion": AMQP },
        "sqs": { "queues": [{ "name": queue(service) }], "bindingVersion": SQS },
    })
}
