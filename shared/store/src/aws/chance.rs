//! Randomness for what decides nothing: how long a pause is, and how a request is named.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

/// Numbers that no other process draws: the standard library's hasher has a key of its own in each.
#[derive(Default)]
pub(crate) struct Chance {
    key: RandomState,
    drawn: AtomicU64,
}

impl Chance {
    pub(crate) fn draw(&self) -> u64 {
        self.key.hash_one(self.drawn.fetch_add(1, Ordering::Relaxed))
    }
}
