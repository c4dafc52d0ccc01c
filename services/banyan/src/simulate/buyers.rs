//! Everyone outside: who brings the stock, who buys and what they do then, and another application.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use store::Boxed;
use testkit::{Ask, Caller, Reply};
use tokio::sync::watch;

use super::peer::Peers;
use super::shop::Known;

mod customer;
mod elsewhere;
mod keeper;

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
const TOKENS: [&str; 18] = [
    "tok_ok",
    "tok_ok",
    "tok_ok",
    "tok_ok",
    "tok_ok",
    "tok_visa",
    "tok_visa",
    "tok_3ds",
    "tok_3ds_fails",
    "tok_declined",
    "tok_timeout_after",
    "tok_5xx_after",
    "tok_reset_before",
    "tok_capture_declined",
    "tok_disputed",
    "tok_disputed_lost",
    "tok_expires",
    "tok_expires_declined",
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
    let mut all: Vec<Boxed<'static, ()>> = vec![Box::pin(visit(0).open(open))];
    all.extend((1..=BUYERS).map(|number| Box::pin(visit(number).buy()) as Boxed<'static, ()>));
    all.extend(
        (1..=FOREIGN).map(|number| Box::pin(visit(100 + number).buy_elsewhere()) as Boxed<'static, ()>),
    );
    all.extend((1..=CARTS).map(|number| Box::pin(visit(200 + number).hold()) as Boxed<'static, ()>));
    all.push(Box::pin(visit(300).keep()));
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

impl Visit {
    async fn come(&mut self) {
        self.opened.wait_for(|is_open| *is_open).await.ok();
        self.caller.linger(self.spread).await;
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
        self.caller.insist(&Ask { service, method: "POST", path, key, body, ..Ask::default() }).await
    }

    /// What is shown there now; `None` when nobody answers.
    async fn look(&self, service: &'static str, path: String) -> Option<Value> {
        let reply = self.caller.ask(&Ask { service, method: "GET", path, ..Ask::default() }).await?;
        serde_json::from_slice(&reply.body).ok()
    }
}

/// What an answer says.
fn said(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).unwrap_or_default()
}
