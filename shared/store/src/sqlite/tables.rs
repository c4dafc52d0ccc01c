//! The prepared statements as functions on rows. Counts what it changes, for the comparison with the bare loop.

use rusqlite::{Connection, Statement};

use super::routes::MAX_QUEUES;
use super::schema;
use crate::key::{Entry, Key};

/// How much was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Rows inserted, updated or deleted.
    pub rows: u64,
    /// Bytes of text and of bodies bound to the statements that did.
    pub bytes: u64,
}

impl Tally {
    /// What was added since `before`.
    pub(super) fn minus(self, before: Self) -> Self {
        Self { rows: self.rows - before.rows, bytes: self.bytes - before.bytes }
    }
}

/// A row of `item` to be written.
pub(super) struct ItemRow<'a> {
    pub key: &'a Key,
    pub version: u64,
    pub expires: Option<i64>,
    pub entries: Option<&'a str>,
    pub body: &'a [u8],
}

/// What `item` holds under a key, expired or not.
#[derive(Debug, Default)]
pub(super) struct Stored {
    pub version: u64,
    pub expires: Option<i64>,
    /// Left out when they are the ones that were asked about.
    pub entries: Option<String>,
    pub are_same_entries: bool,
    /// Left out unless it was asked for.
    pub body: Vec<u8>,
}

/// Every statement of the write path, prepared once.
pub(super) struct Tables<'c> {
    begin: Statement<'c>,
    commit: Statement<'c>,
    look: Statement<'c>,
    look_body: Statement<'c>,
    claim: Statement<'c>,
    insert_item: Statement<'c>,
    update_item: Statement<'c>,
    update_expires: Statement<'c>,
    step_item: Statement<'c>,
    delete_item: Statement<'c>,
    insert_entry: Statement<'c>,
    delete_entry: Statement<'c>,
    insert_message: Statement<'c>,
    delete_message: Statement<'c>,
    narrow_message: Statement<'c>,
    expired: Statement<'c>,
    set_meta: Statement<'c>,
    probe: Statement<'c>,
    add_queue: Statement<'c>,
    queues: Statement<'c>,
    pub tally: Tally,
}

impl<'c> Tables<'c> {
    pub(super) fn prepare(conn: &'c Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            begin: conn.prepare(schema::BEGIN)?,
            commit: conn.prepare(schema::COMMIT)?,
            look: conn.prepare(schema::LOOK)?,
            look_body: conn.prepare(schema::LOOK_BODY)?,
            claim: conn.prepare(schema::CLAIM)?,
            insert_item: conn.prepare(schema::INSERT_ITEM)?,
            update_item: conn.prepare(schema::UPDATE_ITEM)?,
            update_expires: conn.prepare(schema::UPDATE_EXPIRES)?,
            step_item: conn.prepare(schema::STEP_ITEM)?,
            delete_item: conn.prepare(schema::DELETE_ITEM)?,
            insert_entry: conn.prepare(schema::INSERT_ENTRY)?,
            delete_entry: conn.prepare(schema::DELETE_ENTRY)?,
            insert_message: conn.prepare(schema::INSERT_MESSAGE)?,
            delete_message: conn.prepare(schema::DELETE_MESSAGE)?,
            narrow_message: conn.prepare(schema::NARROW_MESSAGE)?,
            expired: conn.prepare(schema::EXPIRED)?,
            set_meta: conn.prepare(schema::SET_META)?,
            probe: conn.prepare(schema::PROBE)?,
            add_queue: conn.prepare(schema::ADD_QUEUE)?,
            queues: conn.prepare(schema::QUEUES)?,
            tally: Tally::default(),
        })
    }

    pub(super) fn begin(&mut self) -> rusqlite::Result<()> {
        self.begin.raw_execute().map(drop)
    }

    pub(super) fn commit(&mut self) -> rusqlite::Result<()> {
        self.commit.raw_execute().map(drop)
    }

    /// What is stored under `key`, and whether its entries are `entries`.
    pub(super) fn look(&mut self, key: &Key, entries: Option<&str>) -> rusqlite::Result<Option<Stored>> {
        let stmt = &mut self.look;
        bind_key(stmt, key)?;
        let mut rows = stmt.raw_query();
        let Some(row) = rows.next()? else { return Ok(None) };
        let stored = row.get_ref(2)?.as_str_or_null()?;
        Ok(Some(Stored {
            version: version(row.get(0)?),
            expires: row.get(1)?,
            are_same_entries: stored == entries,
            entries: if stored == entries { None } else { stored.map(str::to_owned) },
            body: Vec::new(),
        }))
    }

    pub(super) fn look_body(&mut self, key: &Key) -> rusqlite::Result<Option<Stored>> {
        let stmt = &mut self.look_body;
        bind_key(stmt, key)?;
        let mut rows = stmt.raw_query();
        let Some(row) = rows.next()? else { return Ok(None) };
        Ok(Some(Stored {
            version: version(row.get(0)?),
            expires: row.get(1)?,
            are_same_entries: false,
            entries: row.get(2)?,
            body: row.get(3)?,
        }))
    }

    /// Inserts `row` unless something is stored under its key, expired or not.
    pub(super) fn claim(&mut self, row: &ItemRow<'_>) -> rusqlite::Result<bool> {
        let stmt = &mut self.claim;
        bind_key(stmt, row.key)?;
        stmt.raw_bind_parameter(3, row.version.cast_signed())?;
        stmt.raw_bind_parameter(4, row.expires)?;
        stmt.raw_bind_parameter(5, row.body)?;
        let changed = stmt.raw_execute()?;
        self.count(changed, size(row.key) + row.body.len());
        Ok(changed == 1)
    }

    pub(super) fn insert_item(&mut self, row: &ItemRow<'_>) -> rusqlite::Result<()> {
        let stmt = &mut self.insert_item;
        bind_key(stmt, row.key)?;
        stmt.raw_bind_parameter(3, row.version.cast_signed())?;
        stmt.raw_bind_parameter(4, row.expires)?;
        stmt.raw_bind_parameter(5, row.entries)?;
        stmt.raw_bind_parameter(6, row.body)?;
        let changed = stmt.raw_execute()?;
        self.count(changed, size(row.key) + row.entries.map_or(0, str::len) + row.body.len());
        Ok(())
    }

    /// Replaces the row under the key. `was` is what it expired at: the index by expiry is left alone when that stays.
    pub(super) fn update_item(&mut self, row: &ItemRow<'_>, was: Option<i64>) -> rusqlite::Result<()> {
        let same = was == row.expires;
        let stmt = if same { &mut self.update_item } else { &mut self.update_expires };
        bind_key(stmt, row.key)?;
        stmt.raw_bind_parameter(3, row.version.cast_signed())?;
        let next = if same {
            4
        } else {
            stmt.raw_bind_parameter(4, row.expires)?;
            5
        };
        stmt.raw_bind_parameter(next, row.entries)?;
        stmt.raw_bind_parameter(next + 1, row.body)?;
        let changed = stmt.raw_execute()?;
        self.count(changed, size(row.key) + row.entries.map_or(0, str::len) + row.body.len());
        Ok(())
    }

    pub(super) fn step_item(&mut self, key: &Key, version: u64, body: &[u8]) -> rusqlite::Result<()> {
        let stmt = &mut self.step_item;
        bind_key(stmt, key)?;
        stmt.raw_bind_parameter(3, version.cast_signed())?;
        stmt.raw_bind_parameter(4, body)?;
        let changed = stmt.raw_execute()?;
        self.count(changed, size(key) + body.len());
        Ok(())
    }

    pub(super) fn delete_item(&mut self, key: &Key) -> rusqlite::Result<()> {
        let stmt = &mut self.delete_item;
        bind_key(stmt, key)?;
        let changed = stmt.raw_execute()?;
        self.count(changed, size(key));
        Ok(())
    }

    pub(super) fn insert_entry(&mut self, key: &Key, entry: &Entry) -> rusqlite::Result<()> {
        let changed = entry_row(&mut self.insert_entry, key, entry)?;
        self.count(changed, size(key) + entry.index.len() + entry.partition.len() + entry.sort.len());
        Ok(())
    }

    pub(super) fn delete_entry(&mut self, key: &Key, entry: &Entry) -> rusqlite::Result<()> {
        let changed = entry_row(&mut self.delete_entry, key, entry)?;
        self.count(changed, size(key) + entry.index.len() + entry.partition.len() + entry.sort.len());
        Ok(())
    }

    pub(super) fn insert_message(
        &mut self,
        seq: u64,
        owing: u64,
        attempt: u32,
        body: &[u8],
    ) -> rusqlite::Result<()> {
        let stmt = &mut self.insert_message;
        stmt.raw_bind_parameter(1, seq.cast_signed())?;
        stmt.raw_bind_parameter(2, owing.cast_signed())?;
        stmt.raw_bind_parameter(3, attempt)?;
        stmt.raw_bind_parameter(4, body)?;
        let changed = stmt.raw_execute()?;
        self.count(changed, body.len());
        Ok(())
    }

    /// Takes the queue with `bit` off the message; the last one takes the row away. Gone already is fine.
    pub(super) fn settle_message(&mut self, seq: u64, bit: u64) -> rusqlite::Result<()> {
        for stmt in [&mut self.delete_message, &mut self.narrow_message] {
            stmt.raw_bind_parameter(1, seq.cast_signed())?;
            stmt.raw_bind_parameter(2, bit.cast_signed())?;
            if stmt.raw_execute()? == 1 {
                self.tally.rows += 1;
                break;
            }
        }
        Ok(())
    }

    /// Up to `limit` items that expired at or before `now`, with their entries.
    pub(super) fn expired(&mut self, now: i64, limit: u32) -> rusqlite::Result<Vec<(Key, Option<String>)>> {
        let rows = self.expired.query_map((now, limit), |row| {
            Ok((Key::new(row.get::<_, String>(0)?, row.get::<_, String>(1)?), row.get(2)?))
        })?;
        rows.collect()
    }

    pub(super) fn set_meta(&mut self, name: &str, value: u64) -> rusqlite::Result<()> {
        self.set_meta.execute((name, value.cast_signed())).map(drop)
    }

    /// Changes next to nothing, but something.
    pub(super) fn probe(&mut self) -> rusqlite::Result<()> {
        self.probe.raw_execute().map(drop)
    }

    /// Gives the queue the next bit, unless it has one, or there are none left.
    pub(super) fn add_queue(&mut self, name: &str) -> rusqlite::Result<()> {
        self.add_queue.execute((name, MAX_QUEUES)).map(drop)
    }

    /// The names of all queues, in the order of their bits.
    pub(super) fn queues(&mut self) -> rusqlite::Result<Vec<String>> {
        self.queues.query_map([], |row| row.get(0))?.collect()
    }

    fn count(&mut self, rows: usize, bytes: usize) {
        self.tally.rows += rows as u64;
        self.tally.bytes += bytes as u64;
    }
}

/// Versions are 64 random bits; SQLite's integers have a sign.
pub(super) fn version(stored: i64) -> u64 {
    stored.cast_unsigned()
}

fn size(key: &Key) -> usize {
    key.collection.len() + key.id.len()
}

fn bind_key(stmt: &mut Statement<'_>, key: &Key) -> rusqlite::Result<()> {
    stmt.raw_bind_parameter(1, key.collection.as_ref())?;
    stmt.raw_bind_parameter(2, key.id.as_str())
}

fn entry_row(stmt: &mut Statement<'_>, key: &Key, entry: &Entry) -> rusqlite::Result<usize> {
    stmt.raw_bind_parameter(1, key.collection.as_ref())?;
    stmt.raw_bind_parameter(2, entry.index.as_ref())?;
    stmt.raw_bind_parameter(3, entry.partition.as_str())?;
    stmt.raw_bind_parameter(4, entry.sort.as_str())?;
    stmt.raw_bind_parameter(5, key.id.as_str())?;
    stmt.raw_execute()
}
