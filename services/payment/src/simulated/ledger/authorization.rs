//! One simulated authorization: what may happen to it, and what it looks like.

use contracts::{Money, PaymentId, Timestamp};

use super::dispute::Dispute;
use super::entry::{Effect, Opened};
use super::verdict::{Contest, Fate};
use crate::simulated::ids::{AuthorizationId, CaptureId, DisputeId, Key};
use crate::simulated::wire::{self, DisputeOutcome, Status};

/// An authorization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorization {
    /// Its name.
    pub id: AuthorizationId,
    /// The key that asked for it.
    pub opened_by: Key,
    /// The merchant's payment.
    pub payment: PaymentId,
    /// What was asked for.
    pub money: Money,
    /// What was taken, capture by capture.
    pub captures: Vec<Capture>,
    /// Taken so far, in minor units.
    pub captured_minor: i64,
    /// Given back so far, in minor units.
    pub refunded_minor: i64,
    /// From when on nothing more can be captured.
    pub expires_at: Timestamp,
    /// What its token says of the time to come.
    pub fate: Option<Fate>,
    /// The customer contests what was taken, or did. Once at most.
    pub dispute: Option<Dispute>,
    /// Where it stands.
    pub state: State,
}

/// One capture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    /// Its name.
    pub id: CaptureId,
    /// How much it took, in minor units.
    pub amount_minor: i64,
    /// When the customer will contest it.
    pub contest: Option<Contest>,
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
    /// It has run out: nothing is held, and nothing will be.
    Expired,
    /// Nothing is held, and nothing will be.
    Closed,
}

/// What time does to an authorization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Expire,
    Dispute(CaptureId),
    Decide(DisputeId, DisputeOutcome),
}

impl Authorization {
    pub(super) fn open(key: &Key, opened: &Opened, state: State) -> Self {
        Self {
            id: opened.authorization.clone(),
            opened_by: key.clone(),
            payment: opened.payment.clone(),
            money: Money::new(opened.amount_minor, opened.currency),
            captures: Vec::new(),
            captured_minor: 0,
            refunded_minor: 0,
            expires_at: opened.expires_at,
            fate: opened.fate,
            dispute: None,
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

    /// What an open dispute holds, in minor units.
    #[must_use]
    pub fn disputed_minor(&self) -> i64 {
        self.dispute.as_ref().filter(|dispute| dispute.is_open()).map_or(0, |dispute| dispute.amount_minor)
    }

    /// What the customer got back by a dispute, in minor units.
    #[must_use]
    pub fn charged_back_minor(&self) -> i64 {
        self.dispute.as_ref().filter(|dispute| dispute.is_lost()).map_or(0, |dispute| dispute.amount_minor)
    }

    /// What the merchant has of it and nobody contests, in minor units: so much could be given back.
    #[must_use]
    pub fn refundable_minor(&self) -> i64 {
        self.captured_minor - self.refunded_minor - self.disputed_minor() - self.charged_back_minor()
    }

    /// What a dispute over `capture` would be about, in minor units; `None` when there is nothing to contest any more.
    pub(super) fn contestable_minor(&self, capture: &CaptureId) -> Option<i64> {
        let capture = self.captures.iter().find(|made| made.id == *capture)?;
        let amount_minor = capture.amount_minor.min(self.refundable_minor());
        (self.dispute.is_none() && amount_minor > 0).then_some(amount_minor)
    }

    /// What time does to it next, and when.
    pub(super) fn next_step(&self) -> Option<(Timestamp, Step)> {
        let expiry = self.is_open().then_some((self.expires_at, Step::Expire));
        let disputes = self.captures.iter().filter_map(|capture| {
            let contest = capture.contest?;
            match &self.dispute {
                None => {
                    self.contestable_minor(&capture.id)?;
                    Some((contest.opens_at, Step::Dispute(capture.id.clone())))
                }
                Some(dispute) if dispute.is_open() && dispute.capture == capture.id => {
                    let decide = Step::Decide(dispute.id.clone(), contest.outcome);
                    Some((contest.decided_at.max(dispute.opened_at), decide))
                }
                Some(_) => None,
            }
        });
        disputes.chain(expiry).min_by_key(|(at, _)| *at)
    }

    /// The authorization after `effect`, which happens at `at` under `key`; `None` when that must not happen to it.
    pub(super) fn after(&self, (at, key): (Timestamp, &Key), effect: &Effect) -> Option<Self> {
        let mut next = self.clone();
        match (effect, self.state) {
            (Effect::ActionPassed(moved), State::RequiresAction { passes: true })
                if moved.amount_minor == self.money.amount_minor && at < self.expires_at =>
            {
                next.state = State::Open;
            }
            (Effect::ActionFailed { .. }, State::RequiresAction { .. }) => next.state = State::Failed,
            (Effect::Captured { moved, released_minor, contest }, State::Open) if at < self.expires_at => {
                let amount_minor = moved.amount_minor;
                let rest = self.held_minor().checked_sub(amount_minor).filter(|rest| *rest >= 0)?;
                if amount_minor <= 0 || (*released_minor != 0 && *released_minor != rest) {
                    return None;
                }
                next.captured_minor = self.captured_minor.checked_add(amount_minor)?;
                next.captures.push(Capture { id: CaptureId::made_by(key), amount_minor, contest: *contest });
                if rest == *released_minor {
                    next.state = State::Closed;
                }
            }
            (Effect::CaptureDeclined { .. }, State::Open) if at < self.expires_at => {}
            (Effect::Expired(moved), State::Open)
                if at >= self.expires_at && moved.amount_minor == self.held_minor() =>
            {
                next.state = State::Expired;
            }
            (Effect::Voided(moved), State::Open | State::RequiresAction { .. } | State::Failed)
                if moved.amount_minor == self.held_minor() =>
            {
                next.state = State::Closed;
            }
            (Effect::Voided(moved), State::Expired) if moved.amount_minor + self.captured_minor == 0 => {
                next.state = State::Closed;
            }
            (Effect::Refunded(moved), _)
                if self.dispute.as_ref().is_none_or(Dispute::is_won)
                    && (1..=self.refundable_minor()).contains(&moved.amount_minor) =>
            {
                next.refunded_minor = self.refunded_minor.checked_add(moved.amount_minor)?;
            }
            (Effect::DisputeOpened { dispute, capture, moved }, _) => {
                let most = self.contestable_minor(capture)?;
                if !(1..=most).contains(&moved.amount_minor) || *dispute != DisputeId::over(capture) {
                    return None;
                }
                next.dispute = Some(Dispute::open(at, capture, moved.amount_minor));
            }
            (Effect::DisputeDecided { dispute, outcome, moved }, _) => {
                let open = self.dispute.as_ref().filter(|open| open.is_open() && open.id == *dispute)?;
                if open.amount_minor != moved.amount_minor {
                    return None;
                }
                next.dispute = Some(open.decided(at, *outcome));
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
            State::Expired if self.captured_minor == 0 => Status::Expired,
            State::Closed if self.captured_minor == 0 => Status::Voided,
            State::Expired | State::Closed => Status::Captured,
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
            dispute: self.dispute.as_ref().map(|dispute| Box::new(dispute.to_wire(self))),
        }
    }
}
