//! The carrier.

use std::time::Duration;

use contracts::Timestamp;
use futures_util::future::BoxFuture;
use shipping::carrier::simulated::{evidence_of, look_up_for, request_for, told_in, track_for};
use shipping::carrier::{Carrier, CarrierKey, Evidence, Operation, Told, TrackingNumber, Unavailable};
use shipping::simulated::faults::{Chance, Faults, Odds, Pace};
use shipping::simulated::wire::Request;
use shipping::simulated::{self, Depot};

use super::host::{Answer, Machine, SLOW, Tells, Wire, answers, chance, names};

answers!(simulated);

impl Machine for Depot {
    fn open(seed: u64, rng: &mut fastrand::Rng) -> Self {
        let odds = if rng.u8(0..4) == 0 { fates() } else { mishaps(rng) };
        Self::new(dice(seed, odds))
    }

    fn calm(&mut self, seed: u64) {
        self.set_faults(dice(seed, fates()));
    }

    fn call(&mut self, now: Timestamp, request: &[u8]) -> Answer {
        ours(Self::call(self, now, request))
    }

    fn keys(&self) -> Vec<String> {
        self.journal().iter().map(|entry| entry.key.to_string()).collect()
    }

    names!("carrier");
}

impl Tells for Depot {
    const LISTENER: (&'static str, &'static str) = ("shipping", "/carriers/simulated/webhooks");

    fn next_due(&self) -> Option<Timestamp> {
        Self::next_due(self)
    }

    fn next_webhook(&mut self, now: Timestamp) -> Option<(u64, Vec<u8>)> {
        Self::next_webhook(self, now).map(|webhook| (webhook.seq, webhook.body))
    }

    /// As the real one: then it is lost, and who wants to know has to ask.
    fn sends(&self) -> u32 {
        3
    }
}

/// What becomes of parcels, and nothing else: no misbehaviour.
fn fates() -> Odds {
    let percent = Chance::percent;
    Odds {
        refuse: percent(3),
        lose: percent(4),
        give_back: percent(4),
        miss: percent(6),
        damage: percent(3),
        ..Odds::default()
    }
}

fn mishaps(rng: &mut fastrand::Rng) -> Odds {
    let mut chance = || Chance(chance(rng));
    Odds {
        untold: chance(),
        told_twice: chance(),
        timeout_before: chance(),
        timeout_after: chance(),
        reset_before: chance(),
        reset_after: chance(),
        error_before: chance(),
        error_after: chance(),
        unreadable: chance(),
        busy: chance(),
        throttled: chance(),
        slow: chance(),
        ..fates()
    }
}

#[expect(clippy::expect_used, reason = "a programmer error: ten chances below a tenth are below one")]
fn dice(seed: u64, odds: Odds) -> Faults {
    let step = Duration::from_secs(3_600);
    let pace = Pace { step, late_up_to: 2 * step, slow_up_to: SLOW };
    Faults::new(seed, odds, pace).expect("odds that add up to less than one")
}

impl Carrier for Wire<Depot> {
    fn execute<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Result<Evidence, Unavailable>> {
        Box::pin(self.ask(request_for(operation)))
    }

    fn look_up<'a>(&'a self, key: &'a CarrierKey) -> BoxFuture<'a, Result<Evidence, Unavailable>> {
        Box::pin(self.ask(look_up_for(key)))
    }

    fn track<'a>(&'a self, number: &'a TrackingNumber) -> BoxFuture<'a, Result<Evidence, Unavailable>> {
        Box::pin(self.ask(track_for(number)))
    }

    fn told(&self, body: &[u8]) -> Option<Vec<Told>> {
        told_in(body)
    }
}

impl Wire<Depot> {
    async fn ask(&self, request: Request) -> Result<Evidence, Unavailable> {
        let answer = self.send(&request).await.ok_or(Unavailable::Unreachable)?;
        evidence_of(&theirs(answer))
    }
}
