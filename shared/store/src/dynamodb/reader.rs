//! Reads: by key; and page by page along an index.
//!
//! A secondary index tells keys only, and late. What a row says is read by its key: an index may still miss a row, or name
//! one that has moved on and is then left out, but no row is older than a read.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use bytes::Bytes;
use contracts::Timestamp;

use super::counter::fields;
use super::indexes::{Indexes, Slot};
use super::judge::{is_live, version_of};
use super::layout::{
    Attributes, BODY, PIECES, Place, SK_BYTES, damaged, entry_pk, entry_sk, index_pk, index_sk, read_entry_sk,
};
use super::pieces;
use super::requests::Requests;
use super::strands::{Range, Strands, is_text};
use crate::failure::Outage;
use crate::key::{Item, Key};
use crate::query::{Page, Query, Row, cursor, read_cursor};
use crate::text::stored;

pub(super) async fn read(
    requests: &Requests,
    keys: &[Key],
    now: Timestamp,
) -> Result<Vec<Option<Item>>, Outage> {
    let found = requests.get(keys.iter().map(Place::of).collect()).await?;
    let mut live = vec![];
    for key in keys {
        if let Some(item) = found.get(&Place::of(key))
            && is_live(item, now.as_micros())?
        {
            live.push((key, item));
        }
    }
    let items = items(requests, &live).await?;
    Ok(keys.iter().map(|key| items.get(key).cloned()).collect())
}

/// Items as they are read, with the bodies that lie beside them.
pub(super) async fn items(
    requests: &Requests,
    found: &[(&Key, &Attributes)],
) -> Result<BTreeMap<Key, Item>, Outage> {
    let mut apart = pieces::get(requests, found).await?;
    let mut items = BTreeMap::new();
    for (key, item) in found {
        let body = match item.get(BODY) {
            Some(AttributeValue::B(_)) if item.contains_key(PIECES) => apart.remove(*key).unwrap_or_default(),
            Some(AttributeValue::B(body)) => Bytes::copy_from_slice(body.as_ref()),
            Some(_) => return Err(damaged(BODY)),
            None => serde_json::to_vec(&fields(item)?).map(Bytes::from).map_err(|_| damaged(BODY))?,
        };
        items.insert((*key).clone(), Item { version: version_of(item)?, body });
    }
    Ok(items)
}

pub(super) async fn query(
    requests: &Requests,
    indexes: &Indexes,
    query: &Query,
    now: Timestamp,
) -> Result<Page, Outage> {
    let limit = query.limit.clamp(1, Query::MAX_LIMIT);
    let Some(slot) = indexes.find(requests, &query.collection, &query.index).await? else {
        return Ok(Page::default());
    };
    let after = query.after.as_deref().and_then(read_cursor).map(|(sort, id)| entry_sk(sort, id));
    let Some(range) = range(query, &slot, after.as_deref()) else { return Ok(Page::default()) };
    let keys =
        (0..slot.shards).map(|shard| entry_pk(&query.collection, &query.index, shard, &query.partition));
    let mut strands = Strands::new(range, keys.filter(|pk| pk.len() <= super::layout::PK_BYTES));
    let mut page = Page::default();
    // One more than is wanted tells whether there is more.
    while page.rows.len() <= limit {
        let mut named = vec![];
        while named.len() <= limit - page.rows.len().min(limit) {
            let Some((at, row)) = strands.next(requests).await? else { break };
            if after.as_deref() != Some(&at)
                && let Some((sort, id)) = read_entry_sk(&at)
                && sort >= query.from
                && query.to.as_ref().is_none_or(|to| sort <= *to)
            {
                named.push(Named { sort, key: Key::new(query.collection.clone(), id), at, row });
            }
        }
        if named.is_empty() {
            break;
        }
        page.rows.extend(rows(requests, &slot, &named, now).await?);
    }
    if page.rows.len() > limit {
        page.rows.truncate(limit);
        page.next = page.rows.last().map(|last| cursor(&last.sort, &last.id));
    }
    Ok(page)
}

/// A row as the index has it.
struct Named {
    sort: String,
    key: Key,
    at: String,
    row: Attributes,
}

/// Those that are still there.
async fn rows(requests: &Requests, slot: &Slot, named: &[Named], now: Timestamp) -> Result<Vec<Row>, Outage> {
    let found = requests.get(named.iter().map(|one| Place::of(&one.key)).collect()).await?;
    let mut live = vec![];
    for one in named {
        let Some(item) = found.get(&Place::of(&one.key)) else { continue };
        let pk = super::layout::text_of(&one.row, &index_pk(slot.number))?;
        let is_there =
            is_text(item, &index_pk(slot.number), pk) && is_text(item, &index_sk(slot.number), &one.at);
        if is_there && is_live(item, now.as_micros())? {
            live.push((one, item));
        }
    }
    let pairs: Vec<_> = live.iter().map(|(one, item)| (&one.key, *item)).collect();
    let mut items = items(requests, &pairs).await?;
    let row = |(one, _): (&Named, _)| {
        let item = items.remove(&one.key)?;
        Some(Row { id: one.key.id.clone(), sort: one.sort.clone(), item })
    };
    Ok(live.into_iter().filter_map(row).collect())
}

/// What to read of each key; `None`: nothing can be in between.
fn range(query: &Query, slot: &Slot, after: Option<&str>) -> Option<Range> {
    let mut low = entry_sk(&query.from, "");
    // No row lies exactly there: after a U+0001 another one follows, or a U+0002.
    let mut high = query.to.as_deref().map(|to| format!("{}\u{1}", stored(to)));
    if let Some(after) = after {
        if query.newest_first {
            high = Some(high.map_or(after.to_owned(), |high| high.min(after.to_owned())));
        } else {
            low = low.max(after.to_owned());
        }
    }
    // A bound that no key can have: what is read too much is left out later.
    if low.len() > SK_BYTES {
        low.truncate(low.floor_char_boundary(SK_BYTES));
    }
    let high = high.filter(|high| high.len() <= SK_BYTES);
    if high.as_ref().is_some_and(|high| *high < low) {
        return None;
    }
    let wanted = query.limit.clamp(1, Query::MAX_LIMIT) + 1;
    Some(Range { slot: Some(slot.number), low, high, is_backward: query.newest_first, wanted })
}
