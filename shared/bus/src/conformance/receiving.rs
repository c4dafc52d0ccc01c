//! Receiving: pull with credit, leases, and futures that are dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures_util::FutureExt;
use futures_util::future::{join, join_all};
use store::conformance::trial::{passed, same, skipped};

use super::trial::{
    ALONE, HEARD, LEFT, RIGHT, SAID, Trial, numbered, take_from, text, texts, to_queue, to_topic,
};
use super::{Checked, Node, Subject};
use crate::{Delivery, Settle};

async fn receive(node: &Node, queue: &str, credit: usize) -> Result<Vec<Delivery>, String> {
    node.bus.receive(Arc::from(queue), credit).await.map_err(|outage| format!("receive: {outage}"))
}

pub(super) async fn credit_is_respected(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    let all = numbered(10);
    trial.publish(all.iter().map(|text| to_topic(HEARD, text)).collect()).await?;
    let mut seen = vec![];
    for credit in [1, 3, 2, 100, 100, 100, 100, 100, 100, 100] {
        if seen.len() == all.len() {
            break;
        }
        let taken = receive(&trial.node, LEFT, credit).await?;
        same(format!("at most {credit}"), taken.len() <= credit, true)?;
        seen.extend(texts(&taken));
    }
    seen.sort_unstable();
    same("all of them", seen, all)?;
    passed()
}

pub(super) async fn a_receive_waits_for_a_message(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    let mut waiting = trial.node.bus.receive(Arc::from(LEFT), 5);
    let at_once = waiting.as_mut().now_or_never();
    same(format!("an answer before there is a message: {at_once:?}"), at_once.is_none(), true)?;
    let (taken, published) = join(waiting, trial.publish(vec![to_topic(HEARD, "a")])).await;
    published?;
    let taken = taken.map_err(|outage| format!("receive: {outage}"))?;
    same("taken", texts(&taken), vec!["a".to_owned()])?;
    passed()
}

pub(super) async fn every_waiting_consumer_is_woken(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    let all = numbered(6);
    let consumers = (0..6).map(|_| trial.take(LEFT, 1));
    let publisher = async {
        for text in &all {
            trial.publish(vec![to_topic(HEARD, text)]).await?;
        }
        Ok::<(), String>(())
    };
    let (taken, published) = join(join_all(consumers), publisher).await;
    published?;
    let taken = taken.into_iter().collect::<Result<Vec<_>, _>>()?;
    same("messages each got", taken.iter().map(Vec::len).collect::<Vec<_>>(), vec![1; 6])?;
    same("all of them", texts(&taken.concat()), all)?;
    passed()
}

pub(super) async fn a_dropped_receive_takes_nothing(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    let mut dropped: Vec<_> = (0..4).map(|_| trial.node.bus.receive(Arc::from(LEFT), 9)).collect();
    for waiting in &mut dropped {
        same("an answer before there is a message", waiting.as_mut().now_or_never().is_none(), true)?;
    }
    drop(dropped);
    trial.publish(vec![to_topic(HEARD, "a"), to_topic(HEARD, "b")]).await?;
    let taken = trial.take(LEFT, 2).await?;
    same("taken", texts(&taken), vec!["a".to_owned(), "b".to_owned()])?;
    same("marked", taken.iter().filter(|one| one.redelivered).count(), 0)?;
    passed()
}

/// Receives are polled once and dropped while messages come; what one of them answered is kept.
pub(super) async fn dropping_receives_while_messages_come_loses_nothing(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    let all = numbered(30);
    let mut kept = vec![];
    for text in &all {
        let mut early = trial.node.bus.receive(Arc::from(LEFT), 3);
        if let Some(Ok(taken)) = early.as_mut().now_or_never() {
            kept.extend(taken);
        }
        trial.publish(vec![to_topic(HEARD, text)]).await?;
        drop(early);
        if let Some(Ok(taken)) = trial.node.bus.receive(Arc::from(LEFT), 3).now_or_never() {
            kept.extend(taken);
        }
    }
    same("marked", kept.iter().filter(|one| one.redelivered).count(), 0)?;
    kept.extend(trial.take(LEFT, all.len() - kept.len()).await?);
    same("all of them", texts(&kept), all)?;
    passed()
}

async fn share(subject: &dyn Subject, trial: &Trial<'_>, nodes: &[Node]) -> Checked {
    let all = numbered(200);
    let (early, late) = all.split_at(100);
    trial.publish(early.iter().map(|text| to_topic(HEARD, text)).collect()).await?;
    let is_published = &AtomicBool::new(false);
    let consumers = (0..8).map(|n| {
        let node = nodes[n % nodes.len()].clone();
        async move {
            let mut seen = vec![];
            // More than there are: somebody shares.
            while seen.len() <= 200 {
                let taken = take_from(&node, subject, LEFT, 1).await?;
                let Some(one) = taken.first() else {
                    if !is_published.load(Ordering::SeqCst) {
                        continue;
                    }
                    return Ok::<Vec<String>, String>(seen);
                };
                seen.push(text(one));
                node.bus.settle(vec![(one.token.clone(), Settle::Acknowledge)]).await;
            }
            Err(format!("messages come again: {:?}", seen.last()))
        }
    });
    let publisher = async {
        let published = trial.publish(late.iter().map(|text| to_topic(HEARD, text)).collect()).await;
        is_published.store(true, Ordering::SeqCst);
        published
    };
    let (seen, published) = join(join_all(consumers), publisher).await;
    published?;
    let mut seen = seen.into_iter().collect::<Result<Vec<_>, _>>()?.concat();
    seen.sort_unstable();
    same("each message once", seen, all.clone())?;
    trial.state_is("what is left", LEFT, (0, 0)).await?;
    passed()
}

pub(super) async fn consumers_share_a_queue_without_sharing_messages(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    share(subject, &trial, std::slice::from_ref(&trial.node)).await
}

pub(super) async fn processes_share_a_queue_without_sharing_messages(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    let Some(second) = subject.second().await else { return skipped("one process only") };
    share(subject, &trial, &[trial.node.clone(), second]).await
}

pub(super) async fn a_lease_keeps_others_away(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    trial.publish(vec![to_topic(HEARD, "a")]).await?;
    let taken = trial.take(LEFT, 1).await?;
    trial.nothing_comes("while it is leased", LEFT).await?;
    if let Some(second) = subject.second().await {
        let other = take_from(&second, subject, LEFT, 1).await?;
        same("what another process gets", texts(&other), vec![])?;
    }
    trial.settle(&taken[0], Settle::Release).await;
    same("once released", texts(&trial.take(LEFT, 1).await?), vec!["a".to_owned()])?;
    passed()
}

pub(super) async fn queues_do_not_disturb_each_other(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    trial.publish(vec![to_topic(SAID, "a")]).await?;
    let left = trial.take(LEFT, 1).await?;
    let right = trial.take(RIGHT, 1).await?;
    trial.settle(&left[0], Settle::Release).await;
    trial.settle(&right[0], Settle::Acknowledge).await;
    same("left", texts(&trial.take(LEFT, 1).await?), vec!["a".to_owned()])?;
    trial.nothing_comes("acknowledged", RIGHT).await?;
    passed()
}

pub(super) async fn inspect_knows_every_queue(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    trial.publish(vec![to_queue(ALONE, "a")]).await?;
    for (queue, want) in [(LEFT, (0, 0)), (RIGHT, (0, 0)), (ALONE, (1, 0))] {
        trial.state_is(queue, queue, want).await?;
    }
    passed()
}

pub(super) async fn inspect_counts_what_waits_and_what_is_in_flight(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    trial.publish(numbered(5).iter().map(|text| to_topic(HEARD, text)).collect()).await?;
    trial.state_is("published", LEFT, (5, 0)).await?;
    let taken = trial.take(LEFT, 3).await?;
    trial.state_is("three taken", LEFT, (2, 3)).await?;
    trial.settle(&taken[0], Settle::Acknowledge).await;
    trial.state_is("one acknowledged", LEFT, (2, 2)).await?;
    trial.settle(&taken[1], Settle::Release).await;
    trial.state_is("one released", LEFT, (3, 1)).await?;
    passed()
}
