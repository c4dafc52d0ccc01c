//! What is told of an entry to whoever listens for webhooks.

use contracts::{PaymentId, Timestamp};

use super::{Effect, Entry, Ledger};
use crate::simulated::ids::{Key, derived};
use crate::simulated::wire::{self, Event, Object};

/// What will be told of one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::simulated) struct Notice {
    /// The event's name: the same whenever it is told.
    pub(in crate::simulated) id: String,
    /// When it happened.
    pub(in crate::simulated) at: Timestamp,
    effect: &'static str,
    payment: PaymentId,
    about: About,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum About {
    /// What stands under a key when it is told.
    Key(Key),
    /// How a dispute stood.
    Dispute(Box<wire::Dispute>),
}

impl Ledger {
    /// What is to be told of `entry`, the last one; nothing where no payment is touched.
    pub(in crate::simulated) fn notice(&self, entry: &Entry) -> Option<Notice> {
        let Entry { key, at, effect, .. } = entry;
        let of = effect.authorization().and_then(|id| self.authorization(id).ok());
        let payment = match effect {
            Effect::Declined { payment, .. } => payment,
            _ => &of?.payment,
        };
        let about = match effect {
            // The key of these is the provider's own. Their merchant asked for the authorization, and knows that key.
            Effect::ActionPassed(_) | Effect::ActionFailed { .. } | Effect::Expired(_) => {
                About::Key(of?.opened_by.clone())
            }
            Effect::DisputeOpened { .. } | Effect::DisputeDecided { .. } => {
                About::Dispute(Box::new(of?.dispute.as_ref()?.to_wire(of?)))
            }
            Effect::Authorized(_)
            | Effect::ActionRequired { .. }
            | Effect::Declined { .. }
            | Effect::Captured { .. }
            | Effect::CaptureDeclined { .. }
            | Effect::Voided(_)
            | Effect::Refunded(_) => About::Key(key.clone()),
            Effect::Cancelled { .. } => return None,
        };
        let (id, payment) = (derived("event", key), payment.clone());
        Some(Notice { id, at: *at, effect: effect.as_str(), payment, about })
    }

    /// The event that `notice` is, as it is told now.
    pub(in crate::simulated) fn event(&self, notice: Notice) -> Option<Event> {
        let Notice { id, at, effect, payment, about } = notice;
        let about = match about {
            About::Key(key) => serde_json::from_str(&self.query(&key).ok()?.body).ok()?,
            About::Dispute(dispute) => Object::Dispute(*dispute),
        };
        Some(Event { id, effect: effect.to_owned(), payment, at, about })
    }
}
