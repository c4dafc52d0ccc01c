//! What a peer is: a state machine over an append-only journal, without I/O or clock, whose dice are passed in.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use contracts::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::call::Call;
use crate::faults::Mishap;
use crate::ids::Key;
use crate::server::Desk;
use crate::wire::Response;

/// Everything that ever happened, in a form that can be asked.
///
/// [`Ledger::decide`] looks and says what would happen, [`Ledger::apply`] makes it so. The two are apart so that an
/// effect can be made durable in between, and because applying a journal from its first entry gives the same ledger
/// again: that is how the server starts, and how an auditor checks what it exports.
pub trait Ledger: fmt::Debug + Default + Send + 'static {
    /// What it can be asked for.
    type Call: Call;
    /// One effect.
    type Entry: Entry;
    /// Its dice.
    type Faults: Faults<Self::Call>;
    /// One page of the export, for audits.
    type Page: Serialize + Send + 'static;

    /// What the `nth` try of `call` (from 1) comes to at `now`, by these dice.
    fn decide(
        &self,
        now: Timestamp,
        call: (&Self::Call, u32),
        faults: &Self::Faults,
    ) -> Decision<Self::Entry>;

    /// Makes `entry` part of the ledger.
    ///
    /// # Errors
    /// [`Inconsistent`] when it cannot follow what is there; the ledger must not be used further.
    fn apply(&mut self, entry: &Self::Entry) -> Result<(), Inconsistent>;

    /// How the request that made `entry` is answered, again and again: for one operation always with the same bytes.
    fn answer(&self, entry: &Self::Entry) -> Response;

    /// The export of these entries, as auditors may see them.
    fn page(&self, entries: Vec<Self::Entry>) -> Self::Page;
}

/// What a peer does beyond answering calls.
pub trait Peer: Ledger {
    /// Routes for people, beside those that [`Call::parse`] knows.
    fn routes() -> Router<Arc<Desk<Self>>> {
        Router::new()
    }

    /// It starts again at `now`, with the ledger of before.
    fn start(&mut self, _now: Timestamp) {}

    /// The body of the next webhook that is to be told by `now`; each is told once, and it is the caller's to lose.
    fn next_webhook(&mut self, _now: Timestamp) -> Option<Vec<u8>> {
        None
    }

    /// When there is something to tell next.
    fn next_due(&self) -> Option<Timestamp> {
        None
    }
}

/// One effect. Never changed once written.
pub trait Entry: fmt::Debug + Serialize + DeserializeOwned + Send + 'static {
    /// Its place: 1, 2, 3, ... without a gap.
    fn seq(&self) -> u64;
    /// The idempotency key; no two entries have the same.
    fn key(&self) -> &Key;
}

/// The dice of one peer.
pub trait Faults<C>: fmt::Debug + Clone + Send + Sync + 'static {
    /// What goes wrong with the `nth` try of `call` (from 1), and how late its answer is.
    fn mishap(&self, call: &C, nth: u32) -> (Option<Mishap>, Duration);
}

/// What becomes of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision<E> {
    /// Nothing changes: a repetition, a refusal or a question.
    Standing(Response),
    /// Something happens, once the entry is in the journal.
    Record(Box<E>),
}

/// The journal is not one that this ledger could have written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Inconsistent {
    /// Entries are missing, or came twice.
    #[error("journal entry {expected} should follow, got {got}")]
    Gap {
        /// The place that comes next.
        expected: u64,
        /// The place that the entry says it has.
        got: u64,
    },
    /// A second effect under one key.
    #[error("journal entry {seq} is a second effect under key {key}")]
    SecondEffect {
        /// The second one.
        seq: u64,
        /// The key.
        key: Key,
    },
    /// The effect must not happen to what it happened to.
    #[error("journal entry {seq} has an effect that cannot follow what came before")]
    Impossible {
        /// Which entry.
        seq: u64,
    },
}

/// One page of an export: apply the entries of all pages to an empty ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<E> {
    /// Always true: nothing real is meant.
    pub simulated: bool,
    /// Entries after the one that was asked from, in order.
    pub entries: Vec<E>,
    /// Ask for what is after this next; absent when there is nothing yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_after: Option<u64>,
    /// How many entries there are in all.
    pub total_entries: u64,
}

impl<E: Entry> Page<E> {
    /// The page of `entries`, of so many in all.
    #[must_use]
    pub fn of(entries: Vec<E>, total_entries: u64) -> Self {
        let next_after = entries.last().map(Entry::seq);
        Self { simulated: true, entries, next_after, total_entries }
    }
}
