//! What the demo says at its end.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::Args;
use super::drive::Outcome;
use super::watch::percentile;
use crate::cli::Exit;
use crate::client::Activity;
use crate::commands::opening::Opened;
use crate::commands::shown::{count, counted, rows, text};
use crate::output::table;

/// Of a hundred orders so many must be confirmed when nothing goes wrong and the stock is as usual ...
const CONFIRMED_PERCENT: u64 = 70;
/// ... and there are so many orders. Among fewer, one SKU of which there is half decides too much.
const ENOUGH: u64 = 50;
/// Sentences of one kind that are told in full.
const TOLD: usize = 20;

/// The last line for programs. The names of the first nine stay.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    orders: u64,
    completed: u64,
    confirmed: u64,
    cancelled: u64,
    violations: usize,
    orders_per_s: f64,
    p50_ms: Option<f64>,
    p99_ms: Option<f64>,
    ignored: BTreeMap<String, u64>,
    cancel_reasons: BTreeMap<String, u64>,
    violated: Vec<String>,
    refused: Vec<String>,
    unanswered: Vec<String>,
    dead_letters: u64,
    seconds: f64,
    services: BTreeMap<String, Activity>,
    stock: Opened,
    bad_lines: usize,
    returns_pending: u64,
    faults: bool,
    seed: u64,
    mischief: BTreeMap<&'static str, u64>,
    #[serde(skip)]
    example: Option<String>,
    #[serde(skip)]
    must_confirm: bool,
}

impl Report {
    pub(super) fn of(args: &Args, outcome: Outcome) -> Self {
        let violated = violated(&outcome);
        let Outcome { orders, watch, tally, audit, activity, .. } = outcome;
        let latencies = watch.latencies();
        let seconds = watch.took().as_secs_f64();
        let ended = watch.ended_count() as f64;
        Self {
            orders,
            completed: tally.completed,
            confirmed: tally.confirmed,
            cancelled: tally.cancelled,
            violations: violated.len(),
            orders_per_s: if seconds > 0.0 { tenths(ended / seconds) } else { 0.0 },
            p50_ms: percentile(&latencies, 50).map(millis),
            p99_ms: percentile(&latencies, 99).map(millis),
            ignored: outcome.ignored,
            cancel_reasons: tally.cancel_reasons,
            violated,
            refused: outcome.refused,
            unanswered: outcome.unanswered,
            dead_letters: number(&audit, "/dead_letters"),
            seconds: tenths(seconds),
            services: activity,
            stock: outcome.stock,
            bad_lines: outcome.bad_lines.len(),
            returns_pending: outcome.returns_pending,
            faults: args.faults,
            seed: args.seed,
            mischief: outcome.mischief,
            example: tally.example,
            must_confirm: !args.faults && orders >= ENOUGH && args.stock.apply(1_000_000) >= 1_000_000,
        }
    }

    /// A cancelled order, to look at.
    pub(super) fn example(&self) -> Option<&str> {
        self.example.as_deref()
    }

    /// How the demo ends.
    pub(super) fn exit(&self) -> Exit {
        if self.violations > 0 {
            return Exit::Broken;
        }
        if !self.refused.is_empty() || !self.unanswered.is_empty() {
            return Exit::Error;
        }
        if self.must_confirm && self.confirmed * 100 < self.orders * CONFIRMED_PERCENT {
            return Exit::GoalMissed;
        }
        Exit::Ok
    }

    /// For people.
    pub(super) fn text(&self) -> String {
        let mut lines = vec![format!(
            "\n{} in {:.1} s ({:.0}/s): {} confirmed, {} cancelled",
            counted(self.orders, "order"),
            self.seconds,
            self.orders_per_s,
            count(self.confirmed),
            count(self.cancelled)
        )];
        if let (Some(p50), Some(p99)) = (self.p50_ms, self.p99_ms) {
            lines.push(format!("  from POST to order.confirmed   p50 {p50} ms, p99 {p99} ms"));
        }
        lines.extend(listed("cancelled because", &self.cancel_reasons));
        lines.extend(listed("requests on a bad day", &self.mischief));
        lines.extend(listed("left out of the input (lines)", &self.ignored));
        if self.returns_pending > 0 {
            lines.push(format!("  returns not asked for yet      {}", count(self.returns_pending)));
        }
        lines.push(format!("\n{}\n", self.services_text()));
        lines.push(match self.violations {
            0 => format!("audit of {}: everything adds up", counted(self.orders, "order")),
            n => format!("audit of {}: {}", counted(self.orders, "order"), counted(n as u64, "violation")),
        });
        lines.extend(told(&self.violated));
        lines.extend(told(&self.refused));
        lines.extend(told(&self.unanswered));
        if self.exit() == Exit::GoalMissed {
            lines.push(format!("fewer than {CONFIRMED_PERCENT} % were confirmed"));
        }
        lines.join("\n")
    }

    fn services_text(&self) -> String {
        let head = ["what each service did", "handled", "published", "copies", "put off", "given up"];
        let mut lines = vec![head.map(str::to_owned).to_vec()];
        lines.extend(self.services.iter().map(|(service, activity)| {
            let Activity { handled, published, duplicate, delayed, dead, .. } = *activity;
            let numbers = [handled, published, duplicate, delayed, dead].map(count);
            std::iter::once(format!("  {service}")).chain(numbers).collect()
        }));
        table(&lines)
    }
}

/// Everything that must hold and does not.
fn violated(outcome: &Outcome) -> Vec<String> {
    let Outcome { tally, audit, .. } = outcome;
    let mut violated: Vec<String> =
        rows(audit, "/violations").iter().map(|sentence| text(sentence, "")).collect();
    violated.extend(outcome.contradictions.iter().cloned());
    violated.extend(tally.open.iter().cloned());
    let most = outcome.orders - outcome.refused.len() as u64;
    if !(outcome.taken..=most).contains(&tally.orders) {
        violated.push(format!("{} orders were taken, but the shop lists {}", outcome.taken, tally.orders));
    }
    let dead = number(audit, "/dead_letters");
    if dead > 0 {
        violated.push(format!("{} although nothing was poisoned", counted(dead, "dead letter")));
    }
    let in_flight = number(audit, "/in_flight");
    if in_flight > 0 {
        violated.push(format!("{} did not come to rest", counted(in_flight, "order")));
    }
    violated
}

fn number(audit: &Value, pointer: &str) -> u64 {
    audit.pointer(pointer).and_then(Value::as_u64).unwrap_or(0)
}

fn listed(what: &str, counts: &BTreeMap<impl AsRef<str>, u64>) -> Option<String> {
    let counts: Vec<String> =
        counts.iter().map(|(name, n)| format!("{} {}", name.as_ref(), count(*n))).collect();
    if counts.is_empty() { None } else { Some(format!("  {what:<30} {}", counts.join(", "))) }
}

fn told(sentences: &[String]) -> Vec<String> {
    let mut told: Vec<String> = sentences.iter().take(TOLD).map(|sentence| format!("  {sentence}")).collect();
    if sentences.len() > TOLD {
        told.push(format!("  ... and {} more", count((sentences.len() - TOLD) as u64)));
    }
    told
}

fn tenths(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

fn millis(duration: Duration) -> f64 {
    tenths(duration.as_secs_f64() * 1_000.0)
}
