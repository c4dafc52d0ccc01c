//! `banyan contracts check`: whether a change breaks somebody.

use std::path::PathBuf;

use anyhow::Result;
use clap::ValueEnum;
use compat::Mode;

use crate::cli::{Context, Exit};
use crate::contracts::against::{Against, now};
use crate::contracts::check::{Check, Report};
use crate::contracts::consumers::written as written_reads;
use crate::contracts::report::{github, sarif, text};
use crate::contracts::retired::Retired;

/// Decide whether a change of the contracts breaks somebody.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
A writer keeps to its schema as it stands; a reader tolerates unknown fields and new words of lists that are marked
x-extensible. Backward: what was written before can be read now. Forward: what is written now can be read by those who
have not changed yet. Full: both. Transitive: with all versions of the same major, not only with the last.
Each break is shown by a document that one side writes and the other does not read, and names the consumers that read
that place, by consumers.json. docs/contracts.md has examples.
Ends with 2 when something breaks, and also when it cannot be decided.

Examples:
  banyan contracts check --against git:main
  banyan contracts check --against contracts/released --mode full-transitive
  banyan contracts check --against git:main --format github")]
pub struct Args {
    /// What was published: a folder, or git:REF
    #[arg(long, value_name = "git:REF|DIR")]
    pub against: Against,
    /// What must hold: backward, forward or full, each also with -transitive
    #[arg(long, value_name = "MODE", default_value_t = Mode::FULL_TRANSITIVE)]
    pub mode: Mode,
    /// How to answer
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub format: Format,
    /// Where the contracts are [default: ./contracts, else those of this binary]
    #[arg(long, value_name = "DIR")]
    pub contracts: Option<PathBuf>,
}

/// How to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Text,
    /// One line of JSON, as with --json
    Json,
    /// SARIF 2.1.0, for code hosts and editors
    Sarif,
    /// Annotations of GitHub Actions
    Github,
}

/// Checks.
///
/// # Errors
/// One of the sides cannot be read.
pub fn run(args: &Args, context: &Context) -> Result<Exit> {
    let (folder, now) = now(args.contracts.as_deref())?;
    let published = args.against.versions(folder.as_deref())?;
    let retired = Retired::on(context.env.now());
    let check = Check {
        now: &now,
        published: &published,
        mode: args.mode,
        against: args.against.to_string(),
        is_retired: &|name| retired.has(name),
    };
    let report = check.run().with_readers(&written_reads(folder.as_deref())?);
    let format = if context.output.json { Format::Json } else { args.format };
    context.output.line(written(&report, format));
    Ok(if report.is_safe() { Exit::Ok } else { Exit::Broken })
}

fn written(report: &Report, format: Format) -> String {
    match format {
        Format::Text => text(report),
        Format::Json => serde_json::to_string(report).unwrap_or_default(),
        Format::Sarif => format!("{:#}", sarif(report)),
        Format::Github if report.is_safe() => text(report),
        Format::Github => github(report),
    }
}
