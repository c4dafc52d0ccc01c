//! The simulated carrier's routes: from a request to a call that cannot be wrong in form.

use contracts::MessageId;
use peers::{Touches, named, no_route};
use serde::Serialize;

use super::ids::{Key, Number};
use super::problem::{Problem, Slug};
use super::wire::{Book, MAX_BODY_BYTES, Request};

/// The longest name that a merchant gives a parcel, in characters.
const MAX_PARCEL_CHARS: usize = 100;

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// Change something, once per key.
    Command {
        /// The idempotency key.
        key: Key,
        /// What to change.
        command: Command,
    },
    /// What became of `key`?
    Query {
        /// The key of an earlier command.
        key: Key,
    },
    /// Where has the parcel been?
    Track {
        /// Which.
        number: Number,
    },
}

/// What can be changed. Serialised, it is what "the same request" means for an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// Book a parcel.
    Book(Box<Book>),
    /// Take it.
    HandOver {
        /// Which.
        number: Number,
    },
    /// Take its label back.
    Void {
        /// Which.
        number: Number,
    },
    /// Undo what came under a key, and let nothing come under it later.
    Cancel {
        /// The key of a booking, executed or not.
        operation: Key,
    },
}

impl Command {
    /// Two requests under one key are the same request when their fingerprints are.
    pub(super) fn fingerprint(&self) -> MessageId {
        let canonical = serde_json::to_string(self).unwrap_or_default();
        MessageId::named(&["simulated-carrier", "request", &canonical])
    }
}

impl Call {
    /// What the address says is to happen, when it says so.
    pub(super) fn script(&self) -> Option<&str> {
        match self {
            Self::Command { command: Command::Book(book), .. } => book.ship_to.line1.strip_prefix("sim:"),
            Self::Command { .. } | Self::Query { .. } | Self::Track { .. } => None,
        }
    }
}

impl peers::Call for Call {
    type Slug = Slug;
    const MAX_BODY_BYTES: usize = MAX_BODY_BYTES;

    fn parse(request: &Request) -> Result<Self, Problem> {
        let segments = peers::segments::<Self>(request)?;
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match (request.method.as_str(), segments.as_slice()) {
            ("GET", ["v1", "operations", key]) => Ok(Self::Query { key: named(key)? }),
            ("GET", ["v1", "parcels", number]) => Ok(Self::Track { number: named(number)? }),
            ("POST", route) => {
                let command = command(route, request)?;
                Ok(Self::Command { key: peers::key(request)?, command })
            }
            _ => Err(no_route(request)),
        }
    }

    fn subject(&self) -> String {
        match self {
            Self::Command { key, .. } => key.to_string(),
            Self::Query { key } => format!("query {key}"),
            Self::Track { number } => format!("track {number}"),
        }
    }

    fn touches(&self) -> Touches<'_> {
        match self {
            Self::Command { key, .. } => Touches::Writes(key),
            Self::Query { key } => Touches::Asks(key),
            Self::Track { .. } => Touches::Nothing,
        }
    }
}

fn command(route: &[&str], request: &Request) -> Result<Command, Problem> {
    match route {
        ["v1", "labels"] => {
            let book: Book = peers::read(request, ToString::to_string)?;
            if !(1..=MAX_PARCEL_CHARS).contains(&book.parcel.chars().count()) {
                let detail = format!("parcel must have 1 to {MAX_PARCEL_CHARS} characters");
                return Err(Problem::new(Slug::InvalidRequest, detail));
            }
            Ok(Command::Book(Box::new(book)))
        }
        ["v1", "parcels", number, "handover"] => Ok(Command::HandOver { number: named(number)? }),
        ["v1", "parcels", number, "void"] => Ok(Command::Void { number: named(number)? }),
        ["v1", "operations", key, "cancel"] => Ok(Command::Cancel { operation: named(key)? }),
        _ => Err(no_route(request)),
    }
}
