//! What is told by webhook, and when. Each scan is sent three times; then it is lost, and who wants to know has to ask.

use std::collections::{BTreeMap, VecDeque};

use contracts::Timestamp;
use peers::Outbox;

use super::{Effect, Entry, Ledger};
use crate::simulated::faults::Faults;
use crate::simulated::ids::Number;
use crate::simulated::wire::ToldScan;

/// What is still to be told, by when: which leg of which parcel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Agenda(BTreeMap<Timestamp, VecDeque<(Number, usize)>>);

impl Outbox<Ledger> for Agenda {
    type Item = ToldScan;
    const AT_ONCE: usize = 40;
    const SENDS: u32 = 3;

    fn note(&mut self, _: &Ledger, entry: &Entry, _: &Faults) {
        let (Effect::Booked { number, legs, .. } | Effect::HandedOver { number, legs }) = &entry.effect
        else {
            return;
        };
        for (nth, leg) in legs.iter().enumerate() {
            for at in &leg.told {
                self.0.entry(*at).or_default().push_back((number.clone(), nth));
            }
        }
    }

    /// What was to be told before is not told any more: who was not listening has to ask.
    fn start(&mut self, now: Timestamp) {
        self.0.retain(|at, _| *at > now);
    }

    fn take(&mut self, ledger: &Ledger, now: Timestamp) -> Option<(u64, ToldScan)> {
        while let Some(mut due) = self.0.first_entry().filter(|due| *due.key() <= now) {
            let next = due.get_mut().pop_front();
            if due.get().is_empty() {
                due.remove();
            }
            let Some((number, nth)) = next else { continue };
            let Some(parcel) = ledger.parcels.get(&number) else { continue };
            let Some(leg) = parcel.legs.get(nth) else { continue };
            let scan = ToldScan { number, parcel: parcel.book.parcel.clone(), scan: leg.scan.clone() };
            return Some((0, scan));
        }
        None
    }

    fn heard(&mut self, _: u64) {}

    fn next_due(&self) -> Option<Timestamp> {
        self.0.first_key_value().map(|(at, _)| *at)
    }
}
