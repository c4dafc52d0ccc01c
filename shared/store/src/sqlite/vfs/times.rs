//! How long something took, so often that each time cannot be kept: counted in steps of a thirty-second of an octave.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Steps between a number and its double.
const STEPS: u64 = 32;
/// `STEPS` is two to so many.
const STEP_BITS: u32 = STEPS.ilog2();
/// Anything longer counts as half of it or a little more: a minute.
const LONGEST_US: u64 = (1 << 26) - 1;
/// Every step up to [`LONGEST_US`].
const ALL: usize = step(LONGEST_US) + 1;

/// Counts, changed and read by anybody at any time.
#[derive(Debug)]
pub(super) struct Times([AtomicU64; ALL]);

impl Default for Times {
    fn default() -> Self {
        Self(std::array::from_fn(|_| AtomicU64::new(0)))
    }
}

impl Times {
    pub(super) fn note(&self, took: Duration) {
        let us = u64::try_from(took.as_micros()).unwrap_or(LONGEST_US).min(LONGEST_US);
        if let Some(count) = self.0.get(step(us)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Each step that was met, as the microseconds that it begins with, and how often.
    pub(super) fn read(&self) -> Vec<(u64, u64)> {
        let counts = self.0.iter().map(|count| count.load(Ordering::Relaxed));
        (0..).map(begin).zip(counts).filter(|(_, count)| *count > 0).collect()
    }
}

/// The step of a time.
#[expect(clippy::cast_possible_truncation, reason = "below `ALL`, which is small")]
const fn step(us: u64) -> usize {
    if us < STEPS {
        return us as usize;
    }
    let octave = us.ilog2() - STEP_BITS;
    (STEPS * octave as u64 + (us >> octave)) as usize
}

/// The shortest time of a step.
const fn begin(step: u64) -> u64 {
    if step < STEPS {
        return step;
    }
    let octave = step / STEPS - 1;
    (STEPS + step % STEPS) << octave
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_known_to_a_thirty_second_and_never_overstated() {
        for us in (0..5_000).chain([123_456, 9_876_543, LONGEST_US]) {
            let begun = begin(step(us) as u64);
            assert!(begun <= us && us - begun <= us / STEPS, "{us} counts as {begun}");
            assert!(begin(step(us) as u64 + 1) > us, "{us}");
        }
    }

    #[test]
    fn times_are_counted_where_they_belong() {
        let times = Times::default();
        for us in [3, 400, 401, 3, 1 << 40] {
            times.note(Duration::from_micros(us));
        }
        assert_eq!(times.read(), [(3, 2), (400, 2), (begin(ALL as u64 - 1), 1)]);
    }
}
