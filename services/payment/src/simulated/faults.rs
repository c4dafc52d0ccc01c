//! Reproducible misbehaviour: what the issuer says, and what goes wrong on the way.
//!
//! Every roll is a function of the seed, the key and (for what goes wrong on the way) which try it is. It does not
//! depend on when a request arrives or on what arrived before, so a run with the same seed meets the same faults.

use std::time::Duration;

use peers::{Call as _, MILLION, part};
pub use peers::{Chance, Mishap, Overfull};

use super::call::{Call, Command};
use super::ledger::{DISPUTE_DECIDED_AFTER, DISPUTE_OPENS_AFTER, Plan, Verdict};
use super::wire::{DisputeOutcome, Firmness};

peers::odds! {
    /// How often what goes wrong. All zero is a provider that always works.
    pub struct Odds {
        /// An authorization is declined, softly or hard with the same chance; at most a million together with `action`.
        decline,
        /// An authorization requires its customer to authenticate.
        action,
        /// Of those that must authenticate, how many cannot.
        action_fails,
        /// A capture is declined; at most a million together with `dispute`.
        capture_declined,
        /// A capture is contested later.
        dispute,
        /// Of the disputes, how many are lost to the customer.
        dispute_lost,
        /// A webhook is told once more, although it was heard.
        told_twice,
        /// A webhook is late, and so comes after later ones. Others are told as soon as they are durable, which may be
        /// before the caller is answered.
        told_late,
    }
}

/// The dice of one simulated provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults {
    seed: u64,
    odds: Odds,
    slow_up_to: Duration,
    pace: Pace,
}

/// How long things take that nobody asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// The longest from a capture to its dispute; at least half as long.
    pub dispute_opens: Duration,
    /// The longest from there to its decision; at least half as long.
    pub dispute_decided: Duration,
    /// The longest from what happened to its webhook, when that is late; the second telling takes twice as long.
    pub told_late: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            dispute_opens: DISPUTE_OPENS_AFTER,
            dispute_decided: DISPUTE_DECIDED_AFTER,
            told_late: Duration::from_secs(5),
        }
    }
}

impl Faults {
    /// Dice that fall by `seed`; a slow answer takes up to `slow_up_to`, and the one to `tok_slow` exactly that.
    ///
    /// # Errors
    /// [`Overfull`] when the odds of one roll add up to more than a million.
    pub fn new(seed: u64, odds: Odds, slow_up_to: Duration) -> Result<Self, Overfull> {
        Overfull::check(&[
            ("mishaps", &odds.mishaps()),
            ("verdicts", &[odds.decline, odds.action]),
            ("failing actions", &[odds.action_fails]),
            ("captures", &[odds.capture_declined, odds.dispute]),
            ("lost disputes", &[odds.dispute_lost]),
            ("second tellings", &[odds.told_twice]),
            ("late tellings", &[odds.told_late]),
        ])?;
        Ok(Self { seed, odds, slow_up_to, pace: Pace::default() })
    }

    /// The same dice for things that take as long as `pace` says.
    #[must_use]
    pub fn paced(self, pace: Pace) -> Self {
        Self { pace, ..self }
    }

    /// What the issuer says to `call`. The same for every try of one key: an issuer does not change its mind because
    /// an answer was lost.
    #[must_use]
    pub fn verdict(&self, call: &Call) -> Verdict {
        if let Some(fixed) = call.token().and_then(super::Token::verdict) {
            return fixed;
        }
        match call {
            Call::Command { command: Command::Authorize { .. }, .. } => self.authorization(call),
            Call::Command { command: Command::Capture { .. }, .. } => self.capture(call),
            Call::Command { .. } | Call::Query { .. } | Call::Look { .. } => Verdict::Approve,
        }
    }

    fn authorization(&self, call: &Call) -> Verdict {
        let mut dice = self.dice("verdict", &call.subject(), 0);
        let rolled = dice.u32(0..MILLION);
        if rolled < self.odds.decline.0 {
            let (code, firmness) = match dice.bool() {
                true => ("insufficient_funds", Firmness::Soft),
                false => ("do_not_honor", Firmness::Hard),
            };
            return Verdict::Decline { code: code.to_owned(), firmness };
        }
        if rolled - self.odds.decline.0 < self.odds.action.0 {
            return Verdict::Challenge { passes: dice.u32(0..MILLION) >= self.odds.action_fails.0 };
        }
        Verdict::Approve
    }

    fn capture(&self, call: &Call) -> Verdict {
        let mut dice = self.dice("capture", &call.subject(), 0);
        let rolled = dice.u32(0..MILLION);
        if rolled < self.odds.capture_declined.0 {
            return Verdict::Decline { code: "do_not_honor".to_owned(), firmness: Firmness::Hard };
        }
        if rolled - self.odds.capture_declined.0 >= self.odds.dispute.0 {
            return Verdict::Approve;
        }
        let outcome = match dice.u32(0..MILLION) < self.odds.dispute_lost.0 {
            true => DisputeOutcome::Lost,
            false => DisputeOutcome::Won,
        };
        let Pace { dispute_opens, dispute_decided, .. } = self.pace;
        let mut later = |most: Duration| most / 2 + part(&mut dice, most / 2);
        let (opens_after, decided_after) = (later(dispute_opens), later(dispute_decided));
        Verdict::Contest(Plan { opens_after, decided_after, outcome })
    }

    /// How late the webhook `event` is told, and how late once more, if it is.
    pub(super) fn telling(&self, event: &str) -> (Duration, Option<Duration>) {
        let mut dice = self.dice("telling", event, 0);
        let is_late = dice.u32(0..MILLION) < self.odds.told_late.0;
        let late = part(&mut dice, self.pace.told_late);
        let is_twice = dice.u32(0..MILLION) < self.odds.told_twice.0;
        let again = part(&mut dice, self.pace.told_late * 2);
        (if is_late { late } else { Duration::ZERO }, is_twice.then_some(again))
    }

    fn dice(&self, what: &str, subject: &str, nth: u32) -> fastrand::Rng {
        peers::dice(&[&self.seed.to_string(), what, subject, &nth.to_string()])
    }
}

impl peers::Faults<Call> for Faults {
    fn mishap(&self, call: &Call, nth: u32) -> (Option<Mishap>, Duration) {
        let wish = call.wish().filter(|_| nth == 1);
        let mut dice = self.dice("mishap", &call.subject(), nth);
        Mishap::of_try(wish, |mishap| self.odds.of(mishap), &mut dice, self.slow_up_to)
    }
}

#[cfg(test)]
mod tests;
