//! Why the simulated provider refuses: problem documents (RFC 9457).

use serde::{Deserialize, Serialize};

use super::wire::{Firmness, Response};

/// What every problem type begins with.
const TYPE_PREFIX: &str = "urn:banyan:simulated-provider:problem:";

macro_rules! slugs {
    ($($(#[doc = $doc:literal])* $name:ident = ($slug:literal, $status:literal);)*) => {
        /// The kinds of refusal. Nothing below 500 was executed because of the request that it answers.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Slug {
            $($(#[doc = $doc])* $name,)*
        }

        impl Slug {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The last part of the problem's type.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $slug,)* }
            }

            /// The HTTP status.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }
        }
    };
}

slugs! {
    /// Not JSON, or not text.
    MalformedRequest = ("malformed-request", 400);
    /// A write came without `Idempotency-Key`, or with one that cannot be a key.
    KeyRequired = ("idempotency-key-required", 400);
    /// The issuer said no.
    CardDeclined = ("card-declined", 402);
    /// No such route.
    RouteNotFound = ("route-not-found", 404);
    /// Nothing has come under this key: proof of absence.
    OperationNotFound = ("operation-not-found", 404);
    /// No such authorization.
    AuthorizationNotFound = ("authorization-not-found", 404);
    /// A request under the same key is being executed right now.
    KeyInUse = ("idempotency-key-in-use", 409);
    /// The body is over the limit.
    BodyTooLarge = ("body-too-large", 413);
    /// JSON, and not what the route takes.
    InvalidRequest = ("invalid-request", 422);
    /// The key was used for something else.
    KeyReused = ("idempotency-key-reused", 422);
    /// The key was cancelled before anything came under it: nothing will ever be executed under it.
    OperationCancelled = ("operation-cancelled", 422);
    /// Only authorizations can be cancelled by key.
    NotCancellable = ("operation-not-cancellable", 422);
    /// Money was taken: a refund is what gives it back.
    AlreadyCaptured = ("already-captured", 422);
    /// Nothing is held yet that could be captured.
    NotCapturable = ("not-capturable", 422);
    /// The hold was released: nothing was captured, nor will be.
    AuthorizationVoided = ("authorization-voided", 422);
    /// The hold has run out: nothing was captured, nor will be.
    AuthorizationExpired = ("authorization-expired", 422);
    /// More than is left to capture or to give back.
    AmountTooLarge = ("amount-too-large", 422);
    /// The authorization does not wait for its customer.
    ActionNotPending = ("action-not-pending", 422);
    /// The customer contests the payment: nothing is given back until that is decided.
    PaymentDisputed = ("payment-disputed", 422);
    /// The customer contested the payment and won: the money is gone already.
    ChargedBack = ("charged-back", 422);
    /// No such capture.
    CaptureNotFound = ("capture-not-found", 404);
    /// No such dispute.
    DisputeNotFound = ("dispute-not-found", 404);
    /// Nothing is left to contest, or it was contested before.
    NotContestable = ("not-contestable", 422);
    /// The dispute was decided before.
    DisputeDecided = ("dispute-decided", 422);
    /// Too many requests: not executed.
    TooManyRequests = ("too-many-requests", 429);
    /// Something broke; whether anything was executed is not said.
    ServerError = ("server-error", 500);
}

impl Slug {
    fn from_type(kind: &str) -> Option<Self> {
        let slug = kind.strip_prefix(TYPE_PREFIX)?;
        Self::ALL.iter().copied().find(|known| known.as_str() == slug)
    }
}

/// A refusal, before it becomes bytes and after it was read from them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What kind of refusal.
    pub slug: Slug,
    /// For a person.
    pub detail: String,
    /// The issuer's word, for [`Slug::CardDeclined`].
    pub decline: Option<(String, Firmness)>,
}

#[derive(Serialize, Deserialize)]
struct Body {
    #[serde(rename = "type")]
    kind: String,
    title: String,
    status: u16,
    detail: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    decline: Option<Firmness>,
}

impl Problem {
    pub(super) fn new(slug: Slug, detail: impl Into<String>) -> Self {
        Self { slug, detail: detail.into(), decline: None }
    }

    pub(super) fn declined(code: &str, firmness: Firmness) -> Self {
        let detail = format!("the simulated issuer declined: {code}");
        Self { slug: Slug::CardDeclined, detail, decline: Some((code.to_owned(), firmness)) }
    }

    /// Reads a refusal of the simulated provider; `None` when `body` is not one, whoever sent it.
    #[must_use]
    pub fn decode(body: &str) -> Option<Self> {
        let body: Body = serde_json::from_str(body).ok()?;
        let slug = Slug::from_type(&body.kind)?;
        Some(Self { slug, detail: body.detail, decline: body.code.zip(body.decline) })
    }
}

impl From<Problem> for Response {
    fn from(problem: Problem) -> Self {
        let slug = problem.slug;
        let (code, decline) = problem.decline.unzip();
        let body = Body {
            kind: format!("{TYPE_PREFIX}{}", slug.as_str()),
            title: format!("simulated provider: {}", slug.as_str().replace('-', " ")),
            status: slug.status(),
            detail: problem.detail,
            code,
            decline,
        };
        Self::of(slug.status(), &body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_can_be_read_back() {
        for slug in Slug::ALL {
            let problem = Problem::new(*slug, "why");
            let response = Response::from(problem.clone());
            assert_eq!(response.status, slug.status());
            assert_eq!(Problem::decode(&response.body), Some(problem));
        }
        let declined = Problem::declined("stolen_card", Firmness::Hard);
        assert_eq!(Problem::decode(&Response::from(declined.clone()).body), Some(declined));
    }

    #[test]
    fn somebody_elses_problem_is_not_ours() {
        assert_eq!(Problem::decode(r#"{"type":"about:blank","title":"x","status":404,"detail":""}"#), None);
        assert_eq!(Problem::decode("<html>"), None);
    }
}
