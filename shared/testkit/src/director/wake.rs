//! How a task becomes ready.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Wake;

use super::time::Time;

/// Wakes one task, and only once until it is polled.
pub(super) struct TaskWake {
    slot: usize,
    id: u64,
    is_ready: AtomicBool,
    time: Arc<Time>,
}

impl TaskWake {
    /// Of a task that is born ready.
    pub(super) fn new(slot: usize, id: u64, time: Arc<Time>) -> Arc<Self> {
        Arc::new(Self { slot, id, is_ready: AtomicBool::new(true), time })
    }

    /// The task is about to be polled: from now on it may become ready again.
    pub(super) fn begin(&self) {
        self.is_ready.store(false, Ordering::Relaxed);
    }
}

impl Wake for TaskWake {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.is_ready.swap(true, Ordering::Relaxed) {
            self.time.woke(self.slot, self.id);
        }
    }
}
