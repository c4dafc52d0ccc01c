//! An order as it is asked for, and everything that is checked before it is taken: at the HTTP edge, and when
//! another application's `order.placed` is registered.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Customer, Line, PaymentMethod, Share, ShipTo};
use crate::events::order::OrderPlaced;
use crate::ids::{CustomerId, HoldId, OrderId, Sku};
use crate::money::{Currency, allocate};
use crate::quantity::Quantity;
use crate::time::Timestamp;

/// The most distinct SKUs in one order: each is a stock counter in one unit of work of at most 100 items.
pub const MAX_LINES: usize = 80;

/// The longest free text in an order, in characters: an address line or a token, not an essay.
pub const MAX_TEXT_CHARS: usize = 256;

/// The body of `POST /orders`. Numbers and names are as the caller sent them, so that [`PlaceOrder::check`] can say
/// everything that is wrong at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PlaceOrder {
    /// Who buys; `guest-<something>` where the shop does not know.
    pub customer_id: String,
    /// ISO 4217 code of all amounts.
    pub currency: String,
    /// Where it was sold: `web` when left out.
    #[serde(default = "web")]
    pub channel: String,
    /// What is bought: 1 to 80 distinct SKUs; equal SKUs at equal prices are summed.
    pub lines: Vec<PlaceLine>,
    /// What the customer pays for shipping, in minor units.
    #[serde(default)]
    pub shipping_fee_minor: i64,
    /// Lines plus shipping in minor units. When given it must add up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_minor: Option<i64>,
    /// How it is paid.
    pub payment_method: PaymentMethod,
    /// Who to write to.
    #[serde(default)]
    pub customer: Customer,
    /// Where it goes.
    #[serde(default)]
    pub ship_to: ShipTo,
    /// The cart's hold on stock, which this order takes over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_id: Option<String>,
}

/// A line as the caller sent it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PlaceLine {
    /// What.
    pub sku: String,
    /// How many pieces, 1 to 100,000.
    pub quantity: i64,
    /// The price of one piece in minor units, not negative.
    pub unit_price_minor: i64,
}

/// One thing that is wrong with an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Where: a JSON pointer (RFC 6901) into the body.
    pub pointer: String,
    /// What, in words for the caller. Never repeats a payment token or a card number.
    pub message: String,
    /// The problem type it belongs to: `invalid-order`, `unknown-currency` or `card-number-refused`.
    #[serde(skip)]
    pub slug: &'static str,
}

/// An order that may be taken: each SKU once, in the order of first mention, and the amounts add up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Who buys.
    pub customer_id: CustomerId,
    /// Of all amounts.
    pub currency: Currency,
    /// Where it was sold.
    pub channel: String,
    /// What is bought.
    pub lines: Vec<Line>,
    /// What the customer pays for shipping, in minor units.
    pub shipping_fee_minor: i64,
    /// Lines plus shipping, in minor units.
    pub total_minor: i64,
    /// What each line is worth; adds up to `total_minor`.
    pub allocation: Vec<Share>,
    /// How it is paid.
    pub payment_method: PaymentMethod,
    /// Who to write to.
    pub customer: Customer,
    /// Where it goes.
    pub ship_to: ShipTo,
    /// The hold that this order takes over.
    pub hold_id: Option<HoldId>,
}

/// Why bytes are not even the shape of an order.
#[derive(Debug, thiserror::Error)]
pub enum NotAnOrder {
    /// Not JSON: `malformed-json`.
    #[error("not JSON")]
    Malformed(#[source] serde_json::Error),
    /// JSON, but a field is missing or of another kind: `invalid-order`.
    #[error("not an order")]
    Shape(#[source] serde_json::Error),
}

impl PlaceOrder {
    /// Reads a body; unknown fields are left alone.
    ///
    /// # Errors
    /// [`NotAnOrder`]: answer 400 or 422, nothing can be checked.
    pub fn from_json(bytes: &[u8]) -> Result<Self, NotAnOrder> {
        serde_json::from_slice(bytes).map_err(|error| {
            if error.is_data() { NotAnOrder::Shape(error) } else { NotAnOrder::Malformed(error) }
        })
    }

    /// Checks everything that can be known without asking another service.
    ///
    /// # Errors
    /// Every [`Problem`] found, in the order of the fields; never an empty list.
    pub fn check(&self) -> Result<Checked, Vec<Problem>> {
        let mut problems = Vec::new();
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
        let to = &self.ship_to;
        let texts = [
            ("/channel", &self.channel),
            ("/payment_method/token", &self.payment_method.token),
            ("/customer/name", &self.customer.name),
            ("/customer/email", &self.customer.email),
            ("/customer/locale", &self.customer.locale),
            ("/ship_to/name", &to.name),
            ("/ship_to/line1", &to.line1),
            ("/ship_to/city", &to.city),
            ("/ship_to/postcode", &to.postcode),
            ("/ship_to/country", &to.country),
        ];
        let optional = [("/ship_to/line2", to.line2.as_ref()), ("/ship_to/region", to.region.as_ref())];
        let optional = optional.into_iter().filter_map(|(pointer, text)| Some((pointer, text?)));
        for (pointer, text) in texts.into_iter().chain(optional) {
            if text.chars().count() > MAX_TEXT_CHARS {
                problems.add(pointer, INVALID, format!("must have at most {MAX_TEXT_CHARS} characters"));
            }
        }
        if self.payment_method.token.is_empty() {
            problems.add("/payment_method/token", INVALID, "must not be empty");
        }
        let country = to.country.as_bytes();
        if !(country.is_empty() || country.len() == 2 && country.iter().all(u8::is_ascii_uppercase)) {
            problems.add("/ship_to/country", INVALID, "must be two capitals of ISO 3166, such as GB");
        }
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

impl Checked {
    /// The fact that this order was taken under `order_id` at `placed_at`.
    #[must_use]
    pub fn placed(self, order_id: OrderId, placed_at: Timestamp) -> OrderPlaced {
        OrderPlaced {
            order_id,
            customer_id: self.customer_id,
            currency: self.currency,
            channel: self.channel,
            lines: self.lines,
            shipping_fee_minor: self.shipping_fee_minor,
            total_minor: self.total_minor,
            payment_method: self.payment_method,
            customer: self.customer,
            ship_to: self.ship_to,
            hold_id: self.hold_id,
            allocation: Some(self.allocation),
            placed_at,
        }
    }
}

impl From<&OrderPlaced> for PlaceOrder {
    fn from(event: &OrderPlaced) -> Self {
        let line = |line: &Line| PlaceLine {
            sku: line.sku.as_str().to_owned(),
            quantity: i64::from(line.quantity.get()),
            unit_price_minor: line.unit_price_minor,
        };
        Self {
            customer_id: event.customer_id.as_str().to_owned(),
            currency: event.currency.code().to_owned(),
            channel: event.channel.clone(),
            lines: event.lines.iter().map(line).collect(),
            shipping_fee_minor: event.shipping_fee_minor,
            total_minor: Some(event.total_minor),
            payment_method: event.payment_method.clone(),
            customer: event.customer.clone(),
            ship_to: event.ship_to.clone(),
            hold_id: event.hold_id.as_ref().map(|id| id.as_str().to_owned()),
        }
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

const INVALID: &str = "invalid-order";
const UNKNOWN_CURRENCY: &str = "unknown-currency";

/// The list of problems while it is being made.
trait Problems {
    fn add(&mut self, pointer: &str, slug: &'static str, message: impl ToString);

    fn keep<T>(&mut self, pointer: &str, checked: Result<T, crate::ids::InvalidId>) -> Option<T>;
}

impl Problems for Vec<Problem> {
    fn add(&mut self, pointer: &str, slug: &'static str, message: impl ToString) {
        self.push(Problem { pointer: pointer.to_owned(), message: message.to_string(), slug });
    }

    fn keep<T>(&mut self, pointer: &str, checked: Result<T, crate::ids::InvalidId>) -> Option<T> {
        checked.map_err(|error| self.add(pointer, INVALID, error)).ok()
    }
}

fn web() -> String {
    "web".to_owned()
}

#[cfg(test)]
mod tests;
