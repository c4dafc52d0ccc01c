//! `banyan payments`: how payments stand, and what the provider said.

use anyhow::Result;
use clap::Subcommand;
use serde_json::{Value, json};

use crate::cli::{Context, Exit};
use crate::client::escaped;
use crate::commands::listing::{As, Column, List, Page, facts, table_of};
use crate::commands::shown::{event_name, rows, text, time};
use crate::output::table;

/// The verbs.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// List payments by how they stand
    #[command(after_help = "\
Examples:
  banyan payments list                      those of which nobody knows what the provider did
  banyan payments list --status captured --limit 100 --json")]
    List {
        /// How they stand: unknown, authorized, captured, declined, ... [default: unknown]
        #[arg(long, value_name = "STATUS")]
        status: Option<String>,
        /// How many, and from where.
        #[command(flatten)]
        page: Page,
    },
    /// Show one payment, and each step of it
    Show {
        /// The payment's id, which is its order's
        #[arg(value_name = "ORDER")]
        id: String,
    },
}

const LISTED: &[Column] = &[
    ("order", "/order_id", As::Text),
    ("status", "/status", As::Text),
    ("amount", "/amount_minor", As::Money),
    ("captured", "/captured_minor", As::Money),
    ("refunded", "/refunded_minor", As::Money),
    ("reason", "/reason", As::Text),
];

const SHOWN: &[Column] = &[
    ("payment", "/payment_id", As::Text),
    ("order", "/order_id", As::Text),
    ("status", "/status", As::Text),
    ("reason", "/reason", As::Text),
    ("amount", "/amount_minor", As::Money),
    ("captured", "/captured_minor", As::Money),
    ("refunded", "/refunded_minor", As::Money),
    ("reference", "/provider_reference", As::Text),
    ("expires", "/expires_at", As::Time),
    ("to do", "/action_url", As::Text),
    ("dispute", "/dispute/dispute_id", As::Text),
    ("disputed", "/dispute/status", As::Text),
];

/// Does what was asked.
///
/// # Errors
/// What the running banyan refuses, or that there is none.
pub async fn run(command: Command, context: &Context) -> Result<Exit> {
    match command {
        Command::List { status, page } => {
            let asked = vec![("status", "status", status.as_deref())];
            let list = List { command: "payments list", path: "/payments", asked, page: &page };
            let answer: Value = context.client.get(&list.route()).await?;
            let payments = rows(&answer, "/payments");
            let none = format!("no payment is {}", status.as_deref().unwrap_or("unknown"));
            context.output.answer(&answer, |_| table_of(payments, LISTED, &none));
            let first = payments.first().map(|first| format!("payments show {}", text(first, "/order_id")));
            list.next(&answer, first.as_deref().unwrap_or("payments list --help"), context);
        }
        Command::Show { id } => {
            let payment: Value = context.client.get(&format!("/payments/{}", escaped(&id))).await?;
            context.output.answer(&payment, payment_text);
            context.next(&[&format!("order timeline {}", text(&payment, "/order_id"))]);
        }
    }
    Ok(Exit::Ok)
}

fn payment_text(payment: &Value) -> String {
    let mut parts = vec![facts(payment, SHOWN)];
    for (title, pointer) in [("refunds", "/refunds"), ("history", "/history")] {
        let rows = named_rows(payment, pointer);
        if !rows.is_empty() {
            parts.push(format!("{title}\n{}", table(&rows.iter().map(row).collect::<Vec<_>>())));
        }
    }
    parts.join("\n\n")
}

/// The rows at `pointer`: an array, or a map whose names become a field.
fn named_rows(payment: &Value, pointer: &str) -> Vec<Value> {
    match payment.pointer(pointer) {
        Some(Value::Array(rows)) => rows.clone(),
        Some(Value::Object(named)) => {
            let with_name = |(name, row): (&String, &Value)| {
                let mut row = row.clone();
                row["id"] = json!(name);
                row
            };
            named.iter().filter(|(_, row)| row.is_object()).map(with_name).collect()
        }
        _ => vec![],
    }
}

/// When, what, and all else that a step tells.
fn row(step: &Value) -> Vec<String> {
    let mut cells = vec![format!("  {}", time(step, "/at"))];
    let fields = step.as_object().into_iter().flatten();
    cells.extend(fields.filter(|(name, value)| *name != "at" && !value.is_null()).map(|(name, value)| {
        let value = text(value, "");
        if name == "type" { event_name(&value).to_owned() } else { format!("{name} {value}") }
    }));
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payment_is_shown_with_each_step() {
        let at = "2026-11-22T20:00:00Z";
        let payment = json!({
            "payment_id": "o-1", "order_id": "o-1", "status": "captured", "amount_minor": 1530,
            "captured_minor": 1530, "currency": "GBP", "reason": null,
            "history": [{ "at": at, "key": "pay-o-1-authorize-1", "state": "authorized" }],
        });
        let want = "payment   o-1\norder     o-1\nstatus    captured\namount    15.30 GBP\ncaptured  15.30 GBP\n\n\
                    history\n  2026-11-22 20:00:00.000  key pay-o-1-authorize-1  state authorized";
        assert_eq!(payment_text(&payment), want);
        assert!(!payment_text(&json!({ "status": "free" })).contains("history"));
    }

    #[test]
    fn refunds_are_rows_however_they_are_told() {
        let refund = json!({ "state": "refunded" });
        assert_eq!(named_rows(&json!({ "refunds": [refund] }), "/refunds"), [json!({ "state": "refunded" })]);
        let named = named_rows(&json!({ "refunds": { "r-1": { "state": "refunded" } } }), "/refunds");
        assert_eq!(named, [json!({ "state": "refunded", "id": "r-1" })]);
    }
}
