//! Why an order is cancelled: alone while nothing is decided, by asking shipping once it is confirmed.

use contracts::Timestamp;
use contracts::events::order::CancelReason;
use contracts::events::stock::RejectReason;

use super::stage::Step;
use super::{Decision, Input, Order, Remark, Stage};

/// The order cannot be cancelled any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", match self {
    Self::HasLeft => "the parcel has left",
    Self::Refused => "shipping could not stop the parcel",
    Self::IsCompleted => "the order is completed",
})]
pub(crate) enum NotCancellable {
    /// The carrier or the customer has the parcel.
    HasLeft,
    /// It was tried.
    Refused,
    /// It ended well.
    IsCompleted,
}

impl Order {
    /// What `input` decides by itself, as long as nobody has decided otherwise.
    pub(super) fn decide(&self, input: &Input, at: Timestamp) -> Option<Step> {
        match (&self.stage, input) {
            (Stage::Open, Input::PaymentAuthorized { amount_minor, currency, .. })
                if self.terms.cost(*amount_minor, *currency) =>
            {
                Some(Step::confirm(at))
            }
            (Stage::Open, _) => self.obstacle(input).map(|reason| Step::cancel(reason, false, at)),
            (Stage::Confirmed { .. }, Input::CancelAsked) if !self.shipment.is_stop_refused => {
                Some(Step::ask_to_stop(CancelReason::CustomerRequest, at))
            }
            (
                Stage::Confirmed { .. }
                | Stage::Cancelling { .. }
                | Stage::Dispatched { .. }
                | Stage::Delivered { .. }
                | Stage::Completed { .. }
                | Stage::Cancelled { .. },
                _,
            ) => None,
        }
    }

    /// Why an order that is still open cannot become anything after `input`.
    fn obstacle(&self, input: &Input) -> Option<CancelReason> {
        match input {
            Input::StockReserved { lines } => {
                (!self.terms.are_covered_by(lines)).then_some(CancelReason::InvalidOrder)
            }
            // One over the right amount confirms.
            Input::PaymentAuthorized { .. } => Some(CancelReason::InvalidOrder),
            Input::StockRejected { reason } => Some(match reason {
                RejectReason::UnknownSku => CancelReason::UnknownSku,
                RejectReason::InsufficientStock | RejectReason::Unrecognised => {
                    CancelReason::InsufficientStock
                }
            }),
            Input::StockShort => Some(CancelReason::StockShort),
            Input::PaymentDeclined | Input::PaymentVoided => Some(CancelReason::PaymentDeclined),
            Input::CaptureFailed | Input::AuthorizationExpired => Some(CancelReason::CaptureFailed),
            Input::Deadline => Some(CancelReason::Deadline),
            Input::CancelAsked => Some(CancelReason::CustomerRequest),
            Input::PaymentActionRequired { .. }
            | Input::PaymentActionCompleted { .. }
            | Input::PaymentCaptured { .. }
            | Input::PaymentRefunded { .. }
            | Input::PaymentDisputed { .. }
            | Input::ShipmentCreated { .. }
            | Input::ShipmentReady { .. }
            | Input::ShipmentStopped
            | Input::StopRefused
            | Input::ShipmentDispatched { .. }
            | Input::ShipmentDelivered { .. }
            | Input::ShipmentFailed { .. }
            | Input::ReturnReceived { .. } => None,
        }
    }

    /// Why a confirmed order must not be shipped.
    pub(super) fn trouble(&self) -> Option<CancelReason> {
        if self.is_short {
            return Some(CancelReason::StockShort);
        }
        (self.payment.is_lost && !self.payment.is_captured).then_some(CancelReason::CaptureFailed)
    }

    /// What is said of trouble from which nothing follows.
    pub(super) fn remark(&self, input: &Input) -> Option<Decision> {
        let is_trouble = matches!(
            input,
            Input::StockShort | Input::CaptureFailed | Input::AuthorizationExpired | Input::PaymentVoided
        );
        let remark = match &self.stage {
            Stage::Cancelling { .. } if is_trouble => Remark::FirstReasonStays,
            Stage::Confirmed { .. } if is_trouble && self.shipment.is_stop_refused => Remark::TooLate,
            Stage::Dispatched { .. } | Stage::Delivered { .. } if is_trouble => Remark::TooLate,
            Stage::Open
            | Stage::Confirmed { .. }
            | Stage::Cancelling { .. }
            | Stage::Dispatched { .. }
            | Stage::Delivered { .. }
            | Stage::Completed { .. }
            | Stage::Cancelled { .. } => return None,
        };
        Some(Decision::Remark(remark))
    }

    /// Cancels for the customer: at once, or by asking shipping. One that is cancelled, or about to be, stays so.
    ///
    /// # Errors
    /// [`NotCancellable`]: the parcel is on its way.
    pub(crate) fn cancel(&mut self, now: Timestamp) -> Result<Vec<Decision>, NotCancellable> {
        match &self.stage {
            Stage::Confirmed { .. } if self.shipment.is_stop_refused => Err(NotCancellable::Refused),
            Stage::Open | Stage::Confirmed { .. } | Stage::Cancelling { .. } | Stage::Cancelled { .. } => {
                Ok(self.hear(Input::CancelAsked, now))
            }
            Stage::Dispatched { .. } | Stage::Delivered { .. } => Err(NotCancellable::HasLeft),
            Stage::Completed { .. } => Err(NotCancellable::IsCompleted),
        }
    }
}
