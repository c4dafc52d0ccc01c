//! What the notification service keeps, and how a decision becomes changes, events and questions.

use std::time::Duration;

use contracts::events::notification::{Channel, NotSentReason, NotificationFailed, NotificationSent};
use contracts::{CustomerId, NotificationId, OrderId, Timestamp};
use runtime::{Bug, Collection, Doc, Entry, Fail, Job, Uow};
use serde::{Deserialize, Serialize};

use crate::domain::{
    Address, Dossier, News, Next, Notification, Preferences, Question, State, Suppression, SuppressionCause,
    wait_before,
};
use crate::mailbox::{MailKey, Message};

/// How long a dossier and its messages are kept after they were last touched: disputes come up to 540 days after a
/// purchase, and what is kept longer than it is needed is a risk of its own.
const KEPT: Duration = Duration::from_secs(600 * 24 * 3600);

/// Messages by their id.
pub const NOTIFICATIONS: Collection<Notification> = Collection::new("notification.notification")
    .indexed(entries)
    .expiring(|notification| Some(notification.written_at.plus(KEPT)));

/// Dossiers by order id. They expire with their last change, which is made by [`keep_dossier`].
pub const DOSSIERS: Collection<Dossier> =
    Collection::new("notification.dossier").expiring(|dossier| Some(dossier.touched_at.plus(KEPT)));

/// What customers chose, by customer id.
pub const PREFERENCES: Collection<Preferences> = Collection::new("notification.preferences");

/// Addresses that nothing is sent to, by their fingerprint.
pub const SUPPRESSIONS: Collection<Suppression> = Collection::new("notification.suppression")
    .indexed(|id, suppression| vec![Entry::new(ALL, ALL, sort_of(id, suppression.at))]);

/// The index of messages by order.
pub(crate) const BY_ORDER: &str = "order";
/// The index of messages by customer.
pub(crate) const BY_CUSTOMER: &str = "customer";
/// The index of messages by how they stand. Those that were sent are not in it: they would all be in one partition.
pub(crate) const BY_STATUS: &str = "status";
/// The index of all suppressions; they are few.
pub(crate) const ALL: &str = "all";

fn entries(id: &str, notification: &Notification) -> Vec<Entry> {
    let sort = || sort_of(id, notification.written_at);
    let order = notification.order_id.as_ref().map(|order| Entry::new(BY_ORDER, order.as_str(), sort()));
    let customer =
        notification.customer_id.as_ref().map(|customer| Entry::new(BY_CUSTOMER, customer.as_str(), sort()));
    let status = match notification.state {
        State::Sent { .. } => None,
        State::Sending { .. } | State::Failed { .. } => {
            Some(Entry::new(BY_STATUS, notification.state.name(), sort()))
        }
    };
    [order, customer, status].into_iter().flatten().collect()
}

/// Where something stands in an index: by time, and by id where two came at once.
pub(crate) fn sort_of(id: &str, at: Timestamp) -> String {
    format!("{}-{id}", at.sortable())
}

/// The intent to ask the mailbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskMailbox {
    /// Which message.
    pub notification_id: NotificationId,
    /// The order it is about, or the message itself.
    pub lane: String,
    /// Under which key.
    pub key: MailKey,
    /// What to take; absent when it is only asked what came of it. Operators see dead letters with everything blanked
    /// that is called `customer`, and this is all personal.
    #[serde(default, rename = "customer", skip_serializing_if = "Option::is_none")]
    pub message: Option<Message>,
    /// How often it was asked before.
    #[serde(default)]
    pub asked: u32,
}

impl Job for AskMailbox {
    const NAME: &'static str = "ask-mailbox";

    fn lane(&self) -> &str {
        &self.lane
    }
}

/// The dossier of `order_id`, or an empty one: its absence is checked at commit.
///
/// # Errors
/// As for [`Uow::load`].
pub async fn dossier(uow: &mut Uow, order_id: &OrderId) -> Result<Doc<Dossier>, Fail> {
    let found = uow.load(&DOSSIERS, order_id.as_str()).await?;
    let empty = || uow.fresh(order_id.as_str(), Dossier::of(order_id.clone(), uow.now()));
    Ok(found.unwrap_or_else(empty))
}

/// Puts a dossier back.
///
/// # Errors
/// As for [`Uow::put`].
pub fn keep_dossier(uow: &mut Uow, mut dossier: Doc<Dossier>) -> Result<(), Fail> {
    dossier.touched_at = uow.now();
    uow.put(&DOSSIERS, dossier)
}

/// What `customer` chose.
///
/// # Errors
/// As for [`Uow::load`].
pub async fn preferences(uow: &mut Uow, customer: &CustomerId) -> Result<Preferences, Fail> {
    let found = uow.load(&PREFERENCES, customer.as_str()).await?;
    Ok(found.map(|preferences| preferences.data).unwrap_or_default())
}

/// Why nothing may be sent to `address`, if that is so.
///
/// # Errors
/// As for [`Uow::load`].
pub async fn suppression(uow: &mut Uow, address: &Address) -> Result<Option<Suppression>, Fail> {
    let found = uow.load(&SUPPRESSIONS, &address.fingerprint()).await?;
    Ok(found.map(|suppression| suppression.data))
}

/// Puts the message back, tells the news, leaves the address alone if need be, and asks the question. `asked` is how
/// often the mailbox was asked until now.
///
/// # Errors
/// As for [`Uow::put`].
pub async fn save(uow: &mut Uow, mut doc: Doc<Notification>, next: Next, asked: u32) -> Result<(), Fail> {
    let lane = doc.order_id.as_ref().map_or(doc.notification_id.as_str(), OrderId::as_str).to_owned();
    uow.about(&lane);
    if let Some(news) = next.news {
        tell(uow, &mut doc, news)?;
    }
    if let Some(code) = next.suppress {
        leave_alone(uow, &doc, code).await?;
    }
    if let Some(question) = next.ask {
        put_question(uow, &doc, (question, asked), lane)?;
    }
    uow.put(&NOTIFICATIONS, doc)
}

fn put_question(
    uow: &mut Uow,
    doc: &Notification,
    (question, asked): (Question, u32),
    lane: String,
) -> Result<(), Fail> {
    let Some(key) = doc.state.key().cloned() else {
        return Err(Fail::permanent("a message is to be sent that has no key"));
    };
    let key = planted_key(uow, key, doc, asked);
    let message = match question {
        Question::Send => doc.message.clone(),
        Question::Look => None,
    };
    let intent = AskMailbox { notification_id: doc.notification_id.clone(), lane, key, message, asked };
    match wait_before(asked) {
        0 => uow.enqueue(&intent),
        seconds => uow.schedule(uow.now().plus(Duration::from_secs(seconds)), &intent),
    }
}

/// Planted bug: each try has a key of its own.
fn planted_key(uow: &Uow, key: MailKey, doc: &Notification, asked: u32) -> MailKey {
    if uow.quirks().has(Bug::NotificationTwice) { MailKey::new(&doc.notification_id, asked + 1) } else { key }
}

async fn leave_alone(uow: &mut Uow, doc: &Notification, code: String) -> Result<(), Fail> {
    let Some(to) = doc.message.as_ref().map(|message| &message.to) else { return Ok(()) };
    let id = to.fingerprint();
    if uow.load(&SUPPRESSIONS, &id).await?.is_some() {
        return Ok(());
    }
    let cause = SuppressionCause::Bounce;
    let suppression = Suppression { masked: to.masked(), cause, code: Some(code), at: uow.now() };
    let suppression = uow.fresh(id, suppression);
    uow.put(&SUPPRESSIONS, suppression)
}

fn tell(uow: &mut Uow, doc: &mut Doc<Notification>, news: News) -> Result<(), Fail> {
    let now = uow.now();
    let (notification_id, template) = (doc.notification_id.clone(), doc.milestone.name().to_owned());
    let (order_id, customer_id) = (doc.order_id.clone(), doc.customer_id.clone());
    let channel = Channel::Email;
    match news {
        News::Sent(reference) => {
            let provider_reference = Some(reference.into());
            let sent = NotificationSent {
                notification_id,
                order_id,
                customer_id,
                channel,
                template,
                provider_reference,
                sent_at: now,
            };
            uow.emit(doc, &sent)
        }
        News::Failed(reason, provider_code) => {
            let failed = NotificationFailed {
                notification_id,
                order_id,
                customer_id,
                channel,
                template,
                reason,
                provider_code,
                failed_at: now,
            };
            uow.emit(doc, &failed)
        }
    }
}

/// Why there is nobody to write to at `email`.
pub(crate) fn no_recipient(email: &str) -> NotSentReason {
    if email.trim().is_empty() { NotSentReason::NoAddress } else { NotSentReason::BadAddress }
}
