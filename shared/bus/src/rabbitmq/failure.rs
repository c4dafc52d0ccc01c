//! What a failure of the broker means for a caller.

use std::time::Duration;

use lapin::ErrorKind;
use lapin::protocol::{AMQPErrorKind, AMQPHardError, AMQPSoftError};

use super::settings::Settings;
use crate::{Outage, OutageKind, World, within};

/// The outage that `error` is, met while doing `what`.
pub(super) fn outage(what: &str, error: &lapin::Error) -> Outage {
    let kind = match code(error) {
        Some(AMQPErrorKind::Soft(AMQPSoftError::NOTFOUND)) => OutageKind::Undeclared,
        // It is there with other arguments, which only a person can change.
        Some(AMQPErrorKind::Soft(AMQPSoftError::PRECONDITIONFAILED | AMQPSoftError::ACCESSREFUSED)) => {
            OutageKind::Broken
        }
        Some(AMQPErrorKind::Hard(AMQPHardError::NOTALLOWED)) => OutageKind::Broken,
        _ => OutageKind::Unreachable,
    };
    Outage { kind, detail: format!("rabbitmq: {what}: {error}") }
}

/// Nobody answered in time.
pub(super) fn silence(what: &str) -> Outage {
    Outage { kind: OutageKind::Unreachable, detail: format!("rabbitmq: {what}: no answer in time") }
}

/// What `asking` answers, if it does within the time that a batch waits for its confirms: the client library may leave
/// unanswered what is asked while a connection is lost, and a broker what is asked about a queue that it cannot serve.
pub(super) async fn in_time<T>(
    world: &dyn World,
    settings: &Settings,
    what: &str,
    asking: impl Future<Output = Result<T, Outage>>,
) -> Result<T, Outage> {
    within(world, settings.confirm_wait, asking).await.unwrap_or_else(|| Err(silence(what)))
}

/// Whether the broker lacks something that was declared once.
pub(super) fn is_missing(error: &lapin::Error) -> bool {
    matches!(code(error), Some(AMQPErrorKind::Soft(AMQPSoftError::NOTFOUND)))
}

fn code(error: &lapin::Error) -> Option<&AMQPErrorKind> {
    match error.kind() {
        ErrorKind::ProtocolError(error) => Some(error.kind()),
        _ => None,
    }
}

/// Full jitter: between nothing and a tenth of a second doubled `failures` times, at most `most`.
pub(super) fn backoff(world: &dyn World, failures: u32, most: Duration) -> Duration {
    let most_ms = u64::try_from(most.as_millis()).unwrap_or(u64::MAX).max(1);
    Duration::from_millis(world.next_u64() % (100_u64 << failures.min(16)).min(most_ms) + 1)
}
