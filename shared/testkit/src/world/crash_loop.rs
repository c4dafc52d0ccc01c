//! A process that is killed again and again, each time soon after it began to work: by a machine that starts over, or for
//! the memory that something else takes. What it had in hand is not to blame.

use std::time::Duration;

use contracts::Timestamp;

use super::World;
use crate::director::Step;
use crate::faults::{CRASH_LOOP, Plan};

/// Kills in a row: more than a message may be started in vain.
const KILLS: std::ops::RangeInclusive<u32> = 6..=16;
/// Polls of what is no loop between two of them, at most: about as many as one message takes.
const POLLS: u32 = 16;
/// How long the process is down in between, at most.
const DOWN: Duration = Duration::from_millis(20);
/// The kills are over after this time.
const LASTS: Duration = Duration::from_secs(1);

/// What is left of it.
pub(super) struct CrashLoop {
    rng: fastrand::Rng,
    kills: u32,
    until_kill: u32,
    /// Which process, and until when; `None` before the first kill.
    underway: Option<(usize, Timestamp)>,
}

impl CrashLoop {
    /// The one that `plan` has, if it has one.
    pub(super) fn of(plan: &Plan) -> Option<Self> {
        let mut rng = fastrand::Rng::with_seed(plan.seed ^ 0x100b);
        let until_kill = rng.u32(1..=2 * plan.crash_loop_after?);
        Some(Self { kills: rng.u32(KILLS), until_kill, underway: None, rng })
    }
}

impl World {
    /// Kills `process` in its crash loop, if it is time; answers whether it did.
    pub(super) fn kill_again(&mut self, process: usize, step: &Step) -> bool {
        let now = self.house.time.now();
        let Some(again) = &mut self.crash_loop else { return false };
        if step.is_loop || again.underway.is_some_and(|(known, _)| known != process) {
            return false;
        }
        if again.kills == 0 || again.underway.is_some_and(|(_, until)| now > until) {
            self.crash_loop = None;
            return false;
        }
        again.until_kill -= 1;
        if again.until_kill > 0 {
            return false;
        }
        again.kills -= 1;
        again.until_kill = again.rng.u32(1..=POLLS);
        again.underway.get_or_insert((process, now.plus(LASTS)));
        let down = DOWN.mul_f64(again.rng.f64());
        self.house.watch.tell(Some(process), || format!("is killed in a crash loop at poll {}", step.polls));
        self.house.watch.count(CRASH_LOOP);
        self.stop(process, down);
        true
    }
}
