//! Settling: what does not come again, and what does.

use store::conformance::trial::{passed, same, skipped};

use super::trial::{HEARD, LEFT, Trial, numbered, text, texts, to_topic};
use super::{Checked, Subject};
use crate::{Delivery, Outgoing, Settle, Token};

async fn one_taken(subject: &dyn Subject) -> Result<(Trial<'_>, Delivery), String> {
    let trial = Trial::new(subject).await?;
    trial.publish(vec![to_topic(HEARD, "a")]).await?;
    let taken = trial.take(LEFT, 1).await?.remove(0);
    Ok((trial, taken))
}

pub(super) async fn what_is_acknowledged_does_not_come_again(subject: &dyn Subject) -> Checked {
    let (trial, taken) = one_taken(subject).await?;
    trial.settle(&taken, Settle::Acknowledge).await;
    trial.nothing_comes("acknowledged", LEFT).await?;
    trial.state_is("what is left", LEFT, (0, 0)).await?;
    passed()
}

pub(super) async fn what_is_released_comes_again_and_says_so(subject: &dyn Subject) -> Checked {
    let (trial, taken) = one_taken(subject).await?;
    same("marked at first", taken.redelivered, false)?;
    trial.settle(&taken, Settle::Release).await;
    same("marked then", trial.take(LEFT, 1).await?[0].redelivered, true)?;
    passed()
}

pub(super) async fn what_is_released_comes_again_whole(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    trial.publish(vec![Outgoing { attempt: 4, ..to_topic(HEARD, "a") }]).await?;
    let first = trial.take(LEFT, 1).await?.remove(0);
    trial.settle(&first, Settle::Release).await;
    let again = trial.take(LEFT, 1).await?.remove(0);
    same("body and attempt", (again.body, again.attempt), (first.body, 4))?;
    passed()
}

pub(super) async fn what_is_released_often_comes_again_as_often(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    trial.publish(vec![to_topic(HEARD, "a")]).await?;
    for round in 0..25 {
        let taken = trial.take(LEFT, 1).await?.remove(0);
        same(format!("marked in round {round}"), taken.redelivered, round > 0)?;
        trial.settle(&taken, Settle::Release).await;
    }
    let taken = trial.take_all(LEFT).await?;
    same("at last", texts(&taken), vec!["a".to_owned()])?;
    trial.settle_all(&taken, Settle::Acknowledge).await;
    trial.nothing_comes("acknowledged at last", LEFT).await?;
    passed()
}

pub(super) async fn one_settlement_settles_one_message(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    trial.publish(numbered(3).iter().map(|text| to_topic(HEARD, text)).collect()).await?;
    let taken = trial.take(LEFT, 3).await?;
    let kept = text(&taken[1]);
    trial.settle(&taken[0], Settle::Acknowledge).await;
    trial.settle(&taken[2], Settle::Acknowledge).await;
    trial.state_is("still leased", LEFT, (0, 1)).await?;
    trial.settle(&taken[1], Settle::Release).await;
    same("released", texts(&trial.take_all(LEFT).await?), vec![kept])?;
    passed()
}

pub(super) async fn many_are_settled_at_once(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    let all = numbered(60);
    trial.publish(all.iter().map(|text| to_topic(HEARD, text)).collect()).await?;
    let taken = trial.take(LEFT, 60).await?;
    let how = |n: usize| if n.is_multiple_of(3) { Settle::Release } else { Settle::Acknowledge };
    let settlements = taken.iter().enumerate().map(|(n, one)| (one.token.clone(), how(n))).collect();
    trial.node.bus.settle(settlements).await;
    let released: Vec<Delivery> = taken.iter().step_by(3).cloned().collect();
    same("what comes again", texts(&trial.take_all(LEFT).await?), texts(&released))?;
    passed()
}

pub(super) async fn acknowledging_twice_is_harmless(subject: &dyn Subject) -> Checked {
    let (trial, taken) = one_taken(subject).await?;
    trial.publish(vec![to_topic(HEARD, "b")]).await?;
    trial.settle(&taken, Settle::Acknowledge).await;
    trial.settle_all(&[taken.clone(), taken], Settle::Acknowledge).await;
    same("the other message", texts(&trial.take_all(LEFT).await?), vec!["b".to_owned()])?;
    passed()
}

pub(super) async fn releasing_twice_makes_no_copy(subject: &dyn Subject) -> Checked {
    let (trial, taken) = one_taken(subject).await?;
    trial.settle_all(&[taken.clone(), taken.clone()], Settle::Release).await;
    trial.settle(&taken, Settle::Release).await;
    trial.state_is("what waits", LEFT, (1, 0)).await?;
    same("what comes", texts(&trial.take_all(LEFT).await?), vec!["a".to_owned()])?;
    passed()
}

/// Whether a late acknowledgement still counts is the backend's own; two copies never are.
pub(super) async fn acknowledging_after_releasing_makes_no_copy(subject: &dyn Subject) -> Checked {
    let (trial, taken) = one_taken(subject).await?;
    trial.settle(&taken, Settle::Release).await;
    trial.settle(&taken, Settle::Acknowledge).await;
    let copies = trial.take_all(LEFT).await?.len();
    same(format!("at most one copy, got {copies}"), copies <= 1, true)?;
    let (trial, taken) = one_taken(subject).await?;
    trial.settle(&taken, Settle::Acknowledge).await;
    trial.settle(&taken, Settle::Release).await;
    trial.nothing_comes("acknowledged before it was released", LEFT).await?;
    passed()
}

pub(super) async fn settling_nothing_is_harmless(subject: &dyn Subject) -> Checked {
    let (trial, taken) = one_taken(subject).await?;
    trial.node.bus.settle(vec![]).await;
    trial.state_is("still leased", LEFT, (0, 1)).await?;
    trial.settle(&taken, Settle::Acknowledge).await;
    passed()
}

pub(super) async fn settling_what_never_was_is_harmless(subject: &dyn Subject) -> Checked {
    let (trial, taken) = one_taken(subject).await?;
    let unknown = Token { seq: taken.token.seq + 1_000_000, ..taken.token.clone() };
    let elsewhere = Token { queue: "nobody".into(), ..taken.token.clone() };
    let both = vec![(unknown, Settle::Acknowledge), (elsewhere, Settle::Release)];
    trial.node.bus.settle(both).await;
    trial.state_is("still leased", LEFT, (0, 1)).await?;
    trial.settle(&taken, Settle::Release).await;
    same("what comes", texts(&trial.take_all(LEFT).await?), vec!["a".to_owned()])?;
    passed()
}

pub(super) async fn what_is_not_settled_comes_again_after_a_restart(subject: &dyn Subject) -> Checked {
    let (mut trial, taken) = one_taken(subject).await?;
    if !trial.restart().await? {
        return skipped("keeps nothing over a restart");
    }
    let again = trial.take_all(LEFT).await?;
    same("what comes", texts(&again), vec!["a".to_owned()])?;
    same("marked", again[0].redelivered, true)?;
    same("body", again[0].body.clone(), taken.body)?;
    passed()
}

pub(super) async fn what_is_acknowledged_does_not_come_again_after_a_restart(
    subject: &dyn Subject,
) -> Checked {
    let (mut trial, taken) = one_taken(subject).await?;
    trial.settle(&taken, Settle::Acknowledge).await;
    if !trial.restart().await? {
        return skipped("keeps nothing over a restart");
    }
    trial.nothing_comes("acknowledged before the restart", LEFT).await?;
    passed()
}

pub(super) async fn what_waits_is_there_after_a_restart(subject: &dyn Subject) -> Checked {
    let mut trial = Trial::new(subject).await?;
    let all = numbered(20);
    trial.publish(all.iter().map(|text| to_topic(HEARD, text)).collect()).await?;
    if !trial.restart().await? {
        return skipped("keeps nothing over a restart");
    }
    let taken = trial.take_all(LEFT).await?;
    same("what comes", texts(&taken), all)?;
    passed()
}
