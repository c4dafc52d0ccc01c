//! A place, and what stands there.

use contracts::events::stock::StockLine;
use contracts::{LocationId, Sku};
use serde::{Deserialize, Serialize};

/// A SKU at a location: what is counted.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) sku: Sku,
    pub(crate) location: LocationId,
}

impl Place {
    /// The place that `line` is taken from.
    pub(crate) fn of(line: &StockLine) -> Self {
        Self { sku: line.sku.clone(), location: line.location.clone() }
    }

    /// Its id: `<sku>@<location>`. Neither may have an `@`, so no two places have the same.
    pub(crate) fn id(&self) -> String {
        format!("{}@{}", self.sku, self.location)
    }

    /// The place that has this id.
    pub(crate) fn from_id(id: &str) -> Option<Self> {
        let (sku, location) = id.split_once('@')?;
        Some(Self { sku: sku.parse().ok()?, location: location.parse().ok()? })
    }
}

/// Where a piece stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Can be sold.
    Available,
    /// Promised to an order that is not confirmed, or held for a cart.
    Reserved,
    /// Promised to a confirmed order.
    Allocated,
    /// Came back, and waits for a decision.
    Quarantine,
}

/// How many pieces there are at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Stock {
    pub(crate) on_hand: i64,
    pub(crate) available: i64,
    pub(crate) reserved: i64,
    pub(crate) allocated: i64,
    pub(crate) quarantine: i64,
}

impl Stock {
    /// Each number with its name, in the order in which they are told.
    pub(crate) fn fields(self) -> [(&'static str, i64); 5] {
        [
            ("on_hand", self.on_hand),
            ("available", self.available),
            ("reserved", self.reserved),
            ("allocated", self.allocated),
            ("quarantine", self.quarantine),
        ]
    }

    /// What must always hold.
    pub(crate) fn adds_up(self) -> bool {
        let parts = [self.available, self.reserved, self.allocated, self.quarantine];
        self.on_hand == parts.iter().sum::<i64>() && parts.iter().all(|&n| n >= 0)
    }

    /// Both together.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            on_hand: self.on_hand + other.on_hand,
            available: self.available + other.available,
            reserved: self.reserved + other.reserved,
            allocated: self.allocated + other.allocated,
            quarantine: self.quarantine + other.quarantine,
        }
    }
}
