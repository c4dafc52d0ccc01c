//! The Store port in front of a world.

use std::sync::Arc;

use contracts::Timestamp;

use super::dice::Fault;
use super::link::Link;
use super::world::World;
use crate::model::Picture;
use crate::{Boxed, Caps, Item, Key, Outage, Outcome, Page, Query, Row, Snapshot, Store, Unit};

/// The store of one world as one node sees it.
pub struct SimStore {
    world: Arc<World>,
    link: Link,
}

impl SimStore {
    pub(super) fn new(world: Arc<World>, link: Link) -> Self {
        Self { world, link }
    }

    /// One call there and back. Severed on the way there, it has no effect; severed on the way back, no answer.
    async fn call<T>(&self, act: impl FnOnce(&World, &Link) -> T) -> T {
        self.world.travel(&self.link, Fault::SlowStore).await;
        let answer = act(&self.world, &self.link);
        self.world.travel(&self.link, Fault::SlowStore).await;
        answer
    }
}

impl Store for SimStore {
    fn caps(&self) -> Caps {
        Caps { fused: self.world.is_fused(), ..Caps::default() }
    }

    fn read(&self, keys: Vec<Key>, now: Timestamp) -> Boxed<'_, Result<Vec<Option<Item>>, Outage>> {
        Box::pin(self.call(move |world, link| world.read(link, &keys, now)))
    }

    fn query(&self, query: Query, now: Timestamp) -> Boxed<'_, Result<Page, Outage>> {
        Box::pin(self.call(move |world, link| world.query(link, &query, now)))
    }

    fn snapshot(&self, now: Timestamp) -> Boxed<'_, Result<Box<dyn Snapshot>, Outage>> {
        Box::pin(self.call(move |world, link| {
            let picture = world.snapshot(link, now)?;
            Ok(Box::new(picture) as Box<dyn Snapshot>)
        }))
    }

    fn commit(&self, unit: Unit) -> Boxed<'_, Result<Outcome, Outage>> {
        Box::pin(self.call(move |world, link| world.commit(link, unit)))
    }
}

impl Snapshot for Picture {
    fn page(
        &mut self,
        collection: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<Row>, Outage>> {
        let rows = Self::page(self, collection, after, limit);
        Box::pin(std::future::ready(Ok(rows)))
    }
}
