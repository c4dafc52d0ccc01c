//! Waiting until everything has settled after the last crash.

use std::time::Duration;

use anyhow::Result;
use runtime::Env;
use serde_json::Value;

use super::victim::queued;
use crate::client::{Client, Error};
use crate::commands::shown::counted;

/// Nothing moves for so long: no use to wait on. Tries and deadlines have pauses of minutes.
const PATIENCE: Duration = Duration::from_secs(240);
/// Between two looks whether everything has settled, and how often in a row it must have.
const LOOK: Duration = Duration::from_millis(300);
const QUIET_LOOKS: u32 = 3;

/// Waits until nothing is on its way; or what to say when nothing moves any more and something still is.
///
/// # Errors
/// The shop cannot be reached.
pub(super) async fn rest(client: &Client, env: &Env) -> Result<Option<String>> {
    let (mut moved, mut before, mut quiet) = (env.now(), (0, 0, 0), 0);
    loop {
        let queues = match client.get::<Value>("/queues").await {
            Ok(queues) => queues,
            // The shop may be on its way back to its broker.
            Err(error) if error.is_passing() && !matches!(error, Error::Unreachable(_)) => Value::Null,
            Err(error) => return Err(error.into()),
        };
        // An audit reads all that there is: while messages wait it would only keep them waiting.
        let audit = match queued(&queues) {
            0 if !queues.is_null() => audit(client).await?,
            _ => Value::Null,
        };
        let number = |pointer: &str| audit.pointer(pointer).and_then(Value::as_u64);
        let in_flight = number("/in_flight").unwrap_or(1) + number("/counts/under_way").unwrap_or(0);
        let handled: u64 = client.activity().await?.values().map(|activity| activity.handled).sum();
        let now = (queued(&queues), in_flight, handled);
        quiet = if now == before && now.0 + now.1 == 0 && !queues.is_null() { quiet + 1 } else { 0 };
        if quiet >= QUIET_LOOKS {
            return Ok(None);
        }
        if now != before {
            (moved, before) = (env.now(), now);
        } else if env.now().since(moved) > PATIENCE {
            return Ok(Some(format!("{} did not come to rest", counted(in_flight, "order"))));
        }
        env.clock.sleep(LOOK).await;
    }
}

/// Nothing, where a peer is starting again just now.
async fn audit(client: &Client) -> Result<Value> {
    match client.get::<Value>("/audit").await {
        Ok(audit) => Ok(audit),
        Err(error) if error.is_passing() && !matches!(error, Error::Unreachable(_)) => Ok(Value::Null),
        Err(error) => Err(error.into()),
    }
}
