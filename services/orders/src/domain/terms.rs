//! What was agreed when the order was placed.

use std::collections::BTreeMap;

use contracts::events::order::{FrozenShare, OrderPlacedV2};
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
    /// What is taken off the prices of the lines, in minor units.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub(crate) discount_minor: i64,
    /// What tax adds to the prices of the lines, in minor units.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub(crate) tax_minor: i64,
    /// Lines less discounts, plus tax and shipping, in minor units: what is authorized, captured and given back.
    pub(crate) total_minor: i64,
    /// What each line is worth, frozen for later refunds; adds up to the total. Its `goods_minor` is what the customer pays
    /// for the goods, discounts taken off and tax added, so that a refund needs to know of neither.
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

impl From<OrderPlacedV2> for Terms {
    /// The terms of an order that was checked, and is sent in one parcel.
    fn from(placed: OrderPlacedV2) -> Self {
        Self {
            lines: placed.plain_lines(),
            shipping_fee_minor: placed.fee_minor(),
            discount_minor: placed.discount_minor,
            tax_minor: placed.tax_minor,
            total_minor: placed.total_minor,
            customer_id: placed.customer_id,
            currency: placed.currency,
            channel: placed.channel,
            allocation: placed.allocation.into_iter().flatten().map(paid).collect(),
            customer: placed.customer,
            ship_to: placed
                .deliveries
                .into_iter()
                .next()
                .map(|delivery| delivery.ship_to)
                .unwrap_or_default(),
            placed_at: placed.placed_at,
        }
    }
}

fn paid(share: FrozenShare) -> Share {
    let goods_minor = share.paid_minor();
    Share { sku: share.sku, goods_minor, fee_minor: share.fee_minor }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_nothing(minor: &i64) -> bool {
    *minor == 0
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
