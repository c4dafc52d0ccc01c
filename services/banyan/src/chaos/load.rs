//! Customers: orders that come at a rate of their own, each sent under its key until it is answered.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};
use contracts::Sku;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use runtime::Env;
use serde_json::Value;

use super::book::{self, Book, PLENTY, Placed, SCARCE};
use crate::client::{Client, Error};
use crate::commands::opening;

/// Between two tries of one customer, at most; the shop may ask for more, and gets at most this.
const PAUSE: Duration = Duration::from_millis(60);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// Orders that wait for their answer, at most: a shop that hangs does not get sockets without end.
const MAX_OPEN: usize = 2_048;
/// Pieces of what is plenty, and of what is not.
const MANY: u64 = 100_000_000;
const FEW: u64 = 200;

/// What tells where a recording is; 0 where there is none.
pub(super) type Position = Arc<dyn Fn() -> usize + Send + Sync>;

/// One customer's way to the shop.
#[derive(Clone)]
pub(super) struct Customer {
    pub(super) client: Client,
    pub(super) env: Env,
    pub(super) book: Book,
    pub(super) position: Position,
}

impl Customer {
    /// Sends the order of this number until it is answered.
    pub(super) async fn place(self, nth: u64) {
        let write = book::write(nth);
        let order_id = loop {
            match self.client.post::<Placed>(&write).await {
                Ok(placed) => break placed.order_id,
                Err(error) if error.is_passing() => self.pause(&error).await,
                Err(error) => return self.book.refused(nth, error),
            }
        };
        let position = (self.position)();
        self.book.told(nth, order_id.clone(), position);
        if book::is_regretted(nth) {
            self.cancel(nth, &order_id).await;
        }
    }

    /// It may be too late for that, and then it is.
    async fn cancel(&self, nth: u64, order_id: &str) {
        let write = book::cancel(nth, order_id);
        while let Err(error) = self.client.post::<Value>(&write).await {
            if !error.is_passing() {
                return;
            }
            self.pause(&error).await;
        }
    }

    async fn pause(&self, error: &Error) {
        let own = self.env.jitter(PAUSE, 0, PAUSE);
        let wanted = error.retry_after().unwrap_or_default().min(LONGEST_PAUSE);
        self.env.clock.sleep(own.max(wanted)).await;
    }
}

/// Orders that come whatever becomes of those before.
pub(super) struct Load {
    is_ending: Arc<AtomicBool>,
    ended: tokio::sync::oneshot::Receiver<()>,
}

impl Load {
    /// Sends `rate` orders a second from now on.
    pub(super) fn start(customer: &Customer, rate: u32) -> Self {
        let is_ending = Arc::new(AtomicBool::new(false));
        let (done, ended) = tokio::sync::oneshot::channel();
        let (customer, ending) = (customer.clone(), is_ending.clone());
        let spawn = customer.env.spawn.clone();
        let arrive = async move {
            arrive(customer, rate, &ending).await;
            done.send(()).ok();
        };
        spawn.spawn("chaos.load".into(), Box::pin(arrive));
        Self { is_ending, ended }
    }

    /// Nobody comes any more; ends when everybody was answered.
    pub(super) async fn end(self) {
        self.is_ending.store(true, Ordering::SeqCst);
        self.ended.await.ok();
    }
}

async fn arrive(customer: Customer, rate: u32, ending: &AtomicBool) {
    let env = customer.env.clone();
    let begun = env.now();
    let mut open = FuturesUnordered::new();
    let mut arrived: u64 = 0;
    loop {
        let due = begun.plus(Duration::from_micros(arrived * 1_000_000 / u64::from(rate)));
        let comes = !ending.load(Ordering::SeqCst);
        if !comes && open.is_empty() {
            return;
        }
        tokio::select! {
            biased;
            Some(()) = open.next() => {}
            () = env.clock.sleep(due.since(env.now())), if comes && open.len() < MAX_OPEN => {
                open.push(customer.clone().place(customer.book.next()));
                arrived += 1;
            }
        }
    }
}

/// Puts in what the orders ask for.
///
/// # Errors
/// The shop does not take it.
pub(super) async fn stock(client: &Client, env: &Env) -> Result<()> {
    let mut stock = BTreeMap::new();
    for nth in 0..PLENTY {
        stock.insert(Sku::try_from(book::plenty(nth))?, MANY);
    }
    stock.insert(Sku::try_from(SCARCE.to_owned())?, FEW);
    opening::receive(client, env, &stock).await.context("the opening stock cannot be received")?;
    Ok(())
}
