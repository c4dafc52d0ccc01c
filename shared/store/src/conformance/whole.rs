//! All or nothing, whatever fails and wherever.

use futures_util::future::join_all;

use super::trial::{
    Trial, check, delete, guarded, insert, numbers, passed, put, put_bytes, same, step, thing,
};
use super::{Checked, Subject};
use crate::{Change, Limit, Outcome, Version, limits};

pub(super) async fn every_kind_of_change_is_applied_together(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let version = trial.does(vec![insert("old", "1"), insert("gone", "1"), insert("same", "1")]).await?;
    let unit = trial.handling(
        "m",
        vec![
            insert("new", "1"),
            put("old", version, "2"),
            delete("gone", version),
            check("same", version),
            step("n", &[("a", 2)]),
        ],
    );
    trial.expect("one of each kind", Outcome::Committed, unit).await?;
    let mut texts = vec![];
    for id in ["new", "old", "gone", "same"] {
        texts.push(trial.text(id).await?);
    }
    same("documents", texts, ["1", "2", "", "1"].map(str::to_owned).to_vec())?;
    same("counter", trial.fields("n").await?.0, numbers(&[("a", 2)]))?;
    trial.expect("the record", Outcome::Duplicate, trial.handling("m", vec![])).await?;
    passed()
}

/// Five changes that would hold and one that fails, at each position in turn.
async fn undoes_all(subject: &dyn Subject, what: &str, failing: Change) -> Checked {
    let trial = Trial::new(subject).await;
    let version = trial.does(vec![insert("old", "1"), insert("gone", "1"), insert("there", "1")]).await?;
    for position in 0..=5 {
        let mut changes = vec![
            insert("new", "1"),
            put("old", version, "2"),
            delete("gone", version),
            step("n", &[("a", 1)]),
            check("none", Version::ABSENT),
        ];
        changes.insert(position, failing.clone());
        let unit = trial.handling("m", changes);
        trial.expect(&format!("{what} at {position}"), Outcome::Conflict, unit).await?;
        let mut texts = vec![];
        for id in ["new", "old", "gone", "n", "there"] {
            texts.push(trial.text(id).await?);
        }
        let want = ["", "1", "1", "", "1"].map(str::to_owned).to_vec();
        same(format!("all items after {what} at {position}"), texts, want)?;
    }
    trial.expect("the message at last", Outcome::Committed, trial.handling("m", vec![])).await?;
    passed()
}

pub(super) async fn a_failing_check_undoes_all_at_every_position(subject: &dyn Subject) -> Checked {
    undoes_all(subject, "a failing check", check("there", Version::ABSENT)).await
}

pub(super) async fn a_failing_put_undoes_all_at_every_position(subject: &dyn Subject) -> Checked {
    undoes_all(subject, "a failing put", insert("there", "2")).await
}

pub(super) async fn a_failing_delete_undoes_all_at_every_position(subject: &dyn Subject) -> Checked {
    undoes_all(subject, "a failing delete", delete("there", Version(7))).await
}

pub(super) async fn a_failing_guard_undoes_all_at_every_position(subject: &dyn Subject) -> Checked {
    undoes_all(subject, "a failing guard", guarded("stock", &[("left", -1)], &[("left", 1)])).await
}

/// Reads are not one picture, but what is written first must not be seen last.
pub(super) async fn who_sees_the_last_change_sees_the_first(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let writer = async {
        for round in 0..40 {
            let ids = (0..6).map(|place| insert(&format!("{round}-{place}"), "1"));
            trial.does(ids.collect()).await?;
        }
        Ok::<(), String>(())
    };
    let reader = |from: usize, to: usize| {
        let trial = &trial;
        async move {
            for round in 0..40 {
                let seen = trial.read(&format!("{round}-{from}")).await?.is_some();
                let other = trial.read(&format!("{round}-{to}")).await?.is_some();
                same(
                    format!("change {to} of unit {round}, change {from} being there"),
                    seen && !other,
                    false,
                )?;
            }
            Ok::<(), String>(())
        }
    };
    let all: [crate::Boxed<'_, Result<(), String>>; 4] =
        [Box::pin(writer), Box::pin(reader(0, 5)), Box::pin(reader(5, 0)), Box::pin(reader(2, 3))];
    join_all(all).await.into_iter().collect::<Result<Vec<()>, String>>()?;
    passed()
}

/// A group commit must not let one unit's end become another's.
pub(super) async fn units_committed_at_once_are_judged_one_by_one(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    trial.does(vec![insert("there", "1")]).await?;
    trial.expect("handled", Outcome::Committed, trial.handling("m", vec![])).await?;
    let mut units = vec![];
    let mut wanted = vec![];
    for round in 0..12 {
        let large = vec![0; limits::DOCUMENT_BYTES + 1];
        let id = |name: &str| format!("{name}{round}");
        units.push(trial.unit(vec![insert(&id("ok"), "1"), step("n", &[("a", 1)])]));
        wanted.push(Outcome::Committed);
        units.push(trial.unit(vec![insert(&id("conflict"), "1"), insert("there", "2")]));
        wanted.push(Outcome::Conflict);
        units.push(trial.handling("m", vec![insert(&id("duplicate"), "1")]));
        wanted.push(Outcome::Duplicate);
        let large = put_bytes(thing(&id("large")), Version::ABSENT, large.into());
        units.push(trial.unit(vec![insert(&id("beside"), "1"), large]));
        wanted.push(Outcome::TooLarge(Limit::Document));
    }
    let got = join_all(units.into_iter().map(|unit| trial.commit(unit))).await;
    same("outcomes", got.into_iter().collect::<Result<Vec<_>, _>>()?, wanted)?;
    for round in 0..12 {
        let mut there = vec![];
        for name in ["ok", "conflict", "duplicate", "large", "beside"] {
            there.push(trial.read(&format!("{name}{round}")).await?.is_some());
        }
        same(format!("documents of round {round}"), there, vec![true, false, false, false, false])?;
    }
    same("steps", trial.fields("n").await?.1, Version(12))?;
    passed()
}
