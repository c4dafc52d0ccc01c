//! Expiry: from that instant on an item is absent everywhere, whether or not it has been removed.

use super::trial::{
    Trial, after, check, delete, expiring, insert, now, passed, put, query, same, sorted, thing,
};
use super::{Checked, Subject};
use crate::{Outcome, Unit, Version};

async fn is_there(trial: &Trial<'_>, id: &str, micros: i64) -> Result<bool, String> {
    Ok(trial.read_at(thing(id), after(micros)).await?.is_some())
}

pub(super) async fn what_expires_is_absent_from_that_instant_on(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    trial.does(vec![expiring(insert("a", "1"), after(10))]).await?;
    for (micros, want) in [(0, true), (9, true), (10, false), (11, false), (1_000_000_000, false)] {
        same(format!("there after {micros} us"), is_there(&trial, "a", micros).await?, want)?;
    }
    passed()
}

pub(super) async fn what_does_not_expire_stays(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let version = trial.does(vec![insert("a", "1"), expiring(insert("b", "1"), after(10))]).await?;
    trial.does(vec![put("b", version, "2")]).await?;
    let late = 200_000_000_000_000_000;
    same("never to expire", is_there(&trial, "a", late).await?, true)?;
    same("no more to expire", is_there(&trial, "b", late).await?, true)?;
    passed()
}

pub(super) async fn a_check_sees_what_expired_as_absent(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let version = trial.does(vec![expiring(insert("a", "1"), after(10))]).await?;
    let at = |micros, version| Unit { now: after(micros), ..trial.unit(vec![check("a", version)]) };
    trial.expect("its version, before", Outcome::Committed, at(9, version)).await?;
    trial.expect("absence, before", Outcome::Conflict, at(9, Version::ABSENT)).await?;
    trial.expect("its version, after", Outcome::Conflict, at(10, version)).await?;
    trial.expect("absence, after", Outcome::Committed, at(10, Version::ABSENT)).await?;
    passed()
}

pub(super) async fn what_expired_can_be_inserted_again(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    trial.does(vec![sorted(expiring(insert("a", "1"), after(10)), "s1")]).await?;
    let again = |micros| Unit { now: after(micros), ..trial.unit(vec![sorted(insert("a", "2"), "s2")]) };
    trial.expect("an insert before", Outcome::Conflict, again(9)).await?;
    trial.expect("an insert after", Outcome::Committed, again(10)).await?;
    same("body", trial.text("a").await?, "2".to_owned())?;
    let sorts: Vec<String> = trial.rows(query()).await?.into_iter().map(|row| row.sort).collect();
    same("entries", sorts, vec!["s2".to_owned()])?;
    passed()
}

pub(super) async fn what_expired_cannot_be_replaced_or_deleted(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let version = trial.does(vec![expiring(insert("a", "1"), after(10))]).await?;
    for change in [put("a", version, "2"), delete("a", version)] {
        let unit = Unit { now: after(10), ..trial.unit(vec![change.clone()]) };
        trial.expect(&format!("after it expired: {change:?}"), Outcome::Conflict, unit).await?;
    }
    let unit = Unit { now: after(9), ..trial.unit(vec![delete("a", version)]) };
    trial.expect("a delete before", Outcome::Committed, unit).await?;
    passed()
}

pub(super) async fn a_query_hides_what_expired(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    trial
        .does(vec![sorted(expiring(insert("a", "1"), after(10)), "s"), sorted(insert("b", "1"), "s")])
        .await?;
    for (micros, want) in [(9, ["a", "b"].as_slice()), (10, &["b"])] {
        let rows = trial.page(&query(), after(micros)).await?.rows;
        let ids: Vec<&str> = rows.iter().map(|row| row.id.as_str()).collect();
        same(format!("found after {micros} us"), ids, want.to_vec())?;
    }
    passed()
}

pub(super) async fn an_expiry_can_be_put_off(subject: &dyn Subject) -> Checked {
    let trial = Trial::new(subject).await;
    let version = trial.does(vec![sorted(expiring(insert("a", "1"), after(10)), "s")]).await?;
    trial.does(vec![sorted(expiring(put("a", version, "2"), after(20)), "s")]).await?;
    for (micros, want) in [(15, true), (20, false)] {
        same(format!("there after {micros} us"), is_there(&trial, "a", micros).await?, want)?;
        let found = !trial.page(&query(), after(micros)).await?.rows.is_empty();
        same(format!("found after {micros} us"), found, want)?;
    }
    same("now", now() < after(15), true)?;
    passed()
}
