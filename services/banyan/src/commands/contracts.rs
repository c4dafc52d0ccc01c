//! `banyan contracts`: what services say to each other, as files. One file below `contracts/` for each verb.

use anyhow::Result;
use clap::Subcommand;

use crate::cli::{Context, Exit};

pub mod check;

/// The verbs.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Decide whether a change of the contracts breaks somebody
    Check(check::Args),
}

/// Does what was asked.
///
/// # Errors
/// What cannot be read or written.
pub async fn run(command: Command, context: &Context) -> Result<Exit> {
    let context = context.clone();
    // Files, and perhaps git: nothing that may hold up a thread that runs tasks.
    tokio::task::spawn_blocking(move || match command {
        Command::Check(args) => check::run(&args, &context),
    })
    .await?
}
