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
        let mut kind = "order.placed.v1";
        if self.known.facts().knows_v2 && self.chance(2) {
            kind = "order.placed.v2";
            order = self.enriched(order, total);
        }
        if OrderId::new(&*id).is_ok() {
            self.known.facts().orders.insert(id.clone(), None);
        }
        // An old shop that does not remember what it has said says it again, as another event.
        let times = if self.chance(4) { 2 } else { 1 };
        for time in 0..times {
            self.tell(&format!("shop-{}-{time}", self.number), kind, &id, &order).await;
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
            return self.tell(&format!("warehouse-{return_id}"), "return.received.v1", &subject, &data).await;
        }
    }

    /// The same order in version 2: taxed, with discounts, in two parcels; now and then to two addresses, which nobody
    /// can carry out.
    fn enriched(&self, mut order: Value, goods_minor: i64) -> Value {
        let lines = order["lines"].as_array().cloned().unwrap_or_default();
        let pieces = |line: &Value| json!({ "sku": line["sku"], "quantity": line["quantity"] });
        let all: Vec<Value> = lines.iter().map(pieces).collect();
        let (first, rest) = all.split_at(usize::from(all.len() > 1));
        let mut parcels = vec![json!({ "lines": rest, "ship_to": order["ship_to"], "fee_minor": 395 })];
        if !first.is_empty() {
            parcels.push(json!({ "lines": first, "ship_to": order["ship_to"], "fee_minor": 100 }));
            if self.chance(6) {
                parcels[1]["ship_to"]["city"] = json!("Hull");
            }
        }
        let fees: i64 = parcels.iter().filter_map(|parcel| parcel["fee_minor"].as_i64()).sum();
        let mut tax_minor = 0;
        let taxed = lines.into_iter().enumerate().map(|(n, mut line)| {
            let tax = 17 + i64::try_from(n).unwrap_or(0);
            tax_minor += tax;
            (line["tax_minor"], line["tax_rate_bp"]) = (json!(tax), json!(2_000));
            line["discounts"] = json!([{ "code": "LINE", "amount_minor": 11 }]);
            line
        });
        let lines: Vec<Value> = taxed.collect();
        let discount_minor = 50 + 11 * i64::try_from(lines.len()).unwrap_or(0);
        let fields = order.as_object_mut().into_iter();
        fields.for_each(|fields| fields.retain(|name, _| name != "ship_to" && name != "shipping_fee_minor"));
        order["lines"] = json!(lines);
        order["discounts"] = json!([{ "code": "ORDER", "amount_minor": 50 }]);
        order["deliveries"] = json!(parcels);
        (order["discount_minor"], order["tax_minor"]) = (json!(discount_minor), json!(tax_minor));
        order["total_minor"] = json!(goods_minor - discount_minor + tax_minor + fees);
        order
    }

    async fn tell(&self, id: &str, kind: &str, subject: &str, data: &Value) {
        let event = json!({
            "specversion": "1.0", "id": id, "source": "/legacy/shop", "type": format!("shop.banyan.{kind}"),
            "subject": subject, "time": self.caller.now(), "datacontenttype": "application/json", "data": data,
        });
        let body = bytes::Bytes::from(event.to_string());
        match Envelope::decode(&body) {
            Ok(event) => self.caller.publish(&event, body).await,
            Err(error) => self.caller.object(format!("the old shop's event is none: {error}")),
        }
    }
}
