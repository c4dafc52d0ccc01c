//! What was asked of the provider, and what came of it, in words; for whoever follows a payment.

use contracts::{Money, Timestamp};
use serde::{Deserialize, Serialize};

use super::Question;
use crate::gateway::{Dispute, Evidence, Operation, ProviderKey, Why};

/// How many entries are kept, the newest: an order's usual way has about six.
pub const MAX_ENTRIES: usize = 40;

/// What was asked, and what came of it, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct History {
    entries: Vec<Entry>,
    /// How many older ones are gone.
    #[serde(default)]
    dropped: u64,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When it was written down; the first time, if it came several times in a row.
    pub at: Timestamp,
    /// The provider's key that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<ProviderKey>,
    /// What kind.
    pub kind: Kind,
    /// What, in words.
    pub words: String,
    /// How often in a row, if more than once.
    #[serde(default = "once", skip_serializing_if = "is_once")]
    pub times: u32,
}

fn once() -> u32 {
    1
}

fn is_once(times: &u32) -> bool {
    *times == 1
}

/// What an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The provider is asked.
    Asked,
    /// What came of it.
    Answered,
    /// The provider told it of its own accord.
    Told,
}

impl History {
    /// What is kept, oldest first.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// How many older entries are gone.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Adds an entry; the same again only counts.
    pub fn add(&mut self, entry: Entry) {
        if let Some(last) = self.entries.last_mut()
            && (&last.key, last.kind, &last.words) == (&entry.key, entry.kind, &entry.words)
        {
            last.times = last.times.saturating_add(1);
            return;
        }
        self.entries.push(entry);
        if self.entries.len() > MAX_ENTRIES {
            self.entries.remove(0);
            self.dropped += 1;
        }
    }
}

/// A question in words.
#[must_use]
pub fn asked(question: &Question) -> String {
    match question {
        Question::Do { operation: Operation::Authorize(authorize) } => format!("hold {}", authorize.money),
        Question::Do { operation: Operation::Void(_) } => "let go of what is held".to_owned(),
        Question::Do { operation: Operation::Capture(capture) } => format!("take {}", capture.money),
        Question::Do { operation: Operation::Refund(refund) } => {
            format!("give back {} for {}", refund.money, refund.refund_id)
        }
        Question::Look { .. } => "what came of it".to_owned(),
    }
}

/// Evidence in words.
#[must_use]
pub fn said(evidence: &Evidence) -> String {
    let money = |amount_minor: &i64, currency: &contracts::Currency| Money {
        amount_minor: *amount_minor,
        currency: *currency,
    };
    match evidence {
        Evidence::Authorized { reference, amount_minor, currency, .. } => {
            format!("held {} as {}", money(amount_minor, currency), reference.as_str())
        }
        Evidence::Declined { code, .. } => format!("declined: {code}"),
        Evidence::ActionRequired { .. } => "the customer has to act".to_owned(),
        Evidence::Voided => "nothing is held any more".to_owned(),
        Evidence::Captured { reference, amount_minor, currency } => {
            format!("took {} as {}", money(amount_minor, currency), reference.as_str())
        }
        Evidence::Refunded { reference, amount_minor, currency } => {
            format!("gave back {} as {}", money(amount_minor, currency), reference.as_str())
        }
        Evidence::Expired => "the hold has run out".to_owned(),
        Evidence::Disputed => "refused while the customer contests the payment".to_owned(),
        Evidence::NotFound => "nothing has come under this key".to_owned(),
        Evidence::Refused { code } => format!("refused: {code}"),
        Evidence::Unknown { why } => format!("unknown: {}", unknown(*why)),
    }
}

fn unknown(why: Why) -> &'static str {
    match why {
        Why::Timeout => "no answer in time",
        Why::Reset => "the connection broke",
        Why::ServerError => "the provider failed in the middle",
        Why::Unreadable => "an answer that makes no sense",
        Why::InProgress => "the provider is at it",
        Why::KeyReused => "the key stands for another request",
    }
}

/// A dispute in words.
#[must_use]
pub fn said_of_dispute(dispute: &Dispute) -> String {
    let code = dispute.code.as_deref().map(|code| format!(" ({code})")).unwrap_or_default();
    format!("dispute {} over {} is {}{code}", dispute.dispute_id, dispute.money, dispute.status)
}
