//! `banyan order timeline`

use anyhow::Result;
use serde_json::json;

use super::journey::{End, Journey, Style, draw};
use crate::cli::{Context, Exit};
use crate::commands::shown::{event_name, money, text, time};
use crate::output;

/// Shows what every service did for an order, as a tree of causes.
///
/// Each line: how long after the placing, how long after its cause, what happened, who did it, and what it means.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
What payment, the carrier and the dead letters tell of the same order is among it. The last line says how the order
ended, and why.

Examples:
  banyan order timeline 0199...
  banyan order timeline 0199... --flat
  banyan order timeline 0199... --json")]
pub struct Args {
    /// The order's id
    #[arg(value_name = "ORDER")]
    id: String,
    /// One after another instead of a tree
    #[arg(long)]
    flat: bool,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<Exit> {
    let journey = Journey::of(&context.client, &args.id).await?.with_others(&context.client).await?;
    let end = End::of(&journey);
    let answer = json!({ "order_id": args.id, "entries": journey.entries, "end": end });
    let style = Style { is_flat: args.flat, width: output::width() };
    context.output.answer(&answer, |_| {
        let order = &journey.order;
        let head = format!(
            "order {}, {}, placed {} UTC",
            args.id,
            money(order, "/total_minor"),
            time(order, "/placed_at")
        );
        format!("{head}\n\n{}\n\n{}", draw(&journey.entries, style), end.sentence)
    });
    context.next(&next(&args.id, &journey, &end).iter().map(String::as_str).collect::<Vec<_>>());
    Ok(Exit::Ok)
}

/// What goes on from here: what is wrong first.
pub(super) fn next(id: &str, journey: &Journey, end: &End) -> Vec<String> {
    if let Some(letter) = journey.letters.first() {
        let letter = text(letter, "/id");
        return vec![format!("dlq show {letter}"), format!("dlq redrive --id {letter}")];
    }
    if end.ended {
        return vec![format!("order get {id}"), format!("payments show {id}")];
    }
    let mut next = vec![format!("order watch {id}")];
    let waits = journey.order.pointer("/stalled/waiting_for").and_then(|name| name.as_str()).map(event_name);
    if let Some((noun, _)) = waits.and_then(|name| name.split_once('.')) {
        let noun = if noun == "payment" { "payments show" } else { "shipments list --order" };
        next.push(format!("{noun} {id}"));
    }
    next
}
