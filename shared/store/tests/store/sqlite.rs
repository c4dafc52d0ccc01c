//! The SQLite engine: what the shared list of cases cannot see.

mod assumed;
mod cuts;
mod faults;
mod files;
mod kills;
mod listed;
mod units;

use bytes::Bytes;
use contracts::{MessageId, Timestamp};
use store::sqlite::{Config, Engine};
use store::{
    Address, Change, Entry, Item, Key, Limit, Nonce, OutageKind, Outcome, Outgoing, Query, Record, Store,
    Unit, Version, limits,
};

pub(super) const NOW: Timestamp = Timestamp::EPOCH;

pub(super) fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros)
}

pub(super) fn memory() -> Engine {
    Engine::open(Config::memory()).unwrap()
}

pub(super) fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// Puts every future in at once, so that they meet in one group.
pub(super) async fn together<T>(futures: Vec<store::Boxed<'_, T>>) -> Vec<T> {
    futures_util::future::join_all(futures).await
}

pub(super) fn doc(id: &str) -> Key {
    Key::new("t.doc", id)
}

pub(super) fn unit(nonce: u64) -> Unit {
    Unit { now: NOW, nonce: Nonce(nonce), record: None, changes: Vec::new(), settles: None }
}

pub(super) fn put(id: &str, version: u64, body: &str) -> Change {
    Change::Put {
        key: doc(id),
        version: Version(version),
        body: Bytes::copy_from_slice(body.as_bytes()),
        entries: Vec::new(),
        expires: None,
    }
}

pub(super) fn record(id: &str, outgoing: Vec<Outgoing>) -> Record {
    Record { outgoing, ..record_until(id, at(1_000_000_000)) }
}

pub(super) fn record_until(id: &str, expires: Timestamp) -> Record {
    Record { key: Key::new("t.record", id), note: Bytes::from_static(b"null"), outgoing: Vec::new(), expires }
}

pub(super) fn message(to: Address, body: &str) -> Outgoing {
    let id = MessageId::of("https://test.example", body);
    Outgoing {
        id,
        address: to,
        lane: String::new(),
        attempt: 0,
        body: Bytes::copy_from_slice(body.as_bytes()),
    }
}

pub(super) async fn read(engine: &Engine, key: Key, now: Timestamp) -> Option<Item> {
    engine.read(vec![key], now).await.unwrap().remove(0)
}
