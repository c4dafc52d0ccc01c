//! What lies between one queue and those who receive from it.
//!
//! A call that is under way may have taken messages, whether somebody still waits for them or not. So calls are not made by
//! those who receive, and never dropped: what they bring lies here, for whoever asks next. Who stops asking gives it back.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_sdk_sqs::types::Message;
use tokio::sync::Notify;

use super::lane::ENTRIES;
use super::message::delivery;
use super::settings::Settings;
use crate::{Delivery, Outage, OutageKind, Token, World};

/// One queue as this process sees it.
pub(super) struct Intake {
    pub(super) queue: Arc<str>,
    inner: Mutex<Inner>,
    /// For who makes the calls: somebody asks.
    pub(super) wanted: Notify,
    /// For who receives: something arrived, or failed.
    arrived: Notify,
}

#[derive(Default)]
struct Inner {
    /// Taken and not handed out.
    buffer: VecDeque<Delivery>,
    /// Taken and not settled: what is in the buffer, and what was handed out.
    held: BTreeMap<u64, Held>,
    /// The credit of all who wait.
    asking: usize,
    /// What the calls under way may bring.
    underway: usize,
    /// The name of the latest delivery.
    last: u64,
    /// How many calls failed, and why the latest did.
    failures: u64,
    failure: Option<Outage>,
    is_closed: bool,
}

/// A message that this process keeps away from others.
struct Held {
    receipt: Arc<str>,
    /// How many heartbeats it has seen.
    beats: u32,
    /// It is no longer ours to keep, as the queue said.
    is_lost: bool,
}

/// Which call to make next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ask {
    Nothing,
    /// There is room for a few only and others are in hand: in a moment there may be room for more.
    Linger,
    /// For so many messages.
    Call(usize),
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
const MOST: usize = 1_024;

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
        loop {
            let mut arrived = std::pin::pin!(self.arrived.notified());
            arrived.as_mut().enable();
            if let Some(taken) = self.take(credit, before) {
                return taken;
            }
            tokio::select! {
                biased;
                () = arrived => {}
                () = &mut patience => return Ok(vec![]),
            }
        }
    }

    fn take(&self, credit: usize, failures_before: u64) -> Option<Result<Vec<Delivery>, Outage>> {
        let mut inner = self.inner();
        let n = inner.buffer.len().min(credit);
        if n > 0 {
            return Some(Ok(inner.buffer.drain(..n).collect()));
        }
        if inner.is_closed {
            return Some(Err(Outage { kind: OutageKind::Unreachable, detail: "aws: closed".to_owned() }));
        }
        let failure = (inner.failures != failures_before).then(|| inner.failure.clone()).flatten();
        failure.map(Err)
    }

    /// The next call to make; with `lingered` also for a few messages.
    pub(super) fn ask(&self, lingered: bool) -> Ask {
        let mut inner = self.inner();
        let room = inner.asking.saturating_sub(inner.buffer.len() + inner.underway).min(ENTRIES);
        let is_busy = inner.underway > 0 || inner.held.len() > inner.buffer.len();
        if room == 0 || inner.is_closed {
            return Ask::Nothing;
        }
        if room < ENTRIES && is_busy && !lingered {
            return Ask::Linger;
        }
        inner.underway += room;
        Ask::Call(room)
    }

    /// A call for so many messages has ended.
    pub(super) fn answered(&self, asked: usize, answer: Result<Vec<Message>, Outage>) {
        let mut inner = self.inner();
        inner.underway = inner.underway.saturating_sub(asked);
        match answer {
            Ok(messages) => {
                for message in messages {
                    inner.last += 1;
                    let one = delivery(&self.queue, inner.last, message);
                    let Some(receipt) = one.token.receipt.clone() else { continue };
                    inner.held.insert(one.token.seq, Held { receipt, beats: 0, is_lost: false });
                    inner.buffer.push_back(one);
                }
            }
            Err(outage) => {
                inner.failures += 1;
                inner.failure = Some(outage);
            }
        }
        drop(inner);
        self.arrived.notify_waiters();
    }

    /// The receipt handle of a delivery that is not settled yet, which it is from now on.
    pub(super) fn settled(&self, token: &Token) -> Option<Arc<str>> {
        let mut inner = self.inner();
        let is_ours =
            inner.held.get(&token.seq).is_some_and(|held| Some(&held.receipt) == token.receipt.as_ref());
        is_ours.then(|| inner.held.remove(&token.seq)).flatten().map(|held| held.receipt)
    }

    /// Messages that lie here, and messages handed out.
    pub(super) fn held(&self) -> (usize, usize) {
        let inner = self.inner();
        (inner.buffer.len(), inner.held.len().saturating_sub(inner.buffer.len()))
    }

    /// Whether messages lie here and nobody asks.
    pub(super) fn is_holding(&self) -> bool {
        let inner = self.inner();
        inner.asking == 0 && !inner.buffer.is_empty()
    }

    /// Takes back what lies here and nobody asked for: the receipt handles.
    pub(super) fn give_back(&self) -> Vec<Arc<str>> {
        let mut inner = self.inner();
        let back: Vec<u64> = inner.buffer.drain(..).map(|one| one.token.seq).collect();
        back.iter().filter_map(|seq| inner.held.remove(seq)).map(|held| held.receipt).collect()
    }

    /// Nothing is taken any more. Answers the receipt handles of all that is not settled.
    pub(super) fn close(&self) -> Vec<Arc<str>> {
        let mut inner = self.inner();
        inner.is_closed = true;
        inner.buffer.clear();
        let held = std::mem::take(&mut inner.held).into_values().map(|held| held.receipt).collect();
        drop(inner);
        self.arrived.notify_waiters();
        held
    }

    /// A heartbeat: what has been held since the one before has to be kept longer. What has seen `most` of them cannot be
    /// kept any longer, and comes again.
    pub(super) fn beat(&self, most: u32) -> Vec<(u64, Arc<str>)> {
        let mut inner = self.inner();
        let mut kept = vec![];
        for (seq, held) in &mut inner.held {
            held.beats += 1;
            if held.beats > 1 && held.beats <= most && !held.is_lost {
                kept.push((*seq, held.receipt.clone()));
            }
        }
        let before = inner.held.len();
        inner.held.retain(|_, held| held.beats <= most);
        let given_up = before - inner.held.len();
        if given_up > 0 {
            tracing::error!(queue = %self.queue, messages = given_up, "not settled for as long as SQS keeps others away");
        }
        kept
    }

    /// The queue has given this delivery to somebody else, or will.
    pub(super) fn lost(&self, seq: u64) {
        if let Some(held) = self.inner().held.get_mut(&seq) {
            held.is_lost = true;
            tracing::warn!(queue = %self.queue, "a message that is in hand was taken back by the queue, and comes again");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn messages(n: usize) -> Vec<Message> {
        (0..n).map(|n| Message::builder().body("{}").receipt_handle(format!("r{n}")).build()).collect()
    }

    fn asking(intake: &Intake, credit: usize) {
        intake.inner().asking = credit;
    }

    #[test]
    fn who_has_nothing_in_hand_asks_at_once_and_never_for_more_than_there_is_room() {
        let intake = Intake::new("q".into());
        assert_eq!(intake.ask(false), Ask::Nothing);
        asking(&intake, 3);
        assert_eq!(intake.ask(false), Ask::Call(3));
        assert_eq!(intake.ask(true), Ask::Nothing);
        asking(&intake, 40);
        assert_eq!(
            (intake.ask(false), intake.ask(false), intake.ask(false)),
            (Ask::Call(10), Ask::Call(10), Ask::Call(10))
        );
        assert_eq!(
            (intake.ask(false), intake.ask(true), intake.ask(true)),
            (Ask::Linger, Ask::Call(7), Ask::Nothing)
        );
    }

    #[test]
    fn who_has_others_in_hand_waits_for_more_room() {
        let intake = Intake::new("q".into());
        asking(&intake, 2);
        assert_eq!(intake.ask(false), Ask::Call(2));
        intake.answered(2, Ok(messages(2)));
        assert!(matches!(intake.take(2, 0), Some(Ok(taken)) if taken.len() == 2));
        assert_eq!((intake.ask(false), intake.ask(true)), (Ask::Linger, Ask::Call(2)));
    }

    #[test]
    fn a_heartbeat_keeps_what_saw_one_before_and_ends_after_the_last() {
        let intake = Intake::new("q".into());
        intake.answered(0, Ok(messages(1)));
        let beats: Vec<usize> = (0..5).map(|_| intake.beat(3).len()).collect();
        assert_eq!(beats, [0, 1, 1, 0, 0]);
        assert!(intake.inner().held.is_empty());
    }

    #[test]
    fn what_the_queue_took_back_is_not_kept_and_can_still_be_settled() {
        let intake = Intake::new("q".into());
        intake.answered(0, Ok(messages(1)));
        intake.beat(9);
        let (seq, receipt) = intake.beat(9).remove(0);
        intake.lost(seq);
        assert!(intake.beat(9).is_empty());
        assert_eq!(
            intake.settled(&Token { queue: "q".into(), seq, receipt: Some(receipt.clone()) }),
            Some(receipt)
        );
    }

    #[test]
    fn a_delivery_is_settled_once_and_by_its_own_receipt_only() {
        let intake = Intake::new("q".into());
        intake.answered(0, Ok(messages(1)));
        let token = |receipt: &str| Token { queue: "q".into(), seq: 1, receipt: Some(receipt.into()) };
        assert_eq!(intake.settled(&token("other")), None);
        assert_eq!(intake.settled(&token("r0")).as_deref(), Some("r0"));
        assert_eq!(intake.settled(&token("r0")), None);
    }
}
