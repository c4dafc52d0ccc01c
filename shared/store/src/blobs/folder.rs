//! Blobs as files: `FOLDER/ab/cdef...`, named by their hash. One thread writes, so that no two writers meet; reads run
//! on the caller's thread.

mod files;

use std::io;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use bytes::Bytes;
use contracts::{DataRef, Timestamp};
use tokio::sync::{mpsc, oneshot};

use super::{Blob, Blobs};
use crate::{Boxed, Outage, OutageKind};
use files::Files;

/// Writes that wait for the thread; whoever has one more waits to hand it over.
const BACKLOG: usize = 64;

/// A folder of blobs that belongs to this process (whoever holds the lock of the database beside it), or that several
/// processes share.
#[derive(Debug)]
pub struct Folder {
    files: Files,
    inbox: Option<mpsc::Sender<Job>>,
    worker: Option<JoinHandle<()>>,
}

/// The folder cannot be made or written.
#[derive(Debug, thiserror::Error)]
#[error("cannot use {}", path.display())]
pub struct OpenError {
    /// Which.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

enum Job {
    Put(Blob, Timestamp, oneshot::Sender<Result<(), Outage>>),
    Renew(DataRef, Timestamp, oneshot::Sender<Result<bool, Outage>>),
    Expire(Timestamp, usize, oneshot::Sender<Result<usize, Outage>>),
}

impl Folder {
    /// Opens `folder`, makes it if need be, and clears what a killed process left half written an hour ago or earlier.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(folder: &Path) -> Result<Self, OpenError> {
        Self::open_as(folder, "")
    }

    /// The same for one `writer` of several processes that share the folder. The name is for people who look into it: several
    /// may have the same.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open_as(folder: &Path, writer: &str) -> Result<Self, OpenError> {
        let failed = |source| OpenError { path: folder.to_owned(), source };
        let files = Files::open(folder, writer).map_err(failed)?;
        let (inbox, jobs) = mpsc::channel(BACKLOG);
        let here = files.clone();
        let builder = std::thread::Builder::new().name("blobs".to_owned());
        let worker = builder.spawn(move || work(&here, jobs)).map_err(failed)?;
        Ok(Self { files, inbox: Some(inbox), worker: Some(worker) })
    }

    /// Has the thread do something, and waits for what it says.
    async fn ask<T>(&self, job: impl FnOnce(oneshot::Sender<Result<T, Outage>>) -> Job) -> Result<T, Outage> {
        let gone = || Outage::new(OutageKind::Broken, "the thread that writes blobs has ended");
        let (answer, answered) = oneshot::channel();
        let inbox = self.inbox.as_ref().ok_or_else(gone)?;
        inbox.send(job(answer)).await.map_err(|_| gone())?;
        answered.await.map_err(|_| gone())?
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        self.inbox = None;
        if let Some(worker) = self.worker.take() {
            worker.join().ok();
        }
    }
}

fn work(files: &Files, mut jobs: mpsc::Receiver<Job>) {
    // Who asked may have gone away: what was begun is finished all the same.
    while let Some(job) = jobs.blocking_recv() {
        match job {
            Job::Put(blob, now, answer) => {
                answer.send(files.put(&blob, now).map_err(outage)).ok();
            }
            Job::Renew(name, now, answer) => {
                answer.send(files.renew(name, now).map_err(outage)).ok();
            }
            Job::Expire(before, limit, answer) => {
                answer.send(files.expire(before, limit).map_err(outage)).ok();
            }
        }
    }
    files.close();
}

impl Blobs for Folder {
    fn put(&self, blob: Blob, now: Timestamp) -> Boxed<'_, Result<(), Outage>> {
        Box::pin(self.ask(move |answer| Job::Put(blob, now, answer)))
    }

    fn get(&self, name: DataRef) -> Boxed<'_, Result<Option<Bytes>, Outage>> {
        Box::pin(std::future::ready(self.files.get(name).map_err(outage)))
    }

    fn renew(&self, name: DataRef, now: Timestamp) -> Boxed<'_, Result<bool, Outage>> {
        Box::pin(self.ask(move |answer| Job::Renew(name, now, answer)))
    }

    fn expire(&self, before: Timestamp, limit: usize) -> Boxed<'_, Result<usize, Outage>> {
        Box::pin(self.ask(move |answer| Job::Expire(before, limit, answer)))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn outage(error: io::Error) -> Outage {
    let kind = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => OutageKind::Full,
        _ => OutageKind::Broken,
    };
    Outage::new(kind, format!("blobs: {error}"))
}
