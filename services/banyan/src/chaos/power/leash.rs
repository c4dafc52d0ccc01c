//! Tasks that end all at once, in the middle of whatever they do: the part of a process that dies with it.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError};

use runtime::{Boxed, Env, Spawn};
use tokio::task::JoinHandle;

/// Handles that are kept before those of ended tasks are let go.
const KEPT: usize = 1_024;

/// Holds every task that was begun through it.
#[derive(Debug, Clone, Default)]
pub(super) struct Leash(Arc<Tasks>);

#[derive(Debug, Default)]
struct Tasks(Mutex<Vec<JoinHandle<()>>>);

impl Leash {
    /// `env`, with tasks on this leash.
    pub(super) fn env(&self, env: &Env) -> Env {
        Env { spawn: self.0.clone(), ..env.clone() }
    }

    /// Ends them all; nothing of them runs any more when this is over.
    pub(super) async fn end(&self) {
        let tasks = std::mem::take(&mut *self.0.0.lock().unwrap_or_else(PoisonError::into_inner));
        tasks.iter().for_each(JoinHandle::abort);
        for task in tasks {
            task.await.ok();
        }
    }
}

impl Spawn for Tasks {
    #[expect(clippy::disallowed_methods, reason = "a tracked spawn of its own")]
    fn spawn(&self, _name: Cow<'static, str>, task: Boxed<'static, ()>) {
        let mut tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if tasks.len() >= KEPT {
            tasks.retain(|task| !task.is_finished());
        }
        tasks.push(tokio::spawn(task));
    }
}
