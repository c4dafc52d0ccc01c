//! `banyan mail`: what was written to customers and to operators.

use anyhow::Result;
use clap::Subcommand;
use serde_json::Value;

use crate::cli::{Context, Exit};
use crate::client::escaped;
use crate::commands::listing::{As, Column, List, Page, facts, table_of};
use crate::commands::shown::{rows, text};

/// The verbs.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// List messages of an order or a customer, or those that are not sent; newest first
    #[command(after_help = "\
Examples:
  banyan mail list --order 0199...
  banyan mail list --customer c-17850
  banyan mail list                          those that failed")]
    List {
        /// About this order
        #[arg(long, value_name = "ORDER", conflicts_with_all = ["customer", "status"])]
        order: Option<String>,
        /// To this customer
        #[arg(long, value_name = "CUSTOMER", conflicts_with = "status")]
        customer: Option<String>,
        /// That stand so [default: failed]
        #[arg(long, value_name = "STATUS", value_parser = ["sending", "unknown", "failed"])]
        status: Option<String>,
        /// How many, and from where.
        #[command(flatten)]
        page: Page,
    },
    /// Show one message as it was written
    Show {
        /// The message's id
        #[arg(value_name = "MESSAGE")]
        id: String,
    },
}

const LISTED: &[Column] = &[
    ("message", "/notification_id", As::Text),
    ("template", "/template", As::Text),
    ("status", "/status", As::Text),
    ("reason", "/reason", As::Text),
    ("to", "/to", As::Text),
    ("written", "/written_at", As::Time),
];

const SHOWN: &[Column] = &[
    ("message", "/notification_id", As::Text),
    ("order", "/order_id", As::Text),
    ("customer", "/customer_id", As::Text),
    ("status", "/status", As::Text),
    ("reason", "/reason", As::Text),
    ("mailbox says", "/provider_code", As::Text),
    ("reference", "/provider_reference", As::Text),
    ("written", "/written_at", As::Time),
    ("to", "/to", As::Text),
    ("subject", "/subject", As::Text),
];

/// Does what was asked.
///
/// # Errors
/// What the running banyan refuses, or that there is none.
pub async fn run(command: Command, context: &Context) -> Result<Exit> {
    match command {
        Command::List { order, customer, status, page } => {
            let status = match (&order, &customer) {
                (None, None) => Some(status.as_deref().unwrap_or("failed")),
                _ => None,
            };
            let asked = vec![
                ("order", "order_id", order.as_deref()),
                ("customer", "customer_id", customer.as_deref()),
                ("status", "status", status),
            ];
            let list = List { command: "mail list", path: "/notifications", asked, page: &page };
            let answer: Value = context.client.get(&list.route()).await?;
            let mails = rows(&answer, "/notifications");
            context.output.answer(&answer, |_| table_of(mails, LISTED, "no such messages"));
            let first = mails.first().map(|first| format!("mail show {}", text(first, "/notification_id")));
            list.next(&answer, first.as_deref().unwrap_or("mail list --help"), context);
        }
        Command::Show { id } => {
            let mail: Value = context.client.get(&format!("/notifications/{}", escaped(&id))).await?;
            context.output.answer(&mail, mail_text);
            match mail.get("order_id").and_then(Value::as_str) {
                Some(order) => context.next(&[&format!("mail list --order {order}")]),
                None => context.next(&["mail list"]),
            }
        }
    }
    Ok(Exit::Ok)
}

fn mail_text(mail: &Value) -> String {
    let body = mail.get("text").and_then(Value::as_str);
    let body = body.unwrap_or("What was written is not kept, or was never written.");
    format!("{}\n\n{}", facts(mail, SHOWN), body.trim_end())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_message_is_shown_as_it_was_written() {
        let mut mail = json!({
            "notification_id": "o-1/order-placed/email", "status": "sent", "to": "a***@example.org",
            "subject": "Your order", "text": "Dear Ada,\nthank you.\n",
        });
        let facts = "message  o-1/order-placed/email\nstatus   sent\nto       a***@example.org\nsubject  Your order\n\n";
        assert_eq!(mail_text(&mail), format!("{facts}Dear Ada,\nthank you."));
        mail["text"] = Value::Null;
        assert!(mail_text(&mail).contains("not kept"));
    }
}
