//! One kind of call to one place, for as many at once as a call takes.
//!
//! A call carries ten entries. Ten are sent at once; fewer wait for more, a few milliseconds, and then for the call before to
//! be answered: so the slower the endpoint, the fuller the batches.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::{Notify, oneshot, watch};

use crate::{Boxed, World};

/// What became of one entry.
pub(super) enum Step<A> {
    Done(A),
    /// The endpoint could not do it just now. When it cannot again and again, this is the answer.
    Again(A),
}

/// Does a batch, and answers for each of it in its order; waits by itself before what has to be done again.
pub(super) type Call<T, A> = Box<dyn Fn(Vec<T>) -> Boxed<'static, Vec<Step<A>>> + Send + Sync>;

/// What bounds a lane.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// The bytes that one call carries at most, unless one entry alone has more.
    pub(super) bytes: usize,
    /// Calls under way at once.
    pub(super) calls: usize,
    /// How long fewer than ten wait for more.
    pub(super) linger: Duration,
}

/// SNS and SQS: the entries that one call carries at most.
pub(super) const ENTRIES: usize = 10;
/// How often an entry that could not be done is sent in all. More often, and the caller would wait for too long.
const TRIES: u32 = 3;
/// How long fewer than ten wait for a call that is not answered before they go without it.
const STUCK: Duration = Duration::from_millis(250);

/// The way into a lane. Dropping it does not end the lane: closing does.
pub(super) struct Lane<T, A>(Arc<Shared<T, A>>);

struct Shared<T, A> {
    state: Mutex<State<T, A>>,
    wake: Notify,
}

struct State<T, A> {
    waiting: VecDeque<Entry<T, A>>,
    is_closed: bool,
}

struct Entry<T, A> {
    load: T,
    bytes: usize,
    tries: u32,
    /// Gone when nobody waits for the answer any more.
    answer: oneshot::Sender<A>,
}

/// Whether fewer than ten go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ripe {
    No,
    /// Once no call is under way.
    WhenIdle,
    Now,
}

impl<T: Clone + Send + 'static, A: Send + 'static> Lane<T, A> {
    /// A lane that `world` runs until `closing` says true or is gone.
    pub(super) fn start(
        name: String,
        bounds: Bounds,
        call: Call<T, A>,
        world: &Arc<dyn World>,
        closing: watch::Receiver<bool>,
    ) -> Self {
        let state = Mutex::new(State { waiting: VecDeque::new(), is_closed: false });
        let shared = Arc::new(Shared { state, wake: Notify::new() });
        let driver = Driver { shared: shared.clone(), bounds, call, world: world.clone() };
        world.spawn(name.into(), Box::pin(driver.run(closing)));
        Self(shared)
    }

    /// Puts an entry of `bytes` into the lane. Without an answer the lane was closed. Who drops what this answers no longer
    /// wants it: what has not been sent by then is not.
    pub(super) fn put(&self, load: T, bytes: usize) -> oneshot::Receiver<A> {
        let (answer, answered) = oneshot::channel();
        let mut state = self.0.state();
        if !state.is_closed {
            state.waiting.push_back(Entry { load, bytes, tries: 0, answer });
            drop(state);
            self.0.wake.notify_one();
        }
        answered
    }
}

impl<T, A> Shared<T, A> {
    fn state(&self) -> MutexGuard<'_, State<T, A>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

type Batch<T, A> = Vec<Entry<T, A>>;

struct Driver<T, A> {
    shared: Arc<Shared<T, A>>,
    bounds: Bounds,
    call: Call<T, A>,
    world: Arc<dyn World>,
}

impl<T: Clone + Send + 'static, A: Send + 'static> Driver<T, A> {
    async fn run(self, mut closing: watch::Receiver<bool>) {
        tokio::select! {
            biased;
            // Also when the sender is gone.
            _ = closing.wait_for(|&closing| closing) => {}
            () = self.drive() => {}
        }
        let mut state = self.shared.state();
        state.is_closed = true;
        state.waiting.clear();
    }

    async fn drive(&self) {
        let mut calls: FuturesUnordered<Boxed<'_, ()>> = FuturesUnordered::new();
        let mut ripe = Ripe::No;
        let mut ripens: Option<Boxed<'static, ()>> = None;
        loop {
            while calls.len() < self.bounds.calls {
                let goes = ripe == Ripe::Now || ripe == Ripe::WhenIdle && calls.is_empty();
                let Some(batch) = self.take(goes) else { break };
                (ripe, ripens) = (Ripe::No, None);
                calls.push(Box::pin(self.dispatch(batch)));
            }
            if self.shared.state().waiting.is_empty() {
                (ripe, ripens) = (Ripe::No, None);
            } else if ripens.is_none() && ripe != Ripe::Now {
                let wait = if ripe == Ripe::No { self.bounds.linger } else { STUCK };
                ripens = Some(self.world.sleep(wait));
            }
            let ripening = async {
                match ripens.as_mut() {
                    Some(ripens) => ripens.await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                Some(()) = calls.next(), if !calls.is_empty() => {}
                () = self.shared.wake.notified() => {}
                () = ripening => {
                    ripe = if ripe == Ripe::No { Ripe::WhenIdle } else { Ripe::Now };
                    ripens = None;
                }
            }
        }
    }

    /// The next batch: a full one, or when `goes` one of fewer.
    fn take(&self, goes: bool) -> Option<Batch<T, A>> {
        let mut state = self.shared.state();
        state.waiting.retain(|entry| !entry.answer.is_closed());
        let mut bytes = 0_usize;
        let fitting = state.waiting.iter().take(ENTRIES).take_while(|entry| {
            bytes = bytes.saturating_add(entry.bytes);
            bytes <= self.bounds.bytes
        });
        // One that is too long for a batch goes alone, and the endpoint says what it thinks of it.
        let fitting = fitting.count().max(1).min(state.waiting.len());
        let is_full = fitting == ENTRIES || fitting < state.waiting.len();
        (fitting > 0 && (is_full || goes)).then(|| state.waiting.drain(..fitting).collect())
    }

    async fn dispatch(&self, batch: Batch<T, A>) {
        let steps = (self.call)(batch.iter().map(|entry| entry.load.clone()).collect()).await;
        let mut again = vec![];
        for (mut entry, step) in batch.into_iter().zip(steps) {
            entry.tries += 1;
            match step {
                Step::Again(_) if entry.tries < TRIES => again.push(entry),
                Step::Done(answer) | Step::Again(answer) => {
                    // An error is somebody who no longer waits.
                    entry.answer.send(answer).ok();
                }
            }
        }
        let mut state = self.shared.state();
        again.into_iter().rev().for_each(|entry| state.waiting.push_front(entry));
    }
}
