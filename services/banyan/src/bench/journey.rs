//! Real orders through a `dev` of its own: how many a second, how soon they are confirmed, what they cost.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Result, bail};
use contracts::Timestamp;
use futures_util::{StreamExt, stream};
use runtime::Env;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::child::Dev;
use super::goal::{median, percentile, rounded};
use crate::client::{Client, Heard, Patience, Write};
use crate::commands::opening;
use crate::import::{Demand, Item, Repeated, SAMPLE, Scale};
use crate::output::Output;

/// Starts of each kind; the median counts.
const STARTS: usize = 3;
/// Orders that are being placed at a time, to find the capacity.
const AT_ONCE: usize = 32;
/// Orders in the open loop that wait for their time or their answer: the waiting ones make room in time.
const OPEN_AT_ONCE: usize = 4_096;
/// How often the end is looked for.
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// Nothing was heard for so long: perhaps it was missed.
const QUIET: Duration = Duration::from_millis(500);
/// Nothing decided for so long: it hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// What was seen.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Journey {
    /// Orders placed as fast as they were answered.
    pub orders: u64,
    /// Of those, how many a second were placed, reserved, paid and decided.
    pub orders_per_s: f64,
    /// Of those, confirmed.
    pub confirmed: u64,
    /// Of those, cancelled.
    pub cancelled: u64,
    /// Syncs of the disk for an order, counted below SQLite.
    pub fsyncs_per_order: f64,
    /// Units of work for an order.
    pub units_per_order: f64,
    /// Memory of the process after those orders; `None` where the system does not tell.
    pub resident_mib: Option<f64>,
    /// From exec to ready on an empty directory.
    pub ready_empty_ms: f64,
    /// From exec to ready on the directory with those orders.
    pub ready_full_ms: f64,
    /// Orders placed at fixed times, whether or not earlier ones were answered.
    pub open_loop: OpenLoop,
}

/// Orders placed at half of what the shop can do.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct OpenLoop {
    /// Orders a second.
    pub rate_per_s: u64,
    /// How many.
    pub orders: u64,
    /// How many of them were heard to be confirmed; the others were short of stock or declined.
    pub confirmed: u64,
    /// How many were decided without anybody hearing when; no time of theirs is below.
    pub unheard: u64,
    /// From when an order was to be placed until its confirmation was heard, which is after its commit.
    pub p50_ms: f64,
    /// The same of 99 in a hundred.
    pub p99_ms: f64,
    /// The slowest.
    pub max_ms: f64,
}

/// Runs it in `folder`: `orders` as fast as they go, then an open loop for `open_for`.
///
/// # Errors
/// `dev` does not start, refuses an order, or does not get done.
pub(super) async fn run(
    folder: &Path,
    orders: u64,
    open_for: Duration,
    env: &Env,
    output: Output,
) -> Result<Journey> {
    let mut journey = Journey { orders, ..Journey::default() };
    let data = folder.join("shop");
    output.note("starting dev on empty directories ...");
    let mut starts = Vec::new();
    for nth in 1..STARTS {
        starts.push(start_and_stop(&folder.join(format!("empty-{nth}")), env).await?);
    }
    let dev = Dev::start(&data, env).await?;
    starts.push(millis(dev.ready_after));
    journey.ready_empty_ms = rounded(median(&starts));

    output.note(format!("placing {orders} orders as fast as they go ..."));
    full_speed(&dev, &mut journey, env).await?;
    journey.resident_mib = dev.resident_mib().map(rounded);
    dev.stop(env).await?;

    output.note("starting dev on the directory with these orders ...");
    let mut starts = Vec::new();
    for _ in 1..STARTS {
        starts.push(start_and_stop(&data, env).await?);
    }
    let dev = Dev::start(&data, env).await?;
    starts.push(millis(dev.ready_after));
    journey.ready_full_ms = rounded(median(&starts));

    output.note(format!("placing orders at half that speed for {} s ...", open_for.as_secs()));
    let rate = half(journey.orders_per_s);
    journey.open_loop = open_loop(&dev, orders, rate, open_for, env).await?;
    dev.stop(env).await?;
    Ok(journey)
}

async fn start_and_stop(data: &Path, env: &Env) -> Result<f64> {
    let dev = Dev::start(data, env).await?;
    let ready = millis(dev.ready_after);
    dev.stop(env).await?;
    Ok(ready)
}

async fn full_speed(dev: &Dev, journey: &mut Journey, env: &Env) -> Result<()> {
    receive_stock(&dev.client, 0, journey.orders, env).await?;
    let writes = writes(0, journey.orders)?;
    let decided = Decided::follow(&dev.client, env).await?;
    let (disk, begun) = (dev.disk().await?, env.now());
    let mut placing =
        stream::iter(writes).map(|write| place(&dev.client, write, env)).buffer_unordered(AT_ONCE);
    let mut placed = BTreeSet::new();
    while let Some(order) = placing.next().await {
        placed.insert(order?);
    }
    drop(placing);
    decided.wait_for(&placed, &dev.client, env).await?;
    let (took, after) = (env.now().since(begun), dev.disk().await?);
    let many = journey.orders as f64;
    journey.orders_per_s = rounded(many / took.as_secs_f64());
    journey.fsyncs_per_order = rounded((after.fsyncs - disk.fsyncs) as f64 / many);
    journey.units_per_order = rounded((after.commits - disk.commits) as f64 / many);
    let fates = decided.lock();
    let unheard = |status: &str| fates.unheard.values().filter(|stands| *stands == status).count();
    journey.confirmed = (fates.confirmed.len() + unheard("confirmed")) as u64;
    journey.cancelled = (fates.cancelled.len() + unheard("cancelled")) as u64;
    Ok(())
}

async fn open_loop(dev: &Dev, skip: u64, rate: u64, open_for: Duration, env: &Env) -> Result<OpenLoop> {
    let orders = (rate * open_for.as_secs()).max(1);
    receive_stock(&dev.client, skip, orders, env).await?;
    let writes = writes(skip, orders)?;
    let decided = Decided::follow(&dev.client, env).await?;
    let begun = env.now();
    let due = |nth: u64| begun.plus(Duration::from_micros(nth * 1_000_000 / rate));
    let one = |(nth, write)| async move {
        let ahead = due(nth).since(env.now());
        if !ahead.is_zero() {
            env.clock.sleep(ahead).await;
        }
        place(&dev.client, write, env).await.map(|order| (order, due(nth)))
    };
    let mut placing = stream::iter((0..).zip(writes)).map(one).buffer_unordered(OPEN_AT_ONCE);
    let mut placed = BTreeMap::new();
    while let Some(order) = placing.next().await {
        let (order, due) = order?;
        placed.insert(order, due);
    }
    drop(placing);
    decided.wait_for(&placed.keys().cloned().collect(), &dev.client, env).await?;
    let fates = decided.lock();
    let waited =
        |(order, due): (&String, &Timestamp)| fates.confirmed.get(order).map(|at| millis(at.since(*due)));
    let mut waits: Vec<f64> = placed.iter().filter_map(waited).collect();
    waits.sort_by(f64::total_cmp);
    let at = |per_mille| rounded(percentile(&waits, per_mille));
    Ok(OpenLoop {
        rate_per_s: rate,
        orders,
        confirmed: waits.len() as u64,
        unheard: fates.unheard.len() as u64,
        p50_ms: at(500),
        p99_ms: at(990),
        max_ms: at(1_000),
    })
}

/// Orders `skip..skip + many` of the sample, over and over.
fn sample(skip: u64, many: u64) -> Result<impl Iterator<Item = Result<crate::import::ImportedOrder>>> {
    let orders = Repeated::new(SAMPLE, skip + many)?.filter_map(|item| match item {
        Ok(Item::Order(order)) => Some(Ok(order)),
        Ok(Item::Return(_) | Item::BadLine { .. }) => None,
        Err(error) => Some(Err(error.into())),
    });
    Ok(orders.skip(usize::try_from(skip)?))
}

fn writes(skip: u64, many: u64) -> Result<Vec<Write>> {
    let write = |order: crate::import::ImportedOrder| {
        Write::json("/orders", Some(order.idempotency_key), &order.body)
    };
    sample(skip, many)?.map(|order| order.map(write)).collect()
}

async fn receive_stock(client: &Client, skip: u64, many: u64, env: &Env) -> Result<()> {
    let mut demand = Demand::default();
    for order in sample(skip, many)? {
        demand.add(&order?);
    }
    opening::receive(client, env, &demand.opening_stock(Scale::ONE)).await?;
    Ok(())
}

async fn place(client: &Client, write: Write, env: &Env) -> Result<String> {
    #[derive(Deserialize)]
    struct Placed {
        order_id: String,
    }
    let placed: Placed = client.post_until_answered(&write, env, Patience::BULK).await?;
    Ok(placed.order_id)
}

/// Orders of which something was heard, and when.
#[derive(Debug, Default)]
struct Fates {
    confirmed: BTreeMap<String, Timestamp>,
    cancelled: BTreeMap<String, Timestamp>,
    /// Decided, but nobody heard when: how each stands.
    unheard: BTreeMap<String, String>,
    /// Events that the shop did not wait to tell.
    missed: u64,
    /// What the stream of events ended with.
    trouble: Option<String>,
}

/// Listens to what becomes of orders.
#[derive(Debug, Clone)]
struct Decided(Arc<Mutex<Fates>>);

impl Decided {
    async fn follow(client: &Client, env: &Env) -> Result<Self> {
        let mut follower =
            client.follow_types("shop.banyan.order.confirmed.,shop.banyan.order.cancelled.").await?;
        let decided = Self(Arc::default());
        let (heard, clock) = (decided.clone(), env.clock.clone());
        let listen = async move {
            let trouble = loop {
                match follower.next().await {
                    Ok(Some(Heard::Event(event))) => heard.take(&event, clock.now()),
                    Ok(Some(Heard::Missed(many))) => heard.lock().missed += many,
                    Ok(None) => break "the events ended".to_owned(),
                    Err(error) => break error.to_string(),
                }
            };
            heard.lock().trouble = Some(trouble);
        };
        env.spawn.spawn("bench.follow".into(), Box::pin(listen));
        Ok(decided)
    }

    fn lock(&self) -> MutexGuard<'_, Fates> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self, event: &str, now: Timestamp) {
        // Cheaper than reading every event as JSON, on a machine that the shop shares with this.
        let is_confirmed = event.contains("\"shop.banyan.order.confirmed.v1\"");
        if !is_confirmed && !event.contains("\"shop.banyan.order.cancelled.v1\"") {
            return;
        }
        let Ok(Value::Object(event)) = serde_json::from_str(event) else { return };
        let Some(order) = event.get("subject").and_then(Value::as_str) else { return };
        let mut fates = self.lock();
        let fates = if is_confirmed { &mut fates.confirmed } else { &mut fates.cancelled };
        fates.entry(order.to_owned()).or_insert(now);
    }

    /// Waits until all of `placed` are decided; asks `client` about those of which it may have missed the news.
    async fn wait_for(&self, placed: &BTreeSet<String>, client: &Client, env: &Env) -> Result<()> {
        let (mut open, mut moved) = (placed.len(), env.now());
        loop {
            let (still, has_missed) = self.open_of(placed)?;
            if still.is_empty() {
                return Ok(());
            }
            if still.len() < open {
                (open, moved) = (still.len(), env.now());
            }
            let waited = env.now().since(moved);
            if waited > PATIENCE {
                bail!("{} orders are not decided, and nothing moves", still.len());
            }
            if has_missed && waited > QUIET {
                self.ask(&still, client).await?;
            }
            env.clock.sleep(LOOK_EVERY).await;
        }
    }

    /// Which of `placed` are open as far as was heard, and whether something was missed.
    fn open_of(&self, placed: &BTreeSet<String>) -> Result<(Vec<String>, bool)> {
        let fates = self.lock();
        if let Some(trouble) = &fates.trouble {
            bail!("the orders cannot be followed: {trouble}");
        }
        let is_open = |order: &&String| {
            let Fates { confirmed, cancelled, unheard, .. } = &*fates;
            !confirmed.contains_key(*order)
                && !cancelled.contains_key(*order)
                && !unheard.contains_key(*order)
        };
        Ok((placed.iter().filter(is_open).cloned().collect(), fates.missed > 0))
    }

    async fn ask(&self, orders: &[String], client: &Client) -> Result<()> {
        #[derive(Deserialize)]
        struct Standing {
            status: String,
        }
        for order in orders {
            let Standing { status } = client.get(&format!("/orders/{order}")).await?;
            if matches!(status.as_str(), "confirmed" | "cancelled") {
                self.lock().unheard.insert(order.clone(), status);
            }
        }
        Ok(())
    }
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

/// Half of it as whole orders, at least one.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rate of orders is small and positive"
)]
fn half(per_s: f64) -> u64 {
    (per_s / 2.0).max(1.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_of_an_order_is_taken_and_only_the_first_time() {
        let decided = Decided(Arc::default());
        let event = |kind: &str, order: &str| {
            format!(r#"{{"type":"shop.banyan.{kind}.v1","subject":"{order}","data":{{}}}}"#)
        };
        for (at, kind, order) in [
            (1, "order.placed", "a"),
            (2, "order.confirmed", "a"),
            (3, "order.cancelled", "b"),
            (4, "order.confirmed", "a"),
            (5, "stock.reserved", "c"),
        ] {
            decided.take(&event(kind, order), Timestamp::from_micros(at));
        }
        decided.take("not JSON", Timestamp::from_micros(6));
        let fates = decided.lock();
        assert_eq!(fates.confirmed, BTreeMap::from([("a".to_owned(), Timestamp::from_micros(2))]));
        assert_eq!(fates.cancelled, BTreeMap::from([("b".to_owned(), Timestamp::from_micros(3))]));
    }

    #[test]
    fn the_second_part_of_the_sample_begins_where_the_first_ended() {
        let keys = |skip, many| -> Vec<String> {
            writes(skip, many).unwrap().into_iter().filter_map(|write| write.key).collect()
        };
        let all = keys(0, 30);
        assert_eq!(all.len(), 30);
        assert_eq!([keys(0, 20), keys(20, 10)].concat(), all);
    }
}
