//! What is tried, on the model and on the backends.

use std::collections::BTreeSet;

use futures_util::future::{Either, select};
use store::conformance::trial::{
    THINGS, Trial, insert, lossy, now, passed, put, put_bytes, same, skipped, step, thing,
};
use store::conformance::{Checked, Hook};
use store::sim::Fault;
use store::{Key, OutageKind, Outcome, Row, Version};

use super::{Peer, Who};

pub(super) async fn a_conflict_that_nobody_made_leaves_nothing_and_passes(peer: &dyn Peer) -> Checked {
    let trial = Trial::new(peer).await;
    if !peer.fault(Fault::Conflict) {
        return skipped("one thread writes, and nobody is in its way");
    }
    let unit = trial.handling("m", vec![insert("a", "1"), step("n", &[("x", 1)])]);
    trial.expect("in the way of nobody who stays", Outcome::Conflict, unit).await?;
    peer.heal();
    same("a", trial.read("a").await?, None)?;
    same("n", trial.read("n").await?, None)?;
    let again = trial.handling("m", vec![insert("a", "1"), step("n", &[("x", 1)])]);
    trial.expect("the next execution", Outcome::Committed, again).await?;
    passed()
}

pub(super) async fn who_is_in_the_way_may_hear_that_although_its_message_was_handled(
    peer: &dyn Peer,
) -> Checked {
    match peer.who() {
        Who::Model | Who::DynamoDb => {}
        Who::Postgres => {
            return skipped("what is judged to be a duplicate writes nothing that could be in the way");
        }
        Who::Sqlite => return skipped("one thread writes, and nobody is in its way"),
    }
    let trial = Trial::new(peer).await;
    let first = trial.handling("m", vec![insert("a", "1")]);
    trial.expect("the first execution", Outcome::Committed, first).await?;
    same("brought about", peer.fault(Fault::Conflict), true)?;
    let second = trial.handling("m", vec![insert("b", "1")]);
    trial.expect("the second, in the way of others", Outcome::Conflict, second).await?;
    peer.heal();
    let third = trial.handling("m", vec![insert("b", "1")]);
    trial.expect("the third", Outcome::Duplicate, third).await?;
    same("b", trial.read("b").await?, None)?;
    passed()
}

pub(super) async fn what_is_throttled_changes_nothing_and_passes(peer: &dyn Peer) -> Checked {
    let trial = Trial::new(peer).await;
    if !peer.fault(Fault::Throttled) {
        return skipped("nobody asks for less");
    }
    let unit = trial.handling("m", vec![insert("a", "1")]);
    let end = trial.store.commit(unit).await.map_err(|outage| outage.kind);
    same("throttled", end, Err(OutageKind::Throttled))?;
    peer.heal();
    same("a", trial.read("a").await?, None)?;
    let again = trial.handling("m", vec![insert("a", "1")]);
    trial.expect("the next execution", Outcome::Committed, again).await?;
    passed()
}

pub(super) async fn what_lands_late_is_judged_when_it_lands(peer: &dyn Peer) -> Checked {
    let trial = Trial::new(peer).await;
    let old = trial.does(vec![insert("changed", "1"), insert("kept", "1")]).await?;
    let mut sent = 0;
    // One that no longer holds when it lands, and one that still does; each of a message that nobody handles meanwhile.
    for (id, beside) in [("changed", "never"), ("kept", "late")] {
        if !trial.can(Hook::LoseReplyLate) {
            return skipped("nothing is on its way within a process");
        }
        let unit = trial.handling(beside, vec![put(id, old, "2"), insert(beside, "1")]);
        same("a lost answer", trial.commit(unit).await?, Outcome::Unknown)?;
        same("not there yet", trial.read(beside).await?, None)?;
        sent += 1;
    }
    same("sent", sent, 2)?;
    trial.does(vec![put("changed", old, "meanwhile")]).await?;
    peer.settle().await;
    same("what was changed meanwhile", trial.text("changed").await?, "meanwhile".to_owned())?;
    same("what came with the late one", trial.read("never").await?, None)?;
    same("what still held", trial.text("kept").await?, "2".to_owned())?;
    same("what came with it", trial.text("late").await?, "1".to_owned())?;
    passed()
}

pub(super) async fn a_snapshot_is_torn_where_it_says_so(peer: &dyn Peer) -> Checked {
    let trial = Trial::new(peer).await;
    let other = |version, body: &str| {
        put_bytes(Key::new("suite.other", "b"), version, body.to_owned().into_bytes().into())
    };
    let old = trial.does(vec![insert("a", "1"), other(Version::ABSENT, "1")]).await?;
    let mut picture = trial.store.snapshot(now()).await.map_err(|outage| outage.to_string())?;
    let first = picture.page(THINGS, None, 10).await.map_err(|outage| outage.to_string())?;
    let body = |rows: &[Row]| rows.first().map(|row| lossy(&row.item.body)).unwrap_or_default();
    same("first", body(&first), "1".to_owned())?;
    trial.does(vec![put("a", old, "2"), other(old, "2")]).await?;
    let second = picture.page("suite.other", None, 10).await.map_err(|outage| outage.to_string())?;
    let is_torn = trial.store.caps().torn_snapshots;
    same("second", body(&second), if is_torn { "2" } else { "1" }.to_owned())?;
    same("whose are torn", is_torn, peer.who() == Who::DynamoDb)?;
    passed()
}

/// Half as many again as one request of DynamoDB may name.
const READ: usize = 150;
/// So many of them are written by each unit that both requests have some.
const WRITTEN: usize = 16;
/// Reads while another process writes. Where a read takes two requests, a write comes in between soon.
const LOOKS: usize = 100;

pub(super) async fn a_read_of_many_is_of_one_instant_unless_dynamodb_is_asked(peer: &dyn Peer) -> Checked {
    let trial = Trial::new(peer).await;
    let ids: Vec<String> = (0..READ).map(|n| format!("a{n:03}")).collect();
    let all = |version, body: &str| ids[..WRITTEN].iter().map(|id| put(id, version, body)).collect();
    let mut version = trial.does(all(Version::ABSENT, "0")).await?;
    let writing = Box::pin(async {
        for n in 1_u32.. {
            version = trial.does(all(version, &n.to_string())).await?;
            tokio::task::yield_now().await;
        }
        Ok::<(), String>(())
    });
    let reading = Box::pin(async {
        for _ in 0..LOOKS {
            let found = trial.read_all(ids.iter().map(|id| thing(id)).collect(), now()).await?;
            let bodies = found[..WRITTEN].iter().map(|item| item.as_ref().map(|item| item.body.clone()));
            if bodies.collect::<BTreeSet<_>>().len() > 1 {
                return Ok::<bool, String>(true);
            }
            tokio::task::yield_now().await;
        }
        Ok(false)
    });
    let is_torn = match select(reading, writing).await {
        Either::Left((is_torn, _)) => is_torn?,
        Either::Right((why, _)) => return why.and_then(|()| passed()),
    };
    same("a read saw a unit in parts", is_torn, peer.who() == Who::DynamoDb)?;
    passed()
}
