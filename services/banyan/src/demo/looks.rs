//! Looking up orders whose end was not heard: because it has not come, or because it was missed.

use std::collections::BTreeMap;
use std::time::Duration;

use contracts::events::order::{OrderCancelled, OrderCompleted, OrderConfirmed};
use contracts::{EventData, Timestamp};
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use serde_json::Value;

use super::watch::{End, Watch};
use crate::cli::Context;
use crate::client::{Client, Error, escaped};
use crate::commands::shown::{rows, text};

/// An order that is open for longer is looked at: most parcels have arrived by then.
const OLD: Duration = Duration::from_secs(6);
/// Looks at a time.
const AT_ONCE: usize = 16;
/// Looks begun now and then, and behind one that found an end: where one was missed, others were.
const NOW_AND_THEN: usize = 5;
const BEHIND_A_FIND: usize = 4;

/// How one order stands.
struct Standing {
    id: String,
    status: String,
    confirmed: Option<Timestamp>,
    end: Option<End>,
}

/// The looks on their way, and what was seen.
#[derive(Default)]
pub(super) struct Looks {
    on_the_way: FuturesUnordered<BoxFuture<'static, Result<Standing, Error>>>,
    /// The order that was looked at last.
    last: String,
    /// How open orders stood when they were looked at.
    standing: BTreeMap<String, String>,
}

impl Looks {
    /// Begins some looks, if there is anything to look at.
    pub(super) fn now_and_then(&mut self, watch: &Watch, context: &Context) {
        self.begin(NOW_AND_THEN, watch, context);
    }

    fn begin(&mut self, many: usize, watch: &Watch, context: &Context) {
        let many = many.min(AT_ONCE - self.on_the_way.len());
        let now = context.env.now();
        let before = Timestamp::from_micros(now.as_micros() - i64::try_from(OLD.as_micros()).unwrap_or(0));
        for id in watch.old(before, &self.last, many) {
            self.last.clone_from(&id);
            self.on_the_way.push(Box::pin(look(context.client.clone(), id)));
        }
    }

    /// Ends one look, tells `watch` what it found, and begins others if that was an end. Waits for ever when there is none.
    ///
    /// # Errors
    /// An answer that will not pass.
    pub(super) async fn next(&mut self) -> Result<Seen, Error> {
        match self.on_the_way.next().await {
            Some(Ok(standing)) => Ok(Seen(Some(standing))),
            Some(Err(error)) if error.is_passing() => Ok(Seen(None)),
            Some(Err(error)) => Err(error),
            None => std::future::pending().await,
        }
    }

    /// Takes in what was seen.
    pub(super) fn learn(&mut self, seen: Seen, watch: &mut Watch, context: &Context) {
        let Some(Standing { id, status, confirmed, end }) = seen.0 else { return };
        if let Some(at) = confirmed {
            watch.confirmed(id.clone(), at);
        }
        match end {
            Some(end) => {
                self.standing.remove(&id);
                watch.ended(id, end);
                self.begin(BEHIND_A_FIND, watch, context);
            }
            None => drop(self.standing.insert(id, status)),
        }
    }

    /// How many of the open orders stood how, as far as they were looked at.
    pub(super) fn standing(&mut self, watch: &Watch) -> BTreeMap<String, u64> {
        self.standing.retain(|id, _| watch.is_open(id));
        let mut counts = BTreeMap::new();
        for status in self.standing.values() {
            *counts.entry(status.clone()).or_default() += 1;
        }
        counts
    }
}

/// What one look has seen; nothing when the shop could not answer just then.
pub(super) struct Seen(Option<Standing>);

/// How an order stands; when it ended is in its timeline.
async fn look(client: Client, id: String) -> Result<Standing, Error> {
    let path = format!("/orders/{}", escaped(&id));
    let order: Value = client.get(&path).await?;
    let status = text(&order, "/status");
    if !matches!(status.as_str(), "completed" | "cancelled") {
        return Ok(Standing { id, status, confirmed: None, end: None });
    }
    let timeline: Value = client.get(&format!("{path}/timeline")).await?;
    let at = |kind: &str| {
        let entry = rows(&timeline, "/entries").iter().find(|entry| text(entry, "/type") == kind)?;
        text(entry, "/at").parse::<Timestamp>().ok()
    };
    let end = match at(OrderCompleted::TYPE) {
        Some(at) => Some(End::Completed(at)),
        None => at(OrderCancelled::TYPE).map(|at| End::Cancelled(at, text(&order, "/cancel_reason"))),
    };
    Ok(Standing { id, status, confirmed: at(OrderConfirmed::TYPE), end })
}
