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

/// What is still to be told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outbox {
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

impl peers::Outbox<Ledger> for Outbox {
    type Item = Event;
    const AT_ONCE: usize = 20;
    const SENDS: u32 = 1;

    fn note(&mut self, ledger: &Ledger, entry: &Entry, faults: &Faults) {
        let Some(notice) = ledger.notice(entry) else { return };
        let (late, again) = faults.telling(&notice.id);
        let (seq, at) = (entry.seq, notice.at);
        let (next, copy) = (at.plus(late), again.map(|after| at.plus(after)));
        self.agenda.insert((next, seq, false));
        self.agenda.extend(copy.map(|at| (at, seq, true)));
        self.waiting.insert(seq, Waiting { notice, tellings: 0, next: Some(next), copy });
    }

    fn next_due(&self) -> Option<Timestamp> {
        self.agenda.first().map(|(at, _, _)| *at)
    }

    fn take(&mut self, ledger: &Ledger, now: Timestamp) -> Option<(u64, Event)> {
        while let Some((_, seq, is_copy)) = self.agenda.first().copied().filter(|(at, _, _)| *at <= now) {
            self.agenda.pop_first();
            let Some(waiting) = self.waiting.get_mut(&seq) else { continue };
            if is_copy {
                waiting.copy = None;
            } else {
                waiting.tellings = waiting.tellings.saturating_add(1);
                let next = now.plus(pause_after(waiting.tellings));
                waiting.next = Some(next).filter(|next| !is_over(waiting.notice.at, *next));
                self.agenda.extend(waiting.next.map(|next| (next, seq, false)));
            }
            let (at, notice) = (waiting.notice.at, waiting.notice.clone());
            self.forget_if_done(seq);
            let event = ledger.event(notice).filter(|_| !is_over(at, now));
            if let Some(event) = event {
                return Some((seq, event));
            }
        }
        None
    }

    fn heard(&mut self, seq: u64) {
        let Some(waiting) = self.waiting.get_mut(&seq) else { return };
        if let Some(next) = waiting.next.take() {
            self.agenda.remove(&(next, seq, false));
        }
        self.forget_if_done(seq);
    }

    fn start(&mut self, now: Timestamp) {
        self.waiting.retain(|_, waiting| !is_over(waiting.notice.at, now));
        self.agenda.retain(|(_, seq, _)| self.waiting.contains_key(seq));
    }
}

impl Outbox {
    fn forget_if_done(&mut self, seq: u64) {
        let is_done = |waiting: &Waiting| waiting.next.is_none() && waiting.copy.is_none();
        if self.waiting.get(&seq).is_some_and(is_done) {
            self.waiting.remove(&seq);
        }
    }
}

/// Whether what happened at `at` is not told any more at `now`.
fn is_over(at: Timestamp, now: Timestamp) -> bool {
    now >= at.plus(TOLD_FOR)
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
