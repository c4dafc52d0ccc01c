//! What customers sent and what they were told: the truth that a shop after a crash is held against.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::Write;

/// Different things of which there are enough.
pub(super) const PLENTY: u64 = 24;
/// The thing that runs out, so that some orders end cancelled.
pub(super) const SCARCE: &str = "CHAOS-SCARCE";

/// What a shop answers to an order.
#[derive(Debug, Deserialize)]
pub(super) struct Placed {
    pub(super) order_id: String,
}

/// An order that a customer was told to have placed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) order_id: String,
    /// What was on the recording of the disk by then, where there is one.
    pub(super) at: usize,
}

/// Everybody's memory. Copies are the same book.
#[derive(Debug, Clone, Default)]
pub(super) struct Book(Arc<Mutex<Entries>>);

#[derive(Debug, Clone, Default)]
pub(super) struct Entries {
    /// Orders that were sent at least once, numbered from 0.
    pub(super) sent: u64,
    /// Of those, not answered yet.
    pub(super) open: u64,
    /// By number.
    pub(super) told: BTreeMap<u64, Told>,
    /// Orders that the shop did not take although nothing was wrong with them.
    pub(super) refused: Vec<String>,
}

impl Book {
    pub(super) fn entries(&self) -> MutexGuard<'_, Entries> {
        // Each change of it is one step.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What it says now, as a book of its own.
    pub(super) fn copy(&self) -> Self {
        Self(Arc::new(Mutex::new(self.entries().clone())))
    }

    /// The next order, which is sent now.
    pub(super) fn next(&self) -> u64 {
        let mut entries = self.entries();
        entries.sent += 1;
        entries.open += 1;
        entries.sent - 1
    }

    pub(super) fn told(&self, nth: u64, order_id: String, at: usize) {
        let mut entries = self.entries();
        entries.open -= 1;
        entries.told.insert(nth, Told { order_id, at });
    }

    pub(super) fn refused(&self, nth: u64, why: impl std::fmt::Display) {
        let mut entries = self.entries();
        entries.open -= 1;
        entries.refused.push(format!("order {} was refused: {why}", key(nth)));
    }
}

/// The Idempotency-Key of an order, and its customer's id: so the shop's list tells which key made an order.
pub(super) fn key(nth: u64) -> String {
    format!("chaos-{nth}")
}

/// The request for the order of this number: always the same bytes.
pub(super) fn write(nth: u64) -> Write {
    let line = |sku: String, quantity: u64| json!({ "sku": sku, "quantity": quantity, "unit_price_minor": 255 + nth % 7 * 100 });
    let mut lines = vec![line(plenty(nth), 1 + nth % 3)];
    if nth.is_multiple_of(2) {
        lines.push(line(plenty(nth + 7), 2));
    }
    if nth.is_multiple_of(9) {
        lines.push(line(SCARCE.to_owned(), 1));
    }
    let token = if nth % 11 == 5 { "tok_declined" } else { "tok_ok" };
    let body: Value = json!({
        "customer_id": key(nth), "currency": "GBP", "channel": "web", "lines": lines, "shipping_fee_minor": 395,
        "payment_method": { "token": token },
        "customer": { "name": "Ada", "email": "ada@example.org", "locale": "en-GB" },
        "ship_to": { "name": "Ada", "line1": "1 Long Lane", "city": "Leeds", "postcode": "LS1 1AA", "country": "GB" },
    });
    Write::json("/orders", Some(key(nth)), &body)
}

/// Whether the customer of this order wants it no more, once it is placed.
pub(super) fn is_regretted(nth: u64) -> bool {
    nth % 13 == 4
}

/// The request that cancels it.
pub(super) fn cancel(nth: u64, order_id: &str) -> Write {
    let body = json!({ "reason": "ordered in chaos" });
    Write::json(format!("/orders/{order_id}/cancel"), Some(format!("{}-cancel", key(nth))), &body)
}

/// One of the things of which there are enough.
pub(super) fn plenty(nth: u64) -> String {
    format!("CHAOS-{:02}", nth % PLENTY)
}
