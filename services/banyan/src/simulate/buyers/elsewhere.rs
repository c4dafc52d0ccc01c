//! Another application, which takes an order by itself and publishes that.

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
            let event = json!({
                "specversion": "1.0", "id": format!("shop-{}-{time}", self.number), "source": "/legacy/shop",
                "type": "shop.banyan.order.placed.v1", "subject": id, "time": self.caller.now(),
                "datacontenttype": "application/json", "data": order,
            });
            let body = bytes::Bytes::from(event.to_string());
            let Ok(event) = Envelope::decode(&body) else {
                return self.caller.object("the old shop's event is none".to_owned());
            };
            self.caller.publish(&event, body).await;
        }
    }
}
