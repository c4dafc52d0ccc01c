//! All that is told of one order: its own timeline, and what payment, shipping and the dead letters add.

mod end;
mod entry;
mod tree;

use std::time::Duration;

use anyhow::Result;
use contracts::Timestamp;
use serde_json::Value;

use crate::client::{Client, Error, escaped};
use crate::commands::shown::{rows, text};

pub(super) use end::End;
pub(super) use entry::Entry;
pub(super) use tree::{Style, draw, line};

/// Dead letters that are looked through for those of one order.
const LETTERS: usize = 500;

/// One order, as far as it has come.
#[derive(Debug, Clone)]
pub(super) struct Journey {
    /// The order as `GET /orders/{id}` shows it.
    pub(super) order: Value,
    /// What happened, in the order of time.
    pub(super) entries: Vec<Entry>,
    /// Its messages that nobody could handle.
    pub(super) letters: Vec<Value>,
}

impl Journey {
    /// Asks for the order and its own timeline, and for dead letters.
    ///
    /// # Errors
    /// [`Error`]: also when there is no such order.
    pub(super) async fn of(client: &Client, id: &str) -> Result<Self, Error> {
        let order: Value = client.get(&format!("/orders/{}", escaped(id))).await?;
        let timeline: Value = client.get(&format!("/orders/{}/timeline", escaped(id))).await?;
        let letters: Option<Value> = client.find(&format!("/dead-letters?limit={LETTERS}")).await?;
        let letters = letters.iter().flat_map(|page| rows(page, "/dead_letters"));
        let letters: Vec<Value> = letters.filter(|letter| is_about(letter, id)).cloned().collect();
        let mut entries: Vec<Entry> = rows(&timeline, "/entries").iter().filter_map(Entry::told).collect();
        entries.extend(letters.iter().filter_map(Entry::of_letter));
        let mut journey = Self { order, entries, letters };
        journey.sort();
        Ok(journey)
    }

    /// Adds what payment and shipping tell, where they do.
    ///
    /// # Errors
    /// [`Error`].
    pub(super) async fn with_others(mut self, client: &Client) -> Result<Self, Error> {
        let id = escaped(&text(&self.order, "/order_id"));
        let payment: Option<Value> = client.find(&format!("/payments/{id}")).await?;
        let shipment: Option<Value> = client.find(&format!("/shipments/{id}-s1")).await?;
        let history = payment.iter().flat_map(|payment| rows(payment, "/history"));
        let scans = shipment.iter().flat_map(|shipment| rows(shipment, "/tracking"));
        let others: Vec<Entry> =
            history.filter_map(Entry::of_payment).chain(scans.filter_map(Entry::of_scan)).collect();
        self.entries.extend(others);
        self.sort();
        Ok(self)
    }

    /// When it was placed: durations count from there.
    pub(super) fn begun(&self) -> Timestamp {
        self.entries.first().map_or(Timestamp::EPOCH, |first| first.at)
    }

    /// How long after the beginning an entry was.
    pub(super) fn since(&self, entry: &Entry) -> Duration {
        entry.at.since(self.begun())
    }

    /// The placing comes first, whatever the clocks of others say; entries of one instant stay in the order in which
    /// they were told.
    fn sort(&mut self) {
        self.entries.sort_by_key(|entry| (!entry.is_placing(), entry.at));
    }
}

fn is_about(letter: &Value, id: &str) -> bool {
    let names = ["/subject", "/message/correlationid", "/message/data/order_id"];
    names.iter().any(|name| letter.pointer(name).and_then(Value::as_str) == Some(id))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_dead_letter_is_about_its_order_in_three_ways() {
        for (letter, is) in [
            (json!({ "subject": "o-1" }), true),
            (json!({ "subject": "p-1", "message": { "correlationid": "o-1" } }), true),
            (json!({ "subject": "p-1", "message": { "data": { "order_id": "o-1" } } }), true),
            (json!({ "subject": "o-11", "message": "o-1" }), false),
        ] {
            assert_eq!(is_about(&letter, "o-1"), is, "{letter}");
        }
    }
}
