//! What is asked for at the same time goes to the server together: one statement, one round trip, one sync of its disk.
//!
//! There is no task in between. Whoever asks joins the queue and waits for a turn; who gets one takes along all that
//! waits by then and fits. So nobody waits for company, and the more there is to do the more goes at once.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, oneshot};

use crate::wait;

/// Turns that are taken at once: enough to keep the server busy while the answers to others are on their way.
const TURNS: usize = 4;

/// A kind of statement that does several jobs.
pub(super) trait Statement: Sync {
    /// What each caller wants done.
    type Job: Send;
    /// What each gets.
    type Answer: Send;

    /// Whether `job` may go along with these.
    fn fits(&self, chosen: &[Self::Job], job: &Self::Job) -> bool;

    /// Does them all: as many answers as jobs.
    fn run(&self, jobs: Vec<Self::Job>) -> impl Future<Output = Vec<Self::Answer>> + Send;
}

/// Who waits for a statement of one kind.
pub(super) struct Together<J, A> {
    turns: Semaphore,
    waiting: Mutex<VecDeque<Waiting<J, A>>>,
    joined: AtomicU64,
}

struct Waiting<J, A> {
    number: u64,
    job: J,
    answer: oneshot::Sender<A>,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unanswered {
    /// No turn came in time: nothing was sent.
    NoTurn,
    /// Who had the turn went away with the statement under way.
    Abandoned,
}

impl<J: Send, A: Send> Together<J, A> {
    pub(super) fn new() -> Self {
        Self { turns: Semaphore::new(TURNS), waiting: Mutex::default(), joined: AtomicU64::new(0) }
    }

    /// Has `job` done by `statement`, alone or along with others. Waits for a turn for `patience`. When the caller goes
    /// away while it waits, nothing is done.
    pub(super) async fn ask(
        &self,
        statement: &impl Statement<Job = J, Answer = A>,
        job: J,
        patience: Duration,
    ) -> Result<A, Unanswered> {
        let number = self.joined.fetch_add(1, Ordering::Relaxed);
        let (answer, mut mine) = oneshot::channel();
        self.waiting().push_back(Waiting { number, job, answer });
        loop {
            let turn = tokio::select! {
                biased;
                done = &mut mine => return done.map_err(|_| Unanswered::Abandoned),
                turn = wait::at_most(patience, self.turns.acquire()) => turn,
            };
            let Some(Ok(turn)) = turn else {
                let lost = if self.leave(number) { Unanswered::NoTurn } else { Unanswered::Abandoned };
                return mine.await.map_err(|_| lost);
            };
            let Some((jobs, askers)) = self.take(statement, number) else {
                drop(turn);
                return mine.await.map_err(|_| Unanswered::Abandoned);
            };
            let answers = statement.run(jobs).await;
            for (asker, answer) in askers.into_iter().zip(answers) {
                // Who has gone away wants none.
                asker.send(answer).ok();
            }
        }
    }

    /// What goes next, in the order in which it came; what does not fit keeps its place. `None` where somebody has
    /// this one under way.
    fn take(
        &self,
        statement: &impl Statement<Job = J, Answer = A>,
        number: u64,
    ) -> Option<(Vec<J>, Vec<oneshot::Sender<A>>)> {
        let mut waiting = self.waiting();
        if !waiting.iter().any(|waiting| waiting.number == number) {
            return None;
        }
        let (mut jobs, mut askers, mut left) = (Vec::new(), Vec::new(), VecDeque::new());
        for next in waiting.drain(..).filter(|next| !next.answer.is_closed()) {
            if statement.fits(&jobs, &next.job) {
                jobs.push(next.job);
                askers.push(next.answer);
            } else {
                left.push_back(next);
            }
        }
        *waiting = left;
        Some((jobs, askers))
    }

    /// Answers whether it was still waiting: then nobody sends it any more.
    fn leave(&self, number: u64) -> bool {
        let mut waiting = self.waiting();
        let before = waiting.len();
        waiting.retain(|waiting| waiting.number != number);
        waiting.len() < before
    }

    /// A lock whose holder panicked is taken all the same: each holder leaves the queue whole at every step.
    fn waiting(&self) -> std::sync::MutexGuard<'_, VecDeque<Waiting<J, A>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
