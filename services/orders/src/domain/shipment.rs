//! What `shipping` said about the order's parcel. Facts only: they are taken in whenever they come.

use contracts::ShipmentId;
use contracts::events::shipment::FailedStage;
use serde::{Deserialize, Serialize};

use super::Input;

/// The order's parcel, as far as `orders` has heard.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Shipment {
    /// Its name, once it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) shipment_id: Option<ShipmentId>,
    /// The carrier's number for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tracking_number: Option<String>,
    /// It is packed and labelled.
    pub(crate) is_ready: bool,
    /// It will not leave.
    pub(crate) is_stopped: bool,
    /// It could not be stopped.
    pub(crate) is_stop_refused: bool,
    /// The carrier has it.
    pub(crate) is_dispatched: bool,
    /// The customer has it.
    pub(crate) is_delivered: bool,
    /// It will not arrive.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) failed: Option<FailedStage>,
}

impl Shipment {
    pub(super) fn follow(&mut self, input: &Input) {
        match input {
            Input::ShipmentCreated { shipment_id } => self.named(shipment_id, None),
            Input::ShipmentReady { shipment_id, tracking_number } => {
                self.named(shipment_id, Some(tracking_number));
                self.is_ready = true;
            }
            Input::ShipmentStopped => self.is_stopped = true,
            Input::StopRefused => self.is_stop_refused = true,
            Input::ShipmentDispatched { shipment_id, tracking_number } => {
                self.named(shipment_id, Some(tracking_number));
                self.is_dispatched = true;
            }
            Input::ShipmentDelivered { shipment_id } => {
                self.named(shipment_id, None);
                self.is_delivered = true;
            }
            Input::ShipmentFailed { stage } => self.failed = Some(*stage),
            Input::StockReserved { .. }
            | Input::StockRejected { .. }
            | Input::StockShort
            | Input::PaymentAuthorized { .. }
            | Input::PaymentDeclined
            | Input::PaymentActionRequired { .. }
            | Input::PaymentActionCompleted { .. }
            | Input::PaymentVoided
            | Input::PaymentCaptured { .. }
            | Input::CaptureFailed
            | Input::AuthorizationExpired
            | Input::PaymentRefunded { .. }
            | Input::PaymentDisputed { .. }
            | Input::ReturnReceived { .. }
            | Input::Deadline
            | Input::CancelAsked => {}
        }
    }

    fn named(&mut self, shipment_id: &ShipmentId, tracking_number: Option<&String>) {
        self.shipment_id.get_or_insert_with(|| shipment_id.clone());
        if let Some(number) = tracking_number {
            self.tracking_number.get_or_insert_with(|| number.clone());
        }
    }

    /// Whether it left and did not arrive.
    pub(crate) fn is_undelivered(&self) -> bool {
        matches!(self.failed, Some(FailedStage::Lost | FailedStage::Returned))
    }

    /// Where it is, in the word that callers see.
    pub(crate) fn status(&self) -> &'static str {
        match self.failed {
            Some(failed) => failed.as_str(),
            None if self.is_stopped => "stopped",
            None if self.is_delivered => "delivered",
            None if self.is_dispatched => "dispatched",
            None if self.is_ready => "ready",
            None => "created",
        }
    }
}
