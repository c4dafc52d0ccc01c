//! The envelope: CloudEvents 1.0 in structured JSON, with the extensions that Banyan relies on.
//!
//! Source: CloudEvents specification 1.0.2, JSON format, and its extensions `partitionkey`, `sequence` and
//! `traceparent`.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::events::describe;
use crate::time::Timestamp;
use crate::view::View;

mod apart;
mod dataref;
mod kind;
mod trace;

pub use apart::{Apart, apart, together};
pub use dataref::{DataRef, InvalidDataRef};
pub use kind::{EventType, InvalidEventType};
pub use trace::TraceParent;

/// What `source` of an event published by one of our services begins with.
pub const OWN_SOURCE: &str = "/banyan/";

/// The body of one kind of event. Implemented by every struct in [`crate`]'s event modules.
pub trait EventData: Serialize + serde::de::DeserializeOwned + Send + Sync + 'static {
    /// The noun and past verb: `order.placed`.
    const NAME: &'static str;
    /// The type on the wire: `shop.banyan.order.placed.v1`.
    const TYPE: &'static str;
    /// Where the schema lives: `https://banyan.example/contracts/order.placed/1.0.0.json`.
    const SCHEMA: &'static str;
}

/// What makes two copies of a message the same message: the key of inbox records.
///
/// An event of ours has a UUID as its id and is known by it. CloudEvents says that another application's event is
/// known by source and id together, so those two are hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MessageId(pub Uuid);

impl MessageId {
    /// The identity of what `source` sent as `id`.
    #[must_use]
    pub fn of(source: &str, id: &str) -> Self {
        if source.starts_with(OWN_SOURCE)
            && let Ok(uuid) = Uuid::parse_str(id)
        {
            return Self(uuid);
        }
        Self(hashed(&[b"foreign", source.as_bytes(), id.as_bytes()]))
    }

    /// The id of the `ordinal`-th event that `service` publishes because of `self`: a replay, a double relay and a
    /// second execution all arrive at the same id and meet in the next inbox.
    #[must_use]
    pub fn derive(self, service: &str, ordinal: u32) -> Self {
        Self(hashed(&[b"derived", self.0.as_bytes(), service.as_bytes(), &ordinal.to_be_bytes()]))
    }

    /// An id made from the names of a thing that exists once (a timer of an aggregate, an edge record).
    #[must_use]
    pub fn named(parts: &[&str]) -> Self {
        let mut all: Vec<&[u8]> = vec![b"named"];
        all.extend(parts.iter().map(|part| part.as_bytes()));
        Self(hashed(&all))
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

/// A version 8 UUID (RFC 9562, 5.8) from SHA-256 over length-prefixed parts.
fn hashed(parts: &[&[u8]]) -> Uuid {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let digest = hash.finalize();
    let mut bytes = [0u8; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

/// Who published an event: a non-empty URI reference. Ours are `/banyan/<service>`.
pub type Source = String;

/// The longest `id`, `source` and `subject`, in bytes.
pub const MAX_ATTRIBUTE_BYTES: usize = 256;

/// An event as it crosses the bus. `D` is raw JSON until the reader knows which type it wants, and nothing where the
/// data lies elsewhere (claim check).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Envelope<D = Option<Box<RawValue>>> {
    /// Always `1.0`.
    pub specversion: String,
    /// Unique within `source`; a UUID where the source is ours.
    pub id: String,
    /// Who published it.
    pub source: Source,
    /// What happened.
    #[serde(rename = "type")]
    pub kind: EventType,
    /// The id of the aggregate it happened to.
    pub subject: String,
    /// When it happened.
    pub time: Timestamp,
    /// Always `application/json`.
    #[serde(default = "json_media_type")]
    pub datacontenttype: String,
    /// The schema that `data` was written against, with its full version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataschema: Option<String>,
    /// W3C trace context of the step that published it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<TraceParent>,
    /// Messages of one key are handled one after another within a process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partitionkey: Option<String>,
    /// How many events this subject has published, 20 digits; see DESIGN "Event".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<String>,
    /// The order that this is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlationid: Option<String>,
    /// The id of the message that caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causationid: Option<String>,
    /// Where the data lies, when it does not travel with the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dataref: Option<String>,
    /// What is said.
    #[serde(default)]
    pub data: D,
}

/// An envelope whose body has been read.
pub type Event<T> = Envelope<T>;

fn json_media_type() -> String {
    "application/json".to_owned()
}

/// Why bytes are not an event that can be handled.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// Not JSON, or not the shape of a CloudEvent: nothing can be known about it.
    #[error("not a CloudEvent in JSON")]
    Envelope(#[source] serde_json::Error),
    /// A CloudEvent of another specification, with an empty or oversized attribute, or with a body that is not JSON.
    #[error("attribute {name} {problem}")]
    Attribute {
        /// Which attribute.
        name: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The envelope is sound; its body is not what its type promises.
    #[error("data is not a valid {kind}")]
    Data {
        /// The event's type.
        kind: String,
        /// Where and why.
        #[source]
        source: serde_json::Error,
    },
    /// The envelope is sound; its data lies elsewhere and was not fetched: a programmer error.
    #[error("data lies elsewhere and was not fetched")]
    Apart,
}

impl Envelope {
    /// Reads the envelope of `bytes` and leaves its body raw. Data may be absent when `dataref` says where it lies, and
    /// that is one of our own places: nobody here fetches anything from elsewhere.
    ///
    /// # Errors
    /// [`DecodeError::Envelope`] or [`DecodeError::Attribute`]: the bytes can never be handled.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let event: Self = serde_json::from_slice(bytes).map_err(DecodeError::Envelope)?;
        event.check_attributes()?;
        Ok(event)
    }

    /// Reads the body as `T`.
    ///
    /// # Errors
    /// [`DecodeError::Data`] when the body is not a `T`.
    pub fn read<T: serde::de::DeserializeOwned>(self) -> Result<Event<T>, DecodeError> {
        let Some(raw) = &self.data else { return Err(DecodeError::Apart) };
        let data = serde_json::from_str(raw.get())
            .map_err(|source| DecodeError::Data { kind: self.kind.to_string(), source })?;
        Ok(self.with_data(data))
    }

    /// Reads the body as the event that `T` is a view of, from an older major as well: that is stepped up first, and the
    /// envelope says so.
    ///
    /// # Errors
    /// [`DecodeError::Data`] when the body is not what its type promises, or its type does not step up to that of `T`.
    pub fn read_event<T: View>(mut self) -> Result<Event<T>, DecodeError> {
        if self.kind.as_str() != T::Of::TYPE
            && let (Some(here), Some(from)) = (describe(&EventType::of::<T::Of>()), describe(&self.kind))
            && let Some(body) = &self.data
        {
            let wrong = |source| DecodeError::Data { kind: from.kind.to_owned(), source };
            self.data = Some(here.read_older(from, body).map_err(wrong)?);
            self.kind = EventType::of::<T::Of>();
            self.dataschema = Some(T::Of::SCHEMA.to_owned());
        }
        self.read()
    }

    /// The body as JSON text; `null` where it lies elsewhere.
    #[must_use]
    pub fn body_text(&self) -> &str {
        self.data.as_deref().map_or("null", RawValue::get)
    }

    /// What has to be fetched before the body can be read; `None` when it is here.
    #[must_use]
    pub fn claim(&self) -> Option<DataRef> {
        if self.data.is_some() {
            return None;
        }
        self.dataref.as_ref().and_then(|text| text.parse().ok())
    }

    fn check_attributes(&self) -> Result<(), DecodeError> {
        let wrong = |name, problem| Err(DecodeError::Attribute { name, problem });
        if self.specversion != "1.0" {
            return wrong("specversion", "must be 1.0");
        }
        for (name, value) in [("id", &self.id), ("source", &self.source), ("subject", &self.subject)] {
            if value.is_empty() {
                return wrong(name, "must not be empty");
            }
            if value.len() > MAX_ATTRIBUTE_BYTES {
                return wrong(name, "must be at most 256 bytes");
            }
        }
        if self.partitionkey.as_ref().is_some_and(|key| key.len() > MAX_ATTRIBUTE_BYTES) {
            return wrong("partitionkey", "must be at most 256 bytes");
        }
        let media = &self.datacontenttype;
        if media != "application/json" && !media.starts_with("application/json;") && !media.ends_with("+json")
        {
            return wrong("datacontenttype", "must be application/json");
        }
        if self.dataref.as_ref().is_some_and(|place| place.len() > MAX_ATTRIBUTE_BYTES) {
            return wrong("dataref", "must be at most 256 bytes");
        }
        match (&self.data, &self.dataref) {
            (None, None) => wrong("data", "must be there, or dataref must say where it lies"),
            (None, Some(_)) if self.claim().is_none() => wrong(
                "dataref",
                "must be urn:banyan:blob:sha256: and 64 lower-case hexadecimal digits where there is no data",
            ),
            (None | Some(_), _) => Ok(()),
        }
    }
}

impl<D> Envelope<D> {
    /// What makes two copies of this event the same message.
    #[must_use]
    pub fn message_id(&self) -> MessageId {
        MessageId::of(&self.source, &self.id)
    }

    /// The key whose messages are handled one after another: the partition key, else the subject.
    #[must_use]
    pub fn lane(&self) -> &str {
        self.partitionkey.as_deref().unwrap_or(&self.subject)
    }

    /// `sequence` as a number; `None` when absent or not 20 digits.
    #[must_use]
    pub fn sequence_number(&self) -> Option<u64> {
        self.sequence.as_ref().filter(|s| s.len() == 20).and_then(|s| s.parse().ok())
    }

    /// The same envelope around another body.
    pub fn with_data<T>(self, data: T) -> Envelope<T> {
        Envelope {
            specversion: self.specversion,
            id: self.id,
            source: self.source,
            kind: self.kind,
            subject: self.subject,
            time: self.time,
            datacontenttype: self.datacontenttype,
            dataschema: self.dataschema,
            traceparent: self.traceparent,
            partitionkey: self.partitionkey,
            sequence: self.sequence,
            correlationid: self.correlationid,
            causationid: self.causationid,
            dataref: None,
            data,
        }
    }
}

/// How `sequence` is written: 20 digits, so that text order is number order.
#[must_use]
pub fn sequence_text(number: u64) -> String {
    format!("{number:020}")
}

/// What an event of ours is made of, before it is written down. The one place where events are built.
#[derive(Debug)]
pub struct Draft<'a> {
    /// Derived from what caused it.
    pub id: MessageId,
    /// Which of our services publishes it.
    pub service: &'a str,
    /// Its type on the wire.
    pub kind: &'a str,
    /// The schema its body keeps; none for a service's own jobs.
    pub schema: Option<&'a str>,
    /// The id of the aggregate.
    pub subject: &'a str,
    /// When it happened.
    pub time: Timestamp,
    /// The step that publishes it.
    pub trace: TraceParent,
    /// Its lane.
    pub lane: &'a str,
    /// 20 digits, where the aggregate counts its events.
    pub sequence: Option<&'a str>,
    /// The order it is about.
    pub correlation: Option<&'a str>,
    /// What caused it.
    pub cause: MessageId,
}

#[derive(Serialize)]
struct Written<'a, T> {
    specversion: &'static str,
    id: MessageId,
    source: String,
    #[serde(rename = "type")]
    kind: &'a str,
    subject: &'a str,
    time: Timestamp,
    datacontenttype: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    dataschema: Option<&'a str>,
    traceparent: TraceParent,
    partitionkey: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlationid: Option<&'a str>,
    causationid: MessageId,
    data: &'a T,
}

impl Draft<'_> {
    /// The event around `data`, as JSON.
    ///
    /// # Errors
    /// `data` cannot be written as JSON (a map with keys that are not text): a programmer error.
    pub fn encode<T: Serialize>(&self, data: &T) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(&Written {
            specversion: "1.0",
            id: self.id,
            source: format!("{OWN_SOURCE}{}", self.service),
            kind: self.kind,
            subject: self.subject,
            time: self.time,
            datacontenttype: "application/json",
            dataschema: self.schema,
            traceparent: self.trace,
            partitionkey: self.lane,
            sequence: self.sequence,
            correlationid: self.correlation,
            causationid: self.cause,
            data,
        })
    }
}

#[cfg(test)]
mod tests;
