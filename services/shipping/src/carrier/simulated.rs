//! The adapter for the simulated carrier.
//!
//! What is sent and what an answer means are pure functions, so that the simulator, which has no sockets, shows the
//! same mapping that [`Http`] uses.

use peers::client::Heard;

use super::{
    CarrierKey, Evidence, Label, MAX_SCANS_TOLD, Operation, Parcel, Pdf, Scan, Told, TrackingNumber,
    Unavailable, Why,
};
use crate::simulated::wire::{self, Direction, Object, Request, encode_segment};
use crate::simulated::{Answer, Problem, Slug};

mod http;

pub use http::Http;
pub use peers::client::{Config, InvalidConfig};

/// The request that asks for `operation`.
#[must_use]
pub fn request_for(operation: &Operation) -> Request {
    let parcels = |number: &TrackingNumber| format!("/v1/parcels/{}", encode_segment(number.as_str()));
    let (path, body) = match operation {
        Operation::Book(book) => {
            let direction = match book.parcel {
                Parcel::Shipment(_) => Direction::Outbound,
                Parcel::Return(_) => Direction::Return,
            };
            let body = serde_json::json!({
                "parcel": book.parcel.to_string(),
                "direction": direction,
                "ship_to": book.ship_to,
                "pieces": book.pieces,
            });
            ("/v1/labels".to_owned(), body.to_string())
        }
        Operation::HandOver(hand_over) => {
            (format!("{}/handover", parcels(&hand_over.number)), "{}".to_owned())
        }
        Operation::Void(void) => {
            let path = match &void.number {
                Some(number) => format!("{}/void", parcels(number)),
                None => format!("/v1/operations/{}/cancel", encode_segment(void.book.as_str())),
            };
            (path, "{}".to_owned())
        }
    };
    Request::post(path, operation.key().to_string(), body)
}

/// The request that asks what became of `key`.
#[must_use]
pub fn look_up_for(key: &CarrierKey) -> Request {
    Request::get(format!("/v1/operations/{}", encode_segment(key.as_str())))
}

/// The request that asks where a parcel has been.
#[must_use]
pub fn track_for(number: &TrackingNumber) -> Request {
    Request::get(format!("/v1/parcels/{}", encode_segment(number.as_str())))
}

/// What a webhook's body says; `None` when it is not one of the simulated carrier's.
#[must_use]
pub fn told_in(body: &[u8]) -> Option<Vec<Told>> {
    let told: wire::Told = serde_json::from_slice(body).ok()?;
    // Of a parcel that is not named as ours are nothing can be learnt.
    let read = |told: wire::ToldScan| Some(Told { parcel: told.parcel.parse().ok()?, scan: read(told.scan) });
    Some(told.scans.into_iter().take(MAX_SCANS_TOLD).filter_map(read).collect())
}

/// What an answer means, or the lack of one. Its bytes are the JSON of a [`wire::Response`].
///
/// # Errors
/// [`Unavailable`] when the carrier turned the request away unread.
pub fn evidence_of(answer: &Answer<Vec<u8>>) -> Result<Evidence, Unavailable> {
    evidence_heard(Heard::from(answer))
}

fn evidence_heard(heard: Heard) -> Result<Evidence, Unavailable> {
    match heard {
        Heard::Answer(response, retry_after_s) => match evidence_from(response.status, &response.body) {
            Err(Unavailable::Throttled { .. }) => Err(Unavailable::Throttled { retry_after_s }),
            evidence => evidence,
        },
        Heard::Unreadable => unknown(Why::Unreadable),
        Heard::Timeout => unknown(Why::Timeout),
        Heard::Reset => unknown(Why::Reset),
        Heard::Unreachable => Err(Unavailable::Unreachable),
    }
}

/// What an answer of `status` with `body` means.
///
/// Only the carrier's own words prove anything: a 404 of some proxy in between is not proof of absence.
///
/// # Errors
/// [`Unavailable`] when the carrier turned the request away unread (401, 403, 429).
pub fn evidence_from(status: u16, body: &str) -> Result<Evidence, Unavailable> {
    match status {
        200..=299 => match serde_json::from_str(body) {
            Ok(object) => Ok(evidence_in(object)),
            Err(_) => unknown(Why::Unreadable),
        },
        401 | 403 => Err(Unavailable::Unauthorized),
        429 => Err(Unavailable::Throttled { retry_after_s: None }),
        400..=499 => match Problem::decode(body) {
            Some(problem) => Ok(evidence_against(&problem)),
            None => unknown(Why::Unreadable),
        },
        500..=599 => unknown(Why::ServerError),
        _ => unknown(Why::Unreadable),
    }
}

fn unknown(why: Why) -> Result<Evidence, Unavailable> {
    Ok(Evidence::Unknown { why })
}

fn evidence_in(object: Object) -> Evidence {
    match object {
        Object::Label { number, url, sha256, pdf, .. } => {
            let label = TrackingNumber::try_from(String::from(number)).ok().zip(Pdf::new(pdf.into()).ok());
            match label {
                Some((number, pdf)) if pdf.sha256() == sha256 => {
                    Evidence::Labelled { label: Label { number, url: Some(url), sha256 }, pdf }
                }
                // A label that did not arrive whole can be asked for again.
                Some(_) | None => Evidence::Unknown { why: Why::Unreadable },
            }
        }
        Object::HandOver { handed_over_at, .. } => Evidence::HandedOver { at: handed_over_at },
        Object::Void { .. } => Evidence::Voided,
        Object::Tracking { scans, .. } => {
            let skipped = scans.len().saturating_sub(MAX_SCANS_TOLD);
            Evidence::Tracked { scans: scans.into_iter().skip(skipped).map(read).collect() }
        }
    }
}

fn evidence_against(problem: &Problem) -> Evidence {
    match (problem.slug, problem.more.since) {
        (Slug::AlreadyHandedOver, Some(at)) => Evidence::TooLate { at },
        (Slug::AlreadyHandedOver, None) => Evidence::Unknown { why: Why::Unreadable },
        (Slug::OperationNotFound, _) => Evidence::NotFound,
        (Slug::OperationCancelled, _) => Evidence::Voided,
        (Slug::KeyInUse, _) => Evidence::Unknown { why: Why::InProgress },
        (Slug::KeyReused, _) => Evidence::Unknown { why: Why::KeyReused },
        (slug, _) => Evidence::Refused { code: slug.as_str().replace('-', "_") },
    }
}

fn read(scan: wire::Scan) -> Scan {
    Scan::new(scan.at, scan.status, &scan.code, scan.place.as_deref())
}

#[cfg(test)]
mod tests;
