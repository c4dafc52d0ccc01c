//! How many calls a message takes: they are what an account pays for.

use std::collections::BTreeMap;
use std::time::Duration;

use bus::aws::SnsSqs;
use bus::conformance::trial::{HEARD, LEFT, numbered, to_topic};
use bus::{Bus, Settle, World};
use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream::FuturesUnordered;
use store::sim::Manners;

use super::{declared, publish, queue_of, with_account};
use crate::world::Real;

/// Messages that a busy service has in hand.
const IN_HAND: usize = 64;

/// Takes and settles `n` messages as a service does: each by itself, and what room there is is asked for.
async fn work_off(bus: &SnsSqs, n: usize) {
    let mut working = FuturesUnordered::new();
    let mut taken = 0;
    while taken < n || !working.is_empty() {
        let room = IN_HAND - working.len();
        tokio::select! {
            biased;
            Some(()) = working.next(), if !working.is_empty() => {}
            received = bus.receive(LEFT.into(), room), if room > 0 && taken < n => {
                for one in received.unwrap() {
                    taken += 1;
                    working.push(bus.settle(vec![(one.token, Settle::Acknowledge)]));
                }
            }
        }
    }
}

/// Ten is the service's own bound, and not ours.
#[test]
fn a_call_for_more_than_ten_is_refused() {
    with_account(async |account| {
        let _bus = declared(&account).await;
        let (sqs, url) = queue_of(&account, LEFT).await;
        let most = i32::try_from(Manners::SqsStandard.batch()).unwrap();
        for (asked, is_taken) in [(most, true), (most + 1, false)] {
            let asking = sqs.receive_message().queue_url(&url).max_number_of_messages(asked);
            assert_eq!(Box::pin(asking.send()).await.is_ok(), is_taken, "{asked}");
        }
    });
}

#[test]
fn a_busy_service_makes_hardly_more_than_a_tenth_of_a_call_for_each_message_and_step() {
    with_account(async |account| {
        let bus = declared(&account).await;
        let all = numbered(1_000);
        publish(&bus, all.iter().map(|text| to_topic(HEARD, text)).collect()).await;
        assert_eq!(account.proxy.counted(), BTreeMap::from([("PublishBatch".to_owned(), 100)]));
        work_off(&bus, all.len()).await;
        let calls = account.proxy.counted();
        let floor = 100;
        for action in ["ReceiveMessage", "DeleteMessageBatch"] {
            assert!(calls[action] * 10 <= floor * 11, "{calls:?}");
        }
    });
}

#[test]
fn settlements_of_many_at_once_travel_in_tens() {
    with_account(async |account| {
        let bus = declared(&account).await;
        publish(&bus, numbered(40).iter().map(|text| to_topic(HEARD, text)).collect()).await;
        let taken = super::take(&bus, LEFT, 40).await;
        account.proxy.counted();
        join_all(taken.into_iter().map(|one| bus.settle(vec![(one.token, Settle::Acknowledge)]))).await;
        assert_eq!(account.proxy.counted()["DeleteMessageBatch"], 4);
    });
}

#[test]
fn who_waits_makes_one_call_for_each_wait_however_often_it_asks() {
    with_account(async |account| {
        let bus = declared(&account).await;
        let waits = 4;
        let impatient = async {
            loop {
                // Asks and goes away, as a service does whose other messages are done.
                let asking = bus.receive(LEFT.into(), 5);
                tokio::select! {
                    biased;
                    _ = asking => {}
                    () = Real.sleep(Duration::from_millis(70)) => {}
                }
            }
        };
        let patient = async {
            for _ in 0..waits {
                assert_eq!(bus.receive(LEFT.into(), 100).await.unwrap(), []);
            }
        };
        tokio::select! {
            biased;
            () = patient => {}
            () = impatient => {}
        }
        let calls = account.proxy.counted();
        assert!(calls.keys().eq(["ReceiveMessage"]), "{calls:?}");
        assert!(calls["ReceiveMessage"] <= waits + 1, "{calls:?}");
    });
}

#[test]
fn publishers_at_once_share_their_calls() {
    with_account(async |account| {
        let bus = declared(&account).await;
        join_all(numbered(50).iter().map(|text| publish(&bus, vec![to_topic(HEARD, text)]))).await;
        assert_eq!(account.proxy.counted()["PublishBatch"], 5);
    });
}

#[test]
fn a_batch_is_no_longer_than_one_message_may_be() {
    with_account(async |account| {
        let bus = declared(&account).await;
        let long = "x".repeat(100_000);
        publish(&bus, (0..6).map(|_| to_topic(HEARD, &long)).collect()).await;
        assert_eq!(account.proxy.counted()["PublishBatch"], 3);
    });
}
