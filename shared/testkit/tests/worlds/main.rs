//! The simulator itself, on a toy shop.

#[cfg(test)]
mod table;
#[cfg(test)]
mod toy;

use std::collections::{BTreeMap, BTreeSet};

use runtime::Bug;
use testkit::{Ending, Plan, World};

/// Worlds per test: enough for every kind of fault, few enough for an unoptimised build.
const SEEDS: u64 = 120;

fn play(seed: u64, told: bool) -> Ending {
    let plan = Plan::swarm(seed);
    let shop = toy::shop(&plan, None);
    World::new(plan, shop, told).run()
}

#[test]
fn a_calm_world_comes_to_rest_and_all_is_well() {
    let ending = World::new(Plan::calm(1), toy::shop(&Plan::calm(1), None), false).run();
    assert_eq!(ending.violations, Vec::<String>::new());
    assert!(ending.steps > 50, "only {} steps", ending.steps);
}

#[test]
fn whatever_goes_wrong_the_toy_shop_keeps_its_books() {
    let mut faults = BTreeMap::<&str, u64>::new();
    let mut points = BTreeSet::new();
    for seed in 0..SEEDS {
        let ending = play(seed, false);
        assert_eq!(ending.violations, Vec::<String>::new(), "seed {seed}");
        for (name, count) in ending.faults {
            *faults.entry(name).or_default() += count;
        }
        points.extend(ending.crash_points);
    }
    let never: Vec<_> = faults.iter().filter(|(_, count)| **count == 0).collect();
    assert!(never.is_empty(), "{never:?}");
    assert!(points.len() >= 50, "{} crash points", points.len());
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    for seed in 0..10 {
        let (once, twice) = (play(seed, true), play(seed, true));
        assert_eq!(once.lines, twice.lines, "seed {seed}");
        assert_eq!((once.hash, once.steps), (twice.hash, twice.steps), "seed {seed}");
        assert_eq!(once.hash, play(seed, false).hash, "seed {seed}: telling changes what happens");
    }
    assert_ne!(play(1, false).hash, play(2, false).hash);
}

#[test]
fn a_planted_bug_is_found() {
    let bugs = [
        Bug::AckBeforeCommit,
        Bug::PendingClearedBeforeConfirm,
        Bug::RandomOutgoingId,
        Bug::RecordWithoutEffects,
        Bug::DropReleasesAtCrash,
        Bug::LaterWithoutBound,
        Bug::RedriveToAllSubscribers,
    ];
    let is_found = |bug: Bug| {
        (0..SEEDS).any(|seed| {
            let plan = Plan::swarm(seed);
            let shop = toy::shop(&plan, Some(bug));
            !World::new(plan, shop, false).run().violations.is_empty()
        })
    };
    let missed: Vec<Bug> = bugs.into_iter().filter(|bug| !is_found(*bug)).collect();
    assert_eq!(missed, []);
}
