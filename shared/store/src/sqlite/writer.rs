//! The one thread that writes: group commit. Takes everything that waits, applies it in one transaction, and answers
//! after one fsync.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::Shared;
use super::failure::outage_of;
use super::group::{Failure, Group};
use super::housekeeping::Housekeeping;
use super::inbox::{GroupLimits, Job, Next, Patience};
use super::log::Log;
use super::queue::Ready;
use super::routes::Routes;
use super::stats::count;
use super::work::Work;
use crate::failure::{Outage, OutageKind};
use crate::unit::Outcome;

/// Members that fail one by one before the rest of the group gets the same answer without being tried: a disk that is
/// full or gone fails all of them.
const HOPELESS_AFTER: u32 = 8;

/// A group waits for its members at most this share of what the last commit took ...
const LINGER_SHARE: u32 = 4;

/// ... never longer than this ...
const LINGER_MAX: Duration = Duration::from_millis(2);

/// ... and only until there are so many: they share one sync well enough, and while these are committed the next ones
/// get ready. Waiting for all would leave the disk and the handlers idle in turns.
const LINGER_MEMBERS: usize = 64;

/// Why a writer stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Nothing will come any more.
    Closed,
    /// Its connection cannot be used any more; messages go on from this number.
    Unusable(u64),
}

type Verdict = Result<Outcome, Outage>;

pub(super) struct Writer<'c> {
    shared: &'c Shared,
    group: Group<'c>,
    housekeeping: Housekeeping<'c>,
    verdicts: Vec<Verdict>,
    /// What was sent, with the bits of who gets it; for one group at a time.
    sent: Vec<(u64, Ready)>,
    failures_in_a_row: u32,
    /// A commit is in doubt: nothing is tried before a probe has gone through.
    is_broken: bool,
    is_usable: bool,
    last_commit: Duration,
    /// How many members the next group may have: as the last ones, a little forgetful.
    expected: usize,
}

impl<'c> Writer<'c> {
    pub(super) fn new(
        shared: &'c Shared,
        conn: &'c Connection,
        log: Log,
        next_seq: u64,
    ) -> rusqlite::Result<Self> {
        Ok(Self {
            shared,
            group: Group::new(conn, next_seq)?,
            housekeeping: Housekeeping::new(shared, conn, log),
            verdicts: Vec::new(),
            sent: Vec::new(),
            failures_in_a_row: 0,
            is_broken: false,
            is_usable: true,
            last_commit: Duration::ZERO,
            expected: 1,
        })
    }

    /// Works until nothing will come any more.
    pub(super) fn run(&mut self) -> End {
        let mut jobs = Vec::new();
        while self.is_usable {
            let patience = Patience {
                limits: GroupLimits { members: self.shared.group_max, bytes: self.shared.group_bytes },
                idle: self.housekeeping.wakes_after(),
                members: self.expected.min(LINGER_MEMBERS),
                linger: (self.last_commit / LINGER_SHARE).min(LINGER_MAX),
            };
            match self.shared.inbox.take(&mut jobs, &patience) {
                Next::Group => {
                    self.serve(&mut jobs);
                    self.housekeeping.after_group(self.expected);
                }
                Next::Idle => self.housekeeping.when_idle(&mut self.group),
                Next::Closed => {
                    self.housekeeping.at_close();
                    return End::Closed;
                }
            }
        }
        End::Unusable(self.group.next_seq())
    }

    /// Commits one group in as many transactions as it takes, and answers its members.
    fn serve(&mut self, jobs: &mut Vec<Job>) {
        let mut verdicts = std::mem::take(&mut self.verdicts);
        verdicts.clear();
        verdicts.resize(jobs.len(), Ok(Outcome::Unknown));
        self.failures_in_a_row = 0;
        self.expected = jobs.len().max(self.expected * 3 / 4);
        if self.is_broken && !self.probe() {
            verdicts
                .fill(Err(Outage::new(OutageKind::Broken, "an earlier commit failed, and so does a probe")));
        } else {
            self.divide(jobs, &mut verdicts);
        }
        // Before anybody is answered: whoever was answered finds what it did in the recording, and not in its next part.
        if let Some(recording) = &self.shared.recording {
            recording.push_group(recorded(jobs, &verdicts));
        }
        let mut weight = 0;
        for (job, verdict) in jobs.drain(..).zip(verdicts.drain(..)) {
            weight += job.weight as usize;
            self.answer(job, verdict);
        }
        self.shared.inbox.free(weight);
        self.verdicts = verdicts;
    }

    /// Commits `jobs` together; when that fails, in halves, so that each member gets the answer it deserves.
    fn divide(&mut self, jobs: &[Job], verdicts: &mut [Verdict]) {
        let Err(mut failure) = self.attempt(jobs, verdicts) else { return };
        if failure.is_in_doubt {
            if self.is_broken {
                return;
            }
            match self.attempt(jobs, verdicts) {
                Ok(()) => return,
                Err(_) if self.is_broken => return,
                Err(again) => failure = again,
            }
        }
        if jobs.len() <= 1 || !self.is_usable {
            self.failures_in_a_row += 1;
            verdicts.fill(Err(outage_of(&failure.error)));
            return;
        }
        let middle = jobs.len() / 2;
        let (first, second) = verdicts.split_at_mut(middle);
        for (jobs, verdicts) in [(&jobs[..middle], first), (&jobs[middle..], second)] {
            if self.failures_in_a_row >= HOPELESS_AFTER || self.is_broken || !self.is_usable {
                verdicts.fill(Err(outage_of(&failure.error)));
            } else {
                self.divide(jobs, verdicts);
            }
        }
    }

    /// One transaction; afterwards nothing is half done. When it is in doubt, a probe decides whether it is not applied
    /// for certain; if that fails too, the members stay `Unknown` and the writer is broken.
    fn attempt(&mut self, jobs: &[Job], verdicts: &mut [Verdict]) -> Result<(), Failure> {
        let result = self.transact(jobs);
        match &result {
            Ok(()) => {
                self.failures_in_a_row = 0;
                self.learn_queues(jobs);
                self.publish(jobs);
                for (verdict, outcome) in verdicts.iter_mut().zip(self.group.outcomes.drain(..)) {
                    *verdict = Ok(outcome);
                }
            }
            Err(failure) => {
                tracing::warn!(error = %failure.error, members = jobs.len(), "a group was rolled back");
                count(&self.shared.counters.rollbacks, 1);
                self.is_usable = self.group.roll_back();
                if failure.is_in_doubt && !self.probe() {
                    verdicts.fill(Ok(Outcome::Unknown));
                }
            }
        }
        result
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "measures the disk; decides nothing but how long a group waits"
    )]
    fn transact(&mut self, jobs: &[Job]) -> Result<(), Failure> {
        self.group.begin()?;
        self.housekeeping.in_group(&mut self.group, jobs)?;
        for job in jobs {
            self.group.add(&job.work)?;
        }
        let start = Instant::now();
        let tally = self.group.commit()?;
        self.last_commit = start.elapsed();
        self.housekeeping.committed();
        let counters = &self.shared.counters;
        count(&counters.groups, 1);
        count(
            &counters.commits,
            self.group.outcomes.iter().filter(|o| **o == Outcome::Committed).count() as u64,
        );
        count(&counters.rows_changed, tally.rows);
        count(&counters.bytes_bound, tally.bytes);
        counters.largest_group.fetch_max(jobs.len() as u64, std::sync::atomic::Ordering::Relaxed);
        Ok(())
    }

    /// Commits next to nothing. When that goes through, it lies in the log where the transaction in doubt was.
    fn probe(&mut self) -> bool {
        let result = self
            .group
            .begin()
            .and_then(|()| Ok(self.group.tables.probe()?))
            .and_then(|()| self.group.commit().map(drop));
        if result.is_err() {
            self.is_usable = self.group.roll_back();
        }
        self.is_broken = result.is_err();
        !self.is_broken
    }

    /// Queues that were made in the group exist from now on, whether or not whoever declared them still waits.
    fn learn_queues(&mut self, jobs: &[Job]) {
        if jobs.iter().all(|job| job.work.new_queues.is_empty()) {
            return;
        }
        match self.group.tables.queues() {
            Ok(names) => self.shared.change_routes(|routes| routes.extend(names)),
            Err(error) => tracing::warn!(error = %error, "the queues cannot be read"),
        }
    }

    /// Hands what the group sent to the queues, once per queue.
    fn publish(&mut self, jobs: &[Job]) {
        let routes: Arc<Routes> = self.shared.routes();
        let mut touched = 0;
        self.sent.clear();
        let is_followed = self.shared.tap.receiver_count() > 0;
        for (index, job) in jobs.iter().enumerate() {
            if self.group.outcomes.get(index) != Some(&Outcome::Committed) {
                continue;
            }
            touched |= job.work.settles.iter().fold(0, |bits, settled| bits | 1 << settled.queue);
            for numbered in self.group.messages_of(index) {
                let Some(send) = job.work.sends.get(numbered.send) else { continue };
                touched |= send.owing;
                let ready = Ready {
                    seq: numbered.seq,
                    attempt: send.attempt,
                    redelivered: false,
                    body: send.body.clone(),
                };
                self.sent.push((send.owing, ready));
            }
            if is_followed {
                for event in job.work.sends.iter().filter(|send| send.is_event) {
                    self.shared.tap.send(event.body.clone()).ok();
                }
            }
        }
        for queue in routes.queues.iter().filter(|queue| touched & queue.mask() != 0) {
            let committed = jobs.iter().zip(&self.group.outcomes).filter(|(_, o)| **o == Outcome::Committed);
            let settles = committed.flat_map(|(job, _)| &job.work.settles);
            let settled = settles.filter(|settled| settled.queue == queue.bit).map(|settled| settled.seq);
            let sent = self.sent.iter().filter(|(owing, _)| owing & queue.mask() != 0);
            queue.committed(settled, sent.map(|(_, ready)| ready.clone()));
        }
        self.sent.clear();
    }

    fn answer(&self, job: Job, verdict: Verdict) {
        if job.work.only_settles && verdict != Ok(Outcome::Committed) {
            self.shared.give_back(&job.work);
        }
        // Whoever has stopped waiting learns the outcome from the record.
        job.reply.send((verdict, job.work)).ok();
    }
}

/// What was certainly tried, moved out of the group: whoever waits for it only frees it. What is still to be given back
/// stays.
fn recorded<'j>(jobs: &'j mut [Job], verdicts: &'j [Verdict]) -> impl Iterator<Item = Work> + 'j {
    jobs.iter_mut().zip(verdicts).filter_map(|(job, verdict)| {
        let is_kept = match verdict {
            Ok(Outcome::Committed) => true,
            Ok(Outcome::Unknown) | Err(_) => false,
            Ok(_) => !job.work.only_settles,
        };
        is_kept.then(|| std::mem::take(&mut *job.work))
    })
}
