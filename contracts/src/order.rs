//! The parts that an order is made of, and the check of an order before it is taken.

#![warn(clippy::wildcard_enum_match_arm, clippy::float_arithmetic)]

use serde::{Deserialize, Serialize};

use crate::ids::Sku;
use crate::quantity::Quantity;
use crate::words::words;

mod buyer;
mod place;

pub use buyer::{Customer, PaymentMethod, ShipTo};
pub(crate) use place::{CARD_NUMBER, INVALID, Problems};
pub use place::{Checked, MAX_LINES, MAX_TEXT_CHARS, NotAnOrder, PlaceLine, PlaceOrder, Problem};

/// One SKU of an order, at the price that the shop asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Line {
    /// What is bought.
    pub sku: Sku,
    /// How many pieces.
    pub quantity: Quantity,
    /// The price of one piece, in minor units of the order's currency; not negative.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub unit_price_minor: i64,
}

impl Line {
    /// Quantity times unit price, in minor units; `None` when it does not fit.
    #[must_use]
    pub fn goods_minor(&self) -> Option<i64> {
        self.unit_price_minor.checked_mul(i64::from(self.quantity.get()))
    }
}

/// Some pieces of one SKU: in a parcel, in a return.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LineQuantity {
    /// What.
    pub sku: Sku,
    /// How many pieces.
    pub quantity: Quantity,
}

/// What one line of an order is worth in the customer's money. The shares of an order add up to its total, so a
/// refund by line never has to round again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Share {
    /// The line: an order has each SKU once.
    pub sku: Sku,
    /// Quantity times unit price, in minor units.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub goods_minor: i64,
    /// The line's share of the shipping fee by largest remainder, weighted by `goods_minor`, in minor units.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub fee_minor: i64,
}

words! {
    /// Where an order stands.
    pub enum OrderStatus {
        /// Taken; stock and payment are being arranged.
        Placed = "placed",
        /// The customer has to do something for the payment.
        ActionRequired = "action_required",
        /// Stock is reserved and the payment is authorized.
        Confirmed = "confirmed",
        /// Confirmed before; a cancel waits for the answer of shipping.
        Cancelling = "cancelling",
        /// Handed over to the carrier.
        Dispatched = "dispatched",
        /// The customer has it.
        Delivered = "delivered",
        /// Closed: delivered, and nothing is open.
        Completed = "completed",
        /// Closed without goods; money that was taken is given back.
        Cancelled = "cancelled",
    }
}
