//! A hold that runs out is held again, under the next key, as long as the order stands.

use contracts::events::payment::CaptureFailure;
use contracts::{Money, Timestamp};

use super::{CAPTURES, News, Next, Payment, Release, State};
use crate::gateway::{Authorize, Capture, ProviderKey, Reference};

/// How often the money of one order is held at most: each hold lasts about a week.
pub const HOLDS: u32 = 6;

impl Payment {
    /// The time of the hold under `key` is up, if it is still the one that counts.
    pub fn run_out(&mut self, key: &ProviderKey, now: Timestamp) -> Next {
        let State::Authorized { authorize, expires_at: Some(at), .. } = &self.state else {
            return Next::default();
        };
        if authorize.key != *key {
            return Next::default();
        }
        if now < *at {
            return Next { expiry: Some((*at, key.clone())), ..Next::default() };
        }
        let next = self.hold_is_over();
        self.settle(next)
    }

    /// What is held is not held any more, by the clock or by the provider's word.
    pub(super) fn hold_is_over(&mut self) -> Next {
        let State::Authorized { authorize, reference, .. } = &self.state else { return Next::default() };
        let (key, reference) = (authorize.key.clone(), reference.clone());
        self.renew(&key, reference)
    }

    /// The hold before is let go all the same: by the provider's clock it may stand for a while.
    fn renew(&mut self, key: &ProviderKey, before: Reference) -> Next {
        let next = self.let_go(key, Some(before.clone()), Release::RanOut);
        if self.holds_asked() >= HOLDS {
            return next.then(self.lapse(before, "held_too_often".to_owned()));
        }
        next.then(self.ask_to_hold(Some(before)))
    }

    /// The money is held again. Nobody is told: nothing has changed for anybody.
    pub(super) fn hold_again(
        &mut self,
        authorize: Authorize,
        (reference, expires_at): (Reference, Option<Timestamp>),
        (held, before): (Money, Reference),
    ) -> Next {
        if self.cancelled.is_some() {
            return self.void(&authorize.key, Some(reference));
        }
        if held != authorize.money {
            let next = self.let_go(&authorize.key, Some(reference), Release::TurnedUp);
            return next.then(self.lapse(before, "amount_mismatch".to_owned()));
        }
        let expiry = expires_at.map(|at| (at, authorize.key.clone()));
        self.state = State::Authorized { authorize, reference, expires_at };
        Next { expiry, ..Next::default() }
    }

    /// It is not held again. Who waits for the money is told so; else whoever would.
    pub(super) fn lapse(&mut self, before: Reference, code: String) -> Next {
        self.state = State::Expired { reference: before.clone(), code };
        if self.ready.is_some() || self.cancelled.is_some() {
            return Next::default();
        }
        Next::tell(News::Expired(before))
    }

    /// A capture came too late for its hold.
    pub(super) fn capture_ran_out(&mut self, capture: &Capture) -> Next {
        let before = capture.reference.clone();
        let (code, reason) = match self.cancelled {
            Some(_) => ("cancelled", CaptureFailure::Cancelled),
            None if self.captures.len() >= CAPTURES => {
                ("captured_too_late", CaptureFailure::AuthorizationExpired)
            }
            None => return self.renew(&capture.authorize, before),
        };
        let next = self.let_go(&capture.authorize, Some(before.clone()), Release::RanOut);
        self.state = State::Expired { reference: before, code: code.to_owned() };
        next.then(self.not_captured(reason, None))
    }
}
