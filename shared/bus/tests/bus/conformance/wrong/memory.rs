//! What a wrong bus remembers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bus::{Delivery, Token, Wiring};

#[derive(Default)]
pub(super) struct Memory(Mutex<Seen>);

#[derive(Default)]
pub(super) struct Seen {
    pub(super) wiring: Wiring,
    pub(super) declared: usize,
    /// Deliveries that were given out and not settled.
    pub(super) taken: Vec<Delivery>,
    /// How often each was released, by the body.
    pub(super) releases: BTreeMap<Vec<u8>, usize>,
    pub(super) settled: BTreeSet<Token>,
    pub(super) publishing: usize,
    pub(super) receiving: usize,
    /// Receives that were dropped before they were answered.
    pub(super) ghosts: usize,
}

impl Memory {
    pub(super) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether something was declared before.
    pub(super) fn declare(&self, wiring: &Wiring) -> bool {
        let mut seen = self.seen();
        seen.declared += usize::from(!wiring.queues.is_empty());
        seen.wiring.queues.extend(wiring.queues.clone());
        for (kind, queues) in &wiring.subscribers {
            seen.wiring.subscribers.entry(kind.clone()).or_default().extend(queues.clone());
        }
        seen.declared > 1
    }
}
