//! The simulated provider's ledger: a state machine without I/O, clock or dice.
//!
//! [`Ledger::decide`] looks and says what would happen, [`Ledger::apply`] makes it so. The two are apart so that an
//! effect can be made durable in between, and because applying a journal from its first entry gives the same ledger
//! again: that is how the server starts, and how an auditor checks what it exports.
//!
//! Time has effects too: holds run out, customers contest, disputes are decided. [`Ledger::due`] gives the entry for
//! the next of them whose time has come; whoever looks at the ledger at some instant records what is due by then.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::Router;
use contracts::{MessageId, PaymentId, Timestamp};
use peers::{Desk, Inconsistent};
use serde::{Deserialize, Serialize};

use super::action_page;
use super::call::Call;
use super::faults::Faults;
use super::ids::{AuthorizationId, CaptureId, DisputeId, Key};
use super::outbox::{self, Outbox};
use super::problem::{Problem, Slug};
use super::wire::{Event, Response};

mod answers;
mod authorization;
mod books;
mod commands;
mod dispute;
mod entry;
mod notice;
mod rules;
mod time;
mod verdict;

pub use authorization::{Authorization, Capture, State};
pub use books::{Account, Balance, Books, Transfer};
pub use dispute::Dispute;
pub use entry::{Effect, Entry, Moved, Opened};
pub(super) use notice::Notice;
pub use rules::AUTHORIZATION_LIFETIME;
pub use verdict::{Contest, DISPUTE_DECIDED_AFTER, DISPUTE_OPENS_AFTER, Fate, Plan, Verdict};

/// What becomes of a call.
pub type Decision = peers::Decision<Entry>;

/// One page of the export, for audits: apply the entries of all pages to an empty [`Ledger`].
pub type Page = peers::Page<Entry, Sums>;

/// What a page says of all entries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums {
    /// All balances.
    pub balances: Vec<Balance>,
}

/// Money of one of the merchant's payments, over all its authorizations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PaymentTotals {
    /// Authorizations that hold money, or will once their customer authenticates.
    pub open_authorizations: u32,
    /// Held, in minor units.
    pub held_minor: i64,
    /// Taken, in minor units.
    pub captured_minor: i64,
    /// Given back, in minor units.
    pub refunded_minor: i64,
    /// Contested, and held until that is decided, in minor units. Was captured, and is not refunded.
    pub disputed_minor: i64,
    /// Contested, and lost to the customer, in minor units. Was captured, and is not refunded.
    pub charged_back_minor: i64,
}

/// Everything that ever happened, in a form that can be asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    entries: u64,
    operations: BTreeMap<Key, Operation>,
    cancelled: BTreeSet<Key>,
    authorizations: BTreeMap<AuthorizationId, Authorization>,
    captures: BTreeMap<CaptureId, AuthorizationId>,
    disputes: BTreeMap<DisputeId, AuthorizationId>,
    /// When time does something next to which authorization.
    agenda: BTreeSet<(Timestamp, AuthorizationId)>,
    books: Books,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Operation {
    fingerprint: MessageId,
    answer: Response,
    did: Did,
}

/// What an authorization came to, as far as cancelling its key asks.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Did {
    Open(AuthorizationId),
    Decline,
    Else,
}

impl Ledger {
    /// How many entries the journal has: the place of the last one.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// Balances per currency.
    #[must_use]
    pub fn books(&self) -> &Books {
        &self.books
    }

    /// Every authorization, by name.
    pub fn authorizations(&self) -> impl Iterator<Item = &Authorization> {
        self.authorizations.values()
    }

    /// Whether something happened under `key`.
    #[must_use]
    pub fn has_effect(&self, key: &Key) -> bool {
        self.operations.contains_key(key)
    }

    /// Totals per payment, for an audit. One pass over all authorizations.
    #[must_use]
    pub fn payments(&self) -> BTreeMap<PaymentId, PaymentTotals> {
        let mut payments: BTreeMap<PaymentId, PaymentTotals> = BTreeMap::new();
        for authorization in self.authorizations.values() {
            let totals = payments.entry(authorization.payment.clone()).or_default();
            totals.open_authorizations += u32::from(authorization.is_open());
            totals.held_minor += authorization.held_minor();
            totals.captured_minor += authorization.captured_minor;
            totals.refunded_minor += authorization.refunded_minor;
            totals.disputed_minor += authorization.disputed_minor();
            totals.charged_back_minor += authorization.charged_back_minor();
        }
        payments
    }

    /// What `call` comes to at `now`. `verdict` is what the issuer says, should the issuer be asked.
    #[must_use]
    pub fn decide(&self, now: Timestamp, call: &Call, verdict: Verdict) -> Decision {
        let entry = match call {
            Call::Query { key } => return Decision::Standing(self.query(key).unwrap_or_else(Response::from)),
            Call::Look { authorization } => {
                return Decision::Standing(self.look(authorization).unwrap_or_else(Response::from));
            }
            Call::Command { key, command } => self.command(now, key, command, verdict),
        };
        entry.map_or_else(Decision::Standing, |entry| Decision::Record(Box::new(entry)))
    }

    /// Makes `entry` part of the ledger.
    ///
    /// # Errors
    /// [`Inconsistent`] when it cannot follow what is there; the ledger must not be used further.
    pub fn apply(&mut self, entry: &Entry) -> Result<(), Inconsistent> {
        let seq = entry.seq;
        if seq != self.entries + 1 {
            return Err(Inconsistent::Gap { expected: self.entries + 1, got: seq });
        }
        if self.operations.contains_key(&entry.key) || self.cancelled.contains(&entry.key) {
            return Err(Inconsistent::SecondEffect { seq, key: entry.key.clone() });
        }
        let did = self.apply_effect(entry).ok_or(Inconsistent::Impossible { seq })?;
        let operation = Operation { fingerprint: entry.fingerprint, answer: entry.answer.clone(), did };
        self.operations.insert(entry.key.clone(), operation);
        self.entries = seq;
        Ok(())
    }

    fn apply_effect(&mut self, entry: &Entry) -> Option<Did> {
        let Entry { effect, key, at, .. } = entry;
        let next = self.after((*at, key), effect)?;
        if let Effect::Cancelled { operation } = effect
            && (operation.is_own()
                || self.operations.contains_key(operation)
                || !self.cancelled.insert(operation.clone()))
        {
            return None;
        }
        for transfer in effect.transfers() {
            self.books.post(transfer)?;
        }
        match effect {
            Effect::Captured { moved, .. } => {
                self.captures.insert(CaptureId::made_by(key), moved.authorization.clone());
            }
            Effect::DisputeOpened { dispute, moved, .. } => {
                self.disputes.insert(dispute.clone(), moved.authorization.clone());
            }
            Effect::Declined { .. } => return Some(Did::Decline),
            _ => {}
        }
        let Some(next) = next else { return Some(Did::Else) };
        let id = next.id.clone();
        let is_new = self.place(next);
        Some(if is_new { Did::Open(id) } else { Did::Else })
    }

    /// The authorization that `effect` is about, as it is afterwards; `None` when the effect is impossible.
    fn after(&self, when: (Timestamp, &Key), effect: &Effect) -> Option<Option<Authorization>> {
        let Some(id) = effect.authorization() else { return Some(None) };
        let open = |opened, state| Some(Some(Authorization::open(when.1, opened, state)));
        match (effect, self.authorizations.get(id)) {
            (Effect::Authorized(opened), None) => open(opened, State::Open),
            (Effect::ActionRequired { opened, passes }, None) => {
                open(opened, State::RequiresAction { passes: *passes })
            }
            (_, Some(authorization)) => authorization.after(when, effect).map(Some),
            (_, None) => None,
        }
    }

    fn authorization(&self, id: &AuthorizationId) -> Result<&Authorization, Problem> {
        self.authorizations
            .get(id)
            .ok_or_else(|| Problem::new(Slug::AuthorizationNotFound, format!("no {id}")))
    }

    fn captured(&self, id: &CaptureId) -> Result<&Authorization, Problem> {
        let missing = || Problem::new(Slug::CaptureNotFound, format!("no {id}"));
        self.authorization(self.captures.get(id).ok_or_else(missing)?)
    }

    fn disputed(&self, id: &DisputeId) -> Result<&Authorization, Problem> {
        let missing = || Problem::new(Slug::DisputeNotFound, format!("no {id}"));
        self.authorization(self.disputes.get(id).ok_or_else(missing)?)
    }
}

impl peers::Ledger for Ledger {
    type Call = Call;
    type Entry = Entry;
    type Faults = Faults;
    type Page = Page;

    fn decide(&self, now: Timestamp, (call, _): (&Call, u32), faults: &Faults) -> Decision {
        self.decide(now, call, faults.verdict(call))
    }

    fn apply(&mut self, entry: &Entry) -> Result<(), Inconsistent> {
        self.apply(entry)
    }

    fn answer(&self, entry: &Entry) -> Response {
        entry.answer.clone()
    }

    fn page(&self, entries: Vec<Entry>) -> Page {
        Page::of(entries, self.entries, Sums { balances: self.books.balances().collect() })
    }
}

impl peers::Peer for Ledger {
    type Outbox = Outbox;

    fn routes() -> Router<Arc<Desk<Self>>> {
        action_page::routes()
    }

    fn due(&self, now: Timestamp) -> Option<Entry> {
        self.due(now)
    }

    fn next_due(&self) -> Option<Timestamp> {
        self.next_due()
    }

    fn body(events: Vec<Event>) -> Vec<u8> {
        outbox::body(events)
    }
}

#[cfg(test)]
mod tests;
