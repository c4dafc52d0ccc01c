//! Units of work as the server's function takes them: one place per change in arrays that run in parallel, and the
//! locks of all keys.

use std::borrow::Cow;
use std::collections::BTreeMap;

use tokio_postgres::types::ToSql;

use crate::key::{Entry, Key};
use crate::text::stored;
use crate::unit::{Change, Limit, Unit};

/// What the function calls each kind of change.
const CHECK: i16 = 0;
const PUT: i16 = 1;
const DELETE: i16 = 2;
const STEP: i16 = 3;
const RECORD: i16 = 4;

/// The arguments of the function, owned or borrowed from the unit.
#[derive(Default)]
pub(super) struct Packed<'u> {
    locks: Vec<i64>,
    shared: Vec<bool>,
    units: Vec<i32>,
    nows: Vec<i64>,
    nonces: Vec<i64>,
    /// False: its unit can never be applied, and is only judged, as a duplicate or a conflict comes first.
    writes: Vec<bool>,
    kinds: Vec<i16>,
    collections: Vec<Cow<'u, str>>,
    ids: Vec<Cow<'u, str>>,
    versions: Vec<i64>,
    expires: Vec<Option<i64>>,
    entries: Vec<Option<String>>,
    bodies: Vec<Option<&'u [u8]>>,
    adds: Vec<Option<String>>,
    guards: Vec<Option<String>>,
}

/// A unit without a record: what it was becomes the first change, as the server wants it.
pub(super) struct Ready {
    /// The record as a put, if there is one.
    record: Option<Change>,
    changes: Vec<Change>,
    now: i64,
    nonce: i64,
    /// The lock of each of its items, and whether the item is only looked at. Two items may have one lock, and one item
    /// may be changed twice: who writes has it alone.
    locks: BTreeMap<i64, bool>,
    /// Of all bodies.
    bytes: usize,
    /// Which bound it breaks by itself.
    pub limit: Option<Limit>,
}

impl Ready {
    /// For the store in `schema`.
    pub(super) fn new(unit: Unit, schema: &str) -> Self {
        let limit = unit.check_limits().err();
        let Unit { now, nonce, record, changes, .. } = unit;
        let record = record.map(|record| record.as_put(nonce, now, false));
        let mut locks = BTreeMap::new();
        for change in record.iter().chain(&changes) {
            let is_shared = matches!(change, Change::Check { .. });
            *locks.entry(lock_of(schema, change.key())).or_insert(true) &= is_shared;
        }
        let body = |change: &Change| if let Change::Put { body, .. } = change { body.len() } else { 0 };
        let bytes = record.iter().chain(&changes).map(body).sum();
        Self { record, changes, now: now.as_micros(), nonce: nonce.0.cast_signed(), locks, bytes, limit }
    }

    /// Judged as of before anything expired: for who removes what has.
    pub(super) fn of_all_time(self) -> Self {
        Self { now: i64::MIN, ..self }
    }

    /// How many places it takes.
    pub(super) fn len(&self) -> usize {
        self.changes.len() + usize::from(self.record.is_some())
    }

    /// How many bytes its bodies have.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether it is of no concern to another unit what becomes of this one.
    pub(super) fn is_apart_from(&self, other: &Self) -> bool {
        self.locks.iter().all(|(lock, shared)| other.locks.get(lock).is_none_or(|also| *shared && *also))
    }
}

impl<'u> Packed<'u> {
    /// These units.
    pub(super) fn of(units: &'u [Ready]) -> Self {
        let mut packed = Self::default();
        let mut locks: BTreeMap<i64, bool> = BTreeMap::new();
        for (unit, number) in units.iter().zip(1..) {
            for (nth, change) in unit.record.iter().chain(&unit.changes).enumerate() {
                packed.add((unit, number), change, nth == 0 && unit.record.is_some());
            }
            // What is only judged holds nobody up.
            for (lock, is_shared) in unit.locks.iter().filter(|_| unit.limit.is_none()) {
                *locks.entry(*lock).or_insert(true) &= is_shared;
            }
        }
        (packed.locks, packed.shared) = locks.into_iter().unzip();
        packed
    }

    /// In the order in which the function takes them.
    pub(super) fn values(&self) -> [&(dyn ToSql + Sync); 15] {
        [
            &self.locks,
            &self.shared,
            &self.units,
            &self.nows,
            &self.nonces,
            &self.writes,
            &self.kinds,
            &self.collections,
            &self.ids,
            &self.versions,
            &self.expires,
            &self.entries,
            &self.bodies,
            &self.adds,
            &self.guards,
        ]
    }

    fn add(&mut self, (unit, number): (&Ready, i32), change: &'u Change, is_record: bool) {
        let writes = unit.limit.is_none();
        let (mut at, mut list, mut bytes, mut steps, mut least) = (None, None, None, None, None);
        let (kind, version) = match change {
            Change::Check { version, .. } => (CHECK, version.0),
            Change::Put { version, body, entries, expires, .. } => {
                at = expires.map(|at| at.as_micros());
                list = listed(entries);
                bytes = writes.then_some(body.as_ref());
                (if is_record { RECORD } else { PUT }, version.0)
            }
            Change::Delete { version, .. } => (DELETE, version.0),
            Change::Step { add, guards, .. } => {
                steps = Some(object(add, |sum, by| sum + by));
                least = Some(object(guards, i128::max));
                (STEP, 0)
            }
        };
        let key = change.key();
        self.units.push(number);
        self.nows.push(unit.now);
        self.nonces.push(unit.nonce);
        self.writes.push(writes);
        self.kinds.push(kind);
        self.collections.push(stored(&key.collection));
        self.ids.push(stored(&key.id));
        self.versions.push(version.cast_signed());
        self.expires.push(at);
        self.entries.push(list);
        self.bodies.push(bytes);
        self.adds.push(steps);
        self.guards.push(least);
    }
}

/// Entries as they are kept beside their item: `[["index","partition","sort"],...]`, sorted, each once.
fn listed(entries: &[Entry]) -> Option<String> {
    let mut rows: Vec<[Cow<'_, str>; 3]> =
        entries.iter().map(|e| [stored(&e.index), stored(&e.partition), stored(&e.sort)]).collect();
    rows.sort_unstable();
    rows.dedup();
    if rows.is_empty() { None } else { serde_json::to_string(&rows).ok() }
}

/// `{"field":number,...}`; a field that is named twice has both, which may be more than 64 bits.
fn object(pairs: &[(String, i64)], both: impl Fn(i128, i128) -> i128) -> String {
    let mut fields: BTreeMap<Cow<'_, str>, i128> = BTreeMap::new();
    for (field, value) in pairs {
        let value = i128::from(*value);
        fields.entry(stored(field)).and_modify(|had| *had = both(*had, value)).or_insert(value);
    }
    serde_json::to_string(&fields).unwrap_or_else(|_| "{}".to_owned())
}

/// The lock of a key: FNV-1a over schema, collection and id. Every build must find the same number, so this never
/// changes. Keys that share one only wait for each other.
fn lock_of(schema: &str, key: &Key) -> i64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for part in [schema, key.collection.as_ref(), &key.id] {
        // 0xff is in no text: where one part ends cannot be moved.
        for byte in part.bytes().chain([0xff]) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
    hash.cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_of_a_key_is_the_same_for_ever() {
        assert_eq!(lock_of("banyan", &Key::new("orders.order", "1")), -7993279186603680171);
        assert_ne!(lock_of("banyan", &Key::new("orders.order1", "")), -7993279186603680171);
        assert_ne!(lock_of("banyan2", &Key::new("orders.order", "1")), -7993279186603680171);
    }
}
