//! `return.*`: asked for at `orders`, received by `shipping`.

#![warn(clippy::wildcard_enum_match_arm, clippy::float_arithmetic)]

use serde::{Deserialize, Serialize};

use crate::ids::{CustomerId, LocationId, OrderId, ReturnId, ShipmentId, Sku};
use crate::order::LineQuantity;
use crate::quantity::Quantity;
use crate::time::Timestamp;
use crate::words::words;

/// The customer wants to send goods back; shipping makes the label.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReturnRequested {
    /// The order.
    pub order_id: OrderId,
    /// This return; an order may have several.
    pub return_id: ReturnId,
    /// Who.
    pub customer_id: CustomerId,
    /// The parcel that the goods came in, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shipment_id: Option<ShipmentId>,
    /// What is to come back.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub lines: Vec<LineQuantity>,
    /// Why, in the customer's words; may be empty.
    #[serde(default)]
    pub reason: String,
    /// When it was asked for.
    pub requested_at: Timestamp,
}

words! {
    /// What returned goods look like.
    pub enum Condition {
        /// Can be sold again.
        Sellable = "sellable",
        /// Cannot.
        Damaged = "damaged",
    }
}

/// Returned pieces of one SKU in one condition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReturnedLine {
    /// What.
    pub sku: Sku,
    /// How many pieces.
    pub quantity: Quantity,
    /// What they look like.
    pub condition: Condition,
}

/// Returned goods arrived. Inventory quarantines and restocks them, orders decides the refund.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ReturnReceived {
    /// The order.
    pub order_id: OrderId,
    /// The return.
    pub return_id: ReturnId,
    /// Where the goods are now.
    pub location: LocationId,
    /// What arrived, which may be less than was announced.
    pub lines: Vec<ReturnedLine>,
    /// When.
    pub received_at: Timestamp,
}
