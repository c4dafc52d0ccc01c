//! Why a peer refuses: problem documents (RFC 9457).

use std::fmt;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::wire::Response;

/// The kinds of refusal of one peer; made by [`crate::slugs!`].
pub trait Slug: Copy + Eq + fmt::Debug + Send + Sync + 'static {
    /// The peer, such as `simulated-carrier`.
    const PEER: &'static str;
    /// Every kind, the last part of its problem type, and its HTTP status.
    const KINDS: &'static [(Self, &'static str, u16)];
    /// Not JSON, or not text.
    const MALFORMED_REQUEST: Self;
    /// A write came without `Idempotency-Key`, or with one that cannot be a key.
    const KEY_REQUIRED: Self;
    /// No such route.
    const ROUTE_NOT_FOUND: Self;
    /// A request under the same key is being executed right now.
    const KEY_IN_USE: Self;
    /// The body is over the limit.
    const BODY_TOO_LARGE: Self;
    /// JSON, and not what the route takes.
    const INVALID_REQUEST: Self;
    /// Too many requests: not executed.
    const TOO_MANY_REQUESTS: Self;
    /// Something broke; whether anything was executed is not said.
    const SERVER_ERROR: Self;
    /// What a refusal carries beyond its kind.
    type More: fmt::Debug + Clone + Default + PartialEq + Eq + Serialize + DeserializeOwned + Send + Sync;
}

/// For peers whose refusals carry nothing more, and whose pages do not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoMore {}

/// `Slug`, the kinds of refusal of one peer: those that every peer has, and its own.
#[macro_export]
macro_rules! slugs {
    ($peer:literal, $more:ty; $($(#[doc = $doc:literal])* $name:ident = ($slug:literal, $status:literal);)*) => {
        $crate::slugs! { @all $peer, $more;
            /// Not JSON, or not text.
            MalformedRequest = ("malformed-request", 400);
            /// A write came without `Idempotency-Key`, or with one that cannot be a key.
            KeyRequired = ("idempotency-key-required", 400);
            /// No such route.
            RouteNotFound = ("route-not-found", 404);
            /// Nothing has come under this key: proof of absence.
            OperationNotFound = ("operation-not-found", 404);
            /// A request under the same key is being executed right now.
            KeyInUse = ("idempotency-key-in-use", 409);
            /// The body is over the limit.
            BodyTooLarge = ("body-too-large", 413);
            /// JSON, and not what the route takes.
            InvalidRequest = ("invalid-request", 422);
            /// The key was used for something else.
            KeyReused = ("idempotency-key-reused", 422);
            $($(#[doc = $doc])* $name = ($slug, $status);)*
            /// Too many requests: not executed.
            TooManyRequests = ("too-many-requests", 429);
            /// Something broke; whether anything was executed is not said.
            ServerError = ("server-error", 500);
        }
    };
    (@all $peer:literal, $more:ty; $($(#[doc = $doc:literal])* $name:ident = ($slug:literal, $status:literal);)*) => {
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

        impl $crate::Slug for Slug {
            const PEER: &'static str = $peer;
            const KINDS: &'static [(Self, &'static str, u16)] = &[$((Self::$name, $slug, $status),)*];
            const MALFORMED_REQUEST: Self = Self::MalformedRequest;
            const KEY_REQUIRED: Self = Self::KeyRequired;
            const ROUTE_NOT_FOUND: Self = Self::RouteNotFound;
            const KEY_IN_USE: Self = Self::KeyInUse;
            const BODY_TOO_LARGE: Self = Self::BodyTooLarge;
            const INVALID_REQUEST: Self = Self::InvalidRequest;
            const TOO_MANY_REQUESTS: Self = Self::TooManyRequests;
            const SERVER_ERROR: Self = Self::ServerError;
            type More = $more;
        }
    };
}

/// A refusal, before it becomes bytes and after it was read from them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem<S: Slug> {
    /// What kind of refusal.
    pub slug: S,
    /// For a person.
    pub detail: String,
    /// What this kind carries.
    pub more: S::More,
}

#[derive(Serialize, Deserialize)]
struct Body<M> {
    #[serde(rename = "type")]
    kind: String,
    title: String,
    status: u16,
    detail: String,
    #[serde(flatten)]
    more: M,
}

impl<S: Slug> Problem<S> {
    /// A refusal that carries nothing more.
    #[must_use]
    pub fn new(slug: S, detail: impl Into<String>) -> Self {
        Self { slug, detail: detail.into(), more: S::More::default() }
    }

    /// The same, with what it carries.
    #[must_use]
    pub fn with(self, more: S::More) -> Self {
        Self { more, ..self }
    }

    /// Reads a refusal of this peer; `None` when `body` is not one, whoever sent it.
    #[must_use]
    pub fn decode(body: &str) -> Option<Self> {
        let body: Body<S::More> = serde_json::from_str(body).ok()?;
        let slug = body.kind.strip_prefix(&prefix::<S>())?;
        let (slug, _, _) = S::KINDS.iter().find(|(_, known, _)| *known == slug)?;
        Some(Self { slug: *slug, detail: body.detail, more: body.more })
    }
}

/// What every problem type of the peer begins with.
fn prefix<S: Slug>() -> String {
    format!("urn:banyan:{}:problem:", S::PEER)
}

impl<S: Slug> From<Problem<S>> for Response {
    fn from(problem: Problem<S>) -> Self {
        let kind = S::KINDS.iter().find(|(known, _, _)| *known == problem.slug);
        let (slug, status) = kind.map_or(("server-error", 500), |(_, slug, status)| (*slug, *status));
        let body = Body {
            kind: format!("{}{slug}", prefix::<S>()),
            title: format!("{}: {}", S::PEER.replace('-', " "), slug.replace('-', " ")),
            status,
            detail: problem.detail,
            more: problem.more,
        };
        Self::of(status, &body)
    }
}
