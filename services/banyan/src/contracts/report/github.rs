//! Annotations of GitHub Actions: one line for each finding, which it shows beside the file. See "Workflow commands for
//! GitHub Actions", setting an error message.

use crate::contracts::check::Report;

/// The lines; empty when nothing was found.
#[must_use]
pub fn github(report: &Report) -> String {
    let line = |finding: &crate::contracts::check::Finding| {
        let mut message = format!("{}: {}", finding.contract, finding.reason);
        if !finding.path.is_empty() {
            message.push_str(&format!(" ({})", finding.path));
        }
        if let Some(document) = &finding.counter_example {
            message.push_str(&format!("\ncounter-example: {document}"));
        }
        message.push_str(&format!("\n{}", finding.advice));
        format!("::error file={},title={}::{}", property(&finding.file), finding.rule, escaped(&message))
    };
    report.findings().map(line).collect::<Vec<_>>().join("\n")
}

fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    escaped(text).replace(':', "%3A").replace(',', "%2C")
}
