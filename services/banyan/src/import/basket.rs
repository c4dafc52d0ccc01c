//! One invoice as orders that `POST /orders` takes: at most 80 distinct SKUs (4 % of real invoices have more), each
//! once, at one price.

use std::collections::HashMap;

use contracts::order::MAX_LINES;
use contracts::{Quantity, Sku};

use super::retail::Entry;

/// Sums equal SKUs at equal prices and splits what is too large.
///
/// A line goes into the first part that has room and does not hold its SKU yet, so a SKU at a second price (1 % of
/// real invoices) is in the next part, at its own price: nothing is averaged and the invoice's total stays. The same
/// for pieces of one SKU beyond [`Quantity::MAX`].
pub(super) fn split(entries: Vec<Entry>) -> Vec<Vec<Entry>> {
    let mut parts: Vec<Vec<Entry>> = Vec::new();
    let mut places: HashMap<(Sku, i64), (usize, usize)> = HashMap::new();
    let mut next_parts: HashMap<Sku, usize> = HashMap::new();
    for entry in entries {
        let place = (entry.sku.clone(), entry.price_minor);
        if let Some((part, line)) = places.get(&place) {
            let held = &mut parts[*part][*line];
            if held.quantity + entry.quantity <= Quantity::MAX {
                held.quantity += entry.quantity;
                continue;
            }
        }
        let first = next_parts.get(&entry.sku).copied().unwrap_or(0);
        let part = (first..parts.len())
            .find(|part| parts[*part].len() < MAX_LINES)
            .unwrap_or(parts.len().max(first));
        if part == parts.len() {
            parts.push(Vec::new());
        }
        next_parts.insert(entry.sku.clone(), part + 1);
        places.insert(place, (part, parts[part].len()));
        parts[part].push(entry);
    }
    parts
}
