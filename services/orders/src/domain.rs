//! What an order is, and what becomes of it. Pure: what happened and what time it is come in, decisions come out.
//!
//! Everything that can decide about an order meets here, in the order's one document: the first one decides, and
//! whatever comes later is only written down.

#![warn(clippy::wildcard_enum_match_arm, clippy::float_arithmetic)]

use contracts::events::order::CancelReason;
use contracts::events::stock::{RejectReason, StockLine};
use contracts::order::OrderStatus;
use contracts::{Currency, PaymentId, Timestamp};
use serde::{Deserialize, Serialize};

mod case;
mod payment;
mod terms;

pub(crate) use case::{Case, Fault, IdTaken, Refused};
pub(crate) use payment::{Payment, PaymentStatus};
pub(crate) use terms::Terms;

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

/// What was decided about an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub(crate) enum Stage {
    /// Nothing yet: stock and payment are being arranged.
    Open,
    /// It is to be shipped.
    Confirmed {
        /// The payment that covers it.
        payment_id: PaymentId,
        /// Since when.
        at: Timestamp,
    },
    /// It ended without goods.
    Cancelled {
        /// Why.
        reason: CancelReason,
        /// Since when.
        at: Timestamp,
    },
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
    /// The money is no longer set aside.
    PaymentVoided,
    /// Stock and payment were not arranged in time.
    Deadline,
    /// The customer does not want it any more.
    CancelAsked,
}

/// What follows from an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decision {
    /// `order.confirmed`.
    Confirm {
        /// The payment that covers it.
        payment_id: PaymentId,
    },
    /// `order.cancelled`.
    Cancel(CancelReason),
    /// Nothing: it is only written down.
    Note,
}

/// A confirmed order cannot be cancelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the order is confirmed and on its way to shipping")]
pub(crate) struct NotCancellable;

/// Decides what follows from `input`: guards first. Whatever was decided before stays.
#[must_use]
pub(crate) fn decide(order: &Order, input: &Input) -> Decision {
    match &order.stage {
        Stage::Confirmed { .. } | Stage::Cancelled { .. } => return Decision::Note,
        Stage::Open => {}
    }
    match input {
        Input::StockReserved { lines } if !order.terms.are_covered_by(lines) => {
            Decision::Cancel(CancelReason::InvalidOrder)
        }
        Input::PaymentAuthorized { amount_minor, currency, .. }
            if !order.terms.cost(*amount_minor, *currency) =>
        {
            Decision::Cancel(CancelReason::InvalidOrder)
        }
        Input::PaymentAuthorized { payment_id, .. } => Decision::Confirm { payment_id: payment_id.clone() },
        Input::StockRejected { reason } => Decision::Cancel(match reason {
            RejectReason::UnknownSku => CancelReason::UnknownSku,
            RejectReason::InsufficientStock | RejectReason::Unrecognised => CancelReason::InsufficientStock,
        }),
        Input::StockShort => Decision::Cancel(CancelReason::StockShort),
        Input::PaymentDeclined | Input::PaymentVoided => Decision::Cancel(CancelReason::PaymentDeclined),
        Input::Deadline => Decision::Cancel(CancelReason::Deadline),
        Input::CancelAsked => Decision::Cancel(CancelReason::CustomerRequest),
        Input::StockReserved { .. }
        | Input::PaymentActionRequired { .. }
        | Input::PaymentActionCompleted { .. } => Decision::Note,
    }
}

impl Order {
    /// An order on `terms`, about which nothing is decided.
    #[must_use]
    pub(crate) fn new(terms: Terms, origin: Origin) -> Self {
        Self { terms, origin, stage: Stage::Open, payment: Payment::default(), stock: Vec::new() }
    }

    /// Takes in `input` and says what follows.
    pub(crate) fn hear(&mut self, input: Input, now: Timestamp) -> Decision {
        let decision = decide(self, &input);
        self.payment.follow(&input);
        if let Input::StockReserved { lines } = input {
            self.stock = lines;
        }
        match &decision {
            Decision::Confirm { payment_id } => {
                self.stage = Stage::Confirmed { payment_id: payment_id.clone(), at: now };
            }
            Decision::Cancel(reason) => self.stage = Stage::Cancelled { reason: *reason, at: now },
            Decision::Note => {}
        }
        decision
    }

    /// Cancels for the customer. An order that is cancelled already stays as it is.
    ///
    /// # Errors
    /// [`NotCancellable`]: it is confirmed, and a parcel may be under way.
    pub(crate) fn cancel(&mut self, now: Timestamp) -> Result<Decision, NotCancellable> {
        match &self.stage {
            Stage::Open | Stage::Cancelled { .. } => Ok(self.hear(Input::CancelAsked, now)),
            Stage::Confirmed { .. } => Err(NotCancellable),
        }
    }

    /// Where it stands, in the word that callers see.
    #[must_use]
    pub(crate) fn status(&self) -> OrderStatus {
        match (&self.stage, self.payment.status) {
            (Stage::Confirmed { .. }, _) => OrderStatus::Confirmed,
            (Stage::Cancelled { .. }, _) => OrderStatus::Cancelled,
            (Stage::Open, PaymentStatus::ActionRequired) => OrderStatus::ActionRequired,
            (Stage::Open, _) => OrderStatus::Placed,
        }
    }
}

#[cfg(test)]
mod tests;
