//! The demo from the first order to the last audit.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use contracts::Timestamp;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use serde_json::Value;

use super::Args;
use super::customer::{self, Choice};
use super::errand::{self, Done, Errand};
use super::input::{Input, Order, Returns};
use super::looks::Looks;
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
/// Between two remarks for whoever reads a log instead of watching.
const REMARK: Duration = Duration::from_secs(10);
/// Orders that were due within this time and are open say how busy the system is; older ones wait for something else.
const YOUNG_MICROS: i64 = 3_000_000;
/// The events that say how orders go. The levels of stock are many times as many.
const FOLLOWED: &str =
    "order.confirmed,order.completed,order.cancelled,order.stalled,payment.action-required";
/// Requests on their way at a time, so that a system that hangs does not open sockets without end. Whoever is held back
/// by it is measured from when it was due all the same.
const MAX_ON_THE_WAY: usize = 256;

/// Everything that was seen.
pub(super) struct Outcome {
    pub(super) orders: u64,
    /// Orders that were given an id.
    pub(super) taken: u64,
    pub(super) watch: Watch,
    pub(super) tally: Tally,
    /// The answer of `/audit`.
    pub(super) audit: Value,
    pub(super) activity: BTreeMap<String, Activity>,
    /// Orders that the shop did not take.
    pub(super) refused: Vec<String>,
    /// Orders of which nobody knows whether they were taken.
    pub(super) unanswered: Vec<String>,
    /// Cancels and returns that the shop should have taken.
    pub(super) refused_wishes: Vec<String>,
    /// Keys that were given two orders.
    pub(super) contradictions: Vec<String>,
    /// What was done to requests, by name.
    pub(super) mischief: BTreeMap<&'static str, u64>,
    pub(super) stock: Opened,
    pub(super) ignored: BTreeMap<String, u64>,
    pub(super) bad_lines: Vec<String>,
    /// Returns that the shop was asked for.
    pub(super) returns_asked: u64,
    /// Returns that nobody asked for, since their order was not completed.
    pub(super) returns_pending: u64,
}

/// What the demo knows while it runs.
struct Drive<'a> {
    context: &'a Context,
    /// With faults.
    dice: Option<Dice>,
    follower: Option<Follower>,
    watch: Watch,
    looks: Looks,
    meter: Meter,
    orders: u64,
    sent: u64,
    answered: u64,
    taken: u64,
    refused: Vec<String>,
    unanswered: Vec<String>,
    refused_wishes: Vec<String>,
    contradictions: Vec<String>,
    mischief: BTreeMap<&'static str, u64>,
    errands: FuturesUnordered<BoxFuture<'static, Done>>,
    /// What comes back once its order is completed, by the order's key.
    returns: Returns,
    /// The keys of orders that something comes back from, by their ids.
    keys: BTreeMap<String, String>,
    returns_asked: u64,
    /// When something happened last, and how much had happened then.
    moved: (Timestamp, u64),
    /// When somebody who reads a log was told last.
    told: Timestamp,
}

/// Runs all of it.
pub(super) async fn all(args: &Args, input: Input, context: &Context) -> Result<Outcome> {
    let Input { orders, stock, ignored, bad_lines, returns } = input;
    bad_lines.iter().for_each(|line| context.output.warn(line));
    context.output.note(format!("receiving stock of {} ...", counted(stock.len() as u64, "SKU")));
    let stock = opening::receive(&context.client, &context.env, &stock).await?;
    let mut drive = Drive::new(args, context, (orders.len() as u64, returns)).await?;
    context.output.note(format!("placing {} ...", counted(drive.orders, "order")));
    drive.run(orders).await?;
    drive.follower = None;
    let (tally, audit) = settle::rest(context, args.faults).await?;
    let activity = context.client.activity().await?;
    let Drive { watch, orders, taken, refused, unanswered, contradictions, mischief, .. } = drive;
    let returns_pending = drive.returns.values().map(|of_order| of_order.len() as u64).sum();
    Ok(Outcome {
        orders,
        taken,
        watch,
        tally,
        audit,
        activity,
        refused,
        unanswered,
        refused_wishes: drive.refused_wishes,
        contradictions,
        mischief,
        stock,
        ignored,
        bad_lines,
        returns_asked: drive.returns_asked,
        returns_pending,
    })
}

impl<'a> Drive<'a> {
    async fn new(args: &Args, context: &'a Context, input: (u64, Returns)) -> Result<Self> {
        let (orders, returns) = input;
        let now = context.env.now();
        Ok(Self {
            context,
            dice: args.faults.then(|| Dice::new(args.seed)),
            follower: Some(context.client.follow_types(FOLLOWED).await?),
            watch: Watch::default(),
            looks: Looks::default(),
            meter: Meter::start(context),
            orders,
            sent: 0,
            answered: 0,
            taken: 0,
            refused: Vec::new(),
            unanswered: Vec::new(),
            refused_wishes: Vec::new(),
            contradictions: Vec::new(),
            mischief: BTreeMap::new(),
            errands: FuturesUnordered::new(),
            returns,
            keys: BTreeMap::new(),
            returns_asked: 0,
            moved: (now, 0),
            told: now,
        })
    }

    /// Places all orders, each when it is due, and follows them until every one has ended or nothing moves any more.
    async fn run(&mut self, orders: Vec<Order>) -> Result<()> {
        let env = self.context.env.clone();
        let mut orders = orders.into_iter();
        let mut pace = Pace::begin(env.now());
        let mut on_the_way = FuturesUnordered::new();
        let mut look = env.clock.sleep(LOOK);
        while orders.len() + on_the_way.len() + self.errands.len() + self.watch.open() > 0 && !self.is_stuck()
        {
            let can_send = orders.len() > 0 && on_the_way.len() < MAX_ON_THE_WAY;
            let due = env.clock.sleep(pace.next().since(env.now()));
            tokio::select! {
                heard = next(&mut self.follower) => self.hear(heard, env.now()).await,
                Some(answered) = on_the_way.next() => self.answered(answered),
                Some(done) = self.errands.next() => self.done(done),
                seen = self.looks.next() => self.looks.learn(seen?, &mut self.watch, self.context),
                () = due, if can_send => {
                    while pace.next() <= env.now()
                        && on_the_way.len() < MAX_ON_THE_WAY
                        && let Some(order) = orders.next()
                    {
                        on_the_way.push(send(self.context.client.clone(), env.clone(), order, pace.take()));
                        self.sent += 1;
                    }
                }
                () = &mut look => {
                    let young = Timestamp::from_micros(env.now().as_micros() - YOUNG_MICROS);
                    pace.adjust(self.watch.take_recent(), self.watch.young(young));
                    self.looks.now_and_then(&self.watch, self.context);
                    self.progress(&pace, orders.len());
                    look = env.clock.sleep(LOOK);
                }
            }
            self.send_back();
        }
        let left = (orders.len() + on_the_way.len()) as u64;
        self.unanswered
            .extend((left > 0).then(|| format!("{} without an answer at the end", counted(left, "order"))));
        Ok(())
    }

    /// Whether nothing has been answered and nothing has ended for too long.
    fn is_stuck(&mut self) -> bool {
        let (now, happened) = (self.context.env.now(), self.answered + self.watch.happened());
        if happened > self.moved.1 {
            self.moved = (now, happened);
        }
        now.since(self.moved.0) > settle::patience(self.dice.is_some())
    }

    async fn hear(&mut self, heard: Result<Option<Heard>, Error>, now: Timestamp) {
        match heard {
            Ok(Some(Heard::Event(event))) => {
                self.watch.heard(&event, now);
                self.customers_do(&event);
            }
            // Whose end was missed is looked up when it is old.
            Ok(Some(Heard::Missed(_))) => {}
            Ok(None) | Err(_) => self.follower = self.context.client.follow_types(FOLLOWED).await.ok(),
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
        let Answered { due, key, mischief, cancel, answer, second } = answered;
        let name = match mischief {
            Mischief::None => None,
            Mischief::Twice => Some("sent_twice_at_once"),
            Mischief::HungUp(_) => Some("hung_up_and_sent_again"),
            Mischief::Forgotten => Some("answered_and_sent_again"),
        };
        if let Some(name) = name {
            *self.mischief.entry(name).or_default() += 1;
        }
        self.answered += 1;
        match answer {
            Ok(order_id) => {
                self.taken += 1;
                if let Some(second) = second {
                    self.contradictions
                        .push(format!("the key {key} was given two orders, {order_id} and {second}"));
                }
                if self.returns.contains_key(&key) {
                    self.keys.insert(order_id.clone(), key);
                }
                if let Some(after) = cancel {
                    self.begin(Errand::Cancel { order_id: order_id.clone(), after });
                }
                self.watch.placed(order_id, due);
            }
            Err(error) if error.is_passing() => self.unanswered.push(format!("order {key}: {error}")),
            Err(error) => self.refused.push(format!("order {key}: {error}")),
        }
    }

    fn begin(&mut self, errand: Errand) {
        let (client, env) = (self.context.client.clone(), self.context.env.clone());
        self.errands.push(Box::pin(errand::run(client, env, errand)));
    }

    /// Whose order was completed sends back what comes back.
    fn send_back(&mut self) {
        for order_id in self.watch.take_completed() {
            let Some(key) = self.keys.remove(&order_id) else { continue };
            for back in self.returns.remove(&key).unwrap_or_default() {
                self.begin(Errand::SendBack { order_id: order_id.clone(), back });
            }
        }
    }

    fn done(&mut self, done: Done) {
        let name = match done {
            Done::Cancelled => "customer_cancelled",
            Done::AskedToCancel => "customer_asked_to_cancel",
            Done::TooLate => "customer_cancelled_too_late",
            Done::SentBack => return self.returns_asked += 1,
            Done::Refused(why) => return self.refused_wishes.push(why),
        };
        *self.mischief.entry(name).or_default() += 1;
    }

    /// The line that moves; now and then a line that stays for whoever reads a log.
    fn progress(&mut self, pace: &Pace, left: usize) {
        let now = self.context.env.now();
        let is_due = now.since(self.told) >= REMARK;
        if !self.context.output.is_watched() && !is_due {
            return;
        }
        let (confirmed, completed, cancelled) = self.watch.counts();
        let reasons: Vec<String> =
            cancelled.iter().map(|(reason, many)| format!("{reason} {many}")).collect();
        let reasons = if reasons.is_empty() { String::new() } else { format!(" ({})", reasons.join(", ")) };
        let line = format!(
            "placed {}/{}{} | confirmed {} | completed {} | cancelled {}{reasons} | {}{}",
            count(self.sent),
            count(self.orders),
            if left > 0 { format!(" at {:.0}/s", pace.rate()) } else { String::new() },
            count(confirmed),
            count(completed),
            count(cancelled.values().sum()),
            self.open(left == 0),
            self.meter.line(),
        );
        if self.context.output.is_watched() {
            self.context.output.progress(line);
        } else {
            self.context.output.note(line);
            self.told = now;
        }
    }

    /// How many are open, and at the end what they wait for.
    fn open(&mut self, is_end: bool) -> String {
        let open = format!("open {}", count(self.watch.open() as u64));
        let standing = self.looks.standing(&self.watch);
        if !is_end || standing.is_empty() {
            return open;
        }
        let standing: Vec<String> =
            standing.iter().map(|(status, many)| format!("{status} {many}")).collect();
        let why = if self.dice.is_some() {
            ": waiting for tries (1 s, 5 s, 30 s ...) or the deadline (1 min)"
        } else {
            ""
        };
        format!("{open} ({}){why}", standing.join(", "))
    }
}

/// The next event; never where nothing is followed.
async fn next(follower: &mut Option<Follower>) -> Result<Option<Heard>, Error> {
    match follower {
        Some(follower) => follower.next().await,
        None => std::future::pending().await,
    }
}
