//! Reproducible misbehaviour: what the receiving side says, and what goes wrong on the way.
//!
//! Every roll is a function of the seed, the key (or the address) and, for what goes wrong on the way, which try it is.
//! It does not depend on when a request arrives or on what arrived before, so a run with the same seed meets the same
//! faults. An address whose local part is `sim-` and the name of a fault brings it about, once.

use std::time::Duration;

use contracts::MessageId;
use serde::{Deserialize, Serialize};

use super::call::Call;
use super::ledger::Verdict;

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

macro_rules! mishaps {
    ($($(#[doc = $doc:literal])* $name:ident, $field:ident = $word:literal, $is_executed:literal;)*) => {
        /// What goes wrong between a request and its answer.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Mishap {
            $($(#[doc = $doc])* $name,)*
        }

        impl Mishap {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The word for it, which is also the address that brings it about: `sim-timeout-before@example.org`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// Whether the request is executed all the same.
            #[must_use]
            pub const fn is_executed(self) -> bool {
                match self { $(Self::$name => $is_executed,)* }
            }
        }

        /// How often what goes wrong. All zero is a mailbox that always works.
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Odds {
            /// Nobody is at an address; at most a million together with `refuse`.
            pub bounce: Chance,
            /// An address does not want anything.
            pub refuse: Chance,
            $($(#[doc = $doc])* pub $field: Chance,)*
        }

        impl Odds {
            fn of(&self, mishap: Mishap) -> Chance {
                match mishap { $(Mishap::$name => self.$field,)* }
            }
        }
    };
}

mishaps! {
    /// Never answered, and not executed.
    TimeoutBefore, timeout_before = "timeout-before", false;
    /// Executed, and never answered.
    TimeoutAfter, timeout_after = "timeout-after", true;
    /// The connection breaks, and nothing was executed.
    ResetBefore, reset_before = "reset-before", false;
    /// Executed, then the connection breaks.
    ResetAfter, reset_after = "reset-after", true;
    /// Status 500, and nothing was executed.
    ErrorBefore, error_before = "5xx-before", false;
    /// Executed, and answered with status 500.
    ErrorAfter, error_after = "5xx-after", true;
    /// Executed; half of the answer arrives.
    Unreadable, unreadable = "unreadable", true;
    /// 409, as if the same key were being executed; nothing was.
    Busy, busy = "busy", false;
    /// Not taken this time; the next one may be.
    Deferred, deferred = "deferred", false;
    /// 429; nothing was executed.
    Throttled, throttled = "throttled", false;
    /// Executed; the answer is late.
    Slow, slow = "slow", true;
}

/// The odds add up to more than certainty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the odds of {of} add up to {sum} parts per million")]
pub struct Overfull {
    of: &'static str,
    sum: u64,
}

/// The dice of one simulated mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults {
    seed: u64,
    odds: Odds,
    slow_up_to: Duration,
}

impl Faults {
    /// Dice that fall by `seed`; a slow answer takes up to `slow_up_to`, and the one to `sim-slow` exactly that.
    ///
    /// # Errors
    /// [`Overfull`] when the odds of one roll add up to more than a million.
    pub fn new(seed: u64, odds: Odds, slow_up_to: Duration) -> Result<Self, Overfull> {
        let mishaps: u64 = Mishap::ALL.iter().map(|mishap| u64::from(odds.of(*mishap).0)).sum();
        let verdicts = u64::from(odds.bounce.0) + u64::from(odds.refuse.0);
        for (of, sum) in [("mishaps", mishaps), ("verdicts", verdicts)] {
            if sum > u64::from(MILLION) {
                return Err(Overfull { of, sum });
            }
        }
        Ok(Self { seed, odds, slow_up_to })
    }

    /// What the receiving side says to `call`: the same for every letter to one address, as it is about the address.
    #[must_use]
    pub fn verdict(&self, call: &Call) -> Verdict {
        let Some(letter) = call.letter() else { return Verdict::Accept };
        match letter.wish() {
            Some("bounce") => return Verdict::Bounce,
            Some("refuse") => return Verdict::Refuse,
            Some(_) | None => {}
        }
        let rolled = self.dice("verdict", &letter.to.fingerprint(), 0).u32(0..MILLION);
        if rolled < self.odds.bounce.0 {
            return Verdict::Bounce;
        }
        if rolled - self.odds.bounce.0 < self.odds.refuse.0 { Verdict::Refuse } else { Verdict::Accept }
    }

    /// What goes wrong with the `nth` try of `call` (from 1), and how late its answer is.
    #[must_use]
    pub fn mishap(&self, call: &Call, nth: u32) -> (Option<Mishap>, Duration) {
        let wish = call.letter().and_then(|letter| letter.wish()).filter(|_| nth == 1);
        let wished = wish.and_then(|wish| Mishap::ALL.iter().copied().find(|mishap| mishap.as_str() == wish));
        if let Some(mishap) = wished {
            let delay = if mishap == Mishap::Slow { self.slow_up_to } else { Duration::ZERO };
            return (Some(mishap), delay);
        }
        let mut dice = self.dice("mishap", &call.subject(), nth);
        let mut rolled = dice.u32(0..MILLION);
        for mishap in Mishap::ALL {
            let Chance(share) = self.odds.of(*mishap);
            if rolled < share {
                let late = if *mishap == Mishap::Slow { self.late(&mut dice) } else { Duration::ZERO };
                return (Some(*mishap), late);
            }
            rolled -= share;
        }
        (None, Duration::ZERO)
    }

    fn late(&self, dice: &mut fastrand::Rng) -> Duration {
        let longest = u64::try_from(self.slow_up_to.as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(dice.u64(0..=longest))
    }

    fn dice(&self, what: &str, subject: &str, nth: u32) -> fastrand::Rng {
        let names = [&self.seed.to_string(), what, subject, &nth.to_string()];
        fastrand::Rng::with_seed(MessageId::named(&names).0.as_u64_pair().0)
    }
}

#[cfg(test)]
mod tests;
