//! Receipts and corrections of the count.

use std::collections::BTreeMap;

use super::movement::{Kind, MovementLine};
use super::shortfall::Shortfall;
use super::stock::{Place, Stock};

/// The most adjustments in one request: each may need a counter and a card of its own, and a unit of work has 100
/// items.
pub const MAX_ADJUSTMENTS: usize = 45;

/// One receipt or correction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Adjustment {
    pub(crate) place: Place,
    /// Pieces; never 0.
    pub(crate) delta: i64,
    pub(crate) reason: String,
}

/// What adjustments do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Adjusting {
    pub(crate) lines: Vec<MovementLine>,
    /// What must be taken from those to whom it is promised.
    pub(crate) short: Shortfall,
}

/// Why an adjustment is refused, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Refused {
    /// There are not that many pieces.
    Negative { on_hand: i64 },
    /// There are, but not without those that came back and wait for a decision.
    Quarantined { quarantine: i64, rest: i64 },
    /// There are, but too many of them are promised to orders and carts.
    Promised { available: i64, promised: i64 },
}

/// What `adjustments` do, given what there is. Adjustments of one place are judged together. What is promised is taken
/// only when `takes_promised` says so.
///
/// # Errors
/// Each adjustment that cannot be, by its position.
pub(crate) fn adjust(
    adjustments: &[Adjustment],
    stock: &BTreeMap<Place, Stock>,
    takes_promised: bool,
) -> Result<Adjusting, Vec<(usize, Refused)>> {
    let mut sums = BTreeMap::<&Place, i64>::new();
    for adjustment in adjustments {
        *sums.entry(&adjustment.place).or_default() += adjustment.delta;
    }
    let there = |place: &Place| stock.get(place).copied().unwrap_or_default();
    let refused: Vec<_> = adjustments
        .iter()
        .enumerate()
        .filter_map(|(at, adjustment)| {
            let sum = sums.get(&adjustment.place).copied().unwrap_or_default();
            let refusal = refusal(there(&adjustment.place), sum, takes_promised);
            refusal.filter(|_| adjustment.delta < 0).map(|refused| (at, refused))
        })
        .collect();
    if !refused.is_empty() {
        return Err(refused);
    }
    let mut short = Shortfall::default();
    for (place, sum) in sums {
        short.note(place, -(there(place).available + sum));
    }
    Ok(Adjusting { lines: adjustments.iter().map(|adjustment| line(adjustment, stock)).collect(), short })
}

fn refusal(there: Stock, delta: i64, takes_promised: bool) -> Option<Refused> {
    if there.on_hand + delta < 0 {
        return Some(Refused::Negative { on_hand: there.on_hand });
    }
    let promised = there.reserved + there.allocated;
    let rest = there.available + promised;
    if rest + delta < 0 {
        return Some(Refused::Quarantined { quarantine: there.quarantine, rest });
    }
    if there.available + delta < 0 && !takes_promised {
        return Some(Refused::Promised { available: there.available, promised });
    }
    None
}

fn line(adjustment: &Adjustment, stock: &BTreeMap<Place, Stock>) -> MovementLine {
    let Adjustment { place, delta, reason } = adjustment;
    let is_receipt = *delta > 0 && (reason == "received" || !stock.contains_key(place));
    MovementLine {
        kind: if is_receipt { Kind::Received } else { Kind::Adjusted },
        sku: place.sku.clone(),
        location: place.location.clone(),
        quantity: *delta,
    }
}
