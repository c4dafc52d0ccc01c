//! What crosses between the simulated mailbox and its callers, over HTTP and in the simulator alike.

use contracts::Timestamp;
use serde::{Deserialize, Serialize};

use super::call::Letter;
use super::ids::{Key, MailId};

/// The longest request body that is read, in bytes: ten times the longest honest one, which has 80 lines.
pub const MAX_BODY_BYTES: usize = 512 * 1024;

/// A request: what HTTP splits into request line, `Idempotency-Key` and body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// `GET` or `POST`.
    pub method: String,
    /// From `/v1/` on, segments percent-encoded, without a query.
    pub path: String,
    /// The header `Idempotency-Key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// JSON; empty for a `GET`.
    #[serde(default)]
    pub body: String,
}

/// An answer: status and JSON. Above 399 the body is a [`super::Problem`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The JSON body, byte for byte as it was first sent.
    pub body: String,
}

impl Response {
    /// `body` as JSON under `status`.
    pub(super) fn of(status: u16, body: &impl Serialize) -> Self {
        match serde_json::to_string(body) {
            Ok(body) => Self { status, body },
            // Our own bodies have text keys and finite numbers only, so this is not reached.
            Err(_) => Self { status: 500, body: "{}".to_owned() },
        }
    }
}

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

/// A path segment with everything encoded that RFC 3986 does not call unreserved.
#[must_use]
pub fn encode_segment(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// The text of an encoded segment; `None` when it is not the encoding of any text.
pub(super) fn decode_segment(segment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        if *first != b'%' {
            bytes.push(*first);
            rest = tail;
            continue;
        }
        let digit = |index: usize| tail.get(index).and_then(|b| char::from(*b).to_digit(16));
        let (high, low) = (digit(0)?, digit(1)?);
        bytes.push(u8::try_from(high * 16 + low).ok()?);
        rest = &tail[2..];
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_survive_the_path() {
        for text in ["mail-536365/order-placed/email-1", "a/b:c+d", "%2F", "ä"] {
            let encoded = encode_segment(text);
            assert!(!encoded.contains('/'), "{encoded}");
            assert_eq!(decode_segment(&encoded).as_deref(), Some(text));
        }
        for bad in ["%", "%2", "%zz", "%ff"] {
            assert_eq!(decode_segment(bad), None, "{bad}");
        }
    }
}
