//! A correction that ends below what is promised: who loses, and how much.

use std::collections::BTreeMap;

use contracts::Quantity;
use contracts::events::stock::StockLine;

use super::movement::MovementLine;
use super::stock::Place;

/// The most orders and carts that one correction may take from: each is a document of the one unit of work.
pub(crate) const MAX_VICTIMS: usize = 40;

/// A unit of work has 100 items; two are the movement and the record.
const MAX_ITEMS: usize = 98;

/// Pieces that are promised and not there, by place.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Shortfall(BTreeMap<Place, i64>);

impl Shortfall {
    /// Notes how many pieces of a place are missing.
    pub(crate) fn note(&mut self, place: &Place, missing: i64) {
        if missing > 0 {
            self.0.insert(place.clone(), missing);
        }
    }

    /// Whether nobody has to lose anything (any more).
    pub(crate) fn is_covered(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether whoever has `lines` could lose some of them.
    pub(crate) fn touches(&self, lines: &[StockLine]) -> bool {
        lines.iter().any(|line| self.0.contains_key(&Place::of(line)))
    }

    /// Takes what is missing, and no more, from whoever has `lines`; answers what was taken.
    pub(crate) fn take(&mut self, lines: &[StockLine]) -> Vec<StockLine> {
        let mut taken = vec![];
        for line in lines {
            let place = Place::of(line);
            let Some(missing) = self.0.get_mut(&place) else { continue };
            let fewer = u32::try_from(*missing).map_or(line.quantity.get(), |n| n.min(line.quantity.get()));
            let Ok(quantity) = Quantity::new(fewer) else { continue };
            *missing -= i64::from(fewer);
            if *missing <= 0 {
                self.0.remove(&place);
            }
            taken.push(StockLine { quantity, ..line.clone() });
        }
        taken
    }
}

/// `lines` without `taken`.
pub(crate) fn without(lines: &[StockLine], taken: &[StockLine]) -> Vec<StockLine> {
    let left = |line: &StockLine| {
        let gone = taken.iter().filter(|gone| Place::of(gone) == Place::of(line));
        let gone: u32 = gone.map(|gone| gone.quantity.get()).sum();
        let quantity = Quantity::new(line.quantity.get().saturating_sub(gone)).ok()?;
        Some(StockLine { quantity, ..line.clone() })
    };
    lines.iter().filter_map(left).collect()
}

/// `lines` and `more`, each place once.
pub(crate) fn together(lines: &[StockLine], more: &[StockLine]) -> Vec<StockLine> {
    let mut all: Vec<StockLine> = vec![];
    for line in lines.iter().chain(more) {
        let same = all.iter_mut().find(|known| Place::of(known) == Place::of(line));
        let sum = same.and_then(|known| Some((known.quantity.checked_add(line.quantity)?, known)));
        match sum {
            Some((sum, known)) => known.quantity = sum,
            None => all.push(line.clone()),
        }
    }
    all
}

/// Whether all of it fits into one unit of work: the places of `movement`, `victims`, and as many `cards`.
pub(crate) fn fits(movement: &[MovementLine], victims: usize, cards: usize) -> bool {
    let mut places: Vec<_> = movement.iter().map(|line| (&line.sku, &line.location)).collect();
    places.sort_unstable();
    places.dedup();
    victims <= MAX_VICTIMS && places.len() + victims + cards <= MAX_ITEMS
}
