//! Whom not to write to: what customers chose, and addresses that must be left alone.

use std::collections::BTreeSet;

use contracts::Timestamp;
use contracts::events::notification::NotSentReason;
use serde::{Deserialize, Serialize};

use super::Topic;

/// What a customer does not want to hear of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preferences {
    /// Topics that are off.
    pub off: BTreeSet<Topic>,
}

/// An address that nothing is sent to, by its fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suppression {
    /// What people see of the address.
    pub masked: String,
    /// Why.
    pub cause: SuppressionCause,
    /// What the mailbox or whoever entered it said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Since when.
    pub at: Timestamp,
}

/// Why an address is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SuppressionCause {
    /// It does not exist.
    Bounce,
    /// Its owner called a message unwanted.
    Complaint,
    /// Somebody of the shop said so.
    ByHand,
}

impl SuppressionCause {
    /// Every cause.
    pub const ALL: [Self; 3] = [Self::Bounce, Self::Complaint, Self::ByHand];

    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bounce => "bounce",
            Self::Complaint => "complaint",
            Self::ByHand => "by_hand",
        }
    }
}

/// Whether a message about `topic` may go. An address that is suppressed gets nothing, receipts included: they would
/// not arrive, and cost the shop its good name with whoever delivers them.
///
/// # Errors
/// The reason why not.
pub fn may_write(
    topic: Topic,
    preferences: &Preferences,
    suppression: Option<&Suppression>,
) -> Result<(), NotSentReason> {
    let is_unwanted = !topic.always_goes() && preferences.off.contains(&topic);
    if is_unwanted || suppression.is_some() {
        return Err(NotSentReason::Suppressed);
    }
    Ok(())
}
