//! A unit of work as the writer wants it: everything that needs no database is done by the caller already.

use bytes::Bytes;
use contracts::MessageId;

use super::routes::Routes;
use crate::failure::{Outage, OutageKind};
use crate::key::{Entry, Key};
use crate::unit::{Address, Change, Consumed, Limit, Outgoing, Record, StoredRecord, Unit};

/// One member of a group.
#[derive(Debug, Default)]
pub(super) struct Work {
    pub now: i64,
    pub nonce: u64,
    pub record: Option<Claim>,
    pub changes: Vec<Change>,
    /// The entries of each change as they are stored; `None` where there are none.
    pub packed: Vec<Option<String>>,
    /// It can never be applied; still a duplicate or a conflict comes first.
    pub limit: Option<Limit>,
    pub sends: Vec<Send>,
    pub settles: Vec<Settled>,
    /// Queues that the file shall know.
    pub new_queues: Vec<String>,
    /// It only settles: when it fails the deliveries are given back, as nobody else will.
    pub only_settles: bool,
    /// What it weighs in the inbox.
    pub bytes: usize,
}

/// The record to be put if absent.
#[derive(Debug)]
pub(super) struct Claim {
    pub key: Key,
    pub body: Bytes,
    pub expires: i64,
}

/// A message for the queues whose bits are set.
#[derive(Debug)]
pub(super) struct Send {
    pub owing: u64,
    pub attempt: u32,
    pub body: Bytes,
    /// Published to a topic, and so an event that a follower wants to see.
    pub is_event: bool,
}

/// A delivery to be removed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settled {
    pub queue: usize,
    pub seq: u64,
}

impl Work {
    /// Prepares `unit`.
    pub(super) fn of_unit(unit: Unit, routes: &Routes) -> Result<Self, Outage> {
        let limit = unit.check_limits().err();
        let Unit { now, nonce, record, mut changes, settles } = unit;
        let packed = changes.iter_mut().map(pack_change).collect();
        let mut bytes = changes.iter().map(size).sum::<usize>();
        let mut work = Self { now: now.as_micros(), nonce: nonce.0, limit, packed, ..Self::default() };
        if let Some(Record { key, note, outgoing, expires }) = record {
            let mut told: Vec<(MessageId, u64)> = Vec::with_capacity(outgoing.len());
            for message in outgoing {
                bytes += message.body.len();
                let id = message.id;
                work.send(message, routes).map_err(|refused| Outage::new(OutageKind::Undeclared, refused))?;
                // Versions of one event have one id, the newest comes first: a queue that takes that needs no other.
                let had =
                    told.iter().filter(|(other, _)| *other == id).fold(0, |all, (_, queues)| all | queues);
                if let Some(send) = work.sends.last_mut() {
                    send.owing &= !had;
                    told.push((id, send.owing));
                }
            }
            let body = StoredRecord { nonce, note, pending: Vec::new() }.encode();
            bytes += body.len();
            work.record = Some(Claim { key, body, expires: expires.as_micros() });
        }
        work.settles.extend(settles.and_then(|consumed| settled(&consumed, routes)));
        work.changes = changes;
        work.bytes = bytes;
        Ok(work)
    }

    /// Only removes deliveries.
    pub(super) fn of_settlements(consumed: &[Consumed], routes: &Routes) -> Self {
        let settles = consumed.iter().filter_map(|one| settled(one, routes)).collect();
        Self { settles, only_settles: true, ..Self::default() }
    }

    /// Adds a message; the reason when it can never be sent.
    pub(super) fn send(&mut self, message: Outgoing, routes: &Routes) -> Result<(), String> {
        let (owing, is_event) = match &message.address {
            Address::Topic(topic) => (routes.topic(topic), true),
            Address::Queue(queue) => {
                let found = routes.find(queue).ok_or_else(|| format!("no queue is called {queue:?}"))?;
                (1 << found, false)
            }
        };
        self.bytes += message.body.len();
        self.sends.push(Send { owing, attempt: message.attempt, body: message.body, is_event });
        Ok(())
    }
}

/// A queue that was never declared holds nothing that could be settled.
fn settled(consumed: &Consumed, routes: &Routes) -> Option<Settled> {
    Some(Settled { queue: routes.find(&consumed.queue)?, seq: consumed.seq })
}

fn size(change: &Change) -> usize {
    match change {
        Change::Put { body, .. } => body.len(),
        Change::Check { .. } | Change::Delete { .. } | Change::Step { .. } => 0,
    }
}

fn pack_change(change: &mut Change) -> Option<String> {
    let Change::Put { entries, .. } = change else { return None };
    entries.sort_unstable();
    entries.dedup();
    pack(entries)
}

/// Entries as they are stored beside their item: `[["index","partition","sort"],...]`, sorted.
fn pack(entries: &[Entry]) -> Option<String> {
    if entries.is_empty() {
        return None;
    }
    let rows: Vec<[&str; 3]> = entries.iter().map(|e| [e.index.as_ref(), &e.partition, &e.sort]).collect();
    serde_json::to_string(&rows).ok()
}

/// Reads what [`pack`] wrote.
pub(super) fn unpack(packed: &str) -> Result<Vec<Entry>, serde_json::Error> {
    let rows: Vec<[String; 3]> = serde_json::from_str(packed)?;
    let entry = |[index, partition, sort]: [String; 3]| Entry { index: index.into(), partition, sort };
    Ok(rows.into_iter().map(entry).collect())
}
