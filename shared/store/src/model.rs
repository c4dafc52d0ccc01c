//! The reference: what every backend means, as a pure in-memory store without faults.
//!
//! Other backends are compared with it, and the simulator runs on it, so it is both plain and fast: bodies are
//! shared, and nothing is turned into JSON before somebody reads it.

mod index;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use contracts::Timestamp;

use crate::key::{Item, Key, Version};
use crate::query::{Page, Query, Row};
use crate::unit::{Change, Fields, Limit, Nonce, Outcome, Outgoing, Record, StoredRecord, Unit, limits};
use index::{Indexes, Sight};

/// All items of one collection, shared with the snapshots that were taken of it.
type Collection = Arc<BTreeMap<String, Stored>>;

/// The reference store.
#[derive(Debug, Default)]
pub struct Model {
    collections: BTreeMap<Cow<'static, str>, Collection>,
    indexes: Indexes,
    fused: bool,
}

/// One item.
#[derive(Debug, Clone)]
struct Stored {
    body: Body,
    version: Version,
    expires: Option<Timestamp>,
    is_indexed: bool,
}

/// What an item holds; encoded only when it is read.
#[derive(Debug, Clone)]
enum Body {
    Document(Bytes),
    Record(Arc<Written>),
    Counter(Fields),
}

/// A record, and its JSON once somebody has read it: records are read again and again, and few change.
#[derive(Debug)]
struct Written {
    record: StoredRecord,
    encoded: OnceLock<Bytes>,
}

impl Body {
    fn encode(&self) -> Bytes {
        match self {
            Self::Document(bytes) => bytes.clone(),
            Self::Record(written) => written.encoded.get_or_init(|| written.record.encode()).clone(),
            Self::Counter(fields) => serde_json::to_vec(fields).map(Bytes::from).unwrap_or_default(),
        }
    }
}

impl Body {
    fn as_record(&self) -> Option<Cow<'_, StoredRecord>> {
        match self {
            Self::Record(written) => Some(Cow::Borrowed(&written.record)),
            Self::Document(bytes) => StoredRecord::decode(bytes).ok().map(Cow::Owned),
            Self::Counter(_) => None,
        }
    }
}

impl Stored {
    fn is_live(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|expires| expires > now)
    }

    fn item(&self) -> Item {
        Item { version: self.version, body: self.body.encode() }
    }
}

impl Model {
    /// An empty store. `fused`: outgoing messages leave with the commit, so records never wait in
    /// [`Record::PENDING`].
    #[must_use]
    pub fn new(fused: bool) -> Self {
        Self { fused, ..Self::default() }
    }

    /// Applies `unit` as a whole or not at all. Never answers [`Outcome::Unknown`].
    pub fn apply(&mut self, unit: Unit) -> Outcome {
        let outcome = self.judge(&unit);
        if outcome == Outcome::Committed {
            self.write(unit);
        }
        outcome
    }

    /// What would become of `unit` now; changes nothing.
    #[must_use]
    pub fn judge(&self, unit: &Unit) -> Outcome {
        if self.is_duplicate(unit) {
            return Outcome::Duplicate;
        }
        if !unit.changes.iter().all(|change| self.holds(change, unit.now)) {
            return Outcome::Conflict;
        }
        if let Err(limit) = unit.check_limits() {
            return Outcome::TooLarge(limit);
        }
        if unit.changes.iter().any(|change| self.overflows(change, unit.now)) {
            return Outcome::TooLarge(Limit::Counter);
        }
        Outcome::Committed
    }

    /// Whether `unit` has a record that exists already.
    #[must_use]
    pub fn is_duplicate(&self, unit: &Unit) -> bool {
        unit.record.as_ref().is_some_and(|record| self.live(&record.key, unit.now).is_some())
    }

    /// Strong read, in the order of `keys`.
    #[must_use]
    pub fn read(&self, keys: &[Key], now: Timestamp) -> Vec<Option<Item>> {
        keys.iter().map(|key| self.live(key, now).map(Stored::item)).collect()
    }

    /// One page of an index, as far as it has caught up.
    #[must_use]
    pub fn query(&self, query: &Query, now: Timestamp) -> Page {
        self.indexes.page(query, now)
    }

    /// Whether there is such an item, expired or not.
    #[must_use]
    pub fn holds_item(&self, key: &Key) -> bool {
        self.collections.get(key.collection.as_ref()).is_some_and(|items| items.contains_key(&key.id))
    }

    /// The record under `key`, expired or not, if it is one.
    #[must_use]
    pub fn record(&self, key: &Key) -> Option<Cow<'_, StoredRecord>> {
        self.collections.get(key.collection.as_ref())?.get(&key.id)?.body.as_record()
    }

    /// Shows every record of `collection`, expired or not, in the order of ids.
    pub fn each_record(&self, collection: &str, mut visit: impl FnMut(&str, &StoredRecord)) {
        for (id, stored) in self.collections.get(collection).into_iter().flat_map(|items| items.iter()) {
            if let Some(record) = stored.body.as_record() {
                visit(id, &record);
            }
        }
    }

    /// The lowest sort value of one partition of an index, as far as it has caught up.
    #[must_use]
    pub fn first_sort(&self, query: &Query, now: Timestamp) -> Option<&str> {
        self.indexes.first_sort(query, now)
    }

    /// From now on indexes stay `commits` commits behind; 0 = they are always fresh.
    pub fn delay_indexes(&mut self, commits: u64) {
        self.indexes.delay(commits);
    }

    /// Lets every index catch up with what is committed.
    pub fn settle_indexes(&mut self) {
        self.indexes.settle();
    }

    /// Whether an index is behind what is committed.
    #[must_use]
    pub fn has_stale_indexes(&self) -> bool {
        self.indexes.is_behind()
    }

    /// Everything as it is at this instant. Shares all bodies; what changes later is copied then.
    #[must_use]
    pub fn snapshot(&self, now: Timestamp) -> Picture {
        Picture { collections: self.collections.clone(), now }
    }

    /// Writes a unit that was judged to be [`Outcome::Committed`]; answers what a fused backend now enqueues.
    pub(crate) fn write(&mut self, unit: Unit) -> Vec<Outgoing> {
        let mut leaving = vec![];
        if let Some(record) = unit.record {
            leaving = self.write_record(record, unit.nonce, unit.now);
        }
        for change in unit.changes {
            self.write_change(change, unit.nonce, unit.now);
        }
        self.indexes.committed();
        leaving
    }

    fn write_record(&mut self, record: Record, nonce: Nonce, now: Timestamp) -> Vec<Outgoing> {
        let (pending, leaving) =
            if self.fused { (vec![], record.outgoing) } else { (record.outgoing, vec![]) };
        let entries = match pending[..] {
            [] => vec![],
            _ => vec![crate::Entry::new(Record::PENDING, Record::PENDING, now.sortable())],
        };
        let record_kept = StoredRecord { nonce, note: record.note, pending };
        let stored = Stored {
            body: Body::Record(Arc::new(Written { record: record_kept, encoded: OnceLock::new() })),
            version: Version(nonce.0),
            expires: Some(record.expires),
            is_indexed: !entries.is_empty(),
        };
        self.place(record.key, stored, entries);
        leaving
    }

    fn write_change(&mut self, change: Change, nonce: Nonce, now: Timestamp) {
        match change {
            Change::Check { .. } => {}
            Change::Put { key, body, entries, expires, .. } => {
                let stored = Stored {
                    body: Body::Document(body),
                    version: Version(nonce.0),
                    expires,
                    is_indexed: !entries.is_empty(),
                };
                self.place(key, stored, entries);
            }
            Change::Delete { key, .. } => {
                let removed = self.collection(&key).remove(&key.id);
                if removed.is_some_and(|old| old.is_indexed) {
                    self.indexes.forget(key);
                }
            }
            Change::Step { key, add, .. } => self.step(key, add, now),
        }
    }

    fn step(&mut self, key: Key, add: Vec<(String, i64)>, now: Timestamp) {
        let old = self.live(&key, now).map(|stored| (stored.version.0, &stored.body));
        let (steps, mut fields) = match old {
            Some((steps, Body::Counter(fields))) => (steps, fields.clone()),
            Some(_) | None => (0, Fields::new()),
        };
        for (field, by) in add {
            let value = fields.entry(field).or_insert(0);
            *value = value.saturating_add(by);
        }
        let version = Version(steps + 1);
        let stored = Stored { body: Body::Counter(fields), version, expires: None, is_indexed: false };
        self.place(key, stored, vec![]);
    }

    /// Puts `stored` where `key` says, and its entries where they say.
    fn place(&mut self, key: Key, stored: Stored, entries: Vec<crate::Entry>) {
        let sight = stored.is_indexed.then(|| Sight::of(&stored));
        let collection = self.collection(&key);
        let was_indexed = match collection.get_mut(&key.id) {
            Some(old) => std::mem::replace(old, stored).is_indexed,
            None => {
                collection.insert(key.id.clone(), stored);
                false
            }
        };
        match sight {
            Some(sight) => self.indexes.show(key, sight, entries),
            None if was_indexed => self.indexes.forget(key),
            None => {}
        }
    }

    fn collection(&mut self, key: &Key) -> &mut BTreeMap<String, Stored> {
        Arc::make_mut(self.collections.entry(key.collection.clone()).or_default())
    }

    fn live(&self, key: &Key, now: Timestamp) -> Option<&Stored> {
        let stored = self.collections.get(key.collection.as_ref())?.get(&key.id)?;
        stored.is_live(now).then_some(stored)
    }

    fn version(&self, key: &Key, now: Timestamp) -> Version {
        self.live(key, now).map_or(Version::ABSENT, |stored| stored.version)
    }

    fn holds(&self, change: &Change, now: Timestamp) -> bool {
        match change {
            Change::Check { key, version } | Change::Put { key, version, .. } => {
                self.version(key, now) == *version
            }
            Change::Delete { key, version } => {
                *version != Version::ABSENT && self.version(key, now) == *version
            }
            Change::Step { key, guards, .. } => match self.live(key, now).map(|stored| &stored.body) {
                None => guards.iter().all(|(_, least)| 0 >= *least),
                Some(Body::Counter(fields)) => {
                    guards.iter().all(|(field, least)| fields.get(field).copied().unwrap_or(0) >= *least)
                }
                Some(Body::Document(_) | Body::Record(_)) => false,
            },
        }
    }

    /// Whether a step would leave the range of 64 bits, or give the counter too many fields.
    fn overflows(&self, change: &Change, now: Timestamp) -> bool {
        let Change::Step { key, add, .. } = change else { return false };
        let none = Fields::new();
        let fields = match self.live(key, now).map(|stored| &stored.body) {
            Some(Body::Counter(fields)) => fields,
            Some(Body::Document(_) | Body::Record(_)) | None => &none,
        };
        let mut new = 0;
        for (field, by) in add {
            match fields.get(field) {
                Some(value) if value.checked_add(*by).is_none() => return true,
                Some(_) => {}
                None => new += 1,
            }
        }
        fields.len() + new > limits::FIELDS
    }
}

/// A consistent picture of a [`Model`].
#[derive(Debug)]
pub struct Picture {
    collections: BTreeMap<Cow<'static, str>, Collection>,
    now: Timestamp,
}

impl Picture {
    /// The names of all collections, in order.
    pub fn collections(&self) -> impl Iterator<Item = &str> {
        self.collections.keys().map(AsRef::as_ref)
    }

    /// Up to `limit` items of `collection` with ids above `after`, in the order of their ids.
    #[must_use]
    pub fn page(&self, collection: &str, after: Option<&str>, limit: usize) -> Vec<Row> {
        use std::ops::Bound;
        let Some(items) = self.collections.get(collection) else { return vec![] };
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        let live =
            items.range::<str, _>((start, Bound::Unbounded)).filter(|(_, stored)| stored.is_live(self.now));
        live.take(limit).map(|(id, s)| Row { id: id.clone(), sort: String::new(), item: s.item() }).collect()
    }
}
