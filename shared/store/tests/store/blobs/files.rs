//! Blobs in a folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use contracts::{DataRef, Timestamp};
use store::blobs::{BLOB_BYTES, Folder, READ_BYTES};
use store::conformance::blobs::{Hook, Subject};
use store::{Blob, Blobs, Boxed};
use tempfile::TempDir;

use super::{name_of, pass_all};

#[derive(Default)]
struct Files(Mutex<Option<TempDir>>);

impl Files {
    fn open(&self) -> Arc<dyn Blobs> {
        Arc::new(Folder::open(self.0.lock().unwrap().as_ref().unwrap().path()).unwrap())
    }

    fn file(&self, name: DataRef) -> PathBuf {
        place(self.0.lock().unwrap().as_ref().unwrap().path(), name)
    }
}

fn place(folder: &Path, name: DataRef) -> PathBuf {
    let hex = name.hex();
    folder.join(&hex[..2]).join(&hex[2..])
}

impl Subject for Files {
    fn fresh(&self) -> Boxed<'_, Arc<dyn Blobs>> {
        *self.0.lock().unwrap() = Some(TempDir::new().unwrap());
        Box::pin(async { self.open() })
    }

    fn reopen(&self) -> Boxed<'_, Option<Arc<dyn Blobs>>> {
        Box::pin(async { Some(self.open()) })
    }

    fn hook(&self, hook: Hook) -> bool {
        let Hook::Damage(name) = hook else { return false };
        fs::write(self.file(name), "damag").unwrap();
        true
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

#[test]
fn blobs_in_a_folder_pass_every_case() {
    let runtime = runtime();
    let skipped = pass_all(&Files::default(), &|case| runtime.block_on(case));
    assert_eq!(
        skipped,
        [
            "skipped: an_outage_says_so_and_loses_nothing (no hook Down)",
            "skipped: a_put_whose_answer_was_lost_can_be_repeated (no hook LoseReply)",
        ]
    );
}

/// The folders in which blobs are written before they get their place.
fn half_written(folder: &Path) -> Vec<PathBuf> {
    let all = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    all.filter(|path| path.file_name().unwrap().to_string_lossy().starts_with("tmp")).collect()
}

/// As if nothing had been written there for long.
fn age(folder: &Path) {
    fs::File::open(folder).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap();
}

fn blob(content: &str) -> Blob {
    Blob::new(content.to_owned().into()).unwrap()
}

#[test]
fn what_a_killed_process_left_half_written_is_cleared_after_a_while_and_never_shown() {
    let folder = TempDir::new().unwrap();
    let name = name_of("whole");
    let left = ["tmp", "tmporders-0123456789abcdef", "tmpyoung"].map(|left| folder.path().join(left));
    for left in &left {
        fs::create_dir_all(left).unwrap();
        fs::write(left.join(name.hex()), "who").unwrap();
    }
    let [old, other, young] = left;
    age(&old);
    age(&other);
    let blobs = Folder::open(folder.path()).unwrap();
    assert_eq!([&old, &other, &young].map(|left| left.exists()), [false, false, true]);
    runtime().block_on(async {
        assert_eq!(blobs.get(name).await.unwrap(), None);
        blobs.put(blob("whole"), Timestamp::EPOCH).await.unwrap();
    });
    assert_eq!(fs::read_to_string(place(folder.path(), name)).unwrap(), "whole");
    drop(blobs);
    assert_eq!(half_written(folder.path()), [young], "nothing is left of who ends well");
}

#[test]
fn who_starts_under_the_same_name_takes_nothing_from_who_is_writing() {
    let folder = TempDir::new().unwrap();
    let is_done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_done.load(Ordering::SeqCst) {
                drop(Folder::open_as(folder.path(), "orders").unwrap());
            }
        });
        let blobs = Folder::open_as(folder.path(), "orders").unwrap();
        let failed: Vec<_> = (0..200)
            .filter_map(|n| runtime().block_on(blobs.put(blob(&format!("{n}")), Timestamp::EPOCH)).err())
            .collect();
        is_done.store(true, Ordering::SeqCst);
        assert_eq!(failed, []);
    });
}

#[test]
fn who_wrote_nothing_for_long_goes_on_when_others_have_cleared_up() {
    let folder = TempDir::new().unwrap();
    let blobs = Folder::open_as(folder.path(), "orders").unwrap();
    let own = half_written(folder.path()).remove(0);
    age(&own);
    drop(Folder::open_as(folder.path(), "payment").unwrap());
    assert!(!own.exists());
    runtime().block_on(blobs.put(blob("late"), Timestamp::EPOCH)).unwrap();
    assert_eq!(fs::read_to_string(place(folder.path(), name_of("late"))).unwrap(), "late");
}

#[test]
fn a_file_that_grew_is_not_read_without_end() {
    let folder = TempDir::new().unwrap();
    let blobs = Folder::open(folder.path()).unwrap();
    let runtime = runtime();
    runtime.block_on(blobs.put(Blob::new("a".into()).unwrap(), Timestamp::EPOCH)).unwrap();
    fs::File::options()
        .write(true)
        .open(place(folder.path(), name_of("a")))
        .unwrap()
        .set_len(1 << 30)
        .unwrap();
    let got = runtime.block_on(blobs.get(name_of("a"))).unwrap().unwrap();
    assert_eq!(got.len(), READ_BYTES);
}

#[test]
fn a_folder_that_cannot_be_made_says_which_and_why() {
    let folder = TempDir::new().unwrap();
    let taken = folder.path().join("blobs");
    fs::write(&taken, "").unwrap();
    let error = Folder::open(&taken).unwrap_err();
    assert_eq!(error.to_string(), format!("cannot use {}", taken.display()));
}

#[test]
fn content_beyond_the_bound_is_no_blob() {
    assert!(Blob::new(vec![0; BLOB_BYTES].into()).is_ok());
    let error = Blob::new(vec![0; BLOB_BYTES + 1].into()).unwrap_err();
    assert_eq!(error.to_string(), "4000001 bytes are more than the 4000000 that a blob may have");
}
