//! How a handler fails: retry or reject is decided once, in plain sight.

use store::Outage;

/// Why a handler did not handle a message. Refused in business is not a failure: it is an event.
#[derive(Debug, thiserror::Error)]
pub enum Fail {
    /// Try again: two quick tries in the process, then delayed ones, then dead.
    #[error("transient failure")]
    Transient(#[source] anyhow::Error),
    /// Never try again: dead at once, with this reason.
    #[error("permanent failure: {reason}")]
    Permanent {
        /// For the person who reads the dead letter.
        reason: String,
        /// What lies beneath, if anything.
        #[source]
        source: Option<anyhow::Error>,
    },
    /// What it needs is not there yet. Comes again when `wait_for` is woken, at the latest after a delay; dead as
    /// `waited` after an hour.
    #[error("not yet: {reason}")]
    Later {
        /// What is missing.
        reason: String,
        /// A name that [`crate::Uow::wake`] may call.
        wait_for: Option<String>,
    },
    /// The store, the bus or a provider as a whole fails. Not an attempt. Made by the runtime's own calls.
    #[error("outage")]
    Outage(#[from] Outage),
}

impl Fail {
    /// Dead at once, for `reason`.
    pub fn permanent(reason: impl Into<String>) -> Self {
        Self::Permanent { reason: reason.into(), source: None }
    }

    /// Try again, because of `source`.
    pub fn transient(source: impl Into<anyhow::Error>) -> Self {
        Self::Transient(source.into())
    }

    /// The error and all that lies beneath, outermost first.
    #[must_use]
    pub fn chain(&self) -> Vec<String> {
        let mut chain = vec![self.to_string()];
        let mut next = std::error::Error::source(self);
        while let Some(error) = next {
            chain.push(error.to_string());
            next = error.source();
        }
        chain
    }
}
