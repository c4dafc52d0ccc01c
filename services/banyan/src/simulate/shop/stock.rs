//! What is on hand is what came and did not leave, by the people who brought it and by who carried it away.

use std::collections::BTreeMap;

use serde_json::Value;
use testkit::Settled;

use super::{Facts, facts};

/// What does not add up.
pub(super) fn wrong(known: &Facts, settled: &Settled<'_>) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut left: BTreeMap<String, i64> = BTreeMap::new();
    let mut back: BTreeMap<String, i64> = BTreeMap::new();
    for (place, stock) in facts(settled, "inventory", "stock") {
        let of = |field: &str| stock.get(field).and_then(Value::as_i64).unwrap_or(i64::MIN / 8);
        let received = known.received.get(&place).copied().unwrap_or(0);
        let there = received - of("sold") + of("returned") - of("written_off");
        if of("on_hand") != there {
            wrong.push(format!("{place}: {there} came and did not leave, {} are on hand", of("on_hand")));
        }
        for part in ["reserved", "allocated"] {
            if of(part) != 0 {
                wrong.push(format!("{place}: {} are {part} although every order has ended", of(part)));
            }
        }
        let sku = place.split('|').next().unwrap_or_default();
        *left.entry(sku.to_owned()).or_default() += of("sold");
        *back.entry(sku.to_owned()).or_default() += of("returned");
    }
    for (order_id, shipment) in facts(settled, "shipping", "shipments") {
        if shipment["handed_over"] != true {
            continue;
        }
        // What an order lost when the stock was counted again was taken off the books before it left.
        let reservation = facts(settled, "inventory", "reservations").remove(&order_id).unwrap_or_default();
        subtract(&mut left, &shipment["lines"], 1);
        subtract(&mut left, &reservation["missing"], -1);
        if shipment["state"] == "returned" {
            subtract(&mut back, &shipment["lines"], 1);
            subtract(&mut back, &reservation["missing"], -1);
        }
    }
    for came in facts(settled, "inventory", "returns").values() {
        subtract(&mut back, &came["lines"], 1);
    }
    let off = |pieces: BTreeMap<String, i64>| pieces.into_iter().filter(|(_, rest)| *rest != 0);
    wrong.extend(
        off(left).map(|(sku, rest)| format!("{sku}: {rest} more were sold than left with the carrier")),
    );
    wrong.extend(off(back).map(|(sku, rest)| format!("{sku}: {rest} more came back than was brought")));
    wrong
}

fn subtract(from: &mut BTreeMap<String, i64>, lines: &Value, times: i64) {
    for (sku, pieces) in lines.as_object().into_iter().flatten() {
        *from.entry(sku.clone()).or_default() -= times * pieces.as_i64().unwrap_or(0);
    }
}
