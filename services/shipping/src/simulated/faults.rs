//! Reproducible misbehaviour: what becomes of parcels, and what goes wrong on the way to and from the carrier.
//!
//! Every roll is a function of the seed, the key and (for what goes wrong on the way) which try it is. It does not
//! depend on when a request arrives or on what arrived before, so a run with the same seed meets the same faults.

use std::time::Duration;

use contracts::MessageId;
use serde::{Deserialize, Serialize};

use super::call::Call;
use super::ids::Number;
use super::journey::Fate;

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

    pub(super) fn comes_up(self, dice: &mut fastrand::Rng) -> bool {
        dice.u32(0..MILLION) < self.0
    }
}

macro_rules! mishaps {
    ($($(#[doc = $doc:literal])* $name:ident = ($text:literal, $odd:ident, executed $executed:literal);)*) => {
        /// What goes wrong between a request and its answer.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Mishap {
            $($(#[doc = $doc])* $name,)*
        }

        impl Mishap {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The word for it, which is also what an address says that brings it about.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// Whether the request is executed all the same.
            #[must_use]
            pub const fn is_executed(self) -> bool {
                match self { $(Self::$name => $executed,)* }
            }
        }

        /// How often what goes wrong. All zero is a carrier that always works and loses nothing.
        #[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default, deny_unknown_fields)]
        pub struct Odds {
            /// An address is refused.
            pub refuse: Chance,
            /// A parcel is lost. What becomes of parcels has at most a million chances together.
            pub lose: Chance,
            /// A parcel is brought back.
            pub give_back: Chance,
            /// A parcel is delivered at the second try.
            pub miss: Chance,
            /// A parcel arrives damaged.
            pub damage: Chance,
            /// A scan is not told by webhook.
            pub untold: Chance,
            /// A scan is told once more.
            pub told_twice: Chance,
            $($(#[doc = $doc])* pub $odd: Chance,)*
        }

        impl Odds {
            fn of(&self, mishap: Mishap) -> Chance {
                match mishap { $(Mishap::$name => self.$odd,)* }
            }
        }
    };
}

mishaps! {
    /// Never answered, and not executed.
    TimeoutBefore = ("timeout_before", timeout_before, executed false);
    /// Executed, and never answered.
    TimeoutAfter = ("timeout_after", timeout_after, executed true);
    /// The connection breaks, and nothing was executed.
    ResetBefore = ("reset_before", reset_before, executed false);
    /// Executed, then the connection breaks.
    ResetAfter = ("reset_after", reset_after, executed true);
    /// Status 500, and nothing was executed.
    ErrorBefore = ("5xx_before", error_before, executed false);
    /// Executed, and answered with status 500.
    ErrorAfter = ("5xx_after", error_after, executed true);
    /// Executed; half of the answer arrives.
    Unreadable = ("unreadable", unreadable, executed true);
    /// 409, as if the same key were being executed; nothing was.
    Busy = ("busy", busy, executed false);
    /// 429; nothing was executed.
    Throttled = ("throttled", throttled, executed false);
    /// Executed; the answer is late.
    Slow = ("slow", slow, executed true);
}

/// How fast parcels move, and how late things are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// The longest from one scan to the next; at least half as long.
    pub step: Duration,
    /// The longest from a scan to its webhook; twice that for the second telling.
    pub late_up_to: Duration,
    /// The longest that a slow answer takes.
    pub slow_up_to: Duration,
}

/// The odds add up to more than certainty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the odds of {of} add up to {sum} parts per million")]
pub struct Overfull {
    of: &'static str,
    sum: u64,
}

/// The dice of one simulated carrier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults {
    seed: u64,
    odds: Odds,
    pace: Pace,
}

impl Faults {
    /// Dice that fall by `seed`.
    ///
    /// # Errors
    /// [`Overfull`] when the odds of one roll add up to more than a million.
    pub fn new(seed: u64, odds: Odds, pace: Pace) -> Result<Self, Overfull> {
        let sum = |chances: &[Chance]| chances.iter().map(|chance| u64::from(chance.0)).sum::<u64>();
        let mishaps: Vec<Chance> = Mishap::ALL.iter().map(|mishap| odds.of(*mishap)).collect();
        let fates = [odds.lose, odds.give_back, odds.miss, odds.damage];
        for (of, sum) in [("mishaps", sum(&mishaps)), ("fates", sum(&fates))] {
            if sum > u64::from(MILLION) {
                return Err(Overfull { of, sum });
            }
        }
        Ok(Self { seed, odds, pace })
    }

    pub(super) fn odds(&self) -> &Odds {
        &self.odds
    }

    pub(super) fn pace(&self) -> &Pace {
        &self.pace
    }

    /// Whether the address of the booking under `call`'s key is refused: the same for every try of one key.
    pub(super) fn refuses(&self, subject: &str, script: Option<&str>) -> bool {
        script == Some("address_unknown") || self.odds.refuse.comes_up(&mut self.dice("refuse", subject, 0))
    }

    /// What becomes of the parcel.
    pub(super) fn fate(&self, number: &Number, script: Option<&str>) -> Fate {
        match script {
            Some("lost") => return Fate::Lost,
            Some("returned") => return Fate::Returned,
            Some("missed") => return Fate::Missed,
            Some("damaged") => return Fate::Damaged,
            Some(_) | None => {}
        }
        let mut rolled = self.dice("fate", number.as_str(), 0).u32(0..MILLION);
        let Odds { lose, give_back, miss, damage, .. } = self.odds;
        for (Chance(share), fate) in
            [(lose, Fate::Lost), (give_back, Fate::Returned), (miss, Fate::Missed), (damage, Fate::Damaged)]
        {
            if rolled < share {
                return fate;
            }
            rolled -= share;
        }
        Fate::Arrives
    }

    /// What goes wrong with the `nth` try of `call` (from 1), and how late its answer is.
    #[must_use]
    pub fn mishap(&self, call: &Call, nth: u32) -> (Option<Mishap>, Duration) {
        let by_name = |name| Mishap::ALL.iter().copied().find(|mishap| mishap.as_str() == name);
        if let Some(first) = call.script().and_then(by_name).filter(|_| nth == 1) {
            let late = if first == Mishap::Slow { self.pace.slow_up_to } else { Duration::ZERO };
            return (Some(first), late);
        }
        let mut dice = self.dice("mishap", &call.subject(), nth);
        let mut rolled = dice.u32(0..MILLION);
        for mishap in Mishap::ALL {
            let Chance(share) = self.odds.of(*mishap);
            if rolled < share {
                let longest = u64::try_from(self.pace.slow_up_to.as_micros()).unwrap_or(u64::MAX);
                let late = if *mishap == Mishap::Slow { dice.u64(0..=longest) } else { 0 };
                return (Some(*mishap), Duration::from_micros(late));
            }
            rolled -= share;
        }
        (None, Duration::ZERO)
    }

    pub(super) fn dice(&self, what: &str, subject: &str, nth: u32) -> fastrand::Rng {
        let names = ["simulated-carrier", &self.seed.to_string(), what, subject, &nth.to_string()];
        fastrand::Rng::with_seed(MessageId::named(&names).0.as_u64_pair().0)
    }
}
