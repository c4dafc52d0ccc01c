//! What crosses between the simulated carrier and its callers, over HTTP and in the simulator alike.

use contracts::Timestamp;
use contracts::events::shipment::TrackingStatus;
use contracts::order::ShipTo;
use serde::{Deserialize, Serialize};

use super::ids::Number;

/// The longest request body that is read, in bytes: ten times the longest honest one.
pub const MAX_BODY_BYTES: usize = 16 * 1024;

/// A request: what HTTP splits into request line, `Idempotency-Key` and body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// `GET` or `POST`.
    pub method: String,
    /// From `/v1/` on, segments percent-encoded, without a query.
    pub path: String,
    /// The header `Idempotency-Key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// JSON; empty for a `GET`.
    #[serde(default)]
    pub body: String,
}

/// An answer: status and JSON. Above 399 the body is a [`super::Problem`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The JSON body; for one operation always the same bytes.
    pub body: String,
}

impl Response {
    /// `body` as JSON under `status`.
    pub(super) fn of(status: u16, body: &impl Serialize) -> Self {
        match serde_json::to_string(body) {
            Ok(body) => Self { status, body },
            // Our own bodies have text keys and finite numbers only, so this is not reached.
            Err(_) => Self { status: 500, body: "{}".to_owned() },
        }
    }
}

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

/// A path segment with everything encoded that RFC 3986 does not call unreserved.
#[must_use]
pub fn encode_segment(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// The text of an encoded segment; `None` when it is not the encoding of any text.
pub(super) fn decode_segment(segment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        if *first != b'%' {
            bytes.push(*first);
            rest = tail;
            continue;
        }
        let digit = |index: usize| tail.get(index).and_then(|b| char::from(*b).to_digit(16));
        let (high, low) = (digit(0)?, digit(1)?);
        bytes.push(u8::try_from(high * 16 + low).ok()?);
        rest = &tail[2..];
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_survive_the_path() {
        for text in ["shipment-536365-s1-book-1", "return-a/b:c+d-book-1", "%2F", "ä"] {
            let encoded = encode_segment(text);
            assert!(!encoded.contains('/'), "{encoded}");
            assert_eq!(decode_segment(&encoded).as_deref(), Some(text));
        }
        for bad in ["%", "%2", "%zz", "%ff"] {
            assert_eq!(decode_segment(bad), None, "{bad}");
        }
    }
}
