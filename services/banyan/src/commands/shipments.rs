//! `banyan shipments`: where parcels are.

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
    /// List shipments, newest first
    #[command(after_help = "\
Examples:
  banyan shipments list --status ready
  banyan shipments list --status trouble    what a person should look at
  banyan shipments list --order 0199...")]
    List {
        /// Only of this order
        #[arg(long, value_name = "ORDER")]
        order: Option<String>,
        /// Only those that stand so: ready, dispatched, delivered, lost, ...; or trouble
        #[arg(long, value_name = "STATUS")]
        status: Option<String>,
        /// How many, and from where.
        #[command(flatten)]
        page: Page,
    },
    /// Show one shipment, and where it was seen
    Show {
        /// The shipment's id: its order's, followed by -s1
        #[arg(value_name = "SHIPMENT")]
        id: String,
    },
}

const LISTED: &[Column] = &[
    ("shipment", "/shipment_id", As::Text),
    ("status", "/status", As::Text),
    ("reason", "/reason", As::Text),
    ("tracking", "/tracking_number", As::Text),
    ("trouble", "/trouble", As::Text),
    ("opened", "/opened_at", As::Time),
];

const SHOWN: &[Column] = &[
    ("shipment", "/shipment_id", As::Text),
    ("order", "/order_id", As::Text),
    ("status", "/status", As::Text),
    ("reason", "/reason", As::Text),
    ("trouble", "/trouble", As::Text),
    ("carrier", "/carrier", As::Text),
    ("tracking", "/tracking_number", As::Text),
    ("follow at", "/tracking_url", As::Text),
    ("opened", "/opened_at", As::Time),
];

const LINES: &[Column] = &[("sku", "/sku", As::Text), ("quantity", "/quantity", As::Text)];

const SCANS: &[Column] = &[
    ("seen", "/at", As::Time),
    ("status", "/status", As::Text),
    ("code", "/code", As::Text),
    ("place", "/place", As::Text),
];

/// Does what was asked.
///
/// # Errors
/// What the running banyan refuses, or that there is none.
pub async fn run(command: Command, context: &Context) -> Result<Exit> {
    match command {
        Command::List { order, status, page } => {
            let asked =
                vec![("order", "order_id", order.as_deref()), ("status", "status", status.as_deref())];
            let list = List { command: "shipments list", path: "/shipments", asked, page: &page };
            let answer: Value = context.client.get(&list.route()).await?;
            let shipments = rows(&answer, "/shipments");
            context.output.answer(&answer, |_| table_of(shipments, LISTED, "no such shipments"));
            let first =
                shipments.first().map(|first| format!("shipments show {}", text(first, "/shipment_id")));
            list.next(&answer, first.as_deref().unwrap_or("order list"), context);
        }
        Command::Show { id } => {
            let shipment: Value = context.client.get(&format!("/shipments/{}", escaped(&id))).await?;
            context.output.answer(&shipment, shipment_text);
            context.next(&[&format!("order timeline {}", text(&shipment, "/order_id"))]);
        }
    }
    Ok(Exit::Ok)
}

fn shipment_text(shipment: &Value) -> String {
    let lines = table_of(rows(shipment, "/lines"), LINES, "no lines");
    let scans = table_of(rows(shipment, "/tracking"), SCANS, "not seen by the carrier yet");
    format!("{}\n\n{lines}\n\n{scans}", facts(shipment, SHOWN))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_shipment_is_shown_with_what_is_in_it_and_where_it_was_seen() {
        let mut shipment = json!({
            "shipment_id": "o-1-s1", "order_id": "o-1", "status": "ready", "carrier": "simulated",
            "lines": [{ "sku": "85123A", "quantity": 6 }], "tracking": [], "opened_at": "2026-11-22T20:00:00Z",
        });
        let facts = "shipment  o-1-s1\norder     o-1\nstatus    ready\ncarrier   simulated\nopened    2026-11-22 20:00:00.000\n\n\
                     sku     quantity\n85123A  6\n\n";
        assert_eq!(shipment_text(&shipment), format!("{facts}not seen by the carrier yet"));
        shipment["tracking"] = json!([{ "at": "2026-11-22T21:00:00Z", "status": "in_transit", "code": "DEP", "place": "Leeds" }]);
        let scans = "seen                     status      code  place\n2026-11-22 21:00:00.000  in_transit  DEP   Leeds";
        assert_eq!(shipment_text(&shipment), format!("{facts}{scans}"));
    }
}
