//! The executor of a simulated world: it owns every task, picks the next ready one by seed, and moves time on only
//! when nothing is ready.
//!
//! One thread, no tokio runtime: tokio's sync primitives work with any waker.

mod time;
mod wake;

use std::borrow::Cow;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use contracts::Timestamp;
use store::Boxed;

pub use time::Time;
pub(crate) use time::WorldTime;
use wake::TaskWake;

/// Who a task belongs to: a process, or the world outside of all processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// The process of this number.
    Process(usize),
    /// Clients and other applications: never crash, never pause.
    Outside,
}

/// What one step did.
#[derive(Debug, Clone)]
pub struct Step {
    /// The task that was polled.
    pub task: u64,
    /// Whose it is.
    pub owner: Owner,
    /// How often it has been polled, this time included.
    pub polls: u32,
    /// It idles between pieces of work: a loop that takes, relays or sweeps.
    pub is_loop: bool,
    /// It has ended; otherwise it waits, and a crash would hit it there.
    pub has_ended: bool,
}

struct Task {
    id: u64,
    name: Cow<'static, str>,
    owner: Owner,
    polls: u32,
    is_loop: bool,
    future: Boxed<'static, ()>,
    wake: Arc<TaskWake>,
    waker: Waker,
}

/// See the module.
pub struct Director {
    time: Arc<Time>,
    tasks: Vec<Option<Task>>,
    free: Vec<usize>,
    ready: Vec<usize>,
    /// Processes that are not polled now, and what became ready in them.
    paused: Vec<(usize, Vec<usize>)>,
    rng: fastrand::Rng,
    last_id: u64,
}

impl Director {
    /// An executor without tasks whose choices follow from `seed`.
    #[must_use]
    pub fn new(seed: u64, start: Timestamp) -> Self {
        Self {
            time: Time::starting_at(start),
            tasks: Vec::new(),
            free: Vec::new(),
            ready: Vec::new(),
            paused: Vec::new(),
            rng: fastrand::Rng::with_seed(seed),
            last_id: 0,
        }
    }

    /// The clock of this world, which also takes new tasks.
    #[must_use]
    pub fn time(&self) -> &Arc<Time> {
        &self.time
    }

    /// Polls one ready task, picked at random; `None` when none is ready.
    pub fn step(&mut self) -> Option<Step> {
        self.gather();
        let slot = loop {
            if self.ready.is_empty() {
                return None;
            }
            let slot = self.ready.swap_remove(self.rng.usize(..self.ready.len()));
            if !self.is_held(slot) {
                break slot;
            }
        };
        let mut task = self.tasks.get_mut(slot)?.take()?;
        task.wake.begin();
        task.polls += 1;
        self.time.enter(task.is_loop);
        let polled = task.future.as_mut().poll(&mut Context::from_waker(&task.waker));
        let step = Step {
            task: task.id,
            owner: task.owner,
            polls: task.polls,
            is_loop: task.is_loop,
            has_ended: polled == Poll::Ready(()),
        };
        if step.has_ended {
            self.free.push(slot);
            drop(task);
        } else {
            self.tasks[slot] = Some(task);
        }
        Some(step)
    }

    /// The name of a task that is still there.
    #[must_use]
    pub fn name_of(&self, task: u64) -> Option<&str> {
        self.tasks.iter().flatten().find(|known| known.id == task).map(|known| known.name.as_ref())
    }

    /// The names of what a process is doing, loops excepted.
    #[must_use]
    pub fn work_of(&self, owner: Owner) -> Vec<&str> {
        let work = self.tasks.iter().flatten().filter(|task| task.owner == owner && !task.is_loop);
        work.map(|task| task.name.as_ref()).collect()
    }

    /// The names of all tasks of a process.
    #[must_use]
    pub fn tasks_of(&self, owner: Owner) -> Vec<&str> {
        self.tasks
            .iter()
            .flatten()
            .filter(|task| task.owner == owner)
            .map(|task| task.name.as_ref())
            .collect()
    }

    /// Drops every task of a process where it waits. Its handles must be cut before, so that nothing Drop does is
    /// seen.
    pub fn kill(&mut self, process: usize) {
        self.gather();
        for slot in 0..self.tasks.len() {
            if self.tasks[slot].as_ref().is_some_and(|task| task.owner == Owner::Process(process)) {
                let gone = self.tasks[slot].take();
                self.free.push(slot);
                drop(gone);
            }
        }
        self.paused.retain(|(paused, _)| *paused != process);
        let tasks = &self.tasks;
        self.ready.retain(|slot| tasks[*slot].is_some());
    }

    /// Stops polling a process.
    pub fn pause(&mut self, process: usize) {
        if !self.is_paused(process) {
            self.paused.push((process, Vec::new()));
        }
    }

    /// Polls a process again.
    pub fn resume(&mut self, process: usize) {
        if let Some(at) = self.paused.iter().position(|(paused, _)| *paused == process) {
            let (_, held) = self.paused.swap_remove(at);
            self.ready.extend(held);
        }
    }

    /// Whether a process is not polled now.
    #[must_use]
    pub fn is_paused(&self, process: usize) -> bool {
        self.paused.iter().any(|(paused, _)| *paused == process)
    }

    fn is_held(&mut self, slot: usize) -> bool {
        if self.paused.is_empty() {
            return false;
        }
        let Some(Owner::Process(process)) = self.tasks[slot].as_ref().map(|task| task.owner) else {
            return false;
        };
        let held = self.paused.iter_mut().find(|(paused, _)| *paused == process);
        held.map(|(_, held)| held.push(slot)).is_some()
    }

    /// Takes in what was spawned and what was woken since the last step.
    fn gather(&mut self) {
        let (born, mut woken) = self.time.take_news();
        for birth in born {
            self.last_id += 1;
            let id = self.last_id;
            let slot = self.free.pop().unwrap_or(self.tasks.len());
            let wake = TaskWake::new(slot, id, self.time.clone());
            let task = Task {
                id,
                is_loop: is_loop(&birth.name),
                name: birth.name,
                owner: birth.owner,
                polls: 0,
                future: birth.future,
                waker: Waker::from(wake.clone()),
                wake,
            };
            if slot == self.tasks.len() {
                self.tasks.push(Some(task));
            } else {
                self.tasks[slot] = Some(task);
            }
            self.ready.push(slot);
        }
        // By number: `tokio::sync::watch` wakes those who wait in an order of its own choosing.
        woken.sort_unstable();
        for (slot, id) in woken {
            if self.tasks[slot].as_ref().is_some_and(|task| task.id == id) {
                self.ready.push(slot);
            }
        }
    }
}

impl Drop for Director {
    fn drop(&mut self) {
        self.tasks.clear();
        // Timers and wakers hold the clock that holds them.
        self.time.clear();
    }
}

/// The runtime's loops by their names: waiting is what they do when there is no work.
fn is_loop(name: &str) -> bool {
    [".take", ".relay", ".sweep"].iter().any(|end| name.ends_with(end))
}
