//! By events: what others say, in any order, and what `orders` decides.

use std::time::Duration;

use contracts::events::order::OrderPlaced;
use contracts::events::payment::{
    DeclineReason, PaymentActionCompleted, PaymentActionRequired, PaymentAuthorized, PaymentDeclined,
    PaymentVoided,
};
use contracts::events::stock::{RejectReason, StockLine, StockRejected, StockReserved, StockShort};
use contracts::order::PlaceOrder;
use contracts::{Currency, LocationId, OrderId, PaymentId, Quantity, Sku, Timestamp};
use serde_json::json;

use super::shop::{an_order, is, names, run};

const APP: &str = "https://shop.example/legacy";

pub(super) fn id(id: &str) -> OrderId {
    OrderId::new(id).unwrap()
}

pub(super) fn payment_of(order_id: &str) -> PaymentId {
    PaymentId::new(order_id).unwrap()
}

pub(super) fn reserved(order_id: &str, quantity: u32) -> StockReserved {
    let line = StockLine {
        sku: Sku::new("85123A").unwrap(),
        quantity: Quantity::new(quantity).unwrap(),
        location: LocationId::new("main").unwrap(),
    };
    StockReserved { order_id: id(order_id), lines: vec![line] }
}

pub(super) fn authorized(order_id: &str, amount_minor: i64) -> PaymentAuthorized {
    PaymentAuthorized {
        order_id: id(order_id),
        payment_id: payment_of(order_id),
        amount_minor,
        currency: Currency::GBP,
        provider: "sim".to_owned(),
        provider_reference: "p1".to_owned(),
        authorized_at: Timestamp::EPOCH,
        expires_at: None,
    }
}

fn declined(order_id: &str) -> PaymentDeclined {
    PaymentDeclined {
        order_id: id(order_id),
        payment_id: payment_of(order_id),
        amount_minor: 765,
        currency: Currency::GBP,
        provider: "sim".to_owned(),
        provider_reference: None,
        reason: DeclineReason::InsufficientFunds,
        provider_code: None,
        declined_at: Timestamp::EPOCH,
    }
}

fn voided(order_id: &str) -> PaymentVoided {
    PaymentVoided {
        order_id: id(order_id),
        payment_id: payment_of(order_id),
        amount_minor: 765,
        currency: Currency::GBP,
        provider: "sim".to_owned(),
        provider_reference: "p1".to_owned(),
        voided_at: Timestamp::EPOCH,
    }
}

fn foreign(order_id: &str) -> OrderPlaced {
    let asked = PlaceOrder::from_json(an_order().to_string().as_bytes()).unwrap();
    let placed = asked.check().unwrap().placed(id(order_id), "2011-12-01T08:26:00Z".parse().unwrap());
    OrderPlaced { allocation: None, ..placed }
}

#[test]
fn a_reserved_and_paid_order_is_confirmed_with_what_shipping_needs() {
    run(None, async |shop| {
        let order = shop.place("k1").await;
        shop.tell("inventory", &order, &reserved(&order, 3)).await;
        shop.tell("payment", &order, &authorized(&order, 765)).await;
        assert_eq!(shop.state(&order).await, is("confirmed", None));
        let published = shop.published().await;
        assert_eq!(published.len(), 2);
        let (name, data) = &published[1];
        assert_eq!(name, "order.confirmed");
        assert_eq!(data["stock"], json!([{ "sku": "85123A", "quantity": 3, "location": "main" }]));
        assert_eq!(data["ship_to"]["city"], "Cambridge");
        assert_eq!((&data["payment_id"], &data["total_minor"]), (&json!(order), &json!(765)));
        let shown = shop.get(&format!("/orders/{order}")).await.body;
        assert_eq!(shown["payment"]["status"], "authorized");
        assert_eq!(shown["payment"]["authorized_minor"], 765);
        shop.pass(Duration::from_secs(3600)).await;
        assert_eq!(shop.state(&order).await, is("confirmed", None), "the deadline comes too late");
        assert_eq!(names(shop).await, Vec::<String>::new());
    });
}

#[test]
fn the_timeline_tells_every_event_and_every_decision_in_order() {
    run(None, async |shop| {
        let order = shop.place("k1").await;
        shop.tell("inventory", &order, &reserved(&order, 3)).await;
        shop.tell("inventory", &order, &reserved(&order, 3)).await;
        shop.tell("payment", &order, &authorized(&order, 765)).await;
        let timeline = shop.get(&format!("/orders/{order}/timeline")).await.body;
        let entries = timeline["entries"].as_array().unwrap();
        let told: Vec<(&str, &str, &str)> = entries
            .iter()
            .map(|e| {
                (e["type"].as_str().unwrap(), e["service"].as_str().unwrap(), e["summary"].as_str().unwrap())
            })
            .collect();
        assert_eq!(
            told,
            [
                ("shop.banyan.order.placed.v2", "orders", "taken"),
                ("shop.banyan.stock.reserved.v1", "inventory", "3 pieces are reserved"),
                ("shop.banyan.payment.authorized.v1", "payment", "7.65 GBP is set aside"),
                ("shop.banyan.order.confirmed.v1", "orders", "stock and payment are arranged"),
            ]
        );
        assert!(
            entries
                .iter()
                .all(|e| e["event_id"].as_str().is_some_and(|id| id.len() == 36) && e["at"].is_string())
        );
    });
}

#[test]
fn whatever_cannot_be_cancels_with_its_reason() {
    run(None, async |shop| {
        let rejected = |order: &str, reason| StockRejected { order_id: id(order), reason, short: vec![] };
        let a = shop.place("a").await;
        shop.tell("inventory", &a, &rejected(&a, RejectReason::InsufficientStock)).await;
        assert_eq!(shop.state(&a).await, is("cancelled", Some("insufficient_stock")));
        let b = shop.place("b").await;
        shop.tell("inventory", &b, &rejected(&b, RejectReason::UnknownSku)).await;
        assert_eq!(shop.state(&b).await, is("cancelled", Some("unknown_sku")));
        let c = shop.place("c").await;
        shop.tell("payment", &c, &declined(&c)).await;
        assert_eq!(shop.state(&c).await, is("cancelled", Some("payment_declined")));
        let d = shop.place("d").await;
        let short = StockShort {
            sku: Sku::new("85123A").unwrap(),
            location: LocationId::new("main").unwrap(),
            missing: Quantity::ONE,
            order_id: Some(id(&d)),
            found_at: Timestamp::EPOCH,
        };
        shop.tell("inventory", &d, &short).await;
        assert_eq!(shop.state(&d).await, is("cancelled", Some("stock_short")));
        shop.tell("inventory", "x", &StockShort { order_id: None, ..short }).await;
        let e = shop.place("e").await;
        shop.pass(Duration::from_secs(29 * 60)).await;
        assert_eq!(shop.state(&e).await, is("placed", None));
        shop.pass(Duration::from_secs(2 * 60)).await;
        assert_eq!(shop.state(&e).await, is("cancelled", Some("deadline")));
        let cancelled = names(shop).await.iter().filter(|name| *name == "order.cancelled").count();
        assert_eq!((cancelled, shop.dead()), (5, 0));
    });
}

#[test]
fn money_that_turns_up_after_a_cancel_changes_nothing() {
    run(None, async |shop| {
        let order = shop.place("k1").await;
        shop.post(&format!("/orders/{order}/cancel"), "c1", &json!({})).await;
        shop.tell("payment", &order, &authorized(&order, 765)).await;
        assert_eq!(shop.state(&order).await, is("cancelled", Some("customer_request")));
        shop.tell("payment", &order, &voided(&order)).await;
        assert_eq!(names(shop).await, ["order.placed", "order.cancelled"]);
        let payment = &shop.get(&format!("/orders/{order}")).await.body["payment"];
        assert_eq!((&payment["status"], &payment["authorized_minor"]), (&json!("voided"), &json!(0)));
    });
}

#[test]
fn stock_or_money_for_another_order_of_the_same_id_cancels() {
    run(None, async |shop| {
        shop.tell(APP, "1", &foreign("1")).await;
        shop.tell("inventory", "1", &reserved("1", 2)).await;
        assert_eq!(shop.state("1").await, is("cancelled", Some("invalid_order")));
        shop.tell("payment", "2", &authorized("2", 764)).await;
        shop.tell(APP, "2", &foreign("2")).await;
        assert_eq!(shop.state("2").await, is("cancelled", Some("invalid_order")));
    });
}

#[test]
#[should_panic(expected = "was sound, and stock or payment were arranged for something else")]
fn a_part_of_our_own_order_that_is_called_all_is_found_by_the_audit() {
    run(None, async |shop| {
        let order = shop.place("k1").await;
        shop.tell("inventory", &order, &reserved(&order, 2)).await;
        assert_eq!(shop.state(&order).await, is("cancelled", Some("invalid_order")));
    });
}

#[test]
fn the_customers_question_is_shown_until_it_is_answered() {
    run(None, async |shop| {
        let order = shop.place("k1").await;
        let required = PaymentActionRequired {
            order_id: id(&order),
            payment_id: payment_of(&order),
            amount_minor: 765,
            currency: Currency::GBP,
            provider: "sim".to_owned(),
            provider_reference: "p1".to_owned(),
            action_url: "https://pay.example/1".to_owned(),
            required_at: Timestamp::EPOCH,
            expires_at: None,
        };
        shop.tell("payment", &order, &required).await;
        assert_eq!(shop.state(&order).await, is("action_required", None));
        let completed = PaymentActionCompleted {
            order_id: id(&order),
            payment_id: payment_of(&order),
            amount_minor: 765,
            currency: Currency::GBP,
            provider: "sim".to_owned(),
            provider_reference: "p1".to_owned(),
            completed_at: Timestamp::EPOCH,
        };
        shop.tell("payment", &order, &completed).await;
        assert_eq!(shop.state(&order).await, is("placed", None));
    });
}

#[test]
fn another_applications_order_lives_like_ours_and_is_not_published_again() {
    run(None, async |shop| {
        shop.tell(APP, "536365", &foreign("536365")).await;
        assert_eq!(shop.state("536365").await, is("placed", None));
        shop.tell("inventory", "536365", &reserved("536365", 3)).await;
        shop.tell("payment", "536365", &authorized("536365", 765)).await;
        assert_eq!(shop.state("536365").await, is("confirmed", None));
        assert_eq!(names(shop).await, ["order.confirmed"]);
        let shown = shop.get("/orders/536365").await.body;
        assert_eq!(shown["placed_at"], "2011-12-01T08:26:00.000000Z");
        shop.tell(APP, "536366", &foreign("536366")).await;
        shop.pass(Duration::from_secs(31 * 60)).await;
        assert_eq!(shop.state("536366").await, is("cancelled", Some("deadline")));
    });
}

#[test]
fn what_others_say_before_the_order_arrives_is_not_lost() {
    run(None, async |shop| {
        shop.tell("inventory", "1", &reserved("1", 3)).await;
        shop.tell("payment", "1", &authorized("1", 765)).await;
        assert_eq!(shop.get("/orders/1").await.status, 404, "nobody has said what it is");
        assert_eq!(shop.get("/orders/1/timeline").await.status, 404);
        assert_eq!(shop.post("/orders/1/cancel", "c", &json!({})).await.status, 404);
        assert_eq!(shop.audit().await.facts["heard"].len(), 1);
        shop.tell(APP, "1", &foreign("1")).await;
        assert_eq!(shop.state("1").await, is("confirmed", None));
        shop.tell("payment", "2", &declined("2")).await;
        shop.tell(APP, "2", &foreign("2")).await;
        assert_eq!(shop.state("2").await, is("cancelled", Some("payment_declined")));
        assert_eq!(names(shop).await, ["order.confirmed", "order.cancelled"]);
    });
}

#[test]
fn an_order_that_never_arrives_ends_by_its_deadline_and_stays_ended_when_it_does() {
    run(None, async |shop| {
        shop.tell("inventory", "1", &reserved("1", 3)).await;
        shop.tell("payment", "1", &authorized("1", 765)).await;
        shop.pass(Duration::from_secs(31 * 60)).await;
        let published = shop.published().await;
        assert_eq!(published.len(), 1);
        assert_eq!(published[0].0, "order.cancelled");
        assert_eq!(
            (&published[0].1["reason"], &published[0].1["total_minor"]),
            (&json!("deadline"), &json!(765))
        );
        shop.tell(APP, "1", &foreign("1")).await;
        assert_eq!(shop.state("1").await, is("cancelled", Some("deadline")));
        assert_eq!(shop.get("/orders/1").await.body["customer_id"], "c-17850");
        assert_eq!(names(shop).await, Vec::<String>::new());
    });
}

#[test]
fn an_invalid_order_of_another_application_ends_so_that_stock_and_money_come_back() {
    run(None, async |shop| {
        shop.tell("inventory", "1", &reserved("1", 3)).await;
        shop.tell(APP, "1", &OrderPlaced { total_minor: 700, ..foreign("1") }).await;
        assert_eq!(shop.state("1").await, is("cancelled", Some("invalid_order")));
        assert_eq!(names(shop).await, ["order.cancelled"]);
        let timeline = shop.get("/orders/1/timeline").await.body;
        let summary = timeline["entries"][1]["summary"].as_str().unwrap();
        assert_eq!(summary, "refused: /total_minor lines and shipping add up to 765, not 700");
        assert_eq!(shop.dead(), 0);
        shop.tell(APP, "1", &foreign("1")).await;
        assert_eq!((shop.dead(), shop.state("1").await), (1, is("cancelled", Some("invalid_order"))));
    });
}

#[test]
fn a_card_number_in_another_applications_order_ends_it_and_is_kept_nowhere() {
    run(None, async |shop| {
        let mut order = foreign("1");
        order.customer.name = "4111 1111 1111 1111".to_owned();
        shop.tell(APP, "1", &order).await;
        assert_eq!(shop.state("1").await, is("cancelled", Some("invalid_order")));
        order.order_id = id("4111111111111111");
        shop.tell(APP, "4111111111111111", &order).await;
        assert_eq!(shop.get("/orders/4111111111111111").await.status, 404);
        let published = shop.published().await;
        assert_eq!(published.len(), 1);
        assert_eq!((&published[0].1["customer_id"], shop.dead()), (&json!("unknown"), 0));
        let kept = [
            shop.get("/orders/1").await.body,
            shop.get("/orders/1/timeline").await.body,
            published[0].1.clone(),
        ];
        for text in kept.map(|kept| kept.to_string()) {
            assert!(!text.contains("1111") && !text.contains("17850"), "{text}");
        }
        assert!(shop.audit().await.facts.values().all(|facts| !json!(facts).to_string().contains("1111")));
    });
}

#[test]
fn an_id_that_is_taken_is_a_dead_letter_and_the_same_order_again_is_not() {
    run(None, async |shop| {
        shop.tell(APP, "1", &foreign("1")).await;
        shop.tell_as(APP, "1", "sent again", &foreign("1")).await;
        shop.settle().await;
        assert_eq!(shop.dead(), 0);
        let other = OrderPlaced { customer_id: "c-1".parse().unwrap(), ..foreign("1") };
        shop.tell_as(APP, "1", "another", &other).await;
        shop.settle().await;
        assert_eq!(shop.dead(), 1);
        let mut carded = other.clone();
        carded.customer.name = "4111111111111111".to_owned();
        shop.tell_as(APP, "1", "with a card", &carded).await;
        shop.settle().await;
        assert_eq!(
            (shop.dead(), shop.state("1").await),
            (1, is("placed", None)),
            "a dead letter would keep the card"
        );
        shop.tell("orders", "2", &foreign("2")).await;
        assert_eq!(shop.get("/orders/2").await.status, 404, "what claims to be ours says nothing new");
    });
}
