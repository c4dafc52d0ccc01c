//! Snapshots: one picture of everything, for audits.

use bytes::Bytes;
use futures_util::future::join;

use super::trial::{
    THINGS, Trial, after, delete, expiring, fields, insert, now, numbers, passed, put, put_bytes, same,
    skipped, step,
};
use super::{Checked, Subject};
use crate::{Key, Row, Snapshot, Version};

async fn take(trial: &Trial<'_>) -> Result<Box<dyn Snapshot>, String> {
    trial.store.snapshot(now()).await.map_err(|outage| format!("snapshot: {outage}"))
}

/// The end of a case about pictures of one instant, where there are none.
fn torn(trial: &Trial<'_>) -> Option<Checked> {
    trial.store.caps().torn_snapshots.then(|| skipped("its snapshots are not of one instant"))
}

async fn page(
    picture: &mut Box<dyn Snapshot>,
    collection: &str,
    from: Option<&str>,
    limit: usize,
) -> Result<Vec<Row>, String> {
    picture.page(collection, from, limit).await.map_err(|outage| format!("page: {outage}"))
}

fn ids(rows: &[Row]) -> Vec<&str> {
    rows.iter().map(|row| row.id.as_str()).collect()
}

pub(super) async fn a_snapshot_does_not_see_what_came_later(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    if let Some(skipped) = torn(&trial) {
        return skipped;
    }
    let version = trial.does(vec![insert("a", "1"), insert("b", "1"), insert("c", "1")]).await?;
    trial.does(vec![step("n", &[("x", 1)])]).await?;
    let mut picture = take(&trial).await?;
    let first = page(&mut picture, THINGS, None, 1).await?;
    same("first page", ids(&first), vec!["a"])?;
    let later = vec![put("b", version, "2"), delete("c", version), insert("bb", "1"), step("n", &[("x", 1)])];
    trial.does(later).await?;
    let rest = page(&mut picture, THINGS, Some("a"), 10).await?;
    same("rest", ids(&rest), vec!["b", "c", "n"])?;
    same("body of b", rest[0].item.body.clone(), Bytes::from_static(b"1"))?;
    same("steps of n", rest[2].item.version, Version(1))?;
    same("the store itself", trial.text("b").await?, "2".to_owned())?;
    passed()
}

pub(super) async fn a_snapshot_pages_in_the_order_of_ids(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let all = ["B", "a", "a0", "b", "c", "d", "ä"];
    trial.does(all.iter().rev().map(|id| insert(id, id)).collect()).await?;
    let mut picture = take(&trial).await?;
    let mut seen = vec![];
    let mut last: Option<String> = None;
    for _ in 0..5 {
        let rows = page(&mut picture, THINGS, last.as_deref(), 2).await?;
        same("at most two", rows.len() <= 2, true)?;
        seen.extend(rows.iter().map(|row| row.id.clone()));
        last = rows.last().map(|row| row.id.clone()).or(last);
    }
    same("all pages", seen, all.map(str::to_owned).to_vec())?;
    passed()
}

pub(super) async fn a_snapshot_sees_one_collection_at_a_time(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let other = put_bytes(Key::new("suite.thinga", "b"), Version::ABSENT, Bytes::from_static(b"2"));
    trial.does(vec![insert("a", "1"), other]).await?;
    let mut picture = take(&trial).await?;
    let things = page(&mut picture, THINGS, None, 10).await?;
    same("things", ids(&things), vec!["a"])?;
    let others = page(&mut picture, "suite.thinga", None, 10).await?;
    same("others", ids(&others), vec!["b"])?;
    same("body", others[0].item.body.clone(), Bytes::from_static(b"2"))?;
    same("no collection", page(&mut picture, "suite.none", None, 10).await?, vec![])?;
    passed()
}

pub(super) async fn a_snapshot_shows_counters_and_hides_what_expired(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    trial.does(vec![step("n", &[("x", 2)]), expiring(insert("a", "1"), now())]).await?;
    trial.does(vec![expiring(insert("b", "1"), after(1))]).await?;
    let mut picture = take(&trial).await?;
    let rows = page(&mut picture, THINGS, None, 10).await?;
    same("rows", ids(&rows), vec!["b", "n"])?;
    same("fields", fields(&rows[1].item)?, numbers(&[("x", 2)]))?;
    same("sort values", rows.iter().all(|row| row.sort.is_empty()), true)?;
    passed()
}

pub(super) async fn a_snapshot_sees_all_of_a_unit_or_nothing(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    if let Some(skipped) = torn(&trial) {
        return skipped;
    }
    let writer = async {
        for round in 100..140 {
            let ids = (0..5).map(|place| insert(&format!("{round}-{place}"), "1"));
            trial.does(ids.collect()).await?;
        }
        Ok::<(), String>(())
    };
    let auditor = async {
        for _ in 0..20 {
            let mut picture = take(&trial).await?;
            let first = page(&mut picture, THINGS, None, 7).await?;
            let last = first.last().map(|row| row.id.clone());
            let rest = page(&mut picture, THINGS, last.as_deref(), 1_000).await?;
            same("items of whole units", (first.len() + rest.len()) % 5, 0)?;
        }
        Ok::<(), String>(())
    };
    let (written, audited) = join(writer, auditor).await;
    written.and(audited)?;
    passed()
}
