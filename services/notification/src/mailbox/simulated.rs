//! The adapter for the simulated mailbox.
//!
//! What is sent and what an answer means are pure functions, so that the simulator, which has no sockets, shows the same
//! mapping that [`Http`] uses.

use super::{Evidence, MailKey, Message, Reference, RefusalKind, Unavailable, Why};
use crate::simulated::wire::{Object, Request, encode_segment};
use crate::simulated::{Answer, Letter, Problem, Slug};
use peers::client::Heard;

mod http;

pub use http::Http;
pub use peers::client::{Config, InvalidConfig};

/// The request that hands `message` over under `key`.
#[must_use]
pub fn request_for(key: &MailKey, message: &Message) -> Request {
    let Message { to, subject, text, html } = message.clone();
    let letter = Letter { to, subject, text, html };
    // Four texts: that cannot fail, and an empty body would be refused as no letter.
    let body = serde_json::to_string(&letter).unwrap_or_default();
    Request::post("/v1/mails".to_owned(), key.to_string(), body)
}

/// The request that asks what became of `key`.
#[must_use]
pub fn query_for(key: &MailKey) -> Request {
    Request::get(format!("/v1/operations/{}", encode_segment(key.as_str())))
}

/// What an answer means, or the lack of one. Its bytes are the JSON of a [`peers::wire::Response`].
///
/// # Errors
/// [`Unavailable`] when the mailbox turned the request away unread.
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
/// Only the mailbox's own words prove anything: a 404 of some proxy in between is not proof of absence.
///
/// # Errors
/// [`Unavailable`] when the mailbox turned the request away unread (401, 403, 429).
pub fn evidence_from(status: u16, body: &str) -> Result<Evidence, Unavailable> {
    match status {
        200..=299 => match serde_json::from_str(body) {
            Ok(object) => evidence_in(object),
            Err(_) => unknown(Why::Unreadable),
        },
        401 | 403 => Err(Unavailable::Unauthorized),
        429 => Err(Unavailable::Throttled { retry_after_s: None }),
        400..=499 => match Problem::decode(body) {
            Some(problem) => Ok(evidence_against(problem.slug)),
            None => unknown(Why::Unreadable),
        },
        500..=599 => unknown(Why::ServerError),
        _ => unknown(Why::Unreadable),
    }
}

fn unknown(why: Why) -> Result<Evidence, Unavailable> {
    Ok(Evidence::Unknown { why })
}

fn evidence_in(object: Object) -> Result<Evidence, Unavailable> {
    match object {
        Object::Mail { id } => match Reference::try_from(String::from(id)) {
            Ok(reference) => Ok(Evidence::Accepted { reference }),
            Err(_) => unknown(Why::Unreadable),
        },
        // A question is answered with what the operation was answered with; never with another question.
        Object::Operation { status, answer, .. } if answer["object"] != "simulated_operation" => {
            evidence_from(status, &answer.to_string())
        }
        Object::Operation { .. } => unknown(Why::Unreadable),
    }
}

fn evidence_against(slug: Slug) -> Evidence {
    let code = slug.as_str().to_owned();
    match slug {
        Slug::NoSuchMailbox => Evidence::Refused { kind: RefusalKind::NoSuchAddress, code },
        Slug::Deferred => Evidence::NotTaken { code },
        Slug::OperationNotFound => Evidence::NotFound,
        Slug::KeyInUse => Evidence::Unknown { why: Why::InProgress },
        Slug::KeyReused => Evidence::Unknown { why: Why::KeyReused },
        Slug::ServerError => Evidence::Unknown { why: Why::ServerError },
        Slug::MessageRefused
        | Slug::MalformedRequest
        | Slug::KeyRequired
        | Slug::RouteNotFound
        | Slug::MailNotFound
        | Slug::BodyTooLarge
        | Slug::InvalidRequest
        | Slug::TooManyRequests => Evidence::Refused { kind: RefusalKind::Unwanted, code },
    }
}

#[cfg(test)]
mod tests;
