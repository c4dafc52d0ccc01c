//! `order.*`: published by `orders`, the only decider; `order.placed` also by other applications.

#![warn(clippy::wildcard_enum_match_arm, clippy::float_arithmetic)]

use serde::{Deserialize, Serialize};

use super::stock::StockLine;
use crate::ids::{CustomerId, HoldId, OrderId, PaymentId, RefundId, Sku};
use crate::money::Currency;
#[cfg(feature = "schema")]
use crate::order::MAX_TEXT_CHARS;
use crate::order::{Checked, Customer, Line, OrderStatus, PaymentMethod, PlaceOrder, Problem, Share, ShipTo};
use crate::quantity::Quantity;
use crate::time::Timestamp;
use crate::words::words;

mod placed_v2;

pub use placed_v2::{
    Discount, FrozenShare, MAX_CODE_CHARS, MAX_DELIVERIES, MAX_DISCOUNTS, MAX_TAX_RATE_BP, OrderPlacedV2,
    PlannedDelivery, PricedLine,
};

/// An order was taken. `data` is the body of `POST /orders` with what taking it added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OrderPlaced {
    /// The order.
    pub order_id: OrderId,
    /// Who buys.
    pub customer_id: CustomerId,
    /// Of all amounts.
    pub currency: Currency,
    /// Where it was sold, such as `web`.
    #[serde(default = "web")]
    #[cfg_attr(feature = "schema", schemars(length(max = MAX_TEXT_CHARS)))]
    pub channel: String,
    /// What is bought. Ours have each SKU once; another application's may repeat one.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub lines: Vec<Line>,
    /// What the customer pays for shipping, in minor units.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub shipping_fee_minor: i64,
    /// Lines plus shipping, in minor units.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub total_minor: i64,
    /// How it is paid.
    pub payment_method: PaymentMethod,
    /// Who to write to.
    #[serde(default)]
    pub customer: Customer,
    /// Where it goes.
    #[serde(default)]
    pub ship_to: ShipTo,
    /// The cart's hold on stock, which this order takes over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_id: Option<HoldId>,
    /// What each line is worth, frozen for later refunds; another application may leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allocation: Option<Vec<Share>>,
    /// When it was taken.
    pub placed_at: Timestamp,
}

impl OrderPlaced {
    /// The checks of `POST /orders`, for an order that another application took.
    ///
    /// # Errors
    /// Every [`Problem`] found: this order must not have a life here.
    pub fn check(&self) -> Result<Checked, Vec<Problem>> {
        PlaceOrder::from(self).check()
    }
}

/// Stock is reserved and the payment is authorized. Carries all that booking a parcel and writing to the customer need.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OrderConfirmed {
    /// The order.
    pub order_id: OrderId,
    /// Who buys.
    pub customer_id: CustomerId,
    /// The authorized payment.
    pub payment_id: PaymentId,
    /// Of all amounts.
    pub currency: Currency,
    /// What is bought, each SKU once.
    pub lines: Vec<Line>,
    /// From where each line is taken; empty when `orders` has not heard it yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stock: Vec<StockLine>,
    /// What the customer pays for shipping, in minor units.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub shipping_fee_minor: i64,
    /// What was taken off the prices of the lines, in minor units. Since 1.1.0.
    #[serde(default, skip_serializing_if = "is_nothing")]
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub discount_minor: i64,
    /// What tax adds to the prices of the lines, in minor units. Since 1.1.0.
    #[serde(default, skip_serializing_if = "is_nothing")]
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub tax_minor: i64,
    /// Lines less discounts, plus tax and shipping, in minor units.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub total_minor: i64,
    /// Who to write to.
    #[serde(default)]
    pub customer: Customer,
    /// Where it goes.
    #[serde(default)]
    pub ship_to: ShipTo,
    /// When it was confirmed.
    pub confirmed_at: Timestamp,
}

words! {
    /// Why an order is cancelled.
    pub enum CancelReason {
        /// The customer, or the shop for the customer, asked for it.
        CustomerRequest = "customer_request",
        /// The payment was refused.
        PaymentDeclined = "payment_declined",
        /// Not enough stock.
        InsufficientStock = "insufficient_stock",
        /// A SKU that the inventory does not have.
        UnknownSku = "unknown_sku",
        /// Stock and payment were not arranged in time.
        Deadline = "deadline",
        /// The money could not be taken.
        CaptureFailed = "capture_failed",
        /// The parcel failed before it was handed over.
        ShipmentFailed = "shipment_failed",
        /// The parcel left, and was lost or brought back: what becomes of its goods is said by the shipment's events.
        Undelivered = "undelivered",
        /// Stock that was promised turned out to be missing.
        StockShort = "stock_short",
        /// Another application's order that no service may work on, for instance because its amounts do not add up.
        InvalidOrder = "invalid_order",
    }
}

/// A confirmed order is to be cancelled; shipping answers `shipment.stopped` or `shipment.stop-refused`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OrderCancelRequested {
    /// The order.
    pub order_id: OrderId,
    /// Why.
    pub reason: CancelReason,
    /// When it was asked for.
    pub requested_at: Timestamp,
}

/// The order ended without goods: reservations and authorizations are let go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OrderCancelled {
    /// The order.
    pub order_id: OrderId,
    /// Who wanted to buy.
    pub customer_id: CustomerId,
    /// Why.
    pub reason: CancelReason,
    /// Whether it had been confirmed, and so a parcel had to be stopped first.
    pub was_confirmed: bool,
    /// Of the total.
    pub currency: Currency,
    /// What the customer would have paid, in minor units.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub total_minor: i64,
    /// When it was cancelled.
    pub cancelled_at: Timestamp,
}

words! {
    /// Why the customer is owed money.
    pub enum RefundReason {
        /// The order was cancelled after the money was taken.
        Cancelled = "cancelled",
        /// The customer sent goods back.
        Returned = "returned",
        /// The carrier lost the parcel.
        Lost = "lost",
        /// The carrier brought the parcel back.
        Undelivered = "undelivered",
    }
}

/// What one line is worth in a refund.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RefundLine {
    /// What.
    pub sku: Sku,
    /// How many pieces.
    pub quantity: Quantity,
    /// Their share of goods and shipping fee, in minor units.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub amount_minor: i64,
}

/// The customer is owed money back. Only `orders` says so, and payment refunds on this event only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OrderRefundDue {
    /// The order.
    pub order_id: OrderId,
    /// The payment to refund.
    pub payment_id: PaymentId,
    /// Names this refund for good: the same id never moves money twice.
    pub refund_id: RefundId,
    /// Of all amounts.
    pub currency: Currency,
    /// What to give back, in minor units; the sum of the lines.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub amount_minor: i64,
    /// For what.
    pub lines: Vec<RefundLine>,
    /// Why.
    pub reason: RefundReason,
    /// When it fell due.
    pub due_at: Timestamp,
}

/// The order ended well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OrderCompleted {
    /// The order.
    pub order_id: OrderId,
    /// Who bought.
    pub customer_id: CustomerId,
    /// Of all amounts.
    pub currency: Currency,
    /// What was bought.
    pub lines: Vec<Line>,
    /// What the customer paid, in minor units.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub total_minor: i64,
    /// When it was closed.
    pub completed_at: Timestamp,
}

/// A confirmed order has waited too long. An alarm: no money moves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OrderStalled {
    /// The order.
    pub order_id: OrderId,
    /// Where it stands.
    pub status: OrderStatus,
    /// The name of the event that did not come, such as `shipment.ready`.
    pub waiting_for: String,
    /// Since when it waits.
    pub waiting_since: Timestamp,
    /// When the alarm was raised.
    pub stalled_at: Timestamp,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_nothing(minor: &i64) -> bool {
    *minor == 0
}

fn web() -> String {
    "web".to_owned()
}
