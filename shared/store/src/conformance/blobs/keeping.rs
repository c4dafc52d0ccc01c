//! What was put is there, under its own name and no other.

use bytes::Bytes;
use contracts::DataRef;
use futures_util::future::join_all;

use super::Subject;
use super::trial::{Trial, blob, of};
use crate::blobs::BLOB_BYTES;
use crate::conformance::Checked;
use crate::conformance::trial::{passed, same};

pub(super) async fn what_was_never_put_is_missing(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    trial.put(&blob("a"), 0).await?;
    same("what was never put", trial.get(DataRef::of(b"b")).await?, None)?;
    passed()
}

pub(super) async fn what_was_put_is_kept_byte_for_byte(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let bytes = of((0..=u8::MAX).collect());
    trial.put(&bytes, 0).await?;
    same("every byte", trial.get(bytes.name()).await?.as_ref(), Some(bytes.content()))?;
    passed()
}

pub(super) async fn an_empty_blob_is_kept(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    trial.put(&blob(""), 0).await?;
    same("nothing at all", trial.get(blob("").name()).await?, Some(Bytes::new()))?;
    passed()
}

pub(super) async fn the_longest_blob_is_kept_whole(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let longest = of((0..BLOB_BYTES).map(|n| n.to_le_bytes()[n % 3]).collect());
    trial.put(&longest, 0).await?;
    same("length", trial.get(longest.name()).await?.map(|bytes| bytes.len()), Some(BLOB_BYTES))?;
    same("the longest is whole", trial.keeps(&longest).await?, true)?;
    passed()
}

pub(super) async fn blobs_do_not_share_content(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    // These three lie in one folder where folders are named by the first byte of the hash.
    let all: Vec<_> = (0..2_000).map(|n| blob(&format!("content {n}"))).collect();
    let alike: Vec<_> = all.iter().filter(|b| b.name().hex().starts_with("ab")).take(3).collect();
    same("blobs that begin alike", alike.len(), 3)?;
    for blob in &alike {
        trial.put(blob, 0).await?;
    }
    for blob in alike {
        same(blob.name(), trial.keeps(blob).await?, true)?;
    }
    passed()
}

pub(super) async fn putting_again_is_harmless(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let twice = blob("twice");
    trial.put(&twice, 0).await?;
    trial.put(&twice, 1).await?;
    same("it is there", trial.keeps(&twice).await?, true)?;
    once(subject, &trial).await?;
    passed()
}

pub(super) async fn puts_at_once_lose_nothing(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let all: Vec<_> = (0..200).map(|n| blob(&format!("content {n}"))).collect();
    for put in join_all(all.iter().map(|blob| trial.put(blob, 0))).await {
        put?;
    }
    for blob in &all {
        same(blob.name(), trial.keeps(blob).await?, true)?;
    }
    passed()
}

pub(super) async fn equal_puts_at_once_are_harmless(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let one = blob("one");
    for put in join_all((0..20).map(|_| trial.put(&one, 0))).await {
        put?;
    }
    same("it is there", trial.keeps(&one).await?, true)?;
    once(subject, &trial).await?;
    passed()
}

/// Where what is there twice would be seen: when it expires.
async fn once(subject: &dyn Subject, trial: &Trial) -> Result<(), String> {
    if subject.expires_by_itself() {
        return Ok(());
    }
    same("it is there once", trial.expire(100, 100).await?, 1)
}
