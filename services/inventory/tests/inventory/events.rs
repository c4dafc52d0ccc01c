//! Events in, events out.

use std::time::Duration;

use contracts::events::order::{CancelReason, OrderCancelled, OrderConfirmed, OrderPlaced};
use contracts::events::stock::{StockLevelChanged, StockLow, StockRejected, StockReserved};
use serde_json::{Value, json};

use crate::support::Warehouse;

pub(crate) fn placed(id: &str, lines: &[(&str, u32)], hold_id: Option<&str>) -> OrderPlaced {
    let lines: Vec<Value> = lines
        .iter()
        .map(|(sku, quantity)| json!({ "sku": sku, "quantity": quantity, "unit_price_minor": 100 }))
        .collect();
    let order = json!({
        "order_id": id, "customer_id": "c-1", "currency": "GBP", "channel": "web", "lines": lines,
        "total_minor": 100, "payment_method": { "token": "tok_ok" }, "hold_id": hold_id,
        "placed_at": "2026-11-22T20:00:00Z",
    });
    serde_json::from_value(order).unwrap()
}

pub(crate) fn confirmed(id: &str) -> OrderConfirmed {
    let order = json!({
        "order_id": id, "customer_id": "c-1", "payment_id": id, "currency": "GBP", "lines": [],
        "shipping_fee_minor": 0, "total_minor": 100, "confirmed_at": "2026-11-22T20:00:00Z",
    });
    serde_json::from_value(order).unwrap()
}

pub(crate) fn cancelled(id: &str) -> OrderCancelled {
    cancelled_for(id, CancelReason::CustomerRequest)
}

pub(crate) fn cancelled_for(id: &str, reason: CancelReason) -> OrderCancelled {
    let order = json!({
        "order_id": id, "customer_id": "c-1", "reason": reason, "was_confirmed": false,
        "currency": "GBP", "total_minor": 100, "cancelled_at": "2026-11-22T20:00:00Z",
    });
    serde_json::from_value(order).unwrap()
}

#[test]
fn an_order_is_reserved_committed_and_released() {
    let warehouse = Warehouse::stocked(&[("a@main", 10), ("b@main", 5)]);
    warehouse.tell("p", "o-1", &placed("o-1", &[("a", 4), ("b", 1), ("a", 2)], None));
    let reserved = warehouse.heard_of::<StockReserved>();
    let lines: Vec<_> =
        reserved[0].lines.iter().map(|line| (line.sku.as_str(), line.quantity.get())).collect();
    assert_eq!((reserved.len(), &lines[..]), (1, &[("a", 6), ("b", 1)][..]));
    assert_eq!(warehouse.levels("a"), [10, 4, 6, 0]);
    warehouse.tell("c", "o-1", &confirmed("o-1"));
    assert_eq!(warehouse.levels("a"), [10, 4, 0, 6]);
    assert_eq!(
        warehouse.audit().facts["reservations"]["o-1"],
        json!({ "state": "committed", "lines": { "a": 6, "b": 1 } })
    );
    warehouse.tell("x", "o-1", &cancelled("o-1"));
    assert_eq!(warehouse.levels("a"), [10, 10, 0, 0]);
    assert_eq!(warehouse.audit().violations, [""; 0]);
}

#[test]
fn an_order_that_cannot_be_had_whole_takes_nothing() {
    let warehouse = Warehouse::stocked(&[("a@main", 10), ("b@main", 1)]);
    warehouse.tell("p1", "o-1", &placed("o-1", &[("a", 1), ("b", 2)], None));
    warehouse.tell("p2", "o-2", &placed("o-2", &[("a", 1), ("zzz", 1)], None));
    let rejected: Vec<Value> = warehouse
        .heard_of::<StockRejected>()
        .iter()
        .map(|event| serde_json::to_value(event).unwrap())
        .collect();
    assert_eq!(
        rejected,
        [
            json!({ "order_id": "o-1", "reason": "insufficient_stock",
                "short": [{ "sku": "b", "wanted": 2, "available": 1 }] }),
            json!({ "order_id": "o-2", "reason": "unknown_sku",
                "short": [{ "sku": "zzz", "wanted": 1, "available": 0 }] }),
        ]
    );
    assert_eq!(warehouse.levels("a"), [10, 10, 0, 0]);
}

#[test]
fn the_same_event_twice_and_the_same_fact_under_another_id_count_once() {
    let warehouse = Warehouse::stocked(&[("a@main", 10)]);
    for name in ["p", "p", "p-again"] {
        warehouse.tell(name, "o-1", &placed("o-1", &[("a", 3)], None));
    }
    assert_eq!(warehouse.heard_of::<StockReserved>().len(), 1);
    for name in ["c", "c", "c-again"] {
        warehouse.tell(name, "o-1", &confirmed("o-1"));
    }
    assert_eq!(warehouse.levels("a"), [10, 7, 0, 3]);
    for name in ["x", "x", "x-again"] {
        warehouse.tell(name, "o-1", &cancelled("o-1"));
    }
    assert_eq!(warehouse.levels("a"), [10, 10, 0, 0]);
    assert_eq!(warehouse.audit().violations, [""; 0]);
}

#[test]
fn an_order_cancelled_before_it_came_gets_nothing() {
    let warehouse = Warehouse::stocked(&[("a@main", 10)]);
    warehouse.tell("x", "o-1", &cancelled("o-1"));
    warehouse.tell("p", "o-1", &placed("o-1", &[("a", 3)], None));
    warehouse.tell("c", "o-1", &confirmed("o-1"));
    assert!(warehouse.heard().is_empty());
    assert_eq!(warehouse.levels("a"), [10, 10, 0, 0]);
    assert_eq!(warehouse.audit().facts["reservations"]["o-1"]["state"], "cancelled");
}

#[test]
fn a_confirmation_waits_for_its_order_but_not_for_ever() {
    let warehouse = Warehouse::stocked(&[("a@main", 10)]);
    warehouse.tell("c1", "o-1", &confirmed("o-1"));
    warehouse.tell("p1", "o-1", &placed("o-1", &[("a", 3)], None));
    warehouse.tell("c2", "o-2", &confirmed("o-2"));
    warehouse.wait(Duration::from_secs(60));
    assert_eq!(warehouse.levels("a"), [10, 7, 0, 3]);
    warehouse.wait(Duration::from_secs(2 * 3600));
    assert_eq!(warehouse.dead_letters(), ["waited inventory/shop.banyan.order.confirmed.v1"]);
}

#[test]
fn confirming_a_rejected_order_is_left_to_a_person() {
    let warehouse = Warehouse::stocked(&[("a@main", 1)]);
    warehouse.tell("p", "o-1", &placed("o-1", &[("a", 3)], None));
    warehouse.tell("c", "o-1", &confirmed("o-1"));
    assert_eq!(warehouse.dead_letters(), ["rejected inventory/shop.banyan.order.confirmed.v1"]);
}

#[test]
fn levels_are_told_with_the_counters_own_sequence_and_low_stock_once_per_fall() {
    let warehouse = Warehouse::stocked(&[("a@main", 8)]);
    for (name, id) in [("p1", "o-1"), ("p2", "o-2")] {
        warehouse.tell(name, id, &placed(id, &[("a", 2)], None));
    }
    let heard = warehouse.heard();
    let levels: Vec<(Option<u64>, i64)> = heard
        .iter()
        .filter(|event| event.kind.as_str().contains("level-changed"))
        .map(|event| {
            assert_eq!(event.subject, "a@main");
            (event.sequence_number(), event.clone().read::<StockLevelChanged>().unwrap().data.available)
        })
        .collect();
    // The fall to 4 is looked at twice: whoever turns a watch has it looked at again.
    assert_eq!(levels, [(Some(2), 6), (Some(3), 4), (Some(3), 4)]);
    let low = |warehouse: &Warehouse| -> Vec<(i64, i64)> {
        warehouse.heard_of::<StockLow>().iter().map(|low| (low.available, low.threshold)).collect()
    };
    let is_low = |event: &&contracts::Envelope| event.kind.as_str().contains("stock.low");
    assert_eq!(heard.iter().filter(is_low).count(), 1);
    warehouse.tell("p3", "o-3", &placed("o-3", &[("a", 1)], None));
    assert_eq!(low(&warehouse), [], "it was low before");
    warehouse.tell("x1", "o-1", &cancelled("o-1"));
    warehouse.tell("x2", "o-2", &cancelled("o-2"));
    warehouse.tell("p4", "o-4", &placed("o-4", &[("a", 2)], None));
    assert_eq!(low(&warehouse), [(5, 5)], "it fell again");
}

#[test]
fn the_largest_order_fits_into_one_unit_of_work() {
    let skus: Vec<String> = (0..80).map(|n| format!("s{n:02}")).collect();
    let places: Vec<String> = skus.iter().map(|sku| format!("{sku}@main")).collect();
    let stock: Vec<(&str, i64)> = places.iter().map(|place| (place.as_str(), 9)).collect();
    let warehouse = Warehouse::stocked(&stock[..40]);
    let rest = stock[40..].iter().map(|(place, delta)| {
        let sku = place.split_once('@').unwrap().0;
        json!({ "sku": sku, "location": "main", "delta": delta, "reason": "received" })
    });
    let rest: Vec<Value> = rest.collect();
    assert_eq!(warehouse.post("/stock/adjust", "rest", &json!({ "adjustments": rest })).status, 200);
    let lines: Vec<(&str, u32)> = skus.iter().map(|sku| (sku.as_str(), 1)).collect();
    warehouse.tell("p", "o-1", &placed("o-1", &lines, None));
    assert_eq!(warehouse.heard_of::<StockReserved>()[0].lines.len(), 80);
    warehouse.tell("c", "o-1", &confirmed("o-1"));
    assert_eq!(warehouse.levels("s79"), [9, 8, 0, 1]);
    warehouse.tell("x", "o-1", &cancelled("o-1"));
    assert_eq!((warehouse.dead_letters().len(), warehouse.audit().violations.len()), (0, 0));
}

#[test]
fn the_audit_says_what_is_wrong_with_numbers() {
    let warehouse = Warehouse::stocked(&[("a@main", 8)]);
    warehouse.tell("p", "o-1", &placed("o-1", &[("a", 2)], None));
    assert_eq!(warehouse.audit().violations, [""; 0]);
    warehouse.damage("a@main", "reserved", -3);
    assert_eq!(
        warehouse.audit().violations,
        [
            "a at main: on_hand 8 is not available 6 + reserved -1 + allocated 0 + quarantine 0, all at least 0",
            "a at main: reserved is -1, but its movements add up to 2",
            "a at main: reserved is -1, but live reservations and holds add up to 2",
        ]
    );
    assert_eq!(
        warehouse.audit().facts["stock"]["a|main"],
        json!({
            "on_hand": 8, "available": 6, "reserved": -1, "allocated": 0, "quarantine": 0,
            "sold": 0, "lost": 0, "returned": 0, "written_off": 0,
        })
    );
}

#[test]
fn the_service_handles_what_the_topology_gives_it() {
    let service = inventory::service(inventory::Config::default());
    let mut names: Vec<&str> = service.handled_events().to_vec();
    names.sort_unstable();
    let expected = [
        "shop.banyan.order.cancelled.v1",
        "shop.banyan.order.confirmed.v1",
        "shop.banyan.order.placed.v1",
        "shop.banyan.order.placed.v2",
        "shop.banyan.return.received.v1",
        "shop.banyan.shipment.dispatched.v1",
        "shop.banyan.shipment.failed.v1",
    ];
    assert_eq!(names, expected);
}
