//! Stock held for carts: adopted, let go or expired, and only one of them.

use std::time::Duration;

use contracts::events::hold::HoldExpired;
use contracts::events::stock::StockReserved;
use serde_json::{Value, json};

use crate::events::placed;
use crate::support::Warehouse;

fn hold(id: &str, lines: &[(&str, u32)]) -> Value {
    let lines: Vec<Value> =
        lines.iter().map(|(sku, quantity)| json!({ "sku": sku, "quantity": quantity })).collect();
    json!({ "hold_id": id, "cart_id": "cart-1", "lines": lines, "ttl_s": 60 })
}

#[test]
fn a_hold_reserves_and_expires_at_its_time() {
    let warehouse = Warehouse::stocked(&[("a@main", 10)]);
    let reply = warehouse.post("/holds", "k", &hold("h-1", &[("a", 1), ("a", 2)]));
    assert_eq!((reply.status, &*reply.headers["location"]), (201, "/holds/h-1"));
    assert_eq!(reply.body["lines"], json!([{ "sku": "a", "quantity": 3, "location": "main" }]));
    assert_eq!(warehouse.levels("a"), [10, 7, 3, 0]);
    warehouse.wait(Duration::from_secs(55));
    assert_eq!(warehouse.get("/holds/h-1").body["status"], "held");
    warehouse.wait(Duration::from_secs(10));
    assert_eq!(warehouse.get("/holds/h-1").body["status"], "expired");
    assert_eq!(warehouse.levels("a"), [10, 10, 0, 0]);
    let expired = warehouse.heard_of::<HoldExpired>();
    assert_eq!((expired.len(), expired[0].cart_id.as_ref().unwrap().as_str()), (1, "cart-1"));
    assert_eq!(warehouse.audit().violations, [""; 0]);
}

#[test]
fn an_adopted_hold_does_not_expire() {
    let warehouse = Warehouse::stocked(&[("a@main", 10), ("b@main", 1)]);
    warehouse.post("/holds", "k", &hold("h-1", &[("a", 8), ("b", 1)]));
    warehouse.tell("p", "o-1", &placed("o-1", &[("a", 9)], Some("h-1")));
    assert_eq!(warehouse.heard_of::<StockReserved>().len(), 1);
    let shown = warehouse.get("/holds/h-1").body;
    assert_eq!((&shown["status"], &shown["order_id"]), (&json!("adopted"), &json!("o-1")));
    assert_eq!((warehouse.levels("a"), warehouse.levels("b")), ([10, 1, 9, 0], [1, 1, 0, 0]));
    warehouse.wait(Duration::from_secs(600));
    assert_eq!(warehouse.levels("a"), [10, 1, 9, 0]);
    assert!(warehouse.heard_of::<HoldExpired>().is_empty());
    assert_eq!(warehouse.delete("/holds/h-1").problem().1, "hold-adopted");
    assert_eq!(warehouse.audit().violations, [""; 0]);
}

#[test]
fn a_hold_that_expired_or_never_was_does_not_help_an_order() {
    let warehouse = Warehouse::stocked(&[("a@main", 10)]);
    warehouse.post("/holds", "k", &hold("h-1", &[("a", 8)]));
    warehouse.wait(Duration::from_secs(70));
    warehouse.tell("p1", "o-1", &placed("o-1", &[("a", 9)], Some("h-1")));
    warehouse.tell("p2", "o-2", &placed("o-2", &[("a", 1)], Some("h-none")));
    assert_eq!(warehouse.levels("a"), [10, 0, 10, 0]);
    assert_eq!(warehouse.get("/holds/h-1").body["status"], "expired");
    assert_eq!(warehouse.audit().violations, [""; 0]);
}

#[test]
fn a_hold_is_let_go_once() {
    let warehouse = Warehouse::stocked(&[("a@main", 10)]);
    warehouse.post("/holds", "k", &hold("h-1", &[("a", 8)]));
    for _ in 0..2 {
        let reply = warehouse.delete("/holds/h-1");
        assert_eq!((reply.status, &reply.body["status"]), (200, &json!("released")));
    }
    warehouse.wait(Duration::from_secs(70));
    assert_eq!(warehouse.levels("a"), [10, 10, 0, 0]);
    assert!(warehouse.heard_of::<HoldExpired>().is_empty());
    assert_eq!(warehouse.delete("/holds/h-2").status, 404);
}

#[test]
fn the_same_hold_is_made_once_and_another_wish_is_refused() {
    let warehouse = Warehouse::stocked(&[("a@main", 10)]);
    let first = warehouse.post("/holds", "k1", &hold("h-1", &[("a", 3)]));
    let replayed = warehouse.post("/holds", "k1", &hold("h-1", &[("a", 3)]));
    let again = warehouse.post("/holds", "k2", &hold("h-1", &[("a", 3)]));
    assert_eq!((first.status, replayed.status, again.status), (201, 201, 200));
    assert_eq!((&first.body, &first.body), (&replayed.body, &again.body));
    let other = warehouse.post("/holds", "k3", &hold("h-1", &[("a", 4)]));
    assert_eq!(
        other.problem(),
        (409, "hold-exists".to_owned(), vec![("/hold_id".to_owned(), "is taken".to_owned())])
    );
    assert_eq!(warehouse.levels("a"), [10, 7, 3, 0]);
}

#[test]
fn a_cart_gets_all_or_nothing() {
    let warehouse = Warehouse::stocked(&[("a@main", 10), ("b@main", 1)]);
    let short = warehouse.post("/holds", "k1", &hold("h-1", &[("a", 3), ("b", 2)])).problem();
    let expected = vec![("/lines".to_owned(), "b: 2 wanted, 1 available".to_owned())];
    assert_eq!(short, (409, "insufficient-stock".to_owned(), expected));
    let unknown = warehouse.post("/holds", "k2", &hold("h-1", &[("zzz", 1)])).problem();
    assert_eq!((unknown.0, &*unknown.1), (422, "unknown-sku"));
    assert_eq!(warehouse.levels("a"), [10, 10, 0, 0]);
    assert_eq!(warehouse.get("/holds/h-1").status, 404);
}

#[test]
fn a_hold_without_a_name_gets_one() {
    let warehouse = Warehouse::stocked(&[("a@main", 10)]);
    let body = json!({ "lines": [{ "sku": "a", "quantity": 1 }] });
    let reply = warehouse.post("/holds", "k", &body);
    let id = reply.body["hold_id"].as_str().unwrap();
    assert_eq!(warehouse.get(&format!("/holds/{id}")).body, reply.body);
    let expires: contracts::Timestamp = serde_json::from_value(reply.body["expires_at"].clone()).unwrap();
    assert!(expires.since(warehouse.now()) > Duration::from_secs(14 * 60), "15 minutes when nothing is said");
}

#[test]
fn what_is_wrong_with_a_hold_is_named_by_its_pointer() {
    let warehouse = Warehouse::new();
    let body = json!({ "hold_id": "a b", "ttl_s": 3601, "lines": [{ "sku": "a", "quantity": 0 }, { "quantity": 1 }] });
    let (status, slug, errors) = warehouse.post("/holds", "k", &body).problem();
    assert_eq!((status, &*slug), (422, "invalid-hold"));
    let pointers: Vec<&str> = errors.iter().map(|(pointer, _)| pointer.as_str()).collect();
    assert_eq!(pointers, ["/hold_id", "/lines/0/quantity", "/lines/1/sku", "/ttl_s"]);
}
