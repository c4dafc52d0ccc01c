//! The clock of a simulated world: timers in order, and what happened since the director last looked.

use std::borrow::Cow;
use std::collections::BTreeMap;
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
    timers: BTreeMap<(Timestamp, u64), Timer>,
    /// Timers that something other than an idle loop waits for.
    pressing: usize,
    last_timer: u64,
    born: Vec<Birth>,
    woken: Vec<(usize, u64)>,
    in_loop: bool,
}

struct Timer {
    waker: Waker,
    is_pressing: bool,
}

impl Time {
    pub(super) fn starting_at(now: Timestamp) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Inner {
            now,
            timers: BTreeMap::new(),
            pressing: 0,
            last_timer: 0,
            born: Vec::new(),
            woken: Vec::new(),
            in_loop: false,
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

    /// Whether anything but an idle loop waits for a timer.
    #[must_use]
    pub fn is_pressing(&self) -> bool {
        self.inner().pressing > 0
    }

    /// Moves time to `now`, never back, and fires what is due by then.
    pub fn advance(&self, now: Timestamp) {
        let fired = {
            let inner = &mut *self.inner();
            inner.now = inner.now.max(now);
            let later = inner.timers.split_off(&(inner.now, u64::MAX));
            let fired = std::mem::replace(&mut inner.timers, later);
            inner.pressing -= fired.values().filter(|timer| timer.is_pressing).count();
            fired
        };
        for timer in fired.into_values() {
            timer.waker.wake();
        }
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
            Some(timer) => timer.waker.clone_from(cx.waker()),
            None => {
                inner.last_timer += 1;
                let is_pressing = !inner.in_loop;
                inner.pressing += usize::from(is_pressing);
                this.timer = Some(inner.last_timer);
                inner
                    .timers
                    .insert((this.until, inner.last_timer), Timer { waker: cx.waker().clone(), is_pressing });
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
            let gone = inner.timers.remove(&(self.until, timer));
            inner.pressing -= usize::from(gone.as_ref().is_some_and(|timer| timer.is_pressing));
            gone
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
