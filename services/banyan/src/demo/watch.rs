//! What became of every order, from the events as they happen.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::time::Duration;

use contracts::event::Event;
use contracts::events::order::{OrderCancelled, OrderCompleted, OrderConfirmed, OrderStalled};
use contracts::{EventData, Timestamp};
use serde::Deserialize;

/// How an order ended, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    /// The customer has it and has paid for it.
    Completed(Timestamp),
    /// Nothing came of it, for this reason.
    Cancelled(Timestamp, String),
}

impl End {
    fn at(&self) -> Timestamp {
        match self {
            Self::Completed(at) | Self::Cancelled(at, _) => *at,
        }
    }
}

/// How far one order is.
#[derive(Debug, Default)]
struct Course {
    /// When it was to be placed; unknown until its request is answered.
    due: Option<Timestamp>,
    confirmed: Option<Timestamp>,
    end: Option<End>,
}

impl Course {
    /// When it was confirmed, or ended without.
    fn decided(&self) -> Option<Timestamp> {
        self.confirmed.or(self.end.as_ref().map(End::at))
    }
}

/// How far every order is.
#[derive(Debug, Default)]
pub(super) struct Watch {
    courses: BTreeMap<String, Course>,
    /// When each order was due that is placed and has not ended.
    open: BTreeMap<String, Timestamp>,
    /// How long those took to be decided that were since somebody looked.
    recent: Vec<Duration>,
    /// Orders that were completed since somebody looked.
    completed: Vec<String>,
    stalled: BTreeSet<String>,
}

/// The parts of an event that say how far an order is.
#[derive(Deserialize)]
struct Heard {
    #[serde(rename = "type")]
    kind: String,
    subject: String,
    #[serde(default)]
    data: Reason,
}

#[derive(Default, Deserialize)]
struct Reason {
    #[serde(default)]
    reason: Option<String>,
}

impl Watch {
    /// An order was taken that was due at `due`.
    pub(super) fn placed(&mut self, order_id: String, due: Timestamp) {
        let course = self.courses.entry(order_id.clone()).or_default();
        if course.due.is_some() {
            return;
        }
        course.due = Some(due);
        if let Some(decided) = course.decided() {
            self.recent.push(decided.since(due));
        }
        match course.end {
            Some(End::Completed(_)) => self.completed.push(order_id),
            Some(End::Cancelled(..)) => {}
            None => drop(self.open.insert(order_id, due)),
        }
    }

    /// An event was heard at `now`, which is a little after what it tells was committed.
    pub(super) fn heard(&mut self, event: &str, now: Timestamp) {
        let Ok(Heard { kind, subject, data }) = serde_json::from_str(event) else { return };
        match kind.as_str() {
            OrderConfirmed::TYPE => self.confirmed(subject, now),
            OrderCompleted::TYPE => self.ended(subject, End::Completed(now)),
            OrderCancelled::TYPE => {
                self.ended(subject, End::Cancelled(now, data.reason.unwrap_or_default()));
            }
            OrderStalled::TYPE => drop(self.stalled.insert(subject)),
            _ => {}
        }
    }

    /// An order was confirmed.
    pub(super) fn confirmed(&mut self, order_id: String, at: Timestamp) {
        let course = self.courses.entry(order_id).or_default();
        if let (Some(due), None) = (course.due, course.decided()) {
            self.recent.push(at.since(due));
        }
        course.confirmed.get_or_insert(at);
    }

    /// An order ended.
    pub(super) fn ended(&mut self, order_id: String, end: End) {
        let course = self.courses.entry(order_id.clone()).or_default();
        if course.end.is_some() {
            return;
        }
        if let (Some(due), None) = (course.due, course.confirmed) {
            self.recent.push(end.at().since(due));
        }
        let is_completed = matches!(end, End::Completed(_)) && course.due.is_some();
        course.end = Some(end);
        self.open.remove(&order_id);
        self.completed.extend(is_completed.then_some(order_id));
    }

    /// How long those took to be decided that were since the last look.
    pub(super) fn take_recent(&mut self) -> Vec<Duration> {
        std::mem::take(&mut self.recent)
    }

    /// Those that were completed since the last look.
    pub(super) fn take_completed(&mut self) -> Vec<String> {
        std::mem::take(&mut self.completed)
    }

    /// Up to `many` orders that were due before `before` and are open, the next ones after the id `after`, round and round.
    pub(super) fn old(&self, before: Timestamp, after: &str, many: usize) -> Vec<String> {
        let behind = self.open.range::<str, _>((Bound::Excluded(after), Bound::Unbounded));
        let round = behind.chain(self.open.range::<str, _>((Bound::Unbounded, Bound::Included(after))));
        round.filter(|(_, due)| **due < before).take(many).map(|(id, _)| id.clone()).collect()
    }

    /// How many orders that were due since `since` are not decided.
    pub(super) fn young(&self, since: Timestamp) -> usize {
        let is_undecided = |id: &String| self.courses.get(id).is_some_and(|c| c.decided().is_none());
        self.open.iter().filter(|(id, due)| **due >= since && is_undecided(id)).count()
    }

    /// Whether the order is open.
    pub(super) fn is_open(&self, order_id: &str) -> bool {
        self.open.contains_key(order_id)
    }

    /// How many are open.
    pub(super) fn open(&self) -> usize {
        self.open.len()
    }

    /// How many were confirmed and how many completed, and how many cancelled by reason.
    pub(super) fn counts(&self) -> (u64, u64, BTreeMap<&str, u64>) {
        let (mut confirmed, mut completed, mut cancelled) = (0, 0, BTreeMap::new());
        for course in self.placed_ones() {
            confirmed += u64::from(course.confirmed.is_some());
            match &course.end {
                Some(End::Completed(_)) => completed += 1,
                Some(End::Cancelled(_, reason)) => *cancelled.entry(reason.as_str()).or_default() += 1,
                None => {}
            }
        }
        (confirmed, completed, cancelled)
    }

    /// How much has happened: whoever waits for more sees it grow.
    pub(super) fn happened(&self) -> u64 {
        self.placed_ones()
            .map(|course| u64::from(course.confirmed.is_some()) + u64::from(course.end.is_some()))
            .sum()
    }

    /// How many waited for something for too long.
    pub(super) fn stalled(&self) -> u64 {
        self.stalled.len() as u64
    }

    /// From when each order was due until it was confirmed, shortest first.
    pub(super) fn until_confirmed(&self) -> Vec<Duration> {
        self.spans(|course| course.confirmed)
    }

    /// From when each order was due until it was completed, shortest first.
    pub(super) fn until_completed(&self) -> Vec<Duration> {
        self.spans(|course| match course.end {
            Some(End::Completed(at)) => Some(at),
            Some(End::Cancelled(..)) | None => None,
        })
    }

    fn spans(&self, until: impl Fn(&Course) -> Option<Timestamp>) -> Vec<Duration> {
        let spans = self.courses.values().filter_map(|course| Some(until(course)?.since(course.due?)));
        let mut spans: Vec<Duration> = spans.collect();
        spans.sort_unstable();
        spans
    }

    /// From the first order to the last end.
    pub(super) fn took(&self) -> Duration {
        let begun = self.courses.values().filter_map(|course| course.due).min().unwrap_or_default();
        let ends = self.placed_ones().filter_map(|course| course.end.as_ref().map(End::at));
        ends.max().unwrap_or_default().since(begun)
    }

    /// How many ended.
    pub(super) fn ended_count(&self) -> usize {
        self.placed_ones().filter(|course| course.end.is_some()).count()
    }

    fn placed_ones(&self) -> impl Iterator<Item = &Course> {
        self.courses.values().filter(|course| course.due.is_some())
    }
}

/// The value below which `percent` of `sorted` lie (nearest rank).
pub(super) fn percentile(sorted: &[Duration], percent: usize) -> Option<Duration> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

/// What [`Heard`] reads must stay what the contracts say.
const _: fn(&Event<OrderCancelled>) -> &str = |event| event.data.reason.as_str();

#[cfg(test)]
mod tests;
