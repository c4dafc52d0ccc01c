//! The way of a parcel, planned when it begins: where it will be scanned, and when that will be told.
//!
//! All of it follows from the seed and the parcel's number, and is written into the journal, so that a parcel has the
//! same way after a restart.

use std::time::Duration;

use contracts::Timestamp;
use contracts::events::shipment::TrackingStatus::{
    self, Delayed, Delivered, DeliveryFailed, InTransit, Lost, OutForDelivery, Returned, Returning,
};
use serde::{Deserialize, Serialize};

use super::faults::Faults;
use super::ids::Number;
use super::wire::Scan;

/// One scan, and when it is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leg {
    /// What will be seen.
    pub scan: Scan,
    /// When it is told by webhook: late, twice, before what came earlier, or never.
    pub told: Vec<Timestamp>,
}

/// What becomes of a parcel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It arrives.
    Arrives,
    /// It arrives when it is tried again.
    Missed,
    /// It arrives, and what is in it is broken.
    Damaged,
    /// It is lost.
    Lost,
    /// It is brought back.
    Returned,
}

type Stop = (TrackingStatus, &'static str, Option<&'static str>);

/// Scans on the way of every parcel.
const WAY: [Stop; 3] = [
    (InTransit, "picked_up", Some("Leeds depot")),
    (InTransit, "arrived", Some("Birmingham hub")),
    (OutForDelivery, "with_driver", Some("Local depot")),
];

impl Fate {
    fn stops(self) -> Vec<Stop> {
        let rest: &[Stop] = match self {
            Self::Arrives => &[(Delivered, "delivered", None)],
            Self::Missed => &[
                (DeliveryFailed, "nobody_home", None),
                (OutForDelivery, "with_driver", Some("Local depot")),
                (Delivered, "delivered", None),
            ],
            Self::Damaged => &[(Delayed, "damaged", Some("Local depot")), (Delivered, "delivered", None)],
            Self::Lost => &[(Delayed, "searching", Some("Birmingham hub")), (Lost, "lost", None)],
            Self::Returned => &[
                (DeliveryFailed, "refused_by_recipient", None),
                (Returning, "on_its_way_back", Some("Local depot")),
                (Returned, "brought_back", None),
            ],
        };
        WAY.iter().chain(rest).copied().collect()
    }
}

/// The way of the parcel `number` from `start` on.
pub(super) fn plan(faults: &Faults, number: &Number, fate: Fate, start: Timestamp) -> Vec<Leg> {
    let mut dice = faults.dice("journey", number.as_str(), 0);
    let mut at = start;
    let mut legs = Vec::new();
    for (status, code, place) in fate.stops() {
        at = at.plus(faults.pace().step / 2 + part(&mut dice, faults.pace().step / 2));
        let scan = Scan { at, status, code: code.to_owned(), place: place.map(str::to_owned) };
        let mut told = Vec::new();
        if !faults.odds().untold.comes_up(&mut dice) {
            told.push(at.plus(part(&mut dice, faults.pace().late_up_to)));
        }
        if faults.odds().told_twice.comes_up(&mut dice) {
            told.push(at.plus(part(&mut dice, faults.pace().late_up_to * 2)));
        }
        legs.push(Leg { scan, told });
    }
    legs
}

fn part(dice: &mut fastrand::Rng, most: Duration) -> Duration {
    Duration::from_micros(dice.u64(0..=u64::try_from(most.as_micros()).unwrap_or(u64::MAX)))
}
