//! Liveness is progress: each loop beats, and a loop that stopped beating is named.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use contracts::Timestamp;

use crate::policy::WATCHDOG;

/// The beats of every loop of a process.
#[derive(Default)]
pub struct Health {
    beats: Mutex<BTreeMap<String, Timestamp>>,
}

impl Health {
    /// `name` moved.
    pub(crate) fn beat(&self, name: &str, now: Timestamp) {
        let mut beats = self.beats.lock().unwrap_or_else(PoisonError::into_inner);
        match beats.get_mut(name) {
            Some(last) => *last = now,
            None => {
                beats.insert(name.to_owned(), now);
            }
        }
    }

    /// `name` ended as it should.
    pub(crate) fn ended(&self, name: &str) {
        self.beats.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    /// The loops that have not moved for a minute.
    #[must_use]
    pub fn stuck(&self, now: Timestamp) -> Vec<String> {
        let beats = self.beats.lock().unwrap_or_else(PoisonError::into_inner);
        beats.iter().filter(|(_, last)| now.since(**last) > WATCHDOG).map(|(name, _)| name.clone()).collect()
    }
}
