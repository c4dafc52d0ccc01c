//! What there is in the account: a topic for each noun, and for each service a queue with a dead queue beside it.
//!
//! Declaring reads what is there and adds what is missing; nothing is ever taken away. A process of the version before,
//! declaring again, must not undo what the next version needs. What comes by a filter that is wider than need be is a type
//! that its service does not know, or knows as a duplicate.

mod compare;
mod declare;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use contracts::{EventType, Timestamp};

use super::account::Account;
use super::failure::{Failed, broken};
use super::settings::{DEAD, Settings};
use crate::{Outage, Wiring, World};

/// What was declared and where it is.
pub(super) struct Topology {
    pub(super) account: Account,
    settings: Arc<Settings>,
    world: Arc<dyn World>,
    known: Mutex<Known>,
    /// One declares at a time, and knows when it was last mended.
    declaring: tokio::sync::Mutex<Option<Timestamp>>,
}

#[derive(Default)]
struct Known {
    wiring: Wiring,
    /// The URL of each queue that was looked for.
    urls: BTreeMap<String, String>,
    /// `arn:aws:sqs:REGION:ACCOUNT:` of the queues, once one was seen: topics lie in the same account and region.
    realm: Option<String>,
}

/// What somebody took away is put back at most so often.
const MEND_PAUSE: Duration = Duration::from_secs(5);

impl Topology {
    pub(super) fn new(account: Account, settings: Arc<Settings>, world: Arc<dyn World>) -> Self {
        let declaring = tokio::sync::Mutex::const_new(None);
        Self { account, settings, world, known: Mutex::default(), declaring }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds `wiring` to what is declared.
    pub(super) fn learn(&self, wiring: Wiring) {
        let all = &mut self.known().wiring;
        all.queues.extend(wiring.queues);
        for (kind, queues) in wiring.subscribers {
            all.queues.extend(queues.iter().cloned());
            all.subscribers.entry(kind).or_default().extend(queues);
        }
    }

    /// All that was declared.
    pub(super) fn wiring(&self) -> Wiring {
        self.known().wiring.clone()
    }

    /// Whether `queue` was declared, or the queue that it is the dead queue of.
    pub(super) fn has_queue(&self, queue: &str) -> bool {
        let queue = queue.strip_suffix(DEAD).unwrap_or(queue);
        self.known().wiring.queues.contains(queue)
    }

    /// Whether a type of this noun was declared with a subscriber.
    pub(super) fn has_topic(&self, topic: &str) -> bool {
        let subscribers = &self.known().wiring.subscribers;
        subscribers.iter().any(|(kind, queues)| noun(kind) == topic && !queues.is_empty())
    }

    /// Declares `wiring`, and all that was declared before.
    pub(super) async fn declare(&self, wiring: Wiring) -> Result<(), Outage> {
        self.learn(wiring);
        let _one_at_a_time = self.declaring.lock().await;
        self.declare_all().await
    }

    /// Declares again, as something that was declared is not there.
    pub(super) async fn mend(&self) -> Result<(), Outage> {
        let mut last = self.declaring.lock().await;
        if last.is_some_and(|last| self.world.now() < last.plus(MEND_PAUSE)) {
            return Ok(());
        }
        tracing::warn!("a queue or a topic is missing in the account: declaring again");
        let declared = self.declare_all().await;
        *last = Some(self.world.now());
        declared
    }

    /// The URL of `queue`, if there is such a queue.
    pub(super) async fn url(&self, queue: &str) -> Result<Option<String>, Failed> {
        if let Some(url) = self.known().urls.get(queue) {
            return Ok(Some(url.clone()));
        }
        let url = self.account.queue_url(&self.settings.queue(queue)).await?;
        if let Some(url) = &url {
            self.known().urls.insert(queue.to_owned(), url.clone());
        }
        Ok(url)
    }

    /// `queue` was not where it was thought to be.
    pub(super) fn forget(&self, queue: &str) {
        self.known().urls.remove(queue);
    }

    /// The ARN of the topic of `noun`, whether there is one or not.
    pub(super) fn topic_arn(&self, noun: &str) -> Result<String, Outage> {
        let realm = self.known().realm.clone();
        let realm =
            realm.ok_or_else(|| broken("a topic cannot be named before a queue was declared".to_owned()))?;
        Ok(format!("{}{}", realm.replacen(":sqs:", ":sns:", 1), self.settings.topic(noun)))
    }
}

/// The noun of a type: `order` of `shop.banyan.order.placed.v1`.
pub(super) fn noun(kind: &EventType) -> &str {
    let mut words = kind.family().rsplit('.');
    let verb = words.next().unwrap_or_default();
    words.next().unwrap_or(verb)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_has_the_topic_of_its_noun() {
        for (kind, want) in [
            ("shop.banyan.order.placed.v1", "order"),
            ("shop.banyan.order.placed.v12", "order"),
            ("shop.banyan.product.image-uploaded.v1", "product"),
            ("suite.said.v1", "suite"),
        ] {
            assert_eq!(noun(&kind.parse().unwrap()), want);
        }
    }
}
