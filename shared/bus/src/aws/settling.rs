//! Settling, in tens: deleting what is done with, and saying how long others are kept away from the rest.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{oneshot, watch};

use super::account::Fault;
use super::failure::{Failed, Sort, jitter, sort};
use super::lane::{Bounds, Call, Lane, Step};
use super::settings::Settings;
use super::topology::Topology;
use crate::World;

/// Calls that delete, under way at once for one queue.
const DELETES: usize = 4;
/// One after another, so that what is given back is not kept by a heartbeat that was on its way.
const CHANGES: usize = 1;
/// How long a call that was refused in part waits before it ends, and what was refused goes again.
const AGAIN_PAUSE: Duration = Duration::from_millis(100);

/// What became of a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lease {
    /// As it was asked for; or perhaps not, as nobody answered.
    Kept,
    /// The queue no longer knows this delivery.
    Lost,
}

/// Settles the messages of one queue.
pub(super) struct Settling {
    deletes: Lane<Arc<str>, ()>,
    changes: Lane<(Arc<str>, i32), Lease>,
}

/// What a lane needs to make its calls.
#[derive(Clone)]
struct Way {
    queue: Arc<str>,
    name: Arc<str>,
    topology: Arc<Topology>,
    world: Arc<dyn World>,
}

impl Settling {
    pub(super) fn start(
        queue: &Arc<str>,
        settings: &Settings,
        topology: &Arc<Topology>,
        world: &Arc<dyn World>,
        closing: &watch::Receiver<bool>,
    ) -> Self {
        let name = settings.queue(queue).into();
        let way = Way { queue: queue.clone(), name, topology: topology.clone(), world: world.clone() };
        let bounds = |calls| Bounds { bytes: usize::MAX, calls, linger: settings.linger };
        let deleting = way.clone();
        let delete: Call<Arc<str>, ()> = Box::new(move |batch| {
            let way = deleting.clone();
            Box::pin(async move { way.delete(&batch).await })
        });
        let change: Call<(Arc<str>, i32), Lease> = Box::new(move |batch| {
            let way = way.clone();
            Box::pin(async move { way.change(&batch).await })
        });
        let started = |what: &str| format!("aws.{what}.{queue}");
        Self {
            deletes: Lane::start(started("delete"), bounds(DELETES), delete, world, closing.clone()),
            changes: Lane::start(started("change"), bounds(CHANGES), change, world, closing.clone()),
        }
    }

    /// The message is done with.
    pub(super) fn delete(&self, receipt: Arc<str>) -> oneshot::Receiver<()> {
        self.deletes.put(receipt, 0)
    }

    /// Others see the message so many seconds from now.
    pub(super) fn change(&self, receipt: Arc<str>, seconds: i32) -> oneshot::Receiver<Lease> {
        self.changes.put((receipt, seconds), 0)
    }
}

impl Way {
    async fn delete(&self, batch: &[Arc<str>]) -> Vec<Step<()>> {
        let deleted = match self.url().await {
            Ok(url) => self.topology.account.delete(&self.name, &url, batch).await,
            Err(failed) => Err(failed),
        };
        self.steps(batch.len(), deleted, (), ()).await
    }

    async fn change(&self, batch: &[(Arc<str>, i32)]) -> Vec<Step<Lease>> {
        let changed = match self.url().await {
            Ok(url) => self.topology.account.change(&self.name, &url, batch).await,
            Err(failed) => Err(failed),
        };
        self.steps(batch.len(), changed, Lease::Kept, Lease::Lost).await
    }

    async fn url(&self) -> Result<String, Failed> {
        self.topology.url(&self.queue).await?.ok_or_else(|| Failed::no_queue(&self.name))
    }

    /// What to answer for each of `n`: `done`, or `gone` when the queue does not know the delivery. What nobody answered for is
    /// `done` as well: it comes again, if it does, and nobody can do anything about it.
    async fn steps<A: Copy>(
        &self,
        n: usize,
        answer: Result<Vec<Result<(), Fault>>, Failed>,
        done: A,
        gone: A,
    ) -> Vec<Step<A>> {
        let each = match answer {
            Ok(each) => each,
            Err(failed) => {
                if failed.sort == Sort::Missing {
                    self.topology.forget(&self.queue);
                }
                tracing::warn!(outage = %failed.outage, messages = n, "not settled: they come again");
                return (0..n).map(|_| Step::Done(done)).collect();
            }
        };
        let step = |settled: Result<(), Fault>| match settled {
            Ok(()) => Step::Done(done),
            Err(fault) if fault.is_senders && sort(&fault.code) == Sort::Invalid => Step::Done(gone),
            Err(_) => Step::Again(done),
        };
        let steps: Vec<Step<A>> = each.into_iter().map(step).collect();
        if steps.iter().any(|step| matches!(step, Step::Again(_))) {
            self.world.sleep(jitter(&*self.world, AGAIN_PAUSE)).await;
        }
        steps
    }
}
