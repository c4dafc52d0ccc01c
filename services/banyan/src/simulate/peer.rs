//! The simulated peers inside a simulated world: the same ledgers and the same bytes as over HTTP.

mod carrier;
mod host;
mod mailbox;
mod provider;
mod telling;

use std::sync::Arc;

use notification::simulated::PostOffice;
use payment::simulated::Provider;
use shipping::simulated::Depot;
use testkit::{Caller, Life};

pub(super) use host::{Host, Wire};
pub(super) use telling::secret;

use crate::audit::Books;
use crate::wiring;

/// The peers of one world.
#[derive(Clone)]
pub(super) struct Peers {
    pub(super) provider: Arc<Host<Provider>>,
    pub(super) carrier: Arc<Host<Depot>>,
    pub(super) mailbox: Arc<Host<PostOffice>>,
}

impl Peers {
    pub(super) fn new(seed: u64) -> Self {
        Self { provider: Host::new(seed), carrier: Host::new(seed), mailbox: Host::new(seed) }
    }

    /// The ways of one process to them.
    pub(super) fn reach(&self, life: &Life) -> wiring::Peers {
        wiring::Peers {
            gateway: Arc::new(Wire::new(&self.provider, life)),
            carrier: Arc::new(Wire::new(&self.carrier, life)),
            mailbox: Arc::new(Wire::new(&self.mailbox, life)),
        }
    }

    /// From now on `caller` carries what they tell.
    pub(super) fn hire(&self, caller: &Caller) {
        self.provider.hire(caller);
        self.carrier.hire(caller);
    }

    /// From now on every call is answered.
    pub(super) fn calm(&self) {
        self.provider.calm();
        self.carrier.calm();
        self.mailbox.calm();
    }

    /// What went wrong, by name.
    pub(super) fn faults(&self) -> Vec<(&'static str, u64)> {
        [self.provider.faults(), self.carrier.faults(), self.mailbox.faults()].concat()
    }

    /// What the peers' own ledgers say.
    pub(super) fn books(&self) -> Books {
        let mut books = Books::default();
        self.provider.with(|provider| books.provider(provider.journal()));
        self.carrier.with(|carrier| books.carrier(carrier.journal()));
        self.mailbox.with(|mailbox| books.mailbox(mailbox.journal()));
        books
    }

    /// Keys under which a peer did more than one thing.
    pub(super) fn keys_used_twice(&self) -> Vec<String> {
        [self.provider.keys_used_twice(), self.carrier.keys_used_twice(), self.mailbox.keys_used_twice()]
            .concat()
    }

    /// The customer acts on the provider's page.
    pub(super) fn act(&self, caller: &Caller, action_url: &str, outcome: &str) {
        self.provider.act(caller.now(), action_url, outcome);
    }
}
