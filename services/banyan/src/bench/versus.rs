//! The runtime on a peer beside a bare loop on the same peer: rounds that take turns, and what both came to.

use serde::Serialize;

use super::goal::{Goal, median, rounded};
use super::{Both, build};

/// What one turn of one side did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Done {
    /// Messages or units of work.
    pub count: u64,
    /// Rows, where there are any.
    pub rows: u64,
    /// Bytes of bodies.
    pub bytes: u64,
    /// How long it took.
    #[serde(skip)]
    pub seconds: f64,
}

impl Done {
    fn per_s(&self) -> f64 {
        self.count as f64 / self.seconds.max(1e-9)
    }
}

/// One turn of both sides.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Turn {
    /// A second, of the bare loop.
    pub bare_per_s: f64,
    /// A second, of the runtime.
    pub runtime_per_s: f64,
    /// The second of the first.
    pub ratio: f64,
}

/// What each side did in one turn; both must have done the same.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Work {
    /// The bare loop.
    pub bare: Done,
    /// The runtime.
    pub runtime: Done,
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
    /// `release`, or `debug`, whose numbers mean nothing.
    pub build: &'static str,
    /// What is counted.
    pub counted: &'static str,
    /// Messages in hand, or connections, on either side.
    pub at_once: usize,
    /// A second, in the median.
    pub per_s: Both,
    /// Of the last turn.
    pub done: Work,
    /// The lowest and the highest ratio of a round.
    pub ratio_spread: [f64; 2],
    /// Every turn.
    pub rounds: Vec<Turn>,
}

impl Report {
    /// Of `turns`: bare, then runtime.
    #[must_use]
    pub fn of(
        name: &'static str,
        counted: &'static str,
        at_once: usize,
        least: f64,
        turns: &[(Done, Done)],
    ) -> Self {
        let turn = |(bare, runtime): &(Done, Done)| Turn {
            bare_per_s: rounded(bare.per_s()),
            runtime_per_s: rounded(runtime.per_s()),
            ratio: rounded(runtime.per_s() / bare.per_s().max(1e-9)),
        };
        let rounds: Vec<Turn> = turns.iter().map(turn).collect();
        let ratios: Vec<f64> = rounds.iter().map(|round| round.ratio).collect();
        let middle = |of: fn(&Turn) -> f64| rounded(median(&rounds.iter().map(of).collect::<Vec<_>>()));
        let goal = Goal::at_least("ratio", median(&ratios), least);
        let (bare, runtime) = turns.last().copied().unwrap_or_default();
        Self {
            name,
            ratio: goal.value,
            goal: least,
            ok: goal.ok,
            goals: vec![goal],
            build: build(),
            counted,
            at_once,
            per_s: Both {
                bare: middle(|round| round.bare_per_s),
                runtime: middle(|round| round.runtime_per_s),
            },
            done: Work { bare, runtime },
            ratio_spread: [
                ratios.iter().copied().fold(f64::INFINITY, f64::min),
                ratios.iter().copied().fold(0.0, f64::max),
            ],
            rounds,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_the_rounds_is_the_ratio() {
        let done = |count, seconds| Done { count, rows: 3, bytes: 9, seconds };
        let turns = [
            (done(100, 1.0), done(100, 2.0)),
            (done(100, 1.0), done(90, 1.0)),
            (done(100, 1.0), done(100, 1.0)),
        ];
        let report = Report::of("x", "messages", 8, 0.85, &turns);
        assert_eq!((report.ratio, report.ok, report.ratio_spread), (0.9, true, [0.5, 1.0]));
        assert_eq!((report.per_s.bare, report.per_s.runtime), (100.0, 90.0));
        assert!(!Report::of("x", "messages", 8, 0.95, &turns).ok);
    }
}
