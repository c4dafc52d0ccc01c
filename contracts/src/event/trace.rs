//! Which journey a message belongs to.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::MessageId;

/// W3C trace context, version 00. Source: W3C Recommendation "Trace Context", 23 November 2021, section 3.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TraceParent {
    /// The whole journey.
    pub trace_id: u128,
    /// The step that published.
    pub parent_id: u64,
    /// Whether that step was recorded.
    pub sampled: bool,
}

impl TraceParent {
    /// The first step of a journey that nobody traced before: ids are derived from the message.
    #[must_use]
    pub fn root(message: MessageId) -> Self {
        let (high, low) = message.0.as_u64_pair();
        Self { trace_id: (u128::from(high) << 64) | u128::from(low), parent_id: low | 1, sampled: true }
    }

    /// The step that handles or publishes `message`, in the same journey.
    #[must_use]
    pub fn child(self, message: MessageId) -> Self {
        Self { parent_id: message.0.as_u64_pair().1 | 1, ..self }
    }
}

impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{:032x}-{:016x}-{:02x}", self.trace_id, self.parent_id, u8::from(self.sampled))
    }
}

impl From<TraceParent> for String {
    fn from(trace: TraceParent) -> Self {
        trace.to_string()
    }
}

impl TryFrom<String> for TraceParent {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        const WRONG: &str = "traceparent must be 00-<32 hex>-<16 hex>-<2 hex>";
        let parts: Vec<&str> = text.split('-').collect();
        let [_, trace, parent, flags, ..] = parts[..] else { return Err(WRONG) };
        let hex = |s: &str, n: usize| {
            s.len() == n && s.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        };
        if !hex(parts[0], 2) || parts[0] == "ff" || !hex(trace, 32) || !hex(parent, 16) || !hex(flags, 2) {
            return Err(WRONG);
        }
        let trace_id = u128::from_str_radix(trace, 16).map_err(|_| WRONG)?;
        let parent_id = u64::from_str_radix(parent, 16).map_err(|_| WRONG)?;
        let flags = u8::from_str_radix(flags, 16).map_err(|_| WRONG)?;
        if trace_id == 0 || parent_id == 0 {
            return Err("traceparent must not have an id of zeros");
        }
        Ok(Self { trace_id, parent_id, sampled: flags & 1 == 1 })
    }
}
