//! What the carrier answers: evidence, possibly late, possibly repeated.

use contracts::Timestamp;
use contracts::events::shipment::{FailedStage, StopRefusal};

use super::pace::{BOOK_TRIES, HAND_OVER_TRIES, VOID_TRIES};
use super::{Ask, News, Next, Question, Release, Shipment, State, Trouble};
use crate::carrier::{Book, Evidence, HandOver, Label, Operation, Step, Void};
use crate::config::Pace;

/// What a booking is called that the carrier said nothing about for so long that it was given up.
const SILENT: &str = "carrier_silent";

impl Shipment {
    /// What came of `asked`.
    pub fn learn(&mut self, asked: &Ask, evidence: Evidence, pace: &Pace, now: Timestamp) -> Next {
        let Some(key) = asked.key() else { return self.learn_of_way(asked, evidence, pace, now) };
        match (key.step(), &self.state) {
            (Some(Step::Book), State::Booking { book, .. }) if book.key == *key => {
                self.learn_of_booking(book.clone(), asked, evidence, now)
            }
            (Some(Step::HandOver), State::HandingOver { label, hand_over, .. }) if hand_over.key == *key => {
                self.learn_of_handing_over((label.clone(), hand_over.clone()), asked, evidence, now)
            }
            (Some(Step::HandOver), State::Stopping { label, hand_over, .. }) if hand_over.key == *key => {
                self.learn_of_contested(label.clone(), evidence, now)
            }
            (Some(Step::Void), State::Stopping { label, void, .. }) if void.key == *key => {
                self.learn_of_stopping((label.clone(), void.clone()), asked, evidence, now)
            }
            (Some(Step::Void), State::Stopped { .. } | State::Failed { .. }) => {
                self.learn_of_release(asked, evidence)
            }
            (Some(Step::Book), State::Stopped { .. } | State::Failed { .. }) => self.learn_too_late(evidence),
            // About a step that is over: whatever it says was said before, or is covered by the void that followed.
            _ => Next::default(),
        }
    }

    fn learn_of_booking(&mut self, book: Book, asked: &Ask, evidence: Evidence, now: Timestamp) -> Next {
        match evidence {
            Evidence::Labelled { label, .. } => {
                self.state = State::Ready { label: label.clone() };
                let next = self.hand_over();
                after([News::Ready(label)], next)
            }
            Evidence::Refused { code } => self.fail(code, Release::Nothing, now),
            // Nobody here has voided it; that it stands no more is certain all the same.
            Evidence::Voided => self.fail("voided".to_owned(), Release::Voided, now),
            Evidence::NotFound => {
                Next::ask(asked.again(Question::Do { operation: Operation::Book(Box::new(book)) }))
            }
            Evidence::Unknown { why } => {
                if asked.tries >= BOOK_TRIES {
                    let (release, ask) = self.release(None);
                    return self.fail(SILENT.to_owned(), release, now).asking(ask);
                }
                self.state = State::Booking { book: book.clone(), unknown: Some(why) };
                Next::ask(asked.resolve(Operation::Book(Box::new(book))))
            }
            // Not a word about the booking: ask again.
            Evidence::HandedOver { .. } | Evidence::TooLate { .. } | Evidence::Tracked { .. } => {
                Next::ask(asked.resolve(Operation::Book(Box::new(book))))
            }
        }
    }

    fn learn_of_handing_over(
        &mut self,
        (label, hand_over): (Label, HandOver),
        asked: &Ask,
        evidence: Evidence,
        now: Timestamp,
    ) -> Next {
        let is_open = match evidence {
            Evidence::HandedOver { at } | Evidence::TooLate { at } => return self.handed_over(label, at),
            Evidence::Refused { code } => return self.not_handed_over(&label, code, now),
            Evidence::Voided => return self.not_handed_over(&label, "voided".to_owned(), now),
            Evidence::Unknown { why } => Some(why),
            // Not executed so far, which a request still on its way may change; or not a word about it.
            Evidence::NotFound | Evidence::Labelled { .. } | Evidence::Tracked { .. } => None,
        };
        // Taking the label back decides: either it comes first, and nothing is handed over any more, or too late.
        if self.stop_asked.is_some() {
            return self.contest(label, hand_over);
        }
        if asked.tries >= HAND_OVER_TRIES {
            self.trouble = Some(Trouble::Silent);
            return Next::default();
        }
        let operation = Operation::HandOver(hand_over.clone());
        let Some(why) = is_open else { return Next::ask(asked.again(Question::Do { operation })) };
        self.state = State::HandingOver { label, hand_over, unknown: Some(why) };
        Next::ask(asked.resolve(operation))
    }

    /// The answer to the hand-over comes while the label is already asked back.
    fn learn_of_contested(&mut self, label: Label, evidence: Evidence, now: Timestamp) -> Next {
        match evidence {
            Evidence::HandedOver { at } | Evidence::TooLate { at } => self.handed_over(label, at),
            Evidence::Refused { .. } | Evidence::Voided => self.stopped_after_all(now),
            // The void has been asked for, and its answer decides.
            Evidence::Labelled { .. }
            | Evidence::Tracked { .. }
            | Evidence::NotFound
            | Evidence::Unknown { .. } => Next::default(),
        }
    }

    fn learn_of_stopping(
        &mut self,
        (label, void): (Label, Void),
        asked: &Ask,
        evidence: Evidence,
        now: Timestamp,
    ) -> Next {
        let why = match evidence {
            Evidence::Voided => {
                self.state = State::Stopped { at: now, release: Release::Voided };
                self.stop_asked = None;
                return Next::tell([News::Stopped]);
            }
            Evidence::TooLate { at } | Evidence::HandedOver { at } => return self.handed_over(label, at),
            Evidence::Unknown { why } => Some(why),
            // Not a word about which came first: ask again. A cancel is not answered by a guess.
            Evidence::Refused { .. }
            | Evidence::NotFound
            | Evidence::Labelled { .. }
            | Evidence::Tracked { .. } => None,
        };
        if let State::Stopping { unknown, .. } = &mut self.state {
            *unknown = why.or(*unknown);
        }
        if asked.tries >= VOID_TRIES {
            self.trouble = Some(Trouble::Silent);
            return Next::default();
        }
        Next::ask(asked.again(Question::Do { operation: Operation::Void(void) }))
    }

    fn learn_of_release(&mut self, asked: &Ask, evidence: Evidence) -> Next {
        let (State::Stopped { release, .. } | State::Failed { release, .. }) = &mut self.state else {
            return Next::default();
        };
        let Release::Voiding { void, unknown } = release else { return Next::default() };
        let operation = Operation::Void(void.clone());
        match evidence {
            Evidence::Voided => *release = Release::Voided,
            Evidence::Refused { code } => *release = Release::Kept { code },
            Evidence::TooLate { .. } | Evidence::HandedOver { .. } => {
                *release = Release::Kept { code: "handed_over".to_owned() };
                self.trouble = Some(Trouble::TakenUnasked);
            }
            Evidence::Unknown { why } => {
                *unknown = Some(why);
                return self.void_again(asked, operation);
            }
            Evidence::NotFound | Evidence::Labelled { .. } | Evidence::Tracked { .. } => {
                return self.void_again(asked, operation);
            }
        }
        Next::default()
    }

    /// A label that was given up, or kept from coming, came after all: it is taken back by its number. Most carriers
    /// cannot keep one from coming.
    fn learn_too_late(&mut self, evidence: Evidence) -> Next {
        let Evidence::Labelled { label, .. } = evidence else { return Next::default() };
        let late = self.void(Some(label.number), 2);
        let (State::Stopped { release, .. } | State::Failed { release, .. }) = &mut self.state else {
            return Next::default();
        };
        match release {
            // That void names it already, or is the second one.
            Release::Voiding { void, .. } if void.number.is_some() => Next::default(),
            Release::Kept { .. } => Next::default(),
            Release::Voiding { .. } | Release::Voided | Release::Nothing => {
                *release = Release::Voiding { void: late.clone(), unknown: None };
                Next::ask(Ask::to(Operation::Void(late)))
            }
        }
    }

    fn void_again(&mut self, asked: &Ask, operation: Operation) -> Next {
        if asked.tries >= VOID_TRIES {
            self.trouble = Some(Trouble::Silent);
            return Next::default();
        }
        Next::ask(asked.again(Question::Do { operation }))
    }

    fn fail(&mut self, code: String, release: Release, now: Timestamp) -> Next {
        self.state = State::Failed { at: now, code: code.clone(), release };
        Next::tell([News::Failed(FailedStage::BeforeHandover, Some(code), now)])
    }

    /// The carrier has it; whoever waits for the answer to a cancel gets it.
    pub(super) fn handed_over(&mut self, label: Label, at: Timestamp) -> Next {
        self.state = State::HandedOver { label: label.clone(), at };
        let number = label.number.clone();
        let mut news = vec![News::Dispatched(label, at)];
        if self.stop_asked.take().is_some() {
            news.push(News::StopRefused(StopRefusal::AlreadyDispatched));
        }
        Next::tell(news).asking(Ask::where_is(number))
    }

    /// The carrier has not taken it, and will not: whoever waits for the answer to a cancel gets what was asked for.
    fn not_handed_over(&mut self, label: &Label, code: String, now: Timestamp) -> Next {
        if self.stop_asked.take().is_some() {
            return self.stopped(now, Some(label.number.clone()));
        }
        let (release, ask) = self.release(Some(label.number.clone()));
        self.fail(code, release, now).asking(ask)
    }

    /// The void that is under way goes on as the release of the label.
    fn stopped_after_all(&mut self, now: Timestamp) -> Next {
        let State::Stopping { void, unknown, .. } = &self.state else { return Next::default() };
        let release = Release::Voiding { void: void.clone(), unknown: *unknown };
        self.state = State::Stopped { at: now, release };
        self.stop_asked = None;
        Next::tell([News::Stopped])
    }
}

pub(super) fn after(first: impl IntoIterator<Item = News>, mut next: Next) -> Next {
    next.news.splice(0..0, first);
    next
}
