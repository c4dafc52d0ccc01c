//! Stock that is brought from one location to another.

use std::collections::BTreeMap;

use contracts::events::stock::Shortage;
use contracts::{LocationId, Quantity, Sku};

use super::movement::{Kind, MovementLine};
use super::stock::{Place, Stock};

/// The most lines of one transfer: each needs two counters, and a unit of work has 100 items. Some are left for cards.
pub const MAX_TRANSFERRED: usize = 40;

/// Moves all of `lines` or nothing.
///
/// # Errors
/// Every line of which not that much is available at `from`.
pub(crate) fn transfer(
    from: &LocationId,
    to: &LocationId,
    lines: &BTreeMap<Sku, Quantity>,
    stock: &BTreeMap<Place, Stock>,
) -> Result<Vec<MovementLine>, Vec<Shortage>> {
    let mut short = vec![];
    let mut movement = vec![];
    for (sku, wanted) in lines {
        let place = Place { sku: sku.clone(), location: from.clone() };
        let available = stock.get(&place).map_or(0, |stock| stock.available);
        let quantity = i64::from(wanted.get());
        if available < quantity {
            short.push(Shortage { sku: sku.clone(), wanted: *wanted, available });
        }
        for (location, quantity) in [(from, -quantity), (to, quantity)] {
            let (kind, sku, location) = (Kind::Moved, sku.clone(), location.clone());
            movement.push(MovementLine { kind, sku, location, quantity });
        }
    }
    if short.is_empty() { Ok(movement) } else { Err(short) }
}
