//! The durable journal: one thread owns the ledger and its SQLite file, and nothing is answered before it is on disk.
//!
//! Requests that arrive while the disk is busy share the next commit (group commit). An error ends the thread: memory
//! may be ahead of the disk then, and starting again from the disk is the one way that is certainly right.

use std::path::{Path, PathBuf};
use std::time::Duration;

use contracts::Timestamp;
use rusqlite::{Connection, ErrorCode, OptionalExtension};
use serde::{Deserialize, Serialize};
use tokio::sync::{mpsc, oneshot};

use super::call::Call;
use super::faults::Faults;
use super::ledger::{Decision, Entry, Inconsistent, Ledger};
use super::wire::{Response, ToldScan};

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
    #[error("simulated carrier's journal")]
    Sqlite(#[from] rusqlite::Error),
    /// The folder cannot be made, or the thread not started.
    #[error("simulated carrier's journal")]
    Io(#[from] std::io::Error),
    /// What is in the file is not an entry.
    #[error("simulated carrier's journal has an unreadable entry {seq}")]
    Unreadable {
        /// Its place.
        seq: i64,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// What is in the file is not a journal.
    #[error("simulated carrier's journal contradicts itself")]
    Inconsistent(#[from] Inconsistent),
}

impl JournalError {
    /// What whoever runs the carrier can do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        const DAMAGED: &str = "the file is damaged: move it away to begin again, with an empty carrier";
        const UNWRITABLE: &str = "check that its folder can be written and has room";
        match self {
            Self::Unreadable { .. } | Self::Inconsistent(_) => DAMAGED,
            Self::Sqlite(error) => match error.sqlite_error_code() {
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => "another process is using it",
                Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => DAMAGED,
                Some(_) | None => UNWRITABLE,
            },
            Self::Io(_) => UNWRITABLE,
        }
    }
}

/// One page of the export, for audits: apply the entries of all pages to an empty [`Ledger`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// Always true: no real parcel is meant.
    pub simulated: bool,
    /// Entries after the one that was asked from, in order.
    pub entries: Vec<Entry>,
    /// Ask for what is after this next; absent when there is nothing yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_after: Option<u64>,
    /// How many entries there are in all.
    pub total_entries: u64,
}

/// What the thread is asked to do.
pub(super) enum Work {
    /// Answer a call that arrived at an instant, once its effect is durable.
    Execute(Timestamp, Call, oneshot::Sender<Response>),
    /// Export a page: from after this entry, at most so many.
    Export(u64, usize, oneshot::Sender<Page>),
    /// What is to be told by now, at most so many scans.
    Tell(Timestamp, usize, oneshot::Sender<Vec<ToldScan>>),
    /// End, after what came before.
    Stop,
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

/// Reads the journal and starts its thread. What was to be told before `now` is not told any more: who was not
/// listening has to ask.
pub(super) fn start(storage: &Storage, faults: Faults, now: Timestamp) -> Result<Running, JournalError> {
    let mut writer = Writer::open(storage, faults)?;
    writer.ledger.take_told(now, usize::MAX);
    let (work, inbox) = mpsc::channel(QUEUE);
    let (alive, ended) = oneshot::channel::<()>();
    let thread = std::thread::Builder::new().name("simulated-carrier".to_owned()).spawn(move || {
        let result = writer.run(inbox);
        drop(alive);
        result
    })?;
    Ok(Running { work, ended, thread })
}

struct Writer {
    db: Connection,
    ledger: Ledger,
    faults: Faults,
}

impl Writer {
    fn open(storage: &Storage, faults: Faults) -> Result<Self, JournalError> {
        let db = match storage {
            Storage::Memory => Connection::open_in_memory()?,
            Storage::File(path) => open_file(path)?,
        };
        db.execute_batch(
            "CREATE TABLE IF NOT EXISTS journal (
                seq INTEGER PRIMARY KEY,
                key TEXT NOT NULL UNIQUE,
                entry TEXT NOT NULL
            ) STRICT",
        )?;
        let mut ledger = Ledger::default();
        {
            let mut rows = db.prepare("SELECT seq, entry FROM journal ORDER BY seq")?;
            let mut rows = rows.query([])?;
            while let Some(row) = rows.next()? {
                ledger.apply(&entry_of(row)?)?;
            }
        }
        Ok(Self { db, ledger, faults })
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
        let (mut answers, mut exports, mut tellings) = (Vec::new(), Vec::new(), Vec::new());
        let unit = self.db.transaction()?;
        for work in batch {
            match work {
                Work::Execute(now, call, reply) => {
                    answers.push((reply, execute(&unit, &mut self.ledger, (now, &call, &self.faults))?));
                }
                Work::Export(after, limit, reply) => exports.push((after, limit, reply)),
                Work::Tell(now, most, reply) => tellings.push((now, most, reply)),
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
        for (now, most, reply) in tellings {
            reply.send(self.ledger.take_told(now, most)).ok();
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
        let total_entries = self.ledger.entries();
        let next_after = entries.last().map(|entry: &Entry| entry.seq);
        Ok(Page { simulated: true, entries, next_after, total_entries })
    }
}

fn execute(
    unit: &rusqlite::Transaction<'_>,
    ledger: &mut Ledger,
    (now, call, faults): (Timestamp, &Call, &Faults),
) -> Result<Response, JournalError> {
    let entry = match ledger.decide(now, call, faults) {
        Decision::Standing(response) => return Ok(response),
        Decision::Record(entry) => entry,
    };
    ledger.apply(&entry)?;
    let seq = i64::try_from(entry.seq).unwrap_or(i64::MAX);
    let text = serde_json::to_string(&entry).map_err(|source| JournalError::Unreadable { seq, source })?;
    unit.prepare_cached("INSERT INTO journal (seq, key, entry) VALUES (?1, ?2, ?3)")?.execute((
        seq,
        entry.key.as_str(),
        text,
    ))?;
    Ok(ledger.answer(&entry.key))
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
    // Exclusive: two carriers on one file would each have a ledger of their own in memory.
    db.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    db.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())).optional()?;
    db.pragma_update(None, "synchronous", "FULL")?;
    Ok(db)
}
