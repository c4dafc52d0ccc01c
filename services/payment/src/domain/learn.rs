//! The one way in for evidence: answers to calls, and what the provider tells of its own accord.

use super::{Next, Payment, Release, State};
use crate::gateway::{Evidence, ProviderKey, Step, Subject};

impl Payment {
    /// What stands under `key`, by an answer or by a webhook: possibly late, possibly repeated, possibly before the
    /// answer to the call that it is about.
    pub fn learn(&mut self, key: &ProviderKey, evidence: Evidence) -> Next {
        let is_ours = |payment: &contracts::PaymentId| payment.as_str() == self.order_id.as_str();
        let next = match key.subject() {
            Some(Subject::Refund(id)) => self.learn_of_refund(&id, key, evidence),
            Some(Subject::Payment(id, step)) if is_ours(&id) => match step {
                Step::Authorize => self.learn_of_authorization(key, evidence),
                Step::Capture => self.learn_of_capture(key, evidence),
                Step::Void => self.learn_of_void(key, evidence),
            },
            Some(Subject::Payment(..)) | None => Next::default(),
        };
        self.settle(next)
    }

    /// What a provider told of its own accord. It begins no second round of questions about what is asked about
    /// already: whoever waits for the answer asks again.
    pub fn hear(&mut self, key: &ProviderKey, evidence: Evidence) -> Next {
        if matches!(evidence, Evidence::Unknown { .. } | Evidence::NotFound) {
            return Next::default();
        }
        // Unless nobody asks about it any more.
        let nobody_asks = self.is_heard_of(key);
        let mut next = self.learn(key, evidence);
        next.asks
            .retain(|ask| nobody_asks || matches!(ask, super::Ask::Now(_)) || ask.question().key() != key);
        next
    }

    fn learn_of_authorization(&mut self, key: &ProviderKey, evidence: Evidence) -> Next {
        match &self.state {
            State::Authorizing { authorize, renews, .. } if authorize.key == *key => {
                self.learn_of_authorizing(authorize.clone(), renews.clone(), evidence)
            }
            State::ActionRequired { authorize, reference, .. } if authorize.key == *key => {
                self.learn_of_action(authorize.clone(), reference.clone(), evidence)
            }
            State::Authorized { authorize, .. } if authorize.key == *key => self.learn_of_hold(evidence),
            State::Voiding { void, .. } if void.authorize == *key => match evidence {
                // That it was held is known; that nothing is held any more is what is asked for.
                Evidence::Voided | Evidence::Declined { .. } | Evidence::Expired => {
                    self.learn_of_voiding(void.clone(), evidence)
                }
                _ => Next::default(),
            },
            // Covered: it was taken, is being taken, or was let go by the provider's word.
            State::Capturing { authorize, .. } if authorize.key == *key => Next::default(),
            State::Captured { capture, .. } if capture.authorize == *key => Next::default(),
            State::Voided { authorize, .. } if authorize.as_ref().is_none_or(|covered| covered == key) => {
                Next::default()
            }
            _ => self.learn_of_past_hold(key, evidence),
        }
    }

    /// More about the hold that counts.
    fn learn_of_hold(&mut self, evidence: Evidence) -> Next {
        match evidence {
            Evidence::Expired => self.hold_is_over(),
            Evidence::Voided => {
                let State::Authorized { authorize, reference, .. } = &self.state else {
                    return Next::default();
                };
                let reference = Some(reference.clone());
                let news = super::News::Voided(reference.clone());
                self.state = State::Voided { reference, authorize: Some(authorize.key.clone()) };
                Next::tell(news)
            }
            // Said before, or older than what is known.
            Evidence::Authorized { .. }
            | Evidence::Declined { .. }
            | Evidence::ActionRequired { .. }
            | Evidence::Captured { .. }
            | Evidence::Refunded { .. }
            | Evidence::Disputed
            | Evidence::NotFound
            | Evidence::Refused { .. }
            | Evidence::Unknown { .. } => Next::default(),
        }
    }

    /// A hold that turns up when it is not expected any more is let go.
    fn learn_of_past_hold(&mut self, key: &ProviderKey, evidence: Evidence) -> Next {
        match evidence {
            Evidence::Authorized { reference, .. } if (1..=self.holds_asked()).contains(&key.attempt()) => {
                self.let_go(key, Some(reference), Release::TurnedUp)
            }
            _ => Next::default(),
        }
    }

    fn learn_of_capture(&mut self, key: &ProviderKey, evidence: Evidence) -> Next {
        match &self.state {
            State::Capturing { authorize, capture, .. } if capture.key == *key => {
                self.learn_of_capturing(authorize.clone(), capture.clone(), evidence)
            }
            _ => self.learn_of_past_capture(key, evidence),
        }
    }

    fn learn_of_void(&mut self, key: &ProviderKey, evidence: Evidence) -> Next {
        match &self.state {
            State::Voiding { void, .. } if void.key == *key => self.learn_of_voiding(void.clone(), evidence),
            _ => self.learn_of_stray(key, evidence),
        }
    }
}
