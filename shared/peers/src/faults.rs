//! Reproducible misbehaviour: what goes wrong between a request and its answer.
//!
//! Every roll is a function of the seed, the key and which try it is. It does not depend on when a request arrives or on
//! what arrived before, so a run with the same seed meets the same faults.

use std::time::Duration;

use contracts::MessageId;
use serde::{Deserialize, Serialize};

/// What [`Chance`] is a share of.
pub const MILLION: u32 = 1_000_000;

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

    /// Whether it does.
    pub fn comes_up(self, dice: &mut fastrand::Rng) -> bool {
        dice.u32(0..MILLION) < self.0
    }
}

macro_rules! mishaps {
    ($($(#[doc = $doc:literal])* $name:ident = ($word:literal, executed $executed:literal);)*) => {
        /// What goes wrong between a request and its answer.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Mishap {
            $($(#[doc = $doc])* $name,)*
        }

        impl Mishap {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The word for it, by which a request asks for it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }

            /// Whether the request is executed all the same.
            #[must_use]
            pub const fn is_executed(self) -> bool {
                match self { $(Self::$name => $executed,)* }
            }
        }
    };
}

mishaps! {
    /// Never answered, and not executed.
    TimeoutBefore = ("timeout_before", executed false);
    /// Executed, and never answered.
    TimeoutAfter = ("timeout_after", executed true);
    /// The connection breaks, and nothing was executed.
    ResetBefore = ("reset_before", executed false);
    /// Executed, then the connection breaks.
    ResetAfter = ("reset_after", executed true);
    /// Status 500, and nothing was executed.
    ErrorBefore = ("5xx_before", executed false);
    /// Executed, and answered with status 500.
    ErrorAfter = ("5xx_after", executed true);
    /// Executed; half of the answer arrives.
    Unreadable = ("unreadable", executed true);
    /// 409, as if the same key were being executed; nothing was.
    Busy = ("busy", executed false);
    /// 429; nothing was executed.
    Throttled = ("throttled", executed false);
    /// Executed; the answer is late.
    Slow = ("slow", executed true);
}

impl Mishap {
    /// The one that `word` asks for; a hyphen is as good as an underscore.
    #[must_use]
    pub fn named(word: &str) -> Option<Self> {
        let word = word.replace('-', "_");
        Self::ALL.iter().copied().find(|mishap| mishap.as_str() == word)
    }

    /// What goes wrong with one try, and how late its answer is: what is `wished` for, else what `dice` say.
    pub fn of_try(
        wished: Option<Self>,
        odds: impl Fn(Self) -> Chance,
        dice: &mut fastrand::Rng,
        slow_up_to: Duration,
    ) -> (Option<Self>, Duration) {
        if let Some(mishap) = wished {
            return (wished, if mishap == Self::Slow { slow_up_to } else { Duration::ZERO });
        }
        let mut rolled = dice.u32(0..MILLION);
        for mishap in Self::ALL.iter().copied() {
            let Chance(share) = odds(mishap);
            if rolled < share {
                return (
                    Some(mishap),
                    if mishap == Self::Slow { part(dice, slow_up_to) } else { Duration::ZERO },
                );
            }
            rolled -= share;
        }
        (None, Duration::ZERO)
    }
}

/// Up to `most`.
pub fn part(dice: &mut fastrand::Rng, most: Duration) -> Duration {
    Duration::from_micros(dice.u64(0..=u64::try_from(most.as_micros()).unwrap_or(u64::MAX)))
}

/// Dice that always fall the same way for the same names.
#[must_use]
pub fn dice(names: &[&str]) -> fastrand::Rng {
    fastrand::Rng::with_seed(MessageId::named(names).0.as_u64_pair().0)
}

/// `Odds`, how often what goes wrong: a peer's own, and those of every [`Mishap`].
#[macro_export]
macro_rules! odds {
    ($(#[doc = $about:literal])* pub struct Odds { $($(#[doc = $doc:literal])* $own:ident,)* }) => {
        $(#[doc = $about])*
        #[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Odds {
            $($(#[doc = $doc])* pub $own: $crate::Chance,)*
            /// See [`Mishap::TimeoutBefore`]. All mishaps together have at most a million chances.
            pub timeout_before: $crate::Chance,
            /// See [`Mishap::TimeoutAfter`].
            pub timeout_after: $crate::Chance,
            /// See [`Mishap::ResetBefore`].
            pub reset_before: $crate::Chance,
            /// See [`Mishap::ResetAfter`].
            pub reset_after: $crate::Chance,
            /// See [`Mishap::ErrorBefore`].
            pub error_before: $crate::Chance,
            /// See [`Mishap::ErrorAfter`].
            pub error_after: $crate::Chance,
            /// See [`Mishap::Unreadable`].
            pub unreadable: $crate::Chance,
            /// See [`Mishap::Busy`].
            pub busy: $crate::Chance,
            /// See [`Mishap::Throttled`].
            pub throttled: $crate::Chance,
            /// See [`Mishap::Slow`].
            pub slow: $crate::Chance,
        }

        impl Odds {
            /// How often `mishap` happens.
            #[must_use]
            pub fn of(&self, mishap: $crate::Mishap) -> $crate::Chance {
                match mishap {
                    $crate::Mishap::TimeoutBefore => self.timeout_before,
                    $crate::Mishap::TimeoutAfter => self.timeout_after,
                    $crate::Mishap::ResetBefore => self.reset_before,
                    $crate::Mishap::ResetAfter => self.reset_after,
                    $crate::Mishap::ErrorBefore => self.error_before,
                    $crate::Mishap::ErrorAfter => self.error_after,
                    $crate::Mishap::Unreadable => self.unreadable,
                    $crate::Mishap::Busy => self.busy,
                    $crate::Mishap::Throttled => self.throttled,
                    $crate::Mishap::Slow => self.slow,
                }
            }

            /// The odds of all mishaps.
            #[must_use]
            pub fn mishaps(&self) -> Vec<$crate::Chance> {
                $crate::Mishap::ALL.iter().map(|mishap| self.of(*mishap)).collect()
            }
        }
    };
}

/// The odds of one roll add up to more than certainty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the odds of {of} add up to {sum} parts per million")]
pub struct Overfull {
    of: &'static str,
    sum: u64,
}

impl Overfull {
    /// Checks that the chances of each roll are at most a million.
    ///
    /// # Errors
    /// The first roll of which they are not.
    pub fn check(rolls: &[(&'static str, &[Chance])]) -> Result<(), Self> {
        let sums = rolls.iter().map(|(of, odds)| (*of, odds.iter().map(|chance| u64::from(chance.0)).sum()));
        let overfull =
            |(of, sum): &(&'static str, u64)| (*sum > u64::from(MILLION)).then_some(Self { of, sum: *sum });
        sums.collect::<Vec<_>>().iter().find_map(overfull).map_or(Ok(()), Err)
    }
}
