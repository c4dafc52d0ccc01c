//! Many seeds on several threads, one director each, and what came of them all.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use contracts::Timestamp;
use serde::{Deserialize, Serialize};

use crate::faults::Plan;
use crate::scenario::Scenario;
use crate::world::{Ending, World};

/// What to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Campaign {
    /// The first seed.
    pub first: u64,
    /// How many, one after another.
    pub seeds: u64,
    /// On how many threads.
    pub threads: usize,
    /// Every so many seeds one is run twice and its traces compared; 1 = each, 0 = none.
    pub twice_every: u64,
    /// Stop at the first seed that fails.
    pub until_found: bool,
}

/// What came of it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Seeds that were run.
    pub seeds: u64,
    /// Seeds in which something did not hold.
    pub violations: u64,
    /// How often each kind of fault was injected.
    pub faults: BTreeMap<String, u64>,
    /// How things ended, by name.
    pub ends: BTreeMap<String, u64>,
    /// Which service published which type of event, in any of them.
    pub said: BTreeSet<(String, String)>,
    /// Distinct places in which a process crashed: the name of the task, and how often it had been polled.
    pub crash_points: u64,
    /// How many seeds a second.
    pub seeds_per_s: f64,
    /// Polls of tasks.
    pub steps: u64,
    /// Seeds that were run twice; a difference is a violation.
    pub repeated: u64,
    /// Seeds that failed, lowest first, not all if they are many.
    pub failing: Vec<Failing>,
}

/// A seed that failed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failing {
    /// Which.
    pub seed: u64,
    /// What did not hold.
    pub violations: Vec<String>,
}

/// Failing seeds that a report lists; all are counted.
const LISTED: usize = 100;

/// Where the threads meet.
struct Desk<'c> {
    campaign: Campaign,
    next: AtomicU64,
    has_found: AtomicBool,
    sum: Mutex<Sum>,
    progress: &'c (dyn Fn(&Report) + Sync),
}

#[derive(Default)]
struct Sum {
    report: Report,
    points: BTreeSet<(String, u32)>,
}

impl Campaign {
    /// Runs every seed, each in a world of its own with the scenario that `make` makes; tells `progress` now and then.
    /// `now` is the clock on the wall, for the rate.
    pub fn run(
        self,
        make: &(dyn Fn(&Plan) -> Arc<dyn Scenario> + Sync),
        now: &dyn Fn() -> Timestamp,
        progress: &(dyn Fn(&Report) + Sync),
    ) -> Report {
        let desk = Desk {
            campaign: self,
            next: AtomicU64::new(self.first),
            has_found: AtomicBool::new(false),
            sum: Mutex::new(Sum::default()),
            progress,
        };
        let began = now();
        std::thread::scope(|scope| {
            for number in 1..self.threads.max(1) {
                let builder = std::thread::Builder::new().name(format!("simulate-{number}"));
                // Without another thread this one does it all.
                builder.spawn_scoped(scope, || desk.work(make)).ok();
            }
            desk.work(make);
        });
        let took = now().since(began);
        let Sum { mut report, points } = std::mem::take(&mut *desk.sum());
        report.crash_points = points.len() as u64;
        report.seeds_per_s = per_second(report.seeds, took);
        report.failing.sort_by_key(|failing| failing.seed);
        report
    }
}

impl Desk<'_> {
    fn work(&self, make: &(dyn Fn(&Plan) -> Arc<dyn Scenario> + Sync)) {
        let Campaign { first, seeds, twice_every, until_found, .. } = self.campaign;
        loop {
            let seed = self.next.fetch_add(1, Ordering::Relaxed);
            if seed >= first.saturating_add(seeds) || self.has_found.load(Ordering::Relaxed) {
                return;
            }
            let is_twice = twice_every > 0 && seed.is_multiple_of(twice_every);
            let ending = play(seed, is_twice, make);
            if until_found && !ending.violations.is_empty() {
                self.has_found.store(true, Ordering::Relaxed);
            }
            self.add(ending, is_twice);
        }
    }

    fn add(&self, ending: Ending, is_twice: bool) {
        let sum = &mut *self.sum();
        let report = &mut sum.report;
        report.seeds += 1;
        report.steps += ending.steps;
        report.repeated += u64::from(is_twice);
        add(&mut report.faults, ending.faults);
        add(&mut report.ends, ending.ends);
        report.said.extend(ending.said);
        sum.points.extend(ending.crash_points);
        report.crash_points = sum.points.len() as u64;
        if !ending.violations.is_empty() {
            report.violations += 1;
            if report.failing.len() < LISTED {
                report.failing.push(Failing { seed: ending.seed, violations: ending.violations });
            }
        }
        (self.progress)(report);
    }

    fn sum(&self) -> MutexGuard<'_, Sum> {
        self.sum.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn add(sums: &mut BTreeMap<String, u64>, counts: BTreeMap<&'static str, u64>) {
    for (name, count) in counts {
        match sums.get_mut(name) {
            Some(sum) => *sum += count,
            None => {
                sums.insert(name.to_owned(), count);
            }
        }
    }
}

/// Plays one seed, perhaps twice. A panic outside of handlers is a violation like any other.
fn play(seed: u64, is_twice: bool, make: &(dyn Fn(&Plan) -> Arc<dyn Scenario> + Sync)) -> Ending {
    let once = || {
        let plan = Plan::swarm(seed);
        let scenario = make(&plan);
        World::new(plan, scenario, false).run()
    };
    let played = std::panic::catch_unwind(AssertUnwindSafe(|| {
        let mut ending = once();
        if is_twice && once().hash != ending.hash {
            ending.violations.push("run twice, it went two ways".to_owned());
        }
        ending
    }));
    played.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
        Ending { seed, violations: vec![format!("panicked: {text}")], ..Ending::default() }
    })
}

fn per_second(seeds: u64, took: std::time::Duration) -> f64 {
    let took = took.as_secs_f64();
    if took <= 0.0 {
        return 0.0;
    }
    // Counts of seeds are far below the 2^53 that a float holds exactly; one decimal place is enough to read.
    let seeds = f64::from(u32::try_from(seeds).unwrap_or(u32::MAX));
    (seeds / took * 10.0).round() / 10.0
}
