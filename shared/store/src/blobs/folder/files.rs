//! What is done to the files. A blob is written beside its place and renamed into it, so a file that is there is whole;
//! its time of change says when it was put or renewed last.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use aes_gcm::aead::Generate;
use bytes::Bytes;
use contracts::{DataRef, Timestamp};

use crate::blobs::{Blob, READ_BYTES};

/// What the name of the folder begins with where blobs are written before they get their place; on the same file system,
/// as a rename asks for. Whoever opens makes one of its own, so that no two write one file, whatever they are called.
const HALF_WRITTEN: &str = "tmp";
/// A folder in which nothing was written for so long was left by a process that was killed. To write one blob takes seconds.
const LEFT_AFTER: Duration = Duration::from_secs(3_600);

#[derive(Debug, Clone)]
pub(super) struct Files {
    folder: PathBuf,
    half_written: PathBuf,
}

impl Files {
    pub(super) fn open(folder: &Path, writer: &str) -> io::Result<Self> {
        let own = <[u8; 8]>::try_generate().map_err(io::Error::other)?;
        let own = format!("{HALF_WRITTEN}{writer}-{:016x}", u64::from_be_bytes(own));
        let files = Self { folder: folder.to_owned(), half_written: folder.join(own) };
        crate::sqlite::make_folder(&files.half_written)?;
        // By the clock of the file system: machines that share it may have others.
        files.clear(fs::metadata(&files.half_written)?.modified()?)?;
        Ok(files)
    }

    /// Removes what killed processes left half written. Others may do the same, and it is only room that is taken.
    fn clear(&self, now: SystemTime) -> io::Result<()> {
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            if !is_half_written(&entry) {
                continue;
            }
            let Some(found) = unless_gone(entry.metadata())? else { continue };
            let is_left = now.duration_since(found.modified()?).is_ok_and(|age| age > LEFT_AFTER);
            if is_left && let Err(error) = unless_gone(fs::remove_dir_all(entry.path())) {
                tracing::debug!(folder = %entry.path().display(), %error, "what was left half written stays");
            }
        }
        Ok(())
    }

    /// Removes the folder of what is half written, as nothing is any more.
    pub(super) fn close(&self) {
        fs::remove_dir(&self.half_written).ok();
    }

    pub(super) fn put(&self, blob: &Blob, now: Timestamp) -> io::Result<()> {
        let (shard, path) = self.place(blob.name());
        if self.get(blob.name())?.as_ref() == Some(blob.content()) {
            // Its writer may have died before the folder was synced.
            self.renew(blob.name(), now)?;
            return sync(&shard);
        }
        if !shard.exists() {
            fs::create_dir_all(&shard)?;
            sync(&self.folder)?;
        }
        if unless_gone(self.write(blob, now, &path))?.is_none() {
            // Nothing was written for so long that who started in the meantime took us for dead.
            crate::sqlite::make_folder(&self.half_written)?;
            self.write(blob, now, &path)?;
        }
        sync(&shard)
    }

    fn write(&self, blob: &Blob, now: Timestamp, path: &Path) -> io::Result<()> {
        let beside = self.half_written.join(blob.name().hex());
        let mut file = File::create(&beside)?;
        file.write_all(blob.content())?;
        file.set_modified(system(now))?;
        file.sync_all()?;
        fs::rename(&beside, path)
    }

    pub(super) fn get(&self, name: DataRef) -> io::Result<Option<Bytes>> {
        let Some(file) = unless_gone(File::open(self.place(name).1))? else { return Ok(None) };
        let mut content = Vec::new();
        file.take(READ_BYTES as u64).read_to_end(&mut content)?;
        Ok(Some(content.into()))
    }

    pub(super) fn renew(&self, name: DataRef, now: Timestamp) -> io::Result<bool> {
        let Some(file) = unless_gone(File::options().write(true).open(self.place(name).1))? else {
            return Ok(false);
        };
        file.set_modified(system(now))?;
        Ok(true)
    }

    pub(super) fn expire(&self, before: Timestamp, limit: usize) -> io::Result<usize> {
        let before = system(before);
        let mut gone = 0;
        for shard in fs::read_dir(&self.folder)? {
            let shard = shard?;
            if is_half_written(&shard) || !shard.file_type()?.is_dir() {
                continue;
            }
            for blob in fs::read_dir(shard.path())? {
                let blob = blob?;
                if gone == limit {
                    return Ok(gone);
                }
                // Another process that shares the folder may have been here before.
                let Some(kept) = unless_gone(blob.metadata())? else { continue };
                if kept.modified()? < before && unless_gone(fs::remove_file(blob.path()))?.is_some() {
                    gone += 1;
                }
            }
        }
        Ok(gone)
    }

    /// The folder that `name` lies in, and its file.
    fn place(&self, name: DataRef) -> (PathBuf, PathBuf) {
        let hex = name.hex();
        let (shard, rest) = hex.split_at(2);
        let shard = self.folder.join(shard);
        let path = shard.join(rest);
        (shard, path)
    }
}

fn is_half_written(entry: &fs::DirEntry) -> bool {
    entry.file_name().to_string_lossy().starts_with(HALF_WRITTEN)
}

fn unless_gone<T>(done: io::Result<T>) -> io::Result<Option<T>> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        done => done.map(Some),
    }
}

/// What was renamed into `folder` is there after a loss of power too.
fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn system(time: Timestamp) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_micros(u64::try_from(time.as_micros()).unwrap_or(0))
}
