//! Schema files as text, from a folder. Both the folder and each file are bounded.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};

/// The most files of one side: every version of hundreds of events.
pub const MAX_FILES: usize = 10_000;
/// The largest schema file that is read, in bytes.
pub const MAX_FILE_BYTES: u64 = 4 << 20;
/// How deep released files lie: `order.placed/1.0.0.json`.
const MAX_DEPTH: usize = 2;

/// One file with a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    /// Where it is, for people: `contracts/schemas/order.placed.v1.json`.
    pub shown: String,
    /// Its path below the folder, with slashes.
    pub path: String,
    /// What it says.
    pub text: String,
}

/// All `.json` files of a folder and of the folders in it, by path.
///
/// # Errors
/// The folder or a file cannot be read, or there is too much of it.
pub fn of_folder(folder: &Path) -> Result<Vec<Text>> {
    let mut found = Vec::new();
    collect(folder, "", MAX_DEPTH, &mut found)?;
    found.sort_unstable_by(|a, b| a.path.cmp(&b.path));
    Ok(found)
}

fn collect(folder: &Path, below: &str, depth: usize, found: &mut Vec<Text>) -> Result<()> {
    let cannot = || format!("the folder {} cannot be read", folder.display());
    for entry in fs::read_dir(folder).with_context(cannot)? {
        let entry = entry.with_context(cannot)?;
        let path = entry.path();
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
        let below = if below.is_empty() { name } else { format!("{below}/{name}") };
        let kind = fs::metadata(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        if kind.is_dir() && depth > 1 {
            collect(&path, &below, depth - 1, found)?;
        } else if kind.is_file() && path.extension().is_some_and(|extension| extension == "json") {
            if found.len() == MAX_FILES {
                bail!("{} has more than {MAX_FILES} schema files", folder.display());
            }
            let text = read(&path)?;
            found.push(Text { shown: path.display().to_string(), path: below, text });
        }
    }
    Ok(())
}

fn read(path: &PathBuf) -> Result<String> {
    let bounded = || -> io::Result<String> {
        let mut text = String::new();
        fs::File::open(path)?.take(MAX_FILE_BYTES + 1).read_to_string(&mut text)?;
        Ok(text)
    };
    let text = bounded().with_context(|| format!("{} cannot be read", path.display()))?;
    if text.len() as u64 > MAX_FILE_BYTES {
        bail!("{} has more than {MAX_FILE_BYTES} bytes: that is no schema", path.display());
    }
    Ok(text)
}
