//! Publishing: who gets a message, and what the publisher is told.

use futures_util::future::join_all;
use store::conformance::trial::{passed, same};

use super::trial::{ALONE, HEARD, LEFT, RIGHT, SAID, Trial, UNHEARD, numbered, texts, to_queue, to_topic};
use super::{Checked, Subject};
use crate::{Caps, Published};

pub(super) async fn a_published_message_arrives(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    trial.publish(vec![to_topic(HEARD, "a")]).await?;
    same("left", texts(&trial.take(LEFT, 1).await?), vec!["a".to_owned()])?;
    passed()
}

pub(super) async fn a_topic_reaches_every_subscriber_once(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    trial.publish(vec![to_topic(SAID, "a"), to_topic(SAID, "b")]).await?;
    for queue in [LEFT, RIGHT] {
        same(queue, texts(&trial.take_all(queue).await?), vec!["a".to_owned(), "b".to_owned()])?;
    }
    passed()
}

pub(super) async fn a_topic_reaches_nobody_else(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    trial.publish(vec![to_topic(HEARD, "a")]).await?;
    trial.take(LEFT, 1).await?;
    trial.nothing_comes("a type it does not subscribe to", RIGHT).await?;
    trial.nothing_comes("it subscribes to nothing", ALONE).await?;
    passed()
}

pub(super) async fn a_topic_without_subscribers_confirms(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    trial.publish(vec![to_topic(UNHEARD, "a")]).await?;
    for queue in [LEFT, RIGHT, ALONE] {
        trial.nothing_comes("nobody subscribes", queue).await?;
    }
    passed()
}

pub(super) async fn a_queue_address_reaches_only_that_queue(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    trial.publish(vec![to_queue(RIGHT, "a")]).await?;
    same("right", texts(&trial.take_all(RIGHT).await?), vec!["a".to_owned()])?;
    trial.nothing_comes("not addressed", LEFT).await?;
    trial.nothing_comes("not addressed", ALONE).await?;
    passed()
}

pub(super) async fn a_queue_that_subscribes_to_nothing_can_be_addressed(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    trial.publish(vec![to_queue(ALONE, "a")]).await?;
    same("alone", texts(&trial.take_all(ALONE).await?), vec!["a".to_owned()])?;
    passed()
}

fn is_refused(published: &Published) -> bool {
    matches!(published, Published::Refused(why) if !why.is_empty())
}

pub(super) async fn a_queue_that_does_not_exist_is_refused(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    let published = trial.node.bus.publish(vec![to_queue("nobody", "a")]).await;
    same(format!("refused with a reason: {published:?}"), published.iter().all(is_refused), true)?;
    same("answers", published.len(), 1)?;
    passed()
}

/// The longest text that the bus carries, or one byte more.
fn longest(trial: &Trial<'_>, more: usize) -> String {
    // Texts travel in quotes.
    "x".repeat(trial.node.bus.caps().max_message_bytes - 2 + more)
}

pub(super) async fn a_message_of_the_declared_size_arrives_whole(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    let longest = longest(&trial, 0);
    let bytes = trial.node.bus.caps().max_message_bytes;
    same("at least what every bus carries", bytes >= Caps::LEAST_BYTES, true)?;
    trial.publish(vec![to_topic(HEARD, &longest)]).await?;
    same("it arrives whole", texts(&trial.take(LEFT, 1).await?) == [longest], true)?;
    passed()
}

pub(super) async fn a_message_over_the_declared_size_is_refused_and_no_other(
    subject: &dyn Subject,
) -> Checked {
    let trial = Trial::new(subject).await?;
    let batch = vec![to_queue(LEFT, "a"), to_queue(LEFT, &longest(&trial, 1)), to_queue(LEFT, "b")];
    let published = trial.node.bus.publish(batch).await;
    same("refused", published.iter().map(is_refused).collect(), vec![false, true, false])?;
    same("left", texts(&trial.take_all(LEFT).await?), vec!["a".to_owned(), "b".to_owned()])?;
    passed()
}

pub(super) async fn answers_come_in_the_order_of_the_batch(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    let batch = vec![
        to_queue("nobody", "a"),
        to_queue(LEFT, "b"),
        to_queue(LEFT, "c"),
        to_queue("nobody", "d"),
        to_topic(SAID, "e"),
        to_topic(UNHEARD, "f"),
    ];
    let published = trial.node.bus.publish(batch).await;
    let refused: Vec<bool> = published.iter().map(is_refused).collect();
    same("refused", refused, vec![true, false, false, true, false, false])?;
    let confirmed = published.iter().filter(|one| **one == Published::Confirmed).count();
    same("confirmed", confirmed, 4)?;
    same("left", texts(&trial.take(LEFT, 3).await?), vec!["b".to_owned(), "c".to_owned(), "e".to_owned()])?;
    passed()
}

pub(super) async fn an_empty_batch_answers_nothing(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    same("answers", trial.node.bus.publish(vec![]).await, vec![])?;
    passed()
}

pub(super) async fn a_batch_of_1000_arrives_whole(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    let all = numbered(1_000);
    trial.publish(all.iter().map(|text| to_topic(SAID, text)).collect()).await?;
    let mut want = all.clone();
    want.sort_unstable();
    for queue in [LEFT, RIGHT] {
        same(queue, texts(&trial.take(queue, 1_000).await?), want.clone())?;
        trial.nothing_comes("all were taken", queue).await?;
    }
    passed()
}

pub(super) async fn many_publishers_at_once_lose_nothing(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    let all = numbered(120);
    let batches = all.chunks(10).map(|texts| texts.iter().map(|text| to_topic(HEARD, text)).collect());
    for published in join_all(batches.map(|batch| trial.publish(batch))).await {
        published?;
    }
    same("left", texts(&trial.take_all(LEFT).await?), all)?;
    passed()
}
