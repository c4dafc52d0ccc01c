//! Where data lies that is too large for a message, and what it is sealed with.

use std::fmt;
use std::path::{Path, PathBuf};

use super::BusKind;

/// Where large data lies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BlobsKind {
    /// In the folder `blobs` of the data directory.
    #[default]
    Folder,
    /// In a bucket of S3.
    S3,
}

/// Who keeps the keys that large data is sealed with.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum KeysKind {
    /// Nobody: it is not sealed.
    #[default]
    None,
    /// A file.
    File,
    /// KMS.
    Kms,
}

/// Large data.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Large {
    /// Where it lies.
    pub blobs: BlobsKind,
    /// The bucket; empty: one that is named after prefix, account and region.
    pub bucket: String,
    /// Who keeps the keys.
    pub keys: KeysKind,
    /// The file with keys; empty: `banyan.key` in the data directory.
    pub key_file: String,
    /// The key of KMS; empty: an alias that is the prefix.
    pub kms_key: String,
}

impl Large {
    /// Of what the settings say.
    ///
    /// # Errors
    /// The name of the setting that is wrong, and what it must be.
    pub(super) fn of(
        text: impl Fn(&str) -> String,
        bus: BusKind,
    ) -> Result<Self, (&'static str, &'static str)> {
        let blobs = match (text("blobs").as_str(), bus) {
            ("", BusKind::Embedded | BusKind::RabbitMq) | ("folder", _) => BlobsKind::Folder,
            ("", BusKind::Aws) | ("s3", _) => BlobsKind::S3,
            _ => return Err(("blobs", "folder or s3")),
        };
        let keys = match text("keys").as_str() {
            "none" => KeysKind::None,
            "file" => KeysKind::File,
            "kms" => KeysKind::Kms,
            _ => return Err(("keys", "none, file or kms")),
        };
        Ok(Self { blobs, bucket: text("bucket"), keys, key_file: text("key_file"), kms_key: text("kms_key") })
    }

    /// The file with keys, where `data` is the data directory.
    #[must_use]
    pub fn key_path(&self, data: &Path) -> PathBuf {
        match self.key_file.as_str() {
            "" => data.join("banyan.key"),
            named => PathBuf::from(named),
        }
    }
}

impl fmt::Display for BlobsKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Folder => "folder",
            Self::S3 => "s3",
        })
    }
}

impl fmt::Display for KeysKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::File => "file",
            Self::Kms => "kms",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Flags};

    #[test]
    fn large_data_lies_where_the_bus_is_unless_it_is_said_and_is_sealed_when_that_is_said() {
        let of = |text: &str| Config::from_sources(&Flags::default(), |_| None, text);
        let large = |text: &str| of(text).unwrap().chosen.large;
        assert_eq!(large(""), Large::default());
        assert_eq!(large("bus = \"rabbitmq\"").blobs, BlobsKind::Folder);
        assert_eq!(large("bus = \"aws\"").blobs, BlobsKind::S3);
        assert_eq!(large("bus = \"aws\"\nblobs = \"folder\"").blobs, BlobsKind::Folder);
        let sealed = large("blobs = \"s3\"\nkeys = \"file\"\nkey_file = \"/run/key\"");
        assert_eq!((sealed.blobs, sealed.keys), (BlobsKind::S3, KeysKind::File));
        assert_eq!(sealed.key_path(Path::new("data")), Path::new("/run/key"));
        assert_eq!(Large::default().key_path(Path::new("data")), Path::new("data/banyan.key"));
        for wrong in ["blobs = \"bucket\"", "keys = \"vault\""] {
            let problems = of(wrong).unwrap_err().0;
            assert!(problems.len() == 1 && problems[0].contains("from banyan.toml"), "{problems:?}");
        }
        assert_eq!(of("bus = \"aws\"").unwrap().origins["blobs"].0, "s3");
    }
}
