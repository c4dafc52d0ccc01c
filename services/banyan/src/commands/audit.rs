//! `banyan audit`: whether everything adds up.

use anyhow::Result;
use serde_json::Value;

use crate::audit;
use crate::cli::{Context, Exit};
use crate::commands::shown::{counted, rows, text};

/// What every service says of itself, compared with the others and with the payment provider.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Ends with 2 when something does not add up. Orders that are still on their way are counted, not judged. The final state is
one number for what all orders and all stock came to, without ids and times: the same on every backend.

Example:
  banyan audit --json")]
pub struct Args {}

/// Asks for an audit.
///
/// # Errors
/// The running banyan cannot be asked, or cannot ask the provider.
pub async fn run(context: &Context) -> Result<Exit> {
    let report: Value = match context.client.is_apart() {
        true => serde_json::to_value(audit::of_all(&context.client).await?)?,
        false => context.client.get("/audit").await?,
    };
    context.output.answer(&report, report_text);
    if rows(&report, "/violations").is_empty() {
        let dead = report.get("dead_letters").and_then(Value::as_u64).unwrap_or(0);
        context.next(&[if dead > 0 { "dlq list" } else { "order list" }]);
        return Ok(Exit::Ok);
    }
    context.next(&["dlq list", "order timeline ORDER"]);
    Ok(Exit::Broken)
}

/// A report for people.
#[must_use]
pub fn report_text(report: &Value) -> String {
    let number = |pointer: &str| report.pointer(pointer).and_then(Value::as_u64).unwrap_or(0);
    let violations = rows(report, "/violations");
    let mut lines = vec![match violations.len() {
        0 => format!("{}: everything adds up", counted(number("/orders"), "order")),
        n => format!("{}: {}", counted(number("/orders"), "order"), counted(n as u64, "violation")),
    }];
    lines.extend(violations.iter().map(|violation| format!("  {}", text(violation, ""))));
    if number("/in_flight") > 0 {
        lines.push(format!("  still on the way: {}", number("/in_flight")));
    }
    if number("/dead_letters") > 0 {
        lines.push(format!("  dead letters: {}", number("/dead_letters")));
    }
    lines.push(format!("  final state: {}", text(report, "/final_state")));
    lines.extend(rows(report, "/stuck").iter().map(|stuck| format!("  stuck: {}", text(stuck, ""))));
    lines.join("\n")
}
