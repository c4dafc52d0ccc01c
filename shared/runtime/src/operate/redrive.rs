//! Dead letters are sent back to the service that gave them up, or removed for good.

use std::time::Duration;

use contracts::{Envelope, Timestamp};
use futures_util::future::try_join_all;
use serde::{Deserialize, Serialize};
use store::{Change, Outcome, Unit};

use super::{Dead, Filter, PAGE, Place};
use crate::core::Core;
use crate::due::Due;
use crate::fail::Fail;
use crate::node::Node;
use crate::policy::{RECORD_KEPT, SWEEP_ROWS};
use crate::problem::Problem;
use crate::quirk::Bug;

/// Redriven so many a second where nobody says how many.
const RATE: u32 = 100;

/// Which dead letters to redrive, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redrive {
    /// Which.
    #[serde(default)]
    pub filter: Filter,
    /// Only say which.
    #[serde(default)]
    pub dry_run: bool,
    /// At most this many a second; 0 = 100.
    #[serde(default)]
    pub rate_per_s: u32,
    /// Also what is older than messages are remembered (15 days): it may then be handled twice.
    #[serde(default)]
    pub force: bool,
    /// At most this many now, so that the answer does not take long; 0 = all.
    #[serde(default)]
    pub limit: usize,
    /// When the first is due: [`Done::until`] of what was redriven before, at most 15 days ahead. None = now.
    #[serde(default)]
    pub from: Option<Timestamp>,
}

/// Which dead letters to remove.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Discard {
    /// Which.
    #[serde(default)]
    pub filter: Filter,
    /// Only say which.
    #[serde(default)]
    pub dry_run: bool,
    /// At most this many now; 0 = all.
    #[serde(default)]
    pub limit: usize,
}

/// What was, or would be, done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// These were redriven or discarded (or would be).
    pub ids: Vec<String>,
    /// Older than messages are remembered, and not forced.
    pub too_old: Vec<String>,
    /// Only the beginnings of these are kept: nobody can redrive them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cut: Vec<String>,
    /// Whether it was only asked.
    pub dry_run: bool,
    /// Whether there are more than the limit: ask again.
    #[serde(default)]
    pub more: bool,
    /// When one more would have been due: [`Redrive::from`] of the next time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// What is done so far, and how much may be.
struct Tally {
    done: Done,
    limit: usize,
}

impl Tally {
    fn new(dry_run: bool, limit: usize) -> Self {
        Self { done: Done { dry_run, ..Done::default() }, limit: if limit == 0 { usize::MAX } else { limit } }
    }

    /// Whether one more may be done after these of a page; notes when it may not.
    fn has_room(&mut self, of_page: usize) -> bool {
        self.done.more = self.done.ids.len() + of_page >= self.limit;
        !self.done.more
    }
}

impl Node {
    /// Sends dead letters back to the service that gave them up, and to no other, spread over time.
    ///
    /// # Errors
    /// A problem: `from` is too far ahead, of those that were named only beginnings are kept, or the store cannot be reached.
    pub async fn redrive(&self, order: &Redrive) -> Result<Done, Problem> {
        let now = self.now();
        let from = order.from.unwrap_or(now).max(now);
        if from.since(now) >= RECORD_KEPT {
            return Err(Problem::new(422, "too-late", "Too late", "messages are remembered for 15 days")
                .at("/from", "has to be before that"));
        }
        let (mut tally, mut due) = (Tally::new(order.dry_run, order.limit), from);
        for core in self.cores() {
            core.redrive(order, &mut due, &mut tally).await?;
            core.sweep.notify_one();
        }
        let is_named = !order.filter.ids.is_empty() && order.from.is_none();
        if is_named && tally.done.ids.is_empty() && !tally.done.cut.is_empty() {
            return Err(not_whole(&tally.done.cut));
        }
        Ok(Done { until: Some(due).filter(|due| *due > from), ..tally.done })
    }

    /// Removes dead letters for good.
    ///
    /// # Errors
    /// A problem: the filter is empty (nobody means everything), or the store cannot be reached.
    pub async fn discard(&self, order: &Discard) -> Result<Done, Problem> {
        if order.filter == Filter::default() {
            return Err(Problem::new(
                422,
                "filter-missing",
                "Filter missing",
                "say which dead letters to discard",
            )
            .at("/filter", "at least one of ids, service, reason, event_type"));
        }
        let mut tally = Tally::new(order.dry_run, order.limit);
        for core in self.cores() {
            core.discard(&order.filter, &mut tally).await?;
        }
        Ok(tally.done)
    }
}

fn not_whole(ids: &[String]) -> Problem {
    let why = "it was too long to be kept: what is left of it is another message";
    let problem = Problem::new(409, "not-whole", "Not whole", "only the beginning of the message is kept");
    ids.iter()
        .take(PAGE)
        .fold(problem, |problem, id| problem.at("/filter/ids", format!("{id}: {why}")))
        .hint("have it published again by whoever did, and discard it here")
}

impl Core {
    async fn redrive(&self, order: &Redrive, due: &mut Timestamp, tally: &mut Tally) -> Result<(), Fail> {
        let gap = Duration::from_secs(1) / if order.rate_per_s == 0 { RATE } else { order.rate_per_s };
        let mut place = Place::of(self, &order.filter);
        while !tally.done.more
            && let Some(page) = self.next_dead(&order.filter, &mut place).await?
        {
            let mut changes = Vec::new();
            for Dead { letter, item, row, .. } in page {
                if letter.cut.is_some() {
                    tally.done.cut.push(letter.id);
                    continue;
                }
                if self.env.now().since(row.first_seen) >= RECORD_KEPT && !order.force {
                    tally.done.too_old.push(letter.id);
                    continue;
                }
                if !tally.has_room(changes.len()) {
                    break;
                }
                let address = match Envelope::decode(row.body.as_bytes()) {
                    Ok(event) if self.quirks.has(Bug::RedriveToAllSubscribers) => {
                        store::Address::Topic(event.kind)
                    }
                    _ => row.address.clone(),
                };
                let row = Due { due: Some(*due), attempts: 0, address, ..row };
                changes.push((letter.id, self.due_row(&row, item.version)));
                *due = due.plus(gap);
            }
            self.change_rows(changes, &mut tally.done).await?;
        }
        Ok(())
    }

    async fn discard(&self, filter: &Filter, tally: &mut Tally) -> Result<(), Fail> {
        let mut place = Place::of(self, filter);
        while !tally.done.more
            && let Some(page) = self.next_dead(filter, &mut place).await?
        {
            let mut changes = Vec::new();
            for dead in page {
                if !tally.has_room(changes.len()) {
                    break;
                }
                let change = Change::Delete { key: dead.key, version: dead.item.version };
                changes.push((dead.letter.id, change));
            }
            self.change_rows(changes, &mut tally.done).await?;
        }
        Ok(())
    }

    /// Commits changes of rows, many in one unit of work and all units of a page at once, and notes whose were made; unless
    /// it was only asked.
    async fn change_rows(&self, changes: Vec<(String, Change)>, done: &mut Done) -> Result<(), Fail> {
        if done.dry_run {
            done.ids.extend(changes.into_iter().map(|(id, _)| id));
            return Ok(());
        }
        for made in try_join_all(changes.chunks(SWEEP_ROWS).map(|batch| self.change_batch(batch))).await? {
            done.ids.extend(made);
        }
        Ok(())
    }

    /// Answers whose changes were made.
    async fn change_batch(&self, batch: &[(String, Change)]) -> Result<Vec<String>, Fail> {
        if self.change(batch.iter().map(|(_, change)| change.clone()).collect()).await? {
            return Ok(batch.iter().map(|(id, _)| id.clone()).collect());
        }
        // Something else changed one of them first, or together they are too large: each for itself.
        let mut made = Vec::new();
        for (id, change) in batch {
            if self.change(vec![change.clone()]).await? {
                made.push(id.clone());
            }
        }
        Ok(made)
    }

    /// Commits a change of the runtime's own rows; `false` when something else changed them first.
    async fn change(&self, changes: Vec<Change>) -> Result<bool, Fail> {
        let unit =
            Unit { now: self.env.now(), nonce: self.env.nonce(), record: None, changes, settles: None };
        Ok(self.store.commit(unit).await? == Outcome::Committed)
    }
}
