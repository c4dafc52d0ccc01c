//! What a provider says unasked.

use contracts::events::payment::DisputeStatus;
use contracts::{DisputeId, Money, PaymentId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Evidence, ProviderKey};

/// One thing that a provider told of its own accord: late, twice, in any order, even before the answer to the call that
/// it is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The provider's name for having told it: the same when it tells it again.
    pub event_id: String,
    /// Whose payment.
    pub payment_id: PaymentId,
    /// What.
    pub what: Happening,
}

/// What was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "happening", rename_all = "snake_case")]
pub enum Happening {
    /// What stands under a key now: the same evidence as the answer to a call.
    Answer {
        /// Which key.
        key: ProviderKey,
        /// What stands.
        evidence: Evidence,
    },
    /// How a dispute stands.
    Dispute(Dispute),
}

/// The customer contests the payment at the issuer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    /// The provider's name for it.
    pub dispute_id: DisputeId,
    /// How it stands.
    pub status: DisputeStatus,
    /// What is contested.
    #[serde(flatten)]
    pub money: Money,
    /// Why, in the provider's own word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Until when evidence is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence_due_at: Option<Timestamp>,
    /// When it came to stand so, by the provider's clock.
    pub at: Timestamp,
}
