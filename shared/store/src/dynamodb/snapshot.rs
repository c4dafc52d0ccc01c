//! Everything, collection by collection, each item as it is when it is read: DynamoDB has no picture of one instant.

use std::sync::Arc;

use contracts::Timestamp;

use super::judge::is_live;
use super::layout::{Attributes, SHARDS, SK_BYTES, shard_pk};
use super::reader::items;
use super::requests::Requests;
use super::strands::{Range, Strands};
use crate::failure::Outage;
use crate::key::Key;
use crate::query::Row;
use crate::{Boxed, Snapshot};

/// Greater than the second part of each item of a collection, all of which begin with `/`.
const END: &str = "0";

/// A walk through the table. Who goes on where the last page ended goes on with what was fetched already.
pub(super) struct Walk {
    requests: Arc<Requests>,
    now: Timestamp,
    under_way: Option<(String, String, Strands)>,
}

impl Walk {
    pub(super) fn new(requests: Arc<Requests>, now: Timestamp) -> Self {
        Self { requests, now, under_way: None }
    }

    async fn rows(
        &mut self,
        collection: String,
        after: Option<String>,
        limit: usize,
    ) -> Result<Vec<Row>, Outage> {
        let mut strands = match self.under_way.take() {
            Some((of, last, strands)) if of == collection && after.as_ref() == Some(&last) => strands,
            _ => strands(&collection, after.as_deref(), limit),
        };
        let mut found: Vec<(Key, Attributes)> = vec![];
        while found.len() < limit {
            let Some((sk, item)) = strands.next(&self.requests).await? else { break };
            let id = sk.strip_prefix('/').unwrap_or(&sk);
            if after.as_deref().is_none_or(|after| id > after) && is_live(&item, self.now.as_micros())? {
                found.push((Key::new(collection.clone(), id), item));
            }
        }
        let pairs: Vec<_> = found.iter().map(|(key, item)| (key, item)).collect();
        let mut items = items(&self.requests, &pairs).await?;
        let row = |(key, _): &(Key, Attributes)| {
            let item = items.remove(key)?;
            Some(Row { id: key.id.clone(), sort: String::new(), item })
        };
        let rows: Vec<Row> = found.iter().filter_map(row).collect();
        self.under_way = rows.last().map(|last| (collection, last.id.clone(), strands));
        Ok(rows)
    }
}

fn strands(collection: &str, after: Option<&str>, wanted: usize) -> Strands {
    let mut low = format!("/{}", after.unwrap_or_default());
    if low.len() > SK_BYTES {
        low.truncate(low.floor_char_boundary(SK_BYTES));
    }
    let range = Range { slot: None, low, high: Some(END.to_owned()), is_backward: false, wanted };
    Strands::new(range, (0..SHARDS).map(|shard| shard_pk(collection, shard)))
}

impl Snapshot for Walk {
    fn page(
        &mut self,
        collection: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<Row>, Outage>> {
        Box::pin(self.rows(collection.to_owned(), after.map(str::to_owned), limit))
    }
}
