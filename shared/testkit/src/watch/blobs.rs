//! The Blobs port of a process, watched.

use std::sync::Arc;

use bytes::Bytes;
use contracts::{DataRef, Timestamp};
use store::{Blob, Blobs, Boxed, Outage};

use super::Watch;
use crate::faults::CLAIMED;
use crate::trace::hash_of;

/// See the module.
pub(crate) struct WatchedBlobs {
    pub(crate) inner: Arc<dyn Blobs>,
    pub(crate) watch: Arc<Watch>,
    pub(crate) process: usize,
}

impl WatchedBlobs {
    fn note<T>(&self, what: &str, name: DataRef, answer: &Result<T, Outage>) {
        let hex = name.hex();
        self.watch.trace.fold(&[hash_of(hex.as_bytes()), u64::from(answer.is_ok())]);
        self.watch.tell(Some(self.process), || {
            let how = answer.as_ref().err().map(|outage| format!(": {outage}"));
            format!("{what} blob {}{}", &hex[..8], how.unwrap_or_default())
        });
    }
}

impl Blobs for WatchedBlobs {
    fn put(&self, blob: Blob, now: Timestamp) -> Boxed<'_, Result<(), Outage>> {
        Box::pin(async move {
            let name = blob.name();
            self.watch.count(CLAIMED);
            let answer = self.inner.put(blob, now).await;
            self.note("put", name, &answer);
            answer
        })
    }

    fn get(&self, name: DataRef) -> Boxed<'_, Result<Option<Bytes>, Outage>> {
        Box::pin(async move {
            let answer = self.inner.get(name).await;
            self.note("get", name, &answer);
            answer
        })
    }

    fn renew(&self, name: DataRef, now: Timestamp) -> Boxed<'_, Result<bool, Outage>> {
        Box::pin(async move {
            let answer = self.inner.renew(name, now).await;
            self.note("renew", name, &answer);
            answer
        })
    }

    fn expire(&self, before: Timestamp, limit: usize) -> Boxed<'_, Result<usize, Outage>> {
        self.inner.expire(before, limit)
    }
}
