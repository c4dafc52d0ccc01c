//! When the store as a whole fails. An outage is not an attempt: callers pause and probe.

/// The store as a whole cannot serve; certainly nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{kind}: {detail}")]
pub struct Outage {
    /// What a caller may do about it.
    pub kind: OutageKind,
    /// What the backend said, for the log and for readiness.
    pub detail: String,
}

impl Outage {
    /// An outage of `kind`, with what the backend said.
    pub fn new(kind: OutageKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into() }
    }
}

/// What kind of outage it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutageKind {
    /// No room: reads work, writes do not. Goes on when there is room again.
    Full,
    /// The backend asks for less. Goes on by itself.
    Throttled,
    /// Cannot be reached, or was closed.
    Unreachable,
    /// Reached, and broken: input/output errors, corruption. A person should look.
    Broken,
    /// Nothing is wrong with the backend: the program names a queue that it never declared. A programmer should look.
    Undeclared,
}

impl std::fmt::Display for OutageKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Full => "storage is full",
            Self::Throttled => "storage is throttled",
            Self::Unreachable => "storage cannot be reached",
            Self::Broken => "storage is broken",
            Self::Undeclared => "this program does not declare what it uses",
        })
    }
}

/// An error and all its causes in one line, each once: a client's own message is only `db error` or `dispatch failure`.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut told = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        // Many clients repeat their cause in their own message.
        if !told.ends_with(&text) {
            told = format!("{told}: {text}");
        }
        source = cause.source();
    }
    told
}
