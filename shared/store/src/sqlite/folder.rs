//! Where the file lies, and that one process works on it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::failure::OpenError;

/// A database file that belongs to this process.
#[derive(Debug)]
pub(super) struct Folder {
    pub database: PathBuf,
    /// Held for as long as this lives. The system lets go of it when the process ends, however it ends.
    _lock: File,
    /// To be removed in the end.
    temporary: Option<PathBuf>,
}

impl Folder {
    /// Makes the folder of `database` and locks it: `DIR/banyan.db` by `DIR/banyan.lock`.
    pub(super) fn of_file(database: &Path) -> Result<Self, OpenError> {
        if let Some(folder) = database.parent() {
            make(folder).map_err(|e| io(folder, e))?;
        }
        let path = database.with_extension("lock");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|e| io(&path, e))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                file.read_to_string(&mut pid).ok();
                let pid = pid.trim().to_owned();
                return Err(OpenError::InUse { path: database.to_owned(), lock: path, pid });
            }
            Err(TryLockError::Error(source)) => return Err(io(&path, source)),
        }
        // The holder's number is for people; on a full disk it does without.
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .ok();
        Ok(Self { database: database.to_owned(), _lock: file, temporary: None })
    }

    /// A folder that goes when this does.
    pub(super) fn temporary() -> Result<Self, OpenError> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("banyan-{}-{number}", std::process::id()));
        // Left over from a process of the same number that was killed.
        std::fs::remove_dir_all(&folder).ok();
        let mut made = Self::of_file(&folder.join("banyan.db"))?;
        made.temporary = Some(folder);
        Ok(made)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Some(folder) = &self.temporary {
            std::fs::remove_dir_all(folder).ok();
        }
    }
}

/// Makes `folder` and those above it, so that they are there after a loss of power too: SQLite syncs the folder that its
/// files lie in, and none above.
pub(crate) fn make(folder: &Path) -> std::io::Result<()> {
    let is_missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
    let missing: Vec<&Path> = folder.ancestors().take_while(is_missing).collect();
    std::fs::create_dir_all(folder)?;
    for made in missing {
        let above = made.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(above)?.sync_all()?;
    }
    Ok(())
}

fn io(path: &Path, source: std::io::Error) -> OpenError {
    OpenError::Io { path: path.to_owned(), source }
}
