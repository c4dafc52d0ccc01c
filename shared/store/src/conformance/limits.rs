//! Limits: each holds at its border and is broken just above it.

use bytes::Bytes;

use super::trial::{
    BY, THINGS, Trial, insert, listed, message, passed, put_bytes, record, same, step, thing,
};
use super::{Checked, Subject};
use crate::{Change, Entry, Limit, Outcome, Outgoing, Record, Unit, Version, limits};

/// `unit` must be refused for `limit`.
async fn refused(trial: &Trial<'_>, what: &str, limit: Limit, unit: Unit) -> Result<(), String> {
    trial.expect(what, Outcome::TooLarge(limit), unit).await.map(drop)
}

async fn taken(trial: &Trial<'_>, what: &str, unit: Unit) -> Result<(), String> {
    trial.expect(what, Outcome::Committed, unit).await.map(drop)
}

fn blank(id: &str, size_bytes: usize) -> Change {
    put_bytes(thing(id), Version::ABSENT, Bytes::from(vec![b' '; size_bytes]))
}

pub(super) async fn a_unit_has_at_most_100_items(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let inserts =
        |name: &str, n: usize| (0..n).map(|i| insert(&format!("{name}{i}"), "1")).collect::<Vec<_>>();
    taken(&trial, "100 changes", trial.unit(inserts("a", 100))).await?;
    refused(&trial, "101 changes", Limit::Items, trial.unit(inserts("b", 101))).await?;
    taken(&trial, "a record and 99 changes", trial.handling("c", inserts("c", 99))).await?;
    refused(&trial, "a record and 100 changes", Limit::Items, trial.handling("d", inserts("d", 100))).await?;
    let checks = (0..101).map(|i| super::trial::check(&format!("none{i}"), Version::ABSENT)).collect();
    refused(&trial, "101 checks", Limit::Items, trial.unit(checks)).await?;
    passed()
}

pub(super) async fn a_document_has_at_most_256_kib(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    taken(&trial, "256 KiB", trial.unit(vec![blank("a", limits::DOCUMENT_BYTES)])).await?;
    same("its size", trial.read("a").await?.map(|item| item.body.len()), Some(limits::DOCUMENT_BYTES))?;
    let unit = trial.unit(vec![blank("b", limits::DOCUMENT_BYTES + 1)]);
    refused(&trial, "one byte more", Limit::Document, unit).await?;
    passed()
}

/// 15 whole documents, and a last one that makes the sum of keys and bodies `size_bytes`.
fn unit_of(trial: &Trial<'_>, name: &str, size_bytes: usize) -> Unit {
    let mut changes: Vec<Change> =
        (10..25).map(|i| blank(&format!("{name}{i}"), limits::DOCUMENT_BYTES)).collect();
    let keys = 16 * (THINGS.len() + name.len() + 2);
    changes.push(blank(&format!("{name}99"), size_bytes - 15 * limits::DOCUMENT_BYTES - keys));
    trial.unit(changes)
}

pub(super) async fn a_unit_has_at_most_4_mb(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    taken(&trial, "4 MB", unit_of(&trial, "a", limits::UNIT_BYTES)).await?;
    same("the last document", trial.read("a99").await?.is_some(), true)?;
    refused(&trial, "one byte more", Limit::Bytes, unit_of(&trial, "b", limits::UNIT_BYTES + 1)).await?;
    passed()
}

pub(super) async fn a_record_may_be_larger_than_a_document(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let large = |text: &str| {
        let body = Bytes::from(format!("\"{}\"", "x".repeat(200 * 1024)));
        Outgoing { body, ..message(text) }
    };
    let outgoing = ["a", "b", "c", "d", "e"].map(large).to_vec();
    let unit = Unit { record: Some(record("m", outgoing)), ..trial.unit(vec![]) };
    taken(&trial, "a record of 1,000 KiB", unit).await?;
    let outgoing: Vec<Outgoing> = (0..25).map(|n| large(&n.to_string())).collect();
    let unit = Unit { record: Some(record("n", outgoing)), ..trial.unit(vec![]) };
    refused(&trial, "a record of 5,000 KiB", Limit::Bytes, unit).await?;
    let note = Bytes::from(format!("\"{}\"", "x".repeat(limits::UNIT_BYTES)));
    let unit = Unit { record: Some(Record { note, ..record("o", vec![]) }), ..trial.unit(vec![]) };
    refused(&trial, "a note of 4 MB", Limit::Bytes, unit).await?;
    passed()
}

pub(super) async fn a_document_has_at_most_3_entries(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let entries = |n: usize| (0..n).map(|i| Entry::new(["by", "on", "at", "in"][i], "p", "s")).collect();
    taken(&trial, "3 entries", trial.unit(vec![listed(insert("a", "1"), entries(3))])).await?;
    let unit = trial.unit(vec![listed(insert("b", "1"), entries(4))]);
    refused(&trial, "4 entries", Limit::Entries, unit).await?;
    let twice = vec![Entry::new(BY, "p", "s"), Entry::new(BY, "q", "s")];
    let unit = trial.unit(vec![listed(insert("c", "1"), twice)]);
    refused(&trial, "2 entries in one index", Limit::Entries, unit).await?;
    same("entries of the first", trial.ids(crate::Query::new(THINGS, BY, "p")).await?, vec!["a".to_owned()])?;
    passed()
}

pub(super) async fn a_step_has_at_most_16_fields(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let names: Vec<String> = (0..17).map(|n| format!("f{n}")).collect();
    let pairs = |n: usize| names[..n].iter().map(|name| (name.as_str(), 0)).collect::<Vec<_>>();
    taken(&trial, "16 fields", trial.unit(vec![step("n", &pairs(16))])).await?;
    refused(&trial, "17 fields", Limit::Counter, trial.unit(vec![step("m", &pairs(17))])).await?;
    let guards = trial.unit(vec![super::trial::guarded("m", &[("a", 1)], &pairs(17))]);
    refused(&trial, "17 guards", Limit::Counter, guards).await?;
    passed()
}

pub(super) async fn a_unit_changes_an_item_at_most_once(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let steps = trial.unit(vec![step("n", &[("a", 1)]), insert("a", "1"), step("n", &[("a", 1)])]);
    refused(&trial, "two steps", Limit::SameItemTwice, steps).await?;
    let both = trial.unit(vec![super::trial::check("b", Version::ABSENT), insert("b", "1")]);
    refused(&trial, "a check and a put", Limit::SameItemTwice, both).await?;
    let own = put_bytes(record("m", vec![]).key, Version::ABSENT, Bytes::from_static(b"1"));
    refused(&trial, "its own record", Limit::SameItemTwice, trial.handling("m", vec![own])).await?;
    same("a", trial.read("a").await?, None)?;
    passed()
}

pub(super) async fn what_is_too_large_changes_nothing(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let version = trial.does(vec![insert("old", "1")]).await?;
    let unit = trial.handling(
        "m",
        vec![
            insert("a", "1"),
            step("n", &[("a", 1)]),
            super::trial::delete("old", version),
            blank("large", limits::DOCUMENT_BYTES + 1),
            insert("b", "1"),
        ],
    );
    refused(&trial, "a document too large in the middle", Limit::Document, unit).await?;
    for id in ["a", "n", "large", "b"] {
        same(id, trial.read(id).await?, None)?;
    }
    same("old", trial.text("old").await?, "1".to_owned())?;
    taken(&trial, "the message, made smaller", trial.handling("m", vec![])).await?;
    passed()
}
