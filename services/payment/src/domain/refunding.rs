//! Giving money back: several refunds of one payment, each with a name, a key and an end of its own.

use contracts::{Money, RefundId};
use serde::{Deserialize, Serialize};

use super::disputes::Standing;
use super::{Ask, News, Next, Payment, State, Trouble};
use crate::gateway::{Evidence, Operation, ProviderKey, Reference, Refund, Why};

/// How many refunds a payment has at most: an order has no more lines than that to send back one by one.
pub const MAX_REFUNDS: usize = 100;

/// What the provider says to a refund of money that the issuer has taken back already.
const CHARGED_BACK: &str = "charged_back";

/// Money to give back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refunding {
    /// How much.
    #[serde(flatten)]
    pub money: Money,
    /// How often it was begun; each time under a key of its own.
    #[serde(default)]
    pub attempt: u32,
    /// How it stands.
    pub state: RefundState,
}

/// How a refund stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum RefundState {
    /// Nothing is known to be taken yet that could be given back.
    Waiting,
    /// The provider was, or is about to be, asked to give it back.
    Asked {
        /// What was asked; its key stays the same.
        refund: Refund,
        /// Why nobody knows what came of it; absent while the first answer is awaited.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unknown: Option<Why>,
    },
    /// It was given back.
    Refunded {
        /// The provider's name for it.
        reference: Reference,
    },
    /// It was not given back: a person has to.
    Refused {
        /// In the provider's own word, or ours.
        code: String,
    },
    /// The customer contests the payment: it waits for the decision.
    Disputed,
    /// The customer has it back by the decision of a dispute: nothing is sent.
    Covered,
}

impl RefundState {
    /// The state's name, as answers show it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Asked { unknown: None, .. } => "asked",
            Self::Asked { unknown: Some(_), .. } => "unknown",
            Self::Refunded { .. } => "refunded",
            Self::Refused { .. } => "refused",
            Self::Disputed => "disputed",
            Self::Covered => "covered",
        }
    }

    /// Whether money went back, or may.
    fn takes_part(&self) -> bool {
        match self {
            Self::Waiting | Self::Asked { .. } | Self::Refunded { .. } | Self::Disputed => true,
            Self::Refused { .. } | Self::Covered => false,
        }
    }
}

/// order.refund-due cannot be kept: the payment has as many refunds as it can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a payment has {MAX_REFUNDS} refunds at most")]
pub struct TooManyRefunds;

impl Payment {
    /// order.refund-due: the same name never moves money twice.
    ///
    /// # Errors
    /// There are as many as can be: a person has to look.
    pub fn refund(&mut self, id: RefundId, money: Money) -> Result<Next, TooManyRefunds> {
        if let Some(known) = self.refunds.get(&id) {
            if known.money != money {
                self.is_trouble(Trouble::RefundContradicts);
            }
            return Ok(Next::default());
        }
        if self.refunds.len() >= MAX_REFUNDS {
            return Err(TooManyRefunds);
        }
        self.refunds.insert(id.clone(), Refunding { money, attempt: 0, state: RefundState::Waiting });
        Ok(self.begin_refund(&id))
    }

    /// Given back so far, in minor units.
    #[must_use]
    pub fn refunded_minor(&self) -> i64 {
        let back = self.refunds.values().filter(|r| matches!(r.state, RefundState::Refunded { .. }));
        back.map(|refund| refund.money.amount_minor).sum()
    }

    /// Given back, or on its way, in minor units: never more than was taken.
    #[must_use]
    pub fn reserved_for_refunds_minor(&self) -> i64 {
        let part = self.refunds.values().filter(|refund| refund.state.takes_part());
        part.map(|refund| refund.money.amount_minor).fold(0, i64::saturating_add)
    }

    pub(super) fn begin_waiting_refunds(&mut self) -> Next {
        let waiting = self.refunds.iter().filter(|(_, r)| r.state == RefundState::Waiting);
        let waiting: Vec<RefundId> = waiting.map(|(id, _)| id.clone()).collect();
        waiting.iter().fold(Next::default(), |next, id| next.then(self.begin_refund(id)))
    }

    /// Asks for a refund that waits, if there is something to give back.
    fn begin_refund(&mut self, id: &RefundId) -> Next {
        let State::Captured { capture, .. } = &self.state else { return Next::default() };
        let Some(refunding) = self.refunds.get(id) else { return Next::default() };
        let taken = capture.money;
        let fits = refunding.money.currency == taken.currency
            && refunding.money.amount_minor > 0
            && self.reserved_for_refunds_minor() <= taken.amount_minor;
        match self.standing() {
            Standing::Lost => self.end_refund(id, RefundState::Covered),
            _ if !fits => {
                self.is_trouble(Trouble::RefundContradicts);
                self.end_refund(id, RefundState::Refused { code: "more_than_was_taken".to_owned() })
            }
            Standing::Open => self.end_refund(id, RefundState::Disputed),
            Standing::None | Standing::Won => self
                .ask_refund(id)
                .map_or_else(Next::default, |refund| Next::ask(Ask::to(Operation::Refund(refund)))),
        }
    }

    /// The dispute that it waited for, or that had covered it, is decided for the shop.
    pub(super) fn begin_refund_again(&mut self, id: &RefundId) -> Next {
        let next = self.end_refund(id, RefundState::Waiting);
        next.then(self.begin_refund(id))
    }

    /// Makes the refund's next attempt the one that is asked for.
    fn ask_refund(&mut self, id: &RefundId) -> Option<Refund> {
        let payment_id = self.id()?;
        let State::Captured { capture, .. } = &self.state else { return None };
        let reference = capture.reference.clone();
        let refunding = self.refunds.get_mut(id)?;
        refunding.attempt += 1;
        let key = ProviderKey::of_refund(id, refunding.attempt);
        let refund = Refund { key, payment_id, refund_id: id.clone(), reference, money: refunding.money };
        refunding.state = RefundState::Asked { refund: refund.clone(), unknown: None };
        Some(refund)
    }

    pub(super) fn end_refund(&mut self, id: &RefundId, state: RefundState) -> Next {
        if let Some(refunding) = self.refunds.get_mut(id) {
            refunding.state = state;
        }
        Next::default()
    }

    pub(super) fn learn_of_refund(&mut self, id: &RefundId, key: &ProviderKey, evidence: Evidence) -> Next {
        let Some(refunding) = self.refunds.get(id) else { return Next::default() };
        match &refunding.state {
            RefundState::Asked { refund, .. } if refund.key == *key => {
                self.learn_of_asked(id, refund.clone(), evidence)
            }
            // Money that went back after all is not forgotten.
            RefundState::Refused { .. } | RefundState::Covered | RefundState::Disputed
                if (1..=refunding.attempt).contains(&key.attempt()) =>
            {
                match evidence {
                    Evidence::Refunded { reference, amount_minor, currency } => {
                        self.given_back(id, reference, Money { amount_minor, currency })
                    }
                    _ => Next::default(),
                }
            }
            _ => Next::default(),
        }
    }

    fn learn_of_asked(&mut self, id: &RefundId, refund: Refund, evidence: Evidence) -> Next {
        match evidence {
            Evidence::Refunded { reference, amount_minor, currency } => {
                self.given_back(id, reference, Money { amount_minor, currency })
            }
            Evidence::Disputed => self.refund_is_contested(id),
            Evidence::Refused { code } if code == CHARGED_BACK => self.end_refund(id, RefundState::Covered),
            Evidence::Refused { code } | Evidence::Declined { code, .. } => {
                self.is_trouble(Trouble::RefundRefused);
                self.end_refund(id, RefundState::Refused { code })
            }
            Evidence::Unknown { why } => {
                let state = RefundState::Asked { refund: refund.clone(), unknown: Some(why) };
                let next = Next::ask(Ask::after_unknown(why, Operation::Refund(refund)));
                self.end_refund(id, state).then(next)
            }
            // But for absence, not a word about the refund.
            Evidence::NotFound
            | Evidence::Authorized { .. }
            | Evidence::ActionRequired { .. }
            | Evidence::Voided
            | Evidence::Captured { .. }
            | Evidence::Expired => Next::ask(Ask::to_again(Operation::Refund(refund))),
        }
    }

    fn given_back(&mut self, id: &RefundId, reference: Reference, money: Money) -> Next {
        if self.refunds.get(id).is_none_or(|refunding| refunding.money != money) {
            self.is_trouble(Trouble::GaveBackAnother);
            return Next::default();
        }
        self.end_refund(id, RefundState::Refunded { reference: reference.clone() });
        let total = self.refunded_minor();
        Next::tell(News::Refunded(id.clone(), money, reference, total))
    }

    /// The provider refuses because of a dispute. Where all that are known are decided, the refusal is older than the
    /// decision, or there is one more: ask again a while later, under the next key.
    fn refund_is_contested(&mut self, id: &RefundId) -> Next {
        match self.standing() {
            Standing::None | Standing::Open => self.end_refund(id, RefundState::Disputed),
            Standing::Lost => self.end_refund(id, RefundState::Covered),
            Standing::Won => self
                .ask_refund(id)
                .map_or_else(Next::default, |refund| Next::ask(Ask::to_again(Operation::Refund(refund)))),
        }
    }
}
