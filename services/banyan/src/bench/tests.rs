use store::sqlite::Tally;

use super::journey::OpenLoop;
use super::*;

fn run(units_per_s: u64) -> Run {
    let tally = Tally { rows: 4 * units_per_s, bytes: 900 * units_per_s };
    Run { units: units_per_s, groups: units_per_s / 100, fsyncs: 10, took: Duration::from_secs(1), tally }
}

fn grouping(single_units_per_s: f64, gain: f64) -> Grouping {
    Grouping { in_flight: 64, units_per_s: 9_000.0, fsyncs_per_unit: 0.02, single_units_per_s, gain }
}

fn journey() -> Journey {
    Journey { resident_mib: Some(50.0), ready_empty_ms: 90.0, ready_full_ms: 200.0, ..Journey::default() }
}

#[test]
fn the_ratio_is_the_median_of_the_rounds_and_the_first_goal() {
    let turns = [(run(1_000), run(900)), (run(1_000), run(100)), (run(2_000), run(1_900))];
    let report = report(&turns, grouping(500.0, 18.0), journey());
    assert_eq!((report.ratio, report.goal, report.ok), (0.9, 0.8, true));
    assert_eq!((report.goals[0].name, report.goals[0].value), ("ratio", 0.9));
    assert_eq!(report.ratio_spread, [0.1, 0.95]);
    assert_eq!((report.rows_per_unit.bare, report.bytes_per_unit.runtime), (4.0, 900.0));
}

#[test]
fn any_goal_that_is_missed_fails_the_whole() {
    let missed = |grouping: Grouping, journey: Journey, ratio: f64| -> Vec<&'static str> {
        goals(ratio, &grouping, &journey).iter().filter(|goal| !goal.ok).map(|goal| goal.name).collect()
    };
    let good = grouping(500.0, 18.0);
    assert_eq!(missed(good, journey(), 0.8), Vec::<&str>::new());
    assert_eq!(missed(good, journey(), 0.79), ["ratio"]);
    assert_eq!(missed(Grouping { fsyncs_per_unit: 0.04, ..good }, journey(), 0.9), ["fsyncs_per_unit"]);
    assert_eq!(missed(good, Journey { resident_mib: Some(72.5), ..journey() }, 0.9), ["resident_mib"]);
    assert_eq!(missed(good, Journey { ready_empty_ms: 1_001.0, ..journey() }, 0.9), ["ready_empty_ms"]);
    assert_eq!(missed(good, Journey { ready_full_ms: 1_001.0, ..journey() }, 0.9), ["ready_full_ms"]);
    let late = OpenLoop { p99_ms: 12.5, fsync_p99_ms: 1.0, ..OpenLoop::default() };
    let late = Journey { durable_hops: 6, open_loop: late, ..journey() };
    assert_eq!(missed(good, late, 0.9), ["confirmed_p99_ms"]);
    let mut slow = report(&[(run(1_000), run(900))], grouping(399.0, 29.0), journey());
    assert!(!slow.ok, "{:?}", slow.goals);
    slow.goals.retain(|goal| goal.name != "group_commit_gain");
    assert!(slow.goals.iter().all(|goal| goal.ok), "{:?}", slow.goals);
}
