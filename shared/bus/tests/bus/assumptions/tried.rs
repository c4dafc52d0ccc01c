//! What is tried, on the models and on the brokers. Each is written against what [`Manners`] says, so that neither side can
//! change alone.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bus::conformance::trial::{
    HEARD, LEFT, Trial, numbered, take_from, text, texts, to_queue, to_topic, wiring,
};
use bus::conformance::{Checked, Hook, Node};
use bus::{Delivery, OutageKind, Outgoing, Published, Settle};
use futures_util::FutureExt;
use store::conformance::trial::{passed, same, skipped};
use store::sim::{Fault, Manners};

use super::Peer;

/// A clock of a broker and a machine that is busy may be so much apart.
const SLACK: Duration = Duration::from_millis(1_500);

async fn bus_with_one(peer: &dyn Peer) -> Result<(Trial<'_>, Delivery), String> {
    let trial = Trial::new(peer).await?;
    trial.publish(vec![to_topic(HEARD, "a")]).await?;
    let taken = trial.take(LEFT, 1).await?.remove(0);
    Ok((trial, taken))
}

async fn settle(node: &Node, delivery: &Delivery, how: Settle) {
    node.bus.settle(vec![(delivery.token.clone(), how)]).await;
}

/// What comes to `node`, however long it takes.
async fn first_of(node: &Node, peer: &dyn Peer) -> Result<Delivery, String> {
    for _ in 0..60 {
        if let Some(one) = take_from(node, peer, LEFT, 1).await?.pop() {
            return Ok(one);
        }
    }
    Err("it never comes again".to_owned())
}

pub(super) async fn who_vanishes_hides_what_it_had_for_as_long_as_the_model_says(peer: &dyn Peer) -> Checked {
    let manners = peer.manners();
    let (node, most) = peer.fleeting(manners.hidden()).await;
    node.bus.declare(wiring()).await.map_err(|outage| outage.to_string())?;
    same("published", node.bus.publish(vec![to_topic(HEARD, "a")]).await, vec![Published::Confirmed])?;
    let taken = first_of(&node, peer).await?;
    same("marked at first", taken.redelivered, false)?;
    let begun = peer.now();
    let other = peer.vanish(node).await;
    let again = first_of(&other, peer).await?;
    let hidden = peer.now().since(begun);
    same("what comes, marked", (text(&again), again.redelivered), ("a".to_owned(), true))?;
    let least = peer.least_hidden();
    println!("{manners:?}: hidden for {hidden:?}, {least:?} at least and {most:?} at most");
    same(format!("hidden for {hidden:?}"), (least..=most + SLACK).contains(&hidden), true)?;
    passed()
}

pub(super) async fn an_outage_ends_leases_as_the_model_says(peer: &dyn Peer) -> Checked {
    let (trial, old) = bus_with_one(peer).await?;
    let manners = peer.manners();
    // Far shorter than a lease, and longer than one.
    for how_long in [Duration::ZERO, peer.lease()] {
        if manners == Manners::Embedded || !peer.outage(how_long) {
            return skipped("consumer and queue are one process");
        }
        let while_down = trial.node.bus.receive(Arc::from(LEFT), 1).await;
        same(format!("nobody reaches it: {while_down:?}"), while_down.is_err(), true)?;
        peer.pass(how_long).await;
        trial.can(Hook::Down(false));
        if manners == Manners::SqsStandard && how_long.is_zero() {
            trial.nothing_comes("a lease lasts longer than that", LEFT).await?;
            continue;
        }
        let new = first_of(&trial.node, peer).await?;
        same("what comes again, marked", (text(&new), new.redelivered), ("a".to_owned(), true))?;
        if manners == Manners::RabbitQuorum {
            settle(&trial.node, &old, Settle::Acknowledge).await;
            settle(&trial.node, &new, Settle::Release).await;
            same(
                "settled over a lost connection",
                text(&first_of(&trial.node, peer).await?),
                "a".to_owned(),
            )?;
            return passed();
        }
    }
    passed()
}

pub(super) async fn a_call_brings_no_more_than_the_model_says(peer: &dyn Peer) -> Checked {
    let trial = Trial::new(peer).await?;
    let all = numbered(200);
    trial.publish(all.iter().map(|text| to_topic(HEARD, text)).collect()).await?;
    peer.calls();
    let (mut came, mut answers, mut most) = (vec![], 0, 0);
    while came.len() < all.len() {
        let taken =
            trial.node.bus.receive(Arc::from(LEFT), 100).await.map_err(|outage| outage.to_string())?;
        (answers, most) = (answers + 1, taken.len().max(most));
        came.extend(taken);
    }
    same("what came", texts(&came), all)?;
    let (batch, calls) = (peer.manners().batch(), peer.calls().unwrap_or(answers));
    let fewest = came.len().div_ceil(batch);
    same(format!("{calls} calls, {fewest} at least"), calls >= fewest, true)?;
    // What has no bound would not be tried if it only ever gave few.
    same(format!("{most} in one answer"), batch < usize::MAX || most > 10, true)?;
    passed()
}

pub(super) async fn what_is_given_back_may_go_to_another_process(peer: &dyn Peer) -> Checked {
    let (trial, taken) = bus_with_one(peer).await?;
    let Some(other) = peer.second().await else { return skipped("one process only") };
    settle(&trial.node, &taken, Settle::Release).await;
    let again = first_of(&other, peer).await?;
    same("what the other gets, marked", (text(&again), again.redelivered), ("a".to_owned(), true))?;
    passed()
}

pub(super) async fn a_queue_that_nobody_declared_is_told_to_be_none(peer: &dyn Peer) -> Checked {
    let trial = Trial::new(peer).await?;
    let received = trial.node.bus.receive(Arc::from("nobody"), 1).await;
    let kind = received.map_err(|outage| outage.kind);
    same("receiving from it", kind, Err(OutageKind::Undeclared))?;
    passed()
}

pub(super) async fn who_has_no_room_is_answered_at_once(peer: &dyn Peer) -> Checked {
    let trial = Trial::new(peer).await?;
    trial.publish(vec![to_topic(HEARD, "a")]).await?;
    let begun = peer.now();
    let taken = trial.node.bus.receive(Arc::from(LEFT), 0).await.map_err(|outage| outage.to_string())?;
    same("taken", taken, vec![])?;
    let (waited, wait) = (peer.now().since(begun), peer.manners().receive_wait());
    // In a slow world a call takes up to that long on its way.
    same(format!("answered after {waited:?}"), waited < wait, true)?;
    same("what waits", texts(&trial.take(LEFT, 1).await?), vec!["a".to_owned()])?;
    passed()
}

pub(super) async fn what_others_have_in_hand_is_told_where_the_model_says_so(peer: &dyn Peer) -> Checked {
    let (mut trial, _taken) = bus_with_one(peer).await?;
    let Some(other) = peer.second().await else { return skipped("one process only") };
    trial.state_is("who has it", LEFT, (0, 1)).await?;
    trial.node = other;
    trial.declare(wiring()).await?;
    let seen = u64::from(peer.manners().show_what_others_have());
    trial.state_is("another", LEFT, (0, seen)).await?;
    passed()
}

pub(super) async fn a_look_that_takes_nothing_is_there_where_the_model_has_it(peer: &dyn Peer) -> Checked {
    let is_there = peer.fresh().await.peek.is_some();
    same("a look that takes nothing", is_there, peer.manners() == Manners::Embedded)?;
    passed()
}

/// Publishes what had no answer until it has one, as the relay does: a connection that was lost is not there again at once.
async fn publish_again(trial: &Trial<'_>, mut batch: Vec<Outgoing>) -> Result<(), String> {
    for _ in 0..60 {
        if batch.is_empty() {
            return Ok(());
        }
        let answers = trial.node.bus.publish(batch.clone()).await;
        let open = batch.into_iter().zip(answers).filter(|(_, answer)| *answer != Published::Confirmed);
        batch = open.map(|(message, _)| message).collect();
    }
    Err(format!("{} messages are never confirmed", batch.len()))
}

/// Each text and how often it came.
fn counted(deliveries: &[Delivery]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    deliveries.iter().for_each(|one| *counts.entry(text(one)).or_default() += 1);
    counts
}

pub(super) async fn what_is_confirmed_is_there_once_where_the_model_says_so(peer: &dyn Peer) -> Checked {
    let trial = Trial::new(peer).await?;
    if peer.manners().have(Fault::Duplicate) {
        if !peer.fault(Fault::Duplicate) {
            return skipped("cannot be brought to send anything twice");
        }
        trial.publish(vec![to_queue(LEFT, "a")]).await?;
        same("what came", texts(&trial.take(LEFT, 2).await?), vec!["a".to_owned(), "a".to_owned()])?;
        return passed();
    }
    let all = numbered(60);
    let mut confirmed = vec![];
    for batch in all.chunks(20) {
        // Something goes wrong on the way, and who publishes sends again what has no answer.
        peer.fault(Fault::PublishUnknownSent);
        let messages: Vec<_> = batch.iter().map(|text| to_queue(LEFT, text)).collect();
        let answers = trial.node.bus.publish(messages.clone()).await;
        let sure = batch.iter().zip(&answers).filter(|(_, answer)| **answer == Published::Confirmed);
        confirmed.extend(sure.map(|(text, _)| text.clone()));
        let unsure =
            messages.into_iter().zip(&answers).filter(|(_, answer)| **answer != Published::Confirmed);
        publish_again(&trial, unsure.map(|(message, _)| message).collect()).await?;
    }
    let came = counted(&trial.take_all(LEFT).await?);
    same("what came at least once", came.keys().cloned().collect::<Vec<_>>(), all)?;
    let twice: Vec<&String> = confirmed.iter().filter(|text| came[*text] > 1).collect();
    same("confirmed at once, and twice there", twice, vec![])?;
    passed()
}

pub(super) async fn what_nobody_answered_for_may_arrive_later(peer: &dyn Peer) -> Checked {
    let trial = Trial::new(peer).await?;
    if !peer.manners().have(Fault::PublishUnknownLate) {
        return skipped("who publishes and who keeps it are one process");
    }
    same("brought about", peer.fault(Fault::PublishUnknownLate), true)?;
    let answer = trial.node.bus.publish(vec![to_queue(LEFT, "a")]).await;
    same("published", answer, vec![Published::Unknown])?;
    publish_again(&trial, vec![to_queue(LEFT, "a")]).await?;
    let first = trial.take(LEFT, 1).await?;
    same("what comes first", texts(&first), vec!["a".to_owned()])?;
    settle(&trial.node, &first[0], Settle::Acknowledge).await;
    peer.land().await;
    let late = trial.take(LEFT, 1).await?.remove(0);
    same("what comes later, marked", (text(&late), late.redelivered), ("a".to_owned(), false))?;
    passed()
}

pub(super) async fn what_is_lost_on_its_way_comes_again_and_says_so(peer: &dyn Peer) -> Checked {
    let trial = Trial::new(peer).await?;
    trial.publish(vec![to_topic(HEARD, "a")]).await?;
    if !peer.manners().have(Fault::ReceiveLost) {
        // Polled once, and dropped: it answers at once, or has taken nothing.
        let early = trial.node.bus.receive(Arc::from(LEFT), 1).now_or_never();
        let taken = early.transpose().map_err(|outage| outage.to_string())?.unwrap_or_default();
        let taken = if taken.is_empty() { trial.take(LEFT, 1).await? } else { taken };
        same("marked", taken[0].redelivered, false)?;
        return passed();
    }
    same("brought about", peer.fault(Fault::ReceiveLost), true)?;
    // Told or not: a broker that pushes sends it again before anybody is answered.
    let mut taken = trial.node.bus.receive(Arc::from(LEFT), 1).await.unwrap_or_default();
    if taken.is_empty() {
        taken.push(first_of(&trial.node, peer).await?);
    }
    same("what comes, marked", (text(&taken[0]), taken[0].redelivered), ("a".to_owned(), true))?;
    passed()
}
