//! Reproducible misbehaviour: what becomes of parcels, and what goes wrong on the way to and from the carrier.
//!
//! Every roll is a function of the seed, the key and (for what goes wrong on the way) which try it is. It does not
//! depend on when a request arrives or on what arrived before, so a run with the same seed meets the same faults.

use std::time::Duration;

use peers::MILLION;
pub use peers::{Chance, Mishap, Overfull};

use super::call::Call;
use super::ids::Number;
use super::journey::Fate;

peers::odds! {
    /// How often what goes wrong. All zero is a carrier that always works and loses nothing.
    pub struct Odds {
        /// An address is refused.
        refuse,
        /// A parcel is lost. What becomes of parcels has at most a million chances together.
        lose,
        /// A parcel is brought back.
        give_back,
        /// A parcel is delivered at the second try.
        miss,
        /// A parcel arrives damaged.
        damage,
        /// A scan is not told by webhook.
        untold,
        /// A scan is told once more.
        told_twice,
    }
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
        let fates = [odds.lose, odds.give_back, odds.miss, odds.damage];
        Overfull::check(&[("mishaps", &odds.mishaps()), ("fates", &fates)])?;
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

    pub(super) fn dice(&self, what: &str, subject: &str, nth: u32) -> fastrand::Rng {
        peers::dice(&["simulated-carrier", &self.seed.to_string(), what, subject, &nth.to_string()])
    }
}

impl peers::Faults<Call> for Faults {
    fn mishap(&self, call: &Call, nth: u32) -> (Option<Mishap>, Duration) {
        let wish = call.script().and_then(Mishap::named).filter(|_| nth == 1);
        let mut dice = self.dice("mishap", &peers::Call::subject(call), nth);
        Mishap::of_try(wish, |mishap| self.odds.of(mishap), &mut dice, self.pace.slow_up_to)
    }
}
