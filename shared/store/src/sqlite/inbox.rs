//! What waits for the writer. One lock for a whole group, not one per member; bounded by bytes, and who finds it full
//! waits without blocking a thread.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, oneshot};

use super::lock;
use super::work::Work;
use crate::failure::Outage;
use crate::unit::Outcome;

/// What an answer carries back: the work too, so that the caller's thread frees it and not the writer's.
pub(super) type Answer = (Result<Outcome, Outage>, Box<Work>);

/// Work, and who waits for it.
#[derive(Debug)]
pub(super) struct Job {
    pub work: Box<Work>,
    pub reply: oneshot::Sender<Answer>,
    /// Its share of the inbox, given back with the answer.
    pub weight: u32,
}

/// What the writer is to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// A group was taken.
    Group,
    /// Nothing came for as long as was asked.
    Idle,
    /// Nothing will ever come.
    Closed,
}

/// The largest group: what one rollback costs at most.
#[derive(Debug, Clone, Copy)]
pub(super) struct GroupLimits {
    pub members: usize,
    pub bytes: usize,
}

/// How long the writer waits for what.
#[derive(Debug)]
pub(super) struct Patience {
    pub limits: GroupLimits,
    /// For the first job, before it looks after other things; `None`: for ever.
    pub idle: Option<Duration>,
    /// Once there is one, for about as many members as the last groups had. Who was answered together asks again
    /// together; without it every other group would be the first of them alone.
    pub members: usize,
    /// For those, at most so long.
    pub linger: Duration,
}

/// A weight of one is this many bytes.
const WEIGHT_BYTES: usize = 1024;

/// All that may wait: 32 MB, or 32,768 small units.
const CAPACITY: u32 = 32 * 1024;

/// The heaviest a single job counts, so that it can always get in.
const MAX_WEIGHT: u32 = 8 * 1024;

/// The queue in front of the writer.
#[derive(Debug)]
pub(super) struct Inbox {
    room: Semaphore,
    state: Mutex<State>,
    came: Condvar,
}

#[derive(Debug, Default)]
struct State {
    jobs: Vec<Job>,
    /// How many jobs the writer sleeps for; 0 while it works. It is woken once a group, not once a member.
    wanted: usize,
    is_closed: bool,
}

impl Inbox {
    pub(super) fn new() -> Self {
        Self { room: Semaphore::new(CAPACITY as usize), state: Mutex::default(), came: Condvar::new() }
    }

    /// Puts `work` in, waiting for room; `None` once the writer is gone.
    pub(super) async fn put(&self, work: Box<Work>) -> Option<oneshot::Receiver<Answer>> {
        let weight = u32::try_from(work.bytes / WEIGHT_BYTES).unwrap_or(MAX_WEIGHT).clamp(1, MAX_WEIGHT);
        self.room.acquire_many(weight).await.ok()?.forget();
        let (reply, answer) = oneshot::channel();
        let wakes = {
            let mut state = lock(&self.state);
            if state.is_closed {
                return None;
            }
            state.jobs.push(Job { work, reply, weight });
            state.wanted > 0 && state.jobs.len() >= state.wanted
        };
        if wakes {
            self.came.notify_one();
        }
        Some(answer)
    }

    /// Gives back the room of answered jobs.
    pub(super) fn free(&self, weight: usize) {
        self.room.add_permits(weight);
    }

    /// Waits for work and moves one group of it into `jobs`.
    pub(super) fn take(&self, jobs: &mut Vec<Job>, patience: &Patience) -> Next {
        let mut state = lock(&self.state);
        state = self.wait(state, 1, patience.idle);
        if state.jobs.is_empty() {
            return if state.is_closed { Next::Closed } else { Next::Idle };
        }
        state = self.wait(state, patience.members, Some(patience.linger));
        take_group(&mut state.jobs, jobs, patience.limits);
        Next::Group
    }

    /// Sleeps until `wanted` jobs are there, nothing more will come, or it took too long.
    fn wait<'a>(
        &self,
        mut state: MutexGuard<'a, State>,
        wanted: usize,
        at_most: Option<Duration>,
    ) -> MutexGuard<'a, State> {
        let is_short = |state: &mut State| state.jobs.len() < wanted && !state.is_closed;
        if !is_short(&mut state) {
            return state;
        }
        state.wanted = wanted;
        state = match at_most {
            None => self.came.wait_while(state, is_short).unwrap_or_else(PoisonError::into_inner),
            Some(at_most) => {
                let waited = self.came.wait_timeout_while(state, at_most, is_short);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
        };
        state.wanted = 0;
        state
    }

    /// Lets nothing more in. What is in is still taken.
    pub(super) fn close(&self) {
        self.room.close();
        lock(&self.state).is_closed = true;
        self.came.notify_all();
    }

    /// Drops what is in: whoever waits for it learns that its outcome is not known.
    pub(super) fn abandon(&self) {
        self.close();
        lock(&self.state).jobs.clear();
    }
}

fn take_group(waiting: &mut Vec<Job>, jobs: &mut Vec<Job>, limits: GroupLimits) {
    let mut bytes = 0;
    let fits = |job: &&Job| {
        bytes += job.work.bytes;
        bytes <= limits.bytes
    };
    let count = waiting.iter().take(limits.members).take_while(fits).count().max(1);
    if count >= waiting.len() && jobs.is_empty() {
        std::mem::swap(waiting, jobs);
    } else {
        jobs.extend(waiting.drain(..count));
    }
}
