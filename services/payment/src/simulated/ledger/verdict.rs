//! What the simulated issuer says, and what its customers do later.

use std::time::Duration;

use contracts::Timestamp;
use serde::{Deserialize, Serialize};

use crate::simulated::wire::{DisputeOutcome, Firmness};

/// What the simulated issuer says to a request for money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Yes.
    Approve,
    /// No.
    Decline {
        /// The issuer's word.
        code: String,
        /// How final it is.
        firmness: Firmness,
    },
    /// Only if the customer authenticates; to a capture: yes.
    Challenge {
        /// Whether authenticating can succeed.
        passes: bool,
    },
    /// Yes; and what is captured will be contested.
    Contest(Plan),
}

/// When a customer contests a capture, and how that ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// How long after the capture it begins.
    pub opens_after: Duration,
    /// How long after it began it is decided.
    pub decided_after: Duration,
    /// How.
    pub outcome: DisputeOutcome,
}

/// The same, with the instants at which it will be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contest {
    /// When the dispute begins.
    pub opens_at: Timestamp,
    /// When it is decided.
    pub decided_at: Timestamp,
    /// How.
    pub outcome: DisputeOutcome,
}

impl Plan {
    pub(super) fn from(self, captured_at: Timestamp) -> Contest {
        let opens_at = captured_at.plus(self.opens_after);
        Contest { opens_at, decided_at: opens_at.plus(self.decided_after), outcome: self.outcome }
    }
}

/// What a token says of the time after the authorization; without one the dice say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// The capture is declined.
    CaptureDeclined,
    /// The capture is contested, and the dispute decided for the merchant.
    Disputed,
    /// The capture is contested, and the dispute decided for the customer.
    DisputedLost,
}

/// How long after its capture a payment by [`Fate::Disputed`] is contested, and how long that takes: long enough to
/// ask for a refund in between, and short enough to wait for.
pub const DISPUTE_OPENS_AFTER: Duration = Duration::from_secs(10);
/// See [`DISPUTE_OPENS_AFTER`].
pub const DISPUTE_DECIDED_AFTER: Duration = Duration::from_secs(20);

impl Fate {
    /// What the issuer says to the capture.
    pub(super) fn verdict(self) -> Verdict {
        let contest = |outcome| {
            let (opens_after, decided_after) = (DISPUTE_OPENS_AFTER, DISPUTE_DECIDED_AFTER);
            Verdict::Contest(Plan { opens_after, decided_after, outcome })
        };
        match self {
            Self::CaptureDeclined => {
                Verdict::Decline { code: "do_not_honor".to_owned(), firmness: Firmness::Hard }
            }
            Self::Disputed => contest(DisputeOutcome::Won),
            Self::DisputedLost => contest(DisputeOutcome::Lost),
        }
    }
}
