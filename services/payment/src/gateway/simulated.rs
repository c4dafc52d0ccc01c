//! The adapter for the simulated provider.
//!
//! What is sent and what an answer means are pure functions, so that the simulator, which has no sockets, shows the
//! same mapping that [`Http`] uses.

use contracts::events::payment::DeclineReason;
use contracts::{DisputeId, Money};
use peers::client::Heard;

use super::{
    DeclineKind, Dispute, Evidence, Happening, Operation, ProviderKey, Reference, Told, Unavailable, Why,
};
use crate::simulated::wire::{self, Firmness, Object, Request, Status, encode_segment};
use crate::simulated::{Answer, Problem, Slug};

mod http;

pub use http::Http;
pub use peers::client::{Config, InvalidConfig};

/// The request that asks for `operation`.
#[must_use]
pub fn request_for(operation: &Operation) -> Request {
    let (path, body) = match operation {
        Operation::Authorize(authorize) => {
            let body = serde_json::json!({
                "payment": authorize.payment_id,
                "amount_minor": authorize.money.amount_minor,
                "currency": authorize.money.currency,
                "token": authorize.token.expose(),
            });
            ("/v1/authorizations".to_owned(), body.to_string())
        }
        Operation::Void(void) => {
            let path = match &void.reference {
                Some(reference) => format!("/v1/authorizations/{}/void", encode_segment(reference.as_str())),
                None => format!("/v1/operations/{}/cancel", encode_segment(void.authorize.as_str())),
            };
            (path, "{}".to_owned())
        }
        Operation::Capture(capture) => {
            let body = serde_json::json!({ "amount_minor": capture.money.amount_minor, "final": true });
            let reference = encode_segment(capture.reference.as_str());
            (format!("/v1/authorizations/{reference}/capture"), body.to_string())
        }
        Operation::Refund(refund) => {
            let body = serde_json::json!({
                "authorization": refund.reference,
                "amount_minor": refund.money.amount_minor,
            });
            ("/v1/refunds".to_owned(), body.to_string())
        }
    };
    Request::post(path, operation.key().to_string(), body)
}

/// The request that asks what became of `key`.
#[must_use]
pub fn query_for(key: &ProviderKey) -> Request {
    Request::get(format!("/v1/operations/{}", encode_segment(key.as_str())))
}

/// The most events of one webhook that are read; the simulated provider tells a fifth of that at once.
const MAX_EVENTS_TOLD: usize = 100;

/// What a webhook says; `None` when it is not one of the simulated provider. What proves nothing is left out, and what
/// is said of others than payments of ours.
#[must_use]
pub fn told_in(body: &[u8]) -> Option<Vec<Told>> {
    let told: wire::Told = serde_json::from_slice(body).ok()?;
    if !told.simulated {
        return None;
    }
    Some(told.events.into_iter().take(MAX_EVENTS_TOLD).filter_map(read).collect())
}

fn read(event: wire::Event) -> Option<Told> {
    let what = match event.about {
        Object::Operation { ref key, .. } => {
            let key = key.as_str().parse().ok()?;
            let evidence = evidence_in(event.about).ok()?;
            if matches!(evidence, Evidence::Unknown { .. } | Evidence::NotFound) {
                return None;
            }
            Happening::Answer { key, evidence }
        }
        Object::Dispute(dispute) => Happening::Dispute(Dispute {
            dispute_id: DisputeId::new(dispute.id.as_str()).ok()?,
            status: dispute.status,
            money: Money::new(dispute.amount_minor, dispute.currency),
            code: Some(dispute.reason),
            evidence_due_at: dispute.evidence_due_at,
            at: dispute.at,
        }),
        Object::Authorization(_) | Object::Capture { .. } | Object::Void { .. } | Object::Refund { .. } => {
            return None;
        }
    };
    Some(Told { event_id: event.id, payment_id: event.payment, what })
}

/// What an answer means, or the lack of one. Its bytes are the JSON of a [`wire::Response`].
///
/// # Errors
/// [`Unavailable`] when the provider turned the request away unread.
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
/// Only the provider's own words prove anything: a 404 of some proxy in between is not proof of absence.
///
/// # Errors
/// [`Unavailable`] when the provider turned the request away unread (401, 403, 429).
pub fn evidence_from(status: u16, body: &str) -> Result<Evidence, Unavailable> {
    match status {
        200..=299 => match serde_json::from_str(body) {
            Ok(object) => evidence_in(object),
            Err(_) => unknown(Why::Unreadable),
        },
        401 | 403 => Err(Unavailable::Unauthorized),
        429 => Err(Unavailable::Throttled { retry_after_s: None }),
        400..=499 => match Problem::decode(body) {
            Some(problem) => evidence_against(problem),
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
        Object::Authorization(authorization) => Ok(evidence_by(authorization)),
        Object::Void { .. } => Ok(Evidence::Voided),
        // A question is answered with what the operation would be answered with now; never with another question.
        Object::Operation { status, answer, .. } if answer["object"] != "simulated_operation" => {
            evidence_from(status, &answer.to_string())
        }
        Object::Capture { id, amount_minor, authorization } => {
            let currency = authorization.currency;
            named(id.into(), |reference| Evidence::Captured { reference, amount_minor, currency })
        }
        Object::Refund { id, amount_minor, authorization } => {
            let currency = authorization.currency;
            named(id, |reference| Evidence::Refunded { reference, amount_minor, currency })
        }
        // Nothing that is asked for here is answered with these.
        Object::Dispute(_) | Object::Operation { .. } => unknown(Why::Unreadable),
    }
}

fn named(name: String, evidence: impl FnOnce(Reference) -> Evidence) -> Result<Evidence, Unavailable> {
    Reference::try_from(name).map_or_else(|_| unknown(Why::Unreadable), |reference| Ok(evidence(reference)))
}

fn evidence_by(authorization: wire::Authorization) -> Evidence {
    let expires_at = Some(authorization.expires_at);
    let Ok(reference) = Reference::try_from(String::from(authorization.id)) else {
        return Evidence::Unknown { why: Why::Unreadable };
    };
    match (authorization.status, authorization.action_url) {
        (Status::Authorized | Status::PartiallyCaptured | Status::Captured, _) => Evidence::Authorized {
            reference,
            amount_minor: authorization.amount_minor,
            currency: authorization.currency,
            expires_at,
        },
        (Status::RequiresAction, Some(action_url)) => {
            Evidence::ActionRequired { reference, action_url, expires_at }
        }
        (Status::RequiresAction, None) => Evidence::Unknown { why: Why::Unreadable },
        (Status::Failed, _) => declined("authentication_failed".to_owned(), Firmness::Soft),
        (Status::Voided, _) => Evidence::Voided,
        (Status::Expired, _) => Evidence::Expired,
    }
}

fn evidence_against(problem: Problem) -> Result<Evidence, Unavailable> {
    Ok(match (problem.slug, problem.more.code.zip(problem.more.decline)) {
        (Slug::CardDeclined, Some((code, firmness))) => declined(code, firmness),
        (Slug::CardDeclined, None) => Evidence::Unknown { why: Why::Unreadable },
        (Slug::OperationNotFound, _) => Evidence::NotFound,
        (Slug::OperationCancelled | Slug::AuthorizationVoided, _) => Evidence::Voided,
        (Slug::KeyInUse, _) => Evidence::Unknown { why: Why::InProgress },
        (Slug::KeyReused, _) => Evidence::Unknown { why: Why::KeyReused },
        (Slug::AuthorizationExpired, _) => Evidence::Expired,
        (Slug::PaymentDisputed, _) => Evidence::Disputed,
        (slug, _) => Evidence::Refused { code: slug.as_str().replace('-', "_") },
    })
}

fn declined(code: String, firmness: Firmness) -> Evidence {
    let reason = match code.as_str() {
        "insufficient_funds" => DeclineReason::InsufficientFunds,
        "stolen_card" => DeclineReason::LostOrStolen,
        "authentication_failed" => DeclineReason::AuthenticationFailed,
        _ => DeclineReason::DoNotHonour,
    };
    let kind = match firmness {
        Firmness::Soft => DeclineKind::Soft,
        Firmness::Hard => DeclineKind::Hard,
    };
    Evidence::Declined { reason, code, kind }
}

#[cfg(test)]
mod tests;
