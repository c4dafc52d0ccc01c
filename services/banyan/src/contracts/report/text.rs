//! For people: one block for each finding.

use compat::Direction;

use super::abridged::abridged;
use crate::commands::shown::counted;
use crate::contracts::check::{Finding, Report, UNDECIDED};

/// The whole report, without a line break at the end.
#[must_use]
pub fn text(report: &Report) -> String {
    let mut blocks: Vec<String> = report.findings().map(block).collect();
    let compared = counted(report.compared as u64, "version");
    let ended = if report.is_safe() {
        "nothing breaks".to_owned()
    } else {
        let breaks = counted(report.breaks.len() as u64, "break");
        format!("{breaks}, {} undecided", report.undecided.len())
    };
    blocks.push(format!("{compared} compared with {}, {}: {ended}", report.against, report.mode));
    blocks.join("\n\n")
}

fn block(finding: &Finding) -> String {
    let word = if finding.rule == UNDECIDED { "UNDECIDED" } else { "BREAK" };
    let mut title = format!("{word} {} {}", finding.contract, finding.rule);
    if let Some(direction) = finding.direction {
        title.push_str(match direction {
            Direction::Backward => " (backward: a new reader, what was written before)",
            Direction::Forward => " (forward: an old reader, what is written now)",
        });
    }
    let mut lines = vec![title];
    let mut line = |name: &str, text: &str| {
        if !text.is_empty() {
            lines.push(format!("  {name:16}{text}"));
        }
    };
    line("file", &finding.file);
    // It is the side that refuses whose schema has it.
    let refuses = finding.rejected_by.as_ref().filter(|_| !finding.path.is_empty());
    line("path", &refuses.map_or_else(|| finding.path.clone(), |file| format!("{} in {file}", finding.path)));
    line("reason", &finding.reason);
    line("read by", &finding.read_by.join(", "));
    line("what to do", &finding.advice);
    if let Some(document) = &finding.counter_example {
        line("counter-example", &abridged(document));
    }
    if let (Some(accepted), Some(rejected)) = (&finding.accepted_by, &finding.rejected_by) {
        line("", &format!("accepted by {accepted}, rejected by {rejected}"));
    }
    lines.join("\n")
}
