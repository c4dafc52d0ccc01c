//! Claim check: an event and its data taken apart, so that the bus carries only the event, and put together again.
//!
//! What other attributes an event has, known here or not, stays as it is.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::DataRef;

/// An event whose data lies elsewhere, and that data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Apart {
    /// The event with `dataref` instead of `data`.
    pub event: Vec<u8>,
    /// What `dataref` names.
    pub name: DataRef,
    /// The data, as it stood in the event.
    pub data: Vec<u8>,
}

type Attributes = BTreeMap<String, Box<RawValue>>;

/// Takes an event in JSON apart; `None` when it has no data, or is no JSON object at all.
#[must_use]
pub fn apart(event: &[u8]) -> Option<Apart> {
    let mut attributes: Attributes = serde_json::from_slice(event).ok()?;
    let data = attributes.remove("data")?.get().as_bytes().to_vec();
    let name = DataRef::of(&data);
    attributes.insert("dataref".to_owned(), serde_json::value::to_raw_value(&name).ok()?);
    Some(Apart { event: serde_json::to_vec(&attributes).ok()?, name, data })
}

/// The event with `data` in its place again, and without `dataref`; `None` when one of them is no JSON.
#[must_use]
pub fn together(event: &[u8], data: &[u8]) -> Option<Vec<u8>> {
    let mut attributes: Attributes = serde_json::from_slice(event).ok()?;
    attributes.remove("dataref");
    attributes.insert("data".to_owned(), serde_json::from_slice(data).ok()?);
    serde_json::to_vec(&attributes).ok()
}
