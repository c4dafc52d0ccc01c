//! Where requests are answered: mishaps, one request per key at a time, and the journal.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::future;
use std::pin::pin;
use tokio::sync::{mpsc, oneshot, watch};

use super::{Config, pause};
use crate::simulated::call::Call;
use crate::simulated::ids::Key;
use crate::simulated::journal::{Page, Work};
use crate::simulated::problem::{Problem, Slug};
use crate::simulated::provider::{Line, Tries, instead_of_executing, what_is_left};
use crate::simulated::wire::Response;

/// What all connections share.
pub(super) struct Desk {
    config: Config,
    work: mpsc::Sender<Work>,
    traffic: Mutex<Traffic>,
    is_closing: watch::Receiver<bool>,
}

#[derive(Default)]
struct Traffic {
    tries: Tries,
    in_flight: BTreeSet<Key>,
}

impl Desk {
    pub(super) fn new(config: Config, work: mpsc::Sender<Work>, is_closing: watch::Receiver<bool>) -> Self {
        Self { config, work, traffic: Mutex::default(), is_closing }
    }

    /// What the caller of `call` gets to see, mishaps included.
    pub(super) async fn answer(&self, call: Call) -> Line<Response> {
        let (mishap, delay) = self.config.faults.mishap(&call, self.traffic().tries.next(&call));
        if let Some(line) = mishap.and_then(instead_of_executing) {
            return line;
        }
        let Some(in_flight) = self.enter(&call) else {
            return Line::Bytes(
                Problem::new(Slug::KeyInUse, "a request under this key is being executed").into(),
            );
        };
        let response = self.execute(call).await;
        if !delay.is_zero() {
            pause(delay).await;
        }
        drop(in_flight);
        what_is_left(mishap, response)
    }

    /// Executes `call` without mishaps.
    pub(super) async fn execute(&self, call: Call) -> Response {
        let (reply, answer) = oneshot::channel();
        let verdict = self.config.faults.verdict(&call);
        let work = Work::Execute { now: (self.config.now)(), call, verdict, reply };
        self.ask(work, answer).await.unwrap_or_else(Response::from)
    }

    /// A page of the export.
    pub(super) async fn export(&self, after: u64, limit: usize) -> Result<Page, Problem> {
        let (reply, answer) = oneshot::channel();
        self.ask(Work::Export { now: (self.config.now)(), after, limit, reply }, answer).await
    }

    /// Waits as long as a request that is never answered is held.
    pub(super) async fn hold(&self) {
        let mut is_closing = self.is_closing.clone();
        future::select(pin!(pause(self.config.hold)), pin!(is_closing.wait_for(|is_closing| *is_closing)))
            .await;
    }

    async fn ask<T>(&self, work: Work, answer: oneshot::Receiver<T>) -> Result<T, Problem> {
        // Whether anything became durable before the thread ended is not known here: a 500 does not say.
        let ended = || Problem::new(Slug::ServerError, "the journal has ended");
        self.work.send(work).await.map_err(|_| ended())?;
        answer.await.map_err(|_| ended())
    }

    /// Marks a command as being executed; `None` when its key already is, or is asked about while it is.
    fn enter(&self, call: &Call) -> Option<Option<InFlight<'_>>> {
        match call {
            Call::Command { key, .. } => {
                let is_first = self.traffic().in_flight.insert(key.clone());
                is_first.then(|| Some(InFlight { desk: self, key: key.clone() }))
            }
            Call::Query { key } => (!self.traffic().in_flight.contains(key)).then_some(None),
            Call::Look { .. } => Some(None),
        }
    }

    fn traffic(&self) -> MutexGuard<'_, Traffic> {
        // A count and a set are sound after any panic of their user.
        self.traffic.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// While it lives, its key is being executed. A caller that hangs up drops it; the journal then keeps the order.
struct InFlight<'a> {
    desk: &'a Desk,
    key: Key,
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.desk.traffic().in_flight.remove(&self.key);
    }
}
