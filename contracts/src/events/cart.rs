//! `cart.*`: published by the storefront or by the facade in front of the old shop.

#![warn(clippy::wildcard_enum_match_arm, clippy::float_arithmetic)]

use serde::{Deserialize, Serialize};

use crate::ids::{CartId, CustomerId, SessionId, Sku};
use crate::quantity::Quantity;
use crate::time::Timestamp;

/// A visitor put a product into the cart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CartItemAdded {
    /// The cart.
    pub cart_id: CartId,
    /// What.
    pub sku: Sku,
    /// How many pieces were added.
    pub quantity: Quantity,
    /// Who, when signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<CustomerId>,
    /// The visit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
    /// When.
    pub added_at: Timestamp,
}
