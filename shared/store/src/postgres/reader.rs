//! Reads: by key, all of them as of one instant; and page by page along an index.

use bytes::Bytes;
use contracts::Timestamp;
use tokio_postgres::Row as SqlRow;
use tokio_postgres::types::ToSql;

use super::pool::Pool;
use crate::failure::{Outage, OutageKind};
use crate::key::{Item, Key, Version};
use crate::query::{Page, Query, Row, cursor, read_cursor};
use crate::text::{meant, stored};
use crate::unit::Fields;

/// The statement that reads by key.
pub(super) fn sql(schema: &str) -> String {
    format!(
        "SELECT c.place, i.version, i.body, i.fields::text
         FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS c(collection, id, place)
         JOIN \"{schema}\".item AS i ON i.collection = c.collection AND i.id = c.id
         WHERE i.expires IS NULL OR i.expires > $3"
    )
}

pub(super) async fn read(
    pool: &Pool,
    sql: &str,
    keys: &[Key],
    now: Timestamp,
) -> Result<Vec<Option<Item>>, Outage> {
    let mut items: Vec<Option<Item>> = vec![None; keys.len()];
    if keys.is_empty() {
        return Ok(items);
    }
    let collections: Vec<_> = keys.iter().map(|key| stored(&key.collection)).collect();
    let ids: Vec<_> = keys.iter().map(|key| stored(&key.id)).collect();
    for row in pool.rows(sql, &[&collections, &ids, &now.as_micros()]).await? {
        let place: i64 = column(&row, 0)?;
        let place = usize::try_from(place).ok().and_then(|place| items.get_mut(place.wrapping_sub(1)));
        if let Some(place) = place {
            *place = Some(item(&row, 1)?);
        }
    }
    Ok(items)
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
    format!(
        "SELECT e.sort, e.id, i.version, i.body, i.fields::text
         FROM \"{schema}\".entry AS e
         JOIN \"{schema}\".item AS i ON i.collection = e.collection AND i.id = e.id
         WHERE e.collection = $1 AND e.name = $2 AND e.partition = $3 AND e.sort >= $4 {to} {after}
           AND (i.expires IS NULL OR i.expires > $5)
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
