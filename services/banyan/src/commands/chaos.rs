//! `banyan chaos`

use anyhow::Result;
use clap::ArgGroup;

use crate::chaos::{self, Plan, Report, Restarts};
use crate::cli::{Context, Exit, Failure};
use crate::config::BusKind;

/// `banyan chaos`
#[derive(Debug, Clone, clap::Args)]
#[command(group = ArgGroup::new("blows").args(["kills", "power_cuts", "broker_kills", "database_kills", "connection_cuts"]).multiple(true).required(true))]
#[command(after_help = "\
Kills are real: `dev` runs as a process of its own, with its peers, under orders that come all the time. Power cuts are made
from a recording of everything that is done to the files: SIGKILL cannot show that nobody waited for the disk. After
each, everything that a customer was told has to be there, once. Ends with 2 when something is lost, there twice, or does
not add up, with 3 when less than 90 % of the kills hit work in flight.

With --bus rabbitmq or --bus aws the shop runs there, under a name of its own. How the broker and the database are killed
and started again is said by commands; they return once it is there.

Examples:
  banyan chaos --kills 300                     some minutes
  banyan chaos --bus rabbitmq --kills 20 --broker-kills 5 --broker-restart ./restart-rabbitmq --connection-cuts 20
  banyan chaos --power-cuts 1000 --json
  banyan chaos --kills 20 --rate 200 --seed 7 --data ./chaos")]
pub struct Args {
    /// Kill so many processes
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub kills: Option<u32>,
    /// Cut the power so many times
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub power_cuts: Option<u32>,
    /// Kill the broker so many times
    #[arg(long, value_name = "N", default_value_t = 0, requires = "broker_restart", value_parser = clap::value_parser!(u32).range(..=10_000))]
    pub broker_kills: u32,
    /// What kills the broker and starts it again where it was
    #[arg(long, value_name = "COMMAND")]
    pub broker_restart: Option<String>,
    /// Kill the database so many times
    #[arg(long, value_name = "N", default_value_t = 0, requires = "database_restart", value_parser = clap::value_parser!(u32).range(..=10_000))]
    pub database_kills: u32,
    /// What kills the database and starts it again where it was
    #[arg(long, value_name = "COMMAND")]
    pub database_restart: Option<String>,
    /// Cut all connections to broker and database so many times
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=100_000))]
    pub connection_cuts: u32,
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
    let bus = context.config.chosen.bus;
    if bus == BusKind::Embedded && args.broker_kills + args.database_kills > 0 {
        return Err(
            Failure::usage("the embedded bus has no broker and no database; choose --bus rabbitmq").into()
        );
    }
    if bus != BusKind::Embedded && args.power_cuts.is_some() {
        return Err(Failure::usage("power is cut on the embedded bus only, where the disk is our own").into());
    }
    let plan = Plan {
        kills: args.kills.unwrap_or(0),
        broker_kills: args.broker_kills,
        database_kills: args.database_kills,
        connection_cuts: args.connection_cuts,
        restarts: Restarts { broker: args.broker_restart.clone(), database: args.database_restart.clone() },
        power_cuts: args.power_cuts.unwrap_or(0),
        rate: args.rate,
        seed: args.seed,
        is_broken: args.broken,
    };
    let report = chaos::run(&plan, context).await?;
    context.output.answer(&report, Report::text);
    Ok(report.exit())
}
