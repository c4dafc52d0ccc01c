//! What crosses between a peer and its callers, over HTTP and in the simulator alike.

use serde::{Deserialize, Serialize};

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

impl Request {
    /// A question.
    #[must_use]
    pub fn get(path: String) -> Self {
        Self { method: "GET".to_owned(), path, key: None, body: String::new() }
    }

    /// A command under `key`.
    #[must_use]
    pub fn post(path: String, key: String, body: String) -> Self {
        Self { method: "POST".to_owned(), path, key: Some(key), body }
    }
}

/// An answer: status and JSON. Above 399 the body is a [`crate::Problem`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// The JSON body; for one operation always the same bytes.
    pub body: String,
}

impl Response {
    /// `body` as JSON under `status`.
    #[must_use]
    pub fn of(status: u16, body: &impl Serialize) -> Self {
        match serde_json::to_string(body) {
            Ok(body) => Self { status, body },
            // Our own bodies have text keys and finite numbers only, so this is not reached.
            Err(_) => Self { status: 500, body: "{}".to_owned() },
        }
    }
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
pub(crate) fn decode_segment(segment: &str) -> Option<String> {
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
        for text in
            ["pay-536365-authorize-1", "return-a/b:c+d-book-1", "mail-1/order-placed/email-1", "%2F", "ä"]
        {
            let encoded = encode_segment(text);
            assert!(!encoded.contains('/'), "{encoded}");
            assert_eq!(decode_segment(&encoded).as_deref(), Some(text));
        }
        for bad in ["%", "%2", "%zz", "%ff"] {
            assert_eq!(decode_segment(bad), None, "{bad}");
        }
    }
}
