//! Lost answers, lost leases, and a bus that is down.

use std::sync::Arc;

use store::conformance::trial::{passed, same, skipped};

use super::trial::{HEARD, LEFT, Trial, texts, to_queue, to_topic, wiring};
use super::{Checked, Hook, Subject};
use crate::{Published, Settle};

fn lacks(hook: Hook) -> Checked {
    skipped(format!("no hook {hook:?}"))
}

pub(super) async fn an_unknown_publish_that_was_sent_arrives(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    if !trial.can(Hook::LosePublishReplySent) {
        return lacks(Hook::LosePublishReplySent);
    }
    let published = trial.node.bus.publish(vec![to_topic(HEARD, "a")]).await;
    same("published", published, vec![Published::Unknown])?;
    trial.publish(vec![to_topic(HEARD, "a")]).await?;
    same("left", texts(&trial.take_all(LEFT).await?), vec!["a".to_owned(), "a".to_owned()])?;
    passed()
}

pub(super) async fn an_unknown_publish_that_was_lost_can_be_sent_again(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    if !trial.can(Hook::LosePublishReplyLost) {
        return lacks(Hook::LosePublishReplyLost);
    }
    let published = trial.node.bus.publish(vec![to_topic(HEARD, "a")]).await;
    same("published", published, vec![Published::Unknown])?;
    trial.publish(vec![to_topic(HEARD, "a")]).await?;
    same("left", texts(&trial.take_all(LEFT).await?), vec!["a".to_owned()])?;
    passed()
}

pub(super) async fn only_the_message_without_an_answer_is_unknown(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    if !trial.can(Hook::LosePublishReplyLost) {
        return lacks(Hook::LosePublishReplyLost);
    }
    let batch = ["a", "b", "c"].map(|text| to_queue(LEFT, text)).to_vec();
    let published = trial.node.bus.publish(batch).await;
    let confirmed = published.iter().filter(|one| **one == Published::Confirmed).count();
    let came = texts(&trial.take_all(LEFT).await?);
    let sure: Vec<String> = ["a", "b", "c"]
        .iter()
        .zip(&published)
        .filter(|(_, published)| **published == Published::Confirmed)
        .map(|(text, _)| (*text).to_owned())
        .collect();
    same("answers", published.len(), 3)?;
    same(format!("something was unknown: {published:?}"), confirmed < 3, true)?;
    same(format!("what was confirmed came, {came:?}"), sure.iter().all(|text| came.contains(text)), true)?;
    passed()
}

pub(super) async fn a_lost_settlement_brings_the_message_again(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    trial.publish(vec![to_topic(HEARD, "a")]).await?;
    let taken = trial.take(LEFT, 1).await?;
    if !trial.can(Hook::LoseSettlement) {
        return lacks(Hook::LoseSettlement);
    }
    trial.settle(&taken[0], Settle::Acknowledge).await;
    let again = trial.take(LEFT, 1).await?;
    same("what comes again, marked", (texts(&again), again[0].redelivered), (vec!["a".to_owned()], true))?;
    trial.settle(&again[0], Settle::Acknowledge).await;
    trial.nothing_comes("acknowledged at last", LEFT).await?;
    passed()
}

pub(super) async fn what_was_lost_on_the_way_to_a_consumer_comes_again(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    trial.publish(vec![to_topic(HEARD, "a")]).await?;
    if !trial.can(Hook::LoseReceived) {
        return lacks(Hook::LoseReceived);
    }
    let lost = trial.node.bus.receive(Arc::from(LEFT), 5).await;
    same(format!("a receive whose answer was lost: {lost:?}"), lost.is_err(), true)?;
    same("what comes", texts(&trial.take_all(LEFT).await?), vec!["a".to_owned()])?;
    passed()
}

pub(super) async fn a_lease_that_ends_brings_the_message_to_another(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    trial.publish(vec![to_topic(HEARD, "a")]).await?;
    trial.take(LEFT, 1).await?;
    if !trial.can(Hook::EndLeases) {
        return lacks(Hook::EndLeases);
    }
    let again = trial.take(LEFT, 1).await?;
    same("what comes again, marked", (texts(&again), again[0].redelivered), (vec!["a".to_owned()], true))?;
    passed()
}

pub(super) async fn a_settlement_after_the_lease_ended_makes_no_copy(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    trial.publish(vec![to_topic(HEARD, "a")]).await?;
    let first = trial.take(LEFT, 1).await?;
    if !trial.can(Hook::EndLeases) {
        return lacks(Hook::EndLeases);
    }
    let second = trial.take(LEFT, 1).await?;
    trial.settle(&first[0], Settle::Release).await;
    trial.settle(&second[0], Settle::Acknowledge).await;
    // A backend that names a delivery by its place may take the release for the second's; it comes once more then.
    let copies = trial.take_all(LEFT).await?;
    same(format!("at most one more: {copies:?}"), copies.len() <= 1, true)?;
    trial.settle_all(&copies, Settle::Acknowledge).await;
    trial.nothing_comes("acknowledged at last", LEFT).await?;
    passed()
}

pub(super) async fn a_bus_that_is_down_says_so_and_loses_nothing(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    trial.publish(vec![to_topic(HEARD, "a")]).await?;
    if !trial.can(Hook::Down(true)) {
        return lacks(Hook::Down(true));
    }
    let published = trial.node.bus.publish(vec![to_topic(HEARD, "b"), to_topic(HEARD, "c")]).await;
    same("published", published, vec![Published::Unknown, Published::Unknown])?;
    same("receive fails", trial.node.bus.receive(Arc::from(LEFT), 1).await.is_err(), true)?;
    same("inspect fails", trial.node.bus.inspect().await.is_err(), true)?;
    same("declare fails", trial.node.bus.declare(wiring()).await.is_err(), true)?;
    trial.can(Hook::Down(false));
    // The first may take its time, as whoever was down comes back with pauses.
    let mut came = texts(&trial.take(LEFT, 1).await?);
    came.extend(texts(&trial.take_all(LEFT).await?));
    same(format!("what waited came: {came:?}"), came.contains(&"a".to_owned()), true)?;
    trial.publish(vec![to_topic(HEARD, "d")]).await?;
    same("what is published then", texts(&trial.take_all(LEFT).await?).contains(&"d".to_owned()), true)?;
    passed()
}
