//! What a confirmed order waits for, and since when: its stage watch. An alarm; nothing is decided by it.

use contracts::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Order, Stage};

/// The event without which an order does not get further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Awaited {
    /// The parcel is to be packed.
    Ready,
    /// The money is to be taken.
    Captured,
    /// The parcel is to leave.
    Dispatched,
    /// The parcel is to arrive.
    Delivered,
    /// Shipping is to say whether it could stop the parcel.
    Stopped,
}

impl Awaited {
    /// The name of the event.
    pub(crate) const fn event(self) -> &'static str {
        match self {
            Self::Ready => "shipment.ready",
            Self::Captured => "payment.captured",
            Self::Dispatched => "shipment.dispatched",
            Self::Delivered => "shipment.delivered",
            Self::Stopped => "shipment.stopped",
        }
    }
}

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Waiting {
    /// For what.
    pub(crate) awaited: Awaited,
    /// Since when.
    pub(crate) since: Timestamp,
}

/// The watch over an order. Its due row is one at a time: the row that fires looks where the order is by then, and an
/// order that stalled gets its next row when it moves on, so that no row comes again and again for nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Watch {
    /// What the order waits for; nothing before it is confirmed and once it has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) waiting: Option<Waiting>,
    /// When the alarm was raised for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stalled_at: Option<Timestamp>,
    /// Whether a due row is on its way.
    pub(crate) has_row: bool,
}

impl Watch {
    /// The order waits for `awaited` now.
    pub(super) fn follow(&mut self, awaited: Option<Awaited>, now: Timestamp) {
        if self.waiting.map(|waiting| waiting.awaited) != awaited {
            self.waiting = awaited.map(|awaited| Waiting { awaited, since: now });
            self.stalled_at = None;
        }
    }

    /// What needs a due row, and has none.
    pub(crate) fn wants_row(&self) -> Option<Waiting> {
        self.waiting.filter(|_| self.stalled_at.is_none() && !self.has_row)
    }

    /// Its row has fired: whether the order has stalled, given how long it may wait for each event.
    pub(crate) fn fire(
        &mut self,
        patience: impl Fn(Awaited) -> std::time::Duration,
        now: Timestamp,
    ) -> Option<Waiting> {
        self.has_row = false;
        let waiting = self.waiting.filter(|_| self.stalled_at.is_none())?;
        if now < waiting.since.plus(patience(waiting.awaited)) {
            return None;
        }
        self.stalled_at = Some(now);
        Some(waiting)
    }
}

impl Order {
    /// The event without which this order does not get further.
    pub(super) fn awaits(&self) -> Option<Awaited> {
        match self.stage {
            Stage::Open | Stage::Completed { .. } | Stage::Cancelled { .. } => None,
            Stage::Confirmed { .. } if self.payment.is_captured => Some(Awaited::Dispatched),
            Stage::Confirmed { .. } if self.shipment.is_ready => Some(Awaited::Captured),
            Stage::Confirmed { .. } => Some(Awaited::Ready),
            Stage::Cancelling { .. } => Some(Awaited::Stopped),
            Stage::Dispatched { .. } => Some(Awaited::Delivered),
            Stage::Delivered { .. } => Some(Awaited::Captured),
        }
    }
}
