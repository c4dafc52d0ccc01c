//! One life of a process: the handles through which it reaches the world, which a crash cuts.

use std::borrow::Cow;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use contracts::Timestamp;
use runtime::{Clock, Entropy, Env, Spawn};
use store::Boxed;
use store::sim::Link;

use crate::director::{Owner, Time};

/// One life of a process. After a restart it is another one.
#[derive(Clone)]
pub struct Life(Arc<Inner>);

/// Which build of the program a process runs. A world without a deploy has the next one everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Build {
    /// The one before the deploy.
    Last,
    /// The one after it, while others may still run the last one.
    Next,
    /// The one after it, started when no process ran the last one.
    Everywhere,
}

struct Inner {
    process: usize,
    build: Build,
    link: Link,
    time: Arc<Time>,
    skew_us: AtomicI64,
    rng: Mutex<fastrand::Rng>,
}

impl Life {
    pub(crate) fn new((process, build): (usize, Build), link: Link, time: Arc<Time>, seed: u64) -> Self {
        let rng = Mutex::new(fastrand::Rng::with_seed(seed));
        Self(Arc::new(Inner { process, build, link, time, skew_us: AtomicI64::new(0), rng }))
    }

    /// The number of the process.
    #[must_use]
    pub fn process(&self) -> usize {
        self.0.process
    }

    /// What it runs.
    #[must_use]
    pub fn build(&self) -> Build {
        self.0.build
    }

    /// Its way to store and bus.
    #[must_use]
    pub fn link(&self) -> &Link {
        &self.0.link
    }

    /// What the runtime is given as the world around it.
    #[must_use]
    pub fn env(&self) -> Env {
        let world = Arc::new(self.clone());
        Env { clock: world.clone(), spawn: world.clone(), entropy: world }
    }

    /// Ends at once, or never when this life is over. For whatever else a process reaches out to, on the way there
    /// and on the way back.
    pub async fn pass(&self) {
        if self.is_over() {
            std::future::pending().await
        }
    }

    /// Ends once `by` has passed on the world's clock, or never when this life is over.
    pub async fn wait(&self, by: Duration) {
        self.0.time.wait(by).await;
        self.pass().await;
    }

    /// The world's own time, which the process does not know: for peers, whose clocks are their own.
    #[must_use]
    pub fn world_now(&self) -> Timestamp {
        self.0.time.now()
    }

    /// Whether it crashed or was stopped.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.0.link.is_severed()
    }

    pub(crate) fn set_skew(&self, micros: i64) {
        self.0.skew_us.store(micros, Ordering::Relaxed);
    }

    pub(crate) fn start(&self, name: impl Into<Cow<'static, str>>, task: Boxed<'static, ()>) {
        if self.is_over() {
            drop(task);
        } else {
            self.0.time.spawn(Owner::Process(self.0.process), name, task);
        }
    }
}

impl Clock for Life {
    fn now(&self) -> Timestamp {
        let micros = self.0.time.now().as_micros() + self.0.skew_us.load(Ordering::Relaxed);
        Timestamp::from_micros(micros)
    }

    fn sleep(&self, duration: Duration) -> Boxed<'static, ()> {
        if self.is_over() { Box::pin(std::future::pending()) } else { self.0.time.wait(duration) }
    }
}

impl Spawn for Life {
    fn spawn(&self, name: Cow<'static, str>, task: Boxed<'static, ()>) {
        self.start(name, task);
    }
}

impl Entropy for Life {
    fn next_u64(&self) -> u64 {
        self.0.rng.lock().unwrap_or_else(PoisonError::into_inner).u64(..)
    }
}
