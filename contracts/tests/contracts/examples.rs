//! Every event that was ever published is decoded for ever.

use std::collections::BTreeSet;
use std::fs;

use contracts::event::MAX_ATTRIBUTE_BYTES;
use contracts::events::order::{OrderPlaced, OrderPlacedV2, OrderRefundDue};
use contracts::{Envelope, EventType, Topology, catalogue, money, schema, validate};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{described, folder, json_files};

#[test]
fn every_event_type_has_an_example() {
    let there: BTreeSet<String> = json_files("examples").into_iter().map(|(name, _)| name).collect();
    let wanted: BTreeSet<String> =
        catalogue().iter().map(|event| format!("{}.v{}.json", event.name, event.major)).collect();
    let missing: Vec<_> = wanted.difference(&there).collect();
    assert!(missing.is_empty(), "no example in contracts/examples for {missing:?}");
}

#[test]
fn every_example_decodes_and_encodes_to_the_same_json() {
    for (name, text) in json_files("examples") {
        let envelope = Envelope::decode(text.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert_eq!(name, format!("{}.json", envelope.kind.as_str().trim_start_matches("shop.banyan.")));
        let event = described(&envelope.kind);
        let data = (event.rewrite)(envelope.body_text()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let again = serde_json::to_value(envelope.with_data(data)).unwrap();
        assert_eq!(again, serde_json::from_str::<Value>(&text).unwrap(), "{name}");
    }
}

#[test]
fn every_example_keeps_the_schemas_strictly() {
    let envelope_schema = schema::files().into_iter().find(|file| file.name == "envelope.v1.json").unwrap();
    let envelope_schema: Value = serde_json::from_str(&envelope_schema.text).unwrap();
    let options = jsonschema::draft202012::options().should_validate_formats(true);
    let validator = options.build(&envelope_schema).unwrap();
    for (name, text) in json_files("examples") {
        let json: Value = serde_json::from_str(&text).unwrap();
        let errors: Vec<String> = validator.iter_errors(&json).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{name}: {errors:?}");
        let envelope = Envelope::decode(text.as_bytes()).unwrap();
        validate::output(&envelope.kind, envelope.body_text())
            .unwrap_or_else(|error| panic!("{name}: {error:?}"));
        validate::input(&envelope.kind, envelope.body_text())
            .unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let written = version(envelope.dataschema.as_deref().unwrap());
        let known = version(described(&envelope.kind).schema_url);
        assert!(
            written[0] == known[0] && written <= known,
            "{name} was written against {written:?}, known is {known:?}"
        );
    }
}

/// The version in the address of a schema; an example keeps the minor that it was published with.
fn version(schema_url: &str) -> Vec<u32> {
    let file = schema_url.rsplit('/').next().unwrap();
    file.trim_end_matches(".json").split('.').map(|part| part.parse().unwrap()).collect()
}

#[test]
fn examples_say_who_published_them_as_the_topology_does() {
    for (name, text) in json_files("examples") {
        let envelope = Envelope::decode(text.as_bytes()).unwrap();
        let publisher = envelope.source.rsplit('/').next().unwrap();
        let publishers = Topology::embedded().publishers(&envelope.kind);
        assert!(publishers.iter().any(|p| p == publisher), "{name}: {publisher} is none of {publishers:?}");
    }
}

#[test]
fn frozen_examples_are_never_edited() {
    let sums = fs::read_to_string(folder("examples").join("SHA256SUMS")).unwrap();
    let listed: BTreeSet<(String, String)> = sums
        .lines()
        .map(|line| line.split_once("  ").unwrap_or_else(|| panic!("not a line of sha256sum: {line}")))
        .map(|(sum, name)| (name.to_owned(), sum.to_owned()))
        .collect();
    let hex = |text: &str| Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let there: BTreeSet<(String, String)> =
        json_files("examples").into_iter().map(|(name, text)| (name, hex(&text))).collect();
    let changed: Vec<_> = listed.symmetric_difference(&there).map(|(name, _)| name).collect();
    assert!(
        changed.is_empty(),
        "{changed:?}: a published event never changes. Add a version; for a new file append `sha256sum` of it to \
         contracts/examples/SHA256SUMS"
    );
}

#[test]
fn the_money_in_the_examples_adds_up() {
    let read = |name: &str| fs::read_to_string(folder("examples").join(name)).unwrap();
    let placed = Envelope::decode(read("order.placed.v1.json").as_bytes())
        .unwrap()
        .read::<OrderPlaced>()
        .unwrap()
        .data;
    let checked = placed.check().unwrap();
    assert_eq!(Some(checked.allocation), placed.allocation);
    let due = Envelope::decode(read("order.refund-due.v1.json").as_bytes())
        .unwrap()
        .read::<OrderRefundDue>()
        .unwrap()
        .data;
    assert_eq!(due.lines.iter().map(|line| line.amount_minor).sum::<i64>(), due.amount_minor);
    for line in &due.lines {
        let whole = placed.lines.iter().find(|l| l.sku == line.sku).unwrap().quantity.get();
        let share = placed.allocation.iter().flatten().find(|share| share.sku == line.sku).unwrap();
        let part = |minor| money::part(minor, 0, line.quantity.get(), whole);
        assert_eq!(line.amount_minor, part(share.goods_minor) + part(share.fee_minor));
    }
}

#[test]
fn the_money_in_the_second_major_adds_up() {
    let text = fs::read_to_string(folder("examples").join("order.placed.v2.json")).unwrap();
    let placed = Envelope::decode(text.as_bytes()).unwrap().read::<OrderPlacedV2>().unwrap().data;
    assert_eq!(placed.check().unwrap(), placed, "it is in its plain form");
    let worth: i64 = placed.allocation.iter().flatten().map(|share| share.worth_minor()).sum();
    assert_eq!(worth, placed.total_minor);
}

#[test]
fn every_older_example_can_be_read_in_every_newer_major() {
    let mut read = 0;
    for event in catalogue() {
        for older in event.older() {
            let name = format!("{}.v{}.json", older.name, older.major);
            let text = fs::read_to_string(folder("examples").join(&name)).unwrap();
            let body = Envelope::decode(text.as_bytes()).unwrap().data.unwrap();
            let newer = event.read_older(older, &body).unwrap_or_else(|error| panic!("{name}: {error}"));
            let kind: EventType = event.kind.parse().unwrap();
            validate::output(&kind, newer.get()).unwrap_or_else(|error| panic!("{name}: {error:?}"));
            let newer = serde_json::from_str(newer.get()).unwrap();
            let again = event.write_older(older, newer).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(again, serde_json::from_str::<Value>(body.get()).unwrap(), "{name}");
            read += 1;
        }
    }
    assert!(read > 0, "no event has a second major");
}

#[test]
fn personal_data_is_only_where_shipping_and_notification_need_it() {
    for (name, text) in json_files("examples") {
        let may =
            ["order.placed.v1.json", "order.placed.v2.json", "order.confirmed.v1.json"].contains(&&*name);
        let has = ["\"email\":", "\"ship_to\"", "\"customer\"", "Ada"].iter().any(|mark| text.contains(mark));
        assert_eq!(has, may, "{name}");
        assert!(
            contracts::card::in_json(&text).unwrap().is_empty(),
            "{name} looks like it has a card number"
        );
    }
}

#[test]
fn examples_survive_a_newer_publisher() {
    for (name, text) in json_files("examples") {
        let mut json: Value = serde_json::from_str(&text).unwrap();
        json["shopextension"] = "x".into();
        json["data"]["added_in_1_1"] = json!({ "nested": [1, 2] });
        for word in ["reason", "status", "channel", "stage"] {
            if json["data"].get(word).is_some() {
                json["data"][word] = "a_new_word".into();
            }
        }
        let envelope = Envelope::decode(json.to_string().as_bytes()).unwrap();
        validate::input(&envelope.kind, envelope.body_text())
            .unwrap_or_else(|error| panic!("{name}: {error:?}"));
        (described(&envelope.kind).rewrite)(envelope.body_text())
            .unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn attributes_of_examples_are_within_bounds() {
    for (name, text) in json_files("examples") {
        let envelope = Envelope::decode(text.as_bytes()).unwrap();
        assert!(
            envelope.subject.len() <= MAX_ATTRIBUTE_BYTES && envelope.sequence_number().is_some(),
            "{name}"
        );
        assert!(text.contains(&format!("\"{}\"", envelope.subject)), "{name}");
    }
}

/// Small damage of every kind, at every place of a body.
#[test]
fn schema_and_type_agree_on_damaged_examples() {
    let (mut tried, mut refused) = (0, 0);
    for (name, text) in json_files("examples") {
        let whole: Value = serde_json::from_str(&text).unwrap();
        let kind: EventType = whole["type"].as_str().unwrap().parse().unwrap();
        for pointer in pointers(&whole["data"], "") {
            for damage in
                [json!(null), json!(true), json!(1.5), json!(-1), json!(""), json!([]), json!({}), json!("@")]
            {
                let mut data = whole["data"].clone();
                *data.pointer_mut(&pointer).unwrap() = damage.clone();
                let data = data.to_string();
                let by_schema = validate::input(&kind, &data).is_ok();
                let by_type = (described(&kind).rewrite)(&data).is_ok();
                assert!(
                    !by_schema || by_type,
                    "{name}: {damage} at {pointer} passes the schema but cannot be read"
                );
                // The schema also knows ranges and formats, and that a list is no struct, which serde lets pass.
                let is_about_kind = damage.is_null() || damage.is_boolean() || damage.is_object();
                assert!(by_schema || !by_type || !is_about_kind, "{name}: {damage} at {pointer} can be read");
                tried += 1;
                refused += u32::from(!by_schema);
            }
        }
    }
    assert!(refused * 2 > tried, "most damage is refused: {refused} of {tried}");
}

fn pointers(value: &Value, at: &str) -> Vec<String> {
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(name, field)| (format!("{at}/{name}"), field)).collect(),
        Value::Array(items) => {
            items.iter().enumerate().map(|(n, item)| (format!("{at}/{n}"), item)).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    };
    inner.iter().flat_map(|(at, value)| [vec![at.clone()], pointers(value, at)].concat()).collect()
}

#[test]
fn a_body_without_a_required_field_is_refused_by_schema_and_type() {
    for (name, text) in json_files("examples") {
        let whole: Value = serde_json::from_str(&text).unwrap();
        let kind: EventType = whole["type"].as_str().unwrap().parse().unwrap();
        for field in whole["data"].as_object().unwrap().keys() {
            let mut data = whole["data"].clone();
            data.as_object_mut().unwrap().remove(field);
            let by_schema = validate::input(&kind, &data.to_string()).is_ok();
            assert_eq!(
                by_schema,
                (described(&kind).rewrite)(&data.to_string()).is_ok(),
                "{name} without {field}"
            );
        }
    }
}
