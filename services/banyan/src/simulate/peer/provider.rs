//! The payment provider.

use std::sync::Arc;

use contracts::Timestamp;
use futures_util::future::BoxFuture;
use payment::gateway::simulated::{evidence_of, query_for, request_for, told_in};
use payment::gateway::{Evidence, Gateway, Operation, ProviderKey, Told, Unavailable};
use payment::simulated::faults::{Chance, Faults, Odds};
use payment::simulated::wire::Request;
use payment::simulated::{self, Provider};

use super::host::{Answer, Host, Machine, SLOW, Tells, Wire, answers, chance, names};

answers!(simulated);

impl Machine for Provider {
    fn open(seed: u64, rng: &mut fastrand::Rng) -> Self {
        let odds = if rng.u8(0..4) == 0 { verdicts() } else { mishaps(rng) };
        Self::new(dice(seed, odds))
    }

    fn calm(&mut self, seed: u64) {
        self.set_faults(dice(seed, verdicts()));
    }

    fn call(&mut self, now: Timestamp, request: &[u8]) -> Answer {
        ours(Self::call(self, now, request))
    }

    fn keys(&self) -> Vec<String> {
        self.journal().iter().map(|entry| entry.key.to_string()).collect()
    }

    names!("provider");
}

impl Tells for Provider {
    const LISTENER: (&'static str, &'static str) = ("payment", "/providers/simulated/webhooks");

    fn next_due(&self) -> Option<Timestamp> {
        Self::next_due(self)
    }

    fn next_webhook(&mut self, now: Timestamp) -> Option<(u64, Vec<u8>)> {
        Self::next_webhook(self, now).map(|webhook| (webhook.seq, webhook.body))
    }

    fn heard(&mut self, number: u64) {
        Self::heard(self, number);
    }
}

impl Host<Provider> {
    /// The customer acts on the provider's page.
    pub(super) fn act(self: &Arc<Self>, now: Timestamp, action_url: &str, outcome: &str) {
        let request = Request {
            method: "POST".to_owned(),
            path: format!("{action_url}/complete"),
            key: None,
            body: format!(r#"{{"outcome":"{outcome}"}}"#),
        };
        let bytes = serde_json::to_vec(&request).unwrap_or_default();
        self.with(|provider| Provider::call(provider, now, &bytes));
        self.stir();
    }
}

/// What the issuer says, and nothing else: no misbehaviour.
fn verdicts() -> Odds {
    Odds {
        decline: Chance::percent(5),
        action: Chance::percent(10),
        action_fails: Chance::percent(20),
        capture_declined: Chance::percent(3),
        dispute: Chance::percent(5),
        dispute_lost: Chance::percent(50),
        ..Odds::default()
    }
}

fn mishaps(rng: &mut fastrand::Rng) -> Odds {
    let mut chance = || Chance(chance(rng));
    Odds {
        told_twice: chance(),
        told_late: chance(),
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
        ..verdicts()
    }
}

#[expect(clippy::expect_used, reason = "a programmer error: ten chances below a tenth are below one")]
fn dice(seed: u64, odds: Odds) -> Faults {
    Faults::new(seed, odds, SLOW).expect("odds that add up to less than one")
}

impl Gateway for Wire<Provider> {
    fn execute<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Result<Evidence, Unavailable>> {
        Box::pin(self.ask(request_for(operation)))
    }

    fn query<'a>(&'a self, key: &'a ProviderKey) -> BoxFuture<'a, Result<Evidence, Unavailable>> {
        Box::pin(self.ask(query_for(key)))
    }

    fn told(&self, body: &[u8]) -> Option<Vec<Told>> {
        told_in(body)
    }
}

impl Wire<Provider> {
    async fn ask(&self, request: Request) -> Result<Evidence, Unavailable> {
        let answer = self.send(&request).await.ok_or(Unavailable::Unreachable)?;
        evidence_of(&theirs(answer))
    }
}
