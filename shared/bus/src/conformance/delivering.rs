//! Deliveries: what a consumer is told.

use bytes::Bytes;
use store::conformance::trial::{passed, same, skipped};

use super::trial::{ALONE, HEARD, LEFT, RIGHT, SAID, Trial, text, texts, to_queue, to_topic};
use super::{Checked, Subject};
use crate::{Delivery, Outgoing};

pub(super) async fn bodies_are_opaque_bytes(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    let all: Vec<u8> = (0..=u8::MAX).collect();
    let bodies = [
        Bytes::from(all),
        Bytes::from_static(b"{ \"a\" : 1.0 } \n"),
        Bytes::from_static(b"\xff\xfe"),
        Bytes::from_static(b"\0"),
        Bytes::from_static("\u{1F333} \u{e4} & < > %20 +".as_bytes()),
    ];
    for body in bodies {
        trial.publish(vec![Outgoing { body: body.clone(), ..to_topic(HEARD, "a") }]).await?;
        let taken = trial.take(LEFT, 1).await?;
        same("body", taken[0].body.clone(), body)?;
    }
    passed()
}

pub(super) async fn a_body_of_256_kib_arrives_whole(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    let most = trial.node.bus.caps().max_message_bytes;
    if most < 256 * 1024 {
        return skipped(format!("{most} bytes at most"));
    }
    let large: String =
        (0..256 * 1024 - 2).map(|n| char::from(b'a' + u8::try_from(n % 26).unwrap_or(0))).collect();
    trial.publish(vec![to_topic(HEARD, &large), to_topic(HEARD, "small")]).await?;
    let mut lengths: Vec<usize> = trial.take(LEFT, 2).await?.iter().map(|one| one.body.len()).collect();
    lengths.sort_unstable();
    same("lengths", lengths, vec![7, 256 * 1024])?;
    passed()
}

pub(super) async fn the_attempt_is_carried(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    for attempt in [0, 1, 7, 1_000] {
        trial.publish(vec![Outgoing { attempt, ..to_queue(RIGHT, "a") }]).await?;
        same("attempt", trial.take(RIGHT, 1).await?[0].attempt, attempt)?;
    }
    passed()
}

pub(super) async fn a_first_delivery_is_not_marked(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    let batch = ["a", "b", "c"].map(|text| Outgoing { attempt: 2, ..to_topic(SAID, text) });
    trial.publish(batch.to_vec()).await?;
    for queue in [LEFT, RIGHT] {
        let marked: Vec<String> =
            trial.take(queue, 3).await?.iter().filter(|one| one.redelivered).map(text).collect();
        same(queue, marked, vec![])?;
    }
    passed()
}

pub(super) async fn a_delivery_names_its_queue(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    trial.publish(vec![to_topic(SAID, "a"), to_topic(SAID, "b")]).await?;
    let names =
        |taken: &[Delivery]| taken.iter().map(|one| one.token.queue.as_ref().to_owned()).collect::<Vec<_>>();
    let (left, right) = (trial.take(LEFT, 2).await?, trial.take(RIGHT, 2).await?);
    same(
        "names",
        [names(&left), names(&right)].concat(),
        [LEFT, LEFT, RIGHT, RIGHT].map(str::to_owned).to_vec(),
    )?;
    let mut tokens: Vec<_> = left.iter().chain(&right).map(|one| one.token.clone()).collect();
    tokens.sort_unstable();
    tokens.dedup();
    same("tokens of their own", tokens.len(), 4)?;
    passed()
}

pub(super) async fn a_batch_of_many_topics_finds_its_ways(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    let batch = vec![
        to_topic(SAID, "both"),
        to_topic(HEARD, "left only"),
        to_queue(RIGHT, "right only"),
        to_queue(ALONE, "alone"),
    ];
    trial.publish(batch).await?;
    same("left", texts(&trial.take_all(LEFT).await?), ["both", "left only"].map(str::to_owned).to_vec())?;
    same("right", texts(&trial.take_all(RIGHT).await?), ["both", "right only"].map(str::to_owned).to_vec())?;
    same("alone", texts(&trial.take_all(ALONE).await?), vec!["alone".to_owned()])?;
    passed()
}
