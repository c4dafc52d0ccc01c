//! The command line: nouns, then verbs. One variant of [`Command`] and one file below `commands/` for each noun.

use std::error::Error;
use std::ffi::OsString;
use std::num::{IntErrorKind, ParseIntError};
use std::process::ExitCode;

use anyhow::Result;
use clap::error::ErrorKind;
use clap::{Parser, Subcommand};
use runtime::Env;

use crate::client::{self, Client};
use crate::commands;
use crate::config::{Config, Flags, Origin};
use crate::output::{self, Output};
use crate::{demo, dev, doctor, e2e, peer, serve};

const EXAMPLES: &str = "\
Examples:
  banyan demo                                      two hundred real orders through every service
  banyan dev                                       everything in one process, on http://127.0.0.1:8080
  banyan serve payment --bus rabbitmq              one service in this process, beside the others in theirs
  banyan order place --customer c-1 --line 85123A:6:255
  banyan order watch ORDER                         one order, to its end
  banyan order timeline ORDER                      what every service did for it, and why it ended as it did
  banyan events tail                               what happens, as it happens
  banyan orders stuck                              what does not get on by itself
  banyan audit                                     whether everything adds up

Settings are also environment variables (--url is BANYAN_URL) and keys of banyan.toml.
Exit codes: 0 ok, 1 error, 2 contract or invariant broken, 3 goal missed, 4 not ready, 64 usage.";

/// Event-driven commerce services that a team grows around a legacy shop
#[derive(Debug, Parser)]
#[command(
    name = "banyan",
    bin_name = "banyan",
    version,
    propagate_version = true,
    arg_required_else_help = true
)]
#[command(after_help = EXAMPLES)]
pub struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub flags: Flags,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The nouns.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// See it work: real orders through every service, from nothing, in seconds
    Demo(demo::Args),
    /// Run every service in this process, on one file and one port
    Dev(dev::Args),
    /// Run one service in this process, on a broker and a database
    Serve(serve::Args),
    /// Play what becomes of orders, from outside, and compare it with what shall
    E2e(e2e::Args),
    /// Run a simulated peer; `dev` starts what it needs by itself
    #[command(hide = true)]
    Peer(peer::Args),
    /// Place orders, follow them, cancel them, take goods back, import them
    #[command(subcommand, visible_alias = "orders")]
    Order(commands::order::Command),
    /// Publish events, and watch them
    #[command(subcommand, visible_alias = "event")]
    Events(commands::events::Command),
    /// See how payments stand, and what the provider said
    #[command(subcommand, visible_alias = "payment")]
    Payments(commands::payments::Command),
    /// See where parcels are
    #[command(subcommand, visible_alias = "shipment")]
    Shipments(commands::shipments::Command),
    /// See what was written to customers
    #[command(subcommand, visible_alias = "mails")]
    Mail(commands::mail::Command),
    /// See and correct how much there is
    #[command(subcommand)]
    Stock(commands::stock::Command),
    /// See how full queues are, and what waits in them
    #[command(subcommand, visible_alias = "queue")]
    Queues(commands::queues::Command),
    /// See, redrive or discard messages that nobody could handle
    #[command(subcommand, visible_alias = "dead-letters")]
    Dlq(commands::dlq::Command),
    /// Check that everything adds up
    Audit(commands::audit::Args),
    /// Measure, and compare with what is demanded
    #[command(subcommand)]
    Bench(commands::bench::Command),
    /// Play thousands of simulated worlds in which everything goes wrong
    Simulate(commands::simulate::Args),
    /// Kill real processes and cut the power under load, and see that nothing is lost or done twice
    Chaos(commands::chaos::Args),
    /// Check contracts, and what changed in them
    #[command(subcommand, visible_alias = "contract")]
    Contracts(commands::contracts::Command),
    /// See who hears what, and make it on a broker or in an account
    #[command(subcommand)]
    Topology(commands::topology::Command),
    /// See what stands in the way of services where they are to run, and what to do about it
    Doctor(doctor::Args),
    /// Show what is configured, and by whom
    #[command(subcommand)]
    Config(commands::config::Command),
    /// Print what a shell needs to complete commands
    Completions(commands::completions::Args),
}

impl Command {
    async fn run(self, context: &Context) -> Result<Exit> {
        match self {
            Self::Demo(args) => demo::run(&args, context).await,
            Self::Dev(args) => dev::run(&context.config, &args, context.output).await.map(|()| Exit::Ok),
            Self::Serve(args) => serve::run(&context.config, &args, context.output).await.map(|()| Exit::Ok),
            Self::E2e(args) => e2e::run(&args, context).await,
            Self::Peer(args) => peer::run(&args, context.output).await.map(|()| Exit::Ok),
            Self::Order(command) => commands::order::run(command, context).await,
            Self::Events(command) => commands::events::run(command, context).await,
            Self::Payments(command) => commands::payments::run(command, context).await,
            Self::Shipments(command) => commands::shipments::run(command, context).await,
            Self::Mail(command) => commands::mail::run(command, context).await,
            Self::Stock(command) => commands::stock::run(command, context).await,
            Self::Queues(command) => commands::queues::run(command, context).await,
            Self::Dlq(command) => commands::dlq::run(command, context).await,
            Self::Audit(_) => commands::audit::run(context).await,
            Self::Bench(command) => commands::bench::run(command, context).await,
            Self::Simulate(args) => {
                let context = context.clone();
                Ok(tokio::task::spawn_blocking(move || commands::simulate::run(&args, &context)).await??)
            }
            Self::Chaos(args) => commands::chaos::run(&args, context).await,
            Self::Contracts(command) => commands::contracts::run(command, context).await,
            Self::Topology(command) => commands::topology::run(command, context).await,
            Self::Doctor(args) => doctor::run(&args, context).await,
            Self::Config(command) => commands::config::run(&command, context),
            Self::Completions(args) => commands::completions::run(&args, context),
        }
    }
}

/// What a command works with.
#[derive(Clone)]
pub struct Context {
    /// What is configured.
    pub config: Config,
    /// Where answers go.
    pub output: Output,
    /// The running banyan.
    pub client: Client,
    /// The clock.
    pub env: Env,
}

impl Context {
    /// A command line as somebody would type it: goes to the same banyan as this one.
    #[must_use]
    pub fn command(&self, command: &str) -> String {
        let mut line = format!("banyan {command}");
        for name in ["url", "host", "port"] {
            if let Some((value, Origin::Flag)) = self.config.origins.get(name) {
                line.push_str(&format!(" --{name} {value}"));
            }
        }
        line
    }

    /// Tells a person which commands go on from here.
    pub fn next(&self, commands: &[&str]) {
        for (at, command) in commands.iter().enumerate() {
            let lead = if at == 0 { "next:" } else { "     " };
            self.output.note(format!("{lead} {}", self.command(command)));
        }
    }
}

/// How a command ends. The numbers stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Ok = 0,
    /// It could not be done.
    Error = 1,
    /// Something breaks a contract, or does not add up.
    Broken = 2,
    /// It was done, and not as well as it must be.
    GoalMissed = 3,
    /// Not now: try again.
    NotReady = 4,
    /// The command line cannot be understood.
    Usage = 64,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// An error that says itself how the command ends.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    /// How.
    pub exit: Exit,
    /// What is wrong, and what to do about it, in one line.
    pub message: String,
}

impl Failure {
    /// An error that ends with `exit`.
    #[must_use]
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into() }
    }

    /// The command line asks for something that makes no sense.
    #[must_use]
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Exit::Usage, message)
    }
}

/// Runs the process's command line.
#[must_use]
pub fn main() -> ExitCode {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(workers()).enable_all().build();
    match runtime {
        Ok(runtime) => {
            let exit = runtime.block_on(run(std::env::args_os()));
            // A read of standard input that nobody waits for any more must not keep the process.
            runtime.shutdown_background();
            exit.into()
        }
        Err(error) => {
            output::error(&anyhow::Error::new(error).context("this system has no threads to give"), false);
            Exit::Error.into()
        }
    }
}

/// Threads that run tasks: a core is left to the thread that writes the file. When handlers take turns with it on one
/// core, every commit is late, and all of them wait for it.
fn workers() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get().saturating_sub(1).max(1))
}

/// Runs a command line and says how it ended.
pub async fn run(args: impl IntoIterator<Item = OsString>) -> Exit {
    let args: Vec<OsString> = args.into_iter().collect();
    let is_for_programs = args.iter().any(|arg| arg == "--json");
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => return not_understood(&error, is_for_programs),
    };
    let output = Output { json: cli.flags.json };
    let done = match context(&cli.flags, output) {
        Ok(context) => cli.command.run(&context).await,
        Err(error) => Err(error),
    };
    done.unwrap_or_else(|error| {
        output::error(&error, output.json);
        exit_of(&error)
    })
}

/// Prints the help that was asked for or is needed, or what is wrong with the command line.
fn not_understood(error: &clap::Error, is_for_programs: bool) -> Exit {
    let is_help = error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
    if !error.use_stderr() || is_help {
        error.print().ok();
    } else {
        output::error(&Failure::usage(in_one_line(error)).into(), is_for_programs);
    }
    if error.use_stderr() { Exit::Usage } else { Exit::Ok }
}

/// What clap says in several paragraphs, without its label.
fn in_one_line(error: &clap::Error) -> String {
    let mut text = error.render().to_string();
    if let Some(source) = error.source().and_then(<dyn Error>::downcast_ref::<ParseIntError>)
        && *source.kind() == IntErrorKind::InvalidDigit
    {
        text = text.replace(&source.to_string(), "it has to be a whole number");
    }
    let words = |paragraph: &str| paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    let paragraphs: Vec<String> = text.trim_start_matches("error: ").split("\n\n").map(words).collect();
    paragraphs.join("; ").replace("; For more information, ", "; ")
}

fn context(flags: &Flags, output: Output) -> Result<Context> {
    let config = Config::gather(flags).map_err(|problems| Failure::usage(problems.to_string()))?;
    output::log_to_stderr(&config.log).map_err(Failure::usage)?;
    let client = Client::of(&config)?;
    Ok(Context { config, output, client, env: runtime::real::env() })
}

fn exit_of(error: &anyhow::Error) -> Exit {
    if let Some(failure) = error.downcast_ref::<Failure>() {
        return failure.exit;
    }
    match error.downcast_ref::<client::Error>() {
        Some(client::Error::Refused(problem)) if problem.status == 503 => Exit::NotReady,
        _ => Exit::Error,
    }
}

#[cfg(test)]
mod tests;
