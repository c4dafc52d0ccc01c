//! What stands in for the port that is not measured: a bus and a store in memory, as quick as they can be; and a store that
//! remembers what it was asked.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bus::{Address, Bus, Delivery, Outgoing, Published, QueueState, Settle, Token, Wiring};
use contracts::Timestamp;
use store::model::Model;
use store::{
    Boxed, Caps, Change, Item, Key, Outage, OutageKind, Outcome, Page, Query, Snapshot, Store, Unit,
};
use tokio::sync::Notify;

fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A store in memory, without faults.
#[derive(Default)]
pub(super) struct Memory(Mutex<Model>);

impl Store for Memory {
    fn caps(&self) -> Caps {
        Caps::default()
    }

    fn read(&self, keys: Vec<Key>, now: Timestamp) -> Boxed<'_, Result<Vec<Option<Item>>, Outage>> {
        Box::pin(async move { Ok(lock(&self.0).read(&keys, now)) })
    }

    fn query(&self, query: Query, now: Timestamp) -> Boxed<'_, Result<Page, Outage>> {
        Box::pin(async move { Ok(lock(&self.0).query(&query, now)) })
    }

    fn snapshot(&self, _: Timestamp) -> Boxed<'_, Result<Box<dyn Snapshot>, Outage>> {
        Box::pin(async {
            Err(Outage { kind: OutageKind::Broken, detail: "nobody audits a bench".to_owned() })
        })
    }

    fn commit(&self, unit: Unit) -> Boxed<'_, Result<Outcome, Outage>> {
        Box::pin(async move { Ok(lock(&self.0).apply(unit)) })
    }
}

/// A store, and what was asked of it.
pub(super) struct Watched {
    store: Arc<dyn Store>,
    units: Mutex<Vec<Unit>>,
    handled: AtomicU64,
    cleared: AtomicU64,
    looks: Mutex<BTreeMap<String, u64>>,
}

impl Watched {
    pub(super) fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            units: Mutex::default(),
            handled: AtomicU64::new(0),
            cleared: AtomicU64::new(0),
            looks: Mutex::default(),
        }
    }

    /// Messages that were handled, and records that were told that all is published.
    pub(super) fn done(&self) -> (u64, u64) {
        (self.handled.load(Ordering::Relaxed), self.cleared.load(Ordering::Relaxed))
    }

    /// Those units, in about the order in which they were.
    pub(super) fn units(&self) -> Vec<Unit> {
        std::mem::take(&mut lock(&self.units))
    }

    /// How often each index was looked at.
    pub(super) fn looks(&self) -> BTreeMap<String, u64> {
        lock(&self.looks).clone()
    }
}

impl Store for Watched {
    fn caps(&self) -> Caps {
        self.store.caps()
    }

    fn read(&self, keys: Vec<Key>, now: Timestamp) -> Boxed<'_, Result<Vec<Option<Item>>, Outage>> {
        self.store.read(keys, now)
    }

    fn query(&self, query: Query, now: Timestamp) -> Boxed<'_, Result<Page, Outage>> {
        *lock(&self.looks).entry(format!("{} {}", query.collection, query.index)).or_default() += 1;
        self.store.query(query, now)
    }

    fn snapshot(&self, now: Timestamp) -> Boxed<'_, Result<Box<dyn Snapshot>, Outage>> {
        self.store.snapshot(now)
    }

    fn commit(&self, unit: Unit) -> Boxed<'_, Result<Outcome, Outage>> {
        Box::pin(async move {
            let copy = unit.clone();
            let outcome = self.store.commit(unit).await;
            if let Ok(Outcome::Committed) = outcome {
                let is_record = |change: &&Change| change.key().collection.ends_with(".record");
                let cleared = copy.changes.iter().filter(is_record).count() as u64;
                self.handled.fetch_add(u64::from(copy.record.is_some()), Ordering::Relaxed);
                self.cleared.fetch_add(cleared, Ordering::Relaxed);
                lock(&self.units).push(copy);
            }
            outcome
        })
    }
}

/// A bus in memory, without faults.
#[derive(Default)]
pub(super) struct Pipe {
    inner: Mutex<Inner>,
    arrived: Notify,
}

#[derive(Default)]
struct Inner {
    wiring: Wiring,
    last: u64,
    waiting: BTreeMap<String, VecDeque<(bool, Outgoing)>>,
    held: BTreeMap<u64, Outgoing>,
}

impl Inner {
    fn put(&mut self, message: Outgoing) {
        let queues: Vec<String> = match &message.address {
            Address::Queue(queue) => vec![queue.clone()],
            Address::Topic(kind) => {
                self.wiring.subscribers.get(kind).into_iter().flatten().cloned().collect()
            }
        };
        for queue in queues {
            self.waiting.entry(queue).or_default().push_back((false, message.clone()));
        }
    }

    fn take(&mut self, queue: &Arc<str>, credit: usize) -> Vec<Delivery> {
        let Some(waiting) = self.waiting.get_mut(queue.as_ref()) else { return vec![] };
        let mut taken = Vec::new();
        for (redelivered, message) in waiting.drain(..credit.min(waiting.len())) {
            self.last += 1;
            let token = Token { queue: queue.clone(), seq: self.last, receipt: None };
            let (body, attempt) = (message.body.clone(), message.attempt);
            taken.push(Delivery { token, body, attempt, redelivered });
            self.held.insert(self.last, message);
        }
        taken
    }
}

impl Bus for Pipe {
    fn caps(&self) -> bus::Caps {
        bus::Caps { max_message_bytes: 256 * 1024, dead_suffix: None }
    }

    fn declare(&self, wiring: Wiring) -> Boxed<'_, Result<(), Outage>> {
        lock(&self.inner).wiring = wiring;
        Box::pin(async { Ok(()) })
    }

    fn publish(&self, batch: Vec<Outgoing>) -> Boxed<'_, Vec<Published>> {
        let answers = vec![Published::Confirmed; batch.len()];
        let mut inner = lock(&self.inner);
        batch.into_iter().for_each(|message| inner.put(message));
        drop(inner);
        self.arrived.notify_waiters();
        Box::pin(async { answers })
    }

    fn receive(&self, queue: Arc<str>, credit: usize) -> Boxed<'_, Result<Vec<Delivery>, Outage>> {
        Box::pin(async move {
            loop {
                let mut arrived = std::pin::pin!(self.arrived.notified());
                arrived.as_mut().enable();
                let taken = lock(&self.inner).take(&queue, credit);
                if !taken.is_empty() {
                    return Ok(taken);
                }
                arrived.await;
            }
        })
    }

    fn settle(&self, settlements: Vec<(Token, Settle)>) -> Boxed<'_, ()> {
        let mut inner = lock(&self.inner);
        for (token, how) in settlements {
            let Some(message) = inner.held.remove(&token.seq) else { continue };
            if how == Settle::Release {
                inner.waiting.entry(token.queue.as_ref().to_owned()).or_default().push_front((true, message));
            }
        }
        drop(inner);
        self.arrived.notify_waiters();
        Box::pin(async {})
    }

    fn inspect(&self) -> Boxed<'_, Result<Vec<QueueState>, Outage>> {
        let inner = lock(&self.inner);
        let state = |(queue, waiting): (&String, &VecDeque<_>)| QueueState {
            queue: queue.clone(),
            waiting: waiting.len() as u64,
            in_flight: 0,
        };
        let states = inner.waiting.iter().map(state).collect();
        Box::pin(async { Ok(states) })
    }
}
