//! Movements: what happened to pieces, and the only way in which their counts change.

use std::collections::BTreeMap;

use contracts::events::stock::StockLine;
use contracts::{LocationId, Sku, Timestamp};
use serde::{Deserialize, Serialize};

use super::stock::{Part, Place, Stock};

/// What happened to some pieces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// They came in.
    Received,
    /// The count was corrected.
    Adjusted,
    /// They were promised to an order.
    Reserved,
    /// The order is confirmed.
    Committed,
    /// The order was cancelled before it was confirmed.
    Released,
    /// The order was cancelled after it was confirmed.
    Deallocated,
    /// They are held for a cart.
    Held,
    /// An order took over the hold; what it takes is reserved in the same movement.
    Adopted,
    /// The hold ran out.
    HoldExpired,
    /// The cart let go.
    HoldReleased,
    /// They were held for a cart and some of its pieces are missing: the whole hold ended.
    HoldTaken,
    /// They were promised to an order that is not confirmed, and are missing.
    MissingReserved,
    /// They were promised to a confirmed order, and are missing.
    MissingAllocated,
    /// They were brought from one location to another.
    Moved,
    /// They left with the carrier.
    Sold,
    /// The carrier lost what was sold before: nothing changes but what is told.
    Lost,
    /// The carrier brought back what was sold before.
    BroughtBack,
    /// A customer sent them back.
    Returned,
    /// What came back can be sold again.
    Restocked,
    /// What came back cannot.
    WrittenOff,
}

impl Kind {
    /// Where its pieces come from and where they go; `None` is outside. A negative quantity goes the other way.
    fn flow(self) -> (Option<Part>, Option<Part>) {
        use Part::{Allocated, Available, Quarantine, Reserved};
        match self {
            Self::Received | Self::Adjusted | Self::Moved => (None, Some(Available)),
            Self::Reserved | Self::Held => (Some(Available), Some(Reserved)),
            Self::Committed => (Some(Reserved), Some(Allocated)),
            Self::Deallocated | Self::MissingAllocated => (Some(Allocated), Some(Available)),
            Self::Released
            | Self::Adopted
            | Self::HoldExpired
            | Self::HoldReleased
            | Self::HoldTaken
            | Self::MissingReserved => (Some(Reserved), Some(Available)),
            Self::Sold => (Some(Allocated), None),
            Self::Lost => (None, None),
            Self::BroughtBack | Self::Returned => (None, Some(Quarantine)),
            Self::Restocked => (Some(Quarantine), Some(Available)),
            Self::WrittenOff => (Some(Quarantine), None),
        }
    }
}

/// What happened to some pieces of one SKU at one location.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MovementLine {
    pub(crate) kind: Kind,
    pub(crate) sku: Sku,
    pub(crate) location: LocationId,
    /// Pieces; negative when a count is corrected downwards, and where they are moved from.
    pub(crate) quantity: i64,
}

/// Everything that one unit of work did to the stock. Written once, never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Movement {
    pub(crate) at: Timestamp,
    /// The order, hold or return it was for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) about: Option<String>,
    /// Why, in the words of the person who asked for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) reasons: Vec<String>,
    pub(crate) lines: Vec<MovementLine>,
}

/// The lines of a movement of `kind`.
pub(crate) fn lines_of(kind: Kind, lines: &[StockLine]) -> impl Iterator<Item = MovementLine> {
    lines.iter().map(move |line| MovementLine {
        kind,
        sku: line.sku.clone(),
        location: line.location.clone(),
        quantity: i64::from(line.quantity.get()),
    })
}

/// What is added to the counts of one place; what is taken away is negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Shift(pub(crate) Stock);

impl Shift {
    /// How many pieces each part must have for it: the guards of the step.
    ///
    /// Only what leaves `available` and `quarantine` is guarded. What leaves `reserved` or `allocated` was put there by
    /// a document that the same unit of work checks; a guard there could only fail on damaged counts, and would then
    /// turn damage that the audit tells into a message that is tried for ever.
    pub(crate) fn needs(self) -> impl Iterator<Item = (&'static str, i64)> {
        let guarded =
            self.0.fields().into_iter().filter(|(part, _)| matches!(*part, "available" | "quarantine"));
        guarded.filter(|(_, n)| *n < 0).map(|(part, n)| (part, -n))
    }

    fn add(&mut self, part: Part, n: i64) {
        match part {
            Part::Available => self.0.available += n,
            Part::Reserved => self.0.reserved += n,
            Part::Allocated => self.0.allocated += n,
            Part::Quarantine => self.0.quarantine += n,
        }
    }

    fn take(&mut self, kind: Kind, n: i64) {
        let (from, to) = kind.flow();
        match from {
            Some(part) => self.add(part, -n),
            None => self.0.on_hand += n,
        }
        match to {
            Some(part) => self.add(part, n),
            None => self.0.on_hand -= n,
        }
    }
}

/// What `lines` add up to, place by place. A place whose counts stay as they are is left out.
pub(crate) fn shifts<'l>(lines: impl IntoIterator<Item = &'l MovementLine>) -> BTreeMap<Place, Shift> {
    let mut shifts = BTreeMap::<Place, Shift>::new();
    for line in lines {
        let place = Place { sku: line.sku.clone(), location: line.location.clone() };
        shifts.entry(place).or_default().take(line.kind, line.quantity);
    }
    shifts.retain(|_, shift| *shift != Shift::default());
    shifts
}
