//! Several who decide at the same moment, and the planted bugs that let more than one of them win.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use contracts::events::shipment::FailedStage;
use contracts::events::stock::StockShort;
use contracts::{LocationId, Quantity, Sku, Timestamp};
use futures_util::future::join;
use runtime::Bug;
use serde_json::json;

use super::bus::{authorized, id};
use super::journey::{completed, confirmed, delivered, dispatched, failed, refused, stopped};
use super::returns::received;
use super::shop::{Shop, run};

/// Customer and payment speak at about the same moment, for many orders.
async fn race(shop: &Shop) {
    for n in 0..ROUNDS {
        let order = shop.place(&format!("k{n}")).await;
        let (path, event) = (format!("/orders/{order}/cancel"), authorized(&order, 765));
        let cancel = async {
            // Each of the two is first in some rounds.
            for _ in 0..n % 40 {
                step_aside().await;
            }
            shop.post(&path, &format!("c{n}"), &json!({})).await
        };
        join(cancel, shop.tell_as("payment", &order, "x", &event)).await;
        shop.settle().await;
    }
}

const ROUNDS: usize = 160;

/// Lets every other task that is ready go first.
async fn step_aside() {
    let mut has_waited = false;
    poll_fn(|cx| {
        cx.waker().wake_by_ref();
        if std::mem::replace(&mut has_waited, true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

#[test]
fn when_customer_and_payment_speak_at_once_the_first_commit_wins() {
    run(None, async |shop| {
        race(shop).await;
        let published = shop.published().await;
        let count = |name: &str| published.iter().filter(|(published, _)| published == name).count();
        let (confirmed, cancelled) = (count("order.confirmed"), count("order.cancelled"));
        assert_eq!((count("order.placed"), confirmed + cancelled), (ROUNDS, ROUNDS));
        assert!(confirmed > 10 && cancelled > 10, "{confirmed} confirmed, {cancelled} cancelled: not a race");
    });
}

#[test]
#[should_panic(expected = "was confirmed 1 and cancelled 1 times")]
fn a_decision_on_an_unchecked_read_is_found_by_the_audit() {
    run(Some(Bug::PeekDecides), async |shop| race(shop).await);
}

#[test]
#[should_panic(expected = "was confirmed 1 and cancelled 1 times")]
fn a_deadline_that_does_not_look_is_found_by_the_audit() {
    run(Some(Bug::DeadlineAndConfirmBoth), async |shop| {
        let order = shop.place("k1").await;
        shop.tell("payment", &order, &authorized(&order, 765)).await;
        shop.pass(Duration::from_secs(31 * 60)).await;
    });
}

#[test]
fn a_cancel_and_a_parcel_that_leaves_at_once_end_in_one_way() {
    run(None, async |shop| {
        for n in 0..40 {
            let order = confirmed(shop, &format!("k{n}")).await;
            let (path, gone) = (format!("/orders/{order}/cancel"), dispatched(&order));
            let cancel = async {
                for _ in 0..n {
                    step_aside().await;
                }
                shop.post(&path, &format!("c{n}"), &json!({})).await
            };
            let (answer, ()) = join(cancel, shop.tell_as("shipping", &order, "gone", &gone)).await;
            shop.settle().await;
            let (status, _) = shop.state(&order).await;
            match answer.status {
                // Shipping answers that it has left.
                202 => {
                    assert_eq!(status, "cancelling");
                    shop.tell("shipping", &order, &refused(&order)).await;
                }
                409 => {}
                other => panic!("{other}: {}", answer.body),
            }
            assert_eq!(shop.state(&order).await.0, "dispatched");
        }
    });
}

#[test]
#[should_panic(expected = "its parcel was neither stopped nor failed")]
fn a_refusal_that_is_taken_for_a_stop_is_found_by_the_audit() {
    run(Some(Bug::StopRefusedIgnored), async |shop| {
        let order = confirmed(shop, "k1").await;
        shop.post(&format!("/orders/{order}/cancel"), "c1", &json!({})).await;
        shop.tell("shipping", &order, &refused(&order)).await;
    });
}

#[test]
#[should_panic(expected = "owes 255 back, and asked for 765")]
fn a_return_that_is_refunded_as_if_it_were_all_is_found_by_the_audit() {
    run(Some(Bug::RefundFromTwoDeciders), async |shop| {
        let order = completed(shop, "k1").await;
        let asked = json!({ "lines": [{ "sku": "85123A", "quantity": 1 }] });
        let taken = shop.post(&format!("/orders/{order}/returns"), "r1", &asked).await;
        let return_id = taken.body["return_id"].as_str().unwrap();
        shop.tell("shipping", return_id, &received(&order, return_id, 1)).await;
    });
}

#[test]
#[should_panic(expected = "asked for refunds of 1530, and 765 was taken")]
fn refunds_of_two_deciders_that_do_not_look_are_found_by_the_audit() {
    run(Some(Bug::RefundFromTwoDeciders), async |shop| {
        let order = completed(shop, "k1").await;
        shop.tell("shipping", "r1", &received(&order, "r1", 1)).await;
        shop.tell("shipping", &order, &failed(&order, FailedStage::Lost)).await;
    });
}

#[test]
#[should_panic(expected = "lost its stock, and nobody asked to stop its parcel")]
fn stock_that_is_missing_and_ships_all_the_same_is_found_by_the_audit() {
    run(Some(Bug::StockShortIgnored), async |shop| {
        let order = confirmed(shop, "k1").await;
        let short = StockShort {
            sku: Sku::new("85123A").unwrap(),
            location: LocationId::new("main").unwrap(),
            missing: Quantity::ONE,
            order_id: Some(id(&order)),
            found_at: Timestamp::EPOCH,
        };
        shop.tell("inventory", &order, &short).await;
    });
}

#[test]
#[should_panic(expected = "was cancelled, and its parcel left")]
fn a_parcel_that_leaves_after_it_was_stopped_is_found_by_the_audit() {
    run(None, async |shop| {
        let order = confirmed(shop, "k1").await;
        shop.post(&format!("/orders/{order}/cancel"), "c1", &json!({})).await;
        shop.tell("shipping", &order, &stopped(&order)).await;
        shop.tell("shipping", &order, &dispatched(&order)).await;
        shop.tell("shipping", &order, &delivered(&order)).await;
    });
}
