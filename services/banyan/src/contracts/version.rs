//! Which contract, and which version of it.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// The full version of a contract. The major is part of an event's type; within one, nothing may break.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// Part of the type: `.v1`.
    pub major: u32,
    /// What was added.
    pub minor: u32,
    /// What was said better.
    pub patch: u32,
}

/// Not three numbers with dots between them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a version such as 1.2.0")]
pub struct NotAVersion(String);

impl FromStr for Version {
    type Err = NotAVersion;

    fn from_str(text: &str) -> Result<Self, NotAVersion> {
        let number = |part: &str| {
            let is_plain = part == "0" || !part.starts_with(['0', '+']);
            part.parse::<u32>().ok().filter(|_| is_plain)
        };
        let parts: Option<Vec<u32>> = text.split('.').map(number).collect();
        match parts.as_deref() {
            Some(&[major, minor, patch]) => Ok(Self { major, minor, patch }),
            _ => Err(NotAVersion(text.to_owned())),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A contract in one major version: `order.placed.v1`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name {
    /// Without the version: `order.placed`.
    pub name: String,
    /// The major version.
    pub major: u32,
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.v{}", self.name, self.major)
    }
}

impl FromStr for Name {
    type Err = NotAVersion;

    fn from_str(text: &str) -> Result<Self, NotAVersion> {
        let parsed = text.rsplit_once(".v").and_then(|(name, major)| {
            let major = major.parse().ok().filter(|major| *major > 0)?;
            (!name.is_empty()).then(|| Self { name: name.to_owned(), major })
        });
        parsed.ok_or_else(|| NotAVersion(text.to_owned()))
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_by_number_not_by_text() {
        let version = |text: &str| text.parse::<Version>().unwrap();
        assert!(version("1.10.0") > version("1.9.3") && version("2.0.0") > version("1.10.0"));
        assert_eq!(version("1.10.3").to_string(), "1.10.3");
        for text in ["1", "1.0", "1.0.0.0", "1.0.x", "", "1.0.-1", "1.00.0", "+1.0.0"] {
            assert!(text.parse::<Version>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_major_of_a_file_name_is_its_last_part() {
        let name: Name = "order.placed.v12".parse().unwrap();
        assert_eq!((&*name.name, name.major), ("order.placed", 12));
        for text in ["order.placed", ".v1", "order.placed.v0", "order.placed.vx"] {
            assert!(text.parse::<Name>().is_err(), "{text}");
        }
    }
}
