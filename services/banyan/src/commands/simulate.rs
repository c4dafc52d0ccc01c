//! `banyan simulate`: every service in thousands of worlds in which everything goes wrong.

use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Result;
use runtime::Bug;
use testkit::{Ending, Report};

use crate::cli::{Context, Exit, Failure};
use crate::commands::shown::counted;
use crate::output::{Output, table};
use crate::simulate::{self, Order};

/// Play seeds in simulated worlds, and check what must hold in all of them.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Each seed is a world of its own: processes that crash and pause, clocks that are wrong, a store and a bus that lose
answers, a provider that does not answer, messages that nobody can read. Then all of that stops, and everything must
come to rest. The same seed always goes the same way. Ends with 2 when something did not hold.

Examples:
  banyan simulate --seeds 20000
  banyan simulate --twice-every 1         every world twice, and both must be the same
  banyan simulate --seed 4711 --trace     one world, and everything that happened in it
  banyan simulate --bug ack-before-commit (in a build with the feature planted-bugs)")]
pub struct Args {
    /// How many worlds
    #[arg(long, value_name = "N")]
    pub seeds: Option<u64>,
    /// The first seed, or the only one
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Tell everything that happens in one world
    #[arg(long, conflicts_with = "seeds")]
    pub trace: bool,
    /// Plant a bug, and stop at the first seed that finds it
    #[arg(long, value_name = "NAME", value_parser = Bug::from_str)]
    pub bug: Option<Bug>,
    /// Run one world in so many twice, and compare all that happened; 1 = every one
    #[arg(long, default_value_t = simulate::TWICE_EVERY, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub twice_every: u64,
    /// One director each
    #[arg(long, default_value_t = 2, value_name = "N")]
    pub threads: usize,
}

/// Worlds without a number given: some seconds.
const SEEDS: u64 = 2_000;
/// Progress is shown every so many seeds.
const SHOWN_EVERY: u64 = 50;

/// Simulates.
///
/// # Errors
/// [`Failure`] when this build has no bugs to plant.
pub fn run(args: &Args, context: &Context) -> Result<Exit> {
    if args.bug.is_some() && !cfg!(feature = "planted-bugs") {
        let message = "this build has no bugs to plant; build with --features planted-bugs";
        return Err(Failure::usage(message).into());
    }
    if let (Some(seed), None) = (args.seed, args.seeds) {
        return Ok(one(seed, args, context.output));
    }
    let order = Order {
        first: args.seed.unwrap_or(0),
        seeds: args.seeds.unwrap_or(SEEDS),
        threads: args.threads.clamp(1, 64),
        twice_every: args.twice_every,
        bug: args.bug,
    };
    let shown = AtomicU64::new(0);
    let output = context.output;
    let progress = |report: &Report| {
        if report.seeds >= shown.load(Ordering::Relaxed) + SHOWN_EVERY {
            shown.store(report.seeds, Ordering::Relaxed);
            output.progress(format!(
                "{} of {} worlds, {} failed, {} crash points",
                report.seeds, order.seeds, report.violations, report.crash_points
            ));
        }
    };
    let clock = context.env.clone();
    let report = simulate::run(&order, &move || clock.now(), &progress);
    output.progress_done();
    for failing in &report.failing {
        output.warn(format!("seed {}: {}", failing.seed, failing.violations.join("; ")));
        output.note(format!("  again: {}", simulate::repro(failing.seed, args.bug)));
    }
    output.answer(&report, text);
    Ok(if report.violations == 0 { Exit::Ok } else { Exit::Broken })
}

fn one(seed: u64, args: &Args, output: Output) -> Exit {
    let ending = simulate::one(seed, args.bug, args.trace);
    if !ending.lines.iter().all(|line| output.line(line)) {
        return Exit::Ok;
    }
    for violation in &ending.violations {
        output.warn(violation);
    }
    let report = Report {
        seeds: 1,
        violations: u64::from(!ending.violations.is_empty()),
        faults: ending.faults.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect(),
        crash_points: ending.crash_points.len() as u64,
        steps: ending.steps,
        ..Report::default()
    };
    output.answer(&report, |_| world_text(&ending));
    if ending.violations.is_empty() { Exit::Ok } else { Exit::Broken }
}

fn world_text(ending: &Ending) -> String {
    let violations = counted(ending.violations.len() as u64, "violation");
    let (seed, steps, hash) = (ending.seed, ending.steps, ending.hash);
    format!("seed {seed}: {violations} in {steps} steps and {:?}, trace {hash:016x}", ending.lasted)
}

fn text(report: &Report) -> String {
    let mut lines = vec![format!(
        "{}, {} failed; {} distinct crash points; {} seeds/s; {} run twice",
        counted(report.seeds, "world"),
        report.violations,
        report.crash_points,
        report.seeds_per_s,
        report.repeated
    )];
    let counts = report.ends.iter().chain(&report.faults);
    let rows: Vec<Vec<String>> = counts.map(|(name, count)| vec![name.clone(), count.to_string()]).collect();
    lines.push(table(&rows));
    lines.join("\n")
}
