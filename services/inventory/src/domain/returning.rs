//! Goods that customers send back: into quarantine, and what can be sold again from there back to the rest.

use contracts::events::returns::{Condition, ReturnedLine};
use contracts::{LocationId, OrderId};
use serde::{Deserialize, Serialize};

use super::movement::{Kind, MovementLine};

/// The most lines that one unit of work books: each may need a counter and a card of its own, and it has 100 items.
const MAX_BOOKED: usize = 45;

/// A return that arrived: what it brought, and how much of that is in the books.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Return {
    pub(crate) order_id: OrderId,
    /// Where the goods lie.
    pub(crate) location: LocationId,
    /// What arrived.
    pub(crate) lines: Vec<ReturnedLine>,
    /// So many of the lines, from the first, are booked.
    pub(crate) booked: usize,
}

impl Return {
    /// The lines that come next.
    pub(crate) fn next(&self) -> &[ReturnedLine] {
        let rest = self.lines.get(self.booked..).unwrap_or_default();
        rest.get(..MAX_BOOKED).unwrap_or(rest)
    }

    /// Books the lines that come next.
    pub(crate) fn book(&mut self) -> Vec<MovementLine> {
        let movement = self.next().iter().flat_map(|line| self.movement_of(line)).collect();
        self.booked += self.next().len();
        movement
    }

    /// Whether everything is in the books.
    pub(crate) fn is_booked(&self) -> bool {
        self.booked >= self.lines.len()
    }

    fn movement_of(&self, line: &ReturnedLine) -> impl Iterator<Item = MovementLine> {
        let is_sellable = match line.condition {
            Condition::Sellable => true,
            // A person looks at what we have no word for.
            Condition::Damaged | Condition::Unrecognised => false,
        };
        let of = |kind| MovementLine {
            kind,
            sku: line.sku.clone(),
            location: self.location.clone(),
            quantity: i64::from(line.quantity.get()),
        };
        std::iter::once(of(Kind::Returned)).chain(is_sellable.then(|| of(Kind::Restocked)))
    }
}
