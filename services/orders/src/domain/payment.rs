//! What `payment` said about the order's money. Facts only: they are taken in whenever they come.

use std::collections::BTreeMap;

use contracts::events::payment::DisputeStatus;
use contracts::{Currency, DisputeId, PaymentId, RefundId};
use serde::{Deserialize, Serialize};

use super::Input;

/// The most refunds that are remembered one by one: an order has one for each return, and one for its end.
const MAX_REFUNDS: usize = 256;

/// How the order's payment stands, as far as `orders` has heard.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Payment {
    /// Its name, once it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) payment_id: Option<PaymentId>,
    /// In one word.
    pub(crate) status: PaymentStatus,
    /// What was set aside and not let go, in minor units.
    pub(crate) authorized_minor: i64,
    /// Whether the money was taken; a free order takes none.
    pub(crate) is_captured: bool,
    /// What was taken, in minor units.
    pub(crate) captured_minor: i64,
    /// Whether the money that was set aside is gone, or cannot be taken.
    pub(crate) is_lost: bool,
    /// What was given back, in minor units.
    pub(crate) refunded_minor: i64,
    /// The same, refund by refund.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) refunded: BTreeMap<RefundId, i64>,
    /// What the customer contests: an account of its own, from which no refund follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) dispute: Option<Dispute>,
    /// The latest question to the customer, or answer, that was heard: an older one is out of date.
    last_action: u64,
}

/// How a payment stands. A later word never goes back to an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PaymentStatus {
    /// Nothing is known yet.
    #[default]
    Pending,
    /// The customer has to confirm it.
    ActionRequired,
    /// It was refused.
    Declined,
    /// The money is set aside.
    Authorized,
    /// The money is no longer set aside.
    Expired,
    /// The money could not be taken.
    CaptureFailed,
    /// The money was let go.
    Voided,
    /// The money was taken.
    Captured,
    /// All of it was given back.
    Refunded,
}

/// A contested payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Dispute {
    /// As the provider numbers it.
    pub(crate) dispute_id: DisputeId,
    /// How it stands.
    pub(crate) status: DisputeStatus,
    /// What is contested, in minor units.
    pub(crate) amount_minor: i64,
    /// How many events the payment had published by then.
    sequence: Option<u64>,
}

impl Payment {
    /// Takes in what payment said of an order in `currency`.
    pub(super) fn follow(&mut self, input: &Input, currency: Currency) {
        match input {
            Input::PaymentActionRequired { sequence } => {
                if self.is_news(*sequence) {
                    self.reach(PaymentStatus::ActionRequired);
                }
            }
            Input::PaymentActionCompleted { sequence } => {
                if self.is_news(*sequence) && self.status == PaymentStatus::ActionRequired {
                    self.status = PaymentStatus::Pending;
                }
            }
            Input::PaymentAuthorized { payment_id, amount_minor, .. } => {
                self.payment_id.get_or_insert_with(|| payment_id.clone());
                if !self.is_lost && !self.is_captured {
                    self.authorized_minor = *amount_minor;
                }
                self.reach(PaymentStatus::Authorized);
            }
            Input::PaymentDeclined => self.reach(PaymentStatus::Declined),
            Input::AuthorizationExpired => self.lose(PaymentStatus::Expired),
            Input::CaptureFailed => self.lose(PaymentStatus::CaptureFailed),
            Input::PaymentVoided => self.lose(PaymentStatus::Voided),
            Input::PaymentCaptured { payment_id, amount_minor, currency: of } => {
                if *of == currency {
                    self.capture(payment_id, *amount_minor);
                }
            }
            Input::PaymentRefunded { refund_id, amount_minor } => self.refund(refund_id, *amount_minor),
            Input::PaymentDisputed { dispute_id, status, amount_minor, sequence } => {
                self.dispute(Dispute {
                    dispute_id: dispute_id.clone(),
                    status: *status,
                    amount_minor: *amount_minor,
                    sequence: *sequence,
                });
            }
            Input::StockReserved { .. }
            | Input::StockRejected { .. }
            | Input::StockShort
            | Input::ShipmentCreated { .. }
            | Input::ShipmentReady { .. }
            | Input::ShipmentStopped
            | Input::StopRefused
            | Input::ShipmentDispatched { .. }
            | Input::ShipmentDelivered { .. }
            | Input::ShipmentFailed { .. }
            | Input::ReturnReceived { .. }
            | Input::Deadline
            | Input::CancelAsked => {}
        }
    }

    fn reach(&mut self, status: PaymentStatus) {
        self.status = self.status.max(status);
    }

    fn lose(&mut self, status: PaymentStatus) {
        self.is_lost = true;
        if !self.is_captured {
            self.authorized_minor = 0;
        }
        self.reach(status);
    }

    /// There is one capture for each payment; the first telling counts.
    fn capture(&mut self, payment_id: &PaymentId, amount_minor: i64) {
        self.payment_id.get_or_insert_with(|| payment_id.clone());
        if !self.is_captured {
            self.is_captured = true;
            self.captured_minor = amount_minor.max(0);
            self.authorized_minor = self.captured_minor;
        }
        self.reach(PaymentStatus::Captured);
        self.look_whether_all_is_back();
    }

    fn refund(&mut self, refund_id: &RefundId, amount_minor: i64) {
        if self.refunded.len() < MAX_REFUNDS {
            self.refunded.entry(refund_id.clone()).or_insert_with(|| amount_minor.max(0));
        }
        self.refunded_minor = self.refunded.values().fold(0, |sum: i64, minor| sum.saturating_add(*minor));
        self.look_whether_all_is_back();
    }

    fn look_whether_all_is_back(&mut self) {
        if self.is_captured && self.refunded_minor > 0 && self.refunded_minor >= self.captured_minor {
            self.reach(PaymentStatus::Refunded);
        }
    }

    fn dispute(&mut self, told: Dispute) {
        if self.dispute.as_ref().is_none_or(|known| known.sequence <= told.sequence) {
            self.dispute = Some(told);
        }
    }

    fn is_news(&mut self, sequence: Option<u64>) -> bool {
        match sequence {
            Some(sequence) if sequence <= self.last_action => false,
            Some(sequence) => {
                self.last_action = sequence;
                true
            }
            None => true,
        }
    }
}
