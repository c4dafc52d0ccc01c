//! What all loops of one service share.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed};

use bus::Bus;
use store::{Blobs, Store, StoredRecord};
use tokio::sync::{Notify, RwLock, mpsc, watch};

use crate::claim::Claims;
use crate::due;
use crate::env::Env;
use crate::gate::Gate;
use crate::health::Health;
use crate::peers::Peers;
use crate::policy::{Policy, RELAY_BACKLOG};
use crate::quirk::Quirks;
use crate::relay::Sent;
use crate::returned::Returned;
use crate::service::Service;

/// The adapters that a service runs on.
#[derive(Clone)]
pub struct Ports {
    /// Documents, counters, units of work.
    pub store: Arc<dyn Store>,
    /// Messages.
    pub bus: Arc<dyn Bus>,
    /// Data that is too large for a message.
    pub blobs: Arc<dyn Blobs>,
    /// Time, tasks, randomness.
    pub env: Env,
    /// Planted bugs.
    pub quirks: Quirks,
}

pub(crate) struct Core {
    pub(crate) service: Service,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) bus: Arc<dyn Bus>,
    pub(crate) claims: Claims,
    pub(crate) env: Env,
    pub(crate) quirks: Quirks,
    pub(crate) policy: Policy,
    pub(crate) fused: bool,
    pub(crate) queue: Arc<str>,
    /// Types that somebody in the topology handles: one that is not ours is ignored, an unknown one waits.
    pub(crate) known_types: BTreeSet<String>,
    pub(crate) names: Names,
    /// Held to write by a message that may crash the process, to read by all others: a crasher runs alone.
    pub(crate) alone: RwLock<()>,
    /// Whether the process is to stop.
    draining: watch::Receiver<bool>,
    pub(crate) gate: Gate,
    pub(crate) peers: Peers,
    pub(crate) returned: Returned,
    pub(crate) health: Arc<Health>,
    pub(crate) relay: mpsc::Sender<Sent>,
    /// Rounds of which the bus confirmed something.
    pub(crate) confirmed: AtomicU64,
    pub(crate) sweep: Notify,
    /// Something happened since the sweeper looked.
    pub(crate) is_stirred: AtomicBool,
    /// The sweeper rests for longer than while there is work.
    pub(crate) is_dozing: AtomicBool,
    /// When the next row is due, as the sweeper last saw it, in microseconds.
    pub(crate) next_due: AtomicI64,
    /// A request came since the backlog was looked at.
    pub(crate) is_asked: AtomicBool,
    /// The fullest queue's waiting messages, as last looked at: requests are refused by it.
    pub(crate) backlog: AtomicU64,
    pub(crate) stats: crate::stats::Stats,
}

/// The collections that the runtime keeps for a service.
pub(crate) struct Names {
    pub(crate) record: String,
    pub(crate) request: String,
    pub(crate) due: String,
    pub(crate) start: String,
}

impl Core {
    /// A service on its ports, and what its relay will take.
    pub(crate) fn new(
        service: Service,
        ports: &Ports,
        policy: Policy,
        known_types: BTreeSet<String>,
        (health, draining): (Arc<Health>, watch::Receiver<bool>),
    ) -> (Arc<Self>, mpsc::Receiver<Sent>) {
        let (relay, sent) = mpsc::channel(RELAY_BACKLOG);
        let name = service.name();
        let core = Self {
            store: ports.store.clone(),
            bus: ports.bus.clone(),
            claims: Claims::new(ports),
            env: ports.env.clone(),
            quirks: ports.quirks,
            policy,
            fused: ports.store.caps().fused,
            queue: Arc::from(name),
            known_types,
            names: Names {
                record: format!("{name}.record"),
                request: format!("{name}.request"),
                due: due::collection(name).into_owned(),
                start: format!("{name}.start"),
            },
            alone: RwLock::new(()),
            draining,
            gate: Gate::default(),
            peers: Peers::default(),
            returned: Returned::default(),
            health,
            relay,
            confirmed: AtomicU64::new(0),
            sweep: Notify::new(),
            is_stirred: AtomicBool::new(false),
            is_dozing: AtomicBool::new(false),
            next_due: AtomicI64::new(i64::MAX),
            is_asked: AtomicBool::new(true),
            backlog: AtomicU64::new(0),
            stats: crate::stats::Stats::default(),
            service,
        };
        (Arc::new(core), sent)
    }

    /// Ends when the process is to stop.
    pub(crate) async fn asked_to_stop(&self) {
        // An error is the end of the node, which asks for the same.
        self.draining.clone().wait_for(|&draining| draining).await.ok();
    }

    /// Something was done, after which there may be something to sweep.
    pub(crate) fn stir(&self) {
        self.is_stirred.store(true, Relaxed);
        if self.is_dozing.swap(false, Relaxed) {
            self.sweep.notify_one();
        }
    }

    /// The stored record under `key`, if there is one.
    pub(crate) async fn record(&self, key: store::Key) -> Result<Option<StoredRecord>, crate::fail::Fail> {
        let found = self.store.read(vec![key], self.env.now()).await?;
        let Some(item) = found.into_iter().next().flatten() else { return Ok(None) };
        StoredRecord::decode(&item.body).map(Some).map_err(|error| crate::fail::Fail::Permanent {
            reason: "a stored record cannot be read".to_owned(),
            source: Some(error.into()),
        })
    }
}
