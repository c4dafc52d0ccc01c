//! What the demo says at its end.

mod funnel;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::Args;
use super::child::Ground;
use super::drive::Outcome;
use super::watch::percentile;
use crate::audit::{Ledger, Report as Audit};
use crate::cli::Exit;
use crate::client::Activity;
use crate::commands::opening::Opened;
use crate::commands::shown::{count, counted, rows, text};
use crate::output::table;

/// Of a hundred orders so many must be completed when nothing goes wrong and the stock is as usual ...
const COMPLETED_PERCENT: u64 = 70;
/// ... and there are so many orders. Among fewer, one SKU of which there is half decides too much.
const ENOUGH: u64 = 50;
/// Sentences of one kind that are told in full.
const TOLD: usize = 20;

/// The last line for programs. The names of the first nine stay.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) orders: u64,
    pub(super) completed: u64,
    /// Were confirmed at some time.
    pub(super) confirmed: u64,
    pub(super) cancelled: u64,
    pub(super) violations: usize,
    pub(super) orders_per_s: f64,
    /// From POST to the commit of order.confirmed.
    pub(super) p50_ms: Option<f64>,
    pub(super) p99_ms: Option<f64>,
    pub(super) ignored: BTreeMap<String, u64>,
    pub(super) placed_to_completed_p50_ms: Option<f64>,
    pub(super) placed_to_completed_p99_ms: Option<f64>,
    pub(super) dispatched: u64,
    pub(super) delivered: u64,
    pub(super) lost: u64,
    pub(super) brought_back: u64,
    /// Orders of which goods came back.
    pub(super) returned: u64,
    /// Orders of which money was given back.
    pub(super) refunded: u64,
    pub(super) disputes: u64,
    pub(super) stalled: u64,
    pub(super) mails: u64,
    /// How each peer's own ledger agrees with the services.
    pub(super) ledgers: BTreeMap<String, Ledger>,
    pub(super) cancel_reasons: BTreeMap<String, u64>,
    pub(super) violated: Vec<String>,
    pub(super) refused: Vec<String>,
    pub(super) unanswered: Vec<String>,
    pub(super) dead_letters: u64,
    pub(super) seconds: f64,
    pub(super) services: BTreeMap<String, Activity>,
    pub(super) stock: Opened,
    pub(super) bad_lines: usize,
    pub(super) returns_asked: u64,
    /// Not asked for: their order was not completed.
    pub(super) returns_pending: u64,
    /// What it ran on.
    #[serde(flatten)]
    pub(super) ground: Ground,
    pub(super) faults: bool,
    pub(super) seed: u64,
    pub(super) mischief: BTreeMap<&'static str, u64>,
    #[serde(skip)]
    example: Option<String>,
    #[serde(skip)]
    must_complete: bool,
}

impl Report {
    pub(super) fn of(args: &Args, ground: Ground, outcome: Outcome) -> Self {
        let violated = violated(&outcome);
        let Outcome { orders, watch, tally, audit, activity, .. } = outcome;
        let audit: Audit = serde_json::from_value(audit).unwrap_or_default();
        let (confirmed, completed) = (watch.until_confirmed(), watch.until_completed());
        let seconds = watch.took().as_secs_f64();
        let ended = watch.ended_count() as f64;
        let refused = outcome.refused.into_iter().chain(outcome.refused_wishes).collect();
        Self {
            orders,
            completed: tally.completed,
            confirmed: audit.counts.confirmed,
            cancelled: tally.cancelled,
            violations: violated.len(),
            orders_per_s: if seconds > 0.0 { tenths(ended / seconds) } else { 0.0 },
            p50_ms: percentile(&confirmed, 50).map(millis),
            p99_ms: percentile(&confirmed, 99).map(millis),
            ignored: outcome.ignored,
            placed_to_completed_p50_ms: percentile(&completed, 50).map(millis),
            placed_to_completed_p99_ms: percentile(&completed, 99).map(millis),
            dispatched: audit.counts.dispatched,
            delivered: audit.counts.delivered,
            lost: audit.counts.lost,
            brought_back: audit.counts.brought_back,
            returned: audit.counts.returned,
            refunded: audit.counts.refunded,
            disputes: audit.counts.disputes,
            stalled: watch.stalled(),
            mails: audit.counts.mails,
            ledgers: audit.ledgers,
            cancel_reasons: tally.cancel_reasons,
            violated,
            refused,
            unanswered: outcome.unanswered,
            dead_letters: audit.dead_letters,
            seconds: tenths(seconds),
            services: activity,
            stock: outcome.stock,
            bad_lines: outcome.bad_lines.len(),
            returns_asked: outcome.returns_asked,
            returns_pending: outcome.returns_pending,
            ground,
            faults: args.faults,
            seed: args.seed,
            mischief: outcome.mischief,
            example: tally.example,
            must_complete: !args.faults && orders >= ENOUGH && args.stock.apply(1_000_000) >= 1_000_000,
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
        if self.must_complete && self.completed * 100 < self.orders * COMPLETED_PERCENT {
            return Exit::GoalMissed;
        }
        Exit::Ok
    }

    /// For people.
    pub(super) fn text(&self) -> String {
        let mut lines = vec![format!(
            "\n{} in {:.1} s ({:.0}/s): {} completed, {} cancelled\n",
            counted(self.orders, "order"),
            self.seconds,
            self.orders_per_s,
            count(self.completed),
            count(self.cancelled)
        )];
        lines.push(funnel::text(self));
        lines.extend(listed("requests on a bad day", &self.mischief));
        lines.extend(listed("left out of the input (lines)", &self.ignored));
        lines.push(format!("\n{}\n", self.services_text()));
        lines.push(match self.violations {
            0 => format!("audit of {}: everything adds up", counted(self.orders, "order")),
            n => format!("audit of {}: {}", counted(self.orders, "order"), counted(n as u64, "violation")),
        });
        lines.extend(self.ledgers_text());
        lines.extend(told(&self.violated));
        lines.extend(told(&self.refused));
        lines.extend(told(&self.unanswered));
        if self.exit() == Exit::GoalMissed {
            lines.push(format!("fewer than {COMPLETED_PERCENT} % were completed"));
        }
        lines.join("\n")
    }

    fn ledgers_text(&self) -> Vec<String> {
        let line = |(name, ledger): (&String, &Ledger)| {
            let effects = counted(ledger.effects, "effect");
            match ledger.disagreements {
                0 => format!("  the {name}'s own ledger agrees ({effects})"),
                n => format!("  the {name}'s own ledger disagrees {} ({effects})", counted(n, "time")),
            }
        };
        self.ledgers.iter().map(line).collect()
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
    let under_way = number(audit, "/counts/under_way");
    if under_way > 0 {
        violated.push(format!("{} did not arrive", counted(under_way, "return or mail")));
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
