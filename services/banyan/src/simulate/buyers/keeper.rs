//! Who keeps the stock: brings it, counts it again, moves it, decides about what came back.

use std::time::Duration;

use serde_json::json;
use tokio::sync::watch;

use super::{STOCK, Visit};

impl Visit {
    /// Brings the stock, and opens the shop.
    pub(super) async fn open(self, open: watch::Sender<bool>) {
        let mut adjustments = Vec::new();
        for (sku, places) in STOCK {
            for (location, pieces) in places {
                adjustments
                    .push(json!({ "sku": sku, "location": location, "delta": pieces, "reason": "opening" }));
            }
        }
        let body = json!({ "adjustments": adjustments });
        if self.post("inventory", "/stock/adjust".to_owned(), "opening", &body).await.is_some() {
            for (sku, places) in STOCK {
                places.iter().for_each(|(location, pieces)| self.learn(sku, location, *pieces));
            }
        }
        open.send_replace(true);
    }

    /// What happens in a warehouse besides.
    pub(super) async fn keep(mut self) {
        self.come().await;
        self.caller.linger(Duration::from_secs(60)).await;
        self.restock().await;
        if self.chance(3) {
            self.caller.linger(Duration::from_secs(60)).await;
            self.count_again().await;
        }
        if self.chance(3) {
            self.caller.linger(Duration::from_secs(600)).await;
            self.transfer().await;
        }
    }

    /// A late delivery.
    async fn restock(&self) {
        let (sku, places) = STOCK[2];
        let (location, _) = places[0];
        let pieces = 1 + i64::try_from(self.caller.below(5)).unwrap_or(0);
        self.adjust(sku, location, pieces, "restock").await;
    }

    /// Somebody counts, and there is less than was promised: orders lose their stock.
    async fn count_again(&self) {
        let (sku, places) = STOCK[usize::try_from(self.caller.below(3)).unwrap_or(0)];
        let (location, _) = places[0];
        let pieces = -1 - i64::try_from(self.caller.below(12)).unwrap_or(0);
        self.adjust(sku, location, pieces, "counted").await;
    }

    async fn adjust(&self, sku: &str, location: &str, pieces: i64, key: &str) {
        let body = json!({ "location": location, "delta": pieces, "reason": key, "take_promised": true });
        let reply = self.post("inventory", format!("/stock/{sku}/adjust"), key, &body).await;
        if reply.is_some_and(|reply| reply.status < 300) {
            self.learn(sku, location, pieces);
        }
    }

    /// Moves some pieces from one place to another.
    async fn transfer(&self) {
        let (sku, places) = STOCK[0];
        let ((from, _), (to, _)) = (places[0], places[1]);
        let pieces = 1 + i64::try_from(self.caller.below(5)).unwrap_or(0);
        let lines = json!([{ "sku": sku, "quantity": pieces }]);
        let body = json!({ "from": from, "to": to, "lines": lines, "reason": "north sells more" });
        let reply = self.post("inventory", "/stock/transfers".to_owned(), "transfer", &body).await;
        if reply.is_some_and(|reply| reply.status < 300) {
            self.learn(sku, from, -pieces);
            self.learn(sku, to, pieces);
        }
    }

    /// Somebody outside knows that so many pieces came, or went.
    fn learn(&self, sku: &str, location: &str, pieces: i64) {
        *self.known.facts().received.entry(format!("{sku}|{location}")).or_default() += pieces;
    }
}
