//! One dispute: the customer contests a capture at the issuer.

use contracts::Timestamp;
use contracts::events::payment::DisputeStatus;

use super::authorization::Authorization;
use crate::simulated::ids::{CaptureId, DisputeId};
use crate::simulated::wire::{self, DisputeOutcome};

/// Why simulated customers contest: what most real ones say.
const REASON: &str = "product_not_received";

/// A dispute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispute {
    /// Its name.
    pub id: DisputeId,
    /// What is contested.
    pub capture: CaptureId,
    /// How much of it, in minor units.
    pub amount_minor: i64,
    /// Since when.
    pub opened_at: Timestamp,
    /// When it was decided, and how.
    pub decided: Option<(Timestamp, DisputeOutcome)>,
}

impl Dispute {
    pub(super) fn open(at: Timestamp, capture: &CaptureId, amount_minor: i64) -> Self {
        let (id, capture) = (DisputeId::over(capture), capture.clone());
        Self { id, capture, amount_minor, opened_at: at, decided: None }
    }

    pub(super) fn decided(&self, at: Timestamp, outcome: DisputeOutcome) -> Self {
        Self { decided: Some((at, outcome)), ..self.clone() }
    }

    /// Whether it holds the money.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.decided.is_none()
    }

    /// Whether the merchant has the money again.
    #[must_use]
    pub fn is_won(&self) -> bool {
        matches!(self.decided, Some((_, DisputeOutcome::Won)))
    }

    /// Whether the money is gone.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        matches!(self.decided, Some((_, DisputeOutcome::Lost)))
    }

    /// What callers see.
    pub(super) fn to_wire(&self, of: &Authorization) -> wire::Dispute {
        let (status, at) = match self.decided {
            None => (DisputeStatus::Opened, self.opened_at),
            Some((at, DisputeOutcome::Won)) => (DisputeStatus::Won, at),
            Some((at, DisputeOutcome::Lost)) => (DisputeStatus::Lost, at),
        };
        let contest = of.captures.iter().find(|made| made.id == self.capture).and_then(|made| made.contest);
        wire::Dispute {
            id: self.id.clone(),
            capture: self.capture.clone(),
            authorization: of.id.clone(),
            payment: of.payment.clone(),
            status,
            amount_minor: self.amount_minor,
            currency: of.money.currency,
            reason: REASON.to_owned(),
            at,
            evidence_due_at: contest.map(|contest| contest.decided_at).filter(|_| self.is_open()),
        }
    }
}
