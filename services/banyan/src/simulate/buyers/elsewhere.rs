//! Other applications: one takes an order by itself and publishes that, one says once more what came back.

use std::time::Duration;

use contracts::{Envelope, OrderId};
use serde_json::{Value, json};

use super::Visit;

impl Visit {
    /// Buys in the old shop.
    pub(super) async fn buy_elsewhere(mut self) {
        self.come().await;
        let id = format!("legacy-{}", self.number);
        let mut order = self.order();
        order["order_id"] = json!(id);
        order["placed_at"] = json!(self.caller.now());
        let lines = order["lines"].as_array().cloned().unwrap_or_default();
        let of = |line: &Value, field: &str| line[field].as_i64().unwrap_or(0);
        let total: i64 = lines.iter().map(|line| of(line, "quantity") * of(line, "unit_price_minor")).sum();
        order["total_minor"] = json!(total + order["shipping_fee_minor"].as_i64().unwrap_or(0));
        if OrderId::new(&*id).is_ok() {
            self.known.facts().orders.insert(id.clone(), None);
        }
        // An old shop that does not remember what it has said says it again, as another event.
        let times = if self.chance(4) { 2 } else { 1 };
        for time in 0..times {
            self.tell(&format!("shop-{}-{time}", self.number), "order.placed", &id, &order).await;
        }
    }

    /// The warehouse's own system also tells what came back, as an event of its own.
    pub(super) async fn say_again(&self, return_id: &str) {
        for _ in 0..60 {
            self.caller.linger(Duration::from_secs(3_600)).await;
            let Some(came) = self.look("shipping", format!("/returns/{return_id}")).await else { continue };
            let scans = came["tracking"].as_array().cloned().unwrap_or_default();
            let condition =
                if scans.iter().any(|scan| scan["code"] == "damaged") { "damaged" } else { "sellable" };
            let mut lines = came["lines"].as_array().cloned().unwrap_or_default();
            lines.iter_mut().for_each(|line| line["condition"] = json!(condition));
            match came["status"].as_str() {
                Some("received") => {}
                Some("astray" | "refused") => return,
                _ => continue,
            }
            let data = json!({
                "order_id": came["order_id"], "return_id": return_id, "location": came["location"],
                "lines": lines, "received_at": self.caller.now(),
            });
            let subject = came["order_id"].as_str().unwrap_or_default().to_owned();
            return self.tell(&format!("warehouse-{return_id}"), "return.received", &subject, &data).await;
        }
    }

    async fn tell(&self, id: &str, name: &str, subject: &str, data: &Value) {
        let event = json!({
            "specversion": "1.0", "id": id, "source": "/legacy/shop", "type": format!("shop.banyan.{name}.v1"),
            "subject": subject, "time": self.caller.now(), "datacontenttype": "application/json", "data": data,
        });
        let body = bytes::Bytes::from(event.to_string());
        match Envelope::decode(&body) {
            Ok(event) => self.caller.publish(&event, body).await,
            Err(error) => self.caller.object(format!("the old shop's event is none: {error}")),
        }
    }
}
