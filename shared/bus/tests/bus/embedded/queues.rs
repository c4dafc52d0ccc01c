//! Queues that are longer than memory holds, and receivers that come and go.

use std::collections::BTreeSet;

use futures_util::FutureExt;

use super::*;

/// More than a queue keeps in memory.
const MANY: usize = 10_000;

fn numbered(n: usize) -> Outgoing {
    placed(&n.to_string())
}

/// Takes and settles everything in `queue`, a little at a time.
async fn drain(bus: &Embedded, queue: &str, mut each: impl FnMut(&bus::Delivery)) {
    while state(bus, queue).await.0 > 0 {
        let taken = bus.receive(queue.into(), 700).await.unwrap();
        taken.iter().for_each(&mut each);
        bus.settle(taken.into_iter().map(|d| (d.token, Settle::Acknowledge)).collect()).await;
    }
}

#[tokio::test]
async fn a_queue_that_outgrows_memory_is_delivered_whole_and_in_order() {
    let (_engine, bus) = declared(Engine::open(Config::memory()).unwrap()).await;
    for batch in 0..10 {
        let messages = (0..MANY / 10).map(|n| numbered(batch * MANY / 10 + n)).collect();
        assert!(bus.publish(messages).await.iter().all(|answer| *answer == Published::Confirmed));
    }
    assert_eq!(state(&bus, "payment").await, (MANY as u64, 0));
    let mut next = 0;
    let mut late = 0;
    while state(&bus, "payment").await.0 > 0 {
        let taken = bus.receive("payment".into(), 700).await.unwrap();
        for delivery in &taken {
            assert_eq!(delivery.body, next.to_string());
            assert!(!delivery.redelivered);
            next += 1;
        }
        bus.settle(taken.into_iter().map(|d| (d.token, Settle::Acknowledge)).collect()).await;
        // More comes while the old is being read back.
        if late < 500 {
            bus.publish((0..100).map(|n| numbered(MANY + late + n)).collect()).await;
            late += 100;
        }
    }
    assert_eq!(next, MANY + late);
    assert_eq!(state(&bus, "payment").await, (0, 0));
    assert_eq!(state(&bus, "inventory").await, ((MANY + late) as u64, 0));
}

#[tokio::test]
async fn a_look_goes_beyond_memory_and_changes_nothing() {
    let (_engine, bus) = declared(Engine::open(Config::memory()).unwrap()).await;
    bus.publish((0..MANY).map(numbered).collect()).await;
    // Two are in flight, and one was given back: it comes first, then all the others in their order.
    let taken = bus.receive("payment".into(), 3).await.unwrap();
    bus.settle(vec![(taken[1].token.clone(), Settle::Release)]).await;
    let want = |n: usize| if n == 0 { (1, true) } else { (n + 2, false) };
    for limit in [1, 5, 3_000, MANY] {
        let seen = bus.peek("payment".into(), limit).await.unwrap();
        assert_eq!(seen.len(), limit.min(MANY - 2));
        for (n, message) in seen.iter().enumerate() {
            let (text, redelivered) = want(n);
            assert_eq!((&message.body[..], message.redelivered), (text.to_string().as_bytes(), redelivered));
        }
    }
    assert_eq!(state(&bus, "payment").await, (MANY as u64 - 2, 2));
    let mut next = 0;
    drain(&bus, "payment", |delivery| {
        let (text, redelivered) = want(next);
        assert_eq!((&delivery.body[..], delivery.redelivered), (text.to_string().as_bytes(), redelivered));
        next += 1;
    })
    .await;
    assert_eq!(next, MANY - 2);
}

#[tokio::test]
async fn a_look_after_a_restart_shows_the_marks_that_deliveries_will_have() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("banyan.db");
    let (engine, bus) = declared(Engine::open(Config::file(&path)).unwrap()).await;
    bus.publish((0..MANY / 2).map(numbered).collect()).await;
    drop((engine, bus));
    let (_engine, bus) = declared(Engine::open(Config::file(&path)).unwrap()).await;
    let marks = |seen: &[bus::Peeked]| seen.iter().filter(|message| message.redelivered).count();
    assert_eq!(marks(&bus.peek("payment".into(), 1_000).await.unwrap()), IN_HAND);
    let taken = bus.receive("payment".into(), 1_000).await.unwrap();
    assert_eq!(taken.iter().filter(|delivery| delivery.redelivered).count(), IN_HAND);
    assert_eq!(marks(&bus.peek("payment".into(), 1_000).await.unwrap()), 0);
}

#[tokio::test]
async fn large_messages_wait_in_the_file_and_come_all() {
    let (_engine, bus) = declared(Engine::open(Config::memory()).unwrap()).await;
    for n in 0..20 {
        let text = format!("{n}{}", "x".repeat(1_000_000));
        assert_eq!(bus.publish(vec![placed(&text)]).await, [Published::Confirmed]);
    }
    let mut bodies = BTreeSet::new();
    drain(&bus, "payment", |delivery| {
        bodies.insert(delivery.body.clone());
    })
    .await;
    assert_eq!(bodies.len(), 20);
}

#[tokio::test]
async fn a_long_queue_survives_a_restart_with_each_message_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("banyan.db");
    let (engine, bus) = declared(Engine::open(Config::file(&path)).unwrap()).await;
    bus.publish((0..MANY / 2).map(numbered).collect()).await;
    // Some are taken, and some of those are settled.
    let taken = bus.receive("payment".into(), 1_000).await.unwrap();
    bus.settle(taken.into_iter().take(400).map(|d| (d.token, Settle::Acknowledge)).collect()).await;
    drop((engine, bus));

    let (_engine, bus) = declared(Engine::open(Config::file(&path)).unwrap()).await;
    let mut bodies = Vec::new();
    drain(&bus, "payment", |delivery| {
        assert_eq!(delivery.redelivered, bodies.len() < IN_HAND, "the first ones may have been in hand");
        bodies.push(delivery.body.clone());
    })
    .await;
    let rest: Vec<Bytes> = (400..MANY / 2).map(|n| Bytes::from(n.to_string())).collect();
    assert!(bodies == rest, "{} of {}", bodies.len(), rest.len());
}

#[tokio::test]
async fn a_receive_that_is_dropped_takes_nothing() {
    let (_engine, bus) = declared(Engine::open(Config::memory()).unwrap()).await;
    let mut waiting = bus.receive("payment".into(), 5);
    assert!((&mut waiting).now_or_never().is_none());
    bus.publish(vec![placed("1")]).await;
    drop(waiting);
    assert_eq!(state(&bus, "payment").await, (1, 0));
    assert_eq!(bus.receive("payment".into(), 5).await.unwrap().len(), 1);
}

#[tokio::test]
async fn every_waiting_receiver_is_woken_while_there_is_something_to_take() {
    let (_engine, bus) = declared(Engine::open(Config::memory()).unwrap()).await;
    let receivers = (0..10).map(|_| bus.receive("payment".into(), 3));
    let publish = bus.publish((0..30).map(numbered).collect());
    let (taken, _) = futures_util::future::join(futures_util::future::join_all(receivers), publish).await;
    let taken: Vec<_> = taken.into_iter().flat_map(Result::unwrap).map(|delivery| delivery.body).collect();
    assert_eq!(taken.iter().collect::<BTreeSet<_>>().len(), 30);
}

#[tokio::test]
async fn closing_ends_every_receive() {
    let (engine, bus) = declared(Engine::open(Config::memory()).unwrap()).await;
    let mut waiting = bus.receive("payment".into(), 5);
    assert!((&mut waiting).now_or_never().is_none());
    engine.close();
    assert_eq!(waiting.await.unwrap_err().kind, bus::OutageKind::Unreachable);
    assert_eq!(bus.publish(vec![placed("1")]).await, [Published::Unknown]);
}

#[tokio::test]
async fn what_can_never_be_sent_is_refused_and_the_rest_is_not() {
    let (_engine, bus) = declared(Engine::open(Config::memory()).unwrap()).await;
    let batch = vec![
        message(Address::Queue("payment".to_owned()), "1"),
        message(Address::Queue("nobody".to_owned()), "2"),
        message(Address::Topic(topic("nobody.wants")), "3"),
        placed(&"x".repeat(5_000_000)),
    ];
    let answers = bus.publish(batch).await;
    assert!(matches!(
        &answers[..],
        [Published::Confirmed, Published::Refused(_), Published::Confirmed, Published::Refused(_)]
    ));
    assert_eq!(state(&bus, "payment").await, (1, 0));
    assert_eq!(state(&bus, "inventory").await, (0, 0));
    assert!(bus.receive("nobody".into(), 1).await.is_err());
}

#[tokio::test]
async fn a_queue_that_is_declared_anew_wants_what_it_says_now() {
    let (_engine, bus) = declared(Engine::open(Config::memory()).unwrap()).await;
    let only = |queue: &str| BTreeSet::from([queue.to_owned()]);
    let subscribers = BTreeMap::from([(topic("order.confirmed"), only("payment"))]);
    bus.declare(Wiring { queues: only("payment"), subscribers }).await.unwrap();
    bus.publish(vec![placed("1"), message(Address::Topic(topic("order.confirmed")), "2")]).await;
    assert_eq!(state(&bus, "payment").await, (1, 0));
    assert_eq!(state(&bus, "inventory").await, (2, 0));
}

#[tokio::test]
async fn a_file_has_a_bounded_number_of_queues() {
    let (_engine, bus) = declared(Engine::open(Config::memory()).unwrap()).await;
    let named = |count: usize| (0..count).map(|n| format!("q{n:02}")).collect::<BTreeSet<_>>();
    let declare = |queues| bus.declare(Wiring { queues, ..Wiring::default() });
    declare(named(60)).await.unwrap();
    declare(named(60)).await.unwrap();
    assert!(declare(named(61)).await.is_err());
    // The highest bit that SQLite's signed integers have room for.
    bus.publish(vec![message(Address::Queue("q59".to_owned()), "1")]).await;
    let last = bus.receive("q59".into(), 1).await.unwrap().remove(0);
    bus.settle(vec![(last.token, Settle::Acknowledge)]).await;
    assert_eq!(state(&bus, "q59").await, (0, 0));
}

#[tokio::test]
async fn a_follower_sees_events_once_they_are_committed_and_nothing_else() {
    let (engine, bus) = declared(Engine::open(Config::memory()).unwrap()).await;
    bus.publish(vec![placed("before")]).await;
    let mut tap = engine.tap();
    bus.publish(vec![placed("1"), message(Address::Queue("payment".to_owned()), "a retry")]).await;
    bus.publish(vec![message(Address::Topic(topic("nobody.wants")), "2")]).await;
    assert_eq!([tap.recv().await.unwrap(), tap.recv().await.unwrap()], ["1", "2"]);
    assert!(tap.try_recv().is_err());
}

#[tokio::test]
async fn a_declaration_that_is_dropped_half_way_does_no_harm() {
    let (_engine, bus) = declared(Engine::open(Config::memory()).unwrap()).await;
    let only = |queue: &str| BTreeSet::from([queue.to_owned()]);
    // The writer may be quick enough to answer at once: then it was not half way, and another one is tried.
    let mut names: Vec<String> = (0..40).map(|nth| format!("queue-{nth}")).collect();
    let tried = names.iter().scan(0, |dropped, name| {
        let mut declaration = bus.declare(Wiring { queues: only(name), ..Wiring::default() });
        *dropped += usize::from((&mut declaration).now_or_never().is_none());
        Some(*dropped)
    });
    let until = tried.enumerate().find(|(_, dropped)| *dropped == 2).map(|(at, _)| at + 1);
    names.truncate(until.expect("two are dropped half way"));
    names.push("last".to_owned());
    bus.declare(Wiring { queues: only("last"), ..Wiring::default() }).await.unwrap();
    bus.publish(names.iter().map(|queue| message(Address::Queue(queue.clone()), queue)).collect()).await;
    for name in names {
        let taken = bus.receive(name.as_str().into(), 5).await.unwrap();
        assert_eq!(taken.into_iter().map(|delivery| delivery.body).collect::<Vec<_>>(), [name]);
    }
}
