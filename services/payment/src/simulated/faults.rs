//! Reproducible misbehaviour: what the issuer says, and what goes wrong on the way.
//!
//! Every roll is a function of the seed, the key and (for what goes wrong on the way) which try it is. It does not
//! depend on when a request arrives or on what arrived before, so a run with the same seed meets the same faults.

use std::time::Duration;

use contracts::MessageId;
use serde::{Deserialize, Serialize};

use super::call::{Call, Command};
use super::ledger::{DISPUTE_DECIDED_AFTER, DISPUTE_OPENS_AFTER, Plan, Verdict};
use super::wire::{DisputeOutcome, Firmness};

/// What [`Chance`] is a share of.
const MILLION: u32 = 1_000_000;

/// A probability in parts per million.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Chance(pub u32);

impl Chance {
    /// `percent` of the time.
    #[must_use]
    pub const fn percent(percent: u32) -> Self {
        Self(percent.saturating_mul(MILLION / 100))
    }
}

/// What goes wrong between a request and its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mishap {
    /// Never answered, and not executed.
    TimeoutBefore,
    /// Executed, and never answered.
    TimeoutAfter,
    /// The connection breaks, and nothing was executed.
    ResetBefore,
    /// Executed, then the connection breaks.
    ResetAfter,
    /// Status 500, and nothing was executed.
    ErrorBefore,
    /// Executed, and answered with status 500.
    ErrorAfter,
    /// Executed; half of the answer arrives.
    Unreadable,
    /// 409, as if the same key were being executed; nothing was.
    Busy,
    /// 429; nothing was executed.
    Throttled,
    /// Executed; the answer is late.
    Slow,
}

impl Mishap {
    /// Every kind.
    pub const ALL: &'static [Self] = &[
        Self::TimeoutBefore,
        Self::TimeoutAfter,
        Self::ResetBefore,
        Self::ResetAfter,
        Self::ErrorBefore,
        Self::ErrorAfter,
        Self::Unreadable,
        Self::Busy,
        Self::Throttled,
        Self::Slow,
    ];

    /// The word for it, which is also the name of the token that brings it about.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TimeoutBefore => "timeout_before",
            Self::TimeoutAfter => "timeout_after",
            Self::ResetBefore => "reset_before",
            Self::ResetAfter => "reset_after",
            Self::ErrorBefore => "5xx_before",
            Self::ErrorAfter => "5xx_after",
            Self::Unreadable => "unreadable",
            Self::Busy => "busy",
            Self::Throttled => "throttled",
            Self::Slow => "slow",
        }
    }

    /// Whether the request is executed all the same.
    #[must_use]
    pub const fn is_executed(self) -> bool {
        match self {
            Self::TimeoutBefore | Self::ResetBefore | Self::ErrorBefore | Self::Busy | Self::Throttled => {
                false
            }
            Self::TimeoutAfter | Self::ResetAfter | Self::ErrorAfter | Self::Unreadable | Self::Slow => true,
        }
    }
}

/// How often what goes wrong. All zero is a provider that always works.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Odds {
    /// An authorization is declined, softly or hard with the same chance; at most a million together with `action`.
    pub decline: Chance,
    /// An authorization requires its customer to authenticate.
    pub action: Chance,
    /// Of those that must authenticate, how many cannot.
    pub action_fails: Chance,
    /// A capture is declined; at most a million together with `dispute`.
    pub capture_declined: Chance,
    /// A capture is contested later.
    pub dispute: Chance,
    /// Of the disputes, how many are lost to the customer.
    pub dispute_lost: Chance,
    /// A webhook is told once more, although it was heard.
    pub told_twice: Chance,
    /// A webhook is late, and so comes after later ones. Others are told as soon as they are durable, which may be
    /// before the caller is answered.
    pub told_late: Chance,
    /// See [`Mishap::TimeoutBefore`]. All mishaps together have at most a million chances.
    pub timeout_before: Chance,
    /// See [`Mishap::TimeoutAfter`].
    pub timeout_after: Chance,
    /// See [`Mishap::ResetBefore`].
    pub reset_before: Chance,
    /// See [`Mishap::ResetAfter`].
    pub reset_after: Chance,
    /// See [`Mishap::ErrorBefore`].
    pub error_before: Chance,
    /// See [`Mishap::ErrorAfter`].
    pub error_after: Chance,
    /// See [`Mishap::Unreadable`].
    pub unreadable: Chance,
    /// See [`Mishap::Busy`].
    pub busy: Chance,
    /// See [`Mishap::Throttled`].
    pub throttled: Chance,
    /// See [`Mishap::Slow`].
    pub slow: Chance,
}

impl Odds {
    fn of(&self, mishap: Mishap) -> Chance {
        match mishap {
            Mishap::TimeoutBefore => self.timeout_before,
            Mishap::TimeoutAfter => self.timeout_after,
            Mishap::ResetBefore => self.reset_before,
            Mishap::ResetAfter => self.reset_after,
            Mishap::ErrorBefore => self.error_before,
            Mishap::ErrorAfter => self.error_after,
            Mishap::Unreadable => self.unreadable,
            Mishap::Busy => self.busy,
            Mishap::Throttled => self.throttled,
            Mishap::Slow => self.slow,
        }
    }
}

/// The odds add up to more than certainty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the odds of {of} add up to {sum} parts per million")]
pub struct Overfull {
    of: &'static str,
    sum: u64,
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
        let mishaps: u64 = Mishap::ALL.iter().map(|mishap| u64::from(odds.of(*mishap).0)).sum();
        let both = |one: Chance, other: Chance| u64::from(one.0) + u64::from(other.0);
        for (of, sum) in [
            ("mishaps", mishaps),
            ("verdicts", both(odds.decline, odds.action)),
            ("failing actions", odds.action_fails.0.into()),
            ("captures", both(odds.capture_declined, odds.dispute)),
            ("lost disputes", odds.dispute_lost.0.into()),
            ("second tellings", odds.told_twice.0.into()),
            ("late tellings", odds.told_late.0.into()),
        ] {
            if sum > u64::from(MILLION) {
                return Err(Overfull { of, sum });
            }
        }
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

    /// What goes wrong with the `nth` try of `call` (from 1), and how late its answer is.
    #[must_use]
    pub fn mishap(&self, call: &Call, nth: u32) -> (Option<Mishap>, Duration) {
        if let Some(first) = call.token().and_then(super::Token::mishap).filter(|_| nth == 1) {
            let delay = if first == Mishap::Slow { self.slow_up_to } else { Duration::ZERO };
            return (Some(first), delay);
        }
        let mut dice = self.dice("mishap", &call.subject(), nth);
        let mut rolled = dice.u32(0..MILLION);
        for mishap in Mishap::ALL {
            let Chance(share) = self.odds.of(*mishap);
            if rolled < share {
                let late =
                    if *mishap == Mishap::Slow { part(&mut dice, self.slow_up_to) } else { Duration::ZERO };
                return (Some(*mishap), late);
            }
            rolled -= share;
        }
        (None, Duration::ZERO)
    }

    fn dice(&self, what: &str, subject: &str, nth: u32) -> fastrand::Rng {
        let names = [&self.seed.to_string(), what, subject, &nth.to_string()];
        fastrand::Rng::with_seed(MessageId::named(&names).0.as_u64_pair().0)
    }
}

/// Up to `most`.
fn part(dice: &mut fastrand::Rng, most: Duration) -> Duration {
    Duration::from_micros(dice.u64(0..=u64::try_from(most.as_micros()).unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests;
