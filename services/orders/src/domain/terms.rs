//! What was agreed when the order was placed.

use std::collections::BTreeMap;

use contracts::events::order::OrderPlaced;
use contracts::events::stock::StockLine;
use contracts::order::{Customer, Line, Share, ShipTo};
use contracts::{Currency, CustomerId, Sku, Timestamp};
use serde::{Deserialize, Serialize};

/// Everything about an order that never changes. The payment token is not kept: only `payment` needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Terms {
    /// Who buys.
    pub(crate) customer_id: CustomerId,
    /// Of all amounts.
    pub(crate) currency: Currency,
    /// Where it was sold, such as `web`.
    pub(crate) channel: String,
    /// What is bought, each SKU once.
    pub(crate) lines: Vec<Line>,
    /// What the customer pays for shipping, in minor units.
    pub(crate) shipping_fee_minor: i64,
    /// Lines plus shipping, in minor units.
    pub(crate) total_minor: i64,
    /// What each line is worth, frozen for later refunds; adds up to the total.
    pub(crate) allocation: Vec<Share>,
    /// Who to write to.
    #[serde(default)]
    pub(crate) customer: Customer,
    /// Where it goes.
    #[serde(default)]
    pub(crate) ship_to: ShipTo,
    /// When it was placed, here or at the other application.
    pub(crate) placed_at: Timestamp,
}

impl From<OrderPlaced> for Terms {
    /// The terms of an order that was checked.
    fn from(placed: OrderPlaced) -> Self {
        Self {
            customer_id: placed.customer_id,
            currency: placed.currency,
            channel: placed.channel,
            lines: placed.lines,
            shipping_fee_minor: placed.shipping_fee_minor,
            total_minor: placed.total_minor,
            allocation: placed.allocation.unwrap_or_default(),
            customer: placed.customer,
            ship_to: placed.ship_to,
            placed_at: placed.placed_at,
        }
    }
}

impl Terms {
    /// Whether `other` tells of the same order; a second telling may carry another time.
    pub(super) fn are_those_of(&self, other: &Self) -> bool {
        *self == Self { placed_at: self.placed_at, ..other.clone() }
    }

    /// Whether the order costs exactly this.
    pub(super) fn cost(&self, amount_minor: i64, currency: Currency) -> bool {
        amount_minor == self.total_minor && currency == self.currency
    }

    /// What all pieces of `sku` are worth with their part of the fee, in minor units: frozen when it was placed.
    pub(crate) fn worth_of(&self, sku: &Sku) -> i64 {
        let share = self.allocation.iter().find(|share| share.sku == *sku);
        share.map_or(0, |share| share.goods_minor.saturating_add(share.fee_minor))
    }

    /// Whether `stock` is exactly what is bought, from whatever locations.
    pub(super) fn are_covered_by(&self, stock: &[StockLine]) -> bool {
        let wanted = pieces(self.lines.iter().map(|line| (&line.sku, line.quantity.get())));
        let reserved = pieces(stock.iter().map(|line| (&line.sku, line.quantity.get())));
        wanted == reserved
    }
}

fn pieces<'a>(lines: impl Iterator<Item = (&'a Sku, u32)>) -> BTreeMap<&'a Sku, u64> {
    let mut sums = BTreeMap::new();
    for (sku, quantity) in lines {
        *sums.entry(sku).or_default() += u64::from(quantity);
    }
    sums
}
