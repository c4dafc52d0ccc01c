//! What happened to an order, one document per entry: read by people, and by the audit.

use contracts::{Event, EventData, OrderId, Timestamp, card};
use runtime::{Collection, Entry as IndexEntry};
use serde::{Deserialize, Serialize};

mod words;

pub(crate) use words::{money, pieces, verdict};

/// All entries of all orders.
pub(crate) static TIMELINE: Collection<Entry> = Collection::new("orders.timeline")
    .indexed(|_, entry| vec![IndexEntry::new(BY_ORDER, entry.order_id.as_str(), position(entry.number))]);

/// The index of entries by order; its sort value counts them.
pub(crate) const BY_ORDER: &str = "order";

/// The type of an entry that is no event: something was decided, and nothing had to be published for it.
pub(crate) const DECIDED: &str = "decision";

/// One thing that happened to an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// The order.
    pub(crate) order_id: OrderId,
    /// Which of its entries this is, from 0: the order in which they were written down.
    pub(crate) number: u32,
    /// When it was written down.
    pub(crate) at: Timestamp,
    /// At which try it was handled; absent when it was the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) attempt: Option<u32>,
    /// What it was.
    pub(crate) told: Told,
}

/// Who said what.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Told {
    /// The event's type on the wire.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// The event's id.
    pub(crate) event_id: String,
    /// Who published it: a service's name, or another application's source.
    pub(crate) service: String,
    /// In words.
    pub(crate) summary: String,
    /// The id of the message that caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) caused_by: Option<String>,
    /// The name under which others call it their cause, where that is not its id: another application's event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) known_as: Option<String>,
    /// How many events its subject had published by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sequence: Option<u64>,
    /// When it happened, by the clock of who published it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) order_at: Option<Timestamp>,
    /// The refund that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) refund: Option<String>,
    /// The money that it is about, in minor units of the order's currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) amount_minor: Option<i64>,
}

impl Entry {
    /// Its id: the last part is a number, so that no two orders share one.
    pub(crate) fn id(&self) -> String {
        format!("{}:{}", self.order_id, position(self.number))
    }
}

impl Told {
    /// What `event` told. A foreign id or source that looks like a card number is not repeated.
    pub(crate) fn by<T: EventData>(event: &Event<T>, summary: impl Into<String>) -> Self {
        let service = event.source.strip_prefix(contracts::event::OWN_SOURCE).unwrap_or(&event.source);
        let hidden =
            |text: &str, instead: String| if card::in_text(text) { instead } else { text.to_owned() };
        let message_id = event.message_id().to_string();
        let event_id = hidden(&event.id, message_id.clone());
        Self {
            kind: T::TYPE.to_owned(),
            known_as: (event_id != message_id).then_some(message_id),
            event_id,
            service: hidden(service, "application".to_owned()),
            summary: summary.into(),
            caused_by: event.causationid.clone().filter(|id| !card::in_text(id)),
            sequence: event.sequence_number(),
            order_at: Some(event.time),
            refund: None,
            amount_minor: None,
        }
    }
}

fn position(number: u32) -> String {
    format!("{number:06}")
}
