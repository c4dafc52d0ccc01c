//! Lost answers, full disks and restarts.

use futures_util::future::join_all;

use super::trial::{
    RECORDS, Trial, after, expiring, insert, lacks, now, numbers, passed, put, query, same, skipped, sorted,
    step, thing,
};
use super::{Checked, Hook, Subject};
use crate::{Key, Nonce, OutageKind, Outcome, StoredRecord, Unit, Version};

/// The nonce in the record of `message`; `None` when there is no record.
async fn winner(trial: &Trial<'_>, message: &str) -> Result<Option<Nonce>, String> {
    let Some(item) = trial.read_at(Key::new(RECORDS, message), now()).await? else { return Ok(None) };
    let record = StoredRecord::decode(&item.body).map_err(|error| format!("not a record: {error}"))?;
    Ok(Some(record.nonce))
}

/// Commits `unit` so that its answer is lost; `None`: the subject cannot.
async fn unheard(trial: &Trial<'_>, hook: Hook, unit: Unit) -> Result<Option<()>, String> {
    if !trial.can(hook) {
        return Ok(None);
    }
    same("a lost answer", trial.commit(unit).await?, Outcome::Unknown)?;
    Ok(Some(()))
}

pub(super) async fn an_unknown_commit_that_was_applied_is_told_by_its_nonce(
    subject: &dyn Subject,
) -> Checked {
    let trial = Trial::new(subject).await;
    let unit = trial.handling("m", vec![insert("a", "1")]);
    let nonce = unit.nonce;
    let Some(()) = unheard(&trial, Hook::LoseReplyApplied, unit).await? else {
        return lacks(Hook::LoseReplyApplied);
    };
    same("who won", winner(&trial, "m").await?, Some(nonce))?;
    same("a", trial.text("a").await?, "1".to_owned())?;
    trial.expect("another execution", Outcome::Duplicate, trial.handling("m", vec![])).await?;
    passed()
}

pub(super) async fn an_unknown_commit_that_was_lost_can_be_run_again(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let unit = trial.handling("m", vec![insert("a", "1")]);
    let Some(()) = unheard(&trial, Hook::LoseReplyLost, unit).await? else {
        return lacks(Hook::LoseReplyLost);
    };
    same("who won", winner(&trial, "m").await?, None)?;
    same("a", trial.read("a").await?, None)?;
    let again = trial.handling("m", vec![insert("a", "2")]);
    trial.expect("the next execution", Outcome::Committed, again).await?;
    subject.settle().await;
    same("a", trial.text("a").await?, "2".to_owned())?;
    passed()
}

pub(super) async fn an_unknown_commit_that_lands_late_meets_its_record(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let late = trial.handling("m", vec![insert("late", "1"), step("n", &[("a", 1)])]);
    let late_nonce = late.nonce;
    let Some(()) = unheard(&trial, Hook::LoseReplyLate, late).await? else {
        return lacks(Hook::LoseReplyLate);
    };
    // It may land before or after the next execution, but not beside it.
    let next = trial.handling("m", vec![insert("next", "1"), step("n", &[("a", 1)])]);
    let next_nonce = next.nonce;
    let won = match trial.commit(next).await? {
        Outcome::Committed => next_nonce,
        Outcome::Duplicate => late_nonce,
        other => return Err(format!("the next execution: {other:?}")),
    };
    subject.settle().await;
    same("who won", winner(&trial, "m").await?, Some(won))?;
    same("the late one", trial.read("late").await?.is_some(), won == late_nonce)?;
    same("the next one", trial.read("next").await?.is_some(), won == next_nonce)?;
    same("steps", trial.fields("n").await?, (numbers(&[("a", 1)]), Version(1)))?;
    passed()
}

pub(super) async fn an_unknown_commit_that_landed_makes_the_next_a_duplicate(
    subject: &dyn Subject,
) -> Checked {
    let trial = Trial::new(subject).await;
    let late = trial.handling("m", vec![insert("late", "1")]);
    let nonce = late.nonce;
    let Some(()) = unheard(&trial, Hook::LoseReplyLate, late).await? else {
        return lacks(Hook::LoseReplyLate);
    };
    subject.settle().await;
    trial.expect("the next", Outcome::Duplicate, trial.handling("m", vec![insert("next", "1")])).await?;
    same("who won", winner(&trial, "m").await?, Some(nonce))?;
    same("the late one", trial.text("late").await?, "1".to_owned())?;
    same("the next one", trial.read("next").await?, None)?;
    passed()
}

pub(super) async fn a_full_store_refuses_writes_and_still_reads(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let version = trial.does(vec![sorted(insert("a", "1"), "s")]).await?;
    if !trial.can(Hook::Full(true)) {
        return lacks(Hook::Full(true));
    }
    let large = "x".repeat(200_000);
    let unit = trial.handling("m", vec![put("a", version, &large), insert("b", &large)]);
    match trial.store.commit(unit).await {
        Err(outage) => same("outage", outage.kind, OutageKind::Full)?,
        Ok(outcome) => return Err(format!("a commit without room: {outcome:?}")),
    }
    same("a", trial.text("a").await?, "1".to_owned())?;
    same("b", trial.read("b").await?, None)?;
    same("found", trial.ids(query()).await?, vec!["a".to_owned()])?;
    trial.can(Hook::Full(false));
    let unit = trial.handling("m", vec![put("a", version, "2"), insert("b", "2")]);
    trial.expect("once there is room", Outcome::Committed, unit).await?;
    same("a", trial.text("a").await?, "2".to_owned())?;
    passed()
}

pub(super) async fn an_input_output_error_hurts_no_other_unit(subject: &dyn Subject) -> Checked {
    let mut trial = Trial::new(subject).await;
    if !trial.can(Hook::FailIoOnce) {
        return lacks(Hook::FailIoOnce);
    }
    let units = (0..24).map(|n| trial.handling(&format!("m{n}"), vec![insert(&format!("a{n}"), "1")]));
    let ends = join_all(units.map(|unit| trial.store.commit(unit))).await;
    same("units that failed", ends.iter().any(|end| !matches!(end, Ok(Outcome::Committed))), true)?;
    for reopened in [false, true] {
        if reopened {
            let Some(store) = subject.reopen().await else { break };
            trial.store = store;
        }
        for (n, end) in ends.iter().enumerate() {
            let there = trial.read(&format!("a{n}")).await?.is_some();
            let record = winner(&trial, &format!("m{n}")).await?.is_some();
            same(format!("record and document of {n}"), record, there)?;
            match end {
                Ok(Outcome::Committed) => same(format!("committed {n}, reopened: {reopened}"), there, true)?,
                Err(_) => same(format!("failed {n}, reopened: {reopened}"), there, false)?,
                Ok(Outcome::Unknown) => {}
                Ok(other) => return Err(format!("unit {n}: {other:?}")),
            }
        }
    }
    trial.does(vec![insert("after", "1")]).await?;
    passed()
}

pub(super) async fn what_was_committed_is_there_after_a_restart(subject: &dyn Subject) -> Checked {
    let mut trial = Trial::new(subject).await;
    let version = trial.does(vec![insert("a", "1"), insert("b", "1")]).await?;
    let version = trial.does(vec![put("a", version, "2")]).await?;
    let Some(store) = subject.reopen().await else { return skipped("keeps nothing over a restart") };
    trial.store = store;
    same("a", trial.text("a").await?, "2".to_owned())?;
    same("version of a", trial.read("a").await?.map(|item| item.version), Some(version))?;
    same("b", trial.text("b").await?, "1".to_owned())?;
    trial.does(vec![put("a", version, "3")]).await?;
    passed()
}

pub(super) async fn counters_records_and_indexes_are_there_after_a_restart(subject: &dyn Subject) -> Checked {
    let mut trial = Trial::new(subject).await;
    let changes = vec![
        step("n", &[("a", 3)]),
        sorted(insert("a", "1"), "s1"),
        expiring(insert("b", "1"), after(10)),
        sorted(insert("c", "1"), "s0"),
    ];
    let unit = trial.handling("m", changes);
    let nonce = unit.nonce;
    trial.expect("handling", Outcome::Committed, unit).await?;
    trial.subject.settle().await;
    let Some(store) = subject.reopen().await else { return skipped("keeps nothing over a restart") };
    trial.store = store;
    same("counter", trial.fields("n").await?, (numbers(&[("a", 3)]), Version(1)))?;
    same("who won", winner(&trial, "m").await?, Some(nonce))?;
    same("index", trial.ids(query()).await?, vec!["c".to_owned(), "a".to_owned()])?;
    same("before it expires", trial.read_at(thing("b"), after(9)).await?.is_some(), true)?;
    same("once it expired", trial.read_at(thing("b"), after(10)).await?, None)?;
    trial.expect("the same message", Outcome::Duplicate, trial.handling("m", vec![])).await?;
    passed()
}
