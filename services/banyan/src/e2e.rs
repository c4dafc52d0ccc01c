//! `banyan e2e`: what becomes of orders, on the bus and the store that the configuration names, looked at from outside.
//!
//! On a broker each service is a process of its own, by `banyan serve`; on the embedded bus all are one, by `banyan dev`.
//! Each scenario says what an order shall come to, and asks the shop, and the ledgers of the provider, the carrier and the
//! mailbox, what it came to.

mod order;
mod poison;
mod process;
mod report;
mod restarts;
mod scenarios;
mod shop;

use anyhow::Result;

use crate::cli::{Context, Exit};
use crate::output::Output;
use report::{Outcome, Report};
use shop::Shop;

/// `banyan e2e`
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Ends with 2 when anything came otherwise than wanted. Every run has a --prefix of its own, so that runs do not meet; what it
made under that name on a broker, in a database or an account is removed when all went well.

Examples:
  banyan e2e
  banyan e2e --bus rabbitmq --restart-broker 'systemctl restart rabbitmq-server && rabbitmqctl await_startup' --json
  banyan e2e --bus aws --aws-endpoint http://127.0.0.1:4566")]
pub struct Args {
    /// How to restart the broker, as a line of shell that ends when it is up again [default: it is not restarted]
    #[arg(long, value_name = "COMMAND")]
    pub restart_broker: Option<String>,
}

/// Plays every scenario, one after another, on one shop.
///
/// # Errors
/// The shop does not start.
pub async fn run(args: &Args, context: &Context) -> Result<Exit> {
    let mut shop = Shop::open(context).await?;
    let mut report = Report::new(&context.config);
    context.output.note(format!("playing on {} and {} ...", report.bus, report.store));
    for scenario in scenarios::ALL {
        let outcome = scenarios::play(scenario, &mut shop, args).await;
        tell(report.add(scenario.name(), outcome), context.output);
    }
    let audit = shop.audit().await.map_or_else(Outcome::failed, Outcome::Played);
    tell(report.add("audit", audit), context.output);
    let exit = report.exit();
    shop.close(exit != Exit::Ok).await;
    context.output.answer(&report, Report::text);
    Ok(exit)
}

/// Also where the answer is one line for a program, somebody may watch.
fn tell(line: String, output: Output) {
    if output.json {
        output.warn(line);
    } else {
        output.line(line);
    }
}
