//! What is demanded, and whether it was met.

use serde::Serialize;

/// Which way is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Better {
    /// At least the goal.
    Higher,
    /// At most the goal.
    Lower,
}

/// One number that must be good enough.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Goal {
    /// What it is, with its unit.
    pub name: &'static str,
    /// What was measured.
    pub value: f64,
    /// What is demanded.
    pub goal: f64,
    /// Which way is good.
    pub better: Better,
    /// Whether it is good enough.
    pub ok: bool,
}

impl Goal {
    /// `value` must be `goal` or more.
    #[must_use]
    pub fn at_least(name: &'static str, value: f64, goal: f64) -> Self {
        Self { name, value: rounded(value), goal, better: Better::Higher, ok: value >= goal }
    }

    /// `value` must be `goal` or less.
    #[must_use]
    pub fn at_most(name: &'static str, value: f64, goal: f64) -> Self {
        Self { name, value: rounded(value), goal, better: Better::Lower, ok: value <= goal }
    }
}

/// To four decimals: more is noise.
#[must_use]
pub fn rounded(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

/// The middle one, or the mean of the two in the middle; 0 when there are none.
#[must_use]
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match (sorted.len() / 2, sorted.len() % 2) {
        (0, 0) => 0.0,
        (middle, 1) => sorted[middle],
        (middle, _) => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}

/// The smallest value that `per_mille` of `sorted` do not exceed; 0 when there are none.
#[must_use]
pub fn percentile(sorted: &[f64], per_mille: usize) -> f64 {
    let rank = (sorted.len() * per_mille).div_ceil(1_000).max(1);
    sorted.get(rank - 1).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_is_met_at_its_limit_and_not_beyond() {
        assert!(Goal::at_least("x", 0.8, 0.8).ok && !Goal::at_least("x", 0.799_99, 0.8).ok);
        assert!(Goal::at_most("x", 60.0, 60.0).ok && !Goal::at_most("x", 60.001, 60.0).ok);
        let json = serde_json::to_value(Goal::at_most("x_ms", 2.0, 1.0)).unwrap();
        assert_eq!(
            json,
            serde_json::json!({ "name": "x_ms", "value": 2.0, "goal": 1.0, "better": "lower", "ok": false })
        );
    }

    #[test]
    fn medians_and_percentiles_are_taken_from_the_values() {
        assert_eq!((median(&[]), median(&[3.0, 1.0, 2.0]), median(&[4.0, 1.0])), (0.0, 2.0, 2.5));
        let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        let picked = [500, 990, 999, 1_000].map(|per_mille| percentile(&hundred, per_mille));
        assert_eq!(picked, [50.0, 99.0, 100.0, 100.0]);
        assert_eq!((percentile(&[], 990), percentile(&[7.0], 500)), (0.0, 7.0));
    }
}
