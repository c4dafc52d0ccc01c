//! Declaring: any process does it at start, again and again.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use store::conformance::trial::{passed, same, topic};

use super::trial::{ALONE, LEFT, RIGHT, SAID, Trial, UNHEARD, texts, to_queue, to_topic, wiring};
use super::{Checked, Subject};
use crate::Wiring;

pub(super) async fn declaring_twice_changes_nothing(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    trial.declare(wiring()).await?;
    trial.declare(wiring()).await?;
    trial.publish(vec![to_topic(SAID, "a")]).await?;
    for queue in [LEFT, RIGHT] {
        same(queue, texts(&trial.take_all(queue).await?), vec!["a".to_owned()])?;
    }
    passed()
}

pub(super) async fn declaring_more_adds_to_what_was(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    trial.publish(vec![to_topic(UNHEARD, "before")]).await?;
    let new: BTreeSet<String> = ["new".to_owned()].into();
    let subscribers = BTreeMap::from([(topic(UNHEARD), new.clone()), (topic(SAID), new.clone())]);
    trial.declare(Wiring { queues: new, subscribers }).await?;
    trial.publish(vec![to_topic(UNHEARD, "a"), to_topic(SAID, "b"), to_queue("new", "c")]).await?;
    same("new", texts(&trial.take("new", 3).await?), vec!["a".to_owned(), "b".to_owned(), "c".to_owned()])?;
    same("left", texts(&trial.take(LEFT, 1).await?), vec!["b".to_owned()])?;
    passed()
}

pub(super) async fn declaring_keeps_what_waits(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    trial.publish(vec![to_topic(SAID, "a"), to_topic(SAID, "b")]).await?;
    let taken = trial.take(LEFT, 1).await?;
    trial.declare(wiring()).await?;
    trial.declare(Wiring::default()).await?;
    let rest = trial.take(LEFT, 1).await?;
    let mut both = texts(&taken);
    both.extend(texts(&rest));
    both.sort_unstable();
    same("left", both, vec!["a".to_owned(), "b".to_owned()])?;
    passed()
}

pub(super) async fn declaring_at_once_from_everywhere_is_harmless(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await?;
    for done in join_all((0..8).map(|_| trial.declare(wiring()))).await {
        done?;
    }
    trial.publish(vec![to_queue(ALONE, "a"), to_topic(SAID, "b")]).await?;
    same("alone", texts(&trial.take_all(ALONE).await?), vec!["a".to_owned()])?;
    same("left", texts(&trial.take_all(LEFT).await?), vec!["b".to_owned()])?;
    passed()
}
