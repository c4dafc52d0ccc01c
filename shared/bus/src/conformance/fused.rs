//! A store that is one with the bus: a commit publishes and settles, or does neither.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{join, join_all};
use store::conformance::trial::{
    check, fields, insert, now, numbers, passed, put_bytes, record, same, skipped, step, thing,
};
use store::{Change, Nonce, Outcome, Store, Unit, Version, limits};

use super::trial::{
    ALONE, HEARD, LEFT, RIGHT, SAID, Trial, UNHEARD, numbered, text, texts, to_queue, to_topic,
};
use super::{Checked, Hook, Subject};
use crate::{Delivery, Outgoing, Settle};

fn not_fused() -> Checked {
    skipped("bus and store are not fused")
}

/// A unit that handles `message`, publishes and settles.
fn unit(nonce: u64, message: &str, outgoing: Vec<Outgoing>, taken: Option<&Delivery>) -> Unit {
    Unit {
        now: now(),
        nonce: Nonce(nonce),
        record: Some(record(message, outgoing)),
        changes: vec![],
        settles: taken.map(|one| one.token.consumed()),
    }
}

async fn commit(store: &Arc<dyn Store>, what: &str, want: Outcome, unit: Unit) -> Result<(), String> {
    let got = store.commit(unit).await.map_err(|outage| format!("{what}: {outage}"))?;
    same(what, got, want)
}

pub(super) async fn what_a_commit_publishes_is_enqueued(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    let Some(store) = trial.node.fused.clone() else { return not_fused() };
    let outgoing = vec![to_topic(SAID, "a"), to_topic(HEARD, "b")];
    commit(&store, "a commit", Outcome::Committed, unit(1, "m", outgoing, None)).await?;
    same("left", texts(&trial.take_all(LEFT).await?), vec!["a".to_owned(), "b".to_owned()])?;
    same("right", texts(&trial.take_all(RIGHT).await?), vec!["a".to_owned()])?;
    passed()
}

pub(super) async fn what_a_commit_publishes_to_a_queue_reaches_only_that_queue(
    subject: &dyn Subject,
) -> Checked {
    let trial = Trial::new(subject).await?;
    let Some(store) = trial.node.fused.clone() else { return not_fused() };
    let outgoing = vec![to_queue(RIGHT, "a"), to_queue(ALONE, "b")];
    commit(&store, "a commit", Outcome::Committed, unit(1, "m", outgoing, None)).await?;
    same("right", texts(&trial.take_all(RIGHT).await?), vec!["a".to_owned()])?;
    same("alone", texts(&trial.take_all(ALONE).await?), vec!["b".to_owned()])?;
    trial.nothing_comes("not addressed", LEFT).await?;
    passed()
}

pub(super) async fn what_a_commit_publishes_carries_its_attempt_and_body(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    let Some(store) = trial.node.fused.clone() else { return not_fused() };
    let body = Bytes::from_static(b"{\"n\": 1.50, \"t\": \"\\u00e4\"}");
    let outgoing = Outgoing { attempt: 6, body: body.clone(), ..to_queue(RIGHT, "a") };
    commit(&store, "a commit", Outcome::Committed, unit(1, "m", vec![outgoing], None)).await?;
    let taken = trial.take(RIGHT, 1).await?.remove(0);
    same("body, attempt, marked", (taken.body, taken.attempt, taken.redelivered), (body, 6, false))?;
    passed()
}

pub(super) async fn what_a_commit_publishes_to_nobody_goes_nowhere(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    let Some(store) = trial.node.fused.clone() else { return not_fused() };
    commit(&store, "a commit", Outcome::Committed, unit(1, "m", vec![to_topic(UNHEARD, "a")], None)).await?;
    for queue in [LEFT, RIGHT, ALONE] {
        same(queue, trial.state(queue).await?, (0, 0))?;
    }
    passed()
}

/// A row that nobody takes would be a loss that nobody sees.
pub(super) async fn what_a_commit_publishes_to_a_queue_that_does_not_exist_is_refused(
    subject: &dyn Subject,
) -> Checked {
    let trial = Trial::new(subject).await?;
    let Some(store) = trial.node.fused.clone() else { return not_fused() };
    trial.publish(vec![to_topic(HEARD, "a")]).await?;
    let taken = trial.take(LEFT, 1).await?;
    let outgoing = vec![to_queue(RIGHT, "out"), to_queue("nobody", "out")];
    let mut handling = unit(1, "m", outgoing, Some(&taken[0]));
    handling.changes = vec![insert("a", "1")];
    let end = store.commit(handling).await;
    same(format!("a commit to nobody fails: {end:?}"), end.is_err(), true)?;
    same("left", trial.state(LEFT).await?, (0, 1))?;
    same("right", trial.state(RIGHT).await?, (0, 0))?;
    let mut right = unit(2, "m", vec![to_queue(RIGHT, "out")], Some(&taken[0]));
    right.changes = vec![insert("a", "1")];
    commit(&store, "once the address is right", Outcome::Committed, right).await?;
    passed()
}

pub(super) async fn a_commit_removes_the_delivery_that_it_handles(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    let Some(store) = trial.node.fused.clone() else { return not_fused() };
    trial.publish(vec![to_topic(HEARD, "a")]).await?;
    let taken = trial.take(LEFT, 1).await?;
    commit(&store, "a commit", Outcome::Committed, unit(1, "m", vec![], Some(&taken[0]))).await?;
    same("what is left", trial.state(LEFT).await?, (0, 0))?;
    trial.nothing_comes("handled", LEFT).await?;
    passed()
}

pub(super) async fn a_commit_leaves_other_deliveries(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    let Some(store) = trial.node.fused.clone() else { return not_fused() };
    trial.publish(vec![to_topic(SAID, "a"), to_topic(SAID, "b")]).await?;
    let taken = trial.take(LEFT, 2).await?;
    commit(&store, "a commit", Outcome::Committed, unit(1, "m", vec![], Some(&taken[0]))).await?;
    same("left", trial.state(LEFT).await?, (0, 1))?;
    same("right", trial.state(RIGHT).await?, (2, 0))?;
    trial.settle(&taken[1], Settle::Release).await;
    same("what comes again", texts(&trial.take(LEFT, 1).await?), texts(&taken[1..]))?;
    passed()
}

/// A unit that is not committed for this reason publishes nothing, settles nothing and changes nothing.
async fn leaves_all(
    subject: &dyn Subject,
    what: &str,
    change: Change,
    message: &str,
    want: Outcome,
) -> Checked {
    let trial = Trial::new(subject).await?;
    let Some(store) = trial.node.fused.clone() else { return not_fused() };
    commit(&store, "the first", Outcome::Committed, unit(1, "m", vec![], None)).await?;
    trial.publish(vec![to_topic(HEARD, "a")]).await?;
    let taken = trial.take(LEFT, 1).await?;
    let mut failing = unit(2, message, vec![to_topic(SAID, "out"), to_queue(ALONE, "out")], Some(&taken[0]));
    failing.changes = vec![change];
    commit(&store, what, want, failing).await?;
    for (queue, want) in [(LEFT, (0, 1)), (RIGHT, (0, 0)), (ALONE, (0, 0))] {
        same(format!("{queue} after {what}"), trial.state(queue).await?, want)?;
    }
    trial.settle(&taken[0], Settle::Release).await;
    same("what comes again", texts(&trial.take_all(LEFT).await?), vec!["a".to_owned()])?;
    passed()
}

pub(super) async fn a_duplicate_publishes_nothing_and_leaves_the_delivery(subject: &dyn Subject) -> Checked {
    leaves_all(subject, "a duplicate", insert("a", "1"), "m", Outcome::Duplicate).await
}

pub(super) async fn a_conflict_publishes_nothing_and_leaves_the_delivery(subject: &dyn Subject) -> Checked {
    leaves_all(subject, "a conflict", check("a", Version(7)), "n", Outcome::Conflict).await
}

pub(super) async fn what_is_too_large_publishes_nothing_and_leaves_the_delivery(
    subject: &dyn Subject,
) -> Checked {
    let large = put_bytes(thing("a"), Version::ABSENT, vec![0; limits::DOCUMENT_BYTES + 1].into());
    leaves_all(subject, "a document too large", large, "n", Outcome::TooLarge(store::Limit::Document)).await
}

pub(super) async fn a_commit_wakes_a_waiting_consumer(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    let Some(store) = trial.node.fused.clone() else { return not_fused() };
    let mut waiting = trial.node.bus.receive(Arc::from(RIGHT), 5);
    same("an answer before there is a message", waiting.as_mut().now_or_never().is_none(), true)?;
    let handling =
        commit(&store, "a commit", Outcome::Committed, unit(1, "m", vec![to_topic(SAID, "a")], None));
    let (taken, committed) = join(waiting, handling).await;
    committed?;
    let taken = taken.map_err(|outage| format!("receive: {outage}"))?;
    same("taken", texts(&taken), vec!["a".to_owned()])?;
    passed()
}

pub(super) async fn acknowledging_what_a_commit_settled_is_harmless(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    let Some(store) = trial.node.fused.clone() else { return not_fused() };
    trial.publish(vec![to_topic(HEARD, "a"), to_topic(HEARD, "b")]).await?;
    let taken = trial.take(LEFT, 2).await?;
    commit(&store, "a commit", Outcome::Committed, unit(1, "m", vec![], Some(&taken[0]))).await?;
    trial.settle(&taken[0], Settle::Acknowledge).await;
    trial.settle(&taken[0], Settle::Release).await;
    same("the other", trial.state(LEFT).await?, (0, 1))?;
    trial.nothing_comes("settled", LEFT).await?;
    passed()
}

pub(super) async fn a_delivery_that_is_gone_does_not_stop_a_commit(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    let Some(store) = trial.node.fused.clone() else { return not_fused() };
    trial.publish(vec![to_topic(HEARD, "a")]).await?;
    let taken = trial.take(LEFT, 1).await?;
    trial.settle(&taken[0], Settle::Acknowledge).await;
    let handling = unit(1, "m", vec![to_topic(HEARD, "out")], Some(&taken[0]));
    commit(&store, "a commit", Outcome::Committed, handling).await?;
    same("left", texts(&trial.take_all(LEFT).await?), vec!["out".to_owned()])?;
    passed()
}

pub(super) async fn a_unit_without_a_record_settles_its_delivery(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    let Some(store) = trial.node.fused.clone() else { return not_fused() };
    trial.publish(vec![to_topic(HEARD, "a")]).await?;
    let taken = trial.take(LEFT, 1).await?;
    let handling = Unit { record: None, ..unit(1, "m", vec![], Some(&taken[0])) };
    commit(&store, "a commit", Outcome::Committed, handling).await?;
    same("what is left", trial.state(LEFT).await?, (0, 0))?;
    passed()
}

pub(super) async fn a_commit_whose_answer_was_lost_has_published_and_settled(
    subject: &dyn Subject,
) -> Checked {
    let trial = Trial::new(subject).await?;
    let Some(store) = trial.node.fused.clone() else { return not_fused() };
    trial.publish(vec![to_topic(HEARD, "a")]).await?;
    let taken = trial.take(LEFT, 1).await?;
    if !trial.can(Hook::LoseCommitReply) {
        return skipped("no hook LoseCommitReply");
    }
    let handling = unit(1, "m", vec![to_queue(RIGHT, "out")], Some(&taken[0]));
    commit(&store, "a commit", Outcome::Unknown, handling).await?;
    same("left", trial.state(LEFT).await?, (0, 0))?;
    same("right", texts(&trial.take_all(RIGHT).await?), vec!["out".to_owned()])?;
    let again = unit(2, "m", vec![to_queue(RIGHT, "out")], None);
    commit(&store, "the next execution", Outcome::Duplicate, again).await?;
    trial.nothing_comes("published already", RIGHT).await?;
    passed()
}

/// Fifty messages are handled by eight consumers, and every third is given back once before.
pub(super) async fn messages_handled_at_once_have_their_effects_once(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    let Some(store) = trial.node.fused.clone() else { return not_fused() };
    let all = numbered(50);
    trial.publish(all.iter().map(|text| to_topic(HEARD, text)).collect()).await?;
    let consumer = |who: u64| {
        let (trial, store) = (&trial, &store);
        async move {
            for nonce in 1..200 {
                let Some(one) = super::trial::take_from(&trial.node, subject, LEFT, 1).await?.pop() else {
                    break;
                };
                let name = text(&one);
                if !one.redelivered && name.ends_with(['0', '3', '6', '9']) {
                    trial.settle(&one, Settle::Release).await;
                    continue;
                }
                let mut handling = unit(who * 1_000 + nonce, &name, vec![to_queue(RIGHT, &name)], Some(&one));
                handling.changes = vec![step("n", &[("handled", 1)])];
                commit(store, &name, Outcome::Committed, handling).await?;
            }
            Ok::<(), String>(())
        }
    };
    for done in join_all((1..=8).map(consumer)).await {
        done?;
    }
    same("left", trial.state(LEFT).await?, (0, 0))?;
    same("right", texts(&trial.take_all(RIGHT).await?), all)?;
    let read = store.read(vec![thing("n")], now()).await.map_err(|outage| format!("read: {outage}"))?;
    let counter = read.into_iter().next().flatten().ok_or("no counter")?;
    same("handled", fields(&counter)?, numbers(&[("handled", 50)]))?;
    passed()
}

pub(super) async fn what_a_commit_published_and_settled_stays_so_after_a_restart(
    subject: &dyn Subject,
) -> Checked {
    let mut trial = Trial::new(subject).await?;
    let Some(store) = trial.node.fused.clone() else { return not_fused() };
    trial.publish(vec![to_topic(HEARD, "a"), to_topic(HEARD, "b")]).await?;
    let taken = trial.take(LEFT, 2).await?;
    let handling = unit(1, "m", vec![to_queue(RIGHT, "out")], Some(&taken[0]));
    commit(&store, "a commit", Outcome::Committed, handling).await?;
    drop(store);
    if !trial.restart().await? {
        return skipped("keeps nothing over a restart");
    }
    same("left", texts(&trial.take_all(LEFT).await?), texts(&taken[1..]))?;
    same("right", texts(&trial.take_all(RIGHT).await?), vec!["out".to_owned()])?;
    let Some(store) = trial.node.fused.clone() else { return Err("no store after the restart".to_owned()) };
    commit(&store, "the same message", Outcome::Duplicate, unit(2, "m", vec![], None)).await?;
    passed()
}
