//! How things lie in the table. Every build must find what another one wrote, so nothing here ever changes; what a later
//! build wants different gets a name of its own.
//!
//! | what | `pk` | `sk` | other attributes |
//! |---|---|---|---|
//! | document, record | `COLLECTION/SHARD` | `/ID` | `v` version, `b` body, `x` expires (microseconds), `ttl` (seconds) |
//! | counter | the same | the same | `v` steps made, `n` names of its fields, `f:NAME` each |
//! | piece of a large record | `COLLECTION//ID` | `TOKEN/NUMBER` | `b`; the record has `p` = `TOKEN/PIECES` |
//! | index names of a collection | `//index` | `/COLLECTION` | `names`: `NAME/SHARDS`, in the order of their slots |
//!
//! An item in the index of slot N has `iNp` = `COLLECTION/INDEX/SHARD/PARTITION` and `iNs` = sort value, NUL, id; the
//! secondary index `iN` has these two as its key, and projects keys only.

use std::collections::HashMap;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;

use crate::failure::{Outage, OutageKind};
use crate::key::Key;
use crate::text::{meant, stored};

/// An item as the table has it.
pub(super) type Attributes = HashMap<String, AttributeValue>;

pub(super) const PK: &str = "pk";
pub(super) const SK: &str = "sk";
pub(super) const VERSION: &str = "v";
pub(super) const BODY: &str = "b";
pub(super) const EXPIRES: &str = "x";
pub(super) const TTL: &str = "ttl";
pub(super) const PIECES: &str = "p";
pub(super) const FIELD_NAMES: &str = "n";
pub(super) const INDEX_NAMES: &str = "names";
/// Secondary indexes of the table: so many indexes a collection can have. A document is in three of them at most.
pub(super) const SLOTS: usize = 5;
/// Keys over which a collection is spread, and an index that many write at once. One key takes 1,000 writes a second.
pub(super) const SHARDS: u64 = 16;
/// What DynamoDB allows for the first and the second part of a key.
pub(super) const PK_BYTES: usize = 2_048;
pub(super) const SK_BYTES: usize = 1_024;

/// Where an item lies.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub pk: String,
    pub sk: String,
}

impl Place {
    /// Of a document, a record or a counter.
    pub(super) fn of(key: &Key) -> Self {
        Self { pk: shard_pk(&key.collection, shard_of(&key.id, SHARDS)), sk: format!("/{}", key.id) }
    }

    /// Of the index names of `collection`.
    pub(super) fn of_index_names(collection: &str) -> Self {
        Self { pk: "//index".to_owned(), sk: format!("/{collection}") }
    }

    /// Of a piece of the record `key`.
    pub(super) fn of_piece(key: &Key, token: &str, number: usize) -> Self {
        Self { pk: format!("{}//{}", plain(&key.collection), key.id), sk: format!("{token}/{number}") }
    }

    /// Whether the table can have it. What it cannot have is absent.
    pub(super) fn can_be(&self) -> bool {
        self.pk.len() <= PK_BYTES && self.sk.len() <= SK_BYTES
    }

    pub(super) fn attributes(&self) -> Attributes {
        [(PK.to_owned(), text(&self.pk)), (SK.to_owned(), text(&self.sk))].into()
    }

    /// Where `item` lies.
    pub(super) fn read(item: &Attributes) -> Result<Self, Outage> {
        Ok(Self { pk: text_of(item, PK)?.to_owned(), sk: text_of(item, SK)?.to_owned() })
    }
}

/// Where an entry lies: in the secondary index `slot`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spot {
    pub slot: usize,
    pub pk: String,
    pub sk: String,
}

impl Spot {
    pub(super) fn can_be(&self) -> bool {
        self.pk.len() <= PK_BYTES && self.sk.len() <= SK_BYTES
    }
}

/// The secondary index of `slot`.
pub(super) fn index_name(slot: usize) -> String {
    format!("index{slot}")
}

pub(super) fn index_pk(slot: usize) -> String {
    format!("i{slot}p")
}

pub(super) fn index_sk(slot: usize) -> String {
    format!("i{slot}s")
}

pub(super) fn field_name(field: &str) -> String {
    format!("f:{field}")
}

/// One of the keys that `collection` is spread over.
pub(super) fn shard_pk(collection: &str, shard: u64) -> String {
    format!("{}/{shard:02}", plain(collection))
}

/// One of the keys that `partition` is spread over.
pub(super) fn entry_pk(collection: &str, index: &str, shard: u64, partition: &str) -> String {
    format!("{}/{}/{shard:02}/{partition}", plain(collection), plain(index))
}

/// Ordered as (`sort`, `id`) is.
pub(super) fn entry_sk(sort: &str, id: &str) -> String {
    format!("{}\0{id}", stored(sort))
}

/// What [`entry_sk`] was made of.
pub(super) fn read_entry_sk(sk: &str) -> Option<(String, String)> {
    let (sort, id) = sk.split_once('\0')?;
    Some((meant(sort.to_owned()), id.to_owned()))
}

/// In which of `shards` an id is: FNV-1a.
pub(super) fn shard_of(id: &str, shards: u64) -> u64 {
    let hash = id.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    // The low bits of this hash hardly depend on the high bits of a byte.
    (hash ^ (hash >> 32)) % shards.max(1)
}

/// A name without `/`, which separates names here.
fn plain(name: &str) -> String {
    name.replace('%', "%25").replace('/', "%2F")
}

pub(super) fn text(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

pub(super) fn number(number: impl ToString) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

pub(super) fn bytes(bytes: &[u8]) -> AttributeValue {
    AttributeValue::B(Blob::new(bytes))
}

/// The text under `name`.
pub(super) fn text_of<'i>(item: &'i Attributes, name: &str) -> Result<&'i str, Outage> {
    match item.get(name) {
        Some(AttributeValue::S(text)) => Ok(text),
        _ => Err(damaged(name)),
    }
}

/// The number under `name`, if there is one.
pub(super) fn number_of<N: std::str::FromStr>(item: &Attributes, name: &str) -> Result<Option<N>, Outage> {
    match item.get(name) {
        None => Ok(None),
        Some(AttributeValue::N(text)) => text.parse().map(Some).map_err(|_| damaged(name)),
        Some(_) => Err(damaged(name)),
    }
}

pub(super) fn damaged(name: &str) -> Outage {
    Outage::new(
        OutageKind::Broken,
        format!("an item of the table has not the attribute {name:?} that it should have"),
    )
}

/// What an item counts for DynamoDB (its "Item sizes and formats"), or a little more.
pub(super) fn size_bytes(item: &Attributes) -> usize {
    let mut sum = 0;
    #[expect(clippy::iter_over_hash_type, reason = "a sum has no order")]
    for (name, value) in item {
        sum += name.len();
        sum += match value {
            AttributeValue::S(text) => text.len(),
            AttributeValue::N(_) => 21,
            AttributeValue::B(bytes) => bytes.as_ref().len(),
            AttributeValue::Ss(texts) => texts.iter().map(|text| text.len() + 1).sum::<usize>() + 3,
            _ => 0,
        };
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_the_same_for_ever() {
        let place = Place::of(&Key::new("orders.order", "1"));
        assert_eq!((place.pk.as_str(), place.sk.as_str()), ("orders.order/00", "/1"));
        assert_eq!(entry_pk("a/b", "by%", 3, "p/q"), "a%2Fb/by%25/03/p/q");
        assert_eq!(Place::of_piece(&Key::new("a.record", "m/1"), "t0", 2).pk, "a.record//m/1");
    }

    #[test]
    fn ids_are_spread_evenly() {
        let mut counts = [0; 16];
        for n in 0..16_000 {
            counts[usize::try_from(shard_of(&format!("0192-{n:06}"), SHARDS)).unwrap()] += 1;
        }
        assert!(counts.iter().all(|count| (850..1_150).contains(count)), "{counts:?}");
    }

    #[test]
    fn entries_are_ordered_as_sort_value_and_id_are() {
        let all = [
            ("", ""),
            ("", "b"),
            ("\0", "a"),
            ("a", ""),
            ("a", "\0"),
            ("a", "a"),
            ("a\0", ""),
            ("a\u{1}", "a"),
            ("aa", ""),
            ("ä", "a"),
        ];
        assert!(all.is_sorted());
        assert!(all.iter().map(|(sort, id)| entry_sk(sort, id)).is_sorted());
        for (sort, id) in all {
            assert_eq!(read_entry_sk(&entry_sk(sort, id)), Some((sort.to_owned(), id.to_owned())));
        }
    }
}
