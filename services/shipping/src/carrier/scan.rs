//! What carriers tell of parcels: scans, late, twice and out of order.

use contracts::Timestamp;
use contracts::events::shipment::TrackingStatus;
use serde::{Deserialize, Serialize};

use super::Parcel;

/// How many scans one webhook, or one answer, tells at most; the rest is not read.
pub const MAX_SCANS_TOLD: usize = 100;

/// The longest code and place that are kept, in characters.
const MAX_CODE_CHARS: usize = 40;
const MAX_PLACE_CHARS: usize = 80;

/// One scan of one parcel. The same time, code and place are the same scan, however often it is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scan {
    /// By the carrier's clock.
    pub at: Timestamp,
    /// What it means, in words that carriers have in common.
    pub status: TrackingStatus,
    /// In the carrier's own word.
    pub code: String,
    /// Where, as the carrier names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}

impl Scan {
    /// A scan whose words are cut to what is kept.
    #[must_use]
    pub fn new(at: Timestamp, status: TrackingStatus, code: &str, place: Option<&str>) -> Self {
        Self {
            at,
            status,
            code: code.chars().take(MAX_CODE_CHARS).collect(),
            place: place.map(|place| place.chars().take(MAX_PLACE_CHARS).collect()),
        }
    }

    /// Whether both are the same scan.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        (self.at, &self.code, &self.place) == (other.at, &other.code, &other.place)
    }

    /// Whether the carrier can only say so of a parcel that it has, or had.
    #[must_use]
    pub fn shows_hand_over(&self) -> bool {
        match self.status {
            TrackingStatus::InTransit
            | TrackingStatus::OutForDelivery
            | TrackingStatus::ReadyForPickup
            | TrackingStatus::DeliveryFailed
            | TrackingStatus::Delivered
            | TrackingStatus::Returning
            | TrackingStatus::Returned
            | TrackingStatus::Lost => true,
            // A parcel may be late before it was handed over.
            TrackingStatus::PreTransit | TrackingStatus::Delayed | TrackingStatus::Unrecognised => false,
        }
    }
}

/// A scan, and the parcel that it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Of which parcel, by our name for it.
    pub parcel: Parcel,
    /// What was seen.
    pub scan: Scan,
}
