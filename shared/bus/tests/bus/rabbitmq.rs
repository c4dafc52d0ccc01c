//! RabbitMQ: the shared list against a real broker, and what only a broker on a network can meet.
//!
//! The broker is at `BANYAN_TEST_RABBITMQ`, such as `amqp://guest:guest@127.0.0.1:5672`; without it these tests say that
//! they are skipped. Every run uses names of its own and leaves nothing behind.

mod asking;
mod assumed;
mod proxy;
mod settings;
mod subject;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bus::conformance::trial::{HEARD, LEFT, SAID, numbered, text, texts, to_queue, to_topic, wiring};
use bus::rabbitmq::{RabbitMq, Settings};
use bus::{Bus, Delivery, OutageKind, Outgoing, Published, Settle, Wiring, World};
use futures_util::future::join;
use tokio::runtime::Runtime;

use crate::conformance::{pass, pass_side_by_side};
use crate::network::take_within;
use crate::world::Real;
use proxy::Cut;
use subject::Broker;

/// What a machine that is only slow does not need.
const MOST: Duration = Duration::from_secs(60);

/// Runs `test` with a broker, if there is one.
fn with_broker<F: Future<Output = ()>>(test: impl FnOnce(Arc<Broker>) -> F) {
    let Some(url) = url() else { return };
    runtime().block_on(async {
        let broker = Arc::new(Broker::at(&url).await);
        test(broker.clone()).await;
        Arc::into_inner(broker).expect("nobody else has it").leave().await;
    });
}

#[expect(clippy::disallowed_methods, reason = "where the broker is, is told to the tests by the environment")]
fn url() -> Option<String> {
    let url = std::env::var("BANYAN_TEST_RABBITMQ").ok();
    if url.is_none() {
        println!("skipped: rabbitmq (BANYAN_TEST_RABBITMQ is not set)");
    }
    url
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// A bus with the wiring of the shared cases, through the proxy.
async fn declared(broker: &Broker) -> Arc<RabbitMq> {
    declared_with(broker, |_| {}).await
}

/// The same with settings of its own.
async fn declared_with(broker: &Broker, change: impl FnOnce(&mut Settings)) -> Arc<RabbitMq> {
    broker.renew(change).await;
    let bus = broker.join();
    bus.declare(wiring()).await.unwrap();
    bus
}

async fn take(bus: &RabbitMq, queue: &str, n: usize) -> Vec<Delivery> {
    take_within(MOST, bus, queue, n).await
}

/// Publishes until everything is confirmed, as the relay does; answers how many were unknown at first.
async fn publish_all(bus: &RabbitMq, mut left: Vec<Outgoing>) -> usize {
    let mut unknown = None;
    for _ in 0..50 {
        let answers = bus.publish(left.clone()).await;
        let open = left.into_iter().zip(answers).filter(|(_, answer)| *answer != Published::Confirmed);
        left = open.map(|(message, _)| message).collect();
        let first = *unknown.get_or_insert(left.len());
        if left.is_empty() {
            return first;
        }
    }
    panic!("{} messages are never confirmed", left.len());
}

#[test]
fn rabbitmq_passes_every_case() {
    let Some(url) = url() else { return };
    let skipped = pass_side_by_side(|share| {
        let runtime = runtime();
        let broker = runtime.block_on(Broker::at(&url));
        let skipped = pass(share, &broker, &|case| runtime.block_on(case));
        runtime.block_on(broker.leave());
        skipped
    });
    let of = |why: &str| skipped.iter().filter(|line| line.ends_with(why)).count();
    assert_eq!(of("(bus and store are not fused)"), 17, "{skipped:?}");
    assert_eq!(of("(no look that takes nothing)"), 5, "{skipped:?}");
    let lost = "skipped: what_was_lost_on_the_way_to_a_consumer_comes_again (no hook LoseReceived)";
    assert_eq!((of(lost), skipped.len()), (1, 23), "{skipped:?}");
}

#[test]
fn an_address_that_no_queue_has_is_refused_with_a_reason() {
    with_broker(async |broker| {
        let bus = declared(&broker).await;
        let batch = vec![to_queue(LEFT, "a"), to_queue("nobody", "a"), to_topic(SAID, "a")];
        let answers = bus.publish(batch).await;
        let Published::Refused(why) = &answers[1] else { panic!("{answers:?}") };
        assert!(why.contains("nobody") && why.contains("declare"), "{why}");
        assert_eq!((&answers[0], &answers[2]), (&Published::Confirmed, &Published::Confirmed));
    });
}

#[test]
fn a_batch_that_is_cut_is_unknown_and_arrives_when_it_is_sent_again() {
    with_broker(async |broker| {
        let bus = declared(&broker).await;
        let all = numbered(400);
        broker.proxy.cut_at(Cut::Publish(200));
        let unknown = publish_all(&bus, all.iter().map(|text| to_topic(HEARD, text)).collect()).await;
        assert!((1..=400).contains(&unknown), "{unknown}");
        let mut came = BTreeSet::new();
        while came.len() < all.len() {
            came.extend(take(&bus, LEFT, 1).await.iter().map(text));
        }
        assert_eq!(came.into_iter().collect::<Vec<_>>(), all);
    });
}

#[test]
fn consuming_goes_on_after_every_cut_and_loses_nothing() {
    with_broker(async |broker| {
        let bus = declared(&broker).await;
        let all = numbered(300);
        publish_all(&bus, all.iter().map(|text| to_topic(HEARD, text)).collect()).await;
        let mut came = BTreeSet::new();
        let mut rounds = 0;
        while came.len() < all.len() {
            let Ok(taken) = bus.receive(LEFT.into(), 7).await else { continue };
            came.extend(taken.iter().map(text));
            bus.settle(taken.into_iter().map(|one| (one.token, Settle::Acknowledge)).collect()).await;
            rounds += 1;
            if rounds % 10 == 0 {
                broker.proxy.cut();
            }
        }
        assert_eq!(came.into_iter().collect::<Vec<_>>(), all);
    });
}

#[test]
fn a_settlement_of_an_older_channel_does_nothing() {
    with_broker(async |broker| {
        let bus = declared(&broker).await;
        publish_all(&bus, vec![to_topic(HEARD, "a")]).await;
        let old = take(&bus, LEFT, 1).await.remove(0);
        broker.proxy.cut();
        let new = take(&bus, LEFT, 1).await.remove(0);
        assert_eq!((old.token.seq, new.redelivered), (new.token.seq, true));
        assert_ne!(old.token.receipt, new.token.receipt);
        bus.settle(vec![(old.token, Settle::Acknowledge)]).await;
        bus.settle(vec![(new.token, Settle::Release)]).await;
        assert_eq!(texts(&take(&bus, LEFT, 1).await), ["a"]);
    });
}

#[test]
fn a_queue_that_was_deleted_is_declared_again() {
    with_broker(async |broker| {
        let bus = declared(&broker).await;
        broker.delete(LEFT).await;
        // Nobody else wants it, so it comes back.
        assert_eq!(bus.publish(vec![to_topic(HEARD, "a")]).await, [Published::Unknown]);
        publish_all(&bus, vec![to_topic(HEARD, "a")]).await;
        assert_eq!(texts(&take(&bus, LEFT, 1).await), ["a"]);
        broker.delete(LEFT).await;
        // Confirmed at once when the consumer was told first, which declares it, too; but then it has to come.
        publish_all(&bus, vec![to_queue(LEFT, "b")]).await;
        assert_eq!(texts(&take(&bus, LEFT, 1).await), ["b"]);
    });
}

#[test]
fn a_queue_that_is_there_otherwise_is_told_and_stops_no_other() {
    with_broker(async |broker| {
        broker.renew(|_| {}).await;
        let other = broker.join_with(|settings| settings.delivery_limit = 7);
        let first = wiring().queues.first().unwrap().clone();
        other.declare(Wiring { queues: [first.clone()].into(), ..Wiring::default() }).await.unwrap();
        let bus = broker.join();
        let outage = bus.declare(wiring()).await.unwrap_err();
        assert!(outage.kind == OutageKind::Broken && outage.detail.contains(&first), "{outage}");
        assert_eq!(bus.publish(vec![to_topic(HEARD, "a")]).await, [Published::Confirmed]);
        assert_eq!(texts(&take(&bus, LEFT, 1).await), ["a"]);
        broker.proxy.cut();
        publish_all(&bus, vec![to_topic(HEARD, "b")]).await;
        assert_eq!(texts(&take(&bus, LEFT, 1).await), ["a"], "given back with the connection");
    });
}

#[test]
fn a_consumer_is_not_left_behind_when_another_process_declares_its_queue_again() {
    with_broker(async |broker| {
        broker.renew(|settings| settings.receive_wait = Duration::from_millis(500)).await;
        let (consumer, other) = (broker.join(), broker.join());
        consumer.declare(wiring()).await.unwrap();
        for text in numbered(8) {
            publish_all(&other, vec![to_queue(LEFT, &text)]).await;
            let taken = take(&consumer, LEFT, 1).await.remove(0);
            assert_eq!(texts(std::slice::from_ref(&taken)), [text]);
            consumer.settle(vec![(taken.token, Settle::Acknowledge)]).await;
            broker.delete(LEFT).await;
            other.declare(wiring()).await.unwrap();
        }
    });
}

#[test]
fn a_consumer_that_was_silent_for_long_still_gets_what_comes() {
    with_broker(async |broker| {
        let silence = Duration::from_millis(250);
        broker.renew(|settings| settings.receive_wait = silence).await;
        let bus = broker.join();
        bus.declare(wiring()).await.unwrap();
        let all = numbered(12);
        let publishing = async {
            for text in &all {
                // About when the channel before is given up.
                Real.sleep(silence).await;
                publish_all(&bus, vec![to_queue(LEFT, text)]).await;
            }
        };
        let taking = async {
            let mut came = BTreeSet::new();
            while came.len() < all.len() {
                let taken = take(&bus, LEFT, 1).await;
                came.extend(taken.iter().map(text));
                bus.settle(taken.into_iter().map(|one| (one.token, Settle::Acknowledge)).collect()).await;
            }
            assert_eq!(came.into_iter().collect::<Vec<_>>(), all);
        };
        join(publishing, taking).await;
    });
}

#[test]
fn who_stops_asking_gives_back_what_it_has_not_handed_out() {
    with_broker(async |broker| {
        broker.renew(|settings| settings.hold_wait = Duration::from_millis(50)).await;
        let (idle, busy) = (broker.join(), broker.join());
        idle.declare(wiring()).await.unwrap();
        // Asks for much and goes away; what comes then lies in its buffer.
        publish_all(&idle, vec![to_topic(HEARD, "first")]).await;
        let first = idle.receive(LEFT.into(), 100).await.unwrap();
        assert_eq!(texts(&first), ["first"]);
        idle.settle(first.into_iter().map(|one| (one.token, Settle::Acknowledge)).collect()).await;
        publish_all(&idle, numbered(20).iter().map(|text| to_topic(HEARD, text)).collect()).await;
        assert_eq!(texts(&take(&busy, LEFT, 20).await), numbered(20));
        // And it can ask again.
        publish_all(&idle, vec![to_topic(HEARD, "later")]).await;
        busy.close().await;
        assert!(take(&idle, LEFT, 21).await.iter().any(|one| text(one) == "later"));
    });
}

/// To the broker, consumers of one name on one channel are one: it may send that again what the first has in hand, or end the
/// connection, after which it does so, too.
#[test]
fn who_lets_go_and_asks_again_is_not_taken_for_the_consumer_it_was() {
    with_broker(async |broker| {
        let bus = declared_with(&broker, |settings| {
            settings.hold_wait = Duration::from_millis(50);
            settings.receive_wait = Duration::from_millis(500);
        })
        .await;
        let send = async |text: &str| publish_all(&bus, vec![to_topic(HEARD, text)]).await;
        let let_go = async || {
            publish_all(&bus, numbered(20).iter().map(|text| to_topic(HEARD, text)).collect()).await;
            let other = broker.join();
            let taken = take(&other, LEFT, 20).await;
            acknowledge(&other, taken).await;
            other.close().await;
        };
        send("held").await;
        let held = bus.receive(LEFT.into(), 100).await.unwrap();
        assert_eq!(texts(&held), ["held"]);
        let_go().await;
        send("later").await;
        let mut later = bus.receive(LEFT.into(), 100).await.unwrap();
        later.extend(bus.receive(LEFT.into(), 100).await.unwrap());
        let again = later.extract_if(.., |one| text(one) == "held").collect::<Vec<_>>();
        acknowledge(&bus, held).await;
        acknowledge(&bus, later).await;
        let_go().await;
        send("new").await;
        assert_eq!(texts(&take(&bus, LEFT, 1).await), ["new"]);
        let copies = again.len();
        acknowledge(&bus, again).await;
        bus.close().await;
        assert_eq!(texts(&take(&broker.join(), LEFT, 1).await), ["new"], "it was in hand, and is lost");
        assert_eq!(copies, 0, "sent again what it had in hand");
    });
}

#[test]
fn who_asks_lets_go_and_settles_in_any_order_loses_nothing() {
    with_broker(async |broker| {
        let bus = declared_with(&broker, |settings| {
            settings.hold_wait = Duration::from_millis(10);
            settings.receive_wait = Duration::from_millis(100);
        })
        .await;
        let all = numbered(500);
        publish_all(&bus, all.iter().map(|text| to_topic(HEARD, text)).collect()).await;
        let (mut rng, mut hand, mut done) = (fastrand::Rng::with_seed(5), Vec::new(), BTreeSet::new());
        let mut last = Real.now();
        while done.len() < all.len() {
            let some = rng.usize(..=hand.len());
            match rng.u32(..20) {
                0..10 => {
                    let asking = bus.receive(LEFT.into(), rng.usize(1..40));
                    let came = tokio::select! {
                        came = asking => came.unwrap_or_default(),
                        () = Real.sleep(Duration::from_millis(rng.u64(1..60))) => vec![],
                    };
                    hand.extend(came);
                }
                10..15 => {
                    rng.shuffle(&mut hand);
                    let handled = hand.split_off(some);
                    let before = done.len();
                    done.extend(handled.iter().map(text));
                    if done.len() > before {
                        last = Real.now();
                    }
                    acknowledge(&bus, handled).await;
                }
                15..17 => {
                    rng.shuffle(&mut hand);
                    let back = hand.split_off(some).into_iter().map(|one| (one.token, Settle::Release));
                    bus.settle(back.collect()).await;
                }
                17..19 => Real.sleep(Duration::from_millis(rng.u64(..40))).await,
                _ => broker.proxy.cut(),
            }
            let missing = all.iter().filter(|one| !done.contains(*one));
            assert!(Real.now().since(last) < MOST / 2, "lost: {:?}", missing.collect::<Vec<_>>());
        }
    });
}

async fn acknowledge(bus: &RabbitMq, taken: Vec<Delivery>) {
    bus.settle(taken.into_iter().map(|one| (one.token, Settle::Acknowledge)).collect()).await;
}

#[test]
fn what_the_broker_gives_up_lies_in_the_dead_queue_with_all_it_had() {
    with_broker(async |broker| {
        let bus = declared_with(&broker, |settings| settings.delivery_limit = 3).await;
        publish_all(&bus, vec![Outgoing { attempt: 2, ..to_topic(HEARD, "a") }]).await;
        for _ in 0..4 {
            let taken = take(&bus, LEFT, 1).await.remove(0);
            bus.settle(vec![(taken.token, Settle::Release)]).await;
        }
        let dead = take(&bus, &format!("{LEFT}.dead"), 1).await.remove(0);
        assert_eq!((text(&dead).as_str(), dead.attempt), ("a", 2));
    });
}
