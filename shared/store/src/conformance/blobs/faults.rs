//! Outages, lost answers, damage and restarts.

use super::trial::{Trial, at, blob};
use super::{Hook, Subject};
use crate::conformance::trial::{passed, same, skipped};
use crate::conformance::{Checked, Verdict};

fn lacks(hook: Hook) -> Checked {
    Ok(Verdict::Skipped(match hook {
        Hook::Down(_) => "no hook Down".to_owned(),
        Hook::LoseReply => "no hook LoseReply".to_owned(),
        Hook::Damage(_) => "no hook Damage".to_owned(),
    }))
}

pub(super) async fn an_outage_says_so_and_loses_nothing(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let (before, meanwhile) = (blob("before"), blob("meanwhile"));
    trial.put(&before, 0).await?;
    if !subject.hook(Hook::Down(true)) {
        return lacks(Hook::Down(true));
    }
    same("put", trial.blobs.put(meanwhile.clone(), at(0)).await.is_err(), true)?;
    same("get", trial.blobs.get(before.name()).await.is_err(), true)?;
    same("renew", trial.blobs.renew(before.name(), at(0)).await.is_err(), true)?;
    if !subject.expires_by_itself() {
        same("expire", trial.blobs.expire(at(9), 9).await.is_err(), true)?;
    }
    subject.hook(Hook::Down(false));
    same("what was put before", trial.keeps(&before).await?, true)?;
    trial.put(&meanwhile, 0).await?;
    same("what could not be put", trial.keeps(&meanwhile).await?, true)?;
    passed()
}

pub(super) async fn a_put_whose_answer_was_lost_can_be_repeated(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let unheard = blob("unheard");
    if !subject.hook(Hook::LoseReply) {
        return lacks(Hook::LoseReply);
    }
    same("put", trial.blobs.put(unheard.clone(), at(0)).await.is_err(), true)?;
    trial.put(&unheard, 1).await?;
    same("it is there", trial.keeps(&unheard).await?, true)?;
    if !subject.expires_by_itself() {
        same("it is there once", trial.expire(100, 100).await?, 1)?;
    }
    passed()
}

pub(super) async fn what_is_damaged_is_shown_as_it_is_until_it_is_put_again(
    subject: &dyn Subject,
) -> Checked {
    let trial = Trial::new(subject).await;
    let damaged = blob("damaged");
    trial.put(&damaged, 0).await?;
    if !subject.hook(Hook::Damage(damaged.name())) {
        return lacks(Hook::Damage(damaged.name()));
    }
    same("something is there", trial.get(damaged.name()).await?.is_some(), true)?;
    same("it is as it was", trial.keeps(&damaged).await?, false)?;
    trial.put(&damaged, 1).await?;
    same("it is put right", trial.keeps(&damaged).await?, true)?;
    passed()
}

pub(super) async fn what_was_put_is_there_after_a_restart(subject: &dyn Subject) -> Checked {
    let mut trial = Trial::new(subject).await;
    let (kept, new) = (blob("kept"), blob("new"));
    trial.put(&kept, 0).await?;
    let Some(blobs) = subject.reopen().await else { return skipped("keeps nothing over a restart") };
    trial.blobs = blobs;
    same("what was put before", trial.keeps(&kept).await?, true)?;
    trial.put(&new, 0).await?;
    same("what was put since", trial.keeps(&new).await?, true)?;
    passed()
}

pub(super) async fn what_was_put_keeps_its_age_over_a_restart(subject: &dyn Subject) -> Checked {
    if subject.expires_by_itself() {
        return skipped("expires by itself");
    }
    let mut trial = Trial::new(subject).await;
    let (old, young) = (blob("old"), blob("young"));
    trial.put(&old, 0).await?;
    trial.put(&young, 20).await?;
    let Some(blobs) = subject.reopen().await else { return skipped("keeps nothing over a restart") };
    trial.blobs = blobs;
    same("expired", trial.expire(10, 100).await?, 1)?;
    same("old", trial.get(old.name()).await?, None)?;
    same("young", trial.keeps(&young).await?, true)?;
    passed()
}
