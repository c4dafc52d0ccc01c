//! The clock, the dice and the executor, passed in: the simulator owns them all.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use contracts::Timestamp;
use store::Boxed;
use uuid::Uuid;

#[cfg(feature = "real")]
mod patience;
#[cfg(feature = "real")]
pub mod real;

/// What time it is, and waiting.
pub trait Clock: Send + Sync + 'static {
    /// The time now.
    fn now(&self) -> Timestamp;
    /// Ends after `duration`.
    fn sleep(&self, duration: Duration) -> Boxed<'static, ()>;
}

/// Runs tasks, and knows them all by name.
pub trait Spawn: Send + Sync + 'static {
    /// Runs `task` beside the caller's. Dropped unfinished only when the whole process ends.
    fn spawn(&self, name: Cow<'static, str>, task: Boxed<'static, ()>);

    /// Runs a task that nobody waits for; on a busy machine after those that somebody waits for.
    fn spawn_patient(&self, name: Cow<'static, str>, task: Boxed<'static, ()>) {
        self.spawn(name, task);
    }
}

/// Random numbers for jitter, nonces and fresh ids; never for a decision.
pub trait Entropy: Send + Sync + 'static {
    /// The next 64 random bits.
    fn next_u64(&self) -> u64;
}

/// The world around a service.
#[derive(Clone)]
pub struct Env {
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Tasks.
    pub spawn: Arc<dyn Spawn>,
    /// Randomness.
    pub entropy: Arc<dyn Entropy>,
}

impl Env {
    /// The time now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A version 7 UUID (RFC 9562, 5.7): sorts by time of making.
    #[must_use]
    pub fn fresh_id(&self) -> Uuid {
        let millis = u64::try_from(self.now().as_micros() / 1_000).unwrap_or(0);
        let (a, b) = (self.entropy.next_u64().to_be_bytes(), self.entropy.next_u64().to_be_bytes());
        let random = [a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], b[0], b[1]];
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }

    /// A nonce: random, never zero.
    #[must_use]
    pub fn nonce(&self) -> store::Nonce {
        store::Nonce(self.entropy.next_u64() | 1)
    }

    /// Full jitter: between nothing and `base` doubled `attempt` times, at most `cap`.
    #[must_use]
    pub fn jitter(&self, base: Duration, attempt: u32, cap: Duration) -> Duration {
        let most = base.saturating_mul(1 << attempt.min(20)).min(cap);
        let micros = u64::try_from(most.as_micros()).unwrap_or(u64::MAX).max(1);
        Duration::from_micros(self.entropy.next_u64() % micros + 1)
    }
}

/// What a bus needs of the world is part of ours.
impl bus::World for Env {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn sleep(&self, duration: Duration) -> Boxed<'static, ()> {
        self.clock.sleep(duration)
    }

    fn spawn(&self, name: Cow<'static, str>, task: Boxed<'static, ()>) {
        self.spawn.spawn(name, task);
    }

    fn next_u64(&self) -> u64 {
        self.entropy.next_u64()
    }
}
