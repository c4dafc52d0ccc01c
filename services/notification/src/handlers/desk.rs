//! Where letters are written, once it is known to whom.

use contracts::events::notification::NotSentReason;
use contracts::{CustomerId, NotificationId, OrderId};
use runtime::{Fail, Uow};

use crate::config::Config;
use crate::document::{self, NOTIFICATIONS, no_recipient};
use crate::domain::{Address, Milestone, Notification, Order, State, Story, may_write};
use crate::letter::{self, About, House};
use crate::mailbox::{MailKey, Message};

/// What every letter is written with.
#[derive(Debug, Clone)]
pub struct Desk {
    /// The shop, and its operators.
    pub config: Config,
}

impl Desk {
    /// Writes `story` to the customer of the order, unless it was written before.
    ///
    /// # Errors
    /// [`Fail`], as for the handler that calls it.
    pub(super) async fn tell_customer(
        &self,
        uow: &mut Uow,
        about: About<'_>,
        story: &Story,
    ) -> Result<(), Fail> {
        let id =
            story.facts.told_about(about.order_id).map_err(|error| Fail::permanent(error.to_string()))?;
        if uow.load(&NOTIFICATIONS, id.as_str()).await?.is_some() {
            return Ok(());
        }
        let letter = self.letter_to_customer(uow, about, story).await?;
        let draft = Draft {
            order_id: Some(about.order_id.clone()),
            customer_id: Some(about.order.customer_id.clone()),
            milestone: story.facts.milestone(),
        };
        draft.save(uow, id, letter).await
    }

    /// The letter, and why it must not go if that is so.
    async fn letter_to_customer(
        &self,
        uow: &mut Uow,
        about: About<'_>,
        story: &Story,
    ) -> Result<Letter, Fail> {
        let Order { customer_id, customer, .. } = about.order;
        let Ok(to) = Address::new(&customer.email) else {
            return Ok((None, Some(no_recipient(&customer.email))));
        };
        let preferences = document::preferences(uow, customer_id).await?;
        let suppression = document::suppression(uow, &to).await?;
        let topic = story.facts.milestone().topic();
        let withheld = may_write(topic, &preferences, suppression.as_ref()).err();
        Ok((Some(self.write(to, Some(about), story)?), withheld))
    }

    /// Writes `story`, which happened by the event being handled, to the operator, if there is one.
    ///
    /// # Errors
    /// [`Fail`], as for the handler that calls it.
    pub(super) async fn tell_operator(&self, uow: &mut Uow, story: &Story) -> Result<(), Fail> {
        let Some(operator) = self.config.operator.as_deref() else { return Ok(()) };
        let id =
            story.facts.told_to(uow.cause(), operator).map_err(|error| Fail::permanent(error.to_string()))?;
        if uow.load(&NOTIFICATIONS, id.as_str()).await?.is_some() {
            return Ok(());
        }
        let letter = match Address::new(operator) {
            Ok(to) => {
                let withheld = document::suppression(uow, &to).await?.map(|_| NotSentReason::Suppressed);
                (Some(self.write(to, None, story)?), withheld)
            }
            Err(_) => (None, Some(NotSentReason::BadAddress)),
        };
        let draft = Draft { order_id: None, customer_id: None, milestone: story.facts.milestone() };
        draft.save(uow, id, letter).await
    }

    fn write(&self, to: Address, about: Option<About<'_>>, story: &Story) -> Result<Message, Fail> {
        let house = House { shop: &self.config.shop, locale: &self.config.locale };
        letter::write(house, to, about, story)
            .map_err(|error| Fail::Permanent { reason: error.to_string(), source: Some(error.into()) })
    }
}

/// What was written, if there is anybody to write to, and why it must not go.
type Letter = (Option<Message>, Option<NotSentReason>);

/// A message before it has a state.
struct Draft {
    order_id: Option<OrderId>,
    customer_id: Option<CustomerId>,
    milestone: Milestone,
}

impl Draft {
    async fn save(self, uow: &mut Uow, id: NotificationId, letter: Letter) -> Result<(), Fail> {
        let (message, withheld) = letter;
        let now = uow.now();
        let mut notification = Notification {
            notification_id: id.clone(),
            order_id: self.order_id,
            customer_id: self.customer_id,
            milestone: self.milestone,
            message,
            written_at: now,
            state: State::Sending { key: MailKey::new(&id, 1), unknown: None },
        };
        let next = match withheld {
            None => notification.send(),
            Some(reason) => notification.withhold(reason, now),
        };
        let doc = uow.fresh(id.as_str(), notification);
        document::save(uow, doc, next, 0).await
    }
}
