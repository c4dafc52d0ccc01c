//! What this process gave back while it was well: that it comes again says nothing against it.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use contracts::MessageId;

/// How many are remembered. Who is forgotten is handled with more caution than it needs, nothing worse.
const KEPT: usize = 4_096;

/// Messages that were given back by a process that lived on. Gone with the process: whatever it had in hand when it
/// died is under suspicion.
#[derive(Default)]
pub(crate) struct Returned(Mutex<BTreeSet<MessageId>>);

impl Returned {
    /// `id` is given back, and not because of anything it did.
    pub(crate) fn note(&self, id: MessageId) {
        let mut returned = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if returned.len() >= KEPT {
            returned.clear();
        }
        returned.insert(id);
    }

    /// Whether `id` was given back; it is told once.
    pub(crate) fn take(&self, id: MessageId) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&id)
    }
}
