//! What there is to tell: what an event says, without anything personal, and which message tells it.

use contracts::events::order::CancelReason;
use contracts::events::payment::DisputeStatus;
use contracts::order::LineQuantity;
use contracts::{
    DisputeId, InvalidId, LocationId, MessageId, Money, NotificationId, OrderId, RefundId, Sku, Timestamp,
};
use serde::{Deserialize, Serialize};

use super::Milestone;

/// How all messages travel in this version.
const CHANNEL: &str = "email";

/// What there is to tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Story {
    /// What happened.
    pub facts: Facts,
    /// When.
    pub at: Timestamp,
}

/// What happened, as far as a message says it. What it has in common with other messages is in the order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Facts {
    /// order.placed
    Placed,
    /// order.confirmed
    Confirmed,
    /// order.cancelled
    Cancelled {
        /// Why.
        reason: CancelReason,
    },
    /// order.completed
    Completed,
    /// shipment.dispatched
    Dispatched {
        /// Who carries it.
        carrier: String,
        /// The carrier's number for it.
        tracking_number: String,
        /// Where the customer can follow it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tracking_url: Option<String>,
        /// What is in it.
        parcel: Vec<LineQuantity>,
    },
    /// shipment.delivered
    Delivered,
    /// payment.refunded
    Refunded {
        /// Which refund: an order may have several.
        refund_id: RefundId,
        /// How much.
        #[serde(flatten)]
        money: Money,
    },
    /// payment.voided
    Voided {
        /// How much.
        #[serde(flatten)]
        money: Money,
    },
    /// payment.disputed
    Disputed {
        /// Which dispute.
        dispute_id: DisputeId,
        /// How it stands.
        status: DisputeStatus,
        /// How much is contested.
        #[serde(flatten)]
        money: Money,
    },
    /// stock.low
    Low {
        /// What.
        sku: Sku,
        /// Where.
        location: LocationId,
        /// Pieces that can be sold.
        available: i64,
        /// The threshold in pieces.
        threshold: i64,
    },
    /// stock.short
    Short {
        /// What.
        sku: Sku,
        /// Where.
        location: LocationId,
        /// Promised pieces that are not there.
        missing: i64,
        /// Whose they were.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        order_id: Option<OrderId>,
    },
}

impl Facts {
    /// Which message tells it.
    #[must_use]
    pub fn milestone(&self) -> Milestone {
        match self {
            Self::Placed => Milestone::OrderPlaced,
            Self::Confirmed => Milestone::OrderConfirmed,
            Self::Cancelled { .. } => Milestone::OrderCancelled,
            Self::Completed => Milestone::OrderCompleted,
            Self::Dispatched { .. } => Milestone::ShipmentDispatched,
            Self::Delivered => Milestone::ShipmentDelivered,
            Self::Refunded { .. } => Milestone::PaymentRefunded,
            Self::Voided { .. } => Milestone::PaymentVoided,
            Self::Disputed { .. } => Milestone::PaymentDisputed,
            Self::Low { .. } => Milestone::StockLow,
            Self::Short { .. } => Milestone::StockShort,
        }
    }

    /// What tells it from others of its kind about the same order; `None` for what happens to an order once. An order
    /// has one parcel and one payment in this version.
    fn mark(&self) -> Option<String> {
        match self {
            Self::Refunded { refund_id, .. } => Some(refund_id.to_string()),
            Self::Disputed { dispute_id, status, .. } => Some(format!("{dispute_id}/{status}")),
            Self::Placed
            | Self::Confirmed
            | Self::Cancelled { .. }
            | Self::Completed
            | Self::Dispatched { .. }
            | Self::Delivered
            | Self::Voided { .. }
            | Self::Low { .. }
            | Self::Short { .. } => None,
        }
    }

    /// The message to the customer of `order_id` that tells it: `536365/order-confirmed/email`. It follows from what is
    /// told and from nothing else, so that a second event that tells the same is no second message.
    ///
    /// # Errors
    /// [`InvalidId`] never: the parts of ids are ids.
    pub fn told_about(&self, order_id: &OrderId) -> Result<NotificationId, InvalidId> {
        let milestone = self.milestone().name();
        let mark = self.mark().map_or_else(String::new, |mark| format!(".{}", short(&["fact", &mark])));
        NotificationId::new(format!("{order_id}/{milestone}{mark}/{CHANNEL}"))
    }

    /// The message to `recipient`, an operator, because of `event`: each event is an alarm of its own.
    ///
    /// # Errors
    /// [`InvalidId`] never, as for [`Facts::told_about`].
    pub fn told_to(&self, event: MessageId, recipient: &str) -> Result<NotificationId, InvalidId> {
        let milestone = self.milestone().name();
        let mark = short(&["alarm", &event.to_string(), recipient]);
        NotificationId::new(format!("{milestone}/{mark}/{CHANNEL}"))
    }
}

/// 20 hexadecimal digits that stand for `names`: ids have a bounded length, and what they are made of has not.
fn short(names: &[&str]) -> String {
    MessageId::named(names).0.simple().to_string().chars().take(20).collect()
}
