//! An order's reservation: decided by its state, whatever arrives, however often and in whatever order.

use contracts::events::stock::{RejectReason, Shortage, StockLine};
use serde::{Deserialize, Serialize};

use super::movement::{Kind, MovementLine, lines_of};

/// What is kept for an order, for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum Reservation {
    /// All lines are reserved, until the order is confirmed or cancelled: no clock ends this.
    Reserved { lines: Vec<StockLine> },
    /// Could not be supplied; nothing was taken.
    Rejected { reason: RejectReason, short: Vec<Shortage> },
    /// The order is confirmed.
    Committed { lines: Vec<StockLine> },
    /// The order was cancelled; this is what went back.
    Released { lines: Vec<StockLine> },
    /// The order was cancelled before it was seen here: it gets nothing when it comes.
    Cancelled,
}

impl Reservation {
    /// The word for its state.
    pub(crate) fn status(&self) -> &'static str {
        match self {
            Self::Reserved { .. } => "reserved",
            Self::Rejected { .. } => "rejected",
            Self::Committed { .. } => "committed",
            Self::Released { .. } => "released",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A change of a reservation, and what it does to the stock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) next: Reservation,
    pub(crate) movement: Vec<MovementLine>,
}

/// Why an order cannot be confirmed here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CannotConfirm {
    /// It was not seen yet. `orders` confirms only after it heard of the reservation, which is kept before it is
    /// told; so whoever says this is ahead of us, or wrong.
    NotSeenYet,
    /// It was rejected.
    Rejected,
}

/// Whether it is still to be decided if the order gets its stock.
pub(crate) fn is_open(seen: Option<&Reservation>) -> bool {
    seen.is_none()
}

/// The order is confirmed. `None`: nothing is to be done, or not any more.
///
/// # Errors
/// [`CannotConfirm`]: nothing is promised that could be kept.
pub(crate) fn confirm(seen: Option<&Reservation>) -> Result<Option<Decision>, CannotConfirm> {
    match seen {
        None => Err(CannotConfirm::NotSeenYet),
        Some(Reservation::Rejected { .. }) => Err(CannotConfirm::Rejected),
        Some(Reservation::Reserved { lines }) => Ok(Some(Decision {
            next: Reservation::Committed { lines: lines.clone() },
            movement: lines_of(Kind::Committed, lines).collect(),
        })),
        Some(Reservation::Committed { .. } | Reservation::Released { .. } | Reservation::Cancelled) => {
            Ok(None)
        }
    }
}

/// The order is cancelled. `None`: nothing is to be given back.
///
/// Also after the confirmation: `orders` cancels a confirmed order only when its parcel was stopped, so the pieces are
/// still there.
pub(crate) fn cancel(seen: Option<&Reservation>) -> Option<Decision> {
    let (kind, lines) = match seen {
        None => return Some(Decision { next: Reservation::Cancelled, movement: vec![] }),
        Some(Reservation::Reserved { lines }) => (Kind::Released, lines),
        Some(Reservation::Committed { lines }) => (Kind::Deallocated, lines),
        Some(Reservation::Rejected { .. } | Reservation::Released { .. } | Reservation::Cancelled) => {
            return None;
        }
    };
    let next = Reservation::Released { lines: lines.clone() };
    Some(Decision { next, movement: lines_of(kind, lines).collect() })
}
