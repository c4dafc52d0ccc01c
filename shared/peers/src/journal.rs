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

use crate::ledger::{Decision, Entry, Inconsistent, Outbox, Peer};
use crate::wire::Response;

/// How many requests may wait for the disk; the next ones wait at the socket.
const QUEUE: usize = 4_096;

/// How many requests share one commit at most; bounds how long the first of them waits.
const BATCH: usize = 512;

/// How many entries one page has at most.
pub const PAGE: usize = 1_000;

/// How much of its file is mapped into memory.
const MAPPED_BYTES: i64 = 1 << 30;

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
    /// Look at what is durable, after time has passed up to an instant.
    Look(Timestamp, Look<L>),
    /// What was told of these entries was heard.
    Heard(Vec<u64>),
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

/// Reads the journal and starts its thread, under the peer's `name`. Where somebody listens, what was not heard is told
/// again.
pub(crate) fn start<L: Peer>(
    storage: &Storage,
    faults: L::Faults,
    listening_from: Option<Timestamp>,
    name: &str,
) -> Result<Running<L>, JournalError> {
    let mut journal = Journal::<L>::open(storage, faults, listening_from)?;
    let (work, inbox) = mpsc::channel(QUEUE);
    let (alive, ended) = oneshot::channel::<()>();
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || {
        let result = journal.run(inbox);
        drop(alive);
        result
    })?;
    Ok(Running { work, ended, thread })
}

/// The ledger, and the entries that it follows from.
pub struct Journal<L: Peer> {
    db: Connection,
    memory: Memory<L>,
}

/// What follows from the entries.
struct Memory<L: Peer> {
    ledger: L,
    /// Where somebody listens.
    outbox: Option<L::Outbox>,
    faults: L::Faults,
}

impl<L: Peer> Memory<L> {
    fn note(&mut self, entry: &L::Entry) {
        if let Some(outbox) = &mut self.outbox {
            outbox.note(&self.ledger, entry, &self.faults);
        }
    }
}

impl<L: Peer> Journal<L> {
    /// The ledger, as it is on disk.
    #[must_use]
    pub fn ledger(&self) -> &L {
        &self.memory.ledger
    }

    /// What is to be told by `now`, and the entries of which that tells.
    pub(crate) fn take(&mut self, now: Timestamp) -> (Vec<u64>, Vec<<L::Outbox as Outbox<L>>::Item>) {
        let Memory { ledger, outbox, .. } = &mut self.memory;
        let due = std::iter::from_fn(|| outbox.as_mut()?.take(ledger, now));
        due.take(L::Outbox::AT_ONCE).unzip()
    }

    /// The export from after a place, at most so many entries.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn page(&self, after: u64, limit: usize) -> Result<L::Page, JournalError> {
        let sql = "SELECT seq, entry FROM journal WHERE seq > ?1 ORDER BY seq";
        Ok(self.memory.ledger.page(self.some(sql, after, limit, Some)?))
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

    fn open(
        storage: &Storage,
        faults: L::Faults,
        listening_from: Option<Timestamp>,
    ) -> Result<Self, JournalError> {
        let db = match storage {
            Storage::Memory => Connection::open_in_memory()?,
            Storage::File(path) => open_file(path)?,
        };
        // What was heard is beside the journal, and not in it: it changes nothing of what happened.
        db.execute_batch(
            "CREATE TABLE IF NOT EXISTS journal (
                seq INTEGER PRIMARY KEY,
                key TEXT NOT NULL UNIQUE,
                entry TEXT NOT NULL
            ) STRICT;
            CREATE TABLE IF NOT EXISTS heard (seq INTEGER PRIMARY KEY) STRICT",
        )?;
        let outbox = listening_from.map(|_| L::Outbox::default());
        let mut journal = Self { db, memory: Memory { ledger: L::default(), outbox, faults } };
        journal.replay()?;
        if let Some((outbox, now)) = journal.memory.outbox.as_mut().zip(listening_from) {
            outbox.start(now);
        }
        Ok(journal)
    }

    fn replay(&mut self) -> Result<(), JournalError> {
        let sql = "SELECT seq, entry, EXISTS (SELECT 1 FROM heard WHERE heard.seq = journal.seq) FROM journal \
                   ORDER BY seq";
        let mut rows = self.db.prepare(sql)?;
        let mut rows = rows.query([])?;
        while let Some(row) = rows.next()? {
            let (entry, is_heard) = (entry_of(row)?, row.get::<_, bool>(2)?);
            self.memory.ledger.apply(&entry)?;
            if !is_heard {
                self.memory.note(&entry);
            }
        }
        Ok(())
    }

    fn run(&mut self, mut inbox: mpsc::Receiver<Work<L>>) -> Result<(), JournalError> {
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
    fn answer(&mut self, batch: impl Iterator<Item = Work<L>>) -> Result<(), JournalError> {
        let (mut answers, mut looks) = (Vec::new(), Vec::new());
        let unit = self.db.transaction()?;
        for work in batch {
            match work {
                Work::Execute(now, (call, nth), reply) => {
                    answers.push((reply, execute(&unit, &mut self.memory, (now, &call, nth))?));
                }
                Work::Look(now, look) => {
                    pass(&unit, &mut self.memory, now)?;
                    looks.push(look);
                }
                Work::Heard(entries) => hear(&unit, &mut self.memory, entries)?,
                Work::Stop => {}
            }
        }
        unit.commit()?;
        for (reply, response) in answers {
            // Whoever asked may have left; the effect stands, and the key finds it.
            reply.send(response).ok();
        }
        // Nothing is shown or told that is not durable.
        looks.into_iter().try_for_each(|look| look(self))
    }
}

fn execute<L: Peer>(
    unit: &Transaction<'_>,
    memory: &mut Memory<L>,
    (now, call, nth): (Timestamp, &L::Call, u32),
) -> Result<Response, JournalError> {
    pass(unit, memory, now)?;
    match memory.ledger.decide(now, (call, nth), &memory.faults) {
        Decision::Standing(response) => Ok(response),
        Decision::Record(entry) => record(unit, memory, &entry),
    }
}

/// Lets time pass up to `now`, and do what it does.
fn pass<L: Peer>(unit: &Transaction<'_>, memory: &mut Memory<L>, now: Timestamp) -> Result<(), JournalError> {
    while let Some(entry) = memory.ledger.due(now) {
        record(unit, memory, &entry)?;
    }
    Ok(())
}

fn record<L: Peer>(
    unit: &Transaction<'_>,
    memory: &mut Memory<L>,
    entry: &L::Entry,
) -> Result<Response, JournalError> {
    memory.ledger.apply(entry)?;
    memory.note(entry);
    let seq = i64::try_from(entry.seq()).unwrap_or(i64::MAX);
    let text = serde_json::to_string(entry).map_err(|source| JournalError::Unreadable { seq, source })?;
    let mut insert = unit.prepare_cached("INSERT INTO journal (seq, key, entry) VALUES (?1, ?2, ?3)")?;
    insert.execute((seq, entry.key().as_str(), text))?;
    Ok(memory.ledger.answer(entry))
}

fn hear<L: Peer>(
    unit: &Transaction<'_>,
    memory: &mut Memory<L>,
    entries: Vec<u64>,
) -> Result<(), JournalError> {
    let mut insert = unit.prepare_cached("INSERT OR IGNORE INTO heard (seq) VALUES (?1)")?;
    for seq in entries {
        if let Some(outbox) = &mut memory.outbox {
            outbox.heard(seq);
        }
        insert.execute([i64::try_from(seq).unwrap_or(i64::MAX)])?;
    }
    Ok(())
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
    // All of it is read once, at the start: without a system call for each page of it.
    db.pragma_update(None, "mmap_size", MAPPED_BYTES)?;
    Ok(db)
}

#[cfg(test)]
mod tests;
