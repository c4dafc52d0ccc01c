//! Queues in memory, with the bad manners of a broker. `bus::sim` puts the Bus port in front of them;
//! they live here because a fused store enqueues with its commit.

mod outage;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use bytes::Bytes;
use contracts::{EventType, Timestamp};

use super::dice::{Dice, Fault};
use super::link::LinkId;
use super::manners::Manners;
use crate::unit::{Address, Consumed, Outgoing};

/// One delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// The queue it lies in.
    pub queue: Arc<str>,
    /// Names this delivery; a row of the queue where the bus is [`Manners::Embedded`].
    pub seq: u64,
    /// The envelope.
    pub body: Bytes,
    /// How many delayed tries have failed.
    pub attempt: u32,
    /// It was, or may have been, delivered before.
    pub redelivered: bool,
}

/// What a consumer asks for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Demand {
    /// How many messages it has room for.
    pub(super) credit: usize,
    /// Who it is.
    pub(super) holder: LinkId,
}

/// All queues of a world.
#[derive(Debug)]
pub(super) struct Queues {
    manners: Manners,
    names: BTreeMap<Arc<str>, usize>,
    all: Vec<Queue>,
    subscribers: BTreeMap<EventType, BTreeSet<usize>>,
    last_row: u64,
    last_tag: u64,
}

#[derive(Debug)]
struct Queue {
    name: Arc<str>,
    /// By when they can be seen, then by row.
    waiting: BTreeMap<(Timestamp, u64), Message>,
    leased: BTreeMap<u64, Lease>,
    /// Leases that will end: (when, tag). A lease that is renewed is not in here.
    ending: BTreeSet<(Timestamp, u64)>,
    wakers: Vec<Waker>,
}

#[derive(Debug)]
struct Message {
    body: Bytes,
    attempt: u32,
    was_delivered: bool,
}

/// A message that is about to be leased.
struct Next {
    at: (Timestamp, u64),
    message: Message,
}

#[derive(Debug)]
struct Lease {
    place: (Timestamp, u64),
    message: Message,
    holder: LinkId,
    ends: Option<Timestamp>,
}

impl Queues {
    /// No queue yet.
    pub(super) fn new(manners: Manners) -> Self {
        Self {
            manners,
            names: BTreeMap::new(),
            all: vec![],
            subscribers: BTreeMap::new(),
            last_row: 0,
            last_tag: 0,
        }
    }

    /// Makes sure that these queues and subscriptions exist.
    pub(super) fn declare(
        &mut self,
        queues: &BTreeSet<String>,
        subscribers: &BTreeMap<EventType, BTreeSet<String>>,
    ) {
        for name in queues {
            self.queue_or_new(name);
        }
        for (kind, names) in subscribers {
            let places: Vec<usize> = names.iter().map(|name| self.queue_or_new(name)).collect();
            self.subscribers.entry(kind.clone()).or_default().extend(places);
        }
    }

    /// Puts `outgoing` into every queue that its address means.
    ///
    /// # Errors
    /// There is no such queue.
    pub(super) fn enqueue(
        &mut self,
        outgoing: &Outgoing,
        at: Timestamp,
        dice: &mut Dice,
    ) -> Result<(), String> {
        match &outgoing.address {
            Address::Queue(name) => {
                let Some(place) = self.names.get(name.as_str()) else {
                    return Err(format!("no queue {name}"));
                };
                self.put(*place, outgoing, at, dice);
            }
            Address::Topic(kind) => {
                let places: Vec<usize> = self.subscribers.get(kind).into_iter().flatten().copied().collect();
                for place in places {
                    self.put(place, outgoing, at, dice);
                }
            }
        }
        Ok(())
    }

    /// The first address that means a queue which does not exist.
    pub(super) fn missing<'a>(&self, outgoing: impl IntoIterator<Item = &'a Outgoing>) -> Option<&'a str> {
        outgoing.into_iter().find_map(|one| match &one.address {
            Address::Queue(name) if !self.names.contains_key(name.as_str()) => Some(name.as_str()),
            Address::Queue(_) | Address::Topic(_) => None,
        })
    }

    /// Leases messages of `queue`; `None` when there is no such queue.
    pub(super) fn take(
        &mut self,
        queue: &str,
        demand: Demand,
        now: Timestamp,
        dice: &mut Dice,
    ) -> Option<Vec<Taken>> {
        let place = *self.names.get(queue)?;
        self.all[place].end_leases(now);
        let mut taken = vec![];
        while taken.len() < demand.credit.min(self.manners.batch()) {
            let Some(next) = self.all[place].next(now, self.manners, dice) else { break };
            let ends = self.manners.fall(Fault::LeaseLost, dice);
            let ends = ends.then(|| now.plus(dice.up_to(self.manners.hidden())));
            let hides_hint = next.message.was_delivered && self.manners.fall(Fault::HintMissing, dice);
            let mut one = self.lease(place, next, demand.holder, ends);
            one.redelivered &= !hides_hint;
            taken.push(one);
        }
        Some(taken)
    }

    /// Messages of `queue` that could be taken now, none of them taken; `None` when there is no such queue.
    pub(super) fn peek(&mut self, queue: &str, limit: usize, now: Timestamp) -> Option<Vec<Taken>> {
        let queue = &mut self.all[*self.names.get(queue)?];
        queue.end_leases(now);
        let seen = queue.waiting.range(..=(now, u64::MAX)).take(limit);
        let taken = |(at, message): (&(Timestamp, u64), &Message)| Taken {
            queue: queue.name.clone(),
            seq: at.1,
            body: message.body.clone(),
            attempt: message.attempt,
            redelivered: message.was_delivered,
        };
        Some(seen.map(taken).collect())
    }

    fn lease(&mut self, place: usize, next: Next, holder: LinkId, ends: Option<Timestamp>) -> Taken {
        let Next { at, message } = next;
        self.last_tag += 1;
        let tag = if self.manners == Manners::Embedded { at.1 } else { self.last_tag };
        let queue = &mut self.all[place];
        let taken = Taken {
            queue: queue.name.clone(),
            seq: tag,
            body: message.body.clone(),
            attempt: message.attempt,
            redelivered: message.was_delivered,
        };
        queue.ending.extend(ends.map(|ends| (ends, tag)));
        queue.leased.insert(tag, Lease { place: at, message, holder, ends });
        taken
    }

    /// Removes a delivery that was handled.
    pub(super) fn acknowledge(&mut self, queue: &str, tag: u64) {
        let Some(place) = self.names.get(queue).copied() else { return };
        if self.all[place].unlease(tag).is_none() && self.manners == Manners::Embedded {
            // Named by its row, which may be waiting again.
            let waiting = &mut self.all[place].waiting;
            if let Some(at) = waiting.keys().find(|(_, row)| *row == tag).copied() {
                waiting.remove(&at);
            }
        }
    }

    /// Removes the delivery that a fused commit settles.
    pub(super) fn remove(&mut self, consumed: &Consumed) {
        self.acknowledge(&consumed.queue, consumed.seq);
    }

    /// Gives a delivery back.
    pub(super) fn release(&mut self, queue: &str, tag: u64) {
        let Some(place) = self.names.get(queue).copied() else { return };
        self.all[place].give_back(tag);
    }

    /// The consumer does not know of this lease any more: it ends some time later.
    pub(super) fn abandon(&mut self, queue: &str, tag: u64, now: Timestamp, dice: &mut Dice) {
        let Some(place) = self.names.get(queue).copied() else { return };
        let ends = now.plus(dice.up_to(self.manners.hidden()));
        self.all[place].end_at(tag, ends);
    }

    /// The consumer is gone: all its leases end some time later.
    pub(super) fn abandon_all(&mut self, holder: LinkId, now: Timestamp, dice: &mut Dice) {
        for queue in &mut self.all {
            let tags: Vec<u64> =
                queue.leased.iter().filter(|(_, l)| l.holder == holder).map(|(t, _)| *t).collect();
            for tag in tags {
                queue.end_at(tag, now.plus(dice.up_to(self.manners.hidden())));
            }
            queue.wake();
        }
    }

    /// The consumer acknowledges all it holds.
    pub(super) fn acknowledge_all(&mut self, holder: LinkId) {
        for queue in &mut self.all {
            let tags: Vec<u64> =
                queue.leased.iter().filter(|(_, l)| l.holder == holder).map(|(t, _)| *t).collect();
            for tag in tags {
                queue.unlease(tag);
            }
        }
    }

    /// When some queue may have something to take.
    pub(super) fn next_event(&self) -> Option<Timestamp> {
        self.all.iter().filter_map(Queue::next_change).min()
    }

    /// When `queue` may have something to take, if it has nothing now.
    pub(super) fn next_change(&self, queue: &str) -> Option<Timestamp> {
        self.all[*self.names.get(queue)?].next_change()
    }

    /// Wakes `waker` when something is put into `queue`.
    pub(super) fn watch(&mut self, queue: &str, waker: &Waker) {
        if let Some(place) = self.names.get(queue).copied() {
            let wakers = &mut self.all[place].wakers;
            if !wakers.iter().any(|known| known.will_wake(waker)) {
                wakers.push(waker.clone());
            }
        }
    }

    /// Each queue's name, how many messages wait in it, and how many are leased, as far as `asker` can see.
    pub(super) fn states(&mut self, asker: LinkId, now: Timestamp) -> Vec<(Arc<str>, u64, u64)> {
        let order: Vec<usize> = self.names.values().copied().collect();
        let sees_all = self.manners.show_what_others_have();
        let state = |place: usize| {
            let queue = &mut self.all[place];
            queue.end_leases(now);
            let seen = queue.leased.values().filter(|lease| sees_all || lease.holder == asker).count();
            (queue.name.clone(), queue.waiting.len() as u64, seen as u64)
        };
        order.into_iter().map(state).collect()
    }

    /// How many messages are in all queues, leased or not.
    pub(super) fn backlog(&self) -> u64 {
        self.all.iter().map(|queue| (queue.waiting.len() + queue.leased.len()) as u64).sum()
    }

    fn queue_or_new(&mut self, name: &str) -> usize {
        if let Some(place) = self.names.get(name) {
            return *place;
        }
        let name: Arc<str> = Arc::from(name);
        self.names.insert(name.clone(), self.all.len());
        self.all.push(Queue {
            name,
            waiting: BTreeMap::new(),
            leased: BTreeMap::new(),
            ending: BTreeSet::new(),
            wakers: vec![],
        });
        self.all.len() - 1
    }

    fn put(&mut self, place: usize, outgoing: &Outgoing, at: Timestamp, dice: &mut Dice) {
        let copies = 1 + usize::from(self.manners.fall(Fault::Duplicate, dice));
        for _ in 0..copies {
            let mut seen = at;
            if self.manners.fall(Fault::Reorder, dice) {
                seen = seen.plus(dice.up_to(Duration::from_secs(2)));
            }
            if self.manners.fall(Fault::Delay, dice) {
                seen = seen.plus(dice.up_to(Duration::from_secs(3 * 60 * 60)));
            }
            self.last_row += 1;
            let message =
                Message { body: outgoing.body.clone(), attempt: outgoing.attempt, was_delivered: false };
            self.all[place].waiting.insert((seen, self.last_row), message);
        }
        self.all[place].wake();
    }
}

/// How far from the head an unordered queue looks for its next message.
const UNORDERED_WINDOW: usize = 8;

impl Queue {
    fn next(&mut self, now: Timestamp, manners: Manners, dice: &mut Dice) -> Option<Next> {
        let first = *self.waiting.first_key_value()?.0;
        if first.0 > now {
            return None;
        }
        let mut at = first;
        if manners == Manners::SqsStandard && !dice.is_calm() && self.waiting.len() > 1 {
            let visible = self.waiting.range(..=(now, u64::MAX)).take(UNORDERED_WINDOW);
            let n = visible.clone().count();
            at = visible.map(|(at, _)| *at).nth(dice.below(n)).unwrap_or(first);
        }
        self.waiting.remove(&at).map(|message| Next { at, message })
    }

    fn next_change(&self) -> Option<Timestamp> {
        let seen = self.waiting.first_key_value().map(|((at, _), _)| *at);
        let ends = self.ending.first().map(|(at, _)| *at);
        seen.into_iter().chain(ends).min()
    }

    fn end_leases(&mut self, now: Timestamp) {
        while let Some((_, tag)) = self.ending.first().copied().filter(|(ends, _)| *ends <= now) {
            self.give_back(tag);
        }
    }

    fn give_back(&mut self, tag: u64) {
        if let Some(Lease { place, mut message, .. }) = self.unlease(tag) {
            message.was_delivered = true;
            self.waiting.insert(place, message);
            self.wake();
        }
    }

    fn unlease(&mut self, tag: u64) -> Option<Lease> {
        let lease = self.leased.remove(&tag)?;
        if let Some(ends) = lease.ends {
            self.ending.remove(&(ends, tag));
        }
        Some(lease)
    }

    fn end_at(&mut self, tag: u64, ends: Timestamp) {
        let Some(lease) = self.leased.get_mut(&tag) else { return };
        if let Some(before) = lease.ends.replace(ends) {
            self.ending.remove(&(before, tag));
        }
        self.ending.insert((ends, tag));
    }

    fn wake(&mut self) {
        for waker in std::mem::take(&mut self.wakers) {
            waker.wake();
        }
    }
}
