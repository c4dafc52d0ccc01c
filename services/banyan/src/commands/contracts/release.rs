//! `banyan contracts release`: what is new becomes a released version, for ever.

use std::path::PathBuf;

use anyhow::Result;
use compat::Mode;

use crate::cli::{Context, Exit};
use crate::commands::shown::counted;
use crate::contracts::against::FOLDER;
use crate::contracts::check::Check;
use crate::contracts::files;
use crate::contracts::release::{self, Plan};
use crate::contracts::report;
use crate::contracts::retired::Retired;
use crate::contracts::versions::Versions;

/// Copy what is new into contracts/released, once and for ever.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
A version that is released never changes: what was changed needs a higher version. What breaks an earlier version of
the same major is not released. Ends with 2 when something is refused, and then nothing is written.

Examples:
  banyan contracts release --dry-run
  banyan contracts release")]
pub struct Args {
    /// Where the contracts are
    #[arg(long, value_name = "DIR", default_value = FOLDER)]
    pub contracts: PathBuf,
    /// Only say what would be released
    #[arg(long)]
    pub dry_run: bool,
}

/// Releases.
///
/// # Errors
/// The contracts cannot be read, or what is new cannot be written.
pub fn run(args: &Args, context: &Context) -> Result<Exit> {
    let plan = release::plan(&args.contracts)?;
    if !plan.refused.is_empty() {
        context.output.answer(&plan, |plan| text(plan, args.dry_run));
        return Ok(Exit::Broken);
    }
    let folder = args.contracts.join(release::FOLDER);
    if folder.is_dir() {
        let (now, published) =
            (Versions::working(&args.contracts)?, Versions::parse(&files::of_folder(&folder)?)?);
        let retired = Retired::on(context.env.now());
        let report = Check {
            now: &now,
            published: &published,
            mode: Mode::FULL_TRANSITIVE,
            against: folder.display().to_string(),
            is_retired: &|name| retired.has(name),
        }
        .run();
        if !report.is_safe() {
            context.output.answer(&report, report::text);
            return Ok(Exit::Broken);
        }
    }
    if !args.dry_run {
        release::write(&args.contracts, &plan)?;
    }
    context.output.answer(&plan, |plan| text(plan, args.dry_run));
    Ok(Exit::Ok)
}

fn text(plan: &Plan, is_dry: bool) -> String {
    let refused =
        plan.refused.iter().map(|refusal| format!("refused: {}: {}", refusal.contract, refusal.reason));
    let word = if is_dry { "would be released" } else { "released" };
    let released = plan.released.iter().map(|release| format!("{word}: {}", release.path));
    let mut lines: Vec<String> = refused.chain(released).collect();
    let unchanged = counted(plan.unchanged as u64, "contract");
    lines.push(format!(
        "{} {word}, {unchanged} unchanged, {} refused",
        plan.released.len(),
        plan.refused.len()
    ));
    lines.join("\n")
}
