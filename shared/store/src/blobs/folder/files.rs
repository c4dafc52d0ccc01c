//! What is done to the files. A blob is written beside its place and renamed into it, so a file that is there is whole;
//! its time of change says when it was put or renewed last.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use contracts::{DataRef, Timestamp};

use crate::blobs::{Blob, READ_BYTES};

/// What the name of the folder begins with where blobs are written before they get their place; on the same file system,
/// as a rename asks for. Each writer has one of its own, so that no two write one file.
const HALF_WRITTEN: &str = "tmp";

#[derive(Debug, Clone)]
pub(super) struct Files {
    folder: PathBuf,
    half_written: PathBuf,
}

impl Files {
    pub(super) fn open(folder: &Path, writer: &str) -> io::Result<Self> {
        let half_written = folder.join(format!("{HALF_WRITTEN}{writer}"));
        if half_written.exists() {
            fs::remove_dir_all(&half_written)?;
        }
        crate::sqlite::make_folder(&half_written)?;
        Ok(Self { folder: folder.to_owned(), half_written })
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
        let beside = self.half_written.join(blob.name().hex());
        let mut file = File::create(&beside)?;
        file.write_all(blob.content())?;
        file.set_modified(system(now))?;
        file.sync_all()?;
        fs::rename(&beside, &path)?;
        sync(&shard)
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
            let is_half_written = shard.file_name().to_string_lossy().starts_with(HALF_WRITTEN);
            if is_half_written || !shard.file_type()?.is_dir() {
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
