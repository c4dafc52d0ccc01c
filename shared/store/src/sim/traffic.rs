//! The world as the bus sees it: publish, receive, settle.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, MutexGuard};
use std::task::{Context, Poll};
use std::time::Duration;

use contracts::{EventType, Timestamp};

use super::dice::Fault;
use super::link::Link;
use super::queues::{Demand, Taken};
use super::world::{LATE, OUTAGE, SLOW, State, World};
use crate::{Boxed, Outage, OutageKind, Outgoing};

/// What became of one published message; the Bus port's own words are not known here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sent {
    /// It is in every queue that its address means.
    Confirmed,
    /// It can never be published.
    Refused(String),
    /// Perhaps.
    Unknown,
}

impl World {
    /// Makes sure that these queues and subscriptions exist.
    ///
    /// # Errors
    /// [`Outage`]: the bus is down.
    pub fn declare(
        &self,
        link: &Link,
        queues: &BTreeSet<String>,
        subscribers: &BTreeMap<EventType, BTreeSet<String>>,
    ) -> Result<(), Outage> {
        self.bus_state(link)?.queues.declare(queues, subscribers);
        Ok(())
    }

    /// Publishes each message for itself.
    pub fn publish(&self, link: &Link, batch: &[Outgoing]) -> Vec<Sent> {
        match self.bus_state(link) {
            Ok(mut state) => batch.iter().map(|message| state.publish(message, self.time.now())).collect(),
            Err(_) => vec![Sent::Unknown; batch.len()],
        }
    }

    /// Takes up to `credit` messages, waiting for the first one at most [`super::Manners::receive_wait`].
    ///
    /// # Errors
    /// [`Outage`]: the bus is down, there is no such queue, or the answer was lost.
    pub async fn receive(&self, link: &Link, queue: &str, credit: usize) -> Result<Vec<Taken>, Outage> {
        let deadline = self.time.now().plus(self.manners().receive_wait());
        let mut timer: Option<(Timestamp, Boxed<'static, ()>)> = None;
        std::future::poll_fn(|cx| {
            loop {
                let wake_at = match self.poll_receive(link, (queue, credit), deadline, cx) {
                    Ok(answer) => return Poll::Ready(answer),
                    Err(None) => return Poll::Pending,
                    Err(Some(wake_at)) => wake_at,
                };
                if timer.as_ref().is_none_or(|(at, _)| *at != wake_at) {
                    timer = Some((wake_at, self.time.sleep(wake_at.since(self.time.now()))));
                }
                if timer.as_mut().is_some_and(|(_, sleep)| sleep.as_mut().poll(cx).is_pending()) {
                    return Poll::Pending;
                }
                timer = None;
            }
        })
        .await
    }

    /// Up to `limit` messages that wait in `queue`, none of them taken.
    ///
    /// # Errors
    /// [`Outage`]: the bus is down, or there is no such queue.
    pub fn peek(&self, link: &Link, queue: &str, limit: usize) -> Result<Vec<Taken>, Outage> {
        let now = self.time.now();
        let seen = self.bus_state(link)?.queues.peek(queue, limit, now);
        seen.ok_or_else(|| undeclared(queue))
    }

    /// Acknowledges (`true`) or releases deliveries; answers whether the reply takes long.
    pub fn settle<'a>(
        &self,
        link: &Link,
        settlements: impl IntoIterator<Item = (&'a str, u64, bool)>,
    ) -> bool {
        let now = self.time.now();
        let state = self.bus_state(link);
        let is_down = state.is_err();
        let mut state = state.unwrap_or_else(|_| self.state());
        for (queue, tag, done) in settlements {
            let State { queues, dice, manners, .. } = &mut *state;
            if is_down || (manners.fall(Fault::SettleLost, dice)) {
                queues.abandon(queue, tag, now, dice);
            } else if done {
                queues.acknowledge(queue, tag);
            } else {
                queues.release(queue, tag);
            }
        }
        state.dice.falls(Fault::SettleUnheard)
    }

    /// Waits as long as a reply that takes long.
    pub async fn linger(&self) {
        let how_long = self.state().dice.up_to(SLOW);
        self.time.sleep(how_long).await;
    }

    /// Each queue's name, how many messages wait in it, and how many are leased as far as this broker tells.
    ///
    /// # Errors
    /// [`Outage`]: the bus is down.
    pub fn inspect(&self, link: &Link) -> Result<Vec<(Arc<str>, u64, u64)>, Outage> {
        let now = self.time.now();
        Ok(self.bus_state(link)?.queues.states(link.id(), now))
    }

    /// `Ok`: the answer; `Err`: nothing yet, look again at that time, or never.
    fn poll_receive(
        &self,
        link: &Link,
        (queue, credit): (&str, usize),
        deadline: Timestamp,
        cx: &mut Context<'_>,
    ) -> Result<Result<Vec<Taken>, Outage>, Option<Timestamp>> {
        if link.is_severed() {
            return Err(None);
        }
        let mut state = match self.bus_state(link) {
            Ok(state) => state,
            Err(outage) => return Ok(Err(outage)),
        };
        let now = self.time.now();
        let State { queues, dice, manners, late, .. } = &mut *state;
        let Some(taken) = queues.take(queue, Demand { credit, holder: link.id() }, now, dice) else {
            return Ok(Err(undeclared(queue)));
        };
        if !taken.is_empty() && manners.fall(Fault::ReceiveLost, dice) {
            taken.iter().for_each(|one| queues.abandon(queue, one.seq, now, dice));
            return Ok(Err(Outage::new(OutageKind::Unreachable, "the answer was lost")));
        }
        if !taken.is_empty() || now >= deadline || credit == 0 {
            return Ok(Ok(taken));
        }
        queues.watch(queue, cx.waker());
        let lands = late.first_key_value().map(|((at, _), _)| *at);
        Err(queues.next_change(queue).into_iter().chain(lands).chain([deadline]).min())
    }

    fn bus_state(&self, link: &Link) -> Result<MutexGuard<'_, State>, Outage> {
        let now = self.time.now();
        let mut state = self.state();
        state.land(now);
        if now >= state.bus_down_until && state.dice.falls(Fault::BusDown) {
            let how_long = state.dice.up_to(OUTAGE);
            state.fail_bus(how_long, now);
        }
        if now < state.bus_down_until || link.is_isolated(now) {
            return Err(Outage::new(OutageKind::Unreachable, "a simulated outage"));
        }
        Ok(state)
    }
}

fn undeclared(queue: &str) -> Outage {
    Outage::new(OutageKind::Undeclared, format!("no queue is called {queue:?}"))
}

impl State {
    /// Nobody reaches the bus for `how_long`.
    pub(super) fn fail_bus(&mut self, how_long: Duration, now: Timestamp) {
        self.bus_down_until = now.plus(how_long);
        if !how_long.is_zero() {
            self.queues.cut_off(None, how_long, now, &mut self.dice);
        }
    }

    fn publish(&mut self, message: &Outgoing, now: Timestamp) -> Sent {
        if message.body.len() > self.max_message_bytes {
            return Sent::Refused(format!("a message has at most {} bytes", self.max_message_bytes));
        }
        let unknown = [Fault::PublishUnknownSent, Fault::PublishUnknownLost, Fault::PublishUnknownLate];
        let (at, sent) = match unknown.into_iter().find(|fault| self.manners.fall(*fault, &mut self.dice)) {
            None => (now, Sent::Confirmed),
            Some(Fault::PublishUnknownLost) => return Sent::Unknown,
            Some(Fault::PublishUnknownLate) => (now.plus(self.dice.up_to(LATE)), Sent::Unknown),
            Some(_) => (now, Sent::Unknown),
        };
        match self.queues.enqueue(message, at, &mut self.dice) {
            Ok(()) => sent,
            Err(why) => Sent::Refused(why),
        }
    }
}
