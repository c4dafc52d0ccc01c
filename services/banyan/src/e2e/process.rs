//! A process of this program that can be killed, and started again where it was.

use std::fs::File;
use std::net::TcpListener;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use runtime::Env;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};

use crate::demo::last_line;

/// How long it may take to start.
const START: Duration = Duration::from_secs(60);
/// How long it may take to finish what it has begun.
const STOP: Duration = Duration::from_secs(20);

/// How it is started every time.
pub(super) struct Start {
    pub(super) args: Vec<String>,
    /// Everybody may read what a process was called with, but not these.
    pub(super) variables: Vec<(String, String)>,
    pub(super) log: std::path::PathBuf,
}

impl Start {
    /// Its command without the flags.
    fn name(&self) -> String {
        let words = self.args.iter().take_while(|arg| !arg.starts_with('-'));
        words.map(String::as_str).collect::<Vec<_>>().join(" ")
    }
}

/// One that runs.
pub(super) struct Process {
    start: Start,
    child: Child,
    /// Open as long as it shall run. Apart from `child`, whose `wait` would close it.
    input: Option<ChildStdin>,
    /// What it said when it was ready.
    pub(super) said: Value,
}

impl Process {
    /// Starts it, and waits until it says that it is ready.
    pub(super) async fn start(start: Start, env: &Env) -> Result<Self> {
        let (child, input, said) = spawn(&start, env).await?;
        Ok(Self { start, child, input, said })
    }

    /// The same again, after it was killed or stopped.
    pub(super) async fn start_again(&mut self, env: &Env) -> Result<()> {
        (self.child, self.input, self.said) = spawn(&self.start, env).await?;
        Ok(())
    }

    /// SIGKILL: nothing of it runs any more afterwards.
    pub(super) async fn kill(&mut self) -> Result<()> {
        self.child.kill().await.context("a process cannot be killed")
    }

    /// Lets it finish what it has begun: the end of its standard input is its signal.
    pub(super) async fn stop(&mut self, env: &Env) {
        drop(self.input.take());
        tokio::select! {
            biased;
            _ = self.child.wait() => {}
            () = env.clock.sleep(STOP) => {
                self.child.kill().await.ok();
            }
        }
    }
}

async fn spawn(start: &Start, env: &Env) -> Result<(Child, Option<ChildStdin>, Value)> {
    let log = File::options().create(true).append(true).open(&start.log);
    let mut child = Command::new(std::env::current_exe().context("this program cannot be found")?)
        .args(&start.args)
        .envs(start.variables.iter().cloned())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(log.context("no log can be written beside the data")?)
        .kill_on_drop(true)
        .spawn()
        .context("this program cannot start itself")?;
    let input = child.stdin.take();
    let mut lines = BufReader::new(child.stdout.take().context("a process has no output")?);
    let mut line = String::new();
    tokio::select! {
        biased;
        read = lines.read_line(&mut line) => drop(read?),
        () = env.clock.sleep(START) => bail!("{} was not ready after {} s", start.name(), START.as_secs()),
    }
    match serde_json::from_str(&line) {
        Ok(said) => Ok((child, input, said)),
        Err(_) => {
            let why = last_line(&start.log).unwrap_or_else(|| "it said nothing".to_owned());
            bail!("{} did not start: {why}", start.name())
        }
    }
}

/// A port that nobody has now. It has to be known before its process starts: a peer is told where to send its webhooks
/// before the service is there that asks the peer.
pub(super) fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("this system gives no port")?;
    Ok(listener.local_addr()?.port())
}
