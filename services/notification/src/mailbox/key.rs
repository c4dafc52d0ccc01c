//! Mail keys: what makes a mailbox take a message at most once.

use std::fmt;
use std::str::FromStr;

use contracts::NotificationId;
use serde::{Deserialize, Serialize};

/// The idempotency key of one attempt at one message: `mail-536365/order-confirmed/email-1`.
///
/// It depends on what is sent and on nothing else, above all not on the event that is being handled: two events that lead
/// to the same message must not lead to two letters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MailKey(String);

/// The text is not a mail key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("mail key must be mail-<notification id>-<attempt>, got {0:?}")]
pub struct MalformedKey(String);

impl MailKey {
    /// The key of the `attempt`-th attempt (from 1) at `notification`.
    #[must_use]
    pub fn new(notification: &NotificationId, attempt: u32) -> Self {
        Self(format!("mail-{notification}-{attempt}"))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MailKey {
    type Err = MalformedKey;

    fn from_str(text: &str) -> Result<Self, MalformedKey> {
        let parse = || {
            let (notification, attempt) = text.strip_prefix("mail-")?.rsplit_once('-')?;
            let notification = NotificationId::new(notification).ok()?;
            Some(Self::new(&notification, attempt.parse().ok()?))
        };
        parse().filter(|key| key.0 == text).ok_or_else(|| MalformedKey(text.chars().take(160).collect()))
    }
}

impl TryFrom<String> for MailKey {
    type Error = MalformedKey;

    fn try_from(text: String) -> Result<Self, MalformedKey> {
        text.parse()
    }
}

impl From<MailKey> for String {
    fn from(key: MailKey) -> Self {
        key.0
    }
}

impl fmt::Display for MailKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_names_the_message_and_the_attempt_and_is_read_back() {
        for id in ["536365/order-confirmed/email", "a-1/b-2", "x+y:z/1"] {
            let id = NotificationId::new(id).unwrap();
            let key = MailKey::new(&id, 12);
            assert_eq!(key.as_str(), format!("mail-{id}-12"));
            assert_eq!(key.as_str().parse(), Ok(key));
        }
        for bad in ["", "mail-a", "mail--1", "mail-a-x", "mail-a-01", "pay-a-1"] {
            assert!(bad.parse::<MailKey>().is_err(), "{bad}");
        }
    }
}
