//! Indexes: where an item is found, and that they never decide.

use bytes::Bytes;

use super::trial::{
    BY, PART, THINGS, Trial, delete, insert, lacks, listed, now, passed, put, put_bytes, query, same, sorted,
};
use super::{Checked, Hook, Subject};
use crate::{Entry, Key, Query, Version};

pub(super) async fn a_query_finds_what_was_put(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    trial.does(vec![sorted(insert("a", "1"), "s"), insert("b", "1")]).await?;
    same("found", trial.ids(query()).await?, vec!["a".to_owned()])?;
    passed()
}

pub(super) async fn a_query_answers_item_and_sort_value(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let version = trial.does(vec![sorted(insert("a", "1"), "s")]).await?;
    let rows = trial.rows(query()).await?;
    let got: Vec<_> =
        rows.into_iter().map(|row| (row.id, row.sort, row.item.version, row.item.body)).collect();
    same("rows", got, vec![("a".to_owned(), "s".to_owned(), version, Bytes::from_static(b"1"))])?;
    let version = trial.does(vec![sorted(put("a", version, "2"), "s")]).await?;
    let rows = trial.rows(query()).await?;
    let got: Vec<_> = rows.into_iter().map(|row| (row.item.version, row.item.body)).collect();
    same("rows after a put", got, vec![(version, Bytes::from_static(b"2"))])?;
    passed()
}

pub(super) async fn a_query_sees_only_its_partition(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let at = |id: &str, partition: &str| listed(insert(id, "1"), vec![Entry::new(BY, partition, "s")]);
    trial.does(vec![at("a", PART), at("b", "par"), at("c", "part "), at("d", "parts"), at("e", "")]).await?;
    same("part", trial.ids(query()).await?, vec!["a".to_owned()])?;
    same("empty", trial.ids(Query::new(THINGS, BY, "")).await?, vec!["e".to_owned()])?;
    passed()
}

pub(super) async fn a_query_sees_only_its_index_and_collection(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let other = put_bytes(Key::new("suite.other", "c"), Version::ABSENT, Bytes::new());
    let elsewhere = listed(insert("b", "1"), vec![Entry::new("on", PART, "s")]);
    trial.does(vec![sorted(insert("a", "1"), "s"), elsewhere, sorted(other, "s")]).await?;
    same("by", trial.ids(query()).await?, vec!["a".to_owned()])?;
    same("on", trial.ids(Query::new(THINGS, "on", PART)).await?, vec!["b".to_owned()])?;
    same("other", trial.ids(Query::new("suite.other", BY, PART)).await?, vec!["c".to_owned()])?;
    passed()
}

pub(super) async fn an_index_that_nobody_uses_is_empty(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    trial.does(vec![sorted(insert("a", "1"), "s")]).await?;
    for empty in
        [Query::new(THINGS, "none", PART), Query::new("suite.none", BY, PART), Query::new(THINGS, BY, "no")]
    {
        same("rows", trial.ids(empty).await?, vec![])?;
    }
    passed()
}

pub(super) async fn an_item_moves_in_its_index(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let version = trial.does(vec![sorted(insert("a", "1"), "s1"), sorted(insert("b", "1"), "s2")]).await?;
    let version = trial.does(vec![sorted(put("a", version, "1"), "s3")]).await?;
    same("moved within", trial.ids(query()).await?, vec!["b".to_owned(), "a".to_owned()])?;
    let elsewhere = listed(put("a", version, "1"), vec![Entry::new(BY, "elsewhere", "s")]);
    trial.does(vec![elsewhere]).await?;
    same("moved away", trial.ids(query()).await?, vec!["b".to_owned()])?;
    same("elsewhere", trial.ids(Query::new(THINGS, BY, "elsewhere")).await?, vec!["a".to_owned()])?;
    passed()
}

pub(super) async fn an_item_put_without_entries_leaves_the_index(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let version = trial.does(vec![sorted(insert("a", "1"), "s"), sorted(insert("b", "1"), "s")]).await?;
    trial.does(vec![put("a", version, "2")]).await?;
    same("found", trial.ids(query()).await?, vec!["b".to_owned()])?;
    passed()
}

pub(super) async fn a_deleted_item_leaves_the_index(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let version = trial.does(vec![sorted(insert("a", "1"), "s"), sorted(insert("b", "1"), "s")]).await?;
    trial.does(vec![delete("a", version)]).await?;
    same("found", trial.ids(query()).await?, vec!["b".to_owned()])?;
    trial.does(vec![sorted(insert("a", "2"), "t")]).await?;
    same("made again", trial.ids(query()).await?, vec!["b".to_owned(), "a".to_owned()])?;
    passed()
}

pub(super) async fn an_item_is_found_in_all_its_indexes(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let three = vec![Entry::new("by", "p", "1"), Entry::new("on", "q", "2"), Entry::new("at", "r", "3")];
    trial.does(vec![listed(insert("a", "1"), three)]).await?;
    for (index, partition, sort) in [("by", "p", "1"), ("on", "q", "2"), ("at", "r", "3")] {
        let rows = trial.rows(Query::new(THINGS, index, partition)).await?;
        let got: Vec<_> = rows.into_iter().map(|row| (row.id, row.sort)).collect();
        same(index, got, vec![("a".to_owned(), sort.to_owned())])?;
    }
    passed()
}

pub(super) async fn a_unit_that_conflicts_leaves_the_index_alone(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let version = trial.does(vec![sorted(insert("a", "1"), "s1"), sorted(insert("b", "1"), "s2")]).await?;
    let moves = vec![sorted(put("a", version, "2"), "s3"), sorted(insert("c", "1"), "s0"), insert("b", "2")];
    trial.conflicts("an insert over what exists", moves).await?;
    let rows = trial.rows(query()).await?;
    let got: Vec<_> = rows.into_iter().map(|row| (row.id, row.sort)).collect();
    let want = [("a", "s1"), ("b", "s2")].map(|(id, sort)| (id.to_owned(), sort.to_owned()));
    same("rows", got, want.to_vec())?;
    passed()
}

/// A row tells what the item was; the version that it tells is judged against what the item is.
pub(super) async fn a_stale_index_never_decides(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let version = trial.does(vec![sorted(insert("a", "1"), "s1")]).await?;
    same("found", trial.ids(query()).await?, vec!["a".to_owned()])?;
    if !trial.can(Hook::HoldIndexes(true)) {
        return lacks(Hook::HoldIndexes(true));
    }
    trial.does(vec![sorted(put("a", version, "2"), "s2"), sorted(insert("b", "1"), "s1")]).await?;
    let page = trial.store.query(query(), now()).await.map_err(|outage| outage.to_string())?;
    let stale: Vec<_> =
        page.rows.iter().map(|row| (row.id.as_str(), row.sort.as_str(), row.item.version)).collect();
    same("what the index still shows", stale, vec![("a", "s1", version)])?;
    trial.conflicts("a put of what the index shows", vec![put("a", version, "3")]).await?;
    same("a strong read", trial.text("a").await?, "2".to_owned())?;
    trial.can(Hook::HoldIndexes(false));
    let rows = trial.rows(query()).await?;
    let got: Vec<_> = rows.iter().map(|row| (row.id.as_str(), row.sort.as_str())).collect();
    same("once caught up", got, vec![("b", "s1"), ("a", "s2")])?;
    passed()
}
