//! The simulated payment provider inside a simulated world: the same ledger and the same bytes as over HTTP.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use contracts::{PaymentId, Timestamp};
use futures_util::future::BoxFuture;
use payment::gateway::simulated::{evidence_of, query_for, request_for, told_in};
use payment::gateway::{Evidence, Gateway, Operation, ProviderKey, Told, Unavailable};
use payment::simulated::faults::{Chance, Faults, Odds};
use payment::simulated::ledger::PaymentTotals;
use payment::simulated::wire::{Request, Response};
use payment::simulated::{Answer, Line, Provider};
use testkit::{Caller, Life};

/// The gateway's patience, as in `dev`.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest that a slow answer takes.
const SLOW: Duration = Duration::from_secs(8);
/// The longest that the provider cannot be reached at all.
const OUTAGE: Duration = Duration::from_secs(300);

/// The provider of one world.
pub(super) struct Peer(Mutex<Inner>);

struct Inner {
    seed: u64,
    provider: Provider,
    rng: fastrand::Rng,
    /// Chances in a thousand that a call finds the provider gone.
    outage_rate: u32,
    down_until: Timestamp,
    counts: BTreeMap<&'static str, u64>,
}

impl Peer {
    pub(super) fn new(seed: u64) -> Arc<Self> {
        let mut rng = fastrand::Rng::with_seed(seed ^ 0x9e37);
        let odds = if rng.u8(0..4) == 0 { verdicts() } else { mishaps(&mut rng) };
        let outage_rate = if rng.bool() { rng.u32(0..40) } else { 0 };
        Arc::new(Self(Mutex::new(Inner {
            seed,
            provider: Provider::new(dice(seed, odds)),
            rng,
            outage_rate,
            down_until: Timestamp::EPOCH,
            counts: BTreeMap::new(),
        })))
    }

    /// From now on every call is answered.
    pub(super) fn calm(&self) {
        let inner = &mut *self.inner();
        inner.provider.set_faults(dice(inner.seed, verdicts()));
        inner.outage_rate = 0;
        inner.down_until = Timestamp::EPOCH;
    }

    /// What went wrong, by name.
    pub(super) fn faults(&self) -> Vec<(&'static str, u64)> {
        self.inner().counts.iter().map(|(name, count)| (*name, *count)).collect()
    }

    /// What the provider's own ledger says of each payment.
    pub(super) fn payments(&self) -> BTreeMap<PaymentId, PaymentTotals> {
        self.inner().provider.ledger().payments()
    }

    /// Keys under which more than one thing happened.
    pub(super) fn keys_used_twice(&self) -> Vec<String> {
        let inner = self.inner();
        let mut seen = std::collections::BTreeSet::new();
        let entries = inner.provider.journal().iter();
        entries.filter(|entry| !seen.insert(&entry.key)).map(|entry| entry.key.to_string()).collect()
    }

    /// The customer acts on the provider's page.
    pub(super) fn act(&self, caller: &Caller, action_url: &str, outcome: &str) {
        let request = Request {
            method: "POST".to_owned(),
            path: format!("{action_url}/complete"),
            key: None,
            body: format!(r#"{{"outcome":"{outcome}"}}"#),
        };
        let bytes = serde_json::to_vec(&request).unwrap_or_default();
        self.inner().provider.call(caller.now(), &bytes);
    }

    fn call(&self, now: Timestamp, request: &Request) -> Result<Answer<Vec<u8>>, Unavailable> {
        let bytes = serde_json::to_vec(request).unwrap_or_default();
        let inner = &mut *self.inner();
        if now < inner.down_until || inner.rng.u32(0..1_000) < inner.outage_rate {
            if now >= inner.down_until {
                let micros = u64::try_from(OUTAGE.as_micros()).unwrap_or(u64::MAX) >> inner.rng.u32(0..10);
                inner.down_until = now.plus(Duration::from_micros(inner.rng.u64(0..=micros)));
            }
            *inner.counts.entry("provider.unreachable").or_default() += 1;
            return Err(Unavailable::Unreachable);
        }
        let answer = inner.provider.call(now, &bytes);
        if let Some(name) = mishap(&answer) {
            *inner.counts.entry(name).or_default() += 1;
        }
        Ok(answer)
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn mishap(answer: &Answer<Vec<u8>>) -> Option<&'static str> {
    match &answer.line {
        Line::NeverAnswered => Some("provider.never_answered"),
        Line::Reset => Some("provider.connection_reset"),
        Line::Bytes(bytes) => match serde_json::from_slice::<Response>(bytes) {
            Ok(response) if response.status == 429 => Some("provider.throttled"),
            Ok(response) if response.status >= 500 => Some("provider.server_error"),
            Ok(response) if serde_json::from_str::<serde::de::IgnoredAny>(&response.body).is_err() => {
                Some("provider.unreadable")
            }
            Ok(_) if !answer.delay.is_zero() => Some("provider.slow"),
            Ok(_) | Err(_) => None,
        },
    }
}

/// What the issuer says, and nothing else: no misbehaviour.
fn verdicts() -> Odds {
    Odds {
        decline: Chance::percent(5),
        action: Chance::percent(10),
        action_fails: Chance::percent(20),
        ..Odds::default()
    }
}

fn mishaps(rng: &mut fastrand::Rng) -> Odds {
    let mut chance = || Chance(if rng.bool() { rng.u32(0..100_000) } else { 0 });
    Odds {
        timeout_before: chance(),
        timeout_after: chance(),
        reset_before: chance(),
        reset_after: chance(),
        error_before: chance(),
        error_after: chance(),
        unreadable: chance(),
        busy: chance(),
        throttled: chance(),
        slow: chance(),
        ..verdicts()
    }
}

#[expect(clippy::expect_used, reason = "a programmer error: ten chances below a tenth are below one")]
fn dice(seed: u64, odds: Odds) -> Faults {
    Faults::new(seed, odds, SLOW).expect("odds that add up to less than one")
}

/// The way of one process to the provider: it ends with the process.
pub(super) struct Wire {
    pub(super) peer: Arc<Peer>,
    pub(super) life: Life,
}

impl Wire {
    async fn send(&self, request: Request) -> Result<Evidence, Unavailable> {
        self.life.pass().await;
        let mut answer = self.peer.call(self.life.world_now(), &request)?;
        if answer.delay >= PATIENCE {
            answer.line = Line::NeverAnswered;
        }
        let wait = if answer.line == Line::NeverAnswered { PATIENCE } else { answer.delay };
        self.life.wait(wait).await;
        evidence_of(&answer)
    }
}

impl Gateway for Wire {
    fn execute<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Result<Evidence, Unavailable>> {
        Box::pin(self.send(request_for(operation)))
    }

    fn query<'a>(&'a self, key: &'a ProviderKey) -> BoxFuture<'a, Result<Evidence, Unavailable>> {
        Box::pin(self.send(query_for(key)))
    }

    fn told(&self, body: &[u8]) -> Option<Vec<Told>> {
        told_in(body)
    }
}
