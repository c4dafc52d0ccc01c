//! What happens to a payment: pure decisions over its document.
//!
//! Answers of the provider are evidence for one reducer, [`Payment::learn`]: late or repeated evidence cannot move a
//! payment backwards, and that nobody knows is a state of its own.

use contracts::events::payment::DeclineReason;
use contracts::{Money, OrderId, PaymentId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::gateway::{Authorize, Evidence, Operation, ProviderKey, Reference, Step, Token, Void, Why};

mod patience;

pub use patience::{LOOKS, TRIES, wait_before, wait_for_customer};

/// The payment of one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// The order, and with it the payment: one each in this version.
    pub order_id: OrderId,
    /// What order.placed said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placed: Option<Placed>,
    /// Whether stock.reserved was heard.
    #[serde(default)]
    pub reserved: bool,
    /// When the order ended; whatever is held from then on is let go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled: Option<Timestamp>,
    /// How it stands.
    pub state: State,
}

/// The half that order.placed brings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed {
    /// What to hold.
    #[serde(flatten)]
    pub money: Money,
    /// What pays.
    pub token: Token,
}

/// How a payment stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum State {
    /// Order and reservation are not both known yet.
    Waiting,
    /// The provider was, or is about to be, asked to hold the money.
    Authorizing {
        /// What was asked; its key stays the same however often it is asked again.
        authorize: Authorize,
        /// Why nobody knows what came of it; absent while the first answer is awaited.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unknown: Option<Why>,
    },
    /// The customer has to act at the provider.
    ActionRequired {
        /// What was asked.
        authorize: Authorize,
        /// The provider's name for it.
        reference: Reference,
        /// Where.
        action_url: String,
    },
    /// The money is held.
    Authorized {
        /// What was asked.
        authorize: Authorize,
        /// The provider's name for it.
        reference: Reference,
    },
    /// There is nothing to pay, so nothing is held.
    Free,
    /// Refused; nothing is held.
    Declined {
        /// Why.
        reason: DeclineReason,
        /// In the provider's own word.
        code: String,
    },
    /// What is, or may be, held is being let go.
    Voiding {
        /// What was asked; its key stays the same.
        void: Void,
        /// Why nobody knows what came of it; absent while the first answer is awaited.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unknown: Option<Why>,
    },
    /// Nothing is held any more, by the provider's word.
    Voided {
        /// The provider's name for what was held, if it was ever learnt.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<Reference>,
    },
    /// The order ended before the provider was asked anything.
    Closed,
}

/// What is to be told, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// payment.authorized
    Authorized(Reference, Option<Timestamp>),
    /// payment.declined
    Declined(DeclineReason, Option<String>),
    /// payment.action-required
    ActionRequired(Reference, String, Option<Timestamp>),
    /// payment.action-completed
    ActionCompleted(Reference),
    /// payment.voided
    Voided(Option<Reference>),
}

/// What is to be asked of the provider, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// At once.
    Now(Question),
    /// Once more, a while later: see [`wait_before`] and [`wait_for_customer`].
    Again(Question),
}

/// One question to the provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Question {
    /// Do this, or say what came of it when it was done under this key before.
    Do {
        /// What.
        operation: Operation,
    },
    /// What stands under this key?
    Look {
        /// Which.
        key: ProviderKey,
    },
}

impl Question {
    /// The key that it is about.
    #[must_use]
    pub fn key(&self) -> &ProviderKey {
        match self {
            Self::Do { operation } => operation.key(),
            Self::Look { key } => key,
        }
    }
}

/// What follows from a decision.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Next {
    /// To be told.
    pub news: Vec<News>,
    /// To be asked.
    pub ask: Option<Ask>,
}

impl Next {
    fn tell(news: News) -> Self {
        Self { news: vec![news], ask: None }
    }

    fn ask(ask: Ask) -> Self {
        Self { news: vec![], ask: Some(ask) }
    }
}

impl Payment {
    /// A payment of which nothing is known but its order.
    #[must_use]
    pub fn of(order_id: OrderId) -> Self {
        Self { order_id, placed: None, reserved: false, cancelled: None, state: State::Waiting }
    }

    /// The payment's id: the order's, as there is one each.
    #[must_use]
    pub fn id(&self) -> Option<PaymentId> {
        PaymentId::new(self.order_id.as_str()).ok()
    }

    /// order.placed: one half of what is needed to ask the provider.
    pub fn place(&mut self, placed: Placed) -> Next {
        if self.placed.is_none() {
            self.placed = Some(placed);
        }
        self.begin()
    }

    /// stock.reserved: the other half.
    pub fn reserve(&mut self) -> Next {
        self.reserved = true;
        self.begin()
    }

    /// Whoever completes the two halves asks the provider, unless the order has ended.
    fn begin(&mut self) -> Next {
        let (State::Waiting, Some(placed), true, Some(payment_id)) =
            (&self.state, self.placed.clone(), self.reserved, self.id())
        else {
            return Next::default();
        };
        if placed.money.amount_minor == 0 {
            self.state = State::Free;
            return match Reference::try_from("nothing-to-pay".to_owned()) {
                Ok(reference) => Next::tell(News::Authorized(reference, None)),
                Err(_) => Next::default(),
            };
        }
        let key = ProviderKey::new(&payment_id, Step::Authorize, 1);
        let authorize = Authorize { key, payment_id, money: placed.money, token: placed.token };
        self.state = State::Authorizing { authorize: authorize.clone(), unknown: None };
        Next::ask(Ask::Now(Question::Do { operation: Operation::Authorize(authorize) }))
    }

    /// order.cancelled: marked here even when nothing else is known yet, so that nothing begins later.
    pub fn cancel(&mut self, now: Timestamp) -> Next {
        if self.cancelled.is_some() {
            return Next::default();
        }
        self.cancelled = Some(now);
        match &self.state {
            State::Waiting | State::Free => {
                self.state = State::Closed;
                Next::default()
            }
            // The answer is on its way and will find the mark.
            State::Authorizing { unknown: None, .. } => Next::default(),
            State::Authorizing { authorize, unknown: Some(_) } => self.void(authorize.key.clone(), None),
            State::ActionRequired { authorize, reference, .. }
            | State::Authorized { authorize, reference } => {
                self.void(authorize.key.clone(), Some(reference.clone()))
            }
            State::Declined { .. } | State::Voiding { .. } | State::Voided { .. } | State::Closed => {
                Next::default()
            }
        }
    }

    /// The provider's answer about `key`: evidence, possibly late, possibly repeated.
    pub fn learn(&mut self, key: &ProviderKey, evidence: Evidence) -> Next {
        match &self.state {
            State::Authorizing { authorize, .. } if authorize.key == *key => {
                self.learn_of_authorizing(authorize.clone(), evidence)
            }
            State::ActionRequired { authorize, reference, .. } if authorize.key == *key => {
                self.learn_of_action(authorize.clone(), reference.clone(), evidence)
            }
            State::Voiding { void, .. } if void.key == *key => self.learn_of_voiding(void.clone(), evidence),
            // About a step that is over: whatever it says was said before, or is covered by the void that followed.
            State::Waiting
            | State::Authorizing { .. }
            | State::ActionRequired { .. }
            | State::Authorized { .. }
            | State::Free
            | State::Declined { .. }
            | State::Voiding { .. }
            | State::Voided { .. }
            | State::Closed => Next::default(),
        }
    }

    fn learn_of_authorizing(&mut self, authorize: Authorize, evidence: Evidence) -> Next {
        match evidence {
            Evidence::Authorized { reference, amount_minor, currency, expires_at } => {
                self.hold(authorize, (reference, expires_at), Money { amount_minor, currency })
            }
            Evidence::ActionRequired { reference, action_url, expires_at } => {
                if self.cancelled.is_some() {
                    return self.void(authorize.key, Some(reference));
                }
                let look = Question::Look { key: authorize.key.clone() };
                let news = News::ActionRequired(reference.clone(), action_url.clone(), expires_at);
                self.state = State::ActionRequired { authorize, reference, action_url };
                Next { news: vec![news], ask: Some(Ask::Again(look)) }
            }
            Evidence::Declined { reason, code, .. } => self.decline(reason, code),
            Evidence::Refused { code } => self.decline(DeclineReason::InvalidMethod, code),
            Evidence::Voided => {
                self.state = State::Voided { reference: None };
                Next::tell(News::Voided(None))
            }
            Evidence::NotFound | Evidence::Unknown { .. } if self.cancelled.is_some() => {
                self.void(authorize.key, None)
            }
            // But for absence, not a word about the authorization: ask again.
            Evidence::NotFound
            | Evidence::Captured { .. }
            | Evidence::Refunded { .. }
            | Evidence::Expired
            | Evidence::Disputed => {
                Next::ask(Ask::Again(Question::Do { operation: Operation::Authorize(authorize) }))
            }
            Evidence::Unknown { why } => {
                self.state = State::Authorizing { authorize: authorize.clone(), unknown: Some(why) };
                Next::ask(Ask::Again(after_unknown(why, Operation::Authorize(authorize))))
            }
        }
    }

    fn learn_of_action(&mut self, authorize: Authorize, held: Reference, evidence: Evidence) -> Next {
        let completed = News::ActionCompleted(held);
        match evidence {
            Evidence::Authorized { reference, amount_minor, currency, expires_at } => {
                let next = self.hold(authorize, (reference, expires_at), Money { amount_minor, currency });
                after(completed, next)
            }
            Evidence::Declined { reason, code, .. } => after(completed, self.decline(reason, code)),
            Evidence::Refused { code } => {
                after(completed, self.decline(DeclineReason::AuthenticationFailed, code))
            }
            Evidence::Voided => {
                after(completed, self.decline(DeclineReason::AuthenticationFailed, "voided".into()))
            }
            Evidence::ActionRequired { .. }
            | Evidence::NotFound
            | Evidence::Unknown { .. }
            | Evidence::Captured { .. }
            | Evidence::Refunded { .. }
            | Evidence::Expired
            | Evidence::Disputed => Next::ask(Ask::Again(Question::Look { key: authorize.key })),
        }
    }

    fn learn_of_voiding(&mut self, void: Void, evidence: Evidence) -> Next {
        match evidence {
            Evidence::Voided => {
                self.state = State::Voided { reference: void.reference.clone() };
                Next::tell(News::Voided(void.reference))
            }
            // Declined before it was voided: nothing is held either.
            Evidence::Declined { .. } => {
                self.state = State::Voided { reference: void.reference.clone() };
                Next::tell(News::Voided(void.reference))
            }
            Evidence::Unknown { why } => {
                self.state = State::Voiding { void: void.clone(), unknown: Some(why) };
                Next::ask(Ask::Again(after_unknown(why, Operation::Void(void))))
            }
            // Not a word about the void: ask again. An order that is cancelled must not keep a hold.
            Evidence::Authorized { .. }
            | Evidence::ActionRequired { .. }
            | Evidence::NotFound
            | Evidence::Refused { .. }
            | Evidence::Captured { .. }
            | Evidence::Refunded { .. }
            | Evidence::Expired
            | Evidence::Disputed => Next::ask(Ask::Again(Question::Do { operation: Operation::Void(void) })),
        }
    }

    fn hold(&mut self, authorize: Authorize, held: (Reference, Option<Timestamp>), money: Money) -> Next {
        let (reference, expires_at) = held;
        if self.cancelled.is_some() {
            return self.void(authorize.key, Some(reference));
        }
        if money != authorize.money {
            let next = self.void(authorize.key, Some(reference));
            return after(
                News::Declined(DeclineReason::ProviderError, Some("amount_mismatch".to_owned())),
                next,
            );
        }
        self.state = State::Authorized { authorize, reference: reference.clone() };
        Next::tell(News::Authorized(reference, expires_at))
    }

    fn decline(&mut self, reason: DeclineReason, code: String) -> Next {
        self.state = State::Declined { reason, code: code.clone() };
        Next::tell(News::Declined(reason, Some(code)))
    }

    fn void(&mut self, authorize: ProviderKey, reference: Option<Reference>) -> Next {
        let Some(payment_id) = self.id() else { return Next::default() };
        let void = Void { key: ProviderKey::new(&payment_id, Step::Void, 1), authorize, reference };
        self.state = State::Voiding { void: void.clone(), unknown: None };
        Next::ask(Ask::Now(Question::Do { operation: Operation::Void(void) }))
    }
}

/// The same request again tells what came of it, but for a key that the provider knows with another request: that is
/// refused for ever, and only a question about the key tells what stands under it.
fn after_unknown(why: Why, operation: Operation) -> Question {
    match why {
        Why::KeyReused => Question::Look { key: operation.key().clone() },
        Why::Timeout | Why::Reset | Why::ServerError | Why::Unreadable | Why::InProgress => {
            Question::Do { operation }
        }
    }
}

fn after(first: News, mut next: Next) -> Next {
    next.news.insert(0, first);
    next
}

#[cfg(test)]
mod tests;
