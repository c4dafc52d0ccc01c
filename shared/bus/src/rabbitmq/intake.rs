//! What lies between one queue's channel and those who receive from it.
//!
//! The broker pushes, the port pulls. So the credit of those who wait, plus what was handed out and is not settled, is the
//! prefetch of the channel: a process never has more than its consumers have room for, and the buffer here is bounded by
//! the same number. Who stops asking gives the buffer back.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};

use super::link::Link;
use super::settings::Settings;
use crate::{Delivery, Outage, Settle, Token, World};

/// One queue as this process sees it.
pub(super) struct Intake {
    pub(super) queue: Arc<str>,
    inner: Mutex<Inner>,
    /// For who serves the channel: somebody asks or settles.
    pub(super) wanted: Notify,
    /// For who receives: something arrived, or failed.
    arrived: Notify,
}

#[derive(Default)]
struct Inner {
    /// The channel that all below belongs to; none while there is none.
    generation: Option<Arc<str>>,
    /// Delivered and not handed out.
    buffer: VecDeque<Delivery>,
    /// Handed out and not settled.
    handed: BTreeSet<u64>,
    /// Handed out by channels that are gone, and still in somebody's hands: room that comes free piece by piece.
    stale: BTreeSet<(Arc<str>, u64)>,
    /// Tags of a channel are counted from 1, and its consumers are read in no order: all up to this have arrived,
    whole: u64,
    /// and these beyond it.
    beyond: BTreeSet<u64>,
    /// Settled and not yet told to the broker.
    outbox: Vec<(u64, Settle)>,
    told: Vec<oneshot::Sender<()>>,
    /// The credit of all who wait.
    asking: usize,
    /// How many channels could not be had, and why the latest could not. Told to those who wait, and to nobody who comes later: the
    /// next channel is tried for them.
    failures: u64,
    failure: Option<Outage>,
}

/// What the channel has to do next.
pub(super) struct Work {
    pub(super) settlements: Vec<(u64, Settle)>,
    /// Dropped once the settlements are written.
    pub(super) told: Vec<oneshot::Sender<()>>,
    /// The lowest tag that stays unsettled, or has not arrived yet: what one consumer was sent may lie unread while what
    /// another was sent later is done with.
    pub(super) first_open: Option<u64>,
    /// How many messages this process has room for, handed-out ones included, those of channels before too; none when
    /// nobody asks.
    pub(super) room: usize,
    /// Messages lie here and nobody asks.
    pub(super) is_holding: bool,
}

/// Counts a receiver's credit for as long as it waits.
struct Asking<'a> {
    intake: &'a Intake,
    credit: usize,
}

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        self.intake.inner().asking -= self.credit;
        self.intake.wanted.notify_one();
    }
}

/// More than any process asks for: a bound on what a wrong credit can pull over.
pub(super) const MOST: usize = 1_024;

impl Intake {
    pub(super) fn new(queue: Arc<str>) -> Self {
        Self { queue, inner: Mutex::default(), wanted: Notify::new(), arrived: Notify::new() }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Up to `credit` messages, as [`crate::Bus::receive`] says. Between taking and answering nothing waits, so a dropped
    /// future has taken nothing.
    pub(super) async fn receive(
        &self,
        credit: usize,
        link: &Link,
        settings: &Settings,
        world: &dyn World,
    ) -> Result<Vec<Delivery>, Outage> {
        let credit = credit.min(MOST);
        if credit == 0 {
            return Ok(vec![]);
        }
        let before = {
            let mut inner = self.inner();
            inner.asking += credit;
            inner.failures
        };
        let _asking = Asking { intake: self, credit };
        self.wanted.notify_one();
        let mut patience = world.sleep(settings.receive_wait);
        let mut down = std::pin::pin!(link.down());
        loop {
            let mut arrived = std::pin::pin!(self.arrived.notified());
            arrived.as_mut().enable();
            if let Some(taken) = self.take(credit, before) {
                return taken;
            }
            tokio::select! {
                biased;
                () = arrived => {}
                outage = &mut down => return Err(outage),
                () = &mut patience => return Ok(vec![]),
            }
        }
    }

    fn take(&self, credit: usize, failures_before: u64) -> Option<Result<Vec<Delivery>, Outage>> {
        let mut inner = self.inner();
        let n = inner.buffer.len().min(credit);
        if n == 0 {
            let failure = (inner.failures != failures_before).then(|| inner.failure.clone()).flatten();
            return failure.map(Err);
        }
        let taken: Vec<Delivery> = inner.buffer.drain(..n).collect();
        inner.handed.extend(taken.iter().map(|one| one.token.seq));
        Some(Ok(taken))
    }

    /// Settles what was handed out by the present channel; everything else was given back by the broker already. Answers
    /// when the broker was told.
    pub(super) fn settle(&self, settlements: &[(Token, Settle)]) -> Option<oneshot::Receiver<()>> {
        let mut inner = self.inner();
        let before = inner.outbox.len();
        for (token, how) in settlements {
            let Some(receipt) = &token.receipt else { continue };
            if Some(receipt) != inner.generation.as_ref() {
                inner.stale.remove(&(receipt.clone(), token.seq));
            } else if inner.handed.remove(&token.seq) {
                inner.outbox.push((token.seq, *how));
            }
        }
        if inner.outbox.len() == before {
            return None;
        }
        let (teller, told) = oneshot::channel();
        inner.told.push(teller);
        self.wanted.notify_one();
        Some(told)
    }

    /// Messages that lie here, and messages handed out.
    pub(super) fn held(&self) -> (usize, usize) {
        let inner = self.inner();
        (inner.buffer.len(), inner.handed.len())
    }

    /// Whether there is anything to have a channel for.
    pub(super) fn is_wanted(&self) -> bool {
        self.inner().asking > 0
    }

    /// Whether the channel can be given up without bringing any message again.
    pub(super) fn is_idle(&self) -> bool {
        let inner = self.inner();
        inner.buffer.is_empty() && inner.handed.is_empty() && inner.outbox.is_empty()
    }

    /// A channel serves this queue from now on.
    pub(super) fn begin(&self, generation: Arc<str>) {
        let mut inner = self.inner();
        inner.generation = Some(generation);
    }

    /// The channel is gone, and with it every delivery: the broker gives them to somebody again. Who has one in hand works
    /// on, and has no room for another until that is done.
    pub(super) fn end(&self, failure: Option<Outage>) {
        let mut inner = self.inner();
        let Inner { asking, generation, handed, mut stale, failures, .. } = std::mem::take(&mut *inner);
        if let Some(generation) = generation {
            stale.extend(handed.into_iter().map(|seq| (generation.clone(), seq)));
        }
        let failures = failures + u64::from(failure.is_some());
        *inner = Inner { asking, stale, failures, failure, ..Inner::default() };
        drop(inner);
        self.arrived.notify_waiters();
    }

    pub(super) fn push(&self, deliveries: impl Iterator<Item = Delivery>) {
        let mut inner = self.inner();
        for delivery in deliveries {
            inner.beyond.insert(delivery.token.seq);
            inner.buffer.push_back(delivery);
        }
        let mut whole = inner.whole;
        while inner.beyond.remove(&(whole + 1)) {
            whole += 1;
        }
        inner.whole = whole;
        drop(inner);
        self.arrived.notify_waiters();
    }

    /// Takes back what lies here and nobody asked for.
    pub(super) fn give_back(&self) {
        let mut inner = self.inner();
        let back: Vec<_> = inner.buffer.drain(..).map(|one| (one.token.seq, Settle::Release)).collect();
        inner.outbox.extend(back);
    }

    pub(super) fn work(&self) -> Work {
        let mut inner = self.inner();
        let buffered = inner.buffer.iter().map(|one| one.token.seq).min();
        let unseen = inner.whole + 1;
        Work {
            settlements: std::mem::take(&mut inner.outbox),
            told: std::mem::take(&mut inner.told),
            first_open: inner.handed.first().copied().into_iter().chain(buffered).chain([unseen]).min(),
            room: match inner.asking {
                0 => 0,
                asking => (inner.handed.len() + inner.stale.len() + asking).min(MOST),
            },
            is_holding: inner.asking == 0 && !inner.buffer.is_empty(),
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn delivery(seq: u64) -> Delivery {
        let token = Token { queue: "q".into(), seq, receipt: Some("channel".into()) };
        Delivery { token, body: Bytes::new(), attempt: 0, redelivered: false }
    }

    /// Else it would ask for one more with each that is done, by as many consumers.
    #[test]
    fn who_works_on_what_a_channel_before_sent_asks_at_once_for_all_that_it_will_have_room_for() {
        let intake = Intake::new("q".into());
        let asks = |credit: usize| {
            intake.inner().asking = credit;
            intake.work().room
        };
        intake.begin("channel".into());
        intake.push((1..=3).map(delivery));
        let taken = intake.take(3, 0).unwrap().unwrap();
        assert_eq!(asks(1), 4);
        intake.end(None);
        intake.begin("next".into());
        assert_eq!((asks(0), asks(1)), (0, 4));
        let done: Vec<_> = taken.into_iter().map(|one| (one.token, Settle::Acknowledge)).collect();
        assert!(intake.settle(&done[..2]).is_none(), "the broker is told nothing of them");
        assert_eq!(asks(3), 4, "what is done there is asked for here");
        intake.end(None);
        drop(intake.settle(&done));
        assert_eq!(asks(4), 4);
    }

    /// Else nobody who asks again would wait for the next channel, which is there for those who wait.
    #[test]
    fn a_failure_is_told_to_those_who_waited_and_to_nobody_after_them() {
        let intake = Intake::new("q".into());
        let outage = Outage { kind: crate::OutageKind::Broken, detail: "not allowed".to_owned() };
        assert!(intake.take(1, 0).is_none());
        intake.end(Some(outage.clone()));
        let failures = intake.inner().failures;
        assert_eq!(intake.take(1, 0).unwrap().unwrap_err(), outage);
        assert!(intake.take(1, failures).is_none());
    }

    /// Else who dies before it has handled what arrives late has lost it.
    #[test]
    fn what_was_sent_to_another_consumer_before_and_is_not_read_yet_is_not_taken_for_done() {
        let intake = Intake::new("q".into());
        intake.begin("channel".into());
        let open = |seqs: &[u64]| {
            intake.push(seqs.iter().map(|seq| delivery(*seq)));
            intake.work().first_open
        };
        assert_eq!(intake.work().first_open, Some(1));
        assert_eq!(open(&[2, 3]), Some(1), "the first is not read yet");
        let taken = intake.take(2, 0).unwrap().unwrap();
        let done: Vec<_> = taken.into_iter().map(|one| (one.token, Settle::Acknowledge)).collect();
        drop(intake.settle(&done));
        assert_eq!(intake.work().first_open, Some(1), "and still is not, when those after it are done");
        assert_eq!(open(&[5, 1]), Some(1), "it lies here, behind a later one");
        let taken = intake.take(2, 0).unwrap().unwrap();
        let done: Vec<_> = taken.into_iter().map(|one| (one.token, Settle::Acknowledge)).collect();
        drop(intake.settle(&done));
        assert_eq!(intake.work().first_open, Some(4));
        intake.end(None);
        intake.begin("channel".into());
        assert_eq!(intake.work().first_open, Some(1), "another channel counts anew");
    }
}
