//! What the journal is made of.

use contracts::{Currency, MessageId, Money, PaymentId, Timestamp};
use serde::{Deserialize, Serialize};

use super::books::{Account, Transfer};
use super::verdict::{Contest, Fate};
use crate::simulated::ids::{AuthorizationId, CaptureId, DisputeId, Key};
use crate::simulated::wire::{DisputeOutcome, Firmness, Response};

/// One effect, and the answer that its request gets for ever. Never changed once written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its place: 1, 2, 3, ... without a gap.
    pub seq: u64,
    /// When it was decided.
    pub at: Timestamp,
    /// The idempotency key; no two entries have the same.
    pub key: Key,
    /// What the request was, so that another one under the same key can be told from it.
    pub fingerprint: MessageId,
    /// What it did.
    pub effect: Effect,
    /// How it was answered.
    pub answer: Response,
}

/// What a request did. Amounts are in minor units of `currency` and never negative.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum Effect {
    /// Money is held.
    Authorized(Opened),
    /// Nothing is held yet: the customer must authenticate, which will pass or not.
    ActionRequired {
        /// The authorization to be.
        #[serde(flatten)]
        opened: Opened,
        /// Whether authenticating can succeed.
        passes: bool,
    },
    /// The issuer said no.
    Declined {
        /// Whose money it would have been.
        payment: PaymentId,
        /// The issuer's word.
        code: String,
        /// How final it is.
        firmness: Firmness,
    },
    /// The customer authenticated: money is held.
    ActionPassed(Moved),
    /// The customer did not authenticate.
    ActionFailed {
        /// Whose customer.
        authorization: AuthorizationId,
    },
    /// Held money was taken.
    Captured {
        /// What was taken.
        #[serde(flatten)]
        moved: Moved,
        /// What was given up of the rest.
        released_minor: i64,
        /// When the customer will contest it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        contest: Option<Contest>,
    },
    /// The issuer let nothing be taken. What is held is still held.
    CaptureDeclined {
        /// Of which.
        authorization: AuthorizationId,
        /// The issuer's word.
        code: String,
        /// How final it is.
        firmness: Firmness,
    },
    /// What was held has run out.
    Expired(Moved),
    /// What was held is released.
    Voided(Moved),
    /// A key was cancelled: nothing comes under it any more, and nothing had.
    Cancelled {
        /// The key.
        operation: Key,
    },
    /// Taken money was given back.
    Refunded(Moved),
    /// The customer contests what was taken: it is held until that is decided.
    DisputeOpened {
        /// The dispute.
        dispute: DisputeId,
        /// Over which capture.
        capture: CaptureId,
        /// What is held.
        #[serde(flatten)]
        moved: Moved,
    },
    /// The merchant has contested money back, or has lost it.
    DisputeDecided {
        /// The dispute.
        dispute: DisputeId,
        /// For whom.
        outcome: DisputeOutcome,
        /// What was held until now.
        #[serde(flatten)]
        moved: Moved,
    },
}

/// A new authorization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opened {
    /// Its name.
    pub authorization: AuthorizationId,
    /// The merchant's payment.
    pub payment: PaymentId,
    /// How much.
    pub amount_minor: i64,
    /// Of what.
    pub currency: Currency,
    /// From when on nothing more can be captured.
    pub expires_at: Timestamp,
    /// What its token says of the time to come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fate: Option<Fate>,
}

/// Money of an authorization that changed its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moved {
    /// Which authorization.
    pub authorization: AuthorizationId,
    /// How much.
    pub amount_minor: i64,
    /// Of what.
    pub currency: Currency,
}

impl Moved {
    pub(super) fn new(authorization: &AuthorizationId, money: Money) -> Self {
        Self {
            authorization: authorization.clone(),
            amount_minor: money.amount_minor,
            currency: money.currency,
        }
    }
}

impl peers::Entry for Entry {
    fn seq(&self) -> u64 {
        self.seq
    }

    fn key(&self) -> &Key {
        &self.key
    }
}

impl Effect {
    /// The word for it, as in the journal.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Authorized(_) => "authorized",
            Self::ActionRequired { .. } => "action_required",
            Self::Declined { .. } => "declined",
            Self::ActionPassed(_) => "action_passed",
            Self::ActionFailed { .. } => "action_failed",
            Self::Captured { .. } => "captured",
            Self::CaptureDeclined { .. } => "capture_declined",
            Self::Expired(_) => "expired",
            Self::Voided(_) => "voided",
            Self::Cancelled { .. } => "cancelled",
            Self::Refunded(_) => "refunded",
            Self::DisputeOpened { .. } => "dispute_opened",
            Self::DisputeDecided { .. } => "dispute_decided",
        }
    }

    /// The authorization that it is about, where there is one.
    #[must_use]
    pub fn authorization(&self) -> Option<&AuthorizationId> {
        match self {
            Self::Authorized(opened) | Self::ActionRequired { opened, .. } => Some(&opened.authorization),
            Self::ActionPassed(moved)
            | Self::Captured { moved, .. }
            | Self::Expired(moved)
            | Self::Voided(moved)
            | Self::Refunded(moved)
            | Self::DisputeOpened { moved, .. }
            | Self::DisputeDecided { moved, .. } => Some(&moved.authorization),
            Self::ActionFailed { authorization } | Self::CaptureDeclined { authorization, .. } => {
                Some(authorization)
            }
            Self::Declined { .. } | Self::Cancelled { .. } => None,
        }
    }

    /// The same, as double entries.
    #[must_use]
    pub fn transfers(&self) -> Vec<Transfer> {
        use Account::{Cardholder, Disputed, Held, Merchant};
        let transfer = |from, to, amount_minor, currency| Transfer { from, to, amount_minor, currency };
        let whole = |from, to, moved: &Moved| vec![transfer(from, to, moved.amount_minor, moved.currency)];
        match self {
            Self::Authorized(Opened { amount_minor, currency, .. }) => {
                vec![transfer(Cardholder, Held, *amount_minor, *currency)]
            }
            Self::ActionPassed(moved) => whole(Cardholder, Held, moved),
            Self::Captured { moved, released_minor, .. } => vec![
                transfer(Held, Merchant, moved.amount_minor, moved.currency),
                transfer(Held, Cardholder, *released_minor, moved.currency),
            ],
            Self::Expired(moved) | Self::Voided(moved) => whole(Held, Cardholder, moved),
            Self::Refunded(moved) => whole(Merchant, Cardholder, moved),
            Self::DisputeOpened { moved, .. } => whole(Merchant, Disputed, moved),
            Self::DisputeDecided { outcome: DisputeOutcome::Won, moved, .. } => {
                whole(Disputed, Merchant, moved)
            }
            Self::DisputeDecided { outcome: DisputeOutcome::Lost, moved, .. } => {
                whole(Disputed, Cardholder, moved)
            }
            Self::ActionRequired { .. }
            | Self::Declined { .. }
            | Self::CaptureDeclined { .. }
            | Self::ActionFailed { .. }
            | Self::Cancelled { .. } => Vec::new(),
        }
    }
}
