//! `POST /orders/{id}/cancel`: at once, by asking shipping, or too late.

use serde_json::{Value, json};

use super::journey::{confirmed, dispatched, refused, stopped};
use super::shop::{is, names, run};

const CARD: &str = "4111 1111 1111 1111";

#[test]
fn the_customer_cancels_once_and_hears_the_same_again() {
    run(None, async |shop| {
        let id = shop.place("k1").await;
        let path = format!("/orders/{id}/cancel");
        let reason = json!({ "reason": "found it cheaper" });
        let first = shop.post(&path, "c1", &reason).await;
        let cancelled = json!({ "order_id": id, "status": "cancelled", "cancel_reason": "customer_request" });
        assert_eq!((first.status, &first.body), (200, &cancelled));
        assert_eq!(shop.post(&path, "c1", &reason).await.status, 200, "the same request has the same answer");
        let again = shop.post(&path, "c2", &reason).await;
        assert_eq!((again.status, &again.body), (200, &cancelled));
        let published = shop.published().await;
        let names: Vec<&str> = published.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["order.placed", "order.cancelled"]);
        assert_eq!(published[1].1["reason"], "customer_request");
        let entries = shop.get(&format!("/orders/{id}/timeline")).await.body;
        assert_eq!(entries["entries"][1]["summary"], "customer_request: found it cheaper");
    });
}

#[test]
fn a_cancellation_that_cannot_be_understood_or_holds_a_card_is_refused() {
    run(None, async |shop| {
        let id = shop.place("k1").await;
        let path = format!("/orders/{id}/cancel");
        for (body, slug, pointer) in [
            (json!({ "reason": 7 }), "invalid-cancellation", ""),
            (json!({ "reason": "x".repeat(257) }), "invalid-cancellation", "/reason"),
            (json!({ "reason": CARD }), "card-number-refused", "/reason"),
        ] {
            let refused = shop.post(&path, "c1", &body).await;
            assert_eq!((refused.status, refused.slug(), refused.pointers()), (422, slug, vec![pointer]));
        }
        assert_eq!(shop.state(&id).await, ("placed".to_owned(), Value::Null));
    });
}

#[test]
fn a_confirmed_order_is_cancelled_once_shipping_has_stopped_its_parcel() {
    run(None, async |shop| {
        let id = confirmed(shop, "k1").await;
        let path = format!("/orders/{id}/cancel");
        let first = shop.post(&path, "c1", &json!({ "reason": "found it cheaper" })).await;
        let cancelling =
            json!({ "order_id": id, "status": "cancelling", "cancel_reason": "customer_request" });
        assert_eq!((first.status, &first.body), (202, &cancelling));
        let again = shop.post(&path, "c2", &json!({})).await;
        assert_eq!((again.status, &again.body), (202, &cancelling));
        assert_eq!(names(shop).await, ["order.placed", "order.confirmed", "order.cancel-requested"]);
        shop.tell("shipping", &id, &stopped(&id)).await;
        assert_eq!(shop.state(&id).await, is("cancelled", Some("customer_request")));
        let published = shop.published().await;
        assert_eq!((published.len(), published[0].0.as_str()), (1, "order.cancelled"));
        assert_eq!(published[0].1["was_confirmed"], true);
        assert_eq!(shop.post(&path, "c3", &json!({})).await.status, 200);
    });
}

#[test]
fn an_order_whose_parcel_cannot_be_stopped_goes_on_and_cannot_be_cancelled_again() {
    run(None, async |shop| {
        let id = confirmed(shop, "k1").await;
        let path = format!("/orders/{id}/cancel");
        assert_eq!(shop.post(&path, "c1", &json!({})).await.status, 202);
        shop.tell("shipping", &id, &refused(&id)).await;
        assert_eq!(shop.state(&id).await, is("confirmed", None));
        let late = shop.post(&path, "c2", &json!({})).await;
        assert_eq!((late.status, late.slug()), (409, "not-cancellable"));
        assert!(late.body["hint"].as_str().unwrap().contains("/returns"), "{}", late.body);
        shop.tell("shipping", &id, &dispatched(&id)).await;
        assert_eq!(shop.state(&id).await, is("dispatched", None));
        assert_eq!(shop.post(&path, "c3", &json!({})).await.status, 409);
        assert_eq!(names(shop).await, ["order.placed", "order.confirmed", "order.cancel-requested"]);
        let timeline = shop.get(&format!("/orders/{id}/timeline")).await.body;
        let said: Vec<&str> = timeline["entries"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|entry| entry["summary"].as_str())
            .collect();
        assert!(said.contains(&"shipping could not stop the parcel: the order goes on"), "{said:?}");
    });
}
