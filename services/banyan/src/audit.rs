//! What must hold across services, recomputed from movements, timelines and the provider's ledger, never from what is
//! checked.
//!
//! Sums within one service come from one snapshot of its own and are strict always. Rows of different services are
//! compared for orders at rest; whoever is still on the way is counted as in flight.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use contracts::PaymentId;
use payment::simulated::Page;
use payment::simulated::ledger::{Ledger, PaymentTotals};
use runtime::{Findings, Problem};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::http::Site;

/// What an audit found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Orders that were looked at.
    pub orders: u64,
    /// Of those, still on the way: compared with nobody yet.
    pub in_flight: u64,
    /// What must hold and does not, one sentence each.
    pub violations: Vec<String>,
    /// Messages that nobody could handle.
    pub dead_letters: u64,
    /// Orders that rest on a dead letter.
    pub stuck: Vec<String>,
}

/// Violations that one report lists; more are counted in the last line.
const LISTED: usize = 200;

/// Audits the running services and the provider's ledger.
///
/// # Errors
/// A problem: a service cannot read its own items, or the provider cannot be asked.
pub async fn run(site: &Site) -> Result<Report, Problem> {
    let findings = site.node.audit().await?;
    let (ledger, contradiction) = fetch(&site.peers.provider).await.map_err(|error| {
        Problem::new(503, "peer-unavailable", "Peer unavailable", format!("{error:#}"))
            .hint("the provider is started again by itself; try again")
            .retry_after(2)
    })?;
    let dead = site.node.dead_letters(&runtime::operate::Filter::default(), runtime::operate::PAGE).await?;
    let busy = site.node.queues().await?.iter().any(|queue| queue.waiting + queue.in_flight > 0);
    let mut report = compare(&findings, &ledger.payments(), busy);
    report.violations.extend(contradiction);
    report.dead_letters = dead.len() as u64;
    report.stuck = dead.into_iter().filter(|d| !d.subject.is_empty()).map(|d| d.subject).collect();
    report.stuck.sort();
    report.stuck.dedup();
    let more = report.violations.len().saturating_sub(LISTED);
    report.violations.truncate(LISTED);
    if more > 0 {
        report.violations.push(format!("... and {more} more"));
    }
    Ok(report)
}

/// The provider's ledger, rebuilt entry by entry from its export, as far as it agrees with itself.
async fn fetch(provider: &str) -> Result<(Ledger, Option<String>)> {
    let client = crate::client::Client::new(provider)?;
    let mut ledger = Ledger::default();
    let mut after = 0;
    loop {
        let page: Page = client
            .get(&format!("/v1/ledger?after={after}"))
            .await
            .context("the simulated provider cannot be asked for its ledger")?;
        for entry in &page.entries {
            if let Err(error) = ledger.apply(entry) {
                return Ok((ledger, Some(format!("provider: its ledger contradicts itself: {error}"))));
            }
        }
        match page.next_after {
            Some(next) => after = next,
            None => return Ok((ledger, None)),
        }
    }
}

/// What one order looks like from each side.
#[derive(Default)]
struct Sides<'a> {
    order: Option<&'a Value>,
    reservation: Option<&'a Value>,
    payment: Option<&'a Value>,
    ledger: PaymentTotals,
}

/// Puts the services' own findings beside each other and beside the provider's ledger. While messages are on their way
/// (`busy`) rows of different services may differ, and only what can never be is a violation.
#[must_use]
pub fn compare(
    findings: &[(&'static str, Findings)],
    ledger: &BTreeMap<PaymentId, PaymentTotals>,
    busy: bool,
) -> Report {
    let mut report = Report::default();
    let mut sides: BTreeMap<&str, Sides<'_>> = BTreeMap::new();
    for (service, found) in findings {
        report.violations.extend(found.violations.iter().map(|violation| format!("{service}: {violation}")));
        for (kind, facts) in &found.facts {
            for (id, fact) in facts {
                let side = match kind.as_str() {
                    "orders" => &mut sides.entry(id).or_default().order,
                    "reservations" => &mut sides.entry(id).or_default().reservation,
                    "payments" => &mut sides.entry(id).or_default().payment,
                    _ => continue,
                };
                *side = Some(fact);
            }
        }
    }
    for (payment_id, totals) in ledger {
        sides.entry(payment_id.as_str()).or_default().ledger = *totals;
    }
    for (id, sides) in &sides {
        report.orders += u64::from(sides.order.is_some());
        let found = judge(id, sides);
        if busy || !is_at_rest(sides) {
            report.in_flight += u64::from(!found.is_empty() || !is_at_rest(sides));
            report.violations.extend(never(id, sides));
        } else {
            report.violations.extend(found);
        }
    }
    report
}

fn text<'a>(side: Option<&'a Value>, name: &str) -> &'a str {
    side.and_then(|fact| fact.get(name)).and_then(Value::as_str).unwrap_or("absent")
}

/// Whether the order has come to an end and its payment is not being asked about.
fn is_at_rest(sides: &Sides<'_>) -> bool {
    let ended = matches!(text(sides.order, "status"), "confirmed" | "cancelled" | "completed");
    let asking =
        matches!(text(sides.payment, "state"), "authorizing" | "voiding" | "unknown" | "action_required");
    ended && !asking
}

/// What can never be, at rest or not.
fn never(id: &str, sides: &Sides<'_>) -> Vec<String> {
    let mut wrong = Vec::new();
    let PaymentTotals { open_authorizations, captured_minor, refunded_minor, .. } = sides.ledger;
    if open_authorizations > 1 {
        wrong
            .push(format!("order {id}: the provider has {open_authorizations} open authorizations, not one"));
    }
    if refunded_minor > captured_minor {
        wrong.push(format!("order {id}: {refunded_minor} refunded of {captured_minor} captured"));
    }
    wrong
}

/// What must hold for an order at rest.
fn judge(id: &str, sides: &Sides<'_>) -> Vec<String> {
    let mut wrong = never(id, sides);
    let mut say = |sentence: String| wrong.push(format!("order {id}: {sentence}"));
    let (reservation, payment) = (text(sides.reservation, "state"), text(sides.payment, "state"));
    let PaymentTotals { open_authorizations, held_minor, captured_minor, refunded_minor, .. } = sides.ledger;
    match text(sides.order, "status") {
        "confirmed" | "completed" => {
            let total =
                sides.order.and_then(|fact| fact.get("total_minor")).and_then(Value::as_i64).unwrap_or(-1);
            if reservation != "committed" {
                say(format!("confirmed, but its reservation is {reservation}"));
            }
            if sides.order.and_then(|fact| fact.get("lines"))
                != sides.reservation.and_then(|fact| fact.get("lines"))
            {
                say("confirmed, but other quantities are reserved than were ordered".to_owned());
            }
            if payment != "authorized" && payment != "free" {
                say(format!("confirmed, but its payment is {payment}"));
            }
            let amount = sides.payment.and_then(|fact| fact.get("amount_minor")).and_then(Value::as_i64);
            if let Some(amount) = amount.filter(|amount| *amount != total) {
                say(format!(
                    "confirmed over {total} minor units, but its payment is over {amount} minor units"
                ));
            }
            if held_minor + captured_minor != total {
                let has = held_minor + captured_minor;
                say(format!("confirmed over {total} minor units, but the provider holds or took {has}"));
            }
        }
        "cancelled" => {
            if !matches!(reservation, "released" | "rejected" | "cancelled" | "absent") {
                say(format!("cancelled, but its reservation is {reservation}"));
            }
            if open_authorizations > 0 {
                say(format!("cancelled, but the provider holds {held_minor} minor units"));
            }
            if captured_minor != refunded_minor {
                say(format!("cancelled, but {captured_minor} captured and {refunded_minor} refunded"));
            }
            if matches!(payment, "authorized" | "action_required") {
                say(format!("cancelled, but its payment is {payment}"));
            }
        }
        "absent" => {
            if open_authorizations > 0 {
                say("the provider holds money for an order that nobody has".to_owned());
            }
            if matches!(reservation, "reserved" | "committed") {
                say(format!("stock is {reservation} for an order that nobody has"));
            }
        }
        _ => {}
    }
    wrong
}

#[cfg(test)]
mod tests;
