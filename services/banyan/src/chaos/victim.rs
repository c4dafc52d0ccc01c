//! The `banyan dev` that is killed, and its peers: processes of their own, found as the system lists them.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use contracts::Timestamp;
use runtime::Env;
use serde::Deserialize;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdin, Command};

use super::ground::Ground;
use crate::client::{Client, queued};

/// What it logs, beside its data.
pub(super) const LOG: &str = "dev.log";
/// Who is not ready by then never will be.
const START: Duration = Duration::from_secs(60);
/// How long it may take to finish what it has begun.
const STOP: Duration = Duration::from_secs(20);
/// How long a peer may take to notice that it is alone.
const ALONE: Duration = Duration::from_secs(10);
/// How often readiness is asked for, and whether a peer is gone.
const ASK_EVERY: Duration = Duration::from_millis(4);
/// Whoever does not say by then how full its queues are has work in hand.
const QUEUES: Duration = Duration::from_millis(500);

/// How it is started.
#[derive(Clone)]
pub(super) struct Start {
    pub(super) home: PathBuf,
    pub(super) log: String,
    /// It keeps nothing, so that everything is lost: the check itself is checked.
    pub(super) is_forgetful: bool,
    pub(super) ground: Arc<Ground>,
}

impl Start {
    /// Where it keeps what it keeps on this machine.
    pub(super) fn data(&self) -> PathBuf {
        self.home.join("data")
    }
}

/// A running `dev`. Killed when it is dropped.
pub(super) struct Victim {
    start: Start,
    env: Env,
    port: u16,
    process: Child,
    /// Open as long as it shall run. Apart from `process`, whose `wait` would close it.
    input: Option<ChildStdin>,
    started: Timestamp,
    is_ready: bool,
    pub(super) client: Client,
}

#[derive(Deserialize)]
struct Banner {
    url: String,
}

impl Victim {
    /// Starts the first one, on any free port.
    ///
    /// # Errors
    /// It does not start.
    pub(super) async fn first(start: Start, env: &Env) -> Result<Self> {
        let started = env.now();
        let mut process = command(&start, 0)?.stdout(Stdio::piped()).spawn()?;
        let stdout = process.stdout.take().context("dev has no output")?;
        let mut line = String::new();
        let mut lines = BufReader::new(stdout);
        tokio::select! {
            read = lines.read_line(&mut line) => drop(read?),
            () = env.clock.sleep(START) => bail!("dev was not ready after {} s", START.as_secs()),
        }
        let Ok(Banner { url }) = serde_json::from_str(&line) else {
            bail!("dev did not start: {}", last_words(&start.home));
        };
        let port = url.rsplit(':').next().and_then(|port| port.parse().ok()).context("dev has no port")?;
        let client = Client::new(url)?;
        let input = process.stdin.take();
        Ok(Self { start, env: env.clone(), port, process, input, started, is_ready: false, client })
    }

    /// Waits until it is ready; how long after its start that was, unless somebody waited for it before.
    ///
    /// # Errors
    /// It ends by itself, or is not ready in time.
    pub(super) async fn ready(&mut self) -> Result<Option<Duration>> {
        if self.is_ready {
            return Ok(None);
        }
        while self.client.get_text("/healthz/ready").await.is_err() {
            if let Some(status) = self.process.try_wait()? {
                bail!("dev ended by itself ({status}): {}", last_words(&self.start.home));
            }
            if self.env.now().since(self.started) > START {
                bail!("dev is not ready after {} s", START.as_secs());
            }
            self.env.clock.sleep(ASK_EVERY).await;
        }
        self.is_ready = true;
        Ok(Some(self.env.now().since(self.started)))
    }

    /// Whether nobody knows yet that it is ready.
    pub(super) fn is_starting(&self) -> bool {
        !self.is_ready
    }

    /// Whether its queues hold anything.
    pub(super) async fn has_work(&self) -> bool {
        let asked = tokio::select! {
            biased;
            answer = self.client.get::<Value>("/queues") => answer.ok(),
            () = self.env.clock.sleep(QUEUES) => None,
        };
        asked.as_ref().and_then(queued).is_none_or(|left| left > 0)
    }

    /// SIGKILL, and the next one on the same data and port at once.
    ///
    /// # Errors
    /// The system does not let us.
    pub(super) async fn kill_and_start_again(&mut self) -> Result<()> {
        if let Some(status) = self.process.try_wait()? {
            bail!("dev ended by itself ({status}): {}", last_words(&self.start.home));
        }
        self.process.kill().await.context("dev cannot be killed")?;
        self.started = self.env.now();
        self.process = command(&self.start, self.port)?.stdout(Stdio::null()).spawn()?;
        self.input = self.process.stdin.take();
        self.is_ready = false;
        Ok(())
    }

    /// SIGKILL for one of its peers and nobody else; whether there was one.
    ///
    /// # Errors
    /// The system does not let us.
    pub(super) async fn kill_a_peer(&self, rng: &mut fastrand::Rng) -> Result<bool> {
        let peers = self.peers().await?;
        let Some(&peer) = peers.get(rng.usize(..peers.len().max(1))) else { return Ok(false) };
        // Built into every shell, and a program of its own on some systems only.
        let kill = Command::new("sh").args(["-c", &format!("kill -9 {peer}")]).status().await?;
        Ok(kill.success())
    }

    /// The processes that it started.
    async fn peers(&self) -> Result<Vec<u32>> {
        let Some(own) = self.process.id() else { return Ok(Vec::new()) };
        let processes = processes().await?;
        Ok(processes.into_iter().filter(|(_, parent)| *parent == own).map(|(id, _)| id).collect())
    }

    /// Ends when it ends, which it should not by itself.
    pub(super) async fn ended(&mut self) -> anyhow::Error {
        match self.process.wait().await {
            Ok(status) => anyhow!("dev ended by itself ({status}): {}", last_words(&self.start.home)),
            Err(error) => anyhow::Error::new(error).context("dev cannot be waited for"),
        }
    }

    /// Lets it finish what it has begun (the end of its standard input is its signal), and sees that nothing is left.
    ///
    /// # Errors
    /// It cannot be killed, or a peer outlives it.
    pub(super) async fn stop(mut self) -> Result<()> {
        let peers = self.peers().await?;
        drop(self.input.take());
        tokio::select! {
            biased;
            ended = self.process.wait() => drop(ended?),
            () = self.env.clock.sleep(STOP) => self.process.kill().await?,
        }
        self.gone(&peers).await
    }

    /// Ends it now.
    ///
    /// # Errors
    /// As for [`Victim::stop`].
    pub(super) async fn end(mut self) -> Result<()> {
        let peers = self.peers().await?;
        self.process.kill().await?;
        self.gone(&peers).await
    }

    /// Waits until these processes have ended, which they do when their parent has.
    async fn gone(&self, peers: &[u32]) -> Result<()> {
        let begun = self.env.now();
        loop {
            let running = processes().await?;
            let left = peers.iter().filter(|peer| running.iter().any(|(id, _)| id == *peer)).count();
            if left == 0 {
                return Ok(());
            }
            if self.env.now().since(begun) > ALONE {
                bail!("{left} peers outlive the dev that started them");
            }
            self.env.clock.sleep(ASK_EVERY * 5).await;
        }
    }
}

/// Every process that has not ended, and its parent.
async fn processes() -> Result<Vec<(u32, u32)>> {
    let Ok(listed) = std::fs::read_dir("/proc") else {
        let listed = Command::new("ps").args(["-A", "-o", "pid=,ppid="]).output().await;
        let listed = listed.context("this system does not list its processes")?.stdout;
        return Ok(String::from_utf8_lossy(&listed).lines().filter_map(pair).collect());
    };
    let status = |entry: std::fs::DirEntry| std::fs::read_to_string(entry.path().join("stat")).ok();
    Ok(listed.filter_map(Result::ok).filter_map(status).filter_map(|status| parent(&status)).collect())
}

fn pair(line: &str) -> Option<(u32, u32)> {
    let mut numbers = line.split_whitespace().map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// Of a `/proc/<pid>/stat` (proc(5)): pid (name) state parent ...; nothing of who has ended and is only remembered.
fn parent(stat: &str) -> Option<(u32, u32)> {
    let (front, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split_whitespace();
    let is_over = fields.next()? == "Z";
    let found = (front.split(' ').next()?.parse().ok()?, fields.next()?.parse().ok()?);
    (!is_over).then_some(found)
}

fn command(start: &Start, port: u16) -> Result<Command> {
    let log = File::options().create(true).append(true).open(start.home.join(LOG));
    let log = log.context("no log can be written beside the data")?;
    let mut command = Command::new(std::env::current_exe().context("this program cannot be found")?);
    command
        .args(["dev", "--with-parent", "--json", "--host", "127.0.0.1", "--port", &port.to_string()])
        .envs(start.ground.variables())
        .args(start.ground.arguments())
        .args(["--log", &start.log, "--data"])
        .arg(start.data());
    if start.is_forgetful {
        command.arg("--memory");
    }
    command.stdin(Stdio::piped()).stderr(log).kill_on_drop(true);
    Ok(command)
}

fn last_words(home: &Path) -> String {
    let log = std::fs::read_to_string(home.join(LOG)).unwrap_or_default();
    let last = log.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
    last.chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_and_its_parent_are_read_whatever_it_is_called() {
        assert_eq!(parent("42 (a (b) c) S 7 42 42 0"), Some((42, 7)));
        assert_eq!(parent("42 (banyan) Z 7 42 42 0"), None, "ended already");
        assert_eq!(parent("nonsense"), None);
        assert_eq!(pair("   42     7"), Some((42, 7)));
    }
}
