//! What the writer does besides: copies the log into the file, removes what has expired, marks the incarnation. In
//! small pieces, after answering.

use std::time::Duration;

use rusqlite::Connection;

use super::Shared;
use super::apply::remove;
use super::group::{Failure, Group};
use super::inbox::Job;
use super::log::Log;
use super::stats::count;

/// Nothing to do for so long is idle.
const IDLE_AFTER: Duration = Duration::from_millis(50);

/// Expired items removed at a time.
const PURGE_CHUNK: u32 = 200;

/// A busy writer removes a chunk of expired items once in so many groups.
const PURGE_EVERY: u32 = 64;

/// A writer whose groups are no larger is not what its callers wait for.
const CALM_MEMBERS: usize = 16;

pub(super) struct Housekeeping<'c> {
    shared: &'c Shared,
    conn: &'c Connection,
    log: Log,
    /// The latest time that a unit brought.
    now: i64,
    groups_since_purge: u32,
    is_marked: bool,
    is_marking: bool,
    is_tidy: bool,
}

impl<'c> Housekeeping<'c> {
    pub(super) fn new(shared: &'c Shared, conn: &'c Connection, log: Log) -> Self {
        Self {
            shared,
            conn,
            log,
            now: 0,
            groups_since_purge: 0,
            is_marked: false,
            is_marking: false,
            is_tidy: true,
        }
    }

    /// When the writer should look in without work; never, when there is nothing to do.
    pub(super) fn wakes_after(&self) -> Option<Duration> {
        (!self.is_tidy).then_some(IDLE_AFTER)
    }

    /// Inside the transaction of a group.
    pub(super) fn in_group(&mut self, group: &mut Group<'_>, jobs: &[Job]) -> Result<(), Failure> {
        self.now = jobs.iter().map(|job| job.work.now).fold(self.now, i64::max);
        self.is_tidy = false;
        self.is_marking = !self.is_marked;
        if self.is_marking {
            group.tables.set_meta("incarnation", self.shared.incarnation)?;
        }
        self.groups_since_purge += 1;
        if self.groups_since_purge >= PURGE_EVERY {
            self.purge(group)?;
        }
        Ok(())
    }

    /// The transaction of a group went through.
    pub(super) fn committed(&mut self) {
        self.is_marked |= self.is_marking;
    }

    /// After the members of a group were answered. `members`: of the last groups.
    pub(super) fn after_group(&mut self, members: usize) {
        let is_calm = members <= CALM_MEMBERS;
        let is_copied = if is_calm { self.log.when_calm(self.conn) } else { self.log.when_busy(self.conn) };
        if !is_copied {
            return;
        }
        count(&self.shared.counters.checkpoints, 1);
        if self.log.is_too_long() {
            self.shared.readers.revoke_snapshots();
        }
    }

    /// Nothing has come for a while.
    pub(super) fn when_idle(&mut self, group: &mut Group<'_>) {
        let purged = group.begin().and_then(|()| self.purge(group)).and_then(|n| group.commit().map(|_| n));
        match purged {
            Ok(PURGE_CHUNK) => return,
            Ok(_) => {}
            Err(failure) => {
                tracing::warn!(error = %failure.error, "expired items could not be removed");
                group.roll_back();
            }
        }
        if self.log.is_being_copied() {
            return;
        }
        count(&self.shared.counters.checkpoints, u64::from(self.log.when_idle(self.conn)));
        self.is_tidy = true;
    }

    /// The last thing.
    pub(super) fn at_close(&mut self) {
        self.log.at_close(self.conn);
    }

    /// Removes a chunk of what has expired; how much it was.
    fn purge(&mut self, group: &mut Group<'_>) -> Result<u32, Failure> {
        self.groups_since_purge = 0;
        let grace = i64::try_from(self.shared.purge_grace.as_micros()).unwrap_or(i64::MAX);
        let expired = group.tables.expired(self.now.saturating_sub(grace), PURGE_CHUNK)?;
        for (key, entries) in &expired {
            remove(key, entries.as_deref(), &mut group.tables)?;
        }
        count(&self.shared.counters.purged, expired.len() as u64);
        Ok(u32::try_from(expired.len()).unwrap_or(PURGE_CHUNK))
    }
}
