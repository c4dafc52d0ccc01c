//! The dossier of an order: what messages about it need, joined with what there is to tell, in any order of arrival.

use std::collections::BTreeMap;

use contracts::order::{Customer, Line, MAX_LINES, MAX_TEXT_CHARS};
use contracts::{Currency, CustomerId, OrderId, Sku, Timestamp};
use serde::{Deserialize, Serialize};

use super::Story;

/// What waits for its order at most: all that can happen to an order, twice over.
pub const MAX_WAITING: usize = 24;

/// What is known of one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dossier {
    /// Which order.
    pub order_id: OrderId,
    /// What order.placed or order.confirmed said; `None` until one of them came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<Order>,
    /// What is to be told as soon as it is known to whom.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<Story>,
    /// When it was last changed.
    pub touched_at: Timestamp,
}

/// What messages need of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// Who buys.
    pub customer_id: CustomerId,
    /// Who to write to.
    pub customer: Customer,
    /// Of all amounts.
    pub currency: Currency,
    /// What is bought, each SKU once; empty when it makes no sense.
    pub lines: Vec<Line>,
    /// What the customer pays for shipping, in minor units.
    pub shipping_fee_minor: i64,
    /// What is taken off the prices of the lines, in minor units.
    #[serde(default)]
    pub discount_minor: i64,
    /// What tax adds to the prices of the lines, in minor units.
    #[serde(default)]
    pub tax_minor: i64,
    /// Lines less discounts, plus tax and shipping, in minor units.
    pub total_minor: i64,
}

/// What follows from hearing something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// Tell these now, in this order.
    Tell(Vec<Story>),
    /// It is kept until the order is known.
    Kept,
    /// So much waits already that something must be wrong.
    Full,
}

impl Dossier {
    /// A dossier of which nothing is known yet.
    #[must_use]
    pub fn of(order_id: OrderId, now: Timestamp) -> Self {
        Self { order_id, order: None, waiting: Vec::new(), touched_at: now }
    }

    /// Something happened to the order.
    pub fn hear(&mut self, story: Story) -> Heard {
        if self.order.is_some() {
            return Heard::Tell(vec![story]);
        }
        if self.waiting.contains(&story) {
            return Heard::Kept;
        }
        if self.waiting.len() >= MAX_WAITING {
            return Heard::Full;
        }
        self.waiting.push(story);
        Heard::Kept
    }

    /// The order is known from now on: whatever waited is told. The first who says it is right.
    pub fn open(&mut self, order: Order) -> Vec<Story> {
        if self.order.is_none() {
            self.order = Some(order);
        }
        std::mem::take(&mut self.waiting)
    }
}

impl Order {
    /// The same with everything that another application may have sent brought within bounds.
    #[must_use]
    pub fn bounded(mut self) -> Self {
        for text in [&mut self.customer.name, &mut self.customer.email, &mut self.customer.locale] {
            if text.chars().count() > MAX_TEXT_CHARS {
                text.clear();
            }
        }
        self.lines = merged(&self.lines).unwrap_or_default();
        self
    }
}

/// Each SKU once, in the order of first mention; `None` when that cannot be: too many, or a SKU at two prices.
fn merged(lines: &[Line]) -> Option<Vec<Line>> {
    let mut places = BTreeMap::<&Sku, usize>::new();
    let mut merged: Vec<Line> = Vec::new();
    for line in lines {
        match places.get(&line.sku).and_then(|&at| merged.get_mut(at)) {
            Some(before) if before.unit_price_minor == line.unit_price_minor => {
                before.quantity = before.quantity.checked_add(line.quantity)?;
            }
            Some(_) => return None,
            None => {
                places.insert(&line.sku, merged.len());
                merged.push(line.clone());
            }
        }
    }
    (merged.len() <= MAX_LINES).then_some(merged)
}
