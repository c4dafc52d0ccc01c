//! The tables, the settings of a connection, and every statement that changes a row: once, so that the engine and
//! the bare loop it is measured against cannot differ.

use std::path::PathBuf;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

/// Written into the file's header, so that `file` and a stray program can tell what it is ("bnyn").
const APPLICATION_ID: i64 = 0x626e_796e;

/// The layout below. A file with a higher number was written by a newer build and is refused.
pub(super) const LAYOUT: i64 = 2;

/// `item` is not clustered by its name: SQLite reads all of a long row to compare its key with another, and new rows go to
/// one end, so that those of a commit share their pages. `entries` repeats the item's rows of `entry`, so that a put finds
/// what to remove without an index on `entry` by id. `message` holds one row for all its receivers, one
/// bit of `owing` each, so that a body is written once however many queues want it.
const TABLES: &str = "
CREATE TABLE meta(
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE entry(
  collection TEXT NOT NULL,
  name TEXT NOT NULL,
  partition TEXT NOT NULL,
  sort TEXT NOT NULL,
  id TEXT NOT NULL,
  PRIMARY KEY(collection, name, partition, sort, id)
) WITHOUT ROWID;
CREATE TABLE queue(
  bit INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
);
CREATE TABLE message(
  seq INTEGER PRIMARY KEY,
  owing INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  body BLOB NOT NULL
);
";

const ITEM: &str = "
CREATE TABLE item(
  collection TEXT NOT NULL,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  expires INTEGER,
  entries TEXT,
  body BLOB NOT NULL,
  PRIMARY KEY(collection, id)
);
CREATE INDEX item_expires ON item(expires) WHERE expires IS NOT NULL;
";

pub(super) const BEGIN: &str = "BEGIN IMMEDIATE";
pub(super) const COMMIT: &str = "COMMIT";
pub(super) const LOOK: &str = "SELECT version, expires, entries FROM item WHERE collection = ?1 AND id = ?2";
pub(super) const LOOK_BODY: &str =
    "SELECT version, expires, entries, body FROM item WHERE collection = ?1 AND id = ?2";
pub(super) const CLAIM: &str =
    "INSERT OR IGNORE INTO item(collection, id, version, expires, body) VALUES(?1, ?2, ?3, ?4, ?5)";
pub(super) const INSERT_ITEM: &str =
    "INSERT INTO item(collection, id, version, expires, entries, body) VALUES(?1, ?2, ?3, ?4, ?5, ?6)";
pub(super) const UPDATE_ITEM: &str =
    "UPDATE item SET version = ?3, entries = ?4, body = ?5 WHERE collection = ?1 AND id = ?2";
pub(super) const UPDATE_EXPIRES: &str =
    "UPDATE item SET version = ?3, expires = ?4, entries = ?5, body = ?6 WHERE collection = ?1 AND id = ?2";
pub(super) const STEP_ITEM: &str =
    "UPDATE item SET version = ?3, body = ?4 WHERE collection = ?1 AND id = ?2";
pub(super) const DELETE_ITEM: &str = "DELETE FROM item WHERE collection = ?1 AND id = ?2";
pub(super) const INSERT_ENTRY: &str =
    "INSERT OR IGNORE INTO entry(collection, name, partition, sort, id) VALUES(?1, ?2, ?3, ?4, ?5)";
pub(super) const DELETE_ENTRY: &str =
    "DELETE FROM entry WHERE collection = ?1 AND name = ?2 AND partition = ?3 AND sort = ?4 AND id = ?5";
pub(super) const INSERT_MESSAGE: &str =
    "INSERT INTO message(seq, owing, attempt, body) VALUES(?1, ?2, ?3, ?4)";
/// The last receiver removes the row; an earlier one only takes its bit out.
pub(super) const DELETE_MESSAGE: &str = "DELETE FROM message WHERE seq = ?1 AND owing = ?2";
pub(super) const NARROW_MESSAGE: &str =
    "UPDATE message SET owing = owing & ~?2 WHERE seq = ?1 AND owing & ?2 <> 0";
pub(super) const EXPIRED: &str = "SELECT collection, id, entries FROM item WHERE expires IS NOT NULL AND expires <= ?1 ORDER BY expires LIMIT ?2";
/// Bits are given out here and nowhere else, in order, as no queue is ever taken away.
pub(super) const ADD_QUEUE: &str =
    "INSERT OR IGNORE INTO queue(bit, name) SELECT count(*), ?1 FROM queue HAVING count(*) < ?2";
pub(super) const QUEUES: &str = "SELECT name FROM queue ORDER BY bit";
/// Always changes a page, as a commit of nothing would not reach the disk.
pub(super) const PROBE: &str =
    "INSERT INTO meta(name, value) VALUES('probe', 1) ON CONFLICT(name) DO UPDATE SET value = value + 1";
pub(super) const SET_META: &str =
    "INSERT INTO meta(name, value) VALUES(?1, ?2) ON CONFLICT(name) DO UPDATE SET value = excluded.value";

/// How a file is opened: what the engine and the bare loop have in common.
#[derive(Debug, Clone)]
pub(super) struct Opening {
    pub path: PathBuf,
    pub vfs: Option<String>,
    pub page_limit: Option<u32>,
    /// Whether a commit waits for the disk.
    pub is_durable: bool,
}

/// Opens the one connection that writes, and makes the tables of a new file.
pub(super) fn open_writer(opening: &Opening) -> rusqlite::Result<Connection> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = open(opening, flags)?;
    // 4 KiB: a record goes to a random leaf, and a commit writes whole pages.
    conn.pragma_update(None, "page_size", 4096)?;
    conn.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    set_durability(&conn, opening)?;
    // Checkpoints are the writer's own: it answers first.
    conn.query_row("PRAGMA wal_autocheckpoint = 0", [], |_| Ok(()))?;
    conn.query_row(&format!("PRAGMA journal_size_limit = {WAL_KEPT_BYTES}"), [], |_| Ok(()))?;
    conn.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    conn.pragma_update(None, "foreign_keys", false)?;
    if let Some(pages) = opening.page_limit {
        conn.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
    }
    lay_out(&conn)?;
    Ok(conn)
}

/// Layout 1 had `item` clustered by its name.
const LEAVE_1: &str = "
DROP INDEX item_expires;
ALTER TABLE item RENAME TO item_1;
";
const FILL_FROM_1: &str = "
INSERT INTO item(collection, id, version, expires, entries, body)
  SELECT collection, id, version, expires, entries, body FROM item_1;
DROP TABLE item_1;
";

/// Makes the tables of a new file, or brings those of an older build up to date: all or nothing.
fn lay_out(conn: &Connection) -> rusqlite::Result<()> {
    let steps = match conn.query_row("PRAGMA user_version", [], |row| row.get(0))? {
        0_i64 => format!("{TABLES}{ITEM}PRAGMA application_id = {APPLICATION_ID};"),
        1 => format!("{LEAVE_1}{ITEM}{FILL_FROM_1}"),
        _ => return Ok(()),
    };
    conn.execute_batch(&format!("BEGIN IMMEDIATE;{steps}PRAGMA user_version = {LAYOUT};COMMIT;"))
}

/// What the writer remembers of the file. What it has forgotten the system still has in its own memory, as a rule: more
/// would be resident twice.
const WRITER_CACHE_KIB: i64 = 3 * 1024;

/// The same of one reader. Each commit makes readers forget everything, so there is little to gain.
const READER_CACHE_KIB: i64 = 1024;

/// A log longer than this is cut when it starts again; up to it the file is overwritten in place, which is quicker.
const WAL_KEPT_BYTES: u64 = 64 * 1024 * 1024;

/// Opens a connection that only reads.
pub(super) fn open_reader(opening: &Opening) -> rusqlite::Result<Connection> {
    let conn = open(opening, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    conn.pragma_update(None, "cache_size", -READER_CACHE_KIB)?;
    conn.pragma_update(None, "temp_store", "MEMORY")?;
    conn.set_prepared_statement_cache_capacity(32);
    Ok(conn)
}

/// Opens a connection that only copies the log into the file.
pub(super) fn open_copier(opening: &Opening) -> rusqlite::Result<Connection> {
    let conn = open(opening, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    set_durability(&conn, opening)?;
    conn.query_row("PRAGMA wal_autocheckpoint = 0", [], |_| Ok(()))?;
    // The first look at the file makes it part of the log's readers; without it there is nothing to copy.
    conn.query_row("PRAGMA user_version", [], |_| Ok(()))?;
    Ok(conn)
}

fn set_durability(conn: &Connection, opening: &Opening) -> rusqlite::Result<()> {
    conn.pragma_update(None, "synchronous", if opening.is_durable { "FULL" } else { "OFF" })
}

fn open(opening: &Opening, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let conn = match &opening.vfs {
        Some(vfs) => Connection::open_with_flags_and_vfs(&opening.path, flags, vfs.as_str())?,
        None => Connection::open_with_flags(&opening.path, flags)?,
    };
    // Another program may look at the file (`sqlite3 banyan.db`); it gets in the way for moments only.
    conn.busy_timeout(Duration::from_secs(5))?;
    Ok(conn)
}
