//! What the customer contests: an overlay over what was taken. No refund follows from it, but refunds wait for it.

use contracts::events::payment::DisputeStatus;
use contracts::{RefundId, Timestamp};

use super::{News, Next, Payment, RefundState, Trouble};
use crate::gateway::Dispute;

/// How many disputes of one payment are kept: issuers allow one per transaction, and some open another after it.
pub const MAX_DISPUTES: usize = 20;

/// How the disputes of a payment stand, taken together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// There is none.
    None,
    /// One is not decided.
    Open,
    /// All are decided for the shop.
    Won,
    /// All are decided, and one for the customer.
    Lost,
}

impl Payment {
    /// How a dispute stands, by the provider: a decision is never taken back by an older word.
    pub fn contest(&mut self, dispute: Dispute) -> Next {
        let known = self.disputes.iter().position(|known| known.dispute_id == dispute.dispute_id);
        if let Some(known) = known.and_then(|at| self.disputes.get_mut(at)) {
            if order(&dispute) <= order(known) || dispute.status == known.status {
                return Next::default();
            }
            *known = dispute.clone();
        } else if self.disputes.len() >= MAX_DISPUTES {
            self.is_trouble(Trouble::TooManyDisputes);
            return Next::default();
        } else {
            self.disputes.push(dispute.clone());
        }
        Next::tell(News::Disputed(dispute)).then(self.decide_contested_refunds())
    }

    /// The dispute that says how the payment stands: one that is open, else the latest.
    #[must_use]
    pub fn dispute(&self) -> Option<&Dispute> {
        let weight = |dispute: &&Dispute| (dispute.status == DisputeStatus::Opened, dispute.at);
        self.disputes.iter().max_by_key(weight)
    }

    pub(super) fn standing(&self) -> Standing {
        let has = |status| self.disputes.iter().any(|dispute| dispute.status == status);
        if has(DisputeStatus::Opened) {
            return Standing::Open;
        }
        match (has(DisputeStatus::Lost), has(DisputeStatus::Won)) {
            (true, _) => Standing::Lost,
            (false, true) => Standing::Won,
            (false, false) => Standing::None,
        }
    }

    /// Won: what waited is asked for again, and what a lost one had covered. Lost: the customer has it.
    fn decide_contested_refunds(&mut self) -> Next {
        let standing = self.standing();
        let is_decided = |state: &RefundState| match standing {
            Standing::Won => matches!(state, RefundState::Disputed | RefundState::Covered),
            Standing::Lost => *state == RefundState::Disputed,
            Standing::None | Standing::Open => false,
        };
        let decided = self.refunds.iter().filter(|(_, refund)| is_decided(&refund.state));
        let decided: Vec<RefundId> = decided.map(|(id, _)| id.clone()).collect();
        let mut next = Next::default();
        for id in decided {
            next = next.then(match standing {
                Standing::Lost => self.end_refund(&id, RefundState::Covered),
                Standing::None | Standing::Open | Standing::Won => self.begin_refund_again(&id),
            });
        }
        next
    }
}

/// By what a dispute's word outweighs another: a decision before none, and then the later one.
fn order(dispute: &Dispute) -> (bool, Timestamp) {
    (dispute.status != DisputeStatus::Opened, dispute.at)
}
