//! Messages that nobody can handle: seen, redriven once the cause is gone, or discarded.

use anyhow::{Context as _, Result};
use bus::{Address, Outgoing};
use bytes::Bytes;
use contracts::{DataRef, Envelope, EventType, MessageId};
use serde_json::{Value, json};
use store::Blob;

use super::order::{End, Order, comes_to};
use super::shop::Shop;
use crate::wiring;

/// What is not even an event reaches one queue; it is dead there, and the next order does not notice.
pub(super) async fn poison(shop: &mut Shop) -> Result<Vec<String>> {
    let garbage = Outgoing {
        id: MessageId::named(&["e2e", "poison"]),
        address: Address::Queue("inventory".to_owned()),
        lane: "e2e".to_owned(),
        attempt: 0,
        body: Bytes::from_static(b"no event at all"),
    };
    shop.inject(vec![garbage]).await?;
    let letters =
        shop.until(async |shop| letters(shop, "undecodable").await, |found| !found.is_empty()).await?;
    let by: Vec<&str> = letters.iter().filter_map(|letter| letter["service"].as_str()).collect();
    let mut wrong = Vec::new();
    if by != ["inventory"] {
        wrong.push(format!("wanted one dead letter of inventory, undecodable; got {letters:?}"));
    }
    let order = Order::of("e2e-beside-poison", 1);
    shop.receive(&order.sku).await?;
    let id = order.place(shop, &order.sku).await?;
    wrong.extend(comes_to(shop, &id, &order.sku, End::completed(&order)).await?);
    // Redriven it is no better.
    let ids: Vec<&Value> = letters.iter().map(|letter| &letter["id"]).collect();
    let filter = json!({ "filter": { "ids": ids } });
    let redriven = shop.post("/dead-letters/redrive", None, &filter).await?;
    wrong.extend(same("redriven", redriven["ids"].as_array().map(Vec::len), Some(1)));
    let again = shop.until(async |shop| letters_of(shop, "undecodable").await, |found| *found == 1).await?;
    wrong.extend(same("dead again", again, 1));
    shop.post("/dead-letters/discard", None, &filter).await?;
    let left = letters_of(shop, "undecodable").await?;
    wrong.extend(same("left after the discard", left, 0));
    Ok(wrong)
}

/// An event comes without its data, and what lies where the data should be is something else. All who hear it give it up;
/// when the right data is there, a redrive is all it takes.
pub(super) async fn redrive(shop: &mut Shop) -> Result<Vec<String>> {
    let order = Order::of("e2e-redrive", 2);
    shop.receive(&order.sku).await?;
    let id = "e2e-redrive-1";
    let data = order.data(id).to_string();
    let name = DataRef::of(data.as_bytes());
    shop.keep(Blob::damaged(name, Bytes::from_static(b"something else"))).await?;
    let event = json!({
        "specversion": "1.0", "id": id, "source": "/e2e", "type": PLACED, "subject": id,
        "time": "2026-11-22T20:00:00Z", "dataref": name.to_string(),
    });
    let body = Bytes::from(event.to_string());
    let event = Envelope::decode(&body).context("the event of this scenario is none")?;
    let hearers = wiring::wiring().subscribers.get(&event.kind).map_or(0, |hearers| hearers.len());
    let (message, lane) = (event.message_id(), event.lane().to_owned());
    let address = Address::Topic(EventType::clone(&event.kind));
    shop.inject(vec![Outgoing { id: message, address, lane, attempt: 0, body }]).await?;
    shop.placed += 1;
    let dead =
        shop.until(async |shop| letters_of(shop, "data_corrupt").await, |found| *found == hearers).await?;
    let mut wrong = same("dead", dead, hearers);
    shop.keep(Blob::new(data.into())?).await?;
    let filter = json!({ "filter": { "reason": "data_corrupt" } });
    let asked = shop
        .post("/dead-letters/redrive", None, &json!({ "filter": filter["filter"], "dry_run": true }))
        .await?;
    wrong.extend(same("would be redriven", asked["ids"].as_array().map(Vec::len), Some(hearers)));
    shop.post("/dead-letters/redrive", None, &filter).await?;
    wrong.extend(comes_to(shop, id, &order.sku, End::completed(&order)).await?);
    let left = letters_of(shop, "data_corrupt").await?;
    wrong.extend(same("left after the redrive", left, 0));
    Ok(wrong)
}

const PLACED: &str = "shop.banyan.order.placed.v1";

async fn letters(shop: &Shop, reason: &str) -> Result<Vec<Value>> {
    let page: Value = shop.client.get(&format!("/dead-letters?reason={reason}")).await?;
    Ok(page["dead_letters"].as_array().cloned().unwrap_or_default())
}

async fn letters_of(shop: &Shop, reason: &str) -> Result<usize> {
    Ok(letters(shop, reason).await?.len())
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, got: T, wanted: T) -> Vec<String> {
    if got == wanted { Vec::new() } else { vec![format!("{what}: wanted {wanted:?}, got {got:?}")] }
}
