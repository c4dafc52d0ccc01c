//! What a wrong store remembers although it should not.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use contracts::Timestamp;
use store::{Change, Entry, Item, Key, Page, Query, Row, Unit, Version};

/// Everything it ever saw.
#[derive(Default)]
pub(super) struct Memory {
    entries: Mutex<Vec<(Key, Entry, Item)>>,
    reads: Mutex<BTreeMap<Key, Option<Item>>>,
    expiries: Mutex<BTreeMap<Key, Timestamp>>,
    pub(super) failed: AtomicBool,
    commits: AtomicU64,
}

impl Memory {
    /// Remembers every entry of a unit, whatever becomes of it.
    pub(super) fn watch(&self, unit: &Unit) {
        for change in &unit.changes {
            let Change::Put { key, body, entries, .. } = change else { continue };
            let item = Item { version: Version(unit.nonce.0), body: body.clone() };
            let new = entries.iter().map(|entry| (key.clone(), entry.clone(), item.clone()));
            self.entries.lock().unwrap().extend(new);
        }
    }

    /// Every row that ever was in what is asked for.
    pub(super) fn rows(&self, query: &Query) -> Page {
        let is_asked_for = |key: &Key, entry: &Entry| {
            (&key.collection, &entry.index, &entry.partition)
                == (&query.collection, &query.index, &query.partition)
        };
        let entries = self.entries.lock().unwrap();
        let found = entries.iter().filter(|(key, entry, _)| is_asked_for(key, entry));
        let row = |(key, entry, item): &(Key, Entry, Item)| Row {
            id: key.id.clone(),
            sort: entry.sort.clone(),
            item: item.clone(),
        };
        let mut rows: Vec<Row> = found.map(row).collect();
        rows.sort_by(|a, b| (&a.sort, &a.id).cmp(&(&b.sort, &b.id)));
        Page { rows, next: None }
    }

    /// The first answer that was ever given for each key.
    pub(super) fn first_read(&self, keys: &[Key], items: Vec<Option<Item>>) -> Vec<Option<Item>> {
        let mut reads = self.reads.lock().unwrap();
        keys.iter().zip(items).map(|(key, item)| reads.entry(key.clone()).or_insert(item).clone()).collect()
    }

    /// The first expiry that was ever put for a key.
    pub(super) fn first_expiry(&self, key: &Key, expires: Option<Timestamp>) -> Option<Timestamp> {
        let mut expiries = self.expiries.lock().unwrap();
        match expires {
            Some(expires) => Some(*expiries.entry(key.clone()).or_insert(expires)),
            None => expiries.get(key).copied(),
        }
    }

    /// How many commits there were, this one included.
    pub(super) fn next_commit(&self) -> u64 {
        self.commits.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// How many commits there were.
    pub(super) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }
}
