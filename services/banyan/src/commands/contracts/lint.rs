//! `banyan contracts lint`: whether the contracts keep to the rules.

use anyhow::Result;
use serde::Serialize;

use super::Place;
use crate::cli::{Context, Exit};
use crate::commands::shown::counted;
use crate::contracts::lint::{Finding, lint};
use crate::contracts::set::Set;

/// Hold the contracts against the rules that all of them keep.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Names, addresses, descriptions, units, bounds, money, closed objects, examples, and who publishes and consumes.
Each finding is FILE:POINTER: RULE: what is wrong, what to do. Ends with 2 when there are any.

Examples:
  banyan contracts lint
  banyan contracts lint --contracts ../shop/contracts --json")]
pub struct Args {
    /// Where the contracts are.
    #[command(flatten)]
    pub place: Place,
}

/// What was found.
#[derive(Debug, Serialize)]
struct Report {
    schemas: usize,
    examples: usize,
    findings: Vec<Finding>,
}

/// Lints.
///
/// # Errors
/// The contracts cannot be read.
pub fn run(args: &Args, context: &Context) -> Result<Exit> {
    let set = Set::read(&args.place.contracts)?;
    let report = Report { schemas: set.schemas.len(), examples: set.examples.len(), findings: lint(&set) };
    context.output.answer(&report, text);
    Ok(if report.findings.is_empty() { Exit::Ok } else { Exit::Broken })
}

fn text(report: &Report) -> String {
    let mut lines: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
    let found = match report.findings.len() {
        0 => "nothing to mend".to_owned(),
        some => format!("{} to mend", counted(some as u64, "place")),
    };
    let (schemas, examples) =
        (counted(report.schemas as u64, "schema"), counted(report.examples as u64, "example"));
    lines.push(format!("{schemas}, {examples}: {found}"));
    lines.join("\n")
}
