//! The simulated carrier's ledger: a state machine without I/O or clock, whose dice are passed in.
//!
//! [`Ledger::decide`] looks and says what would happen, [`Ledger::apply`] makes it so. The two are apart so that an
//! effect can be made durable in between, and because applying a journal from its first entry gives the same ledger
//! again: that is how the server starts, and how an auditor checks what it exports.

use std::collections::{BTreeMap, BTreeSet};

use contracts::{MessageId, Timestamp};
use peers::Inconsistent;
use serde::{Deserialize, Serialize};

use super::call::{Call, Command};
use super::faults::Faults;
use super::ids::{Key, Number};
use super::journey;
use super::problem::{Problem, Since, Slug};
use super::wire::{Book, Direction, Object, Response, Scan, Told, ToldScan};

mod agenda;
mod entry;
mod parcel;

pub use agenda::Agenda;
pub use entry::{Effect, Entry};
pub use parcel::{Parcel, Stands};

/// What becomes of a call. Of what is recorded, [`Ledger::answer`] has the answer.
pub type Decision = peers::Decision<Entry>;

/// All labels of one parcel of the merchant's, over all its keys.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParcelTotals {
    /// Labels that stand: the merchant pays for them.
    pub open_labels: u32,
    /// Labels that were taken back.
    pub voided_labels: u32,
    /// How many of them the carrier has, or had.
    pub handed_over: u32,
}

/// Everything that ever happened, in a form that can be asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    entries: u64,
    operations: BTreeMap<Key, Operation>,
    cancelled: BTreeSet<Key>,
    parcels: BTreeMap<Number, Parcel>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Operation {
    fingerprint: MessageId,
    did: Did,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Did {
    Book(Number),
    Refuse,
    HandOver(Number),
    Void(Option<Number>),
}

impl Ledger {
    /// How many entries the journal has: the place of the last one.
    #[must_use]
    pub fn entries(&self) -> u64 {
        self.entries
    }

    /// Every parcel, by number.
    pub fn parcels(&self) -> impl Iterator<Item = &Parcel> {
        self.parcels.values()
    }

    /// Totals per parcel by the merchant's name for it, for an audit. One pass over all parcels.
    #[must_use]
    pub fn totals(&self) -> BTreeMap<String, ParcelTotals> {
        let mut totals: BTreeMap<String, ParcelTotals> = BTreeMap::new();
        for parcel in self.parcels.values() {
            let of = totals.entry(parcel.book.parcel.clone()).or_default();
            of.voided_labels += u32::from(parcel.stands == Stands::Voided);
            of.open_labels += u32::from(parcel.stands != Stands::Voided);
            of.handed_over += u32::from(matches!(parcel.stands, Stands::HandedOver { .. }));
        }
        totals
    }

    /// What `call` comes to at `now`, by these dice.
    #[must_use]
    pub fn decide(&self, now: Timestamp, call: &Call, faults: &Faults) -> Decision {
        let entry = match call {
            Call::Query { key } => return Decision::Standing(self.query(key).unwrap_or_else(Response::from)),
            Call::Track { number } => {
                return Decision::Standing(self.track(now, number).unwrap_or_else(Response::from));
            }
            Call::Command { key, command } => self.command(now, key, (command, call.script()), faults),
        };
        entry.map_or_else(Decision::Standing, |entry| Decision::Record(Box::new(entry)))
    }

    /// Makes `entry` part of the ledger.
    ///
    /// # Errors
    /// [`Inconsistent`] when it cannot follow what is there; the ledger must not be used further.
    pub fn apply(&mut self, entry: &Entry) -> Result<(), Inconsistent> {
        let seq = entry.seq;
        if seq != self.entries + 1 {
            return Err(Inconsistent::Gap { expected: self.entries + 1, got: seq });
        }
        if self.operations.contains_key(&entry.key) || self.cancelled.contains(&entry.key) {
            return Err(Inconsistent::SecondEffect { seq, key: entry.key.clone() });
        }
        let did = self.apply_effect(entry).ok_or(Inconsistent::Impossible { seq })?;
        self.operations.insert(entry.key.clone(), Operation { fingerprint: entry.fingerprint, did });
        self.entries = seq;
        Ok(())
    }

    /// How the request under `key` is answered, again and again: for one operation always with the same bytes.
    #[must_use]
    pub fn answer(&self, key: &Key) -> Response {
        let answer = self.operations.get(key).ok_or_else(|| self.nothing_under(key));
        answer.and_then(|operation| self.answer_to(&operation.did)).unwrap_or_else(Response::from)
    }

    fn apply_effect(&mut self, entry: &Entry) -> Option<Did> {
        match &entry.effect {
            Effect::Booked { number, book, legs } => {
                let (number, book, legs) = (number.clone(), book.clone(), legs.clone());
                let parcel = Parcel { number: number.clone(), book, stands: Stands::Booked, legs };
                self.parcels.insert(number.clone(), parcel).is_none().then_some(Did::Book(number))
            }
            Effect::Refused => Some(Did::Refuse),
            Effect::HandedOver { number, legs } => {
                let parcel = self.parcels.get_mut(number).filter(|parcel| parcel.can_leave())?;
                parcel.stands = Stands::HandedOver { at: entry.at };
                parcel.legs.clone_from(legs);
                Some(Did::HandOver(number.clone()))
            }
            Effect::Voided { number } => {
                let parcel = self.parcels.get_mut(number)?;
                let is_booked = parcel.stands == Stands::Booked;
                parcel.stands = Stands::Voided;
                is_booked.then(|| Did::Void(Some(number.clone())))
            }
            Effect::Cancelled { operation } => {
                let is_new =
                    !self.operations.contains_key(operation) && self.cancelled.insert(operation.clone());
                is_new.then_some(Did::Void(None))
            }
        }
    }

    /// What stands under a key now, which for a booking may be that its label was taken back.
    fn query(&self, key: &Key) -> Result<Response, Problem> {
        let Some(operation) = self.operations.get(key) else { return Err(self.nothing_under(key)) };
        match &operation.did {
            Did::Book(number) if self.parcel(number)?.stands == Stands::Voided => {
                Ok(Response::of(200, &Object::Void { number: Some(number.clone()) }))
            }
            did => self.answer_to(did),
        }
    }

    fn track(&self, now: Timestamp, number: &Number) -> Result<Response, Problem> {
        let parcel = self.parcel(number)?;
        let scans: Vec<Scan> = parcel.seen(now).cloned().collect();
        let (number, parcel) = (number.clone(), parcel.book.parcel.clone());
        Ok(Response::of(200, &Object::Tracking { number, parcel, scans }))
    }

    fn parcel(&self, number: &Number) -> Result<&Parcel, Problem> {
        let missing = || Problem::new(Slug::ParcelNotFound, format!("there is no parcel {number}"));
        self.parcels.get(number).ok_or_else(missing)
    }

    fn nothing_under(&self, key: &Key) -> Problem {
        if self.cancelled.contains(key) {
            let detail = format!("{key} was cancelled before anything came under it");
            return Problem::new(Slug::OperationCancelled, detail);
        }
        Problem::new(Slug::OperationNotFound, format!("nothing has come under {key}"))
    }

    /// The entry that `command` makes; else the answer that stands without one.
    fn command(
        &self,
        now: Timestamp,
        key: &Key,
        (command, script): (&Command, Option<&str>),
        faults: &Faults,
    ) -> Result<Entry, Response> {
        let fingerprint = command.fingerprint();
        match self.operations.get(key) {
            Some(operation) if operation.fingerprint == fingerprint => return Err(self.answer(key)),
            Some(_) => {
                let detail = format!("{key} was used for another request");
                return Err(Problem::new(Slug::KeyReused, detail).into());
            }
            None if self.cancelled.contains(key) => return Err(self.nothing_under(key).into()),
            None => {}
        }
        let effect = match command {
            Command::Book(book) => Self::book(now, key, (book, script), faults),
            Command::HandOver { number } => self.hand_over(now, number, faults)?,
            Command::Void { number } => self.void(number)?,
            Command::Cancel { operation } => self.cancel(operation)?,
        };
        Ok(Entry { seq: self.entries + 1, at: now, key: key.clone(), fingerprint, effect })
    }

    fn book(now: Timestamp, key: &Key, (book, script): (&Book, Option<&str>), faults: &Faults) -> Effect {
        if faults.refuses(key.as_str(), script) {
            return Effect::Refused;
        }
        let number = Number::booked_by(key);
        let legs = match book.direction {
            Direction::Outbound => Vec::new(),
            // The customer posts it after a while.
            Direction::Return => {
                let posted = now.plus(faults.pace().step);
                journey::plan(faults, &number, faults.fate(&number, script), posted)
            }
        };
        Effect::Booked { number, book: Box::new(book.clone()), legs }
    }

    fn hand_over(&self, now: Timestamp, number: &Number, faults: &Faults) -> Result<Effect, Response> {
        let parcel = self.parcel(number)?;
        match parcel.stands {
            Stands::HandedOver { .. } => {
                return Err(self.answer_to(&Did::HandOver(number.clone())).unwrap_or_else(Response::from));
            }
            Stands::Voided => {
                let detail = format!("the label of {number} was taken back");
                return Err(Problem::new(Slug::LabelVoided, detail).into());
            }
            Stands::Booked if !parcel.can_leave() => {
                let detail = format!("{number} comes back: its customer posts it");
                return Err(Problem::new(Slug::NotOutbound, detail).into());
            }
            Stands::Booked => {}
        }
        let script = parcel.book.ship_to.line1.strip_prefix("sim:");
        let legs = journey::plan(faults, number, faults.fate(number, script), now);
        Ok(Effect::HandedOver { number: number.clone(), legs })
    }

    fn void(&self, number: &Number) -> Result<Effect, Response> {
        match self.parcel(number)?.stands {
            Stands::HandedOver { at } => {
                let detail = format!("{number} was handed over at {at}");
                Err(Problem::new(Slug::AlreadyHandedOver, detail).with(Since { since: Some(at) }).into())
            }
            Stands::Voided => Err(Response::of(200, &Object::Void { number: Some(number.clone()) })),
            Stands::Booked => Ok(Effect::Voided { number: number.clone() }),
        }
    }

    /// Whoever does not know whether a booking was executed can end it all the same.
    fn cancel(&self, key: &Key) -> Result<Effect, Response> {
        match self.operations.get(key).map(|operation| &operation.did) {
            Some(Did::Book(number)) => self.void(number),
            Some(Did::Refuse) => Err(Response::of(200, &Object::Void { number: None })),
            Some(Did::HandOver(_) | Did::Void(_)) => {
                let detail = format!("{key} is not the key of a booking");
                Err(Problem::new(Slug::NotCancellable, detail).into())
            }
            None if self.cancelled.contains(key) => Err(Response::of(200, &Object::Void { number: None })),
            None => Ok(Effect::Cancelled { operation: key.clone() }),
        }
    }

    fn answer_to(&self, did: &Did) -> Result<Response, Problem> {
        match did {
            Did::Refuse => Err(Problem::new(
                Slug::AddressUnknown,
                "nobody can deliver there, says the simulated carrier",
            )),
            Did::Void(number) => Ok(Response::of(200, &Object::Void { number: number.clone() })),
            Did::HandOver(number) => match self.parcel(number)?.stands {
                Stands::HandedOver { at } => {
                    Ok(Response::of(200, &Object::HandOver { number: number.clone(), handed_over_at: at }))
                }
                Stands::Booked | Stands::Voided => {
                    Err(Problem::new(Slug::ServerError, "the ledger contradicts itself"))
                }
            },
            Did::Book(number) => Ok(Response::of(201, &self.parcel(number)?.label())),
        }
    }
}

impl peers::Ledger for Ledger {
    type Call = Call;
    type Entry = Entry;
    type Faults = Faults;
    type Page = peers::Page<Entry>;

    fn decide(&self, now: Timestamp, (call, _): (&Call, u32), faults: &Faults) -> Decision {
        self.decide(now, call, faults)
    }

    fn apply(&mut self, entry: &Entry) -> Result<(), Inconsistent> {
        self.apply(entry)
    }

    fn answer(&self, entry: &Entry) -> Response {
        self.answer(&entry.key)
    }

    fn page(&self, entries: Vec<Entry>) -> Self::Page {
        Self::Page::of(entries, self.entries, peers::NoMore {})
    }
}

impl peers::Peer for Ledger {
    type Outbox = Agenda;

    fn body(scans: Vec<ToldScan>) -> Vec<u8> {
        serde_json::to_vec(&Told { simulated: true, scans }).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
