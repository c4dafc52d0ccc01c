//! Why the simulated carrier refuses: problem documents (RFC 9457).

use contracts::Timestamp;
use serde::{Deserialize, Serialize};

use super::wire::Response;

/// What every problem type begins with.
const TYPE_PREFIX: &str = "urn:banyan:simulated-carrier:problem:";

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
    /// No such route.
    RouteNotFound = ("route-not-found", 404);
    /// Nothing has come under this key: proof of absence.
    OperationNotFound = ("operation-not-found", 404);
    /// No such parcel.
    ParcelNotFound = ("parcel-not-found", 404);
    /// A request under the same key is being executed right now.
    KeyInUse = ("idempotency-key-in-use", 409);
    /// The carrier has the parcel: its label cannot be taken back.
    AlreadyHandedOver = ("already-handed-over", 409);
    /// The body is over the limit.
    BodyTooLarge = ("body-too-large", 413);
    /// JSON, and not what the route takes.
    InvalidRequest = ("invalid-request", 422);
    /// Nobody can deliver there. Nothing was booked, and nothing will be under this key.
    AddressUnknown = ("address-unknown", 422);
    /// The key was used for something else.
    KeyReused = ("idempotency-key-reused", 422);
    /// The key was cancelled before anything came under it: nothing will ever be executed under it.
    OperationCancelled = ("operation-cancelled", 422);
    /// Only bookings can be cancelled by key.
    NotCancellable = ("operation-not-cancellable", 422);
    /// The label was taken back.
    LabelVoided = ("label-voided", 422);
    /// A parcel that comes back is not handed over by the merchant.
    NotOutbound = ("not-outbound", 422);
    /// Too many requests: not executed.
    TooManyRequests = ("too-many-requests", 429);
    /// Something broke; whether anything was executed is not said.
    ServerError = ("server-error", 500);
}

/// A refusal, before it becomes bytes and after it was read from them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What kind of refusal.
    pub slug: Slug,
    /// For a person.
    pub detail: String,
    /// Since when, for [`Slug::AlreadyHandedOver`].
    pub since: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
struct Body {
    #[serde(rename = "type")]
    kind: String,
    title: String,
    status: u16,
    detail: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<Timestamp>,
}

impl Problem {
    pub(super) fn new(slug: Slug, detail: impl Into<String>) -> Self {
        Self { slug, detail: detail.into(), since: None }
    }

    pub(super) fn since(mut self, since: Timestamp) -> Self {
        self.since = Some(since);
        self
    }

    /// Reads a refusal of the simulated carrier; `None` when `body` is not one, whoever sent it.
    #[must_use]
    pub fn decode(body: &str) -> Option<Self> {
        let body: Body = serde_json::from_str(body).ok()?;
        let slug = body.kind.strip_prefix(TYPE_PREFIX)?;
        let slug = Slug::ALL.iter().copied().find(|known| known.as_str() == slug)?;
        Some(Self { slug, detail: body.detail, since: body.since })
    }
}

impl From<Problem> for Response {
    fn from(problem: Problem) -> Self {
        let slug = problem.slug;
        let body = Body {
            kind: format!("{TYPE_PREFIX}{}", slug.as_str()),
            title: format!("simulated carrier: {}", slug.as_str().replace('-', " ")),
            status: slug.status(),
            detail: problem.detail,
            since: problem.since,
        };
        Self::of(slug.status(), &body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_refusal_can_be_read_back_and_somebody_elses_is_not_ours() {
        for slug in Slug::ALL {
            let problem = Problem::new(*slug, "why").since(Timestamp::EPOCH);
            let response = Response::from(problem.clone());
            assert_eq!(response.status, slug.status());
            assert_eq!(Problem::decode(&response.body), Some(problem));
        }
        assert_eq!(Problem::decode(r#"{"type":"about:blank","title":"x","status":404,"detail":""}"#), None);
        assert_eq!(Problem::decode("<html>"), None);
    }
}
