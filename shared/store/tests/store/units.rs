//! What the tests of backends on a server ask with.

pub(crate) use std::future::Future;
pub(crate) use std::time::Duration;

pub(crate) use bytes::Bytes;
pub(crate) use contracts::Timestamp;
pub(crate) use store::{Change, Item, Key, Nonce, Outcome, Query, Record, Store, Unit, Version};

pub(crate) const NOW: Timestamp = Timestamp::EPOCH;

/// Where `peer` is, as `variable` says; says so when there is none.
#[expect(clippy::disallowed_methods, reason = "how a test is told of its peer")]
pub(crate) fn address(peer: &str, variable: &str) -> Option<String> {
    let url = std::env::var(variable).ok().filter(|url| !url.is_empty());
    if url.is_none() {
        println!("skipped: {peer} ({variable} is not set)");
    }
    url
}

pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Puts every future in at once.
pub(crate) async fn together<T>(futures: Vec<impl Future<Output = T>>) -> Vec<T> {
    futures_util::future::join_all(futures).await
}

pub(crate) fn doc(id: &str) -> Key {
    Key::new("t.doc", id)
}

pub(crate) fn unit(nonce: u64, changes: Vec<Change>) -> Unit {
    Unit { now: NOW, nonce: Nonce(nonce), record: None, changes, settles: None }
}

pub(crate) fn handling(nonce: u64, message: &str, changes: Vec<Change>) -> Unit {
    Unit { record: Some(record(message)), ..unit(nonce, changes) }
}

pub(crate) fn put(id: &str, version: u64) -> Change {
    Change::Put {
        key: doc(id),
        version: Version(version),
        body: Bytes::from_static(b"{}"),
        entries: vec![],
        expires: None,
    }
}

pub(crate) fn absent(id: &str) -> Change {
    Change::Check { key: doc(id), version: Version::ABSENT }
}

pub(crate) fn step(id: &str, by: i64) -> Change {
    Change::Step { key: doc(id), add: vec![("n".to_owned(), by)], guards: vec![] }
}

pub(crate) fn record(id: &str) -> Record {
    Record {
        key: Key::new("t.record", id),
        note: Bytes::from_static(b"null"),
        outgoing: vec![],
        // Far in the future: an endpoint also forgets what has expired by its own clock.
        expires: NOW.plus(Duration::from_secs(4_000_000_000)),
    }
}

pub(crate) async fn read(store: &dyn Store, key: Key) -> Option<Item> {
    store.read(vec![key], NOW).await.unwrap().remove(0)
}

/// The counter `id`: its field `n`, and how many steps it has made.
pub(crate) async fn counter(store: &dyn Store, id: &str) -> (i64, u64) {
    let Some(item) = read(store, doc(id)).await else { return (0, 0) };
    let fields: store::Fields = serde_json::from_slice(&item.body).unwrap();
    (fields["n"], item.version.0)
}

pub(crate) fn committed(outcomes: &[Outcome]) -> usize {
    outcomes.iter().filter(|outcome| **outcome == Outcome::Committed).count()
}

/// Everything that `query` finds, page by page: the ids and what orders them.
pub(crate) async fn pages(store: &dyn Store, mut query: Query) -> Vec<(String, String)> {
    let mut found = vec![];
    loop {
        let page = store.query(query.clone(), NOW).await.unwrap();
        found.extend(page.rows.into_iter().map(|row| (row.id, row.sort)));
        query.after = page.next;
        if query.after.is_none() {
            return found;
        }
    }
}
