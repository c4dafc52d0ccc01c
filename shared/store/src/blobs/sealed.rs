//! Blobs that only the shop can read: sealed on their way into another backend, each for its own name.

use std::sync::Arc;

use bytes::Bytes;
use contracts::{DataRef, Timestamp};

use super::{Blob, Blobs};
use crate::keys::Vault;
use crate::{Boxed, Outage};

/// Tells the time, for how old a data key is.
type Clock = Box<dyn Fn() -> Timestamp + Send + Sync>;

/// Another backend, of what was sealed.
pub struct Sealed {
    blobs: Arc<dyn Blobs>,
    vault: Vault,
    now: Clock,
}

impl Sealed {
    /// Seals with `vault` what lies in `blobs`. What lies there unsealed, from before, is read as it is.
    pub fn new(
        blobs: Arc<dyn Blobs>,
        vault: Vault,
        now: impl Fn() -> Timestamp + Send + Sync + 'static,
    ) -> Self {
        Self { blobs, vault, now: Box::new(now) }
    }
}

impl Blobs for Sealed {
    fn put(&self, blob: Blob, now: Timestamp) -> Boxed<'_, Result<(), Outage>> {
        Box::pin(async move {
            let Blob { name, content } = blob;
            let content = self.vault.seal(&content, name.hex().as_bytes(), (self.now)()).await?;
            self.blobs.put(Blob { name, content }, now).await
        })
    }

    fn get(&self, name: DataRef) -> Boxed<'_, Result<Option<Bytes>, Outage>> {
        Box::pin(async move {
            let Some(lying) = self.blobs.get(name).await? else { return Ok(None) };
            let opened = self.vault.open(&lying, name.hex().as_bytes(), (self.now)()).await?;
            Ok(Some(opened.unwrap_or(lying)))
        })
    }

    fn renew(&self, name: DataRef, now: Timestamp) -> Boxed<'_, Result<bool, Outage>> {
        self.blobs.renew(name, now)
    }

    fn expire(&self, before: Timestamp, limit: usize) -> Boxed<'_, Result<usize, Outage>> {
        self.blobs.expire(before, limit)
    }
}
