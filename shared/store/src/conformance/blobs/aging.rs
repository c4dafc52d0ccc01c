//! What nobody renews expires, and nothing else.

use super::Subject;
use super::trial::{Trial, blob};
use crate::conformance::Checked;
use crate::conformance::trial::{passed, same, skipped};

const BY_ITSELF: &str = "expires by itself";

pub(super) async fn what_is_old_expires_and_what_is_not_stays(subject: &dyn Subject) -> Checked {
    if subject.expires_by_itself() {
        return skipped(BY_ITSELF);
    }
    let trial = Trial::new(subject).await;
    let (old, at_the_border, young) = (blob("old"), blob("at the border"), blob("young"));
    for (blob, second) in [(&old, 9), (&at_the_border, 10), (&young, 11)] {
        trial.put(blob, second).await?;
    }
    same("expired", trial.expire(10, 100).await?, 1)?;
    same("old", trial.get(old.name()).await?, None)?;
    same("at the border", trial.keeps(&at_the_border).await?, true)?;
    same("young", trial.keeps(&young).await?, true)?;
    passed()
}

pub(super) async fn putting_again_renews(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let again = blob("again");
    trial.put(&again, 0).await?;
    trial.put(&again, 20).await?;
    same("expired", trial.expire(10, 100).await?, 0)?;
    same("it is there", trial.keeps(&again).await?, true)?;
    passed()
}

pub(super) async fn renewing_renews(subject: &dyn Subject) -> Checked {
    if subject.expires_by_itself() {
        return skipped(BY_ITSELF);
    }
    let trial = Trial::new(subject).await;
    let (renewed, other) = (blob("renewed"), blob("other"));
    trial.put(&renewed, 0).await?;
    trial.put(&other, 0).await?;
    same("it is there to be renewed", trial.renew(renewed.name(), 20).await?, true)?;
    same("expired", trial.expire(10, 100).await?, 1)?;
    same("what was renewed", trial.keeps(&renewed).await?, true)?;
    same("what was not", trial.get(other.name()).await?, None)?;
    passed()
}

pub(super) async fn renewing_what_is_missing_says_so_and_makes_nothing(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let missing = blob("missing");
    same("whether it is there", trial.renew(missing.name(), 0).await?, false)?;
    same("what is there", trial.get(missing.name()).await?, None)?;
    passed()
}

pub(super) async fn no_more_expire_than_asked_for(subject: &dyn Subject) -> Checked {
    if subject.expires_by_itself() {
        return skipped(BY_ITSELF);
    }
    let trial = Trial::new(subject).await;
    for n in 0..5 {
        trial.put(&blob(&format!("content {n}")), 0).await?;
    }
    for (limit, gone) in [(2, 2), (2, 2), (2, 1), (2, 0)] {
        same("expired", trial.expire(10, limit).await?, gone)?;
    }
    passed()
}

pub(super) async fn what_expired_can_be_put_again(subject: &dyn Subject) -> Checked {
    if subject.expires_by_itself() {
        return skipped(BY_ITSELF);
    }
    let trial = Trial::new(subject).await;
    let back = blob("back");
    trial.put(&back, 0).await?;
    same("expired", trial.expire(10, 100).await?, 1)?;
    trial.put(&back, 20).await?;
    same("it is there", trial.keeps(&back).await?, true)?;
    passed()
}
