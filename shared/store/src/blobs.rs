//! The Blobs port: what is too large for a message, kept under the hash of its bytes.
//!
//! A message then carries the name instead of the data (claim check). Nothing is ever changed: equal content has one
//! name, so putting it again is harmless and only renews it. Nobody counts who refers to a blob: whoever still does
//! renews it, and what was not renewed for long expires.

mod folder;
#[cfg(feature = "aws")]
pub mod s3;
mod sealed;
mod shelf;

use bytes::Bytes;
use contracts::{DataRef, Timestamp};

use crate::{Boxed, Outage};

pub use folder::{Folder, OpenError};
pub use sealed::Sealed;
pub use shelf::{Memory, Shelf};

/// The longest blob, in bytes: as much as a unit of work may be, so whatever could be committed can be kept.
pub const BLOB_BYTES: usize = crate::limits::UNIT_BYTES;

/// The longest thing that is read under a name: a blob, what sealing adds, and one byte that shows that it is too long.
pub const READ_BYTES: usize = BLOB_BYTES + crate::keys::SEAL_BYTES + 1;

/// Keeps blobs by name.
pub trait Blobs: Send + Sync + 'static {
    /// Keeps `blob`. What was answered survives the loss of power. If it is there it is renewed, and put right if it
    /// was damaged.
    ///
    /// # Errors
    /// [`Outage`]: it may or may not have been kept; put it again.
    fn put(&self, blob: Blob, now: Timestamp) -> Boxed<'_, Result<(), Outage>>;

    /// The bytes under `name` as they lie there, at most [`READ_BYTES`]; `None` when there are none, or
    /// none yet. Whoever reads them compares them with their name.
    ///
    /// # Errors
    /// [`Outage`]: the blobs as a whole cannot be reached; ask again later.
    fn get(&self, name: DataRef) -> Boxed<'_, Result<Option<Bytes>, Outage>>;

    /// As if it was put again `now`, without its content; whether it is there.
    ///
    /// # Errors
    /// [`Outage`]: as for [`Blobs::get`].
    fn renew(&self, name: DataRef, now: Timestamp) -> Boxed<'_, Result<bool, Outage>>;

    /// Removes blobs that were put and renewed last before `before`, at most `limit` of them; how many. A backend that
    /// lets them expire by itself answers 0.
    ///
    /// # Errors
    /// [`Outage`]: as for [`Blobs::get`]; some may be gone.
    fn expire(&self, before: Timestamp, limit: usize) -> Boxed<'_, Result<usize, Outage>>;
}

/// Content that fits, and its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    name: DataRef,
    content: Bytes,
}

/// Content is longer than [`BLOB_BYTES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{size_bytes} bytes are more than the {BLOB_BYTES} that a blob may have")]
pub struct TooLarge {
    /// How long it is.
    pub size_bytes: usize,
}

impl Blob {
    /// `content`, named.
    ///
    /// # Errors
    /// [`TooLarge`].
    pub fn new(content: Bytes) -> Result<Self, TooLarge> {
        if content.len() > BLOB_BYTES {
            return Err(TooLarge { size_bytes: content.len() });
        }
        Ok(Self { name: DataRef::of(&content), content })
    }

    /// `content` under a name that is not its own, as damage leaves it: for tests, and for who shows what becomes of it.
    #[must_use]
    pub fn damaged(name: DataRef, content: Bytes) -> Self {
        Self { name, content }
    }

    /// What it is kept under.
    #[must_use]
    pub fn name(&self) -> DataRef {
        self.name
    }

    /// What is kept.
    #[must_use]
    pub fn content(&self) -> &Bytes {
        &self.content
    }
}
