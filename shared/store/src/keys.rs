//! The Keys port: data keys for what must not be read by who has only its bytes (envelope encryption).
//!
//! Content is sealed with a data key and lies beside that key, which is sealed itself, by a key that stays with its
//! keeper: a file, or KMS. [`Vault`] does the sealing; a keeper is asked only for data keys.

mod file;
#[cfg(feature = "aws")]
pub mod kms;
mod seal;
mod vault;

use bytes::Bytes;
use zeroize::Zeroizing;

use crate::{Boxed, Outage};

pub use file::{KeyFile, OpenError};
pub use vault::{Bounds, SEAL_BYTES, Vault};

/// The longest sealed data key, in bytes; those of KMS have some 200.
pub const WRAPPED_BYTES: usize = 1_024;

/// Makes data keys and opens them.
pub trait Keys: Send + Sync + 'static {
    /// A data key that nothing was sealed with yet.
    ///
    /// # Errors
    /// [`Outage`]: the keeper cannot be reached, or may not be asked.
    fn make(&self) -> Boxed<'_, Result<DataKey, Outage>>;

    /// The data key that lies sealed as `wrapped`; `None`: it was not sealed by this keeper for this use, or is damaged.
    ///
    /// # Errors
    /// [`Outage`]: as for [`Keys::make`]; also that the key it was sealed with is disabled, or gone.
    fn unwrap(&self, wrapped: Bytes) -> Boxed<'_, Result<Option<Secret>, Outage>>;
}

/// A data key, and how it lies beside what it seals.
#[derive(Debug, Clone)]
pub struct DataKey {
    /// The key.
    pub secret: Secret,
    /// The key, sealed; at most [`WRAPPED_BYTES`].
    pub wrapped: Bytes,
}

/// 256 bits that nobody is shown, and that are overwritten when they are dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<[u8; 32]>);

impl Secret {
    /// These bytes; `None` unless there are 32.
    #[must_use]
    pub fn new(bytes: &[u8]) -> Option<Self> {
        let mut secret = Zeroizing::new([0; 32]);
        if bytes.len() != secret.len() {
            return None;
        }
        secret.copy_from_slice(bytes);
        Some(Self(secret))
    }

    /// For a cipher.
    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(***)")
    }
}
