//! What happens to goods that a customer sends back: a label for them, and their way home.

use contracts::events::shipment::TrackingStatus;
use contracts::order::{LineQuantity, ShipTo};
use contracts::{LocationId, OrderId, ReturnId, Timestamp};
use serde::{Deserialize, Serialize};

use super::pace::BOOK_TRIES;
use super::{Ask, Next, Question, Tracking, Trouble};
use crate::carrier::{Book, CarrierKey, Evidence, Label, Operation, Parcel, Scan, Step, Why};
use crate::config::Pace;

/// The carrier's word for a parcel whose goods did not survive the journey.
const DAMAGED: &str = "damaged";

/// One parcel that comes back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Return {
    /// The return; an order may have several.
    pub return_id: ReturnId,
    /// Its order.
    pub order_id: OrderId,
    /// What is announced.
    pub lines: Vec<LineQuantity>,
    /// Where the goods go.
    pub location: LocationId,
    /// When it was asked for.
    pub opened_at: Timestamp,
    /// How it stands.
    pub state: ReturnState,
    /// Where the carrier has seen it.
    #[serde(default)]
    pub tracking: Tracking,
    /// What a person should look at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Trouble>,
}

/// How a return stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum ReturnState {
    /// The carrier was, or is about to be, asked for a label.
    Booking {
        /// What was asked; its key stays the same however often it is asked again.
        book: Book,
        /// Why nobody knows what came of it; absent while the first answer is awaited.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unknown: Option<Why>,
    },
    /// The customer can send it.
    Labelled {
        /// Its label.
        label: Label,
    },
    /// It is back.
    Received {
        /// Its label.
        label: Label,
        /// Since when, by the carrier's clock.
        at: Timestamp,
    },
    /// The carrier lost it, or brought it back to the customer: a person decides about the money.
    Astray {
        /// Its label.
        label: Label,
        /// In the carrier's own word.
        code: String,
    },
    /// The carrier makes no label for it.
    Refused {
        /// In the carrier's own word.
        code: String,
    },
}

/// return.received: since when, and whether the carrier says that the goods are damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Returned {
    /// By the carrier's clock.
    pub at: Timestamp,
    /// Whether a scan says so.
    pub is_damaged: bool,
}

impl Return {
    /// return.requested: a label is booked for it.
    #[must_use]
    pub fn open(
        (return_id, order_id): (ReturnId, OrderId),
        lines: Vec<LineQuantity>,
        ship_to: ShipTo,
        location: LocationId,
        now: Timestamp,
    ) -> (Self, Next<Returned>) {
        let parcel = Parcel::Return(return_id.clone());
        let key = CarrierKey::new(&parcel, Step::Book, 1);
        let pieces = lines.iter().map(|line| u64::from(line.quantity.get())).sum();
        let book = Book { key, parcel, ship_to, pieces };
        let opened = Self {
            return_id,
            order_id,
            lines,
            location,
            opened_at: now,
            state: ReturnState::Booking { book: book.clone(), unknown: None },
            tracking: Tracking::default(),
            trouble: None,
        };
        (opened, Next::ask(Ask::to(Operation::Book(Box::new(book)))))
    }

    /// Its label, once there is one.
    #[must_use]
    pub fn label(&self) -> Option<&Label> {
        match &self.state {
            ReturnState::Labelled { label }
            | ReturnState::Received { label, .. }
            | ReturnState::Astray { label, .. } => Some(label),
            ReturnState::Booking { .. } | ReturnState::Refused { .. } => None,
        }
    }

    /// What came of `asked`.
    pub fn learn(&mut self, asked: &Ask, evidence: Evidence, pace: &Pace, now: Timestamp) -> Next<Returned> {
        if asked.key().is_some() {
            return self.learn_of_booking(asked, evidence);
        }
        let mut next = match evidence {
            Evidence::Tracked { scans } => self.see(scans, now),
            // It is asked again anyway.
            Evidence::Labelled { .. }
            | Evidence::HandedOver { .. }
            | Evidence::Voided
            | Evidence::TooLate { .. }
            | Evidence::NotFound
            | Evidence::Refused { .. }
            | Evidence::Unknown { .. } => Next::default(),
        };
        next.ask = self.keep_looking(asked, pace, now);
        next
    }

    fn learn_of_booking(&mut self, asked: &Ask, evidence: Evidence) -> Next<Returned> {
        let ReturnState::Booking { book, .. } = &self.state else { return Next::default() };
        let operation = Operation::Book(Box::new(book.clone()));
        match evidence {
            Evidence::Labelled { label, .. } => {
                let number = label.number.clone();
                self.state = ReturnState::Labelled { label };
                Next::ask(Ask::where_is(number))
            }
            Evidence::Refused { code } => {
                self.state = ReturnState::Refused { code };
                Next::default()
            }
            Evidence::Unknown { why } => {
                self.state = ReturnState::Booking { book: book.clone(), unknown: Some(why) };
                if asked.tries >= BOOK_TRIES {
                    self.trouble = Some(Trouble::Silent);
                    return Next::default();
                }
                Next::ask(asked.resolve(operation))
            }
            Evidence::NotFound
            | Evidence::Voided
            | Evidence::HandedOver { .. }
            | Evidence::TooLate { .. }
            | Evidence::Tracked { .. } => Next::ask(asked.again(Question::Do { operation })),
        }
    }

    /// Customers take weeks; the first scan may come long after the label.
    fn keep_looking(&mut self, asked: &Ask, pace: &Pace, now: Timestamp) -> Option<Ask> {
        let ReturnState::Labelled { .. } = &self.state else { return None };
        if now.since(self.opened_at) >= pace.until.saturating_mul(2) {
            self.trouble = Some(Trouble::NoEnd);
            return None;
        }
        Some(asked.again(asked.question.clone()))
    }

    /// Scans that the carrier told, in whatever way.
    pub fn see(&mut self, scans: Vec<Scan>, now: Timestamp) -> Next<Returned> {
        self.tracking.add(scans, now);
        let (ReturnState::Labelled { label }, Some(scan)) = (&self.state, self.tracking.position()) else {
            return Next::default();
        };
        let (label, at) = (label.clone(), scan.at);
        match scan.status {
            TrackingStatus::Delivered => {
                let is_damaged = self.tracking.scans().iter().any(|scan| scan.code == DAMAGED);
                self.state = ReturnState::Received { label, at };
                self.trouble = None;
                Next::tell([Returned { at, is_damaged }])
            }
            TrackingStatus::Lost | TrackingStatus::Returned => {
                self.state = ReturnState::Astray { label, code: scan.code.clone() };
                Next::default()
            }
            TrackingStatus::PreTransit
            | TrackingStatus::InTransit
            | TrackingStatus::OutForDelivery
            | TrackingStatus::ReadyForPickup
            | TrackingStatus::Delayed
            | TrackingStatus::DeliveryFailed
            | TrackingStatus::Returning
            | TrackingStatus::Unrecognised => Next::default(),
        }
    }

    /// A person has the carrier asked again, after it was given up.
    pub fn ask_again(&mut self) -> Option<Ask> {
        self.trouble.filter(|trouble| trouble.has_given_up())?;
        let ask = match &self.state {
            ReturnState::Booking { book, .. } => Ask::to(Operation::Book(Box::new(book.clone()))),
            ReturnState::Labelled { label } => Ask::where_is(label.number.clone()),
            ReturnState::Received { .. } | ReturnState::Astray { .. } | ReturnState::Refused { .. } => {
                return None;
            }
        };
        self.trouble = None;
        Some(ask)
    }
}
