//! `banyan stock`: how much there is of something, and receipts and corrections of it.

use anyhow::Result;
use clap::Subcommand;
use serde_json::{Value, json};

use crate::cli::{Context, Exit};
use crate::client::{Patience, Write, escaped};
use crate::commands::shown::{rows, text};
use crate::output::table;

/// The verbs.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Show how much there is of one SKU, and where
    Get {
        /// What
        sku: String,
    },
    /// Book a receipt, a loss or a correction
    #[command(after_help = "\
Examples:
  banyan stock adjust 85123A --location main --delta 100 --reason received
  banyan stock adjust 85123A --location main --delta -2 --reason broken")]
    Adjust {
        /// What
        sku: String,
        /// Where it lies
        #[arg(long, value_name = "LOCATION")]
        location: String,
        /// How many pieces more, or with a minus fewer
        #[arg(long, value_name = "N", allow_negative_numbers = true)]
        delta: i64,
        /// Why, in a few words
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Idempotency-Key: the same adjustment with the same key again does nothing [default: a fresh one]
        #[arg(long, value_name = "KEY")]
        key: Option<String>,
    },
}

/// Does what was asked.
///
/// # Errors
/// What the running banyan refuses, or that there is none.
pub async fn run(command: Command, context: &Context) -> Result<Exit> {
    match command {
        Command::Get { sku } => get(&sku, context).await,
        Command::Adjust { sku, location, delta, reason, key } => {
            let key = key.unwrap_or_else(|| context.env.fresh_id().to_string());
            let body = json!({ "location": location, "delta": delta, "reason": reason });
            let write = Write::json(format!("/stock/{}/adjust", escaped(&sku)), Some(key), &body);
            let answer: Value =
                context.client.post_until_answered(&write, &context.env, Patience::PERSON).await?;
            context.output.answer(&answer, |_| format!("{sku} at {location}: {delta:+} ({reason})"));
            context.next(&[&format!("stock get {}", quoted(&sku))]);
            Ok(Exit::Ok)
        }
    }
}

/// As a shell takes it: SKUs may hold blanks.
fn quoted(sku: &str) -> String {
    if sku.contains(' ') { format!("'{sku}'") } else { sku.to_owned() }
}

const FIELDS: [&str; 5] = ["on_hand", "available", "reserved", "allocated", "quarantine"];

async fn get(sku: &str, context: &Context) -> Result<Exit> {
    let stock: Value = context.client.get(&format!("/stock/{}", escaped(sku))).await?;
    context.output.answer(&stock, |stock| {
        let line = |name: String, at: &Value| {
            std::iter::once(name).chain(FIELDS.iter().map(|field| text(at, &format!("/{field}")))).collect()
        };
        let head = std::iter::once("location").chain(FIELDS).map(str::to_owned).collect();
        let mut lines: Vec<Vec<String>> = vec![head];
        lines.extend(rows(stock, "/locations").iter().map(|at| line(text(at, "/location"), at)));
        lines.push(line("all".to_owned(), stock));
        table(&lines)
    });
    context.next(&[&format!("order place --customer c-1 --line '{sku}:1:100'")]);
    Ok(Exit::Ok)
}
