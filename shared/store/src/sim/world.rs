//! The world itself: the model, the queues, what is still on its way, and who may reach them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use contracts::Timestamp;

use super::blobs::SimBlobs;
use super::dice::{Dice, Fault, Rates};
use super::link::Link;
use super::manners::Manners;
use super::queues::Queues;
use super::store::SimStore;
use super::time::SimTime;
use crate::blobs::{Blobs, Shelf};
#[cfg(feature = "planted-bugs")]
use crate::flaw::Flaw;
use crate::model::{Model, Picture};
use crate::{Item, Key, Outage, OutageKind, Outcome, Page, Query, Store, Unit};

/// An outage lasts at most this long, mostly much shorter.
pub(super) const OUTAGE: Duration = Duration::from_secs(5 * 60);
/// Most of what is slow is faster than this.
pub(super) const SLOW: Duration = Duration::from_secs(20);
/// What lands late lands within this time.
pub(super) const LATE: Duration = Duration::from_secs(60);
/// How long an index stays behind at most.
const STALE: Duration = Duration::from_secs(30);

/// What a world is like.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Decides everything that is left to chance.
    pub seed: u64,
    /// How often what goes wrong.
    pub rates: Rates,
    /// Store and bus are one: a commit enqueues what it publishes and removes the delivery that it settles.
    pub fused: bool,
    /// Which broker the queues behave like.
    pub manners: Manners,
}

/// One store and its queues, shared by all nodes.
pub struct World {
    pub(super) time: Arc<dyn SimTime>,
    fused: bool,
    state: Mutex<State>,
}

pub(super) struct State {
    pub(super) model: Model,
    pub(super) blobs: Shelf,
    pub(super) queues: Queues,
    pub(super) dice: Dice,
    pub(super) manners: Manners,
    /// Units whose answer was unknown and that still land: by when, and in the order they were sent.
    pub(super) late: BTreeMap<(Timestamp, u64), Unit>,
    last_late: u64,
    last_link: u64,
    store_down: (Timestamp, OutageKind),
    pub(super) bus_down_until: Timestamp,
    pub(super) max_message_bytes: usize,
    pub(super) blobs_down_until: Timestamp,
    stale_until: Timestamp,
    #[cfg(feature = "planted-bugs")]
    flaw: Option<Flaw>,
}

impl World {
    /// An empty world.
    #[must_use]
    pub fn new(time: Arc<dyn SimTime>, setup: &Setup) -> Arc<Self> {
        let state = State {
            model: Model::new(setup.fused),
            blobs: Shelf::default(),
            queues: Queues::new(setup.manners),
            dice: Dice::new(setup.seed, setup.rates),
            manners: setup.manners,
            late: BTreeMap::new(),
            last_late: 0,
            last_link: 0,
            store_down: (Timestamp::EPOCH, OutageKind::Unreachable),
            bus_down_until: Timestamp::EPOCH,
            max_message_bytes: setup.manners.message_bytes(),
            blobs_down_until: Timestamp::EPOCH,
            stale_until: Timestamp::EPOCH,
            #[cfg(feature = "planted-bugs")]
            flaw: None,
        };
        Arc::new(Self { time, fused: setup.fused, state: Mutex::new(state) })
    }

    /// A way into the world for one life of one node.
    #[must_use]
    pub fn link(&self) -> Link {
        let mut state = self.state();
        state.last_link += 1;
        Link::new(state.last_link)
    }

    /// The store as it is seen over `link`.
    #[must_use]
    pub fn store(self: &Arc<Self>, link: &Link) -> Arc<dyn Store> {
        Arc::new(SimStore::new(self.clone(), link.clone()))
    }

    /// The blobs as they are seen over `link`.
    #[must_use]
    pub fn blobs(self: &Arc<Self>, link: &Link) -> Arc<dyn Blobs> {
        Arc::new(SimBlobs::new(self.clone(), link.clone()))
    }

    /// The node is gone: nothing it still does has any effect, and its leases end as its broker notices.
    pub fn sever(&self, link: &Link) {
        link.sever();
        self.stall(link);
    }

    /// The node was paused for longer than its leases: they end although it goes on.
    pub fn stall(&self, link: &Link) {
        let now = self.time.now();
        let State { queues, dice, .. } = &mut *self.state();
        queues.abandon_all(link.id(), now, dice);
    }

    /// The node reaches neither store nor bus for `how_long`, and its leases end.
    pub fn isolate(&self, link: &Link, how_long: Duration) {
        let now = self.time.now();
        link.isolate(now.plus(how_long));
        {
            let State { queues, dice, .. } = &mut *self.state();
            queues.cut_off(Some(link.id()), how_long, now, dice);
        }
        self.stall(link);
    }

    /// From now on nothing new goes wrong, and outages are over. What is under way still arrives.
    pub fn calm(&self) {
        let now = self.time.now();
        let mut state = self.state();
        state.dice.set_rates(Rates::NONE);
        state.store_down.0 = now;
        state.bus_down_until = now;
        state.blobs_down_until = now;
        state.stale_until = now;
        state.model.delay_indexes(0);
    }

    /// From now on what goes wrong goes wrong this often.
    pub fn set_rates(&self, rates: Rates) {
        self.state().dice.set_rates(rates);
    }

    /// Makes `fault` happen at its next chance, whatever the rates.
    pub fn force(&self, fault: Fault) {
        self.state().dice.force(fault);
    }

    /// Puts the store out of service for `how_long`.
    pub fn fail_store(&self, kind: OutageKind, how_long: Duration) {
        let until = self.time.now().plus(how_long);
        self.state().store_down = (until, kind);
    }

    /// Puts the bus out of service for `how_long`.
    pub fn fail_bus(&self, how_long: Duration) {
        let now = self.time.now();
        self.state().fail_bus(how_long, now);
    }

    /// Puts the blobs out of service for `how_long`.
    pub fn fail_blobs(&self, how_long: Duration) {
        let until = self.time.now().plus(how_long);
        self.state().blobs_down_until = until;
    }

    /// The bus takes no longer bodies than this, in bytes.
    pub fn limit_messages(&self, max_message_bytes: usize) {
        self.state().max_message_bytes = max_message_bytes;
    }

    /// The longest body that the bus takes, in bytes.
    #[must_use]
    pub fn max_message_bytes(&self) -> usize {
        self.state().max_message_bytes
    }

    /// Which broker the queues behave like.
    #[must_use]
    pub fn manners(&self) -> Manners {
        self.state().manners
    }

    /// Keeps all indexes as they are, or lets them catch up.
    pub fn hold_indexes(&self, hold: bool) {
        let mut state = self.state();
        state.stale_until = if hold { Timestamp::MAX } else { Timestamp::EPOCH };
        state.model.delay_indexes(if hold { u64::MAX } else { 0 });
    }

    /// How often each kind of fault happened.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.state().dice.counts()
    }

    /// When the next message can be taken, lease ends or late unit lands; `None` when there is nothing of the kind.
    #[must_use]
    pub fn next_event(&self) -> Option<Timestamp> {
        let state = self.state();
        let lands = state.late.first_key_value().map(|((at, _), _)| *at);
        lands.into_iter().chain(state.queues.next_event()).min()
    }

    /// Acknowledges whatever `link` holds: what a broken consumer would do with its last breath.
    pub fn acknowledge_all(&self, link: &Link) {
        self.state().queues.acknowledge_all(link.id());
    }

    /// How many messages and late units have not found their end.
    #[must_use]
    pub fn backlog(&self) -> u64 {
        let state = self.state();
        state.queues.backlog() + state.late.len() as u64
    }

    /// Looks at, or prepares, what is stored, without faults and without time passing.
    pub fn with_model<T>(&self, look: impl FnOnce(&mut Model) -> T) -> T {
        look(&mut self.state().model)
    }

    /// Looks at, or changes, which blobs are kept, without faults and without time passing.
    pub fn with_blobs<T>(&self, look: impl FnOnce(&mut Shelf) -> T) -> T {
        look(&mut self.state().blobs)
    }

    /// Plants a bug into every commit.
    #[cfg(feature = "planted-bugs")]
    pub fn plant(&self, flaw: Flaw) {
        self.state().flaw = Some(flaw);
    }

    /// Whether store and bus are one.
    #[must_use]
    pub fn is_fused(&self) -> bool {
        self.fused
    }

    /// The way of one call: it may take a while, others may overtake it, and over a severed link it never ends.
    pub async fn travel(&self, link: &Link, slow: Fault) {
        let detour = {
            let dice = &mut self.state().dice;
            if dice.falls(slow) {
                Some(dice.up_to(SLOW))
            } else {
                (!dice.is_calm() && dice.below(3) == 0).then_some(Duration::ZERO)
            }
        };
        match detour {
            Some(Duration::ZERO) => step_aside().await,
            Some(how_long) => self.time.sleep(how_long).await,
            None => {}
        }
        if link.is_severed() {
            std::future::pending().await
        }
    }

    pub(super) fn read(
        &self,
        link: &Link,
        keys: &[Key],
        now: Timestamp,
    ) -> Result<Vec<Option<Item>>, Outage> {
        self.store_state(link, false).map(|state| state.model.read(keys, now))
    }

    pub(super) fn query(&self, link: &Link, query: &Query, now: Timestamp) -> Result<Page, Outage> {
        self.store_state(link, false).map(|state| state.model.query(query, now))
    }

    pub(super) fn snapshot(&self, link: &Link, now: Timestamp) -> Result<Picture, Outage> {
        self.store_state(link, false).map(|state| state.model.snapshot(now))
    }

    pub(super) fn commit(&self, link: &Link, unit: Unit) -> Result<Outcome, Outage> {
        let mut state = self.store_state(link, true)?;
        #[cfg(feature = "planted-bugs")]
        let unit = state.flaw.map_or(unit.clone(), |flaw| flaw.distort(unit));
        if let Some(name) = state.queues.missing(unit.record.iter().flat_map(|record| &record.outgoing))
            && self.fused
        {
            return Err(Outage::new(OutageKind::Undeclared, format!("no queue is called {name:?}")));
        }
        let now = self.time.now();
        // A transaction that is in the way of others is not judged, so it may be told so although its record exists. In one
        // file nobody is in the way.
        if state.dice.falls(Fault::Conflict) && !(self.fused && state.model.is_duplicate(&unit)) {
            return Ok(Outcome::Conflict);
        }
        if state.dice.falls(Fault::Broken) {
            return Err(Outage::new(OutageKind::Broken, "a simulated input/output error"));
        }
        match state.dice.first(&[Fault::UnknownApplied, Fault::UnknownLost, Fault::UnknownLate]) {
            None => return Ok(state.apply(unit, now)),
            Some(Fault::UnknownApplied) => {
                state.apply(unit, now);
            }
            Some(Fault::UnknownLate) => {
                state.last_late += 1;
                let lands = (now.plus(state.dice.up_to(LATE)), state.last_late);
                state.late.insert(lands, unit);
            }
            Some(_) => {}
        }
        Ok(Outcome::Unknown)
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state after all that was late has landed, unless the store is down.
    fn store_state(&self, link: &Link, writes: bool) -> Result<MutexGuard<'_, State>, Outage> {
        let now = self.time.now();
        let mut state = self.state();
        state.land(now);
        if link.is_isolated(now) {
            return Err(Outage::new(OutageKind::Unreachable, "the node is cut off"));
        }
        if now >= state.store_down.0
            && let Some(fault) = state.dice.first(&[Fault::Throttled, Fault::Unreachable, Fault::Full])
        {
            let kind = match fault {
                Fault::Throttled => OutageKind::Throttled,
                Fault::Full => OutageKind::Full,
                _ => OutageKind::Unreachable,
            };
            state.store_down = (now.plus(state.dice.up_to(OUTAGE)), kind);
        }
        let (until, kind) = state.store_down;
        if now < until && (writes || kind != OutageKind::Full) {
            return Err(Outage::new(kind, "a simulated outage"));
        }
        Ok(state)
    }
}

impl State {
    /// Applies every unit that was to land by `now`.
    pub(super) fn land(&mut self, now: Timestamp) {
        while let Some(next) = self.late.first_entry().filter(|next| next.key().0 <= now) {
            let ((at, _), unit) = next.remove_entry();
            self.apply(unit, at);
        }
        if self.model.has_stale_indexes() && now >= self.stale_until {
            self.model.delay_indexes(0);
        }
    }

    fn apply(&mut self, unit: Unit, now: Timestamp) -> Outcome {
        let outcome = self.model.judge(&unit);
        if outcome != Outcome::Committed {
            return outcome;
        }
        if self.dice.falls(Fault::StaleIndex) {
            self.stale_until = self.stale_until.max(now.plus(self.dice.up_to(STALE)));
            self.model.delay_indexes(u64::MAX);
        }
        let settles = unit.settles.clone();
        let leaving = self.model.write(unit);
        for message in &leaving {
            // A queue that is missing was refused before.
            self.queues.enqueue(message, now, &mut self.dice).ok();
        }
        if let Some(consumed) = settles {
            self.queues.remove(&consumed);
        }
        outcome
    }
}

/// Lets every other task that is ready go first.
async fn step_aside() {
    let mut has_waited = false;
    std::future::poll_fn(|cx| {
        if has_waited {
            return Poll::Ready(());
        }
        has_waited = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
