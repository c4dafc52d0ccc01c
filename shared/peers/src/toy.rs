//! The smallest peer: it remembers keys.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use contracts::Timestamp;
use serde::{Deserialize, Serialize};

use crate::wire::{Request, Response};
use crate::{
    Call, Decision, Entry, Faults, Inconsistent, Key, Ledger, Mishap, NoMore, Outbox, Page, Peer, Touches,
};

crate::slugs! {
    "simulated-toy", Since;
    /// Too late.
    TooLate = ("too-late", 409);
}

/// What a refusal may carry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Since {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    /// Since when.
    pub since: Option<u32>,
}

/// A refusal.
pub type Problem = crate::Problem<Slug>;

crate::odds! {
    /// How often what goes wrong.
    pub struct Odds {
        /// A key is forgotten.
        forget,
    }
}

/// What it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remember {
    /// Remember a key.
    Write(Key),
    /// Was it remembered?
    Ask(Key),
}

impl Call for Remember {
    type Slug = Slug;
    const MAX_BODY_BYTES: usize = 10;

    fn parse(request: &Request) -> Result<Self, Problem> {
        let segments = crate::segments::<Self>(request)?;
        match (request.method.as_str(), segments.as_slice()) {
            ("POST", [only]) if only == "keys" => Ok(Self::Write(crate::key(request)?)),
            ("GET", [first, key]) if first == "keys" => Ok(Self::Ask(crate::named(key)?)),
            _ => Err(crate::no_route(request)),
        }
    }

    fn subject(&self) -> String {
        format!("{self:?}")
    }

    fn touches(&self) -> Touches<'_> {
        match self {
            Self::Write(key) => Touches::Writes(key),
            Self::Ask(key) => Touches::Asks(key),
        }
    }
}

/// A key that it remembers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remembered {
    /// Its place.
    pub seq: u64,
    /// Which.
    pub key: Key,
}

impl Entry for Remembered {
    fn seq(&self) -> u64 {
        self.seq
    }

    fn key(&self) -> &Key {
        &self.key
    }
}

/// Dice for a ledger that knows no luck but mishaps.
#[derive(Debug, Clone, Default)]
pub struct Dice(pub Odds);

impl Faults<Remember> for Dice {
    fn mishap(&self, call: &Remember, nth: u32) -> (Option<Mishap>, Duration) {
        let mut dice = crate::dice(&[&call.subject(), &nth.to_string()]);
        Mishap::of_try(None, |mishap| self.0.of(mishap), &mut dice, Duration::from_secs(1))
    }
}

/// All keys that it remembers.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Memory {
    entries: u64,
    keys: BTreeSet<Key>,
}

impl Ledger for Memory {
    type Call = Remember;
    type Entry = Remembered;
    type Faults = Dice;
    type Page = Page<Remembered>;

    fn decide(&self, _now: Timestamp, (call, _nth): (&Remember, u32), _: &Dice) -> Decision<Remembered> {
        match call {
            Remember::Ask(key) if !self.keys.contains(key) => {
                Decision::Standing(Problem::new(Slug::OperationNotFound, key.as_str()).into())
            }
            Remember::Write(key) | Remember::Ask(key) if self.keys.contains(key) => {
                Decision::Standing(Response::of(201, key))
            }
            Remember::Write(key) | Remember::Ask(key) => {
                Decision::Record(Box::new(Remembered { seq: self.entries + 1, key: key.clone() }))
            }
        }
    }

    fn apply(&mut self, entry: &Remembered) -> Result<(), Inconsistent> {
        let expected = self.entries + 1;
        if entry.seq != expected {
            return Err(Inconsistent::Gap { expected, got: entry.seq });
        }
        self.keys.insert(entry.key.clone());
        self.entries = expected;
        Ok(())
    }

    fn answer(&self, entry: &Remembered) -> Response {
        Response::of(201, &entry.key)
    }

    fn page(&self, entries: Vec<Remembered>) -> Page<Remembered> {
        Page::of(entries, self.entries, NoMore {})
    }
}

impl Peer for Memory {
    type Outbox = Unheard;

    fn body(told: Vec<String>) -> Vec<u8> {
        told.join(" ").into_bytes()
    }
}

/// Tells of every key until it is heard.
#[derive(Debug, Default)]
pub struct Unheard(BTreeMap<u64, (bool, String)>);

impl Outbox<Memory> for Unheard {
    type Item = String;
    const AT_ONCE: usize = 2;
    const SENDS: u32 = 1;

    fn note(&mut self, _: &Memory, entry: &Remembered, _: &Dice) {
        self.0.insert(entry.seq, (false, entry.key.to_string()));
    }

    fn start(&mut self, _: Timestamp) {}

    fn take(&mut self, _: &Memory, _: Timestamp) -> Option<(u64, String)> {
        let (seq, (is_told, key)) = self.0.iter_mut().find(|(_, (is_told, _))| !is_told)?;
        *is_told = true;
        Some((*seq, key.clone()))
    }

    fn heard(&mut self, seq: u64) {
        self.0.remove(&seq);
    }

    fn next_due(&self) -> Option<Timestamp> {
        self.0.values().any(|(is_told, _)| !is_told).then_some(Timestamp::EPOCH)
    }
}

/// `text`, which is a key.
///
/// # Panics
/// It is none.
#[must_use]
pub fn key(text: &str) -> Key {
    Key::try_from(text.to_owned()).unwrap()
}
