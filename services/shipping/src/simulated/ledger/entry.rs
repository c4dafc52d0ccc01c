//! What the journal is made of.

use contracts::{MessageId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::simulated::ids::{Key, Number};
use crate::simulated::journey::Leg;
use crate::simulated::wire::Book;

/// One effect. Never changed once written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its place: 1, 2, 3, ... without a gap.
    pub seq: u64,
    /// When it was decided.
    pub at: Timestamp,
    /// The idempotency key; no two entries have the same.
    pub key: Key,
    /// What the request was, so that another one under the same key can be told from it.
    pub fingerprint: MessageId,
    /// What it did.
    pub effect: Effect,
}

/// What a request did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum Effect {
    /// A label was sold.
    Booked {
        /// The parcel's number.
        number: Number,
        /// What was booked.
        book: Box<Book>,
        /// The way of a parcel that comes back; empty for one that goes out, whose way begins at the hand-over.
        legs: Vec<Leg>,
    },
    /// The address was refused: nothing comes under this key.
    Refused,
    /// The carrier took the parcel.
    HandedOver {
        /// Which.
        number: Number,
        /// Its way.
        legs: Vec<Leg>,
    },
    /// A label was taken back.
    Voided {
        /// Whose.
        number: Number,
    },
    /// A key was cancelled: nothing comes under it any more, and nothing had.
    Cancelled {
        /// The key.
        operation: Key,
    },
}

impl peers::Entry for Entry {
    fn seq(&self) -> u64 {
        self.seq
    }

    fn key(&self) -> &Key {
        &self.key
    }
}
