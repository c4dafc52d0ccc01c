//! What happens to a message: pure decisions over its document.
//!
//! Answers of the mailbox are evidence for one reducer, [`Notification::learn`]: late or repeated evidence cannot move a
//! message backwards, and that nobody knows is a state of its own.

use contracts::events::notification::NotSentReason;
use contracts::{CustomerId, NotificationId, OrderId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::mailbox::{Evidence, MailKey, Message, Reference, RefusalKind, Why};

mod address;
mod dossier;
mod milestone;
mod story;
mod wishes;

pub use address::{Address, NotAnAddress};
pub use dossier::{Dossier, Heard, MAX_WAITING, Order};
pub use milestone::{Milestone, Topic};
pub use story::{Facts, Story};
pub use wishes::{Preferences, Suppression, SuppressionCause, may_write};

/// How often a message is sent that was not, or perhaps not, taken: at once and after each of five waits.
pub const SENDS: u32 = 6;

/// How often a message of which nobody knows is looked up after the last try: hourly, for a day.
pub const LOOKS: u32 = 24;

/// The code of a message of which nobody will ever know whether it was taken.
pub const OUTCOME_UNKNOWN: &str = "outcome_unknown";

/// One message to one recipient.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    /// Which.
    pub notification_id: NotificationId,
    /// The order it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
    /// The customer it is for; absent when it is for an operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<CustomerId>,
    /// What it tells.
    pub milestone: Milestone,
    /// The letter; absent when there was nobody to write to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Message>,
    /// When it was written.
    pub written_at: Timestamp,
    /// How it stands.
    pub state: State,
}

/// How a message stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum State {
    /// The mailbox was, or is about to be, asked to take it.
    Sending {
        /// The key; the same however often it is sent.
        key: MailKey,
        /// Why nobody knows what came of it; absent while it was certainly not taken.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        unknown: Option<Why>,
    },
    /// The mailbox has it.
    Sent {
        /// The key.
        key: MailKey,
        /// The mailbox's name for it.
        reference: Reference,
        /// Since when, as far as it is known here.
        at: Timestamp,
    },
    /// It was not sent, and will not be.
    Failed {
        /// The key, if the mailbox was ever asked.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key: Option<MailKey>,
        /// Why.
        reason: NotSentReason,
        /// In the mailbox's own word.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
        /// Since when.
        at: Timestamp,
    },
}

impl State {
    /// The state's name, as indexes and answers show it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Sending { unknown: None, .. } => "sending",
            Self::Sending { unknown: Some(_), .. } => "unknown",
            Self::Sent { .. } => "sent",
            Self::Failed { .. } => "failed",
        }
    }

    /// The key under which the mailbox was, or is to be, asked.
    #[must_use]
    pub const fn key(&self) -> Option<&MailKey> {
        match self {
            Self::Sending { key, .. } | Self::Sent { key, .. } => Some(key),
            Self::Failed { key, .. } => key.as_ref(),
        }
    }
}

/// What is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// notification.sent
    Sent(Reference),
    /// notification.failed
    Failed(NotSentReason, Option<String>),
}

/// What is to be asked of the mailbox, always under the message's one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// Take this, or say what came of it when it was taken before.
    Send,
    /// What came of it?
    Look,
}

/// What follows from a decision.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Next {
    /// To be told.
    pub news: Option<News>,
    /// To be asked, once [`wait_before`] is over.
    pub ask: Option<Question>,
    /// Nothing may be sent to this address any more, with the mailbox's own word for why.
    pub suppress: Option<String>,
}

impl Notification {
    /// Begins to send what was written.
    pub fn send(&mut self) -> Next {
        let key = MailKey::new(&self.notification_id, 1);
        self.state = State::Sending { key, unknown: None };
        Next { ask: Some(Question::Send), ..Next::default() }
    }

    /// It is not sent at all.
    pub fn withhold(&mut self, reason: NotSentReason, now: Timestamp) -> Next {
        self.state = State::Failed { key: None, reason, code: None, at: now };
        Next { news: Some(News::Failed(reason, None)), ..Next::default() }
    }

    /// The mailbox's answer about `key`: evidence, possibly late, possibly repeated. `asked` is how often it was asked
    /// before the question that this answers.
    pub fn learn(&mut self, key: &MailKey, evidence: Evidence, asked: u32, now: Timestamp) -> Next {
        match &self.state {
            State::Sending { key: own, .. } if own == key => {}
            // It is over: whatever this says was said before.
            State::Sending { .. } | State::Sent { .. } | State::Failed { .. } => return Next::default(),
        }
        match evidence {
            Evidence::Accepted { reference } => {
                self.state = State::Sent { key: key.clone(), reference: reference.clone(), at: now };
                Next { news: Some(News::Sent(reference)), ..Next::default() }
            }
            Evidence::Refused { kind: RefusalKind::NoSuchAddress, code } => {
                let next = self.fail(key, (NotSentReason::BadAddress, Some(code.clone())), now);
                Next { suppress: Some(code), ..next }
            }
            Evidence::Refused { kind: RefusalKind::Unwanted, code } => {
                self.fail(key, (NotSentReason::Refused, Some(code)), now)
            }
            Evidence::NotTaken { code } => self.again(key, code, asked, now),
            Evidence::NotFound => self.again(key, "not_found".to_owned(), asked, now),
            Evidence::Unknown { why } => self.wonder(key, why, asked, now),
        }
    }

    /// It was certainly not taken: once more, if it was not sent too often.
    fn again(&mut self, key: &MailKey, code: String, asked: u32, now: Timestamp) -> Next {
        if asked + 1 >= SENDS {
            return self.fail(key, (NotSentReason::Unreachable, Some(code)), now);
        }
        self.state = State::Sending { key: key.clone(), unknown: None };
        Next { ask: Some(Question::Send), ..Next::default() }
    }

    /// Nobody knows whether it was taken: the same key tells, sooner or later.
    fn wonder(&mut self, key: &MailKey, why: Why, asked: u32, now: Timestamp) -> Next {
        if asked + 1 >= SENDS + LOOKS {
            let code = Some(OUTCOME_UNKNOWN.to_owned());
            return self.fail(key, (NotSentReason::Unreachable, code), now);
        }
        self.state = State::Sending { key: key.clone(), unknown: Some(why) };
        // What stands under a key that was used for something else is only found by looking.
        let is_for_looks = asked + 1 >= SENDS || why == Why::KeyReused;
        let ask = if is_for_looks { Question::Look } else { Question::Send };
        Next { ask: Some(ask), ..Next::default() }
    }

    fn fail(&mut self, key: &MailKey, why: (NotSentReason, Option<String>), now: Timestamp) -> Next {
        let (reason, code) = why;
        self.state = State::Failed { key: Some(key.clone()), reason, code: code.clone(), at: now };
        Next { news: Some(News::Failed(reason, code)), ..Next::default() }
    }
}

/// How long to wait before a question that was asked `asked` times before, in seconds.
#[must_use]
pub const fn wait_before(asked: u32) -> u64 {
    match asked {
        0 => 0,
        1 => 1,
        2 => 5,
        3 => 30,
        4 => 120,
        5 => 600,
        _ => 3_600,
    }
}

#[cfg(test)]
mod tests;
