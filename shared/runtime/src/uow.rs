//! The unit of work in a handler's hands: reads that become checks, buffered writes, events that follow.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;
use std::sync::Arc;

use bytes::Bytes;
use contracts::event::{Draft, sequence_text};
use contracts::{EventData, EventType, MessageId, Timestamp, TraceParent};
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::{Address, Change, Entry, Item, Key, Outgoing, Query, Store, Version};
use uuid::Uuid;

use crate::collection::{Collection, Counters, Doc, Levels, Step, decode, encode};
use crate::core::Core;
use crate::due::Due;
use crate::emission::{Edition, Emission};
use crate::fail::Fail;
use crate::handler::Job;
use crate::quirk::Quirks;

/// What a unit of work happens because of.
#[derive(Debug, Clone)]
pub(crate) struct Cause {
    /// The message (or request) being handled.
    pub(crate) id: MessageId,
    /// What others can know of that: a job is only known here, so for one it is the message that it follows from.
    pub(crate) known: MessageId,
    /// Its trace.
    pub(crate) trace: TraceParent,
    /// The order it is about.
    pub(crate) correlation: Option<String>,
    /// Its lane.
    pub(crate) lane: String,
    /// How often handling it was given up and put off.
    pub(crate) attempt: u32,
}

/// One execution's reads, writes and consequences. All or nothing of it is committed.
pub struct Uow {
    pub(crate) service: &'static str,
    pub(crate) now: Timestamp,
    pub(crate) cause: Cause,
    pub(crate) items: BTreeMap<Key, Buffered>,
    pub(crate) outgoing: Vec<Outgoing>,
    pub(crate) timers: Vec<(Timestamp, Outgoing)>,
    pub(crate) woken: Vec<String>,
    store: Arc<dyn Store>,
    emission: Emission,
    quirks: Quirks,
    ordinal: u32,
}

/// What will happen to an item at commit.
#[derive(Debug, Clone)]
pub(crate) enum Buffered {
    Read { version: Version, body: Option<Bytes> },
    Put { version: Version, body: Bytes, entries: Vec<Entry>, expires: Option<Timestamp> },
    Delete { version: Version },
    Step(Step),
}

impl Uow {
    pub(crate) fn new(core: &Core, cause: Cause) -> Self {
        Self {
            service: core.service.name(),
            now: core.env.now(),
            cause,
            items: BTreeMap::new(),
            outgoing: Vec::new(),
            timers: Vec::new(),
            woken: Vec::new(),
            store: core.store.clone(),
            emission: core.policy.emission.clone(),
            quirks: core.quirks,
            ordinal: 0,
        }
    }

    /// When this execution began.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Which planted bugs are on; never any outside a test of the simulator.
    #[must_use]
    pub fn quirks(&self) -> Quirks {
        self.quirks
    }

    /// What makes the message being handled the same as its copies.
    #[must_use]
    pub fn cause(&self) -> MessageId {
        self.cause.id
    }

    /// How often handling the message was tried, failed and was put off: 0 at the first try.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        self.cause.attempt
    }

    /// An id for something this execution makes; the same in every execution of one message.
    #[must_use]
    pub fn derived_id(&self, name: &str) -> Uuid {
        MessageId::named(&[self.service, &self.cause.id.to_string(), name]).0
    }

    /// The id that the next event or job of this execution gets, for a document that names its own events.
    #[must_use]
    pub fn next_id(&self) -> MessageId {
        self.quirks.outgoing_id(self.cause.id.derive(self.service, self.ordinal), self.now)
    }

    /// Says which order the events that follow are about, and puts them into its lane.
    pub fn about(&mut self, order_id: &str) {
        self.cause.correlation = Some(order_id.to_owned());
        order_id.clone_into(&mut self.cause.lane);
    }

    /// Loads a document. It joins the commit as a check, absence included: if it changes meanwhile, the handler runs
    /// again.
    ///
    /// # Errors
    /// [`Fail::Outage`], or [`Fail::Permanent`] when the stored bytes are not a `T`.
    pub async fn load<T: DeserializeOwned>(
        &mut self,
        of: &Collection<T>,
        id: &str,
    ) -> Result<Option<Doc<T>>, Fail> {
        Ok(self.load_many(of, &[id]).await?.pop().flatten())
    }

    /// Loads several documents of one collection in one round trip, in the order of `ids`.
    ///
    /// # Errors
    /// As for [`Uow::load`].
    pub async fn load_many<T: DeserializeOwned>(
        &mut self,
        of: &Collection<T>,
        ids: &[&str],
    ) -> Result<Vec<Option<Doc<T>>>, Fail> {
        let keys: Vec<Key> = ids.iter().map(|id| Key::new(of.name(), *id)).collect();
        let missing: Vec<Key> = keys.iter().filter(|key| !self.items.contains_key(key)).cloned().collect();
        if !missing.is_empty() {
            let found = self.store.read(missing.clone(), self.now).await?;
            for (key, item) in missing.into_iter().zip(found) {
                let (version, body) =
                    item.map_or((Version::ABSENT, None), |item| (item.version, Some(item.body)));
                self.items.insert(key, Buffered::Read { version, body });
            }
        }
        keys.iter().map(|key| self.buffered(key)).collect()
    }

    fn buffered<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<Doc<T>>, Fail> {
        match self.items.get(key) {
            Some(Buffered::Read { version, body: Some(body) } | Buffered::Put { version, body, .. }) => {
                decode(&key.id, *version, body).map(Some)
            }
            Some(Buffered::Read { body: None, .. } | Buffered::Delete { .. }) | None => Ok(None),
            Some(Buffered::Step(_)) => Err(Fail::permanent(format!("{key} is a counter, not a document"))),
        }
    }

    /// Reads reference data: not checked at commit, so nothing that must hold may rest on it.
    ///
    /// # Errors
    /// As for [`Uow::load`].
    pub async fn peek<T: DeserializeOwned>(
        &self,
        of: &Collection<T>,
        ids: &[&str],
    ) -> Result<Vec<Option<T>>, Fail> {
        let keys = ids.iter().map(|id| Key::new(of.name(), *id)).collect();
        let found = self.store.read(keys, self.now).await?;
        let read = |(id, item): (&&str, Option<Item>)| match item {
            Some(item) => decode(id, item.version, &item.body).map(|doc| Some(doc.data)),
            None => Ok(None),
        };
        ids.iter().zip(found).map(read).collect()
    }

    /// Reads counters, in the order of `ids`; absent ones are all zeros. What must hold is said by guards.
    ///
    /// # Errors
    /// As for [`Uow::load`].
    pub async fn levels(&self, of: &Counters, ids: &[&str]) -> Result<Vec<Levels>, Fail> {
        let keys = ids.iter().map(|id| Key::new(of.name, *id)).collect();
        let found = self.store.read(keys, self.now).await?;
        found.into_iter().map(|item| item.map_or_else(|| Ok(Levels::default()), levels_of)).collect()
    }

    /// The ids on one page of an index, and where to go on: possibly stale, so load before deciding.
    ///
    /// # Errors
    /// [`Fail::Outage`].
    pub async fn find(&self, query: Query) -> Result<(Vec<String>, Option<String>), Fail> {
        let page = self.store.query(query, self.now).await?;
        Ok((page.rows.into_iter().map(|row| row.id).collect(), page.next))
    }

    /// A new document, not yet in the unit of work: [`Uow::put`] it. If it was not loaded before, the commit checks
    /// that it is absent.
    #[must_use]
    pub fn fresh<T>(&self, id: impl Into<String>, data: T) -> Doc<T> {
        Doc { id: id.into(), emitted: 0, version: Version::ABSENT, data }
    }

    /// Writes a document back.
    ///
    /// # Errors
    /// [`Fail::Permanent`] when it cannot be written as JSON, or belongs to another service.
    pub fn put<T: Serialize>(&mut self, of: &Collection<T>, doc: Doc<T>) -> Result<(), Fail> {
        let body = encode(doc.emitted, &doc.data)?;
        let entries = of.entries_of(&doc.id, &doc.data);
        let expires = of.expiry_of(&doc.data);
        let key = self.own_key(of.name(), doc.id)?;
        match self.items.entry(key) {
            Slot::Vacant(slot) => {
                slot.insert(Buffered::Put { version: doc.version, body, entries, expires });
            }
            Slot::Occupied(mut slot) => {
                let version = match slot.get() {
                    Buffered::Read { version, .. }
                    | Buffered::Put { version, .. }
                    | Buffered::Delete { version } => *version,
                    Buffered::Step(_) => return Err(Fail::permanent("a counter is stepped, not put")),
                };
                slot.insert(Buffered::Put { version, body, entries, expires });
            }
        }
        Ok(())
    }

    /// Removes a document that was loaded.
    ///
    /// # Errors
    /// [`Fail::Permanent`] when it belongs to another service.
    pub fn delete<T>(&mut self, of: &Collection<T>, doc: Doc<T>) -> Result<(), Fail> {
        let key = self.own_key(of.name(), doc.id)?;
        let change = match doc.version {
            Version::ABSENT => Buffered::Read { version: Version::ABSENT, body: None },
            version => Buffered::Delete { version },
        };
        self.items.insert(key, change);
        Ok(())
    }

    /// Steps a counter; several steps of one counter become one.
    ///
    /// # Errors
    /// [`Fail::Permanent`] when it belongs to another service.
    pub fn step(&mut self, of: &Counters, id: &str, step: Step) -> Result<(), Fail> {
        let key = self.own_key(of.name, id.to_owned())?;
        match self.items.entry(key).or_insert_with(|| Buffered::Step(Step::new())) {
            Buffered::Step(sum) => {
                sum.add.extend(step.add);
                sum.guards.extend(step.guards);
                Ok(())
            }
            _ => Err(Fail::permanent("a document is put, not stepped")),
        }
    }

    /// Publishes a fact about `doc`, which must be put afterwards: it counts its events.
    ///
    /// # Errors
    /// [`Fail::Permanent`] when the event cannot be written as JSON.
    pub fn emit<T: EventData, D>(&mut self, doc: &mut Doc<D>, data: &T) -> Result<(), Fail> {
        doc.emitted += 1;
        let (subject, sequence) = (doc.id.clone(), doc.emitted);
        self.publish(&subject, sequence, data)
    }

    /// Publishes the state of something that has its own count of changes, such as a counter's steps.
    ///
    /// # Errors
    /// As for [`Uow::emit`].
    pub fn emit_state<T: EventData>(&mut self, subject: &str, sequence: u64, data: &T) -> Result<(), Fail> {
        self.publish(subject, sequence, data)
    }

    /// In every major that is to be published, the newest first, under one id: whoever gets two of them acts once.
    fn publish<T: EventData>(&mut self, subject: &str, sequence: u64, data: &T) -> Result<(), Fail> {
        let sequence = sequence_text(sequence);
        let id = self.take_id();
        let about = About { subject, sequence: Some(&sequence) };
        let older = self.emission.older(data, self.now).map_err(|error| unwritable(T::TYPE, error))?;
        if older.is_empty() || self.emission.has_newest::<T>() {
            let body = self.written(id, Kind { name: T::TYPE, schema: Some(T::SCHEMA) }, about, data)?;
            self.send(id, EventType::of::<T>(), body);
        }
        for Edition { kind, schema, body } in older {
            let id = self.quirks.older_id(id, kind.as_str());
            let body = self.written(id, Kind { name: kind.as_str(), schema: Some(schema) }, about, &body)?;
            self.send(id, kind, body);
        }
        Ok(())
    }

    fn send(&mut self, id: MessageId, kind: EventType, body: Bytes) {
        let lane = self.cause.lane.clone();
        self.outgoing.push(Outgoing { id, address: Address::Topic(kind), lane, attempt: 0, body });
    }

    /// Tells this service to do `job` as soon as this unit of work is committed.
    ///
    /// # Errors
    /// As for [`Uow::emit`].
    pub fn enqueue<J: Job>(&mut self, job: &J) -> Result<(), Fail> {
        let (id, body) = self.draft_job(job)?;
        let address = Address::Queue(self.service.to_owned());
        self.outgoing.push(Outgoing { id, address, lane: job.lane().to_owned(), attempt: 0, body });
        Ok(())
    }

    /// Tells this service to do `job` at `due`, or a little later.
    ///
    /// # Errors
    /// As for [`Uow::emit`].
    pub fn schedule<J: Job>(&mut self, due: Timestamp, job: &J) -> Result<(), Fail> {
        let (id, body) = self.draft_job(job)?;
        let address = Address::Queue(self.service.to_owned());
        self.timers.push((due, Outgoing { id, address, lane: job.lane().to_owned(), attempt: 0, body }));
        Ok(())
    }

    /// Wakes messages of this service that wait for `name` ([`Fail::Later`]), once this unit of work is committed.
    pub fn wake(&mut self, name: impl Into<String>) {
        self.woken.push(name.into());
    }

    fn draft_job<J: Job>(&mut self, job: &J) -> Result<(MessageId, Bytes), Fail> {
        let name = job_type(self.service, J::NAME);
        let id = self.take_id();
        let about = About { subject: job.lane(), sequence: None };
        Ok((id, self.written(id, Kind { name: &name, schema: None }, about, job)?))
    }

    fn take_id(&mut self) -> MessageId {
        let id = self.next_id();
        self.ordinal += 1;
        id
    }

    fn written<T: Serialize>(
        &self,
        id: MessageId,
        kind: Kind<'_>,
        about: About<'_>,
        data: &T,
    ) -> Result<Bytes, Fail> {
        let draft = Draft {
            id,
            service: self.service,
            kind: kind.name,
            schema: kind.schema,
            subject: about.subject,
            time: self.now,
            trace: self.cause.trace.child(id),
            lane: &self.cause.lane,
            sequence: about.sequence,
            correlation: self.cause.correlation.as_deref(),
            cause: self.cause.known,
        };
        draft.encode(data).map(Bytes::from).map_err(|error| unwritable(kind.name, error))
    }

    fn own_key(&self, collection: &'static str, id: String) -> Result<Key, Fail> {
        let own = collection.strip_prefix(self.service).is_some_and(|rest| rest.starts_with('.'));
        if own {
            return Ok(Key::new(collection, id));
        }
        Err(Fail::permanent(format!("{} may not write {collection}", self.service)))
    }

    /// What is sent, at once or at its time.
    pub(crate) fn messages(&mut self) -> impl Iterator<Item = &mut Outgoing> {
        self.outgoing.iter_mut().chain(self.timers.iter_mut().map(|(_, message)| message))
    }

    /// The changes that the commit makes or checks.
    pub(crate) fn changes(&mut self) -> Vec<Change> {
        for (due, message) in std::mem::take(&mut self.timers) {
            let row = Due::timer(&message, due, self.now);
            let key = Key::new(crate::due::collection(self.service), row.id.to_string());
            let (body, entries) = (row.encode(), row.entries());
            self.items.insert(key, Buffered::Put { version: Version::ABSENT, body, entries, expires: None });
        }
        std::mem::take(&mut self.items).into_iter().map(|(key, buffered)| change(key, buffered)).collect()
    }
}

/// A type on the wire, and the schema it keeps.
struct Kind<'a> {
    name: &'a str,
    schema: Option<&'a str>,
}

/// What a message is about, and its number among those about it.
#[derive(Clone, Copy)]
struct About<'a> {
    subject: &'a str,
    sequence: Option<&'a str>,
}

fn unwritable(kind: &str, error: serde_json::Error) -> Fail {
    Fail::Permanent { reason: format!("a {kind} cannot be written as JSON"), source: Some(error.into()) }
}

fn change(key: Key, buffered: Buffered) -> Change {
    match buffered {
        Buffered::Read { version, .. } => Change::Check { key, version },
        Buffered::Put { version, body, entries, expires } => {
            Change::Put { key, version, body, entries, expires }
        }
        Buffered::Delete { version } => Change::Delete { key, version },
        Buffered::Step(Step { add, guards }) => {
            Change::Step { key, add: summed(add), guards: strictest(guards) }
        }
    }
}

fn summed(add: Vec<(String, i64)>) -> Vec<(String, i64)> {
    let mut sums = BTreeMap::<String, i64>::new();
    for (field, n) in add {
        let sum = sums.entry(field).or_default();
        *sum = sum.saturating_add(n);
    }
    sums.into_iter().collect()
}

fn strictest(guards: Vec<(String, i64)>) -> Vec<(String, i64)> {
    let mut least = BTreeMap::<String, i64>::new();
    for (field, n) in guards {
        let bound = least.entry(field).or_insert(i64::MIN);
        *bound = (*bound).max(n);
    }
    least.into_iter().collect()
}

pub(crate) fn levels_of(item: Item) -> Result<Levels, Fail> {
    let fields = serde_json::from_slice(&item.body).map_err(|error| Fail::Permanent {
        reason: "a stored counter cannot be read".to_owned(),
        source: Some(error.into()),
    })?;
    Ok(Levels { steps: item.version.0, fields })
}

/// The wire type of a service's own job.
pub(crate) fn job_type(service: &str, name: &str) -> String {
    format!("{JOB}{service}.{name}.v1")
}

/// What the types of jobs begin with.
pub(crate) const JOB: &str = "banyan.internal.";
