//! Finding the files.

use std::fs;
use std::path::{Path, PathBuf};

use contracts::{Described, EventType, catalogue};

pub(crate) fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The `.json` files of a folder of this crate, by name.
pub(crate) fn json_files(name: &str) -> Vec<(String, String)> {
    let mut files: Vec<(String, String)> = fs::read_dir(folder(name))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| {
            (path.file_name().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(&path).unwrap())
        })
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{name} is empty");
    files
}

/// What the catalogue says about a type; examples of retired versions stay readable, so it must say something.
pub(crate) fn described(kind: &EventType) -> &'static Described {
    catalogue()
        .iter()
        .find(|event| event.kind == kind.as_str())
        .unwrap_or_else(|| panic!("{kind} is not in the catalogue"))
}
