//! From confirmed to the end, by events.

use std::time::Duration;

use contracts::events::payment::{CaptureFailure, PaymentCaptureFailed, PaymentCaptured};
use contracts::events::shipment::{
    FailedStage, ShipmentDelivered, ShipmentDispatched, ShipmentFailed, ShipmentReady, ShipmentStopRefused,
    ShipmentStopped, StopRefusal,
};
use contracts::order::LineQuantity;
use contracts::{Currency, Quantity, ShipmentId, Sku, Timestamp};
use serde_json::{Value, json};

use super::bus::{authorized, id, payment_of, reserved};
use super::shop::{Shop, is, names, run};

fn parcel(order_id: &str) -> ShipmentId {
    ShipmentId::new(format!("{order_id}-s1")).unwrap()
}

fn lines() -> Vec<LineQuantity> {
    vec![LineQuantity { sku: Sku::new("85123A").unwrap(), quantity: Quantity::new(3).unwrap() }]
}

pub(super) fn ready(order_id: &str) -> ShipmentReady {
    ShipmentReady {
        order_id: id(order_id),
        shipment_id: parcel(order_id),
        carrier: "sim".to_owned(),
        tracking_number: "T1".to_owned(),
        lines: lines(),
        ready_at: Timestamp::EPOCH,
    }
}

pub(super) fn captured(order_id: &str) -> PaymentCaptured {
    PaymentCaptured {
        order_id: id(order_id),
        payment_id: payment_of(order_id),
        amount_minor: 765,
        currency: Currency::GBP,
        provider: "sim".to_owned(),
        provider_reference: "c1".to_owned(),
        captured_at: Timestamp::EPOCH,
    }
}

pub(super) fn dispatched(order_id: &str) -> ShipmentDispatched {
    ShipmentDispatched {
        order_id: id(order_id),
        shipment_id: parcel(order_id),
        carrier: "sim".to_owned(),
        tracking_number: "T1".to_owned(),
        tracking_url: None,
        lines: lines(),
        dispatched_at: Timestamp::EPOCH,
    }
}

pub(super) fn delivered(order_id: &str) -> ShipmentDelivered {
    let (order_id, shipment_id) = (id(order_id), parcel(order_id));
    ShipmentDelivered { order_id, shipment_id, delivered_at: Timestamp::EPOCH }
}

pub(super) fn stopped(order_id: &str) -> ShipmentStopped {
    ShipmentStopped { order_id: id(order_id), shipment_id: None, stopped_at: Timestamp::EPOCH }
}

pub(super) fn refused(order_id: &str) -> ShipmentStopRefused {
    ShipmentStopRefused {
        order_id: id(order_id),
        shipment_id: parcel(order_id),
        reason: StopRefusal::AlreadyDispatched,
        refused_at: Timestamp::EPOCH,
    }
}

pub(super) fn failed(order_id: &str, stage: FailedStage) -> ShipmentFailed {
    ShipmentFailed {
        order_id: id(order_id),
        shipment_id: Some(parcel(order_id)),
        stage,
        carrier_code: None,
        lines: lines(),
        failed_at: Timestamp::EPOCH,
    }
}

/// A confirmed order.
pub(super) async fn confirmed(shop: &Shop, key: &str) -> String {
    let order = shop.place(key).await;
    shop.tell("inventory", &order, &reserved(&order, 3)).await;
    shop.tell("payment", &order, &authorized(&order, 765)).await;
    order
}

/// An order that was confirmed, packed, paid for, sent and delivered.
pub(super) async fn completed(shop: &Shop, key: &str) -> String {
    let order = confirmed(shop, key).await;
    shop.tell("shipping", &order, &ready(&order)).await;
    shop.tell("payment", &order, &captured(&order)).await;
    shop.tell("shipping", &order, &dispatched(&order)).await;
    shop.tell("shipping", &order, &delivered(&order)).await;
    order
}

async fn shown(shop: &Shop, order: &str) -> Value {
    shop.get(&format!("/orders/{order}")).await.body
}

#[test]
fn an_order_goes_from_confirmed_to_completed_and_shows_its_parcel_and_its_money() {
    run(None, async |shop| {
        let order = completed(shop, "k1").await;
        let seen = shown(shop, &order).await;
        assert_eq!(seen["status"], "completed");
        let parcel =
            json!({ "shipment_id": format!("{order}-s1"), "status": "delivered", "tracking_number": "T1" });
        assert_eq!(seen["shipments"], json!([parcel]));
        let payment = json!({ "status": "captured", "authorized_minor": 765, "captured_minor": 765, "refunded_minor": 0 });
        assert_eq!(seen["payment"], payment);
        assert_eq!(names(shop).await, ["order.placed", "order.confirmed", "order.completed"]);
        let facts = shop.audit().await.facts["orders"][&order].clone();
        assert_eq!((&facts["shipped"], &facts["was_confirmed"]), (&json!(true), &json!(true)));
        assert_eq!(facts.get("waiting_for"), None);
        shop.pass(Duration::from_secs(50 * 3600)).await;
        assert_eq!((names(shop).await, shop.dead()), (Vec::<String>::new(), 0), "no watch barks");
    });
}

#[test]
fn what_arrives_in_the_wrong_order_leads_to_the_same_end() {
    run(None, async |shop| {
        let order = confirmed(shop, "k1").await;
        shop.tell("shipping", &order, &delivered(&order)).await;
        assert_eq!(shop.state(&order).await, is("delivered", None));
        shop.tell("shipping", &order, &dispatched(&order)).await;
        shop.tell("shipping", &order, &ready(&order)).await;
        assert_eq!(shop.state(&order).await, is("delivered", None));
        shop.tell("payment", &order, &captured(&order)).await;
        assert_eq!(shop.state(&order).await, is("completed", None));
        assert_eq!(names(shop).await, ["order.placed", "order.confirmed", "order.completed"]);
    });
}

#[test]
fn money_that_cannot_be_taken_costs_a_cancel() {
    run(None, async |shop| {
        let order = confirmed(shop, "k1").await;
        let failed = PaymentCaptureFailed {
            order_id: id(&order),
            payment_id: payment_of(&order),
            amount_minor: 765,
            currency: Currency::GBP,
            provider: "sim".to_owned(),
            provider_reference: None,
            reason: CaptureFailure::Declined,
            provider_code: None,
            failed_at: Timestamp::EPOCH,
        };
        shop.tell("payment", &order, &failed).await;
        assert_eq!(shop.state(&order).await, is("cancelling", Some("capture_failed")));
        shop.tell("shipping", &order, &stopped(&order)).await;
        assert_eq!(shop.state(&order).await, is("cancelled", Some("capture_failed")));
        let wanted = ["order.placed", "order.confirmed", "order.cancel-requested", "order.cancelled"];
        assert_eq!(names(shop).await, wanted);
    });
}

#[test]
fn a_lost_parcel_cancels_and_refunds_in_one_go() {
    run(None, async |shop| {
        let order = confirmed(shop, "k1").await;
        shop.tell("payment", &order, &captured(&order)).await;
        shop.tell("shipping", &order, &dispatched(&order)).await;
        names(shop).await;
        shop.tell("shipping", &order, &failed(&order, FailedStage::Lost)).await;
        assert_eq!(shop.state(&order).await, is("cancelled", Some("undelivered")));
        let published = shop.published().await;
        assert_eq!(published.len(), 2, "{published:?}");
        let refund = &published.iter().find(|(name, _)| name == "order.refund-due").unwrap().1;
        assert_eq!((&refund["amount_minor"], &refund["reason"]), (&json!(765), &json!("lost")));
        assert_eq!(refund["refund_id"], format!("{order}-undelivered"));
    });
}

#[test]
fn money_that_was_taken_for_a_cancelled_order_is_given_back() {
    run(None, async |shop| {
        let order = confirmed(shop, "k1").await;
        shop.post(&format!("/orders/{order}/cancel"), "c1", &json!({})).await;
        shop.tell("shipping", &order, &stopped(&order)).await;
        names(shop).await;
        shop.tell("payment", &order, &captured(&order)).await;
        let published = shop.published().await;
        assert_eq!((published.len(), published[0].0.as_str()), (1, "order.refund-due"));
        assert_eq!(published[0].1["reason"], "cancelled");
    });
}

#[test]
fn an_order_that_waits_too_long_is_an_alarm_until_it_gets_further() {
    run(None, async |shop| {
        let order = confirmed(shop, "k1").await;
        let listed = async || {
            let found = shop.get("/orders?stalled=true").await.body["orders"].clone();
            found.as_array().unwrap().iter().map(|one| one["order_id"].clone()).collect::<Vec<Value>>()
        };
        names(shop).await;
        shop.pass(Duration::from_secs(23 * 3600)).await;
        assert_eq!((names(shop).await, listed().await), (vec![], vec![]));
        shop.pass(Duration::from_secs(2 * 3600)).await;
        let published = shop.published().await;
        assert_eq!((published.len(), published[0].0.as_str()), (1, "order.stalled"));
        assert_eq!(
            (&published[0].1["waiting_for"], &published[0].1["status"]),
            (&json!("shipment.ready"), &json!("confirmed"))
        );
        assert_eq!(listed().await, [json!(order)]);
        assert_eq!(shown(shop, &order).await["stalled"]["waiting_for"], "shipment.ready");
        shop.pass(Duration::from_secs(30 * 3600)).await;
        assert_eq!(names(shop).await, Vec::<String>::new(), "once");
        shop.tell("shipping", &order, &ready(&order)).await;
        assert_eq!(listed().await, Vec::<Value>::new());
        assert_eq!(shown(shop, &order).await.get("stalled"), None);
        shop.pass(Duration::from_secs(3 * 3600)).await;
        let published = shop.published().await;
        assert_eq!((published.len(), &published[0].1["waiting_for"]), (1, &json!("payment.captured")));
    });
}

#[test]
fn the_timeline_is_a_tree_of_causes() {
    run(None, async |shop| {
        let order = confirmed(shop, "k1").await;
        let timeline = shop.get(&format!("/orders/{order}/timeline")).await.body;
        let entries = timeline["entries"].as_array().unwrap();
        let of =
            |kind: &str| entries.iter().find(|entry| entry["type"].as_str().unwrap().contains(kind)).unwrap();
        assert_eq!(of("order.confirmed")["caused_by"], of("payment.authorized")["event_id"]);
        assert_eq!(of("order.confirmed")["sequence"], 2);
        assert!(of("payment.authorized")["order_at"].is_string());
        assert_eq!(of("order.confirmed").get("attempt"), None, "at the first try");
    });
}
