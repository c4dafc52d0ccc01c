//! Which queues there are, and which of them get a copy of what. Replaced as a whole, read without waiting.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use contracts::EventType;

use super::queue::Queue;

/// One bit each in `message.owing`, and SQLite's integers have a sign.
pub(super) const MAX_QUEUES: u32 = 63;

/// The queues by bit, and each type's subscribers as bits.
#[derive(Debug, Clone, Default)]
pub(super) struct Routes {
    pub queues: Vec<Arc<Queue>>,
    names: BTreeMap<String, usize>,
    topics: BTreeMap<EventType, u64>,
}

impl Routes {
    /// The queues that the file knows, in the order of their bits; nothing is subscribed yet.
    pub(super) fn of_queues(queues: Vec<Arc<Queue>>) -> Self {
        let names = queues.iter().enumerate().map(|(bit, queue)| (queue.name.clone(), bit)).collect();
        Self { queues, names, topics: BTreeMap::new() }
    }

    /// The bit of the queue called `name`.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.names.get(name).copied()
    }

    pub(super) fn queue(&self, name: &str) -> Option<&Arc<Queue>> {
        self.find(name).and_then(|bit| self.queues.get(bit))
    }

    /// The bits of the queues that get a copy of `topic`; 0 when nobody wants it.
    pub(super) fn topic(&self, topic: &EventType) -> u64 {
        self.topics.get(topic).copied().unwrap_or(0)
    }

    /// Of `wanted`, the queues that the file does not know.
    pub(super) fn unknown(&self, wanted: &BTreeSet<String>) -> Vec<String> {
        wanted.iter().filter(|name| !self.names.contains_key(*name)).cloned().collect()
    }

    /// Takes in queues that the file knows by now, `names` being all of them in the order of their bits.
    pub(super) fn extend(&mut self, names: Vec<String>) {
        for (bit, name) in names.into_iter().enumerate().skip(self.queues.len()) {
            self.names.insert(name.clone(), bit);
            self.queues.push(Arc::new(Queue::new(name, bit, 0, 0)));
        }
    }

    /// Subscribes. What the queues of `queues` were subscribed to before is forgotten; others keep theirs.
    pub(super) fn subscribe(
        &mut self,
        queues: &BTreeSet<String>,
        subscribers: &BTreeMap<EventType, BTreeSet<String>>,
    ) {
        let redeclared = self.bits(queues);
        self.topics.values_mut().for_each(|bits| *bits &= !redeclared);
        for (topic, names) in subscribers {
            let bits = self.bits(names);
            *self.topics.entry(topic.clone()).or_default() |= bits;
        }
    }

    fn bits(&self, names: &BTreeSet<String>) -> u64 {
        names.iter().filter_map(|name| self.find(name)).fold(0, |bits, bit| bits | 1 << bit)
    }
}
