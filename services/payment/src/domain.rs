//! What happens to a payment: pure decisions over its document.
//!
//! Answers of the provider, and what it tells of its own accord, are evidence for one reducer, [`Payment::learn`]: late
//! or repeated evidence cannot move a payment backwards, that nobody knows is a state of its own, and money that turns
//! up after the end is given up or told, never forgotten.

use std::collections::BTreeMap;

use contracts::events::payment::{CaptureFailure, DeclineReason};
use contracts::{Money, OrderId, PaymentId, RefundId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::gateway::{Authorize, Capture, Dispute, ProviderKey, Reference, Step, Token, Void, Why};

mod asking;
mod authorizing;
mod capturing;
mod disputes;
mod expiry;
mod given_up;
mod history;
mod learn;
mod patience;
mod refunding;
mod voiding;

pub use asking::{Ask, Next, Question};
pub use capturing::CAPTURES;
pub use disputes::MAX_DISPUTES;
pub use expiry::HOLDS;
pub use history::{Entry, History, Kind, MAX_ENTRIES, asked, said, said_of_dispute};
pub use patience::{LOOKS, TRIES, wait_before, wait_for_customer};
pub use refunding::{MAX_REFUNDS, RefundState, Refunding};
pub use voiding::{Release, Stray, StrayState};

/// The payment of one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// The order, and with it the payment: one each in this version.
    pub order_id: OrderId,
    /// When it was first heard of.
    #[serde(default)]
    pub opened_at: Timestamp,
    /// What order.placed said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub placed: Option<Placed>,
    /// Whether stock.reserved was heard.
    #[serde(default)]
    pub reserved: bool,
    /// When shipment.ready was heard: the money is to be taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready: Option<Timestamp>,
    /// When the order ended; whatever is held from then on is let go.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled: Option<Timestamp>,
    /// How many captures had been asked for when the order ended: there must not be more afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub captures_at_cancel: Option<usize>,
    /// How it stands.
    pub state: State,
    /// How many authorizations were asked for.
    #[serde(default)]
    pub holds: u32,
    /// Every capture that was asked for, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub captures: Vec<Capture>,
    /// How shipment.ready was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capture_told: Option<CaptureTold>,
    /// Authorizations beside the one that counts: what they hold is let go.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub strays: Vec<Stray>,
    /// What is, or was, to be given back.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub refunds: BTreeMap<RefundId, Refunding>,
    /// What the customer contests. A separate account: the money was taken all the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub disputes: Vec<Dispute>,
    /// Keys that were asked about often enough: nobody asks about them any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub given_up: Vec<ProviderKey>,
    /// What a person should look at; the first such thing. Read [`Payment::trouble`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<Trouble>,
    /// What was asked, and what came of it.
    #[serde(default)]
    pub history: History,
}

/// The half that order.placed brings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Placed {
    /// What to hold.
    #[serde(flatten)]
    pub money: Money,
    /// What pays.
    pub token: Token,
}

/// How a payment stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum State {
    /// Order and reservation are not both known yet.
    Waiting,
    /// The provider was, or is about to be, asked to hold the money.
    Authorizing {
        /// What was asked; its key stays the same however often it is asked again.
        authorize: Authorize,
        /// Why nobody knows what came of it; absent while the first answer is awaited.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unknown: Option<Why>,
        /// The provider's name for the hold before, which has run out; absent the first time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        renews: Option<Reference>,
    },
    /// The customer has to act at the provider.
    ActionRequired {
        /// What was asked.
        authorize: Authorize,
        /// The provider's name for it.
        reference: Reference,
        /// Where.
        action_url: String,
    },
    /// The money is held.
    Authorized {
        /// What was asked.
        authorize: Authorize,
        /// The provider's name for it.
        reference: Reference,
        /// Until when, where the provider says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires_at: Option<Timestamp>,
    },
    /// There is nothing to pay, so nothing is held, and nothing will be taken.
    Free,
    /// Refused; nothing is held.
    Declined {
        /// Why.
        reason: DeclineReason,
        /// In the provider's own word.
        code: String,
    },
    /// The provider was, or is about to be, asked to take the money.
    Capturing {
        /// What was asked first.
        authorize: Authorize,
        /// What was asked then; its key stays the same.
        capture: Capture,
        /// Why nobody knows what came of it; absent while the first answer is awaited.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unknown: Option<Why>,
    },
    /// The money was taken.
    Captured {
        /// What was asked.
        capture: Capture,
        /// The provider's name for the capture.
        reference: Reference,
    },
    /// What is, or may be, held is being let go.
    Voiding {
        /// What was asked; its key stays the same.
        void: Void,
        /// Why nobody knows what came of it; absent while the first answer is awaited.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unknown: Option<Why>,
    },
    /// Nothing is held any more, by the provider's word.
    Voided {
        /// The provider's name for what was held, if it was ever learnt.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<Reference>,
        /// The key of the authorization that ended so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        authorize: Option<ProviderKey>,
    },
    /// What was held has run out, and is not held again.
    Expired {
        /// The provider's name for what was held.
        reference: Reference,
        /// Why it is not held again.
        code: String,
    },
    /// The order ended before the provider was asked anything, or there was nothing to pay.
    Closed,
}

/// How shipment.ready was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "told", rename_all = "snake_case")]
pub enum CaptureTold {
    /// payment.captured
    Captured,
    /// payment.capture-failed
    Failed {
        /// Why.
        reason: CaptureFailure,
        /// In the provider's own word.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
    },
}

/// What a person should look at. No money moves because of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// The provider says that it took another amount or currency than it was asked for.
    TookAnother,
    /// The provider took the money under two keys.
    TookTwice,
    /// The provider says that it gave back another amount or currency than it was asked for.
    GaveBackAnother,
    /// The provider refuses a refund, and the customer is owed it.
    RefundRefused,
    /// More is to be given back than was taken, or another currency, or another amount under the same name.
    RefundContradicts,
    /// The provider refuses to let go of an authorization that nobody wants.
    StillHeld,
    /// More disputes than are kept.
    TooManyDisputes,
    /// The provider did not say what came of a question however often it was asked, and is not asked any more.
    Unanswered,
}

/// What is to be told, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// payment.authorized
    Authorized(Reference, Option<Timestamp>),
    /// payment.declined
    Declined(DeclineReason, Option<String>),
    /// payment.action-required
    ActionRequired(Reference, String, Option<Timestamp>),
    /// payment.action-completed
    ActionCompleted(Reference),
    /// payment.captured: the provider's name, and how much
    Captured(Reference, Money),
    /// payment.capture-failed: why, in the provider's word, its name for what was held
    CaptureFailed(CaptureFailure, Option<String>, Option<Reference>),
    /// payment.authorization-expired
    Expired(Reference),
    /// payment.voided
    Voided(Option<Reference>),
    /// payment.refunded: which, how much, the provider's name, and all so far in minor units
    Refunded(RefundId, Money, Reference, i64),
    /// payment.disputed
    Disputed(Dispute),
}

impl Payment {
    /// A payment of which nothing is known but its order.
    #[must_use]
    pub fn of(order_id: OrderId, now: Timestamp) -> Self {
        Self {
            order_id,
            opened_at: now,
            placed: None,
            reserved: false,
            ready: None,
            cancelled: None,
            captures_at_cancel: None,
            state: State::Waiting,
            holds: 0,
            captures: Vec::new(),
            capture_told: None,
            strays: Vec::new(),
            refunds: BTreeMap::new(),
            disputes: Vec::new(),
            given_up: Vec::new(),
            trouble: None,
            history: History::default(),
        }
    }

    /// The payment's id: the order's, as there is one each.
    #[must_use]
    pub fn id(&self) -> Option<PaymentId> {
        PaymentId::new(self.order_id.as_str()).ok()
    }

    /// What is, or was until it was taken, held by the authorization that counts, in minor units.
    #[must_use]
    pub fn authorized_minor(&self) -> i64 {
        match &self.state {
            State::Authorized { authorize, .. } | State::Capturing { authorize, .. } => {
                authorize.money.amount_minor
            }
            State::Captured { capture, .. } => capture.money.amount_minor,
            State::Waiting
            | State::Authorizing { .. }
            | State::ActionRequired { .. }
            | State::Free
            | State::Declined { .. }
            | State::Voiding { .. }
            | State::Voided { .. }
            | State::Expired { .. }
            | State::Closed => 0,
        }
    }

    /// What was taken, in minor units.
    #[must_use]
    pub fn captured_minor(&self) -> i64 {
        if let State::Captured { capture, .. } = &self.state { capture.money.amount_minor } else { 0 }
    }

    /// Whether the provider's answer to a question is awaited, or looked for.
    #[must_use]
    pub fn is_asking(&self) -> bool {
        let steps = matches!(
            self.state,
            State::Authorizing { .. }
                | State::ActionRequired { .. }
                | State::Capturing { .. }
                | State::Voiding { .. }
        );
        steps
            || self.strays.iter().any(|stray| matches!(stray.state, StrayState::Asked { .. }))
            || self.refunds.values().any(|refund| matches!(refund.state, RefundState::Asked { .. }))
    }

    /// How many authorizations were asked for; a document from before they were counted had at most one.
    fn holds_asked(&self) -> u32 {
        let none = matches!(self.state, State::Waiting | State::Free | State::Closed);
        self.holds.max(u32::from(!none))
    }

    fn key(&self, step: Step, attempt: u32) -> Option<ProviderKey> {
        self.id().map(|id| ProviderKey::new(&id, step, attempt))
    }

    fn is_trouble(&mut self, trouble: Trouble) {
        self.trouble.get_or_insert(trouble);
    }
}

#[cfg(test)]
mod tests;
