//! Numbers of a range: its ends, and what is close to given points.

use serde_json::Value;

use crate::node::Range;
use crate::number::Fixed;

/// Some numbers of a range, those close to `near` among them. Each is in the range, as far as its ends and steps go.
pub(crate) fn numbers(range: &Range, near: &[Fixed]) -> Vec<Value> {
    let ends = range.low.iter().chain(&range.high).map(|end| end.at);
    let mut points: Vec<Fixed> = ends.chain(near.iter().copied()).chain([Fixed::ZERO]).collect();
    points.sort_unstable();
    points.dedup();
    let between: Vec<Fixed> = points.windows(2).map(|pair| pair[0].halfway(pair[1])).collect();
    points.extend(between);
    let mut found: Vec<Fixed> = Vec::new();
    for point in points {
        let steps = [range.step.unwrap_or(Fixed::ONE), Fixed::ONE.halfway(Fixed::ZERO)];
        let aligned = match range.step {
            Some(step) => vec![point.up_to(step), point.down_to(step)],
            None => vec![Some(point)],
        };
        for at in aligned.into_iter().flatten() {
            let around = steps.iter().flat_map(|step| [at.plus(*step), at.minus(*step)]);
            found.extend(std::iter::once(Some(at)).chain(around).flatten().filter(|at| is_in(range, *at)));
        }
    }
    // Small ones first: they are read by people.
    found.sort_unstable_by_key(|at| (at.size(), *at));
    found.dedup();
    found.into_iter().filter_map(Fixed::json).collect()
}

/// The number that many steps from an end.
pub(super) fn nth(range: &Range, count: usize) -> Option<Value> {
    let step = range.step.unwrap_or(Fixed::ONE);
    let far = step.times(i128::try_from(count).ok()?)?;
    let at = match (range.low, range.high) {
        (Some(low), _) => low.at.plus(far)?,
        (None, Some(high)) => high.at.minus(far)?,
        (None, None) => far,
    };
    is_in(range, at).then(|| at.json())?
}

fn is_in(range: &Range, at: Fixed) -> bool {
    range.low.is_none_or(|low| at > low.at || (low.is_in && at == low.at))
        && range.high.is_none_or(|high| at < high.at || (high.is_in && at == high.at))
        && range.step.is_none_or(|step| at.is_multiple_of(step))
}
