//! Who must be able to read what.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::contain::{Decision, decide};
use crate::document::Schema;

/// Which way data goes between versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// A new reader is given what an old writer wrote.
    Backward,
    /// An old reader is given what a new writer wrote.
    Forward,
}

impl Direction {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Backward => "backward",
            Self::Forward => "forward",
        }
    }
}

/// How the two schemas are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// Both as they stand.
    Plain,
    /// The writer's as it stands, since it writes nothing else; the reader's opened, since it tolerates more.
    Tolerant,
}

/// What must hold between versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mode {
    /// New readers read old data.
    pub is_backward: bool,
    /// Old readers read new data.
    pub is_forward: bool,
    /// With all earlier versions, not only with the last.
    pub is_transitive: bool,
}

impl Mode {
    /// What events within a major version must keep: any two versions may be at work at once.
    pub const FULL_TRANSITIVE: Self = Self { is_backward: true, is_forward: true, is_transitive: true };

    /// The ways that are checked.
    pub fn directions(self) -> impl Iterator<Item = Direction> {
        let backward = self.is_backward.then_some(Direction::Backward);
        backward.into_iter().chain(self.is_forward.then_some(Direction::Forward))
    }
}

/// No name of a mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownMode(String);

impl fmt::Display for UnknownMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is none of backward, forward and full, each also with -transitive", self.0)
    }
}

impl std::error::Error for UnknownMode {}

impl FromStr for Mode {
    type Err = UnknownMode;

    fn from_str(text: &str) -> Result<Self, UnknownMode> {
        let (way, is_transitive) = match text.strip_suffix("-transitive") {
            Some(way) => (way, true),
            None => (text, false),
        };
        let (is_backward, is_forward) = match way {
            "backward" => (true, false),
            "forward" => (false, true),
            "full" => (true, true),
            _ => return Err(UnknownMode(text.to_owned())),
        };
        Ok(Self { is_backward, is_forward, is_transitive })
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let way = match (self.is_backward, self.is_forward) {
            (true, true) => "full",
            (_, true) => "forward",
            _ => "backward",
        };
        write!(f, "{way}{}", if self.is_transitive { "-transitive" } else { "" })
    }
}

impl Serialize for Mode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Compares two versions in one direction.
#[must_use]
pub fn compare(old: &Value, new: &Value, direction: Direction, reading: Reading) -> Decision {
    let (writer, reader) = match direction {
        Direction::Backward => (old, new),
        Direction::Forward => (new, old),
    };
    let reader = match reading {
        Reading::Plain => Schema::written(reader),
        Reading::Tolerant => Schema::opened(reader),
    };
    decide(Schema::written(writer), reader)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_called_what_they_are_called_elsewhere() {
        for name in
            ["backward", "forward", "full", "backward-transitive", "forward-transitive", "full-transitive"]
        {
            assert_eq!(name.parse::<Mode>().unwrap().to_string(), name);
        }
        assert_eq!("full-transitive".parse(), Ok(Mode::FULL_TRANSITIVE));
        assert!("none".parse::<Mode>().is_err() && "-transitive".parse::<Mode>().is_err());
    }
}
