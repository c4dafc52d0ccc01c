//! `banyan order get` and `list`

use anyhow::Result;
use serde_json::Value;

use crate::cli::{Context, Exit};
use crate::client::{escaped, with_query};
use crate::commands::shown::{money, rows, text, time};
use crate::output::table;

const STATUSES: [&str; 8] = [
    "placed",
    "action_required",
    "confirmed",
    "cancelling",
    "dispatched",
    "delivered",
    "completed",
    "cancelled",
];

/// Lists orders, newest first.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Examples:
  banyan order list --status cancelled
  banyan order list --customer c-17850 --limit 100 --json")]
pub struct List {
    /// Only this customer's
    #[arg(long, value_name = "CUSTOMER")]
    customer: Option<String>,
    /// Only those that stand so
    #[arg(long, value_name = "STATUS", value_parser = STATUSES)]
    status: Option<String>,
    /// At most this many, up to 100 [default: 20]
    #[arg(long, value_name = "N")]
    limit: Option<u32>,
    /// Go on where an earlier page ended
    #[arg(long, value_name = "CURSOR")]
    cursor: Option<String>,
}

pub(super) async fn get(id: &str, context: &Context) -> Result<Exit> {
    let order: Value = context.client.get(&format!("/orders/{}", escaped(id))).await?;
    context.output.answer(&order, order_text);
    context.next(&[&format!("order timeline {id}")]);
    Ok(Exit::Ok)
}

fn order_text(order: &Value) -> String {
    let mut status = text(order, "/status");
    if let Some(reason) = order.get("cancel_reason").and_then(Value::as_str) {
        status.push_str(&format!(" ({reason})"));
    }
    let payment = |amount: &str| money(order, &format!("/payment/{amount}"));
    let mut facts = vec![
        ("order", text(order, "/order_id")),
        ("status", status),
        ("customer", text(order, "/customer_id")),
        ("total", money(order, "/total_minor")),
        ("payment", text(order, "/payment/status")),
        ("authorized", payment("authorized_minor")),
        ("captured", payment("captured_minor")),
        ("refunded", payment("refunded_minor")),
        ("placed", time(order, "/placed_at")),
        ("updated", time(order, "/updated_at")),
    ];
    for shipment in rows(order, "/shipments") {
        let tracking = text(shipment, "/tracking_number");
        facts.push(("shipment", format!("{} {tracking}", text(shipment, "/status"))));
    }
    let facts: Vec<_> = facts.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect();
    let mut lines = vec![["sku", "quantity", "unit price (minor)"].map(str::to_owned).to_vec()];
    lines.extend(
        rows(order, "/lines").iter().map(|line| {
            ["/sku", "/quantity", "/unit_price_minor"].map(|pointer| text(line, pointer)).to_vec()
        }),
    );
    format!("{}\n\n{}", table(&facts), table(&lines))
}

pub(super) async fn list(args: &List, context: &Context) -> Result<Exit> {
    let limit = args.limit.map(|limit| limit.to_string());
    let path = with_query(
        "/orders",
        &[
            ("customer_id", args.customer.as_deref()),
            ("status", args.status.as_deref()),
            ("limit", limit.as_deref()),
            ("cursor", args.cursor.as_deref()),
        ],
    );
    let page: Value = context.client.get(&path).await?;
    let orders = rows(&page, "/orders");
    context.output.answer(&page, |_| list_text(orders));
    if let Some(cursor) = page.get("next_cursor").and_then(Value::as_str) {
        let mut more = "order list".to_owned();
        let given = [("customer", &args.customer), ("status", &args.status), ("limit", &limit)];
        for (flag, value) in given.into_iter().filter_map(|(flag, value)| Some((flag, value.as_ref()?))) {
            more.push_str(&format!(" --{flag} {value}"));
        }
        context.next(&[&format!("{more} --cursor {cursor}")]);
    } else if let Some(first) = orders.first() {
        context.next(&[&format!("order timeline {}", text(first, "/order_id"))]);
    } else {
        context.next(&["order place --help"]);
    }
    Ok(Exit::Ok)
}

fn list_text(orders: &[Value]) -> String {
    if orders.is_empty() {
        return "no such orders".to_owned();
    }
    let mut lines =
        vec![["order", "status", "reason", "customer", "total", "placed"].map(str::to_owned).to_vec()];
    lines.extend(orders.iter().map(|order| {
        vec![
            text(order, "/order_id"),
            text(order, "/status"),
            text(order, "/cancel_reason"),
            text(order, "/customer_id"),
            money(order, "/total_minor"),
            time(order, "/placed_at"),
        ]
    }));
    table(&lines)
}

#[cfg(test)]
mod tests {
    use contracts::order::OrderStatus;

    #[test]
    fn every_status_can_be_asked_for() {
        let all: Vec<&str> = OrderStatus::ALL.iter().map(|status| status.as_str()).collect();
        assert_eq!(super::STATUSES.as_slice(), all);
    }
}
