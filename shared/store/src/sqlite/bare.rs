//! The bound that the engine is measured against: the same statements on the same rows in one plain loop, with no
//! channels, no tasks and no answers.

use std::sync::{Arc, Mutex};

use super::lock;
use super::work::Work;

/// What an engine committed, in order and in its groups. Given to [`super::Config::recording`].
#[derive(Debug, Clone, Default)]
pub struct Recording(Arc<Mutex<Recorded>>);

#[derive(Debug, Default)]
struct Recorded {
    incarnation: u64,
    works: Vec<Work>,
}

impl Recording {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    pub(super) fn begin(&self, incarnation: u64) {
        lock(&self.0).incarnation = incarnation;
    }

    pub(super) fn push(&self, work: Work) {
        lock(&self.0).works.push(work);
    }
}
