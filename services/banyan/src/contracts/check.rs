//! Whether a change of the contracts breaks somebody.

use compat::{Direction, Mode, Reading, compare};
use serde::Serialize;
use serde_json::Value;

use super::consumers::{Reads, path_of, touched};
use super::version::{Name, Version};
use super::versions::{Contract, Versions};

/// The rule for an event that was published and is no longer there.
pub const EVENT_REMOVED: &str = "event-removed";
/// The rule for what could not be decided.
pub const UNDECIDED: &str = "undecided";

/// One place where a change breaks, or where it cannot be told.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// What kind of place: one of [`compat::Rule`], [`EVENT_REMOVED`] or [`UNDECIDED`].
    pub rule: &'static str,
    /// Which contract.
    pub contract: Name,
    /// Which way the data goes that cannot be read.
    pub direction: Option<Direction>,
    /// The version that was published.
    pub old: Version,
    /// The version that is compared with it, when there is one.
    pub new: Option<Version>,
    /// The file that was changed.
    pub file: String,
    /// Where it refuses: a JSON pointer into the schema of `rejected_by`.
    pub path: String,
    /// What is refused: a JSON pointer into the counter-example.
    pub at: String,
    /// Why, in one sentence.
    pub reason: String,
    /// What to do about it, in one sentence.
    pub advice: String,
    /// A document that one side may write and the other does not read.
    pub counter_example: Option<Value>,
    /// The file of the schema that accepts it.
    pub accepted_by: Option<String>,
    /// The file of the schema that refuses it.
    pub rejected_by: Option<String>,
    /// Which consumers read that place, as far as they are known.
    pub read_by: Vec<String>,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// What had to hold.
    pub mode: Mode,
    /// What it was compared with.
    pub against: String,
    /// How many pairs of versions were compared.
    pub compared: usize,
    /// Contracts that were not there before.
    pub added: Vec<Name>,
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

    /// Says of each finding who reads that place.
    #[must_use]
    pub fn with_readers(mut self, reads: &Reads) -> Self {
        for finding in self.breaks.iter_mut().chain(&mut self.undecided) {
            finding.read_by = touched(reads, &finding.contract, &path_of(&finding.at));
        }
        self
    }

    /// Breaks, and then what is undecided.
    pub fn findings(&self) -> impl Iterator<Item = &Finding> {
        self.breaks.iter().chain(&self.undecided)
    }
}

/// Two sides, and what must hold between them.
pub struct Check<'c> {
    /// What is now.
    pub now: &'c Versions,
    /// What was published.
    pub published: &'c Versions,
    /// What must hold.
    pub mode: Mode,
    /// What `published` is called.
    pub against: String,
    /// Whether nobody publishes a contract any more, so that it may go.
    pub is_retired: &'c dyn Fn(&Name) -> bool,
}

impl Check<'_> {
    /// Compares.
    #[must_use]
    pub fn run(self) -> Report {
        let Self { now, published, mode, against, is_retired } = self;
        let is_new = |name: &&Name| !published.0.contains_key(*name);
        let added = now.0.keys().filter(is_new).cloned().collect();
        let mut report =
            Report { mode, against, compared: 0, added, breaks: Vec::new(), undecided: Vec::new() };
        for (name, all) in &published.0 {
            let Some(new) = now.0.get(name).and_then(|all| all.last()) else {
                report.breaks.extend(all.last().filter(|_| !is_retired(name)).map(|old| removed(name, old)));
                continue;
            };
            let first = if mode.is_transitive { 0 } else { all.len().saturating_sub(1) };
            for old in &all[first..] {
                report.compared += 1;
                for direction in mode.directions() {
                    report.compare(name, (old, new), direction);
                }
            }
        }
        report
    }
}

impl Report {
    fn compare(&mut self, name: &Name, (old, new): (&Contract, &Contract), direction: Direction) {
        let decision = compare(&old.schema, &new.schema, direction, Reading::Tolerant);
        let (writer, reader) = match direction {
            Direction::Backward => (old, new),
            Direction::Forward => (new, old),
        };
        let place = |rule, path| Finding {
            rule,
            contract: name.clone(),
            direction: Some(direction),
            old: old.version,
            new: Some(new.version),
            file: new.file.clone(),
            path,
            at: String::new(),
            reason: String::new(),
            advice: String::new(),
            counter_example: None,
            accepted_by: Some(writer.file.clone()),
            rejected_by: Some(reader.file.clone()),
            read_by: Vec::new(),
        };
        self.breaks.extend(decision.breaks.into_iter().map(|found| Finding {
            at: found.at,
            reason: found.reason,
            advice: found.rule.advice().to_owned(),
            counter_example: Some(found.counter_example),
            ..place(found.rule.as_str(), found.path)
        }));
        self.undecided.extend(decision.undecided.into_iter().map(|doubt| Finding {
            reason: doubt.reason,
            advice: "write it with keywords that are understood, see docs/contracts.md".to_owned(),
            accepted_by: None,
            rejected_by: None,
            ..place(UNDECIDED, doubt.path)
        }));
    }
}

fn removed(name: &Name, old: &Contract) -> Finding {
    Finding {
        rule: EVENT_REMOVED,
        contract: name.clone(),
        direction: None,
        old: old.version,
        new: None,
        file: old.file.clone(),
        path: String::new(),
        at: String::new(),
        reason: "it was published, its sunset is not over, and it is no longer there".to_owned(),
        advice: "keep it until the day that its sunset names".to_owned(),
        counter_example: None,
        accepted_by: None,
        rejected_by: None,
        read_by: Vec::new(),
    }
}

#[cfg(test)]
mod tests;
