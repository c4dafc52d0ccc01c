use serde_json::json;

use super::*;

fn kind(name: &str) -> EventType {
    format!("shop.banyan.{name}").parse().unwrap()
}

fn rejected() -> Value {
    json!({ "order_id": "1", "reason": "unknown_sku", "short": [{ "sku": "A", "wanted": 3, "available": 0 }] })
}

fn violations(result: Result<(), Invalid>) -> Vec<Violation> {
    match result {
        Err(Invalid::Data { violations, .. }) => violations,
        other => panic!("{other:?}"),
    }
}

#[test]
fn input_may_know_more_than_we_do_and_output_may_not() {
    for (change, pointer) in
        [(json!({ "reason": "warehouse_on_fire" }), "/reason"), (json!({ "warehouse": "north" }), "")]
    {
        let mut body = rejected();
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        input(&kind("stock.rejected.v1"), &body.to_string()).unwrap();
        let found = violations(output(&kind("stock.rejected.v1"), &body.to_string()));
        assert_eq!(found.iter().map(|v| v.pointer.as_str()).collect::<Vec<_>>(), [pointer]);
    }
}

#[test]
fn every_violation_has_its_place() {
    let body = json!({ "order_id": "", "short": [{ "sku": "A", "wanted": 0, "available": "none" }] });
    let found = violations(input(&kind("stock.rejected.v1"), &body.to_string()));
    let places: Vec<&str> = found.iter().map(|v| v.pointer.as_str()).collect();
    for place in ["", "/order_id", "/short/0/wanted", "/short/0/available"] {
        assert!(places.contains(&place), "{place:?} in {found:?}");
    }
}

#[test]
fn messages_do_not_repeat_what_may_be_personal() {
    let body = json!({ "order_id": "secret\n", "reason": 7, "short": "hidden" });
    for violation in violations(output(&kind("stock.rejected.v1"), &body.to_string())) {
        assert!(
            !violation.message.contains("secret") && !violation.message.contains("hidden"),
            "{violation:?}"
        );
    }
}

#[test]
fn a_newer_major_is_told_apart_from_an_unknown_type() {
    let newer = input(&kind("order.placed.v9"), "{}").unwrap_err();
    assert!(matches!(&newer, Invalid::UnknownMajor { known, .. } if known == &[1, 2]), "{newer:?}");
    assert!(newer.to_string().contains("[1, 2]"), "{newer}");
    assert!(matches!(input(&kind("order.eaten.v1"), "{}"), Err(Invalid::UnknownType { .. })));
    assert!(matches!(input(&kind("order.placed.v1"), "{"), Err(Invalid::NotJson(_))));
}

#[test]
fn every_published_schema_compiles_both_ways() {
    for event in catalogue() {
        let kind: EventType = event.kind.parse().unwrap();
        assert!(!violations(input(&kind, "7")).is_empty());
        assert!(!violations(output(&kind, "7")).is_empty());
    }
}

#[test]
fn times_are_checked() {
    let body = json!({ "order_id": "1", "reason": "deadline", "requested_at": "yesterday" });
    let found = violations(input(&kind("order.cancel-requested.v1"), &body.to_string()));
    assert_eq!(found[0].pointer, "/requested_at");
}

#[test]
fn null_is_accepted_where_a_field_may_be_absent() {
    let kind = kind("stock.short.v1");
    let mut body = json!({ "sku": "A", "location": "main", "missing": 1, "order_id": null, "found_at": "2026-11-22T20:00:00Z" });
    input(&kind, &body.to_string()).unwrap();
    assert_eq!(violations(output(&kind, &body.to_string()))[0].pointer, "/order_id");
    body["sku"] = Value::Null;
    assert_eq!(violations(input(&kind, &body.to_string()))[0].pointer, "/sku");
}

#[test]
fn what_the_schema_takes_for_an_integer_must_be_one() {
    let body = rejected().to_string().replace(":3", ":3.0");
    let found = violations(input(&kind("stock.rejected.v1"), &body));
    assert!(found[0].message.contains("column"), "{found:?}");
}
