//! How peers misbehave with `--faults`: about one call in eight goes wrong somehow. And how fast parcels move.

use std::time::Duration;

use anyhow::Result;

/// The longest that a slow answer takes; whoever asks still waits for it.
const SLOW: Duration = Duration::from_millis(400);

pub(super) fn of_provider(seed: u64, faults: bool) -> Result<payment::simulated::faults::Faults> {
    use payment::simulated::faults::{Chance, Faults, Odds};
    let per_mille = |n: u32| Chance(n * 1_000);
    let odds = Odds {
        decline: per_mille(30),
        action: per_mille(40),
        action_fails: per_mille(100),
        timeout_before: per_mille(4),
        timeout_after: per_mille(4),
        reset_before: per_mille(10),
        reset_after: per_mille(10),
        error_before: per_mille(20),
        error_after: per_mille(20),
        unreadable: per_mille(10),
        busy: per_mille(10),
        throttled: per_mille(2),
        slow: per_mille(30),
        capture_declined: per_mille(10),
        dispute: per_mille(10),
        dispute_lost: per_mille(10),
        told_twice: per_mille(100),
        told_late: per_mille(100),
    };
    Ok(Faults::new(seed, if faults { odds } else { Odds::default() }, SLOW)?)
}

pub(super) fn of_carrier(seed: u64, faults: bool) -> Result<shipping::simulated::faults::Faults> {
    use shipping::simulated::faults::{Chance, Faults, Odds, Pace};
    let per_mille = |n: u32| Chance(n * 1_000);
    let odds = Odds {
        refuse: per_mille(10),
        lose: per_mille(10),
        give_back: per_mille(15),
        miss: per_mille(40),
        damage: per_mille(10),
        untold: per_mille(80),
        told_twice: per_mille(120),
        timeout_before: per_mille(4),
        timeout_after: per_mille(4),
        reset_before: per_mille(10),
        reset_after: per_mille(10),
        error_before: per_mille(20),
        error_after: per_mille(20),
        unreadable: per_mille(10),
        busy: per_mille(10),
        throttled: per_mille(2),
        slow: per_mille(30),
    };
    // A parcel is delivered after four scans: within two seconds, so that somebody can watch. Told later than the next
    // scan comes, scans overtake each other.
    let step = Duration::from_millis(500);
    let late_up_to = if faults { 4 * step } else { step / 5 };
    let odds = if faults { odds } else { Odds::default() };
    Ok(Faults::new(seed, odds, Pace { step, late_up_to, slow_up_to: SLOW })?)
}

pub(super) fn of_mailbox(seed: u64, faults: bool) -> Result<notification::simulated::faults::Faults> {
    use notification::simulated::faults::{Chance, Faults, Odds};
    let per_mille = |n: u32| Chance(n * 1_000);
    let odds = Odds {
        bounce: per_mille(10),
        refuse: per_mille(5),
        timeout_before: per_mille(4),
        timeout_after: per_mille(4),
        reset_before: per_mille(10),
        reset_after: per_mille(10),
        error_before: per_mille(20),
        error_after: per_mille(20),
        unreadable: per_mille(10),
        busy: per_mille(10),
        deferred: per_mille(20),
        throttled: per_mille(2),
        slow: per_mille(30),
    };
    Ok(Faults::new(seed, if faults { odds } else { Odds::default() }, SLOW)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_odds_are_no_more_than_certainty() {
        for faults in [false, true] {
            of_provider(1, faults).unwrap();
            of_carrier(1, faults).unwrap();
            of_mailbox(1, faults).unwrap();
        }
    }
}
