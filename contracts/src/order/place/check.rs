//! What is checked before an order is taken.

use std::collections::BTreeMap;

use super::{Checked, MAX_LINES, MAX_TEXT_CHARS, PlaceLine, PlaceOrder, Problem};
use crate::card;
use crate::ids::{CustomerId, HoldId, InvalidId, Sku};
use crate::money::{Currency, allocate};
use crate::order::{Line, Share, ShipTo};
use crate::quantity::Quantity;

impl PlaceOrder {
    /// Checks everything that can be known without asking another service.
    ///
    /// # Errors
    /// Every [`Problem`] found, in the order of the fields; never an empty list.
    pub fn check(&self) -> Result<Checked, Vec<Problem>> {
        let mut problems = self.card_numbers();
        let customer_id = problems.keep("/customer_id", CustomerId::new(&*self.customer_id));
        let currency = self
            .currency
            .parse::<Currency>()
            .map_err(|error| problems.add("/currency", UNKNOWN_CURRENCY, error));
        let hold_id = self.hold_id.as_ref().map(|id| problems.keep("/hold_id", HoldId::new(&**id)));
        let lines = self.check_lines(&mut problems);
        self.check_texts(&mut problems);
        if self.shipping_fee_minor < 0 {
            problems.add("/shipping_fee_minor", INVALID, "must not be negative");
        }
        let total_minor = self.check_total(&lines, &mut problems);
        let (Some(customer_id), Ok(currency), Some(total_minor), true) =
            (customer_id, currency, total_minor, problems.is_empty())
        else {
            return Err(problems);
        };
        Ok(Checked {
            customer_id,
            currency,
            channel: self.channel.clone(),
            allocation: shares(&lines, self.shipping_fee_minor),
            lines,
            shipping_fee_minor: self.shipping_fee_minor,
            total_minor,
            payment_method: self.payment_method.clone(),
            customer: self.customer.clone(),
            ship_to: self.ship_to.clone(),
            hold_id: hold_id.flatten(),
        })
    }

    fn check_lines(&self, problems: &mut Vec<Problem>) -> Vec<Line> {
        let mut lines: Vec<Line> = Vec::new();
        let mut first: BTreeMap<Sku, (usize, usize)> = BTreeMap::new();
        for (at, asked) in self.lines.iter().enumerate() {
            let Some(line) = asked.check(at, problems) else { continue };
            let Some(&(sent_at, kept_at)) = first.get(&line.sku) else {
                first.insert(line.sku.clone(), (at, lines.len()));
                lines.push(line);
                continue;
            };
            let Some(kept) = lines.get_mut(kept_at) else { continue };
            if kept.unit_price_minor != line.unit_price_minor {
                let message = format!("the same sku has another price at /lines/{sent_at}/unit_price_minor");
                problems.add(&format!("/lines/{at}/unit_price_minor"), INVALID, message);
                continue;
            }
            match kept.quantity.checked_add(line.quantity) {
                Some(sum) => kept.quantity = sum,
                None => problems.add(
                    &format!("/lines/{at}/quantity"),
                    INVALID,
                    format!("with /lines/{sent_at}/quantity it is more than {}", Quantity::MAX),
                ),
            }
        }
        if self.lines.is_empty() {
            problems.add("/lines", INVALID, "must have at least one line");
        }
        if lines.len() > MAX_LINES {
            let message =
                format!("must have at most {MAX_LINES} distinct skus, has {}: split the order", lines.len());
            problems.add("/lines", INVALID, message);
        }
        lines
    }

    fn check_total(&self, lines: &[Line], problems: &mut Vec<Problem>) -> Option<i64> {
        let goods = lines.iter().try_fold(0i64, |sum, line| sum.checked_add(line.goods_minor()?));
        let Some(total) = goods.and_then(|goods| goods.checked_add(self.shipping_fee_minor)) else {
            problems.add("/lines", INVALID, "the total does not fit into 64 bits of minor units");
            return None;
        };
        // With another problem the sum is of what is left, and would only confuse.
        if let Some(given) = self.total_minor
            && given != total
            && problems.is_empty()
        {
            problems.add(
                "/total_minor",
                INVALID,
                format!("lines and shipping add up to {total}, not {given}"),
            );
        }
        Some(total)
    }

    fn check_texts(&self, problems: &mut Vec<Problem>) {
        for (pointer, text) in self.texts() {
            check_text(pointer, text, problems);
        }
        if self.payment_method.token.is_empty() {
            problems.add("/payment_method/token", INVALID, "must not be empty");
        }
        self.ship_to.check("/ship_to", problems);
    }

    /// The intake searches the whole body, unknown fields included; this is for those who hold an order otherwise.
    fn card_numbers(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut search = |pointer: &str, text: &str| {
            if card::in_text(text) {
                problems.add(
                    pointer,
                    CARD_NUMBER,
                    "looks like a card number: send the payment provider's token instead",
                );
            }
        };
        search("/customer_id", &self.customer_id);
        search("/currency", &self.currency);
        search("/hold_id", self.hold_id.as_deref().unwrap_or_default());
        for (pointer, text) in self.texts() {
            search(pointer, text);
        }
        for (field, text) in self.ship_to.texts() {
            search(&format!("/ship_to/{field}"), text);
        }
        for (at, line) in self.lines.iter().enumerate() {
            search(&format!("/lines/{at}/quantity"), &line.quantity.to_string());
            search(&format!("/lines/{at}/unit_price_minor"), &line.unit_price_minor.to_string());
        }
        search("/shipping_fee_minor", &self.shipping_fee_minor.to_string());
        search("/total_minor", &self.total_minor.unwrap_or_default().to_string());
        problems
    }

    /// The free texts outside of the address, and where they are.
    fn texts(&self) -> [(&'static str, &str); 5] {
        [
            ("/channel", &*self.channel),
            ("/payment_method/token", &*self.payment_method.token),
            ("/customer/name", &*self.customer.name),
            ("/customer/email", &*self.customer.email),
            ("/customer/locale", &*self.customer.locale),
        ]
    }
}

impl ShipTo {
    /// Checks an address that is at the pointer `at`.
    pub(crate) fn check(&self, at: &str, problems: &mut Vec<Problem>) {
        for (field, text) in self.texts() {
            check_text(&format!("{at}/{field}"), text, problems);
        }
        let country = self.country.as_bytes();
        if !(country.is_empty() || country.len() == 2 && country.iter().all(u8::is_ascii_uppercase)) {
            problems.add(&format!("{at}/country"), INVALID, "must be two capitals of ISO 3166, such as GB");
        }
    }

    fn texts(&self) -> [(&'static str, &str); 7] {
        [
            ("name", &*self.name),
            ("line1", &*self.line1),
            ("line2", self.line2.as_deref().unwrap_or_default()),
            ("city", &*self.city),
            ("region", self.region.as_deref().unwrap_or_default()),
            ("postcode", &*self.postcode),
            ("country", &*self.country),
        ]
    }
}

fn check_text(pointer: &str, text: &str, problems: &mut Vec<Problem>) {
    if text.chars().count() > MAX_TEXT_CHARS {
        problems.add(pointer, INVALID, format!("must have at most {MAX_TEXT_CHARS} characters"));
    }
}

impl PlaceLine {
    fn check(&self, at: usize, problems: &mut Vec<Problem>) -> Option<Line> {
        let sku = problems.keep(&format!("/lines/{at}/sku"), Sku::new(&*self.sku));
        let quantity = u32::try_from(self.quantity).ok().and_then(|n| Quantity::new(n).ok());
        if quantity.is_none() {
            let message = format!("must be 1 to {}, got {}", Quantity::MAX, self.quantity);
            problems.add(&format!("/lines/{at}/quantity"), INVALID, message);
        }
        if self.unit_price_minor < 0 {
            problems.add(&format!("/lines/{at}/unit_price_minor"), INVALID, "must not be negative");
            return None;
        }
        Some(Line { sku: sku?, quantity: quantity?, unit_price_minor: self.unit_price_minor })
    }
}

/// The frozen worth of each line. `lines` have been checked, so the amounts are not negative and fit.
fn shares(lines: &[Line], fee_minor: i64) -> Vec<Share> {
    let goods: Vec<i64> = lines.iter().map(|line| line.goods_minor().unwrap_or_default()).collect();
    let weights: Vec<u64> = goods.iter().map(|&minor| minor.unsigned_abs()).collect();
    let share = |((line, goods_minor), fee_minor): ((&Line, i64), i64)| Share {
        sku: line.sku.clone(),
        goods_minor,
        fee_minor,
    };
    lines.iter().zip(goods).zip(allocate(fee_minor, &weights)).map(share).collect()
}

pub(crate) const INVALID: &str = "invalid-order";
const UNKNOWN_CURRENCY: &str = "unknown-currency";
pub(crate) const CARD_NUMBER: &str = "card-number-refused";

/// The list of problems while it is being made.
pub(crate) trait Problems {
    fn add(&mut self, pointer: &str, slug: &'static str, message: impl ToString);

    fn keep<T>(&mut self, pointer: &str, checked: Result<T, InvalidId>) -> Option<T>;
}

impl Problems for Vec<Problem> {
    fn add(&mut self, pointer: &str, slug: &'static str, message: impl ToString) {
        let mut message = message.to_string();
        if card::in_text(&message) {
            "not valid".clone_into(&mut message);
        }
        self.push(Problem { pointer: pointer.to_owned(), message, slug });
    }

    fn keep<T>(&mut self, pointer: &str, checked: Result<T, InvalidId>) -> Option<T> {
        checked.map_err(|error| self.add(pointer, INVALID, error)).ok()
    }
}
