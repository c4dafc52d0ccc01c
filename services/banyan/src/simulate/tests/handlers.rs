//! Every handler of every service, by one table, with the frozen examples of the wire.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};
use testkit::table::{Before, Example, Make, Subject, prove};
use testkit::{Ask, Life};

use super::super::peer::Peers;
use crate::wiring::{self, Options};

/// A frozen example by the name of its event, v1 if nothing is said; orders come from another application, so that every
/// service takes them.
fn frozen(name: &str) -> Bytes {
    let file = if name.ends_with(".v2") { format!("{name}.json") } else { format!("{name}.v1.json") };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contracts/examples").join(file);
    let mut event: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    if name.starts_with("order.placed") {
        event["source"] = json!("/legacy/shop");
    }
    serde_json::to_vec(&event).unwrap().into()
}

fn after(before: &[&str], event: &str) -> Example {
    let before = before.iter().map(|name| Before::Message(frozen(name))).collect();
    Example { before, event: frozen(event) }
}

fn subject(name: &'static str) -> Subject {
    let make: Make = Arc::new(move |life: &Life| {
        let mut all = wiring::services(Peers::new(0).reach(life), Options::default());
        all.remove(all.iter().position(|service| service.name() == name).unwrap())
    });
    Subject { name, wiring: wiring::wiring(), make }
}

#[test]
fn every_handler_of_orders_stands_the_table() {
    let confirmed = ["order.placed", "stock.reserved", "payment.authorized"];
    let then = |more: &[&str], event: &str| after(&[&confirmed[..], more].concat(), event);
    let examples = [
        after(&[], "order.placed"),
        after(&[], "order.placed.v2"),
        after(&["order.placed"], "stock.reserved"),
        after(&["order.placed"], "stock.rejected"),
        after(&["order.placed", "stock.reserved"], "stock.short"),
        then(&[], "stock.short"),
        after(&["order.placed", "stock.reserved"], "payment.authorized"),
        after(&["order.placed", "stock.reserved"], "payment.declined"),
        after(&["order.placed", "stock.reserved"], "payment.action-required"),
        after(&["order.placed", "payment.action-required"], "payment.action-completed"),
        then(&[], "payment.voided"),
        then(&[], "payment.authorization-expired"),
        then(&["shipment.ready"], "payment.capture-failed"),
        then(&["shipment.ready"], "payment.captured"),
        then(&["payment.captured"], "payment.disputed"),
        then(&["payment.captured", "shipment.delivered", "return.received"], "payment.refunded"),
        then(&[], "shipment.created"),
        then(&["shipment.created"], "shipment.ready"),
        then(&["stock.short"], "shipment.stopped"),
        then(&["stock.short"], "shipment.stop-refused"),
        then(&["shipment.ready", "payment.captured"], "shipment.dispatched"),
        then(&["payment.captured", "shipment.dispatched"], "shipment.delivered"),
        then(&["payment.captured", "shipment.dispatched"], "shipment.failed"),
        then(&["payment.captured", "shipment.dispatched", "shipment.delivered"], "return.received"),
        then(&[], "notification.sent"),
        then(&[], "notification.failed"),
    ];
    assert_eq!(prove(&subject("orders"), &examples), Vec::<String>::new());
}

#[test]
fn every_handler_of_inventory_stands_the_table() {
    let skus = ["85123A", "71053", "84406B"];
    let stock = |sku: &str| json!({ "sku": sku, "location": "main", "delta": 50, "reason": "opening" });
    let ask = Ask {
        service: "inventory",
        method: "POST",
        path: "/stock/adjust".to_owned(),
        key: Some("opening".to_owned()),
        body: json!({ "adjustments": skus.map(stock) }).to_string().into(),
        ..Ask::default()
    };
    let stocked = |before: &[&str], event: &str| {
        let mut example = after(before, event);
        example.before.insert(0, Before::Ask(ask.clone()));
        example
    };
    let examples = [
        stocked(&[], "order.placed"),
        stocked(&[], "order.placed.v2"),
        after(&[], "order.placed"),
        stocked(&["order.placed"], "order.confirmed"),
        stocked(&["order.placed"], "order.cancelled"),
        stocked(&[], "order.cancelled"),
        stocked(&["order.placed", "order.confirmed"], "shipment.dispatched"),
        stocked(&["order.placed", "order.confirmed"], "shipment.failed"),
        stocked(&["order.placed", "order.confirmed", "shipment.dispatched"], "shipment.failed"),
        after(&[], "return.received"),
    ];
    assert_eq!(prove(&subject("inventory"), &examples), Vec::<String>::new());
}

#[test]
fn every_handler_of_payment_stands_the_table() {
    let examples = [
        after(&[], "order.placed"),
        after(&[], "order.placed.v2"),
        after(&["stock.reserved"], "order.placed"),
        after(&["order.placed"], "stock.reserved"),
        after(&["order.placed", "stock.reserved"], "order.cancelled"),
        after(&[], "order.cancelled"),
        after(&["order.placed", "stock.reserved"], "shipment.ready"),
        after(&[], "shipment.ready"),
        after(&["order.placed", "stock.reserved", "shipment.ready"], "order.refund-due"),
        after(&["order.placed", "stock.reserved", "shipment.ready"], "order.cancelled"),
    ];
    assert_eq!(prove(&subject("payment"), &examples), Vec::<String>::new());
}

#[test]
fn a_handler_without_an_example_is_named() {
    let wrong = prove(&subject("payment"), &[after(&[], "order.placed"), after(&[], "order.placed.v2")]);
    assert_eq!(
        wrong,
        [
            "shop.banyan.order.cancelled.v1: there is no example; add one to the list of this test",
            "shop.banyan.order.refund-due.v1: there is no example; add one to the list of this test",
            "shop.banyan.shipment.ready.v1: there is no example; add one to the list of this test",
            "shop.banyan.stock.reserved.v1: there is no example; add one to the list of this test"
        ]
    );
}
