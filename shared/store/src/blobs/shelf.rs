//! Blobs in memory: for a shop that keeps nothing, and under the simulated ones.

use std::collections::BTreeMap;
use std::future::ready;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use contracts::{DataRef, Timestamp};

use super::{Blob, Blobs};
use crate::{Boxed, Outage};

/// Blobs and when each was put or renewed last.
#[derive(Debug, Default)]
pub struct Shelf(BTreeMap<DataRef, (Bytes, Timestamp)>);

impl Shelf {
    /// Keeps `blob`.
    pub fn put(&mut self, blob: &Blob, now: Timestamp) {
        self.0.insert(blob.name(), (blob.content().clone(), now));
    }

    /// What lies under `name`.
    #[must_use]
    pub fn get(&self, name: DataRef) -> Option<Bytes> {
        self.0.get(&name).map(|(content, _)| content.clone())
    }

    /// As if it was put `now`; whether it is there.
    pub fn renew(&mut self, name: DataRef, now: Timestamp) -> bool {
        self.0.get_mut(&name).map(|(_, put)| *put = now).is_some()
    }

    /// Removes what was put before `before`, at most `limit`; how many.
    pub fn expire(&mut self, before: Timestamp, limit: usize) -> usize {
        let old = self.0.iter().filter(|(_, (_, put))| *put < before).map(|(name, _)| *name);
        let old: Vec<DataRef> = old.take(limit).collect();
        old.iter().for_each(|name| drop(self.0.remove(name)));
        old.len()
    }

    /// Every name, in order.
    pub fn names(&self) -> impl Iterator<Item = DataRef> {
        self.0.keys().copied()
    }

    /// Loses what lies under `name`, or leaves something else there: for tests.
    pub fn replace(&mut self, name: DataRef, content: Option<Bytes>) {
        match (content, self.0.get_mut(&name)) {
            (Some(content), Some((kept, _))) => *kept = content,
            (Some(content), None) => drop(self.0.insert(name, (content, Timestamp::EPOCH))),
            (None, _) => drop(self.0.remove(&name)),
        }
    }
}

/// A [`Shelf`] behind the port: gone with the process.
#[derive(Debug, Default)]
pub struct Memory(Mutex<Shelf>);

impl Memory {
    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Blobs for Memory {
    fn put(&self, blob: Blob, now: Timestamp) -> Boxed<'_, Result<(), Outage>> {
        self.shelf().put(&blob, now);
        Box::pin(ready(Ok(())))
    }

    fn get(&self, name: DataRef) -> Boxed<'_, Result<Option<Bytes>, Outage>> {
        Box::pin(ready(Ok(self.shelf().get(name))))
    }

    fn renew(&self, name: DataRef, now: Timestamp) -> Boxed<'_, Result<bool, Outage>> {
        Box::pin(ready(Ok(self.shelf().renew(name, now))))
    }

    fn expire(&self, before: Timestamp, limit: usize) -> Boxed<'_, Result<usize, Outage>> {
        Box::pin(ready(Ok(self.shelf().expire(before, limit))))
    }
}
