//! What the contracts are compared with: a folder, or a commit.

use std::convert::Infallible;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use anyhow::{Context as _, Result, bail};

use super::versions::Versions;
use super::{files, git};

/// Where the contracts are looked for when nothing is said.
pub const FOLDER: &str = "contracts";

/// The side that was published before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Against {
    /// A folder, flat or with releases.
    Folder(PathBuf),
    /// A commit, branch or tag.
    Git(String),
}

impl FromStr for Against {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(match text.strip_prefix("git:") {
            Some(reference) => Self::Git(reference.to_owned()),
            None => Self::Folder(text.into()),
        })
    }
}

impl fmt::Display for Against {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => write!(f, "{}", folder.display()),
            Self::Git(reference) => write!(f, "git:{reference}"),
        }
    }
}

impl Against {
    /// Reads that side. At a commit, what was released there goes before what was only written.
    ///
    /// # Errors
    /// It is not there, cannot be read, or has no contracts.
    pub fn versions(&self, contracts: Option<&Path>) -> Result<Versions> {
        let files = match self {
            Self::Folder(folder) => files::of_folder(folder).with_context(|| {
                format!("nothing to compare with: name a folder such as {FOLDER}/released, or git:REF")
            })?,
            Self::Git(reference) => {
                let (folder, name) = place(contracts)?;
                git::files(
                    git::At { folder: &folder, contracts: &name },
                    reference,
                    &["released", "schemas"],
                )?
            }
        };
        if files.is_empty() {
            bail!("{self} has no schemas; expected order.placed.v1.json or order.placed/1.0.0.json there");
        }
        Versions::parse(&files)
    }
}

/// The folder of the contracts, when there is one, and what is in it now; else what this binary was built with.
///
/// # Errors
/// The folder cannot be read, or has something else in it.
pub fn now(folder: Option<&Path>) -> Result<(Option<PathBuf>, Versions)> {
    let folder =
        folder.map(Path::to_owned).or_else(|| Some(FOLDER.into()).filter(|folder: &PathBuf| folder.is_dir()));
    let now = folder.as_deref().map_or_else(Versions::built_in, Versions::working)?;
    Ok((folder, now))
}

/// The folder above the contracts, and their name in it.
fn place(contracts: Option<&Path>) -> Result<(PathBuf, String)> {
    let Some(contracts) = contracts else { return Ok((PathBuf::from("."), FOLDER.to_owned())) };
    let whole = contracts
        .canonicalize()
        .with_context(|| format!("the folder {} cannot be read", contracts.display()))?;
    match (whole.parent(), whole.file_name().and_then(|name| name.to_str())) {
        (Some(parent), Some(name)) => Ok((parent.to_owned(), name.to_owned())),
        _ => bail!("{} is no folder below a repository", contracts.display()),
    }
}
