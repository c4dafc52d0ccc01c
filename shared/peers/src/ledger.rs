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
use crate::problem::NoMore;
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
    /// What is still to be told; `()` where nothing is.
    type Outbox: Outbox<Self>;

    /// Routes for people, beside those that [`Call::parse`] knows.
    fn routes() -> Router<Arc<Desk<Self>>> {
        Router::new()
    }

    /// The entry for what time does next, if that is by `now`.
    fn due(&self, _now: Timestamp) -> Option<Self::Entry> {
        None
    }

    /// When time does something next.
    fn next_due(&self) -> Option<Timestamp> {
        None
    }

    /// The body of a webhook that tells these.
    fn body(told: Vec<<Self::Outbox as Outbox<Self>>::Item>) -> Vec<u8>;
}

/// What is still to be told to whoever listens.
pub trait Outbox<L: Ledger>: fmt::Debug + Default + Send + 'static {
    /// What is told.
    type Item: Send + 'static;
    /// How many items one webhook tells at most.
    const AT_ONCE: usize;
    /// How often one webhook is sent before it is lost, or before the outbox is asked for it again.
    const SENDS: u32;

    /// `entry`, the last of `ledger`, is to be told.
    fn note(&mut self, ledger: &L, entry: &L::Entry, faults: &L::Faults);

    /// The peer starts again at `now`, and has noted what nobody is known to have heard.
    fn start(&mut self, now: Timestamp);

    /// What is to be told by `now`, next, and the entry of which somebody may say that it was heard.
    fn take(&mut self, ledger: &L, now: Timestamp) -> Option<(u64, Self::Item)>;

    /// What was told of the entry `seq` was heard.
    fn heard(&mut self, seq: u64);

    /// When something is to be told next.
    fn next_due(&self) -> Option<Timestamp>;
}

impl<L: Ledger> Outbox<L> for () {
    type Item = ();
    const AT_ONCE: usize = 0;
    const SENDS: u32 = 0;

    fn note(&mut self, _: &L, _: &L::Entry, _: &L::Faults) {}

    fn start(&mut self, _: Timestamp) {}

    fn take(&mut self, _: &L, _: Timestamp) -> Option<(u64, ())> {
        None
    }

    fn heard(&mut self, _: u64) {}

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
pub struct Page<E, M = NoMore> {
    /// Always true: nothing real is meant.
    pub simulated: bool,
    /// Entries after the one that was asked from, in order.
    pub entries: Vec<E>,
    /// Ask for what is after this next; absent when there is nothing yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_after: Option<u64>,
    /// How many entries there are in all.
    pub total_entries: u64,
    /// What the peer adds to that.
    #[serde(flatten)]
    pub more: M,
}

impl<E: Entry, M> Page<E, M> {
    /// The page of `entries`, of so many in all.
    #[must_use]
    pub fn of(entries: Vec<E>, total_entries: u64, more: M) -> Self {
        let next_after = entries.last().map(Entry::seq);
        Self { simulated: true, entries, next_after, total_entries, more }
    }
}
