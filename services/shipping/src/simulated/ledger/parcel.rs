//! One parcel in the carrier's books.

use contracts::Timestamp;
use sha2::{Digest, Sha256};

use crate::carrier::hex;
use crate::simulated::ids::Number;
use crate::simulated::journey::Leg;
use crate::simulated::label;
use crate::simulated::wire::{Book, Direction, Object, Scan};

/// A booked parcel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    /// Its number.
    pub number: Number,
    /// What was booked.
    pub book: Box<Book>,
    /// How it stands.
    pub stands: Stands,
    /// Its way, once it has begun.
    pub legs: Vec<Leg>,
}

/// How a parcel stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stands {
    /// Its label was sold.
    Booked,
    /// Its label was taken back.
    Voided,
    /// The carrier has it, or had it.
    HandedOver {
        /// Since when.
        at: Timestamp,
    },
}

impl Parcel {
    /// Whether the merchant can hand it over.
    pub(super) fn can_leave(&self) -> bool {
        self.stands == Stands::Booked && self.book.direction == Direction::Outbound
    }

    /// What was seen of it up to `now`.
    pub(super) fn seen(&self, now: Timestamp) -> impl Iterator<Item = &Scan> {
        let is_void = self.stands == Stands::Voided;
        self.legs.iter().map(|leg| &leg.scan).filter(move |scan| scan.at <= now && !is_void)
    }

    /// What its booking is answered with.
    pub(super) fn label(&self) -> Object {
        let Self { number, book, .. } = self;
        let pdf = label::render(number, &book.parcel, book.pieces, &book.ship_to);
        Object::Label {
            number: number.clone(),
            parcel: book.parcel.clone(),
            url: format!("https://carrier.example/track/{number}"),
            sha256: hex(&Sha256::digest(&pdf)),
            pdf,
        }
    }
}
