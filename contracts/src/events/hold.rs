//! `hold.*`: published by `inventory`; a hold belongs to a cart, never to an order.

#![warn(clippy::wildcard_enum_match_arm, clippy::float_arithmetic)]

use serde::{Deserialize, Serialize};

use super::stock::StockLine;
use crate::ids::{CartId, HoldId};
use crate::time::Timestamp;

/// A cart's hold on stock ran out and the stock can be sold again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct HoldExpired {
    /// The hold.
    pub hold_id: HoldId,
    /// The cart it was for, when the storefront said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cart_id: Option<CartId>,
    /// What was held, and where.
    pub lines: Vec<StockLine>,
    /// When it ran out.
    pub expired_at: Timestamp,
}
