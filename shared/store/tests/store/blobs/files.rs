//! Blobs in a folder.

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

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

    fn file(&self, name: DataRef) -> std::path::PathBuf {
        place(self.0.lock().unwrap().as_ref().unwrap().path(), name)
    }
}

fn place(folder: &Path, name: DataRef) -> std::path::PathBuf {
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

#[test]
fn what_a_killed_process_left_half_written_is_cleared_and_never_shown() {
    let folder = TempDir::new().unwrap();
    let (half, name) = (folder.path().join("tmp").join(name_of("whole").hex()), name_of("whole"));
    fs::create_dir_all(half.parent().unwrap()).unwrap();
    fs::write(&half, "who").unwrap();
    let blobs = Folder::open(folder.path()).unwrap();
    assert!(!half.exists());
    runtime().block_on(async {
        assert_eq!(blobs.get(name).await.unwrap(), None);
        let whole = Blob::new("whole".into()).unwrap();
        blobs.put(whole, Timestamp::EPOCH).await.unwrap();
    });
    assert_eq!(fs::read_to_string(place(folder.path(), name)).unwrap(), "whole");
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
