//! The Blobs port in front of a world.

use std::sync::{Arc, MutexGuard};

use bytes::Bytes;
use contracts::{DataRef, Timestamp};

use super::dice::Fault;
use super::link::Link;
use super::world::{OUTAGE, State, World};
use crate::blobs::{Blob, Blobs};
use crate::{Boxed, Outage, OutageKind};

/// The blobs of one world as one node sees them.
pub struct SimBlobs {
    world: Arc<World>,
    link: Link,
}

impl SimBlobs {
    pub(super) fn new(world: Arc<World>, link: Link) -> Self {
        Self { world, link }
    }

    /// One call there and back. Severed on the way there, it has no effect; severed on the way back, no answer.
    async fn call<T>(&self, act: impl FnOnce(&World, &Link) -> T) -> T {
        self.world.travel(&self.link, Fault::SlowBlobs).await;
        let answer = act(&self.world, &self.link);
        self.world.travel(&self.link, Fault::SlowBlobs).await;
        answer
    }
}

impl Blobs for SimBlobs {
    fn put(&self, blob: Blob, now: Timestamp) -> Boxed<'_, Result<(), Outage>> {
        Box::pin(self.call(move |world, link| {
            let mut state = world.blobs_state(link)?;
            state.blobs.put(&blob, now);
            if state.dice.falls(Fault::BlobsReplyLost) {
                return Err(Outage::new(OutageKind::Unreachable, "blobs: the answer was lost"));
            }
            Ok(())
        }))
    }

    fn get(&self, name: DataRef) -> Boxed<'_, Result<Option<Bytes>, Outage>> {
        Box::pin(self.call(move |world, link| Ok(world.blobs_state(link)?.blobs.get(name))))
    }

    fn renew(&self, name: DataRef, now: Timestamp) -> Boxed<'_, Result<bool, Outage>> {
        Box::pin(self.call(move |world, link| Ok(world.blobs_state(link)?.blobs.renew(name, now))))
    }

    fn expire(&self, before: Timestamp, limit: usize) -> Boxed<'_, Result<usize, Outage>> {
        Box::pin(self.call(move |world, link| Ok(world.blobs_state(link)?.blobs.expire(before, limit))))
    }
}

impl World {
    fn blobs_state(&self, link: &Link) -> Result<MutexGuard<'_, State>, Outage> {
        let now = self.time.now();
        let mut state = self.state();
        if now >= state.blobs_down_until && state.dice.falls(Fault::BlobsDown) {
            state.blobs_down_until = now.plus(state.dice.up_to(OUTAGE));
        }
        if now < state.blobs_down_until || link.is_isolated(now) {
            return Err(Outage::new(OutageKind::Unreachable, "blobs: a simulated outage"));
        }
        Ok(state)
    }
}
