//! `banyan topology`: who hears what, and making on a broker or in an account what that takes.

#[cfg(feature = "aws")]
mod terraform;

use std::collections::BTreeMap;

use anyhow::Result;
use bus::Wiring;
use clap::{Subcommand, ValueEnum};
use serde::Serialize;

use crate::backends::{self, Backends, Wishes};
use crate::cli::{Context, Exit, Failure};
use crate::commands::shown::counted;
use crate::config::{BlobsKind, BusKind, KeysKind};
use crate::output::{Output, table};
use crate::wiring;

/// The verbs.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Show each service's queue, and the events that go into it
    #[command(after_help = "\
Examples:
  banyan topology show
  banyan topology show --format mermaid > topology.mmd
  banyan topology show --format terraform --prefix shop > banyan.tf")]
    Show {
        /// How
        #[arg(long, value_enum, default_value_t = Format::Text)]
        format: Format,
    },
    /// Make what is missing of it on the broker or in the account that --bus names; nothing is taken away
    #[command(after_help = "\
Services make it themselves when they start. Where they may not, somebody who may does so with this, before them; doing it
again changes nothing.

Examples:
  banyan topology apply --bus aws
  banyan topology apply --bus rabbitmq --prefix staging --json")]
    Apply,
    /// Say what is missing of it there, or is otherwise; changes nothing
    #[command(after_help = "\
Ends with 4 when something is. On RabbitMQ it tells nothing of bindings, as a broker cannot be asked for them by the protocol
that services speak; `apply` makes each of them again.

Examples:
  banyan topology diff --bus aws
  banyan topology diff --bus rabbitmq --prefix staging --json")]
    Diff,
    /// Remove all of it there, with everything that waits in queues and everything that services know
    #[command(after_help = "\
Removes what begins with --prefix, by the names that this version gives: exchange or topics, queues and dead queues, and the
tables with their schema or the table, the bucket of --blobs s3 and the key of --keys kms (unless --kms-key names one), which
KMS keeps for seven days more. What somebody else made or keeps there stays, and the schema and the bucket with it. Stop the
services first: a service that runs makes its part again. Without --yes it only says what it would remove.

Example:
  banyan topology destroy --bus aws --prefix staging --yes")]
    Destroy {
        /// Do it: what is removed cannot be had back
        #[arg(long)]
        yes: bool,
    },
}

/// How a topology is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs; the same as --json.
    Json,
    /// As a picture, for whatever draws Mermaid.
    Mermaid,
    /// As resources of AWS, under the names that begin with --prefix.
    Terraform,
}

/// A queue, and what goes into it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Queue {
    queue: String,
    events: Vec<String>,
}

/// Does what was asked.
///
/// # Errors
/// The embedded bus has nothing to be made, or what `--bus` names cannot be reached.
pub async fn run(command: Command, context: &Context) -> Result<Exit> {
    match command {
        Command::Show { format } => {
            show(format, context)?;
            Ok(Exit::Ok)
        }
        Command::Apply => apply(context).await,
        Command::Diff => diff(context).await,
        Command::Destroy { yes } => destroy(context, yes).await,
    }
}

fn show(format: Format, context: &Context) -> Result<()> {
    let wiring = wiring::wiring();
    let queues = queues(&wiring);
    match format {
        Format::Json => drop(Output { json: true }.answer(&queues, |_| String::new())),
        Format::Mermaid => drop(context.output.line(mermaid(&queues))),
        Format::Text => drop(context.output.answer(&queues, |queues| in_text(queues))),
        Format::Terraform => drop(context.output.line(in_terraform(&wiring, context)?)),
    }
    Ok(())
}

#[cfg(feature = "aws")]
#[expect(clippy::unnecessary_wraps, reason = "the same shape as without the feature")]
fn in_terraform(wiring: &Wiring, context: &Context) -> Result<String> {
    Ok(terraform::of(wiring, &context.config))
}

#[cfg(not(feature = "aws"))]
fn in_terraform(_: &Wiring, _: &Context) -> Result<String> {
    Err(backends::not_compiled("--format terraform"))
}

/// Refuses the embedded bus, whose file is all there is.
fn is_elsewhere(context: &Context) -> Result<()> {
    if context.config.chosen.bus == BusKind::Embedded {
        let text =
            "the embedded bus makes its queues in its own file when it starts; name another one with --bus";
        return Err(Failure::usage(text).into());
    }
    Ok(())
}

async fn diff(context: &Context) -> Result<Exit> {
    is_elsewhere(context)?;
    let config = &context.config;
    let found = backends::differences(config, &context.env).await?;
    let rows: Vec<_> =
        found.iter().map(|one| serde_json::json!({ "what": one.what, "how": one.how })).collect();
    context.output.answer(&serde_json::json!({ "bus": config.chosen.bus, "differences": rows }), |_| {
        match found.as_slice() {
            [] => format!("--bus {} and --store {}: all there", config.chosen.bus, config.chosen.store),
            found => {
                table(&found.iter().map(|one| vec![one.what.clone(), one.how.clone()]).collect::<Vec<_>>())
            }
        }
    });
    if found.is_empty() {
        return Ok(Exit::Ok);
    }
    context.next(&[&format!("topology apply --bus {}", config.chosen.bus)]);
    Ok(Exit::NotReady)
}

async fn destroy(context: &Context, is_meant: bool) -> Result<Exit> {
    is_elsewhere(context)?;
    let config = &context.config;
    let (bus, store, prefix) = (config.chosen.bus, config.chosen.store, &config.chosen.prefix);
    let large = &config.chosen.large;
    let mut what =
        format!("all queues and subscriptions of {prefix} on --bus {bus}, all data in --store {store}");
    if large.blobs == BlobsKind::S3 {
        what += ", all large data in S3";
    }
    if large.keys == KeysKind::Kms && large.kms_key.is_empty() {
        what += ", and in seven days the key in KMS";
    }
    what += "; what somebody else made or keeps there stays";
    if !is_meant {
        let text = format!("this would remove {what}; say --yes to do so");
        return Err(Failure::usage(text).into());
    }
    backends::demolish(config, &context.env).await?;
    let told = serde_json::json!({ "bus": bus, "prefix": prefix, "destroyed": true });
    context.output.answer(&told, |_| format!("removed {what}"));
    context.next(&[&format!("topology apply --bus {bus}")]);
    Ok(Exit::Ok)
}

async fn apply(context: &Context) -> Result<Exit> {
    is_elsewhere(context)?;
    let config = &context.config;
    let wishes = Wishes { memory: true, ..Wishes::default() };
    let backends = Backends::open(config, wishes, &context.env).await?;
    let wiring = wiring::wiring();
    let queues = queues(&wiring);
    let declared = backends.bus.declare(wiring).await;
    backends.close().await;
    declared?;
    context.output.answer(&serde_json::json!({ "bus": config.chosen.bus, "queues": queues }), |_| {
        let events: usize = queues.iter().map(|queue| queue.events.len()).sum();
        format!(
            "{} with {} on --bus {}, and --store {}: all there",
            counted(queues.len() as u64, "queue"),
            counted(events as u64, "subscription"),
            config.chosen.bus,
            config.chosen.store
        )
    });
    context.output.note(format!("\nnext: banyan dev --bus {}", config.chosen.bus));
    Ok(Exit::Ok)
}

fn queues(wiring: &Wiring) -> Vec<Queue> {
    let mut events: BTreeMap<&str, Vec<String>> =
        wiring.queues.iter().map(|queue| (queue.as_str(), Vec::new())).collect();
    for (kind, subscribers) in &wiring.subscribers {
        for queue in subscribers {
            events.entry(queue).or_default().push(kind.to_string());
        }
    }
    events.into_iter().map(|(queue, events)| Queue { queue: queue.to_owned(), events }).collect()
}

fn in_text(queues: &[Queue]) -> String {
    let row = |queue: &str, nth: usize, event: &str| {
        vec![if nth == 0 { queue.to_owned() } else { String::new() }, event.to_owned()]
    };
    let rows = queues.iter().flat_map(|Queue { queue, events }| {
        events.iter().enumerate().map(move |(nth, event)| row(queue, nth, event))
    });
    table(&rows.collect::<Vec<_>>())
}

/// An arrow for each event and each queue that it goes into.
fn mermaid(queues: &[Queue]) -> String {
    let arrows = queues.iter().flat_map(|Queue { queue, events }| {
        events.iter().map(move |event| format!("\n    {event} --> {queue}"))
    });
    format!("flowchart LR{}", arrows.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_queue_is_shown_with_what_goes_into_it() {
        let queues = queues(&wiring::wiring());
        let names: Vec<&str> = queues.iter().map(|queue| queue.queue.as_str()).collect();
        assert_eq!(names, ["inventory", "notification", "orders", "payment", "shipping"]);
        let payment = &queues[3].events;
        assert!(payment.iter().any(|event| event == "shop.banyan.shipment.ready.v1"), "{payment:?}");
        assert!(!payment.iter().any(|event| event.starts_with("shop.banyan.payment.")), "{payment:?}");
        let drawn = mermaid(&queues);
        assert!(drawn.contains("\n    shop.banyan.shipment.ready.v1 --> payment"), "{drawn}");
        assert_eq!(drawn.lines().count(), 1 + queues.iter().map(|queue| queue.events.len()).sum::<usize>());
        assert!(in_text(&queues).contains("payment"));
    }
}
