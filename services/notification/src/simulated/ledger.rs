//! The simulated mailbox's ledger: a state machine without I/O, clock or dice.
//!
//! [`Ledger::decide`] looks and says what would happen, [`Ledger::apply`] makes it so. The two are apart so that an effect
//! can be made durable in between, and because applying a journal from its first entry gives the same ledger again: that
//! is how the server starts, and how an auditor checks what it exports.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use contracts::{MessageId, Timestamp};
use peers::{Desk, Inconsistent};
use serde::{Deserialize, Serialize};

use super::call::{Call, Letter};
use super::faults::Faults;
use super::ids::{Key, MailId};
use super::people;
use super::problem::{Problem, Slug};
use super::wire::{Object, Response};

/// What the receiving side says to a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is taken.
    Accept,
    /// Nobody is there.
    Bounce,
    /// It is not wanted.
    Refuse,
}

/// One effect, and the answer that its request gets for ever. Never changed once written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its place: 1, 2, 3, ... without a gap.
    pub seq: u64,
    /// When it was decided.
    pub at: Timestamp,
    /// The idempotency key; no two entries have the same.
    pub key: Key,
    /// What the request was, so that another one under the same key can be told from it.
    pub fingerprint: MessageId,
    /// What it did.
    pub effect: Effect,
    /// How it was answered.
    pub answer: Response,
}

/// What a request did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum Effect {
    /// A letter was taken.
    Accepted {
        /// Under this name.
        mail: MailId,
        /// What it says; left out of what auditors see.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        letter: Option<Letter>,
    },
    /// A letter was refused for good.
    Refused {
        /// Why: the slug of the answer.
        code: String,
    },
}

impl Entry {
    /// The same without what the letter says.
    pub(super) fn without_letter(self) -> Self {
        let effect = match self.effect {
            Effect::Accepted { mail, .. } => Effect::Accepted { mail, letter: None },
            refused @ Effect::Refused { .. } => refused,
        };
        Self { effect, ..self }
    }
}

impl peers::Entry for Entry {
    fn seq(&self) -> u64 {
        self.seq
    }

    fn key(&self) -> &Key {
        &self.key
    }
}

/// What becomes of a call.
pub type Decision = peers::Decision<Entry>;

/// What became of a key: what an audit compares with the service's own facts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// The mail that was taken; `None` when it was refused.
    pub mail: Option<MailId>,
    fingerprint: MessageId,
    answer: Response,
}

/// Everything that ever happened, in a form that can be asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    entries: u64,
    outcomes: BTreeMap<Key, Outcome>,
    /// Where the entry of each mail is.
    places: BTreeMap<MailId, u64>,
}

impl Ledger {
    /// How many entries the journal has: the place of the last one.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// What became of each key: at most one effect each.
    pub fn outcomes(&self) -> impl Iterator<Item = (&Key, &Outcome)> {
        self.outcomes.iter()
    }

    /// What `call` comes to at `now`. `verdict` is what the receiving side says, should it be asked.
    #[must_use]
    pub fn decide(&self, now: Timestamp, call: &Call, verdict: Verdict) -> Decision {
        match call {
            Call::Query { key } => Decision::Standing(self.query(key)),
            Call::Send { key, letter } => self.send(now, key, letter, verdict),
        }
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
        let mail = match &entry.effect {
            Effect::Accepted { mail, .. } => Some(mail.clone()),
            Effect::Refused { .. } => None,
        };
        let outcome = Outcome { mail, fingerprint: entry.fingerprint, answer: entry.answer.clone() };
        if self.outcomes.contains_key(&entry.key) {
            return Err(Inconsistent::SecondEffect { seq, key: entry.key.clone() });
        }
        self.places.extend(outcome.mail.clone().map(|mail| (mail, seq)));
        self.outcomes.insert(entry.key.clone(), outcome);
        self.entries = seq;
        Ok(())
    }

    /// Where the entry of `mail` is.
    pub(super) fn place_of(&self, mail: &MailId) -> Option<u64> {
        self.places.get(mail).copied()
    }

    fn query(&self, key: &Key) -> Response {
        let Some(outcome) = self.outcomes.get(key) else {
            return Problem::new(Slug::OperationNotFound, format!("nothing has come under {key}")).into();
        };
        let status = outcome.answer.status;
        let answer = serde_json::from_str(&outcome.answer.body).unwrap_or(serde_json::Value::Null);
        Response::of(200, &Object::Operation { key: key.clone(), status, answer })
    }

    fn send(&self, now: Timestamp, key: &Key, letter: &Letter, verdict: Verdict) -> Decision {
        let fingerprint = letter.fingerprint();
        match self.outcomes.get(key) {
            Some(outcome) if outcome.fingerprint == fingerprint => {
                return Decision::Standing(outcome.answer.clone());
            }
            Some(_) => {
                let problem = Problem::new(Slug::KeyReused, format!("{key} was used for another letter"));
                return Decision::Standing(problem.into());
            }
            None => {}
        }
        let refused = |slug: Slug, detail: &str| {
            (Effect::Refused { code: slug.as_str().to_owned() }, Problem::new(slug, detail).into())
        };
        let (effect, answer) = match verdict {
            Verdict::Accept => {
                let mail = MailId::made_by(key);
                let answer = Response::of(201, &Object::Mail { id: mail.clone() });
                (Effect::Accepted { mail, letter: Some(letter.clone()) }, answer)
            }
            Verdict::Bounce => refused(Slug::NoSuchMailbox, "simulated: nobody is there"),
            Verdict::Refuse => refused(Slug::MessageRefused, "simulated: this is not wanted"),
        };
        let seq = self.entries + 1;
        Decision::Record(Box::new(Entry { seq, at: now, key: key.clone(), fingerprint, effect, answer }))
    }
}

impl peers::Ledger for Ledger {
    type Call = Call;
    type Entry = Entry;
    type Faults = Faults;
    type Page = peers::Page<Entry>;

    fn decide(&self, now: Timestamp, (call, nth): (&Call, u32), faults: &Faults) -> Decision {
        match self.decide(now, call, faults.verdict(call)) {
            // What stands is told as it is, so that "not taken" is always true.
            Decision::Record(_) if faults.defers(call, nth) => {
                let problem = Problem::new(Slug::Deferred, "simulated: not now, perhaps later");
                Decision::Standing(problem.into())
            }
            decision => decision,
        }
    }

    fn apply(&mut self, entry: &Entry) -> Result<(), Inconsistent> {
        self.apply(entry)
    }

    fn answer(&self, entry: &Entry) -> Response {
        entry.answer.clone()
    }

    fn page(&self, entries: Vec<Entry>) -> Self::Page {
        let entries = entries.into_iter().map(Entry::without_letter).collect();
        Self::Page::of(entries, self.entries, peers::NoMore {})
    }
}

impl peers::Peer for Ledger {
    type Outbox = ();

    fn routes() -> Router<Arc<Desk<Self>>> {
        people::routes()
    }

    fn body(_: Vec<()>) -> Vec<u8> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests;
