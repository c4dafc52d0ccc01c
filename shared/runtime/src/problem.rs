//! Problem details (RFC 9457): what is wrong, where, and what to do.

use std::borrow::Cow;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use contracts::card;
use serde::{Deserialize, Serialize};
use store::{Outage, OutageKind};

use crate::fail::Fail;

/// A refused request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// `urn:banyan:problem:<slug>`.
    #[serde(rename = "type")]
    pub kind: Cow<'static, str>,
    /// The same sentence for every problem of this type.
    pub title: Cow<'static, str>,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong this time.
    pub detail: String,
    /// The path that was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// Each wrong field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// What to do next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// When to try again, in seconds; the header `Retry-After`.
    #[serde(skip)]
    pub retry_after_s: Option<u32>,
}

/// One wrong field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    /// JSON pointer (RFC 6901) into the request's body.
    pub pointer: String,
    /// What is wrong with it.
    pub message: String,
}

impl Problem {
    /// A problem of type `urn:banyan:problem:<slug>`.
    #[must_use]
    pub fn new(status: u16, slug: &str, title: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind: Cow::Owned(format!("urn:banyan:problem:{slug}")),
            title: Cow::Borrowed(title),
            status,
            detail: detail.into(),
            instance: None,
            errors: Vec::new(),
            hint: None,
            retry_after_s: None,
        }
    }

    /// The part of the type that tells problems apart.
    #[must_use]
    pub fn slug(&self) -> &str {
        self.kind.rsplit(':').next().unwrap_or_default()
    }

    /// With one more wrong field.
    #[must_use]
    pub fn at(mut self, pointer: impl Into<String>, message: impl Into<String>) -> Self {
        self.errors.push(FieldError { pointer: pointer.into(), message: message.into() });
        self
    }

    /// With what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// With when to try again.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// There is no such thing.
    #[must_use]
    pub fn not_found(what: &str, id: &str) -> Self {
        Self::new(404, "not-found", "Not found", format!("there is no {what} {id:?}"))
    }

    /// The body is not JSON.
    #[must_use]
    pub fn malformed_json(error: &serde_json::Error) -> Self {
        let detail = format!("the body is not valid JSON: {error}");
        Self::new(400, "malformed-json", "Malformed JSON", detail).hint("check the body with a JSON linter")
    }

    /// A field holds a card number, which is kept nowhere. `pointers` are JSON pointers into the body.
    #[must_use]
    pub fn card_number_refused(pointers: impl IntoIterator<Item = String>) -> Self {
        let detail = "the request holds what looks like a payment card number; nothing of it was kept";
        let problem = Self::new(422, "card-number-refused", "Card number refused", detail)
            .hint("send the payment provider's token instead of a card");
        pointers
            .into_iter()
            .fold(problem, |problem, pointer| problem.at(pointer, "must not hold a card number"))
    }

    /// Nobody knows whether it was done.
    #[must_use]
    pub fn outcome_unknown() -> Self {
        let detail = "the answer of the store was lost; the request may or may not have been carried out";
        Self::new(503, "outcome-unknown", "Outcome unknown", detail)
            .hint("send the same request again with the same Idempotency-Key")
            .retry_after(1)
    }

    /// Too much waits already.
    #[must_use]
    pub fn overloaded(detail: impl Into<String>) -> Self {
        Self::new(429, "overloaded", "Overloaded", detail).hint("slow down and try again").retry_after(1)
    }
}

impl From<Outage> for Problem {
    fn from(outage: Outage) -> Self {
        if outage.kind == OutageKind::Full {
            return Self::new(503, "storage-full", "Storage is full", "nothing was stored: there is no room")
                .hint("free disk space; the service goes on by itself")
                .retry_after(10);
        }
        if outage.kind == OutageKind::Undeclared {
            tracing::error!(%outage, "a request failed for an internal reason");
            return Self::new(500, "internal", "Internal error", outage.to_string())
                .hint("this is a fault of the program: tell whoever runs it");
        }
        Self::new(503, "unavailable", "Unavailable", outage.to_string()).hint("try again").retry_after(2)
    }
}

impl From<Fail> for Problem {
    fn from(fail: Fail) -> Self {
        match fail {
            Fail::Outage(outage) => outage.into(),
            Fail::Later { reason, .. } => Self::new(503, "not-yet", "Not yet", reason).retry_after(1),
            Fail::Transient(_) => Self::new(503, "unavailable", "Unavailable", "try again").retry_after(1),
            Fail::Permanent { reason, .. } => {
                tracing::error!(reason = card::mask_text(&reason), "a request failed for an internal reason");
                Self::new(500, "internal", "Internal error", "the service could not handle this request")
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}
