//! One SQLite file behind both ports: documents, counters, records, indexes and queues.
//!
//! A single thread writes, and commits whatever waits in one transaction: many units of work, one fsync. A unit's record,
//! its documents, the copies of its outgoing messages and the removal of the delivery it handles are in one transaction,
//! so nothing is ever pending. Reads run on the caller's thread.
//!
//! Answers are given after the fsync. A process that is killed at any point loses nothing that was answered.

mod apply;
pub mod bare;
mod copier;
mod deliveries;
mod failure;
mod folder;
mod group;
mod housekeeping;
mod inbox;
mod log;
mod queue;
mod reader;
mod routes;
mod schema;
mod stats;
mod tables;
pub mod vfs;
mod work;
mod writer;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::Duration;

use bytes::Bytes;
use contracts::Timestamp;
use rusqlite::Connection;
use tokio::sync::broadcast;

use self::bare::Recording;
use self::folder::Folder;
pub(crate) use self::folder::make as make_folder;
use self::group::{first_seq, incarnation_of};
use self::inbox::Inbox;
use self::log::Log;
use self::queue::Queue;
use self::reader::Readers;
use self::routes::Routes;
use self::schema::Opening;
use self::work::Work;
use self::writer::{End, Writer};
use crate::failure::Outage;
use crate::key::{Item, Key};
use crate::query::{Page, Query};
use crate::unit::{Outcome, Unit};
use crate::{Boxed, Caps, Snapshot, Store};

pub use self::deliveries::{Taken, Unsent};
pub use self::failure::OpenError;
pub use self::stats::{Backlog, Stats};
pub use self::tables::Tally;

/// Members of a group at most: what one rollback costs.
const GROUP_MAX: usize = 1_000;

/// Bytes of a group at most: they are held twice, by the members and by SQLite's cache.
const GROUP_BYTES: usize = 8 * 1024 * 1024;

/// Expired items stay so much longer, so that a caller whose clock is behind does not lose what it may still see.
const PURGE_GRACE: Duration = Duration::from_secs(600);

/// Events that a follower may be behind before it misses some.
const TAP_EVENTS: usize = 16_384;

/// Where the file is and how it is used.
#[derive(Debug, Clone)]
pub struct Config {
    /// The database, such as `DIR/banyan.db`; `None` for a temporary one that nobody waits on the disk for.
    pub path: Option<PathBuf>,
    /// The file never grows beyond so many pages of 4 KiB; then the disk is full, as far as writers are concerned.
    pub page_limit: Option<u32>,
    /// What the file is opened through, to count and to injure.
    pub vfs: Option<vfs::Controls>,
    /// Queries see the file as it was at the end of the last query: as stale as the contract allows.
    pub delay_indexes: bool,
    /// Members of a group, at most; 1 = an fsync for each unit of work.
    pub group_max: usize,
    /// How long expired items stay in the file.
    pub purge_grace: Duration,
    /// Keeps what is committed, for the bare loop to do again.
    pub recording: Option<Recording>,
}

impl Config {
    /// Durable, in `path`.
    #[must_use]
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self { path: Some(path.into()), ..Self::memory() }
    }

    /// Gone with the engine.
    #[must_use]
    pub fn memory() -> Self {
        Self {
            path: None,
            page_limit: None,
            vfs: None,
            delay_indexes: false,
            group_max: GROUP_MAX,
            purge_grace: PURGE_GRACE,
            recording: None,
        }
    }
}

/// The file, its writer and its readers. Closed when it is dropped.
#[derive(Debug)]
pub struct Engine {
    shared: Arc<Shared>,
    writer: Mutex<Option<JoinHandle<()>>>,
    /// Let go of last; then another process may open the file.
    folder: Mutex<Option<Folder>>,
}

/// What the writer and the callers share.
#[derive(Debug)]
struct Shared {
    inbox: Inbox,
    readers: Readers,
    routes: RwLock<Arc<Routes>>,
    counters: stats::Counters,
    tap: broadcast::Sender<Bytes>,
    incarnation: u64,
    group_max: usize,
    group_bytes: usize,
    purge_grace: Duration,
    recording: Option<Recording>,
}

impl Engine {
    /// Opens the file, or makes it, and starts the writer.
    ///
    /// # Errors
    /// [`OpenError`]: it is in use, too new, or cannot be opened; a person should look.
    pub fn open(config: Config) -> Result<Self, OpenError> {
        let folder = match &config.path {
            Some(path) => Folder::of_file(path)?,
            None => Folder::temporary()?,
        };
        let opening = Opening {
            path: folder.database.clone(),
            vfs: config.vfs.map(|controls| controls.name()),
            page_limit: config.page_limit,
            is_durable: config.path.is_some(),
        };
        let conn = open_checked(&opening)?;
        let sqlite = |source| OpenError::Sqlite { path: opening.path.clone(), source };
        let (queues, incarnation) = found(&conn).map_err(sqlite)?;
        if let Some(recording) = &config.recording {
            recording.begin(incarnation);
        }
        let shared = Arc::new(Shared {
            inbox: Inbox::new(),
            readers: Readers::open(opening.clone(), config.delay_indexes).map_err(sqlite)?,
            routes: RwLock::new(Arc::new(Routes::of_queues(queues))),
            counters: stats::Counters::default(),
            tap: broadcast::Sender::new(TAP_EVENTS),
            incarnation,
            group_max: config.group_max.max(1),
            group_bytes: GROUP_BYTES,
            purge_grace: config.purge_grace,
            recording: config.recording,
        });
        let writer = {
            let shared = shared.clone();
            let run = move || write(&shared, conn, &opening);
            let spawned = std::thread::Builder::new().name("sqlite-writer".to_owned()).spawn(run);
            spawned.map_err(|source| OpenError::Io { path: folder.database.clone(), source })?
        };
        Ok(Self { shared, writer: Mutex::new(Some(writer)), folder: Mutex::new(Some(folder)) })
    }

    /// Commits what waits, and closes the file. Later calls answer that the store cannot be reached.
    pub fn close(&self) {
        self.shared.inbox.close();
        for queue in &self.shared.routes().queues {
            queue.close();
        }
        self.shared.readers.close();
        if let Some(writer) = lock(&self.writer).take() {
            // A writer that panicked has answered nobody, and said so on its own.
            writer.join().ok();
        }
        lock(&self.folder).take();
    }

    /// What it has done since it was opened.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.shared.counters.read()
    }

    /// Every event that is published from now on, once it is committed. A follower that falls behind misses some.
    #[must_use]
    pub fn tap(&self) -> broadcast::Receiver<Bytes> {
        self.shared.tap.subscribe()
    }

    /// What is wrong with the file itself: pages that are not what they should be, rows that an index does not have.
    /// Reads all of it.
    ///
    /// # Errors
    /// [`Outage`]: the file cannot be read.
    pub fn integrity(&self) -> Result<Vec<String>, Outage> {
        self.shared.readers.integrity()
    }

    /// For tests: queries see the file as it is now, until they are let go.
    ///
    /// # Errors
    /// [`Outage`]: the file cannot be read.
    pub fn hold_indexes(&self, hold: bool) -> Result<(), Outage> {
        self.shared.readers.hold_indexes(hold)
    }

    /// Commits `work`.
    async fn submit(&self, work: Work) -> Result<Outcome, Outage> {
        let Some(answer) = self.shared.inbox.put(Box::new(work)).await else { return Err(failure::closed()) };
        // A writer that is gone without an answer may have committed.
        answer.await.map_or(Ok(Outcome::Unknown), |(verdict, _)| verdict)
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.close();
    }
}

impl Store for Engine {
    fn caps(&self) -> Caps {
        Caps { fused: true, ..Caps::default() }
    }

    fn read(&self, keys: Vec<Key>, now: Timestamp) -> Boxed<'_, Result<Vec<Option<Item>>, Outage>> {
        Box::pin(async move { self.shared.readers.read(&keys, now) })
    }

    fn query(&self, query: Query, now: Timestamp) -> Boxed<'_, Result<Page, Outage>> {
        Box::pin(async move { self.shared.readers.query(&query, now) })
    }

    fn snapshot(&self, now: Timestamp) -> Boxed<'_, Result<Box<dyn Snapshot>, Outage>> {
        Box::pin(async move { self.shared.readers.snapshot(now) })
    }

    /// A unit that names a queue which was never declared is an outage, [`crate::OutageKind::Undeclared`]: a row that
    /// nobody takes would be a loss nobody sees.
    fn commit(&self, unit: Unit) -> Boxed<'_, Result<Outcome, Outage>> {
        Box::pin(async move { self.submit(Work::of_unit(unit, &self.shared.routes())?).await })
    }
}

impl Shared {
    fn routes(&self) -> Arc<Routes> {
        self.routes.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change_routes(&self, change: impl FnOnce(&mut Routes)) {
        let mut routes = self.routes.write().unwrap_or_else(PoisonError::into_inner);
        change(Arc::make_mut(&mut routes));
    }

    /// Gives the deliveries that `work` could not settle back to their queues.
    fn give_back(&self, work: &Work) {
        let routes = self.routes();
        for settled in &work.settles {
            if let Some(queue) = routes.queues.get(settled.queue) {
                queue.release(std::iter::once(settled.seq));
            }
        }
    }
}

fn open_checked(opening: &Opening) -> Result<Connection, OpenError> {
    let sqlite = |source| OpenError::Sqlite { path: opening.path.clone(), source };
    let conn = schema::open_writer(opening).map_err(sqlite)?;
    let found: i64 = conn.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(sqlite)?;
    if found > schema::LAYOUT {
        let path = opening.path.clone();
        return Err(OpenError::Newer { path, found, known: schema::LAYOUT });
    }
    Ok(conn)
}

/// The queues that the file knows, with what waits in them, and the number of this opening.
fn found(conn: &Connection) -> rusqlite::Result<(Vec<Arc<Queue>>, u64)> {
    let names: Vec<String> =
        conn.prepare(schema::QUEUES)?.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let mut waiting = vec![0; names.len()];
    let mut count = conn.prepare("SELECT owing, count(*) FROM message GROUP BY owing")?;
    let mut rows = count.query([])?;
    while let Some(row) = rows.next()? {
        let (owing, count): (i64, i64) = (row.get(0)?, row.get(1)?);
        for (bit, waiting) in waiting.iter_mut().enumerate() {
            *waiting += if owing & 1 << bit == 0 { 0 } else { count.cast_unsigned() };
        }
    }
    let last: Option<i64> = conn.query_row("SELECT max(seq) FROM message", [], |row| row.get(0))?;
    let last = last.map_or(0, i64::cast_unsigned);
    let marked: Option<i64> =
        conn.query_row("SELECT max(value) FROM meta WHERE name = 'incarnation'", [], |row| row.get(0))?;
    let incarnation = marked.map_or(0, i64::cast_unsigned).max(incarnation_of(last)) + 1;
    let queues = names.into_iter().zip(waiting).enumerate();
    let queues = queues.map(|(bit, (name, waiting))| Arc::new(Queue::new(name, bit, waiting, last)));
    Ok((queues.collect(), incarnation))
}

/// The writer's thread. A connection that cannot be used any more is replaced.
fn write(shared: &Shared, conn: Connection, opening: &Opening) {
    let _gone = Gone(shared);
    let mut conn = Some(conn);
    let mut next_seq = first_seq(shared.incarnation);
    while let Some(mut open) = conn.take() {
        match run(shared, &mut open, opening, next_seq) {
            Ok(End::Closed) => return,
            Ok(End::Unusable(next)) => next_seq = next,
            Err(error) => {
                tracing::error!(error = %error, "the writer cannot go on");
                return;
            }
        }
        drop(open);
        conn = match open_checked(opening) {
            Ok(conn) => Some(conn),
            Err(error) => {
                tracing::error!(error = %error, "the file cannot be opened again");
                None
            }
        };
    }
}

fn run(shared: &Shared, conn: &mut Connection, opening: &Opening, next_seq: u64) -> rusqlite::Result<End> {
    let log = Log::watch(conn, opening)?;
    Ok(Writer::new(shared, conn, log, next_seq)?.run())
}

/// Whatever ends the writer, nobody waits for it in vain.
struct Gone<'a>(&'a Shared);

impl Drop for Gone<'_> {
    fn drop(&mut self) {
        self.0.inbox.abandon();
    }
}

/// A lock whose holder panicked is taken all the same: each holder leaves the data whole at every step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
