//! What came of the scenarios.

use serde::Serialize;

use crate::cli::Exit;
use crate::config::{BusKind, Config, StoreKind};

/// What came of one.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It was played to its end: what came otherwise than wanted.
    Played(Vec<String>),
    /// It cannot be played here, for this reason.
    Skipped(&'static str),
}

impl Outcome {
    /// It ended before its end.
    pub(super) fn failed(error: anyhow::Error) -> Self {
        Self::Played(vec![format!("{error:#}")])
    }
}

/// One scenario.
#[derive(Debug, Serialize)]
struct Scenario {
    name: &'static str,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<&'static str>,
    violations: Vec<String>,
}

/// All of them.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    pub(super) bus: BusKind,
    pub(super) store: StoreKind,
    ok: bool,
    violations: usize,
    skipped: usize,
    scenarios: Vec<Scenario>,
}

impl Report {
    pub(super) fn new(config: &Config) -> Self {
        let (bus, store) = (config.chosen.bus, config.chosen.store);
        Self { bus, store, ok: true, violations: 0, skipped: 0, scenarios: Vec::new() }
    }

    /// Adds one; what to say of it at once.
    #[must_use]
    pub(super) fn add(&mut self, name: &'static str, outcome: Outcome) -> String {
        let (skipped, violations) = match outcome {
            Outcome::Played(violations) => (None, violations),
            Outcome::Skipped(why) => (Some(why), Vec::new()),
        };
        let line = match (skipped, violations.is_empty()) {
            (Some(why), _) => format!("skipped: {name} ({why})"),
            (None, true) => format!("ok       {name}"),
            (None, false) => format!("violated {name}: {}", violations.join("; ")),
        };
        self.violations += violations.len();
        self.skipped += usize::from(skipped.is_some());
        self.ok &= violations.is_empty();
        self.scenarios.push(Scenario { name, ok: violations.is_empty(), skipped, violations });
        line
    }

    pub(super) fn exit(&self) -> Exit {
        if self.ok { Exit::Ok } else { Exit::Broken }
    }

    pub(super) fn text(&self) -> String {
        let played = self.scenarios.len() - self.skipped;
        let Self { bus, store, violations, skipped, .. } = self;
        format!("{played} scenarios on {bus} and {store}: {violations} violations, {skipped} skipped")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Flags;

    #[test]
    fn one_violation_ends_with_2_and_what_is_skipped_does_not() {
        let config = Config::from_sources(&Flags::default(), |_| None, "").unwrap();
        let mut report = Report::new(&config);
        assert_eq!(report.add("one", Outcome::Played(vec![])), "ok       one");
        assert_eq!(report.add("two", Outcome::Skipped("there is none")), "skipped: two (there is none)");
        assert_eq!(report.exit(), Exit::Ok);
        assert_eq!(report.add("three", Outcome::failed(anyhow::anyhow!("late"))), "violated three: late");
        assert_eq!(report.add("four", Outcome::Played(vec![])), "ok       four");
        assert_eq!((report.exit(), report.violations, report.skipped), (Exit::Broken, 1, 1));
    }
}
