//! Commits units of work: one statement, one round trip, judged and applied by the server, each unit for itself.

use futures_util::future::join_all;

use super::failure::Failure;
use super::pack::{Packed, Ready};
use super::pool::Pool;
use super::reader::column;
use super::together::{Statement, Together, Unanswered};
use crate::failure::{Outage, OutageKind};
use crate::unit::{Limit, Outcome};

/// Units of one statement.
const UNITS: usize = 32;
/// Changes of one statement, unless one unit has more.
const CHANGES: usize = 400;
/// Bytes of bodies in one statement, unless one unit has more.
const BYTES: usize = 1 << 20;

/// What becomes of a unit, or why nothing can.
type Answer = Result<Outcome, Outage>;

/// The statement, and who waits for it.
pub(super) struct Commits {
    sql: String,
    together: Together<Ready, Answer>,
}

impl Commits {
    pub(super) fn new(schema: &str) -> Self {
        let places: Vec<String> = (1..=15).map(|place| format!("${place}")).collect();
        let sql = format!("SELECT \"{schema}\".commit_units({})", places.join(", "));
        Self { sql, together: Together::new() }
    }

    /// To be prepared.
    pub(super) fn sql(&self) -> &str {
        &self.sql
    }

    /// Commits a unit, in one statement with all that is to be committed by then.
    pub(super) async fn commit(&self, pool: &Pool, ready: Ready) -> Answer {
        let patience = pool.maker().settings().waits.connection;
        let statement = On { sql: &self.sql, pool };
        match self.together.ask(&statement, ready, patience).await {
            Ok(answer) => answer,
            Err(Unanswered::Abandoned) => Ok(Outcome::Unknown),
            Err(Unanswered::NoTurn) => Err(pool.no_turn()),
        }
    }
}

/// The verdict on each change, once a statement was sent.
type Sent = Result<Vec<i16>, Failure>;

struct On<'s> {
    sql: &'s str,
    pool: &'s Pool,
}

impl Statement for On<'_> {
    type Job = Ready;
    type Answer = Answer;

    /// Units that have nothing to do with each other, so that one neither waits for another nor fails it.
    fn fits(&self, chosen: &[Ready], job: &Ready) -> bool {
        let changes: usize = chosen.iter().map(Ready::len).sum();
        let bytes: usize = chosen.iter().map(Ready::bytes).sum();
        chosen.is_empty()
            || chosen.len() < UNITS
                && changes + job.len() <= CHANGES
                && bytes + job.bytes() <= BYTES
                && chosen.iter().all(|other| job.is_apart_from(other))
    }

    async fn run(&self, units: Vec<Ready>) -> Vec<Answer> {
        match self.send(&units).await {
            // Nothing of it was applied. Whose it was shows when each goes alone; at once, as some may have to wait.
            Ok(Err(Failure::Refused(refusal))) if units.len() > 1 && is_of_one(refusal.code().code()) => {
                let alone =
                    units.chunks(1).map(|unit| async move { answers_of(self.send(unit).await, unit) });
                join_all(alone).await.into_iter().flatten().collect()
            }
            sent => answers_of(sent, &units),
        }
    }
}

impl On<'_> {
    /// What the function says of each change.
    async fn send(&self, units: &[Ready]) -> Result<Sent, Outage> {
        let packed = Packed::of(units);
        let mut lent = self.pool.lend().await?;
        let sent = lent.link().rows(self.sql, &packed.values()).await;
        if !matches!(sent, Err(Failure::Lost(_))) {
            lent.keep();
        }
        Ok(sent.map(|rows| {
            let verdicts = rows.first().and_then(|row| column::<Option<Vec<i16>>>(row, 0).ok());
            verdicts.flatten().unwrap_or_default()
        }))
    }
}

/// Whether another unit might pass where this code was answered: a failed serialization or a deadlock, which only
/// another program that uses the tables can bring about; a lock that was not to be had; text or a key that the server
/// cannot hold.
fn is_of_one(code: &str) -> bool {
    ["22", "40", "54", "55"].iter().any(|class| code.starts_with(class))
}

fn answers_of(sent: Result<Sent, Outage>, units: &[Ready]) -> Vec<Answer> {
    let sent = match sent {
        Ok(sent) => sent,
        Err(outage) => return units.iter().map(|_| Err(outage.clone())).collect(),
    };
    match sent {
        Ok(verdicts) => {
            let mut places = verdicts.into_iter();
            let verdict = |unit: &Ready| {
                let mine: Vec<i16> = places.by_ref().take(unit.len()).collect();
                if mine.len() < unit.len() { -1 } else { mine.first().copied().unwrap_or(0) }
            };
            let verdicts: Vec<i16> = units.iter().map(verdict).collect();
            units.iter().zip(verdicts).map(|(unit, verdict)| outcome(verdict, unit.limit)).collect()
        }
        Err(Failure::Refused(refusal)) => {
            let answer = match refusal.code().code() {
                "40001" | "40P01" => Ok(Outcome::Conflict),
                // A key that no index can hold, or an array that is too long.
                code if code.starts_with("54") => Ok(Outcome::TooLarge(Limit::Bytes)),
                _ => Err(Failure::Refused(refusal).outage()),
            };
            units.iter().map(|_| answer.clone()).collect()
        }
        Err(Failure::Lost(why)) => {
            tracing::debug!(reason = %why, units = units.len(), "a commit was not answered");
            units.iter().map(|_| Ok(Outcome::Unknown)).collect()
        }
    }
}

fn outcome(code: i16, limit: Option<Limit>) -> Answer {
    match (code, limit) {
        (0, None) => Ok(Outcome::Committed),
        (1, _) => Ok(Outcome::Duplicate),
        (2, _) => Ok(Outcome::Conflict),
        (0 | 3, Some(limit)) => Ok(Outcome::TooLarge(limit)),
        (3, None) => Ok(Outcome::TooLarge(Limit::Counter)),
        _ => Err(Outage::new(OutageKind::Broken, format!("the function of the schema answered {code}"))),
    }
}
