//! `banyan config`: what is configured, and by whom.

use std::collections::BTreeMap;

use anyhow::Result;
use clap::Subcommand;
use serde::Serialize;

use crate::cli::{Context, Exit};
use crate::config::Origin;
use crate::output::table;

/// The verbs.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Print every setting
    #[command(after_help = "\
A flag goes before the environment, that before banyan.toml in the working directory, that before the default.

Examples:
  banyan config print --origin
  BANYAN_PORT=9000 banyan config print --origin --json")]
    Print {
        /// Say for each setting where it comes from
        #[arg(long)]
        origin: bool,
    },
}

/// A setting with its origin.
#[derive(Debug, Serialize)]
struct Traced<'a> {
    value: &'a str,
    origin: Origin,
}

/// Does what was asked.
///
/// # Errors
/// None: what cannot be configured was found before.
pub fn run(command: &Command, context: &Context) -> Result<Exit> {
    let Command::Print { origin } = command;
    let origins = &context.config.origins;
    if *origin {
        let traced: BTreeMap<_, _> = origins
            .iter()
            .map(|(name, (value, origin))| (*name, Traced { value, origin: *origin }))
            .collect();
        context.output.answer(&traced, |traced| {
            let row = |(name, Traced { value, origin }): (&&str, &Traced<'_>)| {
                vec![(*name).to_owned(), (*value).to_owned(), origin.as_str().to_owned()]
            };
            table(&traced.iter().map(row).collect::<Vec<_>>())
        });
    } else {
        let plain: BTreeMap<_, _> = origins.iter().map(|(name, (value, _))| (*name, value)).collect();
        context.output.answer(&plain, |plain| {
            table(
                &plain
                    .iter()
                    .map(|(name, value)| vec![(*name).to_owned(), (*value).clone()])
                    .collect::<Vec<_>>(),
            )
        });
    }
    context.next(&["dev"]);
    Ok(Exit::Ok)
}
