//! Reads: short, on the caller's thread, on connections of their own. A commit that was answered is seen.

use std::sync::{Arc, Mutex, Weak};

use bytes::Bytes;
use contracts::Timestamp;
use rusqlite::{Connection, Row as SqlRow, params_from_iter};

use super::failure::{closed, outage_of};
use super::group::incarnation_of;
use super::lock;
use super::queue::Ready;
use super::schema::{self, Opening};
use super::tables::version;
use crate::failure::{Outage, OutageKind};
use crate::key::{Item, Key, Version};
use crate::query::{Page, Query, Row, cursor, read_cursor};
use crate::{Boxed, Snapshot};

/// Idle connections that are kept. More are opened when more threads read at once.
const KEPT: usize = 4;

const READ: &str =
    "SELECT version, body FROM item WHERE collection = ?1 AND id = ?2 AND (expires IS NULL OR expires > ?3)";
const PAGE: &str = "SELECT id, version, body FROM item WHERE collection = ?1 AND id > ?2 AND (expires IS NULL OR expires > ?3) ORDER BY id LIMIT ?4";
const MESSAGES: &str =
    "SELECT seq, attempt, body FROM message WHERE seq >= ?1 AND owing & ?2 <> 0 ORDER BY seq LIMIT ?3";

/// A snapshot's connection; taken away when it holds the log for too long.
type Picture = Arc<Mutex<Option<Connection>>>;

/// Connections that only read.
#[derive(Debug)]
pub(super) struct Readers {
    opening: Opening,
    /// `None` once it is closed.
    idle: Mutex<Option<Vec<Connection>>>,
    pictures: Mutex<Vec<Weak<Mutex<Option<Connection>>>>>,
    stale: Mutex<Stale>,
}

/// What queries see when they are to be stale.
#[derive(Debug)]
struct Stale {
    /// The file as it was; `None`: queries see it as it is.
    picture: Option<Connection>,
    /// Each query brings the picture up to date for the next one.
    is_renewed: bool,
}

impl Readers {
    pub(super) fn open(opening: Opening, delay_indexes: bool) -> rusqlite::Result<Self> {
        let old = if delay_indexes { Some(picture(&opening)?) } else { None };
        let stale = Mutex::new(Stale { picture: old, is_renewed: delay_indexes });
        let idle = Mutex::new(Some(vec![schema::open_reader(&opening)?]));
        Ok(Self { opening, idle, pictures: Mutex::default(), stale })
    }

    pub(super) fn read(&self, keys: &[Key], now: Timestamp) -> Result<Vec<Option<Item>>, Outage> {
        self.with(|conn| {
            // More than one key: one picture for all, and the locks are taken once.
            let together = if keys.len() > 1 { Some(conn.unchecked_transaction()?) } else { None };
            let mut select = conn.prepare_cached(READ)?;
            let mut items = Vec::with_capacity(keys.len());
            for key in keys {
                let mut rows = select.query((key.collection.as_ref(), &key.id, now.as_micros()))?;
                items.push(rows.next()?.map(|row| item(row, 0)).transpose()?);
            }
            drop(together);
            Ok(items)
        })
    }

    pub(super) fn query(&self, query: &Query, now: Timestamp) -> Result<Page, Outage> {
        let stale = lock(&self.stale);
        let Some(conn) = &stale.picture else {
            drop(stale);
            return self.with(|conn| page_of(conn, query, now));
        };
        let page = page_of(conn, query, now).map_err(|e| outage_of(&e))?;
        if stale.is_renewed {
            renew(conn).map_err(|e| outage_of(&e))?;
        }
        Ok(page)
    }

    /// Queries see the file as it is now, until they are let go.
    pub(super) fn hold_indexes(&self, hold: bool) -> Result<(), Outage> {
        let mut stale = lock(&self.stale);
        stale.picture = if hold { Some(picture(&self.opening).map_err(|e| outage_of(&e))?) } else { None };
        stale.is_renewed = false;
        Ok(())
    }

    /// Messages of the queue with `mask` from `from` on.
    pub(super) fn messages(
        &self,
        mask: u64,
        from: u64,
        limit: u32,
        incarnation: u64,
    ) -> Result<Vec<Ready>, Outage> {
        self.with(|conn| {
            let mut select = conn.prepare_cached(MESSAGES)?;
            let rows = select.query_map((from.cast_signed(), mask.cast_signed(), limit), |row| {
                let seq = row.get::<_, i64>(0)?.cast_unsigned();
                let redelivered = incarnation_of(seq) < incarnation;
                Ok(Ready {
                    seq,
                    attempt: row.get(1)?,
                    redelivered,
                    body: Bytes::from(row.get::<_, Vec<u8>>(2)?),
                })
            })?;
            rows.collect()
        })
    }

    /// What SQLite finds wrong with the file, page by page; at most its first hundred findings.
    pub(super) fn integrity(&self) -> Result<Vec<String>, Outage> {
        self.with(|conn| {
            let mut check = conn.prepare("PRAGMA integrity_check")?;
            let found: Vec<String> = check.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
            Ok(found.into_iter().filter(|finding| finding != "ok").collect())
        })
    }

    /// The file as it is now, for as long as the answer lives.
    pub(super) fn snapshot(&self, now: Timestamp) -> Result<Box<dyn Snapshot>, Outage> {
        if lock(&self.idle).is_none() {
            return Err(closed());
        }
        let conn = picture(&self.opening).map_err(|e| outage_of(&e))?;
        let picture = Arc::new(Mutex::new(Some(conn)));
        let mut pictures = lock(&self.pictures);
        pictures.retain(|one| one.strong_count() > 0);
        pictures.push(Arc::downgrade(&picture));
        Ok(Box::new(Frozen { picture, now }))
    }

    /// Takes every snapshot away, so that the log can start again.
    pub(super) fn revoke_snapshots(&self) {
        for picture in lock(&self.pictures).drain(..).filter_map(|one| one.upgrade()) {
            lock(&picture).take();
        }
    }

    /// Lets nobody read any more.
    pub(super) fn close(&self) {
        lock(&self.idle).take();
        lock(&self.stale).picture = None;
        self.revoke_snapshots();
    }

    fn with<T>(&self, ask: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, Outage> {
        let idle = lock(&self.idle).as_mut().ok_or_else(closed)?.pop();
        let conn = match idle {
            Some(conn) => conn,
            None => schema::open_reader(&self.opening).map_err(|e| outage_of(&e))?,
        };
        // After an error the connection is not kept: a fresh one has nothing to do with it.
        let answer = ask(&conn).map_err(|e| outage_of(&e))?;
        if let Some(idle) = lock(&self.idle).as_mut().filter(|idle| idle.len() < KEPT) {
            idle.push(conn);
        }
        Ok(answer)
    }
}

/// A connection that sees the file as it is now.
fn picture(opening: &Opening) -> rusqlite::Result<Connection> {
    let conn = schema::open_reader(opening)?;
    begin_picture(&conn)?;
    Ok(conn)
}

/// A read transaction sees the file as of its first read.
fn begin_picture(conn: &Connection) -> rusqlite::Result<()> {
    conn.execute_batch("BEGIN")?;
    conn.query_row("SELECT count(*) FROM meta", [], |_| Ok(()))
}

fn renew(conn: &Connection) -> rusqlite::Result<()> {
    conn.execute_batch("COMMIT")?;
    begin_picture(conn)
}

/// `version, body` from column `at` on.
fn item(row: &SqlRow<'_>, at: usize) -> rusqlite::Result<Item> {
    let body = row.get_ref(at + 1)?.as_blob()?;
    Ok(Item { version: Version(version(row.get(at)?)), body: Bytes::copy_from_slice(body) })
}

fn page_of(conn: &Connection, query: &Query, now: Timestamp) -> rusqlite::Result<Page> {
    let limit = query.limit.min(Query::MAX_LIMIT);
    let mut select = conn.prepare_cached(&sql_of(query))?;
    let (after_sort, after_id) = query.after.as_deref().and_then(read_cursor).unzip();
    let texts = [
        Some(query.collection.as_ref()),
        Some(query.index.as_ref()),
        Some(&query.partition),
        Some(&query.from),
        query.to.as_deref(),
        after_sort,
        after_id,
    ];
    let mut values: Vec<rusqlite::types::Value> =
        texts.into_iter().map(|t| t.map(str::to_owned).into()).collect();
    values.push(now.as_micros().into());
    values.push(i64::try_from(limit + 1).unwrap_or(i64::MAX).into());
    let rows = select.query_map(params_from_iter(values), |row| {
        Ok(Row { sort: row.get(0)?, id: row.get(1)?, item: item(row, 2)? })
    })?;
    let mut rows = rows.collect::<rusqlite::Result<Vec<Row>>>()?;
    let is_more = rows.len() > limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| is_more).map(|last| cursor(&last.sort, &last.id));
    Ok(Page { rows, next })
}

/// Only the conditions that are asked for, so that SQLite can stop where they end.
fn sql_of(query: &Query) -> String {
    let to = if query.to.is_some() { "AND e.sort <= ?5" } else { "AND ?5 IS NULL" };
    let (beyond, order) = if query.newest_first { ("<", "DESC") } else { (">", "ASC") };
    let after = match query.after.as_deref().and_then(read_cursor) {
        Some(_) => format!("AND (e.sort, e.id) {beyond} (?6, ?7)"),
        None => "AND ?6 IS NULL AND ?7 IS NULL".to_owned(),
    };
    format!(
        "SELECT e.sort, e.id, i.version, i.body
         FROM entry e CROSS JOIN item i ON i.collection = e.collection AND i.id = e.id
         WHERE e.collection = ?1 AND e.name = ?2 AND e.partition = ?3 AND e.sort >= ?4 {to} {after}
           AND (i.expires IS NULL OR i.expires > ?8)
         ORDER BY e.sort {order}, e.id {order} LIMIT ?9"
    )
}

struct Frozen {
    picture: Picture,
    now: Timestamp,
}

impl Frozen {
    fn ask(&self, collection: &str, after: &str, limit: usize) -> Result<Vec<Row>, Outage> {
        let guard = lock(&self.picture);
        let Some(conn) = guard.as_ref() else {
            return Err(Outage::new(
                OutageKind::Throttled,
                "the snapshot was open for too long; take another",
            ));
        };
        let ask = || {
            let mut select = conn.prepare_cached(PAGE)?;
            let rows = select.query_map(
                (collection, after, self.now.as_micros(), i64::try_from(limit).unwrap_or(i64::MAX)),
                |row| Ok(Row { id: row.get(0)?, sort: String::new(), item: item(row, 1)? }),
            )?;
            rows.collect::<rusqlite::Result<Vec<Row>>>()
        };
        ask().map_err(|e| outage_of(&e))
    }
}

impl Snapshot for Frozen {
    fn page(
        &mut self,
        collection: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Boxed<'_, Result<Vec<Row>, Outage>> {
        let answer = self.ask(collection, after.unwrap_or(""), limit);
        Box::pin(std::future::ready(answer))
    }
}
