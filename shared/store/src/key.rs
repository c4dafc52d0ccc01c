//! How an item is named, and what it is.

use std::borrow::Cow;

use bytes::Bytes;

/// The name of an item. `collection` is `<service>.<noun>`, so no service can name another's items by accident.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    /// `<service>.<noun>`, such as `orders.order`.
    pub collection: Cow<'static, str>,
    /// Unique within the collection.
    pub id: String,
}

impl Key {
    /// The key of `id` in `collection`.
    pub fn new(collection: impl Into<Cow<'static, str>>, id: impl Into<String>) -> Self {
        Self { collection: collection.into(), id: id.into() }
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.collection, self.id)
    }
}

/// Tells two states of one item apart.
///
/// A document's version is the nonce of the unit that wrote it, so it never repeats, not even when the document was
/// deleted and made again in between. A counter's version is the number of its steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Version(pub u64);

impl Version {
    /// The version of what is not there. Checking it is how absence is checked.
    pub const ABSENT: Self = Self(0);
}

/// An item as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// See [`Version`]; never [`Version::ABSENT`].
    pub version: Version,
    /// What was put; for a counter, [`crate::Fields`] as JSON.
    pub body: Bytes,
}

/// Where an item is found in one of its collection's indexes (at most three).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Entry {
    /// The index's name, unique within the collection.
    pub index: Cow<'static, str>,
    /// What is asked for exactly.
    pub partition: String,
    /// What orders the answers, as text.
    pub sort: String,
}

impl Entry {
    /// An entry of `index` under `partition`, ordered by `sort`.
    pub fn new(index: &'static str, partition: impl Into<String>, sort: impl Into<String>) -> Self {
        Self { index: Cow::Borrowed(index), partition: partition.into(), sort: sort.into() }
    }
}
