//! An outage is not an attempt: the subscription pauses to one probe with back-off.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::env::Env;
use crate::policy::{PROBE_BASE, PROBE_CAP};

/// Whether a subscription takes messages, takes one to see, or waits.
#[derive(Default)]
pub(crate) struct Gate(Mutex<Option<Closed>>);

struct Closed {
    reason: String,
    failures: u32,
}

impl Gate {
    /// Something as a whole failed.
    pub(crate) fn close(&self, reason: String) {
        let mut gate = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match gate.as_mut() {
            Some(closed) => {
                closed.failures = closed.failures.saturating_add(1);
                closed.reason = reason;
            }
            None => {
                tracing::warn!(reason, "paused: probing until it answers");
                *gate = Some(Closed { reason, failures: 0 });
            }
        }
    }

    /// Something was handled.
    pub(crate) fn open(&self) {
        let mut gate = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if gate.take().is_some() {
            tracing::info!("going on");
        }
    }

    /// Why it is closed, if it is.
    pub(crate) fn reason(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_ref().map(|closed| closed.reason.clone())
    }

    /// How long to wait before the next probe; `None` while open.
    pub(crate) fn wait(&self, env: &Env) -> Option<Duration> {
        let gate = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        gate.as_ref().map(|closed| PROBE_BASE / 2 + env.jitter(PROBE_BASE, closed.failures, PROBE_CAP))
    }
}
