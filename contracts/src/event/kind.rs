//! What kind of event it is, with its major version.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::EventData;

/// A type on the wire, `shop.banyan.<noun>.<past-verb>.v<major>`, checked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EventType(String);

impl EventType {
    /// The longest type that is accepted, in bytes.
    pub const MAX_BYTES: usize = 128;

    /// The type of `T`.
    #[must_use]
    pub fn of<T: EventData>() -> Self {
        Self(T::TYPE.to_owned())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before `.v<major>`.
    #[must_use]
    pub fn family(&self) -> &str {
        self.0.rsplit_once(".v").map_or(&self.0, |(family, _)| family)
    }

    /// The major version.
    #[must_use]
    pub fn major(&self) -> u32 {
        self.0.rsplit_once(".v").and_then(|(_, major)| major.parse().ok()).unwrap_or(0)
    }
}

/// The text is not a versioned event type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "event type must be lower-case dotted words ending in .v<major>, such as shop.banyan.order.placed.v1, got {0:?}"
)]
pub struct InvalidEventType(String);

impl FromStr for EventType {
    type Err = InvalidEventType;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::try_from(text.to_owned())
    }
}

impl TryFrom<String> for EventType {
    type Error = InvalidEventType;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let words_ok = text.len() <= Self::MAX_BYTES
            && text.split('.').count() >= 3
            && text.split('.').all(|word| {
                !word.is_empty()
                    && word
                        .bytes()
                        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
            });
        let major_ok = text.rsplit_once(".v").is_some_and(|(_, m)| {
            m.len() <= 4 && m.parse::<u32>().is_ok_and(|n| n >= 1) && !m.starts_with(['0', '+'])
        });
        if words_ok && major_ok {
            return Ok(Self(text));
        }
        Err(InvalidEventType(text.chars().take(80).collect()))
    }
}

impl From<EventType> for String {
    fn from(kind: EventType) -> Self {
        kind.0
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
