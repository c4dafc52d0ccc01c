//! Goods leave, get lost, and come back.

use std::time::Duration;

use contracts::events::order::CancelReason;
use contracts::events::returns::ReturnReceived;
use contracts::events::shipment::{ShipmentDispatched, ShipmentFailed};
use contracts::events::stock::{StockLevelChanged, StockLow};
use runtime::Bug;
use serde_json::{Value, json};

use crate::events::{cancelled, cancelled_for, confirmed, placed};
use crate::support::Warehouse;

const AT: &str = "2026-11-22T20:00:00Z";

pub(crate) fn dispatched(id: &str) -> ShipmentDispatched {
    let parcel = json!({
        "order_id": id, "shipment_id": id, "carrier": "simulated", "tracking_number": "SIM1", "lines": [],
        "dispatched_at": AT,
    });
    serde_json::from_value(parcel).unwrap()
}

pub(crate) fn failed(id: &str, stage: &str) -> ShipmentFailed {
    let parcel = json!({ "order_id": id, "shipment_id": id, "stage": stage, "lines": [], "failed_at": AT });
    serde_json::from_value(parcel).unwrap()
}

/// `(sku, quantity, condition)`.
pub(crate) fn came_back(id: &str, at: &str, lines: &[(&str, u32, &str)]) -> ReturnReceived {
    let line = |(sku, quantity, condition): &(&str, u32, &str)| json!({ "sku": sku, "quantity": quantity, "condition": condition });
    let lines: Vec<Value> = lines.iter().map(line).collect();
    let came =
        json!({ "order_id": "o-1", "return_id": id, "location": at, "lines": lines, "received_at": AT });
    serde_json::from_value(came).unwrap()
}

/// An order of four of ten pieces of `a` that was confirmed.
fn promised() -> Warehouse {
    let warehouse = Warehouse::stocked(&[("a@main", 10)]);
    warehouse.tell("p", "o-1", &placed("o-1", &[("a", 4)], None));
    warehouse.tell("c", "o-1", &confirmed("o-1"));
    warehouse.heard();
    warehouse
}

/// State of the order, `on_hand available reserved allocated`, what is in quarantine.
fn found(warehouse: &Warehouse) -> (String, [i64; 4], i64) {
    let audit = warehouse.audit();
    assert_eq!(audit.violations, [""; 0]);
    let state = audit.facts["reservations"]["o-1"]["state"].as_str().unwrap().to_owned();
    let quarantine = warehouse.get("/stock/a").body["quarantine"].as_i64().unwrap();
    (state, warehouse.levels("a"), quarantine)
}

#[test]
fn what_left_is_sold_once_and_a_late_cancel_gives_nothing_back() {
    let warehouse = promised();
    for name in ["d", "d", "d-again"] {
        warehouse.tell(name, "o-1", &dispatched("o-1"));
    }
    assert_eq!(found(&warehouse), ("sold".to_owned(), [6, 6, 0, 0], 0));
    assert_eq!(warehouse.heard_of::<StockLevelChanged>().len(), 1);
    warehouse.tell("c-again", "o-1", &confirmed("o-1"));
    warehouse.tell("x", "o-1", &cancelled("o-1"));
    warehouse.tell("u", "o-1", &cancelled_for("o-1", CancelReason::Undelivered));
    assert_eq!(found(&warehouse), ("sold".to_owned(), [6, 6, 0, 0], 0));
    let stock = warehouse.audit().facts["stock"]["a|main"].clone();
    assert_eq!(
        (&stock["sold"], &stock["returned"], &stock["written_off"]),
        (&json!(4), &json!(0), &json!(0))
    );
}

#[test]
fn what_left_before_it_was_confirmed_here_is_sold_too() {
    let warehouse = Warehouse::stocked(&[("a@main", 10)]);
    warehouse.tell("d", "o-1", &dispatched("o-1"));
    warehouse.tell("p", "o-1", &placed("o-1", &[("a", 4)], None));
    warehouse.wait(Duration::from_secs(120));
    warehouse.tell("c", "o-1", &confirmed("o-1"));
    assert_eq!(found(&warehouse), ("sold".to_owned(), [6, 6, 0, 0], 0));
}

#[test]
fn lost_goods_are_sold_first_and_counts_stay() {
    let warehouse = promised();
    warehouse.tell("u", "o-1", &cancelled_for("o-1", CancelReason::Undelivered));
    assert_eq!(found(&warehouse), ("committed".to_owned(), [10, 6, 0, 4], 0));
    for name in ["f", "f-again"] {
        warehouse.tell(name, "o-1", &failed("o-1", "lost"));
    }
    warehouse.tell("d", "o-1", &dispatched("o-1"));
    assert_eq!(found(&warehouse), ("lost".to_owned(), [6, 6, 0, 0], 0));
    let stock = warehouse.audit().facts["stock"]["a|main"].clone();
    assert_eq!((&stock["sold"], &stock["lost"]), (&json!(4), &json!(4)));
}

#[test]
fn goods_that_the_carrier_brings_back_wait_in_quarantine() {
    let warehouse = promised();
    warehouse.tell("d", "o-1", &dispatched("o-1"));
    for name in ["f", "f-again"] {
        warehouse.tell(name, "o-1", &failed("o-1", "returned"));
    }
    warehouse.tell("x", "o-1", &cancelled("o-1"));
    assert_eq!(found(&warehouse), ("brought_back".to_owned(), [10, 6, 0, 0], 4));
    assert_eq!(warehouse.audit().facts["stock"]["a|main"]["returned"], 4);
}

#[test]
fn a_parcel_that_failed_before_it_left_changes_nothing_by_itself() {
    let warehouse = promised();
    warehouse.tell("f", "o-1", &failed("o-1", "before_handover"));
    assert_eq!(found(&warehouse), ("committed".to_owned(), [10, 6, 0, 4], 0));
    warehouse.tell("x", "o-1", &cancelled_for("o-1", CancelReason::ShipmentFailed));
    assert_eq!(found(&warehouse), ("released".to_owned(), [10, 10, 0, 0], 0));
}

#[test]
fn what_left_without_being_promised_is_left_to_a_person() {
    let warehouse = promised();
    warehouse.tell("x", "o-1", &cancelled("o-1"));
    warehouse.tell("d", "o-1", &dispatched("o-1"));
    warehouse.tell("f", "o-1", &failed("o-1", "teleported"));
    assert_eq!(
        warehouse.dead_letters(),
        [
            "rejected inventory/shop.banyan.shipment.dispatched.v1",
            "rejected inventory/shop.banyan.shipment.failed.v1"
        ]
    );
    assert_eq!(found(&warehouse), ("released".to_owned(), [10, 10, 0, 0], 0));
}

#[test]
fn a_return_is_booked_once_and_what_can_be_sold_is_on_sale_at_once() {
    let warehouse = promised();
    warehouse.tell("d", "o-1", &dispatched("o-1"));
    warehouse.heard();
    let came = came_back("r-1", "main", &[("a", 2, "sellable"), ("a", 1, "damaged")]);
    for name in ["r", "r", "r-again"] {
        warehouse.tell(name, "o-1", &came);
    }
    assert_eq!(found(&warehouse), ("sold".to_owned(), [9, 8, 0, 0], 1));
    let audit = warehouse.audit();
    assert_eq!(
        audit.facts["returns"]["r-1"],
        json!({ "order_id": "o-1", "location": "main", "lines": { "a": 3 } })
    );
    assert_eq!(audit.facts["stock"]["a|main"]["returned"], 3);
    let told = warehouse.heard_of::<StockLevelChanged>();
    assert_eq!(told.iter().map(|told| (told.on_hand, told.quarantine)).collect::<Vec<_>>(), [(9, 1)]);
}

#[test]
fn a_return_may_bring_anything_anywhere() {
    let warehouse = Warehouse::stocked(&[("a@main", 9)]);
    warehouse.tell("r", "o-1", &came_back("r-1", "returns", &[("a", 2, "sellable"), ("new", 1, "sellable")]));
    assert_eq!((warehouse.levels("a"), warehouse.levels("new")), ([11, 11, 0, 0], [1, 1, 0, 0]));
    warehouse.tell("p", "o-2", &placed("o-2", &[("a", 11)], None));
    assert_eq!(warehouse.levels("a"), [11, 0, 11, 0]);
    assert!(!warehouse.heard_of::<StockLow>().is_empty(), "places that returns make are watched too");
    assert_eq!(warehouse.audit().violations, [""; 0]);
}

#[test]
fn a_return_of_everything_is_booked_in_several_units_of_work() {
    let warehouse = Warehouse::new();
    let skus: Vec<String> = (0..80).map(|n| format!("s{n:02}")).collect();
    let lines: Vec<(&str, u32, &str)> = skus.iter().map(|sku| (sku.as_str(), 2, "damaged")).collect();
    for name in ["r", "r-again"] {
        warehouse.tell(name, "o-1", &came_back("r-1", "returns", &lines));
    }
    assert_eq!((warehouse.levels("s00"), warehouse.levels("s79")), ([2, 0, 0, 0], [2, 0, 0, 0]));
    assert_eq!(warehouse.audit().violations, [""; 0]);
    assert_eq!(warehouse.dead_letters(), [""; 0]);
}

#[test]
fn the_audit_sees_a_return_that_is_booked_twice() {
    let warehouse = Warehouse::with(1, Some(Bug::RestockTwice));
    warehouse.receive(&[("a@main", 10)]);
    for name in ["r", "r-again"] {
        warehouse.tell(name, "o-1", &came_back("r-1", "main", &[("a", 2, "sellable")]));
    }
    assert_eq!(
        warehouse.audit().violations,
        ["return r-1: it says that 2 of a came back, but its movements say 4 of a"]
    );
}

#[test]
fn the_audit_sees_goods_that_are_on_sale_although_they_left() {
    for ends in ["lost", "returned", ""] {
        let warehouse = Warehouse::with(1, Some(Bug::SaleReleases));
        warehouse.receive(&[("a@main", 10)]);
        warehouse.tell("p", "o-1", &placed("o-1", &[("a", 4)], None));
        warehouse.tell("c", "o-1", &confirmed("o-1"));
        warehouse.tell("d", "o-1", &dispatched("o-1"));
        if !ends.is_empty() {
            warehouse.tell("f", "o-1", &failed("o-1", ends));
        }
        assert_eq!(warehouse.audit().violations, [""; 0]);
        warehouse.tell("x", "o-1", &cancelled_for("o-1", CancelReason::Undelivered));
        let violations = warehouse.audit().violations;
        let expected = "a at main: movements sold 4, but the orders that left add up to 0";
        assert!(violations.contains(&expected.to_owned()), "{violations:?}");
    }
}
