//! `banyan stock`: how much there is of something, and what moves it.

use std::str::FromStr;

use anyhow::Result;
use clap::{Subcommand, ValueEnum};
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
        /// Take also what is promised: carts and then the newest orders lose what is missing
        #[arg(long)]
        take_promised: bool,
        /// Idempotency-Key: the same adjustment with the same key again does nothing [default: a fresh one]
        #[arg(long, value_name = "KEY")]
        key: Option<String>,
    },
    /// Move pieces to another location: all lines or none
    #[command(after_help = "\
Examples:
  banyan stock transfer 85123A:20 71053:5 --from main --to east --reason 'closer to the customers'")]
    Transfer {
        /// What, and how many pieces
        #[arg(required = true, value_name = "SKU:N")]
        lines: Vec<Pieces>,
        /// Where they lie
        #[arg(long, value_name = "LOCATION")]
        from: String,
        /// Where they go
        #[arg(long, value_name = "LOCATION")]
        to: String,
        /// Why, in a few words
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Idempotency-Key: the same transfer with the same key again does nothing [default: a fresh one]
        #[arg(long, value_name = "KEY")]
        key: Option<String>,
    },
    /// Decide what becomes of pieces that came back
    #[command(after_help = "\
Examples:
  banyan stock quarantine 85123A restock 2 --location main --reason 'as good as new'
  banyan stock quarantine 85123A write-off 1 --location main --reason broken")]
    Quarantine {
        /// What
        sku: String,
        /// Whether they can be sold again
        decision: Decision,
        /// How many pieces
        quantity: u32,
        /// Where they lie
        #[arg(long, value_name = "LOCATION")]
        location: String,
        /// Why, in a few words
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Idempotency-Key: the same decision with the same key again does nothing [default: a fresh one]
        #[arg(long, value_name = "KEY")]
        key: Option<String>,
    },
}

/// What becomes of pieces that came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Decision {
    /// They are on sale again
    Restock,
    /// They are gone
    WriteOff,
}

/// Some pieces of one SKU, read from the end: a SKU may hold colons.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pieces {
    sku: String,
    quantity: u32,
}

impl FromStr for Pieces {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (sku, quantity) =
            text.rsplit_once(':').ok_or_else(|| format!("must be SKU:N, such as 85123A:20, got {text:?}"))?;
        let quantity =
            quantity.parse().map_err(|_| format!("the quantity must be a whole number, got {quantity:?}"))?;
        Ok(Self { sku: sku.to_owned(), quantity })
    }
}

/// Does what was asked.
///
/// # Errors
/// What the running banyan refuses, or that there is none.
pub async fn run(command: Command, context: &Context) -> Result<Exit> {
    match command {
        Command::Get { sku } => get(&sku, context).await,
        Command::Adjust { sku, location, delta, reason, take_promised, key } => {
            let mut body = json!({ "location": location, "delta": delta, "reason": reason });
            if take_promised {
                body["take_promised"] = true.into();
            }
            let answer = post(&format!("/stock/{}/adjust", escaped(&sku)), key, &body, context).await?;
            context.output.answer(&answer, |answer| {
                let head = format!("{sku} at {location}: {delta:+} ({reason})");
                std::iter::once(head)
                    .chain(rows(answer, "/short").iter().map(loser))
                    .collect::<Vec<_>>()
                    .join("\n")
            });
            context.next(&[&format!("stock get {}", quoted(&sku))]);
            Ok(Exit::Ok)
        }
        Command::Transfer { lines, from, to, reason, key } => {
            let moved: Vec<Value> =
                lines.iter().map(|line| json!({ "sku": line.sku, "quantity": line.quantity })).collect();
            let body = json!({ "from": from, "to": to, "lines": moved, "reason": reason });
            let answer = post("/stock/transfers", key, &body, context).await?;
            context.output.answer(&answer, |answer| {
                let line = |line: &Value| format!("{} of {}", text(line, "/quantity"), text(line, "/sku"));
                let lines: Vec<String> = rows(answer, "/lines").iter().map(line).collect();
                format!("{} from {from} to {to} ({reason})", lines.join(", "))
            });
            let first = lines.first().map(|line| quoted(&line.sku)).unwrap_or_default();
            context.next(&[&format!("stock get {first}")]);
            Ok(Exit::Ok)
        }
        Command::Quarantine { sku, decision, quantity, location, reason, key } => {
            let (word, done) = match decision {
                Decision::Restock => ("restock", "on sale again"),
                Decision::WriteOff => ("write_off", "written off"),
            };
            let body =
                json!({ "location": location, "quantity": quantity, "decision": word, "reason": reason });
            let answer = post(&format!("/stock/{}/quarantine", escaped(&sku)), key, &body, context).await?;
            context
                .output
                .answer(&answer, |_| format!("{quantity} of {sku} at {location}: {done} ({reason})"));
            context.next(&[&format!("stock get {}", quoted(&sku))]);
            Ok(Exit::Ok)
        }
    }
}

async fn post(path: &str, key: Option<String>, body: &Value, context: &Context) -> Result<Value> {
    let key = key.unwrap_or_else(|| context.env.fresh_id().to_string());
    let write = Write::json(path.to_owned(), Some(key), body);
    Ok(context.client.post_until_answered(&write, &context.env, Patience::PERSON).await?)
}

/// Who lost what.
fn loser(short: &Value) -> String {
    let who = match short.get("order_id").and_then(Value::as_str) {
        Some(id) => format!("order {id}"),
        None => "carts".to_owned(),
    };
    format!(
        "  {who}: {} of {} at {} missing",
        text(short, "/missing"),
        text(short, "/sku"),
        text(short, "/location")
    )
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_read_from_their_end() {
        let read = |text: &str| text.parse::<Pieces>().map(|pieces| (pieces.sku, pieces.quantity));
        assert_eq!(read("gift:1:20"), Ok(("gift:1".to_owned(), 20)));
        assert!(read("85123A").unwrap_err().contains("SKU:N"));
        assert!(read("85123A:-1").unwrap_err().contains("whole number"));
    }
}
