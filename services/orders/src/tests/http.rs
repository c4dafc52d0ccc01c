//! Over HTTP: what is taken, what is refused, what is answered.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use super::shop::{an_order, run};
use crate::http::MAX_BODY_BYTES;

const CARD: &str = "4111 1111 1111 1111";

#[test]
fn an_order_is_taken_with_its_location_and_published_once_with_its_shares() {
    run(None, async |shop| {
        let placed = shop.post("/orders", "k1", &an_order()).await;
        assert_eq!(placed.status, 201);
        let id = placed.body["order_id"].as_str().unwrap();
        assert_eq!(placed.headers["location"], format!("/orders/{id}"));
        assert_eq!(placed.headers["idempotency-key"], "k1");
        let mut expected =
            json!({ "order_id": id, "status": "placed", "currency": "GBP", "total_minor": 765 });
        expected["placed_at"] = placed.body["placed_at"].clone();
        assert_eq!(placed.body, expected);
        let published = shop.published().await;
        assert_eq!(published.len(), 1);
        let (name, data) = &published[0];
        assert_eq!(name, "order.placed");
        assert_eq!(
            data["allocation"],
            json!([{
                "sku": "85123A", "goods_minor": 765, "discount_minor": 0, "tax_minor": 0, "fee_minor": 0
            }])
        );
        assert_eq!(data["payment_method"]["token"], "tok_ok");
        assert_eq!(
            shop.get(&format!("/orders/{id}/timeline")).await.body["entries"].as_array().unwrap().len(),
            1
        );
    });
}

#[test]
fn the_same_request_again_gets_the_same_answer_and_makes_no_second_order() {
    run(None, async |shop| {
        let first = shop.post("/orders", "k1", &an_order()).await;
        let again = shop.post("/orders", "k1", &an_order()).await;
        assert_eq!((first.status, &first.body), (again.status, &again.body));
        assert_eq!(again.headers["idempotency-replayed"], "true");
        assert_eq!(shop.published().await.len(), 1);
        let mut other = an_order();
        other["shipping_fee_minor"] = json!(100);
        let reused = shop.post("/orders", "k1", &other).await;
        assert_eq!((reused.status, reused.slug()), (422, "idempotency-key-reused"));
    });
}

#[test]
fn equal_skus_are_summed_and_a_total_that_adds_up_is_taken() {
    run(None, async |shop| {
        let mut order = an_order();
        let line = order["lines"][0].clone();
        order["lines"] = json!([line, line]);
        order["shipping_fee_minor"] = json!(35);
        order["total_minor"] = json!(1565);
        let placed = shop.post("/orders", "k1", &order).await;
        assert_eq!((placed.status, &placed.body["total_minor"]), (201, &json!(1565)));
        let shown = shop.get(placed.headers["location"].to_str().unwrap()).await.body;
        assert_eq!(shown["lines"], json!([{ "sku": "85123A", "quantity": 6, "unit_price_minor": 255 }]));
    });
}

#[test]
fn a_new_order_is_shown_in_the_agreed_shape() {
    run(None, async |shop| {
        let id = shop.place("k1").await;
        let shown = shop.get(&format!("/orders/{id}")).await;
        let (placed_at, updated_at) = (shown.body["placed_at"].clone(), shown.body["updated_at"].clone());
        assert_eq!(shown.status, 200);
        assert_eq!(
            shown.body,
            json!({
                "order_id": id, "customer_id": "c-17850", "status": "placed", "currency": "GBP", "total_minor": 765,
                "lines": [{ "sku": "85123A", "quantity": 3, "unit_price_minor": 255 }],
                "payment": { "status": "pending", "authorized_minor": 0, "captured_minor": 0, "refunded_minor": 0 },
                "shipments": [], "returns": [], "cancel_reason": null, "placed_at": placed_at, "updated_at": updated_at,
            })
        );
    });
}

/// How an order is spoiled, and what is then answered: slug and pointers.
type Spoiled = (fn(&mut Value), &'static str, &'static [&'static str]);

#[test]
fn orders_that_cannot_be_taken_say_everything_that_is_wrong_and_leave_nothing_behind() {
    let cases: &[Spoiled] = &[
        (|o| o["currency"] = json!("XXX"), "unknown-currency", &["/currency"]),
        (|o| o["lines"][0]["quantity"] = json!(0), "invalid-order", &["/lines/0/quantity"]),
        (|o| o["lines"][0]["quantity"] = json!(100_001), "invalid-order", &["/lines/0/quantity"]),
        (|o| o["lines"] = json!([]), "invalid-order", &["/lines"]),
        (|o| o["lines"] = lines(81), "invalid-order", &["/lines"]),
        (|o| o["total_minor"] = json!(764), "invalid-order", &["/total_minor"]),
        (|o| o["customer_id"] = json!(7), "invalid-order", &[""]),
        (
            |o| {
                o["currency"] = json!("gbp");
                o["customer_id"] = json!("");
            },
            "invalid-order",
            &["/customer_id", "/currency"],
        ),
        (|o| o["ship_to"]["line1"] = json!(CARD), "card-number-refused", &["/ship_to/line1"]),
        (
            |o| o["payment_method"]["token"] = json!("4111111111111111"),
            "card-number-refused",
            &["/payment_method/token"],
        ),
        (
            |o| o["shipping_fee_minor"] = json!(4_111_111_111_111_111i64),
            "card-number-refused",
            &["/shipping_fee_minor"],
        ),
        (|o| o["unknown"] = json!({ "deep": [CARD] }), "card-number-refused", &["/unknown/deep/0"]),
        (|o| o["lines"] = json!(CARD), "card-number-refused", &["/lines"]),
    ];
    run(None, async |shop| {
        for (n, (spoil, slug, pointers)) in cases.iter().enumerate() {
            let mut order = an_order();
            spoil(&mut order);
            let refused = shop.post("/orders", &format!("k{n}"), &order).await;
            assert_eq!((refused.status, refused.slug()), (422, *slug), "{}", refused.body);
            assert_eq!(refused.pointers(), *pointers, "{}", refused.body);
            assert_eq!(refused.body["instance"], "/orders");
            assert!(!refused.body.to_string().contains("1111"), "{}", refused.body);
            let corrected = shop.post("/orders", &format!("k{n}"), &an_order()).await;
            assert_eq!(corrected.status, 201, "a refusal does not use its key up");
        }
        assert_eq!(shop.published().await.len(), cases.len());
    });
}

#[test]
fn a_sku_may_look_like_a_card_and_80_distinct_skus_are_taken() {
    run(None, async |shop| {
        let mut order = an_order();
        order["lines"][0]["sku"] = json!("4111111111111111");
        assert_eq!(shop.post("/orders", "k1", &order).await.status, 201);
        order["lines"] = lines(80);
        assert_eq!(shop.post("/orders", "k2", &order).await.status, 201);
    });
}

fn lines(count: usize) -> Value {
    (0..count).map(|n| json!({ "sku": format!("S{n}"), "quantity": 1, "unit_price_minor": 1 })).collect()
}

#[test]
fn bodies_that_are_not_json_are_refused_by_status() {
    run(None, async |shop| {
        let request = |media: Option<&str>, body: Vec<u8>| {
            let builder = Request::post("/orders");
            let builder = media.into_iter().fold(builder, |b, media| b.header("content-type", media));
            builder.body(Body::from(body)).unwrap()
        };
        let json = Some("application/json; charset=utf-8");
        for (request, status, slug) in [
            (request(json, b"{\"lines\":".to_vec()), 400, "malformed-json"),
            (request(json, b"\xff\xfe".to_vec()), 400, "malformed-json"),
            (request(json, vec![]), 400, "malformed-json"),
            (request(json, vec![b' '; MAX_BODY_BYTES + 1]), 413, "body-too-large"),
            (request(Some("text/plain"), an_order().to_string().into()), 415, "unsupported-media-type"),
            (request(None, an_order().to_string().into()), 415, "unsupported-media-type"),
        ] {
            let refused = shop.send(request).await;
            assert_eq!((refused.status, refused.slug()), (status, slug));
        }
        assert_eq!(shop.published().await.len(), 0);
    });
}

#[test]
fn a_key_that_is_too_long_or_a_card_number_is_refused() {
    run(None, async |shop| {
        let long = shop.post("/orders", &"k".repeat(256), &an_order()).await;
        assert_eq!((long.status, long.slug()), (400, "invalid-idempotency-key"));
        let card = shop.post("/orders", "4111111111111111", &an_order()).await;
        assert_eq!((card.status, card.slug()), (422, "card-number-refused"));
    });
}

#[test]
fn what_is_not_there_is_not_found() {
    run(None, async |shop| {
        for path in ["/orders/nope", "/orders/nope/timeline", "/orders/not%20an%20id"] {
            let missing = shop.get(path).await;
            assert_eq!((missing.status, missing.slug()), (404, "not-found"), "{path}");
        }
        let missing = shop.post("/orders/nope/cancel", "k1", &json!({})).await;
        assert_eq!((missing.status, missing.slug()), (404, "not-found"));
    });
}
