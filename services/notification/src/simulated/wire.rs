//! What crosses between the simulated mailbox and its callers, over HTTP and in the simulator alike.

use contracts::Timestamp;
pub use peers::wire::{Request, Response, encode_segment};
use serde::{Deserialize, Serialize};

use super::call::Letter;
use super::ids::{Key, MailId};

/// The longest request body that is read, in bytes: ten times the longest honest one, which has 80 lines.
pub const MAX_BODY_BYTES: usize = 512 * 1024;

/// What the simulated mailbox answers with when it does not refuse. The word `simulated` is in every one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "object")]
pub enum Object {
    /// A mail that was taken.
    #[serde(rename = "simulated_mail")]
    Mail {
        /// `sim_mail_...`.
        id: MailId,
    },
    /// What became of a key.
    #[serde(rename = "simulated_operation")]
    Operation {
        /// The key that was asked for.
        key: Key,
        /// The status with which the operation was answered.
        status: u16,
        /// The body with which the operation was answered.
        answer: serde_json::Value,
    },
}

/// A mail as people list it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// `sim_mail_...`.
    pub id: MailId,
    /// When it was taken.
    pub at: Timestamp,
    /// To whom.
    pub to: String,
    /// About what.
    pub subject: String,
}

/// A page of what was taken, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mails {
    /// Always true: nothing was delivered.
    pub simulated: bool,
    /// What was taken.
    pub mails: Vec<Listed>,
    /// Ask for what is before this next; absent when there is nothing older.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_before: Option<u64>,
}

/// A whole mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// Always true: nothing was delivered.
    pub simulated: bool,
    /// `sim_mail_...`.
    pub id: MailId,
    /// When it was taken.
    pub at: Timestamp,
    /// What was sent.
    #[serde(flatten)]
    pub letter: Letter,
}
