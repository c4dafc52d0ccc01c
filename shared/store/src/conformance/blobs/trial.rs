//! What the cases are written with.

use std::sync::Arc;

use bytes::Bytes;
use contracts::{DataRef, Timestamp};

use super::Subject;
use crate::{Blob, Blobs};

/// Blobs that nothing is kept in yet.
pub(super) struct Trial {
    pub(super) blobs: Arc<dyn Blobs>,
}

/// `second` seconds after the cases began.
pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_micros(1_795_000_000_000_000 + second * 1_000_000)
}

pub(super) fn blob(text: &str) -> Blob {
    of(Bytes::copy_from_slice(text.as_bytes()))
}

#[expect(clippy::expect_used, reason = "no case puts anything longer")]
pub(super) fn of(content: Bytes) -> Blob {
    Blob::new(content).expect("it fits")
}

impl Trial {
    pub(super) async fn new(subject: &dyn Subject) -> Self {
        Self { blobs: subject.fresh().await }
    }

    pub(super) async fn put(&self, blob: &Blob, second: i64) -> Result<(), String> {
        self.blobs.put(blob.clone(), at(second)).await.map_err(|outage| format!("put: {outage}"))
    }

    pub(super) async fn get(&self, name: DataRef) -> Result<Option<Bytes>, String> {
        self.blobs.get(name).await.map_err(|outage| format!("get: {outage}"))
    }

    /// Whether it is there as it was put.
    pub(super) async fn keeps(&self, blob: &Blob) -> Result<bool, String> {
        Ok(self.get(blob.name()).await?.as_ref() == Some(blob.content()))
    }

    pub(super) async fn renew(&self, name: DataRef, second: i64) -> Result<bool, String> {
        self.blobs.renew(name, at(second)).await.map_err(|outage| format!("renew: {outage}"))
    }

    pub(super) async fn expire(&self, second: i64, limit: usize) -> Result<usize, String> {
        self.blobs.expire(at(second), limit).await.map_err(|outage| format!("expire: {outage}"))
    }
}
