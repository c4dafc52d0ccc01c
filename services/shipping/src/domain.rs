//! What happens to a parcel: pure decisions over its document.
//!
//! Answers of the carrier, and what it tells of its own accord, are evidence for one reducer, [`Shipment::learn`] and
//! [`Shipment::see`]: late or repeated evidence cannot move a parcel backwards, and that nobody knows is a state of its
//! own. A cancel and a hand-over meet here, in the one document, and only one of them comes about.

use contracts::events::shipment::{FailedStage, StopRefusal};
use contracts::order::{LineQuantity, ShipTo};
use contracts::{LocationId, OrderId, ShipmentId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::carrier::{
    Book, Captured, CarrierKey, HandOver, Label, Operation, Parcel, Scan, Step, TrackingNumber, Void, Why,
};

mod follow;
mod learn;
mod pace;
mod returned;
mod tracking;

pub use pace::{wait_before, wait_before_looking};
pub use returned::{Return, ReturnState, Returned};
pub use tracking::{MAX_SCANS, Tracking};

/// The parcel of one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shipment {
    /// The parcel: one per order in this version, named after it.
    pub shipment_id: ShipmentId,
    /// The order.
    pub order_id: OrderId,
    /// When it was first heard of.
    pub opened_at: Timestamp,
    /// What order.confirmed said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<Order>,
    /// That the money was taken, once it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub captured: Option<Captured>,
    /// Since when a cancel waits for its answer, because nobody knows yet whether the carrier has the parcel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_asked: Option<Timestamp>,
    /// How it stands.
    pub state: State,
    /// Where the carrier has seen it.
    #[serde(default)]
    pub tracking: Tracking,
    /// Whether shipment.delivered was told: once, however often the carrier corrects itself.
    #[serde(default)]
    pub is_delivery_told: bool,
    /// What a person should look at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Trouble>,
}

/// What order.confirmed brings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// What is in the parcel.
    pub lines: Vec<LineQuantity>,
    /// Where it goes.
    pub ship_to: ShipTo,
    /// Where it comes from, when the order says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<LocationId>,
}

/// How a parcel stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum State {
    /// Its order is not confirmed yet, as far as is known here.
    Waiting,
    /// The carrier was, or is about to be, asked for a label.
    Booking {
        /// What was asked; its key stays the same however often it is asked again.
        book: Book,
        /// Why nobody knows what came of it; absent while the first answer is awaited.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unknown: Option<Why>,
    },
    /// Labelled, and waiting for the money to be taken.
    Ready {
        /// Its label.
        label: Label,
    },
    /// The carrier was, or is about to be, asked to take it.
    HandingOver {
        /// Its label.
        label: Label,
        /// What was asked; its key stays the same.
        hand_over: HandOver,
        /// Why nobody knows what came of it; absent while the first answer is awaited.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unknown: Option<Why>,
    },
    /// Nobody knows whether the carrier has it, and it is to be stopped: the carrier is asked to take the label back,
    /// and says which of the two came first.
    Stopping {
        /// Its label.
        label: Label,
        /// What was asked first.
        hand_over: HandOver,
        /// What was asked then.
        void: Void,
        /// Why nobody knows what came of that; absent while the first answer is awaited.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unknown: Option<Why>,
    },
    /// The carrier has it.
    HandedOver {
        /// Its label.
        label: Label,
        /// Since when.
        at: Timestamp,
    },
    /// The customer has it.
    Delivered {
        /// Its label.
        label: Label,
        /// Since when the carrier had it.
        handed_over_at: Timestamp,
        /// Since when the customer has it, by the carrier's clock.
        at: Timestamp,
    },
    /// It will not leave, because the order is cancelled. Also when there never was a parcel.
    Stopped {
        /// Since when.
        at: Timestamp,
        /// What becomes of the label.
        release: Release,
    },
    /// It will not leave, because it could not.
    Failed {
        /// Since when.
        at: Timestamp,
        /// In the carrier's own word, or ours.
        code: String,
        /// What becomes of the label.
        release: Release,
    },
    /// The carrier lost it.
    Lost {
        /// Its label.
        label: Label,
        /// Since when, by the carrier's clock.
        at: Timestamp,
    },
    /// The carrier brought it back.
    Returned {
        /// Its label.
        label: Label,
        /// Since when, by the carrier's clock.
        at: Timestamp,
    },
}

/// What becomes of the label of a parcel that does not leave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "release", rename_all = "snake_case")]
pub enum Release {
    /// There is none, and none will come.
    Nothing,
    /// It is being taken back, or kept from coming.
    Voiding {
        /// What was asked; its key stays the same.
        void: Void,
        /// Why nobody knows what came of it; absent while the first answer is awaited.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unknown: Option<Why>,
    },
    /// The carrier took it back.
    Voided,
    /// The carrier does not take it back: it was paid for nothing.
    Kept {
        /// In the carrier's own word, or ours.
        code: String,
    },
}

/// What a person should look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// The carrier did not say what came of a question however often it was asked, and is not asked any more.
    Silent,
    /// No end was heard of for so long that the carrier is not asked any more.
    NoEnd,
    /// The carrier has the parcel, although it was not asked to take it.
    TakenUnasked,
    /// The carrier delivered what it had called lost or brought back: the customer may have goods and money.
    FoundAgain,
}

impl Trouble {
    /// Whether nobody asks the carrier any more, so that a person may have it asked again.
    #[must_use]
    pub fn has_given_up(self) -> bool {
        match self {
            Self::Silent | Self::NoEnd => true,
            Self::TakenUnasked | Self::FoundAgain => false,
        }
    }
}

/// What is to be told, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// shipment.created
    Created,
    /// shipment.ready
    Ready(Label),
    /// shipment.stopped
    Stopped,
    /// shipment.stop-refused
    StopRefused(StopRefusal),
    /// shipment.dispatched, since when
    Dispatched(Label, Timestamp),
    /// shipment.delivered, since when
    Delivered(Timestamp),
    /// shipment.failed: how far it got, in whose word, since when
    Failed(FailedStage, Option<String>, Timestamp),
    /// shipment.tracked
    Tracked(TrackingNumber, Scan),
}

/// A question to the carrier, and how often it was asked before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// What is asked.
    pub question: Question,
    /// How often it was asked before. It says how long to wait: see [`wait_before`] and [`wait_before_looking`].
    #[serde(default)]
    pub tries: u32,
}

/// One question to the carrier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Question {
    /// Do this, or say what came of it when it was done under this key before.
    Do {
        /// What.
        operation: Operation,
    },
    /// What stands under this key?
    Look {
        /// Which.
        key: CarrierKey,
    },
    /// Where has it been?
    Track {
        /// Which.
        number: TrackingNumber,
    },
}

/// What follows from a decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next<N = News> {
    /// To be told.
    pub news: Vec<N>,
    /// To be asked.
    pub ask: Option<Ask>,
}

impl<N> Default for Next<N> {
    fn default() -> Self {
        Self { news: Vec::new(), ask: None }
    }
}

impl<N> Next<N> {
    fn tell(news: impl IntoIterator<Item = N>) -> Self {
        Self { news: news.into_iter().collect(), ask: None }
    }

    fn ask(ask: Ask) -> Self {
        Self { news: vec![], ask: Some(ask) }
    }

    fn asking(mut self, ask: Ask) -> Self {
        self.ask = Some(ask);
        self
    }
}

impl Ask {
    /// Do it now.
    fn to(operation: Operation) -> Self {
        Self { question: Question::Do { operation }, tries: 0 }
    }

    /// The first look, a while after the hand-over.
    fn where_is(number: TrackingNumber) -> Self {
        Self { question: Question::Track { number }, tries: 1 }
    }

    /// Once more, a while later.
    fn again(&self, question: Question) -> Self {
        Self { question, tries: self.tries.saturating_add(1) }
    }

    /// Once more about an operation of which nobody knows: first under the same key, then by asking what stands
    /// under it, in turns.
    fn resolve(&self, operation: Operation) -> Self {
        if self.tries % 2 == 1 {
            return self.again(Question::Look { key: operation.key().clone() });
        }
        self.again(Question::Do { operation })
    }

    /// The key that it is about; none where it is a parcel's way.
    #[must_use]
    pub fn key(&self) -> Option<&CarrierKey> {
        match &self.question {
            Question::Do { operation } => Some(operation.key()),
            Question::Look { key } => Some(key),
            Question::Track { .. } => None,
        }
    }
}

impl Shipment {
    /// A parcel of which nothing is known but its order.
    #[must_use]
    pub fn of(order_id: OrderId, shipment_id: ShipmentId, now: Timestamp) -> Self {
        Self {
            shipment_id,
            order_id,
            opened_at: now,
            order: None,
            captured: None,
            stop_asked: None,
            state: State::Waiting,
            tracking: Tracking::default(),
            is_delivery_told: false,
            trouble: None,
        }
    }

    /// Its name for the carrier.
    #[must_use]
    pub fn parcel(&self) -> Parcel {
        Parcel::Shipment(self.shipment_id.clone())
    }

    /// Its label, while there is one that stands.
    #[must_use]
    pub fn label(&self) -> Option<&Label> {
        match &self.state {
            State::Ready { label }
            | State::HandingOver { label, .. }
            | State::Stopping { label, .. }
            | State::HandedOver { label, .. }
            | State::Delivered { label, .. }
            | State::Lost { label, .. }
            | State::Returned { label, .. } => Some(label),
            State::Waiting | State::Booking { .. } | State::Stopped { .. } | State::Failed { .. } => None,
        }
    }

    /// order.confirmed: a label is booked, once.
    pub fn confirm(&mut self, order: Order) -> Next {
        if self.order.is_some() || self.state != State::Waiting {
            return Next::default();
        }
        let parcel = self.parcel();
        let book = Book {
            key: CarrierKey::new(&parcel, Step::Book, 1),
            parcel,
            ship_to: order.ship_to.clone(),
            pieces: order.lines.iter().map(|line| u64::from(line.quantity.get())).sum(),
        };
        self.order = Some(order);
        self.state = State::Booking { book: book.clone(), unknown: None };
        Next::tell([News::Created]).asking(Ask::to(Operation::Book(Box::new(book))))
    }

    /// payment.captured: the parcel may leave, and does once it is labelled.
    pub fn capture(&mut self, captured: Captured) -> Next {
        if self.captured.is_some() {
            return Next::default();
        }
        self.captured = Some(captured);
        self.hand_over()
    }

    /// Whoever completes label and money hands the parcel over. Nothing else does.
    fn hand_over(&mut self) -> Next {
        let (State::Ready { label }, Some(captured)) = (&self.state, &self.captured) else {
            return Next::default();
        };
        let label = label.clone();
        let hand_over = HandOver::new(&self.parcel(), label.number.clone(), captured.clone());
        self.state = State::HandingOver { label, hand_over: hand_over.clone(), unknown: None };
        Next::ask(Ask::to(Operation::HandOver(hand_over)))
    }

    /// order.cancel-requested: the parcel is stopped, or it is too late. Answered at once, unless nobody knows yet
    /// whether the carrier has it.
    pub fn stop(&mut self, now: Timestamp) -> Next {
        match &self.state {
            // Marked here even when nothing else is known, so that nothing is booked later.
            State::Waiting => {
                self.state = State::Stopped { at: now, release: Release::Nothing };
                Next::tell([News::Stopped])
            }
            State::Booking { .. } => self.stopped(now, None),
            State::Ready { label } => {
                let number = label.number.clone();
                self.stopped(now, Some(number))
            }
            // The answer is on its way and will find the mark.
            State::HandingOver { unknown: None, .. } | State::Stopping { .. } => {
                self.stop_asked = self.stop_asked.or(Some(now));
                Next::default()
            }
            State::HandingOver { label, hand_over, unknown: Some(_) } => {
                let (label, hand_over) = (label.clone(), hand_over.clone());
                self.stop_asked = self.stop_asked.or(Some(now));
                self.contest(label, hand_over)
            }
            State::HandedOver { .. } | State::Lost { .. } | State::Returned { .. } => {
                Next::tell([News::StopRefused(StopRefusal::AlreadyDispatched)])
            }
            State::Delivered { .. } => Next::tell([News::StopRefused(StopRefusal::AlreadyDelivered)]),
            State::Stopped { .. } | State::Failed { .. } => Next::tell([News::Stopped]),
        }
    }

    /// A person has the carrier asked again, after it was given up.
    pub fn ask_again(&mut self) -> Option<Ask> {
        self.trouble.filter(|trouble| trouble.has_given_up())?;
        let ask = match &self.state {
            State::Booking { book, .. } => Ask::to(Operation::Book(Box::new(book.clone()))),
            State::HandingOver { hand_over, .. } => Ask::to(Operation::HandOver(hand_over.clone())),
            State::Stopping { void, .. }
            | State::Stopped { release: Release::Voiding { void, .. }, .. }
            | State::Failed { release: Release::Voiding { void, .. }, .. } => {
                Ask::to(Operation::Void(void.clone()))
            }
            State::HandedOver { label, .. } => Ask::where_is(label.number.clone()),
            State::Waiting
            | State::Ready { .. }
            | State::Delivered { .. }
            | State::Stopped { .. }
            | State::Failed { .. }
            | State::Lost { .. }
            | State::Returned { .. } => return None,
        };
        self.trouble = None;
        Some(ask)
    }

    fn stopped(&mut self, now: Timestamp, number: Option<TrackingNumber>) -> Next {
        let (release, ask) = self.release(number);
        self.state = State::Stopped { at: now, release };
        Next::tell([News::Stopped]).asking(ask)
    }

    /// Takes the label back. Where its number is not known, its booking's key stands for it.
    fn release(&self, number: Option<TrackingNumber>) -> (Release, Ask) {
        let void = self.void(number, 1);
        (Release::Voiding { void: void.clone(), unknown: None }, Ask::to(Operation::Void(void)))
    }

    fn void(&self, number: Option<TrackingNumber>, attempt: u32) -> Void {
        let key = |step, attempt| CarrierKey::new(&self.parcel(), step, attempt);
        Void { key: key(Step::Void, attempt), book: key(Step::Book, 1), number }
    }

    fn contest(&mut self, label: Label, hand_over: HandOver) -> Next {
        let void = self.void(Some(label.number.clone()), 1);
        self.state = State::Stopping { label, hand_over, void: void.clone(), unknown: None };
        Next::ask(Ask::to(Operation::Void(void)))
    }
}

#[cfg(test)]
mod tests;
