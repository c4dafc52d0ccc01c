//! `banyan topology`: who hears what, and making on a broker or in an account what that takes.

use std::collections::BTreeMap;

use anyhow::Result;
use bus::Wiring;
use clap::{Subcommand, ValueEnum};
use serde::Serialize;

use crate::backends::{Backends, Wishes};
use crate::cli::{Context, Exit, Failure};
use crate::commands::shown::counted;
use crate::config::BusKind;
use crate::output::{Output, table};
use crate::wiring;

/// The verbs.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Show each service's queue, and the events that go into it
    #[command(after_help = "\
Examples:
  banyan topology show
  banyan topology show --format mermaid > topology.mmd")]
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
            show(format, context);
            Ok(Exit::Ok)
        }
        Command::Apply => apply(context).await,
    }
}

fn show(format: Format, context: &Context) {
    let wiring = wiring::wiring();
    let queues = queues(&wiring);
    match format {
        Format::Json => drop(Output { json: true }.answer(&queues, |_| String::new())),
        Format::Mermaid => drop(context.output.line(mermaid(&queues))),
        Format::Text => drop(context.output.answer(&queues, |queues| in_text(queues))),
    }
}

async fn apply(context: &Context) -> Result<Exit> {
    let config = &context.config;
    if config.chosen.bus == BusKind::Embedded {
        let text =
            "the embedded bus makes its queues in its own file when it starts; name another one with --bus";
        return Err(Failure::usage(text).into());
    }
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
