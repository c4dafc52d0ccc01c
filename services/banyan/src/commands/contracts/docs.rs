//! `banyan contracts docs`: the contracts as a site that needs no server.

use std::path::{Path, PathBuf};

use anyhow::Result;
use serde_json::json;

use super::{Place, write};
use crate::cli::{Context, Exit};
use crate::contracts::files::of_folder;
use crate::contracts::generate::File;
use crate::contracts::set::Set;
use crate::contracts::site;
use crate::contracts::versions::Versions;

/// Make a site of the contracts that needs no server.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "\
One page with everything, which loads nothing from elsewhere: open it from the disk, or put the folder on any server.

Examples:
  banyan contracts docs
  banyan contracts docs --out public")]
pub struct Args {
    /// Where the contracts are.
    #[command(flatten)]
    pub place: Place,
    /// Where the site goes
    #[arg(long, value_name = "DIR", default_value = "target/contracts-site")]
    pub out: PathBuf,
}

/// Writes the site.
///
/// # Errors
/// The contracts cannot be read, or a file cannot be written.
pub fn run(args: &Args, context: &Context) -> Result<Exit> {
    let files = made(&args.place.contracts)?;
    write(&args.out, &files)?;
    let index = args.out.join("index.html");
    let answer = json!({ "index": index, "files": files.len() });
    context.output.answer(&answer, |_| format!("{} files; open {}", files.len(), index.display()));
    Ok(Exit::Ok)
}

/// The site of a folder of contracts. What was released is told when there is any.
pub(super) fn made(contracts: &Path) -> Result<Vec<File>> {
    let set = Set::read(contracts)?;
    let released = contracts.join("released");
    let released =
        if released.is_dir() { Versions::parse(&of_folder(&released)?)? } else { Versions::default() };
    Ok(site::files(&set, &released))
}
