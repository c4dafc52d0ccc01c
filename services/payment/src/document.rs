//! What the payment service keeps, and how a decision becomes changes, events and questions.

use std::time::Duration;

use contracts::{OrderId, Timestamp};
use runtime::{Bug, Collection, Doc, Fail, Job, Uow};
use serde::{Deserialize, Serialize};

use crate::domain::{
    Ask, Entry, Kind, Next, Payment, Question, RefundState, State, asked, wait_before, wait_for_customer,
};
use crate::gateway::{Operation, ProviderKey, Step, Told};

mod name;
mod tell;

/// How many partitions hold the list of all payments: one is written to by every new order.
pub const SHARDS: u32 = 4;

/// The index, and its one partition, of payments that a person should look at.
pub const TROUBLE: &str = "trouble";

/// Payments by order id. Indexed as a whole, by how they stand, and by what a person should look at; newest last.
pub const PAYMENTS: Collection<Payment> = Collection::new("payment.payment").indexed(|id, payment| {
    let sort = sort_of(id, payment);
    let entry = |index, partition: &str| runtime::Entry::new(index, partition.to_owned(), sort.clone());
    let mut entries = vec![entry("all", &shard(shard_of(id))), entry("state", payment.state.name())];
    entries.extend(payment.trouble().map(|_| entry(TROUBLE, TROUBLE)));
    entries
});

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

/// The intent to look whether a hold has run out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldEnds {
    /// Whose payment.
    pub order_id: OrderId,
    /// The key of the authorization.
    pub key: ProviderKey,
}

impl Job for HoldEnds {
    const NAME: &'static str = "hold-ends";

    fn lane(&self) -> &str {
        self.order_id.as_str()
    }
}

/// What the provider told about a payment that was not known here when it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HearLater {
    /// Whose payment.
    pub order_id: OrderId,
    /// What was told.
    pub told: Told,
}

impl Job for HearLater {
    const NAME: &'static str = "hear-later";

    fn lane(&self) -> &str {
        self.order_id.as_str()
    }
}

/// What led to a decision.
#[derive(Debug, Clone, Default)]
pub struct Because {
    /// How often the question had been asked before whose answer it is.
    pub tries: u32,
    /// What was heard of the provider, for the history.
    pub heard: Option<(Kind, Option<ProviderKey>, String)>,
}

/// The payment of `order_id`, or one of which nothing is known yet: its absence is checked at commit.
///
/// # Errors
/// As for [`Uow::load`].
pub async fn load(uow: &mut Uow, order_id: &OrderId) -> Result<Doc<Payment>, Fail> {
    let found = uow.load(&PAYMENTS, order_id.as_str()).await?;
    let now = uow.now();
    Ok(found.unwrap_or_else(|| uow.fresh(order_id.as_str(), Payment::of(order_id.clone(), now))))
}

/// Puts the payment back, tells the news and asks the questions.
///
/// # Errors
/// As for [`Uow::put`].
pub fn save(
    uow: &mut Uow,
    mut payment: Doc<Payment>,
    next: Next,
    because: Because,
    provider: &str,
) -> Result<(), Fail> {
    uow.about(payment.order_id.clone().as_str());
    let tries = because.tries + 1;
    let again = next.asks.iter().find_map(|ask| match ask {
        Ask::Again(question) => Some((question.key().clone(), wait(&payment, question, tries))),
        Ask::Now(_) => None,
    });
    note(&mut payment, &next, (because, again.as_ref().map(|(_, wait)| *wait)), uow.now());
    if let Some((key, None)) = &again {
        payment.give_up(key);
    }
    let again = again.and_then(|(_, wait)| wait);
    for news in next.news {
        tell::tell(uow, &mut payment, news, provider)?;
    }
    let order_id = payment.order_id.clone();
    for ask in next.asks {
        match (ask, again) {
            (Ask::Again(question), Some(wait)) => {
                let question = planted_key(uow, &mut payment, question);
                let due = uow.now().plus(wait);
                uow.schedule(due, &AskProvider { order_id: order_id.clone(), question, tries })?;
            }
            (Ask::Again(_), None) => {}
            (Ask::Now(question), _) => {
                uow.enqueue(&AskProvider { order_id: order_id.clone(), question, tries: 0 })?;
            }
        }
    }
    if let Some((at, key)) = next.expiry {
        uow.schedule(at.max(uow.now()), &HoldEnds { order_id, key })?;
    }
    uow.put(&PAYMENTS, payment)
}

/// How long to wait before the question is asked again. `None`: it was asked often enough, and a person has to look.
fn wait(payment: &Payment, question: &Question, tries: u32) -> Option<Duration> {
    let seconds = match &payment.state {
        State::ActionRequired { authorize, .. } if authorize.key == *question.key() => {
            wait_for_customer(tries)
        }
        _ => wait_before(tries),
    };
    seconds.map(Duration::from_secs)
}

/// Writes down what was heard and what is asked because of it.
fn note(
    payment: &mut Payment,
    next: &Next,
    (because, again): (Because, Option<Option<Duration>>),
    at: Timestamp,
) {
    let mut add = |kind, key, words| payment.history.add(Entry { at, key, kind, words, times: 1 });
    if let Some((kind, key, words)) = because.heard {
        let then = match again {
            Some(Some(wait)) => format!("; asked again in {} s", wait.as_secs()),
            Some(None) => "; not asked again".to_owned(),
            None => String::new(),
        };
        add(kind, key, words + &then);
    }
    for ask in &next.asks {
        if let Ask::Now(question) = ask {
            add(Kind::Asked, Some(question.key().clone()), asked(question));
        }
    }
}

/// Planted bugs: a key that depends on the message being handled.
fn planted_key(uow: &Uow, payment: &mut Payment, question: Question) -> Question {
    let attempt = u32::from(uow.cause().0.as_bytes()[0]) + 2;
    match question {
        Question::Do { operation: Operation::Authorize(mut authorize) }
            if uow.quirks().has(Bug::ProviderKeyFromMessage) =>
        {
            authorize.key = ProviderKey::new(&authorize.payment_id, Step::Authorize, attempt);
            Question::Do { operation: Operation::Authorize(authorize) }
        }
        Question::Do { operation: Operation::Refund(mut refund) } if uow.quirks().has(Bug::RefundTwice) => {
            refund.key = ProviderKey::of_refund(&refund.refund_id, attempt);
            if let Some(refunding) = payment.refunds.get_mut(&refund.refund_id) {
                refunding.state = RefundState::Asked { refund: refund.clone(), unknown: None };
            }
            Question::Do { operation: Operation::Refund(refund) }
        }
        other => other,
    }
}

/// Where a payment stands in lists: by when it was first heard of.
pub(crate) fn sort_of(id: &str, payment: &Payment) -> String {
    format!("{}|{id}", payment.opened_at.sortable())
}

fn shard_of(id: &str) -> u32 {
    id.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte))) % SHARDS
}

/// The name of one partition of the list of all payments.
pub(crate) fn shard(number: u32) -> String {
    number.to_string()
}
