//! Whether every event that a timeline tells of was handled by each of its subscribers, as the records of these say. An audit of
//! what came of the orders does not show it: an order whose message was lost on its way ends by its deadline, as one does
//! whose answer came late.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};
use bus::Wiring;
use contracts::Timestamp;
use serde_json::Value;
use store::{Row, Snapshot, Store};

/// Where the service of orders writes down what happened to each of them.
const TIMELINE: &str = "orders.timeline";
/// Rows that are read in one go.
const PAGE: usize = 1_000;

/// An event that somebody should have handled.
struct Told {
    kind: String,
    order_id: String,
}

/// Events that a subscriber in `wiring` has no record of, one sentence each. `store` has everybody's items, and is at rest.
///
/// # Errors
/// The store does not answer, or has orders and not one event.
pub(super) async fn unheard(store: &dyn Store, wiring: &Wiring, now: Timestamp) -> Result<Vec<String>> {
    let mut snapshot = store.snapshot(now).await?;
    let mut told: BTreeMap<String, Told> = BTreeMap::new();
    each(snapshot.as_mut(), TIMELINE, |row| told.extend(event(&row.item.body))).await?;
    ensure!(!told.is_empty(), "{TIMELINE} names no event, so nothing shows who handled them");
    let mut sentences = Vec::new();
    for service in &wiring.queues {
        let hears = |kind: &str| {
            let kind = kind.parse().ok();
            kind.and_then(|kind| wiring.subscribers.get(&kind)).is_some_and(|queues| queues.contains(service))
        };
        let mut open: BTreeSet<&str> =
            told.iter().filter(|(_, told)| hears(&told.kind)).map(|(id, _)| id.as_str()).collect();
        each(snapshot.as_mut(), &format!("{service}.record"), |row| {
            open.remove(row.id.as_str());
        })
        .await?;
        sentences.extend(open.into_iter().map(|id| {
            let Told { kind, order_id } = &told[id];
            format!("order {order_id}: {service} has no record of {kind} {id}")
        }));
    }
    Ok(sentences)
}

/// Every row of a collection.
async fn each(snapshot: &mut dyn Snapshot, collection: &str, mut take: impl FnMut(Row)) -> Result<()> {
    let mut after: Option<String> = None;
    loop {
        let rows = snapshot.page(collection, after.as_deref(), PAGE).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        after = Some(last.id.clone());
        rows.into_iter().for_each(&mut take);
    }
}

/// The event that an entry of a timeline tells of, by the name that its record has; decisions are none, and nobody hears them.
fn event(entry: &[u8]) -> Option<(String, Told)> {
    let entry: Value = serde_json::from_slice(entry).ok()?;
    let text = |pointer: &str| entry.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let id = text("/data/told/known_as").or_else(|| text("/data/told/event_id"))?;
    Some((id, Told { kind: text("/data/told/type")?, order_id: text("/data/order_id")? }))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::json;
    use store::sqlite::{Config, Engine};
    use store::{Change, Key, Nonce, Unit, Version};

    use super::*;

    async fn put(engine: &Engine, items: &[(&str, &str, Value)]) {
        let put = |(collection, id, body): &(&str, &str, Value)| Change::Put {
            key: Key::new((*collection).to_owned(), *id),
            version: Version::ABSENT,
            body: Bytes::from(body.to_string()),
            entries: vec![],
            expires: None,
        };
        let changes = items.iter().map(put).collect();
        let unit =
            Unit { now: Timestamp::from_micros(1), nonce: Nonce(1), record: None, changes, settles: None };
        assert_eq!(engine.commit(unit).await.unwrap(), store::Outcome::Committed);
    }

    #[tokio::test]
    async fn an_event_without_the_record_of_a_subscriber_is_told() {
        let engine = Engine::open(Config::memory()).unwrap();
        let now = Timestamp::from_micros(2);
        let wiring = crate::wiring::wiring();
        assert!(unheard(&engine, &wiring, now).await.is_err(), "nothing there is nothing shown");
        let entry = |told: Value| json!({ "data": { "order_id": "o", "told": told } });
        put(
            &engine,
            &[
                (
                    TIMELINE,
                    "o:0",
                    entry(json!({ "type": "shop.banyan.order.confirmed.v1", "event_id": "e" })),
                ),
                (TIMELINE, "o:1", entry(json!({ "type": "decision", "event_id": "d" }))),
                (
                    TIMELINE,
                    "o:2",
                    entry(
                        json!({ "type": "shop.banyan.order.confirmed.v1", "event_id": "x", "known_as": "k" }),
                    ),
                ),
                ("inventory.record", "e", json!({})),
                ("inventory.record", "k", json!({})),
                ("shipping.record", "e", json!({})),
                ("shipping.record", "k", json!({})),
                ("notification.record", "k", json!({})),
            ],
        )
        .await;
        assert_eq!(
            unheard(&engine, &wiring, now).await.unwrap(),
            ["order o: notification has no record of shop.banyan.order.confirmed.v1 e"]
        );
        put(&engine, &[("notification.record", "e", json!({}))]).await;
        assert_eq!(unheard(&engine, &wiring, now).await.unwrap(), Vec::<String>::new());
    }
}
