//! The mailbox: how the service asks somebody to deliver a message, in its own words.
//!
//! Whatever comes back is only *evidence*. A timeout is evidence too ([`Evidence::Unknown`]), because the mailbox may have
//! taken the message; that nothing was sent is not ([`Unavailable`]), because then there was no attempt.

use std::fmt;
use std::time::Duration;

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};

use crate::domain::Address;

pub mod simulated;

mod key;

pub use key::{MailKey, MalformedKey};

/// Whoever delivers messages.
pub trait Mailbox: Send + Sync + 'static {
    /// Hands `message` over, once: a caller that wants to try again says so by calling again, with the same key.
    ///
    /// # Errors
    /// [`Unavailable`]: it was certainly not taken, since the mailbox cannot be asked. It is not an attempt.
    fn send<'a>(
        &'a self,
        key: &'a MailKey,
        message: &'a Message,
    ) -> BoxFuture<'a, Result<Evidence, Unavailable>>;

    /// Asks what became of the message under `key`. Changes nothing.
    ///
    /// # Errors
    /// [`Unavailable`]: the mailbox cannot be asked.
    fn lookup<'a>(&'a self, key: &'a MailKey) -> BoxFuture<'a, Result<Evidence, Unavailable>>;
}

/// A letter, ready to go. Stored before it is sent, so that every later try sends the same.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// To whom.
    pub to: Address,
    /// One line.
    pub subject: String,
    /// For whoever reads plain text.
    pub text: String,
    /// For everybody else.
    pub html: String,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Message(..)")
    }
}

/// What is known after the mailbox was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "evidence", rename_all = "snake_case")]
pub enum Evidence {
    /// The mailbox has it, and delivers it.
    Accepted {
        /// The mailbox's name for it.
        reference: Reference,
    },
    /// The mailbox will never deliver it, and has not.
    Refused {
        /// Of what kind that is.
        kind: RefusalKind,
        /// Why, in the mailbox's own word.
        code: String,
    },
    /// Not taken this time; another time it may be.
    NotTaken {
        /// Why, in the mailbox's own word.
        code: String,
    },
    /// Nothing has come under the key: the mailbox proves absence.
    NotFound,
    /// The mailbox may have taken it or not. Only the same key, or a question about it, can tell.
    Unknown {
        /// What was seen.
        why: Why,
    },
}

/// What a refusal says about later messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalKind {
    /// A hard bounce: nothing will ever arrive there.
    NoSuchAddress,
    /// This message as it stands; another one may be taken.
    Unwanted,
}

/// Why an outcome is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// No answer in time.
    Timeout,
    /// The connection broke after something had been sent.
    Reset,
    /// The mailbox failed in the middle (5xx).
    ServerError,
    /// An answer that makes no sense.
    Unreadable,
    /// The mailbox is executing the same key right now.
    InProgress,
    /// The mailbox has taken another message under the key. That is a fault of ours; what stands is what it says when
    /// asked about the key.
    KeyReused,
}

/// The mailbox cannot be asked: nothing was sent, or it was turned away unread. An outage, not an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Unavailable {
    /// No connection.
    #[error("the mailbox cannot be reached")]
    Unreachable,
    /// It asks for less (429).
    #[error("the mailbox asks for fewer requests")]
    Throttled {
        /// For how many seconds, where it says so (`Retry-After`).
        retry_after_s: Option<u32>,
    },
    /// It does not accept our credentials (401, 403). A person has to act.
    #[error("the mailbox does not accept our credentials")]
    Unauthorized,
}

impl Unavailable {
    /// How long the mailbox asks to be left alone, where it says so.
    #[must_use]
    pub fn retry_after(self) -> Option<Duration> {
        match self {
            Self::Throttled { retry_after_s } => retry_after_s.map(|s| Duration::from_secs(s.into())),
            Self::Unreachable | Self::Unauthorized => None,
        }
    }
}

/// The mailbox's name for what it took: 1 to 255 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Reference(String);

/// The text cannot be a mailbox's reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a mailbox's reference must be 1 to 255 visible ASCII characters")]
pub struct MalformedReference;

impl Reference {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Reference {
    type Error = MalformedReference;

    fn try_from(text: String) -> Result<Self, MalformedReference> {
        let is_reference = (1..=255).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        if is_reference { Ok(Self(text)) } else { Err(MalformedReference) }
    }
}

impl From<Reference> for String {
    fn from(reference: Reference) -> Self {
        reference.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_keeps_its_form() {
        let reference = Reference::try_from("sim_mail_1".to_owned()).unwrap();
        for (evidence, text) in [
            (Evidence::Accepted { reference }, r#"{"evidence":"accepted","reference":"sim_mail_1"}"#),
            (Evidence::Unknown { why: Why::Timeout }, r#"{"evidence":"unknown","why":"timeout"}"#),
            (
                Evidence::Refused { kind: RefusalKind::NoSuchAddress, code: "no-such-mailbox".to_owned() },
                r#"{"evidence":"refused","kind":"no_such_address","code":"no-such-mailbox"}"#,
            ),
        ] {
            assert_eq!(serde_json::to_string(&evidence).unwrap(), text);
            assert_eq!(serde_json::from_str::<Evidence>(text).unwrap(), evidence);
        }
    }

    #[test]
    fn a_letter_is_not_printed() {
        let to = Address::new("ada@example.org").unwrap();
        let letter = Message { to, subject: "Dear Ada".into(), text: "Ada".into(), html: "Ada".into() };
        assert_eq!(format!("{letter:?}"), "Message(..)");
    }
}
