//! Everyone outside: who brings the stock, who buys, who changes their mind, and another application.

use std::sync::Arc;
use std::time::Duration;

use contracts::{Envelope, OrderId};
use serde_json::{Value, json};
use store::Boxed;
use testkit::{Ask, Caller, Reply};
use tokio::sync::watch;

use super::peer::Peers;
use super::shop::Known;

/// What is sold: enough of most, too little of one, none of the last.
const STOCK: [(&str, &[(&str, i64)]); 4] = [
    ("22423", &[("main", 40), ("north", 20)]),
    ("85123A", &[("main", 30)]),
    ("84879", &[("main", 5), ("north", 4)]),
    ("POST-1", &[]),
];
/// Buyers over HTTP.
const BUYERS: u64 = 4;
/// Orders that another application takes.
const FOREIGN: u64 = 1;
/// Carts whose holds nobody buys.
const CARTS: u64 = 1;
/// What pays; most often well.
const TOKENS: [&str; 12] = [
    "tok_ok",
    "tok_ok",
    "tok_ok",
    "tok_ok",
    "tok_ok",
    "tok_visa",
    "tok_3ds",
    "tok_3ds_fails",
    "tok_declined",
    "tok_timeout_after",
    "tok_5xx_after",
    "tok_reset_before",
];

/// Everyone, each as a task.
pub(super) fn all(caller: &Caller, peers: &Peers, known: &Arc<Known>) -> Vec<Boxed<'static, ()>> {
    let (open, opened) = watch::channel(false);
    // In some worlds all come at once, in others one by one.
    let spread = Duration::from_millis([0, 50, 5_000, 60_000][usize::try_from(caller.below(4)).unwrap_or(0)]);
    let visit = |number: u64| Visit {
        caller: caller.clone(),
        peers: peers.clone(),
        known: known.clone(),
        opened: opened.clone(),
        spread,
        number,
    };
    let mut all: Vec<Boxed<'static, ()>> = vec![Box::pin(deliver(visit(0), open))];
    all.extend((1..=BUYERS).map(|number| Box::pin(visit(number).buy()) as Boxed<'static, ()>));
    all.extend(
        (1..=FOREIGN).map(|number| Box::pin(visit(100 + number).buy_elsewhere()) as Boxed<'static, ()>),
    );
    all.extend((1..=CARTS).map(|number| Box::pin(visit(200 + number).hold()) as Boxed<'static, ()>));
    all.push(Box::pin(visit(300).restock()));
    all
}

/// Somebody who comes once.
struct Visit {
    caller: Caller,
    peers: Peers,
    known: Arc<Known>,
    opened: watch::Receiver<bool>,
    spread: Duration,
    number: u64,
}

/// Brings the stock, and opens the shop.
async fn deliver(visit: Visit, open: watch::Sender<bool>) {
    let mut adjustments = Vec::new();
    for (sku, places) in STOCK {
        for (location, pieces) in places {
            adjustments
                .push(json!({ "sku": sku, "location": location, "delta": pieces, "reason": "opening" }));
        }
    }
    let body = json!({ "adjustments": adjustments });
    if visit.post("inventory", "/stock/adjust".to_owned(), "opening", &body).await.is_some() {
        let facts = &mut *visit.known.facts();
        for (sku, places) in STOCK {
            for (location, pieces) in places {
                facts.received.insert(format!("{sku}|{location}"), *pieces);
            }
        }
    }
    open.send_replace(true);
}

impl Visit {
    async fn come(&mut self) {
        self.opened.wait_for(|is_open| *is_open).await.ok();
        self.caller.linger(self.spread).await;
    }

    /// Buys something; perhaps pays at the bank's page; perhaps changes their mind.
    async fn buy(mut self) {
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
        let placed: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
        let Some(id) = placed["order_id"].as_str().filter(|_| reply.status == 201) else {
            self.caller.object(format!("an order was refused: {} {placed}", reply.status));
            return;
        };
        self.known.facts().orders.insert(id.to_owned(), Some(key));
        self.follow(id, body["payment_method"]["token"] == "tok_3ds").await;
    }

    /// What a buyer may do once there is an order.
    async fn follow(&self, id: &str, must_act: bool) {
        if self.chance(3) {
            self.caller.linger(Duration::from_secs(120)).await;
            return self.cancel(id).await;
        }
        if must_act && !self.chance(4) {
            self.authenticate(id).await;
        }
    }

    async fn cancel(&self, id: &str) {
        let key = format!("cancel-{}", self.number);
        let body = json!({ "reason": "found it cheaper" });
        let reply = self.post("orders", format!("/orders/{id}/cancel"), &key, &body).await;
        if reply.is_some_and(|reply| reply.status < 300) {
            self.known.facts().cancelled.insert(id.to_owned());
        }
    }

    /// Waits for the bank's page, for as long as people do, and acts on it.
    async fn authenticate(&self, id: &str) {
        for _ in 0..40 {
            self.caller.linger(Duration::from_secs(20)).await;
            let ask = Ask {
                service: "payment",
                method: "GET",
                path: format!("/payments/{id}"),
                key: None,
                body: bytes::Bytes::new(),
            };
            let Some(reply) = self.caller.ask(&ask).await else { continue };
            let shown: Value = serde_json::from_slice(&reply.body).unwrap_or_default();
            if let Some(url) = shown["action_url"].as_str() {
                let outcome = if self.chance(5) { "fail" } else { "succeed" };
                return self.peers.act(&self.caller, url, outcome);
            }
        }
    }

    /// Buys in the old shop, which publishes the order by itself.
    async fn buy_elsewhere(mut self) {
        self.come().await;
        let id = format!("legacy-{}", self.number);
        let mut order = self.order();
        order["order_id"] = json!(id);
        order["placed_at"] = json!(self.caller.now());
        let lines = order["lines"].as_array().cloned().unwrap_or_default();
        let of = |line: &Value, field: &str| line[field].as_i64().unwrap_or(0);
        let total: i64 = lines.iter().map(|line| of(line, "quantity") * of(line, "unit_price_minor")).sum();
        order["total_minor"] = json!(total + order["shipping_fee_minor"].as_i64().unwrap_or(0));
        let event = json!({
            "specversion": "1.0", "id": format!("shop-{}", self.number), "source": "/legacy/shop",
            "type": "shop.banyan.order.placed.v1", "subject": id, "time": self.caller.now(),
            "datacontenttype": "application/json", "data": order,
        });
        let body = bytes::Bytes::from(event.to_string());
        let Ok(event) = Envelope::decode(&body) else {
            return self.caller.object("the old shop's event is none".to_owned());
        };
        if OrderId::new(&*id).is_ok() {
            self.known.facts().orders.insert(id, None);
        }
        self.caller.publish(&event, body).await;
    }

    /// Puts something into a cart and leaves.
    async fn hold(mut self) {
        self.come().await;
        self.take_hold().await;
    }

    async fn take_hold(&self) -> Option<String> {
        let lines = json!([{ "sku": STOCK[0].0, "quantity": 1 + self.caller.below(3) }]);
        let body = json!({ "lines": lines, "ttl_s": 1 + self.caller.below(120) });
        let key = format!("hold-{}", self.number);
        let reply = self.post("inventory", "/holds".to_owned(), &key, &body).await?;
        let held: Value = serde_json::from_slice(&reply.body).ok()?;
        held["hold_id"].as_str().map(str::to_owned)
    }

    /// A late delivery.
    async fn restock(mut self) {
        self.come().await;
        self.caller.linger(Duration::from_secs(60)).await;
        let (sku, places) = STOCK[2];
        let (location, _) = places[0];
        let pieces = 1 + i64::try_from(self.caller.below(5)).unwrap_or(0);
        let body = json!({ "location": location, "delta": pieces, "reason": "delivery" });
        let path = format!("/stock/{sku}/adjust");
        let reply = self.post("inventory", path, "restock", &body).await;
        if reply.is_some_and(|reply| reply.status < 300) {
            *self.known.facts().received.entry(format!("{sku}|{location}")).or_default() += pieces;
        }
    }

    /// The body of an order.
    fn order(&self) -> Value {
        let pick = |n: usize| usize::try_from(self.caller.below(n as u64)).unwrap_or(0);
        // Mostly the SKU that is short, sometimes one that nobody has.
        let first = [2, 2, 2, 2, 0, 0, 0, 0, 1, 1, 1, 3][pick(12)];
        let count = [1, 1, 2, 3][pick(4)];
        let lines: Vec<Value> = (0..count)
            .map(|n| (first + n) % if first == 3 { 4 } else { 3 })
            .map(|sku| json!({ "sku": STOCK[sku].0, "quantity": 1 + pick(4), "unit_price_minor": 255 + sku }))
            .collect();
        json!({
            "customer_id": format!("c-{}", self.number), "currency": "GBP", "channel": "web", "lines": lines,
            "shipping_fee_minor": 395, "payment_method": { "token": TOKENS[pick(TOKENS.len())] },
            "customer": { "name": "Ada", "email": "ada@example.com", "locale": "en-GB" },
            "ship_to": { "name": "Ada", "line1": "1 High St", "city": "Leeds", "postcode": "LS1", "country": "GB" },
        })
    }

    /// True once in `n` times.
    fn chance(&self, n: u64) -> bool {
        self.caller.below(n) == 0
    }

    async fn post(&self, service: &'static str, path: String, key: &str, body: &Value) -> Option<Reply> {
        let key = Some(key.to_owned());
        let body = body.to_string().into();
        self.caller.insist(&Ask { service, method: "POST", path, key, body }).await
    }
}
