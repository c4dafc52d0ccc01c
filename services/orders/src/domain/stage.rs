//! How far an order has come, and how it gets further: by what is known, whatever the order in which it became known.

use contracts::Timestamp;
use contracts::events::order::CancelReason;
use contracts::events::shipment::FailedStage;
use serde::{Deserialize, Serialize};

use super::{Decision, Order};

/// What was decided about an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub(crate) enum Stage {
    /// Nothing yet: stock and payment are being arranged.
    Open,
    /// It is to be shipped.
    Confirmed {
        /// Since when.
        at: Timestamp,
    },
    /// Shipping was asked to stop its parcel, and has not answered.
    Cancelling {
        /// Why.
        reason: CancelReason,
        /// Since when.
        at: Timestamp,
    },
    /// The carrier has it.
    Dispatched {
        /// Since when.
        at: Timestamp,
    },
    /// The customer has it; that the money was taken was not heard yet.
    Delivered {
        /// Since when.
        at: Timestamp,
    },
    /// It ended well.
    Completed {
        /// Since when.
        at: Timestamp,
    },
    /// It ended without goods.
    Cancelled {
        /// Why.
        reason: CancelReason,
        /// Since when.
        at: Timestamp,
        /// Whether it had been confirmed before.
        #[serde(default)]
        was_confirmed: bool,
    },
}

/// A stage, and what follows from coming to it.
pub(super) struct Step {
    pub(super) stage: Stage,
    pub(super) decision: Option<Decision>,
}

impl Step {
    pub(super) fn confirm(at: Timestamp) -> Self {
        Self { stage: Stage::Confirmed { at }, decision: Some(Decision::Confirm) }
    }

    pub(super) fn cancel(reason: CancelReason, was_confirmed: bool, at: Timestamp) -> Self {
        Self {
            stage: Stage::Cancelled { reason, at, was_confirmed },
            decision: Some(Decision::Cancel { reason, was_confirmed }),
        }
    }

    pub(super) fn ask_to_stop(reason: CancelReason, at: Timestamp) -> Self {
        Self { stage: Stage::Cancelling { reason, at }, decision: Some(Decision::RequestCancel(reason)) }
    }

    fn silent(stage: Stage) -> Self {
        Self { stage, decision: None }
    }
}

impl Order {
    /// The next step that what is known allows; `None` when the order is where it belongs.
    pub(super) fn next(&self, at: Timestamp) -> Option<Step> {
        let parcel = &self.shipment;
        let undelivered = || Step::cancel(CancelReason::Undelivered, true, at);
        let never_left = parcel.failed == Some(FailedStage::BeforeHandover);
        match self.stage {
            Stage::Open | Stage::Completed { .. } | Stage::Cancelled { .. } => None,
            Stage::Confirmed { .. }
            | Stage::Cancelling { .. }
            | Stage::Dispatched { .. }
            | Stage::Delivered { .. }
                if parcel.is_undelivered() =>
            {
                Some(undelivered())
            }
            Stage::Confirmed { .. } if parcel.is_delivered => Some(Step::silent(Stage::Delivered { at })),
            Stage::Confirmed { .. } if parcel.is_dispatched => Some(Step::silent(Stage::Dispatched { at })),
            Stage::Confirmed { .. } if never_left => {
                Some(Step::cancel(CancelReason::ShipmentFailed, true, at))
            }
            Stage::Confirmed { .. } if !parcel.is_stop_refused => {
                self.trouble().map(|reason| Step::ask_to_stop(reason, at))
            }
            Stage::Confirmed { .. } => None,
            Stage::Cancelling { reason, .. } if parcel.is_stopped || never_left => {
                Some(Step::cancel(reason, true, at))
            }
            Stage::Cancelling { .. } => parcel
                .is_stop_refused
                .then_some(Step { stage: Stage::Confirmed { at }, decision: Some(Decision::GoOn) }),
            Stage::Dispatched { .. } => parcel.is_delivered.then_some(Step::silent(Stage::Delivered { at })),
            Stage::Delivered { .. } => self
                .payment
                .is_captured
                .then_some(Step { stage: Stage::Completed { at }, decision: Some(Decision::Complete) }),
        }
    }
}
