//! Releasing contracts: what is released is copied once and never changes.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::files::{self, Text};
use super::version::{Name, Version};
use super::versions::Versions;

/// The folder of released files, below the contracts.
pub const FOLDER: &str = "released";
/// The checksums in it, as `sha256sum` writes them.
pub const SUMS: &str = "SHA256SUMS";

/// A file that is to be released.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Release {
    /// Which contract.
    pub contract: Name,
    /// Which version.
    pub version: Version,
    /// Where it goes, below the folder of released files.
    pub path: String,
    #[serde(skip)]
    text: String,
}

/// Why a contract cannot be released.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// Which contract.
    pub contract: Name,
    /// What is wrong, and what to do, in one sentence.
    pub reason: String,
}

/// What a release would do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// What is new.
    pub released: Vec<Release>,
    /// How many contracts are released as they are.
    pub unchanged: usize,
    /// What cannot be released.
    pub refused: Vec<Refusal>,
}

/// Compares the contracts with what was released.
///
/// # Errors
/// One of the folders cannot be read.
pub fn plan(contracts: &Path) -> Result<Plan> {
    let now = files::of_folder(&contracts.join("schemas"))?;
    let released = released(contracts)?;
    let versions = Versions::parse(&now)?;
    let mut plan = Plan::default();
    for file in &now {
        // Each file is one contract in one version, which its name and its `$id` say.
        let Some(contract) = file.path.strip_suffix(".json").and_then(|stem| stem.parse::<Name>().ok())
        else {
            continue;
        };
        let Some(version) = versions.0.get(&contract).and_then(|all| all.last()).map(|last| last.version)
        else {
            continue;
        };
        let path = format!("{}/{version}.json", contract.name);
        let last = last(&released, &contract);
        match released.get(&path) {
            Some(text) if *text == file.text => plan.unchanged += 1,
            Some(_) => plan.refused.push(Refusal {
                contract,
                reason: format!(
                    "{version} is released and never changes; give what was changed a higher version in \
                     contracts/src/events.rs. If only your own branch has {version}: remove contracts/{FOLDER}/{path}, \
                     and release again (docs/contracts.md, Releasing)"
                ),
            }),
            None if last.is_some_and(|last| last > version) => plan.refused.push(Refusal {
                contract,
                reason: format!("{version} is lower than a version that is released; give it a higher one"),
            }),
            None => plan.released.push(Release { contract, version, path, text: file.text.clone() }),
        }
    }
    Ok(plan)
}

/// Writes what is new, and its checksums.
///
/// # Errors
/// A file cannot be written. What was written stays; doing it again goes on.
pub fn write(contracts: &Path, plan: &Plan) -> Result<()> {
    let folder = contracts.join(FOLDER);
    for release in &plan.released {
        let path = folder.join(&release.path);
        create(&path, &release.text).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    let sums: String =
        released(contracts)?.iter().map(|(path, text)| format!("{}  {path}\n", sum(text))).collect();
    let path = folder.join(SUMS);
    if !plan.released.is_empty() {
        fs::write(&path, sums).with_context(|| format!("{} cannot be written", path.display()))?;
    }
    Ok(())
}

/// Never over a file that is there.
fn create(path: &PathBuf, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::File::create_new(path)?.write_all(text.as_bytes())
}

/// The SHA-256 of a text, in hexadecimal digits.
#[must_use]
pub fn sum(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn released(contracts: &Path) -> Result<BTreeMap<String, String>> {
    let folder = contracts.join(FOLDER);
    if !folder.is_dir() {
        return Ok(BTreeMap::new());
    }
    Ok(files::of_folder(&folder)?.into_iter().map(|Text { path, text, .. }| (path, text)).collect())
}

/// The highest version of the same major that is released.
fn last(released: &BTreeMap<String, String>, contract: &Name) -> Option<Version> {
    let version = |path: &String| -> Option<Version> {
        let (name, version) = path.strip_suffix(".json")?.split_once('/')?;
        let version: Version = version.parse().ok()?;
        (name == contract.name && version.major == contract.major).then_some(version)
    };
    released.keys().filter_map(version).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contracts(version: &str, text: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("schemas")).unwrap();
        set(folder.path(), version, text);
        folder
    }

    fn set(folder: &Path, version: &str, text: &str) {
        let schema = format!(
            r#"{{ "$id": "https://banyan.example/contracts/a.b/{version}.json", "title": "{text}" }}"#
        );
        fs::write(folder.join("schemas/a.b.v1.json"), schema).unwrap();
    }

    #[test]
    fn what_is_new_is_released_once_with_its_checksum() {
        let folder = contracts("1.0.0", "first");
        let first = plan(folder.path()).unwrap();
        assert_eq!((first.released.len(), first.unchanged, first.refused.len()), (1, 0, 0));
        write(folder.path(), &first).unwrap();
        let again = plan(folder.path()).unwrap();
        assert_eq!((again.released.len(), again.unchanged), (0, 1));
        set(folder.path(), "1.1.0", "second");
        write(folder.path(), &plan(folder.path()).unwrap()).unwrap();
        let sums = fs::read_to_string(folder.path().join("released/SHA256SUMS")).unwrap();
        let listed: Vec<&str> = sums.lines().filter_map(|line| line.split("  ").nth(1)).collect();
        assert_eq!(listed, ["a.b/1.0.0.json", "a.b/1.1.0.json"]);
    }

    #[test]
    fn what_is_released_is_never_written_over() {
        let folder = contracts("1.1.0", "first");
        write(folder.path(), &plan(folder.path()).unwrap()).unwrap();
        for (version, text) in [("1.1.0", "second"), ("1.0.0", "older")] {
            set(folder.path(), version, text);
            let plan = plan(folder.path()).unwrap();
            assert_eq!((plan.released.len(), plan.refused.len()), (0, 1), "{version}: {plan:?}");
            assert!(plan.refused[0].reason.contains("higher"), "{plan:?}");
            let names_the_way_back =
                plan.refused[0].reason.contains("remove contracts/released/a.b/1.1.0.json");
            assert_eq!(names_the_way_back, version == "1.1.0", "{plan:?}");
        }
        let forced = Plan {
            released: vec![Release {
                contract: "a.b.v1".parse().unwrap(),
                version: "1.1.0".parse().unwrap(),
                path: "a.b/1.1.0.json".to_owned(),
                text: "other".to_owned(),
            }],
            ..Plan::default()
        };
        assert!(write(folder.path(), &forced).is_err());
    }
}
