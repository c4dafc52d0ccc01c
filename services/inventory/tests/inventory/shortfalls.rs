//! Corrections that end below what is promised: who loses, and who is told.

use std::time::Duration;

use contracts::events::stock::StockShort;
use serde_json::{Value, json};

use crate::events::{cancelled, confirmed, placed};
use crate::journeys::dispatched;
use crate::support::{Reply, Warehouse};

/// `delta` pieces of `a` at `main`, whoever has them.
fn take(warehouse: &Warehouse, key: &str, delta: i64) -> Reply {
    let body = json!({ "location": "main", "delta": delta, "reason": "stolen", "take_promised": true });
    warehouse.post("/stock/a/adjust", key, &body)
}

fn hold(warehouse: &Warehouse, id: &str, lines: &[(&str, u32)], ttl_s: u32) {
    let lines: Vec<Value> =
        lines.iter().map(|(sku, quantity)| json!({ "sku": sku, "quantity": quantity })).collect();
    let body = json!({ "hold_id": id, "lines": lines, "ttl_s": ttl_s });
    assert_eq!(warehouse.post("/holds", id, &body).status, 201);
}

/// Orders of so many pieces of `a`, the last one the newest.
fn order(warehouse: &Warehouse, orders: &[(&str, u32)]) {
    for (id, quantity) in orders {
        warehouse.tell(&format!("p-{id}"), id, &placed(id, &[("a", *quantity)], None));
    }
    warehouse.heard();
}

fn reservation(warehouse: &Warehouse, id: &str) -> Value {
    let audit = warehouse.audit();
    assert_eq!(audit.violations, [""; 0]);
    audit.facts["reservations"][id].clone()
}

/// Order and missing pieces of each event, oldest first.
fn told(warehouse: &Warehouse) -> Vec<(Option<String>, u32)> {
    warehouse.settle();
    let told = warehouse.heard_of::<StockShort>();
    told.into_iter().map(|short| (short.order_id.map(String::from), short.missing.get())).collect()
}

fn of(id: &str, missing: u32) -> (Option<String>, u32) {
    (Some(id.to_owned()), missing)
}

#[test]
fn the_refusal_names_the_field_that_takes_what_is_promised() {
    let warehouse = Warehouse::stocked(&[("a@main", 5)]);
    order(&warehouse, &[("o-1", 5)]);
    let body = json!({ "location": "main", "delta": -1, "reason": "stolen" });
    let refused = warehouse.post("/stock/a/adjust", "k", &body);
    assert_eq!(refused.problem().1, "stock-promised");
    assert!(refused.body["hint"].as_str().unwrap().contains("\"take_promised\": true"), "{}", refused.body);
    let wrong = json!({ "location": "main", "delta": -1, "reason": "stolen", "take_promised": "yes" });
    assert_eq!(warehouse.post("/stock/a/adjust", "k", &wrong).problem().2[0].0, "/take_promised");
}

#[test]
fn the_newest_order_loses_only_what_is_missing() {
    let warehouse = Warehouse::stocked(&[("a@main", 10)]);
    order(&warehouse, &[("o-1", 4), ("o-2", 3), ("o-3", 2)]);
    let reply = take(&warehouse, "k", -5);
    assert_eq!(reply.status, 200, "{reply:?}");
    let short = reply.body["short"].as_array().unwrap();
    assert_eq!(
        short.iter().map(|short| (&short["order_id"], &short["missing"])).collect::<Vec<_>>(),
        [(&json!("o-3"), &json!(2)), (&json!("o-2"), &json!(2))]
    );
    assert_eq!(told(&warehouse), [of("o-3", 2), of("o-2", 2)]);
    assert_eq!(warehouse.levels("a"), [5, 0, 5, 0]);
    assert_eq!(
        reservation(&warehouse, "o-2"),
        json!({ "state": "reserved", "lines": { "a": 1 }, "missing": { "a": 2 } })
    );
    assert_eq!(
        reservation(&warehouse, "o-3"),
        json!({ "state": "reserved", "lines": {}, "missing": { "a": 2 } })
    );
    assert_eq!(take(&warehouse, "k", -5).headers["idempotency-replayed"], "true");
    assert_eq!(warehouse.levels("a"), [5, 0, 5, 0]);
}

#[test]
fn an_order_that_lost_something_goes_on_with_the_rest() {
    let warehouse = Warehouse::stocked(&[("a@main", 6)]);
    order(&warehouse, &[("o-1", 2), ("o-2", 4)]);
    warehouse.tell("c1", "o-1", &confirmed("o-1"));
    warehouse.tell("c2", "o-2", &confirmed("o-2"));
    assert_eq!(take(&warehouse, "k1", -3).status, 200);
    assert_eq!(warehouse.levels("a"), [3, 0, 0, 3]);
    warehouse.tell("x", "o-1", &cancelled("o-1"));
    warehouse.tell("d", "o-2", &dispatched("o-2"));
    assert_eq!(warehouse.levels("a"), [2, 2, 0, 0]);
    assert_eq!(
        reservation(&warehouse, "o-2"),
        json!({ "state": "sold", "lines": { "a": 1 }, "missing": { "a": 3 } })
    );
    assert_eq!(take(&warehouse, "k2", -2).body.get("short"), None, "nobody lost anything");
}

#[test]
fn a_short_order_is_confirmed_with_what_is_left() {
    let warehouse = Warehouse::stocked(&[("a@main", 3)]);
    order(&warehouse, &[("o-1", 3)]);
    take(&warehouse, "k", -2);
    warehouse.tell("c", "o-1", &confirmed("o-1"));
    assert_eq!(warehouse.levels("a"), [1, 0, 0, 1]);
    assert_eq!(reservation(&warehouse, "o-1")["state"], "committed");
}

#[test]
fn carts_lose_before_orders_and_lose_all_they_hold() {
    let warehouse = Warehouse::stocked(&[("a@main", 10), ("b@main", 5)]);
    hold(&warehouse, "h-1", &[("a", 3), ("b", 2)], 600);
    hold(&warehouse, "h-2", &[("b", 1)], 600);
    order(&warehouse, &[("o-1", 7)]);
    let reply = take(&warehouse, "k", -2);
    assert_eq!(reply.body["short"][0]["missing"], 2, "{reply:?}");
    assert_eq!(told(&warehouse), [(None, 2)]);
    let status = |id: &str| warehouse.get(&format!("/holds/{id}")).body["status"].clone();
    assert_eq!((status("h-1"), status("h-2")), (json!("taken"), json!("held")));
    assert_eq!((warehouse.levels("a"), warehouse.levels("b")), ([8, 1, 7, 0], [5, 4, 1, 0]));
    assert_eq!(reservation(&warehouse, "o-1")["lines"]["a"], 7);
    // Its timer and its cart come too late.
    assert_eq!(warehouse.delete("/holds/h-1").body["status"], "taken");
    warehouse.wait(Duration::from_secs(700));
    warehouse.tell("p", "o-2", &placed("o-2", &[("a", 1)], Some("h-1")));
    assert_eq!(warehouse.levels("a"), [8, 0, 8, 0]);
    assert_eq!(warehouse.audit().violations, [""; 0]);
}

#[test]
fn when_carts_are_not_enough_the_orders_are_told_and_the_carts_are_not() {
    let warehouse = Warehouse::stocked(&[("a@main", 10)]);
    hold(&warehouse, "h-1", &[("a", 3)], 600);
    hold(&warehouse, "h-2", &[("a", 2)], 60);
    order(&warehouse, &[("o-1", 5)]);
    assert_eq!(take(&warehouse, "k", -6).status, 200);
    assert_eq!(told(&warehouse), [of("o-1", 1)]);
    assert_eq!(warehouse.levels("a"), [4, 0, 4, 0]);
    assert_eq!(take(&warehouse, "k2", -4).status, 200);
    assert_eq!(told(&warehouse), [of("o-1", 4)]);
    assert_eq!(reservation(&warehouse, "o-1")["missing"]["a"], 5);
}

#[test]
fn several_places_are_taken_from_in_one_step() {
    let warehouse = Warehouse::stocked(&[("a@main", 2), ("b@main", 2)]);
    warehouse.tell("p", "o-1", &placed("o-1", &[("a", 2), ("b", 2)], None));
    warehouse.heard();
    let line = |sku: &str| json!({ "sku": sku, "location": "main", "delta": -1, "reason": "fire" });
    let body = json!({ "adjustments": [line("a"), line("b")], "take_promised": true });
    let reply = warehouse.post("/stock/adjust", "k", &body);
    assert_eq!((reply.status, reply.body["short"].as_array().unwrap().len()), (200, 2));
    assert_eq!(told(&warehouse), [of("o-1", 1), of("o-1", 1)]);
    assert_eq!(reservation(&warehouse, "o-1")["missing"], json!({ "a": 1, "b": 1 }));
}

#[test]
fn what_many_would_lose_is_done_in_smaller_steps() {
    let warehouse = Warehouse::stocked(&[("a@main", 60)]);
    for n in 0..60 {
        let id = format!("o-{n}");
        warehouse.publish(&format!("p-{n}"), &id, &placed(&id, &[("a", 1)], None));
    }
    warehouse.wait(Duration::from_secs(30));
    assert_eq!(warehouse.levels("a"), [60, 0, 60, 0]);
    let refused = take(&warehouse, "k1", -41);
    assert_eq!(refused.problem().1, "too-many-lose");
    assert!(refused.body["hint"].as_str().unwrap().contains("smaller steps"));
    assert_eq!(warehouse.levels("a"), [60, 0, 60, 0]);
    for (key, delta) in [("k2", -40), ("k3", -20)] {
        assert_eq!(take(&warehouse, key, delta).status, 200);
    }
    warehouse.settle();
    assert_eq!(warehouse.heard_of::<StockShort>().len(), 60);
    assert_eq!(warehouse.levels("a"), [0, 0, 0, 0]);
    assert_eq!(warehouse.audit().violations, [""; 0]);
}

#[test]
fn those_who_have_it_are_found_behind_many_who_have_not() {
    let warehouse = Warehouse::stocked(&[("a@main", 2), ("b@main", 900)]);
    order(&warehouse, &[("o-1", 2)]);
    // More than one page of every shard.
    for n in 0..700 {
        let id = format!("b-{n}");
        warehouse.publish(&format!("p-{n}"), &id, &placed(&id, &[("b", 1)], None));
    }
    warehouse.wait(Duration::from_secs(60));
    assert_eq!(warehouse.levels("b"), [900, 200, 700, 0]);
    assert_eq!(take(&warehouse, "k", -1).status, 200);
    assert_eq!(reservation(&warehouse, "o-1")["missing"]["a"], 1);
}

#[test]
fn who_has_it_and_is_not_found_yet_is_looked_for_again() {
    let warehouse = Warehouse::stocked(&[("a@main", 5)]);
    warehouse.hold_indexes(true);
    warehouse.tell("p-o-1", "o-1", &placed("o-1", &[("a", 5)], None));
    // No last word: the same key takes it later.
    let refused = take(&warehouse, "k", -2);
    assert_eq!((refused.problem().0, refused.problem().1), (503, "holders-not-found".to_owned()));
    assert_eq!(refused.headers["retry-after"], "1");
    warehouse.hold_indexes(false);
    assert_eq!(take(&warehouse, "k", -2).status, 200);
    assert_eq!(reservation(&warehouse, "o-1")["missing"]["a"], 2);
}
