//! What the payment service keeps, and how a decision becomes changes, events and questions.

use std::time::Duration;

use contracts::events::payment::{
    DeclineReason, PaymentActionCompleted, PaymentActionRequired, PaymentAuthorized, PaymentDeclined,
    PaymentVoided,
};
use contracts::{Money, OrderId, PaymentId, Timestamp};
use runtime::{Bug, Collection, Doc, Entry, Fail, Job, Uow};
use serde::{Deserialize, Serialize};

use crate::domain::{Ask, News, Next, Payment, Question, State, wait_before, wait_for_customer};
use crate::gateway::{Operation, ProviderKey, Reference, Step};

/// Payments by order id.
pub const PAYMENTS: Collection<Payment> = Collection::new("payment.payment")
    .indexed(|id, payment| vec![Entry::new("state", payment.state.name(), id)]);

/// The intent to ask the provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskProvider {
    /// Whose payment.
    pub order_id: OrderId,
    /// What is asked.
    pub question: Question,
    /// How often it was asked before.
    #[serde(default)]
    pub tries: u32,
}

impl Job for AskProvider {
    const NAME: &'static str = "ask-provider";

    fn lane(&self) -> &str {
        self.order_id.as_str()
    }
}

/// The payment of `order_id`, or one of which nothing is known yet: its absence is checked at commit.
///
/// # Errors
/// As for [`Uow::load`].
pub async fn load(uow: &mut Uow, order_id: &OrderId) -> Result<Doc<Payment>, Fail> {
    let found = uow.load(&PAYMENTS, order_id.as_str()).await?;
    Ok(found.unwrap_or_else(|| uow.fresh(order_id.as_str(), Payment::of(order_id.clone()))))
}

/// Puts the payment back, tells the news and asks the question. `tries` is how often the question that led here had
/// been asked.
///
/// # Errors
/// As for [`Uow::put`].
pub fn save(
    uow: &mut Uow,
    mut payment: Doc<Payment>,
    next: Next,
    tries: u32,
    provider: &str,
) -> Result<(), Fail> {
    uow.about(payment.order_id.clone().as_str());
    for news in next.news {
        tell(uow, &mut payment, news, provider)?;
    }
    if let Some(ask) = next.ask {
        put_question(uow, &payment, ask, tries)?;
    }
    uow.put(&PAYMENTS, payment)
}

fn put_question(uow: &mut Uow, payment: &Payment, ask: Ask, tries: u32) -> Result<(), Fail> {
    let order_id = payment.order_id.clone();
    match ask {
        Ask::Now(question) => uow.enqueue(&AskProvider { order_id, question, tries: 0 }),
        Ask::Again(question) => {
            let tries = tries + 1;
            let seconds = match payment.state {
                State::ActionRequired { .. } => wait_for_customer(tries),
                _ => wait_before(tries),
            };
            // Dead, with the question: redriving it asks once more.
            let seconds = seconds.ok_or_else(|| {
                let (key, state) = (question.key(), payment.state.name());
                Fail::permanent(format!("{key} is {state} after {tries} questions: a person has to look"))
            })?;
            let question = planted_key(uow, question);
            uow.schedule(
                uow.now().plus(Duration::from_secs(seconds)),
                &AskProvider { order_id, question, tries },
            )
        }
    }
}

/// Planted bug: a key that depends on the message being handled.
fn planted_key(uow: &Uow, question: Question) -> Question {
    if !uow.quirks().has(Bug::ProviderKeyFromMessage) {
        return question;
    }
    match question {
        Question::Do { operation: Operation::Authorize(mut authorize) } => {
            let attempt = u32::from(uow.cause().0.as_bytes()[0]) + 2;
            authorize.key = ProviderKey::new(&authorize.payment_id, Step::Authorize, attempt);
            Question::Do { operation: Operation::Authorize(authorize) }
        }
        other => other,
    }
}

fn tell(uow: &mut Uow, payment: &mut Doc<Payment>, news: News, provider: &str) -> Result<(), Fail> {
    let (Some(placed), Some(payment_id)) = (&payment.placed, payment.id()) else {
        return Err(Fail::permanent("a payment tells news before its order is known"));
    };
    let (order_id, provider) = (payment.order_id.clone(), provider.to_owned());
    let about = About { order_id, payment_id, money: placed.money, provider, now: uow.now() };
    match news {
        News::Authorized(reference, expires_at) => {
            uow.emit(payment, &about.authorized(reference, expires_at))
        }
        News::Declined(reason, code) => uow.emit(payment, &about.declined(reason, code)),
        News::ActionRequired(reference, url, expires_at) => {
            uow.emit(payment, &about.action_required(reference, url, expires_at))
        }
        News::ActionCompleted(reference) => uow.emit(payment, &about.action_completed(reference)),
        News::Voided(reference) => uow.emit(payment, &about.voided(reference)),
    }
}

/// What every event of a payment says.
struct About {
    order_id: OrderId,
    payment_id: PaymentId,
    money: Money,
    provider: String,
    now: Timestamp,
}

impl About {
    fn authorized(self, reference: Reference, expires_at: Option<Timestamp>) -> PaymentAuthorized {
        PaymentAuthorized {
            order_id: self.order_id,
            payment_id: self.payment_id,
            amount_minor: self.money.amount_minor,
            currency: self.money.currency,
            provider: self.provider,
            provider_reference: reference.into(),
            authorized_at: self.now,
            expires_at,
        }
    }

    fn declined(self, reason: DeclineReason, provider_code: Option<String>) -> PaymentDeclined {
        PaymentDeclined {
            order_id: self.order_id,
            payment_id: self.payment_id,
            amount_minor: self.money.amount_minor,
            currency: self.money.currency,
            provider: self.provider,
            provider_reference: None,
            reason,
            provider_code,
            declined_at: self.now,
        }
    }

    fn action_required(
        self,
        reference: Reference,
        action_url: String,
        expires_at: Option<Timestamp>,
    ) -> PaymentActionRequired {
        PaymentActionRequired {
            order_id: self.order_id,
            payment_id: self.payment_id,
            amount_minor: self.money.amount_minor,
            currency: self.money.currency,
            provider: self.provider,
            provider_reference: reference.into(),
            action_url,
            required_at: self.now,
            expires_at,
        }
    }

    fn action_completed(self, reference: Reference) -> PaymentActionCompleted {
        PaymentActionCompleted {
            order_id: self.order_id,
            payment_id: self.payment_id,
            amount_minor: self.money.amount_minor,
            currency: self.money.currency,
            provider: self.provider,
            provider_reference: reference.into(),
            completed_at: self.now,
        }
    }

    fn voided(self, reference: Option<Reference>) -> PaymentVoided {
        PaymentVoided {
            order_id: self.order_id,
            payment_id: self.payment_id,
            amount_minor: self.money.amount_minor,
            currency: self.money.currency,
            provider: self.provider,
            // A void of what nobody ever learnt the name of: the provider's word that nothing is held.
            provider_reference: reference.map_or_else(|| "never-learnt".to_owned(), String::from),
            voided_at: self.now,
        }
    }
}

impl State {
    /// The state's name, as indexes and answers show it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Authorizing { unknown: None, .. } => "authorizing",
            Self::Authorizing { unknown: Some(_), .. } | Self::Voiding { unknown: Some(_), .. } => "unknown",
            Self::ActionRequired { .. } => "action_required",
            Self::Authorized { .. } => "authorized",
            Self::Free => "free",
            Self::Declined { .. } => "declined",
            Self::Voiding { unknown: None, .. } => "voiding",
            Self::Voided { .. } => "voided",
            Self::Closed => "closed",
        }
    }
}
