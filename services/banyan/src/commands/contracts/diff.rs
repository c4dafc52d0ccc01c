//! `banyan contracts diff`: what changed, as a changelog.

use std::path::PathBuf;

use anyhow::Result;

use crate::cli::{Context, Exit};
use crate::contracts::against::{Against, now};
use crate::contracts::consumers::written;
use crate::contracts::diff::{diff, markdown};

/// Say what changed in the contracts, field by field.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
The answer is Markdown; with --json it is one line. Whether a change breaks somebody says `contracts check`.
A change names the consumers that read the field, by consumers.json.

Examples:
  banyan contracts diff --against contracts/released
  banyan contracts diff --against git:v1.0.0")]
pub struct Args {
    /// What was published: a folder, or git:REF
    #[arg(long, value_name = "git:REF|DIR")]
    pub against: Against,
    /// Where the contracts are [default: ./contracts, else those of this binary]
    #[arg(long, value_name = "DIR")]
    pub contracts: Option<PathBuf>,
}

/// Compares.
///
/// # Errors
/// One of the sides cannot be read.
pub fn run(args: &Args, context: &Context) -> Result<Exit> {
    let (folder, now) = now(args.contracts.as_deref())?;
    let published = args.against.versions(folder.as_deref())?;
    context.output.answer(&diff(&now, &published, &written(folder.as_deref())?), |entries| markdown(entries));
    Ok(Exit::Ok)
}
