//! Provider keys: what makes a provider act at most once.

use std::fmt;
use std::str::FromStr;

use contracts::{PaymentId, RefundId};
use serde::{Deserialize, Serialize};

/// What is done under a key of a payment. A refund is keyed by its own id: see [`ProviderKey::of_refund`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Step {
    /// Holding money.
    Authorize,
    /// Releasing it.
    Void,
    /// Taking it.
    Capture,
}

impl Step {
    const ALL: [Self; 3] = [Self::Authorize, Self::Void, Self::Capture];

    fn as_str(self) -> &'static str {
        match self {
            Self::Authorize => "authorize",
            Self::Void => "void",
            Self::Capture => "capture",
        }
    }
}

/// What a key is the key of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A step of a payment.
    Payment(PaymentId, Step),
    /// A refund.
    Refund(RefundId),
}

/// The step of a refund's key, which is no step of a payment: there may be several.
const REFUND: &str = "refund";

/// The idempotency key of one attempt at one step of one payment, `pay-<payment id>-authorize-1`, or at one refund,
/// `pay-<refund id>-refund-1`.
///
/// It depends on what is done and on nothing else, above all not on the message that is being handled: two messages
/// that lead to the same attempt must not lead to two effects.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProviderKey(String);

/// The text is not a provider key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("provider key must be pay-<payment or refund id>-<step>-<attempt>, got {0:?}")]
pub struct MalformedKey(String);

impl ProviderKey {
    /// The key of the `attempt`-th attempt (from 1) at `step` of `payment`.
    #[must_use]
    pub fn new(payment: &PaymentId, step: Step, attempt: u32) -> Self {
        Self(format!("pay-{payment}-{}-{attempt}", step.as_str()))
    }

    /// The key of the `attempt`-th attempt (from 1) at `refund`.
    #[must_use]
    pub fn of_refund(refund: &RefundId, attempt: u32) -> Self {
        Self(format!("pay-{refund}-{REFUND}-{attempt}"))
    }

    /// What it is the key of.
    #[must_use]
    pub fn subject(&self) -> Option<Subject> {
        read(&self.0).map(|(subject, _)| subject)
    }

    /// Which attempt, from 1.
    #[must_use]
    pub fn attempt(&self) -> u32 {
        read(&self.0).map_or(0, |(_, attempt)| attempt)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn read(text: &str) -> Option<(Subject, u32)> {
    let (rest, attempt) = text.strip_prefix("pay-")?.rsplit_once('-')?;
    let attempt = attempt.parse().ok()?;
    let (id, step) = rest.rsplit_once('-')?;
    if step == REFUND {
        return Some((Subject::Refund(RefundId::new(id).ok()?), attempt));
    }
    let step = Step::ALL.into_iter().find(|known| known.as_str() == step)?;
    Some((Subject::Payment(PaymentId::new(id).ok()?, step), attempt))
}

impl FromStr for ProviderKey {
    type Err = MalformedKey;

    fn from_str(text: &str) -> Result<Self, MalformedKey> {
        let known = |(subject, attempt): (Subject, u32)| match subject {
            Subject::Payment(payment, step) => Self::new(&payment, step, attempt),
            Subject::Refund(refund) => Self::of_refund(&refund, attempt),
        };
        read(text)
            .map(known)
            .filter(|key| key.0 == text)
            .ok_or_else(|| MalformedKey(text.chars().take(120).collect()))
    }
}

impl TryFrom<String> for ProviderKey {
    type Error = MalformedKey;

    fn try_from(text: String) -> Result<Self, MalformedKey> {
        text.parse()
    }
}

impl From<ProviderKey> for String {
    fn from(key: ProviderKey) -> Self {
        key.0
    }
}

impl fmt::Display for ProviderKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
