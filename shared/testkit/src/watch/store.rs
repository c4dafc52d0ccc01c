//! The Store port of a process, watched.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use contracts::{EventType, MessageId, Timestamp};
use store::{
    Address, Boxed, Caps, Change, Item, Key, Outage, Outcome, Page, Query, Record, Snapshot, Store, Unit,
};

use super::{Promise, Said, Watch, short};

/// See the module.
pub(crate) struct WatchedStore {
    pub(crate) inner: Arc<dyn Store>,
    pub(crate) watch: Arc<Watch>,
    pub(crate) process: usize,
}

impl Store for WatchedStore {
    fn caps(&self) -> Caps {
        self.inner.caps()
    }

    fn read(&self, keys: Vec<Key>, now: Timestamp) -> Boxed<'_, Result<Vec<Option<Item>>, Outage>> {
        self.inner.read(keys, now)
    }

    fn query(&self, query: Query, now: Timestamp) -> Boxed<'_, Result<Page, Outage>> {
        self.inner.query(query, now)
    }

    fn snapshot(&self, now: Timestamp) -> Boxed<'_, Result<Box<dyn Snapshot>, Outage>> {
        self.inner.snapshot(now)
    }

    fn commit(&self, unit: Unit) -> Boxed<'_, Result<Outcome, Outage>> {
        Box::pin(async move {
            let nonce = unit.nonce;
            if let Some(record) = &unit.record {
                self.watch.said(record, nonce);
            }
            self.watch.tell(Some(self.process), || format!("commit {:016x} {}", nonce.0, told(&unit)));
            let answer = self.inner.commit(unit).await;
            self.watch.trace.fold(&[nonce.0, code(&answer)]);
            self.watch.tell(Some(self.process), || format!("answer {:016x} {answer:?}", nonce.0));
            answer
        })
    }
}

impl Watch {
    fn said(&self, record: &Record, nonce: store::Nonce) {
        let read = if is_sweep(&record.key) { swept } else { promise };
        let outgoing: Vec<Promise> = record.outgoing.iter().map(read).collect();
        if let Some(stranger) = underived(&record.key, &outgoing) {
            self.violated(format!("{} publishes {stranger}, whose id does not follow from it", record.key));
        }
        if let Some(kind) = under_two_ids(&outgoing) {
            self.violated(format!("{} publishes {kind} under another id than its other majors", record.key));
        }
        for message in record.outgoing.iter().filter(|message| message.body.len() > self.message_bytes) {
            let (name, bytes) = (super::brief(&message.body), message.body.len());
            self.violated(format!(
                "{} publishes {name} of {bytes} bytes, more than the bus takes",
                record.key
            ));
        }
        self.log().said.push(Said { record: record.key.clone(), nonce, outgoing });
    }
}

fn promise(outgoing: &store::Outgoing) -> Promise {
    Promise { id: outgoing.id, address: outgoing.address.clone() }
}

/// A due row that an operator repaired keeps the name it got while nobody could read its message.
fn swept(outgoing: &store::Outgoing) -> Promise {
    let own = contracts::Envelope::decode(&outgoing.body).map(|event| event.message_id());
    Promise { id: own.unwrap_or(outgoing.id), ..promise(outgoing) }
}

/// Ids that a unit of work may give to its messages: far more than any has.
const ORDINALS: u32 = 256;

/// An outgoing id that is not derived from the handled message: copies of it would not meet in the next inbox.
fn underived(record: &Key, outgoing: &[Promise]) -> Option<MessageId> {
    let service = record.collection.strip_suffix(".record")?;
    let cause = MessageId(record.id.parse().ok()?);
    let mut ordinal = 0;
    for promise in outgoing {
        // In the order of ordinals; timers in between have some of their own.
        while cause.derive(service, ordinal) != promise.id {
            ordinal += 1;
            if ordinal > ORDINALS {
                return Some(promise.id);
            }
        }
    }
    None
}

/// A type that is published beside another major of the same event, and not for the same facts.
fn under_two_ids(outgoing: &[Promise]) -> Option<EventType> {
    let mut ids: BTreeMap<&EventType, BTreeSet<MessageId>> = BTreeMap::new();
    for promise in outgoing {
        if let Address::Topic(kind) = &promise.address {
            ids.entry(kind).or_default().insert(promise.id);
        }
    }
    let mut pairs = ids.iter().zip(ids.iter().skip(1));
    let differ = pairs.find(|((kind, of), (other, others))| {
        kind.family() == other.family() && !of.is_subset(others) && !others.is_subset(of)
    });
    differ.map(|((kind, _), _)| (*kind).clone())
}

/// Whether the record is that of a sweep of the due table.
pub(crate) fn is_sweep(record: &Key) -> bool {
    record.id.starts_with("sweep-")
}

fn code(answer: &Result<Outcome, Outage>) -> u64 {
    match answer {
        Ok(Outcome::Committed) => 0,
        Ok(Outcome::Duplicate) => 1,
        Ok(Outcome::Conflict) => 2,
        Ok(Outcome::TooLarge(_)) => 3,
        Ok(Outcome::Unknown) => 4,
        Err(_) => 5,
    }
}

fn told(unit: &Unit) -> String {
    let mut words: Vec<String> = Vec::new();
    if let Some(record) = &unit.record {
        words.push(format!("record {}/{}", record.key.collection, short(&record.key.id)));
    }
    for change in &unit.changes {
        let key = change.key();
        let verb = match change {
            Change::Check { .. } => "check",
            Change::Put { .. } => "put",
            Change::Delete { .. } => "delete",
            Change::Step { .. } => "step",
        };
        let what = match change {
            Change::Put { body, .. } => format!(" {}", String::from_utf8_lossy(body)),
            Change::Step { add, guards, .. } => format!(" {add:?} if {guards:?}"),
            Change::Check { .. } | Change::Delete { .. } => String::new(),
        };
        words.push(format!("{verb} {key}{what}"));
    }
    for outgoing in unit.record.iter().flat_map(|record| &record.outgoing) {
        let to = match &outgoing.address {
            Address::Topic(_) => String::new(),
            Address::Queue(queue) => format!(" to {queue}"),
        };
        words.push(format!("send {}{to}", super::brief(&outgoing.body)));
    }
    words.join("; ")
}
