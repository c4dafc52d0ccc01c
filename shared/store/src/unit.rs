//! The unit of work as it crosses the port: what was read, what changes, what follows.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use contracts::{EventType, MessageId, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::key::{Entry, Key, Version};

/// The same on every backend; taken from DynamoDB's, the narrowest.
pub mod limits {
    /// Changes of one unit, its record included.
    pub const UNIT_ITEMS: usize = 100;
    /// Bytes of one unit: bodies, keys, outgoing messages. DynamoDB takes 4 MiB, with all that it counts beside them.
    pub const UNIT_BYTES: usize = 4_000_000;
    /// Bytes of one document; a record with its outgoing messages may use what the unit may.
    pub const DOCUMENT_BYTES: usize = 256 * 1024;
    /// Index entries of one document, one in each index.
    pub const ENTRIES: usize = 3;
    /// Fields of one counter.
    pub const FIELDS: usize = 16;
    /// Messages of one queue that one process has in hand. So many at most can be what a process died of, so no more
    /// than these are looked at with suspicion after a restart.
    pub const IN_HAND: usize = 256;
}

/// Tells executions apart, also executions of one message: random, never zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nonce(pub u64);

/// What a counter holds: named integers. A field that was never stepped is 0.
pub type Fields = BTreeMap<String, i64>;

/// One change to one item. A unit has at most one change per key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// The document must (still) have this version; [`Version::ABSENT`] = must (still) be absent.
    Check {
        /// Which item.
        key: Key,
        /// What it was when it was read.
        version: Version,
    },
    /// The document gets this body, if it has this version.
    Put {
        /// Which item.
        key: Key,
        /// What it was when it was read; [`Version::ABSENT`] to insert.
        version: Version,
        /// The new body, at most [`limits::DOCUMENT_BYTES`].
        body: Bytes,
        /// All its index entries; those of before are gone.
        entries: Vec<Entry>,
        /// From when on it is absent.
        expires: Option<Timestamp>,
    },
    /// The document goes, if it has this version.
    Delete {
        /// Which item.
        key: Key,
        /// What it was when it was read, never [`Version::ABSENT`].
        version: Version,
    },
    /// The counter steps, if each guard holds before the step. An absent counter has all fields 0.
    Step {
        /// Which item.
        key: Key,
        /// Added to each field.
        add: Vec<(String, i64)>,
        /// `field >= constant`, judged before the step.
        guards: Vec<(String, i64)>,
    },
}

impl Change {
    /// The item it is about.
    #[must_use]
    pub fn key(&self) -> &Key {
        match self {
            Self::Check { key, .. }
            | Self::Put { key, .. }
            | Self::Delete { key, .. }
            | Self::Step { key, .. } => key,
        }
    }
}

/// Where a message goes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Address {
    /// To every queue that subscribes to this type.
    Topic(EventType),
    /// To this queue and no other: delayed tries, redrive, a service's own jobs.
    Queue(String),
}

/// A message on its way out: an encoded event and where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The event's identity.
    pub id: MessageId,
    /// Where it goes.
    pub address: Address,
    /// Its lane: messages of one key are handled one after another within a process.
    pub lane: String,
    /// How many delayed tries of it have failed.
    pub attempt: u32,
    /// The envelope, JSON.
    pub body: Bytes,
}

/// Inbox and outbox in one: that a message was handled, and what was to be published for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// `<service>.record` and the message's identity.
    pub key: Key,
    /// What the runtime keeps with it (the answer to a caller, who handled it); JSON.
    pub note: Bytes,
    /// Published once the unit is committed.
    pub outgoing: Vec<Outgoing>,
    /// When it is forgotten.
    pub expires: Timestamp,
}

/// A delivery of a fused bus, named so that a commit can remove it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Consumed {
    /// The queue it lies in.
    pub queue: Arc<str>,
    /// Its place there.
    pub seq: u64,
}

/// All that one execution read and wants.
#[derive(Debug, Clone)]
pub struct Unit {
    /// When it is committed, for expiry.
    pub now: Timestamp,
    /// The version of every document it writes, and how an `Unknown` is told from another's success.
    pub nonce: Nonce,
    /// Put if absent; if it exists the unit is a [`Outcome::Duplicate`] before anything else.
    pub record: Option<Record>,
    /// At most one per key.
    pub changes: Vec<Change>,
    /// The delivery this unit handles; only where [`crate::Caps::fused`].
    pub settles: Option<Consumed>,
}

/// What became of a unit. In this precedence: a unit that is both a duplicate and in conflict is a duplicate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// All of it is applied and durable.
    Committed,
    /// Its record exists already: nothing was applied. What is to be published is in the stored record only.
    Duplicate,
    /// A check, a guard or an expected version did not hold: nothing was applied; run the handler again.
    Conflict,
    /// It can never be applied: nothing was.
    TooLarge(Limit),
    /// It may or may not have been applied, now or a little later. Read the record to learn which.
    Unknown,
}

/// Which bound a unit broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Limit {
    /// More than [`limits::UNIT_ITEMS`] changes.
    #[error("a unit of work has at most 100 items")]
    Items,
    /// More than [`limits::UNIT_BYTES`] bytes.
    #[error("a unit of work has at most 4 MB")]
    Bytes,
    /// A body of more than [`limits::DOCUMENT_BYTES`] bytes.
    #[error("a document has at most 256 KiB")]
    Document,
    /// More than [`limits::ENTRIES`] index entries on one document, or two in one index.
    #[error("a document has at most 3 index entries, one in each index")]
    Entries,
    /// More than [`limits::FIELDS`] fields, or a field that left the range of 64 bits.
    #[error("a counter has at most 16 fields of 64 bits")]
    Counter,
    /// Two changes of one item.
    #[error("a unit of work changes an item at most once")]
    SameItemTwice,
}

impl Unit {
    /// Judges everything about the unit that does not depend on what is stored.
    ///
    /// # Errors
    /// [`Limit`]: the first bound that is broken.
    pub fn check_limits(&self) -> Result<(), Limit> {
        let records = usize::from(self.record.is_some());
        if self.changes.len() + records > limits::UNIT_ITEMS {
            return Err(Limit::Items);
        }
        let mut bytes = self.record.as_ref().map_or(0, Record::size_bytes);
        let mut keys: Vec<&Key> = self.changes.iter().map(Change::key).collect();
        keys.extend(self.record.as_ref().map(|record| &record.key));
        for change in &self.changes {
            bytes += change.key().collection.len() + change.key().id.len();
            match change {
                Change::Put { body, entries, .. } => {
                    bytes += body.len();
                    if body.len() > limits::DOCUMENT_BYTES {
                        return Err(Limit::Document);
                    }
                    let is_twice =
                        |n: usize| entries[..n].iter().any(|entry| entry.index == entries[n].index);
                    if entries.len() > limits::ENTRIES || (1..entries.len()).any(is_twice) {
                        return Err(Limit::Entries);
                    }
                }
                Change::Step { add, guards, .. } if add.len().max(guards.len()) > limits::FIELDS => {
                    return Err(Limit::Counter);
                }
                Change::Check { .. } | Change::Delete { .. } | Change::Step { .. } => {}
            }
        }
        if bytes > limits::UNIT_BYTES {
            return Err(Limit::Bytes);
        }
        keys.sort_unstable();
        if keys.windows(2).any(|pair| pair[0] == pair[1]) {
            return Err(Limit::SameItemTwice);
        }
        Ok(())
    }
}

impl Record {
    /// The index of records that have something to publish; its partition is [`Record::PENDING`], its sort value the
    /// time of the commit.
    pub const PENDING: &'static str = "pending";

    fn size_bytes(&self) -> usize {
        let outgoing: usize = self.outgoing.iter().map(|o| o.body.len() + o.lane.len() + 64).sum();
        self.key.collection.len() + self.key.id.len() + self.note.len() + outgoing
    }

    /// The record as a document. Where the backend is not fused and there is something to publish, the messages are
    /// packed into it and it stands in the index [`Record::PENDING`].
    #[must_use]
    pub fn as_put(&self, nonce: Nonce, now: Timestamp, fused: bool) -> Change {
        let outgoing: &[Outgoing] = if fused { &[] } else { &self.outgoing };
        let stored = StoredRecord { nonce, note: self.note.clone(), pending: outgoing.to_vec() };
        let entries = match outgoing {
            [] => vec![],
            _ => vec![Entry::new(Self::PENDING, Self::PENDING, now.sortable())],
        };
        Change::Put {
            key: self.key.clone(),
            version: Version::ABSENT,
            body: stored.encode(),
            entries,
            expires: Some(self.expires),
        }
    }
}

/// A record as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRecord {
    /// Of the execution that committed it.
    pub nonce: Nonce,
    /// What the runtime kept with it; JSON.
    pub note: Bytes,
    /// What no broker has confirmed yet.
    pub pending: Vec<Outgoing>,
}

#[derive(Serialize, Deserialize)]
struct PackedRecord {
    nonce: u64,
    note: Box<RawValue>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pending: Vec<PackedOutgoing>,
}

#[derive(Serialize, Deserialize)]
struct PackedOutgoing {
    id: MessageId,
    to: Address,
    lane: String,
    #[serde(default, skip_serializing_if = "is_zero")]
    attempt: u32,
    body: Box<RawValue>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(n: &u32) -> bool {
    *n == 0
}

/// Bytes that should be JSON, kept readable; anything else would be a programmer error and is kept as a JSON string.
fn raw(bytes: &Bytes) -> Box<RawValue> {
    serde_json::from_slice::<Box<RawValue>>(bytes).unwrap_or_else(|_| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        RawValue::from_string(serde_json::Value::String(text).to_string())
            .unwrap_or_else(|_| RawValue::NULL.to_owned())
    })
}

impl StoredRecord {
    /// As it is kept: JSON, readable in the database.
    #[must_use]
    pub fn encode(&self) -> Bytes {
        let pack = |o: &Outgoing| PackedOutgoing {
            id: o.id,
            to: o.address.clone(),
            lane: o.lane.clone(),
            attempt: o.attempt,
            body: raw(&o.body),
        };
        let packed = PackedRecord {
            nonce: self.nonce.0,
            note: raw(&self.note),
            pending: self.pending.iter().map(pack).collect(),
        };
        serde_json::to_vec(&packed).map(Bytes::from).unwrap_or_default()
    }

    /// Reads what [`StoredRecord::encode`] wrote.
    ///
    /// # Errors
    /// The bytes are not a record: the store is damaged.
    pub fn decode(body: &[u8]) -> Result<Self, serde_json::Error> {
        let packed: PackedRecord = serde_json::from_slice(body)?;
        let unpack = |o: PackedOutgoing| Outgoing {
            id: o.id,
            address: o.to,
            lane: o.lane,
            attempt: o.attempt,
            body: Bytes::copy_from_slice(o.body.get().as_bytes()),
        };
        Ok(Self {
            nonce: Nonce(packed.nonce),
            note: Bytes::copy_from_slice(packed.note.get().as_bytes()),
            pending: packed.pending.into_iter().map(unpack).collect(),
        })
    }
}
