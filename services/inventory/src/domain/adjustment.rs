//! Receipts and corrections of the count.

use std::collections::BTreeMap;

use super::movement::{Kind, MovementLine};
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

/// Why an adjustment is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// There are not that many pieces.
    Negative { on_hand: i64 },
    /// There are, but too many of them are promised to orders and carts.
    Promised { available: i64, promised: i64 },
}

/// The movements that `adjustments` make, given what there is. Adjustments of one place are judged together.
///
/// # Errors
/// Each adjustment that cannot be, by its position.
pub(crate) fn adjust(
    adjustments: &[Adjustment],
    stock: &BTreeMap<Place, Stock>,
) -> Result<Vec<MovementLine>, Vec<(usize, Refused)>> {
    let mut sums = BTreeMap::<&Place, i64>::new();
    for adjustment in adjustments {
        *sums.entry(&adjustment.place).or_default() += adjustment.delta;
    }
    let refused: Vec<_> = adjustments
        .iter()
        .enumerate()
        .filter_map(|(at, adjustment)| {
            let there = stock.get(&adjustment.place).copied().unwrap_or_default();
            let sum = sums.get(&adjustment.place).copied().unwrap_or_default();
            refusal(there, sum).filter(|_| adjustment.delta < 0).map(|refused| (at, refused))
        })
        .collect();
    if !refused.is_empty() {
        return Err(refused);
    }
    Ok(adjustments.iter().map(|adjustment| line(adjustment, stock)).collect())
}

fn refusal(there: Stock, delta: i64) -> Option<Refused> {
    if there.on_hand + delta < 0 {
        return Some(Refused::Negative { on_hand: there.on_hand });
    }
    if there.available + delta < 0 {
        let promised = there.on_hand - there.available;
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
