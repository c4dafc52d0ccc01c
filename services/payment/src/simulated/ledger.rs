//! The simulated provider's ledger: a state machine without I/O, clock or dice.
//!
//! [`Ledger::decide`] looks and says what would happen, [`Ledger::apply`] makes it so. The two are apart so that an
//! effect can be made durable in between, and because applying a journal from its first entry gives the same ledger
//! again: that is how the server starts, and how an auditor checks what it exports.

use std::collections::{BTreeMap, BTreeSet};

use contracts::{MessageId, PaymentId, Timestamp};

use super::call::{Call, Command};
use super::ids::{AuthorizationId, Key, derived};
use super::problem::{Problem, Slug};
use super::wire::{Firmness, Object, Response};

mod authorization;
mod books;
mod entry;
mod rules;

pub use authorization::{Authorization, State};
pub use books::{Account, Balance, Books, Transfer};
pub use entry::{Effect, Entry, Moved, Opened};
pub use rules::AUTHORIZATION_LIFETIME;

/// What the simulated issuer says to a request for money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Yes.
    Approve,
    /// No.
    Decline {
        /// The issuer's word.
        code: String,
        /// How final it is.
        firmness: Firmness,
    },
    /// Only if the customer authenticates.
    Challenge {
        /// Whether authenticating can succeed.
        passes: bool,
    },
}

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
    /// The effect must not happen to what it happened to: more captured than authorized, more refunded than captured.
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
}

/// Everything that ever happened, in a form that can be asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    entries: u64,
    operations: BTreeMap<Key, Operation>,
    cancelled: BTreeSet<Key>,
    authorizations: BTreeMap<AuthorizationId, Authorization>,
    books: Books,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Operation {
    fingerprint: MessageId,
    answer: Response,
    /// What it opened, if that is what it did.
    opened: Option<AuthorizationId>,
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
        let opened = self.apply_effect(&entry.effect).ok_or(Inconsistent::Impossible { seq })?;
        let operation = Operation { fingerprint: entry.fingerprint, answer: entry.answer.clone(), opened };
        self.operations.insert(entry.key.clone(), operation);
        self.entries = seq;
        Ok(())
    }

    fn apply_effect(&mut self, effect: &Effect) -> Option<Option<AuthorizationId>> {
        let next = self.after(effect)?;
        if let Effect::Cancelled { operation } = effect
            && (self.operations.contains_key(operation) || !self.cancelled.insert(operation.clone()))
        {
            return None;
        }
        for transfer in effect.transfers() {
            self.books.post(transfer)?;
        }
        let Some(next) = next else { return Some(None) };
        let id = next.id.clone();
        let is_new = self.authorizations.insert(id.clone(), next).is_none();
        Some(is_new.then_some(id))
    }

    /// The authorization that `effect` is about, as it is afterwards; `None` when the effect is impossible.
    fn after(&self, effect: &Effect) -> Option<Option<Authorization>> {
        let Some(id) = effect.authorization() else { return Some(None) };
        match (effect, self.authorizations.get(id)) {
            (Effect::Authorized(opened), None) => Some(Some(Authorization::open(opened, State::Open))),
            (Effect::ActionRequired { opened, passes }, None) => {
                Some(Some(Authorization::open(opened, State::RequiresAction { passes: *passes })))
            }
            (_, Some(authorization)) => authorization.after(effect).map(Some),
            (_, None) => None,
        }
    }

    fn query(&self, key: &Key) -> Result<Response, Problem> {
        let answer = match self.operations.get(key) {
            Some(Operation { opened: Some(id), .. }) => self.look(id)?,
            Some(operation) => operation.answer.clone(),
            None if self.cancelled.contains(key) => rules::was_cancelled(key).into(),
            None => {
                return Err(Problem::new(Slug::OperationNotFound, format!("nothing has come under {key}")));
            }
        };
        let status = answer.status;
        let answer = serde_json::from_str(&answer.body).unwrap_or(serde_json::Value::Null);
        Ok(Response::of(200, &Object::Operation { key: key.clone(), status, answer }))
    }

    fn look(&self, id: &AuthorizationId) -> Result<Response, Problem> {
        Ok(Response::of(200, &Object::Authorization(self.authorization(id)?.to_wire())))
    }

    fn authorization(&self, id: &AuthorizationId) -> Result<&Authorization, Problem> {
        self.authorizations
            .get(id)
            .ok_or_else(|| Problem::new(Slug::AuthorizationNotFound, format!("no {id}")))
    }

    /// The entry that `command` makes; else the answer that stands without one.
    fn command(
        &self,
        now: Timestamp,
        key: &Key,
        command: &Command,
        verdict: Verdict,
    ) -> Result<Entry, Response> {
        let fingerprint = command.fingerprint();
        match self.operations.get(key) {
            Some(operation) if operation.fingerprint == fingerprint => return Err(operation.answer.clone()),
            Some(_) => {
                return Err(
                    Problem::new(Slug::KeyReused, format!("{key} was used for another request")).into()
                );
            }
            None if self.cancelled.contains(key) => return Err(rules::was_cancelled(key).into()),
            None => {}
        }
        let effect = self.effect(now, key, command, verdict)?;
        let answer = self.answer(key, &effect)?;
        Ok(Entry { seq: self.entries + 1, at: now, key: key.clone(), fingerprint, effect, answer })
    }

    fn effect(
        &self,
        now: Timestamp,
        key: &Key,
        command: &Command,
        verdict: Verdict,
    ) -> Result<Effect, Response> {
        match command {
            Command::Authorize { payment, money, .. } => {
                Ok(rules::authorize(now, key, (payment, *money), verdict))
            }
            Command::Capture { authorization, amount_minor, is_final } => {
                rules::capture(now, self.authorization(authorization)?, *amount_minor, *is_final)
            }
            Command::Void { authorization } => rules::void(self.authorization(authorization)?),
            Command::Cancel { operation } => self.cancel(operation),
            Command::Refund { authorization, amount_minor } => {
                rules::refund(self.authorization(authorization)?, *amount_minor)
            }
            Command::Complete { authorization, outcome } => {
                rules::complete(now, self.authorization(authorization)?, *outcome)
            }
        }
    }

    /// Whoever does not know whether an authorization was executed can end it all the same.
    fn cancel(&self, key: &Key) -> Result<Effect, Response> {
        let Some(operation) = self.operations.get(key) else {
            let is_repeated = self.cancelled.contains(key);
            return if is_repeated {
                Err(rules::nothing_stands())
            } else {
                Ok(Effect::Cancelled { operation: key.clone() })
            };
        };
        if let Some(id) = &operation.opened {
            return rules::cancel(self.authorization(id)?);
        }
        if operation.answer.status == Slug::CardDeclined.status() {
            return Err(rules::nothing_stands());
        }
        Err(Problem::new(Slug::NotCancellable, format!("{key} is not the key of an authorization")).into())
    }

    /// How the request that has `effect` is answered.
    fn answer(&self, key: &Key, effect: &Effect) -> Result<Response, Problem> {
        let impossible = || Problem::new(Slug::ServerError, "the ledger contradicts itself");
        let after = self.after(effect).ok_or_else(impossible)?.map(|authorization| authorization.to_wire());
        let (status, object) = match (effect, after) {
            (Effect::Declined { code, firmness, .. }, _) => {
                return Ok(Problem::declined(code, *firmness).into());
            }
            (Effect::Cancelled { .. }, _) => return Ok(rules::nothing_stands()),
            (Effect::Authorized(_) | Effect::ActionRequired { .. }, Some(after)) => {
                (201, Object::Authorization(after))
            }
            (Effect::ActionPassed(_) | Effect::ActionFailed { .. }, Some(after)) => {
                (200, Object::Authorization(after))
            }
            (Effect::Captured { moved, .. }, Some(authorization)) => {
                let amount_minor = moved.amount_minor;
                (201, Object::Capture { id: derived("capture", key), amount_minor, authorization })
            }
            (Effect::Voided(moved), authorization) => {
                (200, Object::Void { released_minor: moved.amount_minor, authorization })
            }
            (Effect::Refunded(moved), Some(authorization)) => {
                let amount_minor = moved.amount_minor;
                (201, Object::Refund { id: derived("refund", key), amount_minor, authorization })
            }
            (_, None) => return Err(impossible()),
        };
        Ok(Response::of(status, &object))
    }
}

#[cfg(test)]
mod tests;
