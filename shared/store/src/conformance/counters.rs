//! Counters: steps commute, guards hold, and nothing is ever sold twice.

use futures_util::future::join_all;

use super::trial::{Trial, guarded, numbers, passed, same, step};
use super::{Checked, Subject};
use crate::{Limit, Outcome, Version};

pub(super) async fn a_counter_that_was_never_stepped_is_absent(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    trial.does(vec![step("n", &[("a", 1)])]).await?;
    same("another counter", trial.read("m").await?, None)?;
    passed()
}

pub(super) async fn steps_add_up_and_are_counted(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    trial.does(vec![step("n", &[("a", 5), ("b", -2)])]).await?;
    trial.does(vec![step("n", &[("a", -1), ("c", 7)])]).await?;
    trial.does(vec![step("n", &[("b", 2)])]).await?;
    same("fields and steps", trial.fields("n").await?, (numbers(&[("a", 4), ("c", 7)]), Version(3)))?;
    passed()
}

pub(super) async fn a_guard_holds_at_its_border_and_not_below(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    trial.does(vec![step("n", &[("a", 5)])]).await?;
    trial.conflicts("5 >= 6", vec![guarded("n", &[("a", -6)], &[("a", 6)])]).await?;
    same("after the conflict", trial.fields("n").await?, (numbers(&[("a", 5)]), Version(1)))?;
    trial.does(vec![guarded("n", &[("a", -1)], &[("a", 5)])]).await?;
    same("after the step", trial.fields("n").await?, (numbers(&[("a", 4)]), Version(2)))?;
    passed()
}

pub(super) async fn a_guard_sees_zero_where_there_is_no_counter(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    trial.conflicts("nothing >= 1", vec![guarded("n", &[("a", 1)], &[("a", 1)])]).await?;
    same("nothing was made", trial.read("n").await?, None)?;
    trial.does(vec![guarded("n", &[("a", 1)], &[("a", 0), ("b", -1)])]).await?;
    same("fields", trial.fields("n").await?.0, numbers(&[("a", 1)]))?;
    passed()
}

pub(super) async fn a_guard_sees_zero_where_there_is_no_field(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    trial.does(vec![step("n", &[("a", 5)])]).await?;
    trial.conflicts("no field >= 1", vec![guarded("n", &[("a", 1)], &[("b", 1)])]).await?;
    trial.does(vec![guarded("n", &[("a", 1)], &[("b", 0)])]).await?;
    same("fields", trial.fields("n").await?, (numbers(&[("a", 6)]), Version(2)))?;
    passed()
}

pub(super) async fn every_guard_must_hold(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    trial.does(vec![step("n", &[("a", 5), ("b", 5), ("c", 5)])]).await?;
    for failing in ["a", "b", "c"] {
        let guards: Vec<(&str, i64)> =
            ["a", "b", "c"].map(|f| (f, if f == failing { 6 } else { 5 })).to_vec();
        let change = guarded("n", &[("a", -5), ("b", -5), ("c", -5)], &guards);
        trial.conflicts(&format!("{failing} is short"), vec![change]).await?;
    }
    same("fields", trial.fields("n").await?.0, numbers(&[("a", 5), ("b", 5), ("c", 5)]))?;
    passed()
}

pub(super) async fn a_guard_is_judged_before_the_step(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    trial.does(vec![step("n", &[("a", 5)])]).await?;
    trial.does(vec![guarded("n", &[("a", -5)], &[("a", 5)])]).await?;
    trial.conflicts("0 >= 5, though it would be 5", vec![guarded("n", &[("a", 5)], &[("a", 5)])]).await?;
    passed()
}

pub(super) async fn a_field_may_go_below_zero(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    trial.does(vec![step("n", &[("a", -5)])]).await?;
    trial.conflicts("-5 >= -4", vec![guarded("n", &[("a", -1)], &[("a", -4)])]).await?;
    trial.does(vec![guarded("n", &[("a", -1)], &[("a", -5)])]).await?;
    same("fields", trial.fields("n").await?.0, numbers(&[("a", -6)]))?;
    passed()
}

pub(super) async fn concurrent_steps_never_conflict(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let units = (1..=50).map(|n| trial.unit(vec![step("n", &[("a", n), ("b", -n)])]));
    for outcome in join_all(units.map(|unit| trial.commit(unit))).await {
        same("a step without a guard", outcome?, Outcome::Committed)?;
    }
    same("sums", trial.fields("n").await?, (numbers(&[("a", 1_275), ("b", -1_275)]), Version(50)))?;
    passed()
}

pub(super) async fn concurrent_guarded_steps_never_oversell(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    trial.does(vec![step("n", &[("left", 10)])]).await?;
    let buy = || guarded("n", &[("left", -1), ("sold", 1)], &[("left", 1)]);
    let units: Vec<_> = (0..40).map(|_| trial.unit(vec![buy()])).collect();
    let mut bought = 0;
    for outcome in join_all(units.into_iter().map(|unit| trial.commit(unit))).await {
        match outcome? {
            Outcome::Committed => bought += 1,
            Outcome::Conflict => {}
            other => return Err(format!("a guarded step: {other:?}")),
        }
    }
    same("bought", bought, 10)?;
    same("fields", trial.fields("n").await?.0, numbers(&[("sold", 10)]))?;
    passed()
}

pub(super) async fn a_step_out_of_64_bits_is_too_large(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    trial.does(vec![step("n", &[("a", i64::MAX), ("b", i64::MIN)])]).await?;
    for add in [("a", 1), ("b", -1)] {
        let unit = trial.unit(vec![step("n", &[("c", 1), add])]);
        trial.expect("a step too far", Outcome::TooLarge(Limit::Counter), unit).await?;
    }
    let want = (numbers(&[("a", i64::MAX), ("b", i64::MIN)]), Version(1));
    same("fields and steps", trial.fields("n").await?, want)?;
    passed()
}

pub(super) async fn a_counter_never_has_more_than_16_fields(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let names: Vec<String> = (0..17).map(|n| format!("f{n:02}")).collect();
    let add = |range: std::ops::Range<usize>| {
        names[range].iter().map(|name| (name.as_str(), 1)).collect::<Vec<_>>()
    };
    trial.does(vec![step("n", &add(0..8))]).await?;
    trial.does(vec![step("n", &add(4..16))]).await?;
    let unit = trial.unit(vec![step("n", &add(16..17))]);
    trial.expect("the 17th field", Outcome::TooLarge(Limit::Counter), unit).await?;
    trial.does(vec![step("n", &add(0..16))]).await?;
    same("steps", trial.fields("n").await?.1, Version(3))?;
    passed()
}
