//! `banyan events`: publish what happened elsewhere, and watch what happens.

mod publish;
mod tail;

use anyhow::Result;
use clap::Subcommand;

use crate::cli::{Context, Exit};

/// The verbs.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Publish CloudEvents: one, an array, or one in each line
    Publish(publish::Args),
    /// Show what happens, as it happens
    Tail(tail::Args),
}

/// Does what was asked.
///
/// # Errors
/// What the running banyan refuses, or that there is none.
pub async fn run(command: Command, context: &Context) -> Result<Exit> {
    match command {
        Command::Publish(args) => publish::run(&args, context).await,
        Command::Tail(args) => tail::run(&args, context).await,
    }
}
