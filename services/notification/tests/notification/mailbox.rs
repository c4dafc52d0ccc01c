//! The simulated mailbox in process: the same ledger and the same bytes as over HTTP.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use futures_util::future::BoxFuture;
use notification::mailbox::simulated::{evidence_of, query_for, request_for};
use notification::mailbox::{Evidence, MailKey, Mailbox, Message, Unavailable};
use notification::simulated::faults::{Faults, Odds};
use notification::simulated::ledger::Effect;
use notification::simulated::wire::Request;
use notification::simulated::{Letter, PostOffice};
use store::sim::{JumpingTime, SimTime};

pub(crate) struct Office {
    time: JumpingTime,
    seed: u64,
    inner: Mutex<Inner>,
}

struct Inner {
    office: PostOffice,
    /// Whether it can be reached.
    is_open: bool,
    /// How often it was asked, whether it answered or not.
    asked: u32,
}

impl Office {
    pub(crate) fn new(time: JumpingTime, seed: u64) -> Self {
        let office = PostOffice::new(dice(seed, Odds::default()));
        Self { time, seed, inner: Mutex::new(Inner { office, is_open: true, asked: 0 }) }
    }

    /// From now on this goes wrong this often.
    pub(crate) fn misbehave(&self, odds: Odds) {
        self.inner.lock().unwrap().office.set_faults(dice(self.seed, odds));
    }

    /// From now on it can be reached, or not.
    pub(crate) fn open(&self, is_open: bool) {
        self.inner.lock().unwrap().is_open = is_open;
    }

    pub(crate) fn asked(&self) -> u32 {
        self.inner.lock().unwrap().asked
    }

    /// Every letter that was taken, in order.
    pub(crate) fn letters(&self) -> Vec<Letter> {
        let inner = self.inner.lock().unwrap();
        let letter = |effect: &Effect| match effect {
            Effect::Accepted { letter, .. } => letter.clone(),
            Effect::Refused { .. } => None,
        };
        inner.office.journal().iter().filter_map(|entry| letter(&entry.effect)).collect()
    }

    /// What became of each key.
    pub(crate) fn outcomes(&self) -> BTreeMap<String, Option<String>> {
        let inner = self.inner.lock().unwrap();
        let outcomes = inner.office.ledger().outcomes();
        outcomes
            .map(|(key, outcome)| (key.to_string(), outcome.mail.as_ref().map(ToString::to_string)))
            .collect()
    }

    fn ask(&self, request: &Request) -> Result<Evidence, Unavailable> {
        let mut inner = self.inner.lock().unwrap();
        inner.asked += 1;
        if !inner.is_open {
            return Err(Unavailable::Unreachable);
        }
        evidence_of(&inner.office.call(self.time.now(), &serde_json::to_vec(request).unwrap()))
    }
}

fn dice(seed: u64, odds: Odds) -> Faults {
    Faults::new(seed, odds, Duration::from_secs(1)).unwrap()
}

impl Mailbox for Office {
    fn send<'a>(
        &'a self,
        key: &'a MailKey,
        message: &'a Message,
    ) -> BoxFuture<'a, Result<Evidence, Unavailable>> {
        Box::pin(async { self.ask(&request_for(key, message)) })
    }

    fn lookup<'a>(&'a self, key: &'a MailKey) -> BoxFuture<'a, Result<Evidence, Unavailable>> {
        Box::pin(async { self.ask(&query_for(key)) })
    }
}
