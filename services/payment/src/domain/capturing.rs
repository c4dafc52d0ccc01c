//! Taking the money: asked for once it is held and the parcel ready, and never after the order ended.

use contracts::events::payment::CaptureFailure;
use contracts::{Money, Timestamp};

use super::authorizing::nothing_to_pay;
use super::{Ask, CaptureTold, News, Next, Payment, Release, State, Stray, StrayState, Trouble};
use crate::gateway::{Authorize, Capture, Evidence, Operation, ProviderKey, Reference, Step};

/// How often a capture is begun at most: each further one follows a hold that ran out before it could be taken.
pub const CAPTURES: usize = 3;

impl Payment {
    /// shipment.ready: the money is taken as soon as it is held; where it never will be, that is the answer.
    pub fn ready(&mut self, now: Timestamp) -> Next {
        if self.ready.is_none() {
            self.ready = Some(now);
        }
        self.settle(Next::default())
    }

    /// Answers shipment.ready, once, if it was heard and there is an answer; after every other decision.
    pub(super) fn settle(&mut self, next: Next) -> Next {
        if self.ready.is_none() || self.capture_told.is_some() || self.placed.is_none() {
            return next;
        }
        let failure = match &self.state {
            State::Authorized { authorize, reference, .. } if self.cancelled.is_none() => {
                let (authorize, reference) = (authorize.clone(), reference.clone());
                return next.then(self.take(authorize, reference));
            }
            State::Free => return next.then(self.take_nothing()),
            State::Closed | State::Voiding { .. } | State::Voided { .. } | State::Expired { .. }
                if self.cancelled.is_some() =>
            {
                (CaptureFailure::Cancelled, None)
            }
            State::Declined { code, .. } => (CaptureFailure::Declined, Some(code.clone())),
            State::Expired { code, .. } => (CaptureFailure::AuthorizationExpired, Some(code.clone())),
            // Let go without a cancel: it is no longer set aside.
            State::Voiding { .. } | State::Voided { .. } | State::Closed => {
                (CaptureFailure::AuthorizationExpired, None)
            }
            State::Waiting
            | State::Authorizing { .. }
            | State::ActionRequired { .. }
            | State::Authorized { .. }
            | State::Capturing { .. }
            | State::Captured { .. } => return next,
        };
        next.then(self.not_captured(failure.0, failure.1))
    }

    /// Asks for the capture of what is held, under a key of its own.
    pub(crate) fn take(&mut self, authorize: Authorize, reference: Reference) -> Next {
        let attempt = u32::try_from(self.captures.len() + 1).unwrap_or(u32::MAX);
        let (Some(payment_id), Some(key)) = (self.id(), self.key(Step::Capture, attempt)) else {
            return Next::default();
        };
        let money = authorize.money;
        let capture = Capture { key, payment_id, authorize: authorize.key.clone(), reference, money };
        self.captures.push(capture.clone());
        self.state = State::Capturing { authorize, capture: capture.clone(), unknown: None };
        Next::ask(Ask::to(Operation::Capture(capture)))
    }

    /// For a planted bug: as if the provider's silence were its word that nothing was taken.
    pub(crate) fn give_up_capture(&mut self) -> Next {
        let Some(capture) = self.captures.last().cloned() else { return Next::default() };
        let reference = Some(capture.reference);
        self.state = State::Voided { reference, authorize: Some(capture.authorize) };
        self.not_captured(CaptureFailure::ProviderError, None)
    }

    fn take_nothing(&mut self) -> Next {
        let (Some(reference), Some(placed)) = (nothing_to_pay(), &self.placed) else {
            return Next::default();
        };
        let news = News::Captured(reference, placed.money);
        self.capture_told = Some(CaptureTold::Captured);
        Next::tell(news)
    }

    pub(super) fn learn_of_capturing(
        &mut self,
        authorize: Authorize,
        capture: Capture,
        evidence: Evidence,
    ) -> Next {
        match evidence {
            Evidence::Captured { reference, amount_minor, currency } => {
                self.taken(&capture, reference, Money { amount_minor, currency })
            }
            Evidence::Declined { code, .. } => {
                self.fail_capture(&capture, CaptureFailure::Declined, Some(code))
            }
            Evidence::Refused { code } => {
                self.fail_capture(&capture, CaptureFailure::ProviderError, Some(code))
            }
            Evidence::Voided => {
                let reference = Some(capture.reference);
                self.state = State::Voided { reference, authorize: Some(capture.authorize) };
                self.settle(Next::default())
            }
            Evidence::Expired => self.capture_ran_out(&capture),
            // Nothing was taken so far; letting go keeps a request that is still on its way from taking it.
            Evidence::NotFound if self.cancelled.is_some() => {
                self.fail_capture(&capture, CaptureFailure::Cancelled, None)
            }
            Evidence::Unknown { why } => {
                self.state = State::Capturing { authorize, capture: capture.clone(), unknown: Some(why) };
                // Who only wants to know does not ask for money again.
                Next::ask(match self.cancelled {
                    Some(_) => Ask::to_look_again(&capture.key),
                    None => Ask::after_unknown(why, Operation::Capture(capture)),
                })
            }
            // But for absence, not a word about the capture.
            Evidence::NotFound
            | Evidence::Authorized { .. }
            | Evidence::ActionRequired { .. }
            | Evidence::Refunded { .. }
            | Evidence::Disputed => Next::ask(match self.cancelled {
                Some(_) => Ask::to_look_again(&capture.key),
                None => Ask::to_again(Operation::Capture(capture)),
            }),
        }
    }

    /// The provider took it, whatever was believed before.
    fn taken(&mut self, capture: &Capture, reference: Reference, money: Money) -> Next {
        if money != capture.money {
            self.is_trouble(Trouble::TookAnother);
            return Next::default();
        }
        self.state = State::Captured { capture: capture.clone(), reference: reference.clone() };
        self.capture_told = Some(CaptureTold::Captured);
        let next = Next::tell(News::Captured(reference, money));
        next.then(self.begin_waiting_refunds())
    }

    fn fail_capture(&mut self, capture: &Capture, reason: CaptureFailure, code: Option<String>) -> Next {
        let next = self.not_captured(reason, code);
        next.then(self.void(&capture.authorize, Some(capture.reference.clone())))
    }

    pub(super) fn not_captured(&mut self, reason: CaptureFailure, code: Option<String>) -> Next {
        self.capture_told = Some(CaptureTold::Failed { reason, code: code.clone() });
        let reference = match (&self.state, self.captures.last()) {
            (_, Some(capture)) => Some(capture.reference.clone()),
            (State::Expired { reference, .. }, None) => Some(reference.clone()),
            (State::Voided { reference, .. }, None) => reference.clone(),
            (State::Voiding { void, .. }, None) => void.reference.clone(),
            (_, None) => None,
        };
        Next::tell(News::CaptureFailed(reason, code, reference))
    }

    /// Evidence about a capture that is not the one that is asked for now.
    pub(super) fn learn_of_past_capture(&mut self, key: &ProviderKey, evidence: Evidence) -> Next {
        let Some(capture) = self.captures.iter().find(|capture| capture.key == *key).cloned() else {
            return Next::default();
        };
        let Evidence::Captured { reference, amount_minor, currency } = evidence else {
            return self.ask_void_again(&capture);
        };
        let money = Money { amount_minor, currency };
        let next = match self.state.clone() {
            State::Captured { capture: now, .. } => {
                if now.key != capture.key {
                    self.is_trouble(Trouble::TookTwice);
                } else if now.money != money {
                    self.is_trouble(Trouble::TookAnother);
                }
                return Next::default();
            }
            // Another one is on its way, and cannot be called back.
            State::Capturing { .. } => {
                self.is_trouble(Trouble::TookTwice);
                return Next::default();
            }
            State::Authorized { authorize, reference, .. }
            | State::ActionRequired { authorize, reference, .. } => {
                self.let_go(&authorize.key, Some(reference), Release::TurnedUp)
            }
            State::Authorizing { authorize, .. } => self.let_go(&authorize.key, None, Release::TurnedUp),
            State::Voiding { void, unknown } if void.authorize != capture.authorize => {
                let state = StrayState::Asked { unknown };
                self.strays.push(Stray { void, why: Release::TurnedUp, state });
                Next::default()
            }
            State::Voiding { .. }
            | State::Waiting
            | State::Free
            | State::Declined { .. }
            | State::Voided { .. }
            | State::Expired { .. }
            | State::Closed => Next::default(),
        };
        next.then(self.taken(&capture, reference, money))
    }
}
