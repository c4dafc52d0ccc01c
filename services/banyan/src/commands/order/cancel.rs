//! `banyan order cancel`

use anyhow::Result;
use serde_json::{Value, json};

use crate::cli::{Context, Exit};
use crate::client::{Patience, Write, escaped};
use crate::commands::shown;

/// Cancels an order that is not confirmed yet; cancelling it again does no harm.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Example:\n  banyan order cancel 0199... --reason \"ordered twice\"")]
pub struct Args {
    /// The order's id
    #[arg(value_name = "ORDER")]
    id: String,
    /// Why, in a few words
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

pub(super) async fn run(args: &Args, context: &Context) -> Result<Exit> {
    let key = context.env.fresh_id().to_string();
    let path = format!("/orders/{}/cancel", escaped(&args.id));
    let write = Write::json(path, Some(key), &json!({ "reason": args.reason }));
    let answer: Value = context.client.post_until_answered(&write, &context.env, Patience::PERSON).await?;
    context.output.answer(&answer, |answer| {
        let (id, status) = (shown::text(answer, "/order_id"), shown::text(answer, "/status"));
        format!("order {id} {status} ({})", shown::text(answer, "/cancel_reason"))
    });
    context.next(&[&format!("order timeline {}", args.id)]);
    Ok(Exit::Ok)
}
