//! A layer between SQLite and the disk that counts and, when told to, fails: how many fsyncs and bytes a commit costs,
//! and what happens when the disk is full or broken in the middle of it. It also records what is done, so that a loss
//! of power can be shown: [`Tape`], [`Disk`].

pub mod disk;
mod shim;
mod tape;
mod times;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use self::shim::Shim;
use self::times::Times;
use super::lock;

pub use self::disk::Disk;
pub use self::tape::{Step, Tape};

/// Which of a database's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// The database itself, written by checkpoints.
    Database,
    /// The write-ahead log, written by commits.
    Log,
    /// Whichever is used first.
    Any,
}

/// What is done to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Reading a page.
    Read,
    /// Writing; one that fails has written half of it.
    Write,
    /// Waiting for the disk. Fails as an input/output error whatever the damage, as systems do.
    Sync,
}

/// How it fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Damage {
    /// There is no room.
    Full,
    /// An input/output error.
    Io,
}

/// Something that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// To which file.
    pub target: Target,
    /// While doing what.
    pub operation: Operation,
    /// How.
    pub damage: Damage,
    /// Matching operations that still go well.
    pub after: u64,
    /// Operations that fail then; [`Fault::FOREVER`] for all until [`Controls::heal`].
    pub times: u64,
}

impl Fault {
    /// It stays broken.
    pub const FOREVER: u64 = u64::MAX;
}

/// Counts, injures and records what is opened through one registered VFS.
#[derive(Debug, Clone, Copy)]
pub struct Controls {
    shim: &'static Shim,
}

/// The name is taken, or SQLite would not have another VFS.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no VFS can be registered as {0:?}")]
pub struct NotRegistered(String);

/// Registers a VFS under `name`, for [`super::Config::vfs`]. It stays registered as long as the process lives.
///
/// # Errors
/// [`NotRegistered`]: choose another name.
pub fn register(name: &str) -> Result<Controls, NotRegistered> {
    Shim::register(name).map(|shim| Controls { shim }).ok_or_else(|| NotRegistered(name.to_owned()))
}

impl Controls {
    /// What it was registered as.
    #[must_use]
    pub fn name(&self) -> String {
        self.shim.name()
    }

    /// How often a file was synced.
    #[must_use]
    pub fn fsyncs(&self) -> u64 {
        self.shim.state.fsyncs.load(Ordering::Relaxed)
    }

    /// How often the log was synced: about once a group.
    #[must_use]
    pub fn log_fsyncs(&self) -> u64 {
        self.shim.state.log_fsyncs.load(Ordering::Relaxed)
    }

    /// How long syncs of the log took, as microseconds and how often, the shortest first. Exact to a thirty-second,
    /// and never overstated.
    #[must_use]
    pub fn log_sync_times(&self) -> Vec<(u64, u64)> {
        self.shim.state.log_sync_times.read()
    }

    /// How many bytes were written to all files.
    #[must_use]
    pub fn bytes_written(&self) -> u64 {
        self.shim.state.bytes_written.load(Ordering::Relaxed)
    }

    /// Makes something go wrong from now on. Several faults wait side by side.
    pub fn fail(&self, fault: Fault) {
        let state = &self.shim.state;
        lock(&state.faults).push(fault);
        state.is_armed.store(true, Ordering::SeqCst);
    }

    /// Nothing goes wrong any more.
    pub fn heal(&self) {
        let state = &self.shim.state;
        lock(&state.faults).clear();
        state.is_armed.store(false, Ordering::SeqCst);
    }

    /// Everything that is done from now on goes onto `tape`. It has to be done in one folder, the one that `tape` is of.
    pub fn record(&self, tape: &Tape) {
        *lock(&self.shim.state.tape) = Some(tape.clone());
        self.shim.state.is_recorded.store(true, Ordering::SeqCst);
    }

    /// Nothing is recorded any more.
    pub fn stop_recording(&self) {
        self.shim.state.is_recorded.store(false, Ordering::SeqCst);
        *lock(&self.shim.state.tape) = None;
    }

    /// How often something went wrong on command.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.shim.state.failures.load(Ordering::Relaxed)
    }
}

#[derive(Debug, Default)]
struct State {
    fsyncs: AtomicU64,
    log_fsyncs: AtomicU64,
    log_sync_times: Times,
    bytes_written: AtomicU64,
    failures: AtomicU64,
    is_armed: AtomicBool,
    faults: Mutex<Vec<Fault>>,
    is_recorded: AtomicBool,
    tape: Mutex<Option<Tape>>,
}

impl State {
    /// The recording, if there is one.
    fn tape(&self) -> Option<Tape> {
        self.is_recorded.load(Ordering::Relaxed).then(|| lock(&self.tape).clone()).flatten()
    }

    /// The damage to an operation that is about to be done.
    fn judge(&self, file: Target, operation: Operation) -> Option<Damage> {
        if !self.is_armed.load(Ordering::Relaxed) {
            return None;
        }
        let mut damage = None;
        for fault in lock(&self.faults).iter_mut() {
            let is_hit =
                fault.operation == operation && (fault.target == file || fault.target == Target::Any);
            if !is_hit || fault.times == 0 {
                continue;
            }
            if fault.after > 0 {
                fault.after -= 1;
            } else if damage.is_none() {
                fault.times -= u64::from(fault.times != Fault::FOREVER);
                damage = Some(fault.damage);
            }
        }
        self.failures.fetch_add(u64::from(damage.is_some()), Ordering::Relaxed);
        damage
    }
}
