//! Putting the opening stock of an import into the inventory.

use std::collections::BTreeMap;

use contracts::{MessageId, Sku};
use futures_util::{TryStreamExt, stream};
use runtime::Env;
use serde::Serialize;
use serde_json::{Value, json};

use crate::client::{Client, Error, Patience, Write};

/// Adjustments in one request: each may need a counter and a card, and a unit of work has at most 100 items.
pub const BATCH: usize = 45;
/// Requests at a time.
const AT_ONCE: usize = 4;
/// The largest receipt of one SKU that the inventory books.
const MAX_PIECES: u64 = 1_000_000_000;
/// Where it all lies.
pub const LOCATION: &str = "main";

/// What was put in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Opened {
    /// Different things.
    pub skus: u64,
    /// Pieces of them.
    pub pieces: u64,
}

/// Receives `stock`. The same stock has the same keys, so that doing it twice (within a day) does it once.
///
/// # Errors
/// [`Error`]: some of it may have been received.
pub async fn receive(client: &Client, env: &Env, stock: &BTreeMap<Sku, u64>) -> Result<Opened, Error> {
    let adjustments = adjustments(stock);
    let mut opened = Opened { skus: adjustments.len() as u64, pieces: 0 };
    opened.pieces = stock.values().map(|&pieces| pieces.min(MAX_PIECES)).sum();
    let requests = adjustments.chunks(BATCH).map(|batch| {
        let body = json!({ "adjustments": batch });
        let key = MessageId::named(&["opening stock", &body.to_string()]).to_string();
        Write::json("/stock/adjust", Some(key), &body)
    });
    // Collected: a future that borrows from an iterator over borrowed chunks cannot be named by the compiler.
    let requests: Vec<Write> = requests.collect();
    stream::iter(requests.into_iter().map(Ok))
        .try_for_each_concurrent(AT_ONCE, |request| async move {
            client.post_until_answered::<Value>(&request, env, Patience::BULK).await.map(drop)
        })
        .await?;
    Ok(opened)
}

fn adjustments(stock: &BTreeMap<Sku, u64>) -> Vec<Value> {
    let some = stock.iter().filter(|(_, pieces)| **pieces > 0);
    some.map(|(sku, &pieces)| {
        json!({ "sku": sku, "location": LOCATION, "delta": pieces.min(MAX_PIECES), "reason": "opening stock" })
    })
    .collect()
}
