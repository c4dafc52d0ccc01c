//! `POST /orders/{id}/returns`: goods that the customer sends back.

use contracts::ReturnId;
use contracts::events::payment::PaymentRefunded;
use contracts::events::returns::{Condition, ReturnReceived, ReturnedLine};
use contracts::{Currency, LocationId, Quantity, RefundId, Sku, Timestamp};
use serde_json::{Value, json};

use super::bus::{id, payment_of};
use super::journey::{completed, confirmed};
use super::shop::{names, run};

pub(super) fn received(order_id: &str, return_id: &str, quantity: u32) -> ReturnReceived {
    ReturnReceived {
        order_id: id(order_id),
        return_id: ReturnId::new(return_id).unwrap(),
        location: LocationId::new("main").unwrap(),
        lines: vec![ReturnedLine {
            sku: Sku::new("85123A").unwrap(),
            quantity: Quantity::new(quantity).unwrap(),
            condition: Condition::Damaged,
        }],
        received_at: Timestamp::EPOCH,
    }
}

fn asked(quantity: i64) -> Value {
    json!({ "lines": [{ "sku": "85123A", "quantity": quantity }], "reason": "too small" })
}

#[test]
fn goods_go_back_and_their_worth_is_given_back() {
    run(None, async |shop| {
        let order = completed(shop, "k1").await;
        names(shop).await;
        let path = format!("/orders/{order}/returns");
        let taken = shop.post(&path, "r1", &asked(2)).await;
        let return_id = taken.body["return_id"].as_str().unwrap().to_owned();
        let lines = json!([{ "sku": "85123A", "quantity": 2 }]);
        assert_eq!((taken.status, &taken.body["status"]), (202, &json!("requested")));
        assert_eq!((&taken.body["order_id"], &taken.body["lines"]), (&json!(order), &lines));
        assert_eq!(
            shop.post(&path, "r1", &asked(2)).await.body,
            taken.body,
            "the same request, the same return"
        );
        let published = shop.published().await;
        assert_eq!((published.len(), published[0].0.as_str()), (1, "return.requested"));
        assert_eq!(published[0].1["lines"], lines);
        shop.tell("shipping", &return_id, &received(&order, &return_id, 2)).await;
        let published = shop.published().await;
        assert_eq!((published.len(), published[0].0.as_str()), (1, "order.refund-due"));
        let due = &published[0].1;
        assert_eq!((&due["amount_minor"], &due["reason"]), (&json!(510), &json!("returned")));
        assert_eq!(due["refund_id"], format!("{return_id}-refund"));
        let refunded = PaymentRefunded {
            order_id: id(&order),
            payment_id: payment_of(&order),
            refund_id: RefundId::new(format!("{return_id}-refund")).unwrap(),
            amount_minor: 510,
            currency: Currency::GBP,
            refunded_total_minor: 510,
            provider: "sim".to_owned(),
            provider_reference: "p1".to_owned(),
            refunded_at: Timestamp::EPOCH,
        };
        shop.tell("payment", &order, &refunded).await;
        let shown = shop.get(&format!("/orders/{order}")).await.body;
        let one = &shown["returns"][0];
        assert_eq!((&one["status"], &one["refunded_minor"]), (&json!("refunded"), &json!(510)));
        assert_eq!(
            (&shown["status"], &shown["payment"]["refunded_minor"]),
            (&json!("completed"), &json!(510))
        );
        let facts = shop.audit().await.facts["orders"][&order].clone();
        assert_eq!(facts["returns"], json!({ return_id: "refunded" }));
        assert_eq!(
            (&facts["refund_due_minor"], &facts["refunded_lines"]),
            (&json!(510), &json!({ "85123A": 2 }))
        );
        assert_eq!(shop.dead(), 0);
    });
}

#[test]
fn what_cannot_be_sent_back_is_refused_with_the_reason_and_a_hint() {
    run(None, async |shop| {
        let early = confirmed(shop, "k1").await;
        let refused = shop.post(&format!("/orders/{early}/returns"), "r1", &asked(1)).await;
        assert_eq!((refused.status, refused.slug()), (409, "not-returnable"));
        assert!(refused.body["hint"].is_string());
        let missing = shop.post("/orders/nope/returns", "r1", &asked(1)).await;
        assert_eq!((missing.status, missing.slug()), (404, "not-found"));
        let order = completed(shop, "k2").await;
        let path = format!("/orders/{order}/returns");
        names(shop).await;
        for (body, pointer) in [
            (asked(4), "/lines/0/quantity"),
            (asked(0), "/lines/0/quantity"),
            (json!({ "lines": [] }), "/lines"),
            (json!({ "lines": [{ "sku": "Z", "quantity": 1 }] }), "/lines/0/sku"),
            (json!({ "lines": 7 }), ""),
            (json!({}), ""),
            (json!({ "lines": [{ "sku": "85123A", "quantity": 1 }], "reason": "x".repeat(257) }), "/reason"),
        ] {
            let refused = shop.post(&path, "r1", &body).await;
            assert_eq!((refused.status, refused.slug()), (422, "invalid-return"), "{}", refused.body);
            assert_eq!(refused.pointers(), [pointer], "{}", refused.body);
        }
        let card = json!({ "lines": [], "reason": "4111 1111 1111 1111" });
        assert_eq!(shop.post(&path, "r1", &card).await.slug(), "card-number-refused");
        assert_eq!(names(shop).await, Vec::<String>::new());
        assert_eq!(shop.post(&path, "r1", &asked(3)).await.status, 202);
        assert_eq!(shop.post(&path, "r2", &asked(1)).await.pointers(), ["/lines/0/quantity"]);
    });
}

#[test]
fn the_same_return_told_twice_is_refunded_once() {
    run(None, async |shop| {
        let order = completed(shop, "k1").await;
        let taken = shop.post(&format!("/orders/{order}/returns"), "r1", &asked(1)).await;
        let return_id = taken.body["return_id"].as_str().unwrap();
        names(shop).await;
        shop.tell_as("shipping", return_id, "once", &received(&order, return_id, 1)).await;
        shop.tell_as("shipping", return_id, "twice", &received(&order, return_id, 3)).await;
        assert_eq!(names(shop).await, ["order.refund-due"]);
    });
}
