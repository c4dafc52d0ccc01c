//! The second major of `order.placed`: what v1 says, with tax, discounts, and more than one delivery.
//!
//! ```text
//! total = goods - discounts + tax + fees        goods = sum of quantity x unit price
//! ```

use serde::{Deserialize, Serialize};

use super::{OrderPlaced, web};
use crate::events::majors::{NoWords, Succeeds};
use crate::ids::{CustomerId, HoldId, OrderId, Sku};
use crate::money::Currency;
#[cfg(feature = "schema")]
use crate::order::MAX_TEXT_CHARS;
use crate::order::{Customer, Line, LineQuantity, PaymentMethod, Share, ShipTo};
use crate::quantity::Quantity;
use crate::time::Timestamp;

mod check;

pub use check::{MAX_CODE_CHARS, MAX_DELIVERIES, MAX_DISCOUNTS, MAX_TAX_RATE_BP};

/// An order was taken: version 2 splits what v1 had in one price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct OrderPlacedV2 {
    /// The order.
    pub order_id: OrderId,
    /// Who buys.
    pub customer_id: CustomerId,
    /// Of all amounts.
    pub currency: Currency,
    /// Where it was sold, such as `web`.
    #[serde(default = "web")]
    #[cfg_attr(feature = "schema", schemars(length(max = MAX_TEXT_CHARS)))]
    pub channel: String,
    /// What is bought. Ours have each SKU once; another application's may repeat one.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub lines: Vec<PricedLine>,
    /// Discounts on the order as a whole, besides those on its lines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schemars(length(max = MAX_DISCOUNTS)))]
    pub discounts: Vec<Discount>,
    /// The parcels that the customer was promised. Together they hold exactly what is bought.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = MAX_DELIVERIES)))]
    pub deliveries: Vec<PlannedDelivery>,
    /// All discounts, of the order and of its lines, in minor units.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub discount_minor: i64,
    /// The tax of all lines, in minor units.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub tax_minor: i64,
    /// Goods less discounts, plus tax and the fees of all deliveries, in minor units: what the customer pays.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub total_minor: i64,
    /// How it is paid.
    pub payment_method: PaymentMethod,
    /// Who to write to.
    #[serde(default)]
    pub customer: Customer,
    /// The cart's hold on stock, which this order takes over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_id: Option<HoldId>,
    /// What each line is worth, frozen for later refunds; another application may leave it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allocation: Option<Vec<FrozenShare>>,
    /// When it was taken.
    pub placed_at: Timestamp,
}

/// One SKU of an order, with what is taken off its price and what comes on top.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PricedLine {
    /// What is bought.
    pub sku: Sku,
    /// How many pieces.
    pub quantity: Quantity,
    /// The price of one piece before discounts and tax, in minor units; not negative.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub unit_price_minor: i64,
    /// Discounts on this line.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schemars(length(max = MAX_DISCOUNTS)))]
    pub discounts: Vec<Discount>,
    /// The tax of all its pieces, on top of the price, in minor units. 0 where it is in the price or not known.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub tax_minor: i64,
    /// The tax's rate in basis points: 2000 is 20 %. What counts is `tax_minor`; how it is rounded is the seller's.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = MAX_TAX_RATE_BP)))]
    pub tax_rate_bp: u32,
}

/// What is taken off a price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Discount {
    /// The campaign or coupon that gave it, such as `SPRING-10`.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = MAX_CODE_CHARS)))]
    pub code: String,
    /// How much, in minor units.
    #[cfg_attr(feature = "schema", schemars(range(min = 1)))]
    pub amount_minor: i64,
}

/// One parcel that the customer was promised.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PlannedDelivery {
    /// What is in it.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub lines: Vec<LineQuantity>,
    /// Where it goes.
    #[serde(default)]
    pub ship_to: ShipTo,
    /// What the customer pays for it, its own tax included, in minor units.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub fee_minor: i64,
}

/// What one line is worth in the customer's money. The shares of an order add up to its total, so a refund by line never
/// has to round again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FrozenShare {
    /// The line: an order has each SKU once.
    pub sku: Sku,
    /// Quantity times unit price, in minor units.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub goods_minor: i64,
    /// Its own discounts and its share of the order's, weighted by what is left of the price, in minor units.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub discount_minor: i64,
    /// Its tax, in minor units.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub tax_minor: i64,
    /// Its share of all fees by largest remainder, weighted by `goods_minor`, in minor units.
    #[cfg_attr(feature = "schema", schemars(range(min = 0)))]
    pub fee_minor: i64,
}

impl FrozenShare {
    /// What the customer pays for the pieces without fees, in minor units: price less discounts plus tax.
    #[must_use]
    pub fn paid_minor(&self) -> i64 {
        self.goods_minor.saturating_sub(self.discount_minor).saturating_add(self.tax_minor)
    }

    /// What the customer pays for the line in all, in minor units.
    #[must_use]
    pub fn worth_minor(&self) -> i64 {
        self.paid_minor().saturating_add(self.fee_minor)
    }
}

impl PricedLine {
    /// The line as v1 has it: what is bought, at the price before discounts and tax.
    #[must_use]
    pub fn line(&self) -> Line {
        let Self { sku, quantity, unit_price_minor, .. } = self;
        Line { sku: sku.clone(), quantity: *quantity, unit_price_minor: *unit_price_minor }
    }
}

impl OrderPlacedV2 {
    /// What is bought, as v1 has it.
    #[must_use]
    pub fn plain_lines(&self) -> Vec<Line> {
        self.lines.iter().map(PricedLine::line).collect()
    }

    /// The fees of all deliveries in minor units; the largest number where they do not fit, which no checked order has.
    #[must_use]
    pub fn fee_minor(&self) -> i64 {
        self.deliveries.iter().fold(0, |sum, delivery| sum.saturating_add(delivery.fee_minor))
    }
}

impl Succeeds<OrderPlaced> for OrderPlacedV2 {
    /// One delivery with all lines, no discount, and a tax of 0, as v1 does not say what part of a price is tax.
    /// Nothing is checked or made better: an order that did not add up does not add up afterwards.
    fn step_up(v1: OrderPlaced) -> Self {
        let delivery = PlannedDelivery {
            lines: v1.lines.iter().map(pieces).collect(),
            ship_to: v1.ship_to,
            fee_minor: v1.shipping_fee_minor,
        };
        Self {
            order_id: v1.order_id,
            customer_id: v1.customer_id,
            currency: v1.currency,
            channel: v1.channel,
            lines: v1.lines.into_iter().map(untaxed).collect(),
            discounts: Vec::new(),
            deliveries: vec![delivery],
            discount_minor: 0,
            tax_minor: 0,
            total_minor: v1.total_minor,
            payment_method: v1.payment_method,
            customer: v1.customer,
            hold_id: v1.hold_id,
            allocation: v1.allocation.map(|shares| shares.into_iter().map(undiscounted).collect()),
            placed_at: v1.placed_at,
        }
    }

    /// Exact, or refused: v1 has one price, one fee and one address, and a discount hidden in a price would be refunded
    /// wrongly by whoever reads only v1.
    fn step_down(&self) -> Result<OrderPlaced, NoWords> {
        let [delivery] = &self.deliveries[..] else {
            return Err(NoWords("several deliveries"));
        };
        if self.lines.iter().map(|line| pieces(&line.line())).ne(delivery.lines.iter().cloned()) {
            return Err(NoWords("a delivery of something else than what is bought, line by line"));
        }
        let shares = self.allocation.iter().flatten();
        let is_discounted = self.discount_minor != 0
            || !self.discounts.is_empty()
            || self.lines.iter().any(|line| !line.discounts.is_empty())
            || shares.clone().any(|share| share.discount_minor != 0);
        if is_discounted {
            return Err(NoWords("discounts"));
        }
        let is_taxed = self.tax_minor != 0
            || self.lines.iter().any(|line| line.tax_minor != 0 || line.tax_rate_bp != 0)
            || shares.clone().any(|share| share.tax_minor != 0);
        if is_taxed {
            return Err(NoWords("tax"));
        }
        Ok(OrderPlaced {
            order_id: self.order_id.clone(),
            customer_id: self.customer_id.clone(),
            currency: self.currency,
            channel: self.channel.clone(),
            lines: self.plain_lines(),
            shipping_fee_minor: delivery.fee_minor,
            total_minor: self.total_minor,
            payment_method: self.payment_method.clone(),
            customer: self.customer.clone(),
            ship_to: delivery.ship_to.clone(),
            hold_id: self.hold_id.clone(),
            allocation: self.allocation.as_ref().map(|shares| shares.iter().map(plain).collect()),
            placed_at: self.placed_at,
        })
    }
}

fn pieces(line: &Line) -> LineQuantity {
    LineQuantity { sku: line.sku.clone(), quantity: line.quantity }
}

fn untaxed(line: Line) -> PricedLine {
    let Line { sku, quantity, unit_price_minor } = line;
    PricedLine { sku, quantity, unit_price_minor, discounts: Vec::new(), tax_minor: 0, tax_rate_bp: 0 }
}

fn undiscounted(share: Share) -> FrozenShare {
    let Share { sku, goods_minor, fee_minor } = share;
    FrozenShare { sku, goods_minor, discount_minor: 0, tax_minor: 0, fee_minor }
}

fn plain(share: &FrozenShare) -> Share {
    Share { sku: share.sku.clone(), goods_minor: share.goods_minor, fee_minor: share.fee_minor }
}

#[cfg(test)]
mod tests;
