//! What an order is, and what becomes of it. Pure: what happened and what time it is come in, decisions come out.
//!
//! Everything that can decide about an order meets here, in the order's one document. While nothing is decided the
//! first one decides. Afterwards facts are taken in whenever they come, and what follows, follows from all of them
//! together: so it makes no difference in which order they arrive.

#![warn(clippy::wildcard_enum_match_arm, clippy::float_arithmetic)]

use contracts::events::order::CancelReason;
use contracts::events::payment::DisputeStatus;
use contracts::events::returns::ReturnedLine;
use contracts::events::shipment::FailedStage;
use contracts::events::stock::{RejectReason, StockLine};
use contracts::order::OrderStatus;
use contracts::{Currency, DisputeId, PaymentId, RefundId, ReturnId, ShipmentId, Timestamp};
use serde::{Deserialize, Serialize};

mod cancel;
mod case;
mod payment;
mod refunds;
mod returns;
mod shipment;
mod stage;
mod terms;
mod watch;

pub(crate) use cancel::NotCancellable;
pub(crate) use case::{Case, Fault, IdTaken, Refused};
pub(crate) use payment::{Payment, PaymentStatus};
pub(crate) use refunds::{Cause, Due, Refunds};
pub(crate) use returns::{NotReturnable, Return, Wanted};
pub(crate) use shipment::Shipment;
pub(crate) use stage::Stage;
pub(crate) use terms::Terms;
pub(crate) use watch::{Awaited, Waiting, Watch};

/// An order and how far it has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Order {
    /// What was agreed; never changes.
    pub(crate) terms: Terms,
    /// How it came in.
    pub(crate) origin: Origin,
    /// What was decided.
    pub(crate) stage: Stage,
    /// What `payment` said.
    pub(crate) payment: Payment,
    /// What `inventory` reserved, and where; empty until it says so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) stock: Vec<StockLine>,
    /// Whether `inventory` said that some of it is missing.
    #[serde(default)]
    pub(crate) is_short: bool,
    /// What `shipping` said.
    #[serde(default)]
    pub(crate) shipment: Shipment,
    /// What the customer sends back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) returns: Vec<Return>,
    /// What the customer is owed back.
    #[serde(default)]
    pub(crate) refunds: Refunds,
    /// What it waits for.
    #[serde(default)]
    pub(crate) watch: Watch,
}

/// How an order came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Origin {
    /// By `POST /orders`.
    Http {
        /// The key under which it was asked for.
        idempotency_key: String,
    },
    /// By another application's `order.placed`.
    Application,
}

/// Something that may decide about an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "input", rename_all = "snake_case")]
pub(crate) enum Input {
    /// All lines are reserved.
    StockReserved {
        /// What, and where.
        lines: Vec<StockLine>,
    },
    /// The order cannot be supplied.
    StockRejected {
        /// Why.
        reason: RejectReason,
    },
    /// Stock that was promised is missing.
    StockShort,
    /// The money is set aside. Payment asks for it only after the stock is reserved, so this alone confirms.
    PaymentAuthorized {
        /// The payment.
        payment_id: PaymentId,
        /// How much, in minor units.
        amount_minor: i64,
        /// Of what.
        currency: Currency,
    },
    /// The payment was refused.
    PaymentDeclined,
    /// The customer has to confirm the payment.
    PaymentActionRequired {
        /// How many events the payment had published by then.
        sequence: Option<u64>,
    },
    /// The customer did.
    PaymentActionCompleted {
        /// How many events the payment had published by then.
        sequence: Option<u64>,
    },
    /// The money is no longer set aside: it was let go.
    PaymentVoided,
    /// The money is no longer set aside: it was held for too long.
    AuthorizationExpired,
    /// The money was taken.
    PaymentCaptured {
        /// The payment.
        payment_id: PaymentId,
        /// How much, in minor units.
        amount_minor: i64,
        /// Of what.
        currency: Currency,
    },
    /// The money could not be taken.
    CaptureFailed,
    /// Money was given back.
    PaymentRefunded {
        /// The refund, as it was named when it fell due.
        refund_id: RefundId,
        /// How much, in minor units.
        amount_minor: i64,
    },
    /// The customer contests the payment, or a dispute was decided.
    PaymentDisputed {
        /// The dispute.
        dispute_id: DisputeId,
        /// How it stands.
        status: DisputeStatus,
        /// How much, in minor units.
        amount_minor: i64,
        /// How many events the payment had published by then.
        sequence: Option<u64>,
    },
    /// A parcel was booked.
    ShipmentCreated {
        /// The parcel.
        shipment_id: ShipmentId,
    },
    /// It is packed and labelled.
    ShipmentReady {
        /// The parcel.
        shipment_id: ShipmentId,
        /// The carrier's number for it.
        tracking_number: String,
    },
    /// It will not leave.
    ShipmentStopped,
    /// It cannot be stopped.
    StopRefused,
    /// The carrier has it.
    ShipmentDispatched {
        /// The parcel.
        shipment_id: ShipmentId,
        /// The carrier's number for it.
        tracking_number: String,
    },
    /// The customer has it.
    ShipmentDelivered {
        /// The parcel.
        shipment_id: ShipmentId,
    },
    /// It will not arrive.
    ShipmentFailed {
        /// How far it got.
        stage: FailedStage,
    },
    /// Goods came back.
    ReturnReceived {
        /// In which return.
        return_id: ReturnId,
        /// What arrived.
        lines: Vec<ReturnedLine>,
    },
    /// Stock and payment were not arranged in time.
    Deadline,
    /// The customer does not want it any more.
    CancelAsked,
}

/// What follows from what is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decision {
    /// `order.confirmed`.
    Confirm,
    /// `order.cancel-requested`.
    RequestCancel(CancelReason),
    /// `order.cancelled`.
    Cancel {
        /// Why.
        reason: CancelReason,
        /// Whether it had been confirmed before.
        was_confirmed: bool,
    },
    /// `order.completed`.
    Complete,
    /// `order.refund-due`; nothing when there is nothing to give back.
    Refund(Due),
    /// `order.stalled`.
    Stall(Waiting),
    /// Nothing: shipping could not stop the parcel, and the order goes on.
    GoOn,
    /// Nothing, although somebody might expect it.
    Remark(Remark),
}

/// Why nothing follows from trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Remark {
    /// The parcel has left.
    TooLate,
    /// Another reason came first, and shipping was asked already.
    FirstReasonStays,
}

impl Decision {
    /// The end of an order that was never confirmed.
    pub(crate) const fn end(reason: CancelReason) -> Self {
        Self::Cancel { reason, was_confirmed: false }
    }
}

impl Order {
    /// An order on `terms`, about which nothing is decided.
    #[must_use]
    pub(crate) fn new(terms: Terms, origin: Origin) -> Self {
        Self {
            terms,
            origin,
            stage: Stage::Open,
            payment: Payment::default(),
            stock: Vec::new(),
            is_short: false,
            shipment: Shipment::default(),
            returns: Vec::new(),
            refunds: Refunds::default(),
            watch: Watch::default(),
        }
    }

    /// Takes in `input`, and says all that follows.
    pub(crate) fn hear(&mut self, input: Input, now: Timestamp) -> Vec<Decision> {
        let mut decisions: Vec<Decision> = self.remark(&input).into_iter().collect();
        let mut step = self.decide(&input, now);
        self.take_in(input, now);
        while let Some(next) = step.take().or_else(|| self.next(now)) {
            self.stage = next.stage;
            decisions.extend(next.decision);
        }
        decisions.extend(self.owed().into_iter().map(Decision::Refund));
        self.watch.follow(self.awaits(), now);
        decisions
    }

    fn take_in(&mut self, input: Input, now: Timestamp) {
        self.payment.follow(&input, self.terms.currency);
        self.shipment.follow(&input);
        match input {
            Input::StockReserved { lines } => self.stock = lines,
            Input::StockShort => self.is_short = true,
            Input::ReturnReceived { return_id, lines } => self.receive(&return_id, &lines, now),
            Input::StockRejected { .. }
            | Input::PaymentAuthorized { .. }
            | Input::PaymentDeclined
            | Input::PaymentActionRequired { .. }
            | Input::PaymentActionCompleted { .. }
            | Input::PaymentVoided
            | Input::AuthorizationExpired
            | Input::PaymentCaptured { .. }
            | Input::CaptureFailed
            | Input::PaymentRefunded { .. }
            | Input::PaymentDisputed { .. }
            | Input::ShipmentCreated { .. }
            | Input::ShipmentReady { .. }
            | Input::ShipmentStopped
            | Input::StopRefused
            | Input::ShipmentDispatched { .. }
            | Input::ShipmentDelivered { .. }
            | Input::ShipmentFailed { .. }
            | Input::Deadline
            | Input::CancelAsked => {}
        }
    }

    /// Where it stands, in the word that callers see.
    #[must_use]
    pub(crate) fn status(&self) -> OrderStatus {
        match self.stage {
            Stage::Open if self.payment.status == PaymentStatus::ActionRequired => {
                OrderStatus::ActionRequired
            }
            Stage::Open => OrderStatus::Placed,
            Stage::Confirmed { .. } => OrderStatus::Confirmed,
            Stage::Cancelling { .. } => OrderStatus::Cancelling,
            Stage::Dispatched { .. } => OrderStatus::Dispatched,
            Stage::Delivered { .. } => OrderStatus::Delivered,
            Stage::Completed { .. } => OrderStatus::Completed,
            Stage::Cancelled { .. } => OrderStatus::Cancelled,
        }
    }

    /// Why it is cancelled, or is to be.
    #[must_use]
    pub(crate) fn cancel_reason(&self) -> Option<CancelReason> {
        match self.stage {
            Stage::Cancelling { reason, .. } | Stage::Cancelled { reason, .. } => Some(reason),
            Stage::Open
            | Stage::Confirmed { .. }
            | Stage::Dispatched { .. }
            | Stage::Delivered { .. }
            | Stage::Completed { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests;
