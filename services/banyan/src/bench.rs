//! `banyan bench`: what the whole runtime costs beside a bare loop that does the same; here on the embedded bus and store.
//!
//! In one run and taking turns, so that a busy machine is as hard on one side as on the other. The rest of the numbers
//! are those of a real shop: orders a second, how soon they are confirmed, memory, start.

#[cfg(feature = "aws")]
pub mod aws;
mod child;
pub mod goal;
#[cfg(any(feature = "aws", all(feature = "postgres", feature = "rabbitmq")))]
mod ground;
pub mod journey;
mod load;
#[cfg(all(feature = "postgres", feature = "rabbitmq"))]
pub mod postgres;
#[cfg(all(feature = "postgres", feature = "rabbitmq"))]
pub mod rabbitmq;
mod sides;
pub mod versus;

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use runtime::Env;
use serde::Serialize;
use store::sqlite::bare::Recording;

use self::goal::{Goal, median, rounded};
use self::journey::Journey;
use self::sides::{Run, Setting, Sides};
use crate::output::Output;

/// Of the bare loop's speed, what is left with everything around it.
const RATIO: f64 = 0.80;
/// Fsyncs for a unit of work, with this many handlers in flight.
const FSYNCS_PER_UNIT: f64 = 1.0 / 32.0;
const FEW_IN_FLIGHT: usize = 64;
/// What group commit must gain ...
const GAIN: f64 = 30.0;
/// ... where the disk is so slow that one commit for a message gives less than this a second.
const SLOW_DISK_PER_S: f64 = 400.0;
/// MiB resident after the orders: 24 of them are the program's text, with five services, their templates and the schemas.
const RESIDENT_MIB: f64 = 72.0;
/// From when an order is to be placed until it is confirmed, at half load: so many times what it waits for the disk.
const CONFIRMED_FSYNCS: f64 = 2.0;
/// From exec to ready.
const READY_MS: f64 = 1_000.0;

/// How often the end is looked for: next to nothing beside the seconds of a run.
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// A run that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(300);

/// What to measure.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Turns of both sides.
    pub rounds: u32,
    /// Messages of one turn; each makes two units of work.
    pub messages: u64,
    /// Orders placed as fast as they go.
    pub orders: u64,
    /// How long orders are placed at half that speed.
    pub open_for: Duration,
}

/// How much is done, and how often.
#[derive(Debug, Clone, Copy)]
pub struct Laps {
    /// Turns of both sides.
    pub rounds: u32,
    /// Messages of one turn.
    pub messages: u64,
}

/// One turn of both sides.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Round {
    /// Units of work a second of the bare loop.
    pub bare_units_per_s: f64,
    /// Units of work a second of the runtime.
    pub runtime_units_per_s: f64,
    /// The second of the first.
    pub ratio: f64,
}

/// The same number of both sides.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Both {
    /// Of the bare loop.
    pub bare: f64,
    /// Of the runtime.
    pub runtime: f64,
}

/// The runtime with few handlers, and with one commit for each message.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Grouping {
    /// Handlers of one service at a time.
    pub in_flight: usize,
    /// Units of work a second.
    pub units_per_s: f64,
    /// Syncs of the disk for a unit of work.
    pub fsyncs_per_unit: f64,
    /// Units of work a second with one commit for each.
    pub single_units_per_s: f64,
    /// The first of the second.
    pub gain: f64,
}

/// The answer. The names stay.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// What was measured.
    pub name: &'static str,
    /// The first goal's value.
    pub ratio: f64,
    /// The first goal.
    pub goal: f64,
    /// Whether all goals were met.
    pub ok: bool,
    /// Everything that is demanded.
    pub goals: Vec<Goal>,
    /// `release`, or `debug`, whose numbers mean nothing.
    pub build: &'static str,
    /// Handlers of one service at a time, in the rounds.
    pub in_flight: usize,
    /// Units of work in one transaction, on average; the bare loop has the same.
    pub batch: Both,
    /// Units of work a second, in the median.
    pub units_per_s: Both,
    /// Syncs of the disk for a unit of work, in the median.
    pub fsyncs_per_unit: Both,
    /// Rows changed for a unit of work.
    pub rows_per_unit: Both,
    /// Bytes bound to statements for a unit of work.
    pub bytes_per_unit: Both,
    /// The lowest and the highest ratio of a round.
    pub ratio_spread: [f64; 2],
    /// Every turn.
    pub rounds: Vec<Round>,
    /// What group commit gains.
    pub grouping: Grouping,
    /// Real orders.
    pub journey: Journey,
}

/// Measures in `folder`, on whose disk everything is.
///
/// # Errors
/// The folder cannot be used, `dev` does not start, or something does not end.
pub async fn embedded(folder: &Path, plan: &Plan, env: &Env, output: Output) -> Result<Report> {
    let bench = Bench { folder, plan, output, sides: Sides::new(env.clone(), "bench")? };
    let turns = bench.turns().await?;
    let grouping = bench.grouping().await?;
    let journey = journey::run(folder, plan.orders, plan.open_for, env, output).await?;
    Ok(report(&turns, grouping, journey))
}

struct Bench<'b> {
    folder: &'b Path,
    plan: &'b Plan,
    output: Output,
    sides: Sides,
}

impl Bench<'_> {
    /// Both sides in turns. The very first run is recorded, and counts for nothing else.
    async fn turns(&self) -> Result<Vec<(Run, Run)>> {
        let messages = self.plan.messages;
        let setting = Setting { messages, in_flight: in_flight(), group_max: None };
        self.output.note(format!("recording {} units of work ...", messages * load::UNITS_PER_MESSAGE));
        let recording = Recording::new();
        let folder = self.fresh("recorded")?;
        let (recorded_run, recorded) = self.sides.runtime(&folder, setting, Some(&recording)).await?;
        std::fs::remove_dir_all(&folder)?;
        let recorded = recorded.context("nothing was recorded")?;
        let mut batch = batch_of(&recorded_run);
        let mut turns = Vec::new();
        for nth in 1..=self.plan.rounds {
            let folder = self.fresh(&format!("round-{nth}"))?;
            let bare = self.sides.bare(&folder, &recorded, batch)?;
            let (runtime, _) = self.sides.runtime(&folder, setting, None).await?;
            std::fs::remove_dir_all(&folder)?;
            batch = batch_of(&runtime);
            self.output.note(format!(
                "round {nth}: bare {:.0}/s, runtime {:.0}/s, ratio {:.3}",
                bare.units_per_s(),
                runtime.units_per_s(),
                runtime.units_per_s() / bare.units_per_s()
            ));
            turns.push((bare, runtime));
        }
        Ok(turns)
    }

    async fn grouping(&self) -> Result<Grouping> {
        self.output.note("committing in groups, and one by one ...");
        let setting = Setting { messages: self.plan.messages, in_flight: FEW_IN_FLIGHT, group_max: None };
        let (grouped, _) = self.sides.runtime(&self.fresh("grouped")?, setting, None).await?;
        let single = Setting { messages: (setting.messages / 16).max(1), group_max: Some(1), ..setting };
        let (single, _) = self.sides.runtime(&self.fresh("single")?, single, None).await?;
        Ok(Grouping {
            in_flight: FEW_IN_FLIGHT,
            units_per_s: rounded(grouped.units_per_s()),
            fsyncs_per_unit: rounded(grouped.fsyncs_per_unit()),
            single_units_per_s: rounded(single.units_per_s()),
            gain: rounded(grouped.units_per_s() / single.units_per_s()),
        })
    }

    fn fresh(&self, name: &str) -> Result<std::path::PathBuf> {
        let folder = self.folder.join(name);
        std::fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        Ok(folder)
    }
}

/// As `dev` runs them.
fn in_flight() -> usize {
    runtime::Policy::default().in_flight
}

fn build() -> &'static str {
    if cfg!(debug_assertions) { "debug" } else { "release" }
}

/// Waits until it `is_over`, a bounded time.
async fn until(env: &Env, is_over: impl Fn() -> bool) -> Result<()> {
    let begun = env.now();
    while !is_over() {
        if env.now().since(begun) > PATIENCE {
            bail!("the work did not end within {} s", PATIENCE.as_secs());
        }
        env.clock.sleep(LOOK_EVERY).await;
    }
    Ok(())
}

/// Runs `work` beside the caller.
#[cfg(all(feature = "postgres", feature = "rabbitmq"))]
fn side<T: Send + 'static>(
    env: &Env,
    work: impl Future<Output = T> + Send + 'static,
) -> tokio::sync::oneshot::Receiver<T> {
    let (done, answer) = tokio::sync::oneshot::channel();
    let task = async move {
        done.send(work.await).ok();
    };
    env.spawn.spawn("bench".into(), Box::pin(task));
    answer
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a mean of group sizes")]
fn batch_of(run: &Run) -> usize {
    run.group_mean().round().max(1.0) as usize
}

fn report(turns: &[(Run, Run)], grouping: Grouping, journey: Journey) -> Report {
    let rounds: Vec<Round> = turns.iter().map(round).collect();
    let ratios: Vec<f64> = rounds.iter().map(|round| round.ratio).collect();
    let ratio = rounded(median(&ratios));
    let both = |of: fn(&Run) -> f64| Both {
        bare: rounded(median(&turns.iter().map(|(bare, _)| of(bare)).collect::<Vec<_>>())),
        runtime: rounded(median(&turns.iter().map(|(_, runtime)| of(runtime)).collect::<Vec<_>>())),
    };
    let goals = goals(ratio, &grouping, &journey);
    Report {
        name: "embedded",
        ratio,
        goal: RATIO,
        ok: goals.iter().all(|goal| goal.ok),
        goals,
        build: build(),
        in_flight: in_flight(),
        batch: both(Run::group_mean),
        units_per_s: both(Run::units_per_s),
        fsyncs_per_unit: both(Run::fsyncs_per_unit),
        rows_per_unit: both(|run| run.tally.rows as f64 / run.units.max(1) as f64),
        bytes_per_unit: both(|run| run.tally.bytes as f64 / run.units.max(1) as f64),
        ratio_spread: [
            ratios.iter().copied().fold(f64::INFINITY, f64::min),
            ratios.iter().copied().fold(0.0, f64::max),
        ],
        rounds,
        grouping,
        journey,
    }
}

fn round((bare, runtime): &(Run, Run)) -> Round {
    Round {
        bare_units_per_s: rounded(bare.units_per_s()),
        runtime_units_per_s: rounded(runtime.units_per_s()),
        ratio: rounded(runtime.units_per_s() / bare.units_per_s()),
    }
}

fn goals(ratio: f64, grouping: &Grouping, journey: &Journey) -> Vec<Goal> {
    let mut goals = vec![
        Goal::at_least("ratio", ratio, RATIO),
        Goal::at_most("fsyncs_per_unit", grouping.fsyncs_per_unit, FSYNCS_PER_UNIT),
    ];
    // A disk that syncs in no time has little to gain from syncing less.
    if grouping.single_units_per_s < SLOW_DISK_PER_S {
        goals.push(Goal::at_least("group_commit_gain", grouping.gain, GAIN));
    }
    if let Some(resident) = journey.resident_mib {
        goals.push(Goal::at_most("resident_mib", resident, RESIDENT_MIB));
    }
    goals.push(Goal::at_most("ready_empty_ms", journey.ready_empty_ms, READY_MS));
    goals.push(Goal::at_most("ready_full_ms", journey.ready_full_ms, READY_MS));
    let syncs = journey.durable_hops as f64 * journey.open_loop.fsync_p99_ms;
    goals.push(Goal::at_most("confirmed_p99_ms", journey.open_loop.p99_ms, CONFIRMED_FSYNCS * syncs));
    goals
}

#[cfg(test)]
mod tests;
