//! The simulated carrier's routes: from a request to a call that cannot be wrong in form.

use contracts::MessageId;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::ids::{Key, MalformedId, Number};
use super::problem::{Problem, Slug};
use super::wire::{self, Book, MAX_BODY_BYTES, Request};

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
    /// Reads `request` by its route.
    ///
    /// # Errors
    /// The [`Problem`] to answer with. Nothing is kept under the key of a request that is refused here.
    pub fn parse(request: &Request) -> Result<Self, Problem> {
        if request.body.len() > MAX_BODY_BYTES {
            return Err(Problem::new(Slug::BodyTooLarge, format!("at most {MAX_BODY_BYTES} bytes")));
        }
        let segments: Option<Vec<String>> =
            request.path.split('/').skip(1).map(wire::decode_segment).collect();
        let segments = segments.unwrap_or_default();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match (request.method.as_str(), segments.as_slice()) {
            ("GET", ["v1", "operations", key]) => Ok(Self::Query { key: named(key)? }),
            ("GET", ["v1", "parcels", number]) => Ok(Self::Track { number: named(number)? }),
            ("POST", route) => {
                let command = command(route, request)?;
                Ok(Self::Command { key: merchant_key(request)?, command })
            }
            _ => Err(no_route(request)),
        }
    }

    /// What the dice are rolled for: the same operation has the same luck, whenever it arrives.
    pub(super) fn subject(&self) -> String {
        match self {
            Self::Command { key, .. } => key.to_string(),
            Self::Query { key } => format!("query {key}"),
            Self::Track { number } => format!("track {number}"),
        }
    }

    /// What the address says is to happen, when it says so.
    pub(super) fn script(&self) -> Option<&str> {
        match self {
            Self::Command { command: Command::Book(book), .. } => book.ship_to.line1.strip_prefix("sim:"),
            Self::Command { .. } | Self::Query { .. } | Self::Track { .. } => None,
        }
    }
}

fn command(route: &[&str], request: &Request) -> Result<Command, Problem> {
    match route {
        ["v1", "labels"] => {
            let book: Book = read(request)?;
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

fn merchant_key(request: &Request) -> Result<Key, Problem> {
    let required = |why: String| Problem::new(Slug::KeyRequired, why);
    let missing = || required("every write needs the header Idempotency-Key".to_owned());
    Key::try_from(request.key.clone().ok_or_else(missing)?).map_err(|error| required(error.to_string()))
}

fn named<T: TryFrom<String, Error = MalformedId>>(text: &str) -> Result<T, Problem> {
    T::try_from(text.to_owned()).map_err(|error| Problem::new(Slug::InvalidRequest, error.to_string()))
}

fn read<T: DeserializeOwned>(request: &Request) -> Result<T, Problem> {
    serde_json::from_str(&request.body).map_err(|error| {
        let slug = if error.is_data() { Slug::InvalidRequest } else { Slug::MalformedRequest };
        Problem::new(slug, error.to_string())
    })
}

fn no_route(request: &Request) -> Problem {
    let path: String = request.path.chars().take(100).collect();
    let method: String = request.method.chars().take(10).collect();
    Problem::new(Slug::RouteNotFound, format!("no {method} {path}"))
}
