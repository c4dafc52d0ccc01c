//! Whether a change of the contracts breaks somebody.

use serde::Serialize;

use super::version::{Name, Version};
use super::versions::{Contract, Versions};

/// One place where a change breaks, or where it cannot be told.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// What kind of place: `event-removed`.
    pub rule: &'static str,
    /// Which contract.
    pub contract: Name,
    /// The version that was published.
    pub old: Version,
    /// The version that is compared with it, when there is one.
    pub new: Option<Version>,
    /// The file to look at.
    pub file: String,
    /// Why, in one sentence.
    pub reason: String,
}

/// What a check found.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Report {
    /// How many pairs of versions were compared.
    pub compared: usize,
    /// What breaks somebody.
    pub breaks: Vec<Finding>,
    /// What could not be decided. It is not known to be safe.
    pub undecided: Vec<Finding>,
}

impl Report {
    /// Whether everything is known to be safe.
    #[must_use]
    pub fn is_safe(&self) -> bool {
        self.breaks.is_empty() && self.undecided.is_empty()
    }
}

/// Compares what is now with what was published.
#[must_use]
pub fn check(now: &Versions, published: &Versions) -> Report {
    let mut report = Report::default();
    for (name, old) in &published.0 {
        let Some(new) = now.0.get(name).and_then(|all| all.last()) else {
            report.breaks.extend(old.last().map(|old| removed(name, old)));
            continue;
        };
        for old in old {
            report.compared += 1;
            if old.schema != new.schema {
                report.undecided.push(changed(name, old, new));
            }
        }
    }
    report
}

fn removed(name: &Name, old: &Contract) -> Finding {
    Finding {
        rule: "event-removed",
        contract: name.clone(),
        old: old.version,
        new: None,
        file: old.file.clone(),
        reason: "it was published and is no longer there".to_owned(),
    }
}

fn changed(name: &Name, old: &Contract, new: &Contract) -> Finding {
    Finding {
        rule: "changed",
        contract: name.clone(),
        old: old.version,
        new: Some(new.version),
        file: new.file.clone(),
        reason: "it is not what was published".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_contracts_are_safe() {
        let versions = Versions::built_in().unwrap();
        let report = check(&versions, &versions);
        assert!(report.is_safe() && report.compared == versions.0.len(), "{report:?}");
    }

    #[test]
    fn an_event_that_is_gone_is_a_break() {
        let published = Versions::built_in().unwrap();
        let mut now = published.clone();
        now.0.remove(&"order.placed.v1".parse().unwrap());
        let report = check(&now, &published);
        assert_eq!((report.breaks.len(), report.breaks[0].rule), (1, "event-removed"));
    }
}
