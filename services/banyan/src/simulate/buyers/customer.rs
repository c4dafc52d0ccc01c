//! Customers: they buy, and then some change their mind, some go to the bank's page, some send things back.

use std::time::Duration;

use serde_json::{Value, json};

use super::{STOCK, Visit, said};

/// How long somebody waits for a parcel, in looks of up to [`LOOK`] each: a day at least.
const LOOKS: u32 = 120;
const LOOK: Duration = Duration::from_secs(30 * 60);

impl Visit {
    /// Buys something; perhaps pays at the bank's page; perhaps changes their mind.
    pub(super) async fn buy(mut self) {
        self.come().await;
        let hold = if self.chance(5) { self.take_hold().await } else { None };
        let mut body = self.order();
        if let Some(hold) = hold {
            body["hold_id"] = json!(hold);
        }
        let key = format!("buyer-{}", self.number);
        let once = self.post("orders", "/orders".to_owned(), &key, &body);
        let reply = if self.chance(4) {
            // Pressed the button twice.
            let twice = self.post("orders", "/orders".to_owned(), &key, &body);
            let (once, twice) = futures_util::future::join(once, twice).await;
            if once.as_ref().map(|r| &r.body) != twice.as_ref().map(|r| &r.body) {
                self.caller.object(format!("two answers to {key}: {once:?} and {twice:?}"));
            }
            once
        } else {
            once.await
        };
        let Some(reply) = reply else { return };
        let placed = said(&reply);
        let Some(id) = placed["order_id"].as_str().filter(|_| reply.status == 201) else {
            self.caller.object(format!("an order was refused: {} {placed}", reply.status));
            return;
        };
        self.known.facts().orders.insert(id.to_owned(), Some(key));
        self.follow(id, &body).await;
    }

    /// What a buyer may do once there is an order.
    async fn follow(&self, id: &str, body: &Value) {
        match self.caller.below(9) {
            // While stock and money are arranged, while the parcel is packed, or as it leaves.
            0..3 => {
                self.caller.linger(Duration::from_secs(120)).await;
                self.cancel(id, "cancel").await;
            }
            3 if self.has(id, "/status", &["confirmed"]).await => self.cancel(id, "cancel-packed").await,
            4..6 if self.has(id, "/status", &["delivered", "completed"]).await => {
                self.send_back(id, body).await
            }
            _ if body["payment_method"]["token"] == "tok_3ds" && !self.chance(4) => {
                self.authenticate(id).await
            }
            _ => {}
        }
    }

    /// Waits until the order says one of `words`, or has ended otherwise, or for long enough.
    async fn has(&self, id: &str, pointer: &str, words: &[&str]) -> bool {
        let most = if words.contains(&"confirmed") { Duration::from_secs(2) } else { LOOK };
        for _ in 0..LOOKS {
            let Some(order) = self.look("orders", format!("/orders/{id}")).await else { continue };
            let word = order.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
            if words.contains(&word) {
                return true;
            }
            if matches!(word, "cancelled" | "completed") {
                return false;
            }
            self.caller.linger(most).await;
        }
        false
    }

    async fn cancel(&self, id: &str, what: &str) {
        let key = format!("{what}-{}", self.number);
        let body = json!({ "reason": "found it cheaper" });
        let Some(reply) = self.post("orders", format!("/orders/{id}/cancel"), &key, &body).await else {
            return;
        };
        let is_over = said(&reply)["status"] == "cancelled";
        match reply.status {
            200 if is_over => drop(self.known.facts().cancelled.insert(id.to_owned())),
            // Asked for, or too late: then the order goes on.
            200 | 202 | 409 => {}
            status => self.caller.object(format!("a cancel was answered with {status}")),
        }
    }

    /// Sends some of it back, sometimes in two parcels.
    async fn send_back(&self, id: &str, bought: &Value) {
        let parcels = if self.chance(4) { 2 } else { 1 };
        for parcel in 0..parcels {
            let lines: Vec<Value> = bought["lines"]
                .as_array()
                .into_iter()
                .flatten()
                .take(if self.chance(2) { 1 } else { STOCK.len() })
                .map(|line| {
                    let all = line["quantity"].as_u64().unwrap_or(1);
                    let some = if self.chance(2) { all } else { 1 + self.caller.below(all) };
                    json!({ "sku": line["sku"], "quantity": some })
                })
                .collect();
            let (key, body) = (
                format!("return-{}-{parcel}", self.number),
                json!({ "lines": lines, "reason": "too small" }),
            );
            let Some(reply) = self.post("orders", format!("/orders/{id}/returns"), &key, &body).await else {
                return;
            };
            match (reply.status, said(&reply)["return_id"].as_str()) {
                (202, Some(return_id)) => {
                    self.known.facts().returns.insert(return_id.to_owned(), id.to_owned());
                    if self.chance(2) {
                        self.say_again(return_id).await;
                    }
                }
                // More than is left to send back, or not delivered after all.
                (409 | 422, _) => {}
                (status, _) => {
                    self.caller.object(format!("a return was answered with {status}: {:?}", said(&reply)))
                }
            }
            self.caller.linger(Duration::from_secs(3_600)).await;
        }
    }

    /// Waits for the bank's page, for as long as people do, and acts on it.
    async fn authenticate(&self, id: &str) {
        for _ in 0..40 {
            self.caller.linger(Duration::from_secs(20)).await;
            let Some(shown) = self.look("payment", format!("/payments/{id}")).await else { continue };
            if let Some(url) = shown["action_url"].as_str() {
                let outcome = if self.chance(5) { "fail" } else { "succeed" };
                return self.peers.act(&self.caller, url, outcome);
            }
        }
    }

    /// Puts something into a cart and leaves.
    pub(super) async fn hold(mut self) {
        self.come().await;
        self.take_hold().await;
    }

    async fn take_hold(&self) -> Option<String> {
        let lines = json!([{ "sku": STOCK[0].0, "quantity": 1 + self.caller.below(3) }]);
        let body = json!({ "lines": lines, "ttl_s": 1 + self.caller.below(120) });
        let key = format!("hold-{}", self.number);
        let reply = self.post("inventory", "/holds".to_owned(), &key, &body).await?;
        said(&reply)["hold_id"].as_str().map(str::to_owned)
    }
}
