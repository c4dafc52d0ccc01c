//! The durable journal: one thread owns the ledger and its SQLite file, and nothing is answered before it is on disk.
//!
//! Requests that arrive while the disk is busy share the next commit (group commit), so that the rate does not hang
//! on the time of one `fsync`. An error ends the thread: memory may be ahead of the disk then, and starting again
//! from the disk is the one way that is certainly right.

use std::path::{Path, PathBuf};
use std::time::Duration;

use contracts::Timestamp;
use rusqlite::{Connection, ErrorCode, OptionalExtension};
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};

use super::call::Call;
use super::faults::Faults;
use super::ledger::{Balance, Decision, Entry, Inconsistent, Ledger, Verdict};
use super::outbox::Outbox;
use super::wire::{Event, Response};

/// How many requests may wait for the disk; the next ones wait at the socket.
const QUEUE: usize = 4_096;

/// How many requests share one commit at most; bounds how long the first of them waits.
const BATCH: usize = 512;

/// How many entries one page of the export has at most.
pub(super) const PAGE: usize = 1_000;

/// How long to wait for a predecessor to let go of the file.
const LOCK_WAIT: Duration = Duration::from_secs(5);

/// Where the journal is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Storage {
    /// Nowhere: gone with the process.
    Memory,
    /// In this file, which is made if it is missing, as is its folder. One process at a time.
    File(PathBuf),
}

/// The journal cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// SQLite says no: a lock, a full disk, a broken file.
    #[error("simulated provider's journal")]
    Sqlite(#[from] rusqlite::Error),
    /// The folder cannot be made, or the thread not started.
    #[error("simulated provider's journal")]
    Io(#[from] std::io::Error),
    /// What is in the file is not an entry.
    #[error("simulated provider's journal has an unreadable entry {seq}")]
    Unreadable {
        /// Its place.
        seq: i64,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// What is in the file is not a journal.
    #[error("simulated provider's journal contradicts itself")]
    Inconsistent(#[from] Inconsistent),
}

impl JournalError {
    /// What whoever runs the provider can do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unreadable { .. } | Self::Inconsistent(_) => DAMAGED,
            Self::Sqlite(error) => match error.sqlite_error_code() {
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => "another process is using it",
                Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => DAMAGED,
                _ => UNWRITABLE,
            },
            Self::Io(_) => UNWRITABLE,
        }
    }
}

const DAMAGED: &str = "it is damaged: put back a copy, or begin again in an empty directory (--data)";
const UNWRITABLE: &str = "check that its folder can be written and has room";

/// One page of the export, for audits: apply the entries of all pages to an empty [`Ledger`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// Always true: no real money is meant.
    pub simulated: bool,
    /// Entries after the one that was asked from, in order.
    pub entries: Vec<Entry>,
    /// Ask for what is after this next; absent when there is nothing yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_after: Option<u64>,
    /// How many entries there are in all.
    pub total_entries: u64,
    /// All balances, after all entries.
    pub balances: Vec<Balance>,
}

/// What the thread is asked to do.
pub(super) enum Work {
    /// Answer a call.
    Execute {
        /// When it arrived.
        now: Timestamp,
        /// What it asks for.
        call: Call,
        /// What the issuer says.
        verdict: Verdict,
        /// Where the answer goes, once its effect is durable.
        reply: oneshot::Sender<Response>,
    },
    /// What is to be told by now, and the places of the entries that it tells of.
    Tell {
        /// By when.
        now: Timestamp,
        /// At most so many.
        most: usize,
        /// Where it goes.
        reply: oneshot::Sender<Vec<(u64, Event)>>,
    },
    /// What was told of these entries was heard.
    Heard(Vec<u64>),
    /// End, after what came before.
    Stop,
    /// Export a page.
    Export {
        /// When it was asked for.
        now: Timestamp,
        /// From after this entry.
        after: u64,
        /// At most so many entries.
        limit: usize,
        /// Where the page goes.
        reply: oneshot::Sender<Page>,
    },
}

/// The running thread.
pub(super) struct Running {
    /// Where work goes in.
    pub(super) work: mpsc::Sender<Work>,
    /// Resolves, with an error, when the thread has ended.
    pub(super) ended: oneshot::Receiver<()>,
    /// How it ended.
    pub(super) thread: std::thread::JoinHandle<Result<(), JournalError>>,
}

/// Reads the journal and starts its thread. Where somebody listens (`telling`: the dice, and the time), what happened in
/// the last days and was not heard is told again.
pub(super) fn start(
    storage: &Storage,
    telling: Option<(Faults, Timestamp)>,
) -> Result<Running, JournalError> {
    let mut writer = Writer::open(storage, telling)?;
    let (work, inbox) = mpsc::channel(QUEUE);
    let (alive, ended) = oneshot::channel::<()>();
    let thread = std::thread::Builder::new().name("simulated-provider".to_owned()).spawn(move || {
        let result = writer.run(inbox);
        drop(alive);
        result
    })?;
    Ok(Running { work, ended, thread })
}

struct Writer {
    db: Connection,
    memory: Memory,
}

/// What follows from the journal.
#[derive(Default)]
struct Memory {
    ledger: Ledger,
    outbox: Option<Outbox>,
}

impl Memory {
    fn apply(&mut self, entry: &Entry) -> Result<(), Inconsistent> {
        self.ledger.apply(entry)?;
        if let Some(outbox) = &mut self.outbox {
            outbox.note(&self.ledger, entry);
        }
        Ok(())
    }
}

impl Writer {
    fn open(storage: &Storage, telling: Option<(Faults, Timestamp)>) -> Result<Self, JournalError> {
        let db = match storage {
            Storage::Memory => Connection::open_in_memory()?,
            Storage::File(path) => open_file(path)?,
        };
        db.execute_batch(
            "CREATE TABLE IF NOT EXISTS journal (
                seq INTEGER PRIMARY KEY,
                key TEXT NOT NULL UNIQUE,
                entry TEXT NOT NULL
            ) STRICT;
            CREATE TABLE IF NOT EXISTS heard (seq INTEGER PRIMARY KEY) STRICT",
        )?;
        let mut writer = Self { db, memory: Memory::default() };
        writer.replay(telling)?;
        Ok(writer)
    }

    fn replay(&mut self, telling: Option<(Faults, Timestamp)>) -> Result<(), JournalError> {
        let (dice, now) = telling.unzip();
        let now = now.unwrap_or(Timestamp::MAX);
        self.memory.outbox = dice.map(Outbox::new);
        let mut rows = self.db.prepare(
            "SELECT seq, entry, EXISTS (SELECT 1 FROM heard WHERE heard.seq = journal.seq) FROM journal ORDER BY seq",
        )?;
        let mut rows = rows.query([])?;
        while let Some(row) = rows.next()? {
            let (entry, is_heard) = (entry_of(row)?, row.get::<_, bool>(2)?);
            if is_heard || Outbox::is_over(entry.at, now) {
                self.memory.ledger.apply(&entry)?;
            } else {
                self.memory.apply(&entry)?;
            }
        }
        Ok(())
    }

    fn run(&mut self, mut inbox: mpsc::Receiver<Work>) -> Result<(), JournalError> {
        let mut batch = Vec::with_capacity(BATCH);
        while inbox.blocking_recv_many(&mut batch, BATCH) > 0 {
            let stop = batch.iter().position(|work| matches!(work, Work::Stop));
            self.answer(batch.drain(..stop.unwrap_or(batch.len())))?;
            if stop.is_some() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Every answer waits for the commit, also those that wrote nothing: they may tell of what others here wrote.
    fn answer(&mut self, batch: impl Iterator<Item = Work>) -> Result<(), JournalError> {
        let mut answers = Vec::new();
        let (mut exports, mut tellings) = (Vec::new(), Vec::new());
        let unit = self.db.transaction()?;
        for work in batch {
            match work {
                Work::Execute { now, call, verdict, reply } => {
                    answers.push((reply, execute(&unit, &mut self.memory, (now, &call, verdict))?));
                }
                Work::Export { now, after, limit, reply } => {
                    pass(&unit, &mut self.memory, now)?;
                    exports.push((after, limit, reply));
                }
                Work::Tell { now, most, reply } => {
                    pass(&unit, &mut self.memory, now)?;
                    tellings.push((now, most, reply));
                }
                Work::Heard(entries) => {
                    for seq in entries {
                        hear(&unit, &mut self.memory, seq)?;
                    }
                }
                Work::Stop => {}
            }
        }
        unit.commit()?;
        for (reply, response) in answers {
            // Whoever asked may have left; the effect stands, and the key finds it.
            reply.send(response).ok();
        }
        for (after, limit, reply) in exports {
            reply.send(self.page(after, limit)?).ok();
        }
        // Nothing is told that is not durable.
        for (now, most, reply) in tellings {
            let Memory { ledger, outbox } = &mut self.memory;
            let due = std::iter::from_fn(|| outbox.as_mut()?.take(ledger, now));
            reply.send(due.take(most).collect()).ok();
        }
        Ok(())
    }

    fn page(&self, after: u64, limit: usize) -> Result<Page, JournalError> {
        let after = i64::try_from(after).unwrap_or(i64::MAX);
        let limit = i64::try_from(limit.clamp(1, PAGE)).unwrap_or(1);
        let mut rows =
            self.db.prepare_cached("SELECT seq, entry FROM journal WHERE seq > ?1 ORDER BY seq LIMIT ?2")?;
        let mut rows = rows.query((after, limit))?;
        let mut entries = Vec::new();
        while let Some(row) = rows.next()? {
            entries.push(entry_of(row)?);
        }
        let total_entries = self.memory.ledger.entries();
        let next_after = entries.last().map(|entry: &Entry| entry.seq);
        Ok(Page {
            simulated: true,
            entries,
            next_after,
            total_entries,
            balances: self.memory.ledger.books().balances().collect(),
        })
    }
}

fn execute(
    unit: &rusqlite::Transaction<'_>,
    memory: &mut Memory,
    (now, call, verdict): (Timestamp, &Call, Verdict),
) -> Result<Response, JournalError> {
    pass(unit, memory, now)?;
    match memory.ledger.decide(now, call, verdict) {
        Decision::Standing(response) => Ok(response),
        Decision::Record(entry) => record(unit, memory, *entry),
    }
}

/// Lets time pass up to `now`: holds run out, customers contest, disputes are decided.
fn pass(unit: &rusqlite::Transaction<'_>, memory: &mut Memory, now: Timestamp) -> Result<(), JournalError> {
    while let Some(entry) = memory.ledger.due(now) {
        record(unit, memory, entry)?;
    }
    Ok(())
}

fn hear(unit: &rusqlite::Transaction<'_>, memory: &mut Memory, seq: u64) -> Result<(), JournalError> {
    if let Some(outbox) = &mut memory.outbox {
        outbox.heard(seq);
    }
    let seq = i64::try_from(seq).unwrap_or(i64::MAX);
    unit.prepare_cached("INSERT OR IGNORE INTO heard (seq) VALUES (?1)")?.execute([seq])?;
    Ok(())
}

fn record(
    unit: &rusqlite::Transaction<'_>,
    memory: &mut Memory,
    entry: Entry,
) -> Result<Response, JournalError> {
    memory.apply(&entry)?;
    let seq = i64::try_from(entry.seq).unwrap_or(i64::MAX);
    let text = serde_json::to_string(&entry).map_err(|source| JournalError::Unreadable { seq, source })?;
    unit.prepare_cached("INSERT INTO journal (seq, key, entry) VALUES (?1, ?2, ?3)")?.execute((
        seq,
        entry.key.as_str(),
        text,
    ))?;
    Ok(entry.answer)
}

fn entry_of(row: &rusqlite::Row<'_>) -> Result<Entry, JournalError> {
    let seq = row.get(0)?;
    serde_json::from_str(row.get_ref(1)?.as_str().map_err(rusqlite::Error::from)?)
        .map_err(|source| JournalError::Unreadable { seq, source })
}

fn open_file(path: &Path) -> Result<Connection, JournalError> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let db = Connection::open(path)?;
    db.busy_timeout(LOCK_WAIT)?;
    // Exclusive: two providers on one file would each have a ledger of their own in memory.
    db.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    db.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())).optional()?;
    db.pragma_update(None, "synchronous", "FULL")?;
    Ok(db)
}

#[cfg(test)]
mod tests;
