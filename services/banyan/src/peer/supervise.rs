//! Peers as child processes: each is started again, on the same port, whenever it ends.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use runtime::Env;
use runtime::signature::Secret;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};

use super::{Kind, Ready};

/// Waits between starts of a peer that has ended; what it says each time is logged.
const RESTART: Duration = Duration::from_millis(200);
const RESTART_CAP: Duration = Duration::from_secs(10);

/// What is read of a peer's last words.
const SAID_BYTES: u64 = 16 * 1024;

/// Where a peer tells what happens, and what signs it.
#[derive(Debug, Clone)]
pub struct Webhooks {
    /// The address.
    pub url: String,
    /// Passed to the peer through its standard input: arguments and environment can be read by others.
    pub secret: Secret,
}

/// What all peers have in common.
#[derive(Clone)]
pub struct Supervisor {
    /// Time and tasks.
    pub env: Env,
    /// Where their ledgers are kept, below `peers/`; in memory when absent.
    pub data: Option<PathBuf>,
    /// Whether they misbehave.
    pub faults: bool,
    /// What their misbehaviour is drawn from.
    pub seed: u64,
}

/// One peer, as it is started every time.
struct Order {
    kind: Kind,
    args: Vec<String>,
    webhooks: Option<Webhooks>,
}

impl Supervisor {
    /// Starts a peer and keeps it running; answers its origin.
    ///
    /// # Errors
    /// It does not start.
    pub async fn keep(&self, kind: Kind, webhooks: Option<Webhooks>) -> Result<String> {
        let order = Order { kind, args: self.arguments(kind, webhooks.as_ref()), webhooks };
        let name = kind.as_str();
        let running = start(&self.env, &order, 0).await?;
        let url = running.url.clone();
        let port: u16 =
            url.rsplit(':').next().and_then(|port| port.parse().ok()).context("the peer has no port")?;
        let env = self.env.clone();
        let keep = async move {
            let mut running = running;
            loop {
                // Its input stays open while it runs: the end of it is what tells a peer that its parent is gone.
                running.child.wait().await.ok();
                tracing::warn!(peer = name, "a simulated peer ended; starting it again");
                let mut wait = RESTART;
                running = loop {
                    env.clock.sleep(wait).await;
                    match start(&env, &order, port).await {
                        Ok(running) => break running,
                        Err(error) => tracing::error!(peer = name, %error, "a simulated peer does not start"),
                    }
                    wait = (wait * 2).min(RESTART_CAP);
                };
            }
        };
        self.env.spawn.spawn(format!("peer {name}").into(), Box::pin(keep));
        Ok(url)
    }

    fn arguments(&self, kind: Kind, webhooks: Option<&Webhooks>) -> Vec<String> {
        let mut args: Vec<String> =
            vec!["peer".into(), kind.as_str().into(), "--seed".into(), self.seed.to_string()];
        if let Some(data) = &self.data {
            let ledger = data.join("peers").join(format!("{}.db", kind.as_str()));
            args.extend(["--ledger".into(), ledger.to_string_lossy().into_owned()]);
        }
        if let Some(webhooks) = webhooks {
            args.extend(["--webhook".into(), webhooks.url.clone()]);
        }
        if self.faults {
            args.push("--faults".into());
        }
        args
    }
}

/// A peer that is ready.
struct Running {
    child: Child,
    /// Apart from `child`, whose `wait` would close it.
    _input: ChildStdin,
    url: String,
}

async fn start(env: &Env, order: &Order, port: u16) -> Result<Running> {
    let name = order.kind.as_str();
    let program = std::env::current_exe().context("this program cannot be found")?;
    let mut child = Command::new(program)
        .args(&order.args)
        .args(["--listen", &port.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("the simulated {name} cannot be started"))?;
    let mut input = child.stdin.take().context("the peer has no input")?;
    if let Some(webhooks) = &order.webhooks {
        // A peer that ends before it reads says why itself, below.
        input.write_all(format!("{}\n", webhooks.secret.expose()).as_bytes()).await.ok();
    }
    let stdout = child.stdout.take().context("the peer has no output")?;
    let mut line = String::new();
    BufReader::new(stdout).read_line(&mut line).await?;
    let mut stderr = child.stderr.take().context("the peer has no standard error")?;
    let Ok(Ready { url }) = serde_json::from_str::<Ready>(&line) else {
        let mut said = String::new();
        (&mut stderr).take(SAID_BYTES).read_to_string(&mut said).await?;
        let status = child.wait().await?;
        let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
        let why = last.strip_prefix("banyan: ").unwrap_or(last);
        bail!("the simulated {name} does not start ({status}): {why}");
    };
    let forward = async move {
        tokio::io::copy(&mut stderr, &mut tokio::io::stderr()).await.ok();
    };
    env.spawn.spawn("peer's standard error".into(), Box::pin(forward));
    Ok(Running { child, _input: input, url })
}
