//! The world as it is: the system's clock, the system's dice, tokio's executor.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use contracts::Timestamp;
use store::Boxed;

use super::patience::Rush;
use super::{Clock, Entropy, Env, Spawn};

/// The world as it is. Call inside a tokio runtime.
#[must_use]
pub fn env() -> Env {
    Env {
        clock: Arc::new(SystemClock),
        spawn: Arc::new(Tokio::default()),
        entropy: Arc::new(SystemEntropy::new()),
    }
}

/// The system's time, for a process that has no environment.
#[must_use]
pub fn now() -> Timestamp {
    SystemClock.now()
}

struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the system's clock")]
    fn now(&self) -> Timestamp {
        let since = std::time::SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }

    #[expect(clippy::disallowed_methods, reason = "the one place that waits on the system's clock")]
    fn sleep(&self, duration: Duration) -> Boxed<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}

#[derive(Default)]
struct Tokio(Rush);

#[expect(clippy::disallowed_methods, reason = "the tracked spawn itself")]
impl Spawn for Tokio {
    fn spawn(&self, _name: Cow<'static, str>, task: Boxed<'static, ()>) {
        tokio::spawn(self.0.eager(task));
    }

    fn spawn_patient(&self, _name: Cow<'static, str>, task: Boxed<'static, ()>) {
        tokio::spawn(self.0.patient(task));
    }
}

struct SystemEntropy(Mutex<fastrand::Rng>);

impl SystemEntropy {
    #[expect(clippy::disallowed_methods, reason = "the one place that asks the system for randomness")]
    fn new() -> Self {
        Self(Mutex::new(fastrand::Rng::new()))
    }
}

impl Entropy for SystemEntropy {
    fn next_u64(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).u64(..)
    }
}
