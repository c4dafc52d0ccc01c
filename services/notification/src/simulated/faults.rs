//! Reproducible misbehaviour: what the receiving side says, and what goes wrong on the way.
//!
//! Every roll is a function of the seed, the key (or the address) and, for what goes wrong on the way, which try it is.
//! It does not depend on when a request arrives or on what arrived before, so a run with the same seed meets the same
//! faults. An address whose local part is `sim-` and the name of a fault brings it about, once.

use std::time::Duration;

use peers::MILLION;
pub use peers::{Chance, Mishap, Overfull};

use super::call::Call;
use super::ledger::Verdict;

peers::odds! {
    /// How often what goes wrong. All zero is a mailbox that always works.
    pub struct Odds {
        /// Nobody is at an address; at most a million together with `refuse`.
        bounce,
        /// An address does not want anything.
        refuse,
        /// A letter is not taken this time; the next one may be.
        deferred,
    }
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
        Overfull::check(&[
            ("mishaps", &odds.mishaps()),
            ("verdicts", &[odds.bounce, odds.refuse]),
            ("deferrals", &[odds.deferred]),
        ])?;
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

    /// Whether the `nth` try of `call` (from 1) is put off.
    pub(super) fn defers(&self, call: &Call, nth: u32) -> bool {
        let Some(letter) = call.letter() else { return false };
        let is_wished = nth == 1 && letter.wish() == Some("deferred");
        is_wished || self.odds.deferred.comes_up(&mut self.dice("deferral", &peers::Call::subject(call), nth))
    }

    fn dice(&self, what: &str, subject: &str, nth: u32) -> fastrand::Rng {
        peers::dice(&[&self.seed.to_string(), what, subject, &nth.to_string()])
    }
}

impl peers::Faults<Call> for Faults {
    fn mishap(&self, call: &Call, nth: u32) -> (Option<Mishap>, Duration) {
        let wish = call.letter().and_then(|letter| letter.wish()).filter(|_| nth == 1);
        let mut dice = self.dice("mishap", &peers::Call::subject(call), nth);
        Mishap::of_try(
            wish.and_then(Mishap::named),
            |mishap| self.odds.of(mishap),
            &mut dice,
            self.slow_up_to,
        )
    }
}

#[cfg(test)]
mod tests;
