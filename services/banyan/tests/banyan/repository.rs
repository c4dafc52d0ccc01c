//! The rules of the repository that no compiler knows: who depends on whom, and what is absent from the sources.

mod documents;
mod examples;
mod manifests;
mod sources;

use std::fs;
use std::path::{Path, PathBuf};

/// The folder of the whole repository.
pub(crate) fn root() -> PathBuf {
    let services = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    services.parent().unwrap().to_owned()
}

/// Where there are crates, as paths from the root: what `members` of the root manifest stands for.
fn crates() -> Vec<String> {
    let mut crates = vec!["contracts".to_owned()];
    for folder in ["shared", "services"] {
        for entry in fs::read_dir(root().join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let path = format!("{folder}/{name}");
            if root().join(&path).join("Cargo.toml").exists() {
                crates.push(path);
            }
        }
    }
    crates.sort();
    assert!(crates.len() > 5, "{crates:?}");
    crates
}

pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}
