//! Time in a simulated world: whoever runs the world injects it.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use contracts::Timestamp;

use crate::Boxed;

/// What a simulated backend knows of time.
pub trait SimTime: Send + Sync + 'static {
    /// The world's own time, the same for every node.
    fn now(&self) -> Timestamp;

    /// Ready once `by` has passed.
    fn sleep(&self, by: Duration) -> Boxed<'static, ()>;
}

/// The smallest [`SimTime`]: runs one future, and jumps to the next timer whenever that future waits.
#[derive(Clone, Default)]
pub struct JumpingTime {
    timers: Arc<Mutex<Timers>>,
}

#[derive(Default)]
struct Timers {
    now: Timestamp,
    wakers: BTreeMap<Timestamp, Vec<Waker>>,
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl JumpingTime {
    /// Starts at `now`.
    #[must_use]
    pub fn starting_at(now: Timestamp) -> Self {
        Self { timers: Arc::new(Mutex::new(Timers { now, wakers: BTreeMap::new() })) }
    }

    /// Runs `future` to its end; `None` when it waits and no timer is left that could wake it.
    pub fn run<F: Future>(&self, future: F) -> Option<F::Output> {
        let mut future = pin!(future);
        let flag = Arc::new(Flag(AtomicBool::new(true)));
        let waker = Waker::from(flag.clone());
        loop {
            while flag.0.swap(false, Ordering::Relaxed) {
                if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                    return Some(output);
                }
            }
            self.jump()?;
        }
    }

    fn timers(&self) -> MutexGuard<'_, Timers> {
        self.timers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn jump(&self) -> Option<()> {
        let mut timers = self.timers();
        let (at, wakers) = timers.wakers.pop_first()?;
        timers.now = timers.now.max(at);
        drop(timers);
        wakers.into_iter().for_each(Waker::wake);
        Some(())
    }
}

impl SimTime for JumpingTime {
    fn now(&self) -> Timestamp {
        self.timers().now
    }

    fn sleep(&self, by: Duration) -> Boxed<'static, ()> {
        let time = self.clone();
        let until = self.now().plus(by);
        Box::pin(std::future::poll_fn(move |cx| {
            let mut timers = time.timers();
            if timers.now >= until {
                return Poll::Ready(());
            }
            timers.wakers.entry(until).or_default().push(cx.waker().clone());
            Poll::Pending
        }))
    }
}
