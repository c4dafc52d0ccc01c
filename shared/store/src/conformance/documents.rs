//! Documents: versions, absence, and what two writers may not both do.

use bytes::Bytes;
use futures_util::future::join_all;

use super::trial::{Trial, check, delete, insert, now, passed, put, put_bytes, same, thing};
use super::{Checked, Subject};
use crate::{Key, Nonce, Outcome, Unit, Version};

pub(super) async fn what_was_never_put_is_absent(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    same("a", trial.read("a").await?, None)?;
    trial.does(vec![insert("a", "1")]).await?;
    same("its neighbour", trial.read("b").await?, None)?;
    passed()
}

pub(super) async fn what_was_put_is_read_with_its_version(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let version = trial.does(vec![insert("a", "1")]).await?;
    let item = trial.read("a").await?.ok_or("a is absent")?;
    same("the version is the unit's nonce", item.version, version)?;
    same("body", item.body, Bytes::from_static(b"1"))?;
    passed()
}

pub(super) async fn answers_come_in_the_order_of_the_keys(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    trial.does(vec![insert("a", "1"), insert("b", "2"), insert("c", "3")]).await?;
    let keys = ["c", "none", "a", "b", "a"].map(thing).to_vec();
    let bodies = trial.read_all(keys, now()).await?.into_iter().map(|item| item.map(|item| item.body));
    let want = [Some("3"), None, Some("1"), Some("2"), Some("1")].map(|body| body.map(Bytes::from));
    same("bodies", bodies.collect::<Vec<_>>(), want.to_vec())?;
    passed()
}

pub(super) async fn reading_nothing_answers_nothing(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    same("items", trial.read_all(vec![], now()).await?, vec![])?;
    passed()
}

pub(super) async fn every_commit_is_seen_by_the_next_read(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let mut version = Version::ABSENT;
    for round in 0..50 {
        let body = round.to_string();
        version = trial.does(vec![put("a", version, &body)]).await?;
        same(format!("round {round}"), trial.text("a").await?, body)?;
    }
    passed()
}

pub(super) async fn bodies_are_kept_byte_for_byte(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let all: Vec<u8> = (0..=u8::MAX).collect();
    let bodies = [
        Bytes::from(all),
        Bytes::new(),
        Bytes::from_static(b"{ \"a\" : 1.0 }\n"),
        Bytes::from_static(b"\0\0"),
    ];
    for (place, body) in bodies.into_iter().enumerate() {
        let id = place.to_string();
        trial.does(vec![put_bytes(thing(&id), Version::ABSENT, body.clone())]).await?;
        same(format!("body {id}"), trial.read(&id).await?.map(|item| item.body), Some(body))?;
    }
    passed()
}

pub(super) async fn a_put_with_the_version_that_was_read_replaces(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let first = trial.does(vec![insert("a", "1")]).await?;
    let second = trial.does(vec![put("a", first, "2")]).await?;
    same("body", trial.text("a").await?, "2".to_owned())?;
    same("version", trial.read("a").await?.map(|item| item.version), Some(second))?;
    passed()
}

pub(super) async fn a_put_with_a_stale_version_conflicts(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let first = trial.does(vec![insert("a", "1")]).await?;
    trial.does(vec![put("a", first, "2")]).await?;
    trial.conflicts("a put with the version before last", vec![put("a", first, "3")]).await?;
    same("body", trial.text("a").await?, "2".to_owned())?;
    passed()
}

pub(super) async fn an_insert_over_what_exists_conflicts(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    trial.does(vec![insert("a", "1")]).await?;
    trial.conflicts("an insert over what exists", vec![insert("a", "2")]).await?;
    same("body", trial.text("a").await?, "1".to_owned())?;
    passed()
}

pub(super) async fn a_replacement_of_what_is_absent_conflicts(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    trial.conflicts("a put over nothing", vec![put("a", Version(7), "1")]).await?;
    same("a", trial.read("a").await?, None)?;
    passed()
}

pub(super) async fn a_delete_removes(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let version = trial.does(vec![insert("a", "1"), insert("b", "2")]).await?;
    trial.does(vec![delete("a", version)]).await?;
    same("a", trial.read("a").await?, None)?;
    same("its neighbour", trial.text("b").await?, "2".to_owned())?;
    passed()
}

pub(super) async fn a_delete_with_a_stale_version_conflicts(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let first = trial.does(vec![insert("a", "1")]).await?;
    trial.does(vec![put("a", first, "2")]).await?;
    trial.conflicts("a delete with the version before last", vec![delete("a", first)]).await?;
    same("body", trial.text("a").await?, "2".to_owned())?;
    passed()
}

pub(super) async fn a_delete_of_what_is_absent_conflicts(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    trial.conflicts("a delete of nothing", vec![delete("a", Version(7))]).await?;
    passed()
}

pub(super) async fn what_was_deleted_and_made_again_is_another(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let old = trial.does(vec![insert("a", "1")]).await?;
    trial.does(vec![delete("a", old)]).await?;
    trial.does(vec![insert("a", "1")]).await?;
    trial.conflicts("a put with the version of the first", vec![put("a", old, "2")]).await?;
    trial.conflicts("a check of the version of the first", vec![check("a", old), insert("b", "2")]).await?;
    trial.conflicts("a delete with the version of the first", vec![delete("a", old)]).await?;
    same("body", trial.text("a").await?, "1".to_owned())?;
    passed()
}

pub(super) async fn a_check_that_holds_changes_nothing(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let version = trial.does(vec![insert("a", "1")]).await?;
    let before = trial.read("a").await?;
    trial.does(vec![check("a", version), check("b", Version::ABSENT), insert("c", "3")]).await?;
    same("a", trial.read("a").await?, before)?;
    same("b", trial.read("b").await?, None)?;
    same("c", trial.text("c").await?, "3".to_owned())?;
    passed()
}

pub(super) async fn a_check_of_a_stale_version_conflicts(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let first = trial.does(vec![insert("a", "1")]).await?;
    let second = trial.does(vec![put("a", first, "2")]).await?;
    trial.conflicts("a check of an old version", vec![check("a", first)]).await?;
    trial.conflicts("a check of absence", vec![check("a", Version::ABSENT)]).await?;
    trial.does(vec![delete("a", second)]).await?;
    trial.conflicts("a check of what is gone", vec![check("a", second)]).await?;
    passed()
}

/// Two units read both documents and each writes another one: only one of them may be committed.
pub(super) async fn write_skew_on_a_document_is_a_conflict(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let version = trial.does(vec![insert("a", "1"), insert("b", "1")]).await?;
    let one = trial.unit(vec![check("a", version), put("b", version, "0")]);
    let other = trial.unit(vec![check("b", version), put("a", version, "0")]);
    one_of_two(&trial, one, other).await
}

/// Two units see that the other's document is absent and each makes its own: only one of them may be committed.
pub(super) async fn write_skew_on_an_absence_is_a_conflict(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let one = trial.unit(vec![check("cancel", Version::ABSENT), insert("booking", "1")]);
    let other = trial.unit(vec![check("booking", Version::ABSENT), insert("cancel", "1")]);
    one_of_two(&trial, one, other).await
}

async fn one_of_two(trial: &Trial<'_>, one: Unit, other: Unit) -> Checked {
    let mut outcomes = vec![];
    for outcome in join_all([trial.commit(one), trial.commit(other)]).await {
        outcomes.push(format!("{:?}", outcome?));
    }
    outcomes.sort_unstable();
    same("outcomes", outcomes, vec!["Committed".to_owned(), "Conflict".to_owned()])?;
    passed()
}

pub(super) async fn collections_do_not_share_ids(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let other = Key::new("suite.other", "a");
    trial.does(vec![insert("a", "1")]).await?;
    same("the other collection", trial.read_at(other.clone(), now()).await?, None)?;
    trial.does(vec![put_bytes(other, Version::ABSENT, Bytes::from_static(b"2"))]).await?;
    same("body", trial.text("a").await?, "1".to_owned())?;
    passed()
}

pub(super) async fn ids_differ_by_every_character(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let ids = ["a", "A", "a ", "a%", "a_", "ä", "a\u{308}", "a/b", "a'b", "a\"b", "a:b", "日本", "\u{1F333}"];
    trial.does(ids.iter().map(|id| insert(id, &format!("is {id}"))).collect()).await?;
    for id in ids {
        same(format!("{id:?}"), trial.text(id).await?, format!("is {id}"))?;
    }
    passed()
}

pub(super) async fn the_highest_nonce_is_a_version(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    for nonce in [u64::MAX, u64::MAX - 1, 1 << 63, (1 << 63) - 1, 1] {
        let id = nonce.to_string();
        let unit = Unit { nonce: Nonce(nonce), ..trial.unit(vec![insert(&id, "1")]) };
        trial.expect("an insert", Outcome::Committed, unit).await?;
        same("version", trial.read(&id).await?.map(|item| item.version), Some(Version(nonce)))?;
        trial.does(vec![put(&id, Version(nonce), "2")]).await?;
    }
    passed()
}

pub(super) async fn an_empty_unit_is_committed(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    trial.does(vec![]).await?;
    passed()
}

pub(super) async fn concurrent_writers_lose_no_update(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    trial.does(vec![insert("a", "0")]).await?;
    let writer = || async {
        loop {
            let item = trial.read("a").await?.ok_or("a is gone")?;
            let number: u64 = String::from_utf8_lossy(&item.body).parse().map_err(|_| "not a number")?;
            let unit = trial.unit(vec![put("a", item.version, &(number + 1).to_string())]);
            match trial.commit(unit).await? {
                Outcome::Committed => return Ok::<(), String>(()),
                Outcome::Conflict => {}
                other => return Err(format!("an increment: {other:?}")),
            }
        }
    };
    for done in join_all((0..16).map(|_| writer())).await {
        done?;
    }
    same("sum of 16 increments", trial.text("a").await?, "16".to_owned())?;
    passed()
}
