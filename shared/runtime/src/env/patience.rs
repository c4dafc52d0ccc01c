//! What somebody waits for goes first. An executor knows no ranks: tasks that are ready run in turns, and what nobody
//! waits for takes as many turns as the answer that somebody waits for. So patient tasks pass their turn while an eager
//! one is ready.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use futures_util::task::AtomicWaker;
use store::Boxed;

/// Turns that a patient task passes in a row: then it has its own, however much is ready. In each of them everything
/// else that is ready runs once.
const TURNS_PASSED: u32 = 64;

/// How many eager tasks are ready, and have not had their turn.
#[derive(Debug, Clone, Default)]
pub(super) struct Rush(Arc<AtomicUsize>);

impl Rush {
    /// `task`, seen by patient ones whenever it is ready.
    pub(super) fn eager(&self, task: Boxed<'static, ()>) -> Eager {
        self.0.fetch_add(1, Ordering::Relaxed);
        let call =
            Arc::new(Call { rush: self.clone(), state: AtomicU8::new(READY), outer: AtomicWaker::new() });
        Eager { waker: call.clone().into(), call, task }
    }

    /// `task`, which lets those that are eager go first.
    pub(super) fn patient(&self, task: Boxed<'static, ()>) -> Patient {
        Patient { rush: self.clone(), passed: 0, task }
    }

    fn is_on(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }

    fn one_less(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// It waits for something.
const WAITS: u8 = 0;
/// It is ready, and counted.
const READY: u8 = 1;
/// It has ended. Whoever still wakes it is late.
const ENDED: u8 = 2;

/// What an eager task is woken by.
struct Call {
    rush: Rush,
    state: AtomicU8,
    outer: AtomicWaker,
}

impl Call {
    fn turn(&self, from: u8, to: u8) -> bool {
        self.state.compare_exchange(from, to, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }
}

impl Wake for Call {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.turn(WAITS, READY) {
            self.rush.0.fetch_add(1, Ordering::Relaxed);
        }
        self.outer.wake();
    }
}

/// A task that is counted while it is ready.
pub(super) struct Eager {
    call: Arc<Call>,
    waker: Waker,
    task: Boxed<'static, ()>,
}

impl Future for Eager {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.call.outer.register(cx.waker());
        if self.call.turn(READY, WAITS) {
            self.call.rush.one_less();
        }
        let Self { waker, task, .. } = &mut *self;
        task.as_mut().poll(&mut Context::from_waker(waker))
    }
}

impl Drop for Eager {
    fn drop(&mut self) {
        if self.call.state.swap(ENDED, Ordering::AcqRel) == READY {
            self.call.rush.one_less();
        }
    }
}

/// A task that passes its turn while there is a rush.
pub(super) struct Patient {
    rush: Rush,
    passed: u32,
    task: Boxed<'static, ()>,
}

impl Future for Patient {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.rush.is_on() && self.passed < TURNS_PASSED {
            self.passed += 1;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.passed = 0;
        self.task.as_mut().poll(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    type Told = Arc<Mutex<Vec<&'static str>>>;

    /// Has `turns` turns, and tells of each.
    fn turns(name: &'static str, turns: usize, told: &Told) -> Boxed<'static, ()> {
        let told = told.clone();
        Box::pin(async move {
            for _ in 0..turns {
                told.lock().unwrap().push(name);
                again().await;
            }
        })
    }

    /// Waits for its next turn; ready at once, unlike with tokio's `yield_now`.
    async fn again() {
        let mut is_next = false;
        std::future::poll_fn(|cx| {
            if std::mem::replace(&mut is_next, true) {
                return Poll::Ready(());
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }

    #[expect(clippy::disallowed_methods, reason = "a test of what spawns")]
    #[tokio::test]
    async fn patient_tasks_run_after_eager_ones_that_came_later() {
        let (rush, told) = (Rush::default(), Told::default());
        let patient = tokio::spawn(rush.patient(turns("patient", 2, &told)));
        let eager = tokio::spawn(rush.eager(turns("eager", 3, &told)));
        eager.await.unwrap();
        patient.await.unwrap();
        assert_eq!(*told.lock().unwrap(), ["eager", "eager", "eager", "patient", "patient"]);
        assert!(!rush.is_on());
    }

    #[expect(clippy::disallowed_methods, reason = "a test of what spawns")]
    #[tokio::test]
    async fn a_rush_without_end_starves_nobody() {
        let (rush, told) = (Rush::default(), Told::default());
        let eager = tokio::spawn(rush.eager(turns("eager", usize::MAX, &told)));
        tokio::spawn(rush.patient(turns("patient", 3, &told))).await.unwrap();
        let eager_turns = told.lock().unwrap().iter().filter(|name| **name == "eager").count();
        assert!(eager_turns >= TURNS_PASSED as usize, "{eager_turns}");
        eager.abort();
        eager.await.unwrap_err();
        assert!(!rush.is_on(), "a task that was dropped is not ready any more");
    }

    #[test]
    fn a_task_that_waits_is_not_counted_and_one_that_ended_never_again() {
        let rush = Rush::default();
        let (wake, waits) = tokio::sync::oneshot::channel::<()>();
        let mut task = rush.eager(Box::pin(async move { drop(waits.await) }));
        assert!(rush.is_on(), "nobody has asked it yet");
        let mut cx = Context::from_waker(Waker::noop());
        assert!(Pin::new(&mut task).poll(&mut cx).is_pending());
        assert!(!rush.is_on());
        wake.send(()).unwrap();
        assert!(rush.is_on());
        let late = task.waker.clone();
        assert!(Pin::new(&mut task).poll(&mut cx).is_ready());
        drop(task);
        late.wake();
        assert!(!rush.is_on());
    }
}
