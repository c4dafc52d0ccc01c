//! What all peers have in common: a machine that answers, a network in between, and times when nobody is there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use contracts::Timestamp;
use serde::{Deserialize, Serialize};
use testkit::{Caller, Life};
use tokio::sync::Notify;

use super::telling;

/// How long who asks waits for an answer, as in `dev`.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest that a slow answer takes.
pub(super) const SLOW: Duration = Duration::from_secs(8);
/// The longest that a peer cannot be reached at all.
const OUTAGE: Duration = Duration::from_secs(300);

/// A peer without a socket or a disk: bytes in, bytes out.
pub(in super::super) trait Machine: Send + Sized + 'static {
    /// A new one; what goes wrong, and how often, is drawn from `rng`.
    fn open(seed: u64, rng: &mut fastrand::Rng) -> Self;

    /// From now on nothing goes wrong by chance.
    fn calm(&mut self, seed: u64);

    fn call(&mut self, now: Timestamp, request: &[u8]) -> Answer;

    /// What each effect of its journal happened under.
    fn keys(&self) -> Vec<String>;

    /// What a mishap on the way to it is called.
    fn name(mishap: Mishap) -> &'static str;
}

/// A peer that tells of its own accord: what it wants to say, and to whom.
pub(in super::super) trait Tells: Machine {
    /// The service that listens, and where.
    const LISTENER: (&'static str, &'static str);

    /// When it has something to say next; `None` while there is nothing.
    fn next_due(&self) -> Option<Timestamp>;

    /// The next that is due at `now`: its number, and its bytes.
    fn next_webhook(&mut self, now: Timestamp) -> Option<(u64, Vec<u8>)>;

    /// How often one is sent before it is the peer's to send it again later, or never.
    fn sends(&self) -> u32 {
        1
    }

    /// That one was heard.
    fn heard(&mut self, _number: u64) {}
}

/// What arrives of an answer, and when.
pub(in super::super) struct Answer {
    pub(super) line: Line,
    pub(super) delay: Duration,
}

/// What arrives.
#[derive(PartialEq, Eq)]
pub(in super::super) enum Line {
    Bytes(Vec<u8>),
    NeverAnswered,
    Reset,
}

/// What went wrong with a call.
#[derive(Clone, Copy)]
pub(in super::super) enum Mishap {
    Unreachable,
    NeverAnswered,
    Reset,
    Throttled,
    ServerError,
    Unreadable,
    Slow,
}

/// The names of mishaps on the way to one peer.
macro_rules! names {
    ($peer:literal) => {
        fn name(mishap: crate::simulate::peer::host::Mishap) -> &'static str {
            use crate::simulate::peer::host::Mishap;
            match mishap {
                Mishap::Unreachable => concat!($peer, ".unreachable"),
                Mishap::NeverAnswered => concat!($peer, ".never_answered"),
                Mishap::Reset => concat!($peer, ".connection_reset"),
                Mishap::Throttled => concat!($peer, ".throttled"),
                Mishap::ServerError => concat!($peer, ".server_error"),
                Mishap::Unreadable => concat!($peer, ".unreadable"),
                Mishap::Slow => concat!($peer, ".slow"),
            }
        }
    };
}

/// What arrives, from one peer's own types and back.
macro_rules! answers {
    ($($peer:ident)::+) => {
        fn ours(answer: $($peer)::+::Answer<Vec<u8>>) -> crate::simulate::peer::host::Answer {
            use crate::simulate::peer::host::{Answer, Line};
            let line = match answer.line {
                $($peer)::+::Line::Bytes(bytes) => Line::Bytes(bytes),
                $($peer)::+::Line::NeverAnswered => Line::NeverAnswered,
                $($peer)::+::Line::Reset => Line::Reset,
            };
            Answer { line, delay: answer.delay }
        }

        fn theirs(answer: crate::simulate::peer::host::Answer) -> $($peer)::+::Answer<Vec<u8>> {
            use crate::simulate::peer::host::Line;
            let line = match answer.line {
                Line::Bytes(bytes) => $($peer)::+::Line::Bytes(bytes),
                Line::NeverAnswered => $($peer)::+::Line::NeverAnswered,
                Line::Reset => $($peer)::+::Line::Reset,
            };
            $($peer)::+::Answer { line, delay: answer.delay }
        }
    };
}

pub(super) use {answers, names};

/// One peer of one world.
pub(in super::super) struct Host<M> {
    inner: Mutex<Inner<M>>,
    /// Who carries what it tells; looks after each call whether there is something.
    teller: OnceLock<(Caller, Tell<M>)>,
    /// Something may be due earlier than it was.
    pub(super) stirred: Notify,
}

/// Sends somebody out who tells what is due.
type Tell<M> = fn(&Arc<Host<M>>, &Caller);

struct Inner<M> {
    seed: u64,
    machine: M,
    rng: fastrand::Rng,
    /// Chances in a thousand that a call finds nobody.
    outage_rate: u32,
    down_until: Timestamp,
    is_telling: bool,
    counts: BTreeMap<&'static str, u64>,
}

impl<M: Machine> Host<M> {
    pub(super) fn new(seed: u64) -> Arc<Self> {
        let mut rng = fastrand::Rng::with_seed(seed ^ salt(M::name(Mishap::Slow)));
        let machine = M::open(seed, &mut rng);
        let outage_rate = if rng.bool() { rng.u32(0..40) } else { 0 };
        let inner = Inner {
            seed,
            machine,
            rng,
            outage_rate,
            down_until: Timestamp::EPOCH,
            is_telling: false,
            counts: BTreeMap::new(),
        };
        Arc::new(Self { inner: Mutex::new(inner), teller: OnceLock::new(), stirred: Notify::new() })
    }

    /// From now on `caller` carries what it tells.
    pub(super) fn hire(self: &Arc<Self>, caller: &Caller)
    where
        M: Tells,
    {
        self.teller.set((caller.clone(), telling::go)).ok();
    }

    /// Whether somebody has to be sent out now; who is out already goes on.
    pub(super) fn begins_to_tell(&self) -> bool {
        !std::mem::replace(&mut self.inner().is_telling, true)
    }

    /// Who was out has nothing more to tell. Looked at together, so that nothing that comes meanwhile is forgotten.
    pub(super) fn has_told_all(&self) -> bool
    where
        M: Tells,
    {
        let inner = &mut *self.inner();
        inner.is_telling = inner.machine.next_due().is_some();
        !inner.is_telling
    }

    pub(super) fn count(&self, fault: &'static str) {
        *self.inner().counts.entry(fault).or_default() += 1;
    }

    pub(super) fn calm(&self) {
        let inner = &mut *self.inner();
        inner.machine.calm(inner.seed);
        inner.outage_rate = 0;
        inner.down_until = Timestamp::EPOCH;
    }

    pub(super) fn faults(&self) -> Vec<(&'static str, u64)> {
        self.inner().counts.iter().map(|(name, count)| (*name, *count)).collect()
    }

    pub(super) fn keys_used_twice(&self) -> Vec<String> {
        let mut seen = BTreeSet::new();
        self.with(|machine| machine.keys()).into_iter().filter(|key| !seen.insert(key.clone())).collect()
    }

    /// Looks at the machine, or acts on it past the network.
    pub(in super::super) fn with<T>(&self, look: impl FnOnce(&mut M) -> T) -> T {
        look(&mut self.inner().machine)
    }

    /// `None`: nobody is there.
    fn call(self: &Arc<Self>, now: Timestamp, request: &[u8]) -> Option<Answer> {
        let answer = self.answer(now, request);
        self.stir();
        answer
    }

    /// Something happened: there may be something to tell.
    pub(super) fn stir(self: &Arc<Self>) {
        self.stirred.notify_one();
        if let Some((caller, tell)) = self.teller.get() {
            tell(self, caller);
        }
    }

    fn answer(&self, now: Timestamp, request: &[u8]) -> Option<Answer> {
        let inner = &mut *self.inner();
        if now < inner.down_until || inner.rng.u32(0..1_000) < inner.outage_rate {
            if now >= inner.down_until {
                let micros = u64::try_from(OUTAGE.as_micros()).unwrap_or(u64::MAX) >> inner.rng.u32(0..10);
                inner.down_until = now.plus(Duration::from_micros(inner.rng.u64(0..=micros)));
            }
            *inner.counts.entry(M::name(Mishap::Unreachable)).or_default() += 1;
            return None;
        }
        let answer = inner.machine.call(now, request);
        if let Some(mishap) = mishap(&answer) {
            *inner.counts.entry(M::name(mishap)).or_default() += 1;
        }
        Some(answer)
    }

    fn inner(&self) -> MutexGuard<'_, Inner<M>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Something of its own for each peer, so that they do not all fail at the same moments.
fn salt(name: &str) -> u64 {
    name.bytes().fold(0x9e37, |salt, byte| salt.rotate_left(7) ^ u64::from(byte))
}

/// What every peer's answer has: a status and JSON.
#[derive(Deserialize)]
struct Response {
    status: u16,
    body: String,
}

fn mishap(answer: &Answer) -> Option<Mishap> {
    match &answer.line {
        Line::NeverAnswered => Some(Mishap::NeverAnswered),
        Line::Reset => Some(Mishap::Reset),
        Line::Bytes(bytes) => match serde_json::from_slice::<Response>(bytes) {
            Ok(response) if response.status == 429 => Some(Mishap::Throttled),
            Ok(response) if response.status >= 500 => Some(Mishap::ServerError),
            Ok(response) if serde_json::from_str::<serde::de::IgnoredAny>(&response.body).is_err() => {
                Some(Mishap::Unreadable)
            }
            Ok(_) if !answer.delay.is_zero() => Some(Mishap::Slow),
            Ok(_) | Err(_) => None,
        },
    }
}

/// A chance that in half of all worlds is nothing.
pub(super) fn chance(rng: &mut fastrand::Rng) -> u32 {
    if rng.bool() { rng.u32(0..100_000) } else { 0 }
}

/// The way of one process to a peer: it ends with the process.
pub(in super::super) struct Wire<M> {
    peer: Arc<Host<M>>,
    life: Life,
}

impl<M: Machine> Wire<M> {
    pub(super) fn new(peer: &Arc<Host<M>>, life: &Life) -> Self {
        Self { peer: peer.clone(), life: life.clone() }
    }

    /// `None`: nobody is there.
    pub(super) async fn send(&self, request: &(impl Serialize + Sync)) -> Option<Answer> {
        self.life.pass().await;
        let bytes = serde_json::to_vec(request).unwrap_or_default();
        let mut answer = self.peer.call(self.life.world_now(), &bytes)?;
        if answer.delay >= PATIENCE {
            answer.line = Line::NeverAnswered;
        }
        let wait = if answer.line == Line::NeverAnswered { PATIENCE } else { answer.delay };
        self.life.wait(wait).await;
        Some(answer)
    }
}
