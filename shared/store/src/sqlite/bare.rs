//! The bound that the engine is measured against: the same statements on the same rows, in one plain loop with no
//! channels, no tasks and no answers.
//!
//! An engine that was opened with a [`Recording`] keeps what it commits, in order and in its groups. [`Bare::replay`]
//! does it again on a file of its own. Both run the same code inside a transaction, so the statements, the settings and
//! the rows are the same by construction; what differs is everything around it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};

use contracts::EventType;
use rusqlite::Connection;

use super::failure::{OpenError, outage_of};
use super::group::{Group, first_seq};
use super::log::Log;
use super::queue::Queue;
use super::routes::Routes;
use super::schema::Opening;
use super::tables::Tally;
use super::vfs::Controls;
use super::work::Work;
use super::{lock, open_checked};
use crate::failure::Outage;
use crate::unit::Unit;

/// Units of work in the order in which they are to be committed. Copies share what they hold.
#[derive(Debug, Clone, Default)]
pub struct Recording(Arc<Mutex<Recorded>>);

#[derive(Debug, Default)]
struct Recorded {
    /// Messages were numbered in this opening of the file, and what settles them says so.
    incarnation: u64,
    works: Vec<Work>,
    /// Where each group ends.
    ends: Vec<usize>,
}

impl Recording {
    /// An empty one, for [`super::Config::recording`].
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// These units, for a fresh file whose queues and subscriptions are these.
    ///
    /// # Errors
    /// [`Outage`]: a unit names a queue that is not among them.
    pub fn of_units(
        units: Vec<Unit>,
        queues: &BTreeSet<String>,
        subscribers: &BTreeMap<EventType, BTreeSet<String>>,
    ) -> Result<Self, Outage> {
        let queue = |(bit, name): (usize, &String)| Arc::new(Queue::new(name.clone(), bit, 0, 0));
        let mut routes = Routes::of_queues(queues.iter().enumerate().map(queue).collect());
        routes.subscribe(queues, subscribers);
        let works: Vec<Work> =
            units.into_iter().map(|unit| Work::of_unit(unit, &routes)).collect::<Result<_, _>>()?;
        let ends = vec![works.len()];
        Ok(Self(Arc::new(Mutex::new(Recorded { incarnation: 1, works, ends }))))
    }

    /// What it holds, moved into a recording of its own; what comes is kept apart from it. So work is told from what had
    /// to be there before.
    #[must_use]
    pub fn take(&self) -> Self {
        let mut kept = lock(&self.0);
        let rest = Recorded { incarnation: kept.incarnation, ..Recorded::default() };
        Self(Arc::new(Mutex::new(std::mem::replace(&mut *kept, rest))))
    }

    /// How many units it holds; publishing and settling without a unit count as one per call.
    #[must_use]
    pub fn len(&self) -> usize {
        lock(&self.0).works.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(super) fn begin(&self, incarnation: u64) {
        lock(&self.0).incarnation = incarnation;
    }

    /// One transaction's worth.
    pub(super) fn push_group(&self, works: impl Iterator<Item = Work>) {
        let mut recorded = lock(&self.0);
        recorded.works.extend(works);
        let end = recorded.works.len();
        recorded.ends.push(end);
    }
}

/// How a recording is cut into transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Groups {
    /// As the engine did.
    AsRecorded,
    /// So many units each.
    Of(usize),
}

/// What a replay did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Replayed {
    /// Units of work.
    pub units: u64,
    /// Transactions.
    pub groups: u64,
    /// Rows and bytes that were changed.
    pub tally: Tally,
}

/// A file and the one connection that writes to it.
#[derive(Debug)]
pub struct Bare {
    conn: Connection,
    log: Log,
    /// The number of the next message, once there was one: a second recording goes on where the first one ended.
    next_seq: Option<u64>,
}

impl Bare {
    /// Opens or makes the file at `path`, with the engine's tables and settings.
    ///
    /// # Errors
    /// [`OpenError`]: it cannot be opened.
    pub fn open(path: &Path, vfs: Option<Controls>) -> Result<Self, OpenError> {
        let vfs = vfs.map(|controls| controls.name());
        let opening = Opening { path: path.to_owned(), vfs, page_limit: None, is_durable: true };
        let mut conn = open_checked(&opening)?;
        let log = Log::watch(&mut conn, &opening)
            .map_err(|source| OpenError::Sqlite { path: opening.path, source })?;
        Ok(Self { conn, log, next_seq: None })
    }

    /// Commits all of `recording`.
    ///
    /// # Errors
    /// [`Outage`]: the file cannot be written; the rest was not tried.
    pub fn replay(&mut self, recording: &Recording, groups: Groups) -> Result<Replayed, Outage> {
        let recorded = lock(&recording.0);
        let next_seq = self.next_seq.unwrap_or_else(|| first_seq(recorded.incarnation));
        let mut group = Group::new(&self.conn, next_seq).map_err(|e| outage_of(&e))?;
        let mut replayed = Replayed::default();
        let mut rest = &recorded.works[..];
        let mut ends = recorded.ends.iter();
        while !rest.is_empty() {
            let size = match groups {
                Groups::Of(size) => size.clamp(1, rest.len()),
                Groups::AsRecorded => {
                    let done = recorded.works.len() - rest.len();
                    ends.next().map_or(rest.len(), |end| end.saturating_sub(done))
                }
            };
            let (members, left) = rest.split_at(size);
            rest = left;
            if members.is_empty() {
                continue;
            }
            let tally = commit(&mut group, members).map_err(|failure| outage_of(&failure.error))?;
            self.log.when_busy(&self.conn);
            replayed.units += members.len() as u64;
            replayed.groups += 1;
            replayed.tally.rows += tally.rows;
            replayed.tally.bytes += tally.bytes;
        }
        self.next_seq = Some(group.next_seq());
        Ok(replayed)
    }
}

fn commit(group: &mut Group<'_>, members: &[Work]) -> Result<Tally, super::group::Failure> {
    group.begin()?;
    for work in members {
        group.add(work)?;
    }
    group.commit()
}
