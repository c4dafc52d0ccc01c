//! The simulated provider's ledger: a state machine without I/O, clock or dice.
//!
//! [`Ledger::decide`] looks and says what would happen, [`Ledger::apply`] makes it so. The two are apart so that an
//! effect can be made durable in between, and because applying a journal from its first entry gives the same ledger
//! again: that is how the server starts, and how an auditor checks what it exports.
//!
//! Time has effects too: holds run out, customers contest, disputes are decided. [`Ledger::due`] gives the entry for
//! the next of them whose time has come; whoever looks at the ledger at some instant records what is due by then.

use std::collections::{BTreeMap, BTreeSet};

use contracts::{MessageId, PaymentId, Timestamp};

use super::call::Call;
use super::ids::{AuthorizationId, CaptureId, DisputeId, Key};
use super::problem::{Problem, Slug};
use super::wire::Response;

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
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Nothing changes: a repetition, a refusal or a question.
    Standing(Response),
    /// Something happens, once the entry is in the journal.
    Record(Box<Entry>),
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
    /// The effect must not happen to what it happened to: more captured than authorized, or after it ran out; more
    /// refunded than captured, or while it is contested.
    #[error("journal entry {seq} has an effect that cannot follow what came before")]
    Impossible {
        /// Which entry.
        seq: u64,
    },
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

#[cfg(test)]
mod tests;
