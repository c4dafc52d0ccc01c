//! The simulated payment provider as a process of its own: reached over a socket, killed on its own.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use contracts::Timestamp;
use payment::simulated::faults::{Chance, Faults, Odds};
use payment::simulated::{self, ServeError, Storage};
use runtime::Env;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::output::Output;

/// `banyan peer provider`
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// Which peer to simulate
    #[arg(value_parser = ["provider"])]
    pub peer: String,
    /// Its ledger; without one it is kept in memory
    #[arg(long, value_name = "FILE")]
    pub ledger: Option<PathBuf>,
    /// Port on loopback, 0 = any free one
    #[arg(long, default_value_t = 0, value_name = "PORT")]
    pub listen: u16,
    /// Misbehave now and then
    #[arg(long)]
    pub faults: bool,
    /// What its misbehaviour is drawn from
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
}

/// What a peer says when it is ready, as one JSON line.
#[derive(Debug, Serialize, Deserialize)]
struct Ready {
    url: String,
}

/// How long a call may take that the simulated provider never answers; the gateway gives up before.
const HOLD: Duration = Duration::from_secs(10);

/// Runs the peer until whoever started it goes away: the end of standard input is the end of the peer, so that no
/// peer outlives a killed parent.
///
/// # Errors
/// The ledger or the port cannot be used.
pub async fn run(args: &Args, output: Output) -> Result<()> {
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, args.listen)))
        .with_context(|| format!("port {} cannot be used", args.listen))?;
    let url = format!("http://{}", listener.local_addr()?);
    let odds = if args.faults { misbehaviour() } else { Odds::default() };
    let config = simulated::Config {
        storage: args.ledger.clone().map_or(Storage::Memory, Storage::File),
        faults: Faults::new(args.seed, odds, Duration::from_millis(400))?,
        now: wall_clock,
        hold: HOLD,
    };
    let opened = simulated::open(config).map_err(|error| unusable(args, error))?;
    output.line(serde_json::to_string(&Ready { url })?);
    opened.serve(listener, end_of_input()).await.context("the simulated provider stopped")
}

/// Which file, and what to do about it.
fn unusable(args: &Args, error: ServeError) -> anyhow::Error {
    let file = args.ledger.as_deref().map(|file| file.display().to_string()).unwrap_or_default();
    let hint = match &error {
        ServeError::Journal(error) => error.hint(),
        ServeError::Socket(_) | ServeError::Panicked => "try again",
    };
    anyhow::Error::new(error)
        .context(format!("the simulated provider's ledger {file} cannot be used; {hint}"))
}

/// About one call in eight goes wrong somehow.
fn misbehaviour() -> Odds {
    let per_mille = |n: u32| Chance(n * 1_000);
    Odds {
        decline: per_mille(30),
        action: per_mille(40),
        action_fails: per_mille(100),
        timeout_before: per_mille(4),
        timeout_after: per_mille(4),
        reset_before: per_mille(10),
        reset_after: per_mille(10),
        error_before: per_mille(20),
        error_after: per_mille(20),
        unreadable: per_mille(10),
        busy: per_mille(10),
        throttled: per_mille(2),
        slow: per_mille(30),
    }
}

fn wall_clock() -> Timestamp {
    runtime::real::now()
}

/// Ends when whoever holds the other end of standard input is gone.
pub(crate) async fn end_of_input() {
    let mut nothing = [0; 64];
    let mut input = tokio::io::stdin();
    while input.read(&mut nothing).await.is_ok_and(|read| read > 0) {}
}

/// A running peer and where it is.
pub struct Peer {
    /// Its origin.
    pub url: String,
}

/// Starts the peer as a child process and starts it again, on the same port, whenever it ends.
///
/// # Errors
/// It does not start.
pub async fn supervise(env: &Env, data: Option<&Path>, faults: bool, seed: u64) -> Result<Peer> {
    let mut args: Vec<String> = vec!["peer".into(), "provider".into(), "--seed".into(), seed.to_string()];
    if let Some(data) = data {
        let ledger = data.join("peers").join("provider.db");
        args.extend(["--ledger".into(), ledger.to_string_lossy().into_owned()]);
    }
    if faults {
        args.push("--faults".into());
    }
    let (child, url) = start(env, &args, 0).await?;
    let port: u16 =
        url.rsplit(':').next().and_then(|port| port.parse().ok()).context("the peer has no port")?;
    let keeper = env.clone();
    let keep = async move {
        let mut child = child;
        loop {
            // Waiting would close the peer's input, which is what tells it that its parent is gone.
            let _input = child.stdin.take();
            child.wait().await.ok();
            tracing::warn!("the simulated provider ended; starting it again");
            let mut wait = RESTART;
            child = loop {
                keeper.clock.sleep(wait).await;
                match start(&keeper, &args, port).await {
                    Ok((child, _)) => break child,
                    Err(error) => tracing::error!(%error, "the simulated provider does not start"),
                }
                wait = (wait * 2).min(RESTART_CAP);
            };
        }
    };
    env.spawn.spawn("peer".into(), Box::pin(keep));
    Ok(Peer { url })
}

/// Waits between starts of a peer that has ended; what it says each time is logged.
const RESTART: Duration = Duration::from_millis(200);
const RESTART_CAP: Duration = Duration::from_secs(10);

async fn start(env: &Env, args: &[String], port: u16) -> Result<(Child, String)> {
    let program = std::env::current_exe().context("this program cannot be found")?;
    let mut child = Command::new(program)
        .args(args)
        .args(["--listen", &port.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("the simulated provider cannot be started")?;
    let stdout = child.stdout.take().context("the simulated provider has no output")?;
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line).await?;
    let mut stderr = child.stderr.take().context("the simulated provider has no standard error")?;
    let Ok(ready) = serde_json::from_str::<Ready>(&line) else {
        let mut said = String::new();
        (&mut stderr).take(SAID_BYTES).read_to_string(&mut said).await?;
        let status = child.wait().await?;
        let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
        let why = last.strip_prefix("banyan: ").unwrap_or(last);
        bail!("the simulated provider does not start ({status}): {why}");
    };
    let forward = async move {
        tokio::io::copy(&mut stderr, &mut tokio::io::stderr()).await.ok();
    };
    env.spawn.spawn("peer's standard error".into(), Box::pin(forward));
    Ok((child, ready.url))
}

/// What is read of a peer's last words.
const SAID_BYTES: u64 = 16 * 1024;

/// A gateway to the peer.
///
/// # Errors
/// The address is not one.
pub fn gateway(url: &str) -> Result<Arc<dyn payment::gateway::Gateway>> {
    let config = payment::gateway::simulated::Config {
        base_url: url.to_owned(),
        connect_timeout: Duration::from_secs(2),
        request_timeout: HOLD / 2,
    };
    Ok(Arc::new(payment::gateway::simulated::Http::new(&config)?))
}
