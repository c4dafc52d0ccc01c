//! How a queue is asked for messages: again after it was in vain, and by few consumers.

use std::collections::BTreeMap;
use std::time::Duration;

use bus::conformance::trial::{HEARD, LEFT, numbered, text, texts, to_topic, wiring};
use bus::{Bus, OutageKind, World};

use super::proxy::Cut;
use super::{MOST, acknowledge, declared, declared_with, publish_all, take, with_broker};
use crate::world::Real;

/// Who receives asks one time after another, and gives up each time that it is told what is wrong.
#[test]
fn a_queue_that_was_not_there_is_received_from_once_it_is() {
    with_broker(async |broker| {
        broker.renew(|_| {}).await;
        let (bus, other) = (broker.join(), broker.join());
        for _ in 0..2 {
            assert_eq!(bus.receive(LEFT.into(), 1).await.unwrap_err().kind, OutageKind::Undeclared);
        }
        other.declare(wiring()).await.unwrap();
        publish_all(&other, vec![to_topic(HEARD, "new")]).await;
        let begun = Real.now();
        let came = loop {
            match bus.receive(LEFT.into(), 1).await {
                Ok(came) => break came,
                Err(outage) => assert!(Real.now().since(begun) < MOST / 6, "{outage}"),
            }
            Real.sleep(Duration::from_millis(100)).await;
        };
        assert_eq!(texts(&came), ["new"]);
        acknowledge(&bus, came).await;
    });
}

/// With too many a broker that is killed may lose messages: see `SAFE_CONSUMERS`.
#[test]
fn who_comes_back_with_work_in_hand_asks_for_few_consumers() {
    with_broker(async |broker| {
        let bus = declared(&broker).await;
        let all = numbered(60);
        publish_all(&bus, all.iter().map(|text| to_topic(HEARD, text)).collect()).await;
        let mut old = take(&bus, LEFT, all.len()).await;
        broker.proxy.cut();
        let (before, mut came) = (broker.proxy.asked(), vec![]);
        // One comes free, one is asked for.
        while let Some(done) = old.pop() {
            acknowledge(&bus, vec![done]).await;
            came.extend(take(&bus, LEFT, 1).await);
        }
        came.sort_unstable_by_key(text);
        assert_eq!(texts(&came), all, "given again, each to be handled as what it is");
        let asked = broker.proxy.asked() - before;
        assert!((1..=2).contains(&asked), "{asked} consumers");
        acknowledge(&bus, came).await;
    });
}

#[test]
fn who_asks_for_ever_more_gets_it_from_few_consumers() {
    with_broker(async |broker| {
        let bus = declared(&broker).await;
        let all = numbered(100);
        publish_all(&bus, all.iter().map(|text| to_topic(HEARD, text)).collect()).await;
        let mut held = vec![];
        while held.len() < all.len() {
            held.extend(bus.receive(LEFT.into(), 1).await.unwrap());
        }
        held.sort_unstable_by_key(text);
        assert_eq!(texts(&held), all);
        let asked = broker.proxy.asked();
        assert!(asked <= 18, "{asked} consumers");
        acknowledge(&bus, held).await;
    });
}

/// Each time that somebody gives back and asks again with work in hand, the broker knows one consumer more.
#[test]
fn a_channel_gives_way_before_the_consumers_that_it_ended_are_too_many() {
    with_broker(async |broker| {
        let hold_wait = Duration::from_millis(10);
        let bus = declared_with(&broker, |settings| settings.hold_wait = hold_wait).await;
        let (mut held, mut channels) = (BTreeMap::new(), BTreeMap::new());
        let begun = Real.now();
        while channels.len() < 3 && Real.now().since(begun) < MOST {
            let text = format!("{:03}", held.len());
            publish_all(&bus, vec![to_topic(HEARD, &text)]).await;
            // It lies here, and nobody asks for it.
            Real.sleep(hold_wait * 5).await;
            while !held.contains_key(&text) {
                for one in bus.receive(LEFT.into(), 100).await.unwrap() {
                    let asked = broker.proxy.asked();
                    let channel = channels.entry(one.token.receipt.clone()).or_insert(asked..asked);
                    channel.end = asked;
                    held.entry(self::text(&one)).or_insert_with(Vec::new).push(one);
                }
            }
        }
        let consumers: Vec<_> = channels.values().map(|asked| asked.len() + 1).collect();
        assert!(
            consumers.iter().all(|&consumers| consumers <= 24),
            "{consumers:?} consumers on the channels"
        );
        assert_eq!(channels.len(), 3, "it never gave way");
        acknowledge(&bus, held.into_values().flatten().collect()).await;
    });
}

/// As of a queue that its broker cannot serve, and as the client library may leave a call whose connection is lost meanwhile.
#[test]
fn who_is_never_answered_is_told_so_and_goes_on_once_there_is_an_answer() {
    with_broker(async |broker| {
        for (name, class, method) in [("open", 20, 11), ("qos", 60, 11), ("consume", 60, 21)] {
            let bus = declared_with(&broker, |settings| settings.confirm_wait = MOST / 60).await;
            publish_all(&bus, vec![to_topic(HEARD, name)]).await;
            broker.proxy.cut_at(Cut::Unanswered(class, method));
            let outage = bus.receive(LEFT.into(), 1).await.unwrap_err();
            assert_eq!(outage.kind, OutageKind::Unreachable, "{name}");
            assert!(outage.detail.contains(LEFT) && outage.detail.contains("no answer in time"), "{outage}");
            broker.proxy.cut_nothing();
            let came = take(&bus, LEFT, 1).await;
            assert_eq!(texts(&came), [name]);
            acknowledge(&bus, came).await;
        }
    });
}

#[test]
fn who_lets_go_without_an_answer_loses_nothing() {
    with_broker(async |broker| {
        let bus = declared_with(&broker, |settings| {
            settings.hold_wait = Duration::from_millis(50);
            settings.confirm_wait = MOST / 60;
        })
        .await;
        publish_all(&bus, vec![to_topic(HEARD, "first")]).await;
        let first = bus.receive(LEFT.into(), 100).await.unwrap();
        assert_eq!(texts(&first), ["first"]);
        acknowledge(&bus, first).await;
        broker.proxy.cut_at(Cut::Unanswered(60, 31));
        // They lie here, and nobody asks for them.
        let all = numbered(20);
        publish_all(&bus, all.iter().map(|text| to_topic(HEARD, text)).collect()).await;
        let other = broker.join();
        let came = take(&other, LEFT, all.len()).await;
        assert_eq!(texts(&came), all, "given back with the channel");
        acknowledge(&other, came).await;
        publish_all(&other, vec![to_topic(HEARD, "later")]).await;
        other.close().await;
        assert_eq!(texts(&take(&bus, LEFT, 1).await), ["later"]);
    });
}
