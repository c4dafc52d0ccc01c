//! What SQLite said, as what a caller does about it.

use std::path::PathBuf;

use rusqlite::ffi;

use crate::failure::{Outage, OutageKind};

/// Why an engine could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process works on the file; it must end first.
    #[error("{} is in use by process {pid}, which holds {}", path.display(), lock.display())]
    InUse {
        /// The database.
        path: PathBuf,
        /// The lock file.
        lock: PathBuf,
        /// What the holder wrote into it; empty when it could not be read.
        pid: String,
    },
    /// The file was written by a newer build, with this layout.
    #[error("{} has layout {found}, and this build knows layouts up to {known}", path.display())]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its layout.
        found: i64,
        /// The newest layout this build can read.
        known: i64,
    },
    /// The folder or the lock file cannot be made or written.
    #[error("cannot use {}", path.display())]
    Io {
        /// What was being opened.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// SQLite cannot open the file, or it is not a database.
    #[error("cannot open {}", path.display())]
    Sqlite {
        /// The database.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
}

/// Whether there was no room. Then nothing of the transaction can be in the log: its last frame was not written.
pub(super) fn is_full(error: &rusqlite::Error) -> bool {
    kind_of(error) == OutageKind::Full
}

pub(super) fn outage_of(error: &rusqlite::Error) -> Outage {
    Outage::new(kind_of(error), error.to_string())
}

fn kind_of(error: &rusqlite::Error) -> OutageKind {
    let Some(code) = error.sqlite_error() else { return OutageKind::Broken };
    match (code.extended_code, code.code) {
        // The file that readers and the writer share in memory could not grow.
        (ffi::SQLITE_IOERR_SHMSIZE, _) | (_, rusqlite::ErrorCode::DiskFull) => OutageKind::Full,
        (_, rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => OutageKind::Throttled,
        (_, rusqlite::ErrorCode::CannotOpen) => OutageKind::Unreachable,
        _ => OutageKind::Broken,
    }
}

/// After the engine was closed.
pub(super) fn closed() -> Outage {
    Outage::new(OutageKind::Unreachable, "the store was closed")
}
