//! The running system: a `banyan dev` of its own, on a directory of its own.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use runtime::Env;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{self, Command};

use super::Args;
use crate::cli::{Context, Exit, Failure};
use crate::config::{Config, Origin};

/// How long the services may take to start.
const START: Duration = Duration::from_secs(60);
/// How long they may take to finish what they have begun.
const STOP: Duration = Duration::from_secs(20);
/// What they log, beside their data.
const LOG: &str = "dev.log";

/// Where the data is.
pub(super) enum Home {
    /// Removed afterwards.
    Passing(TempDir),
    /// Stays.
    Kept(PathBuf),
}

impl Home {
    /// A new directory; one that was asked for by name stays.
    pub(super) fn make(args: &Args, config: &Config) -> Result<Self> {
        if let Some((data, Origin::Flag)) = config.origins.get("data") {
            let data = PathBuf::from(data);
            if data.join("banyan.db").exists() {
                let data = data.display();
                let text = format!(
                    "{data} holds data already, and the demo begins with none; name another directory"
                );
                return Err(Failure::usage(text).into());
            }
            std::fs::create_dir_all(&data).with_context(|| format!("{} cannot be made", data.display()))?;
            return Ok(Self::Kept(data));
        }
        let made = tempfile::Builder::new().prefix("banyan-demo-").tempdir();
        let made = made.context("no directory for temporary data can be made; name one with --data")?;
        Ok(if args.keep { Self::Kept(made.keep()) } else { Self::Passing(made) })
    }

    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Passing(made) => made.path(),
            Self::Kept(path) => path,
        }
    }

    /// Removes what need not stay; where it is if it does.
    pub(super) fn leave(self, is_evidence: bool) -> Option<PathBuf> {
        match self {
            Self::Passing(made) if is_evidence => Some(made.keep()),
            Self::Passing(_) => None,
            Self::Kept(path) => Some(path),
        }
    }

    /// `error`, with what the services said last and where the rest is.
    pub(super) fn blame(self, error: anyhow::Error) -> anyhow::Error {
        let Some(last) = last_line(&self.path().join(LOG)) else { return error };
        let kept = self.leave(true).unwrap_or_default();
        error.context(format!(
            "the demo stopped; its last log line is {last:?}, data and log are in {}",
            kept.display()
        ))
    }
}

/// Why a process of this program did not start, if it said so, or the last that is in its log.
pub(crate) fn last_line(log: &Path) -> Option<String> {
    #[derive(Deserialize)]
    struct Said {
        error: String,
    }
    let log = std::fs::read_to_string(log).ok()?;
    let said = log.lines().rev().find_map(|line| serde_json::from_str(line).ok());
    if let Some(Said { error }) = said {
        return Some(error);
    }
    log.lines().rfind(|line| !line.trim().is_empty()).map(|line| line.chars().take(200).collect())
}

/// The running system.
pub(super) struct Child {
    /// Where it is.
    pub(super) url: String,
    /// What it runs on, as it says itself.
    pub(super) ground: Ground,
    process: process::Child,
    /// Open as long as it shall run. Apart from `process`, whose `wait` would close it.
    stdin: Option<process::ChildStdin>,
}

/// What `dev` says when it is ready.
#[derive(Deserialize)]
struct Ready {
    url: String,
    #[serde(flatten)]
    ground: Ground,
}

/// A bus and a store, by their names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ground {
    pub(super) bus: String,
    pub(super) store: String,
}

impl Child {
    /// Starts it, and waits until it says that it is ready.
    pub(super) async fn start(home: &Home, args: &Args, context: &Context) -> Result<Self> {
        let mut process =
            command(home, args, context)?.spawn().context("this program cannot start itself")?;
        let stdout = process.stdout.take().context("the services have no output")?;
        let stdin = process.stdin.take();
        let mut line = String::new();
        let mut lines = BufReader::new(stdout);
        tokio::select! {
            read = lines.read_line(&mut line) => drop(read?),
            () = context.env.clock.sleep(START) => {
                let text = format!("the services were not ready after {} s", START.as_secs());
                return Err(Failure::new(Exit::NotReady, text).into());
            }
        }
        if let Ok(Ready { url, ground }) = serde_json::from_str(&line) {
            return Ok(Self { url, ground, process, stdin });
        }
        let status = process.wait().await?;
        let why = last_line(&home.path().join(LOG)).unwrap_or_else(|| "it said nothing".to_owned());
        bail!("the services did not start ({status}): {why}")
    }

    /// Ends when the system ends, which it should not.
    pub(super) async fn ended(&mut self) -> anyhow::Error {
        match self.process.wait().await {
            Ok(status) => anyhow::anyhow!("the services ended by themselves ({status})"),
            Err(error) => anyhow::Error::new(error).context("the services cannot be waited for"),
        }
    }

    /// Lets it finish what it has begun: the end of its standard input is its signal.
    pub(super) async fn stop(mut self, env: &Env) {
        drop(self.stdin.take());
        tokio::select! {
            _ = self.process.wait() => {}
            () = env.clock.sleep(STOP) => {
                self.process.kill().await.ok();
            }
        }
    }
}

fn command(home: &Home, args: &Args, context: &Context) -> Result<Command> {
    let log =
        std::fs::File::create(home.path().join(LOG)).context("no log can be written beside the data")?;
    let mut command = Command::new(std::env::current_exe().context("this program cannot be found")?);
    command
        .args(["dev", "--with-parent", "--json", "--host", "127.0.0.1", "--port", "0", "--data"])
        .arg(home.path())
        .envs(context.config.handed_on());
    if args.faults {
        command.args(["--faults", "--seed", &args.seed.to_string()]);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log).kill_on_drop(true);
    Ok(command)
}
