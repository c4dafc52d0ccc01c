//! Commits a unit of work: one transaction, sent again under the same token while its answer is lost or others are in the
//! way.
//!
//! DynamoDB answers a transaction that it has done under a token, for ten minutes, as if it did it now: so a lost answer
//! is asked for again. Once an answer was lost, a later refusal proves nothing, as what was lost may still arrive: then
//! only success or the record tells.

use std::collections::BTreeMap;

use super::indexes::Indexes;
use super::judge::{Verdict, judge, version_of};
use super::layout::Place;
use super::pack::{Known, Ready, is_in_pieces};
use super::pieces;
use super::requests::Requests;
use crate::aws::{Failure, Refusal, TRIES};
use crate::failure::{Outage, OutageKind};
use crate::key::Version;
use crate::unit::{Change, Limit, Outcome};

/// Tries of a unit while others change the same items at this moment. The pauses in between are random, 5 s in all on
/// average; then the caller may run its handler again.
const BUSY_TRIES: u32 = 16;
/// Tries of a unit that was refused though a read finds that it holds: somebody changes the same items again and again.
const JUDGED_TRIES: u32 = 8;

/// How often each thing has happened to one unit.
#[derive(Default)]
struct Tried {
    lost: u32,
    busy: u32,
    throttled: u32,
    judged: u32,
}

pub(super) async fn commit(requests: &Requests, indexes: &Indexes, ready: Ready) -> Result<Outcome, Outage> {
    if let Some(limit) = ready.limit {
        return refused(requests, &ready, limit).await;
    }
    if ready.changes.is_empty() {
        return Ok(Outcome::Committed);
    }
    let spots = indexes.place(requests, &ready.changes).await?;
    if !spots.values().flatten().all(super::layout::Spot::can_be) {
        return refused(requests, &ready, Limit::Bytes).await;
    }
    let mut token = requests.token();
    let mut known = Known { spots, pieces: None, seen: BTreeMap::new() };
    if let Some(Change::Put { key, body, expires, .. }) = ready.changes.first().filter(|_| ready.has_record)
        && is_in_pieces(body.len())
    {
        known.pieces = Some(pieces::put(requests, key, body, *expires, &token).await?);
    }
    let mut tried = Tried::default();
    loop {
        let actions = ready.actions(requests.settings(), &known).map_err(unmade)?;
        let Some(actions) = actions else { return refused(requests, &ready, Limit::Bytes).await };
        let failure = match requests.transact(actions, &token).await {
            Ok(()) => return Ok(Outcome::Committed),
            Err(failure) => failure,
        };
        match next(requests, &ready, failure, &mut tried).await? {
            Next::End(outcome) => return Ok(outcome),
            Next::Again => {}
            Next::As(seen) => {
                known.seen = seen;
                // Another request needs another name.
                token = requests.token();
            }
        }
    }
}

/// How it goes on after a failure.
enum Next {
    End(Outcome),
    Again,
    As(BTreeMap<crate::key::Key, super::counter::Seen>),
}

async fn next(
    requests: &Requests,
    ready: &Ready,
    failure: Failure,
    tried: &mut Tried,
) -> Result<Next, Outage> {
    let (count, most) = match &failure {
        Failure::Lost(_) => (&mut tried.lost, TRIES),
        Failure::Cancelled(codes) if is_condition(codes) => {
            return unheld(requests, ready, codes, tried).await;
        }
        Failure::Cancelled(codes) if codes.iter().any(|code| code == "TransactionConflict") => {
            (&mut tried.busy, BUSY_TRIES)
        }
        Failure::Cancelled(codes) if codes.iter().any(|code| is_throttle(code)) => {
            (&mut tried.throttled, TRIES)
        }
        Failure::Refused(refusal) if is_conflict(refusal) => (&mut tried.busy, BUSY_TRIES),
        failure if failure.passes() => (&mut tried.throttled, TRIES),
        _ if tried.lost > 0 => return resolve(requests, ready).await.map(Next::End),
        Failure::Refused(refusal) if is_size(refusal) => {
            return refused(requests, ready, Limit::Bytes).await.map(Next::End);
        }
        _ => return Err(told(failure)),
    };
    *count += 1;
    let n = *count;
    if n < most {
        requests.pause(n).await;
        return Ok(Next::Again);
    }
    if let Failure::Lost(outage) = &failure {
        tracing::debug!(error = %outage, "a commit was not answered");
    }
    match failure {
        _ if tried.lost > 0 => resolve(requests, ready).await.map(Next::End),
        Failure::Cancelled(codes) if codes.iter().any(|code| code == "TransactionConflict") => {
            Ok(Next::End(Outcome::Conflict))
        }
        Failure::Refused(refusal) if is_conflict(&refusal) => Ok(Next::End(Outcome::Conflict)),
        failure => Err(told(failure)),
    }
}

/// A condition did not hold.
async fn unheld(
    requests: &Requests,
    ready: &Ready,
    codes: &[String],
    tried: &mut Tried,
) -> Result<Next, Outage> {
    if tried.lost > 0 {
        return resolve(requests, ready).await.map(Next::End);
    }
    if ready.has_record && codes.first().is_some_and(|code| code == CONDITION) {
        return Ok(Next::End(Outcome::Duplicate));
    }
    tried.judged += 1;
    Ok(match judge(requests, ready).await? {
        Verdict::Duplicate => Next::End(Outcome::Duplicate),
        Verdict::Beyond => Next::End(Outcome::TooLarge(Limit::Counter)),
        Verdict::Conflict => Next::End(Outcome::Conflict),
        Verdict::Holds(_) if tried.judged >= JUDGED_TRIES => Next::End(Outcome::Conflict),
        Verdict::Holds(seen) => {
            if tried.judged > 1 {
                requests.pause(tried.judged).await;
            }
            Next::As(seen)
        }
    })
}

/// What can never be applied is a duplicate or a conflict all the same, if it is one.
async fn refused(requests: &Requests, ready: &Ready, limit: Limit) -> Result<Outcome, Outage> {
    Ok(match judge(requests, ready).await? {
        Verdict::Duplicate => Outcome::Duplicate,
        Verdict::Conflict => Outcome::Conflict,
        Verdict::Beyond | Verdict::Holds(_) => Outcome::TooLarge(limit),
    })
}

/// After a lost answer: the record tells, if there is one. If there is none yet, what was lost may still arrive.
async fn resolve(requests: &Requests, ready: &Ready) -> Result<Outcome, Outage> {
    let Some(place) = ready.record().map(Place::of) else { return Ok(Outcome::Unknown) };
    let found = match requests.get(vec![place.clone()]).await {
        Ok(found) => found,
        Err(outage) => {
            tracing::debug!(error = %outage, "nor could its record be read");
            return Ok(Outcome::Unknown);
        }
    };
    let Some(item) = found.get(&place) else { return Ok(Outcome::Unknown) };
    if version_of(item)? == Version(ready.nonce) {
        return Ok(Outcome::Committed);
    }
    Ok(if super::judge::is_live(item, ready.now)? { Outcome::Duplicate } else { Outcome::Unknown })
}

const CONDITION: &str = "ConditionalCheckFailed";

fn is_condition(codes: &[String]) -> bool {
    codes.iter().any(|code| code == CONDITION)
}

fn is_throttle(code: &str) -> bool {
    matches!(code, "ThrottlingError" | "ProvisionedThroughputExceeded" | "RequestLimitExceeded")
}

fn is_conflict(refusal: &Refusal) -> bool {
    matches!(refusal.code.as_str(), "TransactionConflictException" | "ReplicatedWriteConflictException")
}

/// DynamoDB counted more than we did: an outage would never end.
fn is_size(refusal: &Refusal) -> bool {
    refusal.code == "ValidationException" && refusal.outage.detail.contains("size")
}

fn told(failure: Failure) -> Outage {
    match failure {
        Failure::Cancelled(codes) if codes.iter().any(|code| is_throttle(code)) => Outage::new(
            OutageKind::Throttled,
            "DynamoDB asks for less: the transaction was throttled again and again",
        ),
        failure => failure.outage(),
    }
}

fn unmade(error: aws_sdk_dynamodb::error::BuildError) -> Outage {
    Outage::new(OutageKind::Broken, error.to_string())
}
