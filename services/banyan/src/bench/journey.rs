//! Real orders through a `dev` of its own: how many a second, how soon they are confirmed, what they cost.

mod fates;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use anyhow::Result;
use contracts::Timestamp;
use futures_util::{StreamExt, stream};
use runtime::Env;
use serde::{Deserialize, Serialize};

use super::child::Dev;
use super::goal::{median, percentile, rounded};
use crate::client::{Client, Patience, Write};
use crate::commands::opening;
use crate::import::{Demand, Item, Repeated, SAMPLE, Scale};
use crate::output::Output;
use fates::{Fates, Until};

/// Starts of each kind; the median counts.
const STARTS: usize = 3;
/// Orders that are being placed at a time, to find the capacity.
const AT_ONCE: usize = 32;
/// The allocator gives back what is free for a second.
const SETTLES: Duration = Duration::from_secs(3);
/// Orders in the open loop that wait for their time or their answer: the waiting ones make room in time.
const OPEN_AT_ONCE: usize = 4_096;
/// Orders between two words about them.
const TOLD_EVERY: usize = 100;
/// What has to be on a disk, one after the other, before an order is confirmed: its placing, its reservation, the
/// question to the provider, the provider's own ledger, the answer, and the confirmation.
pub(super) const DURABLE_HOPS: [&str; 6] =
    ["order.placed", "stock.reserved", "question", "ledger", "payment.authorized", "order.confirmed"];

/// What was seen.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Journey {
    /// Orders placed as fast as they were answered.
    pub orders: u64,
    /// Of those, how many a second were placed, reserved, paid and decided.
    pub orders_per_s: f64,
    /// Of those, how many a second came to their end: with the last parcel, which takes two seconds on its way.
    pub completed_per_s: f64,
    /// Of those, how many a second came to rest: with the last letter about them.
    pub rested_per_s: f64,
    /// Of those, confirmed.
    pub confirmed: u64,
    /// Of those, delivered and paid for.
    pub completed: u64,
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
    /// How many commits, one after the other, a confirmation has to wait for.
    pub durable_hops: usize,
    /// Orders placed at fixed times, whether or not earlier ones were answered.
    pub open_loop: OpenLoop,
}

/// Orders placed at half of what the shop can do, with nothing else left to do when it begins.
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
    /// The longest that a commit waited for its sync meanwhile, at 99 in 100 moments, on a disk that the peers' ledgers
    /// share.
    pub fsync_p99_ms: f64,
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

    output.note(format!(
        "placing {orders} orders as fast as they go, and waiting until nothing is left to do ..."
    ));
    full_speed(&dev, &mut journey, (env, output)).await?;
    env.clock.sleep(SETTLES).await;
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

    let rate = half(journey.rested_per_s);
    output.note(format!("placing {rate} orders a second, half of that, for {} s ...", open_for.as_secs()));
    journey.durable_hops = DURABLE_HOPS.len();
    journey.open_loop = open_loop(&dev, orders, (rate, open_for), (env, output)).await?;
    dev.stop(env).await?;
    Ok(journey)
}

async fn start_and_stop(data: &Path, env: &Env) -> Result<f64> {
    let dev = Dev::start(data, env).await?;
    let ready = millis(dev.ready_after);
    dev.stop(env).await?;
    Ok(ready)
}

async fn full_speed(dev: &Dev, journey: &mut Journey, (env, output): (&Env, Output)) -> Result<()> {
    receive_stock(&dev.client, 0, journey.orders, env).await?;
    let writes = writes(0, journey.orders)?;
    let fates = Fates::follow(&dev.client, env).await?;
    let (disk, begun) = (dev.disk().await?, env.now());
    let mut placing =
        stream::iter(writes).map(|write| place(&dev.client, write, env)).buffer_unordered(AT_ONCE);
    let mut placed = BTreeSet::new();
    while let Some(order) = placing.next().await {
        placed.insert(order?);
        if placed.len().is_multiple_of(TOLD_EVERY) {
            let (_, completed, cancelled) = fates.counts();
            output.progress(format!("{} placed, {} at their end", placed.len(), completed + cancelled));
        }
    }
    drop(placing);
    let many = journey.orders as f64;
    let per_s = |until: Timestamp| rounded(many / until.since(begun).as_secs_f64());
    let shop = (&dev.client, env, output);
    fates.wait_for(Until::Decided, &placed, shop).await?;
    journey.orders_per_s = per_s(env.now());
    fates.wait_for(Until::Ended, &placed, shop).await?;
    journey.completed_per_s = per_s(env.now());
    let rested = dev.rest(env, |left| output.progress(format!("{left} messages are left"))).await?;
    journey.rested_per_s = per_s(rested);
    output.progress_done();
    let after = dev.disk().await?;
    journey.fsyncs_per_order = rounded((after.fsyncs - disk.fsyncs) as f64 / many);
    journey.units_per_order = rounded((after.commits - disk.commits) as f64 / many);
    (journey.confirmed, journey.completed, journey.cancelled) = fates.counts();
    Ok(())
}

async fn open_loop(
    dev: &Dev,
    skip: u64,
    (rate, open_for): (u64, Duration),
    (env, output): (&Env, Output),
) -> Result<OpenLoop> {
    let orders = (rate * open_for.as_secs()).max(1);
    receive_stock(&dev.client, skip, orders, env).await?;
    dev.rest(env, |_| {}).await?;
    let writes = writes(skip, orders)?;
    let fates = Fates::follow(&dev.client, env).await?;
    let (disk, begun) = (dev.disk().await?, env.now());
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
    let all = placed.keys().cloned().collect();
    fates.wait_for(Until::Decided, &all, (&dev.client, env, output)).await?;
    output.progress_done();
    let window = env.now().since(begun);
    let fsync_p99_ms = rounded(dev.disk().await?.log_sync_p99_ms(&disk, window));
    let confirmed = fates.confirmed();
    let waited = |(order, due): (&String, &Timestamp)| confirmed.get(order).map(|at| millis(at.since(*due)));
    let mut waits: Vec<f64> = placed.iter().filter_map(waited).collect();
    waits.sort_by(f64::total_cmp);
    let at = |per_mille| rounded(percentile(&waits, per_mille));
    Ok(OpenLoop {
        rate_per_s: rate,
        orders,
        confirmed: waits.len() as u64,
        unheard: fates.unheard(),
        fsync_p99_ms,
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
    fn the_second_part_of_the_sample_begins_where_the_first_ended() {
        let keys = |skip, many| -> Vec<String> {
            writes(skip, many).unwrap().into_iter().filter_map(|write| write.key).collect()
        };
        let all = keys(0, 30);
        assert_eq!(all.len(), 30);
        assert_eq!([keys(0, 20), keys(20, 10)].concat(), all);
    }
}
