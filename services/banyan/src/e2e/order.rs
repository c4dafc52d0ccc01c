//! One order, what it shall come to, and what it came to by the shop's own word and by the ledgers of its peers.

use anyhow::Result;
use serde_json::{Value, json};

use super::shop::Shop;
use crate::client::escaped;

/// How many of each thing there are at first.
pub(super) const SHELF: u64 = 10;
/// What one costs, in minor units.
pub(super) const PRICE: i64 = 255;

/// An order of one thing, which no other scenario sells.
#[derive(Debug, Clone)]
pub(super) struct Order {
    pub(super) sku: String,
    pub(super) quantity: u64,
    pub(super) price_minor: i64,
    pub(super) token: &'static str,
    /// The simulated carrier does what it says, after `sim:`.
    pub(super) street: &'static str,
}

impl Order {
    pub(super) fn of(sku: &str, quantity: u64) -> Self {
        Self { sku: sku.to_owned(), quantity, price_minor: PRICE, token: "tok_ok", street: "1 Long Lane" }
    }

    /// The body of `POST /orders`.
    pub(super) fn body(&self) -> Value {
        json!({
            "customer_id": "c-e2e", "currency": "GBP", "channel": "web",
            "lines": [{ "sku": self.sku, "quantity": self.quantity, "unit_price_minor": self.price_minor }],
            "shipping_fee_minor": 0,
            "payment_method": { "token": self.token },
            "customer": { "name": "Ada", "email": "ada@example.org", "locale": "en-GB" },
            "ship_to": { "name": "Ada", "line1": self.street, "city": "Leeds", "postcode": "LS1 1AA", "country": "GB" },
        })
    }

    /// The data of `order.placed`, as another application publishes it.
    pub(super) fn data(&self, id: &str) -> Value {
        let mut data = self.body();
        data["order_id"] = id.into();
        data["total_minor"] = (self.price_minor * i64::try_from(self.quantity).unwrap_or_default()).into();
        data["placed_at"] = "2026-11-22T20:00:00Z".into();
        data
    }

    /// Places it once; its id.
    pub(super) async fn place(&self, shop: &mut Shop, key: &str) -> Result<String> {
        let answer = shop.post("/orders", Some(key), &self.body()).await?;
        shop.placed += 1;
        Ok(answer["order_id"].as_str().unwrap_or_default().to_owned())
    }
}

/// What an order comes to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct End {
    pub(super) status: String,
    pub(super) reason: String,
    /// By the provider's ledger.
    pub(super) captured: i64,
    pub(super) refunded: i64,
    pub(super) open_authorizations: u32,
    /// By the carrier's ledger: parcels that it took.
    pub(super) handed_over: u32,
    /// By the mailbox's ledger: whether the customer was told of the end.
    pub(super) told: bool,
    pub(super) on_hand: u64,
    pub(super) promised: u64,
}

impl End {
    /// Sold, paid, delivered.
    pub(super) fn completed(order: &Order) -> Self {
        Self {
            status: "completed".to_owned(),
            captured: order.price_minor * i64::try_from(order.quantity).unwrap_or_default(),
            handed_over: 1,
            told: true,
            on_hand: SHELF - order.quantity,
            ..Self::default()
        }
    }

    /// Nothing was taken from anybody.
    pub(super) fn cancelled(reason: &str) -> Self {
        let (status, reason) = ("cancelled".to_owned(), reason.to_owned());
        Self { status, reason, told: true, on_hand: SHELF, ..Self::default() }
    }
}

/// Waits until the order has come to `wanted`; what is different if it does not.
pub(super) async fn comes_to(shop: &Shop, id: &str, sku: &str, wanted: End) -> Result<Vec<String>> {
    let seen = shop.until(async |shop| end(shop, id, sku).await, |seen| *seen == wanted).await?;
    Ok(difference(id, &wanted, &seen))
}

fn difference(id: &str, wanted: &End, seen: &End) -> Vec<String> {
    if seen == wanted { Vec::new() } else { vec![format!("order {id}: wanted {wanted:?}, got {seen:?}")] }
}

async fn end(shop: &Shop, id: &str, sku: &str) -> Result<End> {
    let order: Value = shop.client.get(&format!("/orders/{}", escaped(id))).await?;
    let stock: Value = shop.client.get(&format!("/stock/{}", escaped(sku))).await?;
    let books = shop.books().await?;
    let money = books.money.get(id).copied().unwrap_or_default().totals;
    let parcel = books.parcels.get(&format!("shipment/{id}-s1")).copied().unwrap_or_default();
    let text = |name: &str| order[name].as_str().unwrap_or_default().to_owned();
    let number = |name: &str| stock[name].as_u64().unwrap_or_default();
    let status = text("status");
    // The mailbox's key ends with the number of the try.
    let end = format!("mail-{id}/order-{status}/email");
    let told = books.mails.iter().any(|(key, mail)| key.starts_with(&end) && mail.is_some());
    Ok(End {
        status,
        reason: text("cancel_reason"),
        captured: money.captured_minor,
        refunded: money.refunded_minor,
        open_authorizations: money.open_authorizations,
        handed_over: parcel.handed_over,
        told,
        on_hand: number("on_hand"),
        promised: number("reserved") + number("allocated"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is wrong with an order.
    type Wrong = fn(&mut End);

    #[test]
    fn whatever_comes_otherwise_than_wanted_is_seen() {
        let wanted = End::completed(&Order::of("a", 2));
        assert_eq!(difference("o-1", &wanted, &wanted), Vec::<String>::new());
        let wrongs: [Wrong; 9] = [
            |end| end.status = "delivered".to_owned(),
            |end| end.reason = "deadline".to_owned(),
            |end| end.captured *= 2,
            |end| end.refunded = 1,
            |end| end.open_authorizations = 1,
            |end| end.handed_over = 2,
            |end| end.told = false,
            |end| end.on_hand -= 1,
            |end| end.promised = 1,
        ];
        for wrong in wrongs {
            let mut seen = wanted.clone();
            wrong(&mut seen);
            assert_eq!(difference("o-1", &wanted, &seen).len(), 1, "{seen:?}");
        }
    }
}
