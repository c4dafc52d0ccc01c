//! What a bad client and a bad day do to orders: drawn from a seed and the order's key, so the same seed does the same.

use std::time::Duration;

use contracts::MessageId;

use super::customer::Choice;

/// What goes wrong with a request on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mischief {
    /// Nothing.
    None,
    /// The client sends it twice at once.
    Twice,
    /// The client hangs up before the answer comes, and asks again.
    HungUp(Duration),
    /// The client was answered, forgets it, and asks again.
    Forgotten,
}

/// Tokens of the simulated provider that make something of an order, with the chance of each in 1,000.
const TOKENS: [(&str, u32); 19] = [
    ("tok_declined", 15),
    ("tok_insufficient_funds", 10),
    ("tok_3ds", 15),
    ("tok_3ds_fails", 5),
    ("tok_timeout_before", 2),
    ("tok_timeout_after", 2),
    ("tok_reset_before", 5),
    ("tok_reset_after", 5),
    ("tok_5xx_before", 5),
    ("tok_5xx_after", 5),
    ("tok_unreadable", 5),
    ("tok_busy", 5),
    ("tok_throttled", 2),
    ("tok_slow", 5),
    ("tok_capture_declined", 10),
    ("tok_disputed", 5),
    ("tok_disputed_lost", 5),
    ("tok_expires", 5),
    ("tok_expires_declined", 5),
];

/// The dice of one seed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dice {
    seed: u64,
}

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// What goes wrong with the request of the order with `key`: with about one in seven something does.
    pub(super) fn mischief(&self, key: &str) -> Mischief {
        let mut dice = self.roll("mischief", key);
        match dice.u32(0..1_000) {
            0..50 => Mischief::Twice,
            50..100 => Mischief::HungUp(Duration::from_micros(dice.u64(100..30_000))),
            100..140 => Mischief::Forgotten,
            _ => Mischief::None,
        }
    }

    /// The token that the order with `key` pays with, when it is not the usual one.
    pub(super) fn token(&self, key: &str) -> Option<&'static str> {
        let mut rolled = self.roll("token", key).u32(0..1_000);
        for (token, chance) in TOKENS {
            if rolled < chance {
                return Some(token);
            }
            rolled -= chance;
        }
        None
    }

    /// What a customer does who is asked to authenticate for `amount`.
    pub(super) fn choice(&self, amount: &str) -> Choice {
        match self.roll("customer", amount).u32(0..10) {
            0..7 => Choice::Authenticate,
            7 => Choice::Fail,
            _ => Choice::WalkAway,
        }
    }

    /// When the customer of the order with `key` cancels it: some at once, some when it is on its way.
    pub(super) fn changes_mind(&self, key: &str) -> Option<Duration> {
        let mut dice = self.roll("mind", key);
        (dice.u32(0..1_000) < 40).then(|| Duration::from_millis(dice.u64(0..4_000)))
    }

    /// Whether the customer of the order with `key` sends some of it back.
    pub(super) fn sends_back(&self, key: &str) -> bool {
        self.roll("back", key).u32(0..1_000) < 40
    }

    fn roll(&self, what: &str, key: &str) -> fastrand::Rng {
        let (high, low) = MessageId::named(&["demo", what, &self.seed.to_string(), key]).0.as_u64_pair();
        fastrand::Rng::with_seed(high ^ low)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_mischief_happens_and_most_orders_are_spared() {
        let dice = Dice::new(1);
        let keys: Vec<String> = (0..10_000).map(|n| n.to_string()).collect();
        let count = |is: fn(Mischief) -> bool| keys.iter().filter(|key| is(dice.mischief(key))).count();
        for (what, many, range) in [
            ("none", count(|m| m == Mischief::None), 8_400..8_800),
            ("twice", count(|m| m == Mischief::Twice), 400..600),
            ("hung up", count(|m| matches!(m, Mischief::HungUp(_))), 400..600),
            ("forgotten", count(|m| m == Mischief::Forgotten), 320..480),
        ] {
            assert!(range.contains(&many), "{what}: {many}");
        }
        for (token, chance) in TOKENS {
            let many = keys.iter().filter(|key| dice.token(key) == Some(token)).count();
            assert!((many as f64 / f64::from(chance) - 10.0).abs() < 9.0, "{token}: {many}");
        }
    }
}
