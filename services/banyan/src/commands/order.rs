//! `banyan order`: place orders, look at them, cancel them, import them.

mod cancel;
mod import;
mod place;
mod show;

use anyhow::Result;
use clap::Subcommand;

use crate::cli::{Context, Exit};

/// The verbs.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Place one order
    Place(place::Args),
    /// Show one order
    Get {
        /// The order's id
        #[arg(value_name = "ORDER")]
        id: String,
    },
    /// List orders, newest first
    List(show::List),
    /// Show what every service did for one order
    Timeline {
        /// The order's id
        #[arg(value_name = "ORDER")]
        id: String,
    },
    /// Cancel an order
    Cancel(cancel::Args),
    /// Place all orders of a file
    Import(import::Args),
}

/// Does what was asked.
///
/// # Errors
/// What the running banyan refuses, or that there is none.
pub async fn run(command: Command, context: &Context) -> Result<Exit> {
    match command {
        Command::Place(args) => place::run(&args, context).await,
        Command::Get { id } => show::get(&id, context).await,
        Command::List(args) => show::list(&args, context).await,
        Command::Timeline { id } => show::timeline(&id, context).await,
        Command::Cancel(args) => cancel::run(&args, context).await,
        Command::Import(args) => import::run(&args, context).await,
    }
}
