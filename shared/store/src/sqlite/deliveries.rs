//! The engine as a bus: declaring, publishing, taking and settling.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use contracts::EventType;

use super::Engine;
use super::failure::closed;
use super::queue::{Queue, READY_BYTES, Ready};
use super::routes::MAX_QUEUES;
use super::stats::Backlog;
use super::work::Work;
use crate::failure::{Outage, OutageKind};
use crate::unit::{Consumed, Outcome, Outgoing, limits};

/// Messages that are read back from the file at a time.
const READ_BACK: u32 = 1_024;

/// Messages that are read at a time by somebody who only looks: a look may be short, and a body 4 MB.
const LOOK: usize = 64;

/// A message that was taken from a queue, or looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// Its place in the queue.
    pub seq: u64,
    /// The envelope.
    pub body: Bytes,
    /// How many delayed tries of it have failed.
    pub attempt: u32,
    /// It may have been taken before.
    pub redelivered: bool,
}

/// Why a message is not known to be in its queues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unsent {
    /// It can never be sent.
    Refused(String),
    /// Send it again later.
    Unknown,
}

impl From<Ready> for Taken {
    fn from(ready: Ready) -> Self {
        Self { seq: ready.seq, body: ready.body, attempt: ready.attempt, redelivered: ready.redelivered }
    }
}

impl Engine {
    /// Makes sure that `queues` exist, and subscribes them to exactly what `subscribers` says. Queues that are not named
    /// keep their subscriptions. What waits in a queue outlives the process; subscriptions do not.
    ///
    /// # Errors
    /// [`Outage`]: the file cannot be written, or there would be more than 63 queues.
    pub async fn declare(
        &self,
        queues: &BTreeSet<String>,
        subscribers: &BTreeMap<EventType, BTreeSet<String>>,
    ) -> Result<(), Outage> {
        let wanted: BTreeSet<String> = queues.iter().chain(subscribers.values().flatten()).cloned().collect();
        let new_queues = self.shared.routes().unknown(&wanted);
        if !new_queues.is_empty() {
            self.submit(Work { new_queues, ..Work::default() }).await?;
        }
        let missing = self.shared.routes().unknown(&wanted);
        if !missing.is_empty() {
            let reason =
                format!("no room for {}: a file has at most {MAX_QUEUES} queues", missing.join(", "));
            return Err(Outage::new(OutageKind::Broken, reason));
        }
        self.shared.change_routes(|routes| routes.subscribe(&wanted, subscribers));
        Ok(())
    }

    /// Puts each message into its queues; answers in the order of `batch`, after the fsync.
    pub async fn publish(&self, batch: Vec<Outgoing>) -> Vec<Result<(), Unsent>> {
        let routes = self.shared.routes();
        let mut work = Work::default();
        let mut answers: Vec<Result<(), Unsent>> = Vec::with_capacity(batch.len());
        for message in batch {
            let size = message.body.len();
            let sent = if size > limits::UNIT_BYTES {
                Err(format!("a message has at most {} bytes, this one has {size}", limits::UNIT_BYTES))
            } else {
                work.send(message, &routes)
            };
            answers.push(sent.map_err(Unsent::Refused));
        }
        if work.sends.is_empty() {
            return answers;
        }
        if self.submit(work).await != Ok(Outcome::Committed) {
            answers
                .iter_mut()
                .filter(|answer| answer.is_ok())
                .for_each(|answer| *answer = Err(Unsent::Unknown));
        }
        answers
    }

    /// Takes up to `credit` messages, waiting until there is one. A future that is dropped has taken nothing.
    ///
    /// # Errors
    /// [`Outage`]: the engine is closed, the file cannot be read, or no such queue was declared.
    pub async fn receive(&self, queue: &str, credit: usize) -> Result<Vec<Taken>, Outage> {
        let routes = self.shared.routes();
        let Some(queue) = routes.queue(queue) else {
            return Err(Outage::new(OutageKind::Undeclared, format!("no queue is called {queue:?}")));
        };
        loop {
            let arrival = queue.arrival();
            if queue.is_closed() {
                return Err(closed());
            }
            if credit == 0 {
                return Ok(Vec::new());
            }
            let taken = queue.take(credit);
            if !taken.is_empty() {
                return Ok(taken.into_iter().map(Taken::from).collect());
            }
            match queue.gap() {
                Some(_) => self.read_back(queue)?,
                None => arrival.await,
            }
        }
    }

    /// Up to `limit` messages that wait in `queue`, the next one first, as they would be taken now; fewer when they are
    /// long. Takes none: no lease, no mark, nothing in the file changes.
    ///
    /// # Errors
    /// [`Outage`]: the engine is closed, the file cannot be read, or no such queue was declared.
    pub fn peek(&self, queue: &str, limit: usize) -> Result<Vec<Taken>, Outage> {
        let routes = self.shared.routes();
        let Some(queue) = routes.queue(queue) else {
            return Err(Outage::new(OutageKind::Undeclared, format!("no queue is called {queue:?}")));
        };
        let view = queue.view(limit);
        let mut bytes: usize = view.ready.iter().map(|message| message.body.len()).sum();
        let mut messages: Vec<Taken> = view.ready.into_iter().map(Taken::from).collect();
        let (mut next, mut suspects) = (view.spilled, view.suspects);
        while let Some(from) = next.filter(|_| messages.len() < limit && bytes < READY_BYTES) {
            let count = u32::try_from(LOOK.min(limit - messages.len())).unwrap_or(READ_BACK);
            let rows = self.shared.readers.messages(queue.mask(), from, count, self.shared.incarnation)?;
            next = rows.last().map(|last| last.seq + 1);
            for mut row in rows {
                row.redelivered &= suspects > 0;
                suspects -= usize::from(row.redelivered);
                bytes += row.body.len();
                messages.push(row.into());
            }
        }
        Ok(messages)
    }

    /// Removes deliveries that no commit has removed.
    pub async fn acknowledge(&self, consumed: &[Consumed]) {
        let work = Work::of_settlements(consumed, &self.shared.routes());
        if work.settles.is_empty() {
            return;
        }
        if let Err(outage) = self.submit(work).await {
            tracing::warn!(error = %outage, count = consumed.len(), "deliveries could not be removed, and come again");
        }
    }

    /// Gives deliveries back.
    pub fn release(&self, consumed: &[Consumed]) {
        let routes = self.shared.routes();
        for one in consumed.iter().rev() {
            if let Some(queue) = routes.queue(&one.queue) {
                queue.release(std::iter::once(one.seq));
            }
        }
    }

    /// How full each queue is.
    #[must_use]
    pub fn backlog(&self) -> Vec<Backlog> {
        self.shared.routes().queues.iter().map(|queue| queue.backlog()).collect()
    }

    /// Brings messages that are in the file only into memory.
    fn read_back(&self, queue: &Queue) -> Result<(), Outage> {
        let Some(gap) = queue.gap() else { return Ok(()) };
        let shared = &self.shared;
        let mut rows = shared.readers.messages(queue.mask(), gap.from, READ_BACK, shared.incarnation)?;
        let mut is_all = rows.len() < READ_BACK as usize;
        let mut bytes = 0;
        let fits = rows
            .iter()
            .take_while(|row| {
                bytes += row.body.len();
                bytes <= READY_BYTES
            })
            .count()
            .max(1);
        if fits < rows.len() {
            rows.truncate(fits);
            is_all = false;
        }
        queue.fill(gap, rows, is_all);
        Ok(())
    }
}
