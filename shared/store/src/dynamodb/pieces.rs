//! The body of a record that is too large for one item: in pieces beside it, written before it, found by a token that no
//! other execution has. A record expires, and its pieces with it: also those that no record came to name.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use bytes::{Bytes, BytesMut};
use contracts::Timestamp;

use super::layout::{Attributes, BODY, PIECES, Place, TTL, bytes, damaged, number, text_of};
use super::pack::ttl;
use super::requests::Requests;
use crate::failure::Outage;
use crate::key::Key;
use crate::unit::limits;

/// Pieces outlive their record: who has just read it wants them.
const OUTLIVE_S: i64 = 3_600;

/// Writes the pieces; answers what the record says about them.
pub(super) async fn put(
    requests: &Requests,
    key: &Key,
    body: &Bytes,
    expires: Option<Timestamp>,
    token: &str,
) -> Result<String, Outage> {
    let mut items = vec![];
    for (number_of, piece) in body.chunks(limits::DOCUMENT_BYTES).enumerate() {
        let mut item = Place::of_piece(key, token, number_of).attributes();
        item.insert(BODY.to_owned(), bytes(piece));
        if let Some(expires) = expires {
            let ttl = ttl(expires.as_micros(), requests.settings()).saturating_add(OUTLIVE_S);
            item.insert(TTL.to_owned(), number(ttl));
        }
        items.push(item);
    }
    let pieces = format!("{token}/{}", items.len());
    requests.put(items).await?;
    Ok(pieces)
}

/// The bodies of those of `items` that have them in pieces.
pub(super) async fn get(
    requests: &Requests,
    items: &[(&Key, &Attributes)],
) -> Result<BTreeMap<Key, Bytes>, Outage> {
    let mut wanted = BTreeMap::new();
    for (key, item) in items.iter().filter(|(_, item)| item.contains_key(PIECES)) {
        let (token, count) = text_of(item, PIECES)?.split_once('/').ok_or_else(|| damaged(PIECES))?;
        let count: usize = count.parse().map_err(|_| damaged(PIECES))?;
        wanted.insert((*key).clone(), (0..count).map(|n| Place::of_piece(key, token, n)).collect::<Vec<_>>());
    }
    if wanted.is_empty() {
        return Ok(BTreeMap::new());
    }
    let found = requests.get(wanted.values().flatten().cloned().collect()).await?;
    let mut bodies = BTreeMap::new();
    for (key, places) in wanted {
        let mut body = BytesMut::new();
        for place in places {
            let Some(AttributeValue::B(piece)) = found.get(&place).and_then(|item| item.get(BODY)) else {
                return Err(damaged(BODY));
            };
            body.extend_from_slice(piece.as_ref());
        }
        bodies.insert(key, body.freeze());
    }
    Ok(bodies)
}
