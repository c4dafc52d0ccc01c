//! When nothing goes wrong any more, everything must come to rest.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use contracts::Timestamp;
use runtime::due::{self, Due};
use runtime::operate::{Filter, Redrive};
use store::{Change, Key, Nonce, Outcome, Query, Record, Unit};

use super::{Event, World};
use crate::director::Owner;
use crate::watch::{Damage, name_of};

/// Steps within which a world must come to rest once nothing goes wrong any more.
const CALM_STEPS: u64 = 1_500_000;
/// Time within which it must: longer than any delay of a message, any wait and any deadline within an order.
const CALM: Duration = Duration::from_secs(36 * 3600);
/// An operator looks at dead letters after this time, at rest or not.
const OPERATOR: Duration = Duration::from_secs(2 * 3600);
/// What is due later than this is not waited for.
const FAR: Duration = Duration::from_secs(24 * 3600);
/// A record that is pending is looked at after this time at the latest.
const PENDING_AFTER: Duration = Duration::from_secs(5);

impl World {
    /// Lets everything run on without faults until nothing is left to do; then repairs what was shown damaged, and
    /// lets that come to rest too.
    pub(super) fn calm(&mut self) {
        self.house.watch.tell(None, || "from now on nothing goes wrong".to_owned());
        self.house.is_calm.store(true, Ordering::Relaxed);
        self.house.backend.calm();
        self.trouble.calm();
        self.crash_loop = None;
        self.house.watch.log().damage_rate = 0;
        self.scenario.calm();
        for process in 0..self.plan.processes {
            self.director.resume(process);
            if let Some(life) = &self.lives[process].life {
                self.house.backend.isolate(life.link(), Duration::ZERO);
            }
        }
        self.finish_deploy();
        self.start_all_that_is_down();
        let mut damages = std::mem::take(&mut self.house.watch.log().damages);
        if !damages.is_empty() {
            // What is damaged may be what somebody waits for: no operator waits until all is quiet.
            self.rest_for(OPERATOR);
            damages.retain(|damage| !self.repair(damage));
        }
        self.rest();
        let late = damages.len();
        damages.retain(|damage| !self.repair(damage));
        if damages.len() < late {
            self.rest();
        }
    }

    fn start_all_that_is_down(&mut self) {
        self.events.retain(|_, event| matches!(event, Event::Kill(..)));
        for process in 0..self.plan.processes {
            if self.lives[process].life.is_none() {
                self.boot(process);
            }
        }
    }

    /// Runs until nothing is left to do, which must come.
    fn rest(&mut self) {
        if !self.rest_for(CALM) {
            let left = self.left();
            self.house.watch.violated(format!("does not come to rest; left: {left}"));
        }
    }

    /// Runs until nothing is left to do, or this time has passed; answers whether nothing is left.
    fn rest_for(&mut self, at_most: Duration) -> bool {
        let (steps, until) = (self.steps + CALM_STEPS, self.house.time.now().plus(at_most));
        loop {
            self.happen();
            if !self.step() {
                match self.next_moment(until) {
                    None => return true,
                    // Who waits no longer than this, does not wait for what comes days later.
                    Some(next) if next > until => {
                        self.house.time.advance(until);
                        return false;
                    }
                    Some(next) => self.house.time.advance(next),
                }
            }
            if self.steps > steps || self.house.time.now() > until {
                return false;
            }
        }
    }

    /// Moves time to where something happens next; `false` when nothing ever will.
    ///
    /// Loops that idle are not worth a step each: while only they wait, time goes on to the next piece of work, or a
    /// little beyond it, as such loops find it.
    pub(super) fn advance(&mut self) -> bool {
        let next = self.next_moment(self.house.time.now().plus(FAR));
        if let Some(next) = next {
            self.house.time.advance(next);
        }
        next.is_some()
    }

    /// The same moment; what is due after `until` is no work.
    fn next_moment(&mut self, until: Timestamp) -> Option<Timestamp> {
        let event = self.events.first_key_value().map(|((at, _), _)| *at);
        let pressing = event.into_iter().chain(self.house.time.next_pressing()).min();
        let next = event.into_iter().chain(self.house.time.next_timer()).min()?;
        if pressing == Some(next) {
            return Some(next);
        }
        match pressing.into_iter().chain(self.work_is_found(until)).min() {
            Some(at) => Some(next.max(at)),
            None => self.is_busy().then_some(next),
        }
    }

    /// When some loop finds that there is something to do.
    fn work_is_found(&mut self, until: Timestamp) -> Option<Timestamp> {
        let work = self.next_work(until)?;
        if work <= self.house.time.now() {
            return Some(work);
        }
        let most = u64::try_from(self.plan.sweep_every.as_micros()).unwrap_or(u64::MAX);
        Some(work.plus(Duration::from_micros(self.rng.u64(0..=most))))
    }

    /// When there is something to do that is no idling: a message, a late unit, a due row, a record that is pending.
    fn next_work(&self, until: Timestamp) -> Option<Timestamp> {
        let now = self.house.time.now();
        let far = now.plus(FAR).min(until);
        let backend = &self.house.backend;
        let mut next = backend.next_event();
        backend.with_model(|model| {
            if model.has_stale_indexes() {
                next = Some(now);
            }
            for look in &self.looks {
                let first = model.first_sort(&look.query, now).and_then(|sort| sort.parse::<i64>().ok());
                let at = first.map(|at| Timestamp::from_micros(at).plus(look.after));
                next = next.into_iter().chain(at).min();
            }
        });
        next.filter(|next| *next <= far)
    }

    /// What is left to do, in words.
    fn left(&self) -> String {
        let backend = &self.house.backend;
        let mut left = vec![format!("{} messages or late units", backend.backlog())];
        for process in 0..self.plan.processes {
            let work = self.director.work_of(Owner::Process(process));
            if !work.is_empty() {
                left.push(format!("process {process} is doing {}", work.join(", ")));
            }
        }
        if self.is_busy() {
            left.push("callers without an answer".to_owned());
        }
        for look in &self.looks {
            for row in backend.with_model(|model| model.query(&look.query, Timestamp::EPOCH)).rows {
                let body = String::from_utf8_lossy(&row.item.body).into_owned();
                left.push(format!("{} {}: {}", look.query.collection, row.id, body));
            }
        }
        left.join("; ")
    }

    /// Does what an operator does about a real message that was shown damaged and is dead now: puts right what was
    /// damaged, and redrives it. Answers whether there was one.
    fn repair(&mut self, damage: &Damage) -> bool {
        self.let_processes_be();
        let Some(node) = self.house.node_of(&damage.queue) else { return false };
        let Some((key, row)) = self.dead_row_of(&damage.queue, &damage.shown) else { return false };
        let address = row.address.clone();
        self.house.watch.tell(None, || format!("an operator repairs and redrives {key}"));
        let fixed = Due { body: String::from_utf8_lossy(&damage.original).into_owned(), ..row };
        if !self.rewrite(&key, &fixed) {
            return false;
        }
        let filter = Filter {
            ids: vec![fixed.id.to_string()],
            service: Some(damage.queue.as_ref().to_owned()),
            ..Filter::default()
        };
        let order = Redrive { filter, rate_per_s: 1_000_000, ..Redrive::default() };
        let done = self.complete(async move { node.redrive(&order).await });
        let is_redriven = matches!(&done, Some(Ok(done)) if done.ids == [fixed.id.to_string()]);
        if !is_redriven {
            self.house.watch.violated(format!("redrive of {key} did {done:?}"));
        }
        let went_to = self.row(&key).map(|row| row.address);
        if went_to.as_ref().is_some_and(|to| *to != address) {
            self.house.watch.violated(format!("redrive sends {key} to {went_to:?}, not only to {address:?}"));
        }
        true
    }

    /// Lets what is stopping stop, and start again: no operator begins with a process that goes away under him.
    fn let_processes_be(&mut self) {
        while !self.events.is_empty() {
            self.happen();
            if !self.step() && !self.advance() {
                return;
            }
        }
    }

    fn dead_row_of(&self, service: &str, body: &Bytes) -> Option<(Key, Due)> {
        let (collection, name) = (due::collection(service), name_of(body));
        let query = Query::new(collection.clone(), due::DEAD, due::DEAD);
        let now = self.house.time.now();
        let rows = self.house.backend.with_model(|model| model.query(&query, now)).rows;
        rows.into_iter().find_map(|found| {
            let row = Due::decode(&found.id, &found.item).ok()?;
            (row.id == name).then(|| (Key::new(collection.clone(), found.id), row))
        })
    }

    fn row(&self, key: &Key) -> Option<Due> {
        let now = self.house.time.now();
        let found = self.house.backend.with_model(|model| model.read(std::slice::from_ref(key), now));
        Due::decode(&key.id, found.first()?.as_ref()?).ok()
    }

    fn rewrite(&mut self, key: &Key, row: &Due) -> bool {
        let now = self.house.time.now();
        let nonce = Nonce(self.rng.u64(1..));
        self.house.backend.with_model(|model| {
            let Some(item) = model.read(std::slice::from_ref(key), now).pop().flatten() else { return false };
            let put = Change::Put {
                key: key.clone(),
                version: item.version,
                body: row.encode(),
                entries: row.entries(),
                expires: None,
            };
            let unit = Unit { now, nonce, record: None, changes: vec![put], settles: None };
            model.apply(unit) == Outcome::Committed
        })
    }

    /// Runs `task` to its end; `None` when it has none.
    pub(crate) fn complete<T: Send + 'static>(
        &mut self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        let result = Arc::new(Mutex::new(None));
        let slot = result.clone();
        let run = async move {
            let done = task.await;
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(done);
        };
        self.house.time.spawn(Owner::Outside, "operator", Box::pin(run));
        loop {
            self.happen();
            let done = result.lock().unwrap_or_else(PoisonError::into_inner).take();
            if done.is_some() || (!self.step() && !self.advance()) {
                return done;
            }
        }
    }
}

/// An index in which work that is left stands.
pub(super) struct Look {
    query: Query,
    after: Duration,
}

/// Where to look for work that is left, for these services.
pub(super) fn looks<'s>(services: impl IntoIterator<Item = &'s String>) -> Vec<Look> {
    let first = |collection: String, index: &'static str| {
        let mut query = Query::new(collection, index, index);
        query.limit = 1;
        query
    };
    services
        .into_iter()
        .flat_map(|service| {
            let pending = |name: &str| Look {
                query: first(format!("{service}.{name}"), Record::PENDING),
                after: PENDING_AFTER,
            };
            let due = Look { query: first(format!("{service}.due"), due::DUE), after: Duration::ZERO };
            [due, pending("record"), pending("request")]
        })
        .collect()
}
