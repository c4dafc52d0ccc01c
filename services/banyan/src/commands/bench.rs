//! `banyan bench`

use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};

use crate::backends;
use crate::bench::goal::{Better, Goal};
use crate::bench::{self, Plan, Report};
use crate::cli::{Context, Exit};
use crate::output::table;

/// `banyan bench`
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// The embedded bus and store, beside a bare SQLite loop that makes the same changes
    Embedded(Embedded),
    /// The bus on RabbitMQ, beside publishing, confirming, consuming and acknowledging by hand
    #[command(name = "rabbitmq")]
    RabbitMq(Laps<8_192>),
    /// The store in PostgreSQL, beside a plain loop that makes the same writes, a transaction each
    Postgres(Laps<4_096>),
    /// The bus on SNS and SQS: how many calls a message takes, and how many nothing takes
    Aws(Aws),
}

/// `banyan bench rabbitmq` and `banyan bench postgres`
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Takes about a minute where --rabbitmq-url and --postgres-url say, in queues and schemas of its own that are gone afterwards.
Use a release build. Ends with 3 when a goal is missed. docs/bench.md says what is measured, and how.

Examples:
  banyan bench rabbitmq --json
  banyan bench postgres --rounds 15")]
pub struct Laps<const MESSAGES: u64> {
    /// Turns that the runtime and the bare loop take
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    rounds: u32,
    /// Messages of each turn
    #[arg(long, value_name = "N", default_value_t = MESSAGES, hide = true, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    messages: u64,
}

/// `banyan bench aws`
#[derive(Debug, Clone, Args)]
#[command(after_help = "\
Takes about two minutes where the SDK's variables or --aws-endpoint say, in topics and queues of its own that are gone
afterwards; on AWS it costs less than a cent. Ends with 3 when a goal is missed. docs/bench.md says what is counted, and how.

Example:
  banyan bench aws --json --aws-endpoint http://127.0.0.1:4566")]
pub struct Aws {
    /// How long nothing happens
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    seconds: u64,
    /// Messages that are published
    #[arg(long, value_name = "N", default_value_t = 2_000, hide = true, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    messages: u64,
    /// How long the services have been at rest before
    #[arg(long, value_name = "N", default_value_t = 45, hide = true)]
    settle: u64,
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
    match command {
        Command::Embedded(args) => embedded(args, context).await,
        Command::RabbitMq(args) => {
            on_rabbitmq(bench::Laps { rounds: args.rounds, messages: args.messages }, context).await
        }
        Command::Postgres(args) => {
            on_postgres(bench::Laps { rounds: args.rounds, messages: args.messages }, context).await
        }
        Command::Aws(args) => on_aws(args, context).await,
    }
}

#[cfg(all(feature = "postgres", feature = "rabbitmq"))]
async fn on_rabbitmq(laps: bench::Laps, context: &Context) -> Result<Exit> {
    let settings = backends::rabbitmq::settings(&context.config)?;
    let report = bench::rabbitmq::run(settings, laps, &context.env, context.output).await?;
    context.output.answer(&report, versus_text);
    Ok(ended(report.ok))
}

#[cfg(all(feature = "postgres", feature = "rabbitmq"))]
async fn on_postgres(laps: bench::Laps, context: &Context) -> Result<Exit> {
    let settings = backends::postgres::settings(&context.config)?;
    let report = Box::pin(bench::postgres::run(settings, laps, &context.env, context.output)).await?;
    context.output.answer(&report, versus_text);
    Ok(ended(report.ok))
}

#[cfg(not(all(feature = "postgres", feature = "rabbitmq")))]
#[expect(clippy::unused_async, reason = "the same shape as with the feature")]
async fn on_rabbitmq(_: bench::Laps, _: &Context) -> Result<Exit> {
    Err(backends::not_compiled("bench rabbitmq"))
}

#[cfg(not(all(feature = "postgres", feature = "rabbitmq")))]
#[expect(clippy::unused_async, reason = "the same shape as with the feature")]
async fn on_postgres(_: bench::Laps, _: &Context) -> Result<Exit> {
    Err(backends::not_compiled("bench postgres"))
}

#[cfg(feature = "aws")]
async fn on_aws(args: Aws, context: &Context) -> Result<Exit> {
    let account = backends::aws::account(&context.config).await?;
    let plan = bench::aws::Plan {
        messages: args.messages,
        idle_for: Duration::from_secs(args.seconds),
        settle_for: Duration::from_secs(args.settle),
    };
    let report = bench::aws::run(&account, plan, &context.env, context.output).await?;
    context.output.answer(&report, aws_text);
    Ok(ended(report.ok))
}

#[cfg(not(feature = "aws"))]
#[expect(clippy::unused_async, reason = "the same shape as with the feature")]
async fn on_aws(_: Aws, _: &Context) -> Result<Exit> {
    Err(backends::not_compiled("bench aws"))
}

fn ended(is_ok: bool) -> Exit {
    if is_ok { Exit::Ok } else { Exit::GoalMissed }
}

async fn embedded(args: Embedded, context: &Context) -> Result<Exit> {
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
    Ok(ended(report.ok))
}

#[cfg(all(feature = "postgres", feature = "rabbitmq"))]
fn versus_text(report: &bench::versus::Report) -> String {
    let [low, high] = report.ratio_spread;
    format!(
        "{} a second: bare {}, runtime {}, {} at once\nratio {:.3} in the median of {} rounds, from {low:.3} to {high:.3} ({} build)\n\n{}",
        report.counted,
        whole(report.per_s.bare),
        whole(report.per_s.runtime),
        report.at_once,
        report.ratio,
        report.rounds.len(),
        report.build,
        goals(&report.goals)
    )
}

#[cfg(feature = "aws")]
fn aws_text(report: &bench::aws::Report) -> String {
    let calls = |calls: &std::collections::BTreeMap<String, u64>| {
        let rows: Vec<Vec<String>> =
            calls.iter().map(|(name, count)| vec![format!("  {name}"), count.to_string()]).collect();
        table(&rows)
    };
    format!(
        "{} messages, {:.4} calls each; the fewest there can be are {:.1}\n{}\n{} USD for a million of them\n\n\
         nothing for {} s\n{}\n{} USD for thirty days of it\n\n{}",
        report.messages,
        report.calls_per_message,
        report.floor_per_message,
        calls(&report.calls),
        fine(report.usd_per_million),
        whole(report.idle_seconds),
        calls(&report.idle_calls),
        fine(report.idle_usd_per_month),
        goals(&report.goals)
    )
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
    format!(
        "{numbers}\n\nratio {:.3} in the median of {} rounds, from {low:.3} to {high:.3} ({} build)\n\
         group commit: {}/s with {} handlers, {}/s one by one: {:.1} times\n\n\
         {} orders: {:.0}/s decided, {:.0}/s to their end, {:.0}/s with their letters, {} confirmed, {} completed, {} cancelled\n\
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
        journey.rested_per_s,
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
        goals(&report.goals)
    )
}

fn goals(goals: &[Goal]) -> String {
    table(&goals.iter().map(goal_row).collect::<Vec<_>>())
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
