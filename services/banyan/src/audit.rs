//! What must hold across services, recomputed from movements, timelines and the peers' own ledgers, never from what is
//! checked.
//!
//! Sums within one service come from one snapshot of its own and are strict always. Rows of different services and of
//! the peers' ledgers are compared for orders at rest; whoever is still on the way is counted as in flight.

mod books;
mod counts;
mod fetch;
mod final_state;
mod judge;
mod part;
mod sides;

use std::collections::{BTreeMap, BTreeSet};

use runtime::{Findings, Problem};
use serde::{Deserialize, Serialize};

pub use books::{Books, Money, Parcel};
pub use counts::Counts;
pub(crate) use fetch::{Ledgers, ledgers};
pub(crate) use part::{Part, of_all, part};

use crate::http::Site;
use crate::peer::Kind;

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
    /// Each peer's ledger: how much is in it, and how often it disagrees.
    #[serde(default)]
    pub ledgers: BTreeMap<String, Ledger>,
    /// How far the orders came.
    #[serde(default)]
    pub counts: Counts,
    /// One number for what all orders and all stock came to: the same on every backend when the same was done.
    #[serde(default)]
    pub final_state: String,
}

/// How a peer's ledger compares.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// Effects in it.
    pub effects: u64,
    /// Violations that are about it.
    pub disagreements: u64,
}

/// One thing that does not hold, and whose ledger says so, if one does.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Wrong {
    peer: Option<Kind>,
    sentence: String,
}

impl Wrong {
    fn of(peer: Kind, sentence: String) -> Self {
        Self { peer: Some(peer), sentence }
    }
}

/// Violations that one report lists; more are counted in the last line.
const LISTED: usize = 200;

/// How often everything is looked at. Each service has a snapshot of its own: what moved between two of them looks
/// wrong once, and what is wrong stays wrong.
const LOOKS: usize = 3;

/// Audits the running services and the peers' ledgers.
///
/// # Errors
/// A problem: a service cannot read its own items, or a peer cannot be asked.
pub async fn run(site: &Site) -> Result<Report, Problem> {
    let mut looks = Looks::default();
    loop {
        if let Some(report) = looks.take(part(site).await?) {
            return Ok(report);
        }
    }
}

/// Looks at the same, until nothing is wrong or there were [`LOOKS`] of them: what is wrong in all of them is reported.
#[derive(Default)]
struct Looks {
    taken: usize,
    wrong: BTreeSet<Wrong>,
}

impl Looks {
    /// The report, if this was the last one.
    fn take(&mut self, seen: Part) -> Option<Report> {
        let mut found = judge(seen);
        if self.taken > 0 {
            found.wrong.retain(|wrong| self.wrong.contains(wrong));
        }
        self.taken += 1;
        if self.taken < LOOKS && !found.wrong.is_empty() {
            self.wrong = found.wrong.into_iter().collect();
            return None;
        }
        let mut report = found.report();
        let more = report.violations.len().saturating_sub(LISTED);
        report.violations.truncate(LISTED);
        if more > 0 {
            report.violations.push(format!("... and {more} more"));
        }
        Some(report)
    }
}

fn judge(seen: Part) -> Found {
    let found = judge::all(&seen.findings, seen.ledgers.books(), seen.busy);
    Found { dead_letters: seen.dead_letters, stuck: seen.stuck, ..found }
}

/// What one look found.
struct Found {
    orders: u64,
    in_flight: u64,
    wrong: Vec<Wrong>,
    books: Books,
    counts: Counts,
    dead_letters: u64,
    stuck: BTreeSet<String>,
    final_state: String,
}

impl Found {
    fn report(self) -> Report {
        Report {
            orders: self.orders,
            in_flight: self.in_flight,
            counts: self.counts,
            final_state: self.final_state,
            ledgers: self.books.agreement(&self.wrong),
            violations: self.wrong.into_iter().map(|wrong| wrong.sentence).collect(),
            dead_letters: self.dead_letters,
            stuck: self.stuck.into_iter().collect(),
        }
    }
}

/// Puts the services' own findings beside each other and beside the peers' ledgers. While messages are on their way
/// (`busy`) rows of different services may differ, and only what can never be is a violation.
#[must_use]
pub fn compare(findings: &[(&'static str, Findings)], books: Books, busy: bool) -> Report {
    judge::all(findings, books, busy).report()
}

#[cfg(test)]
mod tests;
