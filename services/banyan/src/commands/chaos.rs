//! `banyan chaos`

use anyhow::Result;

use crate::chaos::{self, Plan, Report};
use crate::cli::{Context, Exit};

/// `banyan chaos`
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Kills are real: `dev` runs as a process of its own, with its peers, under orders that come all the time. Power cuts are made
from a recording of everything that is done to the files: SIGKILL cannot show that nobody waited for the disk. After
each, everything that a customer was told has to be there, once. Ends with 2 when something is lost, there twice, or does
not add up, with 3 when less than 90 % of the kills hit work in flight.

Examples:
  banyan chaos --kills 300                     some minutes
  banyan chaos --power-cuts 1000 --json
  banyan chaos --kills 20 --rate 200 --seed 7 --data ./chaos")]
pub struct Args {
    /// Kill so many processes
    #[arg(long, value_name = "N", required_unless_present = "power_cuts", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub kills: Option<u32>,
    /// Cut the power so many times
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub power_cuts: Option<u32>,
    /// Orders a second while processes are killed
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub rate: u32,
    /// What moments and disks are drawn from
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Let processes keep nothing and disks lie, to see that it is found
    #[arg(long, hide = true)]
    pub broken: bool,
}

/// Runs it.
///
/// # Errors
/// Something does not start, ends by itself, or was told to stop.
pub async fn run(args: &Args, context: &Context) -> Result<Exit> {
    let plan = Plan {
        kills: args.kills.unwrap_or(0),
        power_cuts: args.power_cuts.unwrap_or(0),
        rate: args.rate,
        seed: args.seed,
        is_broken: args.broken,
    };
    let report = chaos::run(&plan, context).await?;
    context.output.answer(&report, Report::text);
    Ok(report.exit())
}
