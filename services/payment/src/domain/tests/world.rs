//! A provider in a few lines: it acts at most once per key, loses answers, lets holds run out, and tells what happened
//! late, twice and in any order.

use std::collections::BTreeMap;

use contracts::events::payment::DisputeStatus;

use super::*;

/// What became of an authorization.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stands {
    Held,
    Declined,
    Voided,
    RanOut,
    Captured,
}

/// How likely things go wrong, in percent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Luck {
    pub(super) lost: u8,
    pub(super) declined: u8,
    pub(super) ran_out: u8,
}

pub(super) struct Provider {
    rng: fastrand::Rng,
    pub(super) luck: Luck,
    authorizations: BTreeMap<ProviderKey, Stands>,
    done: BTreeMap<ProviderKey, Evidence>,
    contested: bool,
    pub(super) captured: i64,
    pub(super) refunded: i64,
    /// What it has not told yet, or tells again.
    pub(super) news: Vec<Told>,
}

#[derive(Debug, Clone)]
pub(super) enum Told {
    Answer(ProviderKey, Evidence),
    Dispute(DisputeStatus, i64),
}

impl Provider {
    pub(super) fn new(seed: u64, luck: Luck) -> Self {
        Self {
            rng: fastrand::Rng::with_seed(seed),
            luck,
            authorizations: BTreeMap::new(),
            done: BTreeMap::new(),
            contested: false,
            captured: 0,
            refunded: 0,
            news: Vec::new(),
        }
    }

    pub(super) fn held(&self) -> usize {
        self.authorizations.values().filter(|stands| **stands == Stands::Held).count()
    }

    fn has(&mut self, percent: u8) -> bool {
        self.rng.u8(0..100) < percent
    }

    /// Asks it: perhaps it acts, and perhaps it answers.
    pub(super) fn ask(&mut self, question: &Question) -> Evidence {
        let lost = self.luck.lost;
        if self.has(lost) {
            return timeout();
        }
        let evidence = match question {
            Question::Look { key } => self.look(key),
            Question::Do { operation } => self.act(operation),
        };
        if self.has(lost) { timeout() } else { evidence }
    }

    fn look(&self, key: &ProviderKey) -> Evidence {
        match self.authorizations.get(key) {
            Some(_) => self.stands(key),
            None => self.done.get(key).cloned().unwrap_or(Evidence::NotFound),
        }
    }

    fn stands(&self, key: &ProviderKey) -> Evidence {
        match self.authorizations[key] {
            Stands::Held | Stands::Captured | Stands::RanOut => Evidence::Authorized {
                reference: reference(key.as_str()),
                amount_minor: 1_530,
                currency: Currency::GBP,
                expires_at: Some(NOW),
            },
            Stands::Declined => declined(),
            Stands::Voided => Evidence::Voided,
        }
    }

    fn act(&mut self, operation: &Operation) -> Evidence {
        if let Some(answer) = self.done.get(operation.key()) {
            return answer.clone();
        }
        let (evidence, is_done) = match operation {
            Operation::Authorize(authorize) => return self.authorize(&authorize.key),
            Operation::Void(void) => self.void(&void.authorize),
            Operation::Capture(capture) => self.capture(capture),
            Operation::Refund(refund) => self.refund(refund.money.amount_minor),
        };
        if is_done {
            let key = operation.key();
            self.done.insert(key.clone(), evidence.clone());
            self.news.push(Told::Answer(key.clone(), evidence.clone()));
        }
        evidence
    }

    fn authorize(&mut self, key: &ProviderKey) -> Evidence {
        if !self.authorizations.contains_key(key) {
            let declined = self.luck.declined;
            let stands = if self.has(declined) { Stands::Declined } else { Stands::Held };
            self.authorizations.insert(key.clone(), stands);
            let told = Told::Answer(key.clone(), self.stands(key));
            self.news.push(told);
        }
        self.stands(key)
    }

    fn void(&mut self, authorize: &ProviderKey) -> (Evidence, bool) {
        let stands = self.authorizations.entry(authorize.clone()).or_insert(Stands::Voided);
        match stands {
            Stands::Captured => (Evidence::Refused { code: "already-captured".into() }, false),
            Stands::RanOut => (Evidence::Expired, false),
            Stands::Held | Stands::Declined | Stands::Voided => {
                *stands = Stands::Voided;
                (Evidence::Voided, true)
            }
        }
    }

    fn capture(&mut self, capture: &Capture) -> (Evidence, bool) {
        let ran_out = self.luck.ran_out;
        if self.has(ran_out) {
            self.run_out(&capture.authorize);
        }
        match self.authorizations[&capture.authorize] {
            Stands::Held => {}
            Stands::RanOut => return (Evidence::Expired, false),
            Stands::Voided => return (Evidence::Voided, false),
            Stands::Declined | Stands::Captured => {
                return (Evidence::Refused { code: "nothing-held".into() }, false);
            }
        }
        let declined = self.luck.declined;
        if self.has(declined) {
            return (super::declined(), false);
        }
        self.authorizations.insert(capture.authorize.clone(), Stands::Captured);
        self.captured += capture.money.amount_minor;
        (captured(capture.money.amount_minor), true)
    }

    fn refund(&mut self, amount_minor: i64) -> (Evidence, bool) {
        if self.contested {
            return (Evidence::Disputed, false);
        }
        if self.refunded + amount_minor > self.captured {
            return (Evidence::Refused { code: "too-much".into() }, false);
        }
        self.refunded += amount_minor;
        (refunded(amount_minor), true)
    }

    fn run_out(&mut self, authorize: &ProviderKey) {
        if let Some(stands @ Stands::Held) = self.authorizations.get_mut(authorize) {
            *stands = Stands::RanOut;
        }
    }

    /// Time passes for a hold, by its own clock as by everybody's.
    pub(super) fn end(&mut self, authorize: &ProviderKey) {
        self.run_out(authorize);
    }

    /// The customer contests what was taken, or that is decided for the shop.
    pub(super) fn contest(&mut self, at: i64) {
        if self.captured > 0 {
            self.contested = !self.contested;
            let status = if self.contested { DisputeStatus::Opened } else { DisputeStatus::Won };
            self.news.push(Told::Dispute(status, at));
        }
    }

    pub(super) fn is_contested(&self) -> bool {
        self.contested
    }
}
