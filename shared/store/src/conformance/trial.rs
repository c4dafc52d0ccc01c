//! What the cases are written with: a fresh store, short words for changes, and comparisons that explain themselves.

use std::fmt::{Debug, Display};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use contracts::{EventType, MessageId, Timestamp};

use super::{Checked, Hook, Subject, Verdict};
use crate::{
    Address, Change, Entry, Fields, Item, Key, Nonce, Outcome, Outgoing, Page, Query, Record, Row, Store,
    Unit, Version,
};

/// The collection that most cases use.
pub const THINGS: &str = "suite.thing";
/// The collection of records.
pub const RECORDS: &str = "suite.record";
/// The index that most cases use.
pub const BY: &str = "by";
/// The partition that most cases use.
pub const PART: &str = "part";

/// When the cases happen: in the year 2096. An endpoint also forgets by its own clock, and by that nothing has expired yet.
#[must_use]
pub fn now() -> Timestamp {
    Timestamp::from_micros(4_000_000_000_000_000)
}

/// Microseconds after [`now`].
#[must_use]
pub fn after(micros: i64) -> Timestamp {
    Timestamp::from_micros(now().as_micros() + micros)
}

/// A fresh store and what belongs to it.
pub struct Trial<'a> {
    /// Where it came from.
    pub subject: &'a dyn Subject,
    /// The store.
    pub store: Arc<dyn Store>,
    nonces: AtomicU64,
}

impl<'a> Trial<'a> {
    /// On a fresh store of `subject`.
    pub async fn new(subject: &'a dyn Subject) -> Self {
        Self { subject, store: subject.fresh().await, nonces: AtomicU64::new(1_000) }
    }

    /// A unit of these changes, with a nonce of its own and no record.
    pub fn unit(&self, changes: Vec<Change>) -> Unit {
        let nonce = Nonce(self.nonces.fetch_add(1, Ordering::Relaxed));
        Unit { now: now(), nonce, record: None, changes, settles: None }
    }

    /// A unit of these changes that handles `message`.
    pub fn handling(&self, message: &str, changes: Vec<Change>) -> Unit {
        Unit { record: Some(record(message, vec![])), ..self.unit(changes) }
    }

    /// Commits.
    ///
    /// # Errors
    /// The store was out of service.
    pub async fn commit(&self, unit: Unit) -> Result<Outcome, String> {
        self.store.commit(unit).await.map_err(|outage| format!("commit: {outage}"))
    }

    /// Commits and compares the outcome; answers the version that the unit writes.
    ///
    /// # Errors
    /// Another outcome.
    pub async fn expect(&self, what: &str, want: Outcome, unit: Unit) -> Result<Version, String> {
        let version = Version(unit.nonce.0);
        same(what, self.commit(unit).await?, want)?;
        Ok(version)
    }

    /// Commits changes that must be committed; answers the version that they get.
    ///
    /// # Errors
    /// Another outcome.
    pub async fn does(&self, changes: Vec<Change>) -> Result<Version, String> {
        let unit = self.unit(changes);
        self.expect("a unit that nothing is wrong with", Outcome::Committed, unit).await
    }

    /// Commits changes that must conflict.
    ///
    /// # Errors
    /// Another outcome.
    pub async fn conflicts(&self, what: &str, changes: Vec<Change>) -> Result<(), String> {
        let unit = self.unit(changes);
        self.expect(what, Outcome::Conflict, unit).await.map(drop)
    }

    /// Reads these keys as of `at`.
    ///
    /// # Errors
    /// The store was out of service, or answered another number of items.
    pub async fn read_all(&self, keys: Vec<Key>, at: Timestamp) -> Result<Vec<Option<Item>>, String> {
        let asked = keys.len();
        let items = self.store.read(keys, at).await.map_err(|outage| format!("read: {outage}"))?;
        same("number of answers", items.len(), asked)?;
        Ok(items)
    }

    /// Reads one key as of `at`.
    ///
    /// # Errors
    /// The store was out of service.
    pub async fn read_at(&self, key: Key, at: Timestamp) -> Result<Option<Item>, String> {
        Ok(self.read_all(vec![key], at).await?.pop().flatten())
    }

    /// Reads one of [`THINGS`].
    ///
    /// # Errors
    /// The store was out of service.
    pub async fn read(&self, id: &str) -> Result<Option<Item>, String> {
        self.read_at(thing(id), now()).await
    }

    /// The body of one of [`THINGS`] as text; empty when it is absent.
    ///
    /// # Errors
    /// The store was out of service.
    pub async fn text(&self, id: &str) -> Result<String, String> {
        Ok(self.read(id).await?.map(|item| lossy(&item.body)).unwrap_or_default())
    }

    /// The fields of a counter among [`THINGS`], without those that are 0, and its version.
    ///
    /// # Errors
    /// The store was out of service, or the item is not a counter.
    pub async fn fields(&self, id: &str) -> Result<(Fields, Version), String> {
        let Some(item) = self.read(id).await? else { return Ok((Fields::new(), Version::ABSENT)) };
        Ok((fields(&item)?, item.version))
    }

    /// One page, once indexes have caught up.
    ///
    /// # Errors
    /// The store was out of service.
    pub async fn page(&self, query: &Query, at: Timestamp) -> Result<Page, String> {
        self.subject.settle().await;
        self.store.query(query.clone(), at).await.map_err(|outage| format!("query: {outage}"))
    }

    /// All pages one after another.
    ///
    /// # Errors
    /// The store was out of service, or the pages never end.
    pub async fn rows(&self, mut query: Query) -> Result<Vec<Row>, String> {
        let mut rows = vec![];
        for _ in 0..2_000 {
            let page = self.page(&query, now()).await?;
            rows.extend(page.rows);
            match page.next {
                Some(next) => query.after = Some(next),
                None => return Ok(rows),
            }
        }
        Err("the pages never end".to_owned())
    }

    /// The ids that all pages of `query` have, in their order.
    ///
    /// # Errors
    /// As for [`Trial::rows`].
    pub async fn ids(&self, query: Query) -> Result<Vec<String>, String> {
        Ok(self.rows(query).await?.into_iter().map(|row| row.id).collect())
    }

    /// Whether the subject can bring this about; if not, the case is skipped.
    pub fn can(&self, hook: Hook) -> bool {
        self.subject.hook(hook)
    }
}

/// The end of a case.
///
/// # Errors
/// Never; so that cases end alike.
pub fn passed() -> Checked {
    Ok(Verdict::Passed)
}

/// The end of a case that this backend cannot be asked.
///
/// # Errors
/// Never; so that cases end alike.
pub fn skipped(why: impl Into<String>) -> Checked {
    Ok(Verdict::Skipped(why.into()))
}

/// The end of a case whose situation the backend cannot be brought into.
///
/// # Errors
/// Never; so that cases end alike.
pub fn lacks(hook: Hook) -> Checked {
    skipped(format!("no hook {hook:?}"))
}

/// Compares.
///
/// # Errors
/// They differ: what was, and what should have been.
pub fn same<T: PartialEq + Debug>(what: impl Display, got: T, want: T) -> Result<(), String> {
    if got == want {
        return Ok(());
    }
    Err(format!("{what}: got {}, wanted {}", short(&got), short(&want)))
}

fn short(value: &impl Debug) -> String {
    let text = format!("{value:?}");
    match text.char_indices().nth(400) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

/// Bytes as text.
#[must_use]
pub fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// What a counter holds, without the fields that are 0.
///
/// # Errors
/// It is not a counter.
pub fn fields(item: &Item) -> Result<Fields, String> {
    let mut fields: Fields = serde_json::from_slice(&item.body).map_err(|e| format!("not a counter: {e}"))?;
    fields.retain(|_, value| *value != 0);
    Ok(fields)
}

/// Named numbers.
#[must_use]
pub fn numbers(pairs: &[(&str, i64)]) -> Fields {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect()
}

/// A key in [`THINGS`].
#[must_use]
pub fn thing(id: &str) -> Key {
    Key::new(THINGS, id)
}

/// A document that must be absent.
#[must_use]
pub fn insert(id: &str, body: &str) -> Change {
    put(id, Version::ABSENT, body)
}

/// A document that must have `version`.
#[must_use]
pub fn put(id: &str, version: Version, body: &str) -> Change {
    put_bytes(thing(id), version, Bytes::copy_from_slice(body.as_bytes()))
}

/// A document of any collection and any bytes.
#[must_use]
pub fn put_bytes(key: Key, version: Version, body: Bytes) -> Change {
    Change::Put { key, version, body, entries: vec![], expires: None }
}

/// The same put, found by these sort values in [`BY`] under [`PART`].
#[must_use]
pub fn sorted(change: Change, sort: &str) -> Change {
    listed(change, vec![Entry::new(BY, PART, sort)])
}

/// The same put, with these entries.
#[must_use]
pub fn listed(mut change: Change, new: Vec<Entry>) -> Change {
    if let Change::Put { entries, .. } = &mut change {
        *entries = new;
    }
    change
}

/// The same put, absent from `at` on.
#[must_use]
pub fn expiring(mut change: Change, at: Timestamp) -> Change {
    if let Change::Put { expires, .. } = &mut change {
        *expires = Some(at);
    }
    change
}

/// The document must have `version`.
#[must_use]
pub fn check(id: &str, version: Version) -> Change {
    Change::Check { key: thing(id), version }
}

/// The document goes.
#[must_use]
pub fn delete(id: &str, version: Version) -> Change {
    Change::Delete { key: thing(id), version }
}

/// The counter steps.
#[must_use]
pub fn step(id: &str, add: &[(&str, i64)]) -> Change {
    guarded(id, add, &[])
}

/// The counter steps under guards.
#[must_use]
pub fn guarded(id: &str, add: &[(&str, i64)], guards: &[(&str, i64)]) -> Change {
    let owned = |pairs: &[(&str, i64)]| pairs.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect();
    Change::Step { key: thing(id), add: owned(add), guards: owned(guards) }
}

/// The record of `message`.
#[must_use]
pub fn record(message: &str, outgoing: Vec<Outgoing>) -> Record {
    let note = Bytes::from(format!("\"{message}\""));
    Record { key: Key::new(RECORDS, message), note, outgoing, expires: after(1_000_000_000) }
}

/// A message of a type that nobody needs to know.
#[must_use]
pub fn message(text: &str) -> Outgoing {
    Outgoing {
        id: MessageId::named(&[text]),
        address: Address::Topic(topic("suite.said.v1")),
        lane: format!("lane of {text}"),
        attempt: 0,
        body: Bytes::from(format!("{{\"said\":\"{text}\"}}")),
    }
}

/// An event type.
#[must_use]
#[expect(
    clippy::expect_used,
    reason = "the texts are written in the cases; a wrong one is a programmer error"
)]
pub fn topic(text: &str) -> EventType {
    text.parse().expect("an event type")
}

/// The first page of [`PART`] in [`BY`] of [`THINGS`].
#[must_use]
pub fn query() -> Query {
    Query::new(THINGS, BY, PART)
}
