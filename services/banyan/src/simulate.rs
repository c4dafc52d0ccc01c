//! Every service in thousands of simulated worlds, each with faults of its own, and what must hold in all of them.

mod buyers;
mod peer;
mod shop;

use std::sync::Arc;

use contracts::Timestamp;
use runtime::Bug;
use testkit::{Campaign, Ending, Plan, Report, Scenario, World};

use shop::Shop;

/// What to simulate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// The first seed.
    pub first: u64,
    /// How many.
    pub seeds: u64,
    /// On how many threads.
    pub threads: usize,
    /// One seed in so many is run twice, and its traces compared; 0: none.
    pub twice_every: u64,
    /// A bug to plant; only builds with the feature `planted-bugs` can.
    pub bug: Option<Bug>,
}

/// One seed in so many is run twice if nobody says otherwise: each of them costs another seed in the same time.
pub const TWICE_EVERY: u64 = 4;

/// Runs every seed. With a bug planted it stops at the first seed that finds it.
pub fn run(order: &Order, now: &dyn Fn() -> Timestamp, progress: &(dyn Fn(&Report) + Sync)) -> Report {
    let campaign = Campaign {
        first: order.first,
        seeds: order.seeds,
        threads: order.threads,
        twice_every: order.twice_every,
        until_found: order.bug.is_some(),
    };
    let bug = order.bug;
    campaign.run(&|plan| scenario(plan, bug), now, progress)
}

/// Runs one seed; `told` keeps its history to read.
#[must_use]
pub fn one(seed: u64, bug: Option<Bug>, told: bool) -> Ending {
    let plan = Plan::swarm(seed);
    let scenario = scenario(&plan, bug);
    World::new(plan, scenario, told).run()
}

/// What to type to see one seed again.
#[must_use]
pub fn repro(seed: u64, bug: Option<Bug>) -> String {
    match bug {
        Some(bug) => format!("banyan simulate --seed {seed} --bug {} --trace", bug.name()),
        None => format!("banyan simulate --seed {seed} --trace"),
    }
}

fn scenario(plan: &Plan, bug: Option<Bug>) -> Arc<dyn Scenario> {
    Arc::new(Shop::new(plan, bug))
}

#[cfg(test)]
mod tests;
