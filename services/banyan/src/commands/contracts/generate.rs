//! `banyan contracts gen`: what is made of the contracts for others.

use std::path::PathBuf;

use anyhow::Result;
use serde::Serialize;

use super::{Place, write};
use crate::cli::{Context, Exit};
use crate::contracts::consumers;
use crate::contracts::generate::{File, Format, files};
use crate::contracts::set::Set;

/// Make AsyncAPI, TypeScript, Markdown, JSON Schema and Pact files of the contracts.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
Without --out the files go where they are committed: asyncapi.json, typescript/banyan.ts, EVENTS.md,
consumers.json and pacts/ beside the schemas.
With --check nothing is written, and it ends with 2 when a file is not what it would be.

Examples:
  banyan contracts gen
  banyan contracts gen --check
  banyan contracts gen --format typescript --out ../webshop/src/events")]
pub struct Args {
    /// Where the contracts are.
    #[command(flatten)]
    pub place: Place,
    /// What to make; may be repeated [default: all]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub format: Vec<Format>,
    /// Where the files go [default: where the contracts are]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Only say what would change
    #[arg(long)]
    pub check: bool,
}

/// What was written, or differs.
#[derive(Debug, Serialize)]
struct Report {
    folder: String,
    files: usize,
    changed: Vec<String>,
    written: bool,
}

/// Generates, or compares.
///
/// # Errors
/// The contracts cannot be read, or a file cannot be written.
pub fn run(args: &Args, context: &Context) -> Result<Exit> {
    let set = Set::read(&args.place.contracts)?;
    let reads = consumers::of_this_version(&set)?;
    let formats = if args.format.is_empty() { &Format::ALL[..] } else { &args.format };
    let made: Vec<File> = formats.iter().flat_map(|format| files(&set, &reads, *format)).collect();
    let folder = args.out.as_ref().unwrap_or(&args.place.contracts);
    let differs =
        |file: &&File| std::fs::read_to_string(folder.join(&file.path)).ok().as_ref() != Some(&file.text);
    let changed: Vec<File> = made.iter().filter(differs).cloned().collect();
    if !args.check {
        write(folder, &changed)?;
    }
    let report = Report {
        folder: folder.display().to_string(),
        files: made.len(),
        changed: changed.into_iter().map(|file| file.path).collect(),
        written: !args.check,
    };
    context.output.answer(&report, text);
    let is_broken = args.check && !report.changed.is_empty();
    Ok(if is_broken { Exit::Broken } else { Exit::Ok })
}

fn text(report: &Report) -> String {
    let Report { folder, files, changed, written } = report;
    let done = if *written { "wrote" } else { "differs:" };
    let mut lines: Vec<String> = changed.iter().map(|path| format!("{done} {folder}/{path}")).collect();
    lines.push(match (changed.len(), written) {
        (0, _) => format!("{files} files are what the contracts say"),
        (some, true) => format!("{some} of {files} files changed"),
        (some, false) => format!("{some} of {files} files differ; run: banyan contracts gen"),
    });
    lines.join("\n")
}
