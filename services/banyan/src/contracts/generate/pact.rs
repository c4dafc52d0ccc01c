//! What consumers read, as Pact V4 message files: another team's producer verifies what it publishes against them.
//!
//! Only what is always there: Pact has no word for what may be missing. What a pact shows, every message must have.
//!
//! Source: the Pact specification, version 4, asynchronous messages and matching rules.

use contracts::EventType;
use serde_json::{Map, Value, json};

use super::super::consumers::Reads;
use super::super::fields::resolve;
use super::super::set::{Event, Set};
use super::{File, HOW, sorted};

/// One file for each pair of a consumer and a producer.
pub(super) fn files(set: &Set, reads: &Reads) -> Vec<File> {
    let events = set.events();
    let mut files = Vec::new();
    for (consumer, of_events) in reads {
        let mut producers: Vec<&String> = events.iter().flat_map(|event| event.publishers()).collect();
        producers.sort_unstable();
        producers.dedup();
        for producer in producers {
            let read = |event: &&Event<'_>| {
                consumer != producer
                    && event.publishers().contains(producer)
                    && of_events.contains_key(event.kind.as_str())
            };
            let messages: Vec<Value> = events
                .iter()
                .filter(read)
                .filter_map(|event| message(event, of_events.get(event.kind.as_str())?))
                .collect();
            if !messages.is_empty() {
                let pact = json!({
                    "consumer": { "name": consumer },
                    "provider": { "name": producer },
                    "interactions": messages,
                    "metadata": { "pactSpecification": { "version": "4.0" }, "banyan": { "note": HOW } },
                });
                let path = format!("pacts/{consumer}-{producer}.json");
                files.push(File { path, text: format!("{:#}\n", sorted(&pact)) });
            }
        }
    }
    files
}

/// What of the envelope everybody reads and is always there.
const ENVELOPE: [&str; 6] = ["specversion", "id", "source", "type", "subject", "time"];

/// The example, with what is read of it; any value of the same type will do, but for the type and what it is written in.
fn message(event: &Event<'_>, read: &[String]) -> Option<Value> {
    let example = &event.example?.value;
    let mut content: Map<String, Value> =
        ENVELOPE.iter().filter_map(|name| Some(((*name).to_owned(), example.get(*name)?.clone()))).collect();
    let mut rules: Map<String, Value> = content
        .keys()
        .filter(|name| !["type", "specversion"].contains(&name.as_str()))
        .map(|name| (format!("$.{name}"), rule(&json!({ "match": "type" }))))
        .collect();
    let mut data = json!({});
    for path in read {
        let parts: Vec<&str> = path.split('.').collect();
        let Some(schema) = always_there(event.schema, &parts) else { continue };
        if copy(&example["data"], &mut data, &parts) {
            rules.insert(at(path), rule(&matcher(schema)));
            for (end, _) in path.match_indices("[]") {
                let list = &path[..end];
                let schema = always_there(event.schema, &list.split('.').collect::<Vec<_>>())?;
                rules.insert(at(list), rule(&matcher(schema)));
            }
        }
    }
    content.insert("data".to_owned(), data);
    Some(json!({
        "type": "Asynchronous/Messages",
        "key": key(&event.kind),
        "description": event.key,
        "pending": false,
        "contents": { "contentType": "application/cloudevents+json", "encoded": false, "content": content },
        "matchingRules": { "body": rules },
        "metadata": { "contentType": "application/cloudevents+json" },
    }))
}

/// `lines[].sku` as Pact says it.
fn at(path: &str) -> String {
    format!("$.data.{}", path.replace("[]", "[*]"))
}

fn rule(matcher: &Value) -> Value {
    json!({ "combine": "AND", "matchers": [matcher] })
}

/// To Pact, 2.5 is of the same type as 2. A list may be empty unless the schema says otherwise; each item is compared
/// with the one that is shown.
fn matcher(schema: &Value) -> Value {
    match (schema["type"].as_str(), schema.get("minItems")) {
        (Some("integer"), _) => json!({ "match": "integer" }),
        (Some("array"), Some(least)) => json!({ "match": "type", "min": least }),
        _ => json!({ "match": "type" }),
    }
}

/// The schema of what stands at a path such as `["lines[]", "sku"]`, if nothing on the way there may be missing.
fn always_there<'s>(root: &'s Value, path: &[&str]) -> Option<&'s Value> {
    path.iter().try_fold(root, |schema, part| {
        let name = part.trim_end_matches("[]");
        if !schema["required"].as_array()?.iter().any(|required| required == name) {
            return None;
        }
        let (found, _) = resolve(schema["properties"].get(name)?, root);
        Some(if part.ends_with("[]") { resolve(&found["items"], root).0 } else { found })
    })
}

/// Unique within a file, and the same every time.
fn key(kind: &EventType) -> String {
    kind.as_str().to_owned()
}

/// Copies what stands at a path such as `["lines[]", "sku"]`, of lists the first; whether anything stands there.
fn copy(from: &Value, to: &mut Value, path: &[&str]) -> bool {
    let Some((first, rest)) = path.split_first() else {
        *to = from.clone();
        return true;
    };
    let name = first.trim_end_matches("[]");
    let (Some(found), Some(object)) = (from.get(name), to.as_object_mut()) else { return false };
    let (found, is_list) = match found.get(0) {
        Some(item) if first.ends_with("[]") => (item, true),
        None if first.ends_with("[]") => return false,
        _ => (found, false),
    };
    if rest.is_empty() && !is_list {
        object.insert(name.to_owned(), found.clone());
        return true;
    }
    let empty = if is_list { json!([{}]) } else { json!({}) };
    let place = object.entry(name).or_insert(empty);
    let place = if is_list { place.get_mut(0) } else { Some(place) };
    place.is_some_and(|place| copy(found, place, rest))
}

#[cfg(test)]
mod tests {
    use super::super::super::consumers::of_this_version;
    use super::super::super::set::tests::committed;
    use super::*;

    fn pact(name: &str) -> Value {
        let set = committed();
        let files = files(&set, &of_this_version(&set).unwrap());
        let file = files.iter().find(|file| file.path == format!("pacts/{name}.json")).unwrap();
        serde_json::from_str(&file.text).unwrap()
    }

    #[test]
    fn a_message_shows_what_is_read_and_says_that_any_value_of_its_type_will_do() {
        let pact = pact("inventory-orders");
        let message = |key: &str| {
            let all = pact["interactions"].as_array().unwrap();
            all.iter().find(|message| message["description"] == key).unwrap()
        };
        let placed = message("order.placed.v2");
        let content = &placed["contents"]["content"];
        assert_eq!(content["type"], "shop.banyan.order.placed.v2");
        let line = content["data"]["lines"][0].as_object().unwrap();
        assert_eq!(line.keys().collect::<Vec<_>>(), ["quantity", "sku"]);
        assert_eq!(content["data"].get("customer"), None);
        let rules = &placed["matchingRules"]["body"];
        assert_eq!(rules["$.data.lines[*].sku"]["matchers"][0]["match"], "type");
        assert_eq!(rules["$.data.lines"]["matchers"][0]["min"], 1);
        assert_eq!(rules["$.data.lines[*].quantity"]["matchers"][0]["match"], "integer");
        // The type is what a message is known by: only this one will do.
        assert_eq!(rules.get("$.type"), None);
    }

    #[test]
    fn a_message_does_not_ask_for_what_may_be_missing() {
        let pact = pact("notification-orders");
        let content = |key: &str| {
            let all = pact["interactions"].as_array().unwrap();
            &all.iter().find(|message| message["description"] == key).unwrap()["contents"]["content"]
        };
        // The example has a hold, and a discount on its first line; another order may have neither.
        let placed = &content("order.placed.v2")["data"];
        assert_eq!(placed.get("hold_id"), None);
        assert_eq!(placed["lines"][0].get("discounts"), None);
        assert!(placed["lines"][0].get("tax_minor").is_some());
        assert_eq!(content("order.placed.v2").get("datacontenttype"), None);
    }

    #[test]
    fn a_list_that_may_be_empty_may_be() {
        let schema = json!({
            "required": ["some", "any"],
            "properties": {
                "some": { "type": "array", "minItems": 2, "items": {} },
                "any": { "$ref": "#/$defs/Any" },
                "no": { "type": "string" },
            },
            "$defs": { "Any": { "type": "array", "items": { "required": ["n"], "properties": { "n": {} } } } },
        });
        let matcher = |path: &[&str]| always_there(&schema, path).map(matcher);
        assert_eq!(matcher(&["some"]), Some(json!({ "match": "type", "min": 2 })));
        assert_eq!(matcher(&["any"]), Some(json!({ "match": "type" })));
        assert_eq!(matcher(&["any[]", "n"]), Some(json!({ "match": "type" })));
        assert_eq!(matcher(&["no"]), None);
    }

    #[test]
    fn what_another_application_publishes_has_a_file_of_its_own() {
        let pact = pact("payment-application");
        assert_eq!(pact["provider"]["name"], "application");
        assert_eq!(pact["metadata"]["pactSpecification"]["version"], "4.0");
    }
}
