//! Transfers between locations, and decisions on what came back.

use std::collections::BTreeSet;

use contracts::events::stock::StockLevelChanged;
use serde_json::{Value, json};

use crate::events::placed;
use crate::journeys::came_back;
use crate::support::Warehouse;

fn transfer(lines: &[(&str, u32)]) -> Value {
    let lines: Vec<Value> =
        lines.iter().map(|(sku, quantity)| json!({ "sku": sku, "quantity": quantity })).collect();
    json!({ "from": "main", "to": "east", "lines": lines, "reason": "closer" })
}

fn decision(quantity: u32, decision: &str) -> Value {
    json!({ "location": "main", "quantity": quantity, "decision": decision, "reason": "looked at" })
}

/// `on_hand available` of a SKU at each of its locations.
fn at(warehouse: &Warehouse, sku: &str) -> Vec<(String, i64, i64)> {
    let body = warehouse.get(&format!("/stock/{sku}")).body;
    let at = |at: &Value| {
        let location = at["location"].as_str().unwrap().to_owned();
        (location, at["on_hand"].as_i64().unwrap(), at["available"].as_i64().unwrap())
    };
    body["locations"].as_array().unwrap().iter().map(at).collect()
}

#[test]
fn a_transfer_moves_what_is_available_once() {
    let warehouse = Warehouse::stocked(&[("a@main", 10), ("b@main", 3)]);
    let body = transfer(&[("a", 4), ("b", 1), ("a", 2)]);
    let first = warehouse.post("/stock/transfers", "k", &body);
    let again = warehouse.post("/stock/transfers", "k", &body);
    assert_eq!((first.status, &first.body), (200, &again.body));
    assert_eq!(first.body["lines"], json!([{ "sku": "a", "quantity": 6 }, { "sku": "b", "quantity": 1 }]));
    assert_eq!(at(&warehouse, "a"), [("main".to_owned(), 4, 4), ("east".to_owned(), 6, 6)]);
    warehouse.tell("p", "o-1", &placed("o-1", &[("a", 5)], None));
    assert_eq!(at(&warehouse, "a"), [("main".to_owned(), 4, 4), ("east".to_owned(), 6, 1)]);
    let told = warehouse.heard_of::<StockLevelChanged>();
    let told: BTreeSet<(&str, &str)> =
        told.iter().map(|told| (told.sku.as_str(), told.location.as_str())).collect();
    assert_eq!(told, BTreeSet::from([("a", "east"), ("a", "main"), ("b", "east"), ("b", "main")]));
    assert_eq!(warehouse.audit().violations, [""; 0]);
}

#[test]
fn a_transfer_moves_all_lines_or_none_and_nothing_that_is_promised() {
    let warehouse = Warehouse::stocked(&[("a@main", 10), ("b@main", 3)]);
    warehouse.tell("p", "o-1", &placed("o-1", &[("a", 5)], None));
    let refused = |key: &str, body: &Value| {
        let (status, slug, errors) = warehouse.post("/stock/transfers", key, body).problem();
        (status, slug, errors.into_iter().map(|(pointer, message)| format!("{pointer} {message}")).collect())
    };
    assert_eq!(
        refused("k1", &transfer(&[("a", 6), ("b", 1)])),
        (409, "insufficient-stock".to_owned(), vec!["/lines a: 6 wanted, 5 available".to_owned()])
    );
    assert_eq!(
        refused("k2", &transfer(&[("a", 1), ("zzz", 1)])),
        (422, "unknown-sku".to_owned(), vec!["/lines not known: zzz".to_owned()])
    );
    let here = json!({ "from": "main", "to": "main", "lines": [] });
    assert_eq!(
        refused("k3", &here),
        (
            422,
            "invalid-transfer".to_owned(),
            vec![
                "/to must be another location".to_owned(),
                "/lines must have 1 to 40 elements, has 0".to_owned(),
                "/reason is missing".to_owned()
            ]
        )
    );
    assert_eq!(at(&warehouse, "a"), [("main".to_owned(), 10, 5)]);
}

#[test]
fn the_largest_transfer_fits_into_one_unit_of_work_and_what_does_not_is_refused() {
    let places: Vec<String> = (0..40).map(|n| format!("s{n:02}@main")).collect();
    let stock: Vec<(&str, i64)> = places.iter().map(|place| (place.as_str(), 9)).collect();
    let warehouse = Warehouse::stocked(&stock);
    let lines: Vec<(&str, u32)> = places.iter().map(|place| (place.split_once('@').unwrap().0, 2)).collect();
    let all_new = warehouse.post("/stock/transfers", "k1", &transfer(&lines));
    assert_eq!(all_new.problem().1, "too-many-new-places");
    for (key, part) in [("k2", &lines[18..]), ("k3", &lines[..])] {
        let reply = warehouse.post("/stock/transfers", key, &transfer(part));
        assert_eq!(reply.status, 200, "{reply:?}");
    }
    assert_eq!(at(&warehouse, "s00"), [("main".to_owned(), 7, 7), ("east".to_owned(), 2, 2)]);
    assert_eq!(at(&warehouse, "s39"), [("main".to_owned(), 5, 5), ("east".to_owned(), 4, 4)]);
    assert_eq!(warehouse.audit().violations, [""; 0]);
}

#[test]
fn what_came_back_damaged_is_restocked_or_written_off() {
    let warehouse = Warehouse::stocked(&[("a@main", 1)]);
    warehouse.tell("r", "o-1", &came_back("r-1", "main", &[("a", 5, "damaged")]));
    let reply = warehouse.post("/stock/a/quarantine", "k1", &decision(2, "restock"));
    assert_eq!((reply.status, &reply.body["decision"]), (200, &json!("restock")));
    assert_eq!(warehouse.post("/stock/a/quarantine", "k1", &decision(2, "restock")).body, reply.body);
    assert_eq!(warehouse.post("/stock/a/quarantine", "k2", &decision(2, "write_off")).status, 200);
    assert_eq!(warehouse.levels("a"), [4, 3, 0, 0]);
    let (status, slug, errors) =
        warehouse.post("/stock/a/quarantine", "k3", &decision(2, "write_off")).problem();
    let expected = ("/quantity".to_owned(), "1 of a at main in quarantine".to_owned());
    assert_eq!((status, &*slug, errors), (409, "not-in-quarantine", vec![expected]));
    let (_, slug, errors) = warehouse.post("/stock/a/quarantine", "k4", &decision(0, "burn")).problem();
    let pointers: Vec<&str> = errors.iter().map(|(pointer, _)| pointer.as_str()).collect();
    assert_eq!((&*slug, pointers), ("invalid-decision", vec!["/quantity", "/decision"]));
    let audit = warehouse.audit();
    assert_eq!(audit.violations, [""; 0]);
    let stock = &audit.facts["stock"]["a|main"];
    assert_eq!((&stock["returned"], &stock["written_off"]), (&json!(5), &json!(2)));
}

#[test]
fn a_correction_leaves_what_waits_for_a_decision_alone() {
    let warehouse = Warehouse::stocked(&[("a@main", 1)]);
    warehouse.tell("r", "o-1", &came_back("r-1", "main", &[("a", 5, "damaged")]));
    let body = json!({ "location": "main", "delta": -2, "reason": "counted", "take_promised": true });
    let (status, slug, errors) = warehouse.post("/stock/a/adjust", "k", &body).problem();
    let expected = ("/delta".to_owned(), "1 of a at main on hand besides 5 in quarantine".to_owned());
    assert_eq!((status, &*slug, errors), (409, "stock-quarantined", vec![expected]));
}
