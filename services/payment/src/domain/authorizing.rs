//! Holding the money: asked for once the order is placed and its stock reserved.

use contracts::events::payment::DeclineReason;
use contracts::{Money, Timestamp};

use super::{Ask, HOLDS, News, Next, Payment, Placed, Release, State};
use crate::gateway::{Authorize, Evidence, Operation, Reference, Step};

impl Payment {
    /// order.placed: one half of what is needed to ask the provider.
    pub fn place(&mut self, placed: Placed) -> Next {
        if self.placed.is_none() {
            self.placed = Some(placed);
        }
        let next = self.begin();
        self.settle(next)
    }

    /// stock.reserved: the other half.
    pub fn reserve(&mut self) -> Next {
        self.reserved = true;
        let next = self.begin();
        self.settle(next)
    }

    /// Whoever completes the two halves asks the provider, unless the order has ended.
    fn begin(&mut self) -> Next {
        let (State::Waiting, Some(placed), true) = (&self.state, &self.placed, self.reserved) else {
            return Next::default();
        };
        if placed.money.amount_minor > 0 {
            return self.ask_to_hold(None);
        }
        self.state = State::Free;
        match nothing_to_pay() {
            Some(reference) => Next::tell(News::Authorized(reference, None)),
            None => Next::default(),
        }
    }

    /// Asks for a hold under a key of its own; `renews` is the one before, which has run out.
    pub(super) fn ask_to_hold(&mut self, renews: Option<Reference>) -> Next {
        let attempt = self.holds_asked() + 1;
        let (Some(placed), Some(payment_id), Some(key)) =
            (self.placed.clone(), self.id(), self.key(Step::Authorize, attempt))
        else {
            return Next::default();
        };
        self.holds = attempt;
        let authorize = Authorize { key, payment_id, money: placed.money, token: placed.token };
        self.state = State::Authorizing { authorize: authorize.clone(), unknown: None, renews };
        Next::ask(Ask::to(Operation::Authorize(authorize)))
    }

    pub(super) fn learn_of_authorizing(
        &mut self,
        authorize: Authorize,
        renews: Option<Reference>,
        evidence: Evidence,
    ) -> Next {
        match evidence {
            Evidence::Authorized { reference, amount_minor, currency, expires_at } => {
                let held = Money { amount_minor, currency };
                match renews {
                    None => self.hold(authorize, (reference, expires_at), held),
                    Some(before) => self.hold_again(authorize, (reference, expires_at), (held, before)),
                }
            }
            // Nobody waits at the till any more.
            Evidence::ActionRequired { reference, .. } if renews.is_some() || self.cancelled.is_some() => {
                match renews.filter(|_| self.cancelled.is_none()) {
                    None => self.void(&authorize.key, Some(reference)),
                    Some(before) => {
                        let next = self.let_go(&authorize.key, Some(reference), Release::TurnedUp);
                        next.then(self.lapse(before, "action_required".to_owned()))
                    }
                }
            }
            Evidence::ActionRequired { reference, action_url, expires_at } => {
                let look = Ask::to_look_again(&authorize.key);
                let news = News::ActionRequired(reference.clone(), action_url.clone(), expires_at);
                self.state = State::ActionRequired { authorize, reference, action_url };
                Next::tell(news).then(Next::ask(look))
            }
            Evidence::Declined { reason, code, .. } => self.not_held(renews, reason, code),
            Evidence::Refused { code } => self.not_held(renews, DeclineReason::InvalidMethod, code),
            Evidence::Voided => match renews {
                Some(before) => self.lapse(before, "voided".to_owned()),
                None => {
                    self.state = State::Voided { reference: None, authorize: Some(authorize.key) };
                    Next::tell(News::Voided(None))
                }
            },
            Evidence::NotFound | Evidence::Unknown { .. } if self.cancelled.is_some() => {
                self.void(&authorize.key, None)
            }
            Evidence::Unknown { why } => {
                let operation = Operation::Authorize(authorize.clone());
                self.state = State::Authorizing { authorize, unknown: Some(why), renews };
                Next::ask(Ask::after_unknown(why, operation))
            }
            Evidence::Expired => self.ran_out_unseen(&authorize, renews),
            // But for absence, not a word about the authorization: ask again.
            Evidence::NotFound
            | Evidence::Captured { .. }
            | Evidence::Refunded { .. }
            | Evidence::Disputed => Next::ask(Ask::to_again(Operation::Authorize(authorize))),
        }
    }

    pub(super) fn learn_of_action(
        &mut self,
        authorize: Authorize,
        held: Reference,
        evidence: Evidence,
    ) -> Next {
        let completed = Next::tell(News::ActionCompleted(held));
        match evidence {
            Evidence::Authorized { reference, amount_minor, currency, expires_at } => {
                let held = Money { amount_minor, currency };
                completed.then(self.hold(authorize, (reference, expires_at), held))
            }
            Evidence::Declined { reason, code, .. } => completed.then(self.decline(reason, code)),
            Evidence::Refused { code } => {
                completed.then(self.decline(DeclineReason::AuthenticationFailed, code))
            }
            Evidence::Voided => {
                completed.then(self.decline(DeclineReason::AuthenticationFailed, "voided".to_owned()))
            }
            Evidence::Expired => {
                completed.then(self.decline(DeclineReason::AuthenticationFailed, "expired".to_owned()))
            }
            Evidence::ActionRequired { .. }
            | Evidence::NotFound
            | Evidence::Unknown { .. }
            | Evidence::Captured { .. }
            | Evidence::Refunded { .. }
            | Evidence::Disputed => Next::ask(Ask::to_look_again(&authorize.key)),
        }
    }

    fn hold(
        &mut self,
        authorize: Authorize,
        (reference, expires_at): (Reference, Option<Timestamp>),
        held: Money,
    ) -> Next {
        if self.cancelled.is_some() {
            return self.void(&authorize.key, Some(reference));
        }
        if held != authorize.money {
            let news = News::Declined(DeclineReason::ProviderError, Some("amount_mismatch".to_owned()));
            return Next::tell(news).then(self.void(&authorize.key, Some(reference)));
        }
        let expiry = expires_at.map(|at| (at, authorize.key.clone()));
        self.state = State::Authorized { authorize, reference: reference.clone(), expires_at };
        Next { expiry, ..Next::tell(News::Authorized(reference, expires_at)) }
    }

    /// It was held, and has run out before that was known.
    fn ran_out_unseen(&mut self, authorize: &Authorize, renews: Option<Reference>) -> Next {
        if self.cancelled.is_some() {
            self.state = State::Voided { reference: None, authorize: Some(authorize.key.clone()) };
            return Next::tell(News::Voided(None));
        }
        if self.holds_asked() >= HOLDS {
            return self.not_held(renews, DeclineReason::ProviderError, "held_too_often".to_owned());
        }
        let next = self.let_go(&authorize.key, None, Release::RanOut);
        next.then(self.ask_to_hold(renews))
    }

    fn not_held(&mut self, renews: Option<Reference>, reason: DeclineReason, code: String) -> Next {
        match renews {
            None => self.decline(reason, code),
            Some(before) => self.lapse(before, code),
        }
    }

    fn decline(&mut self, reason: DeclineReason, code: String) -> Next {
        self.state = State::Declined { reason, code: code.clone() };
        Next::tell(News::Declined(reason, Some(code)))
    }
}

/// What a provider's name is where no provider was asked.
pub(super) fn nothing_to_pay() -> Option<Reference> {
    Reference::try_from("nothing-to-pay".to_owned()).ok()
}
