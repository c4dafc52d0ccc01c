//! Random units of work: few keys, so that they meet; mostly sound, so that much is committed.

use bytes::Bytes;
use contracts::Timestamp;

use super::Run;
use crate::conformance::trial::message;
use crate::{Change, Entry, Key, Nonce, Outgoing, Record, Unit, Version, limits};

pub(super) const DOCUMENTS: [&str; 2] = ["suite.thing", "suite.other"];
pub(super) const COUNTERS: &str = "suite.count";
pub(super) const RECORDS: &str = "suite.record";
pub(super) const INDEXES: [&str; 4] = ["by", "on", "at", "in"];
pub(super) const PARTITIONS: [&str; 2] = ["p", "q"];
const IDS: usize = 7;
const MESSAGES: usize = 40;
const FIELDS: [&str; 3] = ["a", "b", "c"];

impl Run<'_> {
    pub(super) fn unit(&mut self) -> Unit {
        self.nonce += 1 + self.rng.u64(0..9);
        let mut changes: Vec<Change> = vec![];
        for _ in 0..self.rng.usize(0..5) {
            let change = self.change();
            let is_new = changes.iter().all(|other| other.key() != change.key());
            // Twice the same item is a fault that random units should have, but seldom.
            if is_new || self.rng.u8(0..20) == 0 {
                changes.push(change);
            }
        }
        if self.rng.u8(0..100) == 0 {
            let absent =
                |n| Change::Check { key: Key::new("suite.none", format!("{n}")), version: Version::ABSENT };
            changes.extend((0..self.rng.usize(90..104)).map(absent));
        }
        let record = self.rng.bool().then(|| self.record());
        Unit { now: self.look(), nonce: Nonce(self.nonce), record, changes, settles: None }
    }

    pub(super) fn sort_value(&mut self) -> String {
        ["", "a", "aa", "b", "ä", "z"][self.rng.usize(0..6)].to_owned()
    }

    fn record(&mut self) -> Record {
        let outgoing: Vec<Outgoing> = (0..self.rng.usize(0..3)).map(|n| message(&n.to_string())).collect();
        Record {
            key: Key::new(RECORDS, format!("m{}", self.rng.usize(0..MESSAGES))),
            note: Bytes::from(format!("{{\"n\":{}}}", self.nonce)),
            outgoing,
            expires: self.soon(200),
        }
    }

    fn change(&mut self) -> Change {
        match self.rng.u8(0..10) {
            0 => self.check(),
            1 => self.delete(),
            2..=4 => self.counter_step(),
            _ => self.put(),
        }
    }

    fn document(&mut self) -> Key {
        Key::new(DOCUMENTS[self.rng.usize(0..2)], format!("d{}", self.rng.usize(0..IDS)))
    }

    /// The version that the item has, but for one in twelve.
    fn version(&mut self, key: &Key) -> Version {
        let item = self.model.read(std::slice::from_ref(key), self.now).pop().flatten();
        let version = item.map_or(Version::ABSENT, |item| item.version);
        match self.rng.u8(0..24) {
            0 => Version::ABSENT,
            1 => Version(version.0 ^ 1),
            _ => version,
        }
    }

    fn check(&mut self) -> Change {
        let key = self.document();
        Change::Check { version: self.version(&key), key }
    }

    fn delete(&mut self) -> Change {
        let key = self.document();
        match self.version(&key) {
            Version::ABSENT => Change::Check { key, version: Version::ABSENT },
            version => Change::Delete { key, version },
        }
    }

    fn put(&mut self) -> Change {
        let key = self.document();
        let version = self.version(&key);
        let body = match self.rng.u8(0..200) {
            0 => Bytes::from(vec![7; limits::DOCUMENT_BYTES]),
            1 => Bytes::from(vec![7; limits::DOCUMENT_BYTES + 1]),
            _ => Bytes::from(format!("{{\"n\":{}}}", self.nonce)),
        };
        let entries = self.entries();
        let expires = (self.rng.u8(0..4) == 0).then(|| self.soon(40));
        Change::Put { key, version, body, entries, expires }
    }

    fn entries(&mut self) -> Vec<Entry> {
        let n = if self.rng.u8(0..50) == 0 { 4 } else { self.rng.usize(0..4) };
        let mut entries = vec![];
        for index in &INDEXES[..n] {
            let partition = PARTITIONS[self.rng.usize(0..2)];
            entries.push(Entry::new(index, partition, self.sort_value()));
        }
        entries
    }

    fn counter_step(&mut self) -> Change {
        let key = Key::new(COUNTERS, format!("c{}", self.rng.usize(0..3)));
        let mut add = vec![];
        let mut guards = vec![];
        for field in FIELDS {
            let by = match self.rng.u8(0..60) {
                0 => i64::MAX,
                1 => i64::MIN,
                _ => self.rng.i64(-5..7),
            };
            if self.rng.bool() {
                add.push((field.to_owned(), by));
            }
            if self.rng.u8(0..3) == 0 {
                guards.push((field.to_owned(), self.rng.i64(-8..8)));
            }
        }
        Change::Step { key, add, guards }
    }

    fn soon(&mut self, micros: i64) -> Timestamp {
        Timestamp::from_micros(self.now.as_micros() + self.rng.i64(-2..micros))
    }
}
