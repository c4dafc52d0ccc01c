//! A process: services on their ports, started together and drained together.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Router;
use bus::Wiring;
use contracts::Timestamp;
use store::Outage;
use tokio::sync::{mpsc, watch};

use crate::claim::Claims;
use crate::core::{Core, Ports};
use crate::deliver::dead_queue;
use crate::edge::Edge;
use crate::fail::Fail;
use crate::health::Health;
use crate::policy::Policy;
use crate::reader::Reader;
use crate::service::{Findings, Service};
use crate::stats::Counts;
use crate::{relay, subscription, sweep};

/// Running services.
pub struct Node {
    cores: Vec<Arc<Core>>,
    health: Arc<Health>,
    drain: watch::Sender<bool>,
    /// Closed when every loop has ended.
    ended: tokio::sync::Mutex<mpsc::Receiver<()>>,
    ports: Ports,
}

impl Node {
    /// Declares the topology and starts every loop of every service.
    ///
    /// # Errors
    /// [`Outage`]: the bus did not take the declaration.
    pub async fn start(
        services: Vec<Service>,
        ports: Ports,
        policy: Policy,
        wiring: Wiring,
    ) -> Result<Self, Outage> {
        ports.bus.declare(wiring.clone()).await?;
        let known: BTreeSet<String> = wiring.subscribers.keys().map(ToString::to_string).collect();
        let (drain, draining) = watch::channel(false);
        let (alive, ended) = mpsc::channel(1);
        let health = Arc::new(Health::default());
        let mut cores = Vec::new();
        for service in services {
            let life = (health.clone(), draining.clone());
            let (core, sent) = Core::new(service, &ports, policy.clone(), known.clone(), life);
            let (at_work, working) = mpsc::channel(1);
            let held = || (alive.clone(), at_work.clone());
            spawn(&core, "take", held(), subscription::run(core.clone()));
            spawn(&core, "sweep", held(), sweep::run(core.clone()));
            if let Some(suffix) = core.bus.caps().dead_suffix {
                let queue = format!("{}{suffix}", core.queue).into();
                spawn(&core, "dead", held(), dead_queue::run(core.clone(), queue));
            }
            if !core.fused {
                spawn(&core, "relay", alive.clone(), relay::run(core.clone(), sent, all_ended(working)));
            }
            cores.push(core);
        }
        Ok(Self { cores, health, drain, ended: tokio::sync::Mutex::new(ended), ports })
    }

    /// The routes of every service, merged.
    pub fn routes(&self) -> Router {
        self.cores.iter().fold(Router::new(), |router, core| match &core.service.routes {
            Some(routes) => router.merge(routes(Edge { core: core.clone() })),
            None => router,
        })
    }

    /// The routes of one service.
    #[must_use]
    pub fn routes_of(&self, service: &str) -> Option<Router> {
        let core = self.core(service)?;
        let routes = core.service.routes.as_ref()?;
        Some(routes(Edge { core: core.clone() }))
    }

    /// Why the process should get no work: what is paused, stuck or draining. Empty = ready.
    #[must_use]
    pub fn not_ready(&self) -> Vec<String> {
        let mut reasons: Vec<String> = self
            .cores
            .iter()
            .filter_map(|core| core.gate.reason().map(|reason| format!("{}: {reason}", core.queue)))
            .collect();
        for core in &self.cores {
            let out = core.peers.reasons(self.ports.env.now()).into_iter();
            reasons.extend(out.map(|reason| format!("{}: {reason}", core.queue)));
        }
        reasons.extend(self.stuck().into_iter().map(|name| format!("{name}: has not moved for a minute")));
        if *self.drain.borrow() {
            reasons.push("draining".to_owned());
        }
        reasons
    }

    /// Loops that have not moved for a minute: the process should be restarted.
    #[must_use]
    pub fn stuck(&self) -> Vec<String> {
        self.health.stuck(self.ports.env.now())
    }

    /// What each service did since it started.
    #[must_use]
    pub fn counts(&self) -> Vec<(&'static str, Counts)> {
        self.cores.iter().map(|core| (core.service.name(), core.stats.counts())).collect()
    }

    /// Each service's audit of itself.
    ///
    /// # Errors
    /// [`Fail`]: a service could not read its own items.
    pub async fn audit(&self) -> Result<Vec<(&'static str, Findings)>, Fail> {
        let reader = Reader::new(self.ports.store.clone(), self.ports.env.clone());
        let mut found = Vec::new();
        for core in &self.cores {
            if let Some(audit) = &core.service.audit {
                found.push((core.service.name(), audit.run(&reader, self.ports.env.now()).await?));
            }
        }
        Ok(found)
    }

    /// Stops taking, gives back what has not started, finishes what has, flushes the relay.
    pub async fn drain(&self) {
        self.drain.send_replace(true);
        while self.ended.lock().await.recv().await.is_some() {}
    }

    /// What is done with messages that are too large for the bus.
    #[must_use]
    pub fn claims(&self) -> Claims {
        Claims::new(&self.ports)
    }

    /// How full each queue is.
    ///
    /// # Errors
    /// [`Outage`]: the bus does not answer.
    pub async fn queues(&self) -> Result<Vec<bus::QueueState>, Outage> {
        self.ports.bus.inspect().await
    }

    pub(crate) fn core(&self, service: &str) -> Option<&Arc<Core>> {
        self.cores.iter().find(|core| core.service.name() == service)
    }

    /// What time it is where this runs.
    pub(crate) fn now(&self) -> Timestamp {
        self.ports.env.now()
    }

    pub(crate) fn cores(&self) -> &[Arc<Core>] {
        &self.cores
    }
}

/// Runs `task`, and lets go of what is `held` when it has ended.
fn spawn(
    core: &Arc<Core>,
    what: &str,
    held: impl Send + 'static,
    task: impl Future<Output = ()> + Send + 'static,
) {
    let name = Cow::Owned(format!("{}.{what}", core.queue));
    core.env.spawn.spawn(
        name,
        Box::pin(async move {
            task.await;
            drop(held);
        }),
    );
}

/// Ends when nobody is at work any more who may still commit: the relay goes on until then.
async fn all_ended(mut working: mpsc::Receiver<()>) {
    while working.recv().await.is_some() {}
}
