//! Where a parcel is: what the carrier answers when it is asked, and what it tells of its own accord.

use contracts::Timestamp;
use contracts::events::shipment::{FailedStage, TrackingStatus};

use super::learn::after;
use super::{Ask, News, Next, Shipment, State, Trouble};
use crate::carrier::{Evidence, Scan};
use crate::config::Pace;

impl Shipment {
    pub(super) fn learn_of_way(
        &mut self,
        asked: &Ask,
        evidence: Evidence,
        pace: &Pace,
        now: Timestamp,
    ) -> Next {
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
        // One line of questions is enough, and this is it.
        next.ask = self.keep_looking(asked, pace, now);
        next
    }

    fn keep_looking(&mut self, asked: &Ask, pace: &Pace, now: Timestamp) -> Option<Ask> {
        let State::HandedOver { at, .. } = &self.state else { return None };
        if now.since(*at) >= pace.until {
            self.trouble = Some(Trouble::NoEnd);
            return None;
        }
        Some(asked.again(asked.question.clone()))
    }

    /// Scans that the carrier told, in whatever way.
    pub fn see(&mut self, scans: Vec<Scan>, now: Timestamp) -> Next {
        let before = self.tracking.position().cloned();
        let new = self.tracking.add(scans, now);
        let mut next = match new.iter().find(|scan| scan.shows_hand_over()) {
            Some(proof) => self.is_with_carrier(proof.at),
            None => Next::default(),
        };
        let position = self.tracking.position().filter(|scan| before.as_ref() != Some(*scan)).cloned();
        let (Some(label), Some(scan)) = (self.label(), position) else { return next };
        next.news.push(News::Tracked(label.number.clone(), scan.clone()));
        let reached = self.reach(&scan);
        let is_over = !matches!(self.state, State::HandedOver { .. });
        let ask = reached.ask.clone().or(next.ask).filter(|_| !is_over);
        Next { ask, ..after(next.news, reached) }
    }

    /// A scan that only a carrier makes who has the parcel settles a hand-over that nobody knows of.
    fn is_with_carrier(&mut self, since: Timestamp) -> Next {
        match &self.state {
            State::HandingOver { label, .. } | State::Stopping { label, .. } => {
                let label = label.clone();
                self.handed_over(label, since)
            }
            State::Waiting
            | State::Booking { .. }
            | State::Ready { .. }
            | State::Stopped { .. }
            | State::Failed { .. } => {
                self.trouble = Some(Trouble::TakenUnasked);
                Next::default()
            }
            State::HandedOver { .. }
            | State::Delivered { .. }
            | State::Lost { .. }
            | State::Returned { .. } => Next::default(),
        }
    }

    /// What a new position means. Only ever called with the latest by the carrier's time, so an end is corrected by
    /// what came after it, and by nothing else.
    fn reach(&mut self, scan: &Scan) -> Next {
        match (&self.state, scan.status) {
            (State::HandedOver { label, at }, TrackingStatus::Delivered) => {
                let (label, handed_over_at) = (label.clone(), *at);
                self.settled();
                self.state = State::Delivered { label, handed_over_at, at: scan.at };
                let is_told = std::mem::replace(&mut self.is_delivery_told, true);
                Next::tell((!is_told).then_some(News::Delivered(scan.at)))
            }
            (
                State::HandedOver { label, .. } | State::Delivered { label, .. },
                TrackingStatus::Lost | TrackingStatus::Returned,
            ) => {
                let (label, at, is_lost) = (label.clone(), scan.at, scan.status == TrackingStatus::Lost);
                self.settled();
                let stage = if is_lost { FailedStage::Lost } else { FailedStage::Returned };
                self.state = if is_lost { State::Lost { label, at } } else { State::Returned { label, at } };
                Next::tell([News::Failed(stage, Some(scan.code.clone()), at)])
            }
            // It was not delivered after all: follow it again.
            (
                State::Delivered { label, handed_over_at, .. },
                TrackingStatus::InTransit
                | TrackingStatus::OutForDelivery
                | TrackingStatus::ReadyForPickup
                | TrackingStatus::DeliveryFailed
                | TrackingStatus::Returning,
            ) => {
                let (label, at) = (label.clone(), *handed_over_at);
                let ask = Ask::where_is(label.number.clone());
                self.state = State::HandedOver { label, at };
                Next::ask(ask)
            }
            (State::Lost { .. } | State::Returned { .. }, TrackingStatus::Delivered) => {
                self.trouble = Some(Trouble::FoundAgain);
                Next::default()
            }
            _ => Next::default(),
        }
    }

    /// An end was heard of: nobody needs to look.
    fn settled(&mut self) {
        self.trouble = self.trouble.filter(|trouble| !trouble.has_given_up());
    }
}
