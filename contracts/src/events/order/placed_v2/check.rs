//! What is checked of an order in version 2 before it may have a life here.

use std::collections::BTreeMap;

use super::{Discount, FrozenShare, OrderPlacedV2, PlannedDelivery, PricedLine};
use crate::card;
use crate::ids::Sku;
use crate::money::allocate;
use crate::order::{CARD_NUMBER, INVALID, LineQuantity, PlaceLine, PlaceOrder, Problem, Problems, ShipTo};

/// The most discounts on an order or on one line: coupons that are put together, not a price list.
pub const MAX_DISCOUNTS: usize = 20;

/// The most deliveries of one order.
pub const MAX_DELIVERIES: usize = 20;

/// The highest rate of tax, in basis points: as much again.
pub const MAX_TAX_RATE_BP: u32 = 10_000;

/// The longest code of a discount, in characters.
pub const MAX_CODE_CHARS: usize = 64;

/// What an order is made of, in minor units.
struct Sums {
    goods: i64,
    discount: i64,
    tax: i64,
    fee: i64,
}

impl OrderPlacedV2 {
    /// Checks everything that can be known without asking another service, and gives the order back in its plain form:
    /// each SKU once, in the order of first mention, and with the shares that refunds rest on.
    ///
    /// # Errors
    /// Every [`Problem`] found: this order must not have a life here.
    pub fn check(&self) -> Result<Self, Vec<Problem>> {
        let mut problems = self.as_asked().check().err().unwrap_or_default();
        self.check_prices(&mut problems);
        self.check_deliveries(&mut problems);
        self.check_cards(&mut problems);
        self.check_sums(&mut problems);
        if !problems.is_empty() {
            return Err(problems);
        }
        let lines = self.merged_lines();
        let allocation = Some(shares(&lines, &self.discounts, self.fee_minor()));
        Ok(Self { lines, allocation, ..self.clone() })
    }

    /// The same for a shop that sends one parcel an order: deliveries to one address become one, as if it had been
    /// asked for so, and their fees one fee.
    ///
    /// # Errors
    /// Every [`Problem`] found; that deliveries go to different addresses is one.
    pub fn check_for_one_parcel(&self) -> Result<Self, Vec<Problem>> {
        let order = self.check()?;
        let ship_to = order.deliveries.first().map(|first| first.ship_to.clone()).unwrap_or_default();
        if order.deliveries.iter().any(|delivery| delivery.ship_to != ship_to) {
            let mut problems = Vec::new();
            let message =
                "go to different addresses, and an order is sent in one parcel: place one order an address";
            problems.add("/deliveries", INVALID, message);
            return Err(problems);
        }
        let all = |line: &PricedLine| LineQuantity { sku: line.sku.clone(), quantity: line.quantity };
        let lines = order.lines.iter().map(all).collect();
        let delivery = PlannedDelivery { lines, ship_to, fee_minor: order.fee_minor() };
        Ok(Self { deliveries: vec![delivery], ..order })
    }

    /// The part that is the same as in `POST /orders`; addresses and fees are looked at by delivery.
    fn as_asked(&self) -> PlaceOrder {
        let line = |line: &PricedLine| PlaceLine {
            sku: line.sku.as_str().to_owned(),
            quantity: i64::from(line.quantity.get()),
            unit_price_minor: line.unit_price_minor,
        };
        PlaceOrder {
            customer_id: self.customer_id.as_str().to_owned(),
            currency: self.currency.code().to_owned(),
            channel: self.channel.clone(),
            lines: self.lines.iter().map(line).collect(),
            shipping_fee_minor: 0,
            total_minor: None,
            payment_method: self.payment_method.clone(),
            customer: self.customer.clone(),
            ship_to: ShipTo::default(),
            hold_id: self.hold_id.as_ref().map(|id| id.as_str().to_owned()),
        }
    }

    fn check_prices(&self, problems: &mut Vec<Problem>) {
        check_discounts(&self.discounts, "/discounts", problems);
        let mut first: BTreeMap<&Sku, (usize, u32)> = BTreeMap::new();
        for (at, line) in self.lines.iter().enumerate() {
            let here = format!("/lines/{at}");
            check_discounts(&line.discounts, &format!("{here}/discounts"), problems);
            let goods = line.line().goods_minor();
            if sum(&line.discounts).zip(goods).is_some_and(|(discount, goods)| discount > goods) {
                problems.add(&format!("{here}/discounts"), INVALID, "must not be more than the line costs");
            }
            if line.tax_minor < 0 {
                problems.add(&format!("{here}/tax_minor"), INVALID, "must not be negative");
            }
            let rate = format!("{here}/tax_rate_bp");
            if line.tax_rate_bp > MAX_TAX_RATE_BP {
                problems.add(&rate, INVALID, format!("must be 0 to {MAX_TAX_RATE_BP} basis points"));
            }
            let (seen_at, seen_bp) = *first.entry(&line.sku).or_insert((at, line.tax_rate_bp));
            if seen_bp != line.tax_rate_bp {
                let message = format!("the same sku has another rate at /lines/{seen_at}/tax_rate_bp");
                problems.add(&rate, INVALID, message);
            }
        }
    }

    fn check_deliveries(&self, problems: &mut Vec<Problem>) {
        let count = self.deliveries.len();
        if !(1..=MAX_DELIVERIES).contains(&count) {
            let message = format!("must be 1 to {MAX_DELIVERIES} deliveries, not {count}");
            problems.add("/deliveries", INVALID, message);
        }
        for (at, delivery) in self.deliveries.iter().enumerate() {
            if delivery.fee_minor < 0 {
                problems.add(&format!("/deliveries/{at}/fee_minor"), INVALID, "must not be negative");
            }
            delivery.ship_to.check(&format!("/deliveries/{at}/ship_to"), problems);
        }
        let sent = self.deliveries.iter().flat_map(|delivery| &delivery.lines);
        let sent = pieces(sent.map(|line| (&line.sku, line.quantity.get())));
        let bought = pieces(self.lines.iter().map(|line| (&line.sku, line.quantity.get())));
        if sent != bought {
            problems.add("/deliveries", INVALID, "must hold exactly what is bought, together");
        }
    }

    /// Wherever they are: a card number must not be in any text or number of an order. The shares are made anew.
    fn check_cards(&self, problems: &mut Vec<Problem>) {
        let Ok(value) = serde_json::to_value(Self { allocation: None, ..self.clone() }) else { return };
        for pointer in card::in_value(&value) {
            let is_told = |problem: &Problem| problem.slug == CARD_NUMBER && problem.pointer == pointer;
            if !problems.iter().any(is_told) {
                problems.add(&pointer, CARD_NUMBER, "looks like a card number");
            }
        }
    }

    fn check_sums(&self, problems: &mut Vec<Problem>) {
        // With another problem the sums are of what is left, and would only confuse.
        if !problems.is_empty() {
            return;
        }
        let Some((sums, total)) = self.sums().and_then(|sums| sums.total().map(|total| (sums, total))) else {
            problems.add("/lines", INVALID, "the total does not fit into 64 bits of minor units");
            return;
        };
        if sum(&self.discounts).is_none_or(|off| off > sums.goods - (sums.discount - off)) {
            problems.add("/discounts", INVALID, "must not be more than the goods cost");
        }
        // An order of v1 is told in its own words.
        let is_plain = sums.discount == 0 && sums.tax == 0;
        let parts = if is_plain { "lines and shipping" } else { "goods less discounts, tax and fees" };
        for (pointer, what, found, given) in [
            ("/discount_minor", "the discounts", sums.discount, self.discount_minor),
            ("/tax_minor", "the tax of the lines", sums.tax, self.tax_minor),
            ("/total_minor", parts, total, self.total_minor),
        ] {
            if found != given {
                problems.add(pointer, INVALID, format!("{what} add up to {found}, not {given}"));
            }
        }
    }

    /// `None` when one of them does not fit.
    fn sums(&self) -> Option<Sums> {
        let mut sums = Sums { goods: 0, discount: sum(&self.discounts)?, tax: 0, fee: 0 };
        for line in &self.lines {
            sums.goods = sums.goods.checked_add(line.line().goods_minor()?)?;
            sums.discount = sums.discount.checked_add(sum(&line.discounts)?)?;
            sums.tax = sums.tax.checked_add(line.tax_minor)?;
        }
        for delivery in &self.deliveries {
            sums.fee = sums.fee.checked_add(delivery.fee_minor)?;
        }
        Some(sums)
    }

    /// Each SKU once; the quantities were checked to fit.
    fn merged_lines(&self) -> Vec<PricedLine> {
        let mut merged: Vec<PricedLine> = Vec::new();
        for line in &self.lines {
            let Some(kept) = merged.iter_mut().find(|kept| kept.sku == line.sku) else {
                merged.push(line.clone());
                continue;
            };
            kept.quantity = kept.quantity.checked_add(line.quantity).unwrap_or(kept.quantity);
            kept.discounts.extend(line.discounts.iter().cloned());
            kept.tax_minor = kept.tax_minor.saturating_add(line.tax_minor);
        }
        merged
    }
}

impl Sums {
    fn total(&self) -> Option<i64> {
        self.goods.checked_sub(self.discount)?.checked_add(self.tax)?.checked_add(self.fee)
    }
}

fn check_discounts(discounts: &[Discount], at: &str, problems: &mut Vec<Problem>) {
    if discounts.len() > MAX_DISCOUNTS {
        problems.add(
            at,
            INVALID,
            format!("must be at most {MAX_DISCOUNTS} discounts, not {}", discounts.len()),
        );
    }
    for (n, discount) in discounts.iter().enumerate() {
        if !(1..=MAX_CODE_CHARS).contains(&discount.code.chars().count()) {
            let message = format!("must have 1 to {MAX_CODE_CHARS} characters");
            problems.add(&format!("{at}/{n}/code"), INVALID, message);
        }
        if discount.amount_minor < 1 {
            problems.add(&format!("{at}/{n}/amount_minor"), INVALID, "must be at least 1");
        }
    }
}

/// `None` when it does not fit.
fn sum(discounts: &[Discount]) -> Option<i64> {
    discounts.iter().try_fold(0i64, |sum, discount| sum.checked_add(discount.amount_minor))
}

fn pieces<'a>(lines: impl Iterator<Item = (&'a Sku, u32)>) -> BTreeMap<&'a Sku, u64> {
    let mut sums = BTreeMap::<&Sku, u64>::new();
    for (sku, quantity) in lines {
        let sum = sums.entry(sku).or_default();
        *sum = sum.saturating_add(u64::from(quantity));
    }
    sums
}

/// The frozen worth of each line. `lines` have been checked, so the amounts are not negative and fit.
fn shares(lines: &[PricedLine], discounts: &[Discount], fee_minor: i64) -> Vec<FrozenShare> {
    let goods: Vec<i64> = lines.iter().map(|line| line.line().goods_minor().unwrap_or_default()).collect();
    let own: Vec<i64> = lines.iter().map(|line| sum(&line.discounts).unwrap_or_default()).collect();
    let weights = |amounts: &[i64]| amounts.iter().map(|minor| minor.unsigned_abs()).collect::<Vec<_>>();
    // A line gets no more off than is left of its price: by largest remainder a share is never above its weight as long
    // as the whole is not above all weights, and that was checked.
    let left: Vec<i64> = goods.iter().zip(&own).map(|(goods, own)| goods.saturating_sub(*own)).collect();
    let off = allocate(sum(discounts).unwrap_or_default(), &weights(&left));
    let fees = allocate(fee_minor, &weights(&goods));
    let discounts = own.into_iter().zip(off).map(|(own, off)| own.saturating_add(off));
    let parts = lines.iter().zip(goods).zip(discounts).zip(fees);
    let share =
        |(((line, goods_minor), discount_minor), fee_minor): (((&PricedLine, i64), i64), i64)| FrozenShare {
            sku: line.sku.clone(),
            goods_minor,
            discount_minor,
            tax_minor: line.tax_minor,
            fee_minor,
        };
    parts.map(share).collect()
}
