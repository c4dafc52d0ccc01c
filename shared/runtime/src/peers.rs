//! Peers outside that do not answer: who asks them waits, everything else of the service goes on.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use contracts::Timestamp;

use crate::env::Env;
use crate::handler::Unavailable;
use crate::policy::{PEER_ASKED, PEER_BASE, PEER_CAP, PEER_PROBE, PEER_TOLD};

/// The peers that are out, by the type of the intent that asks them.
#[derive(Default)]
pub(crate) struct Peers(Mutex<BTreeMap<String, Out>>);

struct Out {
    why: String,
    failures: u32,
    /// Nobody asks before.
    until: Timestamp,
    /// Somebody asks now, to see; the others wait for what comes of it.
    is_probed: bool,
}

impl Peers {
    /// How long whoever has this `intent` has to wait before it may ask, and why; `None`: ask now.
    pub(crate) fn hold(&self, intent: &str, env: &Env) -> Option<(Duration, String)> {
        let now = env.now();
        let mut peers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let out = peers.get_mut(intent)?;
        if now >= out.until {
            out.is_probed = true;
            out.until = now.plus(PEER_PROBE);
            return None;
        }
        Some((spread(out.until.since(now), env), out.why.clone()))
    }

    /// It did not answer: how long to wait before it is asked again.
    pub(crate) fn failed(&self, intent: &str, unavailable: &Unavailable, env: &Env) -> Duration {
        let now = env.now();
        let mut peers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let out = peers.entry(intent.to_owned()).or_insert_with(|| {
            tracing::warn!(peer = unavailable.peer, why = unavailable.why, "whoever asks it waits");
            Out { why: String::new(), failures: 0, until: now, is_probed: true }
        });
        // Those that had asked before it was known to be out tell nothing new.
        if std::mem::take(&mut out.is_probed) {
            let wait = match unavailable.retry_after {
                Some(asked) => asked.min(PEER_ASKED),
                None => PEER_BASE / 2 + env.jitter(PEER_BASE, out.failures, PEER_CAP),
            };
            out.failures = out.failures.saturating_add(1);
            out.until = now.plus(wait);
            out.why = unavailable.to_string();
        }
        spread(out.until.since(now), env)
    }

    /// It answered.
    pub(crate) fn answered(&self, intent: &str) {
        let mut peers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if peers.remove(intent).is_some() {
            tracing::info!(intent, "it answers again");
        }
    }

    /// What has been out for a while and, as far as this process knows, still is.
    pub(crate) fn reasons(&self, now: Timestamp) -> Vec<String> {
        let peers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Another process may have got the message that would have found out that it is over.
        let is_out = |out: &&Out| out.failures >= PEER_TOLD && now < out.until.plus(PEER_CAP * 2);
        peers.values().filter(is_out).map(|out| out.why.clone()).collect()
    }
}

/// Not all at the same moment: who was throttled would be throttled again.
fn spread(wait: Duration, env: &Env) -> Duration {
    wait + env.jitter(wait.max(PEER_BASE), 0, PEER_CAP)
}

#[cfg(test)]
mod tests;
