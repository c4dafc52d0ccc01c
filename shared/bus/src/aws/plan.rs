//! What a wiring comes to in an account, for who makes it by other means than this program.

use std::collections::{BTreeMap, BTreeSet};

use super::message::TYPE;
use super::settings::Settings;
use super::topology::noun;
use crate::Wiring;

/// Topics, queues and subscriptions, by the names that they have in the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The name of the topic of each noun.
    pub topics: BTreeMap<String, String>,
    /// One for each service.
    pub queues: Vec<PlannedQueue>,
    /// The message attribute that subscriptions filter by.
    pub filtered_by: &'static str,
}

/// A service's queue, and its dead queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedQueue {
    /// Whose it is.
    pub service: String,
    /// What it is called.
    pub name: String,
    /// What its dead queue is called.
    pub dead: String,
    /// Its visibility timeout, in seconds.
    pub visibility_s: i32,
    /// How long a receive waits, in seconds.
    pub receive_wait_s: i32,
    /// How long it keeps a message, in seconds.
    pub retention_s: u32,
    /// Deliveries of one message before it goes to the dead queue.
    pub max_receive_count: u32,
    /// The types that it hears, by the noun of their topic.
    pub hears: BTreeMap<String, BTreeSet<String>>,
}

/// SQS keeps a message for so long, 14 days, and no longer. In a dead queue the days before count, too.
pub(super) const RETENTION_S: u32 = 1_209_600;

impl Settings {
    /// What `wiring` comes to.
    #[must_use]
    pub fn plan(&self, wiring: &Wiring) -> Plan {
        let nouns = wiring.subscribers.iter().filter(|(_, queues)| !queues.is_empty());
        let topics = nouns.map(|(kind, _)| (noun(kind).to_owned(), self.topic(noun(kind)))).collect();
        let queue = |service: &String| {
            let mut hears: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
            for (kind, _) in wiring.subscribers.iter().filter(|(_, queues)| queues.contains(service)) {
                hears.entry(noun(kind).to_owned()).or_default().insert(kind.to_string());
            }
            PlannedQueue {
                service: service.clone(),
                name: self.queue(service),
                dead: self.dead(service),
                visibility_s: self.visibility_s(),
                receive_wait_s: self.receive_wait_s(),
                retention_s: RETENTION_S,
                max_receive_count: self.max_receive_count,
                hears,
            }
        };
        Plan { topics, queues: wiring.queues.iter().map(queue).collect(), filtered_by: TYPE }
    }
}
