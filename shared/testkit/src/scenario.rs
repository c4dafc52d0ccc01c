//! What a simulation needs to know of the services it runs: everything else is the same for all.

use std::collections::{BTreeMap, BTreeSet};

use bus::Wiring;
use contracts::{MessageId, Timestamp};
use runtime::due::Due;
use runtime::{Emission, Findings, Quirks, Service};
use store::sim::World;
use store::{Address, Boxed};

use crate::caller::Caller;
use crate::process::Life;

/// One story: services, who talks to them, and what must hold in the end. Made anew for every seed.
pub trait Scenario: Send + Sync + 'static {
    /// Which queues there are and what they subscribe to.
    fn wiring(&self) -> Wiring;

    /// The same as the build of `life` declares it.
    fn wiring_of(&self, _life: &Life) -> Wiring {
        self.wiring()
    }

    /// In which majors the process publishes.
    fn emission(&self, _life: &Life) -> Emission {
        Emission::default()
    }

    /// The services of one process, made anew for each of its lives. Whatever reaches outside of the ports must stop
    /// with `life`.
    fn services(&self, life: &Life) -> Vec<Service>;

    /// Everyone outside: each runs until it has what it wants.
    fn callers(&self, caller: &Caller) -> Vec<Boxed<'static, ()>>;

    /// What must hold and does not, one sentence each.
    fn check(&self, settled: &Settled<'_>) -> Vec<String>;

    /// How things ended, by name: a simulation in which nothing good ever happens proves little.
    fn ends(&self, _settled: &Settled<'_>) -> Vec<(&'static str, u64)> {
        Vec::new()
    }

    /// Planted bugs.
    fn quirks(&self) -> Quirks {
        Quirks::default()
    }

    /// Nothing new goes wrong from now on.
    fn calm(&self) {}

    /// What went wrong outside of the ports, by name.
    fn faults(&self) -> Vec<(&'static str, u64)> {
        Vec::new()
    }
}

/// A world in which nothing is left to do.
pub struct Settled<'w> {
    /// What each service found when it looked at itself.
    pub audits: BTreeMap<&'static str, Findings>,
    /// Every dead letter, by service.
    pub dead: Vec<(String, Due)>,
    /// Every message that a committed unit of work sent, sweeps of the due table excepted, and where to.
    pub sent: BTreeSet<(MessageId, Address)>,
    /// The time.
    pub now: Timestamp,
    /// Store and bus.
    pub backend: &'w World,
}
