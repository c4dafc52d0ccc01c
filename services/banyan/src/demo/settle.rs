//! After the last end: waiting for rest, and asking the shop itself what came of everything.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use serde_json::Value;

use crate::cli::Context;
use crate::client::{Error, with_query};
use crate::commands::shown::{count, counted, rows, text};

/// Nothing moves for this long: no use to wait on. Without faults nothing waits at all. With faults the order deadline of a
/// minute does, and who is asked again: after the sixth question without an answer for ten minutes, which of thousands of
/// orders one may come to.
const PATIENCE: Duration = Duration::from_secs(120);
const PATIENCE_WITH_FAULTS: Duration = Duration::from_secs(660);
/// Between two audits, each of which reads all that there is: at first, and at most when nothing moves.
const LOOK: Duration = Duration::from_millis(300);
const LOOK_AT_REST: Duration = Duration::from_secs(3);
/// Orders on a page.
const PAGE: &str = "100";

/// What the shop lists at the end.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) orders: u64,
    /// Delivered and closed.
    pub(super) completed: u64,
    pub(super) cancelled: u64,
    /// By reason.
    pub(super) cancel_reasons: BTreeMap<String, u64>,
    /// Neither completed nor cancelled: their ids and how they stand.
    pub(super) open: Vec<String>,
    /// A cancelled order, to look at.
    pub(super) example: Option<String>,
}

/// How long to wait while nothing moves.
pub(super) fn patience(is_faulty: bool) -> Duration {
    if is_faulty { PATIENCE_WITH_FAULTS } else { PATIENCE }
}

/// Waits until no message, no parcel and no mail is on its way, no order in flight and no refund open, and gives what the shop lists and audits then.
pub(super) async fn rest(context: &Context, is_faulty: bool) -> Result<(Tally, Value)> {
    let env = &context.env;
    context.output.progress("waiting until nothing is on its way, and auditing ...");
    let (mut moved, mut before, mut pause) = (env.now(), (0, 0), LOOK);
    loop {
        let asked = env.now();
        let audit: Result<Value, Error> = context.client.get("/audit").await;
        let activity = context.client.activity().await?;
        let (handled, queued) =
            activity.values().fold((0, 0), |(handled, queued), a| (handled + a.handled, queued + a.waiting));
        let in_flight = match &audit {
            Ok(audit) => number(audit, "/in_flight") + number(audit, "/counts/under_way"),
            Err(error) if error.is_passing() => 1,
            Err(_) => 0,
        };
        // A shop with many orders has something else to do than to answer.
        let took = env.now().since(asked);
        if (handled, in_flight) == before {
            pause = (pause * 2).min(LOOK_AT_REST);
        } else {
            (moved, before, pause) = (env.now(), (handled, in_flight), LOOK);
        }
        let is_late = env.now().since(moved) >= patience(is_faulty);
        if queued + in_flight == 0 || is_late {
            return Ok((tally(context).await?, audit?));
        }
        let waiting =
            format!("auditing: {} on the way, {} queued", counted(in_flight, "thing"), count(queued));
        context.output.progress(waiting);
        env.clock.sleep(pause.max(took)).await;
    }
}

fn number(audit: &Value, pointer: &str) -> u64 {
    audit.pointer(pointer).and_then(Value::as_u64).unwrap_or(0)
}

/// Counts every order that the shop lists.
async fn tally(context: &Context) -> Result<Tally, Error> {
    let mut tally = Tally::default();
    let mut cursor: Option<String> = None;
    loop {
        let path = with_query("/orders", &[("limit", Some(PAGE)), ("cursor", cursor.as_deref())]);
        let page: Value = context.client.get(&path).await?;
        rows(&page, "/orders").iter().for_each(|order| tally.add(order));
        cursor = page.get("next_cursor").and_then(Value::as_str).map(str::to_owned);
        if cursor.is_none() {
            return Ok(tally);
        }
    }
}

impl Tally {
    fn add(&mut self, order: &Value) {
        let (id, status) = (text(order, "/order_id"), text(order, "/status"));
        self.orders += 1;
        match status.as_str() {
            "completed" => self.completed += 1,
            "cancelled" => {
                self.cancelled += 1;
                *self.cancel_reasons.entry(text(order, "/cancel_reason")).or_default() += 1;
                self.example = Some(id);
            }
            _ => self.open.push(format!("order {id} is still {status}")),
        }
    }
}
