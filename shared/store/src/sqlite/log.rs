//! The write-ahead log: how long it is, and when it is copied into the file. SQLite would do it inside a commit, while
//! everybody waits. Here it is copied beside the writer, or, when that is not enough, by the writer itself, after answering.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::Connection;
use rusqlite::hooks::Wal;
use rusqlite::wal::CheckpointMode;

use super::copier::Copier;
use super::schema::Opening;

/// Frames from which on an idle writer copies the log: 1 MB.
const IDLE_FRAMES: u64 = 256;

/// Frames from which on the log is copied beside a writer that has little to do: 4 MB.
const CALM_FRAMES: u64 = 1024;

/// Frames from which on a busy writer copies it between two groups: 32 MB. Rarely, as it costs three fsyncs; and by
/// itself, as a third thread would take the processor from the two that make groups.
const BUSY_FRAMES: u64 = 8 * 1024;

/// Frames from which on a writer waits for what is copied beside it: it grows faster than that.
const WAITING_FRAMES: u64 = 4 * BUSY_FRAMES;

/// Frames from which on snapshots are taken away, as they keep the log from starting again: 256 MB.
const REVOKE_FRAMES: u64 = 64 * 1024;

/// The log of the one connection that writes.
#[derive(Debug)]
pub(super) struct Log {
    /// As of the last commit.
    frames: Arc<AtomicU64>,
    copier: Copier,
    /// A busy writer copies from here on.
    due: u64,
    /// One that has little to do, from here on.
    calm_due: u64,
}

impl Log {
    /// Watches the log from now on.
    pub(super) fn watch(conn: &mut Connection, opening: &Opening) -> rusqlite::Result<Self> {
        let frames = Arc::new(AtomicU64::new(0));
        let told = frames.clone();
        conn.wal_hook(Some(move |_: &mut Wal, pages: std::ffi::c_int| {
            told.store(u64::try_from(pages).unwrap_or(0), Ordering::Relaxed);
            Ok(())
        }))?;
        let copier = Copier::new(opening.clone(), frames.clone());
        Ok(Self { frames, copier, due: BUSY_FRAMES, calm_due: CALM_FRAMES })
    }

    /// Copies the log if it is very long; whether it was copied.
    pub(super) fn when_busy(&mut self, conn: &Connection) -> bool {
        if self.copier.is_copying() {
            if self.frames() < WAITING_FRAMES {
                return false;
            }
            self.copier.wait();
        }
        let is_due = self.frames() >= self.due;
        if is_due {
            self.copy_between(conn);
        }
        is_due
    }

    /// Has the log copied beside it if it is long for a writer that has little to do; whether it was copied. The log starts
    /// again by itself when the copier gets to its end between two commits: the writer waits for no sync of the file.
    pub(super) fn when_calm(&mut self, conn: &Connection) -> bool {
        let frames = self.frames();
        if frames + CALM_FRAMES < self.calm_due {
            self.calm_due = CALM_FRAMES;
        }
        let was_copied = self.copier.has_copied();
        if was_copied {
            self.calm_due = frames + CALM_FRAMES;
        }
        let is_asked = frames >= self.calm_due && frames < self.due && self.copier.ask();
        if self.when_busy(conn) {
            return true;
        }
        if !is_asked && frames >= self.calm_due && !self.copier.is_copying() {
            self.copy_between(conn);
            return true;
        }
        was_copied
    }

    /// A reader may keep the log from starting again: not between any two groups, then.
    fn copy_between(&mut self, conn: &Connection) {
        let frames = self.frames();
        let whole = self.copy(conn, CheckpointMode::PASSIVE);
        let again = |after: u64| if whole { after } else { frames + after / 4 };
        (self.due, self.calm_due) = (again(BUSY_FRAMES), again(CALM_FRAMES));
    }

    /// Copies the log while nobody waits; whether it was copied.
    pub(super) fn when_idle(&mut self, conn: &Connection) -> bool {
        self.copier.has_copied();
        let is_due = self.frames() >= IDLE_FRAMES;
        if is_due {
            self.copy(conn, CheckpointMode::PASSIVE);
            (self.due, self.calm_due) = (BUSY_FRAMES, CALM_FRAMES);
        }
        is_due
    }

    /// Whether it is copied right now, beside the writer.
    pub(super) fn is_being_copied(&self) -> bool {
        self.copier.is_copying()
    }

    /// Copies the log and empties it.
    pub(super) fn at_close(&mut self, conn: &Connection) {
        self.copier.wait();
        self.copy(conn, CheckpointMode::TRUNCATE);
    }

    /// Readers have kept it from starting again for too long.
    pub(super) fn is_too_long(&self) -> bool {
        self.frames() >= REVOKE_FRAMES
    }

    fn frames(&self) -> u64 {
        self.frames.load(Ordering::Relaxed)
    }

    /// Copies as much as readers allow; whether that was all. Failing costs nothing but a longer log.
    fn copy(&self, conn: &Connection, mode: CheckpointMode) -> bool {
        match conn.wal_checkpoint_v2(None::<&str>, mode) {
            Ok((in_log, copied)) if in_log == copied => {
                self.frames.store(0, Ordering::Relaxed);
                true
            }
            Ok(_) => false,
            Err(error) => {
                tracing::warn!(error = %error, "the log could not be copied into the file");
                false
            }
        }
    }
}
