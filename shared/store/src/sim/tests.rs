use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use contracts::{EventType, MessageId, Timestamp};

use super::{Fault, JumpingTime, Link, Manners, Rates, Sent, Setup, SimTime, World};
use crate::{Address, Change, Consumed, Key, Nonce, Outcome, Outgoing, Record, Unit, Version};

const NOW: Timestamp = Timestamp::EPOCH;

fn world(seed: u64, rates: Rates, manners: Manners, fused: bool) -> (JumpingTime, Arc<World>) {
    let time = JumpingTime::default();
    let world = World::new(Arc::new(time.clone()), &Setup { seed, rates, fused, manners });
    let link = world.link();
    let kind: EventType = "a.b.v1".parse().unwrap();
    let both: BTreeSet<String> = ["left".to_owned(), "right".to_owned()].into();
    world.calm();
    world.declare(&link, &both, &BTreeMap::from([(kind, both.clone())])).unwrap();
    world.set_rates(rates);
    (time, world)
}

fn key(id: &str) -> Key {
    Key::new("t.thing", id)
}

fn outgoing(text: &'static str) -> Outgoing {
    Outgoing {
        id: MessageId::named(&[text]),
        address: Address::Topic("a.b.v1".parse().unwrap()),
        lane: "lane".to_owned(),
        attempt: 0,
        body: Bytes::from_static(text.as_bytes()),
    }
}

fn unit(nonce: u64, record: Option<&str>, id: &str) -> Unit {
    let put = Change::Put {
        key: key(id),
        version: Version::ABSENT,
        body: Bytes::from_static(b"{}"),
        entries: vec![],
        expires: None,
    };
    let record = record.map(|id| Record {
        key: Key::new("t.record", id),
        note: Bytes::from_static(b"null"),
        outgoing: vec![outgoing("\"out\"")],
        expires: Timestamp::MAX,
    });
    Unit { now: NOW, nonce: Nonce(nonce), record, changes: vec![put], settles: None }
}

fn is_there(world: &World, id: &str) -> bool {
    world.with_model(|model| model.read(&[key(id)], NOW)[0].is_some())
}

#[test]
fn a_severed_link_neither_acts_nor_answers() {
    let (time, world) = world(1, Rates::NONE, Manners::Embedded, true);
    let link = world.link();
    let store = world.store(&link);
    world.sever(&link);
    assert_eq!(time.run(store.commit(unit(1, None, "a"))), None);
    assert_eq!(time.run(world.receive(&link, "left", 1)), None);
    assert!(!is_there(&world, "a"));
}

#[test]
fn an_unknown_unit_is_applied_or_lost_or_lands_late() {
    let (time, world) = world(1, Rates::NONE, Manners::SqsStandard, false);
    let store = world.store(&world.link());
    for (fault, id, now, later) in [
        (Fault::UnknownApplied, "applied", true, true),
        (Fault::UnknownLost, "lost", false, false),
        (Fault::UnknownLate, "late", false, true),
    ] {
        world.force(fault);
        assert_eq!(time.run(store.commit(unit(1, None, id))), Some(Ok(Outcome::Unknown)));
        assert_eq!(is_there(&world, id), now, "{id} at once");
        time.run(time.sleep(Duration::from_secs(60))).unwrap();
        time.run(store.read(vec![], NOW)).unwrap().unwrap();
        assert_eq!(is_there(&world, id), later, "{id} later");
        assert_eq!(world.counts()[fault.name()], 1);
    }
}

#[test]
fn a_late_unit_whose_message_was_handled_meanwhile_changes_nothing() {
    let (time, world) = world(1, Rates::NONE, Manners::SqsStandard, false);
    let store = world.store(&world.link());
    world.force(Fault::UnknownLate);
    assert_eq!(time.run(store.commit(unit(1, Some("m"), "first"))), Some(Ok(Outcome::Unknown)));
    assert_eq!(time.run(store.commit(unit(2, Some("m"), "second"))), Some(Ok(Outcome::Committed)));
    time.run(time.sleep(Duration::from_secs(60))).unwrap();
    time.run(store.read(vec![], NOW)).unwrap().unwrap();
    assert_eq!((is_there(&world, "first"), is_there(&world, "second")), (false, true));
    assert_eq!(world.backlog(), 0);
}

#[test]
fn a_fused_commit_enqueues_what_it_publishes_and_removes_what_it_handled() {
    let (time, world) = world(1, Rates::NONE, Manners::Embedded, true);
    let link = world.link();
    assert_eq!(world.publish(&link, &[outgoing("\"in\"")]), [Sent::Confirmed]);
    let taken = time.run(world.receive(&link, "left", 9)).unwrap().unwrap();
    let settles = Some(Consumed { queue: taken[0].queue.clone(), seq: taken[0].seq });
    let handled = Unit { settles, ..unit(1, Some("m"), "a") };
    assert_eq!(time.run(world.store(&link).commit(handled)), Some(Ok(Outcome::Committed)));
    let states = world.inspect(&link).unwrap();
    assert_eq!(states, [("left".into(), 1, 0), ("right".into(), 2, 0)]);
}

#[test]
fn what_a_dead_consumer_held_comes_again_and_says_so() {
    for manners in Manners::ALL {
        let (time, world) = world(7, Rates::NONE, manners, false);
        let (first, second) = (world.link(), world.link());
        world.publish(&first, &[outgoing("\"in\"")]);
        let taken = time.run(world.receive(&first, "left", 9)).unwrap().unwrap();
        assert!(!taken[0].redelivered);
        world.sever(&first);
        let mut again = vec![];
        while again.is_empty() {
            again = time.run(world.receive(&second, "left", 9)).unwrap().unwrap();
        }
        assert!(again[0].redelivered, "{manners:?}");
        assert!(time.now() <= NOW.plus(manners.hidden()), "{manners:?}");
    }
}

/// Publishes, takes and settles for a while, and tells what happened.
fn story(seed: u64, manners: Manners) -> (Vec<String>, BTreeMap<&'static str, u64>) {
    let rates = Rates::swarm(&mut fastrand::Rng::with_seed(seed));
    let (time, world) = world(seed, rates, manners, false);
    let mut link = world.link();
    let mut told = vec![];
    for step in 0..300 {
        if step % 3 == 0 {
            let store = world.store(&link);
            let outcome = time.run(store.commit(unit(step + 1, Some(&step.to_string()), "one")));
            told.push(format!("{outcome:?} {:?}", world.publish(&link, &[outgoing("\"in\"")])));
        }
        if step % 5 == 0 {
            let blob = crate::Blob::new(Bytes::from(step.to_string())).unwrap();
            let (name, blobs) = (blob.name(), world.blobs(&link));
            let put = time.run(blobs.put(blob, time.now()));
            told.push(format!("{put:?} {:?}", time.run(blobs.get(name))));
        }
        if step % 50 == 49 {
            world.sever(&link);
            link = world.link();
        }
        told.push(take_and_settle(&time, &world, &link));
    }
    (told, world.counts())
}

fn take_and_settle(time: &JumpingTime, world: &World, link: &Link) -> String {
    time.run(world.travel(link, Fault::SlowBus)).unwrap();
    let taken = time.run(world.receive(link, "left", 3)).unwrap();
    if let Ok(taken) = &taken {
        world.settle(link, taken.iter().map(|one| (one.queue.as_ref(), one.seq, one.seq % 2 == 0)));
    }
    format!("{} {taken:?}", time.now())
}

#[test]
fn the_same_seed_tells_the_same_story() {
    for seed in 0..20 {
        assert_eq!(story(seed, Manners::SqsStandard), story(seed, Manners::SqsStandard));
    }
    assert_ne!(story(1, Manners::SqsStandard).0, story(2, Manners::SqsStandard).0);
}

#[test]
fn every_kind_of_fault_happens_in_some_world() {
    let mut sums = BTreeMap::new();
    for seed in 0..200 {
        for (name, count) in story(seed, Manners::SqsStandard).1 {
            *sums.entry(name).or_insert(0) += count;
        }
    }
    let never: Vec<_> = sums.iter().filter(|(_, count)| **count == 0).collect();
    assert!(never.is_empty(), "{never:?}");
}

#[test]
fn what_a_broker_does_not_do_never_happens() {
    for manners in [Manners::RabbitQuorum, Manners::Embedded] {
        for seed in 0..50 {
            let counts = story(seed, manners).1;
            let wrong: Vec<Fault> = Fault::ALL
                .into_iter()
                .filter(|fault| !manners.have(*fault) && counts[fault.name()] > 0)
                .collect();
            assert_eq!(wrong, [], "{manners:?}, seed {seed}");
        }
    }
}

#[test]
fn after_the_faults_stop_every_message_reaches_its_end() {
    for (seed, manners) in
        (0..51).zip([Manners::SqsStandard, Manners::RabbitQuorum, Manners::Embedded].into_iter().cycle())
    {
        let rates = Rates::swarm(&mut fastrand::Rng::with_seed(seed));
        let (time, world) = world(seed, rates, manners, false);
        let link = world.link();
        for _ in 0..20 {
            world.publish(&link, &[outgoing("\"in\"")]);
            take_and_settle(&time, &world, &link);
        }
        world.calm();
        let mut rounds = 0;
        while world.backlog() > 0 && rounds < 10_000 {
            for queue in ["left", "right"] {
                let taken = time.run(world.receive(&link, queue, 10)).unwrap().unwrap();
                world.settle(&link, taken.iter().map(|one| (one.queue.as_ref(), one.seq, true)));
            }
            rounds += 1;
        }
        assert_eq!(world.backlog(), 0, "{manners:?}, seed {seed}");
    }
}
