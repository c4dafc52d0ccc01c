//! The Store port: documents, counters, and one unit of work that applies all or nothing.
//!
//! The contract is the weakest meaning that every backend can give: optimistic checks, buffered writes, strong reads
//! by key, indexes that may be stale. `README.md` tells it in prose; [`Store`] holds the precise words.

#[cfg(feature = "aws")]
mod aws;
pub mod blobs;
#[cfg(feature = "conformance")]
pub mod conformance;
#[cfg(feature = "aws")]
pub mod dynamodb;
mod failure;
#[cfg(any(feature = "planted-bugs", feature = "conformance"))]
pub mod flaw;
mod key;
pub mod keys;
#[cfg(feature = "sim")]
pub mod model;
#[cfg(feature = "postgres")]
pub mod postgres;
mod query;
#[cfg(feature = "sim")]
pub mod sim;
pub mod sqlite;
#[cfg(any(feature = "postgres", feature = "aws"))]
mod text;
mod unit;
#[cfg(any(feature = "postgres", feature = "aws"))]
mod wait;

use std::future::Future;
use std::pin::Pin;

use contracts::Timestamp;

pub use blobs::{Blob, Blobs};
pub use failure::{Outage, OutageKind, chain};
pub use key::{Entry, Item, Key, Version};
pub use keys::Keys;
pub use query::{Page, Query, Row};
pub use unit::{
    Address, Change, Consumed, Fields, Limit, Nonce, Outcome, Outgoing, Record, StoredRecord, Unit, limits,
};

/// A future as the ports return it: the ports are used as `dyn`, so that one binary can hold every backend.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where services keep what they know.
///
/// `now` is passed in wherever expiry matters: an item whose `expires` is at or before `now` is absent, whether or
/// not the backend has removed it yet.
pub trait Store: Send + Sync + 'static {
    /// What this backend can do beyond the contract.
    fn caps(&self) -> Caps;

    /// Strong read by key: sees every commit that was answered before the call. Answers in the order of `keys`.
    ///
    /// # Errors
    /// [`Outage`]: the store as a whole cannot answer; ask again later.
    fn read(&self, keys: Vec<Key>, now: Timestamp) -> Boxed<'_, Result<Vec<Option<Item>>, Outage>>;

    /// One page of what a declared index holds, in the order of its sort value. May be stale in both directions,
    /// so a decision loads by key what a query found.
    ///
    /// # Errors
    /// [`Outage`], as for [`Store::read`].
    fn query(&self, query: Query, now: Timestamp) -> Boxed<'_, Result<Page, Outage>>;

    /// Everything as it was at one instant (but see [`Caps::torn_snapshots`]), for audits and exports only; never to
    /// decide.
    ///
    /// # Errors
    /// [`Outage`], as for [`Store::read`].
    fn snapshot(&self, now: Timestamp) -> Boxed<'_, Result<Box<dyn Snapshot>, Outage>>;

    /// Applies `unit` as a whole or not at all. Nothing of a unit is visible before all of it is, and what was
    /// answered [`Outcome::Committed`] survives the loss of power.
    ///
    /// # Errors
    /// [`Outage`] when the unit was certainly not applied because the store as a whole cannot: nothing was decided.
    fn commit(&self, unit: Unit) -> Boxed<'_, Result<Outcome, Outage>>;
}

/// A consistent picture of the store, read page by page.
pub trait Snapshot: Send {
    /// Up to `limit` items of `collection` with ids above `after`, in the order of their ids.
    ///
    /// # Errors
    /// [`Outage`]: the picture is gone; take another.
    fn page(
        &mut self,
        collection: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<Row>, Outage>>;
}

/// What a backend can do beyond the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Caps {
    /// Bus and store are one file: `commit` also enqueues the record's outgoing messages and removes the delivery
    /// that it settles, so nothing is ever pending.
    pub fused: bool,
    /// A snapshot is not of one instant: each page is as of when it is read, so that a unit may be seen in parts while
    /// units are committed. Whoever adds up over several items judges it at rest.
    pub torn_snapshots: bool,
}
