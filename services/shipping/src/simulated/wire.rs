//! What crosses between the simulated carrier and its callers, over HTTP and in the simulator alike.

use contracts::Timestamp;
use contracts::events::shipment::TrackingStatus;
use contracts::order::ShipTo;
pub use peers::wire::{Request, Response, encode_segment};
use serde::{Deserialize, Serialize};

use super::ids::Number;

/// The longest request body that is read, in bytes: ten times the longest honest one.
pub const MAX_BODY_BYTES: usize = 16 * 1024;

/// Body of `POST /v1/labels`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Book {
    /// The merchant's name for the parcel: 1 to 100 characters, repeated in everything that is told of it.
    pub parcel: String,
    /// Which way it goes.
    pub direction: Direction,
    /// The customer's address.
    ///
    /// A first line that begins with `sim:` says what happens: `sim:address_unknown` is refused, `sim:lost`,
    /// `sim:returned`, `sim:missed` and `sim:damaged` are what becomes of the parcel, and `sim:` with the name of a
    /// mishap ([`super::faults::Mishap::as_str`]) is what the first request to book it meets.
    pub ship_to: ShipTo,
    /// How many pieces are in it.
    pub pieces: u64,
}

/// Which way a parcel goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// To the customer, once the merchant hands it over.
    Outbound,
    /// From the customer, who posts it one day.
    Return,
}

/// What the simulated carrier answers with when it does not refuse. The word `simulated` is in every one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "object")]
pub enum Object {
    /// A booked parcel, and its label.
    #[serde(rename = "simulated_label")]
    Label {
        /// `SIM...GB`.
        number: Number,
        /// The merchant's name for it.
        parcel: String,
        /// Where it can be followed.
        url: String,
        /// SHA-256 of the label's bytes, in hexadecimal digits.
        sha256: String,
        /// The label: a PDF that has ASCII characters only, so that JSON carries it as it is.
        pdf: String,
    },
    /// The carrier has the parcel.
    #[serde(rename = "simulated_handover")]
    HandOver {
        /// Which.
        number: Number,
        /// Since when.
        handed_over_at: Timestamp,
    },
    /// The label is void, or will never come.
    #[serde(rename = "simulated_void")]
    Void {
        /// Which; absent when the key was cancelled before anything came under it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        number: Option<Number>,
    },
    /// Where a parcel has been.
    #[serde(rename = "simulated_tracking")]
    Tracking {
        /// Which.
        number: Number,
        /// The merchant's name for it.
        parcel: String,
        /// Every scan so far.
        scans: Vec<Scan>,
    },
}

/// One scan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scan {
    /// When.
    pub at: Timestamp,
    /// What it means.
    pub status: TrackingStatus,
    /// In the carrier's own word.
    pub code: String,
    /// Where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
}

/// Body of a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// Always true: no real parcel is meant.
    pub simulated: bool,
    /// What was seen, in no order that means anything.
    pub scans: Vec<ToldScan>,
}

/// One scan, and whose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldScan {
    /// Which parcel.
    pub number: Number,
    /// The merchant's name for it.
    pub parcel: String,
    /// What was seen.
    #[serde(flatten)]
    pub scan: Scan,
}
