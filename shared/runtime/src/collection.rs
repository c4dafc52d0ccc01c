//! What a service declares about what it keeps: typed documents and counters, and their indexes.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use bytes::Bytes;
use contracts::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use store::{Entry, Version};

use crate::fail::Fail;

/// A kind of document: its name `<service>.<noun>`, where it is indexed, when it expires.
pub struct Collection<T> {
    name: &'static str,
    entries: fn(&str, &T) -> Vec<Entry>,
    expires: fn(&T) -> Option<Timestamp>,
    kind: PhantomData<fn() -> T>,
}

impl<T> Collection<T> {
    /// Documents named `name` (`<service>.<noun>`), not indexed, never expiring.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self { name, entries: |_, _| Vec::new(), expires: |_| None, kind: PhantomData }
    }

    /// Indexed by what `entries` makes of id and document: at most three entries.
    #[must_use]
    pub const fn indexed(self, entries: fn(&str, &T) -> Vec<Entry>) -> Self {
        Self { entries, ..self }
    }

    /// Absent from what `expires` says on.
    #[must_use]
    pub const fn expiring(self, expires: fn(&T) -> Option<Timestamp>) -> Self {
        Self { expires, ..self }
    }

    /// `<service>.<noun>`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    pub(crate) fn entries_of(&self, id: &str, data: &T) -> Vec<Entry> {
        (self.entries)(id, data)
    }

    pub(crate) fn expiry_of(&self, data: &T) -> Option<Timestamp> {
        (self.expires)(data)
    }
}

/// A kind of counter: named integers that step under guards and never conflict with each other.
pub struct Counters {
    /// `<service>.<noun>`.
    pub name: &'static str,
}

/// A counter as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Levels {
    /// How many steps it has taken: the sequence of events that tell its state.
    pub steps: u64,
    /// Its fields.
    pub fields: BTreeMap<String, i64>,
}

impl Levels {
    /// The value of `field`; 0 when it was never stepped.
    #[must_use]
    pub fn get(&self, field: &str) -> i64 {
        self.fields.get(field).copied().unwrap_or(0)
    }
}

/// One step of a counter.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Step {
    pub(crate) add: Vec<(String, i64)>,
    pub(crate) guards: Vec<(String, i64)>,
}

impl Step {
    /// A step that changes nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds `n` to `field`.
    #[must_use]
    pub fn add(mut self, field: &str, n: i64) -> Self {
        self.add.push((field.to_owned(), n));
        self
    }

    /// Only if `field >= least` before the step.
    #[must_use]
    pub fn guard(mut self, field: &str, least: i64) -> Self {
        self.guards.push((field.to_owned(), least));
        self
    }
}

/// A document in hand: what it says, and how many events it has published.
#[derive(Debug, Clone)]
pub struct Doc<T> {
    /// Its id within its collection, and the subject of its events.
    pub id: String,
    /// How many events it has published: the sequence of the last one.
    pub emitted: u64,
    pub(crate) version: Version,
    /// What it says.
    pub data: T,
}

impl<T> Deref for Doc<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.data
    }
}

impl<T> DerefMut for Doc<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.data
    }
}

#[derive(Serialize)]
struct BodyRef<'a, T> {
    #[serde(skip_serializing_if = "is_zero")]
    emitted: u64,
    data: &'a T,
}

#[derive(Deserialize)]
struct Body<T> {
    #[serde(default)]
    emitted: u64,
    data: T,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(n: &u64) -> bool {
    *n == 0
}

pub(crate) fn encode<T: Serialize>(emitted: u64, data: &T) -> Result<Bytes, Fail> {
    serde_json::to_vec(&BodyRef { emitted, data }).map(Bytes::from).map_err(|error| Fail::Permanent {
        reason: "a document cannot be written as JSON".to_owned(),
        source: Some(error.into()),
    })
}

/// Reads a document's body.
///
/// # Errors
/// [`Fail::Permanent`]: the stored bytes are not a `T`; the store is damaged or the type changed incompatibly.
pub(crate) fn decode<T: DeserializeOwned>(id: &str, version: Version, body: &[u8]) -> Result<Doc<T>, Fail> {
    let read: Body<T> = serde_json::from_slice(body).map_err(|error| Fail::Permanent {
        reason: format!("the stored document {id} cannot be read"),
        source: Some(error.into()),
    })?;
    Ok(Doc { id: id.to_owned(), emitted: read.emitted, version, data: read.data })
}
