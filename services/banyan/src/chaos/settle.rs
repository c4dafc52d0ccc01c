//! Waiting until everything has settled after the last crash.

use std::time::Duration;

use anyhow::Result;
use runtime::Env;
use serde_json::Value;

use crate::client::{Client, Error, queued};
use crate::commands::shown::counted;

/// Nothing moves for so long: no use to wait on. Tries and deadlines have pauses of minutes.
const PATIENCE: Duration = Duration::from_secs(240);
/// Between two looks whether everything has settled, and how often in a row it must have.
const LOOK: Duration = Duration::from_millis(300);
const QUIET_LOOKS: u32 = 3;

/// What one look at the shop shows.
#[derive(Clone, Copy, Default, PartialEq)]
struct Look {
    /// Messages that wait or are in hand.
    queued: u64,
    /// Orders, parcels, mails and refunds that are not at rest.
    in_flight: u64,
    /// Messages and timers handled so far.
    handled: u64,
}

impl Look {
    /// Whether nothing is on its way. Timers may still fire: the deadline of an order does half an hour after it was
    /// placed, however long it has been done.
    fn is_quiet(self) -> bool {
        self.queued + self.in_flight == 0
    }
}

/// Waits until nothing is on its way; or what to say when nothing moves any more and something still is.
///
/// # Errors
/// The shop cannot be reached.
pub(super) async fn rest(client: &Client, env: &Env) -> Result<Option<String>> {
    let (mut moved, mut before, mut quiet) = (env.now(), Look::default(), 0);
    loop {
        let queues = match client.get::<Value>("/queues").await {
            Ok(queues) => queues,
            // The shop may be on its way back to its broker.
            Err(error) if error.is_passing() && !matches!(error, Error::Unreachable(_)) => Value::Null,
            Err(error) => return Err(error.into()),
        };
        // An audit reads all that there is: while messages wait it would only keep them waiting.
        let left = queued(&queues);
        let audit = match left {
            Some(0) => audit(client).await?,
            _ => Value::Null,
        };
        let number = |pointer: &str| audit.pointer(pointer).and_then(Value::as_u64);
        // Without an audit nothing is known to be at rest.
        let in_flight = number("/in_flight").unwrap_or(1) + number("/counts/under_way").unwrap_or(0);
        let handled: u64 = client.activity().await?.values().map(|activity| activity.handled).sum();
        let now = Look { queued: left.unwrap_or(0), in_flight, handled };
        quiet = if now.is_quiet() { quiet + 1 } else { 0 };
        if quiet >= QUIET_LOOKS {
            return Ok(None);
        }
        if now != before {
            (moved, before) = (env.now(), now);
        } else if env.now().since(moved) > PATIENCE {
            let why = match waiting(&queues) {
                None => "nobody says what lies in the queues".to_owned(),
                Some(rows) if !rows.is_empty() => rows.join(", "),
                Some(_) if audit.is_null() => {
                    "the queues are empty, and the audit does not answer".to_owned()
                }
                Some(_) => format!("the queues are empty, and {} under way", counted(in_flight, "thing")),
            };
            return Ok(Some(format!("it did not come to rest: {why}")));
        }
        env.clock.sleep(LOOK).await;
    }
}

/// Each queue that is not empty, with what lies there; `None` when nobody says.
fn waiting(queues: &Value) -> Option<Vec<String>> {
    let row = |queue: &Value| {
        let number = |name: &str| queue[name].as_u64().unwrap_or(0);
        let (waiting, in_hand) = (number("waiting"), number("in_flight"));
        let name = queue["queue"].as_str().unwrap_or_default();
        (waiting + in_hand > 0).then(|| format!("{name} has {waiting} waiting and {in_hand} in hand"))
    };
    Some(queues["queues"].as_array()?.iter().filter_map(row).collect())
}

/// Nothing, where a peer is starting again just now.
async fn audit(client: &Client) -> Result<Value> {
    match client.get::<Value>("/audit").await {
        Ok(audit) => Ok(audit),
        Err(error) if error.is_passing() && !matches!(error, Error::Unreachable(_)) => Ok(Value::Null),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::sync::atomic::{AtomicU64, Ordering};

    use axum::routing::get;
    use axum::{Json, Router};
    use serde_json::json;
    use tokio::net::TcpListener;

    use super::*;

    /// Long enough for some looks, on any machine.
    const ENOUGH: Duration = Duration::from_secs(60);

    #[test]
    fn what_keeps_a_shop_from_rest_is_told_by_queue() {
        let queues = json!({ "queues": [
            { "queue": "orders", "waiting": 0, "in_flight": 0 },
            { "queue": "payment", "waiting": 7, "in_flight": 1 },
        ]});
        assert_eq!(waiting(&queues).unwrap(), ["payment has 7 waiting and 1 in hand"]);
        assert_eq!(waiting(&Value::Null), None);
    }

    #[tokio::test]
    async fn timers_that_still_fire_keep_nobody_waiting() {
        static FIRED: AtomicU64 = AtomicU64::new(0);
        let metrics = || async {
            let fired = FIRED.fetch_add(1, Ordering::Relaxed) + 1;
            format!("banyan_messages_total{{service=\"orders\",outcome=\"handled\"}} {fired}\n")
        };
        let shop = Router::new()
            .route(
                "/queues",
                get(|| async {
                    Json(json!({ "queues": [{ "queue": "orders", "waiting": 0, "in_flight": 0 }] }))
                }),
            )
            .route("/audit", get(|| async { Json(json!({ "in_flight": 0, "counts": { "under_way": 0 } })) }))
            .route("/metrics", get(metrics));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let client = Client::new(format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let env = runtime::real::env();
        tokio::select! {
            served = axum::serve(listener, shop).into_future() => panic!("the shop ended: {served:?}"),
            () = env.clock.sleep(ENOUGH) => panic!("it waits for timers"),
            rested = rest(&client, &env) => assert_eq!(rested.unwrap(), None),
        }
        assert!(FIRED.load(Ordering::Relaxed) >= u64::from(QUIET_LOOKS));
    }
}
