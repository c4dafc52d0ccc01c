//! What happened to an order, one document per entry: read by people, and by the audit.

use contracts::events::order::CancelReason;
use contracts::{Event, EventData, Money, OrderId, Timestamp, card};
use runtime::{Collection, Entry as IndexEntry};
use serde::{Deserialize, Serialize};

use crate::domain::{Decision, Input};

/// All entries of all orders.
pub(crate) static TIMELINE: Collection<Entry> = Collection::new("orders.timeline")
    .indexed(|_, entry| vec![IndexEntry::new(BY_ORDER, entry.order_id.as_str(), position(entry.number))]);

/// The index of entries by order; its sort value counts them.
pub(crate) const BY_ORDER: &str = "order";

/// One thing that happened to an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// The order.
    pub(crate) order_id: OrderId,
    /// Which of its entries this is, from 0: the order in which they were written down.
    pub(crate) number: u32,
    /// When it was written down.
    pub(crate) at: Timestamp,
    /// What it was.
    pub(crate) told: Told,
}

/// Who said what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
        Self {
            kind: T::TYPE.to_owned(),
            event_id: hidden(&event.id, event.message_id().to_string()),
            service: hidden(service, "application".to_owned()),
            summary: summary.into(),
        }
    }
}

fn position(number: u32) -> String {
    format!("{number:06}")
}

/// What `input` says, in words.
pub(crate) fn summary_of(input: &Input) -> String {
    match input {
        Input::StockReserved { lines } => {
            let pieces: u64 = lines.iter().map(|line| u64::from(line.quantity.get())).sum();
            format!("{pieces} pieces are reserved")
        }
        Input::StockRejected { reason } => format!("cannot be supplied: {reason}"),
        Input::StockShort => "stock that was promised is missing".to_owned(),
        Input::PaymentAuthorized { amount_minor, currency, .. } => {
            format!("{} is set aside", Money::new(*amount_minor, *currency))
        }
        Input::PaymentDeclined => "the payment was refused".to_owned(),
        Input::PaymentActionRequired { .. } => "the customer has to confirm the payment".to_owned(),
        Input::PaymentActionCompleted { .. } => "the customer has answered".to_owned(),
        Input::PaymentVoided => "the money was let go".to_owned(),
        Input::Deadline => "time is up".to_owned(),
        Input::CancelAsked => "the customer asked for it".to_owned(),
    }
}

/// What was decided, in words.
pub(crate) fn verdict(decision: &Decision, note: Option<&str>) -> String {
    match (decision, note) {
        (Decision::Confirm { .. }, _) => "stock and payment are arranged".to_owned(),
        (Decision::Cancel(CancelReason::CustomerRequest), Some(note)) if !note.is_empty() => {
            format!("customer_request: {note}")
        }
        (Decision::Cancel(reason), _) => reason.to_string(),
        (Decision::Note, _) => String::new(),
    }
}
