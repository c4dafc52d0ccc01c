//! Carrier keys: what makes a carrier act at most once.

use std::fmt;
use std::str::FromStr;

use contracts::{ReturnId, ShipmentId};
use serde::{Deserialize, Serialize};

/// A parcel: one that goes out, or one that comes back. Carriers repeat its text, `shipment/536365-s1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Parcel {
    /// To the customer.
    Shipment(ShipmentId),
    /// Back from the customer.
    Return(ReturnId),
}

impl Parcel {
    fn kind(&self) -> &'static str {
        match self {
            Self::Shipment(_) => "shipment",
            Self::Return(_) => "return",
        }
    }

    /// The id, whatever it is the id of.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Shipment(id) => id.as_str(),
            Self::Return(id) => id.as_str(),
        }
    }

    fn of(kind: &str, id: &str) -> Option<Self> {
        match kind {
            "shipment" => ShipmentId::new(id).ok().map(Self::Shipment),
            "return" => ReturnId::new(id).ok().map(Self::Return),
            _ => None,
        }
    }
}

impl fmt::Display for Parcel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind(), self.id())
    }
}

impl FromStr for Parcel {
    type Err = MalformedKey;

    fn from_str(text: &str) -> Result<Self, MalformedKey> {
        let parsed = text.split_once('/').and_then(|(kind, id)| Self::of(kind, id));
        parsed.ok_or_else(|| MalformedKey::quoting("shipment/<id> or return/<id>", text))
    }
}

impl TryFrom<String> for Parcel {
    type Error = MalformedKey;

    fn try_from(text: String) -> Result<Self, MalformedKey> {
        text.parse()
    }
}

impl From<Parcel> for String {
    fn from(parcel: Parcel) -> Self {
        parcel.to_string()
    }
}

/// What is done under a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Booking a label.
    Book,
    /// Handing the parcel over.
    HandOver,
    /// Taking the label back.
    Void,
}

impl Step {
    const ALL: [Self; 3] = [Self::Book, Self::HandOver, Self::Void];

    fn as_str(self) -> &'static str {
        match self {
            Self::Book => "book",
            Self::HandOver => "handover",
            Self::Void => "void",
        }
    }
}

/// The idempotency key of one attempt at one step of one parcel: `shipment-536365-s1-book-1`.
///
/// It depends on what is done and on nothing else, above all not on the message that is being handled: two messages
/// that lead to the same attempt must not lead to two labels.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CarrierKey(String);

/// The text is neither a carrier key nor the name of a parcel.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be {must}, got {got:?}")]
pub struct MalformedKey {
    must: &'static str,
    got: String,
}

impl MalformedKey {
    fn quoting(must: &'static str, text: &str) -> Self {
        Self { must, got: text.chars().take(120).collect() }
    }
}

impl CarrierKey {
    /// The key of the `attempt`-th attempt (from 1) at `step` of `parcel`.
    #[must_use]
    pub fn new(parcel: &Parcel, step: Step, attempt: u32) -> Self {
        Self(format!("{}-{}-{}-{attempt}", parcel.kind(), parcel.id(), step.as_str()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is done under it.
    #[must_use]
    pub fn step(&self) -> Option<Step> {
        let mut parts = self.0.rsplit('-');
        parts.next();
        let step = parts.next()?;
        Step::ALL.into_iter().find(|known| known.as_str() == step)
    }
}

impl FromStr for CarrierKey {
    type Err = MalformedKey;

    fn from_str(text: &str) -> Result<Self, MalformedKey> {
        let parse = || {
            let (rest, attempt) = text.rsplit_once('-')?;
            let (rest, step) = rest.rsplit_once('-')?;
            let (kind, id) = rest.split_once('-')?;
            let step = Step::ALL.into_iter().find(|known| known.as_str() == step)?;
            Some(Self::new(&Parcel::of(kind, id)?, step, attempt.parse().ok()?))
        };
        let must = "<shipment or return>-<id>-<step>-<attempt>";
        parse().filter(|key| key.0 == text).ok_or_else(|| MalformedKey::quoting(must, text))
    }
}

impl TryFrom<String> for CarrierKey {
    type Error = MalformedKey;

    fn try_from(text: String) -> Result<Self, MalformedKey> {
        text.parse()
    }
}

impl From<CarrierKey> for String {
    fn from(key: CarrierKey) -> Self {
        key.0
    }
}

impl fmt::Display for CarrierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
