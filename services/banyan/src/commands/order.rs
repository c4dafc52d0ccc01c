//! `banyan order`: place orders, follow them, cancel them, take goods back, import them.

mod cancel;
mod import;
mod journey;
mod place;
mod send_back;
mod show;
mod stuck;
mod timeline;
mod watch;

use anyhow::Result;
use clap::Subcommand;

use crate::cli::{Context, Exit};

/// The verbs.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Place one order
    Place(place::Args),
    /// Show one order
    #[command(visible_alias = "show")]
    Get {
        /// The order's id
        #[arg(value_name = "ORDER")]
        id: String,
    },
    /// List orders, newest first
    List(show::List),
    /// Show what every service did for one order, as a tree
    Timeline(timeline::Args),
    /// List orders that do not get on by themselves
    Stuck(stuck::Args),
    /// Follow one order to its end
    Watch(watch::Args),
    /// Cancel an order
    Cancel(cancel::Args),
    /// Send goods of an order back
    Return(send_back::Args),
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
        Command::Timeline(args) => timeline::run(&args, context).await,
        Command::Stuck(_) => stuck::run(context).await,
        Command::Watch(args) => watch::run(&args, context).await,
        Command::Cancel(args) => cancel::run(&args, context).await,
        Command::Return(args) => send_back::run(&args, context).await,
        Command::Import(args) => import::run(&args, context).await,
    }
}
