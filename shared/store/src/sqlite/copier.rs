//! Copies the log into the file beside the writer, so that no commit waits for it: a thread and a connection of its own.
//! While it copies, the log goes on growing; what came meanwhile is copied in another turn.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::wal::CheckpointMode;
use rusqlite::{Connection, ErrorCode};

use super::lock;
use super::schema::{self, Opening};

/// Turns for one order: each leaves only what came during it, and the one that leaves nothing lets the log start again.
const TURNS: u32 = 4;

/// What the copier is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Doing {
    #[default]
    Nothing,
    /// It is asked to copy, or copies.
    Copying,
    /// It has copied what it could.
    Done,
    /// It is to end.
    Closed,
}

#[derive(Debug, Default)]
struct Desk {
    doing: Mutex<Doing>,
    changed: Condvar,
}

/// Ends with its owner, after what it is doing.
#[derive(Debug)]
pub(super) struct Copier {
    opening: Opening,
    /// Frames of the log, as of the writer's last commit.
    frames: Arc<AtomicU64>,
    desk: Arc<Desk>,
    /// Started when it is first needed.
    thread: Option<JoinHandle<()>>,
}

impl Copier {
    pub(super) fn new(opening: Opening, frames: Arc<AtomicU64>) -> Self {
        Self { opening, frames, desk: Arc::default(), thread: None }
    }

    /// Asks for a copy; whether somebody is there to do it.
    pub(super) fn ask(&mut self) -> bool {
        if self.thread.is_none() && !self.start() {
            return false;
        }
        let mut doing = lock(&self.desk.doing);
        if *doing == Doing::Nothing {
            *doing = Doing::Copying;
            self.desk.changed.notify_all();
        }
        true
    }

    /// Whether it is at it.
    pub(super) fn is_copying(&self) -> bool {
        *lock(&self.desk.doing) == Doing::Copying
    }

    /// Whether it has copied something since this was asked last.
    pub(super) fn has_copied(&self) -> bool {
        let mut doing = lock(&self.desk.doing);
        let has_copied = *doing == Doing::Done;
        if has_copied {
            *doing = Doing::Nothing;
        }
        has_copied
    }

    /// Waits until it is not at it any more.
    pub(super) fn wait(&self) {
        let doing = lock(&self.desk.doing);
        let copies = |doing: &mut Doing| *doing == Doing::Copying;
        drop(self.desk.changed.wait_while(doing, copies).unwrap_or_else(PoisonError::into_inner));
    }

    fn start(&mut self) -> bool {
        let conn = match schema::open_copier(&self.opening) {
            Ok(conn) => conn,
            Err(error) => {
                tracing::warn!(error = %error, "the file cannot be opened to copy the log");
                return false;
            }
        };
        let (desk, frames) = (self.desk.clone(), self.frames.clone());
        let run = move || work(&conn, &frames, &desk);
        match std::thread::Builder::new().name("sqlite-copier".to_owned()).spawn(run) {
            Ok(thread) => self.thread = Some(thread),
            Err(error) => tracing::warn!(error = %error, "no thread to copy the log"),
        }
        self.thread.is_some()
    }
}

impl Drop for Copier {
    fn drop(&mut self) {
        self.wait();
        *lock(&self.desk.doing) = Doing::Closed;
        self.desk.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            // One that panicked has said so on its own, and the log is only longer.
            thread.join().ok();
        }
    }
}

fn work(conn: &Connection, frames: &AtomicU64, desk: &Desk) {
    // Whatever ends it, the writer does not wait in vain.
    let _left = Left(desk);
    loop {
        let mut doing = lock(&desk.doing);
        while matches!(*doing, Doing::Nothing | Doing::Done) {
            doing = desk.changed.wait(doing).unwrap_or_else(PoisonError::into_inner);
        }
        if *doing == Doing::Closed {
            return;
        }
        drop(doing);
        copy(conn, frames);
        let mut doing = lock(&desk.doing);
        if *doing == Doing::Copying {
            *doing = Doing::Done;
        }
        drop(doing);
        desk.changed.notify_all();
    }
}

fn copy(conn: &Connection, frames: &AtomicU64) {
    for _ in 0..TURNS {
        match conn.wal_checkpoint_v2(None::<&str>, CheckpointMode::PASSIVE) {
            Ok((_, copied)) => {
                let left = frames.load(Ordering::Relaxed).saturating_sub(u64::try_from(copied).unwrap_or(0));
                if left == 0 {
                    return;
                }
            }
            // Somebody else is at it, such as a second program that looks into the file: it is done next time.
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => return,
            Err(error) => {
                tracing::warn!(error = %error, "the log could not be copied into the file");
                return;
            }
        }
    }
}

struct Left<'a>(&'a Desk);

impl Drop for Left<'_> {
    fn drop(&mut self) {
        *lock(&self.0.doing) = Doing::Closed;
        self.0.changed.notify_all();
    }
}
