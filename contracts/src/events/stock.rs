//! `stock.*`: published by `inventory`.

#![warn(clippy::wildcard_enum_match_arm, clippy::float_arithmetic)]

use serde::{Deserialize, Serialize};

use crate::ids::{LocationId, OrderId, Sku};
use crate::quantity::Quantity;
use crate::time::Timestamp;
use crate::words::words;

/// Some pieces of one SKU at one location. A SKU may be taken from several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StockLine {
    /// What.
    pub sku: Sku,
    /// How many pieces.
    pub quantity: Quantity,
    /// Where they lie.
    pub location: LocationId,
}

/// All lines of the order are reserved, until the order is cancelled or its goods leave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StockReserved {
    /// The order.
    pub order_id: OrderId,
    /// What is reserved, and where.
    pub lines: Vec<StockLine>,
}

words! {
    /// Why an order cannot be supplied.
    pub enum RejectReason {
        /// Known, but not enough of it.
        InsufficientStock = "insufficient_stock",
        /// At least one SKU is not known at all.
        UnknownSku = "unknown_sku",
    }
}

/// A SKU of which there is not enough.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Shortage {
    /// What.
    pub sku: Sku,
    /// How many pieces the order wants.
    pub wanted: Quantity,
    /// How many pieces could be had; 0 for an unknown SKU.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub available: i64,
}

/// The order cannot be supplied; nothing is reserved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StockRejected {
    /// The order.
    pub order_id: OrderId,
    /// Why; `unknown_sku` wins when both apply.
    pub reason: RejectReason,
    /// The lines that cannot be supplied.
    pub short: Vec<Shortage>,
}

/// How much of a SKU there is at a location now. `on_hand` is the sum of the four parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StockLevelChanged {
    /// What.
    pub sku: Sku,
    /// Where.
    pub location: LocationId,
    /// Pieces that lie there.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub on_hand: i64,
    /// Pieces that can be sold.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub available: i64,
    /// Pieces reserved for orders that are not confirmed, and held for carts.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub reserved: i64,
    /// Pieces of confirmed orders that have not left.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub allocated: i64,
    /// Pieces that came back and wait for a decision.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub quarantine: i64,
}

/// A SKU fell to its threshold at a location.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StockLow {
    /// What.
    pub sku: Sku,
    /// Where.
    pub location: LocationId,
    /// Pieces that can be sold.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub available: i64,
    /// The threshold in pieces.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub threshold: i64,
}

/// Less is on hand than was promised: one event for each order that cannot be supplied any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StockShort {
    /// What.
    pub sku: Sku,
    /// Where.
    pub location: LocationId,
    /// How many promised pieces are missing.
    pub missing: Quantity,
    /// The order that loses its stock; absent when only holds of carts are affected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
    /// When it was found.
    pub found_at: Timestamp,
}
