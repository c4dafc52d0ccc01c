//! What customers do besides buying: they change their minds, and send goods back.

use std::time::Duration;

use runtime::Env;
use serde_json::{Value, json};

use crate::client::{Client, Error, Patience, Write, escaped};
use crate::commands::shown::text;

/// One of them.
#[derive(Debug, Clone)]
pub(super) enum Errand {
    /// Cancels the order after a while, whatever has become of it by then.
    Cancel {
        /// Which.
        order_id: String,
        /// How long after it was taken.
        after: Duration,
    },
    /// Sends goods of a completed order back.
    SendBack {
        /// Of which.
        order_id: String,
        /// What.
        back: SendBack,
    },
}

/// Goods that come back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SendBack {
    /// The key of the request.
    pub(super) key: String,
    /// SKUs and how many pieces of each.
    pub(super) lines: Vec<(String, u32)>,
}

/// What came of it.
#[derive(Debug)]
pub(super) enum Done {
    /// The order was cancelled at once.
    Cancelled,
    /// It was confirmed already: shipping is asked to stop it.
    AskedToCancel,
    /// It is on its way, or over.
    TooLate,
    /// The goods are expected.
    SentBack,
    /// The shop did not take it.
    Refused(String),
}

/// Does it.
pub(super) async fn run(client: Client, env: Env, errand: Errand) -> Done {
    match errand {
        Errand::Cancel { order_id, after } => {
            env.clock.sleep(after).await;
            let path = format!("/orders/{}/cancel", escaped(&order_id));
            let write = Write::json(
                path,
                Some(format!("cancel-{order_id}")),
                &json!({ "reason": "changed my mind" }),
            );
            match client.post_until_answered::<Value>(&write, &env, Patience::BULK).await {
                Ok(order) if text(&order, "/status") == "cancelled" => Done::Cancelled,
                Ok(_) => Done::AskedToCancel,
                Err(Error::Refused(problem)) if problem.status == 409 => Done::TooLate,
                Err(error) => Done::Refused(format!("order {order_id} cannot be cancelled: {error}")),
            }
        }
        Errand::SendBack { order_id, back } => {
            let path = format!("/orders/{}/returns", escaped(&order_id));
            let line = |(sku, quantity): &(String, u32)| json!({ "sku": sku, "quantity": quantity });
            let lines: Vec<Value> = back.lines.iter().map(line).collect();
            let body = json!({ "lines": lines, "reason": "sent back" });
            let write = Write::json(path, Some(back.key), &body);
            match client.post_until_answered::<Value>(&write, &env, Patience::BULK).await {
                Ok(_) => Done::SentBack,
                Err(error) => {
                    Done::Refused(format!("goods of order {order_id} cannot be sent back: {error}"))
                }
            }
        }
    }
}
