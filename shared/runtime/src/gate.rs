//! An outage is not an attempt: the subscription pauses to one probe with back-off.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bus::Delivery;
use store::{Change, Key, Outage, Outcome, Unit, Version};

use crate::core::Core;
use crate::env::Env;
use crate::policy::{PROBE_BASE, PROBE_CAP, PROBE_LISTEN};

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

impl Core {
    /// While paused: waits, then takes one message to see whether it can be handled. Where there is none, writing to
    /// the store tells.
    pub(crate) async fn receive_after(
        &self,
        pause: Duration,
        credit: usize,
    ) -> Result<Vec<Delivery>, Outage> {
        self.env.clock.sleep(pause).await;
        let received = tokio::select! {
            biased;
            received = self.bus.receive(self.queue.clone(), credit) => received?,
            () = self.env.clock.sleep(PROBE_LISTEN) => Vec::new(),
        };
        if received.is_empty() && self.probe().await? {
            self.gate.open();
        }
        Ok(received)
    }

    /// Whether the store takes a write.
    async fn probe(&self) -> Result<bool, Outage> {
        let (now, key) = (self.env.now(), Key::new(self.names.start.clone(), "probe"));
        let found = self.store.read(vec![key.clone()], now).await?.pop().flatten();
        let put = Change::Put {
            key,
            version: found.map_or(Version::ABSENT, |item| item.version),
            body: bytes::Bytes::from_static(b"0"),
            entries: vec![],
            expires: None,
        };
        let unit = Unit { now, nonce: self.env.nonce(), record: None, changes: vec![put], settles: None };
        Ok(self.store.commit(unit).await? == Outcome::Committed)
    }
}
