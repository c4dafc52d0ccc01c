//! Where large data lies, and what seals it.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};
use bus::Difference;
use runtime::Env;
use store::Blobs;
use store::blobs::{Folder, Memory, Sealed};
use store::keys::{Bounds, KeyFile, Keys, Vault};

use super::Wishes;
use crate::config::{BlobsKind, BusKind, Config, KeysKind};

/// Opens both; what is missing is made. With `memory` nothing of it lies on this machine.
///
/// # Errors
/// A directory or a key file that cannot be used, an account that does not answer, a feature that was not compiled in.
pub(crate) async fn open(config: &Config, wishes: Wishes<'_>, env: &Env) -> Result<Arc<dyn Blobs>> {
    let large = &config.chosen.large;
    let blobs = match large.blobs {
        BlobsKind::Folder if wishes.memory => Arc::new(Memory::default()),
        BlobsKind::Folder => folder(&config.data, wishes.writer)?,
        BlobsKind::S3 => s3(config, true).await?,
    };
    let keys: Arc<dyn Keys> = match large.keys {
        KeysKind::None => return Ok(blobs),
        KeysKind::File if wishes.memory => return Ok(blobs),
        // What lies unsealed is read as it is.
        KeysKind::File if wishes.looks && makes_key(config) => return Ok(blobs),
        KeysKind::File => Arc::new(key_file(config)?),
        KeysKind::Kms => kms(config, true).await?,
    };
    let env = env.clone();
    Ok(Arc::new(Sealed::new(blobs, Vault::new(keys, Bounds::USUAL), move || env.now())))
}

fn folder(data: &Path, writer: &str) -> Result<Arc<dyn Blobs>> {
    let folder = data.join("blobs");
    let opened = Folder::open_as(&folder, writer);
    Ok(Arc::new(opened.with_context(|| format!("{} cannot be opened", folder.display()))?))
}

/// A key is made only where it lies beside what it seals, or where one process has all: processes that made one each could
/// not read one another's.
fn key_file(config: &Config) -> Result<KeyFile> {
    let path = config.chosen.large.key_path(&config.data);
    Ok(if may_make_key(config) { KeyFile::open_or_make(&path)? } else { KeyFile::open(&path)? })
}

fn may_make_key(config: &Config) -> bool {
    let large = &config.chosen.large;
    let is_shared = large.blobs == BlobsKind::Folder && large.key_file.is_empty();
    is_shared || config.chosen.bus == BusKind::Embedded
}

/// Whether services will make the key when they start.
fn makes_key(config: &Config) -> bool {
    may_make_key(config) && !config.chosen.large.key_path(&config.data).exists()
}

/// What of it the account lacks.
///
/// # Errors
/// The account does not answer.
pub(crate) async fn differences(config: &Config) -> Result<Vec<Difference>> {
    let mut found = Vec::new();
    if config.chosen.large.blobs == BlobsKind::S3 {
        found.extend(s3_difference(config).await?);
    }
    if config.chosen.large.keys == KeysKind::Kms {
        found.extend(kms_difference(config).await?);
    }
    Ok(found)
}

/// Removes bucket and key.
///
/// # Errors
/// The account does not answer, or they may not be removed.
pub(super) async fn demolish(config: &Config) -> Result<()> {
    if config.chosen.large.blobs == BlobsKind::S3 {
        s3_demolish(config).await?;
    }
    if config.chosen.large.keys == KeysKind::Kms {
        kms_demolish(config).await?;
    }
    Ok(())
}

#[cfg(feature = "aws")]
use super::aws::large::{kms, kms_demolish, kms_difference, s3, s3_demolish, s3_difference};

#[cfg(not(feature = "aws"))]
use absent::{kms, kms_demolish, kms_difference, s3, s3_demolish, s3_difference};

/// The same names where nothing of AWS was compiled in.
#[cfg(not(feature = "aws"))]
mod absent {
    use super::{Arc, Blobs, Config, Difference, Keys, Result};
    use crate::backends::not_compiled;

    pub(super) async fn s3(_: &Config, _: bool) -> Result<Arc<dyn Blobs>> {
        Err(not_compiled("--blobs s3"))
    }

    pub(super) async fn s3_difference(_: &Config) -> Result<Option<Difference>> {
        Err(not_compiled("--blobs s3"))
    }

    pub(super) async fn s3_demolish(_: &Config) -> Result<()> {
        Err(not_compiled("--blobs s3"))
    }

    pub(super) async fn kms(_: &Config, _: bool) -> Result<Arc<dyn Keys>> {
        Err(not_compiled("--keys kms"))
    }

    pub(super) async fn kms_difference(_: &Config) -> Result<Option<Difference>> {
        Err(not_compiled("--keys kms"))
    }

    pub(super) async fn kms_demolish(_: &Config) -> Result<()> {
        Err(not_compiled("--keys kms"))
    }
}
