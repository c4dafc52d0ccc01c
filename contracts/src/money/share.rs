//! Dividing an amount without losing or making a minor unit.

/// Divides `total` in proportion to `weights` by largest remainder: the shares add up to `total` exactly, each is
/// within one minor unit of its exact share, and equal remainders go to the earlier index.
///
/// Weights that are all zero count as equal. A negative total gives the negated shares of the positive one. No
/// weights, no shares: then the caller keeps `total`.
#[must_use]
pub fn allocate(total: i64, weights: &[u64]) -> Vec<i64> {
    let equal;
    let weights = if weights.iter().all(|&w| w == 0) {
        equal = vec![1; weights.len()];
        &equal
    } else {
        weights
    };
    let sum: u128 = weights.iter().map(|&w| u128::from(w)).fold(0, u128::saturating_add);
    if sum == 0 {
        return Vec::new();
    }
    // 2^63 * (2^64 - 1) is below 2^127, so the products fit.
    let exact = |w: u64| u128::from(total.unsigned_abs()).saturating_mul(u128::from(w));
    let mut shares: Vec<u128> = weights.iter().map(|&w| exact(w).div_euclid(sum)).collect();
    let mut by_remainder: Vec<(u128, usize)> =
        weights.iter().enumerate().map(|(i, &w)| (exact(w).rem_euclid(sum), i)).collect();
    by_remainder.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    let given: u128 = shares.iter().fold(0, |all, &share| all.saturating_add(share));
    let mut left = u128::from(total.unsigned_abs()).saturating_sub(given);
    for (_, index) in by_remainder {
        if left == 0 {
            break;
        }
        if let Some(share) = shares.get_mut(index) {
            *share = share.saturating_add(1);
            left = left.saturating_sub(1);
        }
    }
    shares.into_iter().map(|share| signed(share, total < 0)).collect()
}

/// What `taking` of `of` pieces are worth when all of them are worth `total` and `before` were taken already.
///
/// Taking all pieces in any steps adds up to `total` exactly: the value is the difference of two rounded-down running
/// totals. Pieces beyond `of` are worth nothing.
#[must_use]
pub fn part(total: i64, before: u32, taking: u32, of: u32) -> i64 {
    if of == 0 {
        return 0;
    }
    let running = |pieces: u32| {
        let pieces = u128::from(pieces.min(of));
        u128::from(total.unsigned_abs()).saturating_mul(pieces).div_euclid(u128::from(of))
    };
    let value = running(before.saturating_add(taking)).saturating_sub(running(before));
    signed(value, total < 0)
}

/// `share` is at most the magnitude of an `i64` of that sign, so the conversion never saturates.
fn signed(share: u128, negative: bool) -> i64 {
    let share = i128::try_from(share).unwrap_or(i128::MAX);
    let share = if negative { share.saturating_neg() } else { share };
    i64::try_from(share).unwrap_or(if negative { i64::MIN } else { i64::MAX })
}
