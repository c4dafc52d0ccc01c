//! SARIF 2.1.0 (OASIS, 2020), which code hosts and editors show.

use compat::Rule;
use serde_json::{Value, json};

use crate::contracts::check::{EVENT_REMOVED, Finding, Report, UNDECIDED};

/// The report as one document.
#[must_use]
pub fn sarif(report: &Report) -> Value {
    let rule = |id: &str, summary: &str| json!({ "id": id, "shortDescription": { "text": summary } });
    let mut rules: Vec<Value> = Rule::ALL.iter().map(|known| rule(known.as_str(), known.summary())).collect();
    rules.push(rule(EVENT_REMOVED, "an event that was published is no longer there"));
    rules.push(rule(UNDECIDED, "it could not be decided, and is not known to be safe"));
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "banyan contracts check",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            "results": report.findings().map(result).collect::<Vec<_>>(),
        }],
    })
}

fn result(finding: &Finding) -> Value {
    let message = format!("{}: {}. To do: {}.", finding.contract, finding.reason, finding.advice);
    json!({
        "ruleId": finding.rule,
        "level": "error",
        "message": { "text": message },
        "locations": [{
            "physicalLocation": { "artifactLocation": { "uri": finding.file.replace('\\', "/") } },
            "logicalLocations": [{ "fullyQualifiedName": format!("{}#{}", finding.contract, finding.path) }],
        }],
        "properties": {
            "direction": finding.direction,
            "path": finding.path,
            "counterExample": finding.counter_example,
            "acceptedBy": finding.accepted_by,
            "rejectedBy": finding.rejected_by,
            "readBy": finding.read_by,
        },
    })
}
