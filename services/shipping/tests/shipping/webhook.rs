//! What the carrier tells of its own accord meets what it is asked.

use std::time::Duration;

use contracts::events::shipment::ShipmentTracked;
use runtime::signature::sign;

use crate::support::{Refused as _, Shop, captured, confirmed, returning, secret};

fn underway() -> Shop {
    let shop = Shop::new();
    shop.tell("c", "o-1", &confirmed("o-1", ""));
    shop.publish("p", "o-1", &captured("o-1"));
    shop.wait(Duration::from_secs(12));
    shop
}

#[test]
fn scans_that_are_told_late_twice_and_out_of_order_come_to_the_same_end() {
    let shop = underway();
    let webhooks = shop.road.webhooks();
    assert!(!webhooks.is_empty());
    for _ in 0..2 {
        for body in webhooks.iter().rev() {
            let reply = shop.webhook(body, &sign(&secret(), body));
            assert_eq!((reply.status, &reply.body["unknown_parcels"]), (202, &serde_json::json!(0)));
        }
    }
    let mut told = shop.told();
    told.sort();
    assert_eq!(told, ["shipment.created", "shipment.delivered", "shipment.dispatched", "shipment.ready"]);
    shop.wait(Duration::from_secs(600));
    assert_eq!(shop.heard_of::<ShipmentTracked>(), [], "who is asked says what was told before");
    assert_eq!(shop.get("/shipments/o-1-s1").body["tracking"].as_array().unwrap().len(), 4);
}

#[test]
fn a_return_is_told_of_as_well() {
    let shop = Shop::new();
    shop.tell("c", "o-1", &confirmed("o-1", ""));
    shop.tell("r", "o-1", &returning("o-1", "o-1-rt1"));
    shop.wait(Duration::from_secs(12));
    for body in shop.road.webhooks() {
        assert_eq!(shop.webhook(&body, &sign(&secret(), &body)).status, 202);
    }
    assert!(shop.told().contains(&"return.received".to_owned()));
}

#[test]
fn nothing_is_learnt_from_what_is_not_signed_or_no_webhook() {
    let shop = underway();
    let body = shop.road.webhooks().remove(0);
    shop.heard();
    let signature = sign(&secret(), &body);
    assert_eq!(shop.webhook(&body, "").problem(), (401, "not-signed".to_owned()));
    let mut forged = body.clone();
    forged.push(b' ');
    assert_eq!(shop.webhook(&forged, &signature).problem(), (401, "not-signed".to_owned()));
    let nonsense = b"{}";
    assert_eq!(shop.webhook(nonsense, &sign(&secret(), nonsense)).problem().1, "invalid-webhook");
    let long = vec![b' '; 100_000];
    assert_eq!(shop.webhook(&long, "").problem().1, "body-too-large");
    assert_eq!(shop.post("/carriers/other/webhooks").problem().0, 404);
    shop.settle();
    assert_eq!(shop.heard().len(), 0);
}

#[test]
fn a_parcel_that_is_not_ours_is_counted_and_makes_nothing_whatever_its_number() {
    let shop = Shop::new();
    // Its digits are also those of a card.
    let scan = r#"{"number":"SIM36000000000016GB","parcel":"shipment/none-s1","at":"2026-11-22T20:00:00Z",
        "status":"delivered","code":"delivered"}"#;
    let body = format!(r#"{{"simulated":true,"scans":[{scan}]}}"#);
    let reply = shop.webhook(body.as_bytes(), &sign(&secret(), body.as_bytes()));
    assert_eq!((reply.status, &reply.body["unknown_parcels"]), (202, &serde_json::json!(1)));
    assert_eq!(shop.get("/shipments/none-s1").status, 404);
}
