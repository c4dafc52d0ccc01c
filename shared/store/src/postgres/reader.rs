//! Reads: by key, all of them as of one instant; and page by page along an index.

use std::sync::Arc;

use bytes::Bytes;
use contracts::Timestamp;
use tokio_postgres::Row as SqlRow;
use tokio_postgres::types::ToSql;

use super::pool::Pool;
use super::together::{Statement, Together, Unanswered};
use crate::failure::{Outage, OutageKind};
use crate::key::{Item, Key, Version};
use crate::query::{Page, Query, Row, cursor, read_cursor};
use crate::text::{meant, stored};
use crate::unit::Fields;

/// Calls of one statement.
const CALLS: usize = 64;
/// Keys of one statement, unless one call has more.
const KEYS: usize = 256;

/// One call: what is read, as of when.
pub(super) struct Read {
    keys: Arc<[Key]>,
    now: i64,
}

type Answer = Result<Vec<Option<Item>>, Outage>;

/// The statement that reads by key, and who waits for it.
pub(super) struct Reads {
    sql: String,
    together: Together<Read, Answer>,
}

impl Reads {
    pub(super) fn new(schema: &str) -> Self {
        let sql = format!(
            "SELECT c.place, i.version, i.body, i.fields::text
             FROM unnest($1::text[], $2::text[], $3::bigint[]) WITH ORDINALITY AS c(collection, id, now, place)
             JOIN \"{schema}\".item AS i ON i.collection = c.collection AND i.id = c.id
             WHERE i.expires IS NULL OR i.expires > c.now"
        );
        Self { sql, together: Together::new() }
    }

    /// To be prepared.
    pub(super) fn sql(&self) -> &str {
        &self.sql
    }

    /// Reads all `keys` as of one instant, in one statement with all that is to be read by then.
    pub(super) async fn read(&self, pool: &Pool, keys: Vec<Key>, now: Timestamp) -> Answer {
        if keys.is_empty() {
            return Ok(vec![]);
        }
        let patience = pool.maker().settings().waits.connection;
        let (statement, keys) = (On { sql: &self.sql, pool }, Arc::<[Key]>::from(keys));
        loop {
            let read = Read { keys: keys.clone(), now: now.as_micros() };
            return match self.together.ask(&statement, read, patience).await {
                Ok(answer) => answer,
                Err(Unanswered::Abandoned) if !pool.is_closed() => continue,
                Err(_) => Err(pool.no_turn()),
            };
        }
    }
}

struct On<'s> {
    sql: &'s str,
    pool: &'s Pool,
}

impl Statement for On<'_> {
    type Job = Read;
    type Answer = Answer;

    fn fits(&self, chosen: &[Read], job: &Read) -> bool {
        let keys: usize = chosen.iter().map(|read| read.keys.len()).sum();
        chosen.is_empty() || chosen.len() < CALLS && keys + job.keys.len() <= KEYS
    }

    async fn run(&self, reads: Vec<Read>) -> Vec<Answer> {
        match self.items(&reads).await {
            Ok(mut items) => reads.iter().map(|read| Ok(items.drain(..read.keys.len()).collect())).collect(),
            Err(outage) => reads.iter().map(|_| Err(outage.clone())).collect(),
        }
    }
}

impl On<'_> {
    /// What lies under each key of these, one after another.
    async fn items(&self, reads: &[Read]) -> Answer {
        let keys = || reads.iter().flat_map(|read| read.keys.iter());
        let collections: Vec<_> = keys().map(|key| stored(&key.collection)).collect();
        let ids: Vec<_> = keys().map(|key| stored(&key.id)).collect();
        let nows: Vec<i64> =
            reads.iter().flat_map(|read| std::iter::repeat_n(read.now, read.keys.len())).collect();
        let mut items: Vec<Option<Item>> = vec![None; ids.len()];
        for row in self.pool.rows(self.sql, &[&collections, &ids, &nows]).await? {
            let place: i64 = column(&row, 0)?;
            let place = usize::try_from(place).ok().and_then(|place| items.get_mut(place.wrapping_sub(1)));
            if let Some(place) = place {
                *place = Some(item(&row, 1)?);
            }
        }
        Ok(items)
    }
}

pub(super) async fn query(pool: &Pool, query: &Query, now: Timestamp) -> Result<Page, Outage> {
    let limit = query.limit.clamp(1, Query::MAX_LIMIT);
    let after = query.after.as_deref().and_then(read_cursor);
    let sql = page_sql(&pool.maker().settings().schema, query, after.is_some());
    let one_more = i64::try_from(limit + 1).unwrap_or(i64::MAX);
    let (collection, index) = (stored(&query.collection), stored(&query.index));
    let (partition, from) = (stored(&query.partition), stored(&query.from));
    let to = query.to.as_deref().map(stored);
    let (sort, id) = after.map(|(sort, id)| (stored(sort), stored(id))).unzip();
    let now = now.as_micros();
    let mut values: Vec<&(dyn ToSql + Sync)> = vec![&collection, &index, &partition, &from, &now, &one_more];
    values.extend(to.as_ref().map(|to| to as &(dyn ToSql + Sync)));
    values.extend(sort.as_ref().map(|sort| sort as &(dyn ToSql + Sync)));
    values.extend(id.as_ref().map(|id| id as &(dyn ToSql + Sync)));
    let found = pool.rows(&sql, &values).await?;
    let is_more = found.len() > limit;
    let mut rows = Vec::with_capacity(found.len().min(limit));
    for row in found.iter().take(limit) {
        let (sort, id): (String, String) = (column(row, 0)?, column(row, 1)?);
        rows.push(Row { id: meant(id), sort: meant(sort), item: item(row, 2)? });
    }
    let next = rows.last().filter(|_| is_more).map(|last| cursor(&last.sort, &last.id));
    Ok(Page { rows, next })
}

/// Only the conditions that are asked for, so that the descent ends where they end.
fn page_sql(schema: &str, query: &Query, is_after: bool) -> String {
    let (beyond, order) = if query.newest_first { ("<", "DESC") } else { (">", "ASC") };
    let to = if query.to.is_some() { "AND e.sort <= $7" } else { "" };
    let after = match (is_after, query.to.is_some()) {
        (false, _) => String::new(),
        (true, false) => format!("AND (e.sort, e.id) {beyond} ($7, $8)"),
        (true, true) => format!("AND (e.sort, e.id) {beyond} ($8, $9)"),
    };
    // OFFSET keeps the planner from beginning with the items: a page is the first few entries, whatever else there is.
    format!(
        "SELECT e.sort, e.id, i.version, i.body, i.fields::text
         FROM \"{schema}\".entry AS e
         CROSS JOIN LATERAL (
           SELECT version, body, fields FROM \"{schema}\".item
           WHERE collection = e.collection AND id = e.id AND (expires IS NULL OR expires > $5) OFFSET 0) AS i
         WHERE e.collection = $1 AND e.name = $2 AND e.partition = $3 AND e.sort >= $4 {to} {after}
         ORDER BY e.sort {order}, e.id {order} LIMIT $6"
    )
}

/// `version, body, fields` from column `at` on.
pub(super) fn item(row: &SqlRow, at: usize) -> Result<Item, Outage> {
    let version: i64 = column(row, at)?;
    let body: Option<&[u8]> = column(row, at + 1)?;
    let body = match body {
        Some(body) => Bytes::copy_from_slice(body),
        None => counted(column(row, at + 2)?),
    };
    Ok(Item { version: Version(version.cast_unsigned()), body })
}

/// The fields of a counter; with their own names, should one have a character that PostgreSQL cannot hold.
fn counted(fields: Option<&str>) -> Bytes {
    let text = fields.unwrap_or("{}");
    if !text.contains("\\u0001") {
        return Bytes::copy_from_slice(text.as_bytes());
    }
    let known: Fields = serde_json::from_str(text).unwrap_or_default();
    let known: Fields = known.into_iter().map(|(field, value)| (meant(field), value)).collect();
    serde_json::to_vec(&known).map(Bytes::from).unwrap_or_default()
}

pub(super) fn column<'r, T: tokio_postgres::types::FromSql<'r>>(
    row: &'r SqlRow,
    at: usize,
) -> Result<T, Outage> {
    row.try_get(at).map_err(|error| Outage::new(OutageKind::Broken, error.to_string()))
}
