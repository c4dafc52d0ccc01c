//! The clock of a simulated world: timers in order, and what happened since the director last looked.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use contracts::Timestamp;
use store::Boxed;
use store::sim::SimTime;

use super::Owner;

/// A task that was spawned and not yet taken in.
pub(super) struct Birth {
    pub(super) name: Cow<'static, str>,
    pub(super) owner: Owner,
    pub(super) future: Boxed<'static, ()>,
}

/// The time of a world, the same for everyone in it; processes see it through a clock of their own.
pub struct Time(Mutex<Inner>);

struct Inner {
    now: Timestamp,
    timers: BTreeMap<(Timestamp, u64), Waker>,
    /// Those of them that something other than an idle loop waits for.
    pressing: BTreeSet<(Timestamp, u64)>,
    last_timer: u64,
    born: Vec<Birth>,
    woken: Vec<(usize, u64)>,
    in_loop: bool,
    /// Empty; kept for its room.
    fired: Vec<Waker>,
}

impl Time {
    pub(super) fn starting_at(now: Timestamp) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Inner {
            now,
            timers: BTreeMap::new(),
            pressing: BTreeSet::new(),
            last_timer: 0,
            born: Vec::new(),
            woken: Vec::new(),
            in_loop: false,
            fired: Vec::new(),
        })))
    }

    /// What time it is.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.inner().now
    }

    /// When the next timer fires.
    #[must_use]
    pub fn next_timer(&self) -> Option<Timestamp> {
        self.inner().timers.first_key_value().map(|((at, _), _)| *at)
    }

    /// When the next timer fires that anything but an idle loop waits for.
    #[must_use]
    pub fn next_pressing(&self) -> Option<Timestamp> {
        self.inner().pressing.first().map(|(at, _)| *at)
    }

    /// Moves time to `now`, never back, and fires what is due by then.
    pub fn advance(&self, now: Timestamp) {
        let mut fired = {
            let inner = &mut *self.inner();
            inner.now = inner.now.max(now);
            std::mem::take(&mut inner.fired)
        };
        while let Some(waker) = self.next_fired() {
            fired.push(waker);
        }
        // Not while the clock is held: to wake is to note it there.
        fired.drain(..).for_each(Waker::wake);
        self.inner().fired = fired;
    }

    fn next_fired(&self) -> Option<Waker> {
        let inner = &mut *self.inner();
        let next = inner.timers.first_entry().filter(|next| next.key().0 <= inner.now)?;
        let (key, waker) = next.remove_entry();
        inner.pressing.remove(&key);
        Some(waker)
    }

    /// Runs `future` as a task of `owner`.
    pub fn spawn(&self, owner: Owner, name: impl Into<Cow<'static, str>>, future: Boxed<'static, ()>) {
        self.inner().born.push(Birth { name: name.into(), owner, future });
    }

    /// Ends once `by` has passed.
    pub fn wait(self: &Arc<Self>, by: Duration) -> Boxed<'static, ()> {
        Box::pin(Sleep { until: self.now().plus(by), time: self.clone(), timer: None })
    }

    pub(super) fn enter(&self, in_loop: bool) {
        self.inner().in_loop = in_loop;
    }

    pub(super) fn woke(&self, slot: usize, id: u64) {
        self.inner().woken.push((slot, id));
    }

    pub(super) fn take_news(&self) -> (Vec<Birth>, Vec<(usize, u64)>) {
        let inner = &mut *self.inner();
        (std::mem::take(&mut inner.born), std::mem::take(&mut inner.woken))
    }

    pub(super) fn clear(&self) {
        let (timers, born) = {
            let inner = &mut *self.inner();
            (std::mem::take(&mut inner.timers), std::mem::take(&mut inner.born))
        };
        drop((timers, born));
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Sleep {
    until: Timestamp,
    time: Arc<Time>,
    timer: Option<u64>,
}

impl Future for Sleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let inner = &mut *this.time.inner();
        if inner.now >= this.until {
            return Poll::Ready(());
        }
        match this.timer.and_then(|timer| inner.timers.get_mut(&(this.until, timer))) {
            Some(waker) => waker.clone_from(cx.waker()),
            None => {
                inner.last_timer += 1;
                let key = (this.until, inner.last_timer);
                if !inner.in_loop {
                    inner.pressing.insert(key);
                }
                this.timer = Some(inner.last_timer);
                inner.timers.insert(key, cx.waker().clone());
            }
        }
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        let Some(timer) = self.timer else { return };
        let gone = {
            let inner = &mut *self.time.inner();
            inner.pressing.remove(&(self.until, timer));
            inner.timers.remove(&(self.until, timer))
        };
        drop(gone);
    }
}

/// The backends of a world know this clock.
pub(crate) struct WorldTime(pub(crate) Arc<Time>);

impl SimTime for WorldTime {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn sleep(&self, by: Duration) -> Boxed<'static, ()> {
        self.0.wait(by)
    }
}
