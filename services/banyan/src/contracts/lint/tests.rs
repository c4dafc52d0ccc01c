//! Each rule is broken once.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::super::set::Set;
use super::super::set::tests::committed;
use super::*;

/// The committed contracts with one of their files changed.
fn with(name: &str, change: impl FnOnce(&mut Value)) -> Set {
    let mut set = committed();
    change(&mut set.schemas.get_mut(name).unwrap().value);
    set
}

/// The rules that are broken, and where first.
fn broken(set: &Set) -> Vec<(&'static str, String)> {
    lint(set).into_iter().map(|finding| (finding.rule, finding.pointer)).collect()
}

fn topology(change: impl FnOnce(&mut Value)) -> Set {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts/topology.json");
    let mut value: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    change(&mut value);
    Set { topology: serde_json::from_value(value).unwrap(), ..committed() }
}

#[test]
fn our_own_contracts_break_no_rule() {
    let findings: Vec<String> = lint(&committed()).iter().map(ToString::to_string).collect();
    assert!(findings.is_empty(), "{findings:#?}");
}

/// A field of its own in `order.stalled`, which needs none of what it already has.
fn field(name: &str, schema: &Value) -> Set {
    with("order.stalled.v1", |body| body["properties"][name] = schema.clone())
}

#[test]
fn every_rule_for_fields_finds_the_field_that_breaks_it() {
    let text = |more: Value| {
        let mut schema = json!({ "type": "string", "maxLength": 9, "description": "What." });
        schema.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        schema
    };
    let number = |kind: &str, description: &str| json!({ "type": kind, "description": description });
    let cases = [
        ("field-name", "waitingFor", text(json!({}))),
        ("id-name", "order", json!({ "$ref": "#/$defs/OrderId", "description": "The order." })),
        ("id-type", "cart_id", text(json!({}))),
        ("id-type", "payment_id", json!({ "$ref": "#/$defs/OrderId", "description": "The order." })),
        ("time-name", "begun", text(json!({ "format": "date-time" }))),
        ("time-name", "begun_at", text(json!({}))),
        ("money-name", "total", number("integer", "In minor units.")),
        ("money-currency", "fee_minor", number("integer", "The fee.")),
        ("fraction", "weight_grams", number("number", "Of the parcel.")),
        ("unit", "attempts", number("integer", "How many there were.")),
        ("description", "note", json!({ "type": "string", "maxLength": 9 })),
        ("bounded", "note", json!({ "type": "string", "description": "What." })),
        ("bounded", "notes", json!({ "type": "array", "items": text(json!({})), "description": "What." })),
        ("closed", "inner", json!({ "type": "object", "properties": {}, "description": "What." })),
        ("description", "word", text(json!({ "enum": ["a"], "x-extensible": true }))),
    ];
    for (rule, name, schema) in cases {
        let expected = vec![(rule, format!("/properties/{name}"))];
        assert_eq!(broken(&field(name, &schema)), expected, "{name}: {schema}");
    }
}

#[test]
fn money_that_is_a_fraction_breaks_two_rules() {
    let set = with("order.cancelled.v1", |body| body["properties"]["total_minor"]["type"] = "number".into());
    let rules: Vec<&str> = broken(&set).into_iter().map(|(rule, _)| rule).collect();
    assert_eq!(rules, ["fraction", "money-type"]);
}

#[test]
fn an_address_or_title_of_another_schema_is_found() {
    for id in [
        "",
        "https://banyan.example/contracts/order.stalled/2.0.0.json",
        "https://elsewhere.example/1.0.0.json",
    ] {
        let set = with("order.stalled.v1", |body| body["$id"] = id.into());
        let ids = broken(&set).into_iter().filter(|(rule, _)| *rule == "schema-id").count();
        assert_eq!(ids, 1, "{id}");
    }
    let set = with("order.stalled.v1", |body| body["title"] = "order.placed".into());
    assert_eq!(broken(&set), [("schema-id", "/title".to_owned())]);
}

#[test]
fn names_that_are_not_of_a_fact_in_the_past_are_found() {
    for (name, rules) in [
        ("order.place.v1", &["catalogue", "type-name"][..]),
        ("Order.placed.v1", &["catalogue", "type-name"]),
        ("orderplaced.v1", &["catalogue", "type-name"]),
        ("order.placed", &["type-name"]),
        ("order.renamed.v1", &["catalogue"]),
    ] {
        let mut set = committed();
        let schema = set.schemas["order.stalled.v1"].clone();
        set.schemas.insert(name.to_owned(), schema);
        let found: BTreeSet<&str> = lint(&set)
            .into_iter()
            .filter(|finding| finding.file.contains(name) && finding.file.starts_with("schemas/"))
            .map(|finding| finding.rule)
            .filter(|rule| *rule != "schema-id")
            .collect();
        assert_eq!(found.into_iter().collect::<Vec<_>>(), rules, "{name}");
    }
}

#[test]
fn an_example_that_is_missing_wrong_or_left_over_is_found() {
    let mut set = committed();
    let example = set.examples.remove("order.stalled.v1").unwrap();
    assert_eq!(broken(&set), [("example-missing", String::new())]);

    set.examples.insert("order.forgotten.v1".to_owned(), example.clone());
    set.examples.insert("order.stalled.v1".to_owned(), example.clone());
    assert_eq!(broken(&set), [("example-orphan", String::new()), ("example-id", "/id".to_owned())]);
    set.examples.remove("order.forgotten.v1");

    let change = |pointer: &str, value: Value| {
        let mut set = set.clone();
        *set.examples.get_mut("order.stalled.v1").unwrap().value.pointer_mut(pointer).unwrap() = value;
        broken(&set)
    };
    assert_eq!(change("/type", json!("shop.banyan.order.placed.v1")), [("example-type", "/type".to_owned())]);
    assert_eq!(
        change("/dataschema", json!("https://x/1.0.0.json")),
        [("example-type", "/dataschema".to_owned())]
    );
    let id = set.examples["order.cancelled.v1"].value["id"].clone();
    assert_eq!(change("/id", id), [("example-id", "/id".to_owned())]);
    assert_eq!(change("/data/order_id", json!(7)), [("example-invalid", "/data/order_id".to_owned())]);
    let unknown = with("order.stalled.v1", |body| {
        body["properties"].as_object_mut().unwrap().remove("waiting_for");
        body["required"] = json!(["order_id"]);
    });
    assert_eq!(broken(&unknown), [("example-invalid", "/data".to_owned())]);
}

#[test]
fn a_schema_that_is_none_is_found() {
    let set = with("order.stalled.v1", |body| body["type"] = 7.into());
    assert!(broken(&set).iter().any(|(rule, _)| *rule == "schema"));
}

/// What somebody does to the topology.
type Change<'c> = &'c dyn Fn(&mut Value);

#[test]
fn a_way_that_the_catalogue_does_not_know_is_found() {
    const STALLED: &str = "shop.banyan.order.stalled.v1";
    let at = |rest: &str| format!("/events/{STALLED}{rest}");
    let cases: [(&str, String, Change<'_>); 6] = [
        ("topology-party", at(""), &|all| all["events"][STALLED]["publishers"] = json!([])),
        ("topology-party", at("/publishers/0"), &|all| {
            all["events"][STALLED]["publishers"] = json!(["order"])
        }),
        ("topology-party", at("/subscribers/0"), &|all| {
            all["events"][STALLED]["subscribers"] = json!(["dashboard"])
        }),
        ("topology-party", at("/readers/1"), &|all| {
            all["events"][STALLED]["readers"] = json!(["dashboard", "dashboard"])
        }),
        ("topology-state", at(""), &|all| all["events"][STALLED]["state"] = json!(true)),
        ("topology-missing", "/events".to_owned(), &|all| {
            all["events"].as_object_mut().unwrap().remove(STALLED);
        }),
    ];
    for (rule, pointer, change) in cases {
        assert_eq!(broken(&topology(change)), [(rule, pointer)]);
    }
    let unknown = topology(|all| {
        all["events"]["shop.banyan.order.lost.v1"] = json!({ "publishers": ["orders"], "subscribers": [] })
    });
    assert_eq!(broken(&unknown), [("topology-unknown", "/events/shop.banyan.order.lost.v1".to_owned())]);
}

#[test]
fn a_finding_says_file_place_rule_what_and_fix() {
    let finding = &lint(&field("total", &json!({ "type": "integer", "description": "In minor units." })))[0];
    assert_eq!(
        finding.to_string(),
        "schemas/order.stalled.v1.json:/properties/total: money-name: total looks like money and does not end in \
         _minor, let it be minor units and end in _minor, or end in its unit"
    );
}
