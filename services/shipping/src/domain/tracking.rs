//! Where a parcel was seen. Scans come late, twice and out of order; the carrier's own time orders them.

use std::time::Duration;

use contracts::Timestamp;
use contracts::events::shipment::TrackingStatus;
use serde::{Deserialize, Serialize};

use crate::carrier::Scan;

/// How many scans of one parcel are remembered. More only move its position, and the oldest are forgotten: no honest
/// journey has as many, and a document is bounded.
pub const MAX_SCANS: usize = 200;

/// How far a carrier's clock may be ahead of ours. What is further ahead is not believed: it would be the last word
/// for as long.
const MAX_AHEAD: Duration = Duration::from_secs(24 * 3_600);

/// Every scan of one parcel, in the order of the carrier's time.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Tracking {
    scans: Vec<Scan>,
}

impl Tracking {
    /// Every scan that is remembered, oldest first.
    #[must_use]
    pub fn scans(&self) -> &[Scan] {
        &self.scans
    }

    /// Where it is now: the latest scan by the carrier's time; of several at one time the one furthest along.
    #[must_use]
    pub fn position(&self) -> Option<&Scan> {
        self.scans.last()
    }

    /// Adds what is new among `scans`, and answers it in the carrier's order.
    pub(super) fn add(&mut self, scans: Vec<Scan>, now: Timestamp) -> Vec<Scan> {
        let mut new: Vec<Scan> = Vec::new();
        for scan in scans {
            let is_known = self.scans.iter().chain(&new).any(|known| known.is(&scan));
            if !is_known && scan.at <= now.plus(MAX_AHEAD) {
                new.push(scan);
            }
        }
        new.sort_by_key(order);
        self.scans.extend(new.iter().cloned());
        self.scans.sort_by_key(order);
        let surplus = self.scans.len().saturating_sub(MAX_SCANS);
        self.scans.drain(..surplus);
        new
    }
}

fn order(scan: &Scan) -> (Timestamp, u8, String) {
    (scan.at, rank(scan.status), scan.code.clone())
}

/// How far along a status is; only tells scans of the same instant apart.
fn rank(status: TrackingStatus) -> u8 {
    match status {
        TrackingStatus::Unrecognised => 0,
        TrackingStatus::PreTransit => 1,
        TrackingStatus::Delayed => 2,
        TrackingStatus::InTransit => 3,
        TrackingStatus::OutForDelivery => 4,
        TrackingStatus::DeliveryFailed => 5,
        TrackingStatus::ReadyForPickup => 6,
        TrackingStatus::Returning => 7,
        TrackingStatus::Lost => 8,
        TrackingStatus::Returned => 9,
        TrackingStatus::Delivered => 10,
    }
}
