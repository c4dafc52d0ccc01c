//! After the last order: waiting for every end and for rest, and asking the shop itself what came of it.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use contracts::events::order::{OrderCancelled, OrderConfirmed};
use contracts::{EventData, Timestamp};
use futures_util::{StreamExt, stream};
use serde_json::Value;

use super::drive::Drive;
use super::watch::End;
use crate::cli::Context;
use crate::client::{Error, escaped, with_query};
use crate::commands::shown::{count, counted, rows, text};

/// Nothing ends for this long: no use to wait on. Without faults nothing waits at all; with faults the order deadline of a
/// minute and the pauses between tries do.
const PATIENCE: Duration = Duration::from_secs(60);
const PATIENCE_WITH_FAULTS: Duration = Duration::from_secs(180);
/// Between two looks at open orders.
const LOOK: Duration = Duration::from_secs(1);
/// Open orders in one look.
const LOOKED_AT: usize = 20;
/// Between two remarks for whoever reads a log instead of watching.
const REMARK: Duration = Duration::from_secs(10);
/// Orders on a page.
const PAGE: &str = "100";

/// What the shop lists at the end.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) orders: u64,
    /// Confirmed, wherever they went from there.
    pub(super) confirmed: u64,
    /// Delivered and closed.
    pub(super) completed: u64,
    pub(super) cancelled: u64,
    /// By reason.
    pub(super) cancel_reasons: BTreeMap<String, u64>,
    /// Neither confirmed nor cancelled: their ids and how they stand.
    pub(super) open: Vec<String>,
    /// A cancelled order, to look at.
    pub(super) example: Option<String>,
}

fn patience(is_faulty: bool) -> Duration {
    if is_faulty { PATIENCE_WITH_FAULTS } else { PATIENCE }
}

/// Waits until no order is open, or until nothing moves any more.
pub(super) async fn ends(drive: &mut Drive<'_>) -> Result<()> {
    let env = drive.context.env.clone();
    let (mut moved, mut ended) = (env.now(), drive.watch.ended_count());
    let (mut looked, mut remarked) = (env.now(), env.now());
    let mut from = 0;
    while drive.watch.open().len() > 0 && env.now().since(moved) < patience(drive.dice.is_some()) {
        drive.listen(LOOK / 4).await;
        if drive.watch.ended_count() > ended {
            (moved, ended) = (env.now(), drive.watch.ended_count());
        }
        if env.now().since(looked) < LOOK {
            continue;
        }
        let standing = look(drive, from).await?;
        from += LOOKED_AT;
        let waiting = waiting_for(drive, &standing);
        drive.progress(&format!(" | {waiting}"));
        if !drive.context.output.is_watched() && env.now().since(remarked) >= REMARK {
            drive.context.output.note(waiting);
            remarked = env.now();
        }
        looked = env.now();
    }
    Ok(())
}

fn waiting_for(drive: &Drive<'_>, standing: &BTreeMap<String, u64>) -> String {
    let standing: Vec<String> = standing.iter().map(|(status, many)| format!("{many} {status}")).collect();
    let why = if drive.dice.is_some() {
        "; the deadline is a minute, tries come after 1 s, 5 s, 30 s ..."
    } else {
        ""
    };
    format!(
        "waiting for {} ({}{why})",
        counted(drive.watch.open().len() as u64, "order"),
        standing.join(", ")
    )
}

/// Asks how some open orders stand, beginning with the `from`th; whose end was missed is caught up on.
async fn look(drive: &mut Drive<'_>, from: usize) -> Result<BTreeMap<String, u64>> {
    let open = drive.watch.open().len().max(1);
    let ids: Vec<String> =
        drive.watch.open().cycle().skip(from % open).take(LOOKED_AT.min(open)).cloned().collect();
    let context = drive.context;
    let answers: Vec<Result<Standing, Error>> =
        stream::iter(ids).map(|id| stands(context, id)).buffer_unordered(4).collect().await;
    let mut standing = BTreeMap::new();
    for answer in answers {
        let Standing { id, status, end } = answer?;
        match end {
            Some(end) => drive.watch.ended(id, end),
            None => *standing.entry(status).or_default() += 1,
        }
    }
    Ok(standing)
}

/// How one order stands.
struct Standing {
    id: String,
    status: String,
    end: Option<End>,
}

/// How an order stands; when it ended is in its timeline.
async fn stands(context: &Context, id: String) -> Result<Standing, Error> {
    let path = format!("/orders/{}", escaped(&id));
    let order: Value = context.client.get(&path).await?;
    let status = text(&order, "/status");
    if matches!(status.as_str(), "placed" | "action_required") {
        return Ok(Standing { id, status, end: None });
    }
    let timeline: Value = context.client.get(&format!("{path}/timeline")).await?;
    let at = |kind: &str| {
        let entry = rows(&timeline, "/entries").iter().find(|entry| text(entry, "/type") == kind)?;
        text(entry, "/at").parse::<Timestamp>().ok()
    };
    let end = match at(OrderConfirmed::TYPE) {
        Some(at) => Some(End::Confirmed(at)),
        None => at(OrderCancelled::TYPE).map(|at| End::Cancelled(at, text(&order, "/cancel_reason"))),
    };
    Ok(Standing { id, status, end })
}

/// Waits until no message is on its way and no order is in flight, and gives what the shop lists and audits then.
pub(super) async fn rest(drive: &Drive<'_>) -> Result<(Tally, Value)> {
    let (context, env) = (drive.context, &drive.context.env);
    context.output.progress("waiting until nothing is on its way, and auditing ...");
    let mut moved = env.now();
    let mut before = (0, 0);
    loop {
        let audit: Result<Value, Error> = context.client.get("/audit").await;
        let activity = context.client.activity().await?;
        let (handled, queued) =
            activity.values().fold((0, 0), |(handled, queued), a| (handled + a.handled, queued + a.waiting));
        let in_flight = match &audit {
            Ok(audit) => audit.get("in_flight").and_then(Value::as_u64).unwrap_or(0),
            Err(error) if error.is_passing() => u64::MAX,
            Err(_) => 0,
        };
        if (handled, in_flight) != before {
            (moved, before) = (env.now(), (handled, in_flight));
        }
        let is_late = env.now().since(moved) >= patience(drive.dice.is_some());
        if queued + in_flight == 0 || is_late {
            return Ok((tally(context).await?, audit?));
        }
        drive.progress(&format!(" | auditing: {} in flight", count(in_flight)));
        env.clock.sleep(LOOK / 4).await;
    }
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
        self.completed += u64::from(status == "completed");
        match status.as_str() {
            "placed" | "action_required" => self.open.push(format!("order {id} is still {status}")),
            "cancelled" => {
                self.cancelled += 1;
                *self.cancel_reasons.entry(text(order, "/cancel_reason")).or_default() += 1;
                self.example = Some(id);
            }
            _ => self.confirmed += 1,
        }
    }
}
