//! What a vault asks its keeper for, and what it seals and opens.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use contracts::{DataRef, Timestamp};
use futures_util::future::join_all;
use store::blobs::{BLOB_BYTES, Memory, READ_BYTES, Sealed};
use store::keys::{Bounds, DataKey, KeyFile, SEAL_BYTES, Secret, Vault};
use store::{Blob, Blobs, Boxed, Keys, Outage};
use tempfile::TempDir;

use super::run;

/// Counts what is asked of the keys of a file.
struct Counted {
    keys: KeyFile,
    made: AtomicUsize,
    unwrapped: AtomicUsize,
    _folder: TempDir,
}

impl Counted {
    fn new() -> Arc<Self> {
        let folder = TempDir::new().unwrap();
        let keys = KeyFile::open_or_make(&folder.path().join("key")).unwrap();
        Arc::new(Self { keys, made: AtomicUsize::new(0), unwrapped: AtomicUsize::new(0), _folder: folder })
    }

    /// How often a key was asked for since the last time, and how often one was opened.
    fn asked(&self) -> (usize, usize) {
        (self.made.swap(0, Ordering::SeqCst), self.unwrapped.swap(0, Ordering::SeqCst))
    }
}

impl Keys for Counted {
    fn make(&self) -> Boxed<'_, Result<DataKey, Outage>> {
        self.made.fetch_add(1, Ordering::SeqCst);
        self.keys.make()
    }

    fn unwrap(&self, wrapped: Bytes) -> Boxed<'_, Result<Option<Secret>, Outage>> {
        self.unwrapped.fetch_add(1, Ordering::SeqCst);
        self.keys.unwrap(wrapped)
    }
}

const BOUNDS: Bounds = Bounds { age: Duration::from_secs(300), contents: 3, bytes: 100, opened: 2 };

fn at(second: i64) -> Timestamp {
    Timestamp::from_micros(1_795_000_000_000_000 + second * 1_000_000)
}

#[test]
fn a_data_key_is_held_for_so_long_so_many_contents_and_so_many_bytes() {
    let keys = Counted::new();
    let vault = Vault::new(keys.clone(), BOUNDS);
    let seal = |size: usize, second| run(vault.seal(&vec![b'x'; size], b"", at(second))).unwrap();
    for (what, sizes, asked) in [
        ("three contents", vec![1, 1, 1], 1),
        ("the fourth", vec![1], 1),
        ("a hundred bytes in all", vec![99], 0),
        ("one byte more", vec![1], 1),
        ("more than any key seals", vec![101], 1),
    ] {
        sizes.into_iter().for_each(|size| drop(seal(size, 0)));
        assert_eq!(keys.asked().0, asked, "{what}");
    }
    for (second, asked) in [(0, 1), (299, 0), (300, 1), (299, 1)] {
        drop(seal(1, second));
        assert_eq!(keys.asked().0, asked, "at {second}");
    }
}

#[test]
fn contents_that_are_sealed_at_once_share_one_key() {
    let keys = Counted::new();
    let vault = Vault::new(keys.clone(), Bounds::USUAL);
    run(async {
        for sealed in join_all((0..8).map(|_| vault.seal(b"plain", b"", at(0)))).await {
            assert_eq!(vault.open(&sealed.unwrap(), b"", at(0)).await.unwrap().unwrap(), "plain");
        }
    });
    assert_eq!(keys.asked(), (1, 0));
}

#[test]
fn opened_keys_are_held_for_so_long_and_no_more_than_so_many() {
    let keys = Counted::new();
    let seal = || run(Vault::new(keys.clone(), BOUNDS).seal(b"plain", b"", at(0))).unwrap();
    let sealed = [seal(), seal(), seal()];
    keys.asked();
    let vault = Vault::new(keys.clone(), BOUNDS);
    for (nth, second, asked) in [
        (0, 0, 1),
        (0, 1, 0),
        (1, 2, 1),
        // The third takes the place of the first.
        (2, 3, 1),
        (1, 4, 0),
        (0, 5, 1),
        (0, 304, 0),
        (0, 305, 1),
        (0, 304, 1),
    ] {
        let plain = run(vault.open(&sealed[nth], b"", at(second))).unwrap();
        assert_eq!(plain.unwrap(), "plain");
        assert_eq!(keys.asked().1, asked, "content {nth} at {second}");
    }
}

#[test]
fn what_is_damaged_elsewhere_or_not_sealed_does_not_open() {
    let keys = Counted::new();
    let vault = Vault::new(keys.clone(), Bounds::USUAL);
    let sealed = run(vault.seal(b"plain", b"here", at(0))).unwrap();
    assert!(sealed.len() <= 5 + SEAL_BYTES);
    let open = |sealed: &[u8], context: &[u8]| run(vault.open(sealed, context, at(0))).unwrap();
    assert_eq!(open(&sealed, b"here").unwrap(), "plain");
    assert_eq!(open(&sealed, b"there"), None);
    for at in 0..sealed.len() {
        let mut damaged = sealed.to_vec();
        damaged[at] ^= 1;
        assert_eq!(open(&damaged, b"here"), None, "byte {at}");
        assert_eq!(open(&sealed[..at], b"here"), None, "cut at {at}");
    }
    assert_eq!(open(b"never sealed", b"here"), None);
    let other = Vault::new(Counted::new(), Bounds::USUAL);
    assert_eq!(run(other.open(&sealed, b"here", at(0))).unwrap(), None);
}

#[test]
fn sealed_blobs_lie_unreadable_and_what_lay_there_before_is_still_read() {
    let inner = Arc::new(Memory::default());
    let vault = Vault::new(Counted::new(), Bounds::USUAL);
    let blobs = Sealed::new(inner.clone(), vault, || at(0));
    let of = |content: &[u8]| Blob::new(Bytes::copy_from_slice(content)).unwrap();
    let (before, address, longest) = (of(b"before"), of(b"1 High Street"), of(&vec![7; BLOB_BYTES]));
    run(async {
        inner.put(before.clone(), at(0)).await.unwrap();
        for blob in [&address, &longest] {
            blobs.put(blob.clone(), at(0)).await.unwrap();
            let lying = inner.get(blob.name()).await.unwrap().unwrap();
            assert!(lying.len() < READ_BYTES && lying.len() > blob.content().len());
            assert!(!lying.windows(13).any(|bytes| bytes == &blob.content()[..13]));
        }
        for blob in [&before, &address, &longest] {
            assert_eq!(blobs.get(blob.name()).await.unwrap().as_ref(), Some(blob.content()));
        }
        // Under another name it does not open, and is not taken for what that names.
        let lying = inner.get(address.name()).await.unwrap().unwrap();
        let moved = of(&lying);
        inner.put(moved.clone(), at(0)).await.unwrap();
        assert_eq!(blobs.get(moved.name()).await.unwrap(), Some(lying));
        assert_eq!(blobs.get(DataRef::of(b"nothing")).await.unwrap(), None);
    });
}
