//! `banyan chaos`: what the simulator cannot show. Real processes that are killed, and the power that goes.
//!
//! On a broker and a database these are killed too, and connections to them are cut.
//!
//! `kills` starts a real `banyan dev`, lets orders come, and kills it and its peers at random moments. What a killed process
//! has written stays, also when nobody waited for the disk; so `power` records what is done to the files and makes of it
//! what a disk may hold when the power goes.

mod book;
mod ground;
mod heard;
mod kills;
mod load;
mod power;
mod settle;
mod verdict;
mod victim;
mod wire;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde::Serialize;
use tempfile::TempDir;
use tokio::signal::unix::{Signal, SignalKind, signal};

use self::ground::Ground;
pub use self::ground::Restarts;
use self::verdict::Verdict;
use crate::bench::goal::percentile;
use crate::cli::{Context, Exit, Failure};
use crate::commands::shown::counted;
use crate::config::{Config, Origin};

/// Of a hundred kills so many must hit work in flight; otherwise they show nothing.
const IN_FLIGHT_PERCENT: u32 = 90;
/// Sentences that are told in full.
const TOLD: usize = 50;

/// What is to be done.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Kills.
    pub kills: u32,
    /// Kills of the broker.
    pub broker_kills: u32,
    /// Kills of the database.
    pub database_kills: u32,
    /// Cuts of all connections to both.
    pub connection_cuts: u32,
    /// How both are killed and started again.
    pub restarts: Restarts,
    /// Losses of power.
    pub power_cuts: u32,
    /// Orders a second while processes are killed.
    pub rate: u32,
    /// Everything random is drawn from it; what the machine makes of it differs.
    pub seed: u64,
    /// Break what is checked: processes keep nothing, disks do not sync.
    pub is_broken: bool,
}

/// What was seen. The names of the first six stay.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// Processes that were killed.
    pub kills: u32,
    /// Losses of power.
    pub cuts: u32,
    /// Orders that a customer was told, and that were gone; one for each time.
    pub lost: u64,
    /// Keys with more than one order.
    pub duplicated: u64,
    /// What else must hold and did not.
    pub violations: u64,
    /// Kills while a request or a message was on its way.
    pub in_flight_kills: u32,
    /// Orders that were there after the last kill, and after the cuts all together.
    pub orders: u64,
    /// Of the kills, those of a peer alone.
    pub peer_kills: u32,
    /// Of the kills, those of a process that was not ready yet.
    pub starting_kills: u32,
    /// Besides, the broker was killed.
    pub broker_kills: u32,
    /// Besides, the database was killed.
    pub database_kills: u32,
    /// Besides, all connections to both were cut.
    pub connection_cuts: u32,
    /// From start to ready after a kill, in the middle.
    pub ready_p50_ms: Option<f64>,
    /// The same of 99 in a hundred.
    pub ready_p99_ms: Option<f64>,
    /// Of the cuts, those while an earlier one was being recovered from.
    pub recovery_cuts: u32,
    /// Of the cuts, those after which the shop went on to the end, with peers whose power had not gone.
    pub resumed_cuts: u32,
    /// Orders a second, as they came.
    pub rate_per_s: u32,
    /// What it was drawn from.
    pub seed: u64,
    /// All of it.
    pub seconds: f64,
    /// The first things that were wrong.
    pub violated: Vec<String>,
    /// Where the data is, if it was kept.
    pub data: Option<PathBuf>,
}

impl Report {
    /// How the command ends.
    #[must_use]
    pub fn exit(&self) -> Exit {
        if self.lost + self.duplicated + self.violations > 0 {
            return Exit::Broken;
        }
        if self.in_flight_kills * 100 < self.kills * IN_FLIGHT_PERCENT {
            return Exit::GoalMissed;
        }
        Exit::Ok
    }

    /// For people.
    #[must_use]
    pub fn text(&self) -> String {
        let mut lines = Vec::new();
        if self.kills > 0 {
            lines.push(format!(
                "{}: {} with work in flight, {} of a peer alone, {} of a process that was starting",
                counted(self.kills.into(), "kill"),
                self.in_flight_kills,
                self.peer_kills,
                self.starting_kills
            ));
        }
        if self.broker_kills + self.database_kills + self.connection_cuts > 0 {
            lines.push(format!(
                "the broker killed {} times, the database {} times, connections cut {} times",
                self.broker_kills, self.database_kills, self.connection_cuts
            ));
        }
        if let (Some(p50), Some(p99)) = (self.ready_p50_ms, self.ready_p99_ms) {
            lines.push(format!("ready again: p50 {p50} ms, p99 {p99} ms"));
        }
        if self.cuts > 0 {
            lines.push(format!(
                "{}: {} during the recovery from an earlier one, {} after which the shop went on",
                counted(self.cuts.into(), "power cut"),
                self.recovery_cuts,
                self.resumed_cuts
            ));
        }
        lines.push(format!(
            "{} in {:.0} s: {} lost, {} twice, {}",
            counted(self.orders, "order"),
            self.seconds,
            self.lost,
            self.duplicated,
            counted(self.violations, "violation")
        ));
        lines.extend(self.violated.iter().map(|sentence| format!("  {sentence}")));
        if self.exit() == Exit::GoalMissed {
            lines.push(format!("fewer than {IN_FLIGHT_PERCENT} % of the kills hit work in flight"));
        }
        if let Some(data) = &self.data {
            lines.push(format!("data and log are in {}", data.display()));
        }
        lines.join("\n")
    }

    fn take(&mut self, verdict: Verdict) {
        self.lost += verdict.lost;
        self.duplicated += verdict.duplicated;
        self.violations += verdict.violations();
        self.orders += verdict.orders;
        let room = TOLD.saturating_sub(self.violated.len());
        self.violated.extend(verdict.violated.into_iter().take(room));
    }
}

/// Runs all of `plan`.
///
/// # Errors
/// Something does not start, ends by itself, or was told to stop.
pub async fn run(plan: &Plan, context: &Context) -> Result<Report> {
    let mut stop = Stop::listen()?;
    let home = Home::make(&context.config)?;
    let begun = context.env.now();
    let mut report = Report { rate_per_s: plan.rate, seed: plan.seed, ..Report::default() };
    let done = fill(&mut report, plan, (home.path(), &mut stop), context).await;
    context.output.progress_done();
    report.seconds = tenths(context.env.now().since(begun).as_secs_f64());
    if let Err(error) = done {
        let stopped = error.downcast_ref::<Failure>().is_some();
        return Err(match home.leave(!stopped) {
            Some(kept) if !stopped => error.context(format!("data and log are in {}", kept.display())),
            _ => error,
        });
    }
    report.data = home.leave(report.exit() == Exit::Broken);
    Ok(report)
}

async fn fill(
    report: &mut Report,
    plan: &Plan,
    (home, stop): (&Path, &mut Stop),
    context: &Context,
) -> Result<()> {
    if plan.power_cuts == 0 || plan.kills > 0 {
        let ground = Ground::lay(plan.restarts.clone(), plan.connection_cuts > 0, context).await?;
        let ground = Arc::new(ground);
        let start = victim::Start {
            home: home.to_owned(),
            log: context.config.log.clone(),
            is_forgetful: plan.is_broken,
            ground: ground.clone(),
        };
        let kills = kills::Plan {
            kills: plan.kills,
            broker_kills: plan.broker_kills,
            database_kills: plan.database_kills,
            connection_cuts: plan.connection_cuts,
            rate: plan.rate,
            seed: plan.seed,
            start,
        };
        context.output.note(format!("killing processes that work on {} ...", home.display()));
        let outcome = kills::run(&kills, stop, context).await;
        ground.clear().await;
        let outcome = outcome?;
        report.broker_kills = outcome.broker_kills;
        report.database_kills = outcome.database_kills;
        report.connection_cuts = outcome.connection_cuts;
        report.kills = outcome.kills;
        report.in_flight_kills = outcome.in_flight_kills;
        report.peer_kills = outcome.peer_kills;
        report.starting_kills = outcome.starting_kills;
        let mut ready: Vec<f64> = outcome.ready.into_iter().map(millis).collect();
        ready.sort_by(f64::total_cmp);
        report.ready_p50_ms = (!ready.is_empty()).then(|| tenths(percentile(&ready, 500)));
        report.ready_p99_ms = (!ready.is_empty()).then(|| tenths(percentile(&ready, 990)));
        report.take(outcome.verdict);
    }
    if plan.power_cuts > 0 {
        let cuts = power::Plan { cuts: plan.power_cuts, seed: plan.seed, is_lying: plan.is_broken };
        let outcome = tokio::select! {
            biased;
            () = stop.told() => return Err(interrupted()),
            outcome = power::run(&cuts, home, context) => outcome?,
        };
        report.cuts = outcome.cuts;
        report.recovery_cuts = outcome.recovery_cuts;
        report.resumed_cuts = outcome.resumed_cuts;
        report.take(outcome.verdict);
    }
    Ok(())
}

/// Where everything lies.
enum Home {
    /// Removed afterwards.
    Passing(TempDir),
    /// Stays.
    Kept(PathBuf),
}

impl Home {
    /// A new directory, or the one that was named.
    fn make(config: &Config) -> Result<Self> {
        let Some((data, Origin::Flag)) = config.origins.get("data") else {
            let made = tempfile::Builder::new().prefix("banyan-chaos-").tempdir();
            let made = made.context("no directory for temporary data can be made; name one with --data")?;
            return Ok(Self::Passing(made));
        };
        let data = std::path::absolute(data)?;
        std::fs::create_dir_all(&data).with_context(|| format!("{} cannot be made", data.display()))?;
        let is_empty = std::fs::read_dir(&data)?.next().is_none();
        if !is_empty {
            let text =
                format!("{} is not empty, and chaos begins with nothing; name another", data.display());
            return Err(Failure::usage(text).into());
        }
        Ok(Self::Kept(data))
    }

    fn path(&self) -> &Path {
        match self {
            Self::Passing(made) => made.path(),
            Self::Kept(path) => path,
        }
    }

    /// Removes what need not stay; where it is if it does.
    fn leave(self, is_evidence: bool) -> Option<PathBuf> {
        match self {
            Self::Passing(made) if is_evidence => Some(made.keep()),
            Self::Passing(_) => None,
            Self::Kept(path) => Some(path),
        }
    }
}

/// Hears when somebody wants this to end. Ctrl-C reaches what it started too, so this is looked at before they are.
struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

impl Stop {
    /// From now on no signal is lost, nor ends this process before it has ended what it started.
    fn listen() -> Result<Self> {
        let listen = |kind| signal(kind).context("the signals that stop this program cannot be heard");
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    async fn told(&mut self) {
        tokio::select! {
            biased;
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

fn interrupted() -> anyhow::Error {
    Failure::new(Exit::Error, "stopped before the end").into()
}

fn tenths(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}
