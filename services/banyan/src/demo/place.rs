//! One order on its way to the shop, with what goes wrong on it.

use std::time::Duration;

use contracts::Timestamp;
use futures_util::future::join;
use runtime::Env;
use serde::Deserialize;

use super::input::Order;
use super::mischief::Mischief;
use crate::client::{Client, Error, Patience, Write};

/// How long an order is sent again: longer than any pause of a busy disk.
const PATIENCE: Patience = Patience { total: Duration::from_secs(300), is_unreachable_too: true };

/// What came of sending an order.
pub(super) struct Answered {
    /// When it was due.
    pub(super) due: Timestamp,
    /// Its key.
    pub(super) key: String,
    /// What went wrong on the way.
    pub(super) mischief: Mischief,
    /// How long after it was taken its customer cancels it.
    pub(super) cancel: Option<Duration>,
    /// Its id.
    pub(super) answer: Result<String, Error>,
    /// Another id that the same key was given, which must not be.
    pub(super) second: Option<String>,
}

#[derive(Deserialize)]
struct Placed {
    order_id: String,
}

/// Sends an order that was due at `due` until it is answered.
pub(super) async fn send(client: Client, env: Env, order: Order, due: Timestamp) -> Answered {
    let Order { write, mischief, cancel } = order;
    let post = || post(&client, &env, &write);
    let (answer, again) = match mischief {
        Mischief::None => (post().await, None),
        Mischief::Twice => {
            let (first, second) = join(post(), post()).await;
            (first, Some(second))
        }
        Mischief::HungUp(after) => {
            tokio::select! {
                _ = client.post::<Placed>(&write) => {}
                () = env.clock.sleep(after) => {}
            }
            (post().await, None)
        }
        Mischief::Forgotten => {
            let first = post().await;
            (first, Some(post().await))
        }
    };
    let second = match (&answer, again) {
        (Ok(first), Some(Ok(second))) if *first != second => Some(second),
        _ => None,
    };
    Answered { due, key: write.key.unwrap_or_default(), mischief, cancel, answer, second }
}

async fn post(client: &Client, env: &Env, write: &Write) -> Result<String, Error> {
    let placed: Placed = client.post_until_answered(write, env, PATIENCE).await?;
    Ok(placed.order_id)
}
