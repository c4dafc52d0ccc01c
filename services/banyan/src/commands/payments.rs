//! `banyan payments`: how payments stand, and what the provider said.

use anyhow::Result;
use clap::Subcommand;
use serde_json::{Value, json};

use crate::cli::{Context, Exit};
use crate::client::{Patience, Write, escaped};
use crate::commands::listing::{As, Column, List, Page, facts, table_of};
use crate::commands::shown::{rows, text};

/// The verbs.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// List payments
    #[command(after_help = "\
Examples:
  banyan payments list --status unknown     those of which nobody knows what the provider did
  banyan payments list --status captured --limit 100 --json")]
    List {
        /// Only those that stand so: unknown, authorized, captured, declined, ...
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
    /// Have the provider asked again about a payment in trouble
    #[command(
        after_help = "Examples:\n  banyan payments list --status trouble\n  banyan payments ask 0199..."
    )]
    Ask {
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
    ("trouble", "/trouble", As::Text),
];

const REFUNDS: &[Column] = &[
    ("refund", "/refund_id", As::Text),
    ("amount", "/amount_minor", As::Money),
    ("status", "/status", As::Text),
    ("reason", "/reason", As::Text),
    ("reference", "/provider_reference", As::Text),
];

const STEPS: &[Column] = &[
    ("at", "/at", As::Time),
    ("provider", "/kind", As::Text),
    ("what", "/words", As::Text),
    ("times", "/times", As::Text),
    ("key", "/key", As::Text),
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
            context.output.answer(&answer, |_| table_of(payments, LISTED, "no such payments"));
            let first = payments.first().map(|first| format!("payments show {}", text(first, "/order_id")));
            list.next(&answer, first.as_deref().unwrap_or("payments list --help"), context);
        }
        Command::Show { id } => {
            let payment: Value = context.client.get(&format!("/payments/{}", escaped(&id))).await?;
            context.output.answer(&payment, payment_text);
            context.next(&[&format!("order timeline {}", text(&payment, "/order_id"))]);
        }
        Command::Ask { id } => {
            let key = context.env.fresh_id().to_string();
            let write = Write::json(format!("/payments/{}/ask", escaped(&id)), Some(key), &json!({}));
            let answer: Value =
                context.client.post_until_answered(&write, &context.env, Patience::PERSON).await?;
            context.output.answer(&answer, |answer| {
                format!("the provider is asked again about payment {}", text(answer, "/payment_id"))
            });
            context.next(&[&format!("payments show {id}")]);
        }
    }
    Ok(Exit::Ok)
}

fn payment_text(payment: &Value) -> String {
    let mut parts = vec![facts(payment, SHOWN)];
    for (pointer, columns) in [("/refunds", REFUNDS), ("/history", STEPS)] {
        let rows = rows(payment, pointer);
        if !rows.is_empty() {
            parts.push(table_of(rows, columns, ""));
        }
    }
    parts.join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_payment_is_shown_with_its_refunds_and_each_step() {
        let at = "2026-11-22T20:00:00Z";
        let payment = json!({
            "payment_id": "o-1", "order_id": "o-1", "status": "captured", "amount_minor": 1530,
            "captured_minor": 1530, "currency": "GBP", "reason": null,
            "refunds": [{ "refund_id": "r-1", "amount_minor": 255, "currency": "GBP", "status": "refunded" }],
            "history": [{ "at": at, "key": "pay-o-1-capture-1", "kind": "asked", "words": "take 15.30 GBP", "times": 2 }],
        });
        let want = "\
payment   o-1
order     o-1
status    captured
amount    15.30 GBP
captured  15.30 GBP

refund  amount    status    reason  reference
r-1     2.55 GBP  refunded  -       -

at                       provider  what            times  key
2026-11-22 20:00:00.000  asked     take 15.30 GBP  2      pay-o-1-capture-1";
        assert_eq!(payment_text(&payment), want);
        assert_eq!(payment_text(&json!({ "status": "free", "refunds": [] })), "status  free");
    }
}
