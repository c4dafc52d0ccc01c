//! The journeys of orders, each in its own words: what is done, and what shall come of it.

use anyhow::Result;
use serde_json::{Value, json};

use super::order::{End, Order, PRICE, SHELF, comes_to};
use super::report::Outcome;
use super::shop::Shop;
use super::{Args, poison, restarts};
use crate::client::{Error, Write, escaped};

macro_rules! scenarios {
    ($($name:ident = $words:literal,)*) => {
        /// One journey.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Scenario { $($name,)* }

        /// All, in the order in which they are played.
        pub(super) const ALL: &[Scenario] = &[$(Scenario::$name,)*];

        impl Scenario {
            /// What it is called.
            pub(super) fn name(self) -> &'static str {
                match self { $(Self::$name => $words,)* }
            }
        }
    };
}

scenarios! {
    Happy = "an order is completed",
    OutOfStock = "out of stock",
    Declined = "declined",
    UnknownCapture = "unknown outcome of a capture",
    CancelBefore = "cancel before hand-over",
    CancelAfter = "cancel after hand-over",
    Return = "return",
    DuplicatePublish = "duplicate publish",
    Poison = "poison message",
    Redrive = "redrive of what was repaired",
    ServiceRestart = "restart of a service",
    BrokerRestart = "restart of the broker",
}

/// Plays one; an error on the way is one more thing that came otherwise than wanted.
pub(super) async fn play(scenario: &Scenario, shop: &mut Shop, args: &Args) -> Outcome {
    let done = match scenario {
        Scenario::Happy => happy(shop).await,
        Scenario::OutOfStock => out_of_stock(shop).await,
        Scenario::Declined => declined(shop).await,
        Scenario::UnknownCapture => unknown_capture(shop).await,
        Scenario::CancelBefore => cancel_before(shop).await,
        Scenario::CancelAfter => cancel_after(shop).await,
        Scenario::Return => sent_back(shop).await,
        Scenario::DuplicatePublish => duplicate_publish(shop).await,
        Scenario::Poison => poison::poison(shop).await,
        Scenario::Redrive => poison::redrive(shop).await,
        Scenario::ServiceRestart => restarts::service(shop).await,
        Scenario::BrokerRestart => match (&args.restart_broker, shop.has_broker()) {
            (Some(command), true) => restarts::broker(shop, command).await,
            (None, true) => return Outcome::Skipped("nobody says how, with --restart-broker"),
            (_, false) => return Outcome::Skipped("the embedded bus has none"),
        },
    };
    done.map_or_else(Outcome::failed, Outcome::Played)
}

/// Places one on a full shelf, and waits for what it comes to.
async fn placed(shop: &mut Shop, order: &Order, wanted: End) -> Result<Vec<String>> {
    shop.receive(&order.sku).await?;
    let id = order.place(shop, &order.sku).await?;
    comes_to(shop, &id, &order.sku, wanted).await
}

async fn happy(shop: &mut Shop) -> Result<Vec<String>> {
    let order = Order::of("e2e-happy", 2);
    placed(shop, &order, End::completed(&order)).await
}

async fn out_of_stock(shop: &mut Shop) -> Result<Vec<String>> {
    placed(shop, &Order::of("e2e-short", SHELF + 1), End::cancelled("insufficient_stock")).await
}

async fn declined(shop: &mut Shop) -> Result<Vec<String>> {
    let order = Order { token: "tok_declined", ..Order::of("e2e-declined", 2) };
    placed(shop, &order, End::cancelled("payment_declined")).await
}

async fn unknown_capture(shop: &mut Shop) -> Result<Vec<String>> {
    let price_minor = payment::simulated::UNANSWERED_CAPTURE_MINOR;
    let order = Order { price_minor, ..Order::of("e2e-unknown", 1) };
    shop.receive(&order.sku).await?;
    let id = order.place(shop, &order.sku).await?;
    let mut wrong = comes_to(shop, &id, &order.sku, End::completed(&order)).await?;
    let payment: Value = shop.client.get(&format!("/payments/{}", escaped(&id))).await?;
    if !payment.to_string().contains("unknown") {
        wrong.push(format!("wanted a capture whose outcome was unknown for a while, got {payment}"));
    }
    Ok(wrong)
}

async fn cancel_before(shop: &mut Shop) -> Result<Vec<String>> {
    // The label is not answered for some seconds, so the parcel is not ready when the customer cancels.
    let order = Order { street: "sim:timeout_before", ..Order::of("e2e-cancel-before", 2) };
    shop.receive(&order.sku).await?;
    let id = order.place(shop, &order.sku).await?;
    let status = shop.until(async |shop| shop.status(&id).await, |status| status == "confirmed").await?;
    shop.post(&format!("/orders/{}/cancel", escaped(&id)), None, &json!({ "reason": "twice" })).await?;
    let mut wrong = comes_to(shop, &id, &order.sku, End::cancelled("customer_request")).await?;
    if status != "confirmed" {
        wrong.push(format!("wanted to cancel a confirmed order, got {status}"));
    }
    Ok(wrong)
}

async fn cancel_after(shop: &mut Shop) -> Result<Vec<String>> {
    let order = Order::of("e2e-cancel-after", 2);
    shop.receive(&order.sku).await?;
    let id = order.place(shop, &order.sku).await?;
    let is_gone = |status: &String| ["dispatched", "delivered", "completed"].contains(&status.as_str());
    shop.until(async |shop| shop.status(&id).await, is_gone).await?;
    let cancel = Write::json(format!("/orders/{}/cancel", escaped(&id)), None, &json!({ "reason": "late" }));
    let answer = shop.client.post::<Value>(&cancel).await;
    let mut wrong = comes_to(shop, &id, &order.sku, End::completed(&order)).await?;
    match answer {
        Err(Error::Refused(problem)) if problem.slug() == "not-cancellable" => {}
        other => wrong.push(format!("wanted 409 not-cancellable, got {other:?}")),
    }
    Ok(wrong)
}

async fn sent_back(shop: &mut Shop) -> Result<Vec<String>> {
    let order = Order::of("e2e-return", 2);
    shop.receive(&order.sku).await?;
    let id = order.place(shop, &order.sku).await?;
    let sold = End::completed(&order);
    let mut wrong = comes_to(shop, &id, &order.sku, sold.clone()).await?;
    let body = json!({ "lines": [{ "sku": order.sku, "quantity": 1 }], "reason": "too many" });
    shop.post(&format!("/orders/{}/returns", escaped(&id)), Some("e2e-return-back"), &body).await?;
    let back = End { refunded: PRICE, on_hand: sold.on_hand + 1, ..sold };
    wrong.extend(comes_to(shop, &id, &order.sku, back).await?);
    Ok(wrong)
}

/// Twice as an event and twice as a request: both are one order each.
async fn duplicate_publish(shop: &mut Shop) -> Result<Vec<String>> {
    let order = Order::of("e2e-duplicate", 2);
    shop.receive(&order.sku).await?;
    let id = "e2e-duplicate-1";
    let event = json!({
        "specversion": "1.0", "id": id, "source": "/e2e", "type": "shop.banyan.order.placed.v1",
        "subject": id, "time": "2026-11-22T20:00:00Z", "data": order.data(id),
    });
    for _ in 0..2 {
        shop.post("/events", None, &event).await?;
    }
    shop.placed += 1;
    let mut wrong = comes_to(shop, id, &order.sku, End::completed(&order)).await?;
    // Once more when everything is over; whoever handled it twice would be seen by the audit at the latest.
    shop.post("/events", None, &event).await?;
    let order = Order::of("e2e-duplicate-key", 2);
    shop.receive(&order.sku).await?;
    let first = order.place(shop, &order.sku).await?;
    let again = shop.post("/orders", Some(&order.sku), &order.body()).await?;
    if again["order_id"] != first.as_str() {
        wrong.push(format!("wanted {first} for the same key again, got {again}"));
    }
    wrong.extend(comes_to(shop, &first, &order.sku, End::completed(&order)).await?);
    Ok(wrong)
}
