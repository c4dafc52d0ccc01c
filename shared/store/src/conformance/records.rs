//! Records: one per handled message, inbox and outbox in one.

use bytes::Bytes;
use futures_util::future::join_all;

use super::trial::{
    RECORDS, Trial, after, check, guarded, insert, message, now, passed, put_bytes, record, same, skipped,
    step, thing, topic,
};
use super::{Checked, Subject};
use crate::{
    Address, Key, Limit, Nonce, Outcome, Outgoing, Query, Record, StoredRecord, Unit, Version, limits,
};

fn pending() -> Query {
    Query::new(RECORDS, Record::PENDING, Record::PENDING)
}

fn too_large() -> Vec<crate::Change> {
    vec![put_bytes(thing("large"), Version::ABSENT, Bytes::from(vec![0; limits::DOCUMENT_BYTES + 1]))]
}

async fn stored(trial: &Trial<'_>, message: &str) -> Result<Option<StoredRecord>, String> {
    let Some(item) = trial.read_at(Key::new(RECORDS, message), now()).await? else { return Ok(None) };
    StoredRecord::decode(&item.body).map(Some).map_err(|error| format!("not a record: {error}"))
}

pub(super) async fn a_second_unit_with_the_same_record_is_a_duplicate(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let first = trial.handling("m", vec![insert("a", "1"), step("n", &[("a", 1)])]);
    trial.expect("the first", Outcome::Committed, first).await?;
    let second = trial.handling("m", vec![insert("b", "1"), step("n", &[("a", 1)])]);
    trial.expect("the second", Outcome::Duplicate, second).await?;
    same("b", trial.read("b").await?, None)?;
    same("steps", trial.fields("n").await?.1, Version(1))?;
    trial.expect("another message", Outcome::Committed, trial.handling("m2", vec![insert("b", "1")])).await?;
    passed()
}

pub(super) async fn duplicate_comes_before_conflict(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    trial.expect("the first", Outcome::Committed, trial.handling("m", vec![insert("a", "1")])).await?;
    for (what, change) in [
        ("a failing put", insert("a", "2")),
        ("a failing check", check("a", Version(7))),
        ("a failing guard", guarded("n", &[], &[("a", 1)])),
    ] {
        trial.expect(what, Outcome::Duplicate, trial.handling("m", vec![change])).await?;
    }
    passed()
}

pub(super) async fn duplicate_comes_before_too_large(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    trial.expect("the first", Outcome::Committed, trial.handling("m", vec![])).await?;
    trial.expect("the second", Outcome::Duplicate, trial.handling("m", too_large())).await?;
    passed()
}

pub(super) async fn conflict_comes_before_too_large(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    trial.does(vec![insert("a", "1")]).await?;
    let mut changes = too_large();
    changes.push(insert("a", "2"));
    trial.conflicts("too large and in conflict", changes).await?;
    let overflow = vec![step("n", &[("a", i64::MAX)])];
    trial.does(overflow.clone()).await?;
    let both = [overflow, vec![check("a", Version(7))]].concat();
    trial.conflicts("out of range and in conflict", both).await?;
    trial.expect("only too large", Outcome::TooLarge(Limit::Document), trial.unit(too_large())).await?;
    passed()
}

pub(super) async fn of_two_executions_at_once_one_is_a_duplicate(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    for round in 0..20 {
        let name = format!("m{round}");
        let units = (0..3).map(|_| trial.handling(&name, vec![step("n", &[("a", 1)])]));
        let mut committed = 0;
        for outcome in join_all(units.map(|unit| trial.commit(unit))).await {
            match outcome? {
                Outcome::Committed => committed += 1,
                Outcome::Duplicate => {}
                other => return Err(format!("an execution: {other:?}")),
            }
        }
        same("committed of three", committed, 1)?;
    }
    same("steps", trial.fields("n").await?.1, Version(20))?;
    passed()
}

pub(super) async fn the_record_tells_which_execution_won(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let first = trial.handling("m", vec![]);
    let nonce = first.nonce;
    trial.expect("the first", Outcome::Committed, first).await?;
    let other = Record { note: Bytes::from_static(b"\"other\""), ..record("m", vec![message("x")]) };
    let second = Unit { record: Some(other), ..trial.unit(vec![]) };
    trial.expect("the second", Outcome::Duplicate, second).await?;
    let kept = stored(&trial, "m").await?.ok_or("the record is absent")?;
    same("nonce", kept.nonce, nonce)?;
    same("note", kept.note, Bytes::from_static(b"\"m\""))?;
    same("pending", kept.pending, vec![])?;
    passed()
}

pub(super) async fn a_unit_of_only_a_record_is_committed(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    trial.expect("the first", Outcome::Committed, trial.handling("m", vec![])).await?;
    trial.expect("the second", Outcome::Duplicate, trial.handling("m", vec![])).await?;
    passed()
}

pub(super) async fn a_unit_that_conflicts_leaves_no_record(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let unit = trial.handling("m", vec![check("a", Version(7))]);
    trial.expect("a failing check", Outcome::Conflict, unit).await?;
    same("record", stored(&trial, "m").await?, None)?;
    trial.expect("the next try", Outcome::Committed, trial.handling("m", vec![])).await?;
    passed()
}

pub(super) async fn a_record_with_nothing_to_publish_is_not_pending(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    trial.expect("handling", Outcome::Committed, trial.handling("m", vec![])).await?;
    same("pending", trial.ids(pending()).await?, vec![])?;
    passed()
}

pub(super) async fn a_record_with_something_to_publish_is_pending_until_it_is_cleared(
    subject: &dyn Subject,
) -> Checked {
    let trial = Trial::new(subject).await;
    if trial.store.caps().fused {
        return skipped("fused: nothing is ever pending");
    }
    let unit = Unit { record: Some(record("m", vec![message("x")])), ..trial.unit(vec![]) };
    let version = trial.expect("handling", Outcome::Committed, unit).await?;
    let rows = trial.rows(pending()).await?;
    let found: Vec<_> = rows.iter().map(|row| (row.id.as_str(), row.sort.clone())).collect();
    same("pending", found, vec![("m", now().sortable())])?;
    let mut cleared = stored(&trial, "m").await?.ok_or("the record is absent")?;
    cleared.pending.clear();
    trial.does(vec![put_bytes(Key::new(RECORDS, "m"), version, cleared.encode())]).await?;
    same("pending once cleared", trial.ids(pending()).await?, vec![])?;
    trial.expect("the same message", Outcome::Duplicate, trial.handling("m", vec![])).await?;
    passed()
}

pub(super) async fn what_is_to_be_published_is_packed_whole(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    if trial.store.caps().fused {
        return skipped("fused: what is to be published is in the queues at once");
    }
    let mut all = vec![message("x"), message("y \u{1F333} \\u0041")];
    all.push(Outgoing { address: Address::Queue("q".to_owned()), attempt: 3, ..message("z") });
    all.push(Outgoing {
        address: Address::Topic(topic("suite.other.v2")),
        lane: String::new(),
        ..message("w")
    });
    let unit = Unit { record: Some(record("m", all.clone())), ..trial.unit(vec![]) };
    trial.expect("handling", Outcome::Committed, unit).await?;
    same("pending", stored(&trial, "m").await?.map(|record| record.pending), Some(all))?;
    passed()
}

pub(super) async fn a_fused_record_is_never_pending(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    if !trial.store.caps().fused {
        return skipped("not fused");
    }
    let unit = Unit { record: Some(record("m", vec![message("x")])), ..trial.unit(vec![]) };
    trial.expect("handling", Outcome::Committed, unit).await?;
    same("pending rows", trial.ids(pending()).await?, vec![])?;
    same("packed", stored(&trial, "m").await?.map(|record| record.pending), Some(vec![]))?;
    passed()
}

pub(super) async fn an_expired_record_is_no_duplicate(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let short = |nonce| {
        let record = Some(Record { expires: after(10), ..record("m", vec![]) });
        Unit { record, nonce: Nonce(nonce), ..trial.unit(vec![step("n", &[("a", 1)])]) }
    };
    trial.expect("the first", Outcome::Committed, short(1)).await?;
    trial.expect("before it expires", Outcome::Duplicate, Unit { now: after(9), ..short(2) }).await?;
    let later = Unit { now: after(10), record: Some(record("m", vec![])), ..short(3) };
    trial.expect("once it expired", Outcome::Committed, later).await?;
    same("steps", trial.fields("n").await?.1, Version(2))?;
    same("who won", stored(&trial, "m").await?.map(|record| record.nonce), Some(Nonce(3)))?;
    passed()
}
