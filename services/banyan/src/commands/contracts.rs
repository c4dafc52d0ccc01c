//! `banyan contracts`: what services say to each other, as files. One file below `contracts/` for each verb.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::Subcommand;

use crate::cli::{Context, Exit};
use crate::contracts::generate::File;

pub mod check;
pub mod diff;
pub mod docs;
pub mod generate;
pub mod lint;
pub mod release;
pub mod serve;

/// The verbs.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Decide whether a change of the contracts breaks somebody
    Check(check::Args),
    /// Say what changed, field by field
    Diff(diff::Args),
    /// Make what is new a released version, for ever
    Release(release::Args),
    /// Hold the contracts against the rules that all of them keep
    Lint(lint::Args),
    /// Make AsyncAPI, TypeScript, Markdown, JSON Schema and Pact files of the contracts
    Gen(generate::Args),
    /// Make a site of the contracts that needs no server
    Docs(docs::Args),
    /// Show that site on a port of this machine
    Serve(serve::Args),
}

/// Does what was asked.
///
/// # Errors
/// What cannot be read or written.
pub async fn run(command: Command, context: &Context) -> Result<Exit> {
    match command {
        Command::Check(args) => beside(context, move |context| check::run(&args, context)).await,
        Command::Diff(args) => beside(context, move |context| diff::run(&args, context)).await,
        Command::Release(args) => beside(context, move |context| release::run(&args, context)).await,
        Command::Lint(args) => beside(context, move |context| lint::run(&args, context)).await,
        Command::Gen(args) => beside(context, move |context| generate::run(&args, context)).await,
        Command::Docs(args) => beside(context, move |context| docs::run(&args, context)).await,
        Command::Serve(args) => serve::run(&args, context).await,
    }
}

/// Files, and perhaps git: nothing that may hold up a thread that runs tasks.
async fn beside(
    context: &Context,
    work: impl FnOnce(&Context) -> Result<Exit> + Send + 'static,
) -> Result<Exit> {
    let context = context.clone();
    tokio::task::spawn_blocking(move || work(&context)).await?
}

/// Where the contracts are.
#[derive(Debug, Clone, clap::Args)]
pub struct Place {
    /// Where the contracts are
    #[arg(long, value_name = "DIR", default_value = "contracts")]
    pub contracts: PathBuf,
}

/// Writes files below a folder, and makes the folders that they need.
fn write(folder: &Path, files: &[File]) -> Result<()> {
    for file in files {
        let path = folder.join(&file.path);
        let cannot = || format!("{} cannot be written", path.display());
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).with_context(cannot)?;
        }
        std::fs::write(&path, &file.text).with_context(cannot)?;
    }
    Ok(())
}
