//! A queue in memory: what is ready to be taken, what is taken. The rows stay in the file until they are settled, so
//! that losing all of this costs redeliveries and nothing else.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use tokio::sync::Notify;

use super::{lock, stats};
use crate::unit::limits::IN_HAND;

/// Messages that a queue keeps in memory; the rest is read back from the file when its turn comes. A few groups'
/// worth: enough that a queue which keeps up never reads.
pub(super) const READY_MESSAGES: usize = 1_024;

/// Bytes that a queue keeps in memory.
pub(super) const READY_BYTES: usize = 1024 * 1024;

/// One queue of the file.
#[derive(Debug)]
pub(super) struct Queue {
    pub name: String,
    pub bit: usize,
    /// Somebody may take now.
    arrived: Notify,
    state: Mutex<State>,
    is_closed: AtomicBool,
}

/// A message that can be taken, or is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ready {
    pub seq: u64,
    pub attempt: u32,
    pub redelivered: bool,
    pub body: Bytes,
}

#[derive(Debug, Default)]
struct State {
    ready: VecDeque<Ready>,
    ready_bytes: usize,
    leased: HashMap<u64, Ready>,
    /// Rows of the file that are not taken, in memory or not.
    waiting: u64,
    /// Where the rows begin that are in the file only; `None` when all of them are in memory.
    spilled: Option<u64>,
    /// The highest number that was ever put into the queue.
    last_seq: u64,
    /// How many rows that an earlier process left may still have been in its hands. They are the first ones: whatever
    /// is given back is taken again before anything new is, so nothing behind them was ever taken.
    suspects: usize,
}

/// What somebody sees who looks and takes nothing: the messages in memory, and where the others begin.
#[derive(Debug)]
pub(super) struct View {
    pub ready: Vec<Ready>,
    /// Where the rows begin that are in the file only.
    pub spilled: Option<u64>,
    /// How many of those may have been in the hands of an earlier process.
    pub suspects: usize,
}

/// Rows to be read back: from which number on, and what was the last one when it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gap {
    pub from: u64,
    last_seq: u64,
}

impl Queue {
    /// A queue that has `waiting` rows in the file, the last of them `last_seq`.
    pub(super) fn new(name: String, bit: usize, waiting: u64, last_seq: u64) -> Self {
        let spilled = (waiting > 0).then_some(0);
        let state = State { waiting, spilled, last_seq, suspects: IN_HAND, ..State::default() };
        Self {
            name,
            bit,
            arrived: Notify::new(),
            state: Mutex::new(state),
            is_closed: AtomicBool::new(false),
        }
    }

    /// Its bit in `message.owing`.
    pub(super) fn mask(&self) -> u64 {
        1 << self.bit
    }

    /// A change of the queue as of one commit: what it settled goes, then what it sent comes.
    pub(super) fn committed(&self, settled: impl Iterator<Item = u64>, sent: impl Iterator<Item = Ready>) {
        let has_ready = {
            let mut state = lock(&self.state);
            settled.for_each(|seq| state.forget(seq));
            sent.for_each(|message| state.enqueue(message));
            state.waiting > 0
        };
        if has_ready {
            self.arrived.notify_one();
        }
    }

    /// Takes up to `credit` messages; what is left wakes the next receiver.
    pub(super) fn take(&self, credit: usize) -> Vec<Ready> {
        let (taken, is_more) = {
            let mut state = lock(&self.state);
            (state.take(credit), state.waiting > 0)
        };
        if is_more && !taken.is_empty() {
            self.arrived.notify_one();
        }
        taken
    }

    /// Gives taken messages back; they are marked as redelivered, and taken again before all others, the last one of
    /// `seqs` first. What is not taken (any more) is left alone.
    pub(super) fn release(&self, seqs: impl Iterator<Item = u64>) {
        {
            let mut state = lock(&self.state);
            for seq in seqs {
                if let Some(message) = state.leased.remove(&seq) {
                    state.waiting += 1;
                    state.ready_bytes += message.body.len();
                    state.ready.push_front(Ready { redelivered: true, ..message });
                }
            }
        }
        self.arrived.notify_one();
    }

    /// The first `limit` messages that would be taken, and takes none.
    pub(super) fn view(&self, limit: usize) -> View {
        let state = lock(&self.state);
        View {
            ready: state.ready.iter().take(limit).cloned().collect(),
            spilled: state.spilled,
            suspects: state.suspects,
        }
    }

    /// What has to be read back before there is anything to take.
    pub(super) fn gap(&self) -> Option<Gap> {
        let state = lock(&self.state);
        if !state.ready.is_empty() {
            return None;
        }
        state.spilled.map(|from| Gap { from, last_seq: state.last_seq })
    }

    /// Takes in what was read for `gap`. `is_all`: there were no more rows.
    pub(super) fn fill(&self, gap: Gap, rows: Vec<Ready>, is_all: bool) {
        let mut state = lock(&self.state);
        if state.spilled != Some(gap.from) {
            // Another receiver was quicker.
            return;
        }
        let next = rows.last().map_or(gap.last_seq, |last| last.seq) + 1;
        for mut message in rows {
            if message.redelivered {
                message.redelivered = state.suspects > 0;
                state.suspects = state.suspects.saturating_sub(1);
            }
            state.push(message);
        }
        // What came after the gap was measured is in the file only.
        let is_caught_up = is_all && state.last_seq == gap.last_seq;
        state.spilled = (!is_caught_up).then_some(next);
        if is_caught_up {
            state.waiting = state.ready.len() as u64;
        }
    }

    /// Ends once something may be there to take. Does not miss what came since it was made.
    pub(super) fn arrival(&self) -> tokio::sync::futures::Notified<'_> {
        self.arrived.notified()
    }

    /// Waiting and taken.
    pub(super) fn backlog(&self) -> stats::Backlog {
        let state = lock(&self.state);
        let in_flight = state.leased.len() as u64;
        stats::Backlog { queue: self.name.clone(), waiting: state.waiting, in_flight }
    }

    /// Wakes every receiver for the last time.
    pub(super) fn close(&self) {
        self.is_closed.store(true, Ordering::SeqCst);
        self.arrived.notify_waiters();
        self.arrived.notify_one();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::SeqCst)
    }
}

impl State {
    fn enqueue(&mut self, message: Ready) {
        self.waiting += 1;
        self.last_seq = self.last_seq.max(message.seq);
        if self.spilled.is_some() {
            return;
        }
        if self.ready.len() >= READY_MESSAGES || self.ready_bytes >= READY_BYTES {
            self.spilled = Some(message.seq);
            return;
        }
        self.push(message);
    }

    fn push(&mut self, message: Ready) {
        self.ready_bytes += message.body.len();
        self.ready.push_back(message);
    }

    fn take(&mut self, credit: usize) -> Vec<Ready> {
        let count = credit.min(self.ready.len());
        let taken: Vec<Ready> = self.ready.drain(..count).collect();
        for message in &taken {
            self.ready_bytes -= message.body.len();
            self.leased.insert(message.seq, message.clone());
        }
        self.waiting = self.waiting.saturating_sub(taken.len() as u64);
        taken
    }

    /// The row is gone. It is usually leased; not so when it was given back and settled nevertheless.
    fn forget(&mut self, seq: u64) {
        if self.leased.remove(&seq).is_some() {
            return;
        }
        if let Some(at) = self.ready.iter().position(|message| message.seq == seq)
            && let Some(message) = self.ready.remove(at)
        {
            self.ready_bytes -= message.body.len();
            self.waiting = self.waiting.saturating_sub(1);
        }
    }
}
