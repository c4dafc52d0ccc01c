//! One simulated authorization: what may happen to it, and what it looks like.

use contracts::{Money, PaymentId, Timestamp};

use super::entry::{Effect, Opened};
use crate::simulated::ids::AuthorizationId;
use crate::simulated::wire::{self, Status};

/// An authorization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorization {
    /// Its name.
    pub id: AuthorizationId,
    /// The merchant's payment.
    pub payment: PaymentId,
    /// What was asked for.
    pub money: Money,
    /// Taken so far, in minor units.
    pub captured_minor: i64,
    /// Given back so far, in minor units.
    pub refunded_minor: i64,
    /// From when on nothing more can be captured.
    pub expires_at: Timestamp,
    /// Where it stands.
    pub state: State,
}

/// Where an authorization stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Waits for its customer; nothing is held.
    RequiresAction {
        /// Whether authenticating can succeed.
        passes: bool,
    },
    /// The customer did not authenticate; nothing is held.
    Failed,
    /// What is not captured is held.
    Open,
    /// Nothing is held, and nothing will be.
    Closed,
}

impl Authorization {
    pub(super) fn open(opened: &Opened, state: State) -> Self {
        Self {
            id: opened.authorization.clone(),
            payment: opened.payment.clone(),
            money: Money::new(opened.amount_minor, opened.currency),
            captured_minor: 0,
            refunded_minor: 0,
            expires_at: opened.expires_at,
            state,
        }
    }

    /// Whether it can still cost the customer something: money is held, or will be once the customer authenticates.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Open | State::RequiresAction { .. })
    }

    /// What is held, in minor units.
    #[must_use]
    pub fn held_minor(&self) -> i64 {
        if self.state == State::Open { self.money.amount_minor - self.captured_minor } else { 0 }
    }

    /// What could be refunded, in minor units.
    #[must_use]
    pub fn refundable_minor(&self) -> i64 {
        self.captured_minor - self.refunded_minor
    }

    /// The authorization after `effect`; `None` when that must not happen to it.
    pub(super) fn after(&self, effect: &Effect) -> Option<Self> {
        let mut next = self.clone();
        match (effect, self.state) {
            (Effect::ActionPassed(moved), State::RequiresAction { passes: true })
                if moved.amount_minor == self.money.amount_minor =>
            {
                next.state = State::Open;
            }
            (Effect::ActionFailed { .. }, State::RequiresAction { .. }) => next.state = State::Failed,
            (Effect::Captured { moved, released_minor }, State::Open) => {
                let rest = self.held_minor().checked_sub(moved.amount_minor).filter(|rest| *rest >= 0)?;
                if moved.amount_minor <= 0 || (*released_minor != 0 && *released_minor != rest) {
                    return None;
                }
                next.captured_minor = self.captured_minor.checked_add(moved.amount_minor)?;
                if rest == *released_minor {
                    next.state = State::Closed;
                }
            }
            (Effect::Voided(moved), State::Open | State::RequiresAction { .. } | State::Failed)
                if moved.amount_minor == self.held_minor() =>
            {
                next.state = State::Closed;
            }
            (Effect::Refunded(moved), _) if (1..=self.refundable_minor()).contains(&moved.amount_minor) => {
                next.refunded_minor = self.refunded_minor.checked_add(moved.amount_minor)?;
            }
            _ => return None,
        }
        Some(next)
    }

    /// What callers see.
    pub(super) fn to_wire(&self) -> wire::Authorization {
        let status = match self.state {
            State::RequiresAction { .. } => Status::RequiresAction,
            State::Failed => Status::Failed,
            State::Open if self.captured_minor == 0 => Status::Authorized,
            State::Open => Status::PartiallyCaptured,
            State::Closed if self.captured_minor == 0 => Status::Voided,
            State::Closed => Status::Captured,
        };
        let waits = status == Status::RequiresAction;
        wire::Authorization {
            id: self.id.clone(),
            status,
            payment: self.payment.clone(),
            amount_minor: self.money.amount_minor,
            captured_minor: self.captured_minor,
            refunded_minor: self.refunded_minor,
            currency: self.money.currency,
            expires_at: self.expires_at,
            action_url: waits.then(|| format!("/v1/actions/{}", self.id)),
        }
    }
}
