//! `banyan bench aws`: how many calls a message takes, which is what SNS and SQS cost; and how many nothing takes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use aws_config::SdkConfig;
use bus::aws::calls::Calls;
use bus::aws::{Settings, SnsSqs};
use bus::{Bus, Wiring};
use runtime::{Env, Service};
use serde::Serialize;

use super::goal::{Goal, rounded};
use super::ground::{Memory, Watched};
use super::{build, load};
use crate::backends::sweep_at_most;
use crate::config::BusKind;
use crate::output::Output;
use crate::peer::Addresses;
use crate::wiring::{self, Options};

/// Calls, of as few as there can be with ten messages in each.
const RATIO: f64 = 1.10;
/// Entries that one call carries at most: SNS and SQS.
const ENTRIES: u64 = 10;
/// Calls that a message takes at least: published, received, deleted.
const STEPS: u64 = 3;
/// Calls for a queue, and looks into an index, while nothing happens, in twenty seconds: the longest poll.
const IDLE: f64 = 1.0;
const IDLE_S: f64 = 20.0;
/// List prices of a million requests in us-east-1, in US dollars: docs/bench.md has their source and date.
const SNS_USD: f64 = 0.50;
const SQS_USD: f64 = 0.40;

/// What to measure.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Messages that are published; each makes another one.
    pub messages: u64,
    /// How long nothing happens.
    pub idle_for: Duration,
    /// How long the services have been at rest before that is measured.
    pub settle_for: Duration,
}

/// The answer. The names stay.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// What was measured.
    pub name: &'static str,
    /// The first goal's value.
    pub ratio: f64,
    /// The first goal.
    pub goal: f64,
    /// Whether all goals were met.
    pub ok: bool,
    /// Everything that is demanded.
    pub goals: Vec<Goal>,
    /// `release`, or `debug`; the counts are the same.
    pub build: &'static str,
    /// Messages that were published, received and deleted.
    pub messages: u64,
    /// Calls for one of them.
    pub calls_per_message: f64,
    /// The fewest that there can be.
    pub floor_per_message: f64,
    /// US dollars for the calls of a million messages.
    pub usd_per_million: f64,
    /// All calls while messages were on their way, by operation and queue.
    pub calls: BTreeMap<String, u64>,
    /// How long nothing happened.
    pub idle_seconds: f64,
    /// Calls meanwhile.
    pub idle_calls: BTreeMap<String, u64>,
    /// Looks into an index meanwhile.
    pub idle_looks: BTreeMap<String, u64>,
    /// US dollars for the calls of thirty days in which nothing happens.
    pub idle_usd_per_month: f64,
}

/// Measures in the account of `account`, in topics and queues of its own that are gone afterwards.
///
/// # Errors
/// The account cannot be used, or something does not end.
pub async fn run(account: &SdkConfig, plan: Plan, env: &Env, output: Output) -> Result<Report> {
    let bench = Bench { account, env };
    output.note(format!("{} messages through two services ...", plan.messages));
    let (calls, messages) = bench.apart(|bus, calls| bench.busy(bus, calls, plan.messages)).await?;
    output.note(format!("nothing, for {} s ...", (plan.settle_for + plan.idle_for).as_secs()));
    let (idle_calls, idle_looks) = bench.apart(|bus, calls| bench.idle(bus, calls, plan)).await?;
    Ok(report(calls, messages, idle_calls, idle_looks, plan.idle_for.as_secs_f64()))
}

type Counts = BTreeMap<String, u64>;

struct Bench<'b> {
    account: &'b SdkConfig,
    env: &'b Env,
}

impl Bench<'_> {
    /// `work` on a bus whose calls are counted and whose topics and queues nobody else has.
    async fn apart<T, W: Future<Output = Result<T>>>(
        &self,
        work: impl FnOnce(Arc<SnsSqs>, Calls) -> W,
    ) -> Result<T> {
        let calls = Calls::default();
        let client = calls.count(bus::aws::http_client());
        let account = self.account.to_builder().http_client(client).build();
        let prefix = format!("bench-{:016x}-", self.env.nonce().0);
        let settings = Settings { prefix, ..Settings::default() };
        let bus = Arc::new(SnsSqs::new(&account, settings, Arc::new(self.env.clone())));
        let done = work(bus.clone(), calls).await;
        let demolished = bus.demolish(Wiring::default()).await;
        bus.close().await;
        let done = done?;
        demolished.context("topics and queues that begin with bench- are left")?;
        Ok(done)
    }

    async fn start(
        &self,
        bus: &Arc<SnsSqs>,
        (services, wiring): (Vec<Service>, Wiring),
    ) -> Result<(runtime::Node, Arc<Watched>)> {
        let store = Arc::new(Watched::new(Arc::new(Memory::default())));
        let policy =
            runtime::Policy { sweep_at_most: sweep_at_most(BusKind::Aws), ..runtime::Policy::default() };
        let node =
            load::apart::node(services, wiring, (store.clone(), bus.clone()), (self.env, policy)).await?;
        Ok((node, store))
    }

    /// Each message is published, received and deleted, and the first service's own messages too.
    async fn busy(&self, bus: Arc<SnsSqs>, calls: Calls, messages: u64) -> Result<(Counts, u64)> {
        bus.declare(load::wiring()).await?;
        let before = calls.so_far();
        load::publish(bus.as_ref(), &load::messages(messages)?, super::in_flight()).await?;
        let (node, store) = self.start(&bus, (load::services(), load::wiring())).await?;
        // Declaring once more is part of a start, not of a message.
        let units = messages * load::UNITS_PER_MESSAGE;
        super::until(self.env, || store.done() == (units, messages)).await?;
        node.drain().await;
        let handled: u64 = node.counts().iter().map(|(_, counts)| counts.handled).sum();
        let travelled = since(&before, &calls.so_far()).into_iter().filter(|(name, _)| is_traffic(name));
        if handled != units {
            bail!("{handled} messages were handled, of {units}");
        }
        Ok((travelled.collect(), handled))
    }

    /// All services, and nothing to do.
    async fn idle(&self, bus: Arc<SnsSqs>, calls: Calls, plan: Plan) -> Result<(Counts, Counts)> {
        // Nobody is asked anything.
        let nobody = || "http://127.0.0.1:1".to_owned();
        let nobody = Addresses { provider: nobody(), carrier: nobody(), mailbox: nobody() };
        let services = wiring::services(nobody.reach()?, Options::default());
        let (node, store) = self.start(&bus, (services, wiring::wiring())).await?;
        self.env.clock.sleep(plan.settle_for).await;
        let (calls_before, looks_before) = (calls.so_far(), store.looks());
        self.env.clock.sleep(plan.idle_for).await;
        let counted = (since(&calls_before, &calls.so_far()), since(&looks_before, &store.looks()));
        node.drain().await;
        Ok(counted)
    }
}

/// Whether a message takes this call; others are made when a process starts, or are about the queue, not the message.
fn is_traffic(name: &str) -> bool {
    let operation = name.split(' ').next().unwrap_or_default();
    ["Publish", "Send", "Receive", "Delete", "Change"].iter().any(|verb| operation.starts_with(verb))
}

fn since(before: &Counts, after: &Counts) -> Counts {
    let more =
        |(name, count): (&String, &u64)| (name.clone(), count - before.get(name).copied().unwrap_or(0));
    after.iter().map(more).filter(|(_, count)| *count > 0).collect()
}

fn usd(calls: &Counts) -> f64 {
    let price = |name: &str| if name.starts_with("Publish") { SNS_USD } else { SQS_USD };
    calls.iter().map(|(name, count)| *count as f64 * price(name) / 1e6).sum()
}

fn report(calls: Counts, messages: u64, idle_calls: Counts, idle_looks: Counts, idle_seconds: f64) -> Report {
    let all: u64 = calls.values().sum();
    let (calls_per_message, floor) = (all as f64 / messages.max(1) as f64, STEPS as f64 / ENTRIES as f64);
    let ratio = calls_per_message / floor;
    // By queue, whatever is asked of it.
    let mut by_queue: BTreeMap<&str, u64> = BTreeMap::new();
    for (name, count) in &idle_calls {
        *by_queue.entry(name.rsplit(' ').next().unwrap_or_default()).or_default() += count;
    }
    let most = |counts: &mut dyn Iterator<Item = u64>| {
        counts.max().unwrap_or(0) as f64 * IDLE_S / idle_seconds.max(1e-9)
    };
    let goals = vec![
        Goal::at_most("ratio", ratio, RATIO),
        Goal::at_most("idle_calls_per_queue_in_20_s", most(&mut by_queue.values().copied()), IDLE),
        Goal::at_most("idle_looks_per_index_in_20_s", most(&mut idle_looks.values().copied()), IDLE),
    ];
    Report {
        name: "aws",
        ratio: rounded(ratio),
        goal: RATIO,
        ok: goals.iter().all(|goal| goal.ok),
        goals,
        build: build(),
        messages,
        calls_per_message: rounded(calls_per_message),
        floor_per_message: floor,
        usd_per_million: rounded(usd(&calls) / messages.max(1) as f64 * 1e6),
        calls,
        idle_seconds,
        idle_usd_per_month: rounded(usd(&idle_calls) / idle_seconds.max(1e-9) * 30.0 * 86_400.0),
        idle_calls,
        idle_looks,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(all: &[(&str, u64)]) -> Counts {
        all.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
    }

    #[test]
    fn calls_are_held_against_ten_messages_in_each_and_cost_what_is_listed() {
        let busy = counts(&[("PublishBatch", 100), ("ReceiveMessage q", 100), ("DeleteMessageBatch q", 100)]);
        let quiet = report(
            busy.clone(),
            1_000,
            counts(&[("ReceiveMessage q", 3)]),
            counts(&[("x.due due", 3)]),
            60.0,
        );
        assert!(quiet.ok && quiet.ratio == 1.0 && quiet.usd_per_million == 0.13, "{quiet:?}");
        let loud = counts(&[("ReceiveMessage q", 3), ("GetQueueAttributes q", 1)]);
        let loud = report(counts(&[("PublishBatch", 331)]), 1_000, loud, counts(&[("x.due due", 4)]), 60.0);
        assert!(loud.goals.iter().all(|goal| !goal.ok), "{loud:?}");
        assert_eq!(usd(&counts(&[("PublishBatch", 1_000_000), ("ReceiveMessage q", 1_000_000)])), 0.90);
    }

    #[test]
    fn what_is_asked_once_is_no_traffic() {
        let calls =
            ["PublishBatch", "ReceiveMessage q", "DeleteMessageBatch q", "ChangeMessageVisibilityBatch q"];
        assert!(calls.into_iter().all(is_traffic));
        let calls = ["GetQueueAttributes q", "ListSubscriptionsByTopic", "CreateTopic"];
        assert!(!calls.into_iter().any(is_traffic));
    }
}
