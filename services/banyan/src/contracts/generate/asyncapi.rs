//! AsyncAPI 3.0: channels, operations and messages, as a broker has them.
//!
//! An event's channel is its family, `order.placed`, with all its majors; a service's channel is its queue. On SNS a
//! family is a topic, and filters on the attribute `type` choose the majors; on RabbitMQ the types are routing keys of
//! one topic exchange.

use std::collections::BTreeMap;

use contracts::topology::Role;
use serde_json::{Map, Value, json};

use super::super::set::{Event, PREFIX, Set};
use super::{HOW, sorted};

mod bindings;
mod messages;

/// The document.
pub(super) fn document(set: &Set) -> String {
    let events = set.events();
    let described = Described { set, families: families(&events), events: &events };
    let parts = [
        ("asyncapi", json!("3.0.0")),
        ("x-generated", json!(HOW)),
        ("info", info()),
        ("defaultContentType", json!(messages::CONTENT_TYPE)),
        ("servers", servers()),
        ("channels", described.channels()),
        ("operations", described.operations()),
        ("components", messages::components(set, &events)),
    ];
    let part = |(name, value): &(&str, Value)| {
        // The first lines are for whoever opens the file, so these keys keep their order.
        let text = format!("{:#}", sorted(value)).replace('\n', "\n  ");
        format!("  \"{name}\": {text}")
    };
    format!("{{\n{}\n}}\n", parts.iter().map(part).collect::<Vec<_>>().join(",\n"))
}

struct Described<'a> {
    set: &'a Set,
    events: &'a [Event<'a>],
    families: BTreeMap<&'static str, Vec<&'a Event<'a>>>,
}

/// The majors of each name.
fn families<'a>(events: &'a [Event<'a>]) -> BTreeMap<&'static str, Vec<&'a Event<'a>>> {
    let mut families: BTreeMap<&'static str, Vec<&Event<'_>>> = BTreeMap::new();
    for event in events {
        families.entry(event.name).or_default().push(event);
    }
    families
}

fn info() -> Value {
    json!({
        "title": "Banyan",
        "version": env!("CARGO_PKG_VERSION"),
        "description": "The events between the services of a shop: CloudEvents 1.0 in structured JSON. A message may \
            come twice, late and in any order; `id` is the same for every copy. Readers ignore fields and words that \
            they do not know. The exchange, topics and queues are those that a deployment on RabbitMQ or on AWS has.",
        "license": { "name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0" },
    })
}

fn servers() -> Value {
    let aws = |service: &str, what: &str| {
        json!({
            "host": format!("{service}.{{region}}.amazonaws.com"),
            "protocol": service,
            "description": what,
            "variables": { "region": { "default": "eu-central-1", "description": "The region of AWS." } },
        })
    };
    json!({
        "rabbitmq": {
            "host": "rabbitmq.example:5672",
            "protocol": "amqp",
            "protocolVersion": "0.9.1",
            "description": "RabbitMQ: one topic exchange for all events, one quorum queue for each service.",
        },
        "sns": aws("sns", "SNS: one topic for each family of events."),
        "sqs": aws("sqs", "SQS: one queue for each service, with raw delivery from the topics."),
    })
}

fn server(name: &str) -> Value {
    json!({ "$ref": format!("#/servers/{name}") })
}

impl Described<'_> {
    fn channels(&self) -> Value {
        let mut channels = Map::new();
        for (family, events) in &self.families {
            let majors: Vec<String> = events.iter().map(|event| format!("v{}", event.major)).collect();
            let channel = json!({
                "address": format!("{PREFIX}{family}.{{major}}"),
                "title": family,
                "summary": events.last().map(|event| event.summary),
                "parameters": { "major": { "enum": majors, "description": "The major version." } },
                "servers": [server("rabbitmq"), server("sns")],
                "messages": messages::references(events.iter().copied()),
                "tags": [{ "name": events.first().map(|event| event.domain) }],
                "bindings": bindings::family(family),
            });
            channels.insert((*family).to_owned(), channel);
        }
        for service in self.set.topology.services() {
            let events = self.subscribed(service);
            if events.is_empty() {
                continue;
            }
            let channel = json!({
                "address": bindings::queue(service),
                "title": format!("queue of {service}"),
                "summary": self.summary(service),
                "servers": [server("rabbitmq"), server("sqs")],
                "messages": messages::references(events.into_iter()),
                "bindings": bindings::service(service),
            });
            channels.insert(queue_channel(service), channel);
        }
        Value::Object(channels)
    }

    fn operations(&self) -> Value {
        let mut operations = Map::new();
        for (family, events) in &self.families {
            for publisher in publishers(events) {
                let name = format!("{publisher}.send.{family}");
                operations.insert(name, self.send(publisher, family, events));
            }
        }
        for service in self.set.topology.services() {
            let events = self.subscribed(service);
            if events.is_empty() {
                continue;
            }
            let channel = queue_channel(service);
            let operation = json!({
                "action": "receive",
                "channel": { "$ref": format!("#/channels/{channel}") },
                "title": format!("{service} receives"),
                "summary": self.summary(service),
                "messages": in_channel(&channel, events.iter().copied()),
                "tags": [{ "name": service }],
                "bindings": bindings::receive(service),
            });
            operations.insert(format!("{service}.receive"), operation);
        }
        Value::Object(operations)
    }

    fn send(&self, publisher: &str, family: &str, events: &[&Event<'_>]) -> Value {
        let sent: Vec<&Event<'_>> = events
            .iter()
            .copied()
            .filter(|event| event.publishers().iter().any(|p| p == publisher))
            .collect();
        let is_service =
            self.set.topology.parties().any(|(name, party)| name == publisher && party.role == Role::Service);
        let how = if is_service { "" } else { " It publishes through the intake, `POST /events`." };
        json!({
            "action": "send",
            "channel": { "$ref": format!("#/channels/{family}") },
            "title": format!("{publisher} sends {family}"),
            "summary": sent.last().map(|event| event.summary),
            "description": format!("{}: {}.{how}", publisher, self.summary(publisher).unwrap_or_default()),
            "messages": in_channel(family, sent.iter().copied()),
            "tags": [{ "name": publisher }],
            "bindings": bindings::send(&sent),
        })
    }

    fn subscribed(&self, service: &str) -> Vec<&Event<'_>> {
        self.events.iter().filter(|event| event.subscribers().iter().any(|s| s == service)).collect()
    }

    fn summary(&self, party: &str) -> Option<&str> {
        let found = self.set.topology.parties().find(|(name, _)| *name == party);
        found.map(|(_, party)| party.summary.as_str())
    }
}

/// Who publishes any of the majors, in the order of the topology.
fn publishers<'e>(events: &[&'e Event<'_>]) -> Vec<&'e str> {
    let mut all: Vec<&str> = Vec::new();
    for publisher in events.iter().flat_map(|event| event.publishers()) {
        if !all.contains(&publisher.as_str()) {
            all.push(publisher);
        }
    }
    all
}

fn queue_channel(service: &str) -> String {
    format!("{service}.queue")
}

/// The messages of an operation, which must be among those of its channel.
fn in_channel<'e>(channel: &str, events: impl Iterator<Item = &'e Event<'e>>) -> Value {
    events.map(|event| json!({ "$ref": format!("#/channels/{channel}/messages/{}", event.key) })).collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::set::tests::committed;
    use super::*;

    fn made() -> Value {
        serde_json::from_str(&document(&committed())).unwrap()
    }

    #[test]
    fn every_way_of_the_topology_is_an_operation() {
        let set = committed();
        let made = made();
        let operations = made["operations"].as_object().unwrap();
        for event in set.events() {
            for publisher in event.publishers() {
                let send = &operations[&format!("{publisher}.send.{}", event.name)];
                assert!(send["messages"].to_string().contains(&event.key), "{publisher} sends {}", event.key);
            }
            for subscriber in event.subscribers() {
                let receive = &operations[&format!("{subscriber}.receive")];
                assert!(receive["messages"].to_string().contains(&event.key), "{subscriber}: {}", event.key);
            }
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let made = made();
        let mut seen = 0;
        references(&made, &mut |target| {
            let pointer = target.strip_prefix('#').unwrap();
            assert!(made.pointer(pointer).is_some(), "{target}");
            seen += 1;
        });
        assert!(seen > 500, "{seen}");
    }

    fn references(value: &Value, look: &mut dyn FnMut(&str)) {
        match value {
            Value::Object(object) => {
                for (name, value) in object {
                    match value.as_str() {
                        Some(target) if name == "$ref" => look(target),
                        Some(_) | None => references(value, look),
                    }
                }
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, look)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    #[test]
    fn a_topic_delivers_to_exactly_the_subscribers_of_each_major() {
        let made = made();
        let send = &made["operations"]["orders.send.order.confirmed"]["bindings"]["sns"];
        let consumers: Vec<&Value> = send["consumers"].as_array().unwrap().iter().collect();
        let queues: Vec<&str> = consumers.iter().map(|c| c["endpoint"]["name"].as_str().unwrap()).collect();
        assert_eq!(queues, ["banyan-inventory", "banyan-notification", "banyan-shipping"]);
        assert_eq!(consumers[0]["filterPolicy"]["type"], json!(["shop.banyan.order.confirmed.v1"]));
        assert_eq!(consumers[0]["rawMessageDelivery"], true);
    }
}
