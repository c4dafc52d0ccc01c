//! The demo from the first order to the last audit.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use contracts::Timestamp;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use serde_json::Value;

use super::Args;
use super::customer::{self, Choice};
use super::input::{Input, Order};
use super::meter::Meter;
use super::mischief::{Dice, Mischief};
use super::pace::Pace;
use super::place::{Answered, send};
use super::settle::{self, Tally};
use super::watch::Watch;
use crate::cli::Context;
use crate::client::{Activity, Error, Follower, Heard};
use crate::commands::opening::{self, Opened};
use crate::commands::shown::{count, counted};

/// Between two looks at the pace and the progress.
const LOOK: Duration = Duration::from_millis(250);
/// Requests on their way at a time, so that a system that hangs does not open sockets without end. Whoever is held back
/// by it is measured from when it was due all the same.
const MAX_ON_THE_WAY: usize = 256;

/// Everything that was seen.
pub(super) struct Outcome {
    pub(super) orders: u64,
    pub(super) watch: Watch,
    pub(super) tally: Tally,
    /// The answer of `/audit`.
    pub(super) audit: Value,
    pub(super) activity: BTreeMap<String, Activity>,
    /// Orders that the shop did not take.
    pub(super) refused: Vec<String>,
    /// Keys that were given two orders.
    pub(super) contradictions: Vec<String>,
    /// What was done to requests, by name.
    pub(super) mischief: BTreeMap<&'static str, u64>,
    pub(super) stock: Opened,
    pub(super) ignored: BTreeMap<String, u64>,
    pub(super) bad_lines: Vec<String>,
    pub(super) returns_pending: u64,
}

/// What the demo knows while it runs.
pub(super) struct Drive<'a> {
    pub(super) context: &'a Context,
    /// With faults.
    pub(super) dice: Option<Dice>,
    pub(super) watch: Watch,
    pub(super) orders: u64,
    follower: Option<Follower>,
    meter: Meter,
    refused: Vec<String>,
    contradictions: Vec<String>,
    mischief: BTreeMap<&'static str, u64>,
    sent: u64,
}

/// Runs all of it.
pub(super) async fn all(args: &Args, input: Input, context: &Context) -> Result<Outcome> {
    let Input { orders, stock, ignored, bad_lines, returns_pending } = input;
    bad_lines.iter().for_each(|line| context.output.warn(line));
    context.output.note(format!("receiving stock of {} ...", counted(stock.len() as u64, "SKU")));
    let stock = opening::receive(&context.client, &context.env, &stock).await?;
    let mut drive = Drive {
        context,
        dice: args.faults.then(|| Dice::new(args.seed)),
        watch: Watch::default(),
        orders: orders.len() as u64,
        follower: Some(context.client.follow().await?),
        meter: Meter::start(context),
        refused: Vec::new(),
        contradictions: Vec::new(),
        mischief: BTreeMap::new(),
        sent: 0,
    };
    context.output.note(format!("placing {} ...", counted(drive.orders, "order")));
    drive.place(orders).await;
    settle::ends(&mut drive).await?;
    drive.follower = None;
    let (tally, audit) = settle::rest(&drive).await?;
    let activity = context.client.activity().await?;
    let Drive { watch, orders, refused, contradictions, mischief, .. } = drive;
    Ok(Outcome {
        orders,
        watch,
        tally,
        audit,
        activity,
        refused,
        contradictions,
        mischief,
        stock,
        ignored,
        bad_lines,
        returns_pending,
    })
}

impl Drive<'_> {
    /// Places all orders, each when it is due.
    async fn place(&mut self, orders: Vec<Order>) {
        let env = self.context.env.clone();
        let mut orders = orders.into_iter();
        let mut pace = Pace::begin(env.now());
        let mut on_the_way = FuturesUnordered::new();
        let mut look = env.clock.sleep(LOOK);
        while orders.len() > 0 || !on_the_way.is_empty() {
            let can_send = orders.len() > 0 && on_the_way.len() < MAX_ON_THE_WAY;
            let due = env.clock.sleep(pace.next().since(env.now()));
            tokio::select! {
                heard = next(&mut self.follower) => self.hear(heard, env.now()).await,
                Some(answered) = on_the_way.next() => self.answered(answered),
                () = due, if can_send => {
                    while pace.next() <= env.now() && on_the_way.len() < MAX_ON_THE_WAY && let Some(order) = orders.next() {
                        on_the_way.push(send(self.context.client.clone(), env.clone(), order, pace.take()));
                        self.sent += 1;
                    }
                }
                () = &mut look => {
                    pace.adjust(self.watch.take_recent(), self.watch.open().len());
                    self.progress(&format!(" at {:.0}/s", pace.rate()));
                    look = env.clock.sleep(LOOK);
                }
            }
        }
    }

    /// Waits for the next event, for `patience` at the most.
    pub(super) async fn listen(&mut self, patience: Duration) {
        let sleep = self.context.env.clock.sleep(patience);
        tokio::select! {
            heard = next(&mut self.follower) => self.hear(heard, self.context.env.now()).await,
            () = sleep => {}
        }
    }

    async fn hear(&mut self, heard: Result<Option<Heard>, Error>, now: Timestamp) {
        match heard {
            Ok(Some(Heard::Event(event))) => {
                self.watch.heard(&event, now);
                self.customers_do(&event);
            }
            // Whose end was missed is looked up later.
            Ok(Some(Heard::Missed(_))) => {}
            Ok(None) | Err(_) => self.follower = self.context.client.follow().await.ok(),
        }
    }

    fn customers_do(&mut self, event: &str) {
        let Some((page, choice)) = self.dice.as_ref().and_then(|dice| customer::asked(event, dice)) else {
            return;
        };
        let name = match choice {
            Choice::Authenticate => "customer_authenticated",
            Choice::Fail => "customer_failed_to_authenticate",
            Choice::WalkAway => "customer_walked_away",
        };
        *self.mischief.entry(name).or_default() += 1;
        customer::visit(self.context, page, choice);
    }

    fn answered(&mut self, answered: Answered) {
        let Answered { due, key, mischief, answer, second } = answered;
        let name = match mischief {
            Mischief::None => None,
            Mischief::Twice => Some("sent_twice_at_once"),
            Mischief::HungUp(_) => Some("hung_up_and_sent_again"),
            Mischief::Forgotten => Some("answered_and_sent_again"),
        };
        if let Some(name) = name {
            *self.mischief.entry(name).or_default() += 1;
        }
        match answer {
            Ok(order_id) => {
                if let Some(second) = second {
                    self.contradictions
                        .push(format!("the key {key} was given two orders, {order_id} and {second}"));
                }
                self.watch.placed(order_id, due);
            }
            Err(error) => self.refused.push(format!("order {key}: {error}")),
        }
    }

    /// The line that moves.
    pub(super) fn progress(&self, remark: &str) {
        if !self.context.output.is_watched() {
            return;
        }
        let (confirmed, cancelled) = self.watch.counts();
        let reasons: Vec<String> =
            cancelled.iter().map(|(reason, many)| format!("{reason} {many}")).collect();
        let reasons = if reasons.is_empty() { String::new() } else { format!(" ({})", reasons.join(", ")) };
        self.context.output.progress(format!(
            "placed {}/{}{remark} | confirmed {} | cancelled {}{reasons} | open {}{}",
            count(self.sent),
            count(self.orders),
            count(confirmed),
            count(cancelled.values().sum()),
            count(self.watch.open().len() as u64),
            self.meter.line(),
        ));
    }
}

/// The next event; never where nothing is followed.
async fn next(follower: &mut Option<Follower>) -> Result<Option<Heard>, Error> {
    match follower {
        Some(follower) => follower.next().await,
        None => std::future::pending().await,
    }
}
