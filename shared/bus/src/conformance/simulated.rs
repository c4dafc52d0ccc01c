//! The simulated bus as a subject: it can be brought into every situation that its manners know.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use store::sim::{Fault, JumpingTime, Link, Manners, SimTime, World};

use super::{Hook, Node, Subject};
use crate::Boxed;
use crate::sim::SimBus;

/// A world as a subject, run by a [`JumpingTime`].
pub struct Simulated {
    inner: store::conformance::Simulated,
    links: Mutex<Vec<Link>>,
}

impl Simulated {
    /// A world that answers at once and never fails.
    #[must_use]
    pub fn calm(fused: bool, manners: Manners) -> Self {
        Self { inner: store::conformance::Simulated::calm(fused, manners), links: Mutex::default() }
    }

    /// A world in which calls overtake each other.
    #[must_use]
    pub fn slow(seed: u64, fused: bool, manners: Manners) -> Self {
        Self { inner: store::conformance::Simulated::slow(seed, fused, manners), links: Mutex::default() }
    }

    /// The latest world.
    #[must_use]
    pub fn world(&self) -> Arc<World> {
        self.inner.world()
    }

    /// All processes so far are gone, without a word.
    pub fn vanish(&self) {
        let world = self.world();
        self.links().drain(..).for_each(|link| world.sever(&link));
    }

    /// Runs the cases.
    #[must_use]
    pub fn time(&self) -> &JumpingTime {
        &self.inner.time
    }

    fn links(&self) -> std::sync::MutexGuard<'_, Vec<Link>> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn node(&self) -> Node {
        let world = self.inner.world();
        let link = world.link();
        self.links().push(link.clone());
        Node {
            bus: SimBus::handle(&world, &link),
            // A look that takes nothing is more than the others have.
            peek: (world.manners() == Manners::Embedded).then(|| SimBus::peek_handle(&world, &link)),
            fused: world.is_fused().then(|| world.store(&link)),
        }
    }

    fn force(&self, fault: Fault) -> bool {
        let world = self.inner.world();
        let knows = world.manners().have(fault);
        if knows {
            world.force(fault);
        }
        knows
    }
}

impl Subject for Simulated {
    fn fresh(&self) -> Boxed<'_, Node> {
        self.inner.renew();
        self.links().clear();
        Box::pin(std::future::ready(self.node()))
    }

    fn second(&self) -> Boxed<'_, Option<Node>> {
        Box::pin(std::future::ready(Some(self.node())))
    }

    fn reopen(&self) -> Boxed<'_, Option<Node>> {
        self.vanish();
        Box::pin(std::future::ready(Some(self.node())))
    }

    fn hook(&self, hook: Hook) -> bool {
        let world = self.inner.world();
        match hook {
            Hook::LosePublishReplySent => self.force(Fault::PublishUnknownSent),
            Hook::LosePublishReplyLost => self.force(Fault::PublishUnknownLost),
            Hook::LoseSettlement => self.force(Fault::SettleLost),
            Hook::LoseReceived => self.force(Fault::ReceiveLost),
            Hook::LoseCommitReply => self.force(Fault::UnknownApplied),
            Hook::EndLeases => {
                self.links().iter().for_each(|link| world.stall(link));
                true
            }
            Hook::Down(down) => {
                world.fail_bus(if down { Duration::from_secs(86_400) } else { Duration::ZERO });
                true
            }
        }
    }

    fn patience(&self) -> Boxed<'_, ()> {
        // Longer than any lease outlives its holder, and than any call is slow.
        self.inner.time.sleep(Duration::from_secs(120))
    }
}
