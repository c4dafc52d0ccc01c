//! How things lie in the table, and what of it is hidden.

use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use store::{Entry, Limit, OutageKind, Outgoing, Query, StoredRecord};

use super::*;

fn listed(id: &str, index: &'static str, partition: &str, sort: &str) -> Change {
    Change::Put {
        key: doc(id),
        version: Version::ABSENT,
        body: Bytes::from_static(b"{}"),
        entries: vec![Entry::new(index, partition, sort)],
        expires: None,
    }
}

impl Place {
    /// Every item of the table.
    async fn all(&self) -> Vec<std::collections::HashMap<String, AttributeValue>> {
        self.client().scan().table_name(&self.table).send().await.unwrap().items.unwrap()
    }
}

fn text(value: Option<&AttributeValue>) -> &str {
    value.and_then(|value| value.as_s().ok()).map_or("", String::as_str)
}

#[test]
fn ids_and_sort_values_may_have_every_character() {
    let Some(endpoint) = endpoint() else { return };
    let place = Place::new(&endpoint);
    run(async {
        let store = place.open().await;
        let ids = ["", "\0", "\0\0", "\u{1}", "a\0b", "a\u{1}b", "a/b", "'; --", "\\", "\u{10ffff}"];
        let changes = ids.iter().map(|id| listed(id, "by", "p\0/", id)).collect();
        assert_eq!(store.commit(unit(1, changes)).await, Ok(Outcome::Committed));
        for id in ids {
            assert!(read(&store, doc(id)).await.is_some(), "{id:?}");
        }
        for newest_first in [false, true] {
            let query = Query { limit: 3, newest_first, ..Query::new("t.doc", "by", "p\0/") };
            let found = pages(&store, query).await;
            let mut want = ids.map(|id| (id.to_owned(), id.to_owned()));
            want.sort_unstable();
            if newest_first {
                want.reverse();
            }
            assert_eq!(found, want);
        }
        let named = Change::Step {
            key: doc("n"),
            add: vec![("\0".to_owned(), 2), (String::new(), 1)],
            guards: vec![(" ".to_owned(), 0)],
        };
        assert_eq!(store.commit(unit(2, vec![named])).await, Ok(Outcome::Committed));
        let fields: store::Fields =
            serde_json::from_slice(&read(&store, doc("n")).await.unwrap().body).unwrap();
        assert_eq!((fields["\0"], fields[""]), (2, 1));
    });
}

/// What no key can hold must not be an outage: that would never end.
#[test]
fn what_no_key_can_hold_is_too_large_and_absent() {
    let Some(endpoint) = endpoint() else { return };
    let place = Place::new(&endpoint);
    run(async {
        let store = place.open().await;
        let (fits, long) = ("a".repeat(1_020), "a".repeat(2_000));
        assert_eq!(store.commit(unit(1, vec![put(&fits, 0)])).await, Ok(Outcome::Committed));
        for change in [
            put(&long, 0),
            listed("a", "by", &"p".repeat(3_000), "s"),
            listed("b", "by", "p", &long),
            listed(&fits, "by", "p", "a sort value"),
        ] {
            let change = match change {
                Change::Put { key, body, entries, expires, .. } if key.id == fits => {
                    Change::Put { key, version: Version(1), body, entries, expires }
                }
                change => change,
            };
            let end = store.commit(unit(2, vec![step("n", 1), change])).await;
            assert_eq!(end, Ok(Outcome::TooLarge(Limit::Bytes)));
        }
        assert_eq!(read(&store, doc(&long)).await, None);
        assert_eq!(counter(&store, "n").await, (0, 0));
        assert_eq!(store.commit(unit(3, vec![listed("c", "by", "p", "s")])).await, Ok(Outcome::Committed));
        for (from, to) in [(long.as_str(), None), ("", Some(long.as_str())), ("", None)] {
            let query =
                Query { from: from.to_owned(), to: to.map(str::to_owned), ..Query::new("t.doc", "by", "p") };
            let found = store.query(query, NOW).await.unwrap().rows.len();
            assert_eq!(found, usize::from(to.is_none()), "from {} to {to:?}", from.len());
        }
        let far = Query::new("t.doc", "by", "p".repeat(3_000));
        assert_eq!(store.query(far, NOW).await.unwrap().rows, []);
    });
}

/// Of what all are due there is one partition, which is spread; it comes back in one order.
#[test]
fn a_hot_index_is_spread_and_read_in_order() {
    let Some(endpoint) = endpoint() else { return };
    let place = Place::new(&endpoint);
    run(async {
        let store = place.open().await;
        let ids: Vec<String> = (0..80).map(|n| format!("{:03}", n * 37 % 80)).collect();
        let changes = ids.iter().map(|id| listed(id, "due", "due", id)).collect();
        assert_eq!(store.commit(unit(1, changes)).await, Ok(Outcome::Committed));
        let keys: std::collections::BTreeSet<String> =
            place.all().await.iter().map(|item| text(item.get("i1p")).to_owned()).collect();
        assert!(
            keys.len() > 12 && keys.iter().all(|key| key.is_empty() || key.starts_with("t.doc/due/")),
            "{keys:?}"
        );
        let mut query = Query { limit: 7, ..Query::new("t.doc", "due", "due") };
        let mut found = vec![];
        loop {
            let page = store.query(query.clone(), NOW).await.unwrap();
            assert!(page.rows.len() <= 7);
            found.extend(page.rows.into_iter().map(|row| row.id));
            query.after = page.next;
            if query.after.is_none() {
                break;
            }
        }
        assert_eq!(found, (0..80).map(|n| format!("{n:03}")).collect::<Vec<_>>());
    });
}

#[test]
fn a_collection_has_at_most_five_indexes() {
    let Some(endpoint) = endpoint() else { return };
    let place = Place::new(&endpoint);
    run(async {
        let store = place.open().await;
        for (index, n) in ["a", "b", "c", "d", "e"].into_iter().zip(1..) {
            assert_eq!(
                store.commit(unit(n, vec![listed(index, index, "p", "s")])).await,
                Ok(Outcome::Committed)
            );
        }
        let outage = store.commit(unit(6, vec![listed("f", "f", "p", "s")])).await.unwrap_err();
        assert_eq!(outage.kind, OutageKind::Undeclared, "{outage}");
        assert!(outage.detail.contains("t.doc") && outage.detail.contains("\"f\""), "{outage}");
        let elsewhere = Change::Put {
            key: Key::new("t.other", "f"),
            version: Version::ABSENT,
            body: Bytes::new(),
            entries: vec![Entry::new("f", "p", "s")],
            expires: None,
        };
        assert_eq!(store.commit(unit(7, vec![elsewhere])).await, Ok(Outcome::Committed));
    });
}

/// A record of 2 MB beside 99 other changes: its body takes no place among the 100.
#[test]
fn a_large_record_lies_in_pieces_and_is_read_whole() {
    let Some(endpoint) = endpoint() else { return };
    let place = Place::new(&endpoint);
    run(async {
        let store = place.open().await;
        let large = |n: u8| Outgoing {
            id: contracts::MessageId::named(&[&n.to_string()]),
            address: store::Address::Queue("q".to_owned()),
            lane: String::new(),
            attempt: 0,
            body: Bytes::from(format!("\"{}\"", char::from(b'a' + n).to_string().repeat(200_000))),
        };
        let outgoing: Vec<_> = (0..10).map(large).collect();
        let whole = Record { outgoing: outgoing.clone(), ..record("m") };
        let changes = (0..99).map(|n| put(&n.to_string(), 0)).collect();
        let unit = Unit { record: Some(whole.clone()), ..unit(1, changes) };
        assert_eq!(store.commit(unit).await, Ok(Outcome::Committed));
        let key = whole.key.clone();
        let kept = read(&store, key.clone()).await.unwrap();
        assert_eq!(StoredRecord::decode(&kept.body).unwrap().pending, outgoing);
        let pending = Query::new("t.record", Record::PENDING, Record::PENDING);
        assert_eq!(store.query(pending.clone(), NOW).await.unwrap().rows[0].item, kept);
        let page = store.snapshot(NOW).await.unwrap().page("t.record", None, 10).await.unwrap();
        assert_eq!(page[0].item, kept);
        // Once it is published the bodies go, and the rest is small.
        let cleared = StoredRecord { pending: vec![], ..StoredRecord::decode(&kept.body).unwrap() }.encode();
        let clear = Change::Put {
            key: key.clone(),
            version: kept.version,
            body: cleared.clone(),
            entries: vec![],
            expires: Some(whole.expires),
        };
        assert_eq!(
            store
                .commit(Unit { nonce: Nonce(2), record: None, changes: vec![clear], now: NOW, settles: None })
                .await,
            Ok(Outcome::Committed)
        );
        assert_eq!(read(&store, key).await.unwrap().body, cleared);
        assert_eq!(store.query(pending, NOW).await.unwrap().rows, []);
    });
}

/// What the endpoint forgets by itself: everything that expires, and the pieces of what does.
#[test]
fn what_expires_says_when_it_may_be_forgotten() {
    let Some(endpoint) = endpoint() else { return };
    let place = Place::new(&endpoint);
    run(async {
        let settings = Settings { purge_grace: Duration::from_secs(600), ..place.settings() };
        let store = DynamoDb::open(&config(&endpoint), settings).await.unwrap();
        let told = place.client().describe_time_to_live().table_name(&place.table).send().await.unwrap();
        let told = told.time_to_live_description.unwrap();
        assert_eq!(
            (told.attribute_name(), told.time_to_live_status.as_ref().unwrap().as_str()),
            (Some("ttl"), "ENABLED")
        );
        // Far in the future, as the endpoint has a clock of its own.
        let expires = NOW.plus(Duration::from_secs(4_000_000_000));
        let note = Bytes::from(format!("\"{}\"", "x".repeat(600_000)));
        let record = Record { expires, note, ..record("m") };
        let Change::Put { key, version, body, entries, .. } = put("a", 0) else { unreachable!() };
        let changes = vec![
            Change::Put { key, version, body, entries, expires: Some(expires) },
            put("b", 0),
            step("n", 1),
        ];
        assert_eq!(
            store.commit(Unit { record: Some(record), ..unit(1, changes) }).await,
            Ok(Outcome::Committed)
        );
        let mut kept: Vec<(String, String)> = place
            .all()
            .await
            .iter()
            .map(|item| {
                (
                    text(item.get("pk")).split('/').next().unwrap().to_owned()
                        + text(item.get("sk")).split('/').next_back().unwrap(),
                    item.get("ttl").map_or(String::new(), |ttl| ttl.as_n().unwrap().clone()),
                )
            })
            .collect();
        kept.sort_unstable();
        let want = [
            ("t.doca", "4000000601"),
            ("t.docb", ""),
            ("t.docn", ""),
            ("t.record0", "4000004201"),
            ("t.record1", "4000004201"),
            ("t.record2", "4000004201"),
            ("t.recordm", "4000000601"),
        ];
        assert_eq!(kept, want.map(|(id, ttl)| (id.to_owned(), ttl.to_owned())));
    });
}
