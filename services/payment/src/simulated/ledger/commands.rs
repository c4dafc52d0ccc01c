//! What commands come to.

use contracts::Timestamp;

use super::entry::{Effect, Entry};
use super::{Did, Ledger, Verdict, rules};
use crate::simulated::call::Command;
use crate::simulated::ids::Key;
use crate::simulated::problem::{Problem, Slug};
use crate::simulated::wire::Response;

impl Ledger {
    /// The entry that `command` makes; else the answer that stands without one.
    pub(super) fn command(
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
        let answer = self.answer((now, key), &effect)?;
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
            Command::Authorize { payment, money, token } => {
                // Only two tokens ask, so that nobody else pays for the search.
                let is_repeated =
                    token.is_short_lived() && self.authorizations().any(|other| other.payment == *payment);
                let asked = rules::Asked { payment, money: *money, token, is_repeated };
                Ok(rules::authorize(now, key, &asked, verdict))
            }
            Command::Capture { authorization, amount_minor, is_final } => {
                let from = self.authorization(authorization)?;
                rules::capture(now, from, (*amount_minor, *is_final), verdict)
            }
            Command::Void { authorization } => rules::void(self.authorization(authorization)?),
            Command::Cancel { operation } => self.cancel(operation),
            Command::Refund { authorization, amount_minor } => {
                rules::refund(self.authorization(authorization)?, *amount_minor)
            }
            Command::Complete { authorization, outcome } => {
                rules::complete(now, self.authorization(authorization)?, *outcome)
            }
            Command::Expire { authorization } => rules::expire(now, self.authorization(authorization)?),
            Command::Dispute { capture } => rules::dispute(self.captured(capture)?, capture),
            Command::Decide { dispute, outcome } => rules::decide(self.disputed(dispute)?, dispute, *outcome),
        }
    }

    /// Whoever does not know whether an authorization was executed can end it all the same.
    fn cancel(&self, key: &Key) -> Result<Effect, Response> {
        let not_cancellable =
            || Problem::new(Slug::NotCancellable, format!("{key} is not the key of an authorization"));
        if key.is_own() {
            return Err(not_cancellable().into());
        }
        let Some(operation) = self.operations.get(key) else {
            let is_repeated = self.cancelled.contains(key);
            return if is_repeated {
                Err(rules::nothing_stands())
            } else {
                Ok(Effect::Cancelled { operation: key.clone() })
            };
        };
        match &operation.did {
            Did::Open(id) => rules::cancel(self.authorization(id)?),
            Did::Decline => Err(rules::nothing_stands()),
            Did::Else => Err(not_cancellable().into()),
        }
    }
}
