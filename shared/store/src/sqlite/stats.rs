//! What the engine has done, for metrics and for the benchmark.

use std::sync::atomic::{AtomicU64, Ordering};

/// What an engine has done since it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize)]
pub struct Stats {
    /// Units of work that were committed; publishing and settling without a unit count as one per call.
    pub commits: u64,
    /// Groups that were committed: transactions, and so the fsyncs of the log that commits waited for.
    pub groups: u64,
    /// The members of the largest group.
    pub largest_group: u64,
    /// Groups that had to be rolled back and tried again in parts.
    pub rollbacks: u64,
    /// Times that the log was copied into the file.
    pub checkpoints: u64,
    /// Expired items that were removed.
    pub purged: u64,
    /// Rows inserted, updated or deleted.
    pub rows_changed: u64,
    /// Bytes of text and of bodies bound to the statements that changed rows.
    pub bytes_bound: u64,
}

/// How full a queue is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backlog {
    /// Its name.
    pub queue: String,
    /// Waiting to be taken.
    pub waiting: u64,
    /// Taken and not settled.
    pub in_flight: u64,
}

/// The writer counts, anybody reads.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub commits: AtomicU64,
    pub groups: AtomicU64,
    pub largest_group: AtomicU64,
    pub rollbacks: AtomicU64,
    pub checkpoints: AtomicU64,
    pub purged: AtomicU64,
    pub rows_changed: AtomicU64,
    pub bytes_bound: AtomicU64,
}

impl Counters {
    pub(super) fn read(&self) -> Stats {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Stats {
            commits: get(&self.commits),
            groups: get(&self.groups),
            largest_group: get(&self.largest_group),
            rollbacks: get(&self.rollbacks),
            checkpoints: get(&self.checkpoints),
            purged: get(&self.purged),
            rows_changed: get(&self.rows_changed),
            bytes_bound: get(&self.bytes_bound),
        }
    }
}

/// Adds to a counter that only the writer changes.
pub(super) fn count(counter: &AtomicU64, by: u64) {
    counter.fetch_add(by, Ordering::Relaxed);
}
