//! The gateway: how the payment service asks a payment provider to act, in its own words.
//!
//! Whatever comes back is only *evidence*. A timeout is evidence too ([`Evidence::Unknown`]), because the provider may
//! have acted; that nothing was sent is not ([`Unavailable`]), because then there was no attempt.

use std::fmt;
use std::time::Duration;

use contracts::events::payment::DeclineReason;
use contracts::{Currency, Money, PaymentId, RefundId, Timestamp};
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

pub mod simulated;

mod key;
mod told;

pub use key::{MalformedKey, ProviderKey, Step, Subject};
pub use told::{Dispute, Happening, Told};

/// A payment provider.
pub trait Gateway: Send + Sync + 'static {
    /// Asks the provider to act, once: a caller that wants to try again says so by calling again, with the same key.
    ///
    /// # Errors
    /// [`Unavailable`]: the provider did certainly not act, since it cannot be asked. It is not an attempt.
    fn execute<'a>(&'a self, operation: &'a Operation) -> BoxFuture<'a, Result<Evidence, Unavailable>>;

    /// Asks what became of the operation under `key`. Changes nothing.
    ///
    /// # Errors
    /// [`Unavailable`]: the provider cannot be asked.
    fn query<'a>(&'a self, key: &'a ProviderKey) -> BoxFuture<'a, Result<Evidence, Unavailable>>;

    /// What a webhook of this provider says, once its signature has been checked; `None` when it is not one. What it
    /// says of others than payments is left out.
    fn told(&self, body: &[u8]) -> Option<Vec<Told>>;
}

/// What a provider can be asked to do. Stored before the call, so that every later try sends the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "operation", rename_all = "snake_case")]
pub enum Operation {
    /// Hold money.
    Authorize(Authorize),
    /// Release it.
    Void(Void),
    /// Take it.
    Capture(Capture),
    /// Give back what was taken, or a part of it.
    Refund(Refund),
}

impl Operation {
    /// The key under which the provider does it at most once.
    #[must_use]
    pub fn key(&self) -> &ProviderKey {
        match self {
            Self::Authorize(authorize) => &authorize.key,
            Self::Void(void) => &void.key,
            Self::Capture(capture) => &capture.key,
            Self::Refund(refund) => &refund.key,
        }
    }
}

/// Hold money.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authorize {
    /// The key of this operation.
    pub key: ProviderKey,
    /// Our payment, for the provider's own books.
    pub payment_id: PaymentId,
    /// How much.
    #[serde(flatten)]
    pub money: Money,
    /// What pays.
    pub token: Token,
}

/// Release what an authorization holds, or may yet hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Void {
    /// The key of this operation.
    pub key: ProviderKey,
    /// The key of the authorization.
    pub authorize: ProviderKey,
    /// The provider's name for it. `None` when we never learned whether it exists: then a confirmed void also means
    /// that a request still on its way will not be executed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<Reference>,
}

/// Take all that an authorization holds. There is one per payment; nothing is left to take afterwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capture {
    /// The key of this operation.
    pub key: ProviderKey,
    /// Our payment, for the provider's own books.
    pub payment_id: PaymentId,
    /// The key of the authorization.
    pub authorize: ProviderKey,
    /// The provider's name for it.
    pub reference: Reference,
    /// How much.
    #[serde(flatten)]
    pub money: Money,
}

/// Give back money that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// The key of this operation.
    pub key: ProviderKey,
    /// Our payment, for the provider's own books.
    pub payment_id: PaymentId,
    /// Our name for the refund.
    pub refund_id: RefundId,
    /// The provider's name for the authorization that was captured.
    pub reference: Reference,
    /// How much.
    #[serde(flatten)]
    pub money: Money,
}

/// What is known after a provider was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "evidence", rename_all = "snake_case")]
pub enum Evidence {
    /// Money is held, or was until it was captured. Whether it is what was asked for is for the reader to check.
    Authorized {
        /// The provider's name for it.
        reference: Reference,
        /// How much, in minor units.
        amount_minor: i64,
        /// Of what.
        currency: Currency,
        /// Until when, where the provider says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires_at: Option<Timestamp>,
    },
    /// The provider said no, and holds nothing.
    Declined {
        /// Why, in words that providers have in common.
        reason: DeclineReason,
        /// Why, in the provider's own word.
        code: String,
        /// How final that is.
        kind: DeclineKind,
    },
    /// The customer must act first. Nothing is held, but will be once they do: it has to be voided like a hold.
    ActionRequired {
        /// The provider's name for it.
        reference: Reference,
        /// Where the customer acts.
        action_url: String,
        /// Until when, where the provider says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires_at: Option<Timestamp>,
    },
    /// Nothing is held under the authorization's key, and nothing will be. Of a capture: nothing was taken, nor can be.
    Voided,
    /// The money was taken. Whether it is what was asked for is for the reader to check.
    Captured {
        /// The provider's name for the capture.
        reference: Reference,
        /// How much, in minor units.
        amount_minor: i64,
        /// Of what.
        currency: Currency,
    },
    /// Money was given back. Whether it is what was asked for is for the reader to check.
    Refunded {
        /// The provider's name for the refund.
        reference: Reference,
        /// How much by this refund, in minor units.
        amount_minor: i64,
        /// Of what.
        currency: Currency,
    },
    /// A capture that was refused because the hold has run out; nothing was taken.
    Expired,
    /// A refund that was refused because the customer contests the payment; nothing was given back.
    Disputed,
    /// Nothing has come under the key: the provider proves absence. A request still on its way may yet arrive.
    NotFound,
    /// Refused as it stands, and not executed. Asking again will not help; something of ours is wrong or too late.
    Refused {
        /// Why, in the provider's own word.
        code: String,
    },
    /// The provider may have acted or not. Only the same key, or a question about it, can tell.
    Unknown {
        /// What was seen.
        why: Why,
    },
}

/// How final a decline is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeclineKind {
    /// May pass at another time or elsewhere.
    Soft,
    /// Must not be tried again, here or elsewhere.
    Hard,
}

/// Why an outcome is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// No answer in time.
    Timeout,
    /// The connection broke after something had been sent.
    Reset,
    /// The provider failed in the middle (5xx).
    ServerError,
    /// An answer that makes no sense.
    Unreadable,
    /// The provider is executing the same key right now.
    InProgress,
    /// The provider has executed another request under the key. That is a fault of ours; what stands is what it says
    /// when asked about the key.
    KeyReused,
}

/// The provider cannot be asked: nothing was sent, or it was turned away unread. An outage, not an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Unavailable {
    /// No connection.
    #[error("the payment provider cannot be reached")]
    Unreachable,
    /// It asks for less (429).
    #[error("the payment provider asks for fewer requests")]
    Throttled {
        /// For how many seconds, where it says so (`Retry-After`).
        retry_after_s: Option<u32>,
    },
    /// It does not accept our credentials (401, 403). A person has to act.
    #[error("the payment provider does not accept our credentials")]
    Unauthorized,
}

impl Unavailable {
    /// How long the provider asks to be left alone, where it says so.
    #[must_use]
    pub fn retry_after(self) -> Option<Duration> {
        match self {
            Self::Throttled { retry_after_s } => retry_after_s.map(|s| Duration::from_secs(s.into())),
            Self::Unreachable | Self::Unauthorized => None,
        }
    }
}

/// The provider's name for what it holds: 1 to 255 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Reference(String);

/// The text cannot be a provider's reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a provider's reference must be 1 to 255 visible ASCII characters")]
pub struct MalformedReference;

impl Reference {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Reference {
    type Error = MalformedReference;

    fn try_from(text: String) -> Result<Self, MalformedReference> {
        let is_reference = (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        if is_reference { Ok(Self(text)) } else { Err(MalformedReference) }
    }
}

impl From<Reference> for String {
    fn from(reference: Reference) -> Self {
        reference.0
    }
}

/// What pays: the provider's stand-in for a card. Printed nowhere.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Token(String);

impl Token {
    /// Takes the token of an order as it is; only the provider knows whether it is one.
    #[must_use]
    pub fn new(token: impl Into<String>) -> Self {
        Self(token.into())
    }

    /// The text, for the wire.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

#[cfg(test)]
mod tests;
