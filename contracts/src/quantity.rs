//! How many pieces.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A number of pieces of one SKU, 1 to 100,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Quantity(u32);

impl Quantity {
    /// The most pieces of one SKU in one order: the largest real wholesale lines are about 81,000.
    pub const MAX: u32 = 100_000;

    /// One piece.
    pub const ONE: Self = Self(1);

    /// Checks and takes `pieces`.
    ///
    /// # Errors
    /// [`InvalidQuantity`] when it is zero or more than [`Quantity::MAX`].
    pub const fn new(pieces: u32) -> Result<Self, InvalidQuantity> {
        if pieces >= 1 && pieces <= Self::MAX { Ok(Self(pieces)) } else { Err(InvalidQuantity(pieces)) }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// Both together; `None` above [`Quantity::MAX`].
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        Self::new(self.0.checked_add(other.0)?).ok()
    }
}

/// The number is not between 1 and 100,000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("quantity must be 1 to 100000, got {0}")]
pub struct InvalidQuantity(u32);

impl TryFrom<u32> for Quantity {
    type Error = InvalidQuantity;

    fn try_from(pieces: u32) -> Result<Self, Self::Error> {
        Self::new(pieces)
    }
}

impl From<Quantity> for u32 {
    fn from(quantity: Quantity) -> Self {
        quantity.0
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Quantity {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Quantity".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "integer",
            "description": "A number of pieces of one SKU.",
            "minimum": 1,
            "maximum": Self::MAX,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_between_one_and_the_limit() {
        assert!(Quantity::new(0).is_err() && Quantity::new(100_001).is_err());
        assert_eq!(
            Quantity::new(60_000).unwrap().checked_add(Quantity::new(40_000).unwrap()).map(Quantity::get),
            Some(100_000)
        );
        assert_eq!(Quantity::new(100_000).unwrap().checked_add(Quantity::ONE), None);
        assert!(
            serde_json::from_str::<Quantity>("-1").is_err()
                && serde_json::from_str::<Quantity>("1.5").is_err()
        );
    }
}
