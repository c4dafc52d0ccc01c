//! Peeking: looking at what waits, so that nobody notices.

use std::sync::Arc;

use store::OutageKind;
use store::conformance::trial::{passed, same, skipped};

use super::trial::{HEARD, LEFT, Trial, numbered, text, texts, to_topic};
use super::{Checked, Subject};
use crate::{Outgoing, Peek, Peeked, Settle};

const NOT_POSSIBLE: &str = "no look that takes nothing";

async fn look(peek: &Arc<dyn Peek>, limit: usize) -> Result<Vec<Peeked>, String> {
    peek.peek(Arc::from(LEFT), limit).await.map_err(|outage| format!("peek: {outage}"))
}

fn seen(peeked: &[Peeked]) -> Vec<String> {
    let text = |one: &Peeked| String::from_utf8_lossy(&one.body).trim_matches('"').to_owned();
    let mut texts: Vec<String> = peeked.iter().map(text).collect();
    texts.sort_unstable();
    texts
}

pub(super) async fn what_was_peeked_at_is_delivered_once_as_if_nobody_had_looked(
    subject: &dyn Subject,
) -> Checked {
    let trial = Trial::new(subject).await?;
    let Some(peek) = &trial.node.peek else { return skipped(NOT_POSSIBLE) };
    let all = numbered(5);
    let tried = |text: &String| Outgoing { attempt: 2, ..to_topic(HEARD, text) };
    trial.publish(all.iter().map(tried).collect()).await?;
    // Often enough that a broker which gives up after some deliveries would have.
    for _ in 0..12 {
        same("peeked at", seen(&look(peek, 10).await?), all.clone())?;
    }
    trial.state_is("waits and is in flight", LEFT, (5, 0)).await?;
    let taken = trial.take(LEFT, 5).await?;
    same("delivered", texts(&taken), all)?;
    for one in &taken {
        same(format!("the marks of {}", text(one)), (one.attempt, one.redelivered), (2, false))?;
    }
    trial.settle_all(&taken, Settle::Acknowledge).await;
    trial.nothing_comes("a second time", LEFT).await?;
    passed()
}

pub(super) async fn peeking_shows_what_waits_and_its_marks(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    let Some(peek) = &trial.node.peek else { return skipped(NOT_POSSIBLE) };
    same("in an empty queue", look(peek, 10).await?, vec![])?;
    let body = bytes::Bytes::from_static(b"\xff\x00 no text");
    trial.publish(vec![Outgoing { attempt: 3, body: body.clone(), ..to_topic(HEARD, "a") }]).await?;
    let fresh = Peeked { body, attempt: 3, redelivered: false };
    same("before it was delivered", look(peek, 10).await?, vec![fresh.clone()])?;
    let taken = trial.take(LEFT, 1).await?;
    trial.settle(&taken[0], Settle::Release).await;
    let again = Peeked { redelivered: true, ..fresh };
    same("once it came back", look(peek, 10).await?, vec![again])?;
    passed()
}

pub(super) async fn peeking_does_not_show_what_is_in_flight_or_gone(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    let Some(peek) = &trial.node.peek else { return skipped(NOT_POSSIBLE) };
    let all = numbered(3);
    trial.publish(all.iter().map(|text| to_topic(HEARD, text)).collect()).await?;
    let taken = trial.take(LEFT, 1).await?;
    let others: Vec<String> = all.iter().filter(|one| **one != text(&taken[0])).cloned().collect();
    same("while one is in flight", seen(&look(peek, 10).await?), others.clone())?;
    trial.settle(&taken[0], Settle::Acknowledge).await;
    same("once it is gone", seen(&look(peek, 10).await?), others)?;
    passed()
}

pub(super) async fn peeking_shows_no_more_than_it_was_asked_for(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    let Some(peek) = &trial.node.peek else { return skipped(NOT_POSSIBLE) };
    trial.publish(numbered(7).iter().map(|text| to_topic(HEARD, text)).collect()).await?;
    for (limit, want) in [(0, 0), (1, 1), (3, 3), (7, 7), (100, 7)] {
        same(format!("of a limit of {limit}"), look(peek, limit).await?.len(), want)?;
    }
    passed()
}

pub(super) async fn a_queue_that_does_not_exist_cannot_be_peeked_at(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    let Some(peek) = &trial.node.peek else { return skipped(NOT_POSSIBLE) };
    let answer = peek.peek(Arc::from("nobody"), 5).await;
    same("the answer", answer.map_err(|outage| outage.kind), Err(OutageKind::Undeclared))?;
    passed()
}
