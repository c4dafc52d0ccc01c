//! The mailbox.

use contracts::Timestamp;
use futures_util::future::BoxFuture;
use notification::mailbox::simulated::{evidence_of, query_for, request_for};
use notification::mailbox::{Evidence, MailKey, Mailbox, Message, Unavailable};
use notification::simulated::faults::{Chance, Faults, Odds};
use notification::simulated::wire::Request;
use notification::simulated::{self, PostOffice};

use super::host::{Answer, Machine, SLOW, Wire, answers, chance, names};

answers!(simulated);

impl Machine for PostOffice {
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

    names!("mailbox");
}

/// What the receiving side says, and nothing else: no misbehaviour.
fn verdicts() -> Odds {
    Odds { bounce: Chance::percent(5), refuse: Chance::percent(5), ..Odds::default() }
}

fn mishaps(rng: &mut fastrand::Rng) -> Odds {
    let mut chance = || Chance(chance(rng) / 2);
    Odds {
        timeout_before: chance(),
        timeout_after: chance(),
        reset_before: chance(),
        reset_after: chance(),
        error_before: chance(),
        error_after: chance(),
        unreadable: chance(),
        busy: chance(),
        deferred: chance(),
        throttled: chance(),
        slow: chance(),
        ..verdicts()
    }
}

#[expect(clippy::expect_used, reason = "a programmer error: eleven chances below a twentieth are below one")]
fn dice(seed: u64, odds: Odds) -> Faults {
    Faults::new(seed, odds, SLOW).expect("odds that add up to less than one")
}

impl Mailbox for Wire<PostOffice> {
    fn send<'a>(
        &'a self,
        key: &'a MailKey,
        message: &'a Message,
    ) -> BoxFuture<'a, Result<Evidence, Unavailable>> {
        Box::pin(self.ask(request_for(key, message)))
    }

    fn lookup<'a>(&'a self, key: &'a MailKey) -> BoxFuture<'a, Result<Evidence, Unavailable>> {
        Box::pin(self.ask(query_for(key)))
    }
}

impl Wire<PostOffice> {
    async fn ask(&self, request: Request) -> Result<Evidence, Unavailable> {
        let answer = Self::send(self, &request).await.ok_or(Unavailable::Unreachable)?;
        evidence_of(&theirs(answer))
    }
}
