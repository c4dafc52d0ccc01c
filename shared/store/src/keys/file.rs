//! Keys of a file, for one machine or a mounted secret: one in a line, the first seals, all open. A new key is written
//! above the old ones, which go when nothing is left that they sealed.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use aes_gcm::aead::Generate;
use bytes::Bytes;

use super::{DataKey, Keys, Secret, seal};
use crate::Boxed;
use crate::failure::Outage;

/// What a line with a key begins with; 64 hexadecimal digits follow.
const NAME: &str = "banyan-key-1:";
/// Keys in one file: each is tried.
const KEYS: usize = 16;
/// Bytes of one file.
const FILE_BYTES: u64 = 16 * 1_024;
/// Binds a data key to what it is for.
const CONTEXT: &[u8] = b"banyan data key";

/// The keys of one file.
#[derive(Debug)]
pub struct KeyFile {
    /// Never empty.
    keys: Vec<Secret>,
}

/// The file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It cannot be read or made.
    #[error("cannot use the key file {}", path.display())]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There is none.
    #[error(
        "the key file {} is missing; make one that all processes have: (printf {NAME}; openssl rand -hex 32) > {}",
        path.display(), path.display()
    )]
    Missing {
        /// Which.
        path: PathBuf,
    },
    /// Others may read it.
    #[error("others may read the key file {}; run: chmod 600 {}", path.display(), path.display())]
    Open {
        /// Which.
        path: PathBuf,
    },
    /// It is not a key file.
    #[error("line {line} of the key file {} is not `{NAME}` and 64 hexadecimal digits; as many as {KEYS} such lines make one", path.display())]
    Malformed {
        /// Which.
        path: PathBuf,
        /// Where.
        line: usize,
    },
}

impl KeyFile {
    /// The keys in the file at `path`.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let failed = |source| OpenError::Io { path: path.to_owned(), source };
        let mut file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(OpenError::Missing { path: path.to_owned() });
            }
            opened => opened.map_err(failed)?,
        };
        if is_open_to_others(&file).map_err(failed)? {
            return Err(OpenError::Open { path: path.to_owned() });
        }
        let mut text = zeroize::Zeroizing::new(String::new());
        (&mut file).take(FILE_BYTES).read_to_string(&mut text).map_err(failed)?;
        Ok(Self { keys: parse(&text).map_err(|line| OpenError::Malformed { path: path.to_owned(), line })? })
    }

    /// The same; where there is none, one is made with a fresh key, that only its owner may read. Processes that do so at
    /// once get the same. Only where everybody who seals sees this file: two keys for one place are a key too few.
    ///
    /// # Errors
    /// [`OpenError`].
    pub fn open_or_make(path: &Path) -> Result<Self, OpenError> {
        if let Err(OpenError::Missing { .. }) = Self::open(path) {
            make(path).map_err(|source| OpenError::Io { path: path.to_owned(), source })?;
        }
        Self::open(path)
    }
}

/// The line that is wrong, otherwise.
fn parse(text: &str) -> Result<Vec<Secret>, usize> {
    let mut keys = vec![];
    for (nth, line) in text.lines().map(str::trim).enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let key = line.strip_prefix(NAME).and_then(unhex).filter(|_| keys.len() < KEYS).ok_or(nth + 1)?;
        keys.push(key);
    }
    if keys.is_empty() { Err(1) } else { Ok(keys) }
}

fn unhex(hex: &str) -> Option<Secret> {
    let digits = hex.as_bytes();
    if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let mut bytes = zeroize::Zeroizing::new([0; 32]);
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Secret::new(bytes.as_slice())
}

/// Whole, or not at all; what another process has put there in the meantime stays.
fn make(path: &Path) -> io::Result<()> {
    let secret = seal::fresh().map_err(|outage| io::Error::other(outage.detail))?;
    let hex: String = secret.bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    let text = zeroize::Zeroizing::new(format!(
        "# Seals what banyan keeps; whoever has this can read it, and without it nobody can.\n{NAME}{hex}\n"
    ));
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    crate::sqlite::make_folder(folder)?;
    // Nobody else writes where one writes.
    let own = <[u8; 8]>::try_generate().map_err(io::Error::other)?;
    let beside = path.with_extension(format!("new{:016x}", u64::from_be_bytes(own)));
    let mut file = private(&beside)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    let linked = match fs::hard_link(&beside, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        linked => linked,
    };
    fs::remove_file(&beside)?;
    linked?;
    File::open(folder)?.sync_all()
}

#[cfg(unix)]
fn private(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    File::options().write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn private(path: &Path) -> io::Result<File> {
    File::create_new(path)
}

#[cfg(unix)]
fn is_open_to_others(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    Ok(file.metadata()?.permissions().mode() & 0o007 != 0)
}

#[cfg(not(unix))]
fn is_open_to_others(_: &File) -> io::Result<bool> {
    Ok(false)
}

impl Keys for KeyFile {
    fn make(&self) -> Boxed<'_, Result<DataKey, Outage>> {
        let made = seal::fresh().and_then(|secret| {
            let wrapped = seal::seal(&self.keys[0], secret.bytes(), CONTEXT)?.into();
            Ok(DataKey { secret, wrapped })
        });
        Box::pin(std::future::ready(made))
    }

    fn unwrap(&self, wrapped: Bytes) -> Boxed<'_, Result<Option<Secret>, Outage>> {
        let opened = self.keys.iter().find_map(|key| seal::open(key, &wrapped, CONTEXT));
        let opened = opened.map(zeroize::Zeroizing::new);
        Box::pin(std::future::ready(Ok(opened.and_then(|bytes| Secret::new(&bytes)))))
    }
}
