//! An order's reservation: decided by its state, whatever arrives, however often and in whatever order.

use contracts::Timestamp;
use contracts::events::order::CancelReason;
use contracts::events::stock::{RejectReason, Shortage, StockLine};
use serde::{Deserialize, Serialize};

use super::movement::{Kind, MovementLine, lines_of};
use super::shortfall::{together, without};

/// What is kept for an order, for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum Reservation {
    /// All lines are reserved, until the order is confirmed or cancelled: no clock ends this.
    Reserved(Promise),
    /// Could not be supplied; nothing was taken.
    Rejected { reason: RejectReason, short: Vec<Shortage> },
    /// The order is confirmed.
    Committed(Promise),
    /// The goods left.
    Sold(Promise),
    /// They left, and the carrier lost them.
    Lost(Promise),
    /// They left, and the carrier brought them back: they went into quarantine.
    BroughtBack(Promise),
    /// The order was cancelled; this is what went back.
    Released(Promise),
    /// The order was cancelled before it was seen here: it gets nothing when it comes.
    Cancelled,
}

/// What an order was promised.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Promise {
    /// What is reserved for it, and where; after its end what was.
    pub(crate) lines: Vec<StockLine>,
    /// What was promised too, and turned out to be missing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) missing: Vec<StockLine>,
    /// When it was promised: the newest loses first.
    #[serde(default)]
    pub(crate) at: Timestamp,
}

impl Reservation {
    /// The word for its state.
    pub(crate) fn status(&self) -> &'static str {
        match self {
            Self::Reserved(_) => "reserved",
            Self::Rejected { .. } => "rejected",
            Self::Committed(_) => "committed",
            Self::Sold(_) => "sold",
            Self::Lost(_) => "lost",
            Self::BroughtBack(_) => "brought_back",
            Self::Released(_) => "released",
            Self::Cancelled => "cancelled",
        }
    }

    /// When it was promised, and what it still has; `None` when it has nothing that could be lost.
    pub(crate) fn promised(&self) -> Option<(Timestamp, &[StockLine])> {
        match self {
            Self::Reserved(promise) | Self::Committed(promise) if !promise.lines.is_empty() => {
                Some((promise.at, &promise.lines))
            }
            Self::Reserved(_)
            | Self::Rejected { .. }
            | Self::Committed(_)
            | Self::Sold(_)
            | Self::Lost(_)
            | Self::BroughtBack(_)
            | Self::Released(_)
            | Self::Cancelled => None,
        }
    }
}

/// A change of a reservation, and what it does to the stock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) next: Reservation,
    pub(crate) movement: Vec<MovementLine>,
}

/// Why what happened to an order cannot be carried out here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cannot {
    /// It was not seen yet. `orders` confirms, and so lets goods leave, only after it heard of the reservation, which
    /// is kept before it is told; so whoever says this is ahead of us, or wrong.
    NotSeenYet,
    /// Nothing is held for it: this is what became of its reservation.
    NothingHeld(&'static str),
}

/// How a journey that does not reach the customer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The carrier lost the goods.
    Lost,
    /// The carrier brought them back.
    BroughtBack,
}

/// Whether it is still to be decided if the order gets its stock.
pub(crate) fn is_open(seen: Option<&Reservation>) -> bool {
    seen.is_none()
}

/// The order is confirmed. `None`: nothing is to be done, or not any more.
///
/// # Errors
/// [`Cannot`]: nothing is promised that could be kept.
pub(crate) fn confirm(seen: Option<&Reservation>) -> Result<Option<Decision>, Cannot> {
    use Reservation::{BroughtBack, Cancelled, Committed, Lost, Rejected, Released, Reserved, Sold};
    match seen {
        None => Err(Cannot::NotSeenYet),
        Some(Reserved(promise)) => Ok(Some(Decision {
            next: Committed(promise.clone()),
            movement: lines_of(Kind::Committed, &promise.lines).collect(),
        })),
        Some(rejected @ Rejected { .. }) => Err(Cannot::NothingHeld(rejected.status())),
        Some(Committed(_) | Sold(_) | Lost(_) | BroughtBack(_) | Released(_) | Cancelled) => Ok(None),
    }
}

/// The order is cancelled. `None`: nothing is to be given back.
///
/// Also after the confirmation: `orders` cancels a confirmed order only when its parcel was stopped or never left, so
/// the pieces are still there. The exception is an order that was not delivered: its parcel has left, perhaps without
/// our having heard of it yet, and the shipment's own events say what becomes of the goods.
pub(crate) fn cancel(seen: Option<&Reservation>, reason: CancelReason) -> Option<Decision> {
    use Reservation::{BroughtBack, Cancelled, Committed, Lost, Rejected, Released, Reserved, Sold};
    if reason == CancelReason::Undelivered {
        return None;
    }
    let (kind, promise) = match seen {
        None => return Some(Decision { next: Cancelled, movement: vec![] }),
        Some(Reserved(promise)) => (Kind::Released, promise),
        Some(Committed(promise)) => (Kind::Deallocated, promise),
        Some(Rejected { .. } | Sold(_) | Lost(_) | BroughtBack(_) | Released(_) | Cancelled) => return None,
    };
    Some(Decision { next: Released(promise.clone()), movement: lines_of(kind, &promise.lines).collect() })
}

/// The goods left. `None`: that is known already.
///
/// # Errors
/// [`Cannot`]: what left was not this order's.
pub(crate) fn sell(seen: Option<&Reservation>) -> Result<Option<Decision>, Cannot> {
    use Reservation::{BroughtBack, Cancelled, Committed, Lost, Rejected, Released, Reserved, Sold};
    let (promise, is_confirmed) = match seen {
        None => return Err(Cannot::NotSeenYet),
        // The confirmation is on its way: it will find that there is nothing left to do.
        Some(Reserved(promise)) => (promise, false),
        Some(Committed(promise)) => (promise, true),
        Some(Sold(_) | Lost(_) | BroughtBack(_)) => return Ok(None),
        Some(gone @ (Rejected { .. } | Released(_) | Cancelled)) => {
            return Err(Cannot::NothingHeld(gone.status()));
        }
    };
    let before = lines_of(Kind::Committed, &promise.lines).filter(|_| !is_confirmed);
    let movement = before.chain(lines_of(Kind::Sold, &promise.lines)).collect();
    Ok(Some(Decision { next: Sold(promise.clone()), movement }))
}

/// The goods left and did not arrive; what was not sold yet is sold first. `None`: that is known already.
///
/// # Errors
/// As for [`sell`].
pub(crate) fn end_journey(seen: Option<&Reservation>, how: Ended) -> Result<Option<Decision>, Cannot> {
    let sale = sell(seen)?;
    let (sold, mut movement) = match &sale {
        Some(sale) => (Some(&sale.next), sale.movement.clone()),
        None => (seen, vec![]),
    };
    let Some(Reservation::Sold(promise)) = sold else { return Ok(None) };
    let (kind, next) = match how {
        Ended::Lost => (Kind::Lost, Reservation::Lost(promise.clone())),
        Ended::BroughtBack => (Kind::BroughtBack, Reservation::BroughtBack(promise.clone())),
    };
    movement.extend(lines_of(kind, &promise.lines));
    Ok(Some(Decision { next, movement }))
}

/// Some of what the order was promised is missing: it keeps the rest. `None`: it loses nothing.
pub(crate) fn lose(seen: &Reservation, taken: &[StockLine]) -> Option<Decision> {
    use Reservation::{BroughtBack, Cancelled, Committed, Lost, Rejected, Released, Reserved, Sold};
    let less = |promise: &Promise| Promise {
        lines: without(&promise.lines, taken),
        missing: together(&promise.missing, taken),
        at: promise.at,
    };
    let (kind, next) = match seen {
        _ if taken.is_empty() => return None,
        Reserved(promise) => (Kind::MissingReserved, Reserved(less(promise))),
        Committed(promise) => (Kind::MissingAllocated, Committed(less(promise))),
        Rejected { .. } | Sold(_) | Lost(_) | BroughtBack(_) | Released(_) | Cancelled => return None,
    };
    Some(Decision { next, movement: lines_of(kind, taken).collect() })
}
