//! What the peers' own ledgers say, rebuilt entry by entry: who could not have written an entry is found out here.

use std::collections::BTreeMap;

use contracts::Timestamp;
use contracts::events::shipment::TrackingStatus;
use payment::simulated::ledger::{Effect, PaymentTotals};
use shipping::simulated::ledger::Stands;

use super::{Ledger, Wrong};
use crate::peer::Kind;

/// What all three ledgers say.
#[derive(Debug, Clone, Default)]
pub struct Books {
    /// By the shop's name for the payment.
    pub money: BTreeMap<String, Money>,
    /// By the shop's name for the parcel.
    pub parcels: BTreeMap<String, Parcel>,
    /// By the mailbox's key: the mail that was taken, or that it was refused.
    pub mails: BTreeMap<String, Option<String>>,
    /// How many effects each ledger has.
    pub entries: BTreeMap<Kind, u64>,
    pub(super) wrong: Vec<Wrong>,
}

/// The money of one payment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Money {
    /// Over all its authorizations.
    pub totals: PaymentTotals,
    /// When it was first taken.
    pub captured_at: Option<Timestamp>,
}

/// One parcel, over all its labels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Parcel {
    /// Labels that stand.
    pub labels: u32,
    /// How many of them the carrier took.
    pub handed_over: u32,
    /// When it first did.
    pub handed_over_at: Option<Timestamp>,
    /// Where its way ends.
    pub end: Option<TrackingStatus>,
}

impl Books {
    /// Reads the provider's ledger.
    pub fn provider<'a>(&mut self, entries: impl IntoIterator<Item = &'a payment::simulated::ledger::Entry>) {
        let mut ledger = payment::simulated::ledger::Ledger::default();
        let mut captured_at = BTreeMap::new();
        for entry in entries {
            if let Err(error) = ledger.apply(entry) {
                return self.contradiction(Kind::Provider, &error);
            }
            if let Effect::Captured { moved, .. } = &entry.effect {
                captured_at.entry(moved.authorization.clone()).or_insert(entry.at);
            }
        }
        self.entries.insert(Kind::Provider, ledger.entries());
        for (payment_id, totals) in ledger.payments() {
            self.money.insert(payment_id.to_string(), Money { totals, captured_at: None });
        }
        for authorization in ledger.authorizations() {
            let Some(at) = captured_at.get(&authorization.id) else { continue };
            let money = self.money.entry(authorization.payment.to_string()).or_default();
            money.captured_at = Some(money.captured_at.map_or(*at, |first| first.min(*at)));
        }
    }

    /// Reads the carrier's ledger.
    pub fn carrier<'a>(&mut self, entries: impl IntoIterator<Item = &'a shipping::simulated::ledger::Entry>) {
        let mut ledger = shipping::simulated::ledger::Ledger::default();
        for entry in entries {
            if let Err(error) = ledger.apply(entry) {
                return self.contradiction(Kind::Carrier, &error);
            }
        }
        self.entries.insert(Kind::Carrier, ledger.entries());
        for booked in ledger.parcels() {
            let parcel = self.parcels.entry(booked.book.parcel.clone()).or_default();
            parcel.labels += u32::from(booked.stands != Stands::Voided);
            if let Stands::HandedOver { at } = booked.stands {
                parcel.handed_over += 1;
                parcel.handed_over_at = Some(parcel.handed_over_at.map_or(at, |first| first.min(at)));
                parcel.end = booked.legs.last().map(|leg| leg.scan.status);
            }
        }
    }

    /// Reads the mailbox's ledger.
    pub fn mailbox<'a>(
        &mut self,
        entries: impl IntoIterator<Item = &'a notification::simulated::ledger::Entry>,
    ) {
        let mut ledger = notification::simulated::ledger::Ledger::default();
        for entry in entries {
            if let Err(error) = ledger.apply(entry) {
                return self.contradiction(Kind::Mailbox, &error);
            }
        }
        self.entries.insert(Kind::Mailbox, ledger.entries());
        for (key, outcome) in ledger.outcomes() {
            self.mails.insert(key.to_string(), outcome.mail.as_ref().map(ToString::to_string));
        }
    }

    fn contradiction(&mut self, peer: Kind, error: &dyn std::error::Error) {
        let name = peer.as_str();
        self.wrong.push(Wrong::of(peer, format!("{name}: its ledger contradicts itself: {error}")));
    }

    /// What is reported of each ledger, once all that is wrong is known.
    pub(super) fn agreement(&self, wrong: &[Wrong]) -> BTreeMap<String, Ledger> {
        let one = |kind: Kind| {
            let disagreements = wrong.iter().filter(|wrong| wrong.peer == Some(kind)).count() as u64;
            let effects = self.entries.get(&kind).copied().unwrap_or_default();
            (kind.as_str().to_owned(), Ledger { effects, disagreements })
        };
        Kind::ALL.map(one).into()
    }
}
