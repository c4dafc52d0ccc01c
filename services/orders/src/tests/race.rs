//! Several who decide at the same moment, and the planted bugs that let more than one of them win.

use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use futures_util::future::join;
use runtime::Bug;
use serde_json::json;

use super::bus::authorized;
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
