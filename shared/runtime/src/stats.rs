//! What a service did since it started, as plain counts.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Counts since the start of the process; read without locking.
#[derive(Debug, Default)]
pub(crate) struct Stats {
    pub(crate) handled: AtomicU64,
    pub(crate) duplicates: AtomicU64,
    pub(crate) conflicts: AtomicU64,
    pub(crate) delayed: AtomicU64,
    pub(crate) dead: AtomicU64,
    pub(crate) ignored: AtomicU64,
    pub(crate) published: AtomicU64,
    pub(crate) claimed: AtomicU64,
    pub(crate) validated: AtomicU64,
    pub(crate) invalid_in: AtomicU64,
    pub(crate) invalid_out: AtomicU64,
}

/// What a service did since it started, at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Counts {
    /// Messages handled.
    pub handled: u64,
    /// Copies of handled messages that were recognised.
    pub duplicates: u64,
    /// Executions repeated because something changed meanwhile.
    pub conflicts: u64,
    /// Messages put off.
    pub delayed: u64,
    /// Messages given up.
    pub dead: u64,
    /// Messages of types that are not for this service.
    pub ignored: u64,
    /// Events published.
    pub published: u64,
    /// Messages whose data was too large for the bus and went by claim check.
    #[serde(default)]
    pub claimed: u64,
    /// Events that were compared with their schema.
    #[serde(default)]
    pub validated: u64,
    /// Of those, events that came in and are not what their type promises even to an open reader.
    #[serde(default)]
    pub invalid_in: u64,
    /// Of those, events of this service's own that break their contract: a programmer error.
    #[serde(default)]
    pub invalid_out: u64,
}

impl Stats {
    pub(crate) fn counts(&self) -> Counts {
        Counts {
            handled: self.handled.load(Relaxed),
            duplicates: self.duplicates.load(Relaxed),
            conflicts: self.conflicts.load(Relaxed),
            delayed: self.delayed.load(Relaxed),
            dead: self.dead.load(Relaxed),
            ignored: self.ignored.load(Relaxed),
            published: self.published.load(Relaxed),
            claimed: self.claimed.load(Relaxed),
            validated: self.validated.load(Relaxed),
            invalid_in: self.invalid_in.load(Relaxed),
            invalid_out: self.invalid_out.load(Relaxed),
        }
    }

    pub(crate) fn add(count: &AtomicU64, n: usize) {
        count.fetch_add(n as u64, Relaxed);
    }
}
