//! The durable journal: one thread owns the ledger and its SQLite file, and nothing is answered before it is on disk.
//!
//! Requests that arrive while the disk is busy share the next commit (group commit), so that the rate does not hang on
//! the time of one `fsync`. An error ends the thread: memory may be ahead of the disk then, and starting again from the
//! disk is the one way that is certainly right.

use std::path::{Path, PathBuf};
use std::time::Duration;

use contracts::Timestamp;
use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, Transaction};
use tokio::sync::{mpsc, oneshot};

use crate::ledger::{Decision, Entry, Inconsistent, Peer};
use crate::wire::Response;

/// How many requests may wait for the disk; the next ones wait at the socket.
const QUEUE: usize = 4_096;

/// How many requests share one commit at most; bounds how long the first of them waits.
const BATCH: usize = 512;

/// How many entries one page has at most.
pub const PAGE: usize = 1_000;

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
    #[error("the simulated peer's journal")]
    Sqlite(#[from] rusqlite::Error),
    /// The folder cannot be made, or the thread not started.
    #[error("the simulated peer's journal")]
    Io(#[from] std::io::Error),
    /// What is in the file is not an entry.
    #[error("the simulated peer's journal has an unreadable entry {seq}")]
    Unreadable {
        /// Its place.
        seq: i64,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// What is in the file is not a journal.
    #[error("the simulated peer's journal contradicts itself")]
    Inconsistent(#[from] Inconsistent),
}

impl JournalError {
    /// What whoever runs the peer can do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        const DAMAGED: &str = "it is damaged: put back a copy, or begin again in an empty directory (--data)";
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

/// Something to do with what is on disk.
type Look<L> = Box<dyn FnOnce(&mut Journal<L>) -> Result<(), JournalError> + Send>;

/// What the thread is asked to do.
pub(crate) enum Work<L: Peer> {
    /// Answer the `nth` try of a call that arrived at an instant, once its effect is durable.
    Execute(Timestamp, (L::Call, u32), oneshot::Sender<Response>),
    /// Look at what is durable.
    Look(Look<L>),
    /// End, after what came before.
    Stop,
}

/// The running thread.
pub(crate) struct Running<L: Peer> {
    /// Where work goes in.
    pub(crate) work: mpsc::Sender<Work<L>>,
    /// Resolves, with an error, when the thread has ended.
    pub(crate) ended: oneshot::Receiver<()>,
    /// How it ended.
    pub(crate) thread: std::thread::JoinHandle<Result<(), JournalError>>,
}

/// Reads the journal and starts its thread, under the peer's `name`.
pub(crate) fn start<L: Peer>(
    storage: &Storage,
    faults: L::Faults,
    now: Timestamp,
    name: &str,
) -> Result<Running<L>, JournalError> {
    let mut journal = Journal::<L>::open(storage)?;
    journal.ledger.start(now);
    let (work, inbox) = mpsc::channel(QUEUE);
    let (alive, ended) = oneshot::channel::<()>();
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
        let result = journal.run(inbox, &faults);
        drop(alive);
        result
    })?;
    Ok(Running { work, ended, thread })
}

/// The ledger, and the entries that it follows from.
pub struct Journal<L: Peer> {
    db: Connection,
    ledger: L,
}

impl<L: Peer> Journal<L> {
    /// The ledger, as it is on disk.
    pub fn ledger(&mut self) -> &mut L {
        &mut self.ledger
    }

    /// The export from after a place, at most so many entries.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn page(&self, after: u64, limit: usize) -> Result<L::Page, JournalError> {
        let sql = "SELECT seq, entry FROM journal WHERE seq > ?1 ORDER BY seq";
        Ok(self.ledger.page(self.some(sql, after, limit, Some)?))
    }

    /// What `kept` makes of the entries before a place, last first, until there are `limit`.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn back<T>(
        &self,
        before: u64,
        limit: usize,
        kept: impl Fn(L::Entry) -> Option<T>,
    ) -> Result<Vec<T>, JournalError> {
        self.some("SELECT seq, entry FROM journal WHERE seq < ?1 ORDER BY seq DESC", before, limit, kept)
    }

    fn some<T>(
        &self,
        sql: &str,
        from: u64,
        limit: usize,
        kept: impl Fn(L::Entry) -> Option<T>,
    ) -> Result<Vec<T>, JournalError> {
        let mut rows = self.db.prepare_cached(sql)?;
        let mut rows = rows.query([i64::try_from(from).unwrap_or(i64::MAX)])?;
        let mut found = Vec::new();
        while found.len() < limit.clamp(1, PAGE)
            && let Some(row) = rows.next()?
        {
            found.extend(kept(entry_of(row)?));
        }
        Ok(found)
    }

    fn open(storage: &Storage) -> Result<Self, JournalError> {
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
        let mut ledger = L::default();
        {
            let mut rows = db.prepare("SELECT seq, entry FROM journal ORDER BY seq")?;
            let mut rows = rows.query([])?;
            while let Some(row) = rows.next()? {
                ledger.apply(&entry_of(row)?)?;
            }
        }
        Ok(Self { db, ledger })
    }

    fn run(&mut self, mut inbox: mpsc::Receiver<Work<L>>, faults: &L::Faults) -> Result<(), JournalError> {
        let mut batch = Vec::with_capacity(BATCH);
        while inbox.blocking_recv_many(&mut batch, BATCH) > 0 {
            let stop = batch.iter().position(|work| matches!(work, Work::Stop));
            self.answer(batch.drain(..stop.unwrap_or(batch.len())), faults)?;
            if stop.is_some() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Every answer waits for the commit, also those that wrote nothing: they may tell of what others here wrote.
    fn answer(
        &mut self,
        batch: impl Iterator<Item = Work<L>>,
        faults: &L::Faults,
    ) -> Result<(), JournalError> {
        let (mut answers, mut looks) = (Vec::new(), Vec::new());
        let unit = self.db.transaction()?;
        for work in batch {
            match work {
                Work::Execute(now, (call, nth), reply) => {
                    let decision = self.ledger.decide(now, (&call, nth), faults);
                    answers.push((reply, record(&unit, &mut self.ledger, decision)?));
                }
                Work::Look(look) => looks.push(look),
                Work::Stop => {}
            }
        }
        unit.commit()?;
        for (reply, response) in answers {
            // Whoever asked may have left; the effect stands, and the key finds it.
            reply.send(response).ok();
        }
        looks.into_iter().try_for_each(|look| look(self))
    }
}

fn record<L: Peer>(
    unit: &Transaction<'_>,
    ledger: &mut L,
    decision: Decision<L::Entry>,
) -> Result<Response, JournalError> {
    let entry = match decision {
        Decision::Standing(response) => return Ok(response),
        Decision::Record(entry) => *entry,
    };
    ledger.apply(&entry)?;
    let seq = i64::try_from(entry.seq()).unwrap_or(i64::MAX);
    let text = serde_json::to_string(&entry).map_err(|source| JournalError::Unreadable { seq, source })?;
    let mut insert = unit.prepare_cached("INSERT INTO journal (seq, key, entry) VALUES (?1, ?2, ?3)")?;
    insert.execute((seq, entry.key().as_str(), text))?;
    Ok(ledger.answer(&entry))
}

fn entry_of<E: Entry>(row: &Row<'_>) -> Result<E, JournalError> {
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
    // Exclusive: two peers on one file would each have a ledger of their own in memory.
    db.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    db.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(())).optional()?;
    db.pragma_update(None, "synchronous", "FULL")?;
    Ok(db)
}

#[cfg(test)]
mod tests;
