//! What crosses the ports of every process, seen from outside: folded into the trace, remembered for the checkers.

mod blobs;
mod bus;
mod store;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ::store::{Address, Key, Nonce};
use bytes::Bytes;
use contracts::MessageId;

pub(crate) use blobs::WatchedBlobs;
pub(crate) use bus::WatchedBus;
pub(crate) use store::{WatchedStore, is_sweep};

use crate::director::Time;
use crate::faults::Plan;
use crate::trace::Trace;

/// A unit of work that was sent to the store, applied or not.
pub(crate) struct Said {
    pub(crate) record: Key,
    pub(crate) nonce: Nonce,
    pub(crate) outgoing: Vec<Promise>,
}

/// A message that must be handled by whoever subscribes, once it is certain that it was sent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Promise {
    pub(crate) id: MessageId,
    pub(crate) address: Address,
}

/// A real message that one delivery showed damaged.
#[derive(Debug, Clone)]
pub(crate) struct Damage {
    pub(crate) queue: Arc<str>,
    pub(crate) original: Bytes,
    pub(crate) shown: Bytes,
}

/// Watches one world.
pub(crate) struct Watch {
    pub(crate) time: Arc<Time>,
    pub(crate) trace: Trace,
    /// The longest message that the bus takes.
    message_bytes: usize,
    log: Mutex<Log>,
}

#[derive(Default)]
pub(crate) struct Log {
    /// Every unit of work with a record, in the order of sending.
    pub(crate) said: Vec<Said>,
    /// What others than our services published for certain.
    pub(crate) promised: Vec<Promise>,
    /// The bodies of messages that may end as dead letters.
    pub(crate) poison: BTreeSet<Bytes>,
    pub(crate) damages: Vec<Damage>,
    pub(crate) violations: BTreeSet<String>,
    /// What each service reacts to.
    pub(crate) handled: BTreeMap<&'static str, BTreeSet<&'static str>>,
    pub(crate) counts: BTreeMap<&'static str, u64>,
    /// Chances out of a million that a delivery shows a damaged message.
    pub(crate) damage_rate: u32,
    pub(crate) dice: Option<fastrand::Rng>,
}

impl Watch {
    pub(crate) fn new(time: Arc<Time>, told: bool, plan: &Plan, message_bytes: usize) -> Arc<Self> {
        let dice = Some(fastrand::Rng::with_seed(plan.seed ^ 0xda3a));
        let log = Mutex::new(Log { damage_rate: plan.damage_rate, dice, ..Log::default() });
        Arc::new(Self { time, trace: Trace::new(told), message_bytes, log })
    }

    pub(crate) fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn count(&self, fault: &'static str) {
        *self.log().counts.entry(fault).or_default() += 1;
    }

    /// Remembers that `body` can only end as a dead letter.
    pub(crate) fn poisoned(&self, body: Bytes) {
        self.log().poison.insert(body);
    }

    pub(crate) fn violated(&self, what: String) {
        self.log().violations.insert(what);
    }

    pub(crate) fn handles(&self, service: &'static str, kinds: &[&'static str]) {
        self.log().handled.entry(service).or_default().extend(kinds);
    }

    pub(crate) fn tell(&self, who: Option<usize>, line: impl FnOnce() -> String) {
        self.trace.tell(self.time.now(), who, line);
    }
}

/// The name under which a dead letter of these bytes is kept: what is kept of them may be masked.
pub(crate) fn name_of(body: &[u8]) -> MessageId {
    match contracts::Envelope::decode(body) {
        Ok(event) => event.message_id(),
        Err(_) => MessageId::named(&["undecodable", &String::from_utf8_lossy(body)]),
    }
}

/// A message in a few words.
pub(crate) fn brief(body: &[u8]) -> String {
    match contracts::Envelope::decode(body) {
        Ok(event) => {
            format!("{} {} of {}", event.kind, short(&event.id), event.subject)
        }
        Err(_) => format!("{} bytes that are no event", body.len()),
    }
}

/// The beginning of an id: enough to tell ids of one world apart.
pub(crate) fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}
