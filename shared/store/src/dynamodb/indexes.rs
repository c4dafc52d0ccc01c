//! Which secondary index of the table an index of a collection is in, and over how many keys it is spread.
//!
//! A secondary index sees an attribute of each item, and an item has one value there: so each index name of a collection
//! has a slot of its own, given out when it is used for the first time, and kept for ever in an item of the collection's.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use super::layout::{
    Attributes, INDEX_NAMES, Place, SHARDS, SLOTS, Spot, damaged, entry_pk, entry_sk, number, shard_of, text,
};
use super::requests::Requests;
use crate::aws::{Failure, Refusal};
use crate::failure::{Outage, OutageKind};
use crate::key::{Entry, Key};
use crate::unit::Change;
use aws_sdk_dynamodb::types::AttributeValue;

/// Where an index is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slot {
    name: String,
    pub number: usize,
    pub shards: u64,
}

/// What is known of the collections. A slot that was given out never changes, so what is known stays true.
#[derive(Default)]
pub(super) struct Indexes {
    known: Mutex<BTreeMap<String, Vec<Slot>>>,
}

impl Indexes {
    /// Where `index` of `collection` is; `None`: nobody has used it yet.
    pub(super) async fn find(
        &self,
        requests: &Requests,
        collection: &str,
        index: &str,
    ) -> Result<Option<Slot>, Outage> {
        if let Some(slot) = self.known(collection, index) {
            return Ok(Some(slot));
        }
        self.load(requests, collection).await?;
        Ok(self.known(collection, index))
    }

    /// Where the entries of all puts lie; slots are given out to what has none. An entry of an index that is not known
    /// and that nobody may use is an outage: a programmer should look.
    pub(super) async fn place(
        &self,
        requests: &Requests,
        changes: &[Change],
    ) -> Result<BTreeMap<Key, Vec<Spot>>, Outage> {
        let mut spots = BTreeMap::new();
        for change in changes {
            let Change::Put { key, entries, .. } = change else { continue };
            let mut of_key = Vec::with_capacity(entries.len());
            for entry in entries {
                of_key.push(spot(&self.slot(requests, &key.collection, &entry.index).await?, key, entry));
            }
            spots.insert(key.clone(), of_key);
        }
        Ok(spots)
    }

    async fn slot(&self, requests: &Requests, collection: &str, index: &str) -> Result<Slot, Outage> {
        // Whoever adds in vain has been overtaken by another name, and there are no more than these.
        for _ in 0..SLOTS + 2 {
            if let Some(slot) = self.find(requests, collection, index).await? {
                return Ok(slot);
            }
            self.add(requests, collection, index).await?;
        }
        Err(Outage::new(
            OutageKind::Throttled,
            format!("others give out the slots of {collection} again and again"),
        ))
    }

    async fn add(&self, requests: &Requests, collection: &str, index: &str) -> Result<(), Outage> {
        let before = self.lock().get(collection).map_or(0, Vec::len);
        if before >= SLOTS {
            let why = format!("the collection {collection} has {SLOTS} indexes, and {index:?} is one more");
            return Err(Outage::new(OutageKind::Undeclared, why));
        }
        let is_spread = requests.settings().spread.iter().any(|name| name == index);
        let noted = format!("{index}/{}", if is_spread { SHARDS } else { 1 });
        let made = requests
            .again(|| async {
                let request = requests
                    .client()
                    .update_item()
                    .table_name(&requests.settings().table)
                    .set_key(Some(Place::of_index_names(collection).attributes()))
                    .update_expression("SET #n = list_append(if_not_exists(#n, :none), :new)")
                    // Said once more after a lost answer, it finds what it has done, and does nothing.
                    .condition_expression("attribute_not_exists(#n) OR size(#n) = :before")
                    .expression_attribute_names("#n", INDEX_NAMES)
                    .expression_attribute_values(":none", AttributeValue::L(vec![]))
                    .expression_attribute_values(":new", AttributeValue::L(vec![text(&noted)]))
                    .expression_attribute_values(":before", number(before));
                match requests.once(|sent| request.customize().interceptor(sent).send()).await {
                    Err(Failure::Refused(Refusal { code, .. }))
                        if code == "ConditionalCheckFailedException" =>
                    {
                        Ok(())
                    }
                    made => made.map(drop),
                }
            })
            .await;
        made?;
        self.load(requests, collection).await
    }

    async fn load(&self, requests: &Requests, collection: &str) -> Result<(), Outage> {
        let place = Place::of_index_names(collection);
        let found = requests.get(vec![place.clone()]).await?;
        let slots = found.get(&place).map(slots).transpose()?.unwrap_or_default();
        self.lock().insert(collection.to_owned(), slots);
        Ok(())
    }

    fn known(&self, collection: &str, index: &str) -> Option<Slot> {
        self.lock().get(collection)?.iter().find(|slot| slot.name == index).cloned()
    }

    /// A lock whose holder panicked is taken all the same: each holder leaves the map whole at every step.
    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Vec<Slot>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn slots(item: &Attributes) -> Result<Vec<Slot>, Outage> {
    let Some(AttributeValue::L(noted)) = item.get(INDEX_NAMES) else { return Err(damaged(INDEX_NAMES)) };
    let mut slots = vec![];
    let mut names = BTreeSet::new();
    for (noted, number) in noted.iter().zip(1..) {
        let AttributeValue::S(noted) = noted else { return Err(damaged(INDEX_NAMES)) };
        let (name, shards) = noted.rsplit_once('/').ok_or_else(|| damaged(INDEX_NAMES))?;
        let shards = shards.parse().map_err(|_| damaged(INDEX_NAMES))?;
        if names.insert(name.to_owned()) {
            slots.push(Slot { name: name.to_owned(), number, shards });
        }
    }
    Ok(slots)
}

fn spot(slot: &Slot, key: &Key, entry: &Entry) -> Spot {
    let shard = shard_of(&key.id, slot.shards);
    Spot {
        slot: slot.number,
        pk: entry_pk(&key.collection, &entry.index, shard, &entry.partition),
        sk: entry_sk(&entry.sort, &key.id),
    }
}
