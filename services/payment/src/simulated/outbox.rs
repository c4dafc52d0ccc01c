//! Webhooks: what happens is told until somebody has heard it, or three days are over.
//!
//! They come late, twice and out of order when the dice say so, and again after a while when nobody said that they
//! were heard. What is told of an operation is what stands under its key by then.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use contracts::Timestamp;

use super::faults::Faults;
use super::ledger::{Entry, Ledger, Notice};
use super::wire::{Event, Told};

/// How long something is told that nobody hears: what real providers give their merchants.
const TOLD_FOR: Duration = Duration::from_secs(3 * 86_400);

/// The wait after the first telling; each next one is twice as long, up to [`LONGEST_PAUSE`]. Longer than a listener
/// may take.
const FIRST_PAUSE: Duration = Duration::from_secs(10);
/// See [`FIRST_PAUSE`].
const LONGEST_PAUSE: Duration = Duration::from_secs(4 * 3_600);

/// One webhook, as it is told now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// The place of the entry that it tells of: say it to [`super::Provider::heard`] once somebody has heard it.
    pub seq: u64,
    /// The body of the request.
    pub body: Vec<u8>,
}

/// What is still to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outbox {
    faults: Faults,
    waiting: BTreeMap<u64, Waiting>,
    /// By when, of which, and whether it is told although it may have been heard.
    agenda: BTreeSet<(Timestamp, u64, bool)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Waiting {
    notice: Notice,
    tellings: u32,
    /// When it is told next, unless it is heard before.
    next: Option<Timestamp>,
    /// When it is told once more, heard or not.
    copy: Option<Timestamp>,
}

impl Outbox {
    pub(super) fn new(faults: Faults) -> Self {
        Self { faults, waiting: BTreeMap::new(), agenda: BTreeSet::new() }
    }

    pub(super) fn set_faults(&mut self, faults: Faults) {
        self.faults = faults;
    }

    /// Whether what happened at `at` is not told any more at `now`.
    pub(super) fn is_over(at: Timestamp, now: Timestamp) -> bool {
        now >= at.plus(TOLD_FOR)
    }

    /// The last entry of `ledger` is to be told.
    pub(super) fn note(&mut self, ledger: &Ledger, entry: &Entry) {
        let Some(notice) = ledger.notice(entry) else { return };
        let (late, again) = self.faults.telling(&notice.id);
        let (seq, at) = (entry.seq, notice.at);
        let (next, copy) = (at.plus(late), again.map(|after| at.plus(after)));
        self.agenda.insert((next, seq, false));
        self.agenda.extend(copy.map(|at| (at, seq, true)));
        self.waiting.insert(seq, Waiting { notice, tellings: 0, next: Some(next), copy });
    }

    /// When something is to be told next.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        self.agenda.first().map(|(at, _, _)| *at)
    }

    /// What is to be told by `now`, next.
    pub(super) fn take(&mut self, ledger: &Ledger, now: Timestamp) -> Option<(u64, Event)> {
        while let Some((_, seq, is_copy)) = self.agenda.first().copied().filter(|(at, _, _)| *at <= now) {
            self.agenda.pop_first();
            let Some(waiting) = self.waiting.get_mut(&seq) else { continue };
            if is_copy {
                waiting.copy = None;
            } else {
                waiting.tellings = waiting.tellings.saturating_add(1);
                let next = now.plus(pause_after(waiting.tellings));
                waiting.next = Some(next).filter(|next| !Self::is_over(waiting.notice.at, *next));
                self.agenda.extend(waiting.next.map(|next| (next, seq, false)));
            }
            let (at, notice) = (waiting.notice.at, waiting.notice.clone());
            self.forget_if_done(seq);
            let event = ledger.event(notice).filter(|_| !Self::is_over(at, now));
            if let Some(event) = event {
                return Some((seq, event));
            }
        }
        None
    }

    /// What was told of the entry `seq` was heard.
    pub(super) fn heard(&mut self, seq: u64) {
        let Some(waiting) = self.waiting.get_mut(&seq) else { return };
        if let Some(next) = waiting.next.take() {
            self.agenda.remove(&(next, seq, false));
        }
        self.forget_if_done(seq);
    }

    fn forget_if_done(&mut self, seq: u64) {
        let is_done = |waiting: &Waiting| waiting.next.is_none() && waiting.copy.is_none();
        if self.waiting.get(&seq).is_some_and(is_done) {
            self.waiting.remove(&seq);
        }
    }
}

/// The body of a webhook that tells of `events`.
pub(super) fn body(events: Vec<Event>) -> Vec<u8> {
    serde_json::to_vec(&Told { simulated: true, events }).unwrap_or_default()
}

fn pause_after(tellings: u32) -> Duration {
    let doubled = 1u32.checked_shl(tellings.saturating_sub(1)).unwrap_or(u32::MAX);
    FIRST_PAUSE.saturating_mul(doubled).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests;
