//! One kind of instant: microseconds since 1970 in UTC, written as RFC 3339.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An instant with microsecond resolution. On the wire: RFC 3339 in UTC, `2026-11-22T20:00:00.000001Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The first instant that can be told apart from "never": 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(0);

    /// The latest instant that the wire format can carry (9999-12-31T23:59:59Z is before the limit of the parser).
    pub const MAX: Self = Self(253_402_207_199_000_000);

    /// From microseconds since the epoch, clamped to what the wire format can carry.
    #[must_use]
    pub fn from_micros(micros: i64) -> Self {
        Self(micros.clamp(0, Self::MAX.0))
    }

    /// Microseconds since the epoch, never negative.
    #[must_use]
    pub fn as_micros(self) -> i64 {
        self.0
    }

    /// This instant plus `by`, stopping at [`Timestamp::MAX`].
    #[must_use]
    pub fn plus(self, by: Duration) -> Self {
        let micros = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        Self::from_micros(self.0.saturating_add(micros))
    }

    /// How long after `earlier` this instant is; zero when it is not.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0 - earlier.0).unwrap_or(0))
    }

    /// Fixed-width form that sorts as text in time order; for index keys.
    #[must_use]
    pub fn sortable(self) -> String {
        format!("{:018}", self.0)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(t) => write!(f, "{t:.6}"),
            Err(_) => write!(f, "9999-12-30T21:59:59.000000Z"),
        }
    }
}

/// The text is not an RFC 3339 instant between 1970 and 9999.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an RFC 3339 time such as 2026-11-22T20:00:00Z: {0:?}")]
pub struct InvalidTimestamp(String);

impl FromStr for Timestamp {
    type Err = InvalidTimestamp;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parsed: jiff::Timestamp =
            text.parse().map_err(|_| InvalidTimestamp(text.chars().take(40).collect()))?;
        match parsed.as_microsecond() {
            micros @ 0..=253_402_207_199_000_000 => Ok(Self(micros)),
            _ => Err(InvalidTimestamp(text.chars().take(40).collect())),
        }
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Timestamp {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "description": "An instant in RFC 3339; written in UTC with six decimal places.",
            "format": "date-time",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wire_form_keeps_microseconds_and_sorts() {
        let t: Timestamp = "2026-11-22T20:00:00.000001Z".parse().unwrap();
        assert_eq!(t.to_string(), "2026-11-22T20:00:00.000001Z");
        assert!(t.sortable() < t.plus(Duration::from_micros(1)).sortable());
        assert_eq!(Timestamp::MAX.to_string().parse::<Timestamp>().unwrap(), Timestamp::MAX);
    }

    #[test]
    fn an_offset_is_turned_into_utc_and_nonsense_is_refused() {
        let t: Timestamp = "2011-11-10T12:00:00+01:00".parse().unwrap();
        assert_eq!(t.to_string(), "2011-11-10T11:00:00.000000Z");
        assert!("yesterday".parse::<Timestamp>().is_err());
        assert!("1969-12-31T23:59:59Z".parse::<Timestamp>().is_err());
    }
}
