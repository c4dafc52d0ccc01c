//! The simulated store as a subject: it can be brought into every situation.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::{Hook, Subject};
use crate::sim::{Fault, JumpingTime, Manners, Rates, Setup, SimTime, World};
use crate::{Boxed, OutageKind, Store};

/// A world as a subject, run by a [`JumpingTime`].
pub struct Simulated {
    /// Runs the cases.
    pub time: JumpingTime,
    setup: Setup,
    world: Mutex<Option<Arc<World>>>,
}

impl Simulated {
    /// A world that answers at once and never fails.
    #[must_use]
    pub fn calm(fused: bool, manners: Manners) -> Self {
        Self::of(Setup { seed: 0, rates: Rates::NONE, fused, manners })
    }

    /// A world in which calls overtake each other and indexes stay behind.
    #[must_use]
    pub fn slow(seed: u64, fused: bool, manners: Manners) -> Self {
        let mut rates = Rates::NONE;
        rates.set(Fault::SlowStore, 100_000);
        rates.set(Fault::SlowBus, 100_000);
        rates.set(Fault::StaleIndex, 500_000);
        Self::of(Setup { seed, rates, fused, manners })
    }

    fn of(setup: Setup) -> Self {
        Self { time: JumpingTime::default(), setup, world: Mutex::default() }
    }

    /// The latest world; an empty one if there was none.
    pub fn world(&self) -> Arc<World> {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        world.get_or_insert_with(|| World::new(Arc::new(self.time.clone()), &self.setup)).clone()
    }

    /// Forgets the latest world, so that the next one is empty.
    pub fn renew(&self) {
        *self.world.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Lets everything under way arrive.
    pub async fn rest(&self) {
        // Longer than anything is late or stale.
        self.time.sleep(Duration::from_secs(120)).await;
    }
}

impl Subject for Simulated {
    fn fresh(&self) -> Boxed<'_, Arc<dyn Store>> {
        self.renew();
        let world = self.world();
        Box::pin(async move { world.store(&world.link()) })
    }

    fn reopen(&self) -> Boxed<'_, Option<Arc<dyn Store>>> {
        let world = self.world();
        Box::pin(async move { Some(world.store(&world.link())) })
    }

    fn hook(&self, hook: Hook) -> bool {
        let world = self.world();
        let a_day = Duration::from_secs(86_400);
        match hook {
            Hook::Full(true) => world.fail_store(OutageKind::Full, a_day),
            Hook::Full(false) => world.fail_store(OutageKind::Full, Duration::ZERO),
            Hook::FailIoOnce => world.force(Fault::Broken),
            Hook::LoseReplyApplied => world.force(Fault::UnknownApplied),
            Hook::LoseReplyLost => world.force(Fault::UnknownLost),
            Hook::LoseReplyLate => world.force(Fault::UnknownLate),
            Hook::HoldIndexes(hold) => world.hold_indexes(hold),
        }
        true
    }

    fn settle(&self) -> Boxed<'_, ()> {
        Box::pin(self.rest())
    }
}
