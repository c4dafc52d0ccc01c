//! The bus in the store's own file.

mod queues;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bus::{Address, Bus, Embedded, Peek, Published, Settle, Wiring};
use bytes::Bytes;
use contracts::{EventType, MessageId, Timestamp};
use store::limits::IN_HAND;
use store::sqlite::{Config, Engine};
use store::{Key, Nonce, Outcome, Outgoing, Record, Store, Unit};

fn topic(name: &str) -> EventType {
    format!("shop.banyan.{name}.v1").parse().unwrap()
}

fn wiring() -> Wiring {
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    let subscribers = BTreeMap::from([
        (topic("order.placed"), set(&["inventory", "payment"])),
        (topic("order.confirmed"), set(&["inventory"])),
    ]);
    Wiring { queues: set(&["orders", "inventory", "payment"]), subscribers }
}

fn message(address: Address, body: &str) -> Outgoing {
    let id = MessageId::of("https://test.example", body);
    Outgoing { id, address, lane: String::new(), attempt: 0, body: Bytes::copy_from_slice(body.as_bytes()) }
}

fn placed(body: &str) -> Outgoing {
    message(Address::Topic(topic("order.placed")), body)
}

async fn declared(engine: Engine) -> (Arc<Engine>, Embedded) {
    let engine = Arc::new(engine);
    let bus = Embedded::new(engine.clone());
    bus.declare(wiring()).await.unwrap();
    (engine, bus)
}

async fn state(bus: &Embedded, queue: &str) -> (u64, u64) {
    let states = bus.inspect().await.unwrap();
    let state = states.iter().find(|state| state.queue == queue).unwrap();
    (state.waiting, state.in_flight)
}

#[tokio::test]
async fn a_commit_settles_its_delivery_and_enqueues_what_follows() {
    let (engine, bus) = declared(Engine::open(Config::memory()).unwrap()).await;
    assert_eq!(bus.publish(vec![placed("1")]).await, [Published::Confirmed]);
    let delivery = bus.receive("inventory".into(), 10).await.unwrap().remove(0);
    assert_eq!((&delivery.body[..], delivery.redelivered), (&b"1"[..], false));
    assert_eq!(state(&bus, "inventory").await, (0, 1));
    assert_eq!(state(&bus, "payment").await, (1, 0));

    let unit = Unit {
        now: Timestamp::EPOCH,
        nonce: Nonce(7),
        record: Some(Record {
            key: Key::new("inventory.record", "1"),
            note: Bytes::from_static(b"null"),
            outgoing: vec![message(Address::Queue("orders".to_owned()), "2")],
            expires: Timestamp::MAX,
        }),
        changes: Vec::new(),
        settles: Some(delivery.token.consumed()),
    };
    assert_eq!(engine.commit(unit.clone()).await, Ok(Outcome::Committed));
    assert_eq!(state(&bus, "inventory").await, (0, 0));
    assert_eq!(state(&bus, "payment").await, (1, 0));
    let followed = bus.receive("orders".into(), 10).await.unwrap();
    assert_eq!(followed.iter().map(|d| &d.body[..]).collect::<Vec<_>>(), [b"2"]);

    assert_eq!(engine.commit(unit).await, Ok(Outcome::Duplicate));
    assert_eq!(state(&bus, "orders").await, (0, 1));
}

#[tokio::test]
async fn what_is_given_back_comes_again_and_says_so() {
    let (_engine, bus) = declared(Engine::open(Config::memory()).unwrap()).await;
    bus.publish(vec![placed("1")]).await;
    let first = bus.receive("payment".into(), 1).await.unwrap().remove(0);
    bus.settle(vec![(first.token, Settle::Release)]).await;
    let second = bus.receive("payment".into(), 1).await.unwrap().remove(0);
    assert!(second.redelivered);
    bus.settle(vec![(second.token, Settle::Acknowledge)]).await;
    assert_eq!(state(&bus, "payment").await, (0, 0));
    assert_eq!(state(&bus, "inventory").await, (1, 0));
}

#[tokio::test]
async fn what_was_not_settled_is_delivered_after_a_restart_as_redelivered() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("banyan.db");
    let (engine, bus) = declared(Engine::open(Config::file(&path)).unwrap()).await;
    bus.publish(vec![placed("1"), placed("2")]).await;
    let settled = bus.receive("payment".into(), 1).await.unwrap().remove(0);
    bus.settle(vec![(settled.token, Settle::Acknowledge)]).await;
    drop((engine, bus));

    let (_engine, bus) = declared(Engine::open(Config::file(&path)).unwrap()).await;
    assert_eq!(state(&bus, "payment").await, (1, 0));
    bus.publish(vec![placed("3")]).await;
    let mut bodies = Vec::new();
    while bodies.len() < 2 {
        let all = bus.receive("payment".into(), 10).await.unwrap();
        bodies.extend(all.into_iter().map(|d| (d.body, d.redelivered)));
    }
    assert_eq!(bodies, [(Bytes::from_static(b"2"), true), (Bytes::from_static(b"3"), false)]);
    assert_eq!(state(&bus, "inventory").await, (3, 0));
}

/// Only what was in a dead process's hands can have killed it: suspecting all that waits would make a restart with a
/// backlog slow.
#[tokio::test]
async fn after_a_restart_only_what_may_have_been_in_hand_is_marked() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("banyan.db");
    let (engine, bus) = declared(Engine::open(Config::file(&path)).unwrap()).await;
    let all: Vec<String> = (0..IN_HAND * 6).map(|n| n.to_string()).collect();
    bus.publish(all.iter().map(|n| placed(n)).collect()).await;
    let mut in_hand = bus.receive("payment".into(), IN_HAND).await.unwrap();
    for round in 0..20 {
        // Some are settled, some given back, some kept; then hands are full again.
        for (at, one) in std::mem::take(&mut in_hand).into_iter().enumerate() {
            match (at + round) % 7 {
                0 => bus.settle(vec![(one.token, Settle::Acknowledge)]).await,
                1 | 2 => bus.settle(vec![(one.token, Settle::Release)]).await,
                _ => in_hand.push(one),
            }
        }
        in_hand.extend(bus.receive("payment".into(), IN_HAND - in_hand.len()).await.unwrap());
    }
    let suspects: BTreeSet<Bytes> = in_hand.into_iter().map(|one| one.body).collect();
    assert_eq!(suspects.len(), IN_HAND);
    drop((engine, bus));

    let (_engine, bus) = declared(Engine::open(Config::file(&path)).unwrap()).await;
    let left = usize::try_from(state(&bus, "payment").await.0).unwrap();
    let mut taken = Vec::new();
    while taken.len() < left {
        taken.extend(bus.receive("payment".into(), 100).await.unwrap());
    }
    let marked: BTreeSet<Bytes> =
        taken.into_iter().filter(|one| one.redelivered).map(|one| one.body).collect();
    assert!(left > marked.len() && marked == suspects, "{} of {left} are marked", marked.len());
}
