//! `banyan demo`: real orders through every service of a real `banyan dev`, a process of its own, over HTTP only.
//!
//! Receives the opening stock, places the orders open loop, follows every one until it is completed or cancelled, sends
//! back what comes back, and lets the running system audit itself. Nothing here is called in process, so what it shows
//! is what any other client would see.

mod child;
mod customer;
mod drive;
mod errand;
mod input;
mod looks;
mod meter;
mod mischief;
mod pace;
mod place;
mod report;
mod settle;
mod watch;

use std::path::PathBuf;

use anyhow::Result;
use tokio::signal::unix::SignalKind;

use crate::cli::{Context, Exit, Failure};
use crate::client::Client;
use crate::import::Scale;
pub(crate) use child::last_line;
use child::{Child, Home};
use report::Report;

/// `banyan demo`
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Ends with 0 when everything adds up, every order ended, and (without faults) at least 70 % were completed; with 2 when
something does not add up, with 3 when too few were completed. About one order in seven ends short of stock on purpose,
and what the input gives back is sent back.

Examples:
  banyan demo                               200 orders of a real shop
  banyan demo --orders 5000 --faults        with lost answers, doubled requests, lost parcels, customers who change
                                            their minds, and peers that misbehave
  banyan demo --input online-retail.csv --orders 2000 --json
  banyan demo --keep                        then look at its orders with: banyan dev --data DIR")]
pub struct Args {
    /// How many orders
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub orders: u64,
    /// Orders of your own: an Online Retail CSV, or bodies of POST /orders, one in a line [default: a built-in sample]
    #[arg(long, value_name = "FILE")]
    pub input: Option<PathBuf>,
    /// Receive this many times the usual opening stock
    #[arg(long, value_name = "FACTOR", default_value = "1")]
    pub stock: Scale,
    /// Lose answers, double requests, cancel and send back, and let provider, carrier and mailbox misbehave
    #[arg(long)]
    pub faults: bool,
    /// What the misbehaviour is drawn from
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Keep the data afterwards
    #[arg(long)]
    pub keep: bool,
}

/// Runs the demo.
///
/// # Errors
/// The input cannot be read, or the services do not start or stop answering.
pub async fn run(args: &Args, context: &Context) -> Result<Exit> {
    let input = input::read(args)?;
    let home = Home::make(args, &context.config)?;
    context.output.note(format!("starting every service on {} ...", home.path().display()));
    let mut child = Child::start(&home, args, context).await?;
    context.output.note(format!("they run on {} and {}", child.ground.bus, child.ground.store));
    let ground = child.ground.clone();
    let context = Context { client: Client::new(&child.url)?, ..context.clone() };
    let outcome = tokio::select! {
        biased;
        () = stopped() => Err(None),
        outcome = drive::all(args, input, &context) => outcome.map_err(Some),
        ended = child.ended() => Err(Some(ended)),
    };
    context.output.progress_done();
    child.stop(&context.env).await;
    let report = match outcome {
        Ok(outcome) => Report::of(args, ground, outcome),
        Err(Some(error)) => return Err(home.blame(error)),
        Err(None) => return Err(Failure::new(Exit::Error, "stopped before the end").into()),
    };
    let example = report.example().map(str::to_owned);
    context.output.answer(&report, Report::text);
    let kept = home.leave(report.exit() != Exit::Ok);
    where_next(&context, kept, example.as_deref());
    Ok(report.exit())
}

/// Ends when somebody wants the demo to. Ctrl-C reaches the services too, so this is looked at before they are.
async fn stopped() {
    let terminate = tokio::signal::unix::signal(SignalKind::terminate());
    let Ok(mut terminate) = terminate else { return std::future::pending().await };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

/// The services are gone: what comes next begins with starting them again.
fn where_next(context: &Context, kept: Option<PathBuf>, example: Option<&str>) {
    match (kept, example) {
        (Some(data), example) => {
            context.output.note(format!("\nnext: banyan dev --data {}", data.display()));
            context.output.note("      banyan order list --status cancelled");
            if let Some(id) = example {
                context.output.note(format!("      banyan order timeline {id}"));
            }
        }
        (None, _) => {
            context
                .output
                .note("\nnext: banyan demo --keep       the same, and its data stays to be looked at");
            context.output.note("      banyan dev               to place your own orders");
        }
    }
}
