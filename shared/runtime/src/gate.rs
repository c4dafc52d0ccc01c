//! An outage is not an attempt: the subscription pauses to one probe with back-off.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bus::Delivery;
use store::{Change, Key, Outage, Outcome, Unit, Version};

use crate::core::Core;
use crate::env::Env;
use crate::policy::{PROBE_BASE, PROBE_CAP, PROBE_LISTEN};

/// Whether a subscription takes messages, takes one to see, or waits.
#[derive(Default)]
pub(crate) struct Gate(Mutex<State>);

#[derive(Default)]
struct State {
    closed: Option<Closed>,
    /// How often it was closed.
    era: u64,
}

struct Closed {
    reason: String,
    failures: u32,
}

impl Gate {
    /// Something as a whole failed that was begun in `era`. Only a probe makes the next one wait longer: what was begun
    /// before it was closed all fails of one cause.
    pub(crate) fn failed(&self, era: u64, reason: String) {
        let mut state = self.lock();
        let is_probe = state.era == era;
        match state.closed.as_mut() {
            Some(closed) => {
                closed.failures = closed.failures.saturating_add(u32::from(is_probe));
                closed.reason = reason;
            }
            None => {
                tracing::warn!(reason, "paused: probing until it answers");
                state.closed = Some(Closed { reason, failures: 0 });
                state.era += 1;
            }
        }
    }

    /// Something as a whole failed for somebody who asks whether it is closed or not.
    pub(crate) fn close(&self, reason: String) {
        self.failed(u64::MAX, reason);
    }

    /// Now, as [`Gate::settled`] and [`Gate::failed`] want to know it.
    pub(crate) fn era(&self) -> u64 {
        self.lock().era
    }

    /// Something that was begun in `era` was handled; answers whether it is open. What was begun before it was closed
    /// does not open it: it shows that there was no outage then.
    pub(crate) fn settled(&self, era: u64) -> bool {
        let mut state = self.lock();
        if state.closed.is_some() && state.era == era {
            state.closed = None;
            tracing::info!("going on");
        }
        state.closed.is_none()
    }

    /// The outage is over.
    pub(crate) fn open(&self) {
        self.settled(self.era());
    }

    /// Why it is closed, if it is.
    pub(crate) fn reason(&self) -> Option<String> {
        self.lock().closed.as_ref().map(|closed| closed.reason.clone())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long to wait before the next probe; `None` while open.
    pub(crate) fn wait(&self, env: &Env) -> Option<Duration> {
        self.lock()
            .closed
            .as_ref()
            .map(|closed| PROBE_BASE / 2 + env.jitter(PROBE_BASE, closed.failures, PROBE_CAP))
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
