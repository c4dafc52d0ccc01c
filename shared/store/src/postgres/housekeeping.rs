//! Removes what expired, by units of work: a delete as of long ago, when it was still there, takes the same locks and
//! makes the same checks as any other, so that it meets nobody in the middle.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use contracts::Timestamp;
use tokio::sync::Notify;

use super::commit::Commits;
use super::pack::Ready;
use super::pool::Pool;
use super::reader::column;
use crate::failure::Outage;
use crate::key::{Key, Version};
use crate::text::meant;
use crate::unit::{Change, Nonce, Outcome, Unit, limits};

/// Commits after which somebody looks for what expired. In between no more can have come.
const PURGE_EVERY: u64 = 256;

/// When to look, and as of when.
#[derive(Default)]
pub(super) struct Housekeeping {
    /// The latest time that a unit brought.
    now: AtomicI64,
    commits: AtomicU64,
    wake: Notify,
}

impl Housekeeping {
    /// A unit was committed at `now`.
    pub(super) fn committed(&self, now: i64) {
        self.now.fetch_max(now, Ordering::Relaxed);
        if self.commits.fetch_add(1, Ordering::Relaxed) % PURGE_EVERY == PURGE_EVERY - 1 {
            self.wake.notify_one();
        }
    }

    /// Waits until it is time to look, or somebody calls.
    pub(super) async fn is_time(&self) {
        self.wake.notified().await;
    }

    /// Calls whoever waits.
    pub(super) fn call(&self) {
        self.wake.notify_one();
    }

    pub(super) fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.now.load(Ordering::Relaxed))
    }
}

/// Removes up to one unit's worth of what expired at or before `before`. Answers how many were found and whether they
/// are gone; they are not, if somebody changed one of them at this moment.
pub(super) async fn purge(
    pool: &Pool,
    commits: &Commits,
    before: Timestamp,
) -> Result<(usize, bool), Outage> {
    let find = format!(
        "SELECT collection, id, version FROM \"{}\".item WHERE expires IS NOT NULL AND expires <= $1
         ORDER BY expires LIMIT $2",
        pool.maker().settings().schema
    );
    let most = i64::try_from(limits::UNIT_ITEMS).unwrap_or(i64::MAX);
    let found = pool.rows(&find, &[&before.as_micros(), &most]).await?;
    let mut changes = Vec::with_capacity(found.len());
    for row in &found {
        let (collection, id): (String, String) = (column(row, 0)?, column(row, 1)?);
        let version: i64 = column(row, 2)?;
        let key = Key::new(meant(collection), meant(id));
        changes.push(Change::Delete { key, version: Version(version.cast_unsigned()) });
    }
    if changes.is_empty() {
        return Ok((0, true));
    }
    let unit = Unit { now: before, nonce: Nonce(1), record: None, changes, settles: None };
    let outcome =
        commits.commit(pool, Ready::new(unit, &pool.maker().settings().schema).of_all_time()).await?;
    Ok((found.len(), outcome == Outcome::Committed))
}
