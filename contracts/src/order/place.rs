//! An order as it is asked for, and everything that is checked before it is taken: at the HTTP edge, and when
//! another application's `order.placed` is registered.

use serde::{Deserialize, Serialize};

use super::{Customer, Line, PaymentMethod, Share, ShipTo};
use crate::events::order::OrderPlaced;
use crate::ids::{CustomerId, HoldId, OrderId};
use crate::money::Currency;
use crate::time::Timestamp;

mod check;

pub(crate) use check::{CARD_NUMBER, INVALID, Problems};

/// The most distinct SKUs in one order: each is a stock counter in one unit of work of at most 100 items.
pub const MAX_LINES: usize = 80;

/// The longest free text in an order, in characters: an address line or a token, not an essay.
pub const MAX_TEXT_CHARS: usize = 256;

/// The body of `POST /orders`. Numbers and names are as the caller sent them, so that [`PlaceOrder::check`] can say
/// everything that is wrong at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PlaceOrder {
    /// Who buys; `guest-<something>` where the shop does not know.
    #[cfg_attr(feature = "schema", schemars(with = "CustomerId"))]
    pub customer_id: String,
    /// ISO 4217 code of all amounts.
    #[cfg_attr(feature = "schema", schemars(with = "Currency"))]
    pub currency: String,
    /// Where it was sold: `web` when left out.
    #[serde(default = "web")]
    #[cfg_attr(feature = "schema", schemars(length(max = MAX_TEXT_CHARS)))]
    pub channel: String,
    /// What is bought: 1 to 80 distinct SKUs; equal SKUs at equal prices are summed.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub lines: Vec<PlaceLine>,
    /// What the customer pays for shipping, in minor units.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub shipping_fee_minor: i64,
    /// Lines plus shipping in minor units. When given it must add up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub total_minor: Option<i64>,
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
    #[cfg_attr(feature = "schema", schemars(with = "Option<HoldId>"))]
    pub hold_id: Option<String>,
}

/// A line as the caller sent it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PlaceLine {
    /// What.
    #[cfg_attr(feature = "schema", schemars(with = "crate::ids::Sku"))]
    pub sku: String,
    /// How many pieces, 1 to 100,000.
    #[cfg_attr(feature = "schema", schemars(with = "crate::quantity::Quantity"))]
    pub quantity: i64,
    /// The price of one piece in minor units, not negative.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub unit_price_minor: i64,
}

/// One thing that is wrong with an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Where: a JSON pointer (RFC 6901) into the body.
    pub pointer: String,
    /// What, in words for the caller. Never repeats a payment token or a card number.
    pub message: String,
    /// The problem type it belongs to: `invalid-order`, `unknown-currency` or `card-number-refused`.
    #[serde(skip)]
    pub slug: &'static str,
}

/// An order that may be taken: each SKU once, in the order of first mention, and the amounts add up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Who buys.
    pub customer_id: CustomerId,
    /// Of all amounts.
    pub currency: Currency,
    /// Where it was sold.
    pub channel: String,
    /// What is bought.
    pub lines: Vec<Line>,
    /// What the customer pays for shipping, in minor units.
    pub shipping_fee_minor: i64,
    /// Lines plus shipping, in minor units.
    pub total_minor: i64,
    /// What each line is worth; adds up to `total_minor`.
    pub allocation: Vec<Share>,
    /// How it is paid.
    pub payment_method: PaymentMethod,
    /// Who to write to.
    pub customer: Customer,
    /// Where it goes.
    pub ship_to: ShipTo,
    /// The hold that this order takes over.
    pub hold_id: Option<HoldId>,
}

/// Why bytes are not even the shape of an order.
#[derive(Debug, thiserror::Error)]
pub enum NotAnOrder {
    /// Not JSON: `malformed-json`.
    #[error("not JSON")]
    Malformed(#[source] serde_json::Error),
    /// JSON, but a field is missing or of another kind: `invalid-order`.
    #[error("not an order")]
    Shape(#[source] serde_json::Error),
}

impl PlaceOrder {
    /// Reads a body; unknown fields are left alone.
    ///
    /// # Errors
    /// [`NotAnOrder`]: answer 400 or 422, nothing can be checked.
    pub fn from_json(bytes: &[u8]) -> Result<Self, NotAnOrder> {
        serde_json::from_slice(bytes).map_err(|error| {
            if error.is_data() { NotAnOrder::Shape(error) } else { NotAnOrder::Malformed(error) }
        })
    }
}

impl Checked {
    /// The fact that this order was taken under `order_id` at `placed_at`.
    #[must_use]
    pub fn placed(self, order_id: OrderId, placed_at: Timestamp) -> OrderPlaced {
        OrderPlaced {
            order_id,
            customer_id: self.customer_id,
            currency: self.currency,
            channel: self.channel,
            lines: self.lines,
            shipping_fee_minor: self.shipping_fee_minor,
            total_minor: self.total_minor,
            payment_method: self.payment_method,
            customer: self.customer,
            ship_to: self.ship_to,
            hold_id: self.hold_id,
            allocation: Some(self.allocation),
            placed_at,
        }
    }
}

impl From<&OrderPlaced> for PlaceOrder {
    fn from(event: &OrderPlaced) -> Self {
        let line = |line: &Line| PlaceLine {
            sku: line.sku.as_str().to_owned(),
            quantity: i64::from(line.quantity.get()),
            unit_price_minor: line.unit_price_minor,
        };
        Self {
            customer_id: event.customer_id.as_str().to_owned(),
            currency: event.currency.code().to_owned(),
            channel: event.channel.clone(),
            lines: event.lines.iter().map(line).collect(),
            shipping_fee_minor: event.shipping_fee_minor,
            total_minor: Some(event.total_minor),
            payment_method: event.payment_method.clone(),
            customer: event.customer.clone(),
            ship_to: event.ship_to.clone(),
            hold_id: event.hold_id.as_ref().map(|id| id.as_str().to_owned()),
        }
    }
}

fn web() -> String {
    "web".to_owned()
}

#[cfg(test)]
mod tests;
