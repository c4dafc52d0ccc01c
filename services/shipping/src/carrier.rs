//! The port to carriers: how the shipping service asks one to act, in its own words.
//!
//! Whatever comes back is only *evidence*. A timeout is evidence too ([`Evidence::Unknown`]), because the carrier may
//! have acted; that nothing was sent is not ([`Unavailable`]), because then there was no attempt.

use std::time::Duration;

use contracts::events::payment::PaymentCaptured;
use contracts::order::ShipTo;
use contracts::{OrderId, PaymentId, Timestamp};
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

pub mod simulated;

mod key;
mod label;
mod scan;

pub use key::{CarrierKey, MalformedKey, Parcel, Step};
pub use label::{Label, MAX_PDF_BYTES, MalformedNumber, NotALabel, Pdf, TrackingNumber};
pub(crate) use label::{hex, unhex};
pub use scan::{MAX_SCANS_TOLD, Scan, Told};

/// A carrier.
pub trait Carrier: Send + Sync + 'static {
    /// Asks the carrier to act, once: a caller that wants to try again says so by calling again, with the same key.
    ///
    /// # Errors
    /// [`Unavailable`]: the carrier did certainly not act, since it cannot be asked. It is not an attempt.
    fn execute<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Result<Evidence, Unavailable>>;

    /// Asks what became of the operation under `key`. Changes nothing.
    ///
    /// # Errors
    /// [`Unavailable`]: the carrier cannot be asked.
    fn look_up<'a>(&'a self, key: &'a CarrierKey) -> BoxFuture<'a, Result<Evidence, Unavailable>>;

    /// Asks where the parcel has been. Changes nothing.
    ///
    /// # Errors
    /// [`Unavailable`]: the carrier cannot be asked.
    fn track<'a>(&'a self, number: &'a TrackingNumber) -> BoxFuture<'a, Result<Evidence, Unavailable>>;

    /// What a webhook of this carrier says, once its signature has been checked; `None` when it is not one.
    fn told(&self, body: &[u8]) -> Option<Vec<Told>>;
}

/// What a carrier can be asked to do. Stored before the call, so that every later try sends the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "operation", rename_all = "snake_case")]
pub enum Operation {
    /// Book a parcel: its label costs money.
    Book(Box<Book>),
    /// Take the parcel.
    HandOver(HandOver),
    /// Take the label back.
    Void(Void),
}

impl Operation {
    /// The key under which the carrier does it at most once.
    #[must_use]
    pub fn key(&self) -> &CarrierKey {
        match self {
            Self::Book(book) => &book.key,
            Self::HandOver(hand_over) => &hand_over.key,
            Self::Void(void) => &void.key,
        }
    }
}

/// Book a parcel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Book {
    /// The key of this operation.
    pub key: CarrierKey,
    /// Our name for the parcel, which the carrier repeats in what it tells; whether it goes out or comes back.
    pub parcel: Parcel,
    /// The customer's address: where it goes, or where it comes back from.
    pub ship_to: ShipTo,
    /// How many pieces are in it.
    pub pieces: u64,
}

/// Take the parcel. Only who has seen that the money was taken can make one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandOver {
    /// The key of this operation.
    pub key: CarrierKey,
    /// Which parcel.
    pub number: TrackingNumber,
    captured: Captured,
}

impl HandOver {
    /// Hands over the labelled parcel, now that its money was taken.
    #[must_use]
    pub fn new(parcel: &Parcel, number: TrackingNumber, captured: Captured) -> Self {
        Self { key: CarrierKey::new(parcel, Step::HandOver, 1), number, captured }
    }

    /// What allows it.
    #[must_use]
    pub fn captured(&self) -> &Captured {
        &self.captured
    }
}

contracts::view! {
    /// What is read of payment.captured: how much it was is for `orders` to compare.
    pub struct Paid of PaymentCaptured {
        /// Which order.
        order_id: OrderId,
        /// Which payment.
        payment_id: PaymentId,
        /// When.
        captured_at: Timestamp,
    }
}

/// That the money was taken: made from payment.captured, and from nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Captured {
    payment_id: PaymentId,
    at: Timestamp,
}

impl Captured {
    /// By what payment said.
    #[must_use]
    pub fn heard(event: &Paid) -> Self {
        Self { payment_id: event.payment_id.clone(), at: event.captured_at }
    }

    /// When it was taken.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.at
    }
}

/// Take a label back, or see to it that none comes any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Void {
    /// The key of this operation.
    pub key: CarrierKey,
    /// The key of the booking.
    pub book: CarrierKey,
    /// The parcel's number. `None` when we never learnt whether there is one: then a confirmed void also means that a
    /// booking still on its way will not be executed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<TrackingNumber>,
}

/// What is known after a carrier was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evidence {
    /// The parcel is booked.
    Labelled {
        /// Its number, and where its label can be followed.
        label: Label,
        /// The label itself.
        pdf: Pdf,
    },
    /// The carrier has the parcel.
    HandedOver {
        /// Since when, by the carrier's clock.
        at: Timestamp,
    },
    /// No label stands under the booking's key, and none will.
    Voided,
    /// The carrier has the parcel: its label cannot be taken back.
    TooLate {
        /// Since when, by the carrier's clock.
        at: Timestamp,
    },
    /// Where the parcel has been.
    Tracked {
        /// In no particular order; possibly known already.
        scans: Vec<Scan>,
    },
    /// Nothing has come under the key: the carrier proves absence. A request still on its way may yet arrive.
    NotFound,
    /// Refused as it stands, and not executed. Asking again will not help.
    Refused {
        /// Why, in the carrier's own word, such as `address_unknown`.
        code: String,
    },
    /// The carrier may have acted or not. Only the same key, or a question about it, can tell.
    Unknown {
        /// What was seen.
        why: Why,
    },
}

/// Why an outcome is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// No answer in time.
    Timeout,
    /// The connection broke after something had been sent.
    Reset,
    /// The carrier failed in the middle (5xx).
    ServerError,
    /// An answer that makes no sense.
    Unreadable,
    /// The carrier is executing the same key right now.
    InProgress,
    /// The carrier has executed another request under the key. That is a fault of ours; what stands is what it says
    /// when asked about the key.
    KeyReused,
}

/// The carrier cannot be asked: nothing was sent, or it was turned away unread. An outage, not an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Unavailable {
    /// No connection.
    #[error("the carrier cannot be reached")]
    Unreachable,
    /// It asks for less (429).
    #[error("the carrier asks for fewer requests")]
    Throttled {
        /// For how many seconds, where it says so (`Retry-After`).
        retry_after_s: Option<u32>,
    },
    /// It does not accept our credentials (401, 403). A person has to act.
    #[error("the carrier does not accept our credentials")]
    Unauthorized,
}

impl Unavailable {
    /// How long the carrier asks to be left alone, where it says so.
    #[must_use]
    pub fn retry_after(self) -> Option<Duration> {
        match self {
            Self::Throttled { retry_after_s } => retry_after_s.map(|s| Duration::from_secs(s.into())),
            Self::Unreachable | Self::Unauthorized => None,
        }
    }
}

#[cfg(test)]
mod tests;
