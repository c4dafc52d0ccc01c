//! `banyan contracts check`: whether a change breaks somebody.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::cli::{Context, Exit};
use crate::commands::shown::counted;
use crate::contracts::against::{Against, FOLDER};
use crate::contracts::check::{self, Finding, Report};
use crate::contracts::versions::Versions;

/// Decide whether a change of the contracts breaks somebody.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Ends with 2 when something breaks, or when that cannot be decided.

Examples:
  banyan contracts check --against git:main
  banyan contracts check --against contracts/released")]
pub struct Args {
    /// What was published: a folder, or git:REF
    #[arg(long, value_name = "git:REF|DIR")]
    pub against: Against,
    /// Where the contracts are [default: ./contracts, else those of this binary]
    #[arg(long, value_name = "DIR")]
    pub contracts: Option<PathBuf>,
}

/// Checks.
///
/// # Errors
/// One of the sides cannot be read.
pub fn run(args: &Args, context: &Context) -> Result<Exit> {
    let folder =
        args.contracts.clone().or_else(|| Some(PathBuf::from(FOLDER)).filter(|folder| folder.is_dir()));
    let now = folder.as_deref().map_or_else(Versions::built_in, Versions::working)?;
    let published = args.against.versions(folder.as_deref().map(Path::new))?;
    let report = check::check(&now, &published);
    context.output.answer(&report, text);
    Ok(if report.is_safe() { Exit::Ok } else { Exit::Broken })
}

fn text(report: &Report) -> String {
    let line = |word: &str, finding: &Finding| {
        format!("{word}: {} {}: {}", finding.contract, finding.old, finding.reason)
    };
    let mut lines: Vec<String> = report.breaks.iter().map(|finding| line("break", finding)).collect();
    lines.extend(report.undecided.iter().map(|finding| line("undecided", finding)));
    let ended = if report.is_safe() { "nothing breaks" } else { "not safe" };
    lines.push(format!("{} compared: {ended}", counted(report.compared as u64, "version")));
    lines.join("\n")
}
