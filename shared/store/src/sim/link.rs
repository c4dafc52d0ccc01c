//! A node's way into the world, which a crash severs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use contracts::Timestamp;

/// Tells links apart.
pub(super) type LinkId = u64;

/// What one life of a node reaches the world through. Once severed, every call over it stays without answer and
/// without effect, so whatever a dying node does is not seen. A node that starts again gets a new link.
#[derive(Debug, Clone)]
pub struct Link {
    id: LinkId,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    is_severed: AtomicBool,
    isolated_until_us: AtomicI64,
}

impl Link {
    pub(super) fn new(id: LinkId) -> Self {
        Self { id, state: Arc::default() }
    }

    pub(super) fn id(&self) -> LinkId {
        self.id
    }

    pub(super) fn sever(&self) {
        self.state.is_severed.store(true, Ordering::Relaxed);
    }

    pub(super) fn isolate(&self, until: Timestamp) {
        self.state.isolated_until_us.store(until.as_micros(), Ordering::Relaxed);
    }

    pub(super) fn is_isolated(&self, now: Timestamp) -> bool {
        now.as_micros() < self.state.isolated_until_us.load(Ordering::Relaxed)
    }

    /// Whether [`super::World::sever`] was called.
    #[must_use]
    pub fn is_severed(&self) -> bool {
        self.state.is_severed.load(Ordering::Relaxed)
    }
}
