//! `banyan bench`

use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};

use crate::bench::goal::{Better, Goal};
use crate::bench::{self, Plan, Report};
use crate::cli::{Context, Exit};
use crate::output::table;

/// `banyan bench`
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// The embedded bus and store, beside a bare SQLite loop that makes the same changes
    Embedded(Embedded),
}

/// `banyan bench embedded`
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Takes about two minutes on two idle cores, and works below --data, whose disk is measured; nothing is left there. Use a
release build. Ends with 3 when a goal is missed. docs/bench.md says what is measured, and how.

Example:
  banyan bench embedded --json --rounds 15")]
pub struct Embedded {
    /// How long orders are placed at half of the highest speed
    #[arg(long, value_name = "N", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    seconds: u64,
    /// Turns that the runtime and the bare loop take
    #[arg(long, value_name = "N", default_value_t = 9, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    rounds: u32,
    /// Messages of each turn
    #[arg(long, value_name = "N", default_value_t = 16_384, hide = true, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    messages: u64,
    /// Orders placed as fast as they go
    #[arg(long, value_name = "N", default_value_t = 10_000, hide = true, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    orders: u64,
}

/// Measures.
///
/// # Errors
/// The directory cannot be used, or what is measured does not work.
pub async fn run(command: Command, context: &Context) -> Result<Exit> {
    let Command::Embedded(args) = command;
    let data = &context.config.data;
    std::fs::create_dir_all(data).with_context(|| format!("{} cannot be made", data.display()))?;
    let folder = tempfile::Builder::new()
        .prefix("bench-")
        .tempdir_in(data)
        .with_context(|| format!("{} cannot be written", data.display()))?;
    let plan = Plan {
        rounds: args.rounds,
        messages: args.messages,
        orders: args.orders,
        open_for: Duration::from_secs(args.seconds),
    };
    let report = bench::embedded(folder.path(), &plan, &context.env, context.output).await?;
    context.output.answer(&report, report_text);
    Ok(if report.ok { Exit::Ok } else { Exit::GoalMissed })
}

fn report_text(report: &Report) -> String {
    let Report { units_per_s, batch, fsyncs_per_unit, rows_per_unit, bytes_per_unit, .. } = report;
    let row = |what: &str, bare: String, runtime: String| vec![what.to_owned(), bare, runtime];
    let numbers = table(&[
        row("", "bare loop".to_owned(), "runtime".to_owned()),
        row("units of work/s", whole(units_per_s.bare), whole(units_per_s.runtime)),
        row("units in a group", whole(batch.bare), whole(batch.runtime)),
        row("fsyncs/unit", fine(fsyncs_per_unit.bare), fine(fsyncs_per_unit.runtime)),
        row("rows/unit", fine(rows_per_unit.bare), fine(rows_per_unit.runtime)),
        row("bytes/unit", whole(bytes_per_unit.bare), whole(bytes_per_unit.runtime)),
    ]);
    let [low, high] = report.ratio_spread;
    let grouping = &report.grouping;
    let journey = &report.journey;
    let open = &journey.open_loop;
    let goals: Vec<Vec<String>> = report.goals.iter().map(goal_row).collect();
    format!(
        "{numbers}\n\nratio {:.3} in the median of {} rounds, from {low:.3} to {high:.3} ({} build)\n\
         group commit: {}/s with {} handlers, {}/s one by one: {:.1} times\n\n\
         {} orders: {:.0}/s decided, {:.0}/s to their end, {} confirmed, {} completed, {} cancelled\n\
         {:.2} fsyncs and {:.1} units of work an order\n\
         placed to confirmed at {}/s: p50 {:.1} ms, p99 {:.1} ms, at most {:.1} ms; {} syncs of {:.1} ms (p99) in it\n\n{}",
        report.ratio,
        report.rounds.len(),
        report.build,
        whole(grouping.units_per_s),
        grouping.in_flight,
        whole(grouping.single_units_per_s),
        grouping.gain,
        journey.orders,
        journey.orders_per_s,
        journey.completed_per_s,
        journey.confirmed,
        journey.completed,
        journey.cancelled,
        journey.fsyncs_per_order,
        journey.units_per_order,
        open.rate_per_s,
        open.p50_ms,
        open.p99_ms,
        open.max_ms,
        journey.durable_hops,
        open.fsync_p99_ms,
        table(&goals)
    )
}

fn goal_row(goal: &Goal) -> Vec<String> {
    let (verdict, bound) = (if goal.ok { "ok" } else { "MISSED" }, goal.better);
    let bound = match bound {
        Better::Higher => "at least",
        Better::Lower => "at most",
    };
    vec![verdict.to_owned(), goal.name.to_owned(), fine(goal.value), format!("{bound} {}", fine(goal.goal))]
}

fn whole(value: f64) -> String {
    format!("{value:.0}")
}

fn fine(value: f64) -> String {
    if value >= 100.0 { whole(value) } else { format!("{value:.3}") }
}
