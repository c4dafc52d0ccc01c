//! SIGKILL at random moments, for `dev` or for one of its peers, while orders go on coming.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use contracts::Timestamp;
use fastrand::Rng;
use serde_json::Value;

use super::book::Book;
use super::ground::Ground;
use super::load::{Customer, Load, stock};
use super::verdict::{self, Verdict};
use super::victim::{Start, Victim};
use super::{Stop, settle};
use crate::cli::Context;
use crate::commands::shown::{count, counted};

/// When it dies after it was ready ...
const RUNNING_MS: std::ops::Range<u64> = 20..1_500;
/// ... or after it was started, while it looks what there is.
const STARTING_MS: std::ops::Range<u64> = 0..250;
/// Of a hundred kills so many come while it starts, and so many hit a peer alone.
const STARTING: u32 = 15;
const PEERS: u32 = 15;
/// Between two remarks for whoever reads a log.
const REMARK: Duration = Duration::from_secs(15);

/// What is to be done.
#[derive(Clone)]
pub(super) struct Plan {
    pub(super) kills: u32,
    pub(super) broker_kills: u32,
    pub(super) database_kills: u32,
    pub(super) connection_cuts: u32,
    pub(super) rate: u32,
    pub(super) seed: u64,
    pub(super) start: Start,
}

/// What was seen.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    pub(super) kills: u32,
    pub(super) in_flight_kills: u32,
    pub(super) peer_kills: u32,
    pub(super) starting_kills: u32,
    pub(super) broker_kills: u32,
    pub(super) database_kills: u32,
    pub(super) connection_cuts: u32,
    /// Of each start that lived so long.
    pub(super) ready: Vec<Duration>,
    pub(super) load_s: f64,
    pub(super) verdict: Verdict,
}

/// What a blow hits.
#[derive(Clone, Copy)]
enum Target {
    /// The shop, or a peer of it.
    Process,
    Broker,
    Database,
    Connections,
}

impl Plan {
    /// Every blow, in an order that is drawn.
    fn blows(&self, rng: &mut Rng) -> Vec<Target> {
        let of = |target: Target, many: u32| std::iter::repeat_n(target, many as usize);
        let mut blows: Vec<Target> = of(Target::Process, self.kills)
            .chain(of(Target::Broker, self.broker_kills))
            .chain(of(Target::Database, self.database_kills))
            .chain(of(Target::Connections, self.connection_cuts))
            .collect();
        // Where there is one kind only, nothing is to be drawn.
        if blows.len() > self.kills as usize {
            rng.shuffle(&mut blows);
        }
        blows
    }
}

/// When and whom a kill hits.
enum Moment {
    Starting(Duration),
    Running(Duration),
    Peer(Duration),
}

impl Moment {
    fn draw(rng: &mut Rng) -> Self {
        let running = Duration::from_millis(rng.u64(RUNNING_MS));
        match rng.u32(..100) {
            n if n < STARTING => Self::Starting(Duration::from_millis(rng.u64(STARTING_MS))),
            n if n < STARTING + PEERS => Self::Peer(running),
            _ => Self::Running(running),
        }
    }
}

/// Kills, waits until everything has settled, and holds the shop against what the customers know.
///
/// # Errors
/// `dev` does not start, or ends by itself.
pub(super) async fn run(plan: &Plan, stop: &mut Stop, context: &Context) -> Result<Outcome> {
    let mut victim = Victim::first(plan.start.clone(), &context.env).await?;
    let ran = tokio::select! {
        biased;
        () = stop.told() => Err(super::interrupted()),
        ran = all(plan, &mut victim, context) => ran,
    };
    match ran {
        Ok(mut outcome) => {
            victim.stop().await?;
            if !plan.start.is_forgetful {
                context
                    .output
                    .progress("looking whether every event was handled by each of its subscribers ...");
                let data = plan.start.data();
                let unheard = tokio::select! {
                    biased;
                    () = stop.told() => return Err(super::interrupted()),
                    unheard = plan.start.ground.unheard(&data) => unheard?,
                };
                outcome.verdict.violated.extend(unheard);
            }
            Ok(outcome)
        }
        Err(error) => {
            victim.end().await.ok();
            Err(error)
        }
    }
}

async fn all(plan: &Plan, victim: &mut Victim, context: &Context) -> Result<Outcome> {
    let env = &context.env;
    let mut outcome = Outcome::default();
    outcome.ready.extend(victim.ready().await?);
    stock(&victim.client, env).await?;
    let customer = Customer {
        client: victim.client.clone(),
        env: env.clone(),
        book: Book::default(),
        position: Arc::new(|| 0),
    };
    let load = Load::start(&customer, plan.rate);
    let begun = env.now();
    kill(plan, victim, &customer.book, &mut outcome, context).await?;
    outcome.ready.extend(victim.ready().await?);
    outcome.load_s = env.now().since(begun).as_secs_f64();
    let client = victim.client.clone();
    let settled = async {
        load.end().await;
        context.output.progress("waiting until everything has settled ...");
        settle::rest(&client, env).await
    };
    let unsettled = tokio::select! {
        biased;
        settled = settled => settled?,
        ended = victim.ended() => return Err(ended),
    };
    context.output.note(format!("asking for {} again ...", counted(customer.book.entries().sent, "order")));
    outcome.verdict = verdict::of(&customer, verdict::Again::All).await?;
    outcome.verdict.violated.extend(unsettled);
    let audit: Value = client.get("/audit").await?;
    outcome.verdict.audited(&audit);
    Ok(outcome)
}

async fn kill(
    plan: &Plan,
    victim: &mut Victim,
    book: &Book,
    outcome: &mut Outcome,
    context: &Context,
) -> Result<()> {
    let env = &context.env;
    let mut rng = Rng::with_seed(plan.seed);
    let mut told = env.now();
    for blow in plan.blows(&mut rng) {
        if !matches!(blow, Target::Process) {
            elsewhere(blow, &plan.start.ground, victim, &mut rng, outcome).await?;
            progress(outcome, plan, book, &mut told, context);
            continue;
        }
        let moment = Moment::draw(&mut rng);
        let (after, is_early) = match moment {
            Moment::Starting(after) if victim.is_starting() => (after, true),
            Moment::Starting(after) | Moment::Running(after) | Moment::Peer(after) => {
                outcome.ready.extend(victim.ready().await?);
                (after, false)
            }
        };
        env.clock.sleep(after).await;
        // A process that starts says nothing of its queues; whoever waits for an answer is work enough.
        let is_in_flight = if is_early { book.entries().open > 0 } else { has_work(victim, book).await };
        let is_peer = matches!(moment, Moment::Peer(_)) && victim.kill_a_peer(&mut rng).await?;
        if !is_peer {
            victim.kill_and_start_again().await?;
        }
        outcome.kills += 1;
        outcome.peer_kills += u32::from(is_peer);
        outcome.starting_kills += u32::from(is_early);
        outcome.in_flight_kills += u32::from(is_in_flight);
        progress(outcome, plan, book, &mut told, context);
    }
    Ok(())
}

/// Hits what the shop runs on, which has to be up by then: without it, it does not start.
async fn elsewhere(
    blow: Target,
    ground: &Ground,
    victim: &mut Victim,
    rng: &mut Rng,
    outcome: &mut Outcome,
) -> Result<()> {
    outcome.ready.extend(victim.ready().await?);
    ground.env.clock.sleep(Duration::from_millis(rng.u64(RUNNING_MS))).await;
    match blow {
        Target::Process => {}
        Target::Broker => {
            ground.restart_broker().await?;
            outcome.broker_kills += 1;
        }
        Target::Database => {
            ground.restart_database().await?;
            outcome.database_kills += 1;
        }
        Target::Connections => {
            ground.cut();
            outcome.connection_cuts += 1;
        }
    }
    Ok(())
}

async fn has_work(victim: &Victim, book: &Book) -> bool {
    victim.has_work().await || book.entries().open > 0
}

fn progress(outcome: &Outcome, plan: &Plan, book: &Book, told: &mut Timestamp, context: &Context) {
    let (sent, open) = {
        let entries = book.entries();
        (entries.sent, entries.open)
    };
    let line = format!(
        "killed {}/{} ({} with work in flight), broker {}, database {}, connections cut {} | orders {}, waiting for an answer {}",
        outcome.kills,
        plan.kills,
        outcome.in_flight_kills,
        outcome.broker_kills,
        outcome.database_kills,
        outcome.connection_cuts,
        count(sent),
        count(open)
    );
    if context.output.is_watched() {
        context.output.progress(line);
    } else if context.env.now().since(*told) >= REMARK {
        *told = context.env.now();
        context.output.warn(line);
    }
}
