//! Where requests are answered: mishaps, one request per key at a time, and the journal.

use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::future;
use tokio::sync::{mpsc, oneshot, watch};

use super::Config;
use crate::call::{Call, Touches};
use crate::ids::Key;
use crate::journal::{Journal, JournalError, Work};
use crate::ledger::{Faults, Ledger, Peer};
use crate::line::{Line, Tries, instead_of_executing, what_is_left};
use crate::problem::{Problem, Slug};
use crate::wire::Response;

type SlugOf<L> = <<L as Ledger>::Call as Call>::Slug;

/// What all connections share.
pub struct Desk<L: Peer> {
    config: Config<L>,
    work: mpsc::Sender<Work<L>>,
    traffic: Mutex<Traffic>,
    is_closing: watch::Receiver<bool>,
}

#[derive(Default)]
struct Traffic {
    tries: Tries,
    in_flight: BTreeSet<Key>,
}

impl<L: Peer> Desk<L> {
    pub(super) fn new(
        config: Config<L>,
        work: mpsc::Sender<Work<L>>,
        is_closing: watch::Receiver<bool>,
    ) -> Self {
        Self { config, work, traffic: Mutex::default(), is_closing }
    }

    /// What the caller of `call` gets to see, mishaps included.
    pub(super) async fn answer(&self, call: L::Call) -> Line<Response> {
        let nth = self.traffic().tries.next(&call);
        let (mishap, delay) = self.config.faults.mishap(&call, nth);
        if let Some(line) = mishap.and_then(instead_of_executing::<SlugOf<L>>) {
            return line;
        }
        let Some(in_flight) = self.enter(&call) else {
            let detail = "a request under this key is being executed";
            return Line::Bytes(Problem::new(SlugOf::<L>::KEY_IN_USE, detail).into());
        };
        let response = self.execute(call, nth).await;
        if !delay.is_zero() {
            self.config.env.clock.sleep(delay).await;
        }
        drop(in_flight);
        what_is_left::<SlugOf<L>>(mishap, response)
    }

    /// Executes the `nth` try of `call` without mishaps.
    pub async fn execute(&self, call: L::Call, nth: u32) -> Response {
        let (reply, answer) = oneshot::channel();
        let work = Work::Execute(self.config.env.now(), (call, nth), reply);
        self.ask(work, answer).await.unwrap_or_else(Response::from)
    }

    /// What `look` sees of what is durable.
    ///
    /// # Errors
    /// The journal has ended.
    pub async fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Journal<L>) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<T, Problem<SlugOf<L>>> {
        let (reply, answer) = oneshot::channel();
        let look = move |journal: &mut Journal<L>| {
            reply.send(look(journal)?).ok();
            Ok(())
        };
        self.ask(Work::Look(self.config.env.now(), Box::new(look)), answer).await
    }

    /// Waits as long as a request that is never answered is held.
    pub(super) async fn hold(&self) {
        let mut is_closing = self.is_closing.clone();
        let held = self.config.env.clock.sleep(self.config.hold);
        future::select(held, pin!(is_closing.wait_for(|is_closing| *is_closing))).await;
    }

    async fn ask<T>(&self, work: Work<L>, answer: oneshot::Receiver<T>) -> Result<T, Problem<SlugOf<L>>> {
        // Whether anything became durable before the thread ended is not known here: a 500 does not say.
        let ended = || Problem::new(SlugOf::<L>::SERVER_ERROR, "the journal has ended");
        self.work.send(work).await.map_err(|_| ended())?;
        answer.await.map_err(|_| ended())
    }

    /// Marks a command as being executed; `None` when its key already is, or is asked about while it is.
    fn enter(&self, call: &L::Call) -> Option<Option<InFlight<'_>>> {
        match call.touches() {
            Touches::Writes(key) => {
                let is_first = self.traffic().in_flight.insert(key.clone());
                is_first.then(|| Some(InFlight { traffic: &self.traffic, key: key.clone() }))
            }
            Touches::Asks(key) => (!self.traffic().in_flight.contains(key)).then_some(None),
            Touches::Nothing => Some(None),
        }
    }

    fn traffic(&self) -> MutexGuard<'_, Traffic> {
        locked(&self.traffic)
    }
}

fn locked(traffic: &Mutex<Traffic>) -> MutexGuard<'_, Traffic> {
    // A count and a set are sound after any panic of their user.
    traffic.lock().unwrap_or_else(PoisonError::into_inner)
}

/// While it lives, its key is being executed. A caller that hangs up drops it; the journal then keeps the order.
struct InFlight<'a> {
    traffic: &'a Mutex<Traffic>,
    key: Key,
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        locked(self.traffic).in_flight.remove(&self.key);
    }
}
